//! The job plane's half of the client: jobs, quotas, spend and explanations.

use std::time::Duration;

use libtenancy::{
    Error, Result, Tenancy,
    api::{
        jobs::{JobList, JobSubmitted, JobView, SubmitJob},
        quotas::{GrantCredits, QuotaList, QuotaView, RevokeCredits, SetQuota},
        spend::{AuditReport, LedgerRows, SpendReport},
        why::Why,
    },
    clock::{Clock, SystemClock, Timestamp},
    ports::{jobs::JobFilter, ledgers::RowFilter},
    spend::{By, filter_checked},
};
use reqwest::Method;
use services::idempotency;

use super::{
    Client, PAGE, further,
    http::{NONE, PART, PLAIN, tenant, with_body},
    path::{query, segment},
};

/// How long one question may wait for a job to end.
const WAIT: Duration = Duration::from_secs(30);

/// How much of an answer's time limit a question may wait; the rest is for the way there and back.
const SHARE: u32 = 2;

/// Which rows of the ledger.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

impl Rows {
    fn filter(&self) -> Result<RowFilter> {
        let tenant = self.tenant.as_deref().map(str::parse).transpose()?;
        filter_checked(RowFilter { tenant, kind: None, from: self.from, to: self.to })
    }
}

/// What is explained.
#[derive(Clone, Copy, Debug)]
pub enum Subject {
    /// A tenant.
    Tenant,
    /// A job.
    Job,
    /// A tenant's wake.
    Wake,
}

fn job(id: &str) -> Result<String> {
    segment("job id", id)
}

/// Whether nothing follows by itself.
pub(crate) fn is_over(job: &JobView) -> bool {
    matches!(job.status.as_str(), "succeeded" | "dead" | "cancelled")
}

impl Client {
    /// Submits a job under an idempotency key. `NotFound` without the tenant.
    pub async fn job_submit(&self, new: SubmitJob, key: &str) -> Result<JobSubmitted> {
        match self {
            Self::Http(http) => {
                let request =
                    with_body(http.request(Method::POST, "/jobs"), Some(&new))?.header(idempotency::HEADER, key);
                let bytes = http.send(request, PLAIN, "POST /jobs").await?;
                serde_json::from_slice(&bytes)
                    .map_err(|e| Error::unavailable(PART, format!("its answer to POST /jobs cannot be read ({e})")))
            }
            Self::Direct(direct) => {
                let tenancy = direct.tenancy().await?;
                let new = new.into_new_job(Some(key), SystemClock::default().now())?;
                let submitted = tenancy.job_submit_told(new).await?;
                tenancy.records_announce().await;
                Ok(submitted)
            }
        }
    }

    /// One job. `NotFound`.
    pub async fn job_get(&self, id: &str) -> Result<JobView> {
        match self {
            Self::Http(http) => http.call(Method::GET, &format!("/jobs/{}", job(id)?), NONE, PLAIN).await,
            Self::Direct(direct) => {
                let tenancy = direct.records().await?;
                tenancy.job_shown(&tenancy.job_get(&id.parse()?).await?).await
            }
        }
    }

    /// A job once it is over, or as it is some time before `wait` has passed: ask again. `NotFound`.
    pub async fn job_wait(&self, id: &str, wait: Duration) -> Result<JobView> {
        let Self::Http(http) = self else {
            let job = self.job_get(id).await?;
            // Nobody runs jobs while no control plane does.
            return if is_over(&job) { Ok(job) } else { self.plane("waiting for a job").map(|_| job) };
        };
        let most = http.timeout().map_or(WAIT, |limit| WAIT.min(limit / SHARE));
        let path = match wait.min(most).as_secs() {
            0 => format!("/jobs/{}", job(id)?),
            seconds => format!("/jobs/{}/wait?timeout_s={seconds}", job(id)?),
        };
        http.call(Method::GET, &path, NONE, PLAIN + WAIT).await
    }

    /// The first jobs of a tenant, of a state, or of all, after `after`: a page, without what came out.
    pub async fn job_page(&self, of: Option<&str>, status: Option<&str>, after: Option<&str>) -> Result<JobList> {
        match self {
            Self::Http(http) => {
                let limit = PAGE.to_string();
                let query = query([("tenant", of), ("status", status), ("after", after), ("limit", Some(&limit))]);
                http.call(Method::GET, &format!("/jobs{query}"), NONE, PLAIN).await
            }
            Self::Direct(direct) => {
                let tenant = of.map(str::parse).transpose()?;
                let filter = JobFilter { tenant, state: status.map(str::to_owned) };
                let from = after.map(str::parse).transpose()?;
                Box::pin(direct.records().await?.jobs_shown(&filter, from.as_ref(), PAGE, true)).await
            }
        }
    }

