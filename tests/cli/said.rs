//! What commands say beside their data: of what there was nothing to do, what was replaced, what a flag's value means.

use std::time::Duration;

use libtenancy::clock::{Clock, SystemClock};

use super::{invocation::World, plane::Plane, terminal::Terminal};

/// A world with one tenant and no control plane.
fn world() -> World {
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    world
}

#[test]
fn a_label_that_is_given_twice_is_refused() {
    let world = world();
    for verb in ["create", "update"] {
        let refused = world.ztm(["tenant", verb, "alice", "--label", "a=b", "--label", "a=c"]);
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains("label `a` is given twice"), "{refused}");
    }
}

#[test]
fn a_tenant_that_is_not_suspended_is_resumed_with_a_word() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.tenant("bob", |tenant| tenant.suspended = Some("unpaid".to_owned()));
    let nothing = world.ztm(["tenant", "resume", "alice"]).ok();
    assert!(nothing.stderr.contains("`alice` was not suspended"), "{nothing}");
    let both = world.ztm(["tenant", "resume", "alice", "bob"]).ok();
    assert!(both.stderr.contains("`alice` was not") && !both.stderr.contains("`bob`"), "{both}");
}

#[test]
fn a_suspension_that_is_replaced_is_said_with_what_it_was_and_what_it_is() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for name in ["alice", "bob"] {
        plane.tenant(name, |_| ());
    }
    let suspend = |names: &[&str], reason: &str| {
        world.ztm([&["tenant", "suspend"], names, &["--reason", reason]].concat()).ok().stderr
    };
    assert_eq!(suspend(&["alice"], "unpaid"), "");
    assert_eq!(suspend(&["alice"], "unpaid"), "`alice` was suspended already: unpaid; which stays\n");
    let both = suspend(&["alice", "bob"], "abuse");
    assert_eq!(both, "`alice` was suspended already: unpaid; the reason is now: abuse\n");
    assert_eq!(world.ztm(["tenant", "list", "--status", "suspended", "-o", "name"]).ok().stdout, "alice\nbob\n");
}

#[test]
fn a_schedule_that_is_replaced_is_said_and_one_that_is_not_there_is_said_with_its_tenant() {
    let world = world();
    let set = |prompt: &str| {
        world.ztm(["schedule", "set", "alice", "m", "--cron", "@daily", "--job", prompt, "--cost", "1"]).ok().stderr
    };
    assert_eq!(set("one"), "");
    assert!(set("one").contains("was like this already"));
    assert!(set("two").contains("it replaces the schedule that was called `m`"));
    for verb in ["get", "pause", "resume"] {
        let refused = world.ztm(["schedule", verb, "alice", "nope"]);
        assert_eq!(refused.code, Some(3), "{refused}");
        let says = "error: schedule `alice/nope` not found\nhint: `ztm schedule list alice` shows those that it has\n";
        assert_eq!(refused.stderr, says, "{verb}");
    }
}

#[test]
fn a_job_that_is_due_since_long_is_said_and_its_rehearsal_shows_its_terms() {
    let world = world();
    let submit = |more: &[&str]| {
        let line = ["job", "submit", "alice", "x", "--cost", "1"];
        world.ztm(line.iter().chain(more).copied()).ok().stderr
    };
    assert!(submit(&["--at", "2020-01-01T00:00:00Z"]).contains("the job is due at once"));
    let later = SystemClock::default().now() + Duration::from_hours(24);
    let later = later.to_string();
    assert!(!submit(&["--at", &later]).contains("due at once"));
    let would = submit(&["--dry-run", "--at", &later, "--priority", "8", "--attempts", "1"]);
    assert!(would.contains(&format!(", not before {later}, of priority 8, in at most 1 attempt")), "{would}");
}

#[test]
fn the_newest_job_is_the_first_of_a_list() {
    let world = world();
    let line = ["job", "submit", "alice", "x", "--cost", "1", "-o", "name"];
    let mut submitted: Vec<String> = (0..6).map(|_| world.ztm(line).ok().stdout.trim().to_owned()).collect();
    submitted.reverse();
    let listed = world.ztm(["job", "list", "-o", "name"]).ok().stdout;
    assert_eq!(listed.lines().collect::<Vec<_>>(), submitted);
}

