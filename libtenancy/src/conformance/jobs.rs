//! Every driver of the queue of jobs, together with its accounts.
//!
//! Here: submitting. What a claim picks: `claims`; leases and the reaper: `leases`; how an attempt ends: `endings`; what
//! operators do and see: `operators`. Needs a driver with one partition and [`crate::ports::jobs::JobSettings`]' defaults.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

mod claims;
mod endings;
mod leases;
mod operators;

use std::time::Duration;

use futures::future::join_all;

pub use self::{claims::*, endings::*, leases::*, operators::*};
use super::id;
use crate::{
    clock::{Clock, ManualClock},
    credits::MicroCredits,
    error::{Error, Result},
    jobs::{
        Finish, Idempotency, JobEpoch, JobId, JobState, KEEP_FINISHED, KEEP_IDEMPOTENCY, LEASE, Leased, NewJob,
        Outcome, WorkerId,
    },
    partition::{QuotaPatch, Submitted},
    ports::{jobs::Jobs, quotas::Quotas},
    tenant::TenantId,
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! jobs_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(jobs, $driver, [$($reason)?], [
            a_submitted_job_is_read_back_whole,
            a_repeat_of_a_submission_makes_no_second_job,
            m11_ten_concurrent_submissions_with_one_key_make_one_job,
            m11_a_key_that_was_used_for_another_body_is_a_conflict,
            a_key_is_its_tenants_own_and_forgotten_after_a_day,
            a_batch_answers_each_submission_by_itself,
            m12_whatever_was_submitted_is_claimed,
            m4_a_cost_that_can_never_be_held_is_refused_and_leaves_nothing,
            m2_a_scheduled_job_waits_for_its_time,
            a_schedule_in_the_past_is_now,
            a_prompt_is_kept_byte_for_byte,
            an_empty_queue_has_nothing_to_claim,
            a_claim_hands_over_the_job_under_a_lease_and_a_hold,
            a_claim_takes_no_more_than_it_asks_for_and_a_repeat_takes_others,
            ten_concurrent_claims_take_every_job_once,
            m19_tenants_take_turns_whatever_one_of_them_has_waiting,
            m19_a_tenant_with_one_job_is_not_behind_a_flood,
            starts_are_shared_as_the_weights,
            work_split_over_many_agents_gains_its_tenant_nothing,
            the_agents_of_a_tenant_take_turns,
            a_costly_job_counts_for_as_much_as_many_cheap_ones,
            what_was_announced_and_not_used_is_given_back_in_the_order_too,
            a_tenant_that_was_away_saves_up_no_turns,
            recent_use_delays_a_tenant_that_comes_back,
            a_higher_priority_goes_first_within_its_tenant_only,
            no_more_jobs_run_than_the_tenant_may,
            a_capped_tenant_takes_its_turn_again_when_a_job_ends_or_its_cap_is_raised,
            m19_no_more_leases_than_the_capacity,
            a_tenant_without_credits_is_parked_until_its_refill,
            a_parked_tenant_is_moved_when_credits_come_back,
            a_tenant_that_no_refill_helps_waits_for_a_grant,
            a_hard_budget_holds_jobs_back_until_its_period_ends,
            a_grant_widens_the_budget_for_jobs_of_its_period,
            a_soft_budget_holds_nothing_back,
            a_parked_tenant_stands_in_nobodys_way,
            m1_a_dead_workers_job_is_claimed_again_and_its_hold_goes_back,
            a_job_whose_workers_die_too_often_is_dead,
            m10_a_renewed_lease_is_not_reaped,
            m7_a_renewal_extends_the_lease_from_now,
            a_lapsed_lease_is_not_renewed_even_before_the_reaper,
            m6_only_the_epoch_of_the_claim_may_write,
            a_renewal_says_that_the_job_was_called_off,
            a_renewal_raises_the_hold,
            a_renewal_that_cannot_raise_the_hold_says_why_and_keeps_the_lease,
            the_reaper_takes_no_more_than_its_limit_oldest_first,
            m2_the_reaper_moves_what_is_due,
            the_reaper_says_when_something_is_due_next,
            a_second_reaper_finds_nothing,
            a_success_settles_what_was_used_and_refunds_the_rest,
            m13_a_failure_refunds_and_is_tried_again_after_a_pause,
            pauses_double_from_attempt_to_attempt,
            a_job_is_dead_after_its_last_attempt,
            a_failure_that_no_attempt_can_help_is_dead_at_once,
            a_released_job_uses_nothing_and_its_attempt_does_not_count,
            m21_finalize_after_the_lease_lapsed_is_refused,
            m21_finalize_after_the_reaper_is_refused_and_changes_nothing,
            a_finalize_under_a_stale_epoch_is_refused,
            a_repeat_of_a_finalize_says_the_same_and_charges_once,
            ten_concurrent_finalizes_charge_once,
            m8_a_pointer_moves_only_with_the_live_owner,
            use_beyond_the_hold_is_the_tenants_as_far_as_it_has_something,
            m4_an_absurd_use_is_bounded,
            a_batch_answers_each_finalize_by_itself,
            m20_a_finished_job_is_forgotten_after_a_day_and_a_dead_one_after_a_week,
            m20_a_prompt_is_forgotten_once_the_job_succeeded,
            a_job_that_is_forgotten_can_be_submitted_anew,
            a_waiting_job_is_cancelled_at_once,
            a_running_job_is_cancelled_at_its_next_failure,
            a_running_job_that_succeeds_before_it_hears_of_it_has_succeeded,
            a_cancelled_jobs_lapsed_lease_ends_it,
            what_is_over_is_not_cancelled,
            a_dead_or_cancelled_job_is_put_back_with_all_its_attempts,
            what_is_not_dead_or_cancelled_is_not_put_back,
            jobs_are_listed_in_order_of_id_over_pages,
            jobs_are_listed_by_tenant_and_state,
            a_list_by_an_unknown_state_is_invalid,
            a_view_shows_the_order_and_what_is_due,
            a_view_counts_the_jobs_of_those_that_are_held_back,
            a_place_counts_who_is_ahead,
            a_sweep_finds_nothing_wrong_with_a_healthy_queue,
            waiting_for_work_ends_at_its_time,
            waiting_for_work_ends_when_there_is_some,
            an_unknown_job_is_none,
        ]);
    };
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn job_id(tenant: &str, n: u32) -> JobId {
    JobId::new(id(tenant), &format!("{n:026}")).unwrap()
}

