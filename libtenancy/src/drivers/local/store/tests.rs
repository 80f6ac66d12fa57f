use std::sync::mpsc::{Receiver, Sender, channel};

use futures::{future::join_all, poll};
use tempfile::TempDir;

use super::*;
use crate::clock::SystemClock;

fn open_with(options: Options) -> (Store, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Store::open_with(dir.path(), Arc::new(SystemClock::default()), options).unwrap(), dir)
}

fn open() -> (Store, TempDir) {
    open_with(Options::default())
}

fn note(connection: &Connection, tenant: &str) -> Result<(), Fault> {
    connection.execute("INSERT INTO deadlines (tenant, at) VALUES (?1, 0)", [tenant])?;
    Ok(())
}

fn noted(store: &Store) -> Vec<String> {
    store
        .read(|connection| {
            let mut statement = connection.prepare("SELECT tenant FROM deadlines ORDER BY tenant")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .unwrap()
}

/// Keeps the writer busy until the returned sender is used or dropped.
async fn held(store: &Store) -> (Sender<()>, tokio::task::JoinHandle<Result<()>>) {
    let (release, released): (Sender<()>, Receiver<()>) = channel();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let mut started = Some(started);
    let writer = store.clone();
    let task = tokio::spawn(async move {
        writer
            .write(move |_| {
                let _ = started.take().map(|started| started.send(()));
                let _ = released.recv();
                Ok(())
            })
            .await
    });
    has_started.await.unwrap();
    (release, task)
}

#[tokio::test]
async fn writes_that_wait_together_share_one_commit() {
    let (store, _dir) = open();
    let (release, hold) = held(&store).await;
    let names: Vec<String> = (0..100).map(|n| format!("t{n:03}")).collect();
    let mut writes: Vec<_> =
        names.iter().cloned().map(|name| Box::pin(store.write(move |connection| note(connection, &name)))).collect();
    for write in &mut writes {
        assert!(poll!(write).is_pending());
    }
    release.send(()).unwrap();
    assert!(join_all(writes).await.into_iter().all(|written| written.is_ok()));
    hold.await.unwrap().unwrap();
    assert_eq!(store.written(), Written { writes: 101, commits: 2 });
    assert_eq!(noted(&store), names);
}

#[tokio::test]
async fn nobody_is_answered_before_the_commit() {
    let (store, _dir) = open();
    let (release, hold) = held(&store).await;
    let mut first = Box::pin(store.write(|connection| note(connection, "first")));
    assert!(poll!(&mut first).is_pending());
    let writer = store.clone();
    let (release_second, released) = channel::<()>();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let mut started = Some(started);
    let mut second = Box::pin(writer.write(move |connection| {
        let _ = started.take().map(|started| started.send(()));
        let _ = released.recv();
        note(connection, "second")
    }));
    assert!(poll!(&mut second).is_pending());
    release.send(()).unwrap();
    has_started.await.unwrap();
    // The first has run, and its commit has not.
    assert!(poll!(&mut first).is_pending());
    assert_eq!(noted(&store), Vec::<String>::new());
    release_second.send(()).unwrap();
    first.await.unwrap();
    second.await.unwrap();
    hold.await.unwrap().unwrap();
    assert_eq!(noted(&store), ["first", "second"]);
}

#[tokio::test]
async fn a_write_that_fails_is_undone_alone() {
    let (store, _dir) = open();
    let (release, hold) = held(&store).await;
    let mut writes: Vec<_> = (0..10)
        .map(|n| {
            Box::pin(store.write(move |connection| {
                note(connection, &format!("t{n}"))?;
                if n % 3 == 1 { Err(Error::conflict("test", n, "it is meant to").into()) } else { Ok(n) }
            }))
        })
        .collect();
    for write in &mut writes {
        assert!(poll!(write).is_pending());
    }
    release.send(()).unwrap();
    hold.await.unwrap().unwrap();
    for (n, result) in join_all(writes).await.into_iter().enumerate() {
        match result {
            Ok(answer) => assert_eq!((answer, n % 3 == 1), (n, false)),
            Err(error) => assert!(n % 3 == 1 && matches!(error, Error::Conflict { .. }), "{n}: {error:?}"),
        }
    }
    assert_eq!(noted(&store), ["t0", "t2", "t3", "t5", "t6", "t8", "t9"]);
}

#[tokio::test]
async fn a_write_that_panics_is_undone_and_the_writer_goes_on() {
    let (store, _dir) = open();
    let panicked = store
        .write(|connection| -> Result<(), Fault> {
            note(connection, "gone")?;
            panic!("it is meant to")
        })
        .await
        .unwrap_err();
    assert!(matches!(panicked, Error::Internal { .. }), "{panicked:?}");
    store.write(|connection| note(connection, "kept")).await.unwrap();
    assert_eq!(noted(&store), ["kept"]);
}

#[tokio::test]
async fn a_write_that_fails_before_it_changes_anything_costs_the_others_nothing() {
    let (store, _dir) = open();
    let (release, hold) = held(&store).await;
    let mut refused = Box::pin(store.write(|_| -> Result<(), Fault> { Err(Error::not_found("test", "x").into()) }));
    let mut kept = Box::pin(store.write(|connection| note(connection, "kept")));
    assert!(poll!(&mut refused).is_pending() && poll!(&mut kept).is_pending());
    release.send(()).unwrap();
    hold.await.unwrap().unwrap();
    refused.await.unwrap_err();
    kept.await.unwrap();
    assert_eq!(store.written(), Written { writes: 3, commits: 2 });
}

#[tokio::test]
async fn a_write_that_loses_the_transaction_fails_alone() {
    let (store, _dir) = open();
    let (release, hold) = held(&store).await;
    let mut before = Box::pin(store.write(|connection| note(connection, "before")));
    // What SQLite does by itself when the disk fails in the middle of a statement.
    let mut loses = Box::pin(store.write(|connection| Ok(connection.execute_batch("ROLLBACK")?)));
    let mut after = Box::pin(store.write(|connection| note(connection, "after")));
    assert!(poll!(&mut before).is_pending() && poll!(&mut loses).is_pending() && poll!(&mut after).is_pending());
    release.send(()).unwrap();
    hold.await.unwrap().unwrap();
    before.await.unwrap();
    loses.await.unwrap_err();
    after.await.unwrap();
    assert_eq!(noted(&store), ["after", "before"]);
}

#[tokio::test]
async fn a_failed_commit_is_everybodys_error_and_changes_nothing() {
    let (store, _dir) = open();
    let deferred = "CREATE TABLE parents (id INTEGER PRIMARY KEY); \
        CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)";
    store.write(move |connection| Ok(connection.execute_batch(deferred)?)).await.unwrap();
    let (release, hold) = held(&store).await;
    let mut innocent = Box::pin(store.write(|connection| note(connection, "innocent")));
    let mut orphan = Box::pin(store.write(|connection| {
        connection.execute("INSERT INTO children VALUES (1)", [])?;
        Ok(())
    }));
    assert!(poll!(&mut innocent).is_pending() && poll!(&mut orphan).is_pending());
    release.send(()).unwrap();
    hold.await.unwrap().unwrap();
    innocent.await.unwrap_err();
    orphan.await.unwrap_err();
    assert_eq!(noted(&store), Vec::<String>::new());
    store.write(|connection| note(connection, "later")).await.unwrap();
    assert_eq!(noted(&store), ["later"]);
}

#[tokio::test]
async fn a_full_queue_is_overloaded_at_once_and_new_work_goes_first() {
    let (store, _dir) = open_with(Options { queue: 8, ..Options::default() });
    let (release, hold) = held(&store).await;
    let mut queued = Vec::new();
    for n in 0..6 {
        let mut write = Box::pin(store.write_new(1, move |connection| note(connection, &format!("new{n}"))));
        assert!(poll!(&mut write).is_pending());
        queued.push(write);
    }
    let refused = store.write_new(1, |connection| note(connection, "refused")).await.unwrap_err();
    assert!(matches!(refused, Error::Overloaded { .. }), "{refused:?}");
    let mut accepted = Vec::new();
    for n in 0..2 {
        let mut write = Box::pin(store.write(move |connection| note(connection, &format!("old{n}"))));
        assert!(poll!(&mut write).is_pending(), "work on what was accepted still fits");
        accepted.push(write);
    }
    let refused = store.write(|connection| note(connection, "refused")).await.unwrap_err();
    assert!(matches!(refused, Error::Overloaded { .. }), "{refused:?}");
    release.send(()).unwrap();
    hold.await.unwrap().unwrap();
    for written in join_all(queued).await.into_iter().chain(join_all(accepted).await) {
        written.unwrap();
    }
    assert_eq!(noted(&store).len(), 8);
    store.write_new(1, |connection| note(connection, "again")).await.unwrap();
}

#[tokio::test]
async fn waiting_texts_are_bounded_in_bytes() {
    let (store, _dir) = open();
    let (release, hold) = held(&store).await;
    let mut queued = Vec::new();
    for n in 0..4 {
        let mut write = Box::pin(store.write_new(8 << 20, move |connection| note(connection, &format!("t{n}"))));
        assert!(poll!(&mut write).is_pending());
        queued.push(write);
    }
    let refused = store.write_new(1, |connection| note(connection, "refused")).await.unwrap_err();
    assert!(matches!(refused, Error::Overloaded { .. }), "{refused:?}");
    release.send(()).unwrap();
    hold.await.unwrap().unwrap();
    assert!(join_all(queued).await.into_iter().all(|written| written.is_ok()));
    // What is larger than the bound passes alone.
    store.write_new(64 << 20, |connection| note(connection, "large")).await.unwrap();
    assert_eq!(noted(&store).len(), 5);
}

#[tokio::test]
async fn a_write_whose_caller_has_gone_still_happens_and_the_last_store_waits_for_it() {
    let (store, dir) = open();
    let (release, hold) = held(&store).await;
    {
        let mut write = Box::pin(store.write(|connection| note(connection, "kept")));
        assert!(poll!(&mut write).is_pending());
    }
    release.send(()).unwrap();
    hold.await.unwrap().unwrap();
    drop(store);
    assert!(!dir.path().join("ztm.db-wal").exists(), "every connection is closed");
    let store = Store::open(dir.path(), Arc::new(SystemClock::default())).unwrap();
    assert_eq!(noted(&store), ["kept"]);
}

#[tokio::test]
async fn readers_are_used_again_and_do_not_write() {
    let (store, _dir) = open();
    for _ in 0..20 {
        noted(&store);
    }
    assert_eq!(store.shared.readers.lock().unwrap().len(), 1);
    store.read(|connection| note(connection, "x")).unwrap_err();
    assert_eq!(noted(&store), Vec::<String>::new());
}

#[test]
fn network_filesystems_are_named() {
    for (kind, name) in [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0xfe53_4d42, "SMB"), (0x6573_5546, "FUSE")] {
        assert_eq!(network_filesystem(kind), Some(name));
    }
    // ext4, XFS, Btrfs, tmpfs, overlayfs, ZFS, F2FS.
    for kind in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1, 0xf2f5_2010] {
        assert_eq!(network_filesystem(kind), None);
    }
}

