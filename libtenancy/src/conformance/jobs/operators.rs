//! What operators do with jobs, and what they see.

use std::time::Duration;

use futures::future::join_all;

use super::{
    MINUTE, SECOND, claim, claim_one, end, failed, id, job, job_id, state, submit, submit_many, succeeded, worker,
};
use crate::{
    clock::{Clock, ManualClock},
    credits::MicroCredits,
    error::Error,
    jobs::{JobId, JobState, KEEP_FINISHED, LEASE, NewJob, Outcome, Renewal, Renewed, WorkerId},
    partition::QuotaPatch,
    ports::jobs::{JobFilter, Jobs, QueueView, Swept, Waits},
    ports::quotas::Quotas,
    quota::{Budget, Period, Standing},
};

pub async fn a_waiting_job_is_cancelled_at_once<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 0, 1, 1).await;
    let later = NewJob { not_before: Some(clock.now() + MINUTE), ..job("acme", 1, 1) };
    submit(port, later).await.unwrap();
    for n in 0..2 {
        assert_eq!(port.job_cancel(&job_id("acme", n)).await.unwrap(), "cancelled");
        let job = port.job_get(&job_id("acme", n)).await.unwrap().unwrap();
        assert_eq!(job.state, JobState::Cancelled { at: clock.now() });
    }
    clock.advance(MINUTE);
    assert_eq!(claim(port, 10).await, []);
    assert_eq!(port.queue_view(0).await.unwrap().ready_count, 0);
    submit_many(port, "acme", 2, 1, 1).await;
    assert_eq!(claim(port, 10).await.len(), 1, "the tenant is none the worse for it");
}

pub async fn a_running_job_is_cancelled_at_its_next_failure<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 2, 1).await;
    let jobs = claim(port, 2).await;
    for job in &jobs {
        assert_eq!(port.job_cancel(&job.id).await.unwrap(), "running");
        assert_eq!(port.job_cancel(&job.id).await.unwrap(), "running", "a repeat");
    }
    assert_eq!(end(port, &jobs[0], failed(), 1).await.unwrap(), "cancelled");
    assert_eq!(end(port, &jobs[1], Outcome::Released { after: SECOND }, 1).await.unwrap(), "cancelled");
}

pub async fn a_running_job_that_succeeds_before_it_hears_of_it_has_succeeded<P: Jobs + Quotas>(
    port: &P,
    _clock: &ManualClock,
) {
    submit_many(port, "acme", 0, 1, 1).await;
    let leased = claim_one(port).await;
    port.job_cancel(&leased.id).await.unwrap();
    assert_eq!(end(port, &leased, succeeded(), 1).await.unwrap(), "succeeded");
}

pub async fn a_cancelled_jobs_lapsed_lease_ends_it<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 0, 1, 1).await;
    let leased = claim_one(port).await;
    port.job_cancel(&leased.id).await.unwrap();
    clock.advance(LEASE);
    let reaped = port.jobs_reap(0, 10).await.unwrap();
    assert_eq!((reaped.requeued, reaped.dead), (0, 0));
    assert_eq!(state(port, &leased.id).await, "cancelled");
    let renewal = Renewal { id: leased.id, epoch: leased.epoch, lease: LEASE, need: None };
    assert_eq!(port.leases_renew(vec![renewal]).await.unwrap(), [Renewed::Lost]);
}

pub async fn what_is_over_is_not_cancelled<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 2, 1).await;
    let leased = claim_one(port).await;
    end(port, &leased, succeeded(), 1).await.unwrap();
    port.job_cancel(&job_id("acme", 1)).await.unwrap();
    for n in 0..2 {
        let refused = port.job_cancel(&job_id("acme", n)).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    }
    assert!(matches!(port.job_cancel(&job_id("acme", 9)).await, Err(Error::NotFound { .. })));
    assert!(matches!(port.job_cancel(&job_id("nobody", 9)).await, Err(Error::NotFound { .. })));
}

