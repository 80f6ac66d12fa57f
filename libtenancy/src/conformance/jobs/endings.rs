//! How an attempt ends, and what it costs.

use futures::future::join_all;

use super::{
    MINUTE, SECOND, almost_forgotten, balance, claim, claim_one, credits, end, failed, finish, id, job, job_id, pause,
    state, submit, submit_many, succeeded, with_purse,
};
use crate::{
    clock::{Clock, ManualClock},
    credits::MicroCredits,
    error::Error,
    jobs::{
        DelayReason, Finish, JobEpoch, JobState, KEEP_DEAD, KEEP_FINISHED, LEASE, Leased, MAX_BACKOFF, NewJob, Outcome,
        backoff,
    },
    partition::QuotaPatch,
    ports::jobs::Jobs,
    ports::quotas::Quotas,
    quota::{Budget, Period},
};

pub async fn a_success_settles_what_was_used_and_refunds_the_rest<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 1, 1, 10).await;
    let leased = claim_one(port).await;
    assert_eq!(end(port, &leased, succeeded(), 4).await.unwrap(), "succeeded");
    assert_eq!(balance(port, "acme").await, (credits(16), MicroCredits::ZERO));
    let job = port.job_get(&leased.id).await.unwrap().unwrap();
    assert_eq!((job.state, job.result.as_deref()), (JobState::Succeeded { at: clock.now() }, Some("done")));
    assert_eq!((job.used, job.hold.amount, job.attempts), (credits(4), MicroCredits::ZERO, 1));
    assert_eq!(port.account_get(&id("acme")).await.unwrap().unwrap().running, 0);
    assert_eq!(port.queue_view(0).await.unwrap().leases, 0);
}

pub async fn m13_a_failure_refunds_and_is_tried_again_after_a_pause<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 1, 1, 10).await;
    let leased = claim_one(port).await;
    assert_eq!(end(port, &leased, failed(), 3).await.unwrap(), "delayed");
    assert_eq!(balance(port, "acme").await, (credits(17), MicroCredits::ZERO), "what was used is used");
    let job = port.job_get(&leased.id).await.unwrap().unwrap();
    assert_eq!(job.result.as_deref(), Some("it broke"));
    let (until, reason) = pause(&job, clock);
    assert_eq!(*reason, DelayReason::Backoff);
    assert!(until > backoff(1, 0) / 2 && until <= backoff(1, 0), "{until:?}");
    assert_eq!(claim(port, 1).await, []);
    clock.advance(until);
    let again = claim_one(port).await;
    assert_eq!((again.id, again.attempt, again.prompt.as_str()), (leased.id, 2, "do 1"));
}

pub async fn pauses_double_from_attempt_to_attempt<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit(port, NewJob { max_attempts: 12, ..job("acme", 1, 1) }).await.unwrap();
    for attempt in 1..12 {
        end(port, &claim_one(port).await, failed(), 0).await.unwrap();
        let job = port.job_get(&job_id("acme", 1)).await.unwrap().unwrap();
        let (until, _) = pause(&job, clock);
        let whole = backoff(attempt, 0);
        assert!(until > whole / 2 && until <= whole && until <= MAX_BACKOFF, "{attempt}: {until:?}");
        clock.advance(until);
    }
}

pub async fn a_job_is_dead_after_its_last_attempt<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    with_purse(port, "acme", 20).await;
    submit(port, NewJob { max_attempts: 2, ..job("acme", 1, 10) }).await.unwrap();
    assert_eq!(end(port, &claim_one(port).await, failed(), 1).await.unwrap(), "delayed");
    clock.advance(MINUTE);
    assert_eq!(end(port, &claim_one(port).await, failed(), 1).await.unwrap(), "dead");
    let job = port.job_get(&job_id("acme", 1)).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempts, job.used), (JobState::Dead { at: clock.now() }, 2, credits(2)));
    assert_eq!(balance(port, "acme").await, (credits(18), MicroCredits::ZERO));
    clock.advance(MINUTE * 60);
    assert_eq!(claim(port, 1).await, []);
}

