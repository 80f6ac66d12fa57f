//! `ztm tenant logs`.

use insta::assert_snapshot;

use super::{invocation::World, plane::Plane};

#[test]
fn a_log_is_printed_as_it_is_where_no_terminal_obeys_it() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.log(&["one\n", "two\u{1b}[2J\n", "three"]);
    let ended = world.ztm(["tenant", "logs", "alice"]).ok();
    assert_eq!(ended.stdout, "one\ntwo\u{1b}[2J\nthree");
    assert_eq!(world.ztm(["tenant", "logs", "alice", "--tail", "2", "-f"]).ok().stdout, "two\u{1b}[2J\nthree");
    assert_eq!(plane.asked().last().unwrap(), "GET /tenants/alice/logs?tail=2&follow=true");
}

#[test]
fn a_log_as_json_is_a_document_a_line() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.log(&["one\r\n", "\n", "three \"3\""]);
    assert_snapshot!(world.ztm(["tenant", "logs", "alice", "-o", "json"]), @r#"
    exit: 0
    --- stdout
    {"tenant_id":"alice","line":"one"}
    {"tenant_id":"alice","line":""}
    {"tenant_id":"alice","line":"three \"3\""}
    --- stderr
    "#);
}

#[test]
fn a_log_that_is_not_there_is_an_error() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.fail("GET /tenants/alice/logs?tail=200&follow=false", 404, "not_found", "log `alice` not found");
    assert_snapshot!(world.ztm(["tenant", "logs", "alice"]), @"
    exit: 3
    --- stdout
    --- stderr
    error: log `alice` not found
    ");
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    use std::{
        io::Read,
        process::{Command, Stdio},
    };
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let line = "x".repeat(1023) + "\n";
    plane.log(&vec![line.as_str(); 4096]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_ztm"))
        .args(["tenant", "logs", "alice", "--tail", "100000"])
        .env_clear()
        .envs(world.environment())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn the_steps_of_a_message_are_told_unless_only_what_is_graver_is_asked_for() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    for (level, text) in [("debug", "a small step"), ("info", "a step"), ("warn", "a fall")] {
        plane.told(&serde_json::json!({
            "at": "2026-11-29T09:00:00Z", "source": "orchestrator", "level": level, "text": text,
        }));
    }
    let shown = |args: &[&str]| world.ztm(args).ok().stdout.lines().count();
    assert_eq!((shown(&["logs", "alice"]), shown(&["logs", "alice", "--level", "info"])), (3, 2));
    assert_eq!(shown(&["logs", "alice", "--level", "warn"]), 1);
    assert_eq!(shown(&["logs", "alice", "--level", "info", "--tail", "2"]), 2, "what is left out does not count");
}

#[test]
fn where_nothing_is_that_young_it_is_said_when_the_last_line_was_told() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.told(&serde_json::json!({
        "at": "2026-11-29T09:00:00Z", "source": "orchestrator", "level": "info", "text": "running",
    }));
    let said = world.ztm(["logs", "alice", "--since", "2026-11-30T00:00:00Z"]).ok();
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains("nothing was told since 2026-11-30T00:00:00"), "{said}");
    assert!(said.stderr.contains("the last line like this is of 2026-11-29T09:00:00"), "{said}");
    assert!(world.ztm(["logs", "alice"]).ok().stdout.contains("running"));
}
