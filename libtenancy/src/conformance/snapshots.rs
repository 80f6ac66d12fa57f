//! Every driver of the store of archives.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]
#![expect(clippy::unused_async, reason = "all cases of a suite have one shape")]

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::id;
use crate::{
    clock::{ManualClock, Timestamp},
    error::Error,
    ports::snapshots::{Snapshots, StoredSnapshot},
    tenant::{Generation, SnapshotRef, TenantId},
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! snapshots_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(snapshots, $driver, [$($reason)?], [
            a_written_archive_is_read_by_its_key,
            every_generation_has_a_directory_of_its_own,
            asking_for_a_directory_twice_keeps_what_is_in_it,
            a_key_begins_with_the_tenants_prefix,
            a_file_that_is_no_plain_name_has_no_key,
            a_key_that_leads_elsewhere_is_refused,
            a_missing_archive_is_not_found,
            archives_are_listed_oldest_generation_first,
            drafts_are_not_listed,
            a_removed_archive_is_gone_and_the_others_stay,
            a_repeated_removal_is_no_error,
            a_purge_removes_everything_of_one_tenant_and_nothing_else,
            a_repeated_purge_is_no_error,
            storing_an_archive_again_is_no_error,
            what_is_not_there_or_not_whole_is_not_stored,
            a_url_of_a_key_that_leads_elsewhere_is_refused,
        ]);
    };
}

fn reference(port: &dyn Snapshots, tenant: &TenantId, generation: u64, file: &str, content: &[u8]) -> SnapshotRef {
    SnapshotRef {
        key: port.snapshot_key(tenant, Generation(generation), file).unwrap(),
        sha256: hex::encode(Sha256::digest(content)),
        bytes: content.len() as u64,
        generation: Generation(generation),
        taken_at: Timestamp::from_micros(1_790_000_000_000_000),
        instead_of: None,
    }
}

/// Writes an archive as an agent does; it is not stored yet.
async fn spool(port: &dyn Snapshots, tenant: &TenantId, generation: u64, file: &str, content: &[u8]) -> SnapshotRef {
    let directory = port.snapshot_directory(tenant, Generation(generation)).await.unwrap();
    tokio::fs::write(directory.join(file), content).await.unwrap();
    reference(port, tenant, generation, file, content)
}

async fn write(port: &dyn Snapshots, tenant: &TenantId, generation: u64, file: &str, content: &[u8]) -> String {
    let snapshot = spool(port, tenant, generation, file, content).await;
    port.snapshot_store(&snapshot).await.unwrap();
    snapshot.key
}

pub async fn storing_an_archive_again_is_no_error(port: &dyn Snapshots, _clock: &ManualClock) {
    let snapshot = spool(port, &id("acme"), 7, "1.tar.zst", b"state").await;
    for _ in 0..2 {
        port.snapshot_store(&snapshot).await.unwrap();
    }
    let stored = StoredSnapshot { key: snapshot.key, bytes: 5 };
    assert_eq!(port.snapshot_list(&id("acme")).await.unwrap(), [stored]);
}

pub async fn what_is_not_there_or_not_whole_is_not_stored(port: &dyn Snapshots, _clock: &ManualClock) {
    let missing = reference(port, &id("acme"), 7, "missing", b"state");
    let refused = port.snapshot_store(&missing).await.unwrap_err();
    assert!(matches!(refused, Error::NotFound { what: "snapshot", .. }), "{refused:?}");
    let mut cut = spool(port, &id("acme"), 7, "cut", b"stat").await;
    cut.bytes = 5;
    let refused = port.snapshot_store(&cut).await.unwrap_err();
    assert!(matches!(refused, Error::Corrupt { what: "snapshot", .. }), "{refused:?}");
    let elsewhere = SnapshotRef { key: "tenants/acme/7/../1".to_owned(), ..missing };
    assert!(matches!(port.snapshot_store(&elsewhere).await, Err(Error::Invalid { .. })));
}

