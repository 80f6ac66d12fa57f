//! The warm pool: agents that are ready but have no identity, claimed in microseconds.
//!
//! Each control plane keeps its own, or the platform keeps one for all ([`Pool`]). An empty pool means a cold start, never an
//! error. Repeated failures to start one trip a breaker, which is visible in `status` and closes by itself, or when an
//! operator sets the size.
//!
//! # Design notes
//! The size is the configuration's, fixed or by [`crate::demand`], until an operator chooses one, which is kept beside the agents and
//! outlives control planes. It is written down by one write: the platform's pool is resized by that very write, a control
//! plane's own right after it, or by the next start.
//!
//! A pool of the platform's own follows the wakes of all control planes: each says a word of its own, all count, and the leader
//! sizes. A word that is lost is a wake that is not counted.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use tokio::sync::Notify;

use crate::{
    clock::Timestamp,
    demand::{Demand, MAX_SIZE, PoolSize},
    error::{Error, Result},
    ledger::RowKind,
    operation::lock,
    ports::{
        signals::Signal,
        workloads::{BindRequest, Pool, PoolKeeper, PoolStatus, Workload},
    },
    quota::POOL,
    tenancy::Tenancy,
    tenant::WorkloadId,
};

/// Failures in a row that trip the breaker.
const TRIP_AFTER: u32 = 3;

/// How long the breaker stays open at first; doubled for every further failure, up to [`OPEN_MAX`].
const OPEN_FIRST: Duration = Duration::from_secs(5);

/// The longest the breaker stays open.
const OPEN_MAX: Duration = Duration::from_secs(300);

pub(crate) struct WarmPool {
    state: Mutex<State>,
    changed: Notify,
    /// One choice of the size at a time: the one that is written down last is in force.
    sizing: tokio::sync::Mutex<()>,
}

struct State {
    configured: PoolSize,
    /// How many an operator chose.
    chosen: Option<usize>,
    demand: Demand,
    /// Each with the time since which it is ready.
    ready: VecDeque<(WorkloadId, Timestamp)>,
    failures: u32,
    open_until: Option<Timestamp>,
    last_failure: Option<String>,
}

impl State {
    /// How many there should be.
    fn target(&mut self, now: Timestamp) -> usize {
        self.chosen.unwrap_or_else(|| self.wanted(now))
    }

    /// How many the configuration says.
    fn wanted(&mut self, now: Timestamp) -> usize {
        self.configured.clamp(self.demand.peak(now))
    }

    /// How long until that may be fewer.
    fn until_fewer(&self, now: Timestamp) -> Option<Duration> {
        (self.chosen.is_none() && self.configured.is_by_demand()).then(|| self.demand.until_forgotten(now)).flatten()
    }
}

/// Between two changes of the size of the platform's pool: a burst is one or two writes, not one for each wake.
const RESIZE_AGAIN: Duration = Duration::from_secs(1);

/// How long to leave the pool alone after `failures` in a row.
fn pause_after(failures: u32) -> Option<Duration> {
    failures.checked_sub(TRIP_AFTER).map(|over| (OPEN_FIRST * 2_u32.pow(over.min(10))).min(OPEN_MAX))
}

impl WarmPool {
    /// An empty one of this size.
    pub(crate) fn new(configured: PoolSize) -> Self {
        let state = Mutex::new(State {
            configured,
            chosen: None,
            demand: Demand::default(),
            ready: VecDeque::new(),
            failures: 0,
            open_until: None,
            last_failure: None,
        });
        Self { state, changed: Notify::new(), sizing: tokio::sync::Mutex::default() }
    }

    /// Counts a wake, of whichever control plane.
    pub(crate) fn wake_note(&self, now: Timestamp) {
        lock(&self.state).demand.add(now, 1);
        self.changed.notify_one();
    }

    /// This control plane leads from now on.
    pub(crate) fn leader_note(&self) {
        self.changed.notify_one();
    }

    /// Takes a ready agent out, with the time since which it was ready; its replacement starts at once.
    fn claim(&self) -> Option<(WorkloadId, Timestamp)> {
        let claimed = lock(&self.state).ready.pop_front();
        self.changed.notify_one();
        claimed
    }

    fn status(&self, now: Timestamp) -> PoolStatus {
        let mut state = lock(&self.state);
        let trouble = state
            .open_until
            .map(|until| format!("open until {until}: {}", state.last_failure.as_deref().unwrap_or("starts failed")));
        PoolStatus { ready: state.ready.len(), target: state.target(now), chosen: state.chosen.is_some(), trouble }
    }

