//! Leases: renewing them, and what happens when they lapse.

use futures::future::join_all;

use super::{
    MINUTE, SECOND, balance, claim, claim_one, credits, end, failed, id, job, job_id, pause, state, submit,
    submit_many, succeeded, with_purse, worker,
};
use crate::{
    clock::{Clock, ManualClock},
    credits::MicroCredits,
    error::Error,
    jobs::{DelayReason, JobEpoch, JobState, LEASE, Leased, NewJob, Renewal, Renewed, backoff},
    partition::{LAPSED, QuotaPatch},
    ports::jobs::Jobs,
    ports::quotas::Quotas,
    quota::{Budget, Period},
};

fn renewal(leased: &Leased) -> Renewal {
    Renewal { id: leased.id.clone(), epoch: leased.epoch, lease: LEASE, need: None }
}

async fn renew<P: Jobs>(port: &P, renewal: Renewal) -> Renewed {
    port.leases_renew(vec![renewal]).await.unwrap().remove(0)
}

pub async fn m1_a_dead_workers_job_is_claimed_again_and_its_hold_goes_back<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 1, 1, 10).await;
    let first = claim_one(port).await;
    assert_eq!(balance(port, "acme").await, (credits(10), credits(10)));
    clock.advance(LEASE.saturating_sub(SECOND));
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().requeued, 0, "it may still come back");
    clock.advance(SECOND);
    let reaped = port.jobs_reap(0, 10).await.unwrap();
    assert_eq!((reaped.requeued, reaped.dead), (1, 0));
    assert_eq!(balance(port, "acme").await, (credits(20), MicroCredits::ZERO));
    let job = port.job_get(&first.id).await.unwrap().unwrap();
    let (until, reason) = pause(&job, clock);
    assert_eq!(*reason, DelayReason::LeaseLapsed);
    assert!(until > backoff(1, 0) / 2 && until <= backoff(1, 0), "{until:?}");
    clock.advance(backoff(1, 0));
    let second = claim_one(port).await;
    assert_eq!((second.id.clone(), second.attempt), (first.id.clone(), 2));
    assert!(second.epoch > first.epoch);
    assert_eq!(end(port, &second, succeeded(), 3).await.unwrap(), "succeeded");
    assert_eq!(balance(port, "acme").await, (credits(17), MicroCredits::ZERO));
    assert_eq!(port.queue_view(0).await.unwrap().recovered, 1);
}

pub async fn a_job_whose_workers_die_too_often_is_dead<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    with_purse(port, "acme", 20).await;
    submit(port, NewJob { max_attempts: 2, ..job("acme", 1, 10) }).await.unwrap();
    claim_one(port).await;
    clock.advance(LEASE);
    port.jobs_reap(0, 10).await.unwrap();
    clock.advance(backoff(1, 0));
    claim_one(port).await;
    clock.advance(LEASE);
    let reaped = port.jobs_reap(0, 10).await.unwrap();
    assert_eq!((reaped.requeued, reaped.dead), (0, 1));
    let job = port.job_get(&job_id("acme", 1)).await.unwrap().unwrap();
    assert_eq!((job.state, job.result.as_deref()), (JobState::Dead { at: clock.now() }, Some(LAPSED)));
    assert_eq!(balance(port, "acme").await, (credits(20), MicroCredits::ZERO));
}

pub async fn m10_a_renewed_lease_is_not_reaped<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 1).await;
    let leased = claim_one(port).await;
    for _ in 0..10 {
        clock.advance(LEASE / 3);
        let renewed = renew(port, renewal(&leased)).await;
        assert_eq!(renewed, Renewed::Continue { lease_until: clock.now() + LEASE });
        let reaped = port.jobs_reap(0, 10).await.unwrap();
        assert_eq!((reaped.requeued, reaped.next), (0, Some(clock.now() + LEASE)));
    }
    assert_eq!(end(port, &leased, succeeded(), 1).await.unwrap(), "succeeded");
}

pub async fn m7_a_renewal_extends_the_lease_from_now<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 1).await;
    let leased = claim_one(port).await;
    clock.advance(LEASE / 2);
    let lease_until = clock.now() + MINUTE;
    let renewed = renew(port, Renewal { lease: MINUTE, ..renewal(&leased) }).await;
    assert_eq!(renewed, Renewed::Continue { lease_until });
    let job = port.job_get(&leased.id).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Running { worker: worker(), lease_until });
    assert_eq!(port.queue_view(0).await.unwrap().next_lease, Some(lease_until));
}

pub async fn a_lapsed_lease_is_not_renewed_even_before_the_reaper<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 1).await;
    let leased = claim_one(port).await;
    clock.advance(LEASE);
    assert_eq!(renew(port, renewal(&leased)).await, Renewed::Lost);
    port.jobs_reap(0, 10).await.unwrap();
    assert_eq!(renew(port, renewal(&leased)).await, Renewed::Lost);
}

