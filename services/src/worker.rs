//! The worker: claims jobs, has agents do them, renews while they run, and says what they used.
//!
//! Owns the slots, the renewals and the end of every attempt. Does not own the queue (`libtenancy::work`), nor whether it is
//! reached in the same process or over HTTP ([`Desk`], [`remote`]).
//!
//! # Design notes
//! - It claims no more than it can begin at once: nothing waits in a worker's hands behind something else.
//! - All leases are renewed together, by a task of their own, every [`LEASE_RENEW`]. A lease whose job comes near what is held
//!   for it asks for more, before it uses it, and for less if it is not given that; once nothing more is given it is stopped
//!   when what is held is used up.
//! - A second of a job is a credit, from when its agent is ready. What could not begin, or was cut off by this worker's own
//!   end, costs nothing.
//! - What is kept of a failure are our own words: an agent's log and inner errors are where only operators look.
//! - Whatever a worker was doing when it dies lapses and is claimed again; the next one joins the agent's running turn, as
//!   this one does when the control plane was away for a moment. A turn that is called off ends at the agent by itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use libtenancy::{
    Error, Result, Tenancy,
    clock::Stopwatch,
    credits::{MAX_COST, MicroCredits},
    jobs::{
        Finish, JobEpoch, JobId, LEASE, LEASE_RENEW, Leased, MAX_RESULT, Outcome, Renewal, Renewed, WorkerId, clipped,
    },
    secret::random_bytes,
    work::{MAX_CLAIM, MAX_WAIT},
};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

pub mod remote;

/// Where a worker gets its work and brings it back.
#[async_trait]
pub trait Desk: Send + Sync + 'static {
    /// Up to `max` jobs; waits up to `wait` for the first.
    async fn claim(&self, worker: &WorkerId, max: usize, wait: Duration) -> Result<Vec<Leased>>;

    /// Renews leases; answers in the order given.
    async fn renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>>;

    /// The jobs that are called off from now on, as far as that is heard here: else the next renewal says it.
    fn called_off(&self) -> BoxStream<'static, JobId> {
        stream::pending().boxed()
    }

    /// Ends an attempt.
    async fn finalize(&self, finish: Finish) -> Result<()>;

    /// Has the tenant's agent ready for the work.
    async fn prepare(&self, leased: &Leased) -> Result<()>;

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

    fn called_off(&self) -> BoxStream<'static, JobId> {
        let heard = |mut called_off: broadcast::Receiver<JobId>| async move {
            loop {
                match called_off.recv().await {
                    Ok(id) => return Some((id, called_off)),
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        };
        stream::unfold(self.jobs_called_off(), heard).chain(stream::pending()).boxed()
    }

    async fn finalize(&self, finish: Finish) -> Result<()> {
        self.leases_finalize(vec![finish]).await?.pop().map_or(Ok(()), |answer| answer.map(drop))
    }

    async fn prepare(&self, leased: &Leased) -> Result<()> {
        self.job_prepare(&leased.id).await
    }

    async fn execute(&self, leased: &Leased) -> Result<String> {
        self.job_execute(&leased.id, leased.prompt.clone()).await
    }
}

/// The pause after the control plane did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a job is left that could not begin because no agent may be woken.
const NOT_NOW: Duration = Duration::from_secs(15);

/// How long the last words of a worker may take that ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How much of a hold is left when more is asked for, in time.
const MARGIN: Duration = Duration::from_millis(250);

/// The least that is asked for of who did not refuse anything.
const LEAST_STEP: Duration = Duration::from_secs(1);

/// The shortest pause between two renewals.
const BREATH: Duration = Duration::from_millis(5);

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
    /// Since its agent was ready.
    begun: Option<Stopwatch>,
    /// Since its lease was last known to hold.
    renewed: Stopwatch,
    /// What is held for it.
    held: MicroCredits,
    /// How far ahead it asks for more; nothing once less than [`MARGIN`] was refused.
    ahead: Option<Duration>,
    /// It was called off, as is heard: its renewal says so at once.
    called_off: bool,
    halt: CancellationToken,
    why: Option<Halt>,
}

impl Attempt {
    fn new(held: MicroCredits, halt: CancellationToken) -> Self {
        let (renewed, ahead) = (Stopwatch::start(), Some(LEASE_RENEW * 2));
        Self { begun: None, renewed, held, ahead, called_off: false, halt, why: None }
    }