pub async fn a_dead_or_cancelled_job_is_put_back_with_all_its_attempts<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    submit(port, NewJob { max_attempts: 1, ..job("acme", 0, 1) }).await.unwrap();
    let leased = claim_one(port).await;
    assert_eq!(end(port, &leased, failed(), 1).await.unwrap(), "dead");
    submit_many(port, "acme", 1, 1, 1).await;
    port.job_cancel(&job_id("acme", 1)).await.unwrap();
    for n in 0..2 {
        port.job_retry(&job_id("acme", n)).await.unwrap();
        let job = port.job_get(&job_id("acme", n)).await.unwrap().unwrap();
        assert_eq!((job.state, job.attempts, job.cancel), (JobState::Queued, 0, false));
    }
    clock.advance(KEEP_FINISHED * 8);
    let jobs = claim(port, 10).await;
    assert_eq!(jobs.len(), 2, "what was put back is not forgotten");
    for job in &jobs {
        assert_eq!((job.attempt, job.prompt.is_empty()), (1, false));
        assert_eq!(end(port, job, succeeded(), 1).await.unwrap(), "succeeded");
    }
}

pub async fn what_is_not_dead_or_cancelled_is_not_put_back<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 0, 3, 1).await;
    submit(port, NewJob { not_before: Some(clock.now() + MINUTE), ..job("acme", 3, 1) }).await.unwrap();
    let jobs = claim(port, 2).await;
    end(port, &jobs[0], succeeded(), 1).await.unwrap();
    for n in 0..4 {
        let refused = port.job_retry(&job_id("acme", n)).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{n}: {refused:?}");
    }
    assert!(matches!(port.job_retry(&job_id("acme", 9)).await, Err(Error::NotFound { .. })));
}

async fn pages<P: Jobs>(port: &P, filter: &JobFilter, size: usize) -> Vec<JobId> {
    let mut ids: Vec<JobId> = Vec::new();
    loop {
        let page = port.job_list(filter, ids.last(), size).await.unwrap();
        assert!(page.len() <= size);
        if page.is_empty() {
            return ids;
        }
        ids.extend(page.into_iter().map(|job| job.id));
    }
}

pub async fn jobs_are_listed_in_order_of_id_over_pages<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let mut expected = Vec::new();
    for tenant in ["beta", "a", "a-b", "acme"] {
        submit_many(port, tenant, 0, 3, 1).await;
        expected.extend((0..3).map(|n| job_id(tenant, n)));
    }
    expected.sort();
    for size in [1, 2, 5, 100] {
        assert_eq!(pages(port, &JobFilter::default(), size).await, expected);
    }
}

pub async fn jobs_are_listed_by_tenant_and_state<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 4, 1).await;
    submit_many(port, "beta", 0, 4, 1).await;
    let jobs = claim(port, 4).await;
    end(port, &jobs[0], succeeded(), 1).await.unwrap();
    let of = |tenant: Option<&str>, state: Option<&str>| JobFilter {
        tenant: tenant.map(id),
        state: state.map(str::to_owned),
    };
    assert_eq!(pages(port, &of(Some("beta"), None), 3).await, (0..4).map(|n| job_id("beta", n)).collect::<Vec<_>>());
    assert_eq!(pages(port, &of(None, Some("succeeded")), 3).await, [job_id("acme", 0)]);
    let queued = [job_id("acme", 2), job_id("acme", 3), job_id("beta", 2), job_id("beta", 3)];
    assert_eq!(pages(port, &of(None, Some("queued")), 3).await, queued);
    assert_eq!(pages(port, &of(Some("acme"), Some("running")), 3).await, [job_id("acme", 1)]);
    assert_eq!(pages(port, &of(Some("gamma"), None), 3).await, []);
    let after = job_id("beta", 1);
    let page = port.job_list(&of(Some("acme"), None), Some(&after), 10).await.unwrap();
    assert_eq!(page, [], "all of the tenant's come before");
    let page = port.job_list(&of(Some("beta"), None), Some(&job_id("acme", 9)), 10).await.unwrap();
    assert_eq!(page.len(), 4, "all of the tenant's come after");
}

