//! `ztm doctor`: what it finds, and how it says what mends it.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{
    invocation::{Ended, World},
    plane::Plane,
};

/// What was found in a check: its state, and what mends it.
fn found<'a>(ended: &'a Value, check: &str) -> (&'a str, &'a str) {
    let checks = ended["checks"].as_array().unwrap();
    let of = checks.iter().rfind(|found| found["check"] == check).unwrap_or_else(|| panic!("no {check} in {ended:#}"));
    (of["state"].as_str().unwrap(), of["fix"].as_str().unwrap_or_default())
}

fn doctor(world: &World, more: &[&str]) -> (Ended, Value) {
    let ended = world.ztm(["doctor", "-o", "json"].iter().chain(more).copied());
    let diagnosis = ended.json();
    (ended, diagnosis)
}

fn part(ok: bool) -> String {
    let hint = if ok { Value::Null } else { json!("check the address") };
    let parts = json!([{ "part": "wake locks", "ok": ok, "text": "tried", "hint": hint, "took_ms": 3 }]);
    json!({ "parts": parts }).to_string()
}

#[test]
fn a_control_plane_that_works_is_healthy() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.answer("POST /admin/probe", 200, &part(true));
    let (ended, diagnosis) = doctor(&world, &[]);
    for check in [
        "environment",
        "configuration",
        "state directory",
        "control plane",
        "clock",
        "router",
        "wake locks",
        "webhooks",
    ] {
        assert_eq!(found(&diagnosis, check), ("ok", ""), "{check}: {ended}");
    }
    assert_eq!(ended.code, Some(0), "{ended}");
}

#[test]
fn a_store_that_does_not_work_fails_and_says_what_mends_it() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.answer("POST /admin/probe", 200, &part(false));
    let (ended, diagnosis) = doctor(&world, &[]);
    assert_eq!((ended.code, found(&diagnosis, "wake locks")), (Some(1), ("fail", "check the address")), "{ended}");
    assert!(ended.stderr.contains(r#""code":"unhealthy""#), "{ended}");
    assert!(world.ztm(["doctor"]).stdout.contains("-> check the address"));
}

#[test]
fn a_part_that_works_and_may_not_for_long_is_a_warning() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let odd = json!({ "part": "redis", "ok": true, "warn": true, "text": "odd", "hint": "mend it", "took_ms": 3 });
    plane.answer("POST /admin/probe", 200, &json!({ "parts": [odd] }).to_string());
    let (ended, diagnosis) = doctor(&world, &[]);
    assert_eq!((ended.code, found(&diagnosis, "redis")), (Some(0), ("warn", "mend it")), "{ended}");
    assert_eq!(doctor(&world, &["--strict"]).0.code, Some(1));
}

#[test]
fn a_part_that_answers_nobody_of_the_control_plane_is_warned_of() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.answer("POST /admin/probe", 200, &part(true));
    let mut status = world.ztm(["status", "-o", "json"]).json();
    status["parts"] = json!([{ "part": "ledger", "error": "it is away", "took_ms": 3 }]);
    plane.answer("GET /status", 200, &status.to_string());
    let (ended, diagnosis) = doctor(&world, &[]);
    assert_eq!((ended.code, found(&diagnosis, "status").0), (Some(0), "warn"), "{ended}");
    assert!(ended.stdout.contains("no answer of `ledger`: it is away"), "{ended}");
}

#[test]
fn a_token_that_the_messenger_refuses_is_warned_of_with_the_command_that_gives_another() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.answer("POST /admin/probe", 200, &part(true));
    plane.tenant("alice", |tenant| tenant.bot_id = Some(7));
    plane.fail("GET /admin/webhook/alice", 502, "refused", "telegram refuses: Unauthorized");
    let (ended, diagnosis) = doctor(&world, &[]);
    let fix = "`ztm tenant update alice --bot-token-file FILE`";
    assert_eq!((ended.code, found(&diagnosis, "webhook of alice")), (Some(0), ("warn", fix)), "{ended}");
}