/// A job number `n` of a tenant, for so many credits.
pub(super) fn job(tenant: &str, n: u32, credits: i64) -> NewJob {
    NewJob::new(job_id(tenant, n), format!("do {n}"), MicroCredits::credits(credits))
}

fn keyed(mut new: NewJob, key: &str, body: &str) -> NewJob {
    new.idempotency = Some(Idempotency::new(key, body.as_bytes()).unwrap());
    new
}

pub(super) fn worker() -> WorkerId {
    "worker-1".parse().unwrap()
}

pub(super) async fn submit<P: Jobs>(port: &P, new: NewJob) -> Result<Submitted> {
    port.jobs_submit(vec![new]).await.unwrap().remove(0)
}

/// Submits jobs `from` of a tenant, `count` of them, for so many credits each.
pub(super) async fn submit_many<P: Jobs>(port: &P, tenant: &str, from: u32, count: u32, credits: i64) {
    let new = (from..from + count).map(|n| job(tenant, n, credits)).collect();
    for submitted in port.jobs_submit(new).await.unwrap() {
        assert!(!submitted.unwrap().duplicate);
    }
}

pub(super) async fn claim<P: Jobs>(port: &P, max: usize) -> Vec<Leased> {
    port.jobs_claim(0, &worker(), max, LEASE).await.unwrap().jobs
}

pub(super) async fn claim_one<P: Jobs>(port: &P) -> Leased {
    let mut jobs = claim(port, 1).await;
    assert_eq!(jobs.len(), 1, "one job is there to be claimed");
    jobs.remove(0)
}

pub(super) fn finish(leased: &Leased, outcome: Outcome, used: i64) -> Finish {
    Finish { id: leased.id.clone(), epoch: leased.epoch, outcome, used: MicroCredits::credits(used) }
}

pub(super) fn succeeded() -> Outcome {
    Outcome::Succeeded { result: "done".to_owned(), pointer: None }
}

pub(super) fn failed() -> Outcome {
    Outcome::Failed { error: "it broke".to_owned(), retry: true }
}

pub(super) async fn end<P: Jobs>(port: &P, leased: &Leased, outcome: Outcome, used: i64) -> Result<&'static str> {
    port.leases_finalize(vec![finish(leased, outcome, used)]).await.unwrap().remove(0)
}

async fn state<P: Jobs>(port: &P, id: &JobId) -> &'static str {
    port.job_get(id).await.unwrap().map_or("forgotten", |job| job.state.label())
}

