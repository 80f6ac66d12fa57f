//! Load for the job plane: submissions, whole jobs, and single claims beside them. Any driver.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use libtenancy::{
    clock::{Clock, Stopwatch, SystemClock},
    credits::{MAX_AMOUNT, MAX_RATE, MicroCredits},
    jobs::{Finish, JobId, LEASE, NewJob, Outcome, WorkerId},
    outbox,
    ports::{
        jobs::{JobSettings, Jobs, partition_of},
        ledgers::Ledgers,
        quotas::Quotas,
    },
    quota::Quota,
    tenant::TenantId,
};
use tokio::task::JoinSet;

/// The payload of every job, bytes.
const PROMPT: usize = 200;

/// What every store is built with: nobody is ever short of credits, but every credit is counted.
pub(crate) fn settings(partitions: u16) -> JobSettings {
    let default_quota =
        Quota { rate: MAX_RATE, burst: MicroCredits(MAX_AMOUNT.0 / 2), max_running: 1_000_000, ..Quota::default() };
    JobSettings { partitions, default_quota, capacity: 0 }
}

/// A store under load.
#[derive(Clone)]
pub(crate) struct Plane {
    pub(crate) jobs: Arc<dyn Jobs>,
    pub(crate) quotas: Arc<dyn Quotas>,
    pub(crate) ledgers: Arc<dyn Ledgers>,
}

pub(crate) fn tenant(n: u64) -> TenantId {
    format!("t{n}").parse().expect("a tenant id")
}

pub(crate) fn job(tenant: &TenantId, agent: u64) -> NewJob {
    let id = JobId::random(tenant, SystemClock::default().now()).expect("random bytes");
    let agent = format!("agent-{agent}").parse().expect("an agent id");
    NewJob { agent, ..NewJob::new(id, "x".repeat(PROMPT), MicroCredits(1_000)) }
}

pub(crate) fn worker(n: usize) -> WorkerId {
    format!("bench-{n}").parse().expect("a worker id")
}

/// Copies outboxes to the ledger while it lives, as the leader does.
pub(crate) struct Drain(tokio::task::JoinHandle<()>);

