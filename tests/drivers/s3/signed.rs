//! URLs for agents that have no credentials, on a server that checks what it is shown (`s3s-fs`).

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use libtenancy::{
    Error,
    drivers::s3::S3Snapshots,
    ports::snapshots::{Snapshots, UploadUrl},
    tenant::{Generation, SnapshotRef},
};
use reqwest::StatusCode;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use sha2::Digest;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{client, content, settings};
use crate::process::wait_for;

/// A server over a directory; its port.
async fn serve(root: &std::path::Path) -> u16 {
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
    builder.set_auth(SimpleAuth::from_single("id", "secret"));
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone()));
        }
    });
    port
}

async fn open() -> (S3Snapshots, super::Settings, [TempDir; 2]) {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let settings = settings(serve(dirs[0].path()).await);
    let driver = S3Snapshots::open(settings.clone(), dirs[1].path()).await.unwrap();
    client(&settings).create_bucket().bucket(&settings.bucket).send().await.unwrap();
    (driver, settings, dirs)
}

fn http() -> reqwest::Client {
    libtenancy::drivers::telegram::install_crypto_provider();
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

async fn put(upload: &UploadUrl, body: &'static [u8]) -> StatusCode {
    let mut request = http().put(&upload.url);
    for (name, value) in &upload.headers {
        request = request.header(name, value);
    }
    request.body(body).send().await.unwrap().status()
}

/// An archive that nobody has written yet.
fn unwritten(driver: &S3Snapshots) -> SnapshotRef {
    SnapshotRef {
        key: driver.snapshot_key(&super::acme(), Generation(7), "1").unwrap(),
        sha256: hex::encode(sha2::Sha256::digest(b"state")),
        bytes: 5,
        generation: Generation(7),
        taken_at: libtenancy::clock::Timestamp::from_micros(1),
        instead_of: None,
    }
}

async fn get(url: &str) -> (StatusCode, Vec<u8>) {
    let answer = http().get(url).send().await.unwrap();
    (answer.status(), answer.bytes().await.unwrap().to_vec())
}

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn whoever_has_a_url_puts_and_gets_one_archive_without_credentials() {
    let (driver, _, _dirs) = open().await;
    let snapshot = unwritten(&driver);
    let missing = driver.snapshot_store(&snapshot).await.unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing:?}");
    let upload = driver.snapshot_upload_url(&snapshot, MINUTE).await.unwrap().unwrap();
    assert!(put(&upload, b"state").await.is_success());
    let download = driver.snapshot_download_url(&snapshot.key, MINUTE).await.unwrap().unwrap();
    assert_eq!(get(&download).await, (StatusCode::OK, b"state".to_vec()));
    // What its agent wrote by itself counts as stored, if it is what the agent said.
    driver.snapshot_store(&snapshot).await.unwrap();
    let other = SnapshotRef { sha256: "0".repeat(64), ..snapshot.clone() };
    assert!(matches!(driver.snapshot_store(&other).await, Err(Error::Conflict { .. })));
    // This machine has none of it.
    assert_eq!(content(&driver, &snapshot.key).await, b"state");
    // Each is for what it was made for.
    assert_eq!(get(&upload.url).await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        put(&UploadUrl { url: download.clone(), headers: upload.headers.clone() }, b"other").await,
        StatusCode::FORBIDDEN
    );
    assert_eq!(get(&download).await.1, b"state");
}

#[tokio::test]
async fn a_url_that_was_tampered_with_or_not_signed_is_refused() {
    let (driver, settings, _dirs) = open().await;
    let snapshot = unwritten(&driver);
    let key = snapshot.key.clone();
    let upload = driver.snapshot_upload_url(&snapshot, MINUTE).await.unwrap().unwrap();
    assert!(put(&upload, b"state").await.is_success());
    let download = driver.snapshot_download_url(&key, MINUTE).await.unwrap().unwrap();
    let (plain, signature) = download.split_once("X-Amz-Signature=").unwrap();
    let forged: String = signature.chars().map(|c| if c == '0' { '1' } else { '0' }).collect();
    let tampered = [
        download.replace("tenants/acme", "tenants/other"),
        download.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        format!("{plain}X-Amz-Signature={forged}"),
    ];
    for url in tampered {
        assert_ne!(url, download);
        assert_eq!(get(&url).await.0, StatusCode::FORBIDDEN, "{url}");
    }
    let bare = download.split('?').next().unwrap();
    assert!(get(bare).await.0.is_client_error());
    let stranger = super::Settings {
        credentials: Some(super::SharedCredentialsProvider::new(super::Credentials::new(
            "id", "guess", None, None, "tests",
        ))),
        ..settings
    };
    let dir = tempfile::tempdir().unwrap();
    let stranger = S3Snapshots::open(stranger, dir.path()).await.unwrap();
    let wrong = stranger.snapshot_download_url(&key, MINUTE).await.unwrap().unwrap();
    assert_eq!(get(&wrong).await.0, StatusCode::FORBIDDEN);
    let refused = stranger.snapshot_path(&key).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { part: "s3", .. }), "{}", refused.chain());
}

#[tokio::test]
async fn a_url_is_good_for_as_long_as_it_was_asked_for_and_no_longer() {
    let (driver, _, _dirs) = open().await;
    let snapshot = unwritten(&driver);
    let key = snapshot.key.clone();
    let upload = driver.snapshot_upload_url(&snapshot, Duration::from_secs(2)).await.unwrap().unwrap();
    assert!(put(&upload, b"state").await.is_success());
    let download = driver.snapshot_download_url(&key, Duration::from_secs(2)).await.unwrap().unwrap();
    assert_eq!(get(&download).await.0, StatusCode::OK);
    wait_for("its end", || async { (get(&download).await.0 == StatusCode::FORBIDDEN).then_some(()) }).await;
    assert_eq!(put(&upload, b"late").await, StatusCode::FORBIDDEN);
    for valid in [Duration::ZERO, Duration::from_hours(7 * 24 + 1)] {
        let refused = driver.snapshot_upload_url(&snapshot, valid).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { .. }), "{refused:?}");
    }
}
