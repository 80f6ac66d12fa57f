//! What agents remember, outside of them: archives that are damaged, copied, chosen, late, or an earlier system's.

use std::{fs, path::Path};

use rusqlite::Connection;
use serde_json::Value;

use crate::{
    plane::{Plane, Tenant},
    proxy::{Fate, Proxy},
    stores::{Stores, on_every_store},
};

/// Talks to a tenant and stops its agent: an archive more. The tenant as it is then.
async fn lived(plane: &Plane, tenant: &Tenant, text: &str, answer: &str) -> Value {
    plane.converse(tenant, text, &format!("{answer}you said: {text}")).await;
    plane.ztm(&["tenant", "stop", &tenant.id]).await.ok();
    plane.get(tenant).await
}

fn key(tenant: &Value) -> &str {
    tenant["snapshot"]["key"].as_str().unwrap()
}

/// The key as operators say it.
fn name<'a>(tenant: &Tenant, key: &'a str) -> &'a str {
    key.strip_prefix(&format!("tenants/{}/", tenant.id)).unwrap()
}

fn flip_a_bit(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// The tenant comes to a machine that has nothing of it but what is in the store.
fn lose_the_machine(plane: &Plane, tenant: &Tenant) {
    fs::remove_dir_all(plane.home(tenant)).unwrap();
}

async fn state(plane: &Plane, tenant: &Tenant) -> Value {
    plane.ztm(&["tenant", "state", "list", &tenant.id, "-o", "json"]).await.ok().json()
}

async fn a_damaged_archive_costs_no_more_than_what_came_after_the_last_good_one(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let good = lived(&plane, &tenant, "first", "[1] ").await;
    let bad = lived(&plane, &tenant, "second", "[2] ").await;
    let archive = plane.state_dir().join("snapshots").join(key(&bad));
    flip_a_bit(&archive);
    if stores == Stores::Cloud {
        // This machine's copy alone is damaged: it is fetched again, and nothing is lost.
        lose_the_machine(&plane, &tenant);
        plane.converse(&tenant, "third", "[3] you said: third").await;
        assert!(plane.whole_log().contains("fetching it again"), "{}", plane.log());
        assert_eq!(plane.get(&tenant).await["snapshot"]["instead_of"], Value::Null);
        let bad = lived(&plane, &tenant, "fourth", "[4] ").await;
        let archive = plane.state_dir().join("snapshots").join(key(&bad));
        flip_a_bit(&archive);
        plane.s3_put(key(&bad), fs::read(&archive).unwrap()).await;
    }
    let remembered = if stores == Stores::Cloud { 2 } else { 1 };
    let bad = plane.get(&tenant).await;
    lose_the_machine(&plane, &tenant);
    let verified = plane.ztm(&["tenant", "state", "verify", "acme", "-o", "json"]).await;
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verified.stderr.contains("1 of 2 archives are damaged"), "{verified:?}");

    plane.converse(&tenant, "after", &format!("[{}] you said: after", remembered + 1)).await;
    let told = plane.get(&tenant).await;
    let instead_of = told["snapshot"]["instead_of"].as_str().unwrap();
    assert!(instead_of.contains(key(&bad)) && instead_of.contains("SHA-256"), "{told}");
    if stores == Stores::Local {
        assert_eq!(key(&told), key(&good));
    }
    assert!(plane.whole_log().contains("THE PUBLISHED STATE IS DAMAGED"), "{}", plane.log());
    let shown = plane.ztm(&["tenant", "get", "acme"]).await.ok().stdout;
    assert!(shown.contains("Instead of") && shown.contains("damaged"), "{shown}");

    // The next archive is an ordinary one.
    let next = lived(&plane, &tenant, "more", &format!("[{}] ", remembered + 2)).await;
    assert_eq!(next["snapshot"]["instead_of"], Value::Null, "{next}");
    lose_the_machine(&plane, &tenant);
    plane.converse(&tenant, "again", &format!("[{}] you said: again", remembered + 3)).await;
    plane.down().await;
}

