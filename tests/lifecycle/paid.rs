//! A tenant that is out of credits and whose job is paid for.

use std::{sync::Arc, time::Duration};

use libtenancy::{
    clock::{Clock, ManualClock, SystemClock},
    credits::MicroCredits,
    jobs::{Finish, JobId, NewJob, Outcome, WorkerId},
    partition::QuotaPatch,
    ports::ledgers::RowFilter,
    quota::{Grant, NEVER},
    spend::By,
    tenant::{StopReason, Tenant, TenantId},
};

use crate::plane::{Chat, Plane, TOKEN, accept, config};

const LEASE: Duration = Duration::from_secs(30);

fn tenant(plane: &Plane, id: &TenantId) -> Tenant {
    plane.block(plane.tenancy.tenant_get(id)).unwrap()
}

/// Grants what a job costs, which is less than a message holds, and has it done; when it began.
fn job_done(plane: &Plane, id: &TenantId, name: &str) -> libtenancy::clock::Timestamp {
    let cost = MicroCredits::credits(1);
    let gift = Grant { expires_at: NEVER, amount: cost };
    plane.block(plane.tenancy.credits_grant(id, name, gift)).unwrap();
    let began = plane.drivers.clock.now();
    let new = NewJob::new(JobId::random(id, began).unwrap(), "sum up".to_owned(), cost);
    plane.block(plane.tenancy.job_submit(new)).unwrap();
    let worker: WorkerId = "w1".parse().unwrap();
    let leased = plane.block(plane.tenancy.jobs_claim(&worker, 1, LEASE, Duration::ZERO)).unwrap().remove(0);
    plane.block(plane.tenancy.job_prepare(&leased.id)).unwrap();
    let said = plane.block(plane.tenancy.job_execute(&leased.id, leased.prompt)).unwrap();
    let finish = Finish {
        id: leased.id,
        epoch: leased.epoch,
        outcome: Outcome::Succeeded { result: said, pointer: None },
        used: cost,
    };
    plane.block(plane.tenancy.leases_finalize(vec![finish])).unwrap().remove(0).unwrap();
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

#[test]
fn a_suspension_that_a_job_brought_about_ends_when_the_job_is_called_off() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let plane = Plane::start(dir.path(), &chat.double.url());
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, None);
    let little =
        QuotaPatch { rate: Some(MicroCredits::ZERO), burst: Some(MicroCredits::credits(2)), ..QuotaPatch::default() };
    plane.block(plane.tenancy.quota_set(&id, &little)).unwrap();
    let worker: WorkerId = "w1".parse().unwrap();
    let waits = |cost: i64| {
        let (now, cost) = (plane.drivers.clock.now(), MicroCredits::credits(cost));
        let new = NewJob::new(JobId::random(&id, now).unwrap(), "x".to_owned(), cost);
        let spent = plane.block(plane.tenancy.job_submit(new)).unwrap();
        let claimed = plane.block(plane.tenancy.jobs_claim(&worker, 1, LEASE, Duration::ZERO)).unwrap();
        (spent, claimed)
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
    assert!(tenant(&plane, &id).settings.suspended.is_some());
    let why = || plane.block(plane.tenancy.why_tenant(&id, true)).unwrap().summary;
    assert!(why().contains("it is suspended"), "{}", why());
    plane.block(plane.tenancy.job_cancel(&second.id)).unwrap();
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
