//! Jobs and leases on the wire.

use serde::{Deserialize, Serialize};

use std::time::Duration;

use crate::{
    clock::Timestamp,
    credits::{MAX_COST, MicroCredits},
    error::{Error, Result},
    jobs::{
        BACKOFF, Finish, Idempotency, Job, JobEpoch, JobId, JobState, Leased, MAX_ERROR, MAX_POINTER, MAX_RESULT,
        NewJob, Outcome, Renewal, Renewed, clipped,
    },
    partition::Submitted,
    quota::cost_checked,
    tenant::TenantId,
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

impl SubmitJob {
    /// The job that is asked for, with an id of its own; `key` is the caller's idempotency key, which is bound to everything
    /// that is said here. `Invalid` for what is no name; bounds are checked by whoever submits it.
    pub fn into_new_job(self, key: Option<&str>, now: Timestamp) -> Result<NewJob> {
        let body = serde_json::to_vec(&self).map_err(|e| Error::internal(format!("a submission is no JSON: {e}")))?;
        let tenant: TenantId = self.tenant_id.parse()?;
        let new = NewJob::new(JobId::random(&tenant, now)?, self.prompt, self.cost_gpu_seconds);
        Ok(NewJob {
            agent: self.agent_id.map(|agent| agent.parse()).transpose()?.unwrap_or_default(),
            priority: self.priority.unwrap_or(new.priority),
            max_attempts: self.max_attempts.unwrap_or(new.max_attempts),
            not_before: self.not_before,
            idempotency: key.map(|key| Idempotency::new(key, &body)).transpose()?,
            ..new
        })
    }
}

impl From<Submitted> for JobSubmitted {
    fn from(submitted: Submitted) -> Self {
        Self {
            job_id: submitted.id.to_string(),
            status: submitted.state.to_owned(),
            duplicate: submitted.duplicate,
            suspended: None,
        }
    }
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
    /// Why its tenant is suspended, if it is: the job waits for that to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<String>,
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
    /// What the agent is told, of which a listing has the beginning. Null once it succeeded, when nobody keeps it, and to those
    /// who may not read what people wrote.
    #[serde(default)]
    pub prompt: Option<String>,
    /// What came of it; absent from listings.
    #[serde(flatten)]
    pub outcome: Option<JobOutcome>,
}

/// What came of a job so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutcome {
    /// What came out, once it succeeded.
    // An absent field is not one that is nothing: without it there is no outcome at all.
    #[serde(deserialize_with = "Option::deserialize")]
    pub result: Option<String>,
    /// What the last failure said.
    #[serde(deserialize_with = "Option::deserialize")]
    pub error: Option<String>,
}

/// How much of a prompt a listing has, in characters.
const BEGINNING: usize = 80;

impl JobView {
    /// The same, as a listing has it: what came of it may be long, and not everybody may read it.
    #[must_use]
    pub fn listed(self) -> Self {
        Self { prompt: self.prompt.as_deref().map(beginning), outcome: None, ..self }
    }

    /// What came out, once it succeeded, where that is known.
    pub fn result(&self) -> Option<&String> {
        self.outcome.as_ref()?.result.as_ref()
    }

    /// What the last failure said, where that is known.
    pub fn error(&self) -> Option<&String> {
        self.outcome.as_ref()?.error.as_ref()
    }
}