async fn operators_save_list_verify_copy_and_choose_what_an_agent_remembers(stores: Stores) {
    let mut plane = Plane::start_on(stores, &["--snapshot-interval", "1h"]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    assert_eq!(plane.ztm(&["tenant", "state", "export", "acme", "--file", "none"]).await.code, Some(3));
    let nothing = state(&plane, &tenant).await;
    assert_eq!((&nothing["archives"], &nothing["unsaved"]), (&serde_json::json!([]), &false.into()));
    let refused = plane.ztm(&["tenant", "snapshot", "acme"]).await;
    assert!(refused.code == Some(5) && refused.stderr.contains("no agent"), "{refused:?}");

    plane.converse(&tenant, "first", "[1] you said: first").await;
    let before = state(&plane, &tenant).await;
    assert_eq!((&before["saved_until"], &before["unsaved"]), (&Value::Null, &true.into()), "{before}");
    let taken = plane.ztm(&["tenant", "snapshot", "acme", "-o", "json"]).await.ok().json();
    assert_eq!(taken["changed"], true, "{taken}");
    let first = taken["snapshot"]["key"].as_str().unwrap().to_owned();
    assert_eq!(key(&plane.get(&tenant).await), first, "it is published");
    let saved = state(&plane, &tenant).await;
    assert!(saved["saved_until"].as_str().unwrap() >= taken["snapshot"]["taken_at"].as_str().unwrap(), "{saved}");

    let second = lived(&plane, &tenant, "second", "[2] ").await;
    let listed = plane.ztm(&["tenant", "state", "list", "acme", "-o", "name"]).await.ok().stdout;
    assert_eq!(listed.lines().collect::<Vec<_>>(), [name(&tenant, &first), name(&tenant, key(&second))]);
    let verified = plane.ztm(&["tenant", "state", "verify", "acme", "-o", "json"]).await.ok().json();
    for archive in verified["archives"].as_array().unwrap() {
        assert_eq!(archive["intact"], true, "{archive}");
    }

    let file = plane.dir().join("copy.tar.zst");
    let file = file.to_str().unwrap();
    let copied = plane.ztm(&["tenant", "state", "export", "acme", "--file", file, "-o", "json"]).await.ok().json();
    assert_eq!(copied["sha256"], second["snapshot"]["sha256"]);
    assert_eq!(fs::read(file).unwrap(), fs::read(plane.state_dir().join("snapshots").join(key(&second))).unwrap());
    let again = plane.ztm(&["tenant", "state", "export", "acme", "--file", file]).await;
    assert!(again.code == Some(5) && again.stderr.contains("exists"), "{again:?}");

    // The first one is chosen; the second, and what the machine has, stay where they are.
    let restore = ["tenant", "state", "restore", "acme", name(&tenant, &first)];
    assert_eq!(plane.ztm(&restore).await.code, Some(2), "nobody was asked");
    let wrong = plane.ztm(&["tenant", "state", "restore", "acme", "1/../../other", "--yes"]).await;
    assert!(wrong.code == Some(3) && wrong.stderr.contains("state list"), "{wrong:?}");
    plane.ztm(&[&restore[..], &["--yes"]].concat()).await.ok();
    plane.converse(&tenant, "/recall", "[2] first\n/recall").await;
    let running = plane.ztm(&[&restore[..], &["--yes"]].concat()).await;
    assert!(running.code == Some(5) && running.stderr.contains("without an agent"), "{running:?}");
    plane.ztm(&["tenant", "stop", "acme"]).await.ok();

    // The choice is taken back, on a machine that has nothing.
    lose_the_machine(&plane, &tenant);
    let listed = plane.ztm(&["tenant", "state", "list", "acme", "-o", "name"]).await.ok().stdout;
    assert!(listed.contains(name(&tenant, key(&second))), "{listed}");
    plane.ztm(&["tenant", "state", "restore", "acme", key(&second), "--yes"]).await.ok();
    plane.converse(&tenant, "/recall", "[3] first\nsecond\n/recall").await;

    // Without a control plane archives can be looked at all the same.
    plane.down().await;
    let listed = plane.ztm(&["tenant", "state", "list", "acme", "-o", "json"]).await.ok().json();
    assert!(listed["archives"].as_array().unwrap().iter().any(|archive| archive["published"] == true), "{listed}");
    plane.ztm(&["tenant", "state", "verify", "acme"]).await.ok();
}

async fn what_a_deletion_kept_is_there_for_a_later_tenant_of_the_name_on_any_machine(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "first", "[1] you said: first").await;
    plane.ztm(&["tenant", "delete", "acme", "--yes"]).await.ok();
    lose_the_machine(&plane, &tenant);
    if stores == Stores::Cloud {
        fs::remove_dir_all(plane.state_dir().join("snapshots")).unwrap();
    }
    plane.create(&tenant, 3_600).await;
    plane.converse(&tenant, "second", "[2] you said: second").await;
    plane.ztm(&["tenant", "delete", "acme", "--yes", "--purge"]).await.ok();
    plane.create(&tenant, 3_600).await;
    plane.converse(&tenant, "third", "[1] you said: third").await;
    plane.down().await;
}

