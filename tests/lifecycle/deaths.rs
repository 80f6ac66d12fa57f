//! The control plane dies at each step of an operation in turn; the next one finishes what was begun.

use std::{fs, path::PathBuf, time::Duration};

use libtenancy::{
    inbox::UpdateKey,
    ports::jobs::JobFilter,
    tenant::{BotId, Status, StopReason, TenantId},
};

use crate::{
    faulty::Fault,
    paid::waiting,
    plane::{Chat, Plane, TOKEN, accept},
    schedules,
};

/// A chat that nobody looks at.
const NOBODY: i64 = 1_000_000;

const DEATHS: [Fault; 2] = [Fault::DieBefore, Fault::DieAfter];

/// Lets the control plane die at the n-th call of `operation`, for every n; `check`s what its successor makes of it.
fn every_step(
    prepare: impl Fn(&Plane, &TenantId),
    operation: impl AsyncFn(&Plane, &TenantId, i64),
    check: impl Fn(&Plane, &Chat, &TenantId, i64, &str),
) {
    let chat = Chat::start();
    let dir = tempfile::tempdir().unwrap();
    let id: TenantId = "mortal".parse().unwrap();
    let (mut steps, mut person) = (0, 0);
    for death in DEATHS {
        for call in 0.. {
            person += 1;
            let state_dir = dir.path().join(format!("{death:?}-{call}"));
            let plane = Plane::start(&state_dir, &chat.double.url());
            plane.create(&id, Some(TOKEN));
            prepare(&plane, &id);
            plane.plan.arm(call, death);
            let died = plane.block(async {
                tokio::select! {
                    () = plane.plan.died() => true,
                    // A chat of its own for every death.
                    () = operation(&plane, &id, person) => false,
                }
            });
            let struck = plane.plan.disarm();
            plane.die();
            let next = Plane::start(&state_dir, &chat.double.url());
            check(&next, &chat, &id, person, &format!("{death:?} at call {call}, {}", struck.unwrap_or("never")));
            next.end();
            if !died {
                break;
            }
            steps += 1;
        }
    }
    assert!(steps > 8, "only {steps} steps were reached");
}

#[test]
fn r4_a_death_at_any_step_of_a_wake_leaves_one_agent_that_is_adopted_or_none() {
    every_step(
        |_, _| {},
        async |plane, id, _| drop(plane.tenancy.tenant_wake(id).await),
        |plane, _, id, _, case| {
            let (agent, _) = plane.wait_for(case, || async { plane.tenancy.tenant_wake(id).await.ok() });
            assert_eq!(plane.workloads(id), 1, "{case}");
            let status = plane.block(plane.drivers.workloads.agent_status(id, &agent)).unwrap();
            assert_eq!(status.generation, Some(agent.generation), "{case}");
        },
    );
}

#[test]
fn a_death_at_any_step_of_what_a_schedule_fires_leaves_one_answer_and_one_job() {
    every_step(
        |_, _| {},
        async |plane, id, chat| {
            schedules::both_due(plane, id, chat).await;
            while schedules::noted(plane, id).await.is_none() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        },
        schedules::came_once,
    );
}

/// Says something to the agent and stops it: an archive more, whose file it is.
fn lived(plane: &Plane, id: &TenantId, update: i64, chat: i64) -> PathBuf {
    plane.block(async {
        accept(&plane.drivers, id, update, chat, "hello").await.unwrap();
        plane.tenancy.records_changed();
        let key = UpdateKey { tenant: id.clone(), bot: BotId(4242), update_id: update };
        while plane.drivers.inboxes.update_get(&key).await.unwrap().unwrap().stage.label() != "handled" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        plane.tenancy.tenant_stop(id, StopReason::Operator).await.unwrap();
        let tenant = plane.drivers.tenants.tenant_get(id).await.unwrap().unwrap();
        plane.tenancy.config().state_dir.join("snapshots").join(tenant.lifecycle.snapshot.unwrap().key)
    })
}