/// The tenants of claimed jobs.
fn tenants(jobs: &[Leased]) -> Vec<&str> {
    jobs.iter().map(|job| job.id.tenant().as_str()).collect()
}

/// What a tenant can hold, and what it holds.
pub(super) async fn balance<P: Quotas>(port: &P, tenant: &str) -> (MicroCredits, MicroCredits) {
    let account = port.account_get(&id(tenant)).await.unwrap().unwrap();
    (account.available(), account.held)
}

pub(super) fn credits(whole: i64) -> MicroCredits {
    MicroCredits::credits(whole)
}

/// No refill, `burst` credits to begin with.
pub(super) fn purse(burst: i64) -> QuotaPatch {
    QuotaPatch { rate: Some(MicroCredits::ZERO), burst: Some(credits(burst)), ..QuotaPatch::default() }
}

/// A tenant that has exactly `burst` credits and earns none.
pub(super) async fn with_purse<P: Quotas>(port: &P, tenant: &str, burst: i64) -> TenantId {
    port.quota_set(&id(tenant), &purse(burst)).await.unwrap();
    assert_eq!(balance(port, tenant).await, (credits(burst), MicroCredits::ZERO));
    id(tenant)
}

pub async fn a_submitted_job_is_read_back_whole<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let mut new = job("acme", 1, 7);
    new.agent = "writer".parse().unwrap();
    new.priority = 9;
    new.max_attempts = 4;
    let submitted = submit(port, new.clone()).await.unwrap();
    assert_eq!(submitted, Submitted { id: new.id.clone(), duplicate: false, state: "queued" });
    let job = port.job_get(&new.id).await.unwrap().unwrap();
    assert_eq!(job.id, new.id);
    assert_eq!((job.agent, job.cost, job.priority, job.max_attempts), (new.agent, credits(7), 9, 4));
    assert_eq!((job.state, job.attempts, job.epoch), (JobState::Queued, 0, JobEpoch(0)));
    assert_eq!((job.hold.amount, job.used, job.cancel), (MicroCredits::ZERO, MicroCredits::ZERO, false));
    assert_eq!((job.submitted_at, job.result), (clock.now(), None));
    assert_eq!(port.job_prompt(&new.id).await.unwrap().as_deref(), Some("do 1"));
}

pub async fn a_repeat_of_a_submission_makes_no_second_job<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 1, 1, 1).await;
    let again = submit(port, job("acme", 1, 1)).await.unwrap();
    assert_eq!(again, Submitted { id: job_id("acme", 1), duplicate: true, state: "queued" });
    let leased = claim_one(port).await;
    assert_eq!(submit(port, job("acme", 1, 1)).await.unwrap().state, "running");
    end(port, &leased, succeeded(), 1).await.unwrap();
    assert_eq!(submit(port, job("acme", 1, 1)).await.unwrap().state, "succeeded");
    assert_eq!(claim(port, 10).await, []);
}

pub async fn m11_ten_concurrent_submissions_with_one_key_make_one_job<P: Jobs + Quotas>(
    port: &P,
    _clock: &ManualClock,
) {
    let submissions = (0..10).map(|n| submit(port, keyed(job("acme", n, 1), "retry", "body")));
    let submitted: Vec<Submitted> = join_all(submissions).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(submitted.iter().filter(|submitted| !submitted.duplicate).count(), 1);
    assert!(submitted.iter().all(|other| other.id == submitted[0].id), "all are told of the same job");
    assert_eq!(claim(port, 100).await.len(), 1);
}

pub async fn m11_a_key_that_was_used_for_another_body_is_a_conflict<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit(port, keyed(job("acme", 1, 1), "key", "body")).await.unwrap();
    let other = submit(port, keyed(job("acme", 2, 1), "key", "another body")).await;
    assert!(matches!(other, Err(Error::Conflict { .. })), "{other:?}");
    assert_eq!(port.job_get(&job_id("acme", 2)).await.unwrap(), None);
    assert_eq!(submit(port, keyed(job("acme", 3, 1), "key", "body")).await.unwrap().id, job_id("acme", 1));
}

pub async fn a_key_is_its_tenants_own_and_forgotten_after_a_day<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit(port, keyed(job("acme", 1, 1), "key", "body")).await.unwrap();
    assert!(!submit(port, keyed(job("beta", 2, 1), "key", "another body")).await.unwrap().duplicate);
    clock.advance(KEEP_IDEMPOTENCY.saturating_sub(SECOND));
    assert!(submit(port, keyed(job("acme", 3, 1), "key", "body")).await.unwrap().duplicate);
    clock.advance(SECOND);
    assert!(!submit(port, keyed(job("acme", 4, 1), "key", "another body")).await.unwrap().duplicate);
}