impl Drain {
    pub(crate) fn start(plane: &Plane) -> Self {
        let plane = plane.clone();
        Self(tokio::spawn(async move {
            let partitions = plane.jobs.settings().partitions;
            loop {
                let mut rows = 0;
                for partition in 0..partitions {
                    rows += outbox::copy(&*plane.quotas, &*plane.ledgers, partition)
                        .await
                        .expect("rows are copied")
                        .rows
                        .len();
                }
                if rows == 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }))
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Submits `count` jobs of `tenants` tenants, `batch` in a call, `tasks` calls at a time. Jobs a second.
pub(crate) async fn submit(plane: &Plane, count: u64, tenants: u64, batch: u64, tasks: u64) -> f64 {
    // Made beforehand: making them is the submitter's work, not the store's.
    let mut batches: Vec<Vec<NewJob>> = Vec::new();
    for first in (0..count).step_by(usize::try_from(batch).expect("small")) {
        batches.push((first..(first + batch).min(count)).map(|n| job(&tenant(n % tenants), n % 7)).collect());
    }
    let batches = Arc::new(std::sync::Mutex::new(batches));
    let watch = Stopwatch::start();
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let (plane, batches) = (plane.clone(), Arc::clone(&batches));
        running.spawn(async move {
            loop {
                let Some(batch) = batches.lock().expect("not poisoned").pop() else { return };
                for answer in plane.jobs.jobs_submit(batch).await.expect("submitted") {
                    answer.expect("accepted");
                }
            }
        });
    }
    while let Some(done) = running.join_next().await {
        done.expect("a submitter");
    }
    per_second(count, watch)
}

/// Claims and finalizes until `count` jobs are done: one worker process with `tasks` loops, `batch` jobs in each's hands.
/// Jobs a second.
pub(crate) async fn process(plane: &Plane, count: u64, batch: usize, tasks: usize) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let watch = Stopwatch::start();
    let mut running = JoinSet::new();
    for n in 0..tasks {
        let (plane, done, worker) = (plane.clone(), Arc::clone(&done), worker(n));
        running.spawn(async move {
            let partitions = plane.jobs.settings().partitions;
            let mut at = u16::try_from(n).expect("small") % partitions;
            while done.load(Ordering::Relaxed) < count {
                at = (at + 1) % partitions;
                let finished = round(&plane, at, &worker, batch).await;
                done.fetch_add(finished, Ordering::Relaxed);
                if finished == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    while let Some(ended) = running.join_next().await {
        ended.expect("a worker");
    }
    per_second(count, watch)
}

/// One claim and its finalize; how many jobs.
pub(crate) async fn round(plane: &Plane, partition: u16, worker: &WorkerId, batch: usize) -> u64 {
    let claimed = plane.jobs.jobs_claim(partition, worker, batch, LEASE).await.expect("claimed");
    let count = claimed.jobs.len() as u64;
    let finish = |leased: libtenancy::jobs::Leased| Finish {
        id: leased.id,
        epoch: leased.epoch,
        outcome: Outcome::Succeeded { result: String::new(), pointer: None },
        used: MicroCredits(900),
    };
    if count > 0 {
        for answer in
            plane.jobs.leases_finalize(claimed.jobs.into_iter().map(finish).collect()).await.expect("finalized")
        {
            answer.expect("settled");
        }
    }
    count
}

/// Single claims at a steady `rate` a second for a while, each job submitted just before: milliseconds from the request to
/// the job, p50 and p99.
pub(crate) async fn single_claims(plane: &Plane, rate: f64, seconds: f64) -> (f64, f64) {
    let owner = tenant(0);
    let partition = partition_of(&owner, plane.jobs.settings().partitions);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
    let count = (rate * seconds) as u32;
    plane.jobs.jobs_submit((0..count).map(|n| job(&owner, u64::from(n % 7))).collect()).await.expect("submitted");
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut running = JoinSet::new();
    for _ in 0..count {
        ticks.tick().await;
        let plane = plane.clone();
        // From when it was due, not from when there was time for it.
        let due = Stopwatch::start();
        running.spawn(async move {
            let worker = worker(0);
            let claimed = plane.jobs.jobs_claim(partition, &worker, 1, LEASE).await.expect("claimed");
            let waited = due.elapsed();
            let finish = |leased: libtenancy::jobs::Leased| Finish {
                id: leased.id,
                epoch: leased.epoch,
                outcome: Outcome::Succeeded { result: String::new(), pointer: None },
                used: MicroCredits(900),
            };
            plane.jobs.leases_finalize(claimed.jobs.into_iter().map(finish).collect()).await.expect("finalized");
            waited
        });
    }
    let mut waits: Vec<Duration> = running.join_all().await;
    waits.sort_unstable();
    let at = |share: usize| waits.get(waits.len() * share / 100).map_or(0.0, |wait| wait.as_secs_f64() * 1e3);
    (at(50), at(99))
}

fn per_second(count: u64, watch: Stopwatch) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let count = count as f64;
    count / watch.elapsed().as_secs_f64()
}

/// Submits a flood of one tenant over `agents` agents.
pub(crate) async fn flood(plane: &Plane, count: u64, agents: u64) {
    let owner = tenant(0);
    for first in (0..count).step_by(500) {
        let batch = (first..first + 500).map(|n| job(&owner, n % agents)).collect();
        plane.jobs.jobs_submit(batch).await.expect("submitted");
    }
}

/// While one worker works on what waits, one job at a time of ever new tenants: milliseconds from its submission to its claim,
/// p50 and worst.
pub(crate) async fn waits_in_a_flood(plane: &Plane, count: u64) -> (f64, f64) {
    let mut waits = Vec::new();
    for n in 0..count {
        let newcomer = tenant(1_000 + n);
        let watch = Stopwatch::start();
        plane.jobs.jobs_submit(vec![job(&newcomer, 0)]).await.expect("submitted");
        loop {
            let claimed = plane.jobs.jobs_claim(0, &worker(0), 4, LEASE).await.expect("claimed");
            let found = claimed.jobs.iter().any(|leased| *leased.id.tenant() == newcomer);
            if found {
                waits.push(watch.elapsed());
            }
            let finish = |leased: libtenancy::jobs::Leased| Finish {
                id: leased.id,
                epoch: leased.epoch,
                outcome: Outcome::Succeeded { result: String::new(), pointer: None },
                used: MicroCredits(1_000),
            };
            plane.jobs.leases_finalize(claimed.jobs.into_iter().map(finish).collect()).await.expect("finalized");
            if found {
                break;
            }
        }
    }
    waits.sort_unstable();
    let ms = |wait: Option<&Duration>| wait.map_or(0.0, |wait| wait.as_secs_f64() * 1e3);
    (ms(waits.get(waits.len() / 2)), ms(waits.last()))
}
