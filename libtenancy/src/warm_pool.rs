//! The warm pool: agents that are ready but have no identity, claimed in microseconds.
//!
//! Each control plane keeps its own, or the platform keeps one for all ([`Pool`]). An empty pool means a cold start, never an
//! error. Repeated failures to start one trip a breaker, which is visible in
//! `status` and closes by itself.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use tokio::sync::Notify;

use crate::{
    clock::Timestamp,
    ledger::RowKind,
    ports::workloads::{BindRequest, Pool, Workload},
    quota::POOL,
    tenancy::{Tenancy, lock},
    tenant::WorkloadId,
};

/// Failures in a row that trip the breaker.
const TRIP_AFTER: u32 = 3;

/// How long the breaker stays open at first; doubled for every further failure, up to [`OPEN_MAX`].
const OPEN_FIRST: Duration = Duration::from_secs(5);

/// The longest the breaker stays open.
const OPEN_MAX: Duration = Duration::from_secs(300);

#[derive(Default)]
pub(crate) struct WarmPool {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Each with the time since which it is ready.
    ready: VecDeque<(WorkloadId, Timestamp)>,
    failures: u32,
    open_until: Option<Timestamp>,
    last_failure: Option<String>,
}

/// What `status` shows.
pub(crate) struct WarmPoolView {
    pub(crate) ready: usize,
    pub(crate) breaker: Option<String>,
}

/// How long to leave the pool alone after `failures` in a row.
fn pause_after(failures: u32) -> Option<Duration> {
    failures.checked_sub(TRIP_AFTER).map(|over| (OPEN_FIRST * 2_u32.pow(over.min(10))).min(OPEN_MAX))
}

impl WarmPool {
    /// Takes a ready agent out, with the time since which it was ready; its replacement starts at once.
    fn claim(&self) -> Option<(WorkloadId, Timestamp)> {
        let claimed = lock(&self.state).ready.pop_front();
        self.changed.notify_one();
        claimed
    }

    fn view(&self) -> WarmPoolView {
        let state = lock(&self.state);
        WarmPoolView {
            ready: state.ready.len(),
            breaker: state.open_until.map(|until| {
                format!("open until {until}: {}", state.last_failure.as_deref().unwrap_or("starts failed"))
            }),
        }
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
        let Some(pool) = self.drivers().workloads.workload_pool() else { return self.inner.warm_pool.claim() };
        pool.pool_claim(request).await.unwrap_or_else(|error| {
            tracing::warn!(tenant = %request.tenant, error = error.chain(), "no warm agent was claimed");
            None
        })
    }

    /// What `status` shows.
    pub(crate) async fn warm_view(&self) -> WarmPoolView {
        let Some(pool) = self.drivers().workloads.workload_pool() else { return self.inner.warm_pool.view() };
        match pool.pool_status().await {
            Ok(status) => WarmPoolView { ready: status.ready, breaker: status.trouble },
            Err(error) => WarmPoolView { ready: 0, breaker: Some(error.chain()) },
        }
    }

    /// Sets the size of the platform's pool, until that succeeds.
    async fn warm_pool_set(&self, pool: &dyn Pool) {
        let mut failures = TRIP_AFTER;
        while let Err(error) = pool.pool_scale(self.inner.config.warm_pool).await {
            tracing::warn!(error = error.chain(), "the warm pool was not set");
            let pause = pause_after(failures).unwrap_or(OPEN_FIRST);
            failures = failures.saturating_add(1);
            if self.inner.shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    /// Keeps the pool at its target until the control plane shuts down.
    pub(crate) async fn warm_pool_run(&self) {
        if let Some(pool) = self.drivers().workloads.workload_pool() {
            return self.warm_pool_set(pool).await;
        }
        let (pool, shutdown) = (&self.inner.warm_pool, &self.inner.shutdown);
        while !shutdown.is_cancelled() {
            let now = self.now();
            let (missing, wait) = {
                let state = lock(&pool.state);
                let wait = state.open_until.map(|until| until.since(now));
                (self.inner.config.warm_pool.saturating_sub(state.ready.len()), wait)
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

    /// Ends what is in the pool. For the end of a control plane, when nobody fills or claims any more.
    pub(crate) async fn warm_pool_end(&self) {
        let ready = std::mem::take(&mut lock(&self.inner.warm_pool.state).ready);
        let ends = ready.into_iter().map(|(id, since)| async move {
            self.warm_book(&id, since).await;
            self.workload_end(&Workload { id, tenant: None, agent: None }).await;
        });
        futures::future::join_all(ends).await;
    }

    /// Books how long an agent of the pool was ready for nobody.
    pub(crate) async fn warm_book(&self, id: &WorkloadId, since: Timestamp) {
        let Ok(account) = POOL.parse() else { return };
        self.usage_book(&account, RowKind::Warm, &id.to_string(), self.now().since(since).as_micros()).await;
    }

    async fn warm_pool_add(&self) {
        let started = self.drivers().workloads.workload_start().await;
        let now = self.now();
        let mut state = lock(&self.inner.warm_pool.state);
        match started {
            Ok(id) => {
                state.ready.push_back((id, now));
                (state.failures, state.open_until) = (0, None);
            }
            Err(error) => {
                state.failures = state.failures.saturating_add(1);
                // Below the threshold the next attempt still waits a moment, so that failures cannot spin.
                let pause = pause_after(state.failures).unwrap_or(Duration::from_millis(200));
                state.open_until = Some(now + pause);
                state.last_failure = Some(error.chain());
                tracing::warn!(failures = state.failures, error = error.chain(), "warm agent not started");
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