pub async fn a_batch_answers_each_submission_by_itself<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let batch = vec![
        keyed(job("acme", 1, 1), "key", "body"),
        keyed(job("acme", 2, 1), "key", "another body"),
        job("fresh", 1, 999_999),
        job("acme", 3, 1),
        job("acme", 1, 1),
    ];
    let answers = port.jobs_submit(batch).await.unwrap();
    assert_eq!(answers.len(), 5);
    assert!(!answers[0].as_ref().unwrap().duplicate);
    assert!(matches!(answers[1], Err(Error::Conflict { .. })));
    assert!(matches!(answers[2], Err(Error::Invalid { .. })));
    assert_eq!(answers[3].as_ref().unwrap().id, job_id("acme", 3));
    assert!(answers[4].as_ref().unwrap().duplicate);
    assert_eq!(claim(port, 10).await.len(), 2);
}

pub async fn m12_whatever_was_submitted_is_claimed<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let submissions = (0..50).map(|n| submit(port, job(&format!("t{}", n % 7), n, 1)));
    for submitted in join_all(submissions).await {
        submitted.unwrap();
    }
    let mut claimed = 0;
    loop {
        let jobs = claim(port, 8).await;
        if jobs.is_empty() {
            break;
        }
        claimed += jobs.len();
    }
    assert_eq!(claimed, 50);
}

pub async fn m4_a_cost_that_can_never_be_held_is_refused_and_leaves_nothing<P: Jobs + Quotas>(
    port: &P,
    _clock: &ManualClock,
) {
    let refused = submit(port, keyed(job("acme", 1, 3_601), "key", "body")).await;
    assert!(matches!(refused, Err(Error::Invalid { field: "cost_gpu_seconds", .. })), "{refused:?}");
    assert_eq!(port.job_get(&job_id("acme", 1)).await.unwrap(), None);
    assert_eq!(port.account_get(&id("acme")).await.unwrap(), None);
    assert_eq!(port.outbox_read(0, 10).await.unwrap().rows, []);
    submit(port, keyed(job("acme", 2, 3_600), "key", "another body")).await.unwrap();
}

pub async fn m2_a_scheduled_job_waits_for_its_time<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let at = clock.now() + MINUTE;
    let new = NewJob { not_before: Some(at), ..job("acme", 1, 1) };
    assert_eq!(submit(port, new).await.unwrap().state, "delayed");
    let claimed = port.jobs_claim(0, &worker(), 1, LEASE).await.unwrap();
    assert_eq!((claimed.jobs.len(), claimed.next), (0, Some(at)));
    clock.advance(MINUTE.saturating_sub(SECOND));
    assert_eq!(claim(port, 1).await, []);
    clock.advance(SECOND);
    assert_eq!(claim_one(port).await.id, job_id("acme", 1));
}

pub async fn a_schedule_in_the_past_is_now<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let new = NewJob { not_before: Some(clock.now() - MINUTE), ..job("acme", 1, 1) };
    assert_eq!(submit(port, new).await.unwrap().state, "queued");
    claim_one(port).await;
}

pub async fn a_prompt_is_kept_byte_for_byte<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let prompt = "\0 \r\n\t\"quoted\" {brace} ünï \u{1f980} '; DROP TABLE jobs; --".repeat(100);
    let mut new = job("acme", 1, 1);
    new.prompt.clone_from(&prompt);
    submit(port, new).await.unwrap();
    assert_eq!(port.job_prompt(&job_id("acme", 1)).await.unwrap().as_deref(), Some(prompt.as_str()));
    assert_eq!(claim_one(port).await.prompt, prompt);
}

/// When the next attempt of a failed job is due at the latest, and no earlier than half of it.
fn pause<'a>(job: &'a crate::jobs::Job, clock: &ManualClock) -> (Duration, &'a crate::jobs::DelayReason) {
    let JobState::Delayed { until, reason } = &job.state else { panic!("{:?}", job.state) };
    (until.since(clock.now()), reason)
}

/// Lets a day pass, within which nothing finished is forgotten.
fn almost_forgotten(clock: &ManualClock) {
    clock.advance(KEEP_FINISHED.saturating_sub(SECOND));
}