pub async fn a_list_by_an_unknown_state_is_invalid<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let filter = JobFilter { tenant: None, state: Some("lost".to_owned()) };
    assert!(matches!(port.job_list(&filter, None, 10).await, Err(Error::Invalid { field: "state", .. })));
}

pub async fn a_view_shows_the_order_and_what_is_due<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    port.quota_set(&id("beta"), &QuotaPatch { weight: Some(300), ..QuotaPatch::default() }).await.unwrap();
    submit_many(port, "acme", 0, 3, 1).await;
    submit_many(port, "beta", 0, 3, 1).await;
    let at = clock.now() + MINUTE;
    submit(port, NewJob { not_before: Some(at), ..job("gamma", 0, 1) }).await.unwrap();
    port.capacity_set(0, 7).await.unwrap();
    let leased = claim_one(port).await;
    assert_eq!(leased.id.tenant(), &id("acme"));
    let view = port.queue_view(0).await.unwrap();
    assert_eq!((view.capacity, view.leases, view.delayed), (7, 1, 1));
    assert_eq!((view.next_due, view.next_lease), (Some(at), Some(leased.lease_until)));
    assert_eq!((view.ready_count, view.active_weight, view.recovered), (2, 400, 0));
    let shown: Vec<(&str, u32, u64, u32, Standing)> = view
        .ready
        .iter()
        .map(|ready| (ready.tenant.as_str(), ready.weight, ready.waiting, ready.running, ready.standing))
        .collect();
    assert_eq!(shown, [("beta", 300, 3, 0, Standing::Ready), ("acme", 100, 2, 1, Standing::Ready)]);
    assert!(view.ready[0].tag < view.ready[1].tag);
    assert_eq!(view.waits, Waits { turn: 5, delayed: 1, ..Waits::default() });
    assert_eq!(view.held_back, []);
}

/// A budget and a bucket that are too small, and a cap: whatever jobs wait for, they are counted as jobs.
pub async fn a_view_counts_the_jobs_of_those_that_are_held_back<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let patch = QuotaPatch::default;
    let cost = |n: i64| Some(MicroCredits::credits(n));
    port.quota_set(&id("poor"), &QuotaPatch { rate: cost(1), burst: cost(5), ..patch() }).await.unwrap();
    port.quota_set(&id("broke"), &QuotaPatch { rate: cost(0), burst: cost(1), ..patch() }).await.unwrap();
    let budget = Budget { period: Period::Day, limit: MicroCredits::credits(2), hard: true };
    port.quota_set(&id("spent"), &QuotaPatch { budget: Some(Some(budget)), ..patch() }).await.unwrap();
    port.quota_set(&id("capped"), &QuotaPatch { max_running: Some(1), ..patch() }).await.unwrap();
    submit_many(port, "poor", 0, 3, 4).await;
    submit_many(port, "broke", 0, 2, 1).await;
    submit_many(port, "spent", 0, 3, 2).await;
    submit_many(port, "capped", 0, 2, 1).await;
    submit(port, NewJob { not_before: Some(clock.now() + MINUTE), ..job("later", 0, 1) }).await.unwrap();
    assert_eq!(claim(port, 10).await.len(), 4);
    let view = port.queue_view(0).await.unwrap();
    assert_eq!(view.waits, Waits { turn: 0, capped: 1, credits: 3, budget: 2, delayed: 1 });
    let shown = |view: &QueueView| -> Vec<(String, u64, &'static str)> {
        view.held_back.iter().map(|one| (one.tenant.to_string(), one.waiting, one.standing.label())).collect()
    };
    let held = [("broke", 1, "credits"), ("capped", 1, "capped"), ("poor", 2, "credits"), ("spent", 2, "budget")];
    assert_eq!(shown(&view), held.map(|(tenant, waiting, why)| (tenant.to_owned(), waiting, why)));
    // A grant lets one back into the order.
    port.quota_set(&id("capped"), &QuotaPatch { max_running: Some(2), ..patch() }).await.unwrap();
    let view = port.queue_view(0).await.unwrap();
    assert_eq!((view.waits.turn, view.waits.capped, shown(&view).len()), (1, 0, 3));
}

