//! Each step of an operation fails in turn; the next attempt succeeds, and nothing is left over.

use libtenancy::tenant::{Status, StopReason, TenantId};

use crate::{
    faulty::Fault,
    plane::{Chat, Plane},
};

const FAULTS: [Fault; 2] = [Fault::FailBefore, Fault::FailAfter];

/// Runs `operation` on a new tenant with the n-th call failing, for every n; then `check`s what is left.
fn every_step(
    prepare: impl Fn(&Plane, &TenantId),
    operation: impl Fn(&Plane, &TenantId),
    check: impl Fn(&Plane, &TenantId, &str),
) {
    let dir = tempfile::tempdir().unwrap();
    let chat = Chat::start();
    let plane = Plane::start(dir.path(), &chat.double.url());
    let mut steps = 0;
    for fault in FAULTS {
        for call in 0.. {
            let id: TenantId =
                format!("t-{}-{call}", if fault == Fault::FailBefore { "b" } else { "a" }).parse().unwrap();
            plane.create(&id, None);
            prepare(&plane, &id);
            plane.plan.arm(call, fault);
            operation(&plane, &id);
            let Some(struck) = plane.plan.disarm() else { break };
            steps += 1;
            check(&plane, &id, &format!("{fault:?} at call {call}, {struck}"));
        }
    }
    assert!(steps > 8, "only {steps} steps were reached");
    plane.end();
}

#[test]
fn a_wake_with_any_step_failing_leaves_one_agent_or_none_and_the_next_wake_succeeds() {
    every_step(
        |_, _| {},
        |plane, id| drop(plane.block(plane.tenancy.tenant_wake(id))),
        |plane, id, case| {
            let woken = plane.wait_for(case, || async { plane.tenancy.tenant_wake(id).await.ok() });
            assert_eq!(plane.workloads(id), 1, "{case}");
            let status = plane.block(plane.tenancy.agent_status(id)).unwrap();
            assert_eq!(status.generation, Some(woken.0.generation), "{case}");
            plane.wait_for(case, || async { plane.tenancy.tenant_stop(id, StopReason::Operator).await.ok() });
            assert_eq!(plane.workloads(id), 0, "{case}");
        },
    );
}

#[test]
fn a_stop_with_any_step_failing_ends_with_an_idle_tenant_and_no_agent() {
    every_step(
        |plane, id| drop(plane.block(plane.tenancy.tenant_wake(id)).unwrap()),
        |plane, id| drop(plane.block(plane.tenancy.tenant_stop(id, StopReason::Operator))),
        |plane, id, case| {
            plane.wait_for(case, || async {
                let _ = plane.tenancy.tenant_stop(id, StopReason::Operator).await;
                plane
                    .drivers
                    .tenants
                    .tenant_get(id)
                    .await
                    .unwrap()
                    .filter(|tenant| matches!(tenant.lifecycle.status, Status::Idle { .. }))
            });
            assert_eq!(plane.workloads(id), 0, "{case}");
        },
    );
}

#[test]
fn a_stop_by_force_with_any_step_failing_ends_with_an_idle_tenant_and_no_agent() {
    every_step(
        |plane, id| drop(plane.block(plane.tenancy.tenant_wake(id)).unwrap()),
        |plane, id| drop(plane.block(plane.tenancy.tenant_stop(id, StopReason::Forced))),
        |plane, id, case| {
            plane.wait_for(case, || async {
                let _ = plane.tenancy.tenant_stop(id, StopReason::Forced).await;
                let tenant = plane.drivers.tenants.tenant_get(id).await.unwrap().unwrap();
                matches!(tenant.lifecycle.status, Status::Idle { .. }).then_some(())
            });
            assert_eq!(plane.workloads(id), 0, "{case}");
        },
    );
}

#[test]
fn r17_a_deletion_with_any_step_failing_is_finished_and_leaves_nothing() {
    every_step(
        |plane, id| drop(plane.block(plane.tenancy.tenant_wake(id)).unwrap()),
        |plane, id| drop(plane.block(plane.tenancy.tenant_delete(id, false))),
        |plane, id, case| {
            // What failed before `terminated` was written is asked for again; what failed after it is finished by the
            // reconciler.
            if !matches!(plane.status(id), None | Some(Status::Terminated { .. })) {
                plane.block(plane.tenancy.tenant_delete(id, false)).unwrap();
            }
            plane.tenancy.records_changed();
            plane.wait_for(case, || async {
                plane.drivers.tenants.tenant_get(id).await.unwrap().is_none().then_some(())
            });
            assert_eq!(plane.workloads(id), 0, "{case}");
            assert!(plane.block(plane.drivers.snapshots.snapshot_list(id)).unwrap().is_empty(), "{case}");
            assert!(
                !plane.tenancy.config().state_dir.join("tenants").join(id.as_str()).join("state").exists(),
                "{case}"
            );
        },
    );
}
