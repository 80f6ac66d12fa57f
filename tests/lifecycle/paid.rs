//! A tenant that is out of credits and whose job is paid for.

use std::{sync::Arc, time::Duration};

use libtenancy::{
    clock::{Clock, ManualClock, SystemClock},
    credits::MicroCredits,
    jobs::{Finish, JobId, Leased, NewJob, Outcome, WorkerId},
    partition::QuotaPatch,
    ports::ledgers::RowFilter,
    quota::{Budget, Grant, NEVER, Period},
    spend::By,
    tenant::{StopReason, Tenant, TenantId},
};

use crate::plane::{Chat, Plane, TOKEN, accept, config};

const LEASE: Duration = Duration::from_secs(30);
const ONE: MicroCredits = MicroCredits::credits(1);

fn tenant(plane: &Plane, id: &TenantId) -> Tenant {
    plane.block(plane.tenancy.tenant_get(id)).unwrap()
}

/// Submits a job of one credit, and takes it.
fn job_taken(plane: &Plane, id: &TenantId) -> Leased {
    let job = JobId::random(id, plane.drivers.clock.now()).unwrap();
    plane.block(plane.tenancy.job_submit(NewJob::new(job, "sum up".to_owned(), ONE))).unwrap();
    let worker: WorkerId = "w1".parse().unwrap();
    plane.block(plane.tenancy.jobs_claim(&worker, 1, LEASE, Duration::ZERO)).unwrap().remove(0)
}

/// Ends it, with all of its credit used.
fn job_ended(plane: &Plane, leased: Leased, said: String) {
    let outcome = Outcome::Succeeded { result: said, pointer: None };
    let finish = Finish { id: leased.id, epoch: leased.epoch, outcome, used: ONE };
    plane.block(plane.tenancy.leases_finalize(vec![finish])).unwrap().remove(0).unwrap();
}

/// Grants what a job costs, which is less than a message holds, and has it done; when it began.
fn job_done(plane: &Plane, id: &TenantId, name: &str) -> libtenancy::clock::Timestamp {
    let gift = Grant { expires_at: NEVER, amount: ONE };
    plane.block(plane.tenancy.credits_grant(id, name, gift)).unwrap();
    let began = plane.drivers.clock.now();
    let leased = job_taken(plane, id);
    plane.block(plane.tenancy.job_prepare(&leased.id)).unwrap();
    let said = plane.block(plane.tenancy.job_execute(&leased.id, leased.prompt.clone())).unwrap();
    job_ended(plane, leased, said);
    began
}

#[test]
fn a_paid_job_ends_a_suspension_for_want_of_credits_unless_messages_wait_that_cannot_be_paid() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, Some(TOKEN));
    let nothing =
        QuotaPatch { rate: Some(MicroCredits::ZERO), burst: Some(MicroCredits::ZERO), ..QuotaPatch::default() };
    plane.block(plane.tenancy.quota_set(&id, &nothing)).unwrap();
    plane.block(accept(&plane.drivers, &id, 1, 7, "hello")).unwrap();
    plane.tenancy.records_changed();
    plane.wait_for("it is suspended", || async {
        plane.tenancy.tenant_get(&id).await.unwrap().settings.suspended.map(drop)
    });
    job_done(&plane, &id, "one");
    assert!(tenant(&plane, &id).settings.suspended.is_some(), "its message waits still");
    let key = libtenancy::inbox::UpdateKey { tenant: id.clone(), bot: libtenancy::tenant::BotId(4242), update_id: 1 };
    plane.block(plane.tenancy.update_drop(&key)).unwrap();
    job_done(&plane, &id, "two");
    assert_eq!(tenant(&plane, &id).settings.suspended, None);
    plane.end();
}

#[test]
fn what_an_agent_does_for_a_job_is_activity() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, None);
    // The first one wakes the agent, which is activity by itself.
    for name in ["one", "two"] {
        let began = job_done(&plane, &id, name);
        assert!(tenant(&plane, &id).last_active_at > began, "{name}");
    }
    plane.end();
}