    /// Takes over what an operator chose; a breaker that is open closes.
    fn resize(&self, chosen: Option<usize>) {
        lock(&self.state).chosen = chosen;
        self.recovered();
        self.changed.notify_one();
    }

    /// Counts a failure; how long to leave the pool alone.
    fn failed(&self, error: &Error, now: Timestamp) -> Duration {
        let mut state = lock(&self.state);
        state.failures = state.failures.saturating_add(1);
        // Below the threshold the next attempt still waits a moment, so that failures cannot spin.
        let pause = pause_after(state.failures).unwrap_or(Duration::from_millis(200));
        state.open_until = Some(now + pause);
        state.last_failure = Some(error.chain());
        pause
    }

    /// Closes the breaker.
    fn recovered(&self) {
        let mut state = lock(&self.state);
        (state.failures, state.open_until) = (0, None);
    }

    /// Takes out what is too much: those that are ready for the shortest time.
    fn surplus(&self, now: Timestamp) -> Vec<(WorkloadId, Timestamp)> {
        let mut state = lock(&self.state);
        let target = state.target(now).min(state.ready.len());
        state.ready.split_off(target).into()
    }

    /// Forgets ready agents that are not alive any more.
    pub(crate) fn retain(&self, alive: impl Fn(&WorkloadId) -> bool) {
        lock(&self.state).ready.retain(|(id, _)| alive(id));
        self.changed.notify_one();
    }
}

impl Tenancy {
    /// Takes a ready agent out for this bind, with the time since which it was ready; `None` if there is none.
    pub(crate) async fn warm_claim(&self, request: &BindRequest) -> Option<(WorkloadId, Timestamp)> {
        let own = &self.inner.warm_pool;
        let PoolKeeper::Platform(pool) = self.drivers().workloads.workload_pool() else {
            own.wake_note(self.now());
            return own.claim();
        };
        if self.inner.config.warm_pool.is_by_demand() {
            self.signal_soon(Signal::Wake);
        }
        pool.pool_claim(request).await.unwrap_or_else(|error| {
            tracing::warn!(tenant = %request.tenant, error = error.chain(), "no warm agent was claimed");
            None
        })
    }

    /// What `status` shows.
    pub(crate) fn warm_status(&self) -> PoolStatus {
        let own = self.inner.warm_pool.status(self.now());
        match self.drivers().workloads.workload_pool() {
            PoolKeeper::ControlPlane(_) => own,
            PoolKeeper::Platform(pool) => {
                let status = pool.pool_status();
                PoolStatus { trouble: own.trouble.or(status.trouble), ..status }
            }
        }
    }

    /// Keeps so many agents ready from now on; `None` for as many as the configuration says. `InvalidInput` if that is more
    /// than [`MAX_SIZE`].
    pub async fn pool_scale(&self, size: Option<usize>) -> Result<()> {
        if size.is_some_and(|size| size > MAX_SIZE) {
            return Err(Error::invalid("size", format!("a warm pool has at most {MAX_SIZE} agents")));
        }
        let own = &self.inner.warm_pool;
        match self.drivers().workloads.workload_pool() {
            PoolKeeper::Platform(pool) => {
                let wanted = lock(&own.state).wanted(self.now());
                pool.pool_scale(size, wanted).await
            }
            PoolKeeper::ControlPlane(sizes) => {
                let _sizing = own.sizing.lock().await;
                sizes.pool_size_set(size).await?;
                own.resize(size);
                Ok(())
            }
        }
    }

