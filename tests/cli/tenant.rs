//! `ztm tenant create|list|get|update|wake|stop`.

use insta::assert_snapshot;
use libtenancy::tenant::StopReason;

use super::{
    invocation::World,
    plane::{Plane, write_token},
};

#[test]
fn f12_a_tenant_is_created_with_the_servers_defaults() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let ended = world.ztm(["tenant", "create", "alice"]).ok();
    assert_eq!(plane.last_body(), serde_json::json!({ "tenant_id": "alice" }));
    assert!(ended.stdout.contains("300s"), "{ended}");
    assert_snapshot!(world.ztm(["tenant", "create", "alice", "-o", "name"]), @"
    exit: 5
    --- stdout
    --- stderr
    error: tenant `alice` already exists
    hint: `ztm tenant update` changes an existing tenant
    ");
}

#[test]
fn s10_the_seeds_spelling_works_with_a_warning_about_the_token() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    assert_snapshot!(world.ztm(["tenant", "create", "alice", "123456:AAHxyz", "--idle-timeout", "3600", "-o", "name"]), @"
    exit: 0
    --- stdout
    alice
    --- stderr
    warning: a token as an argument is seen by every user of this machine and kept by the shell; use `--bot-token-file FILE`, `--bot-token-file -`, or `--bot-token` alone
    no webhook is registered yet; `ztm webhook register alice --base-url URL` does it
    ");
    let body = serde_json::json!({ "tenant_id": "alice", "bot_token": "123456:AAHxyz", "idle_timeout_s": 3600 });
    assert_eq!(plane.last_body(), body);

    assert_snapshot!(world.ztm(["tenant", "update", "alice", "--bot-token", "654321:BBHxyz", "-o", "name", "-q"]), @"
    exit: 0
    --- stdout
    alice
    --- stderr
    ");
    assert_eq!(plane.last_body(), serde_json::json!({ "bot_token": "654321:BBHxyz" }));

    world.ztm(["tenant", "update", "alice", "--idle-timeout", "1800"]).ok();
    assert_eq!(plane.last_body(), serde_json::json!({ "idle_timeout_s": 1800 }));
    assert_eq!(world.ztm(["tenant", "get", "alice", "--output", "json"]).ok().json()["idle_timeout_s"], 1800);
}

#[test]
fn s10_a_token_comes_from_a_file_or_standard_input_without_a_warning() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    write_token(&world.home().join("alice.token"), "123456:AAHxyz");
    let ended = world.ztm(["tenant", "create", "alice", "--bot-token-file", "alice.token"]).ok();
    assert!(!ended.stderr.contains("warning"), "{ended}");
    assert_eq!(plane.last_body()["bot_token"], "123456:AAHxyz");
    let ended = world.ztm_reading("123456:BBHxyz", &["tenant", "create", "bob", "--bot-token-file", "-"]).ok();
    assert!(!ended.stderr.contains("warning"), "{ended}");
    assert_eq!(plane.last_body()["bot_token"], "123456:BBHxyz");
}