/// Has a job wait for credits that do not come, which suspends its tenant.
pub(crate) fn waiting(plane: &Plane, id: &TenantId) -> JobId {
    let little =
        QuotaPatch { rate: Some(MicroCredits::ZERO), burst: Some(MicroCredits::credits(2)), ..QuotaPatch::default() };
    plane.block(plane.tenancy.quota_set(id, &little)).unwrap();
    let worker: WorkerId = "w1".parse().unwrap();
    let waits = |cost: i64| {
        let (now, cost) = (plane.drivers.clock.now(), MicroCredits::credits(cost));
        let new = NewJob::new(JobId::random(id, now).unwrap(), "x".to_owned(), cost);
        let submitted = plane.block(plane.tenancy.job_submit(new)).unwrap();
        let claimed = plane.block(plane.tenancy.jobs_claim(&worker, 1, LEASE, Duration::ZERO)).unwrap();
        (submitted.id, claimed)
    };
    // The first one uses half of what there is; the second one waits for more.
    let (_, mut first) = waits(1);
    let first = first.remove(0);
    let used = MicroCredits::credits(1);
    let outcome = Outcome::Succeeded { result: String::new(), pointer: None };
    plane
        .block(plane.tenancy.leases_finalize(vec![Finish { id: first.id, epoch: first.epoch, outcome, used }]))
        .unwrap();
    let (second, claimed) = waits(2);
    assert_eq!(claimed, []);
    assert!(tenant(plane, id).settings.suspended.is_some());
    second
}

#[test]
fn a_suspension_that_a_job_brought_about_ends_when_the_job_is_called_off() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, Some(TOKEN));
    let second = waiting(&plane, &id);
    let why = || plane.block(plane.tenancy.why_tenant(&id, true)).unwrap().summary;
    assert!(why().contains("too few credits are left"), "{}", why());
    plane.block(plane.tenancy.job_cancel(&second)).unwrap();
    assert_eq!(tenant(&plane, &id).settings.suspended, None);
    assert!(!why().contains("suspended"), "{}", why());
    plane.end();
}

#[test]
fn whoever_has_a_job_in_hand_when_it_is_stopped_was_not_idle() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
    let plane = Plane::start_at(config(dir.path(), &chat.double.url()), Arc::clone(&clock) as _);
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, None);
    let now = plane.drivers.clock.now();
    let new = NewJob::new(JobId::random(&id, now).unwrap(), "x".to_owned(), MicroCredits::credits(1));
    plane.block(plane.tenancy.job_submit(new)).unwrap();
    let worker: WorkerId = "w1".parse().unwrap();
    let leased = plane.block(plane.tenancy.jobs_claim(&worker, 1, LEASE, Duration::ZERO)).unwrap().remove(0);
    plane.block(plane.tenancy.job_prepare(&leased.id)).unwrap();
    clock.advance(Duration::from_secs(20));
    for by in [By::Tenant, By::Agent, By::Day] {
        let running = plane.block(plane.tenancy.spend_report(by, &RowFilter::default())).unwrap();
        let line = running.lines.iter().find(|line| line.running_now_s > 0).unwrap();
        assert_eq!((line.running_now_s, running.total.running_now_s, running.total.running_s), (20, 20, 0), "{by:?}");
    }
    let of = |filter: RowFilter| plane.block(plane.tenancy.spend_report(By::Tenant, &filter)).unwrap().total;
    let now = Some(plane.drivers.clock.now());
    let other = "other".parse().ok();
    assert_eq!(of(RowFilter { tenant: Some(id.clone()), from: now, ..RowFilter::default() }).running_now_s, 20);
    assert_eq!(of(RowFilter { to: now, ..RowFilter::default() }).running_now_s, 0, "it would be booked later");
    assert_eq!(of(RowFilter { tenant: other, ..RowFilter::default() }).running_now_s, 0);
    plane.block(plane.tenancy.tenant_stop(&id, StopReason::Operator)).unwrap();
    let line = plane.wait_for("it is booked", || async {
        let report = plane.tenancy.spend_report(By::Tenant, &RowFilter::default()).await.unwrap();
        Some(report.total).filter(|line| line.running_s > 0)
    });
    assert_eq!((line.running_s, line.running_now_s, line.idle_s), (20, 0, 0));
    plane.end();
}

