//! The worker: claims jobs, has agents do them, renews while they run, and says what they used.
//!
//! Owns the slots, the renewals and the end of every attempt. Does not own the queue (`libtenancy::work`), nor whether it is
//! reached in the same process or over HTTP ([`Desk`], [`remote`]).
//!
//! # Design notes
//! - It claims no more than it can begin at once: nothing waits in a worker's hands behind something else.
//! - All leases are renewed together, by a task of their own, every [`LEASE_RENEW`]. A lease whose job comes near what is held
//!   for it asks for more; the answer may be to stop.
//! - A second of a job is a credit. What is said of a failure is for the tenant: the agent's own words or ours, never an
//!   inner error.
//! - Whatever a worker was doing when it dies lapses and is claimed again; the next one joins the agent's running turn.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use libtenancy::{
    Error, Result, Tenancy,
    clock::Stopwatch,
    credits::{MAX_COST, MicroCredits},
    jobs::{
        Finish, JobEpoch, JobId, LEASE, LEASE_RENEW, Leased, MAX_ERROR, MAX_RESULT, Outcome, Renewal, Renewed,
        WorkerId, clipped,
    },
    secret::random_bytes,
    work::{MAX_CLAIM, MAX_WAIT},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub mod remote;

/// Where a worker gets its work and brings it back.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// Up to `max` jobs; waits up to `wait` for the first.
    async fn claim(&self, worker: &WorkerId, max: usize, wait: Duration) -> Result<Vec<Leased>>;

    /// Renews leases; answers in the order given.
    async fn renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>>;

    /// Ends an attempt.
    async fn finalize(&self, finish: Finish) -> Result<()>;

    /// Has the tenant's agent do the work; what it answered.
    async fn execute(&self, leased: &Leased) -> Result<String>;
}

#[async_trait]
impl Desk for Tenancy {
    async fn claim(&self, worker: &WorkerId, max: usize, wait: Duration) -> Result<Vec<Leased>> {
        self.jobs_claim(worker, max, LEASE, wait).await
    }

    async fn renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>> {
        self.leases_renew(renewals).await
    }

    async fn finalize(&self, finish: Finish) -> Result<()> {
        self.leases_finalize(vec![finish]).await?.pop().map_or(Ok(()), |answer| answer.map(drop))
    }

    async fn execute(&self, leased: &Leased) -> Result<String> {
        self.job_execute(&leased.id, leased.prompt.clone()).await
    }
}

/// The pause after the queue did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a job is left that could not begin because no agent may be woken.
const NOT_NOW: Duration = Duration::from_secs(15);

/// Why an attempt is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Halt {
    Cancelled,
    OutOfCredits,
    Lost,
    ShuttingDown,
}

/// An attempt under way.
struct Attempt {
    epoch: JobEpoch,
    watch: Stopwatch,
    /// What is held for it.
    held: MicroCredits,
    halt: CancellationToken,
    why: Option<Halt>,
}

type Attempts = Arc<Mutex<HashMap<JobId, Attempt>>>;

fn lock(attempts: &Attempts) -> MutexGuard<'_, HashMap<JobId, Attempt>> {
    attempts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an attempt has used: a credit a second.
fn used(watch: &Stopwatch) -> MicroCredits {
    MicroCredits(i64::try_from(watch.elapsed().as_micros()).unwrap_or(i64::MAX).min(MAX_COST.0))
}