on_every_store!(
    a_damaged_archive_costs_no_more_than_what_came_after_the_last_good_one,
    operators_save_list_verify_copy_and_choose_what_an_agent_remembers,
    what_a_deletion_kept_is_there_for_a_later_tenant_of_the_name_on_any_machine,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn a_state_that_could_not_be_stored_at_a_stop_is_published_once_the_store_is_back() {
    let mut plane = Plane::set_on(Stores::Cloud, &["--snapshot-interval", "1h"]).await;
    let servers = plane.servers.as_ref().unwrap();
    let proxy = Proxy::before(servers.port).await;
    servers.configure(plane.dir(), proxy.port);
    plane.up().await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let first = lived(&plane, &tenant, "first", "[1] ").await;
    proxy.decide(|_| Fate::Cut);
    let second = lived(&plane, &tenant, "second", "[2] ").await;
    assert_eq!(key(&second), key(&first), "what is not stored is not published");
    let seen = plane.ask("GET", "/status", None).await.ok();
    assert_eq!(seen["tenants"]["idle"], 1, "{seen}");
    // Its control plane dies too before the store is back.
    plane.kill().await;
    proxy.decide(|_| Fate::Pass);
    plane.up().await;
    plane.wait("it is published", async || (key(&plane.get(&tenant).await) != key(&first)).then_some(())).await;
    assert_eq!(state(&plane, &tenant).await["unsaved"], false);
    // On another machine it remembers everything.
    lose_the_machine(&plane, &tenant);
    fs::remove_dir_all(plane.state_dir().join("snapshots")).unwrap();
    plane.converse(&tenant, "third", "[3] you said: third").await;
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn the_first_wake_of_a_tenant_of_the_earlier_system_imports_what_its_agent_remembered() {
    let mut plane = Plane::start_on(Stores::Cloud, &[]).await;
    let database = plane.dir().join("seed.db");
    let seed = Connection::open(&database).unwrap();
    seed.execute_batch("CREATE TABLE memories (text TEXT); INSERT INTO memories VALUES ('the cat is called Ada')")
        .unwrap();
    drop(seed);
    plane.s3_put("tenants/acme/brain.db", fs::read(&database).unwrap()).await;
    plane.s3_put("tenants/damaged/brain.db", b"SQLite format 3\0 and rubbish".to_vec()).await;
    let (tenant, damaged) = (plane.tenant("acme", 1, 3_600).await, plane.tenant("damaged", 2, 3_600).await);
    // An earlier import died half way.
    let room = plane.state_dir().join("snapshots/tenants/acme/0/.brain.state/state/workspace/memory");
    fs::create_dir_all(&room).unwrap();
    fs::write(room.join("brain.db-wal"), "rubbish").unwrap();
    fs::write(plane.state_dir().join("snapshots/tenants/acme/0/.brain.db"), "half").unwrap();
    plane.converse(&tenant, "hello", "[1] you said: hello").await;
    let left: Vec<_> = fs::read_dir(plane.state_dir().join("snapshots/tenants/acme/0")).unwrap().flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().starts_with('.')), "{left:?}");
    let remembered = |plane: &Plane| {
        let imported = Connection::open(plane.home(&tenant).join("state/workspace/memory/brain.db")).unwrap();
        imported.query_row("SELECT text FROM memories", [], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(remembered(&plane), "the cat is called Ada");
    assert!(key(&plane.get(&tenant).await).starts_with("tenants/acme/0/"));
    // It is imported once: what the agent has written since counts.
    lived(&plane, &tenant, "again", "[2] ").await;
    lose_the_machine(&plane, &tenant);
    plane.converse(&tenant, "and again", "[3] you said: and again").await;
    assert_eq!(remembered(&plane), "the cat is called Ada");
    // One that is damaged is no reason to begin with nothing.
    let refused = plane.ztm(&["tenant", "wake", &damaged.id]).await;
    assert!(refused.code == Some(1) && refused.stderr.contains("damaged"), "{refused:?}");
    assert!(!plane.home(&damaged).join("state").exists());
    plane.ztm(&["tenant", "delete", &tenant.id, "--yes", "--purge"]).await.ok();
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_orphan_saved_is_published_when_its_control_plane_is_back() {
    let mut plane = Plane::start(&["--agent-orphan-timeout", "1s", "--snapshot-interval", "1h"]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "first", "[1] you said: first").await;
    plane.kill().await;
    plane.wait("the orphan ends", async || plane.held_locks().is_empty().then_some(())).await;
    plane.up().await;
    plane
        .wait("it is published", async || {
            let seen = plane.get(&tenant).await;
            (seen["status"] == "idle" && seen["snapshot"].is_object()).then_some(())
        })
        .await;
    lose_the_machine(&plane, &tenant);
    plane.converse(&tenant, "second", "[2] you said: second").await;
    plane.down().await;
}
