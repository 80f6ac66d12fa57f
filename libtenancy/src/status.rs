//! The control plane in numbers, and whether its parts answer.
//!
//! Owns what is asked for it: reads of nobody's, each within [`WITHIN`]. What a write would show is a probe's to find
//! (`ztm doctor`).

use std::{future::Future, sync::atomic::Ordering, time::Duration};

use crate::{
    api::{PartView, QueueTotals, StatusView, WakeRecord, feed::EventLine},
    clock::Stopwatch,
    error::{Error, Result},
    history::MAX_EVENTS,
    operation::lock,
    ports::jobs::{QueueView, Waits},
    tenancy::Tenancy,
    tenant::TenantId,
};

/// How long a part may take to answer before it is one that does not.
const WITHIN: Duration = Duration::from_secs(1);

/// Of how long wakes are shown.
const OF_LATE: Duration = Duration::from_hours(1);

/// Whom one asks for to see whether anybody answers.
const NOBODY: &str = "nobody";

/// Asks a part: how it did, and what it said.
async fn asked<T>(part: &str, answer: impl Future<Output = Result<T>>) -> (PartView, Option<T>) {
    let watch = Stopwatch::start();
    let answer = match tokio::time::timeout(WITHIN, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::Timeout { what: part.to_owned(), after: WITHIN }),
    };
    let took_ms = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
    let error = answer.as_ref().err().map(Error::chain);
    (PartView { part: part.to_owned(), error, took_ms }, answer.ok())
}

/// The queues of all partitions together.
fn totals(views: &[QueueView]) -> QueueTotals {
    let sum = |count: fn(&QueueView) -> u64| views.iter().map(count).sum();
    QueueTotals {
        running: sum(|view| view.leases),
        // A partition without a limit makes that of all none.
        capacity: if views.iter().any(|view| view.capacity == 0) { 0 } else { sum(|view| u64::from(view.capacity)) },
        ready: sum(|view| view.ready_count),
        delayed: sum(|view| view.delayed),
        waits: Some(views.iter().fold(Waits::default(), |sum, view| sum.plus(view.waits))),
        recovered: sum(|view| view.recovered),
    }
}

impl Tenancy {
    /// The control plane in numbers. A part that does not answer is said to, and its numbers are none.
    pub async fn status(&self) -> Result<StatusView> {
        let (drivers, warm) = (self.drivers(), self.warm_status());
        let nobody: TenantId = NOBODY.parse()?;
        let (
            (registry, tenants),
            (inboxes, inbox),
            (queue, queues),
            (deadlines, _),
            (ledger, _),
            (archives, _),
            (agents, _),
        ) = tokio::join!(
            asked("registry", async {
                Ok((drivers.tenants.tenant_counts().await?, drivers.tenants.suspended_count().await?))
            }),
            asked("inboxes", drivers.inboxes.inbox_counts(None)),
            asked("queue", self.queue_views()),
            asked("deadlines", drivers.deadlines.deadline_next()),
            asked("ledger", drivers.ledgers.ledger_partitions()),
            asked("archives", drivers.snapshots.snapshot_list(&nobody)),
            asked("agents", drivers.workloads.workload_find(&nobody)),
        );
        let (tenants, suspended) = tenants.unzip();
        let queues = queues.map(|views| totals(&views));
        let running = queues.as_ref().map_or(0, |queues| queues.running);
        let (jobs_untaken, wakes) = (self.jobs_untaken(running), self.wakes_of_late().await);
        Ok(StatusView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started_at: self.inner.started_at,
            parts: vec![registry, inboxes, queue, deadlines, ledger, archives, agents],
            tenants,
            tenants_suspended: suspended.flatten(),
            inbox,
            queue: queues,
            warm_ready: warm.ready,
            warm_target: warm.target,
            warm_configured: self.inner.config.warm_pool.min,
            warm_configured_max: self.inner.config.warm_pool.max,
            warm_chosen: warm.chosen,
            warm_breaker: warm.trouble,
            leader: self.inner.leading.load(Ordering::Relaxed),
            decisions: self.inner.decisions.counts(),
            ledger: lock(&self.inner.ledger_state).view(),
            wakes_total: lock(&self.inner.wakes_total).clone(),
            state_fallbacks: self.inner.state_fallbacks.load(Ordering::Relaxed),
            wakes,
            jobs_untaken,
            reconcile: lock(&self.inner.last_reconcile).clone(),
            memory_bytes: Self::memory_bytes(),
            cpu_ms: cpu_time().as_millis().try_into().unwrap_or(u64::MAX),
        })
    }

    /// The wakes of the last hour, oldest first, among the last events: where the screen has them from too.
    async fn wakes_of_late(&self) -> Vec<WakeRecord> {
        let events = self.event_list(None, MAX_EVENTS).await.unwrap_or_default();
        let since = self.now() - OF_LATE;
        let woken = |event: EventLine| {
            Some(WakeRecord { tenant_id: event.tenant?, at: event.at, wake: event.wake.filter(|_| event.at > since)? })
        };
        events.into_iter().filter_map(woken).collect()
    }

    /// Resident memory of this process in bytes, from `/proc/self/statm` (proc(5)); `None` where there is none.
    pub fn memory_bytes() -> Option<u64> {
        let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
        Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
    }

    /// Whether the stores answer without which nothing is taken in: records, inboxes, and what wakes are ordered by.
    pub async fn ready(&self) -> Result<()> {
        let drivers = self.drivers();
        let nobody: TenantId = NOBODY.parse()?;
        let (record, pending, deadline) = tokio::join!(
            drivers.tenants.tenant_get(&nobody),
            drivers.inboxes.pending_count(&nobody),
            drivers.deadlines.deadline_next()
        );
        record.map(drop).and(pending.map(drop)).and(deadline.map(drop))
    }
}

/// User and system time of this process.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_part_that_fails_or_says_nothing_is_told_by_name() {
        let (view, answer) = asked("registry", async { Ok(7) }).await;
        assert_eq!((view.error, answer), (None, Some(7)));
        let (view, answer) = asked("inboxes", async { Err::<u8, _>(Error::unavailable("dynamodb", "refused")) }).await;
        assert_eq!((view.part.as_str(), answer), ("inboxes", None));
        assert!(view.error.unwrap().contains("refused"));
        let (view, answer) = asked("queue", std::future::pending::<Result<u8>>()).await;
        assert!(view.error.unwrap().contains("queue") && answer.is_none());
    }

    #[test]
    fn the_queues_of_partitions_are_added_up_and_one_without_a_limit_has_none() {
        let view = |capacity| QueueView { capacity, leases: 2, ready_count: 3, delayed: 1, ..QueueView::default() };
        let added = totals(&[view(4), view(5)]);
        assert_eq!((added.running, added.capacity, added.ready, added.delayed), (4, 9, 6, 2));
        assert_eq!(totals(&[view(4), view(0)]).capacity, 0);
    }
}