pub async fn a_failure_that_no_attempt_can_help_is_dead_at_once<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 1).await;
    let leased = claim_one(port).await;
    let hopeless = Outcome::Failed { error: "no such model".to_owned(), retry: false };
    assert_eq!(end(port, &leased, hopeless, 0).await.unwrap(), "dead");
}

pub async fn a_released_job_uses_nothing_and_its_attempt_does_not_count<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    with_purse(port, "acme", 20).await;
    submit(port, NewJob { max_attempts: 1, ..job("acme", 1, 10) }).await.unwrap();
    for _ in 0..3 {
        let leased = claim_one(port).await;
        assert_eq!(leased.attempt, 1);
        assert_eq!(end(port, &leased, Outcome::Released { after: MINUTE }, 9).await.unwrap(), "delayed");
        let job = port.job_get(&leased.id).await.unwrap().unwrap();
        assert_eq!(pause(&job, clock), (MINUTE, &DelayReason::Released));
        assert_eq!((job.attempts, job.used), (0, MicroCredits::ZERO));
        assert_eq!(end(port, &leased, Outcome::Released { after: MINUTE }, 9).await.unwrap(), "delayed", "a repeat");
        clock.advance(MINUTE);
    }
    assert_eq!(balance(port, "acme").await, (credits(20), MicroCredits::ZERO));
}

pub async fn m21_finalize_after_the_lease_lapsed_is_refused<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 1, 1, 10).await;
    let leased = claim_one(port).await;
    clock.advance(LEASE);
    let refused = end(port, &leased, succeeded(), 1).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(state(port, &leased.id).await, "running");
    assert_eq!(balance(port, "acme").await, (credits(10), credits(10)));
}

pub async fn m21_finalize_after_the_reaper_is_refused_and_changes_nothing<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    submit(port, NewJob { max_attempts: 1, ..job("acme", 1, 1) }).await.unwrap();
    submit_many(port, "acme", 2, 1, 1).await;
    let jobs = claim(port, 2).await;
    clock.advance(LEASE);
    port.jobs_reap(0, 10).await.unwrap();
    for (job, label) in jobs.iter().zip(["dead", "delayed"]) {
        let refused = end(port, job, succeeded(), 1).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "its word came too late: {refused:?}");
        assert_eq!(state(port, &job.id).await, label);
    }
}

pub async fn a_finalize_under_a_stale_epoch_is_refused<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 1).await;
    let first = claim_one(port).await;
    end(port, &first, failed(), 0).await.unwrap();
    clock.advance(MINUTE);
    let second = claim_one(port).await;
    let refused = end(port, &first, succeeded(), 1).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(end(port, &second, succeeded(), 1).await.unwrap(), "succeeded");
    let refused = end(port, &first, failed(), 0).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    let unknown = Leased { id: job_id("acme", 9), ..second };
    assert!(matches!(end(port, &unknown, succeeded(), 1).await, Err(Error::NotFound { .. })));
}

pub async fn a_repeat_of_a_finalize_says_the_same_and_charges_once<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 1, 2, 10).await;
    let jobs = claim(port, 2).await;
    for _ in 0..3 {
        assert_eq!(end(port, &jobs[0], succeeded(), 4).await.unwrap(), "succeeded");
        assert_eq!(end(port, &jobs[1], failed(), 4).await.unwrap(), "delayed");
        assert_eq!(balance(port, "acme").await, (credits(12), MicroCredits::ZERO));
        clock.advance(LEASE / 60);
    }
    let rows = port.outbox_read(0, 100).await.unwrap().rows;
    assert_eq!(rows.iter().filter(|row| row.reference == jobs[0].id.serial()).count(), 2, "a hold and a settlement");
    // It may say so even when its lease would have lapsed.
    clock.advance(LEASE);
    assert_eq!(end(port, &jobs[0], succeeded(), 4).await.unwrap(), "succeeded");
}