#[test]
fn a_budget_is_not_spent_twice_by_another_period() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, None);
    let set = |period, limit| {
        let budget = Budget { period, limit: MicroCredits::credits(limit), hard: true };
        let patch = QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() };
        let account = plane.block(plane.tenancy.quota_set(&id, &patch)).unwrap();
        (account.period_spent, account.period_granted)
    };
    job_ended(&plane, job_taken(&plane, &id), "done".to_owned());
    assert_eq!(set(Period::Day, 10), (MicroCredits::credits(1), MicroCredits::ZERO), "of before there was a budget");
    let gift = Grant { expires_at: NEVER, amount: MicroCredits::credits(5) };
    plane.block(plane.tenancy.credits_grant(&id, "gift", gift)).unwrap();
    job_ended(&plane, job_taken(&plane, &id), "done".to_owned());
    for period in [Period::Month, Period::Day, Period::Week] {
        assert_eq!(set(period, 10), (MicroCredits::credits(2), MicroCredits::credits(5)), "{period:?}");
    }
    // The same period of another limit is counted on.
    assert_eq!(set(Period::Week, 20), (MicroCredits::credits(2), MicroCredits::credits(5)));
}

#[test]
fn a_job_that_a_budget_does_not_cover_waits_and_suspends_nobody_who_can_pay_for_a_message() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    let plain: TenantId = "plain".parse().unwrap();
    plane.create(&id, Some(TOKEN));
    plane.create(&plain, None);
    let budget = Budget { period: Period::Day, limit: MicroCredits::credits(20), hard: true };
    let patch = QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() };
    plane.block(plane.tenancy.quota_set(&id, &patch)).unwrap();
    job_ended(&plane, job_taken(&plane, &id), "done".to_owned());
    let claim = |id: &TenantId, cost| {
        let cost = MicroCredits::credits(cost);
        let job = JobId::random(id, plane.drivers.clock.now()).unwrap();
        plane.block(plane.tenancy.job_submit(NewJob::new(job.clone(), "sum up".to_owned(), cost))).unwrap();
        let worker: WorkerId = "w1".parse().unwrap();
        let claim = plane.tenancy.jobs_claim(&worker, 1, LEASE, Duration::ZERO);
        assert!(plane.block(claim).unwrap().is_empty());
        job
    };
    // A message holds ten credits, of which nineteen are left.
    let whole = claim(&id, 20);
    assert_eq!(tenant(&plane, &id).settings.suspended, None);
    let why = plane.block(plane.tenancy.why_job(&whole, false)).unwrap();
    assert!(why.summary.starts_with("what is left of the period's budget does not cover it"), "{why:?}");
    let after = claim(&id, 1);
    let why = plane.block(plane.tenancy.why_job(&after, false)).unwrap();
    assert_eq!(why.expected_at, None, "the one before it is not known to begin: {why:?}");
    plane.block(plane.tenancy.tenant_wake(&id)).unwrap();
    plane.block(plane.tenancy.tenant_stop(&id, StopReason::Operator)).unwrap();
    for job in [whole, after] {
        plane.block(plane.tenancy.job_cancel(&job)).unwrap();
    }
    // Now a message cannot be paid for either, and an operator's wake is refused like it.
    let less = Budget { limit: MicroCredits::credits(3), ..budget };
    let patch = QuotaPatch { budget: Some(Some(less)), ..QuotaPatch::default() };
    plane.block(plane.tenancy.quota_set(&id, &patch)).unwrap();
    claim(&id, 3);
    // Whoever has no chat is suspended by that alone that nothing is left.
    plane.block(plane.tenancy.quota_set(&plain, &patch)).unwrap();
    job_ended(&plane, job_taken(&plane, &plain), "done".to_owned());
    claim(&plain, 3);
    assert_eq!(tenant(&plane, &plain).settings.suspended, None);
    plane.block(plane.tenancy.tenant_wake(&plain)).unwrap();
    let suspended = tenant(&plane, &id).settings.suspended.unwrap();
    let short = "the budget of 3 a day does not cover the 10 that are needed; a larger one or a grant resumes it";
    assert_eq!(suspended, format!("budget_exhausted: {short}"));
    let refused = plane.block(plane.tenancy.tenant_wake(&id)).unwrap_err();
    assert!(refused.to_string().contains(short), "{refused}");
    let refused = plane.block(plane.tenancy.tenant_resume(&id)).unwrap_err();
    assert!(refused.to_string().contains(short), "{refused}");
    let gift = Grant { expires_at: NEVER, amount: MicroCredits::credits(8) };
    plane.block(plane.tenancy.credits_grant(&id, "gift", gift)).unwrap();
    plane.block(plane.tenancy.tenant_wake(&id)).unwrap();
}
