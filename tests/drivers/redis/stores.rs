//! What happens to the store itself: it is full, killed, forgets, fails over, or wants a password.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use libtenancy::{
    clock::SystemClock,
    clock::{Clock, ManualClock},
    credits::MicroCredits,
    drivers::redis::{Redis, Settings},
    error::Error,
    jobs::{Finish, JobId, LEASE, NewJob, Outcome, WorkerId},
    partition::Rollback,
    ports::{
        jobs::{JobSettings, Jobs},
        quotas::Quotas,
    },
};

use super::server::{Cluster, Server, connect, wait_for};

pub(super) fn job(tenant: &str, n: u32) -> NewJob {
    let id = JobId::new(tenant.parse().unwrap(), &format!("{n:026}")).unwrap();
    NewJob::new(id, "do it", MicroCredits::credits(1))
}

pub(super) fn worker() -> WorkerId {
    "w".parse().unwrap()
}

pub(super) fn impatient(url: &str) -> Settings {
    let mut settings = Settings::new(url);
    settings.connect_timeout = Duration::from_millis(500);
    settings.timeout = Duration::from_secs(2);
    settings
}

fn done(leased: &libtenancy::jobs::Leased) -> Vec<Finish> {
    let outcome = Outcome::Succeeded { result: "ok".to_owned(), pointer: None };
    vec![Finish { id: leased.id.clone(), epoch: leased.epoch, outcome, used: MicroCredits::credits(1) }]
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_full_server_refuses_whole_steps_and_loses_nothing() {
    let server = Server::start(&[]).await;
    let port = Redis::open(&Settings::new(&server.url), JobSettings::default()).await.unwrap();
    port.jobs_submit(vec![job("acme", 1), job("acme", 2), job("acme", 3)]).await.unwrap();
    let leased = port.jobs_claim(0, &worker(), 1, LEASE).await.unwrap().jobs.remove(0);
    let mut behind = connect(&server.url).await;
    let limit = |bytes: &'static str| ::redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).to_owned();
    let dump = |mut behind: ::redis::aio::MultiplexedConnection| async move {
        ::redis::cmd("DEBUG").arg("DIGEST").query_async::<String>(&mut behind).await.unwrap_or_default()
    };
    let before = (dump(behind.clone()).await, port.queue_view(0).await.unwrap());
    limit("1").query_async::<()>(&mut behind).await.unwrap();
    assert!(matches!(port.jobs_submit(vec![job("acme", 4)]).await, Err(Error::StoreFull)));
    assert!(matches!(port.jobs_claim(0, &worker(), 1, LEASE).await, Err(Error::StoreFull)));
    assert!(matches!(port.leases_finalize(done(&leased)).await, Err(Error::StoreFull)));
    assert!(matches!(port.jobs_reap(0, 1).await, Err(Error::StoreFull)));
    assert_eq!(port.queue_view(0).await.unwrap(), before.1, "what only looks is answered");
    assert_eq!(dump(behind.clone()).await, before.0);
    limit("0").query_async::<()>(&mut behind).await.unwrap();
    assert_eq!(port.leases_finalize(done(&leased)).await.unwrap().remove(0).unwrap(), "succeeded");
    assert_eq!(port.jobs_claim(0, &worker(), 9, LEASE).await.unwrap().jobs.len(), 2);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_killed_server_with_an_appendonly_file_loses_nothing() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let port = Redis::open(&impatient(&server.url), JobSettings::default()).await.unwrap();
    port.jobs_submit((0..50).map(|n| job("acme", n)).collect()).await.unwrap();
    let leased = port.jobs_claim(0, &worker(), 10, LEASE).await.unwrap().jobs;
    let rows = port.outbox_read(0, 1_000).await.unwrap();
    server.kill();
    let down = port.jobs_submit(vec![job("acme", 99)]).await.unwrap_err();
    assert!(matches!(down, Error::Unavailable { .. } | Error::OutcomeUnknown { .. }), "{}", down.chain());
    assert!(server.dir().join("appendonlydir").is_dir());
    server.restart().await;
    let again = wait_for("the connection", || async { port.outbox_read(0, 1_000).await.ok() }).await;
    assert_eq!(again, rows);
    for leased in &leased {
        assert_eq!(port.leases_finalize(done(leased)).await.unwrap().remove(0).unwrap(), "succeeded");
    }
    assert_eq!(port.jobs_claim(0, &worker(), 100, LEASE).await.unwrap().jobs.len(), 40);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_waiting_worker_outlives_its_server() {
    let mut server = Server::start(&[]).await;
    let port = Redis::open(&impatient(&server.url), JobSettings::default()).await.unwrap();
    let (waiter, until) = (port.clone(), SystemClock::default().now() + Duration::from_secs(30));
    let waiting = tokio::spawn(async move { waiter.work_wait(&worker(), &[0], until).await });
    tokio::time::timeout(Duration::from_millis(300), std::future::pending::<()>()).await.unwrap_err();
    server.kill();
    // An error is a fine answer; hanging is not.
    let _ = tokio::time::timeout(Duration::from_secs(15), waiting).await.unwrap().unwrap();
    server.restart().await;
    wait_for("the connection", || async { port.jobs_submit(vec![job("acme", 1)]).await.ok() }).await;
    port.work_wait(&worker(), &[0], until).await.unwrap();
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_server_that_forgot_is_behind_until_it_is_told() {
    let mut server = Server::start(&[]).await;
    let port = Redis::open(&impatient(&server.url), JobSettings::default()).await.unwrap();
    port.jobs_submit((0..5).map(|n| job("acme", n)).collect()).await.unwrap();
    let leased = port.jobs_claim(0, &worker(), 5, LEASE).await.unwrap().jobs;
    let seq = port.position_highest(0);
    assert_eq!(seq, 6);
    server.kill();
    server.restart().await;
    wait_for("the connection", || async { port.outbox_read(0, 1).await.ok() }).await;
    let behind = |error: Error| matches!(error, Error::Behind { partition: 0 });
    assert!(behind(port.jobs_submit(vec![job("acme", 9)]).await.unwrap_err()));
    assert!(behind(port.jobs_claim(0, &worker(), 1, LEASE).await.unwrap_err()));
    assert!(behind(port.leases_finalize(done(&leased[0])).await.unwrap_err()));
    assert!(behind(port.tenant_close(&"acme".parse().unwrap()).await.unwrap_err()));
    assert!(behind(port.outbox_trim(0, 1).await.unwrap_err()));
    let outbox = port.outbox_read(0, 10).await.unwrap();
    assert_eq!((outbox.incarnation, outbox.seq, outbox.rows.len()), (1, 0, 0));
    assert_eq!(port.position_highest(0), seq);
    let mut looking = connect(&server.url).await;
    let keys: Vec<String> = ::redis::cmd("KEYS").arg("*").query_async(&mut looking).await.unwrap();
    assert_eq!(keys, [] as [String; 0], "nothing is written on forgotten ground");
    let plan = Rollback { incarnation: 2, seq, ..Rollback::default() };
    port.partition_rollback(0, &plan).await.unwrap();
    port.jobs_submit(vec![job("acme", 9)]).await.unwrap().remove(0).unwrap();
    let row = port.outbox_read(0, 10).await.unwrap().rows.remove(0);
    assert_eq!((row.incarnation, row.seq), (2, seq + 1));
    // Epochs go on from the time, which is past every epoch that was given.
    let again = port.jobs_claim(0, &worker(), 1, LEASE).await.unwrap().jobs.remove(0);
    assert!(again.epoch > leased[4].epoch);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_user_of_the_access_list_is_named_in_the_url_and_its_password_is_never_said() {
    let server = Server::start(&[]).await;
    let mut behind = connect(&server.url).await;
    let rules = ["on", ">s3cr3t", "~*", "&*", "+@all", "-@dangerous", "+info"];
    ::redis::cmd("ACL").arg("SETUSER").arg("ztm").arg(&rules).query_async::<()>(&mut behind).await.unwrap();
    let url = server.url.replace("redis://", "redis://ztm:s3cr3t@");
    let port = Redis::open(&Settings::new(&url), JobSettings::default()).await.unwrap();
    port.jobs_submit(vec![job("acme", 1)]).await.unwrap().remove(0).unwrap();
    assert_eq!(port.jobs_sweep(0).await.unwrap().looked_at, 1);
    for wrong in [url.replace("s3cr3t@", "hunter2@"), "http://ztm:hunter2@localhost".to_owned(), "redis://".to_owned()]
    {
        let refused = Redis::open(&impatient(&wrong), JobSettings::default()).await.unwrap_err();
        assert!(!format!("{} {refused:?}", refused.chain()).contains("hunter2"), "{}", refused.chain());
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn nobody_there_is_unavailable() {
    let mut server = Server::start(&[]).await;
    server.kill();
    let refused = Redis::open(&impatient(&server.url), JobSettings::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable { part: "redis", .. }), "{}", refused.chain());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_cluster_that_lost_a_master_goes_on_with_its_replica() {
    let mut cluster = Cluster::start(true).await;
    let mut settings = impatient(&cluster.url);
    settings.cluster = true;
    let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
    let jobs = JobSettings { partitions: 8, ..JobSettings::default() };
    let port = Redis::open_with(&settings, jobs, Some(clock)).await.unwrap();
    let new: Vec<NewJob> = (0..240).map(|n| job(&format!("t{}", n % 40), n)).collect();
    let mut due: BTreeSet<JobId> = new.iter().map(|job| job.id.clone()).collect();
    for answer in port.jobs_submit(new).await.unwrap() {
        answer.unwrap();
    }
    let mut leased = Vec::new();
    for partition in 0..8 {
        leased.extend(port.jobs_claim(partition, &worker(), 5, LEASE * 100).await.unwrap().jobs);
    }
    for index in 0..3 {
        let master = connect(&cluster.node(index)).await;
        wait_for("the replica to have all of it", || async {
            let info: String = ::redis::cmd("INFO").arg("replication").query_async(&mut master.clone()).await.unwrap();
            let number = |name: &str| {
                let (_, rest) = info.split_once(name)?;
                rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()
            };
            (number(",offset=")? >= number("master_repl_offset:")?).then_some(())
        })
        .await;
    }
    cluster.kill(0);
    // Attempts that were given out before are still theirs, and nothing is given out twice.
    for leased in &leased {
        let state = wait_for("the replica", || async {
            match port.leases_finalize(done(leased)).await {
                Ok(mut answers) => Some(answers.remove(0)),
                Err(error) if error.retryable() => None,
                Err(error) => panic!("{}", error.chain()),
            }
        });
        assert_eq!(state.await.unwrap(), "succeeded");
        assert!(due.remove(&leased.id));
    }
    for partition in 0..8 {
        let claimed =
            wait_for("the replica", || async { port.jobs_claim(partition, &worker(), 100, LEASE).await.ok() });
        for leased in claimed.await.jobs {
            assert!(due.remove(&leased.id), "{} twice", leased.id);
        }
    }
    assert_eq!(due.len(), 0, "not one is lost");
}
