//! The job plane measured: `cargo bench -p libtenancy --bench jobs -- [PART…]`.
//!
//! Owns the figures of the README's job plane, with the limit and the peers in the same run. Parts: `sqlite`, `redis`,
//! `backlog`, `cluster`, `peers`; all of them without an argument. Needs `redis-server` on PATH; the peers also `node` and
//! `npm`. `ZTM_BENCH_JOBS` changes the number of jobs.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod load;

use std::sync::Arc;

use libtenancy::{
    clock::SystemClock,
    drivers::local::store::{Options, Store},
};

use self::load::{Drain, Plane};

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
}

fn ledger(dir: &std::path::Path) -> Store {
    let options = Options { jobs: load::settings(1), ..Options::default() };
    Store::open_with(dir, Arc::new(SystemClock::default()), options).expect("a store")
}

/// SQLite, `synchronous=FULL`: whole jobs a second, everything durable, the ledger included.
async fn sqlite() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = ledger(dir.path());
    let plane = Plane { jobs: Arc::new(store.clone()), quotas: Arc::new(store.clone()), ledgers: Arc::new(store) };
    let drain = Drain::start(&plane);
    let jobs = count().min(20_000);
    let submitted = load::submit(&plane, jobs, 50, 50, 8).await;
    let processed = load::process(&plane, jobs, 50, 4).await;
    let whole = 1.0 / (1.0 / submitted + 1.0 / processed);
    println!(
        "sqlite  durable, batches of 50: submit {submitted:.0}/s, claim to finalize {processed:.0}/s, whole jobs {whole:.0}/s"
    );
    let submitted = load::submit(&plane, jobs / 10, 50, 1, 32).await;
    let processed = load::process(&plane, jobs / 10, 1, 32).await;
    let whole = 1.0 / (1.0 / submitted + 1.0 / processed);
    println!(
        "sqlite  durable, one by one, 32 callers: submit {submitted:.0}/s, claim to finalize {processed:.0}/s, whole jobs {whole:.0}/s"
    );
    let (p50, p99) = load::single_claims(&plane, 500.0, 2.0).await;
    println!("sqlite  one claim at 500/s: p50 {p50:.2} ms, p99 {p99:.2} ms");
    drop(drain);
}
