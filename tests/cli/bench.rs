//! `ztm bench`: what it refuses, what it says before, whom it asks, and whom it leaves alone. (What it measures: `e2e`.)

use insta::assert_snapshot;
use libtenancy::labels::{LabelChange, Labels};

use super::{
    invocation::World,
    plane::{Plane, TOKEN, write_token},
    terminal::Terminal,
};

/// A control plane that has what a bench asks for beside tenants.
fn plane_on(world: &mut World) -> Plane {
    let plane = Plane::on(world);
    pool(&plane);
    world.hide(env!("CARGO_PKG_VERSION"), "[VERSION]");
    plane
}

fn pool(plane: &Plane) {
    let pool = r#"{"ready": 1, "target": 2, "configured": 2, "chosen": false, "trouble": null, "warm_wakes": 0, "cold_wakes": 0}"#;
    plane.answer("GET /pool", 200, pool);
}

/// A world whose context `far` is a control plane elsewhere.
fn far() -> (World, Plane) {
    let plane = Plane::elsewhere();
    pool(&plane);
    let context = format!(
        "current_context = 'far'\n[contexts.far]\norchestrator_url = '{}'\ntoken_file = 'far.token'\n",
        plane.url
    );
    let world = World::new().config(&context);
    write_token(&world.home().join(".config/ztm/far.token"), TOKEN);
    (world, plane)
}

/// A tenant with the label of a bench.
fn marked(plane: &Plane, id: &str, mark: &str) {
    let label = LabelChange::from([("ztm-bench".to_owned(), Some(mark.to_owned()))]);
    plane.tenant(id, |tenant| tenant.labels = Labels::default().changed(&label).unwrap());
}

/// Whether anything was asked but to read.
fn changed(plane: &Plane) -> bool {
    plane.asked().iter().any(|line| !line.starts_with("GET "))
}