#[test]
fn what_can_be_made_again_is_removed_after_a_plain_question() {
    let world = world().config("[contexts.far]\norchestrator_url = \"http://127.0.0.1:1\"\n");
    world.ztm(["schedule", "set", "alice", "m", "--cron", "@daily", "--job", "x", "--cost", "1"]).ok();
    for (line, question) in [
        (&["context", "rm", "far"][..], "Remove context `far`"),
        (&["schedule", "remove", "alice", "m"], "Delete schedule `m` of `alice`"),
    ] {
        for (answer, code) in [("\r", Some(2)), ("y\r", Some(0))] {
            let mut terminal = Terminal::start(&world, line);
            terminal.shows(question);
            terminal.types(answer);
            let (ended, screen) = terminal.ends();
            assert_eq!(ended, code, "{line:?} {answer:?}: {screen}");
            assert!(!screen.contains("for ever"), "{screen}");
        }
    }
}

#[test]
fn a_router_is_told_from_an_orchestrator() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let nothing = r#"{"code":"no_route","error":"there is nothing at this path"}"#;
    plane.answer("GET /tenants?limit=1000", 404, nothing);
    let refused = world.ztm(["tenant", "list"]);
    assert_eq!(refused.code, Some(7), "{refused}");
    assert!(refused.stderr.contains("it is no orchestrator of this version; is it the router?"), "{refused}");
}

#[test]
fn messages_name_what_was_typed_and_what_can_be_done() {
    let world = world();
    let refused = world.ztm(["tenant", "update", "alice", "--idle-timeout", "0"]);
    assert!(refused.stderr.starts_with("error: invalid --idle-timeout: "), "{refused}");
    for (manifest, says) in [
        ("idle_timeout: null", "it must be seconds, or a time with a unit (30m)"),
        ("quota: {}", "tenant `bob`: invalid quota: it changes nothing"),
        ("quota: {weight: x}", "expected a whole number, 0 or more"),
    ] {
        let file = format!("tenants: [{{name: bob, {manifest}}}]");
        let refused = world.ztm_reading(&file, &["apply", "-f", "-"]);
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains(says), "{manifest}: {refused}");
    }
    for (cron, says) in [
        ("0 25 * * *", "invalid cron: the hour `25` must be from 0 to 23"),
        ("*/5 9-17 0 * *", "invalid cron: the day of the month `0` must be from 1 to 31"),
    ] {
        let refused = world.ztm(["schedule", "set", "alice", "m", "--cron", cron, "--job", "x", "--cost", "1"]);
        assert!(refused.code == Some(2) && refused.stderr.contains(says), "{refused}");
    }
    std::fs::write(world.home().join("alice.yaml"), "tenants: [{name: alice, labels: {team: red}}]").unwrap();
    let diff = world.ztm(["diff", "-f", "alice.yaml"]);
    assert!(diff.stdout.contains("labels: none -> team=red"), "{diff}");
}

#[test]
fn a_disk_that_is_full_is_the_same_failure_everywhere() {
    let world = world();
    for line in
        [&["tenant", "list"][..], &["spend", "export"], &["--help"], &["help", "formatting"], &["version", "--client"]]
    {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_ztm"))
            .args(line)
            .env_clear()
            .envs(world.environment())
            .stdout(full)
            .output()
            .unwrap();
        let says = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{line:?}: {says}");
        assert!(says.contains("cannot write to standard output"), "{line:?}: {says}");
    }
}

#[test]
fn who_asks_for_more_is_shown_each_request_and_its_answer() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    for (line, request, status, code) in [
        (["tenant", "get", "alice", "-v"], "GET /tenants/alice", 200, 0),
        (["tenant", "wake", "alice", "--verbose"], "POST /wake/alice", 200, 0),
        (["tenant", "get", "nobody", "-v"], "GET /tenants/nobody", 404, 3),
    ] {
        let said = world.ztm(line);
        assert_eq!(said.code, Some(code), "{said}");
        let mut lines = said.stderr.lines();
        assert_eq!(lines.next(), Some(format!("{request} at {}", plane.url).as_str()), "{said}");
        let answer = lines.next().unwrap();
        let took = answer.strip_prefix(&format!("{request}: {status} in ")).unwrap_or_else(|| panic!("{said}"));
        let took = took.strip_suffix(" ms, request id test").unwrap_or_else(|| panic!("{said}"));
        took.parse::<u64>().unwrap();
    }
    drop(plane);
    let url = "http://127.0.0.1:9";
    let away = world.ztm(["tenant", "get", "alice", "-v", "--orchestrator-url", url]);
    assert!(away.code == Some(7) && away.stderr.contains("GET /tenants/alice: no answer in "), "{away}");
    assert!(!world.ztm(["tenant", "get", "alice", "--orchestrator-url", url]).stderr.contains(" at "));
}