#[test]
fn a_death_at_any_step_of_a_wake_from_a_damaged_archive_still_ends_with_the_last_good_one() {
    every_step(
        |plane, id| {
            let (good, bad) = (lived(plane, id, 1, NOBODY), lived(plane, id, 2, NOBODY));
            assert_ne!(good, bad);
            let mut bytes = fs::read(&bad).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&bad, bytes).unwrap();
            // This machine's own state would do as well.
            fs::remove_dir_all(plane.tenancy.config().state_dir.join("tenants").join(id.as_str())).unwrap();
        },
        async |plane, id, _| drop(plane.tenancy.tenant_wake(id).await),
        |plane, telegram, id, chat, case| {
            plane.wait_for(case, || async { plane.tenancy.tenant_wake(id).await.ok() });
            assert_eq!(plane.workloads(id), 1, "{case}");
            let tenant = plane.block(plane.drivers.tenants.tenant_get(id)).unwrap().unwrap();
            assert!(tenant.lifecycle.snapshot.unwrap().instead_of.is_some(), "{case}");
            assert!(lived(plane, id, 3, chat).is_file(), "{case}");
            let texts: Vec<String> = telegram.double.sent(chat).into_iter().map(|sent| sent.text).collect();
            assert!(texts.len() == 1 && texts[0].starts_with("[2] "), "{case}: one message is remembered: {texts:?}");
        },
    );
}

#[test]
fn a_death_at_any_step_of_a_stop_is_finished_by_the_next_control_plane() {
    every_step(
        |plane, id| drop(plane.block(plane.tenancy.tenant_wake(id)).unwrap()),
        async |plane, id, _| drop(plane.tenancy.tenant_stop(id, StopReason::Operator).await),
        |plane, _, id, _, case| {
            // A stop that had not been written down is not anybody's to finish.
            plane.wait_for(case, || async {
                let tenant = plane.drivers.tenants.tenant_get(id).await.unwrap().unwrap();
                matches!(tenant.lifecycle.status, Status::Idle { .. } | Status::Running { .. }).then_some(())
            });
            let running = matches!(plane.status(id), Some(Status::Running { .. }));
            assert_eq!(plane.workloads(id), usize::from(running), "{case}");
        },
    );
}

#[test]
fn a_death_at_any_step_of_a_suspension_leaves_a_tenant_that_runs_or_is_suspended_without_an_agent() {
    every_step(
        |plane, id| drop(plane.block(plane.tenancy.tenant_wake(id)).unwrap()),
        async |plane, id, _| drop(plane.tenancy.tenant_suspend(id, "unpaid").await),
        |plane, _, id, _, case| {
            let suspended = plane.wait_for(case, || async {
                let tenant = plane.drivers.tenants.tenant_get(id).await.unwrap().unwrap();
                match (tenant.lifecycle.status, tenant.settings.suspended) {
                    (Status::Running { .. }, None) => Some(false),
                    (Status::Idle { reason: Some(StopReason::Operator) }, Some(_)) => Some(true),
                    _ => None,
                }
            });
            assert_eq!(plane.workloads(id), usize::from(!suspended), "{case}");
        },
    );
}

#[test]
fn a_death_at_any_step_of_calling_a_job_off_leaves_no_suspension_that_the_job_brought_about() {
    every_step(
        |plane, id| drop(waiting(plane, id)),
        async |plane, id, _| {
            let jobs = plane.tenancy.job_list(&JobFilter::default(), None, 10).await.unwrap();
            let waits = jobs.into_iter().find(|job| job.id.tenant() == id && !job.state.is_terminal()).unwrap();
            drop(plane.tenancy.job_cancel(&waits.id).await);
        },
        |plane, _, id, _, case| {
            plane.wait_for(case, || async {
                let jobs = plane.tenancy.job_list(&JobFilter::default(), None, 10).await.unwrap();
                let waits = jobs.iter().any(|job| !job.state.is_terminal());
                let tenant = plane.drivers.tenants.tenant_get(id).await.unwrap().unwrap();
                (waits == tenant.settings.suspended.is_some()).then_some(())
            });
        },
    );
}

