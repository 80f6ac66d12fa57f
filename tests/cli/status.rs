//! `ztm status`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{invocation::World, plane::Plane};

#[test]
fn the_control_plane_is_shown_in_numbers() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    assert_snapshot!(world.ztm(["status"]), @"
    exit: 0
    --- stdout
    Orchestrator  [URL]
    Router        [URL] (healthy)
    Version       0.1.0
    Process       4242, up 3d
    Leads         yes
    Tenants       1 idle
    Inboxes       1 pending, 2 dead, 30 handled, 0 possibly repeated
    Queue         0 running, 4 queued (1 in turn, 3 wait for credits), 2 delayed
    Warm pool     1 of 2 ready
    Cold wakes    none
    Warm wakes    none
    Memory        50.0 MiB
    Processor     7.3 s
    --- stderr
    ");
}

#[test]
fn those_that_are_suspended_are_counted_by_themselves_and_listed_by_that() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| tenant.suspended = Some("unpaid".to_owned()));
    plane.tenant("bob", |_| ());
    let shown = world.ztm(["status"]).ok();
    assert!(shown.stdout.contains("2 idle; 1 of them suspended\n"), "{shown}");
    assert_eq!(world.ztm(["status", "-o", "json"]).ok().json()["tenants_suspended"], 1);
    assert_eq!(world.ztm(["tenant", "list", "--status", "suspended", "-o", "name"]).ok().stdout, "alice\n");
    // What is being deleted is no more suspended.
    plane.tenant("alice", |tenant| {
        tenant.suspended = Some("unpaid".to_owned());
        "terminated".clone_into(&mut tenant.status);
    });
    let shown = world.ztm(["tenant", "list"]).ok();
    assert!(shown.stdout.contains("terminated") && !shown.stdout.contains("suspended"), "{shown}");
}

#[test]
fn f1_the_routers_url_is_the_one_that_is_asked() {
    let mut world = World::new();
    let _plane = Plane::on(&mut world);
    let router = Plane::elsewhere();
    let json = world.ztm(["status", "--router-url", &router.url, "-o", "json"]).ok().json();
    assert_eq!(json["router_url"], router.url);
    assert_eq!(json["router_healthy"], true);
    assert_eq!(router.asked(), ["GET /healthz"]);
    let gone = router.url.clone();
    router.answer("GET /healthz", 503, "");
    assert_eq!(world.ztm(["status", "--router-url", &gone, "-o", "json"]).ok().json()["router_healthy"], false);
}

#[test]
fn what_a_killed_control_plane_leaves_is_not_taken_for_one() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let url = plane.url.clone();
    drop(plane);
    assert!(world.state_dir().join("up.json").exists());
    let ended = world.ztm(["status"]);
    assert_ne!(ended.code, Some(0), "{ended}");
    assert!(!ended.to_string().contains(&url), "{ended}");
}

#[test]
fn what_needs_a_control_plane_says_so_and_makes_nothing() {
    let world = World::new();
    for args in [
        &["status"][..],
        &["tenant", "wake", "alice"],
        &["tenant", "stop", "alice"],
        &["tenant", "delete", "alice", "--yes"],
        &["webhook", "register", "alice"],
        &["webhook", "delete", "alice"],
        &["webhook", "info", "alice"],
    ] {
        let ended = world.ztm(args);
        assert_eq!(ended.code, Some(7), "{args:?}: {ended}");
        assert!(ended.stderr.contains("needs a running control plane\nhint: start it with `ztm up`"), "{ended}");
    }
    assert!(!world.state_dir().exists());
}

#[test]
fn a_look_where_there_is_nothing_makes_nothing_and_says_so() {
    for (line, code) in [
        (&["tenant", "list"][..], 0),
        (&["tenant", "get", "alice"], 3),
        (&["tenant", "state", "list", "alice"], 3),
        (&["job", "list"], 0),
        (&["inbox", "list"], 0),
        (&["schedule", "list"], 0),
        (&["quota", "get", "alice"], 3),
        (&["spend", "report"], 0),
        (&["why", "tenant", "alice"], 3),
    ] {
        let world = World::new();
        let looked = world.ztm(line.iter().copied());
        assert_eq!(looked.code, Some(code), "{line:?}: {looked}");
        assert!(looked.stderr.contains("`ztm up` begins one"), "{line:?}: {looked}");
        assert!(!world.state_dir().exists(), "{line:?} made the state directory");
    }
    // What needs a control plane says so, and a rehearsal writes nothing either.
    for (line, code) in [
        (&["status"][..], 7),
        (&["tenant", "list", "--watch"], 7),
        (&["tenant", "create", "alice", "--dry-run"], 0),
        (&["doctor"], 0),
        (&["config", "view"], 0),
    ] {
        let world = World::new();
        let looked = world.ztm(line.iter().copied());
        assert_eq!(looked.code, Some(code), "{line:?}: {looked}");
        assert!(!world.state_dir().exists(), "{line:?} made the state directory");
    }
    let looked = World::new().ztm(["node", "list"]);
    assert!(looked.stderr.starts_with("error: a look at the machines that agents run on needs a running"), "{looked}");
    // What is written begins it, and is found.
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    assert_eq!(world.ztm(["tenant", "list", "-o", "name"]).ok().stdout, "alice\n");
}

#[test]
fn a_part_that_does_not_answer_has_no_numbers_instead_of_none() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let mut status = world.ztm(["status", "-o", "json"]).json();
    let silent = |part: &str| json!({ "part": part, "error": "it does not answer within 2 s", "took_ms": 2_000 });
    status["parts"] = json!([silent("registry"), silent("inboxes"), silent("queue")]);
    for field in ["tenants", "inbox", "queue"] {
        status[field] = Value::Null;
    }
    plane.answer("GET /status", 200, &status.to_string());
    let told = world.ztm(["status"]).stdout;
    for field in ["Tenants", "Inboxes", "Queue"] {
        let line = told.lines().find(|line| line.contains(field)).unwrap_or_else(|| panic!("no {field} in {told}"));
        assert!(line.contains("unknown"), "{line}");
    }
    assert!(told.contains("inboxes: it does not answer"), "{told}");
    assert_eq!(world.ztm(["status", "-o", "json"]).json()["inbox"], Value::Null);
}