#[test]
fn errors_of_sqlite_become_what_callers_act_on() {
    use rusqlite::ffi;
    let file = Path::new("ztm.db");
    let classified = |code| classify(file, &rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
    assert!(matches!(classified(ffi::SQLITE_FULL), Error::StoreFull));
    for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB, ffi::SQLITE_CORRUPT_INDEX] {
        assert!(matches!(classified(code), Error::Corrupt { .. }));
    }
    for code in [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_NOMEM, ffi::SQLITE_PROTOCOL]
    {
        assert!(matches!(classified(code), Error::Unavailable { part: "store", .. }));
    }
    for code in [ffi::SQLITE_CANTOPEN, ffi::SQLITE_READONLY, ffi::SQLITE_PERM] {
        assert!(matches!(classified(code), Error::Io { .. }));
    }
    assert!(matches!(classified(ffi::SQLITE_TOOBIG), Error::Invalid { .. }));
    assert!(matches!(classified(ffi::SQLITE_CONSTRAINT_UNIQUE), Error::Internal { .. }));
    let fsync = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_IOERR_FSYNC), None);
    assert!(matches!(fault::commit_failed(file, &fsync), Error::OutcomeUnknown { part: "store", .. }));
}

#[test]
fn hot_statements_walk_an_index_and_sort_nothing() {
    use super::super::{
        deadlines, inboxes,
        jobs::{desk, steps, views},
        ledgers,
        quotas::{self, turns},
        tenants,
    };
    let (store, _dir) = open();
    for (sql, index) in [
        (desk::READY, "accounts_ready"),
        (desk::DUE_JOBS, "jobs_delayed"),
        (desk::DUE_TENANTS, "accounts_parked"),
        (desk::NEXT_JOB, "jobs_delayed"),
        (desk::NEXT_TENANT, "accounts_parked"),
        (steps::FIRST_QUEUED, "jobs_queued (tenant=?)"),
        (steps::LAPSED_LEASES, "jobs_running"),
        (steps::NEXT_LEASE, "jobs_running"),
        (steps::PRUNE_PROMPTS, "jobs_expiring (expires_at<?)"),
        (steps::PRUNE_JOBS, "jobs_expiring (expires_at<?)"),
        (steps::PRUNE_KEYS, "job_keys_expiring (until<?)"),
        (steps::PRUNE_TURNS, "turns_settled (until<?)"),
        (turns::LAPSED_TURNS, "turns_held"),
        (turns::NEXT_TURN, "turns_held"),
        (views::LIST, "((tenant,serial)>(?,?))"),
        (views::LIST_BY_TENANT, "(tenant=? AND serial>?)"),
        (views::LIST_BY_STATE, "jobs_by_state (state=? AND (tenant,serial)>(?,?))"),
        (views::LIST_BY_BOTH, "jobs_by_state (state=? AND tenant=? AND serial>?)"),
        (views::READY_TENANTS, "accounts_ready"),
        (views::QUEUED_BY_TENANT, "jobs_queued (tenant>?)"),
        (quotas::OUTBOX, "outbox"),
        (ledgers::HEAD, "PRIMARY KEY (partition=?)"),
        (ledgers::ROWS, "PRIMARY KEY (partition=? AND seq>?)"),
        (ledgers::ROWS_OF_TENANT, "ledger_by_tenant (partition=? AND tenant=? AND seq>?)"),
        (inboxes::FIRST, "updates_pending"),
        (inboxes::NEXT_PENDING, "updates_pending"),
        (inboxes::PRUNE, "updates_ended"),
        (tenants::LIST, "PRIMARY KEY"),
        (tenants::LIST_ACTIVE, "tenants_active"),
        (tenants::LIST_SCHEDULED, "tenants_scheduled"),
        (tenants::LIST_BY_STATUS, "tenants_by_status"),
        (tenants::COUNTS, "tenants_by_status"),
        (deadlines::DUE, "deadlines_by_time"),
        (deadlines::NEXT, "deadlines_by_time"),
    ] {
        let plan: Vec<String> = store
            .read(|connection| {
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let parameters = vec![rusqlite::types::Value::Integer(1); statement.parameter_count()];
                let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3))?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .unwrap();
        assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}: {plan:?}");
    }
}

