//! The job plane while everything that uses it is killed with SIGKILL at random moments.
//!
//! Owns the kills and the verdict. The processes are `role.rs`, built as the example `jobs_role`. `ZTM_SEED` repeats the
//! order of the kills (not the moments at which the system lets them happen), `ZTM_JOBS` changes the number of jobs.
#![expect(clippy::print_stdout, reason = "what a run saw is said to whoever watches it")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

#[path = "../drivers/process.rs"]
mod process;
#[path = "../drivers/redis/server.rs"]
#[expect(dead_code, reason = "the tests of the driver use more of it")]
mod server;
mod store;
mod troupe;
mod verdict;

use std::time::Duration;

use libtenancy::ledger::AuditResult;

use self::{
    server::Server,
    store::Plane,
    troupe::{Troupe, env_number},
};

/// Jobs of a run.
const JOBS: u64 = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m1_every_job_ends_once_and_is_paid_for_once_while_processes_on_sqlite_are_killed() {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("sqlite:{}", dir.path().display());
    let plane = store::open(&name, dir.path()).await;
    let mut troupe = Troupe::new(&name, dir.path(), env_number("ZTM_JOBS", JOBS));
    troupe.play(&plane, async |_| ()).await;
    verdict::all_is_accounted_for(&plane, &troupe, false).await;
}

/// A run on Redis; `strike` is given the server, the stores and the number of the kill.
async fn on_redis(
    arguments: &[&str],
    forgets: bool,
    mut strike: impl AsyncFnMut(&mut Server, &Plane, usize),
) -> AuditResult {
    let mut server = Server::start(arguments).await;
    let dir = tempfile::tempdir().unwrap();
    let name = server.url.clone();
    let plane = store::open(&name, dir.path()).await;
    let mut troupe = Troupe::new(&name, dir.path(), env_number("ZTM_JOBS", JOBS));
    troupe.play(&plane, async |kill| strike(&mut server, &plane, kill).await).await;
    verdict::all_is_accounted_for(&plane, &troupe, forgets).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn m1_every_job_ends_once_and_is_paid_for_once_while_redis_and_its_users_are_killed() {
    let always = ["--appendonly", "yes", "--appendfsync", "always"];
    let result = on_redis(&always, false, async |server, _, kill| {
        if kill % 12 == 11 {
            server.kill();
            server.restart().await;
        }
    })
    .await;
    assert_eq!(result.rollbacks, 0, "what is synced always is never forgotten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn a_redis_that_is_rolled_back_to_an_older_copy_is_told_and_the_equation_holds_again() {
    let everysec = ["--appendonly", "yes", "--appendfsync", "everysec", "--auto-aof-rewrite-percentage", "0"];
    let copy = tempfile::tempdir().unwrap();
    let mut copied = 0;
    let result = on_redis(&everysec, true, async |server, plane, kill| match kill % 20 {
        10 => {
            copy_files(&server.dir().join("appendonlydir"), copy.path());
            // It may still be loading.
            copied = loop {
                match plane.quotas.outbox_read(0, 1).await {
                    Ok(outbox) => break outbox.seq,
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            };
        }
        14 => {
            // Only what the ledger knows beyond the copy can be missed; after the last job there is no more.
            for _ in 0..500 {
                if plane.ledgers.ledger_head(0).await.unwrap().seq > copied {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            server.kill();
            copy_files(copy.path(), &server.dir().join("appendonlydir"));
            server.restart().await;
        }
        _ => {}
    })
    .await;
    assert!(result.rollbacks > 0, "nothing was noticed");
    println!("{} rollback rows, {} rows were lost", result.rollbacks, result.lost_rows);
}

/// Copies the files of a directory over those of another.
fn copy_files(from: &std::path::Path, to: &std::path::Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
