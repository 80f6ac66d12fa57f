//! What is particular to the SQLite store, seen from outside: its file, its limits, several stores on one file.

use std::{os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use futures::future::join_all;
use libtenancy::{
    Error,
    clock::{Clock, SystemClock, Timestamp},
    drivers::local::store::{FILE_NAME, Options, Store},
    inbox::{Outcome, Put, Take, UpdateKey},
    labels::Labels,
    ports::{
        deadlines::Deadlines,
        inboxes::Inboxes,
        tenants::{Filter, Tenants},
    },
    tenant::{BotId, DEFAULT_IDLE_TIMEOUT, Lifecycle, Settings, Tenant, TenantId},
};
use rusqlite::Connection;

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn open(dir: &Path) -> Result<Store, Error> {
    Store::open(dir, Arc::new(SystemClock::default()))
}

fn open_with(dir: &Path, options: Options) -> Store {
    Store::open_with(dir, Arc::new(SystemClock::default()), options).unwrap()
}

fn id(name: &str) -> TenantId {
    name.parse().unwrap()
}

fn key(tenant: &str, update_id: i64) -> UpdateKey {
    UpdateKey { tenant: id(tenant), bot: BotId(7), update_id }
}

fn tenant(name: &str) -> Tenant {
    Tenant {
        id: id(name),
        created_at: NOW,
        last_active_at: NOW,
        settings: Settings {
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            bot: None,
            suspended: None,
            labels: Labels::default(),
            schedules: libtenancy::schedule::Schedules::default(),
        },
        lifecycle: Lifecycle::new(NOW),
    }
}

/// What the directory holds: names and contents. SQLite's shared memory is scratch space.
fn content(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut content: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.extension().is_none_or(|extension| extension != "db-shm"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    content.sort();
    content
}

/// Puts a file in the database's place, of the mode that the store wants.
fn place(dir: &Path, bytes: &[u8]) {
    let file = dir.join(FILE_NAME);
    std::fs::write(&file, bytes).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn an_answered_write_is_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    for update_id in 0..50 {
        assert_eq!(store.update_put(&key("acme", update_id), "{}", 100, NOW).await.unwrap(), Put::Stored);
        if update_id % 10 == 0 {
            // What is left if the process dies at this instant.
            let crashed = tempfile::tempdir().unwrap();
            for name in ["ztm.db", "ztm.db-wal"] {
                std::fs::copy(dir.path().join(name), crashed.path().join(name)).unwrap();
            }
            let reopened = open(crashed.path()).unwrap();
            let pending = u64::try_from(update_id + 1).unwrap();
            assert_eq!(reopened.pending_count(&id("acme")).await.unwrap(), pending);
        }
    }
}

#[tokio::test]
async fn what_was_written_is_there_after_a_clean_close() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    store.tenant_create(&tenant("acme")).await.unwrap();
    drop(store);
    assert!(!dir.path().join("ztm.db-wal").exists(), "a closed store is one file");
    assert_eq!(open(dir.path()).unwrap().tenant_get(&id("acme")).await.unwrap(), Some(tenant("acme")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_file_see_each_others_writes() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (open(dir.path()).unwrap(), open(dir.path()).unwrap());
    for n in 0..50 {
        let (writer, reader) = if n % 2 == 0 { (&a, &b) } else { (&b, &a) };
        let written = tenant(&format!("t{n}"));
        writer.tenant_create(&written).await.unwrap();
        assert_eq!(reader.tenant_get(&written.id).await.unwrap(), Some(written));
    }
    let refused = b.tenant_create(&tenant("t0")).await.unwrap_err();
    assert!(matches!(refused, Error::AlreadyExists { .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_put_through_two_stores_at_once_is_stored_once() {
    let dir = tempfile::tempdir().unwrap();
    let stores = [open(dir.path()).unwrap(), open(dir.path()).unwrap()];
    let tasks: Vec<_> = (0..200)
        .map(|n: i64| {
            let store = if n % 2 == 0 { stores[0].clone() } else { stores[1].clone() };
            tokio::spawn(async move { store.update_put(&key("acme", n / 4), "{}", 100, NOW).await.unwrap() })
        })
        .collect();
    let puts: Vec<Put> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(puts.iter().filter(|&&put| put == Put::Stored).count(), 50);
    assert_eq!(stores[0].pending_count(&id("acme")).await.unwrap(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stores_that_make_the_database_at_once_share_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let openers: Vec<_> = (0..8)
        .map(|n| {
            let path = path.clone();
            std::thread::spawn(move || (n, open(&path).unwrap()))
        })
        .collect();
    let stores: Vec<(i32, Store)> = openers.into_iter().map(|opener| opener.join().unwrap()).collect();
    for (n, store) in &stores {
        store.tenant_create(&tenant(&format!("t{n}"))).await.unwrap();
    }
    for (_, store) in &stores {
        assert_eq!(store.tenant_list(&Filter::default(), None, 100).await.unwrap().items.len(), 8);
    }
}

#[test]
fn what_is_no_database_of_ours_is_refused_and_left_as_it_is() {
    let foreign = {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("other.db");
        Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        std::fs::read(file).unwrap()
    };
    let mut header_only = b"SQLite format 3\0".to_vec();
    header_only.resize(100, 7);
    let cases: [(&str, &[u8]); 6] = [
        ("an empty file", b""),
        ("text", b"this is a shopping list, not a database; it is longer than a header of one hundred bytes would be"),
        ("zeros", &[0; 8_192]),
        ("a short file", b"SQLite format 3\0"),
        ("a header and nothing", &header_only),
        ("a database of another program", &foreign),
    ];
    for (what, bytes) in cases {
        let dir = tempfile::tempdir().unwrap();
        place(dir.path(), bytes);
        let before = content(dir.path());
        let refused = open(dir.path()).unwrap_err();
        assert!(matches!(refused, Error::Corrupt { .. }), "{what}: {refused:?}");
        assert!(refused.to_string().contains(FILE_NAME), "{what}: {refused}");
        assert_eq!(content(dir.path()), before, "{what} was changed");
    }
}

#[test]
fn a_directory_in_the_databases_place_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(FILE_NAME)).unwrap();
    let refused = open(dir.path()).unwrap_err();
    assert!(matches!(refused, Error::Corrupt { .. }), "{refused:?}");
}

#[test]
fn a_log_without_its_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ztm.db-wal"), b"what was answered last").unwrap();
    let before = content(dir.path());
    let refused = open(dir.path()).unwrap_err();
    assert!(matches!(refused, Error::Corrupt { .. }), "{refused:?}");
    assert_eq!(content(dir.path()), before);
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    let connection = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let before = content(dir.path());
    let refused = open(dir.path()).unwrap_err();
    assert!(matches!(&refused, Error::Invalid { reason, .. } if reason.contains("newer ztm")), "{refused:?}");
    assert_eq!(content(dir.path()), before);
}

#[test]
fn a_database_that_others_can_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    std::fs::set_permissions(dir.path().join(FILE_NAME), std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = open(dir.path()).unwrap_err();
    assert!(matches!(refused, Error::Forbidden { .. }), "{refused:?}");
}

#[test]
fn a_state_directory_that_cannot_be_made_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let refused = open(&file.join("state")).unwrap_err();
    assert!(matches!(&refused, Error::Io { path, .. } if path.ends_with("file/state")), "{refused:?}");
}

#[tokio::test]
async fn damage_inside_the_database_is_reported_and_not_read_as_data() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let tenants: Vec<Tenant> = (0..500).map(|n| tenant(&format!("t{n:03}"))).collect();
    for created in join_all(tenants.iter().map(|tenant| store.tenant_create(tenant))).await {
        created.unwrap();
    }
    drop(store);
    let mut bytes = std::fs::read(dir.path().join(FILE_NAME)).unwrap();
    let pages = bytes.len() / 4_096;
    for page in (pages / 2)..pages {
        bytes[page * 4_096..][..512].fill(0xa5);
    }
    place(dir.path(), &bytes);
    let failed = match open(dir.path()) {
        Err(refused) => refused,
        Ok(store) => store.tenant_list(&Filter::default(), None, 1_000).await.unwrap_err(),
    };
    assert!(matches!(failed, Error::Corrupt { .. }), "{failed:?}");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_reported_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    store.tenant_create(&tenant("acme")).await.unwrap();
    let connection = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    for change in ["status = 'running', agent = NULL", "status = 'running', agent = '{'", "generation = -1"] {
        connection.execute(&format!("UPDATE tenants SET {change}"), []).unwrap();
        let failed = store.tenant_get(&id("acme")).await.unwrap_err();
        assert!(matches!(failed, Error::Corrupt { what: "record", .. }), "{change}: {failed:?}");
    }
    connection.execute("UPDATE tenants SET status = 'asleep'", []).unwrap_err();
}

#[tokio::test]
async fn a_writer_that_stays_in_another_process_makes_the_store_unavailable() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { busy_timeout: Duration::from_millis(50), ..Options::default() };
    let store = open_with(dir.path(), options);
    let other = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.tenant_create(&tenant("acme")).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable { part: "store", .. }), "{refused:?}");
    assert!(refused.retryable() && refused.hint().is_some());
    assert_eq!(store.tenant_get(&id("acme")).await.unwrap(), None, "reads go on");
    other.execute_batch("ROLLBACK").unwrap();
    store.tenant_create(&tenant("acme")).await.unwrap();
}

#[tokio::test]
async fn a_short_transaction_of_another_process_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let other = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.tenant_create(&tenant("acme")).await })
    };
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    other.execute_batch("COMMIT").unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_full_store_refuses_and_keeps_what_it_answered() {
    let dir = tempfile::tempdir().unwrap();
    let store = open_with(dir.path(), Options { max_pages: Some(100), ..Options::default() });
    let payload = "x".repeat(2_000);
    let mut stored = 0;
    let refused = loop {
        match store.update_put(&key("acme", stored), &payload, 10_000, NOW).await {
            Ok(put) => assert_eq!(put, Put::Stored),
            Err(refused) => break refused,
        }
        stored += 1;
        assert!(stored < 10_000, "100 pages never filled up");
    };
    assert!(matches!(refused, Error::StoreFull), "{refused:?}");
    assert_eq!(store.update_get(&key("acme", stored)).await.unwrap(), None);
    assert_eq!(store.pending_count(&id("acme")).await.unwrap(), u64::try_from(stored).unwrap());
    // Once there is room again, everything that was accepted is there and is delivered.
    drop(store);
    let store = open(dir.path()).unwrap();
    let libtenancy::inbox::Claim::Won(epoch) = store.delivery_claim(&id("acme"), "a", NOW).await.unwrap() else {
        panic!("nobody else delivers")
    };
    let mut take = store.update_take(&id("acme"), epoch, NOW).await.unwrap();
    let mut handled = 0;
    while let Take::Taken(update) = take {
        assert_eq!(update.payload, payload);
        take = store.update_finish(&update.key, epoch, &Outcome::Handled, NOW).await.unwrap();
        handled += 1;
    }
    assert_eq!(handled, stored);
    assert_eq!(store.update_put(&key("acme", stored), &payload, 10_000, NOW).await.unwrap(), Put::Stored);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writes_are_committed_in_groups() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    let now = SystemClock::default().now();
    for round in 0..5 {
        let keys: Vec<UpdateKey> = (0..200).map(|n| key("acme", round * 200 + n)).collect();
        for put in join_all(keys.iter().map(|key| store.update_put(key, "{}", 1_000, now))).await {
            assert_eq!(put.unwrap(), Put::Stored);
        }
    }
    let written = store.written();
    assert_eq!(written.writes, 1_000);
    assert!(written.commits <= 200, "{written:?}");
}

#[tokio::test]
async fn the_records_can_be_read_with_plain_sql() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).unwrap();
    store.tenant_create(&tenant("acme")).await.unwrap();
    store.update_put(&key("acme", 5), "{\"update_id\":5}", 10, NOW).await.unwrap();
    store.deadline_set(&id("acme"), NOW).await.unwrap();
    let other = Connection::open(dir.path().join(FILE_NAME)).unwrap();
    let row: (String, String, String, i64, String) = other
        .query_row(
            "SELECT t.id, t.status, datetime(t.since / 1000000, 'unixepoch'), i.pending, b.payload \
             FROM tenants t JOIN inboxes i ON i.tenant = t.id JOIN updates u ON u.tenant = t.id \
             JOIN update_bodies b ON b.row = u.row JOIN deadlines d ON d.tenant = t.id",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )
        .unwrap();
    let expected = ("acme", "idle", "2026-09-21 14:13:20", 1, "{\"update_id\":5}");
    assert_eq!((&*row.0, &*row.1, &*row.2, row.3, &*row.4), expected);
}