#[test]
fn s10_a_token_that_cannot_be_had_changes_nothing() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    assert_snapshot!(world.ztm(["tenant", "create", "alice", "--bot-token"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: there is no terminal to ask for the bot's token on
    hint: pass it with `--bot-token-file FILE`, or `--bot-token-file -` for standard input
    ");
    assert_snapshot!(world.ztm(["tenant", "create", "alice", "--bot-token-file", "missing"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: cannot open `missing`: No such file or directory (os error 2)
    ");
    for text in ["", "\n", "two words", "1:a\n2:b\n"] {
        let ended = world.ztm_reading(text, &["tenant", "create", "alice", "--bot-token-file", "-"]);
        assert_eq!(ended.code, Some(2), "{text:?}: {ended}");
    }
    assert!(plane.asked().is_empty());
}

#[test]
fn f2_a_list_shows_what_the_server_sent() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| {
        "running".clone_into(&mut tenant.status);
        tenant.pod_name = Some("w-1".to_owned());
        tenant.bot_id = Some(123_456);
    });
    plane.tenant("bob", |tenant| {
        tenant.idle_timeout_s = 3600;
        tenant.stop_reason = Some(StopReason::Lost("\u{1b}[31mred\nalert".to_owned()));
    });
    plane.tenant("carol", |tenant| tenant.suspended = Some("no budget".to_owned()));
    assert_snapshot!(world.ztm(["tenant", "list"]), @"
    exit: 0
    --- stdout
    TENANT  STATUS     IDLE AFTER  ACTIVE  AGE
    alice   running    300s        3d      3d
    bob     idle       1h          3d      3d
    carol   suspended  300s        3d      3d
    --- stderr
    ");
    assert_snapshot!(world.ztm(["tenant", "list", "-o", "wide"]), @r"
    exit: 0
    --- stdout
    TENANT  STATUS     IDLE AFTER  ACTIVE  AGE  SINCE  BOT     AGENT  GENERATION  STOPPED              LABELS
    alice   running    300s        3d      3d   3d     123456  w-1             1  -                    -
    bob     idle       1h          3d      3d   3d     -       -               1  lost: \u{1b}[31mred  -
    carol   suspended  300s        3d      3d   3d     -       -               1  -                    -
    --- stderr
    ");
    assert_snapshot!(world.ztm(["tenant", "list", "-o", "name", "--status", "idle"]), @"
    exit: 0
    --- stdout
    bob
    carol
    --- stderr
    ");
    assert_eq!(plane.asked().last().unwrap(), "GET /tenants?status=idle&limit=1000");
}

#[test]
fn a_listing_is_sorted_and_filtered_by_any_field() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for (id, seconds) in [("alice", 300), ("bob", 3600), ("carol", 60)] {
        plane.tenant(id, |tenant| tenant.idle_timeout_s = seconds);
    }
    let names = |flags: &[&str]| {
        let line = ["tenant", "list", "-o", "name"];
        world.ztm(line.iter().chain(flags).copied()).ok().stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--sort-by", "idle_timeout_s"]), ["carol", "alice", "bob"]);
    assert_eq!(names(&["--sort-by", "-idle_timeout_s", "--filter", "idle_timeout_s>60"]), ["bob", "alice"]);
    assert_eq!(names(&["--filter", "status=idle", "--filter", "tenant_id~o"]), ["bob", "carol"]);
    let bare = world.ztm(["tenant", "list", "--no-headers", "--filter", "tenant_id=bob"]).ok();
    assert!(bare.stdout.starts_with("bob") && bare.stdout.lines().count() == 1, "{bare}");
    let csv = world.ztm(["tenant", "list", "-o", "csv", "--sort-by", "idle_timeout_s"]).ok();
    assert!(
        csv.stdout.starts_with("tenant_id,status,") && csv.stdout.lines().nth(1).unwrap().starts_with("carol,"),
        "{csv}"
    );
    let chosen = world.ztm(["tenant", "list", "-o", "jsonpath={.tenants[?@.idle_timeout_s > 60].tenant_id}"]).ok();
    assert_eq!(chosen.stdout, "alice bob\n");
    let wrong = world.ztm(["tenant", "list", "--sort-by", "size"]);
    assert!(
        wrong.code == Some(2) && wrong.stderr.contains("no row has a field `size`; there are active, age,"),
        "{wrong}"
    );
}

#[test]
fn rows_are_chosen_by_what_the_table_shows_of_them() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for (id, seconds) in [("alice", 300), ("bob", 3600), ("carol", 60)] {
        plane.tenant(id, |tenant| tenant.idle_timeout_s = seconds);
    }
    plane.tenant("dora", |tenant| tenant.suspended = Some("no budget".to_owned()));
    let names = |flags: &[&str]| {
        let line = ["tenant", "list", "-o", "name"];
        world.ztm(line.iter().chain(flags).copied()).ok().stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--filter", "status=suspended"]), ["dora"]);
    assert_eq!(names(&["--filter", "status!=suspended"]), ["alice", "bob", "carol"]);
    assert_eq!(names(&["--filter", "suspended!=null"]), ["dora"]);
    assert_eq!(names(&["--filter", "suspended=null"]), ["alice", "bob", "carol"]);
    assert_eq!(names(&["--filter", "idle_after>=300", "--filter", "idle_timeout_s<=300"]), ["alice", "dora"]);
    assert_eq!(names(&["--sort-by", "-idle_after"]), ["bob", "alice", "dora", "carol"]);
    for same in ["idle_after=300s", "idle_after=5m", "idle_timeout_s=300"] {
        assert_eq!(names(&["--filter", same]), ["alice", "dora"], "{same}");
    }
    assert_eq!(names(&["--filter", "age>1h", "--filter", "IDLE_AFTER<5m", "--sort-by", "active"]), ["carol"]);
    let wrong = world.ztm(["tenant", "list", "--filter", "idle_after=300 parsecs"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("`idle_after` is a length of time"), "{wrong}");
    let wrong = world.ztm(["tenant", "list", "--sort-by", "idle_timeout"]);
    assert!(wrong.code == Some(2) && wrong.stderr.contains("did you mean `idle_timeout_s`"), "{wrong}");
}

#[test]
fn the_columns_of_a_table_of_values_do_not_hang_on_its_rows() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let header =
        |world: &World| world.ztm(["tenant", "list", "-o", "csv"]).ok().stdout.lines().next().unwrap().to_owned();
    let empty = header(&world);
    plane.tenant("bob", |_| ());
    assert_eq!(header(&world), empty);
    plane.tenant("alice", |tenant| tenant.stop_reason = Some(StopReason::Lost("gone".to_owned())));
    world.ztm(["tenant", "wake", "bob"]).ok();
    assert_eq!(header(&world), empty);
    assert!(empty.contains(",last_wake.kind,") && !empty.contains(",last_wake,"), "{empty}");
    world.ztm(["tenant", "update", "bob", "--label", "zone=a", "--label", "env=b"]).ok();
    assert_eq!(header(&world), format!("{empty},labels.env,labels.zone"));
}

#[test]
fn tenants_have_labels_and_are_listed_by_them() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    world.ztm(["tenant", "create", "alice", "--label", "team=red", "--label", "example.com/tier=1"]).ok();
    let said = serde_json::json!({ "team": "red", "example.com/tier": "1" });
    assert_eq!(plane.last_body(), serde_json::json!({ "tenant_id": "alice", "labels": said }));
    world.ztm(["tenant", "create", "bob", "--label", "team=blue"]).ok();
    world.ztm(["tenant", "create", "carol"]).ok();
    for (selector, names) in
        [("team=red", "alice\n"), ("team", "alice\nbob\n"), ("!team", "carol\n"), ("team!=red", "bob\ncarol\n")]
    {
        assert_eq!(world.ztm(["tenant", "list", "-l", selector, "-o", "name"]).ok().stdout, names, "{selector}");
    }
    world.ztm(["tenant", "update", "alice", "--label", "team-", "--label", "paid="]).ok();
    assert_eq!(plane.last_body(), serde_json::json!({ "labels": { "team": null, "paid": "" } }));
    assert!(world.ztm(["tenant", "get", "alice"]).ok().stdout.contains("Labels       example.com/tier=1,paid="));
    for bad in ["team", "=x", "te am=x", "team=r ed", "-"] {
        assert_eq!(world.ztm(["tenant", "update", "alice", "--label", bad]).code, Some(2), "{bad}");
    }
    assert_eq!(world.ztm(["tenant", "list", "-l", "te am"]).code, Some(2));
}

#[test]
fn an_empty_list_says_so_beside_the_data() {
    let mut world = World::new();
    let _plane = Plane::on(&mut world);
    assert_snapshot!(world.ztm(["tenant", "list"]), @"
    exit: 0
    --- stdout
    --- stderr
    there are no tenants; `ztm tenant create` makes one
    ");
    assert_snapshot!(world.ztm(["tenant", "list", "-o", "json", "-q"]), @r#"
    exit: 0
    --- stdout
    {
      "schema_version": 1,
      "tenants": []
    }
    --- stderr
    "#);
}

#[test]
fn r11_a_list_goes_on_to_the_last_page() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for i in 0..250 {
        plane.tenant(&format!("t-{i:03}"), |_| ());
    }
    let names = world.ztm(["tenant", "list", "-o", "name"]).ok().stdout;
    assert_eq!(names.lines().count(), 250);
    assert_eq!(plane.asked().len(), 3);
    assert_eq!(world.ztm(["tenant", "list", "-o", "json"]).ok().json()["tenants"].as_array().unwrap().len(), 250);
}

#[test]
fn a_server_that_repeats_its_cursor_does_not_keep_us_for_ever() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.answer("GET /tenants?limit=1000", 200, r#"{"tenants":[],"next":"x"}"#);
    plane.answer("GET /tenants?after=x&limit=1000", 200, r#"{"tenants":[],"next":"x"}"#);
    assert_eq!(world.ztm(["tenant", "list"]).code, Some(1));
}

#[test]
fn one_tenant_is_shown_whole() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| {
        world.hide(tenant.created_at.to_string(), "[TIME]");
        tenant.bot_id = Some(123_456);
        tenant.webhook_url = Some("https://bots.example.com/tg/alice".to_owned());
        tenant.stop_reason = Some(StopReason::Idle);
    });
    assert_snapshot!(world.ztm(["tenant", "get", "alice"]), @"
    exit: 0
    --- stdout
    Tenant       alice
    Status       idle
    Since        [TIME] (3d ago)
    Stopped      idle
    Idle after   300s
    Last active  [TIME] (3d ago)
    Created      [TIME] (3d ago)
    Bot          123456
    Webhook      https://bots.example.com/tg/alice
    --- stderr
    ");
    assert_snapshot!(world.ztm(["tenant", "get", "bob"]), @"
    exit: 3
    --- stdout
    --- stderr
    error: tenant `bob` not found
    hint: `ztm tenant list` shows the tenants that exist
    ");
    assert_snapshot!(world.ztm(["tenant", "get", "bob", "-o", "json"]), @r#"
    exit: 3
    --- stdout
    --- stderr
    {"code":"not_found","error":"tenant `bob` not found","hint":"`ztm tenant list` shows the tenants that exist","request_id":"test"}
    "#);
}

#[test]
fn a_wake_prints_its_phases_and_a_stop_the_tenant() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    assert_snapshot!(world.ztm(["tenant", "wake", "alice"]), @"
    exit: 0
    --- stdout
    Tenant    alice
    Status    running
    Endpoint  unix:/w-1.sock
    Wake      warm in 25.6 ms (lock 0.4, workload 3.1, ready 21.5)
    --- stderr
    ");
    assert_snapshot!(world.ztm(["tenant", "wake", "alice"]), @"
    exit: 0
    --- stdout
    Tenant    alice
    Status    running
    Endpoint  unix:/w-1.sock
    Wake      it was running already
    --- stderr
    ");
    assert_eq!(world.ztm(["tenant", "stop", "alice", "-o", "json"]).ok().json()["status"], "idle");
    assert_eq!(plane.asked(), ["POST /wake/alice", "POST /wake/alice", "GET /tenants/alice", "POST /stop/alice"]);
}

#[test]
fn a_wake_that_fails_says_why_and_where_to_look() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.fail("POST /wake/alice", 502, "agent_failed", "the agent of `alice` failed: exit status: 1");
    assert_snapshot!(world.ztm(["tenant", "wake", "alice"]), @"
    exit: 1
    --- stdout
    --- stderr
    error: the agent of `alice` failed: exit status: 1
    hint: `ztm tenant logs alice` shows what the agent said
    request id: test
    ");
}

#[test]
fn every_class_of_failure_has_its_exit_status() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for (http, code, error, exit) in [
        (400, "invalid", "invalid idle_timeout_s: 0 must be more", 2),
        (404, "not_found", "tenant `alice` not found", 3),
        (401, "unauthenticated", "not authenticated", 4),
        (403, "forbidden", "forbidden: viewer", 4),
        (409, "conflict", "tenant `alice`: generation", 5),
        (409, "illegal_state", "tenant `alice` is stopping: wait", 5),
        (504, "timeout", "the wake did not finish within 30s", 6),
        (503, "unavailable", "store is unavailable", 7),
        (503, "store_full", "no space left for the store", 7),
        (503, "overloaded", "overloaded: 1000 agents run", 8),
        (500, "internal", "internal error: oh", 1),
    ] {
        plane.fail("POST /wake/alice", http, code, error);
        let ended = world.ztm(["tenant", "wake", "alice", "-o", "json"]);
        assert_eq!(ended.code, Some(exit), "{code}: {ended}");
        assert!(ended.stdout.is_empty(), "{ended}");
        assert!(ended.json_error()["error"].is_string(), "{ended}");
    }
}

#[test]
fn whoever_mistypes_a_name_is_told_which_ones_there_are() {
    let world = World::new();
    for id in ["alice", "bob", "carol"] {
        world.ztm(["tenant", "create", id]).ok();
    }
    for words in [&["tenant", "get", "alise"][..], &["quota", "get", "alise"], &["schedule", "list", "alise"]] {
        let mistyped = world.ztm(words);
        assert_eq!((mistyped.code, mistyped.stdout.as_str()), (Some(3), ""), "{mistyped}");
        assert!(mistyped.stderr.contains("tenant `alise` not found\nhint: did you mean `alice`?"), "{mistyped}");
    }
    let nothing_like_it = world.ztm(["tenant", "get", "zzz", "-o", "json"]);
    assert_eq!(nothing_like_it.json_error()["hint"], "`ztm tenant list` shows the tenants that exist");
    assert_eq!(world.ztm(["tenant", "get", "alise", "-o", "json"]).json_error()["code"], "not_found");
}

#[test]
fn several_tenants_are_done_each_and_the_worst_failure_is_the_exit_status() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for id in ["alice", "bob"] {
        plane.tenant(id, |_| ());
    }
    let both = world.ztm(["tenant", "get", "alice", "bob", "-o", "json"]).ok().json();
    let ids: Vec<&str> =
        both["tenants"].as_array().unwrap().iter().map(|tenant| tenant["tenant_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["alice", "bob"]);
    assert_eq!(world.ztm(["tenant", "get", "alice", "bob"]).ok().stdout.lines().count(), 3, "a table");
    plane.fail("GET /tenants/carol", 503, "unavailable", "store is unavailable: it is away");
    let partly = world.ztm(["tenant", "get", "nobody", "bob", "carol", "-o", "name"]);
    assert_eq!((partly.code, partly.stdout.as_str()), (Some(7), "bob\n"), "{partly}");
    assert!(partly.stderr.contains("warning: `nobody`: ") && partly.stderr.contains("error: "), "{partly}");
    for verb in ["stop", "wake", "resume"] {
        let asked = plane.asked().len();
        let none = world.ztm(["tenant", verb, "nobody", "no-one"]);
        assert_eq!((none.code, none.stdout.as_str()), (Some(3), ""), "{verb}: {none}");
        assert!(plane.asked().len() >= asked + 2, "{verb}: both are asked");
    }
    // One is shown as before.
    assert!(world.ztm(["tenant", "get", "alice"]).ok().stdout.starts_with("Tenant"));
}

#[test]
fn a_selection_that_matches_nothing_says_how_many_there_are() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.tenant("bob", |_| ());
    let none = world.ztm(["tenant", "list", "--filter", "status=nowhere"]).ok();
    assert!(none.stderr.contains("there are 2 rows, and `--filter` holds of none of them"), "{none}");
    // Where the control plane chooses, it is asked how many there are.
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    for (line, said) in [
        (&["tenant", "list", "-l", "team=red"][..], "there is 1 tenant, but none matches `team=red`"),
        (&["tenant", "list", "--status", "running"], "there is 1 tenant, but none is running"),
        (&["inbox", "list"], "there are no messages in any inbox"),
        (&["inbox", "list", "alice", "--stage", "dead"], "there are no messages in the inbox of `alice`"),
        (&["job", "list", "alice"], "`alice` has no jobs"),
        (&["job", "list", "--status", "queued"], "there are no jobs; `ztm job submit` gives an agent one"),
    ] {
        let none = world.ztm(line.iter().copied()).ok();
        assert_eq!(none.stderr, format!("{said}\n"), "{line:?}");
    }
}

#[test]
fn the_last_events_are_as_many_as_are_asked_for() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let event = |text: &str| serde_json::json!({"at": "2026-11-25T08:00:00Z", "what": "woken", "text": text});
    let events =
        |all: &[&str]| serde_json::json!({"events": all.iter().map(|t| event(t)).collect::<Vec<_>>()}).to_string();
    plane.answer("GET /events?limit=3", 200, &events(&["one", "two", "three"]));
    let last = world.ztm(["events", "--limit", "2"]).ok();
    assert!(!last.stdout.contains("one") && last.stdout.contains("two") && last.stdout.contains("three"), "{last}");
    assert_eq!(last.stderr, "`--limit` leaves out earlier ones\n");
    plane.answer("GET /events?limit=4", 200, &events(&["one", "two", "three"]));
    let all = world.ztm(["events", "--limit", "3"]).ok();
    assert!(all.stdout.contains("one") && all.stderr.is_empty(), "{all}");
}

#[test]
fn what_to_do_next_is_said_of_a_snapshot_of_nothing_and_of_a_creation_that_takes_long() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    let reason = "tenant `alice` is idle: it has no agent whose state could be saved";
    plane.fail("POST /tenants/alice/snapshot", 409, "illegal_state", reason);
    let refused = world.ztm(["tenant", "snapshot", "alice"]);
    assert_eq!(refused.code, Some(5), "{refused}");
    assert!(refused.stderr.contains("`ztm tenant state list alice`"), "{refused}");
    plane.fail("POST /tenants", 504, "timeout", "the registration of the webhook did not finish within 30s");
    let late = world.ztm(["tenant", "create", "bob"]);
    assert!(late.code != Some(0) && late.stderr.contains("`ztm tenant get bob` says"), "{late}");
}

#[test]
fn the_archive_that_the_next_wake_restores_is_said_to_be_that() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let archive = |key: &str, published: bool| {
        format!(r#"{{"key":"tenants/alice/{key}","generation":1,"taken_at":null,"bytes":1,"published":{published}}}"#)
    };
    let archives = [archive("1/1.tar.zst", false), archive("1/2.tar.zst", true)].join(",");
    let state = format!(
        r#"{{"tenant_id":"alice","status":"idle","archives":[{archives}],"instead_of":null,"saved_until":null,"unsaved":false,"snapshot_interval_ms":1}}"#
    );
    plane.answer("GET /tenants/alice/state", 200, &state);
    let listed = world.ztm(["tenant", "state", "list", "alice"]).ok().stdout;
    assert!(listed.contains("NEXT WAKE") && !listed.contains("PUBLISHED"), "{listed}");
    let line = |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("1/2").ends_with("restores it") && line("1/1").ends_with('-'), "{listed}");
}

#[test]
fn another_token_without_a_webhook_is_told_of_and_another_label_is_not() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| tenant.bot_id = Some(7));
    plane.answer("PATCH /tenants/alice", 200, &plane.tenant_json("alice"));
    write_token(&world.home().join("token"), "654321:BBHxyz");
    let note = "no webhook is registered yet; `ztm webhook register alice --base-url URL` does it";
    let updated = world.ztm(["tenant", "update", "alice", "--bot-token-file", "token"]).ok();
    assert!(updated.stderr.contains(note), "{updated}");
    assert_eq!(world.ztm(["tenant", "update", "alice", "--idle-timeout", "60"]).ok().stderr, "");
}

#[test]
fn a_log_that_a_stop_reason_quotes_is_not_shown_in_a_field() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let said = "it exited with status 3; its log ends:\nTraceback\n  line 7\n";
    plane.tenant("alice", |tenant| tenant.stop_reason = Some(StopReason::Lost(said.to_owned())));
    plane.tenant("bob", |tenant| tenant.stop_reason = Some(StopReason::Lost("x".repeat(400))));
    let shown = world.ztm(["tenant", "get", "alice"]).ok().stdout;
    assert!(shown.contains("lost: it exited with status 3\n") && !shown.contains("Traceback"), "{shown}");
    let shown = world.ztm(["tenant", "list", "-o", "wide"]).ok().stdout;
    assert!(shown.contains("lost: xxx") && shown.contains("x…") && !shown.contains("Traceback"), "{shown}");
    assert!(shown.matches('x').count() < 130, "{shown}");
    let whole = world.ztm(["tenant", "get", "alice", "-o", "json"]).ok().json();
    assert!(whole["stop_reason"]["detail"].as_str().unwrap().contains("Traceback"), "{whole}");
}

#[test]
fn a_stop_says_by_force_or_within_what_time() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    for (flags, body) in [
        (&[][..], serde_json::json!({})),
        (&["--force"], serde_json::json!({ "force": true })),
        (&["--timeout", "1m"], serde_json::json!({ "drain_ms": 60_000 })),
        (&["--timeout", "0"], serde_json::json!({ "drain_ms": 0 })),
    ] {
        world.ztm(["tenant", "stop", "alice"].iter().chain(flags).copied()).ok();
        assert_eq!((plane.asked().last().unwrap().as_str(), plane.last_body()), ("POST /stop/alice", body));
    }
    assert_eq!(world.ztm(["tenant", "stop", "alice", "--force", "--timeout", "1s"]).code, Some(2));
}

#[test]
fn several_are_saved_and_one_that_fails_keeps_none_from_it() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let saved = |id: &str| format!("{{\"tenant_id\": \"{id}\", \"changed\": false, \"snapshot\": null}}");
    for name in ["alice", "bob"] {
        plane.answer(&format!("POST /tenants/{name}/snapshot"), 200, &saved(name));
    }
    plane.fail("POST /tenants/carol/snapshot", 404, "not_found", "tenant `carol` not found");
    let said = world.ztm(["tenant", "snapshot", "alice", "carol", "bob"]);
    assert_eq!(said.code, Some(3), "{said}");
    assert_eq!(said.stdout, "alice has written nothing yet\nbob has written nothing yet\n");
    let both = world.ztm(["tenant", "snapshot", "alice", "bob", "-o", "json"]).ok().json();
    assert_eq!(both["snapshots"][1]["tenant_id"], "bob");
    // One is printed as it always was.
    assert_eq!(world.ztm(["tenant", "snapshot", "alice", "-o", "json"]).ok().json()["changed"], false);
}

#[test]
fn a_file_with_a_token_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let mut world = World::new();
    let _plane = Plane::on(&mut world);
    let file = world.home().join("open.token");
    write_token(&file, "123456:AAHxyz");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    for flags in [
        &["tenant", "create", "alice", "--bot-token-file", "open.token"][..],
        &["status", "--token-file", "open.token"],
    ] {
        let refused = world.ztm(flags.iter().copied());
        let says = "`open.token` is open to others (mode 644); `chmod 600` it";
        assert!(refused.code == Some(4) && refused.stderr.contains(says), "{refused}");
    }
}

#[test]
fn who_slept_already_is_told_so() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| {});
    let said = world.ztm(["tenant", "stop", "alice"]).ok();
    assert!(said.stderr.contains("`alice` slept already"), "{said}");
    plane.tenant("bob", |tenant| tenant.status = "running".to_owned());
    let said = world.ztm(["tenant", "stop", "bob"]).ok();
    assert!(!said.stderr.contains("slept"), "{said}");
}
