//! Bad input and bad surroundings, through the real binary and its sockets: a clear error, the right status and exit
//! code, and nothing changed, nothing created.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::plane::{Answer, BOUND, Ended, Plane, Tenant, answer};

/// Ids of every wrong shape, as a person or a script may give them.
const WRONG_IDS: [&str; 20] = [
    "Acme",
    "acme_1",
    "-acme",
    "acme-",
    "-",
    "acme.",
    "acme corp",
    "acme/../other",
    "..",
    ".",
    "../../etc/passwd",
    "acme\u{e9}",
    "\u{430}cme",
    "acme\n",
    "acme\u{200b}",
    "acme%00",
    "a23456789012345678901234567890123456789012",
    "warm-pool-meta",
    "*",
    "acme'; DROP TABLE tenants; --",
];

/// Everything that could have been changed: records, inboxes, files that name a tenant, processes.
async fn everything(plane: &Plane) -> (Value, Value, Vec<String>, Vec<u32>) {
    let tenants = plane.ask("GET", "/tenants?limit=1000", None).await.ok();
    let inbox = plane.ask("GET", "/inbox?limit=1000", None).await.ok();
    let mut homes: Vec<String> = ["tenants", "snapshots/tenants"]
        .into_iter()
        .flat_map(|directory| std::fs::read_dir(plane.state_dir().join(directory)).into_iter().flatten().flatten())
        .map(|entry| entry.path().display().to_string())
        .collect();
    homes.sort();
    (tenants, inbox, homes, plane.processes().iter().map(|process| process.pid).collect())
}

