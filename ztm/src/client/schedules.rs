//! Schedules, as the client asks for them.

use libtenancy::{
    Result, Tenancy,
    api::schedules::{ScheduleList, ScheduleRan, ScheduleRemoved, ScheduleView},
    schedule::ScheduleSpec,
};
use reqwest::Method;

use super::{
    Client, PAGE, further,
    http::{NONE, PLAIN, tenant},
    path::{query, segment},
};

fn path(id: &str, name: &str) -> Result<String> {
    Ok(format!("/tenants/{}/schedules/{}", tenant(id)?, segment("schedule", name)?))
}

impl Client {
    /// Sets a tenant's schedule, or replaces it. `NotFound` without the tenant.
    pub async fn schedule_set(&self, id: &str, name: &str, spec: &ScheduleSpec) -> Result<ScheduleView> {
        match self {
            Self::Http(http) => http.call(Method::PUT, &path(id, name)?, Some(spec), PLAIN).await,
            Self::Direct(direct) => {
                let (order, id, name) = ((Method::PUT, path(id, name)?), id.parse()?, name.parse()?);
                let set = async |tenancy: &Tenancy| tenancy.schedule_set(&id, &name, spec.clone()).await;
                direct.order(order, Some(spec), set).await
            }
        }
    }

    /// One schedule. `NotFound`.
    pub async fn schedule_get(&self, id: &str, name: &str) -> Result<ScheduleView> {
        match self {
            Self::Http(http) => http.call(Method::GET, &path(id, name)?, NONE, PLAIN).await,
            Self::Direct(direct) => direct.records().await?.schedule_get(&id.parse()?, &name.parse()?).await,
        }
    }

    /// Fires a schedule once, now. `NotFound`; `IllegalState` while its tenant is suspended.
    pub async fn schedule_run(&self, id: &str, name: &str) -> Result<ScheduleRan> {
        let path = format!("{}/run", path(id, name)?);
        match self {
            Self::Http(http) => http.call(Method::POST, &path, NONE, PLAIN).await,
            Self::Direct(direct) => {
                let (order, id, name) = ((Method::POST, path), id.parse()?, name.parse()?);
                let run = async |tenancy: &Tenancy| tenancy.schedule_run(&id, &name, None).await;
                direct.order(order, NONE, run).await
            }
        }
    }

    /// Removes a schedule. `NotFound`.
    pub async fn schedule_remove(&self, id: &str, name: &str) -> Result<ScheduleRemoved> {
        match self {
            Self::Http(http) => http.call(Method::DELETE, &path(id, name)?, NONE, PLAIN).await,
            Self::Direct(direct) => {
                let (order, tenant, schedule) = ((Method::DELETE, path(id, name)?), id.parse()?, name.parse()?);
                let remove = async |tenancy: &Tenancy| {
                    tenancy.schedule_remove(&tenant, &schedule).await?;
                    Ok(ScheduleRemoved { tenant_id: id.to_owned(), name: name.to_owned() })
                };
                direct.order(order, NONE, remove).await
            }
        }
    }

    /// All schedules, or a tenant's, in order of tenant and name.
    pub async fn schedule_list(&self, of: Option<&str>) -> Result<ScheduleList> {
        let (mut schedules, mut after) = (Vec::new(), None::<String>);
        loop {
            let page: ScheduleList = match self {
                Self::Http(http) => {
                    let limit = PAGE.to_string();
                    let query = query([("tenant", of), ("after", after.as_deref()), ("limit", Some(&limit))]);
                    http.call(Method::GET, &format!("/schedules{query}"), NONE, PLAIN).await?
                }
                Self::Direct(direct) => {
                    let of = of.map(str::parse).transpose()?;
                    let from = after.as_deref().map(str::parse).transpose()?;
                    direct.records().await?.schedule_list(of.as_ref(), from.as_ref(), PAGE).await?
                }
            };
            schedules.extend(page.schedules);
            after = further(after.as_deref(), page.next)?;
            if after.is_none() {
                return Ok(ScheduleList { schedules, next: None });
            }
        }
    }
}
