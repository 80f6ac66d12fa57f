//! What only servers can show: other machines, a table of the first control plane, and a Redis that dies.

use std::{collections::BTreeMap, time::Duration};

use libtenancy::clock::Stopwatch;
use serde_json::{Value, json};

use crate::{
    plane::{BOUND, Plane, Tenant},
    processes,
    stores::Stores,
    world::MACHINE,
};

/// How many tenants wake at once.
const WAKES: i64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn what_a_command_on_another_machine_writes_is_heeded_at_once() {
    let mut plane = Plane::start_on(Stores::Cloud, &["--reconcile-interval", "1h"]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    // Another state directory knows of no control plane here: the command writes the record itself.
    let elsewhere = plane.dir().join("elsewhere");
    plane.ztm_on(&elsewhere, &["tenant", "update", "acme", "--idle-timeout", "1s"]).await.ok();
    let idle = plane.wait_status(&tenant, "idle").await;
    assert_eq!(idle["stop_reason"]["kind"], "idle", "{idle}");
    // The word gets through again after its server was away.
    let redis = &mut plane.servers.as_mut().unwrap().redis;
    redis.kill();
    redis.restart().await;
    plane.wait("signals", async || plane.log().contains("signals are heard again").then_some(())).await;
    plane.converse(&tenant, "again", "[2] ").await;
    plane.ztm_on(&elsewhere, &["tenant", "update", "acme", "--idle-timeout", "1h"]).await.ok();
    plane.down().await;
}

/// The state and the text of a check.
fn checked(diagnosis: &Value, check: &str) -> (String, String) {
    let found = diagnosis["checks"].as_array().unwrap().iter().find(|found| found["check"] == check);
    let found = found.unwrap_or_else(|| panic!("no {check}: {diagnosis:#}"));
    (found["state"].as_str().unwrap().to_owned(), found["text"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn a_doctor_asks_every_server_how_it_is_set_up_with_a_control_plane_and_without() {
    let mut plane = Plane::start_on(Stores::Cloud, &[]).await;
    let elsewhere = plane.dir().join("elsewhere");
    for alone in [false, true] {
        let ask = async || {
            if alone {
                plane.ztm_on(&elsewhere, &["doctor", "-o", "json"]).await
            } else {
                plane.ztm(&["doctor", "-o", "json"]).await
            }
        };
        let diagnosis = ask().await.ok().json();
        for check in ["registry", "inboxes", "snapshots", "redis", "tables", "bucket"] {
            assert_eq!(checked(&diagnosis, check).0, "ok", "{alone} {check}: {diagnosis:#}");
        }
        let redis = checked(&diagnosis, "redis").1;
        assert!(redis.starts_with("version 7") && redis.contains("appendfsync always"), "{redis}");
    }
    let mut connection = crate::redis::connect(&plane.servers.as_ref().unwrap().redis.url).await;
    let mut evict = ::redis::cmd("CONFIG");
    evict.arg(&["SET", "maxmemory-policy", "allkeys-lru", "appendonly", "no"]);
    evict.query_async::<()>(&mut connection).await.unwrap();
    let ended = plane.ztm(&["doctor", "-o", "json"]).await;
    let diagnosis = ended.json();
    let (state, text) = checked(&diagnosis, "redis");
    assert_eq!((ended.code, state.as_str()), (Some(1), "fail"), "{diagnosis:#}");
    assert!(text.contains("maxmemory-policy allkeys-lru") && text.contains("forgets every job"), "{text}");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn a_router_alone_stores_what_arrives_and_dies_without_losing_any_of_it() {
    const LETTERS: usize = 20;
    // Nobody finds an update by looking for it.
    let mut plane = Plane::start_on(Stores::Cloud, &["--reconcile-interval", "1h", "--only", "orchestrator"]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let port = plane.router().rsplit(':').next().unwrap().to_owned();
    let router = || {
        let arguments = ["up", "--only", "router", "--port", "0", "--router-port", &port];
        plane
            .command_on(&plane.dir().join("router"))
            .args(arguments)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut running = router();
    plane.converse(&tenant, "hello", "[1] you said: hello").await;
    for number in 0..LETTERS {
        plane.write(&tenant, &format!("letter {number}"));
        if number % 6 == 5 {
            running.start_kill().unwrap();
            running.wait().await.unwrap();
            running = router();
        }
    }
    for number in 0..LETTERS {
        plane.answered(&tenant, &format!("you said: letter {number}")).await;
    }
    let in_order: Vec<String> =
        (0..LETTERS).map(|number| format!("[{}] you said: letter {number}", number + 2)).collect();
    assert_eq!(plane.texts(&tenant)[1..], in_order, "each once, and none before another");

    // Where nobody could be told there is none.
    let alone = plane.ztm(&["--context", "embedded", "up", "--only", "router", "--router-port", "0"]).await;
    assert_eq!(alone.code, Some(2), "{alone:?}");
    assert!(alone.stderr.contains("nobody could be told"), "{alone:?}");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn redis_killed_in_the_middle_of_200_wakes_leaves_each_tenant_with_one_agent_and_every_message_answered() {
    let _machine = MACHINE.lock().await;
    let mut plane = Plane::start_on(Stores::Cloud, &["--warm", "0"]).await;
    let tenants: Vec<Tenant> = (0..WAKES).map(|number| Tenant::new(&format!("t{number}"), number)).collect();
    for tenant in &tenants {
        plane.create(tenant, 3_600).await;
    }
    for tenant in &tenants {
        plane.write(tenant, "hello");
    }
    // That one starts is said too, and is no answer.
    let is_answered = |plane: &Plane, tenant| plane.texts(tenant).iter().any(|text| text.contains("you said"));
    let answered = |plane: &Plane| tenants.iter().filter(|tenant| is_answered(plane, tenant)).count();
    // Three times, at the beginning, in the middle and towards the end.
    for share in [20, 80, 140] {
        let watch = Stopwatch::start();
        while answered(&plane) < share {
            assert!(watch.elapsed() < BOUND * 2, "{} of {share} are answered: {}", answered(&plane), plane.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let redis = &mut plane.servers.as_mut().unwrap().redis;
        redis.kill();
        tokio::time::sleep(Duration::from_secs(2)).await;
        redis.restart().await;
    }
    let watch = Stopwatch::start();
    while answered(&plane) < tenants.len() {
        assert!(watch.elapsed() < BOUND * 4, "{} are answered: {}", answered(&plane), plane.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    plane.wait_drained().await;
    let mut agents: BTreeMap<String, usize> = BTreeMap::new();
    for process in plane.processes() {
        if let Some(tenant) = process.agent_of {
            *agents.entry(tenant).or_default() += 1;
        }
    }
    assert_eq!(agents.len(), tenants.len());
    assert!(agents.values().all(|&count| count == 1), "{agents:?}");
    assert!(processes::doubled_agents(&plane.canonical_state_dir()).is_empty());
    for tenant in &tenants {
        let texts = plane.texts(tenant);
        assert_eq!(texts.last().map(String::as_str), Some("[1] you said: hello"), "{}: {texts:?}", tenant.id);
        assert_eq!(plane.get(tenant).await["status"], "running");
    }
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn a_tenant_that_lived_on_another_machine_comes_back_with_what_it_learned_there() {
    let mut plane = Plane::start_on(Stores::Cloud, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let (here, aside, there) = (plane.state_dir(), plane.dir().join("here"), plane.dir().join("there"));
    assert_eq!(plane.converse(&tenant, "here", "[1] ").await, "[1] you said: here");
    plane.down().await;
    std::fs::rename(&here, &aside).unwrap();
    plane.up().await;
    assert_eq!(plane.converse(&tenant, "there", "[2] ").await, "[2] you said: there");
    plane.down().await;
    std::fs::rename(&here, &there).unwrap();
    std::fs::rename(&aside, &here).unwrap();
    plane.up().await;
    assert_eq!(plane.converse(&tenant, "/recall", "[3] ").await, "[3] here\nthere\n/recall");
    plane.down().await;
}

/// A row as the first control plane writes it, in DynamoDB's JSON.
fn seeds_row(id: &str, status: &str, token: Option<&str>) -> Value {
    let mut row = json!({
        "tenant_id": {"S": id}, "status": {"S": status}, "namespace": {"S": "tenants"},
        "s3_prefix": {"S": format!("tenants/{id}/")}, "created_at": {"S": "2026-01-02T03:04:05.678901234Z"},
        "last_active_at": {"S": "2026-05-06T07:08:09Z"}, "idle_timeout_s": {"N": "900"},
    });
    if let Some(token) = token {
        row["bot_token"] = json!({"S": token});
    }
    row
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn tenants_of_the_first_control_plane_are_listed_woken_changed_and_deleted() {
    let mut plane = Plane::cloud_before_init(&[]).await;
    let (alice, bob) = (Tenant::new("alice", 1), Tenant::new("bob", 2));
    let table = json!({
        "TableName": "tenant-registry", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "tenant_id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "tenant_id", "KeyType": "HASH"}],
    });
    plane.dynamodb("CreateTable", table).await;
    let mut meta = seeds_row("warm-pool-meta", "idle", None);
    meta["target"] = json!({"N": "2"});
    for row in [
        seeds_row("alice", "idle", Some(&alice.token)),
        seeds_row("bob", "running", Some(&bob.token)),
        seeds_row("carol", "terminated", None),
        meta,
    ] {
        plane.dynamodb("PutItem", json!({"TableName": "tenant-registry", "Item": row})).await;
    }
    for tenant in [&alice, &bob] {
        plane.double.bot_add(&tenant.token).unwrap();
    }
    plane.ztm(&["admin", "init"]).await.ok();
    plane.up().await;
    // Their webhooks become ours.
    for tenant in [&alice, &bob] {
        plane.double.wait_webhook(&tenant.token, BOUND).await.unwrap();
    }
    let listed = plane.ztm(&["tenant", "list", "-o", "json"]).await.ok().json();
    let names: Vec<&str> =
        listed["tenants"].as_array().unwrap().iter().filter_map(|t| t["tenant_id"].as_str()).collect();
    assert_eq!(names[..2], ["alice", "bob"], "{listed}");
    assert!(!names.contains(&"warm-pool-meta"));
    assert_eq!(plane.converse(&alice, "hello", "[1] ").await, "[1] you said: hello");
    // Nobody has the pod that its row names.
    assert_eq!(plane.converse(&bob, "hello", "[1] ").await, "[1] you said: hello");
    plane.ztm(&["tenant", "update", "alice", "--idle-timeout", "1s"]).await.ok();
    plane.wait_status(&alice, "idle").await;
    assert_eq!(plane.converse(&alice, "again", "[2] ").await, "[2] you said: again");
    plane.ztm(&["tenant", "delete", "alice", "--yes", "--purge"]).await.ok();
    assert_eq!(plane.ztm(&["tenant", "get", "alice"]).await.code, Some(3));
    let row = json!({"TableName": "tenant-registry", "Key": {"tenant_id": {"S": "bob"}}});
    let row = plane.dynamodb("GetItem", row).await;
    assert!(!row.to_string().contains(&bob.token), "its token is sealed by now: {row}");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn what_the_first_control_plane_left_in_a_table_becomes_tenants_of_another_registry() {
    let plane = Plane::cloud_before_init(&[]).await;
    let keys = json!({
        "TableName": "tenant-registry", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "tenant_id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "tenant_id", "KeyType": "HASH"}],
    });
    plane.dynamodb("CreateTable", keys).await;
    for (id, token, idle) in [
        ("alice", "4711:AAtoken-of-the-first-control-plane", "900"),
        ("bob", "", "-5"),
        ("Not_An_Id", "4712:AAanother-token-of-it", "900"),
        ("carol", "no token", "900"),
        ("warm-pool-meta", "", "900"),
    ] {
        let mut item = json!({
            "tenant_id": {"S": id}, "status": {"S": "idle"}, "idle_timeout_s": {"N": idle},
            "created_at": {"S": "2026-01-02T03:04:05Z"}, "last_active_at": {"S": "2026-01-02T03:04:05Z"},
        });
        if !token.is_empty() {
            item["bot_token"] = json!({"S": token});
        }
        plane.dynamodb("PutItem", json!({"TableName": "tenant-registry", "Item": item})).await;
    }
    let table = async || plane.dynamodb("Scan", json!({"TableName": "tenant-registry"})).await["Items"].clone();
    let before = table().await;
    let home = plane.dir().join("embedded");
    let ztm = async |arguments: &[&str]| {
        plane.ztm_on(&home, &[&["--context", "embedded", "-o", "json"], arguments].concat()).await
    };
    let refused = plane.ztm(&["import", "--from", "cloud"]).await;
    assert_eq!((refused.code, refused.stderr.contains("tenants already")), (Some(2), true), "{refused:?}");
    assert_eq!(ztm(&["import", "--from", "embedded"]).await.code, Some(2));
    assert_eq!(ztm(&["import", "--from", "nowhere"]).await.code, Some(3));
    let results = |ended: &crate::plane::Ended| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let done = ended.json();
        done["results"].as_array().unwrap().iter().map(|one| (text(&one["tenant_id"]), text(&one["result"]))).collect()
    };
    let as_planned = |made: &str| {
        let word = |(id, result): (&str, &str)| (id.to_owned(), result.to_owned());
        [("Not_An_Id", "failed"), ("alice", made), ("bob", made), ("carol", "failed")].map(word)
    };
    let dry = ztm(&["import", "--from", "cloud", "--dry-run"]).await;
    assert_eq!((dry.code, results(&dry)), (Some(1), as_planned("created").to_vec()), "{dry:?}");
    assert_eq!(ztm(&["tenant", "list"]).await.ok().json()["tenants"], json!([]));
    let done = ztm(&["import", "--from", "cloud"]).await;
    assert_eq!(results(&done), as_planned("created"));
    assert!(!done.stdout.contains("AAtoken") && !done.stderr.contains("AAtoken"), "{done:?}");
    let tenants = ztm(&["tenant", "list"]).await.ok().json()["tenants"].clone();
    let shown = tenants.as_array().unwrap().iter();
    let shown: Vec<Value> = shown.map(|one| json!([one["tenant_id"], one["bot_id"], one["idle_timeout_s"]])).collect();
    assert_eq!(shown, [json!(["alice", 4711, 900]), json!(["bob", null, 1])]);
    // A repeat finishes what was left, and changes nothing that is there.
    assert_eq!(results(&ztm(&["import", "--from", "cloud"]).await), as_planned("unchanged"));
    assert_eq!(table().await, before, "the table is read and not changed");
}
