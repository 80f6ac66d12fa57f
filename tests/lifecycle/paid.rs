//! A tenant that is out of credits and whose job is paid for.

use std::time::Duration;

use libtenancy::{
    credits::MicroCredits,
    jobs::{Finish, JobId, NewJob, Outcome, WorkerId},
    partition::QuotaPatch,
    quota::{Grant, NEVER},
    tenant::{Tenant, TenantId},
};

use crate::plane::{Chat, Plane, TOKEN, accept};

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