    /// All jobs of a tenant, of a state, or all there are, without what came out.
    pub async fn job_list(&self, of: Option<&str>, status: Option<&str>) -> Result<JobList> {
        let mut jobs: Vec<JobView> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.job_page(of, status, after.as_deref()).await?;
            jobs.extend(page.jobs);
            after = further(after.as_deref(), page.next)?;
            if after.is_none() {
                return Ok(JobList { jobs, next: None });
            }
        }
    }

    /// Calls a job off. `NotFound`; `Conflict` if it is over.
    pub async fn job_cancel(&self, id: &str) -> Result<JobView> {
        match self {
            Self::Http(http) => http.call(Method::POST, &format!("/jobs/{}/cancel", job(id)?), NONE, PLAIN).await,
            Self::Direct(direct) => {
                let (order, id) = ((Method::POST, format!("/jobs/{}/cancel", job(id)?)), id.parse()?);
                let cancel = async |tenancy: &Tenancy| tenancy.job_shown(&tenancy.job_cancel(&id).await?).await;
                direct.order(order, NONE, cancel).await
            }
        }
    }

    /// Puts a job back. `NotFound`; `Conflict` unless it is dead or cancelled.
    pub async fn job_retry(&self, id: &str) -> Result<JobView> {
        match self {
            Self::Http(http) => http.call(Method::POST, &format!("/jobs/{}/retry", job(id)?), NONE, PLAIN).await,
            Self::Direct(direct) => {
                let (order, id) = ((Method::POST, format!("/jobs/{}/retry", job(id)?)), id.parse()?);
                let retry = async |tenancy: &Tenancy| tenancy.job_shown(&tenancy.job_retry(&id).await?).await;
                direct.order(order, NONE, retry).await
            }
        }
    }

    /// A tenant's quota and account. `NotFound`.
    pub async fn quota_get(&self, id: &str) -> Result<QuotaView> {
        match self {
            Self::Http(http) => http.call(Method::GET, &format!("/quotas/{}", tenant(id)?), NONE, PLAIN).await,
            Self::Direct(direct) => direct.records().await?.quota_view(&id.parse()?).await,
        }
    }

    /// The quotas and accounts of all tenants that have one, in order of id.
    pub async fn quota_list(&self) -> Result<QuotaList> {
        let (mut quotas, mut after) = (Vec::new(), None::<String>);
        loop {
            let page: QuotaList = match self {
                Self::Http(http) => {
                    let limit = PAGE.to_string();
                    let query = query([("after", after.as_deref()), ("limit", Some(&limit))]);
                    http.call(Method::GET, &format!("/quotas{query}"), NONE, PLAIN).await?
                }
                Self::Direct(direct) => {
                    let from = after.as_deref().map(str::parse).transpose()?;
                    Box::pin(direct.records().await?.quota_list(from.as_ref(), PAGE)).await?
                }
            };
            quotas.extend(page.quotas);
            after = further(after.as_deref(), page.next)?;
            if after.is_none() {
                return Ok(QuotaList { quotas, next: None });
            }
        }
    }

    /// Changes a quota. `NotFound`; `Invalid`.
    pub async fn quota_set(&self, id: &str, change: SetQuota) -> Result<QuotaView> {
        match self {
            Self::Http(http) => {
                http.call(Method::PATCH, &format!("/quotas/{}", tenant(id)?), Some(&change), PLAIN).await
            }
            Self::Direct(direct) => {
                let (order, id) = ((Method::PATCH, format!("/quotas/{}", tenant(id)?)), id.parse()?);
                let patch = change.clone().into_patch()?;
                let set = async |tenancy: &Tenancy| {
                    tenancy.quota_set(&id, &patch).await?;
                    tenancy.quota_view(&id).await
                };
                direct.order(order, Some(&change), set).await
            }
        }
    }

    /// Grants credits. `NotFound`; `Invalid`; `Overloaded`.
    pub async fn credits_grant(&self, id: &str, grant: GrantCredits) -> Result<QuotaView> {
        match self {
            Self::Http(http) => {
                http.call(Method::POST, &format!("/quotas/{}/grants", tenant(id)?), Some(&grant), PLAIN).await
            }
            Self::Direct(direct) => {
                let (order, id) = ((Method::POST, format!("/quotas/{}/grants", tenant(id)?)), id.parse()?);
                let (name, granted) = grant.clone().into_grant(SystemClock::default().now())?;
                let give = async |tenancy: &Tenancy| {
                    tenancy.credits_grant(&id, &name, granted).await?;
                    tenancy.quota_view(&id).await
                };
                direct.order(order, Some(&grant), give).await
            }
        }
    }

    /// Takes granted credits back. `NotFound`; `Invalid`; `Conflict`.
    pub async fn credits_revoke(&self, id: &str, revoke: RevokeCredits) -> Result<QuotaView> {
        match self {
            Self::Http(http) => {
                http.call(Method::POST, &format!("/quotas/{}/revocations", tenant(id)?), Some(&revoke), PLAIN).await
            }
            Self::Direct(direct) => {
                let (order, id) = ((Method::POST, format!("/quotas/{}/revocations", tenant(id)?)), id.parse()?);
                let (name, amount) = revoke.clone().named()?;
                let take = async |tenancy: &Tenancy| {
                    tenancy.credits_revoke(&id, &name, amount).await?;
                    tenancy.quota_view(&id).await
                };
                direct.order(order, Some(&revoke), take).await
            }
        }
    }

    /// The ledger added up.
    pub async fn spend_report(&self, by: By, rows: &Rows) -> Result<SpendReport> {
        match self {
            Self::Http(http) => {
                let (from, to) = (rows.from.map(|at| at.to_string()), rows.to.map(|at| at.to_string()));
                let query = query([
                    ("by", Some(by.label())),
                    ("tenant", rows.tenant.as_deref()),
                    ("from", from.as_deref()),
                    ("to", to.as_deref()),
                ]);
                http.call(Method::GET, &format!("/spend/report{query}"), NONE, PLAIN).await
            }
            Self::Direct(direct) => direct.records().await?.spend_report(by, &rows.filter()?).await,
        }
    }

    /// The ledger audited: the books of all tenants, or of one.
    pub async fn spend_audit(&self, of: Option<&str>) -> Result<AuditReport> {
        match self {
            Self::Http(http) => {
                let query = query([("tenant", of)]);
                http.call(Method::GET, &format!("/spend/audit{query}"), NONE, PLAIN).await
            }
            Self::Direct(direct) => {
                let of = of.map(str::parse).transpose()?;
                direct.records().await?.spend_audit(of.as_ref()).await
            }
        }
    }

    /// One page of the ledger's rows, after `after`.
    pub async fn spend_rows(&self, rows: &Rows, after: Option<&str>) -> Result<LedgerRows> {
        let page = match self {
            Self::Http(http) => {
                let (from, to) = (rows.from.map(|at| at.to_string()), rows.to.map(|at| at.to_string()));
                let limit = PAGE.to_string();
                let query = query([
                    ("tenant", rows.tenant.as_deref()),
                    ("from", from.as_deref()),
                    ("to", to.as_deref()),
                    ("after", after),
                    ("limit", Some(&limit)),
                ]);
                http.call(Method::GET, &format!("/spend/rows{query}"), NONE, PLAIN).await?
            }
            Self::Direct(direct) => direct.records().await?.spend_rows(&rows.filter()?, after, PAGE).await?,
        };
        Ok(LedgerRows { next: further(after, page.next)?, rows: page.rows })
    }

    /// Fails with `NotFound` unless there is such a tenant, or, of one that was deleted, a row of the ledger.
    pub async fn tenant_known(&self, id: &str) -> Result<()> {
        let Err(error) = self.tenant_get(id).await else { return Ok(()) };
        let rows = Rows { tenant: Some(id.to_owned()), ..Rows::default() };
        if self.spend_rows(&rows, None).await.is_ok_and(|page| !page.rows.is_empty()) { Ok(()) } else { Err(error) }
    }

    /// An explanation. `NotFound`.
    pub async fn why(&self, subject: Subject, id: &str) -> Result<Why> {
        match self {
            Self::Http(http) => {
                let path = match subject {
                    Subject::Tenant => format!("/why/tenant/{}", tenant(id)?),
                    Subject::Wake => format!("/why/wake/{}", tenant(id)?),
                    Subject::Job => format!("/why/job/{}", job(id)?),
                };
                http.call(Method::GET, &path, NONE, PLAIN).await
            }
            Self::Direct(direct) => match subject {
                Subject::Tenant => direct.records().await?.why_tenant(&id.parse()?, true).await,
                Subject::Wake => direct.records().await?.why_wake(&id.parse()?).await,
                Subject::Job => direct.records().await?.why_job(&id.parse()?, true).await,
            },
        }
    }
}