    fn stop(&mut self, why: Halt) {
        self.why = Some(why);
        self.halt.cancel();
    }

    fn used(&self) -> MicroCredits {
        self.begun.map_or(MicroCredits::ZERO, |begun| credits(begun.elapsed()))
    }

    /// How much it asks for at once: no more than as much again as is held, so that little is kept from the tenant's others.
    fn step(&self) -> Option<Duration> {
        let again = Duration::from_micros(self.held.0.try_into().unwrap_or(0)).max(LEAST_STEP);
        self.ahead.map(|ahead| ahead.min(again))
    }

    /// What is to be held, if that is more than is.
    fn need(&self) -> Option<MicroCredits> {
        let soon = (self.used() + credits(self.step()?)).min(MAX_COST);
        (soon > self.held).then_some(soon)
    }

    /// More was refused: it asks for less, and at last for nothing.
    fn refused(&mut self) {
        self.ahead = self.step().filter(|step| *step > MARGIN).map(|step| (step / 4).max(MARGIN));
    }

    /// In how long what is held is used up, or nearly so if more can be asked for; `None` if it uses nothing yet.
    fn exhausted_in(&self) -> Option<Duration> {
        let left = (self.held - MicroCredits(self.begun?.elapsed().as_micros().try_into().unwrap_or(i64::MAX))).0;
        let left = Duration::from_micros(left.try_into().unwrap_or(0));
        Some(if self.may_grow() { left.saturating_sub(MARGIN) } else { left })
    }

    fn may_grow(&self) -> bool {
        self.ahead.is_some() && self.held < MAX_COST
    }

    /// In how long it is to be renewed or stopped.
    fn due_in(&self) -> Duration {
        if self.called_off {
            return Duration::ZERO;
        }
        let lease = LEASE_RENEW.saturating_sub(self.renewed.elapsed());
        self.exhausted_in().map_or(lease, |exhausted| exhausted.min(lease))
    }

    /// Whether it is renewed in this round: due, or so soon that it goes along.
    fn is_due(&self) -> bool {
        self.renewed.elapsed() >= LEASE_RENEW / 2 || self.due_in().is_zero()
    }
}

/// The attempts under way. One job may be there twice: under the lease that was lost, not yet told so, and under the next.
#[derive(Clone, Default)]
struct Attempts {
    all: Arc<Mutex<HashMap<(JobId, JobEpoch), Attempt>>>,
    /// An attempt is due before any other was.
    sooner: Arc<Notify>,
}

impl Attempts {
    fn lock(&self) -> MutexGuard<'_, HashMap<(JobId, JobEpoch), Attempt>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has an attempt renewed for as long as the answer lives.
    fn enter(&self, leased: &Leased, halt: CancellationToken) -> Entered {
        let key = (leased.id.clone(), leased.epoch);
        self.lock().insert(key.clone(), Attempt::new(leased.cost, halt));
        Entered { attempts: self.clone(), key }
    }

    /// Has the attempts at a job renewed next.
    fn call_off(&self, job: &JobId) {
        for (_, attempt) in self.lock().iter_mut().filter(|((id, _), _)| id == job) {
            attempt.called_off = true;
        }
    }

    /// In how long the first of them is due.
    fn due_in(&self) -> Duration {
        let attempts = self.lock();
        let running = attempts.values().filter(|attempt| attempt.why.is_none());
        running.map(Attempt::due_in).min().unwrap_or(LEASE_RENEW).max(BREATH)
    }

    /// What is to be renewed now. Stops those that used up what they may.
    fn due(&self) -> Vec<Renewal> {
        let mut attempts = self.lock();
        for attempt in attempts.values_mut().filter(|attempt| attempt.why.is_none() && !attempt.may_grow()) {
            if attempt.exhausted_in().is_some_and(|left| left.is_zero()) {
                attempt.stop(Halt::OutOfCredits);
            }
        }
        let due = attempts.iter().filter(|(_, attempt)| attempt.why.is_none() && attempt.is_due());
        due.map(|((id, epoch), attempt)| Renewal { id: id.clone(), epoch: *epoch, lease: LEASE, need: attempt.need() })
            .collect()
    }
}

/// An attempt that is renewed.
struct Entered {
    attempts: Attempts,
    key: (JobId, JobEpoch),
}

