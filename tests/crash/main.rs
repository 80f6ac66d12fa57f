//! The job plane while everything that uses it is killed with SIGKILL at random moments.
//!
//! Owns the kills and the verdict. The processes are `role.rs`, built as the example `jobs_role`. `ZTM_SEED` repeats the
//! order of the kills (not the moments at which the system lets them happen), `ZTM_JOBS` changes the number of jobs.
#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod store;
mod troupe;
mod verdict;

use self::troupe::{Troupe, env_number};

/// Jobs of a run.
const JOBS: u64 = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m1_every_job_ends_once_and_is_paid_for_once_while_processes_on_sqlite_are_killed() {
    let dir = tempfile::tempdir().unwrap();
    let name = format!("sqlite:{}", dir.path().display());
    let plane = store::open(&name, dir.path()).await;
    let mut troupe = Troupe::new(&name, dir.path(), env_number("ZTM_JOBS", JOBS));
    troupe.play(&plane, |_| ()).await;
    verdict::all_is_accounted_for(&plane, &troupe).await;
}
