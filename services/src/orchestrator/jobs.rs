//! Jobs: submitted, looked at, called off.

use std::time::Duration;

use axum::{
    Extension, Json,
    extract::{FromRequestParts, Path, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode, request::Parts},
};
use libtenancy::{
    Error, Tenancy,
    api::jobs::{JobList, JobSubmitted, JobView, SubmitJob},
    clock::{Clock, SystemClock},
    jobs::{JobId, JobState, MAX_PROMPT},
    ports::jobs::JobFilter,
    work::MAX_WAIT,
};
use serde::Deserialize;

use super::{Answer, Asked, MAX_PAGE, PAGE, Sent, label, within};
use crate::{
    auth::{Action, Role},
    http_error::HttpError,
    idempotency,
};

/// The largest submission in bytes: a prompt of which every byte may have to be escaped, and the rest.
const MAX_SUBMISSION: usize = 6 * MAX_PROMPT + (16 << 10);

/// The job named in the path.
pub(super) struct NamedJob(pub(super) JobId);

impl<S: Send + Sync> FromRequestParts<S> for NamedJob {
    type Rejection = HttpError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|_| Error::invalid("job id", "the path is not UTF-8"))?;
        Ok(Self(id.parse()?))
    }
}

pub(super) async fn submit(
    State(tenancy): State<Tenancy>,
    headers: HeaderMap,
    Sent(job): Sent<SubmitJob, MAX_SUBMISSION>,
) -> Answer<(StatusCode, Json<JobSubmitted>)> {
    let key = headers.get(idempotency::HEADER).map(|key| {
        key.to_str().map_err(|_| Error::invalid("Idempotency-Key", "it must be 1 to 255 visible ASCII characters"))
    });
    let new = job.into_new_job(key.transpose()?, SystemClock::default().now())?;
    let submitted = tenancy.job_submit_told(new).await?;
    let status = if submitted.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(submitted)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobsQuery {
    tenant: Option<String>,
    status: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// What agents said is not in a list: it may be long. What they are told is, for who may read it.
pub(super) async fn list(
    State(tenancy): State<Tenancy>,
    Extension(role): Extension<Role>,
    Asked(query): Asked<JobsQuery>,
) -> Answer<Json<JobList>> {
    let filter = JobFilter {
        tenant: query.tenant.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose()?,
        state: label("status", query.status, &JobState::LABELS)?,
    };
    let after: Option<JobId> = query.after.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose()?;
    let limit = within("limit", query.limit, PAGE, MAX_PAGE)?;
    let quoting = role.may(Action::ReadContent);
    Ok(Json(Box::pin(tenancy.jobs_shown(&filter, after.as_ref(), limit, quoting)).await?))
}

pub(super) async fn get(State(tenancy): State<Tenancy>, NamedJob(id): NamedJob) -> Answer<Json<JobView>> {
    Ok(Json(tenancy.job_shown(&tenancy.job_get(&id).await?).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitQuery {
    timeout_s: Option<usize>,
}

pub(super) async fn wait(
    State(tenancy): State<Tenancy>,
    NamedJob(id): NamedJob,
    Asked(query): Asked<WaitQuery>,
) -> Answer<Json<JobView>> {
    let most = usize::try_from(MAX_WAIT.as_secs()).unwrap_or(usize::MAX);
    let seconds = within("timeout_s", query.timeout_s, most, most)?;
    let job = tenancy.job_wait(&id, Duration::from_secs(seconds as u64)).await?;
    Ok(Json(tenancy.job_shown(&job).await?))
}

pub(super) async fn cancel(State(tenancy): State<Tenancy>, NamedJob(id): NamedJob) -> Answer<Json<JobView>> {
    Ok(Json(tenancy.job_shown(&tenancy.job_cancel(&id).await?).await?))
}

pub(super) async fn retry(State(tenancy): State<Tenancy>, NamedJob(id): NamedJob) -> Answer<Json<JobView>> {
    Ok(Json(tenancy.job_shown(&tenancy.job_retry(&id).await?).await?))
}