#[test]
fn what_is_too_much_or_nothing_is_refused_before_anybody_is_asked() {
    let mut world = World::new();
    let plane = plane_on(&mut world);
    for (flags, says) in [
        (&["--tenants", "0"][..], "it must be 1 to 100 tenants"),
        (&["--tenants", "101"], "it must be 1 to 100 tenants"),
        (&["--concurrency", "0"], "it must be 1 to 64 operations at once"),
        (&["--concurrency", "65"], "it must be 1 to 64 operations at once"),
        (&["--duration", "500ms"], "it must be 1s to 1h"),
        (&["--duration", "61m"], "it must be 1s to 1h"),
        (&["--count", "0"], "a whole number from 1 to 100000"),
        (&["--count", "100001"], "a whole number from 1 to 100000"),
        (&["--count", "5", "--duration", "5s"], "cannot be used with"),
        (&["--only", "wake,everything"], "possible values: wake, job, read, event, exec"),
    ] {
        let refused = world.ztm([&["bench"], flags].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{flags:?}: {refused}");
        assert!(refused.stderr.contains(says), "{flags:?}: {refused}");
    }
    assert_eq!(plane.asked(), [""; 0]);
    // The limits themselves are allowed.
    world.ztm(["bench", "--dry-run", "--tenants", "100", "--concurrency", "64", "--duration", "1h"]).ok();
    world.ztm(["bench", "--dry-run", "--tenants", "1", "--concurrency", "1", "--count", "100000"]).ok();
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let mut world = World::new();
    let plane = plane_on(&mut world);
    assert_snapshot!(world.ztm(["bench", "--dry-run", "--duration", "30s"]), @"
    exit: 0
    --- stdout
    --- stderr
    Context        embedded
    Control plane  this machine's, version [VERSION]
    Tenants        4, called bench-RUN-000 and so on
    Concurrency    4
    Measures       wake, job, read, event, exec: 30 s in all

    - make 4 tenants, and remove at the end all that was made
    - run at most 4 agents at once, beside the 0 of 1000 that run now
    - take agents out of the warm pool: another tenant's wake may be a cold one meanwhile
    - submit jobs for 5.0 s, 4 at once: a turn of the agent each, a credit for each second of it, and what its model costs; the ledger keeps their lines
    nothing was done
    ");
    assert_snapshot!(world.ztm(["bench", "--dry-run", "--only", "read,event", "--count", "7", "--tenants", "1"]), @"
    exit: 0
    --- stdout
    --- stderr
    Context        embedded
    Control plane  this machine's, version [VERSION]
    Tenants        1, called bench-RUN-000 and so on
    Concurrency    4
    Measures       read, event: 7 times each

    - make 1 tenant, and remove at the end all that was made
    nothing was done
    ");
    let plan = world.ztm(["bench", "--dry-run", "-o", "json", "--only", "job", "--concurrency", "1"]).ok().json();
    assert_eq!(
        (&plan["measures"][0], &plan["asks"], &plan["tenants"]),
        (&"job".into(), &false.into(), &4.into()),
        "{plan}"
    );
    assert!(!changed(&plane), "{:?}", plane.asked());
}

#[test]
fn nothing_is_measured_in_a_context_that_only_looks() {
    let (world, plane) = far();
    let config = world.home().join(".config/ztm/config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}readonly = true\n")).unwrap();
    world.ztm(["bench", "--dry-run"]).ok();
    assert_snapshot!(world.ztm(["bench", "--yes", "--only", "read", "--count", "2"]), @"
    exit: 4
    --- stdout
    --- stderr
    error: forbidden: context `far` is read-only
    hint: `--dry-run` says what it would do; give it in another `--context`, or take `readonly` out of `[contexts.far]`
    ");
    assert!(!changed(&plane), "{:?}", plane.asked());
}

#[test]
fn a_control_plane_elsewhere_is_measured_only_when_its_name_is_typed_or_yes_is_said() {
    let (world, plane) = far();
    let refused = world.ztm(["bench", "--only", "read", "--count", "2"]);
    assert_snapshot!(refused, @"
    exit: 2
    --- stdout
    --- stderr
    error: measuring `far` needs a confirmation, and there is no terminal to ask on
    hint: pass `--yes` if you mean it
    ");
    assert!(!changed(&plane), "{:?}", plane.asked());

    let typed = |text: &str| {
        let mut terminal = Terminal::start(&world, &["bench", "--only", "read,job", "--count", "2"]);
        terminal.shows("Type `far` to go on");
        terminal.reads_keys();
        terminal.types(text);
        terminal.ends()
    };
    let (code, screen) = typed("near\r");
    assert_eq!(code, Some(2), "{screen}");
    for said in [
        "make 4 tenants, and remove at the end all",
        "at most 4 agents at once",
        "submit 2 jobs, 4 at once",
        "a credit for each second",
    ] {
        assert!(screen.contains(said), "{said} is not in:\n{screen}");
    }
    let (code, screen) = typed("\u{3}");
    assert_eq!(code, Some(130), "{screen}");
    assert!(!changed(&plane), "{:?}", plane.asked());

    world.ztm(["bench", "--only", "read", "--count", "2", "--yes"]).ok();
    assert_eq!(plane.asked().iter().filter(|line| *line == "POST /tenants").count(), 4);
}

#[test]
fn only_what_a_killed_run_has_left_is_removed_and_only_its_own_tenants_are_asked_for_anything() {
    let mut world = World::new();
    let plane = plane_on(&mut world);
    let (past, future) = ("1000000000", "4000000000");
    marked(&plane, "bench-0a1b2c3d-000", &format!("00000000.7.{past}"));
    marked(&plane, "bench-0a1b2c3d-001", &format!("00000000.7.{past}"));
    // One that goes on elsewhere, or may; others' use of the name and of the label.
    marked(&plane, "bench-ffffffff-000", &format!("00000000.7.{future}"));
    marked(&plane, "alice", &format!("00000000.7.{past}"));
    marked(&plane, "bench-0a1b2c3d-002", "mine");
    plane.tenant("bench-0a1b2c3d-003", |_| ());
    let plan = world.ztm(["bench", "--dry-run", "-o", "json"]).ok().json();
    assert_eq!(plan["abandoned"], serde_json::json!(["bench-0a1b2c3d-000", "bench-0a1b2c3d-001"]), "{plan}");
    assert!(!changed(&plane), "{:?}", plane.asked());

    let ended = world.ztm(["bench", "--only", "read", "--count", "20", "--tenants", "3"]).ok();
    assert!(ended.stderr.contains("- remove 2 tenants that a killed run has left"), "{ended}");
    assert!(ended.stderr.contains("- leave alone 1 tenant of another run that may go on"), "{ended}");
    let left = world.ztm(["tenant", "list", "-o", "name"]).ok().stdout;
    assert_eq!(left, "alice\nbench-0a1b2c3d-002\nbench-0a1b2c3d-003\nbench-ffffffff-000\n");
    let asked = plane.asked();
    let made: Vec<&String> = asked.iter().filter(|line| line.starts_with("POST ")).collect();
    assert_eq!(made, ["POST /tenants"; 3]);
    for other in ["alice", "bench-0a1b2c3d-002", "bench-0a1b2c3d-003", "bench-ffffffff"] {
        assert!(!asked.iter().any(|line| line.contains(other)), "{other} was asked for: {asked:#?}");
    }
    let removed =
        |state: &str| asked.iter().filter(|line| line.starts_with("DELETE ") && line.ends_with(state)).count();
    assert_eq!((removed("keep_state=false"), removed("keep_state=true")), (5, 0));
}

#[test]
fn what_fails_is_counted_the_first_of_each_kind_is_shown_and_the_tenants_go() {
    let mut world = World::new();
    let plane = plane_on(&mut world);
    plane.fail("GET /tenants?limit=100", 503, "unavailable", "store is unavailable");
    let ended = world.ztm(["bench", "--only", "read", "--count", "3", "--concurrency", "1", "-o", "json"]);
    assert_eq!(ended.code, Some(1), "{ended}");
    let report = ended.json();
    let row =
        |name: &str| report["measures"].as_array().unwrap().iter().find(|row| row["measure"] == name).unwrap().clone();
    assert_eq!((&row("read.get")["count"], &row("read.get")["errors"]), (&3.into(), &0.into()), "{ended}");
    let list = row("read.list");
    assert_eq!((&list["count"], &list["errors"], &list["p50_ms"]), (&0.into(), &3.into(), &serde_json::Value::Null));
    let failures = report["failures"].as_array().unwrap();
    assert_eq!(failures.len(), 1, "{ended}");
    assert_eq!((&failures[0]["code"], &failures[0]["count"]), (&"unavailable".into(), &3.into()), "{ended}");
    assert!(failures[0]["first"].as_str().unwrap().starts_with("store is unavailable"), "{ended}");
    assert_eq!(ended.json_error()["error"], "3 operations failed");
    assert_eq!(world.ztm(["tenant", "list", "-o", "name"]).ok().stdout, "");
}

#[test]
fn what_ends_a_run_early_leaves_nothing_of_it() {
    let mut world = World::new();
    let plane = plane_on(&mut world);
    plane.fail("GET /pool", 500, "internal", "internal error: no pool");
    let ended = world.ztm(["bench", "--only", "read", "--count", "3"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended}");
    assert_eq!(world.ztm(["tenant", "list", "-o", "name"]).ok().stdout, "");
    plane.fail("POST /tenants", 403, "forbidden", "forbidden: it needs `admin`");
    assert_eq!(world.ztm(["bench", "--only", "read", "--count", "3"]).code, Some(4));
}

#[test]
fn there_must_be_a_control_plane_and_room_in_it() {
    let world = World::new();
    let ended = world.ztm(["bench"]);
    assert_eq!(ended.code, Some(7), "{ended}");
    assert!(ended.stderr.contains("`ztm bench` needs a running control plane"), "{ended}");

    let mut world = World::new();
    let plane = plane_on(&mut world);
    for number in 0..998 {
        plane.tenant(&format!("tenant-{number}"), |tenant| "running".clone_into(&mut tenant.status));
    }
    let ended = world.ztm(["bench", "--tenants", "3"]);
    assert_eq!(ended.code, Some(8), "{ended}");
    assert!(ended.stderr.contains("1000 may run, choose at most 2 with `--tenants`"), "{ended}");
    assert!(!changed(&plane), "{:?}", plane.asked());
    world.ztm(["bench", "--tenants", "2", "--only", "read", "--count", "1"]).ok();
    // What a killed run has left takes no room: it goes first.
    plane.without_tenant("tenant-0");
    marked(&plane, "bench-0a1b2c3d-000", "00000000.7.1000000000");
    plane.tenant_runs("bench-0a1b2c3d-000");
    world.ztm(["bench", "--tenants", "3", "--only", "read", "--count", "1"]).ok();
}

#[test]
fn progress_is_drawn_on_a_terminal_only() {
    let mut world = World::new();
    let _plane = plane_on(&mut world);
    let terminal = Terminal::start(&world, &["bench", "--only", "read", "--duration", "1s", "--tenants", "1"]);
    terminal.shows("measuring healthz");
    terminal.shows("measuring read (1 of 1)");
    let (code, screen) = terminal.ends();
    assert_eq!(code, Some(0), "{screen}");
    let ended = world.ztm(["bench", "--only", "read", "--duration", "1s", "--tenants", "1"]).ok();
    assert_eq!(ended.stderr, "measuring `embedded` will:\n- make 1 tenant, and remove at the end all that was made\n");
}