#[test]
fn the_database_and_its_directory_are_for_their_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let state_dir = dir.path().join("state/ztm");
    let _store = Store::open(&state_dir, Arc::new(SystemClock::default())).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state_dir), 0o700);
    for name in ["ztm.db", "ztm.db-wal", "ztm.db-shm"] {
        assert_eq!(mode(&state_dir.join(name)), 0o600, "{name}");
    }
    let names: Vec<_> = std::fs::read_dir(&state_dir).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "no draft is left: {names:?}");
}

#[tokio::test]
async fn a_database_of_an_earlier_version_is_migrated_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(FILE_NAME);
    let connection = Connection::open(&file).unwrap();
    connection.pragma_update(None, "application_id", migrations::APPLICATION_ID).unwrap();
    // A leftover that the first migration stumbles over after it has made other tables.
    connection.execute_batch("CREATE TABLE leaders (x)").unwrap();
    drop(connection);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    Store::open(dir.path(), Arc::new(SystemClock::default())).unwrap_err();
    let connection = Connection::open(&file).unwrap();
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1, "the migration left something behind");
    connection.execute_batch("DROP TABLE leaders").unwrap();
    drop(connection);
    let store = Store::open(dir.path(), Arc::new(SystemClock::default())).unwrap();
    store.write(|connection| note(connection, "works")).await.unwrap();
    assert_eq!(noted(&store), ["works"]);
}