pub async fn a_url_of_a_key_that_leads_elsewhere_is_refused(port: &dyn Snapshots, _clock: &ManualClock) {
    let valid = Duration::from_mins(1);
    for key in ["", "tenants/acme/7/..", "other/acme/7/1"] {
        let snapshot = SnapshotRef { key: key.to_owned(), ..reference(port, &id("acme"), 7, "1", b"state") };
        let refused = [
            port.snapshot_upload_url(&snapshot, valid).await.unwrap_err(),
            port.snapshot_download_url(key, valid).await.unwrap_err(),
        ];
        for error in refused {
            assert!(matches!(error, Error::Invalid { .. }), "{key:?}: {error:?}");
        }
    }
}

pub async fn a_written_archive_is_read_by_its_key(port: &dyn Snapshots, _clock: &ManualClock) {
    let key = write(port, &id("acme"), 7, "1.tar.zst", b"state").await;
    let path = port.snapshot_path(&key).await.unwrap();
    assert_eq!(tokio::fs::read(path).await.unwrap(), b"state");
}

pub async fn every_generation_has_a_directory_of_its_own(port: &dyn Snapshots, _clock: &ManualClock) {
    let old = write(port, &id("acme"), 7, "1", b"old").await;
    let new = write(port, &id("acme"), 8, "1", b"new").await;
    let other = write(port, &id("other"), 7, "1", b"other").await;
    for (key, content) in [(old, "old"), (new, "new"), (other, "other")] {
        assert_eq!(tokio::fs::read_to_string(port.snapshot_path(&key).await.unwrap()).await.unwrap(), content);
    }
}

pub async fn asking_for_a_directory_twice_keeps_what_is_in_it(port: &dyn Snapshots, _clock: &ManualClock) {
    let key = write(port, &id("acme"), 7, "1", b"state").await;
    let again = port.snapshot_directory(&id("acme"), Generation(7)).await.unwrap();
    assert!(again.is_dir());
    port.snapshot_directory(&id("acme"), Generation(9)).await.unwrap();
    assert_eq!(tokio::fs::read(port.snapshot_path(&key).await.unwrap()).await.unwrap(), b"state");
}

pub async fn a_key_begins_with_the_tenants_prefix(port: &dyn Snapshots, _clock: &ManualClock) {
    let key = port.snapshot_key(&id("acme"), Generation(7), "1.tar.zst").unwrap();
    assert_eq!(key, "tenants/acme/7/1.tar.zst");
}

pub async fn a_file_that_is_no_plain_name_has_no_key(port: &dyn Snapshots, _clock: &ManualClock) {
    for file in ["", ".", "..", "a/b", "/etc/passwd", "../x", "a\0b", ".draft", "a\nb", "a\\b", &"x".repeat(256)] {
        let refused = port.snapshot_key(&id("acme"), Generation(7), file).unwrap_err();
        assert!(matches!(refused, Error::Invalid { .. }), "{file:?}: {refused:?}");
    }
}

pub async fn a_key_that_leads_elsewhere_is_refused(port: &dyn Snapshots, _clock: &ManualClock) {
    write(port, &id("acme"), 7, "1", b"state").await;
    let keys = [
        "",
        "/",
        "tenants",
        "tenants/acme/7",
        "tenants/acme/7/",
        "tenants/acme/7/..",
        "tenants/acme/7/../../other/7/1",
        "tenants/acme/7/x/1",
        "tenants/../acme/7/1",
        "tenants/ACME/7/1",
        "tenants/acme/+7/1",
        "tenants/acme/07/1",
        "tenants/acme/-7/1",
        "tenants/acme/7/1\0",
        "tenants//acme/7/1",
        "/tenants/acme/7/1",
        "./tenants/acme/7/1",
        "other/acme/7/1",
    ];
    for key in keys {
        let refused = [port.snapshot_path(key).await.unwrap_err(), port.snapshot_remove(key).await.unwrap_err()];
        for error in refused {
            assert!(matches!(error, Error::Invalid { .. }), "{key:?}: {error:?}");
        }
    }
    assert_eq!(port.snapshot_list(&id("acme")).await.unwrap().len(), 1);
}

