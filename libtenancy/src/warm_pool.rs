//! The warm pool: agents that are ready but have no identity, claimed in microseconds.
//!
//! Each control plane keeps its own, or the platform keeps one for all ([`Pool`]). An empty pool means a cold start, never an
//! error. Repeated failures to start one trip a breaker, which is visible in `status` and closes by itself, or when an
//! operator sets the size.
//!
//! # Design notes
//! The size is the configuration's until an operator chooses one, which is kept beside the agents and outlives control
//! planes. It is written down by one write: the platform's pool is resized by that very write, a control plane's own right
//! after it, or by the next start.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use tokio::sync::Notify;

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ledger::RowKind,
    ports::workloads::{BindRequest, PoolKeeper, PoolStatus, Workload},
    quota::POOL,
    tenancy::{Tenancy, lock},
    tenant::WorkloadId,
};

/// The most agents that may be kept ready.
pub const MAX_SIZE: usize = 1_000;

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

#[derive(Default)]
struct State {
    /// How many there should be.
    target: usize,
    /// Whether an operator said so.
    chosen: bool,
    /// Each with the time since which it is ready.
    ready: VecDeque<(WorkloadId, Timestamp)>,
    failures: u32,
    open_until: Option<Timestamp>,
    last_failure: Option<String>,
}

/// How long to leave the pool alone after `failures` in a row.
fn pause_after(failures: u32) -> Option<Duration> {
    failures.checked_sub(TRIP_AFTER).map(|over| (OPEN_FIRST * 2_u32.pow(over.min(10))).min(OPEN_MAX))
}

impl WarmPool {
    /// An empty one of this size.
    pub(crate) fn new(target: usize) -> Self {
        let state = Mutex::new(State { target, ..State::default() });
        Self { state, changed: Notify::new(), sizing: tokio::sync::Mutex::default() }
    }

    /// Takes a ready agent out, with the time since which it was ready; its replacement starts at once.
    fn claim(&self) -> Option<(WorkloadId, Timestamp)> {
        let claimed = lock(&self.state).ready.pop_front();
        self.changed.notify_one();
        claimed
    }

    fn status(&self) -> PoolStatus {
        let state = lock(&self.state);
        let trouble = state
            .open_until
            .map(|until| format!("open until {until}: {}", state.last_failure.as_deref().unwrap_or("starts failed")));
        PoolStatus { ready: state.ready.len(), target: state.target, chosen: state.chosen, trouble }
    }

    /// Sets the size; a breaker that is open closes.
    fn resize(&self, target: usize, chosen: bool) {
        let mut state = lock(&self.state);
        (state.target, state.chosen) = (target, chosen);
        drop(state);
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
    fn surplus(&self) -> Vec<(WorkloadId, Timestamp)> {
        let mut state = lock(&self.state);
        let target = state.target.min(state.ready.len());
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
        let PoolKeeper::Platform(pool) = self.drivers().workloads.workload_pool() else {
            return self.inner.warm_pool.claim();
        };
        pool.pool_claim(request).await.unwrap_or_else(|error| {
            tracing::warn!(tenant = %request.tenant, error = error.chain(), "no warm agent was claimed");
            None
        })
    }

    /// What `status` shows.
    pub(crate) fn warm_status(&self) -> PoolStatus {
        let own = self.inner.warm_pool.status();
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
        let configured = self.inner.config.warm_pool;
        match self.drivers().workloads.workload_pool() {
            PoolKeeper::Platform(pool) => pool.pool_scale(size, configured).await,
            PoolKeeper::ControlPlane(sizes) => {
                let own = &self.inner.warm_pool;
                let _sizing = own.sizing.lock().await;
                sizes.pool_size_set(size).await?;
                own.resize(size.unwrap_or(configured), size.is_some());
                Ok(())
            }
        }
    }

    /// Takes over the size that was chosen, and makes the platform's pool. Until that succeeds, `status` says why not.
    async fn warm_pool_open(&self) {
        let (own, configured) = (&self.inner.warm_pool, self.inner.config.warm_pool);
        let open = async || match self.drivers().workloads.workload_pool() {
            PoolKeeper::Platform(pool) => pool.pool_open(configured).await,
            PoolKeeper::ControlPlane(sizes) => {
                let _sizing = own.sizing.lock().await;
                let chosen = sizes.pool_size().await?;
                own.resize(chosen.unwrap_or(configured), chosen.is_some());
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
        if matches!(self.drivers().workloads.workload_pool(), PoolKeeper::Platform(_)) {
            return;
        }
        let (pool, shutdown) = (&self.inner.warm_pool, &self.inner.shutdown);
        while !shutdown.is_cancelled() {
            self.warm_end(pool.surplus()).await;
            let now = self.now();
            let (missing, wait) = {
                let state = lock(&pool.state);
                let wait = state.open_until.map(|until| until.since(now));
                (state.target.saturating_sub(state.ready.len()), wait)
            };
            if missing > 0 && wait.is_none_or(|wait| wait.is_zero()) {
                self.warm_pool_add().await;
            } else {
                tokio::select! {
                    () = pool.changed.notified() => {}
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(wait.unwrap_or(Duration::MAX)), if wait.is_some() && missing > 0 => {}
                }
            }
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