    /// Takes over the size that was chosen, and makes the platform's pool. Until that succeeds, `status` says why not.
    async fn warm_pool_open(&self) {
        let (own, configured) = (&self.inner.warm_pool, self.inner.config.warm_pool);
        let open = async || match self.drivers().workloads.workload_pool() {
            PoolKeeper::Platform(pool) => pool.pool_open(configured, None).await,
            PoolKeeper::ControlPlane(sizes) => {
                let _sizing = own.sizing.lock().await;
                own.resize(sizes.pool_size().await?);
                Ok(())
            }
        };
        while let Err(error) = open().await {
            let pause = own.failed(&error, self.now()).max(OPEN_FIRST);
            tracing::warn!(error = error.chain(), "the warm pool was not opened");
            if self.inner.shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
        own.recovered();
    }

    /// Keeps the pool at its size until the control plane shuts down.
    pub(crate) async fn warm_pool_run(&self) {
        self.warm_pool_open().await;
        if let PoolKeeper::Platform(platform) = self.drivers().workloads.workload_pool() {
            return self.warm_pool_follow(platform).await;
        }
        let (pool, shutdown) = (&self.inner.warm_pool, &self.inner.shutdown);
        while !shutdown.is_cancelled() {
            self.warm_end(pool.surplus(self.now())).await;
            let now = self.now();
            let (missing, closed, fewer) = {
                let mut state = lock(&pool.state);
                let closed = state.open_until.map(|until| until.since(now));
                (state.target(now).saturating_sub(state.ready.len()), closed, state.until_fewer(now))
            };
            if missing > 0 && closed.is_none_or(|wait| wait.is_zero()) {
                self.warm_pool_add().await;
                continue;
            }
            let wait = closed.filter(|_| missing > 0).into_iter().chain(fewer).min();
            tokio::select! {
                () = pool.changed.notified() => {}
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(wait.unwrap_or(Duration::MAX)), if wait.is_some() => {}
            }
        }
    }

    /// While this control plane leads: has the platform's pool follow the demand, until the control plane shuts down.
    async fn warm_pool_follow(&self, platform: &dyn Pool) {
        let (own, configured, shutdown) = (&self.inner.warm_pool, self.inner.config.warm_pool, &self.inner.shutdown);
        // What came before is not known here: as large as the pool was, it is to stay for as long as that may matter.
        let found = platform.pool_status();
        if !found.chosen {
            lock(&own.state).demand.add(self.now(), found.target);
        }
        let mut written = None;
        while configured.is_by_demand() && !shutdown.is_cancelled() {
            let now = self.now();
            let (wanted, fewer) = {
                let mut state = lock(&own.state);
                (state.wanted(now), state.until_fewer(now))
            };
            let leads = self.inner.leading.load(std::sync::atomic::Ordering::Relaxed);
            written = written.filter(|_| leads);
            let step = async {
                if !leads || written == Some(wanted) {
                    let _ = tokio::time::timeout(fewer.unwrap_or(Duration::MAX), own.changed.notified()).await;
                    return;
                }
                match platform.pool_open(configured, Some(wanted)).await {
                    Ok(()) => {
                        written = Some(wanted);
                        tokio::time::sleep(RESIZE_AGAIN).await;
                    }
                    Err(error) => {
                        tracing::warn!(error = error.chain(), wanted, "the warm pool was not resized");
                        tokio::time::sleep(OPEN_FIRST).await;
                    }
                }
            };
            shutdown.run_until_cancelled(step).await;
        }
    }

    async fn warm_end(&self, ready: impl IntoIterator<Item = (WorkloadId, Timestamp)>) {
        let ends = ready.into_iter().map(|(id, since)| async move {
            self.warm_book(&id, since).await;
            self.workload_end(&Workload { id, tenant: None, agent: None }).await;
        });
        futures::future::join_all(ends).await;
    }

    /// Ends what is in the pool. For the end of a control plane, when nobody fills or claims any more.
    pub(crate) async fn warm_pool_end(&self) {
        let ready = std::mem::take(&mut lock(&self.inner.warm_pool.state).ready);
        self.warm_end(ready).await;
    }

    /// Books how long an agent of the pool was ready for nobody.
    pub(crate) async fn warm_book(&self, id: &WorkloadId, since: Timestamp) {
        let Ok(account) = POOL.parse() else { return };
        self.usage_book(&account, RowKind::Warm, &id.to_string(), self.now().since(since).as_micros()).await;
    }

    async fn warm_pool_add(&self) {
        let started = self.drivers().workloads.workload_start().await;
        let (pool, now) = (&self.inner.warm_pool, self.now());
        match started {
            Ok(id) => {
                lock(&pool.state).ready.push_back((id, now));
                pool.recovered();
            }
            Err(error) => {
                pool.failed(&error, now);
                tracing::warn!(error = error.chain(), "warm agent not started");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_breaker_trips_at_the_third_failure_and_opens_longer_each_time() {
        assert_eq!(pause_after(2), None);
        assert_eq!(pause_after(3), Some(Duration::from_secs(5)));
        assert_eq!(pause_after(5), Some(Duration::from_secs(20)));
        assert_eq!(pause_after(50), Some(Duration::from_secs(300)));
    }
}
