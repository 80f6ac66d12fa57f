//! A stop by force, and one with a time limit, of an agent that has something in hand.

use std::time::Duration;

use libtenancy::{
    clock::Stopwatch,
    credits::MicroCredits,
    inbox::UpdateKey,
    jobs::{Finish, JobId, NewJob, Outcome, WorkerId},
    tenant::{BotId, Status, StopReason, TenantId},
};

use crate::plane::{Chat, Plane, TOKEN, accept, config};

/// The chat.
const PERSON: i64 = 7;

/// How long what is in hand takes, milliseconds.
const WORK: u64 = 8_000;

/// What takes no longer has not waited for it.
const SOON: Duration = Duration::from_secs(4);

/// A control plane that lets agents drain for longer than a test may take, and a tenant.
fn patient(dir: &std::path::Path, chat: &Chat) -> (Plane, TenantId) {
    let mut config = config(dir, &chat.double.url());
    config.drain = Duration::from_mins(5);
    let plane = Plane::start_with(config);
    let id: TenantId = "acme".parse().unwrap();
    plane.create(&id, Some(TOKEN));
    (plane, id)
}

/// Has the agent answer a message slowly; returns while it does.
fn has_in_hand(plane: &Plane, id: &TenantId, update: i64) {
    plane.block(accept(&plane.drivers, id, update, PERSON, &format!("/sleep {WORK}"))).unwrap();
    plane.tenancy.records_changed();
    plane.wait_for("the agent is busy", || async {
        plane.tenancy.agent_status(id).await.ok().filter(|status| status.busy > 0)
    });
}

fn handled(plane: &Plane, id: &TenantId, update: i64) {
    let key = UpdateKey { tenant: id.clone(), bot: BotId(4242), update_id: update };
    plane.wait_for("it is handled", || async {
        plane.drivers.inboxes.update_get(&key).await.unwrap().filter(|update| update.stage.label() == "handled")
    });
}

#[test]
fn a_stop_by_force_waits_for_nothing_and_what_was_in_hand_is_answered_once() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let (plane, id) = patient(dir.path(), &chat);
    has_in_hand(&plane, &id, 1);
    let watch = Stopwatch::start();
    let stopped = plane.block(plane.tenancy.tenant_stop(&id, StopReason::Forced)).unwrap();
    assert!(watch.elapsed() < SOON, "{:?}", watch.elapsed());
    assert_eq!(stopped.lifecycle.status, Status::Idle { reason: Some(StopReason::Forced) });
    // It goes back as after a crash, and wakes the next agent, which remembers that it was asked before.
    handled(&plane, &id, 1);
    let texts: Vec<String> = chat.double.sent(PERSON).into_iter().map(|sent| sent.text).collect();
    let answers: Vec<&String> = texts.iter().filter(|text| text.contains("you said")).collect();
    assert!(answers.len() == 1 && answers[0].starts_with("[2] "), "{texts:?}");
    plane.end();
}

#[test]
fn a_stop_by_force_cuts_a_stop_that_drains() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let (plane, id) = patient(dir.path(), &chat);
    has_in_hand(&plane, &id, 1);
    let (tenancy, of) = (plane.tenancy.clone(), id.clone());
    let drains = plane.runtime.spawn(async move { tenancy.tenant_stop(&of, StopReason::Operator).await });
    plane.wait_for("it drains", || async {
        let tenant = plane.drivers.tenants.tenant_get(&id).await.unwrap().unwrap();
        matches!(tenant.lifecycle.status, Status::Stopping { .. }).then_some(())
    });
    let watch = Stopwatch::start();
    plane.block(plane.tenancy.tenant_stop(&id, StopReason::Forced)).unwrap();
    plane.block(drains).unwrap().unwrap();
    assert!(watch.elapsed() < SOON, "{:?}", watch.elapsed());
    handled(&plane, &id, 1);
    plane.end();
}

#[test]
fn an_agent_may_take_as_long_as_the_stop_says_and_is_saved_then() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let (plane, id) = patient(dir.path(), &chat);
    has_in_hand(&plane, &id, 1);
    let watch = Stopwatch::start();
    let drain = Some(Duration::from_millis(100));
    let stopped = plane.block(plane.tenancy.tenant_stop_within(&id, StopReason::Operator, drain)).unwrap();
    assert!(watch.elapsed() < SOON, "{:?}", watch.elapsed());
    assert!(stopped.lifecycle.snapshot.is_some(), "it was saved");
    let endless = Some(Duration::from_secs(86_400));
    plane.block(plane.tenancy.tenant_stop_within(&id, StopReason::Operator, endless)).unwrap_err();
    plane.end();
}

#[test]
fn a_paid_job_that_a_stop_by_force_cuts_off_is_done_by_the_next_agent_and_paid_once() {
    let (dir, chat) = (tempfile::tempdir().unwrap(), Chat::start());
    let (plane, id) = patient(dir.path(), &chat);
    let cost = MicroCredits::credits(1);
    let new = NewJob::new(JobId::random(&id, plane.drivers.clock.now()).unwrap(), format!("/sleep {WORK}"), cost);
    plane.block(plane.tenancy.job_submit(new)).unwrap();
    let worker: WorkerId = "w1".parse().unwrap();
    let lease = Duration::from_secs(60);
    let leased = plane.block(plane.tenancy.jobs_claim(&worker, 1, lease, Duration::ZERO)).unwrap().remove(0);
    plane.block(plane.tenancy.job_prepare(&leased.id)).unwrap();
    let (tenancy, job, prompt) = (plane.tenancy.clone(), leased.id.clone(), leased.prompt.clone());
    let works = plane.runtime.spawn(async move { tenancy.job_execute(&job, prompt).await });
    plane.wait_for("the agent is busy", || async {
        plane.tenancy.agent_status(&id).await.ok().filter(|status| status.busy > 0)
    });
    plane.block(plane.tenancy.tenant_stop(&id, StopReason::Forced)).unwrap();
    // The worker's turn goes on with the next agent, which remembers the first one's.
    let result = plane.block(works).unwrap().unwrap();
    assert!(result.starts_with("[2] "), "{result}");
    let account = plane.block(plane.tenancy.quota_get(&id)).unwrap().0;
    assert_eq!((account.held, account.period_spent), (cost, MicroCredits::ZERO), "it is held for still");
    let outcome = Outcome::Succeeded { result, pointer: None };
    let finish = Finish { id: leased.id, epoch: leased.epoch, outcome, used: cost };
    plane.block(plane.tenancy.leases_finalize(vec![finish])).unwrap().remove(0).unwrap();
    let account = plane.block(plane.tenancy.quota_get(&id)).unwrap().0;
    assert_eq!((account.held, account.period_spent), (MicroCredits::ZERO, cost));
    plane.end();
}