pub async fn a_place_counts_who_is_ahead<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    for tenant in ["acme", "beta", "gamma"] {
        submit_many(port, tenant, 0, 3, 1).await;
    }
    let place = port.job_place(&job_id("beta", 2)).await.unwrap().unwrap();
    assert_eq!((place.ahead_in_tenant, place.tenants_ahead), (2, 1));
    assert_eq!((place.tenant.tenant, place.tenant.waiting, place.tenant.standing), (id("beta"), 3, Standing::Ready));
    claim(port, 2).await;
    let place = port.job_place(&job_id("beta", 2)).await.unwrap().unwrap();
    assert_eq!((place.ahead_in_tenant, place.tenants_ahead), (1, 2));
    assert_eq!(port.job_place(&job_id("beta", 0)).await.unwrap(), None, "it runs");
    assert_eq!(port.job_place(&job_id("nobody", 0)).await.unwrap(), None);
}

pub async fn a_sweep_finds_nothing_wrong_with_a_healthy_queue<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    assert_eq!(port.jobs_sweep(0).await.unwrap(), Swept::default());
    port.quota_set(&id("acme"), &QuotaPatch { max_running: Some(1), ..QuotaPatch::default() }).await.unwrap();
    submit_many(port, "acme", 0, 5, 1).await;
    submit_many(port, "beta", 0, 2, 3_600).await;
    submit(port, NewJob { not_before: Some(clock.now() + MINUTE), ..job("gamma", 0, 1) }).await.unwrap();
    let jobs = claim(port, 10).await;
    assert_eq!(jobs.len(), 2);
    end(port, &jobs[0], failed(), 1).await.unwrap();
    let swept = port.jobs_sweep(0).await.unwrap();
    assert!(swept.looked_at >= 8, "{swept:?}");
    assert_eq!((swept.unleased, swept.unqueued, swept.orphans), (0, 0, 0));
    assert_eq!(claim(port, 10).await.len(), 1, "and does no harm");
    clock.advance(LEASE);
    port.jobs_reap(0, 100).await.unwrap();
    let swept = port.jobs_sweep(0).await.unwrap();
    assert_eq!((swept.unleased, swept.unqueued, swept.orphans), (0, 0, 0));
}

pub async fn waiting_for_work_ends_at_its_time<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let until = clock.now() + Duration::from_millis(20);
    port.work_wait(&worker(), &[0], until).await.unwrap();
    port.work_wait(&worker(), &[0], clock.now() - SECOND).await.unwrap();
    port.work_wait(&worker(), &[], clock.now()).await.unwrap();
}

pub async fn waiting_for_work_ends_when_there_is_some<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let until = clock.now() + MINUTE * 60;
    let others: Vec<WorkerId> = (0..3).map(|n| format!("worker-{n}").parse().unwrap()).collect();
    for round in 0..5 {
        let waits = join_all(others.iter().map(|worker| port.work_wait(worker, &[0], until)));
        let (waited, ()) = tokio::join!(waits, submit_many(port, "acme", round * 10, 3, 1));
        for ended in waited {
            ended.unwrap();
        }
        assert_eq!(claim(port, 10).await.len(), 3);
    }
}

pub async fn an_unknown_job_is_none<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    assert_eq!(port.job_get(&job_id("acme", 1)).await.unwrap(), None);
    assert_eq!(port.job_prompt(&job_id("acme", 1)).await.unwrap(), None);
    assert_eq!(port.job_place(&job_id("acme", 1)).await.unwrap(), None);
}
