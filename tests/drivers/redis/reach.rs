//! How the server is reached: while it is away, over TLS, as a user with the least rights.

use std::{path::Path, process::Command, time::Duration};

use libtenancy::{
    Error, Result,
    clock::{Clock, Stopwatch, SystemClock},
    drivers::redis::{Redis, Settings},
    ports::{
        deadlines::Deadlines,
        endpoints::{ENDPOINT_TTL, Endpoints},
        jobs::{JobSettings, Jobs},
        leaders::{LEASE_TTL, Leaders},
        quotas::Quotas,
        signals::{Signal, Signals},
        wake_locks::{OwnerToken, WAKE_LOCK_TTL, WakeLocks},
    },
    tenant::{Agent, Endpoint, Generation, WorkloadId},
};

use super::{
    server::{Server, connect},
    stores::{impatient, job, worker},
};
use crate::process::{Guarded, free_ports, wait_for};

fn owner() -> OwnerToken {
    OwnerToken("a".to_owned())
}

/// One call of each port; all that fail.
async fn refusals(redis: &Redis) -> Vec<(&'static str, Error)> {
    let (acme, now) = ("acme".parse().unwrap(), SystemClock::default().now());
    let agent = Agent {
        workload: WorkloadId("pod".to_owned()),
        generation: Generation(1),
        endpoint: Endpoint::Tcp("10.0.0.1:3000".parse().unwrap()),
    };
    let calls: [(&str, Result<()>); 11] = [
        ("wake_lock_acquire", redis.wake_lock_acquire(&acme, &owner(), WAKE_LOCK_TTL, now).await.map(drop)),
        ("wake_lock_renew", redis.wake_lock_renew(&acme, &owner(), WAKE_LOCK_TTL, now).await.map(drop)),
        ("wake_lock_release", redis.wake_lock_release(&acme, &owner()).await.map(drop)),
        ("leader_acquire", redis.leader_acquire("role", &owner(), LEASE_TTL, now).await.map(drop)),
        ("endpoint_put", redis.endpoint_put(&acme, &agent, now + ENDPOINT_TTL).await),
        ("endpoint_get", redis.endpoint_get(&acme, now).await.map(drop)),
        ("deadline_set", redis.deadline_set(&acme, now).await),
        ("deadlines_due", redis.deadlines_due(now, 10).await.map(drop)),
        ("deadline_next", redis.deadline_next().await.map(drop)),
        ("signal_send", redis.signal_send(&Signal::Records).await),
        ("signal_listen", redis.signal_listen().await.map(drop)),
    ];
    calls.into_iter().filter_map(|(name, result)| Some((name, result.err()?))).collect()
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn everything_is_unavailable_soon_while_the_server_is_away_and_works_when_it_is_back() {
    let mut server = Server::start(&[]).await;
    let redis = Redis::open(&impatient(&server.url), JobSettings::default()).await.unwrap();
    assert!(refusals(&redis).await.is_empty());
    let (role, now) = ("role", SystemClock::default().now());
    let epoch = redis.leader_acquire(role, &owner(), LEASE_TTL, now).await.unwrap().unwrap();
    server.kill();
    let watch = Stopwatch::start();
    let refused = refusals(&redis).await;
    assert_eq!(refused.len(), 11, "{refused:?}");
    for (name, error) in &refused {
        assert!(matches!(error, Error::Unavailable { part: "redis", .. }), "{name}: {}", error.chain());
    }
    assert!(watch.elapsed() < Duration::from_secs(55), "eleven calls took {:?}", watch.elapsed());
    server.restart().await;
    wait_for("the connection", || async { refusals(&redis).await.is_empty().then_some(()) }).await;
    // It kept nothing: whoever leads now leads under an epoch that nobody had.
    let again = redis.leader_acquire("another", &owner(), LEASE_TTL, now).await.unwrap().unwrap();
    assert!(again > epoch);
}

/// A certificate authority, and a certificate by it for 127.0.0.1.
fn certificates(dir: &Path) {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(dir).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let authority = ["req", "-x509", "-subj", "/CN=ztm tests", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(&[&authority[..], &key].concat());
    let request = ["req", "-subj", "/CN=redis", "-keyout", "server.key", "-out", "server.csr"];
    openssl(&[&request[..], &key[..5]].concat());
    std::fs::write(dir.join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    openssl(&[&sign[..], &["-days", "2", "-extfile", "names", "-out", "server.pem"]].concat());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_server_behind_tls_is_reached_if_its_authority_is_trusted_and_not_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    certificates(dir.path());
    let [port] = free_ports();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let mut arguments =
        ["redis-server", "--port", "0", "--bind", "127.0.0.1", "--save", ""].map(str::to_owned).to_vec();
    for (flag, value) in [
        ("--tls-port", port.to_string()),
        ("--tls-cert-file", path("server.pem")),
        ("--tls-key-file", path("server.key")),
        ("--tls-ca-cert-file", path("ca.pem")),
        ("--tls-auth-clients", "no".to_owned()),
        ("--requirepass", "s3cr3t".to_owned()),
        ("--dir", dir.path().to_str().unwrap().to_owned()),
    ] {
        arguments.extend([flag.to_owned(), value]);
    }
    let _server = Guarded::spawn(&arguments);
    let url = format!("rediss://:s3cr3t@127.0.0.1:{port}");
    let trusting = Settings { ca_file: Some(dir.path().join("ca.pem")), ..impatient(&url) };
    let redis = wait_for("a server", || async { Redis::open(&trusting, JobSettings::default()).await.ok() }).await;
    assert!(refusals(&redis).await.is_empty());
    redis.jobs_submit(vec![job("acme", 1)]).await.unwrap().remove(0).unwrap();
    // A wait has a connection of its own.
    let until = SystemClock::default().now() + Duration::from_secs(20);
    redis.work_wait(&worker(), &[0], until).await.unwrap();

    let stranger = Redis::open(&impatient(&url), JobSettings::default()).await.unwrap_err();
    assert!(matches!(stranger, Error::Unavailable { .. } | Error::OutcomeUnknown { .. }), "{}", stranger.chain());
    let plain = url.replace("rediss://", "redis://");
    assert!(Redis::open(&impatient(&plain), JobSettings::default()).await.is_err());
    let missing = Settings { ca_file: Some(dir.path().join("nothing.pem")), ..impatient(&url) };
    assert!(matches!(Redis::open(&missing, JobSettings::default()).await, Err(Error::Io { .. })));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_user_with_the_rights_that_the_docs_name_can_do_everything_and_nothing_else() {
    let server = Server::start(&[]).await;
    let mut behind = connect(&server.url).await;
    let rules: Vec<&str> = libtenancy::drivers::redis::ACCESS.split(' ').collect();
    let set = ::redis::cmd("ACL").arg("SETUSER").arg("ztm").arg("on").arg(">s3cr3t").arg(&rules).to_owned();
    set.query_async::<()>(&mut behind).await.unwrap();
    let url = server.url.replace("redis://", "redis://ztm:s3cr3t@");
    let redis = Redis::open(&Settings::new(&url), JobSettings::default()).await.unwrap();
    assert!(refusals(&redis).await.is_empty());
    redis.jobs_submit(vec![job("acme", 1)]).await.unwrap().remove(0).unwrap();
    let worker = worker();
    let until = SystemClock::default().now() + Duration::from_secs(20);
    redis.work_wait(&worker, &[0], until).await.unwrap();
    assert_eq!(redis.jobs_claim(0, &worker, 1, Duration::from_secs(30)).await.unwrap().jobs.len(), 1);
    assert_eq!(redis.jobs_sweep(0).await.unwrap().looked_at, 1);
    assert!(!redis.outbox_read(0, 10).await.unwrap().rows.is_empty());
    let mut connection = connect(&url).await;
    for forbidden in [vec!["FLUSHALL"], vec!["KEYS", "*"], vec!["GET", "other"], vec!["CONFIG", "GET", "dir"]] {
        let mut command = ::redis::cmd(forbidden[0]);
        command.arg(&forbidden[1..]);
        let refused = command.query_async::<::redis::Value>(&mut connection).await.unwrap_err();
        assert_eq!(refused.code(), Some("NOPERM"), "{forbidden:?}");
    }
}
