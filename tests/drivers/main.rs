//! Every driver against the suite of its port, and what is particular to a driver.
//!
//! A driver is one constructor and one line per port.
#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod cases;
mod differential;
mod dynamodb;
mod local_processes;
mod local_store;
mod on_kubernetes;
mod probes;
mod process;
mod proxy;
mod redis;
mod s3;

/// SQLite, and a directory of archives.
mod local {
    #![expect(clippy::unused_async, reason = "other drivers' constructors wait for a server")]

    use std::sync::Arc;

    use libtenancy::{
        clock::ManualClock,
        drivers::local::{signals::SignalSocket, snapshots::SnapshotDirectory, store::Store},
    };
    use tempfile::TempDir;

    async fn store(clock: Arc<ManualClock>) -> (Store, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (Store::open(dir.path(), clock).unwrap(), dir)
    }

    async fn directory(_clock: Arc<ManualClock>) -> (SnapshotDirectory, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (SnapshotDirectory::open(dir.path()).unwrap(), dir)
    }

    async fn signals(_clock: Arc<ManualClock>) -> (SignalSocket, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (SignalSocket::new(dir.path()), dir)
    }

    libtenancy::tenants_conformance!(store);
    libtenancy::inboxes_conformance!(store);
    libtenancy::wake_locks_conformance!(store);
    libtenancy::leaders_conformance!(store);
    libtenancy::endpoints_conformance!(store);
    libtenancy::journals_conformance!(store);
    libtenancy::receipts_conformance!(store);
    libtenancy::deadlines_conformance!(store);
    libtenancy::jobs_conformance!(store);
    libtenancy::quotas_conformance!(store);
    libtenancy::ledgers_conformance!(store);
    libtenancy::snapshots_conformance!(directory);
    libtenancy::signals_conformance!(signals);
}
