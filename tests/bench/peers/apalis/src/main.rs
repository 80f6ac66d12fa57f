//! apalis-redis: noop jobs of 200 bytes and one worker process.
//!
//! `ztm-bench-apalis --redis redis://127.0.0.1:PORT --jobs N --concurrency C [--batch 500] [--in-flight 4]`
//!
//! Enqueues with `push_bulk` (one script per call), `--in-flight` calls at a time over one multiplexed connection. All jobs
//! are enqueued before the first worker starts. Every job is acknowledged, with its result kept; events and leases are off.
//!
//! The jobs are spread over queues of 5,000, drained one after another: in 1.0.0 a queue with some 8,000 jobs waiting stops
//! its worker ("too many results to unpack": `fetch_next.lua` unpacks all of them at once).
use std::{
    env,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use apalis::prelude::*;
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use tokio::task::JoinSet;

const VERSION: &str = "1.0.0";
const QUEUE: usize = 5_000;

fn flag(name: &str, fallback: &str) -> String {
    env::args().skip_while(|arg| arg != name).nth(1).unwrap_or_else(|| fallback.to_owned())
}

async fn enqueue(
    storage: &RedisStorage<String>,
    jobs: usize,
    batch: usize,
    in_flight: usize,
) -> Result<(), Box<dyn Error>> {
    let payload = "x".repeat(198); // 200 as JSON
    let next = Arc::new(AtomicUsize::new(0));
    let mut pushers: JoinSet<Result<(), String>> = JoinSet::new();
    for _ in 0..in_flight {
        let (mut storage, payload, next) = (storage.clone(), payload.clone(), next.clone());
        pushers.spawn(async move {
            loop {
                let from = next.fetch_add(batch, Ordering::Relaxed);
                if from >= jobs {
                    return Ok(());
                }
                let tasks = vec![payload.clone(); batch.min(jobs - from)];
                storage.push_bulk(tasks).await.map_err(|error| error.to_string())?;
            }
        });
    }
    while let Some(pushed) = pushers.join_next().await {
        pushed??;
    }
    Ok(())
}

/// Returns when Redis holds `jobs` acknowledged jobs of that queue.
async fn process(
    storage: RedisStorage<String>,
    mut connection: ConnectionManager,
    jobs: usize,
    concurrency: usize,
    handled: &Arc<AtomicUsize>,
) -> Result<(), Box<dyn Error>> {
    let done = storage.get_config().done_jobs_set();
    let worker = WorkerBuilder::new("bench").backend(storage).concurrency(concurrency).data(handled.clone()).build(
        async |_: String, handled: Data<Arc<AtomicUsize>>| {
            handled.fetch_add(1, Ordering::Relaxed);
        },
    );
    let mut running = tokio::spawn(worker.run());
    loop {
        tokio::select! {
            ended = &mut running => return Err(format!("the worker ended: {ended:?}").into()),
            () = tokio::time::sleep(Duration::from_millis(2)) => {}
        }
        let acknowledged: usize = redis::cmd("SCARD").arg(&done).query_async(&mut connection).await?;
        if acknowledged == jobs {
            running.abort();
            return Ok(());
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jobs: usize = flag("--jobs", "50000").parse()?;
    let concurrency: usize = flag("--concurrency", "100").parse()?;
    let batch: usize = flag("--batch", "500").parse()?;
    let in_flight: usize = flag("--in-flight", "4").parse()?;

    let connection = apalis_redis::connect(flag("--redis", "redis://127.0.0.1:6379")).await?;
    let queues: Vec<(RedisStorage<String>, usize)> = (0..jobs)
        .step_by(QUEUE)
        .map(|from| {
            let config = Config::default()
                .queue(format!("bench-{from}"))
                .batch_size(concurrency)
                .lock_tasks(false)
                .emit_events(false);
            (RedisStorage::new(connection.clone()).with_config(config), QUEUE.min(jobs - from))
        })
        .collect();

    let per_second = |started: Instant| (jobs as f64 / started.elapsed().as_secs_f64()).round();
    let started = Instant::now();
    for (storage, jobs) in &queues {
        enqueue(storage, *jobs, batch, in_flight).await?;
    }
    let enqueue_per_s = per_second(started);

    let handled = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    for (storage, jobs) in queues {
        process(storage, connection.clone(), jobs, concurrency, &handled).await?;
    }
    let process_per_s = per_second(started);
    let handled = handled.load(Ordering::Relaxed);
    if handled != jobs {
        return Err(format!("the handler ran {handled} times for {jobs} jobs").into());
    }

    let how = format!(
        "push_bulk of {batch}, {in_flight} in flight; queues of {QUEUE}, one process, batch and concurrency {concurrency}"
    );
    println!(
        r#"{{"peer":"apalis-redis","version":"{VERSION}","jobs":{jobs},"enqueue_per_s":{enqueue_per_s},"process_per_s":{process_per_s},"how":"{how}"}}"#
    );
    Ok(())
}