#[test]
fn a_death_at_any_step_of_a_stop_by_force_ends_as_the_stop_does_and_with_all_that_was_remembered() {
    every_step(
        |plane, id| {
            plane.block(async {
                accept(&plane.drivers, id, 1, NOBODY, "hello").await.unwrap();
                plane.tenancy.records_changed();
                let key = UpdateKey { tenant: id.clone(), bot: BotId(4242), update_id: 1 };
                while plane.drivers.inboxes.update_get(&key).await.unwrap().unwrap().stage.label() != "handled" {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
        },
        async |plane, id, _| drop(plane.tenancy.tenant_stop(id, StopReason::Forced).await),
        |plane, telegram, id, chat, case| {
            plane.wait_for(case, || async {
                let tenant = plane.drivers.tenants.tenant_get(id).await.unwrap().unwrap();
                match tenant.lifecycle.status {
                    Status::Idle { .. } => Some(()),
                    // A stop that had not been written down is not anybody's to finish.
                    Status::Running { .. } => {
                        plane.tenancy.tenant_stop(id, StopReason::Forced).await.unwrap();
                        None
                    }
                    _ => None,
                }
            });
            let ended = plane.status(id);
            let is_forced = matches!(&ended, Some(Status::Idle { reason: Some(StopReason::Forced) }));
            assert!(is_forced, "{case}: {ended:?}");
            assert_eq!(plane.workloads(id), 0, "{case}");
            assert!(lived(plane, id, 2, chat).is_file(), "{case}");
            let texts: Vec<String> = telegram.double.sent(chat).into_iter().map(|sent| sent.text).collect();
            assert!(texts.len() == 1 && texts[0].starts_with("[2] "), "{case}: {texts:?}");
        },
    );
}

#[test]
fn a_death_at_any_step_of_a_deletion_is_finished_by_the_next_control_plane() {
    every_step(
        |plane, id| drop(plane.block(plane.tenancy.tenant_wake(id)).unwrap()),
        async |plane, id, _| drop(plane.tenancy.tenant_delete(id, false).await),
        |plane, _, id, _, case| {
            plane.wait_for(case, || async {
                match plane.drivers.tenants.tenant_get(id).await.unwrap() {
                    None => Some(()),
                    Some(tenant) if matches!(tenant.lifecycle.status, Status::Terminated { .. }) => None,
                    // Died before it was written down.
                    Some(_) => plane.tenancy.tenant_delete(id, false).await.ok(),
                }
            });
            assert_eq!(plane.workloads(id), 0, "{case}");
        },
    );
}

#[test]
fn r1_a_message_is_answered_whatever_step_of_its_way_the_control_plane_dies_at() {
    every_step(
        |_, _| {},
        async |plane, id, chat| {
            accept(&plane.drivers, id, 1, chat, "hello").await.unwrap();
            // As the router does; the loops do the rest.
            plane.tenancy.records_changed();
            let key = UpdateKey { tenant: id.clone(), bot: BotId(4242), update_id: 1 };
            while plane.drivers.inboxes.update_get(&key).await.unwrap().unwrap().stage.label() != "handled" {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        },
        |plane, telegram, id, chat, case| {
            let key = UpdateKey { tenant: id.clone(), bot: BotId(4242), update_id: 1 };
            let update = plane.wait_for(case, || async {
                plane.drivers.inboxes.update_get(&key).await.unwrap().filter(|update| update.stage.label() == "handled")
            });
            let texts: Vec<String> = telegram.double.sent(chat).into_iter().map(|sent| sent.text).collect();
            // The turn was run once: the agent remembers one message. Its reply may repeat only where that is counted.
            assert!(texts.iter().all(|text| text.starts_with("[1] ")), "{case}: {texts:?}");
            assert!(!texts.is_empty() && texts.len() <= 1 + update.possible_repeats as usize, "{case}: {texts:?}");
        },
    );
}