pub async fn m6_only_the_epoch_of_the_claim_may_write<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 1).await;
    let old = claim_one(port).await;
    clock.advance(LEASE);
    port.jobs_reap(0, 10).await.unwrap();
    clock.advance(MINUTE);
    // The same worker, by its name.
    let new = claim_one(port).await;
    assert_eq!(renew(port, renewal(&old)).await, Renewed::Lost);
    assert!(matches!(end(port, &old, succeeded(), 1).await, Err(Error::Conflict { .. })));
    let guessed = Leased { epoch: JobEpoch(new.epoch.0 + 1), ..new.clone() };
    assert_eq!(renew(port, renewal(&guessed)).await, Renewed::Lost);
    assert_eq!(state(port, &new.id).await, "running");
    assert!(matches!(renew(port, renewal(&new)).await, Renewed::Continue { .. }));
    let of_another = Leased { id: job_id("acme", 2), ..new };
    assert_eq!(renew(port, renewal(&of_another)).await, Renewed::Lost);
}

pub async fn a_renewal_says_that_the_job_was_called_off<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 1).await;
    let leased = claim_one(port).await;
    assert_eq!(port.job_cancel(&leased.id).await.unwrap(), "running");
    clock.advance(SECOND);
    let renewed = renew(port, renewal(&leased)).await;
    assert_eq!(renewed, Renewed::Cancel { lease_until: clock.now() + LEASE, reason: "cancelled" });
}

pub async fn a_renewal_raises_the_hold<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 1, 1, 5).await;
    let leased = claim_one(port).await;
    let raise = |need| Renewal { need: Some(credits(need)), ..renewal(&leased) };
    assert!(matches!(renew(port, raise(12)).await, Renewed::Continue { .. }));
    assert_eq!(balance(port, "acme").await, (credits(8), credits(12)));
    assert!(matches!(renew(port, raise(3)).await, Renewed::Continue { .. }));
    assert_eq!(balance(port, "acme").await, (credits(8), credits(12)), "a hold is never lowered");
    assert_eq!(end(port, &leased, succeeded(), 11).await.unwrap(), "succeeded");
    assert_eq!(balance(port, "acme").await, (credits(9), MicroCredits::ZERO));
}

pub async fn a_renewal_that_cannot_raise_the_hold_says_why_and_keeps_the_lease<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    let acme = with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 1, 1, 5).await;
    let leased = claim_one(port).await;
    clock.advance(SECOND);
    let raise = Renewal { need: Some(credits(21)), ..renewal(&leased) };
    let lease_until = clock.now() + LEASE;
    assert_eq!(renew(port, raise.clone()).await, Renewed::Cancel { lease_until, reason: "credits" });
    assert_eq!(balance(port, "acme").await, (credits(15), credits(5)));
    let budget = Budget { period: Period::Day, limit: credits(6), hard: true };
    port.quota_set(&acme, &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    let within = Renewal { need: Some(credits(12)), ..raise.clone() };
    assert_eq!(renew(port, within).await, Renewed::Cancel { lease_until, reason: "budget" });
    assert_eq!(renew(port, raise).await, Renewed::Cancel { lease_until, reason: "credits" }, "no period helps");
    assert_eq!(end(port, &leased, failed(), 5).await.unwrap(), "delayed", "the lease still held");
}

pub async fn the_reaper_takes_no_more_than_its_limit_oldest_first<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 0, 5, 1).await;
    for _ in 0..5 {
        claim_one(port).await;
        clock.advance(SECOND);
    }
    clock.advance(LEASE);
    let reaped = port.jobs_reap(0, 2).await.unwrap();
    assert_eq!((reaped.requeued, reaped.more), (2, true));
    for (n, expected) in ["delayed", "delayed", "running", "running", "running"].into_iter().enumerate() {
        assert_eq!(state(port, &job_id("acme", u32::try_from(n).unwrap())).await, expected);
    }
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().requeued, 3);
}

pub async fn m2_the_reaper_moves_what_is_due<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let at = clock.now() + MINUTE;
    for n in 0..3 {
        submit(port, NewJob { not_before: Some(at), ..job("acme", n, 1) }).await.unwrap();
    }
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().moved, 0);
    clock.advance(MINUTE);
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().moved, 3);
    assert_eq!(state(port, &job_id("acme", 0)).await, "queued");
    assert_eq!(claim(port, 10).await.len(), 3);
}

pub async fn the_reaper_says_when_something_is_due_next<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().next, None);
    let at = clock.now() + MINUTE * 5;
    submit(port, NewJob { not_before: Some(at), ..job("acme", 1, 1) }).await.unwrap();
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().next, Some(at));
    let turn = clock.now() + MINUTE;
    port.turn_admit(&id("acme"), &"main".parse().unwrap(), "turn", credits(1), MINUTE).await.unwrap();
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().next, Some(turn));
    submit_many(port, "acme", 2, 1, 1).await;
    let leased = claim_one(port).await;
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().next, Some(leased.lease_until));
}

pub async fn a_second_reaper_finds_nothing<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 0, 20, 1).await;
    claim(port, 20).await;
    clock.advance(LEASE);
    let reaped = join_all((0..4).map(|_| port.jobs_reap(0, 100))).await;
    assert_eq!(reaped.into_iter().map(|reaped| reaped.unwrap().requeued).sum::<u64>(), 20);
    assert_eq!(balance(port, "acme").await.1, MicroCredits::ZERO);
}