/// Runs up to `slots` jobs at once until `shutdown`; then finishes what runs, for at most `drain`, and gives the rest back.
pub async fn run(desk: Arc<dyn Desk>, slots: usize, drain: Duration, shutdown: CancellationToken) -> Result<()> {
    let id: WorkerId = format!("worker-{}", hex::encode(random_bytes::<8>()?)).parse()?;
    let attempts: Attempts = Arc::default();
    let places = Arc::new(Semaphore::new(slots));
    let tasks = TaskTracker::new();
    let renewing = tokio::spawn(renew(Arc::clone(&desk), Arc::clone(&attempts)));
    while !shutdown.is_cancelled() {
        let claimed = tokio::select! {
            claimed = claim(&*desk, &id, &places, slots) => claimed,
            () = shutdown.cancelled() => break,
        };
        let (leased, mut taken) = match claimed {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(error = error.chain(), "no jobs claimed");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = shutdown.cancelled() => {}
                }
                continue;
            }
        };
        for leased in leased {
            let (desk, attempts, place) = (Arc::clone(&desk), Arc::clone(&attempts), taken.split(1));
            tasks.spawn(async move {
                attempt(&*desk, leased, &attempts).await;
                drop(place);
            });
        }
    }
    tasks.close();
    if tokio::time::timeout(drain, tasks.wait()).await.is_err() {
        for attempt in lock(&attempts).values_mut() {
            attempt.why = Some(Halt::ShuttingDown);
            attempt.halt.cancel();
        }
        tasks.wait().await;
    }
    renewing.abort();
    Ok(())
}

/// Waits for a free place, takes all that are free, then waits for jobs: no more than places were taken.
async fn claim(
    desk: &dyn Desk,
    id: &WorkerId,
    places: &Arc<Semaphore>,
    slots: usize,
) -> Result<(Vec<Leased>, OwnedSemaphorePermit)> {
    let closed = |e| Error::internal(format!("the worker's places: {e}"));
    let mut taken = Arc::clone(places).acquire_owned().await.map_err(closed)?;
    while taken.num_permits() < slots.min(MAX_CLAIM)
        && let Ok(more) = Arc::clone(places).try_acquire_owned()
    {
        taken.merge(more);
    }
    let leased = desk.claim(id, taken.num_permits(), MAX_WAIT / 2).await?;
    Ok((leased, taken))
}

/// Renews all leases together, again and again; stops those that are not to go on.
async fn renew(desk: Arc<dyn Desk>, attempts: Attempts) {
    loop {
        tokio::time::sleep(LEASE_RENEW).await;
        let renewals: Vec<Renewal> = lock(&attempts).iter().map(|(id, attempt)| renewal(id, attempt)).collect();
        for renewals in renewals.chunks(MAX_CLAIM) {
            match desk.renew(renewals.to_vec()).await {
                Ok(answers) => {
                    for (renewal, answer) in renewals.iter().zip(answers) {
                        heed(&mut lock(&attempts), renewal, &answer);
                    }
                }
                // Their leases hold for a while yet; the next round is in time.
                Err(error) => tracing::warn!(error = error.chain(), "leases not renewed"),
            }
        }
    }
}

/// A renewal that asks for what will be used by the time of the next but one.
fn renewal(id: &JobId, attempt: &Attempt) -> Renewal {
    let soon = used(&attempt.watch) + MicroCredits(i64::try_from((LEASE_RENEW * 2).as_micros()).unwrap_or(i64::MAX));
    let need = (soon > attempt.held).then_some(soon.min(MAX_COST));
    Renewal { id: id.clone(), epoch: attempt.epoch, lease: LEASE, need }
}

fn heed(attempts: &mut HashMap<JobId, Attempt>, renewal: &Renewal, answer: &Renewed) {
    let Some(attempt) = attempts.get_mut(&renewal.id).filter(|attempt| attempt.epoch == renewal.epoch) else { return };
    let why = match answer {
        Renewed::Continue { .. } => {
            attempt.held = attempt.held.max(renewal.need.unwrap_or_default());
            return;
        }
        Renewed::Cancel { reason: "cancelled", .. } => Halt::Cancelled,
        // There is no more credit, but what is held may still be used.
        Renewed::Cancel { .. } if used(&attempt.watch) < attempt.held => return,
        Renewed::Cancel { .. } => Halt::OutOfCredits,
        Renewed::Lost => Halt::Lost,
    };
    attempt.why = Some(why);
    attempt.halt.cancel();
}