pub async fn a_missing_archive_is_not_found(port: &dyn Snapshots, _clock: &ManualClock) {
    let there = write(port, &id("acme"), 7, "1", b"state").await;
    port.snapshot_path(&there).await.unwrap();
    for key in ["tenants/acme/7/2", "tenants/acme/8/1", "tenants/other/7/1"] {
        let refused = port.snapshot_path(key).await.unwrap_err();
        assert!(matches!(refused, Error::NotFound { what: "snapshot", .. }), "{refused:?}");
    }
}

pub async fn archives_are_listed_oldest_generation_first(port: &dyn Snapshots, _clock: &ManualClock) {
    for (generation, file) in [(10, "1"), (9, "b"), (9, "a"), (100, "1"), (1_790_000_000_000_000, "1")] {
        write(port, &id("acme"), generation, file, file.as_bytes()).await;
    }
    write(port, &id("acm"), 1, "1", b"").await;
    write(port, &id("acme2"), 1, "1", b"").await;
    let expected = ["9/a", "9/b", "10/1", "100/1", "1790000000000000/1"]
        .map(|rest| StoredSnapshot { key: format!("tenants/acme/{rest}"), bytes: 1 });
    assert_eq!(port.snapshot_list(&id("acme")).await.unwrap(), expected);
    assert_eq!(port.snapshot_list(&id("nobody")).await.unwrap(), []);
}

pub async fn drafts_are_not_listed(port: &dyn Snapshots, _clock: &ManualClock) {
    let key = write(port, &id("acme"), 7, "1", b"state").await;
    let directory = port.snapshot_directory(&id("acme"), Generation(7)).await.unwrap();
    tokio::fs::write(directory.join(".2.part"), b"half").await.unwrap();
    tokio::fs::create_dir(directory.join("work")).await.unwrap();
    assert_eq!(port.snapshot_list(&id("acme")).await.unwrap(), [StoredSnapshot { key, bytes: 5 }]);
}

pub async fn a_removed_archive_is_gone_and_the_others_stay(port: &dyn Snapshots, _clock: &ManualClock) {
    let gone = write(port, &id("acme"), 7, "1", b"state").await;
    let kept = write(port, &id("acme"), 7, "2", b"state").await;
    port.snapshot_remove(&gone).await.unwrap();
    assert!(matches!(port.snapshot_path(&gone).await, Err(Error::NotFound { .. })));
    assert_eq!(port.snapshot_list(&id("acme")).await.unwrap(), [StoredSnapshot { key: kept, bytes: 5 }]);
}

pub async fn a_repeated_removal_is_no_error(port: &dyn Snapshots, _clock: &ManualClock) {
    let key = write(port, &id("acme"), 7, "1", b"state").await;
    for _ in 0..2 {
        port.snapshot_remove(&key).await.unwrap();
    }
    assert_eq!(port.snapshot_list(&id("acme")).await.unwrap(), []);
    // An agent of this generation may still write the next one.
    let next = write(port, &id("acme"), 7, "2", b"state").await;
    port.snapshot_path(&next).await.unwrap();
}

pub async fn a_purge_removes_everything_of_one_tenant_and_nothing_else(port: &dyn Snapshots, _clock: &ManualClock) {
    for generation in 1..5 {
        write(port, &id("acme"), generation, "1", b"state").await;
    }
    for other in ["acm", "acme2"] {
        write(port, &id(other), 1, "1", b"state").await;
    }
    port.snapshot_purge(&id("acme")).await.unwrap();
    assert_eq!(port.snapshot_list(&id("acme")).await.unwrap(), []);
    for other in ["acm", "acme2"] {
        assert_eq!(port.snapshot_list(&id(other)).await.unwrap().len(), 1);
    }
}

pub async fn a_repeated_purge_is_no_error(port: &dyn Snapshots, _clock: &ManualClock) {
    write(port, &id("acme"), 1, "1", b"state").await;
    for _ in 0..2 {
        port.snapshot_purge(&id("acme")).await.unwrap();
    }
    let key = write(port, &id("acme"), 2, "1", b"state").await;
    port.snapshot_path(&key).await.unwrap();
}
