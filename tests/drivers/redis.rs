//! Redis, one server and a cluster, against the suites and what is particular to it.
//!
//! The cases of the suites share a server and a cluster, each in a namespace of its own; a case that ends or restarts a
//! server has its own. They need `redis-server` and `redis-cli` 7 in the path.

mod probes;
mod queue;
mod reach;
pub(crate) mod server;
mod stores;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use libtenancy::{
    clock::ManualClock,
    drivers::redis::{Redis, Settings},
    ports::jobs::JobSettings,
};

use self::server::{Cluster, Server};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Settings for a namespace that nobody else has.
fn settings(url: &str, cluster: bool) -> Settings {
    let mut settings = Settings::new(url);
    settings.cluster = cluster;
    settings.namespace = format!("n{}", NEXT.fetch_add(1, Ordering::Relaxed));
    settings.jitter = Some(0);
    settings
}

async fn open(url: &str, cluster: bool, jobs: JobSettings, clock: Arc<ManualClock>) -> Redis {
    Redis::open_with(&settings(url, cluster), jobs, Some(clock)).await.unwrap()
}

/// Opens a namespace of its own, with this jitter.
pub(crate) async fn open_with_jitter(
    url: &str,
    cluster: bool,
    jobs: JobSettings,
    clock: Arc<ManualClock>,
    jitter: u32,
) -> Redis {
    let mut settings = settings(url, cluster);
    settings.jitter = Some(jitter);
    Redis::open_with(&settings, jobs, Some(clock)).await.unwrap()
}

/// One server.
mod single {
    use super::*;

    async fn redis(clock: Arc<ManualClock>) -> (Redis, ()) {
        (open(Server::shared().await, false, JobSettings::default(), clock).await, ())
    }

    libtenancy::jobs_conformance!(redis, "needs redis-server");
    libtenancy::quotas_conformance!(redis, "needs redis-server");
    libtenancy::wake_locks_conformance!(redis, "needs redis-server");
    libtenancy::leaders_conformance!(redis, "needs redis-server");
    libtenancy::endpoints_conformance!(redis, "needs redis-server");
    libtenancy::journals_conformance!(redis, "needs redis-server");
    libtenancy::receipts_conformance!(redis, "needs redis-server");
    libtenancy::deadlines_conformance!(redis, "needs redis-server");
    libtenancy::signals_conformance!(redis, "needs redis-server");
}

/// Three masters.
mod cluster {
    use super::*;

    async fn redis(clock: Arc<ManualClock>) -> (Redis, ()) {
        (open(Cluster::shared().await, true, JobSettings::default(), clock).await, ())
    }

    libtenancy::jobs_conformance!(redis, "needs redis-server");
    libtenancy::quotas_conformance!(redis, "needs redis-server");
    libtenancy::wake_locks_conformance!(redis, "needs redis-server");
    libtenancy::leaders_conformance!(redis, "needs redis-server");
    libtenancy::endpoints_conformance!(redis, "needs redis-server");
    libtenancy::journals_conformance!(redis, "needs redis-server");
    libtenancy::receipts_conformance!(redis, "needs redis-server");
    libtenancy::deadlines_conformance!(redis, "needs redis-server");
    libtenancy::signals_conformance!(redis, "needs redis-server");
}
