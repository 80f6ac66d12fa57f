//! `ztm tenant wait`.

use insta::assert_snapshot;
use libtenancy::tenant::StopReason;

use super::{
    invocation::World,
    plane::{Plane, job},
};

#[test]
fn a_wait_ends_when_the_state_is_reached() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| "provisioning".clone_into(&mut tenant.status));
    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| world.ztm(["tenant", "wait", "alice", "--for", "running"]));
        while plane.asked().len() < 2 {
            std::thread::yield_now();
        }
        plane.tenant("alice", |tenant| "running".clone_into(&mut tenant.status));
        waiting.join().unwrap()
    });
    assert_snapshot!(waiting, @"
    exit: 0
    --- stdout
    alice is running
    --- stderr
    ");
    plane.without_tenant("alice");
    assert_snapshot!(world.ztm(["tenant", "wait", "alice", "--for", "deleted"]), @"
    exit: 0
    --- stdout
    alice is deleted
    --- stderr
    ");
}

#[test]
fn a_wait_for_what_cannot_happen_any_more_ends_at_once() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    // One that failed before is nothing that ends a wait for the next.
    let failed = StopReason::WakeFailed("the agent of `alice` failed: exit status: 1".to_owned());
    plane.tenant("alice", |tenant| tenant.stop_reason = Some(failed.clone()));
    assert_eq!(world.ztm(["tenant", "wait", "alice", "--for", "running", "--timeout", "300ms"]).code, Some(6));
    let looks = plane.asked().len();
    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| world.ztm(["tenant", "wait", "alice", "--for", "running"]));
        while plane.asked().len() < looks + 2 {
            std::thread::yield_now();
        }
        plane.tenant("alice", |tenant| (tenant.generation, tenant.stop_reason) = (3, Some(failed)));
        waiting.join().unwrap()
    });
    assert_snapshot!(waiting, @"
    exit: 1
    --- stdout
    --- stderr
    error: the agent of `alice` failed: its wake failed: exit status: 1
    hint: `ztm tenant logs alice` shows what the agent said
    request id: test
    ");
    assert_snapshot!(world.ztm(["tenant", "wait", "bob", "--for", "idle"]), @"
    exit: 3
    --- stdout
    --- stderr
    error: tenant `bob` not found
    hint: `ztm tenant list` shows the tenants that exist
    ");
}

#[test]
fn a_wait_has_an_end() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    assert_snapshot!(world.ztm(["tenant", "wait", "alice", "--for", "deleted", "--timeout", "300ms"]), @"
    exit: 6
    --- stdout
    --- stderr
    error: waiting for `alice` to be deleted did not finish within 300ms
    hint: `ztm why tenant alice` says what holds it up; `--timeout` waits longer
    ");
}

#[test]
fn a_wait_is_for_a_tenant_or_a_job() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    assert_eq!(world.ztm(["wait", "tenant/alice", "--for", "idle"]).ok().stdout, "alice is idle\n");
    let id = "alice.00000000000000000000000000";
    plane.answer(&format!("GET /jobs/{id}/wait?timeout_s=30"), 200, &job(id, "dead", |_| ()));
    assert_eq!(world.ztm(["wait", &format!("job/{id}")]).code, Some(1));
    for wrong in [
        &["wait", "alice", "--for", "idle"] as &[&str],
        &["wait", "tenant/", "--for", "idle"],
        &["wait", "tenant/alice"],
        &["wait", &format!("job/{id}"), "--for", "idle"],
        &["wait", "tenant/alice", "--for", "asleep"],
    ] {
        let refused = world.ztm(wrong.iter().copied());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{wrong:?}: {refused}");
    }
}

#[test]
fn a_wait_that_times_out_says_where_to_look() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| "provisioning".clone_into(&mut tenant.status));
    for line in [
        &["tenant", "wait", "alice", "--for", "running", "--timeout", "300ms"][..],
        &["wait", "tenant/alice", "--for", "running", "--timeout", "300ms"],
    ] {
        let late = world.ztm(line.iter().copied());
        assert_eq!(late.code, Some(6), "{late}");
        assert!(late.stderr.contains("hint: `ztm why wake alice` says what holds it up"), "{late}");
    }
    let late = world.ztm(["tenant", "wait", "alice", "--for", "idle", "--timeout", "300ms", "-o", "json"]);
    assert_eq!((late.code, &late.json_error()["code"]), (Some(6), &"timeout".into()), "{late}");
    assert!(late.json_error()["hint"].as_str().unwrap().contains("`ztm why tenant alice`"), "{late}");
    let id = "alice.01k9zz5d7e8f9g0h1j2k3m4n5p";
    plane.answer(&format!("GET /jobs/{id}"), 200, &job(id, "queued", |_| ()));
    let late = world.ztm(["wait", &format!("job/{id}"), "--timeout", "300ms"]);
    assert_eq!(late.code, Some(6), "{late}");
    assert!(late.stderr.contains(&format!("hint: `ztm why job {id}` says what it waits for")), "{late}");
}