/// One attempt, from its lease to its end.
async fn attempt(desk: &dyn Desk, leased: Leased, attempts: &Attempts) {
    let (watch, halt) = (Stopwatch::start(), CancellationToken::new());
    let entry = Attempt { epoch: leased.epoch, watch, held: leased.cost, halt: halt.clone(), why: None };
    lock(attempts).insert(leased.id.clone(), entry);
    let done = tokio::select! {
        done = desk.execute(&leased) => Some(done),
        () = halt.cancelled() => None,
    };
    let entry = lock(attempts).remove(&leased.id);
    let why = entry.and_then(|attempt| attempt.why);
    let Some(outcome) = outcome(done, why) else {
        tracing::info!(job = %leased.id, "its lease was lost");
        return;
    };
    let used = if matches!(outcome, Outcome::Released { .. }) { MicroCredits::ZERO } else { used(&watch) };
    let finish = Finish { id: leased.id, epoch: leased.epoch, outcome, used };
    finalize(desk, finish).await;
}

/// What an attempt came to; `None` if it is nobody's business any more.
fn outcome(done: Option<Result<String>>, why: Option<Halt>) -> Option<Outcome> {
    let failed = |error: &str, retry| Some(Outcome::Failed { error: error.to_owned(), retry });
    let error = match (done, why) {
        (Some(Ok(result)), _) => {
            return Some(Outcome::Succeeded { result: clipped(result, MAX_RESULT), pointer: None });
        }
        (_, Some(Halt::Lost)) => return None,
        (_, Some(Halt::Cancelled)) => return failed("it was called off", false),
        (_, Some(Halt::OutOfCredits)) => return failed("the credits were used up while it ran", true),
        (None, _) => return failed("its worker was shut down", true),
        (Some(Err(error)), _) => error,
    };
    match error {
        Error::Overloaded { .. }
        | Error::IllegalState { .. }
        | Error::NeedsControlPlane { .. }
        | Error::Conflict { .. } => Some(Outcome::Released { after: NOT_NOW }),
        Error::RateLimited { retry_after, .. } => Some(Outcome::Released { after: retry_after.max(PAUSE) }),
        // The agent's own words, for the tenant whose agent it is.
        Error::AgentFailed { .. } | Error::Timeout { .. } => {
            Some(Outcome::Failed { error: clipped(error.to_string(), MAX_ERROR), retry: true })
        }
        Error::Invalid { .. } | Error::Refused { .. } => {
            Some(Outcome::Failed { error: clipped(error.to_string(), MAX_ERROR), retry: false })
        }
        Error::NotFound { .. } => failed("its tenant, or what it needs, is gone", false),
        other => {
            tracing::warn!(error = other.chain(), "a job could not be run");
            failed("the control plane could not run it", true)
        }
    }
}

/// Says how an attempt ended, again until it is heard or the lease has lapsed: under one epoch a repeat changes nothing.
async fn finalize(desk: &dyn Desk, finish: Finish) {
    let watch = Stopwatch::start();
    loop {
        match desk.finalize(finish.clone()).await {
            Ok(()) => return,
            Err(error) if error.retryable() && !matches!(error, Error::Conflict { .. }) && watch.elapsed() < LEASE => {
                tokio::time::sleep(PAUSE / 4).await;
            }
            Err(error) => {
                tracing::info!(job = %finish.id, error = error.chain(), "an end was not taken; the job is somebody else's");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m24_what_is_kept_of_a_failure_is_for_the_tenant() {
        let inner = Error::internal("assertion on row 17 of /var/lib/secret");
        let Some(Outcome::Failed { error, retry: true }) = outcome(Some(Err(inner)), None) else {
            panic!("no failure")
        };
        assert!(!error.contains("secret"), "{error}");
    }

    #[test]
    fn what_cannot_begin_is_given_back_and_what_is_lost_is_dropped() {
        let suspended = Error::IllegalState { tenant: "t".into(), status: "suspended", reason: "x".into() };
        assert!(matches!(outcome(Some(Err(suspended)), None), Some(Outcome::Released { .. })));
        assert_eq!(outcome(None, Some(Halt::Lost)), None);
        assert!(matches!(outcome(None, Some(Halt::Cancelled)), Some(Outcome::Failed { retry: false, .. })));
        assert!(matches!(outcome(None, Some(Halt::ShuttingDown)), Some(Outcome::Failed { retry: true, .. })));
        let done = outcome(Some(Ok("42".into())), Some(Halt::Cancelled));
        assert!(matches!(done, Some(Outcome::Succeeded { .. })), "work that is done counts");
    }
}