/// A running control plane with one tenant that has answered once, and whose pool is full.
async fn settled() -> (Plane, Tenant) {
    let plane = Plane::start(&[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    plane.wait_drained().await;
    plane.wait("the pool is full", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    (plane, tenant)
}

fn is_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
    let error = answer.body["error"].as_str().unwrap();
    assert!(!error.is_empty() && !error.contains("panicked"), "{answer:?}");
}

fn fails(ended: &Ended, code: i32, says: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
    for part in says {
        assert!(ended.stderr.contains(part), "{part:?} is not said: {ended:?}");
    }
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
}

fn escaped(id: &str) -> String {
    id.bytes().fold(String::new(), |path, byte| format!("{path}%{byte:02X}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s14_ids_of_every_wrong_shape_are_refused_over_http_and_by_the_command() {
    let (mut plane, _) = settled().await;
    let before = everything(&plane).await;
    for id in WRONG_IDS {
        let path = escaped(id);
        is_refused(&plane.ask("POST", "/tenants", Some(json!({"tenant_id": id}))).await, 400, "invalid");
        for (method, path) in [
            ("GET", format!("/tenants/{path}")),
            ("DELETE", format!("/tenants/{path}")),
            ("PUT", format!("/tenants/{path}/activity")),
            ("GET", format!("/tenants/{path}/logs")),
            ("GET", format!("/tenants/{path}/agent")),
            ("POST", format!("/wake/{path}")),
            ("POST", format!("/stop/{path}")),
            ("GET", format!("/admin/webhook/{path}")),
            ("GET", format!("/inbox?tenant={path}")),
            ("GET", format!("/tenants?after={path}")),
        ] {
            let answered = plane.ask(method, &path, None).await;
            // Dots are no segment of a path: they never get to a tenant's route.
            let dots = [".", ".."].contains(&id) && matches!(answered.status, 404 | 405);
            assert!(dots || answered.status == 400, "{method} {path}: {answered:?}");
        }
        let answered = answer(plane.post_update(&path, Some("x"), "{\"update_id\":1}")).await;
        assert!(matches!(answered.status, 400 | 404), "{id:?}: {answered:?}");
        for arguments in [
            &["tenant", "create", "--", id][..],
            &["tenant", "get", "--", id],
            &["tenant", "wake", "--", id],
            &["tenant", "delete", "--yes", "--", id],
        ] {
            fails(&plane.ztm(arguments).await, 2, &["invalid tenant id"]);
        }
    }
    is_refused(&plane.ask("POST", "/tenants", Some(json!({"tenant_id": ""}))).await, 400, "invalid");
    fails(&plane.ztm(&["tenant", "create", ""]).await, 2, &["invalid tenant id"]);
    assert_eq!(everything(&plane).await, before);
    plane.down().await;
    // The same without a control plane, where the command itself has to know.
    for id in WRONG_IDS {
        for verb in ["create", "get"] {
            fails(&plane.ztm(&["tenant", verb, "--", id]).await, 2, &["invalid tenant id"]);
        }
    }
    assert_eq!(plane.ztm(&["tenant", "list", "-o", "name"]).await.ok().stdout, "acme\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s1_s3_s4_s16_wrong_callers_and_bodies_too_large_change_nothing() {
    let (mut plane, tenant) = settled().await;
    let secret = plane.double.webhook(&tenant.token).unwrap().secret.unwrap();
    let before = everything(&plane).await;
    let update = |id: i64| {
        let chat = json!({"id": tenant.chat, "type": "private"});
        json!({"update_id": id, "message": {"message_id": 1, "date": 0, "chat": chat, "text": "intruder"}}).to_string()
    };
    // Who asks.
    for (given, status, code) in [
        (None, 401, "unauthenticated"),
        (Some(""), 401, "unauthenticated"),
        (Some("wrong"), 401, "unauthenticated"),
        (Some(&secret[..secret.len() - 1]), 401, "unauthenticated"),
        (Some(&*format!("{secret}0")), 401, "unauthenticated"),
    ] {
        is_refused(&answer(plane.post_update("acme", given, update(50))).await, status, code);
    }
    is_refused(&answer(plane.post_update("nobody", Some(&secret), update(50))).await, 404, "not_found");
    for (method, path) in [
        ("GET", "/tenants"),
        ("POST", "/tenants"),
        ("POST", "/wake/acme"),
        ("GET", "/status"),
        ("DELETE", "/tenants/acme"),
        ("GET", "/tenants/acme/bot_token"),
    ] {
        for token in ["", "wrong"] {
            let request = plane.request_as(token, method, path);
            let refused = answer(request).await;
            assert_eq!(refused.status, 401, "{method} {path}: {refused:?}");
        }
    }
    // The operator's own token is not the router's.
    assert_eq!(plane.ask("GET", "/tenants/acme/bot_token", None).await.status, 403);
    // How much.
    let two_megabytes = " ".repeat(2 << 20);
    is_refused(&answer(plane.post_update("acme", Some(&secret), two_megabytes.clone())).await, 413, "too_large");
    let refused =
        answer(plane.request("POST", "/tenants").body(format!("{{\"tenant_id\":\"big\"{two_megabytes}}}"))).await;
    is_refused(&refused, 413, "too_large");
    assert_eq!(everything(&plane).await, before);
    assert_eq!(plane.texts(&tenant).len(), 1, "nobody else was answered");
    for shown in [plane.whole_log(), plane.ztm(&["tenant", "get", "acme", "-o", "json"]).await.stdout] {
        assert!(!shown.contains(&tenant.token) && !shown.contains(&secret), "a secret is shown: {shown}");
    }
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s14_wrong_fields_and_values_change_nothing() {
    let (mut plane, tenant) = settled().await;
    let secret = plane.double.webhook(&tenant.token).unwrap().secret.unwrap();
    let before = everything(&plane).await;
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\"x\"",
        "{}",
        "{\"update_id\":-1}",
        "{\"update_id\":1.5}",
        "{\"update_id\":\"1\"}",
        "{\"update_id\":1e40}",
        "{\"update_id\":1,\"update_id\":2}",
    ] {
        is_refused(&answer(plane.post_update("acme", Some(&secret), body)).await, 400, "invalid");
    }
    is_refused(&answer(plane.post_update("acme", Some(&secret), vec![b'{', 0xff, b'}'])).await, 400, "invalid");
    for (body, says) in [
        (json!({"tenant_id": "new", "namespace": "x"}), "unknown field `namespace`"),
        (json!({"tenant_id": "new", "idle_timeout": 5}), "unknown field `idle_timeout`"),
        (json!({"tenant_id": "new", "idle_timeout_s": -1}), "-1 must be from 1 to"),
        (json!({"tenant_id": "new", "idle_timeout_s": 0}), "0 must be from 1 to"),
        (json!({"tenant_id": "new", "idle_timeout_s": i64::MIN}), "must be from 1 to"),
        (json!({"tenant_id": "new", "idle_timeout_s": i64::MAX}), "must be from 1 to"),
        (json!({"tenant_id": "new", "idle_timeout_s": 1.5}), "idle_timeout_s"),
        (json!({"tenant_id": "new", "bot_token": "no token"}), "token"),
        (json!({"tenant_id": ["new"]}), "tenant_id"),
        (json!(["new"]), "JSON object"),
        (json!({}), "tenant_id"),
    ] {
        let refused = plane.ask("POST", "/tenants", Some(body.clone())).await;
        is_refused(&refused, 400, "invalid");
        assert!(refused.body["error"].as_str().unwrap().contains(says), "{body}: {refused:?}");
    }
    for body in [json!({}), json!({"idle_timeout_s": -5}), json!({"status": "running"}), json!({"bot_token": ""})] {
        is_refused(&plane.ask("PATCH", "/tenants/acme", Some(body)).await, 400, "invalid");
    }
    for path in [
        "/tenants?limit=0",
        "/tenants?limit=-1",
        "/tenants?limit=1001",
        "/tenants?status=asleep",
        "/tenants?colour=red",
        "/inbox?stage=lost",
        "/inbox?after=acme",
        "/inbox?after=acme/1/x",
        "/tenants/acme/logs?tail=-1",
        "/tenants/acme/logs?tail=1000000",
    ] {
        is_refused(&plane.ask("GET", path, None).await, 400, "invalid");
    }
    is_refused(&plane.ask("POST", "/tenants", Some(json!({"tenant_id": "acme"}))).await, 409, "already_exists");
    for (method, path, status) in [
        ("GET", "/tenants/nobody", 404),
        ("PUT", "/tenants/nobody/activity", 404),
        ("POST", "/wake/nobody", 404),
        ("POST", "/stop/nobody", 404),
        ("DELETE", "/tenants/nobody", 404),
        ("GET", "/admin/webhook/nobody", 404),
        ("GET", "/nothing", 404),
        ("PUT", "/tenants", 405),
    ] {
        let refused = plane.ask(method, path, None).await;
        assert_eq!(refused.status, status, "{method} {path}: {refused:?}");
        assert!(refused.body["error"].is_string(), "{method} {path}: {refused:?}");
    }
    assert_eq!(everything(&plane).await, before);
    assert_eq!(plane.texts(&tenant).len(), 1, "nothing of it reached the agent");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f10_wrong_arguments_end_with_their_exit_codes_and_change_nothing() {
    let (mut plane, _) = settled().await;
    let before = everything(&plane).await;
    for (arguments, code, says) in [
        (&["tenant", "create", "new", "--idle-timeout", "-5"][..], 2, &["idle"][..]),
        (&["tenant", "create", "new", "--idle-timeout", "0"], 2, &["--idle-timeout"]),
        (&["tenant", "create", "new", "--idle-timeout", "soon"], 2, &["soon"]),
        (&["tenant", "create", "new", "--bot-token-file", "/nonexistent"], 2, &["/nonexistent"]),
        (&["tenant", "create", "acme"], 5, &["already exists", "ztm tenant update"]),
        (&["tenant", "get", "nobody"], 3, &["not found", "ztm tenant list"]),
        (&["tenant", "wake", "nobody"], 3, &["not found"]),
        (&["tenant", "delete", "nobody", "--yes"], 3, &["not found"]),
        (&["tenant", "update", "acme", "--idle-timeout", "-5"], 2, &["idle"]),
        (&["inbox", "replay", "acme/1/1"], 3, &["not found"]),
        (&["inbox", "replay", "acme"], 2, &["TENANT/BOT/UPDATE"]),
        (&["inbox", "drop", "--yes", "acme/x/1"], 2, &["TENANT/BOT/UPDATE"]),
    ] {
        fails(&plane.ztm(arguments).await, code, says);
    }
    assert_eq!(everything(&plane).await, before);
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_control_plane_a_taken_port_and_a_directory_that_cannot_be_written_are_refused() {
    let (mut plane, _) = settled().await;
    let before = everything(&plane).await;
    let arguments = plane.up_arguments();
    let mut again: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let pid = plane.pid().to_string();
    fails(&plane.ztm(&again).await, 5, &["in use by another control plane", &pid, "ztm down"]);
    again.push("--detach");
    fails(&plane.ztm(&again).await, 5, &["in use by another control plane", &pid]);
    assert_eq!(everything(&plane).await, before);
    assert!(plane.lives());

    // Another directory, the same ports.
    let other = plane.dir().join("other");
    again.pop();
    fails(&plane.ztm_on(&other, &again).await, 1, &["cannot listen on", "127.0.0.1", "in use"]);
    assert!(!other.join("up.json").exists());
    assert!(!other.join("tenants").read_dir().is_ok_and(|mut homes| homes.next().is_some()));

    // A file where the directory should be, and a filesystem that takes no directories.
    let file = plane.dir().join("file");
    std::fs::write(&file, "mine").unwrap();
    for directory in [file.join("state"), file.clone(), "/proc/ztm".into()] {
        for arguments in [&["up", "--port", "0", "--router-port", "0"][..], &["tenant", "create", "new"]] {
            fails(&plane.ztm_on(&directory, arguments).await, 1, &[directory.to_str().unwrap()]);
        }
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(everything(&plane).await, before);
    plane.down().await;
}

/// The database of a stage whose control plane has ended, after one tenant and one message.
async fn ended() -> (Plane, std::path::PathBuf) {
    let (mut plane, _) = settled().await;
    plane.down().await;
    let found: Vec<_> = std::fs::read_dir(plane.state_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "db" || extension == "sqlite"))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    (plane, found[0].clone())
}

/// Starts a control plane that must not start; how it ended.
async fn up_fails(plane: &Plane) -> Ended {
    let arguments = plane.up_arguments();
    plane.ztm(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrupt_or_newer_database_is_named_and_not_touched() {
    let (mut plane, database) = ended().await;
    let good = std::fs::read(&database).unwrap();
    let mut damaged = good.clone();
    for byte in &mut damaged[100..4_096.min(good.len())] {
        *byte = 0xa5;
    }
    let newer = {
        let connection = rusqlite::Connection::open(&database).unwrap();
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        connection.pragma_update(None, "user_version", version + 1_000).unwrap();
        connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").ok();
        drop(connection);
        std::fs::read(&database).unwrap()
    };
    let rubbish = b"this is no database, but somebody's notes".repeat(100);
    for (name, code, bytes) in [("damaged", 1, damaged), ("rubbish", 1, rubbish), ("newer", 2, newer)] {
        for side in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{side}", database.display()));
        }
        std::fs::write(&database, &bytes).unwrap();
        let path = database.to_str().unwrap();
        fails(&up_fails(&plane).await, code, &[path]);
        for arguments in [&["tenant", "list"][..], &["tenant", "create", "new"], &["inbox", "list"]] {
            fails(&plane.ztm(arguments).await, code, &[path]);
        }
        assert!(std::fs::read(&database).unwrap() == bytes, "{name}: it was changed");
        assert!(plane.processes().is_empty());
        assert!(!plane.state_dir().join("up.json").exists());
    }
    // With the backup back in its place everything is as before.
    std::fs::write(&database, &good).unwrap();
    plane.up().await;
    let tenant = Tenant::new("acme", 1);
    assert_eq!(plane.converse(&tenant, "again", "again").await, "[2] you said: again");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_another_process_keeps_locked_is_said_and_waited_for() {
    let (mut plane, tenant) = settled().await;
    let secret = plane.double.webhook(&tenant.token).unwrap().secret.unwrap();
    let database = std::fs::read_dir(plane.state_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "db" || extension == "sqlite"))
        .unwrap();
    let other = rusqlite::Connection::open(&database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The webhook cannot store, so it does not acknowledge; Telegram keeps the update.
    let chat = json!({"id": tenant.chat, "type": "private"});
    let update = json!({"update_id": 900, "message": {"message_id": 1, "date": 0, "chat": chat, "text": "not stored"}});
    let refused = answer(plane.post_update("acme", Some(&secret), update.to_string())).await;
    is_refused(&refused, 503, "unavailable");
    plane.write(&tenant, "patience");
    let refused = plane.ask("POST", "/tenants", Some(json!({"tenant_id": "new"}))).await;
    is_refused(&refused, 503, "unavailable");
    assert!(refused.body["hint"].as_str().unwrap().contains("another process"), "{refused:?}");
    fails(&plane.ztm(&["tenant", "create", "new"]).await, 7, &["store is unavailable", "another process"]);
    // What only reads goes on.
    assert_eq!(plane.get(&tenant).await["status"], "running");
    assert_eq!(plane.double.pending(&tenant.token), 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(plane.answered(&tenant, "patience").await, "[2] you said: patience");
    assert_eq!(plane.ztm(&["tenant", "list", "-o", "name"]).await.ok().stdout, "acme\n");
    plane.down().await;
    // Without a control plane too: the command itself waits a while, and says so.
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    fails(&plane.ztm(&["tenant", "create", "new"]).await, 7, &["store is unavailable", "another process"]);
    other.execute_batch("ROLLBACK").unwrap();
    plane.ztm(&["tenant", "create", "new"]).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_file_that_others_can_read_is_not_used() {
    let (mut plane, _) = settled().await;
    let token_file = plane.state_dir().join("api-token");
    let mode = |mode| std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(mode)).unwrap();
    assert_eq!(std::fs::metadata(&token_file).unwrap().permissions().mode() & 0o777, 0o600);
    mode(0o644);
    let refused = plane.ztm(&["tenant", "list"]).await;
    assert!(matches!(refused.code, Some(1 | 4)), "{refused:?}");
    assert!(refused.stderr.contains("api-token"), "{refused:?}");
    mode(0o600);
    plane.ztm(&["tenant", "list"]).await.ok();
    plane.double.wait_delivered(BOUND).await.unwrap();
    plane.down().await;
}
