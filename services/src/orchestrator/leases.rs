//! Leases: what workers in any language speak.

use std::time::Duration;

use axum::{Json, extract::State};
use libtenancy::{
    Error, Tenancy,
    api::jobs::{
        ClaimJobs, ClaimedJobs, FinalizeLease, FinalizeLeases, FinalizedLease, FinalizedLeases, LeasedJob, PrepareTurn,
        RenewLease, RenewLeases, RenewedLease, RenewedLeases, RunTurn, TurnDone, TurnReady,
    },
    jobs::{JobEpoch, JobId, JobState, MAX_PROMPT, MAX_RESULT, WorkerId},
    work::{MAX_CLAIM, MAX_WAIT},
};

use super::{Answer, Sent, within};
use crate::http_error::HttpError;

/// The largest body of a finalize, in bytes: a few long results, or one of which every byte had to be escaped.
const MAX_FINALIZE: usize = 6 * MAX_RESULT + (64 << 10);

/// The largest body of a turn, in bytes.
const MAX_TURN: usize = 6 * MAX_PROMPT + (16 << 10);

pub(super) async fn claim(State(tenancy): State<Tenancy>, Sent(asked): Sent<ClaimJobs>) -> Answer<Json<ClaimedJobs>> {
    let worker: WorkerId = asked.worker.parse()?;
    let wait = Duration::from_secs(asked.wait_s);
    if wait > MAX_WAIT {
        return Err(Error::invalid("wait_s", format!("{} must be at most {}", asked.wait_s, MAX_WAIT.as_secs())).into());
    }
    let leased = tenancy.jobs_claim(&worker, asked.max, Duration::from_secs(asked.lease_s), wait).await?;
    Ok(Json(ClaimedJobs { jobs: leased.into_iter().map(LeasedJob::from).collect() }))
}

pub(super) async fn renew(
    State(tenancy): State<Tenancy>,
    Sent(asked): Sent<RenewLeases>,
) -> Answer<Json<RenewedLeases>> {
    within("leases", Some(asked.leases.len()), 0, MAX_CLAIM)?;
    let names: Vec<String> = asked.leases.iter().map(|lease| lease.job_id.clone()).collect();
    let renewals = asked.leases.into_iter().map(RenewLease::into_renewal).collect::<Result<_, Error>>()?;
    let renewed = tenancy.leases_renew(renewals).await?;
    let leases = names.into_iter().zip(&renewed).map(|(name, renewed)| RenewedLease::new(name, renewed)).collect();
    Ok(Json(RenewedLeases { leases }))
}

pub(super) async fn finalize(
    State(tenancy): State<Tenancy>,
    Sent(asked): Sent<FinalizeLeases, MAX_FINALIZE>,
) -> Answer<Json<FinalizedLeases>> {
    within("leases", Some(asked.leases.len()), 0, MAX_CLAIM)?;
    let names: Vec<String> = asked.leases.iter().map(|lease| lease.job_id.clone()).collect();
    let finishes = asked.leases.into_iter().map(FinalizeLease::into_finish).collect::<Result<_, Error>>()?;
    let ends = tenancy.leases_finalize(finishes).await?;
    let leases = names.into_iter().zip(ends).map(|(job_id, end)| match end {
        Ok(status) => FinalizedLease { job_id, status: Some(status.to_owned()), error: None },
        Err(error) => FinalizedLease { job_id, status: None, error: Some(HttpError::from(error).into_body()) },
    });
    Ok(Json(FinalizedLeases { leases: leases.collect() }))
}

/// Has a tenant's agent ready for a job, for a worker that holds its lease on another machine.
pub(super) async fn prepare(State(tenancy): State<Tenancy>, Sent(asked): Sent<PrepareTurn>) -> Answer<Json<TurnReady>> {
    let id: JobId = asked.job_id.parse()?;
    held(&tenancy, &id, JobEpoch(asked.epoch)).await?;
    tenancy.job_prepare(&id).await?;
    Ok(Json(TurnReady::default()))
}

/// Has a tenant's agent do a job's work, for a worker that holds its lease on another machine. Whoever has lost the lease
/// meanwhile has its result refused by the finalize.
pub(super) async fn turn(
    State(tenancy): State<Tenancy>,
    Sent(asked): Sent<RunTurn, MAX_TURN>,
) -> Answer<Json<TurnDone>> {
    let id: JobId = asked.job_id.parse()?;
    held(&tenancy, &id, JobEpoch(asked.epoch)).await?;
    Ok(Json(TurnDone { response: tenancy.job_execute(&id, asked.prompt).await? }))
}

/// `Conflict` if the job runs no more under this epoch.
async fn held(tenancy: &Tenancy, id: &JobId, epoch: JobEpoch) -> Result<(), Error> {
    let job = tenancy.job_get(id).await?;
    if !matches!(job.state, JobState::Running { .. }) || job.epoch != epoch {
        return Err(libtenancy::partition::lease_lost(id));
    }
    Ok(())
}
