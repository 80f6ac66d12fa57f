//! `ZTM_IDEMPOTENCY_KEY` on the store itself. (At a control plane: `tests/e2e/orders.rs`.)

use super::{
    invocation::{Ended, World},
    plane::Plane,
};

fn under(world: &World, key: &str, line: &[&str]) -> Ended {
    world.ended(world.command().args(line).env("ZTM_IDEMPOTENCY_KEY", key))
}

fn world() -> World {
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    world
}

#[test]
fn an_order_under_a_key_is_done_once_and_answered_the_same_without_a_control_plane() {
    let world = world();
    let job = world.ztm(["job", "submit", "alice", "hello", "--cost", "5", "-o", "name"]).ok();
    let job = job.stdout.trim();
    let schedule =
        ["schedule", "set", "alice", "morning", "--cron", "@daily", "--job", "hi", "--cost", "1", "-o", "json"];
    // What undoes an order, so that a repeat that was done again would show.
    let undo: &[(&[&str], &[&[&str]])] = &[
        (&["tenant", "create", "bob", "-o", "json"], &[]),
        (
            &["tenant", "update", "alice", "--label", "team=red", "-o", "json"],
            &[&["tenant", "update", "alice", "--label", "team=blue"]],
        ),
        (&["quota", "set", "alice", "--weight", "200", "-o", "json"], &[&["quota", "set", "alice", "--weight", "300"]]),
        (&["quota", "grant", "alice", "50", "-o", "json"], &[]),
        (&["job", "cancel", job, "-o", "name"], &[&["job", "retry", job]]),
        (&schedule, &[&["schedule", "pause", "alice", "morning"]]),
        (&["schedule", "delete", "alice", "morning", "--yes", "-o", "json"], &[]),
    ];
    let everything = || {
        let lines = ["tenant list", "job list", "quota get alice", "schedule list", "spend export"];
        lines.map(|line| world.ztm(line.split(' ').chain(["-o", "json"])).ok().stdout)
    };
    for (order, after) in undo {
        let first = under(&world, "deploy-7", order).ok();
        for line in *after {
            world.ztm(line.iter().copied()).ok();
        }
        let before = everything();
        let again = under(&world, "deploy-7", order).ok();
        assert_eq!(again.stdout, first.stdout, "{order:?}");
        assert_eq!(everything(), before, "{order:?} was done again");
    }
}

#[test]
fn a_key_stands_for_one_order_and_not_for_what_was_refused_or_rehearsed() {
    let world = world();
    let weight = |key, weight, more: &[&str]| {
        under(&world, key, &[&["quota", "set", "alice", "--weight", weight], more].concat())
    };
    weight("k", "200", &["--dry-run"]).ok();
    weight("k", "300", &[]).ok();
    let other = weight("k", "400", &[]);
    assert_eq!(other.code, Some(5), "{other}");
    assert!(other.stderr.contains("it was used for something else"), "{other}");
    let create = ["tenant", "update", "bob", "--label", "team=red"];
    assert_eq!(under(&world, "r", &create).code, Some(3));
    world.ztm(["tenant", "create", "bob"]).ok();
    under(&world, "r", &create).ok();
}

#[test]
fn every_order_of_a_command_has_a_key_of_its_own() {
    let world = world();
    let manifest = "tenants:\n  - {name: bob}\n  - {name: carol}\n";
    let apply = || {
        let mut command = world.command();
        command.args(["apply", "-f", "-"]).env("ZTM_IDEMPOTENCY_KEY", "deploy-7").write_stdin(manifest);
        world.ended(&mut command).ok();
    };
    apply();
    apply();
    assert_eq!(world.ztm(["tenant", "list", "-o", "name"]).ok().stdout, "alice\nbob\ncarol\n");
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.update("alice", 1, "dead", None);
    plane.update("alice", 2, "dead", None);
    under(&world, "deploy-7", &["inbox", "drop", "--yes", "alice/7/1", "alice/7/2"]).ok();
    let of = |update: &str| format!("deploy-7:POST:/inbox/drop:{update}");
    assert_eq!(plane.keys(), ["alice%2F7%2F1", "alice%2F7%2F2"].map(of));
}
