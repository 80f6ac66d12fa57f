//! `--dry-run` without a control plane, and before one that does not know it. (Every order of a real one: `tests/e2e`.)

use super::{invocation::World, plane::Plane};

#[test]
fn a_store_without_a_control_plane_is_not_written_either() {
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    let submitted = world.ztm(["job", "submit", "alice", "hello", "--cost", "5", "-o", "name"]).ok();
    let job = submitted.stdout.trim();
    world.ztm(["schedule", "set", "alice", "report", "--cron", "@daily", "--job", "hi", "--cost", "1"]).ok();
    let everything = || {
        let lines = ["tenant list", "job list", "quota get alice", "schedule list", "inbox list", "spend export"];
        lines.map(|line| world.ztm(line.split(' ').chain(["-o", "json"])).ok().stdout)
    };
    world.ztm(["quota", "grant", "alice", "9"]).ok();
    let before = everything();
    for line in [
        &["tenant", "create", "bob"][..],
        &["tenant", "update", "alice", "--label", "team=red"],
        &["job", "submit", "alice", "hello", "--cost", "5"],
        &["job", "cancel", job],
        &["quota", "set", "alice", "--weight", "200"],
        &["quota", "grant", "alice", "5"],
        &["quota", "revoke", "alice", "5"],
        &["schedule", "set", "alice", "morning", "--cron", "@daily", "--message", "hi", "--chat", "7"],
        &["schedule", "run", "alice", "report"],
    ] {
        let said = world.ztm(line.iter().copied().chain(["--dry-run", "-o", "json"])).ok().json();
        assert_eq!((&said["dry_run"], &said["verb"]), (&true.into(), &line[..2].join(" ").into()));
    }
    for (line, code) in [
        (&["tenant", "create", "alice"][..], 5),
        (&["tenant", "wake", "alice"], 7),
        (&["job", "submit", "alice", "x", "--cost", "4000"], 2),
        (&["job", "retry", job], 5),
        (&["tenant", "update", "nobody", "--idle-timeout", "60"], 3),
    ] {
        let refused = world.ztm(line.iter().copied().chain(["--dry-run"]));
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(code), ""), "{line:?}: {refused}");
    }
    assert_eq!(everything(), before);
}

#[test]
fn a_control_plane_that_cannot_rehearse_is_not_given_the_order() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    for line in [
        &["tenant", "stop", "alice"][..],
        &["tenant", "delete", "alice"],
        &["job", "submit", "alice", "x", "--cost", "1"],
    ] {
        let refused = world.ztm(line.iter().copied().chain(["--dry-run"]));
        assert!(refused.code != Some(0) && refused.stdout.is_empty(), "{refused}");
    }
    assert!(plane.asked().iter().all(|line| line.contains(" /dry-run/")), "{:?}", plane.asked());
    assert_eq!(world.ztm(["tenant", "stop", "alice", "--dry-run=client"]).code, Some(2));
}

#[test]
fn a_rehearsed_grant_says_when_what_is_left_of_it_is_gone() {
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    let said = world.ztm(["quota", "grant", "alice", "5", "--expires", "30d", "--dry-run", "-o", "json"]).ok().json();
    let would = said["would"].as_str().unwrap();
    assert!(would.contains("5 credits until 20") && would.contains('Z'), "{would}");
    let stays = world.ztm(["quota", "grant", "alice", "5", "--dry-run"]).ok();
    assert!(!stays.stderr.contains("until"), "{stays}");
}

#[test]
fn the_help_names_the_one_value_that_a_dry_run_can_have() {
    let help = World::new().ztm(["tenant", "stop", "--help"]).ok().stdout;
    assert!(help.contains("--dry-run[=<server>]") && !help.contains("Possible values"), "{help}");
}
