//! Jobs and leases on the wire.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    jobs::{Job, JobState},
};

/// `POST /jobs`, and `POST /submit` of the seed. The `Idempotency-Key` header makes a repeat the same submission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmitJob {
    /// Whose job it is.
    pub tenant_id: String,
    /// One of the tenant's agents; `main` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// What the agent is told, at most 256 KiB.
    pub prompt: String,
    /// What is held while it runs, in credits (GPU-seconds).
    pub cost_gpu_seconds: MicroCredits,
    /// 0 to 9, higher first, within the tenant; 5 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// How often it is tried; 3 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Not before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

/// The answer to a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSubmitted {
    /// `TENANT.SERIAL`.
    pub job_id: String,
    /// The label of its state now.
    pub status: String,
    /// Whether an earlier call with the same key made it.
    pub duplicate: bool,
}

/// A job as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobView {
    /// `TENANT.SERIAL`.
    pub job_id: String,
    /// Whose.
    pub tenant_id: String,
    /// Whom it is for.
    pub agent_id: String,
    /// `delayed`, `queued`, `running`, `succeeded`, `dead`, `cancelled`.
    pub status: String,
    /// Why it is delayed: `scheduled`, `backoff`, `lease_lapsed`, `released`.
    pub delay_reason: Option<String>,
    /// Until when it is delayed, or when its lease lapses.
    pub until: Option<Timestamp>,
    /// Who runs it.
    pub worker: Option<String>,
    /// Held while it runs, at first, in credits.
    pub cost_gpu_seconds: MicroCredits,
    /// Held now.
    pub held_gpu_seconds: MicroCredits,
    /// Used by all its attempts together.
    pub used_gpu_seconds: MicroCredits,
    /// 0 to 9.
    pub priority: u8,
    /// Attempts begun.
    pub attempts: u32,
    /// Attempts there may be.
    pub max_attempts: u32,
    /// Whether it is to be called off.
    pub cancelling: bool,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What came out, once it succeeded.
    pub result: Option<String>,
    /// What the last failure said.
    pub error: Option<String>,
}

impl From<&Job> for JobView {
    fn from(job: &Job) -> Self {
        let (mut delay_reason, mut until, mut worker, mut ended_at) = (None, None, None, None);
        match &job.state {
            JobState::Queued => {}
            JobState::Delayed { until: at, reason } => {
                (delay_reason, until) = (Some(reason.label().to_owned()), Some(*at));
            }
            JobState::Running { worker: who, lease_until } => {
                (worker, until) = (Some(who.to_string()), Some(*lease_until));
            }
            JobState::Succeeded { at } | JobState::Dead { at } | JobState::Cancelled { at } => ended_at = Some(*at),
        }
        let succeeded = matches!(job.state, JobState::Succeeded { .. });
        Self {
            job_id: job.id.to_string(),
            tenant_id: job.id.tenant().to_string(),
            agent_id: job.agent.to_string(),
            status: job.state.label().to_owned(),
            delay_reason,
            until,
            worker,
            cost_gpu_seconds: job.cost,
            held_gpu_seconds: job.hold.amount,
            used_gpu_seconds: job.used,
            priority: job.priority,
            attempts: job.attempts,
            max_attempts: job.max_attempts,
            cancelling: job.cancel,
            submitted_at: job.submitted_at,
            ended_at,
            result: job.result.clone().filter(|_| succeeded),
            error: job.result.clone().filter(|_| !succeeded),
        }
    }
}

/// `GET /jobs?tenant=&status=&after=&limit=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobList {
    /// One page, in order of id.
    pub jobs: Vec<JobView>,
    /// Pass as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `POST /leases/claim`: waits up to `wait_s` for the first job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimJobs {
    /// Who asks: a name of its own for every process, for its life.
    pub worker: String,
    /// How many at most, 1 to 100; no more than can begin at once.
    #[serde(default = "one")]
    pub max: usize,
    /// Seconds until the leases lapse unless renewed, 1 to 3600.
    #[serde(default = "lease")]
    pub lease_s: u64,
    /// Seconds to wait, 0 to 60.
    #[serde(default)]
    pub wait_s: u64,
}

fn one() -> usize {
    1
}

fn lease() -> u64 {
    crate::jobs::LEASE.as_secs()
}

/// A job in a worker's hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeasedJob {
    /// `TENANT.SERIAL`.
    pub job_id: String,
    /// Whose.
    pub tenant_id: String,
    /// Whom it is for.
    pub agent_id: String,
    /// What the agent is told.
    pub prompt: String,
    /// What is held, in credits.
    pub cost_gpu_seconds: MicroCredits,
    /// From 1.
    pub attempt: u32,
    /// To be sent with every word about this attempt.
    pub epoch: i64,
    /// When the lease lapses.
    pub lease_until: Timestamp,
    /// Where the agent's state was left.
    pub pointer: Option<String>,
}

/// The answer to a claim; empty if nothing came in time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimedJobs {
    /// The jobs.
    pub jobs: Vec<LeasedJob>,
}

/// `POST /leases/renew`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewLeases {
    /// 1 to 100 of them.
    pub leases: Vec<RenewLease>,
}

/// One renewal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewLease {
    /// `TENANT.SERIAL`.
    pub job_id: String,
    /// Of the claim.
    pub epoch: i64,
    /// Seconds from now, 1 to 3600.
    #[serde(default = "lease")]
    pub lease_s: u64,
    /// What is to be held in all, if more than now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub need_gpu_seconds: Option<MicroCredits>,
}

/// The answers, in the order asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewedLeases {
    /// One each.
    pub leases: Vec<RenewedLease>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewedLease {
    /// `TENANT.SERIAL`.
    pub job_id: String,
    /// `continue`; `cancel`: stop and finalize; `lost`: drop it.
    pub answer: String,
    /// Why it is to be cancelled: `cancelled`, `credits`, `budget`.
    pub reason: Option<String>,
    /// When the lease lapses.
    pub lease_until: Option<Timestamp>,
}

/// `POST /leases/finalize`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinalizeLeases {
    /// 1 to 100 of them.
    pub leases: Vec<FinalizeLease>,
}

/// The end of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinalizeLease {
    /// `TENANT.SERIAL`.
    pub job_id: String,
    /// Of the claim.
    pub epoch: i64,
    /// `succeeded`, `failed`, `released`.
    pub outcome: String,
    /// What it used, in credits; 0 if released.
    #[serde(default)]
    pub used_gpu_seconds: MicroCredits,
    /// What came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// What was seen, of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether another attempt can help, of a failure; true if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<bool>,
    /// Where the agent's state is now, of a success: replaces the pointer in the same step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Seconds to leave it, of a release; 5 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_s: Option<u64>,
}

/// The answers, in the order asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalizedLeases {
    /// One each.
    pub leases: Vec<FinalizedLease>,
}

/// One answer: a status, or an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalizedLease {
    /// `TENANT.SERIAL`.
    pub job_id: String,
    /// The label of the job's state now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `conflict`: the lease is not the caller's any more; `not_found`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<super::ErrorBody>,
}