/// The beginning of a prompt, on one line.
fn beginning(prompt: &str) -> String {
    // No more is looked at than can be shown: a prompt may be long.
    let head: String = prompt.chars().take(4 * BEGINNING).collect();
    let line = head.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= BEGINNING && head.len() == prompt.len() {
        return line;
    }
    let kept: String = line.chars().take(BEGINNING - 1).collect();
    format!("{}…", kept.trim_end())
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
            prompt: None,
            outcome: Some(JobOutcome {
                result: job.result.clone().filter(|_| succeeded),
                error: job.result.clone().filter(|_| !succeeded),
            }),
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

impl From<Leased> for LeasedJob {
    fn from(leased: Leased) -> Self {
        Self {
            job_id: leased.id.to_string(),
            tenant_id: leased.id.tenant().to_string(),
            agent_id: leased.agent.to_string(),
            prompt: leased.prompt,
            cost_gpu_seconds: leased.cost,
            attempt: leased.attempt,
            epoch: leased.epoch.0,
            lease_until: leased.lease_until,
            pointer: leased.pointer,
        }
    }
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

impl RenewLease {
    /// The renewal that is asked for.
    pub fn into_renewal(self) -> Result<Renewal> {
        let need = self.need_gpu_seconds;
        Ok(Renewal {
            id: self.job_id.parse()?,
            epoch: JobEpoch(self.epoch),
            lease: Duration::from_secs(self.lease_s),
            need: need.map(|need| cost_checked("need_gpu_seconds", need)).transpose()?,
        })
    }
}

impl RenewedLease {
    /// What a worker is told about a job.
    pub fn new(job_id: String, renewed: &Renewed) -> Self {
        let (answer, reason, lease_until) = match renewed {
            Renewed::Continue { lease_until } => ("continue", None, Some(*lease_until)),
            Renewed::Cancel { lease_until, reason } => ("cancel", Some((*reason).to_owned()), Some(*lease_until)),
            Renewed::Lost => ("lost", None, None),
        };
        Self { job_id, answer: answer.to_owned(), reason, lease_until }
    }
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

/// The longest a released job may be left.
const MAX_RELEASE_S: u64 = 86_400;

impl FinalizeLease {
    /// The words for an outcome.
    pub const OUTCOMES: [&str; 3] = ["succeeded", "failed", "released"];

    /// The end that is reported. Fields of other outcomes are refused, so that a slip of a worker is not taken for an end.
    pub fn into_finish(self) -> Result<Finish> {
        let used = self.used_gpu_seconds.bounded("used_gpu_seconds", MicroCredits::ZERO, MAX_COST)?;
        let stray = |there: bool, field: &'static str| {
            if there {
                Err(Error::invalid(field, format!("it means nothing when it {}", self.outcome)))
            } else {
                Ok(())
            }
        };
        if self.outcome != "succeeded" {
            stray(self.result.is_some(), "result")?;
            stray(self.pointer.is_some(), "pointer")?;
        }
        if self.outcome != "failed" {
            stray(self.error.is_some(), "error")?;
            stray(self.retry.is_some(), "retry")?;
        }
        if self.outcome != "released" {
            stray(self.after_s.is_some(), "after_s")?;
        }
        let text = |field: &'static str, text: Option<String>, most: usize| match text {
            Some(text) if text.len() > most => {
                Err(Error::invalid(field, format!("{} bytes; at most {most}", text.len())))
            }
            text => Ok(text),
        };
        let outcome = match self.outcome.as_str() {
            "succeeded" => Outcome::Succeeded {
                result: text("result", self.result, MAX_RESULT)?.unwrap_or_default(),
                pointer: text("pointer", self.pointer, MAX_POINTER)?,
            },
            "failed" => Outcome::Failed {
                error: clipped(self.error.unwrap_or_default(), MAX_ERROR),
                retry: self.retry.unwrap_or(true),
            },
            "released" if used > MicroCredits::ZERO => {
                return Err(Error::invalid("used_gpu_seconds", "a job that was given back has used nothing"));
            }
            "released" => {
                let after = self.after_s.unwrap_or(BACKOFF.as_secs());
                if after > MAX_RELEASE_S {
                    return Err(Error::invalid("after_s", format!("{after} must be at most {MAX_RELEASE_S}")));
                }
                Outcome::Released { after: Duration::from_secs(after) }
            }
            other => {
                let words = Self::OUTCOMES.join(", ");
                return Err(Error::invalid("outcome", format!("{other:?} must be one of {words}")));
            }
        };
        Ok(Finish { id: self.job_id.parse()?, epoch: JobEpoch(self.epoch), outcome, used })
    }
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

/// `POST /turns/prepare`: has a tenant's agent ready for a job whose lease the caller holds. Nothing is used by it yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrepareTurn {
    /// `TENANT.SERIAL`.
    pub job_id: String,
    /// Of the claim.
    pub epoch: i64,
}

/// The agent runs. No fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnReady {}

/// `POST /turns`: has a tenant's agent do the work of a job whose lease the caller holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunTurn {
    /// `TENANT.SERIAL`.
    pub job_id: String,
    /// Of the claim.
    pub epoch: i64,
    /// What the agent is told.
    pub prompt: String,
}

/// What the agent answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnDone {
    /// The text.
    pub response: String,
}