#[test]
fn a_messenger_that_is_away_is_told_of_once() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for name in ["alice", "bob"] {
        plane.tenant(name, |tenant| tenant.bot_id = Some(7));
        let away = "telegram is unavailable: failed to lookup address";
        plane.fail(&format!("GET /admin/webhook/{name}"), 503, "unavailable", away);
    }
    let away = json!({ "part": "bots", "ok": false, "warn": false, "text": "no name", "hint": "look", "took_ms": 3 });
    plane.answer("POST /admin/probe", 200, &json!({ "parts": [away] }).to_string());
    let told = |diagnosis: &serde_json::Value| {
        let checks = diagnosis["checks"].as_array().unwrap();
        let bad = checks
            .iter()
            .filter(|check| check["state"] == "fail" || check["check"].as_str().unwrap().contains("webhook"));
        bad.map(|check| check["check"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told(&doctor(&world, &[]).1), ["bots"]);
    // Where nobody probed it, the first bot says it, with the cause.
    plane.answer("POST /admin/probe", 200, &part(true));
    let (ended, diagnosis) = doctor(&world, &[]);
    assert_eq!(told(&diagnosis), ["webhook of alice"], "{ended}");
    assert!(ended.stdout.contains("failed to lookup address"), "{ended}");
}

#[test]
fn a_way_through_a_cluster_that_leads_nowhere_is_found_where_it_ends() {
    let context =
        "[contexts.far]\ncluster = true\n[contexts.far.kubernetes]\nkubeconfig = 'kube.json'\ncontext = 'CONTEXT'\n";
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{ "name": "c", "cluster": { "server": "http://127.0.0.1:9" } }],
        "users": [{ "name": "u", "user": {} }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
    });
    for (name, fails) in [("other", "kubeconfig"), ("c", "cluster")] {
        let world = World::new().config(&context.replace("CONTEXT", name));
        std::fs::write(world.home().join(".config/ztm/kube.json"), kubeconfig.to_string()).unwrap();
        let (ended, diagnosis) = doctor(&world, &["--context", "far"]);
        let (state, fix) = found(&diagnosis, fails);
        assert!((ended.code, state) == (Some(1), "fail") && fix.contains("kubectl"), "{name}: {ended}");
        let checks = diagnosis["checks"].as_array().unwrap();
        assert_eq!(checks.last().unwrap()["check"], fails, "nothing behind it is asked: {ended}");
    }
}

#[test]
fn a_warning_fails_only_where_it_is_asked_to() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.fail("POST /admin/probe", 403, "forbidden", "forbidden: viewer may not administer");
    plane.tenant("alice", |tenant| tenant.bot_id = Some(7));
    let info = json!({ "tenant_id": "alice", "url": "https://x/tg/alice", "pending_update_count": 9,
        "last_error_message": "Connection refused" });
    plane.answer("GET /admin/webhook/alice", 200, &info.to_string());
    let (ended, diagnosis) = doctor(&world, &[]);
    assert_eq!((ended.code, found(&diagnosis, "stores")), (Some(0), ("warn", "ask as `ztm-admin`")), "{ended}");
    assert_eq!(found(&diagnosis, "webhook of alice").0, "warn", "{ended}");
    assert_eq!(doctor(&world, &["--strict"]).0.code, Some(1));
}

#[test]
fn what_cannot_be_reached_or_read_is_found() {
    let world = World::new().variable("ZTM_ORCHESTRATOR_URL", "http://127.0.0.1:9");
    let (ended, diagnosis) = doctor(&world, &[]);
    assert_eq!((ended.code, found(&diagnosis, "control plane").0), (Some(1), "fail"), "{ended}");

    let world =
        World::new().config("output = 'table'\n").variable("TELEGRAM", &format!("123456789:{}", "A".repeat(35)));
    let file = world.home().join(".config/ztm/config.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    let (ended, diagnosis) = doctor(&world, &[]);
    assert_eq!(found(&diagnosis, "configuration").0, "fail", "{ended}");
    assert_eq!(found(&diagnosis, "environment").0, "warn", "{ended}");
    assert_eq!(found(&diagnosis, "control plane"), ("warn", "`ztm up --detach` starts one"), "{ended}");
    assert!(!ended.stdout.contains("AAAA") && !ended.stderr.contains("AAAA"), "{ended}");
    // A look at nothing makes nothing.
    assert!(!world.state_dir().exists());
}

#[test]
fn a_state_directory_that_cannot_be_written_is_found() {
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    let (ended, diagnosis) = doctor(&world, &[]);
    for check in ["registry", "inboxes", "wake locks", "deadlines", "snapshots", "jobs", "ledger", "workloads"] {
        assert_eq!(found(&diagnosis, check).0, "ok", "{ended}");
    }
    assert_eq!(world.ztm(["tenant", "list", "-o", "name"]).ok().stdout, "alice\n", "a probe leaves nothing");
    // In place of the directory of archives: what is to be written there cannot be.
    let archives = world.state_dir().join("snapshots");
    std::fs::remove_dir_all(&archives).unwrap();
    std::fs::write(&archives, "no directory").unwrap();
    let (ended, diagnosis) = doctor(&world, &[]);
    assert_eq!((ended.code, found(&diagnosis, "snapshots").0), (Some(1), "fail"), "{ended}");
}

#[test]
fn the_names_of_all_checks_are_printed_whatever_they_found() {
    let world = World::new();
    let names = world.ztm(["doctor", "-o", "name"]).ok().stdout;
    let checks = world.ztm(["doctor", "-o", "json"]).ok().json()["checks"].as_array().unwrap().len();
    assert!(names.lines().count() == checks && names.lines().any(|name| name == "control plane"), "{names}");
}
