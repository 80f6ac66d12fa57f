//! Drivers of jobs and quotas against the model: random histories of all steps, hostile values among them, are told to a
//! driver and to [`Partition`], at the same times and with the same jitter. Every answer must be the same; from time to time
//! so must all that can be read, and at the end the ledger's rows must pass the audit.
//!
//! A history is made from a seed, which a failure prints; `ZTM_SEED` runs that one alone.

mod history;
pub(crate) mod random;

use std::{sync::Arc, time::Duration};

use libtenancy::{
    clock::ManualClock,
    credits::MicroCredits,
    ports::{
        jobs::{JobSettings, Jobs},
        quotas::Quotas,
    },
    quota::{Budget, Period, Quota},
};

use self::{history::History, random::Random};

/// What a history of a seed begins with, and its jitter.
pub(crate) fn beginning(seed: u64) -> (JobSettings, u32) {
    let mut random = Random(seed);
    let budget = random.one_in(3).then(|| Budget {
        period: [Period::Day, Period::Week, Period::Month][random.below(3)],
        limit: MicroCredits(random.range(1, 600_000_000)),
        hard: random.one_in(2),
    });
    let default_quota = Quota {
        rate: MicroCredits(random.range(0, 5_000_000)),
        burst: MicroCredits(random.range(1, 400_000_000)),
        max_running: u32::try_from(random.range(1, 12)).unwrap(),
        budget,
        ..Quota::default()
    };
    let settings = JobSettings { default_quota, ..JobSettings::default() };
    (settings, u32::try_from(random.below(1_000)).unwrap())
}

/// The seeds to run: `count` of them, or the one in the environment.
pub(crate) fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("ZTM_SEED") {
        Ok(seed) => vec![seed.parse().expect("ZTM_SEED is a number")],
        Err(_) => (1..=count).collect(),
    }
}

/// Runs one history of a driver that was opened with these settings. Its failures name the seed.
pub(crate) async fn run<P: Jobs + Quotas>(
    seed: u64,
    steps: usize,
    settings: JobSettings,
    jitter: u32,
    port: P,
    clock: Arc<ManualClock>,
) {
    let mut history = History::new(seed, settings, jitter, port, clock);
    for step in 0..steps {
        history.step().await;
        if step % 50 == 49 {
            history.everything_agrees().await;
        }
        if step % 10 == 9 {
            history.rows_agree(false).await;
        }
    }
    history.everything_agrees().await;
    history.rows_agree(true).await;
    history.audit_holds();
}

mod local {
    use super::*;
    use libtenancy::drivers::local::store::{Options, Store};

    #[tokio::test]
    async fn sqlite_equals_the_model() {
        for seed in seeds(3) {
            let (jobs, jitter) = beginning(seed);
            let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(libtenancy::conformance::clock()));
            let options = Options { jobs, jitter: Some(jitter), ..Options::default() };
            let store = Store::open_with(dir.path(), Arc::clone(&clock) as Arc<_>, options).unwrap();
            run(seed, 400, jobs, jitter, store, clock).await;
        }
    }
}

mod redis {
    use super::*;
    use crate::redis::{
        open_with_jitter,
        server::{Cluster, Server},
    };

    async fn histories(url: &str, cluster: bool, partitions: u16, count: u64, steps: usize) {
        for seed in seeds(count) {
            let (jobs, jitter) = beginning(seed);
            let (jobs, clock) = (JobSettings { partitions, ..jobs }, Arc::new(libtenancy::conformance::clock()));
            let port = open_with_jitter(url, cluster, jobs, Arc::clone(&clock), jitter).await;
            run(seed, steps, jobs, jitter, port, clock).await;
        }
    }

    #[tokio::test]
    #[ignore = "needs redis-server"]
    async fn redis_equals_the_model() {
        histories(Server::shared().await, false, 1, 6, 1_500).await;
    }

    #[tokio::test]
    #[ignore = "needs redis-server"]
    async fn redis_in_three_partitions_equals_the_model() {
        histories(Server::shared().await, false, 3, 2, 1_500).await;
    }

    #[tokio::test]
    #[ignore = "needs redis-server"]
    async fn redis_cluster_equals_the_model() {
        histories(Cluster::shared().await, true, 7, 1, 1_000).await;
    }
}

/// A pause that histories take: mostly short, sometimes past what is kept.
fn pause(random: &mut Random) -> Duration {
    match random.below(60) {
        0 => Duration::from_secs(random.range(1, 9 * 86_400).unsigned_abs()),
        1..=6 => Duration::from_secs(random.range(1, 3_600).unsigned_abs()),
        7..=15 => Duration::from_secs(random.range(1, 40).unsigned_abs()),
        _ => Duration::from_micros(random.range(0, 3_000_000).unsigned_abs()),
    }
}