pub async fn ten_concurrent_finalizes_charge_once<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 1, 1, 10).await;
    let leased = claim_one(port).await;
    for label in join_all((0..10).map(|_| end(port, &leased, succeeded(), 7))).await {
        assert_eq!(label.unwrap(), "succeeded");
    }
    assert_eq!(balance(port, "acme").await, (credits(13), MicroCredits::ZERO));
}

pub async fn m8_a_pointer_moves_only_with_the_live_owner<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let at = |pointer: &str| Outcome::Succeeded { result: String::new(), pointer: Some(pointer.to_owned()) };
    submit_many(port, "acme", 0, 5, 1).await;
    let first = claim_one(port).await;
    end(port, &first, at("one"), 1).await.unwrap();
    let zombie = claim_one(port).await;
    assert_eq!(zombie.pointer.as_deref(), Some("one"));
    clock.advance(LEASE);
    let owner = claim_one(port).await;
    end(port, &owner, at("two"), 1).await.unwrap();
    assert!(end(port, &zombie, at("stale"), 1).await.is_err());
    port.jobs_reap(0, 10).await.unwrap();
    assert!(end(port, &zombie, at("stale"), 1).await.is_err());
    assert_eq!(end(port, &first, at("stale"), 1).await.unwrap(), "succeeded", "a repeat moves nothing");
    let failing = claim_one(port).await;
    assert_eq!(failing.pointer.as_deref(), Some("two"));
    end(port, &failing, failed(), 1).await.unwrap();
    let last = claim_one(port).await;
    assert_eq!(last.pointer.as_deref(), Some("two"));
    end(port, &last, succeeded(), 1).await.unwrap();
    submit(port, NewJob { agent: "other".parse().unwrap(), ..job("acme", 10, 1) }).await.unwrap();
    submit_many(port, "beta", 0, 1, 1).await;
    for job in claim(port, 2).await {
        assert_eq!(job.pointer, None, "another agent's, or another tenant's");
    }
}

pub async fn use_beyond_the_hold_is_the_tenants_as_far_as_it_has_something<P: Jobs + Quotas>(
    port: &P,
    _clock: &ManualClock,
) {
    let beyond = async |tenant: &str, cost: i64, used: i64| {
        submit_many(port, tenant, cost.unsigned_abs().try_into().unwrap(), 1, cost).await;
        let leased = claim_one(port).await;
        end(port, &leased, succeeded(), used).await.unwrap();
        let row = port.outbox_read(0, 100).await.unwrap().rows.pop().unwrap();
        assert_eq!((row.deltas.spent, row.deltas.held), (credits(used), -credits(cost)));
        assert_eq!(port.job_get(&leased.id).await.unwrap().unwrap().used, credits(used));
        row.deltas.adjusted
    };
    with_purse(port, "acme", 20).await;
    assert_eq!(beyond("acme", 10, 15).await, credits(0));
    assert_eq!(balance(port, "acme").await, (credits(5), MicroCredits::ZERO));
    assert_eq!(beyond("acme", 2, 9).await, credits(4), "what it has not is the operator's line");
    assert_eq!(balance(port, "acme").await, (credits(0), MicroCredits::ZERO));

    with_purse(port, "bob", 20).await;
    let budget = Budget { period: Period::Day, limit: credits(12), hard: true };
    let patch = QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() };
    port.quota_set(&id("bob"), &patch).await.unwrap();
    assert_eq!(beyond("bob", 1, 15).await, credits(3), "a hard budget is not passed");
    assert_eq!(balance(port, "bob").await, (credits(8), MicroCredits::ZERO));
    submit_many(port, "bob", 50, 1, 1).await;
    assert_eq!(claim(port, 1).await, [], "nothing more is begun on it");
    super::super::quotas::audited(port).await;
}