impl Entered {
    /// Its agent is ready: from now on it uses something.
    fn begin(&self) {
        if let Some(attempt) = self.attempts.lock().get_mut(&self.key) {
            attempt.begun = Some(Stopwatch::start());
            if attempt.held > credits(LEASE_RENEW) {
                return;
            }
        }
        self.attempts.sooner.notify_one();
    }

    /// Ends the renewals; why the attempt was to stop, and what it used.
    fn leave(self) -> (Option<Halt>, MicroCredits) {
        let attempt = self.attempts.lock().remove(&self.key);
        attempt.map_or((None, MicroCredits::ZERO), |attempt| (attempt.why, attempt.used()))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.attempts.lock().remove(&self.key);
    }
}

/// A credit a second.
fn credits(time: Duration) -> MicroCredits {
    MicroCredits(i64::try_from(time.as_micros()).unwrap_or(i64::MAX).min(MAX_COST.0))
}

/// Runs up to `slots` jobs at once until `shutdown`; then finishes what runs, for at most `drain`, and gives the rest back.
/// Dropped half-way it leaves what a crash leaves: leases that lapse.
pub async fn run(desk: Arc<dyn Desk>, slots: usize, drain: Duration, shutdown: CancellationToken) -> Result<()> {
    let id: WorkerId = format!("worker-{}", hex::encode(random_bytes::<8>()?)).parse()?;
    tracing::info!(worker = %id, slots, "jobs are taken");
    let attempts = Attempts::default();
    let places = Arc::new(Semaphore::new(slots));
    let (mut renewing, mut running) = (JoinSet::new(), JoinSet::new());
    renewing.spawn(renew(Arc::clone(&desk), attempts.clone()));
    while !shutdown.is_cancelled() {
        while running.try_join_next().is_some() {}
        let claimed = tokio::select! {
            claimed = claim(&*desk, &id, &places) => claimed,
            () = shutdown.cancelled() => break,
        };
        match claimed {
            Ok((leased, mut free)) => {
                for leased in leased {
                    let place = free.split(1).filter(|_| !shutdown.is_cancelled());
                    let (desk, attempts) = (Arc::clone(&desk), attempts.clone());
                    running.spawn(async move {
                        match place {
                            Some(_place) => {
                                let tenant = leased.id.tenant();
                                let span = tracing::info_span!("request", id = %leased.id, %tenant);
                                attempt(&*desk, leased, &attempts).instrument(span).await;
                            }
                            None => give_back(&*desk, leased).await,
                        }
                    });
                }
            }
            Err(error) => {
                tracing::warn!(error = error.chain(), "no jobs claimed");
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
    }
    if tokio::time::timeout(drain, ended(&mut running)).await.is_err() {
        for attempt in attempts.lock().values_mut() {
            attempt.stop(Halt::ShuttingDown);
        }
        if tokio::time::timeout(LAST_WORDS, ended(&mut running)).await.is_err() {
            tracing::warn!(jobs = running.len(), "the end of some jobs could not be said; their leases lapse");
        }
    }
    Ok(())
}

async fn ended(running: &mut JoinSet<()>) {
    while running.join_next().await.is_some() {}
}

/// Waits for a free place, then for jobs: no more than there are places. Also the places, of which the jobs take theirs.
async fn claim(desk: &dyn Desk, id: &WorkerId, places: &Arc<Semaphore>) -> Result<(Vec<Leased>, OwnedSemaphorePermit)> {
    let closed = |e| Error::internal(format!("the worker's places: {e}"));
    let mut free = Arc::clone(places).acquire_owned().await.map_err(closed)?;
    while free.num_permits() < MAX_CLAIM
        && let Ok(place) = Arc::clone(places).try_acquire_owned()
    {
        free.merge(place);
    }
    Ok((desk.claim(id, free.num_permits(), MAX_WAIT / 2).await?, free))
}

/// Renews leases together, again and again; stops those that are not to go on.
async fn renew(desk: Arc<dyn Desk>, attempts: Attempts) {
    let mut called_off = desk.called_off();
    loop {
        tokio::select! {
            () = tokio::time::sleep(attempts.due_in()) => {}
            () = attempts.sooner.notified() => continue,
            Some(job) = called_off.next() => {
                attempts.call_off(&job);
                continue;
            }
        }
        for renewals in attempts.due().chunks(MAX_CLAIM) {
            let asked = Stopwatch::start();
            match desk.renew(renewals.to_vec()).await {
                Ok(answers) => {
                    let mut attempts = attempts.lock();
                    for (renewal, answer) in renewals.iter().zip(answers) {
                        heed(&mut attempts, renewal, &answer, asked);
                    }
                }
                Err(error) => {
                    // The leases hold for a while yet.
                    tracing::warn!(error = error.chain(), leases = renewals.len(), "leases not renewed");
                    for attempt in attempts.lock().values_mut().filter(|attempt| attempt.renewed.elapsed() > LEASE) {
                        attempt.stop(Halt::Lost);
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

fn heed(attempts: &mut HashMap<(JobId, JobEpoch), Attempt>, renewal: &Renewal, answer: &Renewed, asked: Stopwatch) {
    let Some(attempt) = attempts.get_mut(&(renewal.id.clone(), renewal.epoch)) else { return };
    attempt.called_off = false;
    if !matches!(answer, Renewed::Lost) {
        attempt.renewed = asked;
    }
    match answer {
        Renewed::Continue { .. } => attempt.held = attempt.held.max(renewal.need.unwrap_or_default()),
        Renewed::Cancel { reason: "cancelled", .. } => attempt.stop(Halt::Cancelled),
        // There is no credit for as much; what is held may still be used.
        Renewed::Cancel { .. } => attempt.refused(),
        Renewed::Lost => attempt.stop(Halt::Lost),
    }
}

/// One attempt, from its lease to its end.
async fn attempt(desk: &dyn Desk, leased: Leased, attempts: &Attempts) {
    let halt = CancellationToken::new();
    let entered = attempts.enter(&leased, halt.clone());
    let done = tokio::select! {
        done = work(desk, &leased, &entered) => Some(done),
        () = halt.cancelled() => None,
    };
    let (why, used) = entered.leave();
    if let Some(Err(error)) = &done {
        tracing::info!(job = %leased.id, attempt = leased.attempt, error = error.chain(), "a job was not done");
    }
    let Some(outcome) = outcome(done, why) else {
        tracing::info!(job = %leased.id, attempt = leased.attempt, "its lease was lost");
        return;
    };
    let used = if matches!(outcome, Outcome::Released { .. }) { MicroCredits::ZERO } else { used };
    finalize(desk, Finish { id: leased.id, epoch: leased.epoch, outcome, used }).await;
}

/// Gives a job back that did not begin.
async fn give_back(desk: &dyn Desk, leased: Leased) {
    let outcome = Outcome::Released { after: Duration::ZERO };
    finalize(desk, Finish { id: leased.id, epoch: leased.epoch, outcome, used: MicroCredits::ZERO }).await;
}

/// Has the agent ready, and has it do the work.
async fn work(desk: &dyn Desk, leased: &Leased, entered: &Entered) -> Result<String> {
    insist(leased, || desk.prepare(leased)).await?;
    entered.begin();
    insist(leased, || desk.execute(leased)).await
}

/// Asks again if the control plane was away: the agent's turn is joined then.
async fn insist<T, F: Future<Output = Result<T>>>(leased: &Leased, ask: impl Fn() -> F) -> Result<T> {
    let mut away = Stopwatch::start();
    loop {
        let asked = Stopwatch::start();
        let error = match ask().await {
            Err(error) if is_away(&error) => error,
            done => return done,
        };
        if asked.elapsed() > LEASE {
            away = Stopwatch::start();
        }
        if away.elapsed() > LEASE {
            return Err(error);
        }
        tracing::debug!(job = %leased.id, error = error.chain(), "asked again in a moment");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether nobody took the work: that says nothing about the job.
fn is_away(error: &Error) -> bool {
    matches!(
        error,
        Error::Unavailable { .. }
            | Error::OutcomeUnknown { .. }
            | Error::NeedsControlPlane { .. }
            | Error::StoreFull
            | Error::Behind { .. }
    )
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
        (None, _) => return Some(Outcome::Released { after: Duration::ZERO }),
        (Some(Err(error)), _) => error,
    };
    match error {
        Error::RateLimited { retry_after, .. } => Some(Outcome::Released { after: retry_after.max(PAUSE) }),
        Error::Overloaded { .. } | Error::IllegalState { .. } | Error::Conflict { .. } | Error::Refused { .. } => {
            Some(Outcome::Released { after: NOT_NOW })
        }
        error if is_away(&error) => Some(Outcome::Released { after: NOT_NOW }),
        Error::AgentFailed { .. } => failed("the agent failed at it; its log says how", true),
        Error::Timeout { .. } => failed("the agent did not finish it in time", true),
        Error::Invalid { field, .. } => {
            failed(&format!("the agent cannot be given it: its {field} is not acceptable"), false)
        }
        Error::NotFound { .. } => failed("its tenant, or what its agent needs, is gone", true),
        _ => failed("the control plane could not run it", true),
    }
}

/// Says how an attempt ended, again until it is heard or the lease has lapsed: under one epoch a repeat changes nothing.
async fn finalize(desk: &dyn Desk, finish: Finish) {
    let watch = Stopwatch::start();
    loop {
        match desk.finalize(finish.clone()).await {
            Ok(()) => return,
            Err(error) if error.retryable() && !matches!(error, Error::Conflict { .. }) && watch.elapsed() < LEASE => {
                tracing::debug!(job = %finish.id, error = error.chain(), "an end was not heard");
                tokio::time::sleep(PAUSE / 4).await;
            }
            Err(error) => {
                tracing::info!(job = %finish.id, error = error.chain(), "an end was not taken: its lease lapses, or has");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: Error) -> Outcome {
        outcome(Some(Err(error)), None).expect("it is the tenant's business")
    }

    #[test]
    fn m24_what_is_kept_of_a_failure_are_our_own_words() {
        let inner = "assertion on row 17 of /var/lib/secret";
        for error in [
            Error::internal(inner),
            Error::AgentFailed { tenant: "acme".into(), reason: inner.into() },
            Error::Timeout { what: inner.into(), after: PAUSE },
            Error::invalid("message", inner),
            Error::not_found("snapshot", inner),
        ] {
            let Outcome::Failed { error, .. } = failed(error) else { panic!("no failure") };
            assert!(!error.is_empty() && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn what_cannot_begin_is_given_back_and_what_is_lost_is_dropped() {
        for error in [
            Error::IllegalState { tenant: "t".into(), status: "suspended", reason: "x".into() },
            Error::Overloaded { reason: "x".into() },
            Error::RateLimited { part: "agent", retry_after: PAUSE },
            Error::unavailable("store", "x"),
            Error::outcome_unknown("control plane", "x"),
            Error::StoreFull,
        ] {
            assert!(matches!(failed(error), Outcome::Released { after } if after >= PAUSE));
        }
        assert_eq!(outcome(None, Some(Halt::Lost)), None);
        assert!(matches!(outcome(None, Some(Halt::Cancelled)), Some(Outcome::Failed { retry: false, .. })));
        assert!(matches!(outcome(None, Some(Halt::ShuttingDown)), Some(Outcome::Released { .. })));
        assert!(matches!(outcome(None, Some(Halt::OutOfCredits)), Some(Outcome::Failed { retry: true, .. })));
        let done = outcome(Some(Ok("42".into())), Some(Halt::Cancelled));
        assert!(matches!(done, Some(Outcome::Succeeded { .. })), "work that is done counts");
        let refused = failed(Error::invalid("message", "x"));
        assert!(matches!(refused, Outcome::Failed { retry: false, .. }), "{refused:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_is_raised_before_it_is_used_up_and_by_less_where_less_is_given() {
        let seconds = MicroCredits::credits;
        let mut attempt = Attempt::new(seconds(30), CancellationToken::new());
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!((attempt.need(), attempt.exhausted_in()), (None, None), "a wake costs nothing");
        attempt.begun = Some(Stopwatch::start());
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(attempt.need(), None);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(attempt.need(), Some(seconds(40)));
        assert_eq!(attempt.exhausted_in(), Some(Duration::from_millis(9_750)));
        attempt.refused();
        assert_eq!(attempt.need(), None, "enough for five seconds more");
        for _ in 0..3 {
            attempt.refused();
        }
        assert_eq!((attempt.ahead, attempt.may_grow()), (Some(MARGIN), true));
        attempt.refused();
        assert_eq!((attempt.need(), attempt.exhausted_in()), (None, Some(Duration::from_secs(10))));
        let mut small = Attempt::new(seconds(3), CancellationToken::new());
        small.begun = Some(Stopwatch::start());
        assert_eq!(small.step(), Some(Duration::from_secs(3)), "as much again");
        attempt.held = MAX_COST;
        attempt.ahead = Some(LEASE_RENEW);
        assert_eq!((attempt.need(), attempt.may_grow()), (None, false), "no job may cost more");
    }
}
