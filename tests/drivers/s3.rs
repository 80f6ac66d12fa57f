//! S3 against the suite and what is particular to it, on `moto_server`; URLs on a server that checks signatures.

mod signed;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aws_sdk_s3::config::{Credentials, Region};
use libtenancy::{
    Error,
    clock::{ManualClock, Timestamp},
    drivers::s3::{S3Snapshots, Settings, SharedCredentialsProvider, bucket::Step},
    ports::{probes::Verdict, snapshots::Snapshots},
    tenant::{Generation, SnapshotRef, TenantId},
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    dynamodb::server::{Kind, Server},
    probes::only,
    proxy::{Fate, Proxy},
};

/// Settings for a bucket that nobody else has, at this port.
fn settings(port: u16) -> Settings {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    Settings {
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        region: Some("us-east-1".to_owned()),
        path_style: true,
        credentials: Some(SharedCredentialsProvider::new(Credentials::new("id", "secret", None, None, "tests"))),
        attempt_timeout: Duration::from_secs(20),
        ..Settings::new(format!("states-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

/// A driver with an empty bucket of its own on the shared server.
async fn open() -> (S3Snapshots, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let driver = S3Snapshots::open(settings(Server::shared(Kind::Moto).await.port), dir.path()).await.unwrap();
    driver.bucket_apply().await.unwrap();
    (driver, dir)
}

/// A client for looking behind a driver's back.
fn client(settings: &Settings) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::latest())
        .endpoint_url(settings.endpoint.clone().unwrap())
        .region(Region::new("us-east-1"))
        .force_path_style(true)
        .credentials_provider(settings.credentials.clone().unwrap());
    aws_sdk_s3::Client::from_conf(config.build())
}

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

/// Writes an archive into a driver's spool.
async fn spool(driver: &S3Snapshots, generation: u64, file: &str, content: &[u8]) -> SnapshotRef {
    let generation = Generation(generation);
    let directory = driver.snapshot_directory(&acme(), generation).await.unwrap();
    tokio::fs::write(directory.join(file), content).await.unwrap();
    SnapshotRef {
        key: driver.snapshot_key(&acme(), generation, file).unwrap(),
        sha256: hex::encode(Sha256::digest(content)),
        bytes: content.len() as u64,
        generation,
        taken_at: Timestamp::from_micros(1_790_000_000_000_000),
        instead_of: None,
    }
}

/// Bytes that are not all the same.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|n| u8::try_from(n * 31 % 251).unwrap()).collect()
}

async fn content(driver: &S3Snapshots, key: &str) -> Vec<u8> {
    tokio::fs::read(driver.snapshot_path(key).await.unwrap()).await.unwrap()
}

/// Removes what a machine has.
async fn lose_machine(dir: &Path) {
    tokio::fs::remove_dir_all(dir.join("snapshots")).await.unwrap();
}

mod moto {
    use super::*;

    async fn bucket(_clock: Arc<ManualClock>) -> (S3Snapshots, TempDir) {
        open().await
    }

    libtenancy::snapshots_conformance!(bucket, "needs moto_server");
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn a_tenant_is_marked_as_unstored_until_its_archive_is_in_the_bucket() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = Proxy::before(Server::shared(Kind::Moto).await.port).await;
    let driver = S3Snapshots::open(settings(proxy.port), dir.path()).await.unwrap();
    driver.bucket_apply().await.unwrap();
    assert_eq!(driver.snapshot_unstored().await.unwrap(), []);
    let snapshot = spool(&driver, 7, "1", b"state").await;
    proxy.decide(|_| Fate::Cut);
    driver.snapshot_store(&snapshot).await.unwrap_err();
    assert_eq!(driver.snapshot_unstored().await.unwrap(), [acme()]);
    assert!(driver.snapshot_copy_drop(&snapshot.key).await.is_err(), "nobody knows whether the bucket has it");
    proxy.decide(|_| Fate::Pass);
    assert!(!driver.snapshot_copy_drop(&snapshot.key).await.unwrap(), "this machine's is the only one");
    driver.snapshot_store(&snapshot).await.unwrap();
    assert_eq!(driver.snapshot_unstored().await.unwrap(), []);
    assert!(driver.snapshot_copy_drop(&snapshot.key).await.unwrap());
    assert_eq!(content(&driver, &snapshot.key).await, b"state");
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn what_the_earlier_system_kept_is_fetched_and_is_no_archive() {
    let (dir, settings) = (tempfile::tempdir().unwrap(), settings(Server::shared(Kind::Moto).await.port));
    let driver = S3Snapshots::open(settings.clone(), dir.path()).await.unwrap();
    driver.bucket_apply().await.unwrap();
    assert_eq!(driver.snapshot_legacy(&acme()).await.unwrap(), None);
    let put = client(&settings).put_object().bucket(&settings.bucket).key("tenants/acme/brain.db");
    put.body(b"brain".to_vec().into()).send().await.unwrap();
    let fetched = driver.snapshot_legacy(&acme()).await.unwrap().unwrap();
    assert_eq!(tokio::fs::read(fetched).await.unwrap(), b"brain");
    assert_eq!(driver.snapshot_list(&acme()).await.unwrap(), []);
    driver.snapshot_purge(&acme()).await.unwrap();
    assert_eq!(driver.snapshot_legacy(&acme()).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn an_archive_comes_back_whole_on_another_machine_in_one_part_and_in_many() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = Settings { part_bytes: 5 << 20, ..settings(Server::shared(Kind::Moto).await.port) };
    let here = S3Snapshots::open(settings.clone(), dir.path()).await.unwrap();
    let there = S3Snapshots::open(settings.clone(), other.path()).await.unwrap();
    here.bucket_apply().await.unwrap();
    for (file, size) in [("empty", 0), ("one", 5 << 20), ("two", (5 << 20) + 1), ("many", 17 << 20)] {
        let archive = bytes(size);
        let snapshot = spool(&here, 7, file, &archive).await;
        for _ in 0..2 {
            here.snapshot_store(&snapshot).await.unwrap();
        }
        assert!(content(&there, &snapshot.key).await == archive, "{file}");
        let head = client(&settings).head_object().bucket(&settings.bucket).key(&snapshot.key).send().await.unwrap();
        let kept = head.metadata.unwrap();
        assert_eq!(
            (&kept["tenant"], &kept["generation"], &kept["sha256"]),
            (&"acme".into(), &"7".into(), &snapshot.sha256)
        );
    }
    let uploads = client(&settings).list_multipart_uploads().bucket(&settings.bucket).send().await.unwrap();
    assert!(uploads.uploads().is_empty(), "a repeat leaves no upload behind: {uploads:?}");
    let names: Vec<_> = std::fs::read_dir(other.path().join("snapshots/tenants/acme/7")).unwrap().collect();
    assert_eq!(names.len(), 4, "no drafts: {names:?}");
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn a_stale_owner_cannot_overwrite_an_archive() {
    let settings = Settings { part_bytes: 5 << 20, ..settings(Server::shared(Kind::Moto).await.port) };
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (
        S3Snapshots::open(settings.clone(), dir.path()).await.unwrap(),
        S3Snapshots::open(settings.clone(), other.path()).await.unwrap(),
    );
    first.bucket_apply().await.unwrap();
    for (file, size) in [("small", 10), ("large", 6 << 20)] {
        let good = spool(&first, 7, file, &bytes(size)).await;
        first.snapshot_store(&good).await.unwrap();
        let stale = spool(&second, 7, file, &vec![b'x'; size]).await;
        assert_eq!(stale.key, good.key);
        let refused = second.snapshot_store(&stale).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { what: "snapshot", .. }), "{}", refused.chain());
        lose_machine(dir.path()).await;
        assert!(content(&first, &good.key).await == bytes(size), "{file}");
    }
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn an_archive_whose_answer_is_lost_is_recognised_as_our_own() {
    let port = Server::shared(Kind::Moto).await.port;
    let proxy = Proxy::before(port).await;
    let healthy = Settings { part_bytes: 5 << 20, ..settings(port) };
    let faulty = Settings { endpoint: Some(format!("http://127.0.0.1:{}", proxy.port)), ..healthy.clone() };
    let dir = tempfile::tempdir().unwrap();
    let driver = S3Snapshots::open(faulty, dir.path()).await.unwrap();
    S3Snapshots::open(healthy, dir.path()).await.unwrap().bucket_apply().await.unwrap();
    for (file, size, writes) in [("small", 10, 1), ("large", 11 << 20, 5)] {
        for n in 0..writes {
            let snapshot = spool(&driver, 7, &format!("{file}-{n}"), &bytes(size)).await;
            proxy.lose_answer(n);
            driver.snapshot_store(&snapshot).await.unwrap();
            assert!(proxy.calls().iter().any(|call| call.fate == Fate::LoseAnswer), "{file}, write {n}");
            proxy.decide(|_| Fate::Pass);
            lose_machine(dir.path()).await;
            assert!(content(&driver, &snapshot.key).await == bytes(size));
        }
    }
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn a_store_in_trouble_is_tried_a_bounded_number_of_times_and_the_archive_stays() {
    let port = Server::shared(Kind::Moto).await.port;
    let proxy = Proxy::before(port).await;
    let healthy = Settings { max_attempts: 3, ..settings(port) };
    let faulty = Settings { endpoint: Some(format!("http://127.0.0.1:{}", proxy.port)), ..healthy.clone() };
    let dir = tempfile::tempdir().unwrap();
    let driver = S3Snapshots::open(faulty, dir.path()).await.unwrap();
    S3Snapshots::open(healthy, dir.path()).await.unwrap().bucket_apply().await.unwrap();
    let snapshot = spool(&driver, 7, "1", b"state").await;
    for fate in [Fate::Say(503, "SlowDown"), Fate::Say(500, "InternalError"), Fate::Cut] {
        proxy.decide(move |_| fate);
        let refused = driver.snapshot_store(&snapshot).await.unwrap_err();
        assert!(matches!(refused, Error::Unavailable { part: "s3", .. }), "{}", refused.chain());
        assert_eq!(proxy.calls().len(), 3, "{fate:?}");
    }
    proxy.decide(|_| Fate::Pass);
    driver.snapshot_store(&snapshot).await.unwrap();
    proxy.decide(|_| Fate::Say(403, "AccessDenied"));
    let refused = driver.snapshot_store(&snapshot).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { part: "s3", .. }), "{}", refused.chain());
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn more_archives_than_one_page_are_listed_and_purged_and_other_tenants_stay() {
    let settings = settings(Server::shared(Kind::Moto).await.port);
    let dir = tempfile::tempdir().unwrap();
    let driver = S3Snapshots::open(settings.clone(), dir.path()).await.unwrap();
    driver.bucket_apply().await.unwrap();
    let behind = client(&settings);
    let put = async |key: String| {
        behind.put_object().bucket(&settings.bucket).key(key).body(b"x".to_vec().into()).send().await.unwrap();
    };
    for n in 0..1_050 {
        put(format!("tenants/acme/{}/{:04}", n % 3 + 1, n)).await;
    }
    put("tenants/acme2/1/1".to_owned()).await;
    // The first control plane's own state, which is no archive.
    put("tenants/acme/brain.db".to_owned()).await;
    let upload =
        behind.create_multipart_upload().bucket(&settings.bucket).key("tenants/acme/9/1").send().await.unwrap();
    assert!(upload.upload_id.is_some());
    let listed = driver.snapshot_list(&acme()).await.unwrap();
    assert_eq!(listed.len(), 1_050);
    assert_eq!((listed[0].key.as_str(), listed[1_049].key.as_str()), ("tenants/acme/1/0000", "tenants/acme/3/1049"));
    driver.snapshot_purge(&acme()).await.unwrap();
    assert!(driver.snapshot_list(&acme()).await.unwrap().is_empty());
    let left = behind.list_objects_v2().bucket(&settings.bucket).send().await.unwrap();
    let left: Vec<_> = left.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(left, ["tenants/acme2/1/1"]);
    let uploads = behind.list_multipart_uploads().bucket(&settings.bucket).send().await.unwrap();
    assert!(uploads.uploads().is_empty());
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn a_bucket_that_is_missing_fails_and_one_without_its_rules_is_warned_of() {
    let settings = settings(Server::shared(Kind::Moto).await.port);
    let dir = tempfile::tempdir().unwrap();
    let driver = S3Snapshots::open(settings.clone(), dir.path()).await.unwrap();
    let found = only(&driver).await.unwrap();
    assert_eq!((found.verdict, found.hint.as_deref()), (Verdict::Fail, Some("`ztm admin init` makes it")), "{found:?}");
    client(&settings).create_bucket().bucket(&settings.bucket).send().await.unwrap();
    let found = only(&driver).await.unwrap();
    assert_eq!(found.verdict, Verdict::Warn, "{found:?}");
    assert!(found.text.contains("block public access") && found.text.contains("abort uploads"), "{found:?}");
    driver.bucket_apply().await.unwrap();
    let found = only(&driver).await.unwrap();
    assert_eq!((found.verdict, found.hint), (Verdict::Ok, None), "{}", found.text);
}

#[tokio::test]
#[ignore = "needs moto_server"]
async fn a_bucket_is_made_with_its_rules_once_and_those_of_others_stay() {
    let settings = settings(Server::shared(Kind::Moto).await.port);
    let dir = tempfile::tempdir().unwrap();
    let driver = S3Snapshots::open(settings.clone(), dir.path()).await.unwrap();
    let bucket = settings.bucket.clone();
    let snapshot = spool(&driver, 7, "1", b"state").await;
    let refused = driver.snapshot_store(&snapshot).await.unwrap_err();
    assert!(refused.to_string().contains("ztm admin init"), "{refused}");
    let all = [
        Step::CreateBucket { bucket: bucket.clone() },
        Step::BlockPublicAccess { bucket: bucket.clone() },
        Step::AbortUploads { bucket: bucket.clone(), days: 2 },
    ];
    for _ in 0..2 {
        assert_eq!(driver.bucket_plan().await.unwrap(), all, "a plan changes nothing");
    }
    let behind = client(&settings);
    behind.create_bucket().bucket(&bucket).send().await.unwrap();
    let theirs = aws_sdk_s3::types::LifecycleRule::builder()
        .id("theirs")
        .status(aws_sdk_s3::types::ExpirationStatus::Enabled)
        .filter(aws_sdk_s3::types::LifecycleRuleFilter::builder().prefix("logs/").build())
        .expiration(aws_sdk_s3::types::LifecycleExpiration::builder().days(30).build())
        .build()
        .unwrap();
    let rules = aws_sdk_s3::types::BucketLifecycleConfiguration::builder().rules(theirs).build().unwrap();
    behind.put_bucket_lifecycle_configuration().bucket(&bucket).lifecycle_configuration(rules).send().await.unwrap();
    assert_eq!(driver.bucket_apply().await.unwrap(), all[1..]);
    assert_eq!(driver.bucket_apply().await.unwrap(), []);
    let rules = behind.get_bucket_lifecycle_configuration().bucket(&bucket).send().await.unwrap();
    let names: Vec<_> = rules.rules().iter().filter_map(|rule| rule.id()).collect();
    assert_eq!(names, ["theirs", "ztm-abort-uploads"]);
    driver.snapshot_store(&snapshot).await.unwrap();
}