pub async fn m4_an_absurd_use_is_bounded<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 1, 1, 5).await;
    for used in [i64::MIN, -1, i64::MAX] {
        let leased = claim_one(port).await;
        let absurd = Finish { used: MicroCredits(used), ..finish(&leased, failed(), 0) };
        port.leases_finalize(vec![absurd]).await.unwrap().remove(0).unwrap();
        clock.advance(MINUTE);
    }
    assert_eq!(balance(port, "acme").await, (MicroCredits::ZERO, MicroCredits::ZERO), "no more than it had");
    let job = port.job_get(&job_id("acme", 1)).await.unwrap().unwrap();
    assert_eq!((job.state.label(), job.used), ("dead", crate::credits::MAX_AMOUNT));
    super::super::quotas::audited(port).await;
}

pub async fn a_batch_answers_each_finalize_by_itself<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 3, 1).await;
    let jobs = claim(port, 3).await;
    let stale = Leased { epoch: JobEpoch(1), ..jobs[1].clone() };
    let unknown = Leased { id: job_id("acme", 9), ..jobs[1].clone() };
    let batch = [&jobs[0], &stale, &unknown, &jobs[2]].map(|job| finish(job, succeeded(), 1));
    let answers = port.leases_finalize(batch.to_vec()).await.unwrap();
    assert_eq!(*answers[0].as_ref().unwrap(), "succeeded");
    assert!(matches!(answers[1], Err(Error::Conflict { .. })));
    assert!(matches!(answers[2], Err(Error::NotFound { .. })));
    assert_eq!(*answers[3].as_ref().unwrap(), "succeeded");
    assert_eq!(state(port, &jobs[1].id).await, "running");
}

pub async fn m20_a_finished_job_is_forgotten_after_a_day_and_a_dead_one_after_a_week<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    submit_many(port, "acme", 0, 3, 1).await;
    let jobs = claim(port, 2).await;
    end(port, &jobs[0], succeeded(), 1).await.unwrap();
    end(port, &jobs[1], Outcome::Failed { error: "no".to_owned(), retry: false }, 1).await.unwrap();
    port.job_cancel(&job_id("acme", 2)).await.unwrap();
    almost_forgotten(clock);
    port.jobs_reap(0, 100).await.unwrap();
    for (n, label) in ["succeeded", "dead", "cancelled"].into_iter().enumerate() {
        assert_eq!(state(port, &job_id("acme", u32::try_from(n).unwrap())).await, label);
    }
    clock.advance(SECOND);
    port.jobs_reap(0, 100).await.unwrap();
    for (n, label) in ["forgotten", "dead", "forgotten"].into_iter().enumerate() {
        assert_eq!(state(port, &job_id("acme", u32::try_from(n).unwrap())).await, label);
    }
    let listed = port.job_list(&crate::ports::jobs::JobFilter::default(), None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    clock.advance(KEEP_DEAD.saturating_sub(KEEP_FINISHED));
    assert_eq!(state(port, &jobs[1].id).await, "forgotten", "whether the reaper came or not");
    assert!(matches!(port.job_retry(&jobs[1].id).await, Err(Error::NotFound { .. })));
    assert_eq!(port.job_prompt(&jobs[1].id).await.unwrap(), None);
}

pub async fn m20_a_prompt_is_forgotten_once_the_job_succeeded<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 2, 1).await;
    let jobs = claim(port, 2).await;
    end(port, &jobs[0], succeeded(), 1).await.unwrap();
    end(port, &jobs[1], Outcome::Failed { error: "no".to_owned(), retry: false }, 1).await.unwrap();
    assert_eq!(port.job_prompt(&jobs[0].id).await.unwrap(), None);
    assert_eq!(port.job_prompt(&jobs[1].id).await.unwrap().as_deref(), Some("do 1"), "it may be tried again");
}

pub async fn a_job_that_is_forgotten_can_be_submitted_anew<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 1).await;
    end(port, &claim_one(port).await, succeeded(), 1).await.unwrap();
    clock.advance(KEEP_FINISHED);
    let submitted = submit(port, job("acme", 1, 1)).await.unwrap();
    assert_eq!((submitted.duplicate, submitted.state), (false, "queued"));
    assert_eq!(claim_one(port).await.attempt, 1);
}
