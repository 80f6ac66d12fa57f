//! The job plane measured: `cargo bench -p libtenancy --bench jobs -- [PART…]`.
//!
//! Owns the figures of the README's job plane, with the limit and a peer in the same run. Parts: `sqlite`, `redis`, `tenants`,
//! `cluster`, `flood`, `peers`; all of them without an argument. Needs `redis-server` on PATH; the peer also `node` and `npm`.
//! `ZTM_BENCH_JOBS` changes the number of jobs. What a job costs the server is `--bench redis_jobs`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed run")]

mod load;
#[path = "../../drivers/process.rs"]
mod process;
#[path = "../../drivers/redis/server.rs"]
#[expect(dead_code, reason = "the tests of the driver use more of it")]
mod server;

use std::{path::Path, process::Stdio, sync::Arc};

use libtenancy::{
    clock::SystemClock,
    drivers::{
        local::store::{Options, Store},
        redis::{Redis, Settings},
    },
};

use self::{
    load::{Drain, Plane},
    server::{Cluster, Server},
};

fn count() -> u64 {
    std::env::var("ZTM_BENCH_JOBS").ok().and_then(|text| text.parse().ok()).unwrap_or(50_000)
}

fn wants(part: &str) -> bool {
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    asked.is_empty() || asked.iter().any(|asked| asked == part)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if wants("sqlite") {
        sqlite().await;
    }
    if wants("redis") {
        let always = ["--appendonly", "yes", "--appendfsync", "always"];
        redis("without AOF", &["--appendonly", "no"]).await;
        redis("AOF everysec", &["--appendonly", "yes", "--appendfsync", "everysec"]).await;
        redis("AOF always", &always).await;
    }
    if wants("peers") {
        peers().await;
    }
    if wants("tenants") {
        tenants().await;
    }
    if wants("cluster") {
        cluster().await;
    }
    if wants("flood") {
        flood().await;
    }
}

fn ledger(dir: &Path) -> Store {
    let options = Options { jobs: load::settings(1), ..Options::default() };
    Store::open_with(dir, Arc::new(SystemClock::default()), options).unwrap()
}

async fn plane(url: &str, partitions: u16, cluster: bool, dir: &Path) -> Plane {
    let settings = Settings { cluster, ..Settings::new(url) };
    let redis = Redis::open(&settings, load::settings(partitions)).await.unwrap();
    Plane { jobs: Arc::new(redis.clone()), quotas: Arc::new(redis), ledgers: Arc::new(ledger(dir)) }
}

/// SQLite, `synchronous=FULL`: whole jobs a second, everything durable, the ledger included.
async fn sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let store = ledger(dir.path());
    let plane = Plane { jobs: Arc::new(store.clone()), quotas: Arc::new(store.clone()), ledgers: Arc::new(store) };
    let _drain = Drain::start(&plane);
    let jobs = count().min(20_000);
    for (name, batch, tasks, share) in [("batches of 50", 50, 8, 1), ("one by one, 32 callers", 1, 32, 10)] {
        let submitted = load::submit(&plane, jobs / share, 50, batch, tasks).await;
        let processed =
            load::process(&plane, jobs / share, usize::try_from(batch).unwrap(), usize::try_from(tasks).unwrap()).await;
        let whole = 1.0 / (1.0 / submitted + 1.0 / processed);
        println!(
            "sqlite, durable, {name}: submit {submitted:.0}/s, claim to finalize {processed:.0}/s, whole jobs {whole:.0}/s"
        );
    }
    let (p50, p99) = load::single_claims(&plane, 500.0, 2.0).await;
    println!("sqlite, one claim at 500/s: p50 {p50:.2} ms, p99 {p99:.2} ms");
}

/// One Redis, one worker process: credits, fairness, leases, the outbox and the ledger on.
async fn redis(mode: &str, arguments: &[&str]) {
    let (server, dir) = (Server::start(arguments).await, tempfile::tempdir().unwrap());
    let plane = plane(&server.url, 1, false, dir.path()).await;
    let _drain = Drain::start(&plane);
    let submitted = load::submit(&plane, count(), 50, 100, 4).await;
    let processed = load::process(&plane, count(), 250, 3).await;
    println!("redis {mode}: submit {submitted:.0}/s, claim to finalize {processed:.0}/s");
    load::submit(&plane, 8_000, 1, 500, 4).await;
    let most = load::process(&plane, 8_000, 1, 32).await;
    let (p50, p99) = load::single_claims(&plane, most / 2.0, 3.0).await;
    println!("redis {mode}, one at a time: {most:.0}/s; one claim at half of it: p50 {p50:.2} ms, p99 {p99:.2} ms");
}

/// What a claim of one job takes, the answer's way included, with ever more ready tenants.
async fn tenants() {
    for tenants in [10, 1_000, 100_000] {
        let (server, dir) = (Server::start(&["--appendonly", "no"]).await, tempfile::tempdir().unwrap());
        let plane = plane(&server.url, 1, false, dir.path()).await;
        load::submit(&plane, tenants.max(5_000), tenants, 500, 4).await;
        let rate = load::process(&plane, 2_000, 1, 1).await;
        println!("redis, {tenants} ready tenants: {:.0} us a claim and its finalize, one at a time", 1e6 / rate);
    }
}

/// Three masters: as one, and spread.
async fn cluster() {
    for (name, cluster) in [("one server, 12 partitions", false), ("three masters, 12 partitions", true)] {
        let dir = tempfile::tempdir().unwrap();
        let (single, masters);
        let url = if cluster {
            masters = Cluster::start(false).await;
            masters.url.clone()
        } else {
            single = Server::start(&["--appendonly", "no"]).await;
            single.url.clone()
        };
        let plane = plane(&url, 12, cluster, dir.path()).await;
        let submitted = load::submit(&plane, count(), 50, 100, 4).await;
        let processed = load::process(&plane, count(), 100, 4).await;
        println!("redis, {name}: submit {submitted:.0}/s, claim to finalize {processed:.0}/s");
    }
}

/// `BullMQ`, and what the server can do at all, on a server of their own.
async fn peers() {
    let server = Server::start(&["--appendonly", "no"]).await;
    let port = server.url.rsplit(':').next().unwrap_or_default().to_owned();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/bench/peers/run.sh");
    let mut run = tokio::process::Command::new("bash");
    let lines = run.args([script, &port, &count().to_string()]).stdin(Stdio::null()).output().await.unwrap();
    print!("{}", String::from_utf8_lossy(&lines.stdout));
}

/// The wait of a second tenant's single job inside a flood of 100,000: by one agent, and split over 1,000.
async fn flood() {
    for agents in [1, 1_000] {
        let (server, dir) = (Server::start(&["--appendonly", "no"]).await, tempfile::tempdir().unwrap());
        let plane = plane(&server.url, 1, false, dir.path()).await;
        let _drain = Drain::start(&plane);
        load::flood(&plane, 100_000, agents).await;
        let (p50, worst) = load::waits_in_a_flood(&plane, 200).await;
        println!(
            "redis, flood of 100,000 over {agents} agents: another tenant's job starts after p50 {p50:.2} ms, worst {worst:.2} ms"
        );
    }
}
