//! Schedules.

use axum::{
    Json,
    extract::{FromRequestParts, Path, State, rejection::PathRejection},
    http::{HeaderMap, request::Parts},
};
use libtenancy::{
    Error, Tenancy,
    api::schedules::{ScheduleList, ScheduleRan, ScheduleRemoved, ScheduleView},
    schedule::{ScheduleName, ScheduleSpec},
    tenant::TenantId,
};
use serde::Deserialize;

use super::{Answer, Asked, HttpError, MAX_PAGE, PAGE, Sent, within};
use crate::idempotency;

/// The tenant and the schedule named in the path.
pub(super) struct Both(TenantId, ScheduleName);

impl<S: Send + Sync> FromRequestParts<S> for Both {
    type Rejection = HttpError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let path: Result<Path<(String, String)>, PathRejection> = Path::from_request_parts(parts, state).await;
        let Path((id, name)) = path.map_err(|_| Error::invalid("schedule", "the path is not UTF-8"))?;
        Ok(Self(id.parse()?, name.parse()?))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Query {
    tenant: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

pub(super) async fn list(State(tenancy): State<Tenancy>, Asked(query): Asked<Query>) -> Answer<Json<ScheduleList>> {
    let id = |text: Option<String>| -> libtenancy::Result<Option<TenantId>> {
        text.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose()
    };
    let (tenant, after) = (id(query.tenant)?, id(query.after)?);
    let limit = within("limit", query.limit, PAGE, MAX_PAGE)?;
    Ok(Json(tenancy.schedule_list(tenant.as_ref(), after.as_ref(), limit).await?))
}

pub(super) async fn get(State(tenancy): State<Tenancy>, Both(id, name): Both) -> Answer<Json<ScheduleView>> {
    Ok(Json(tenancy.schedule_get(&id, &name).await?))
}

pub(super) async fn set(
    State(tenancy): State<Tenancy>,
    Both(id, name): Both,
    Sent(spec): Sent<ScheduleSpec>,
) -> Answer<Json<ScheduleView>> {
    Ok(Json(tenancy.schedule_set(&id, &name, spec).await?))
}

pub(super) async fn run(
    State(tenancy): State<Tenancy>,
    headers: HeaderMap,
    Both(id, name): Both,
) -> Answer<Json<ScheduleRan>> {
    // One that is no key was refused before.
    let key = headers.get(idempotency::HEADER).and_then(|key| key.to_str().ok());
    Ok(Json(tenancy.schedule_run(&id, &name, key).await?))
}

pub(super) async fn remove(State(tenancy): State<Tenancy>, Both(id, name): Both) -> Answer<Json<ScheduleRemoved>> {
    tenancy.schedule_remove(&id, &name).await?;
    Ok(Json(ScheduleRemoved { tenant_id: id.to_string(), name: name.to_string() }))
}
