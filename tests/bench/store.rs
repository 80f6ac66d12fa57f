//! What the embedded store costs. `cargo bench -p libtenancy --bench store`.
//!
//! Writes are durable (`synchronous=FULL`): their figures are those of the disk under the temporary directory.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::{hint::black_box, path::Path, sync::Arc, time::Duration};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures::future::join_all;
use libtenancy::{
    clock::{Clock, Stopwatch, SystemClock, Timestamp},
    drivers::local::store::Store,
    inbox::{Claim, Epoch, Outcome, Outgoing, Put, Take, UpdateKey},
    ports::{
        deadlines::Deadlines,
        inboxes::Inboxes,
        tenants::{Filter, Tenants},
    },
    tenant::{BotId, DEFAULT_IDLE_TIMEOUT, Lifecycle, Settings, SnapshotRef, Tenant, TenantId, WakePhases},
};
use tokio::runtime::Runtime;

/// An update of a usual size.
const PAYLOAD: &str = r#"{"update_id":123456789,"message":{"message_id":1365,"from":{"id":1111111,"is_bot":false,"first_name":"Test","last_name":"Lastname","username":"Testusername","language_code":"en"},"chat":{"id":1111111,"first_name":"Test","last_name":"Lastname","username":"Testusername","type":"private"},"date":1441645532,"text":"please remind me of what we said about the harvest festival last week, and whether anybody has answered"}}"#;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn open(dir: &Path) -> Store {
    Store::open(dir, Arc::new(SystemClock::default())).unwrap()
}

fn now() -> Timestamp {
    SystemClock::default().now()
}

fn key(tenant: u64, update_id: u64) -> UpdateKey {
    let tenant = format!("tenant-{tenant:06}").parse().unwrap();
    UpdateKey { tenant, bot: BotId(7), update_id: i64::try_from(update_id).unwrap() }
}

/// Processor time of this process, all threads.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// `callers` tasks that put `each` updates of a tenant of their own.
async fn puts(store: &Store, round: u64, callers: u64, each: u64) {
    let tasks = (0..callers).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..each {
                let put = store.update_put(&key(caller, round * each + n), PAYLOAD, u32::MAX, now()).await.unwrap();
                assert_eq!(put, Put::Stored);
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
}

fn update_put(c: &mut Criterion) {
    let runtime = runtime();
    let mut group = c.benchmark_group("update_put");
    for callers in [1_u64, 100] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mut round = 0;
        group.throughput(Throughput::Elements(callers));
        group.bench_function(BenchmarkId::new("callers", callers), |b| {
            b.iter_custom(|each| {
                let watch = Stopwatch::start();
                runtime.block_on(puts(&store, round, callers, each));
                // Ids grow from round to round, whatever their lengths.
                round = (round + 1) * 2;
                watch.elapsed()
            });
        });
    }
    group.finish();
}

/// The whole way of one message: put, take (or the take within the last finish), reply, finish.
async fn message(store: &Store, caller: u64, update_id: u64, epoch: Epoch) {
    let key = key(caller, update_id);
    store.update_put(&key, PAYLOAD, 1_000, now()).await.unwrap();
    let Take::Taken(update) = store.update_take(&key.tenant, epoch, now()).await.unwrap() else {
        panic!("an update waits")
    };
    let reply = Outgoing { chat: 1_111_111, parts: vec!["Nobody has answered yet.".to_owned()] };
    store.reply_store(&update.key, epoch, &reply).await.unwrap();
    store.update_finish(&update.key, epoch, &Outcome::Handled, now()).await.unwrap();
}

fn messages(c: &mut Criterion) {
    let runtime = runtime();
    let mut group = c.benchmark_group("message_path");
    let callers = 100_u64;
    for behind in [0_u64, 1_000] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let epochs: Vec<Epoch> = runtime.block_on(async {
            if behind > 0 {
                // Another tenant's thousand pending updates are in the way of nobody.
                puts(&store, 0, 1, behind).await;
            }
            join_all((0..callers).map(|caller| {
                let store = store.clone();
                async move {
                    match store.delivery_claim(&key(caller + 1, 0).tenant, "bench", now()).await.unwrap() {
                        Claim::Won(epoch) => epoch,
                        Claim::Held(_) => panic!("nobody else delivers"),
                    }
                }
            }))
            .await
        });
        let (mut done, mut messages, mut processor) = (0_u64, 0_u64, Duration::ZERO);
        group.throughput(Throughput::Elements(callers));
        group.bench_function(BenchmarkId::new("100_tenants_pending", behind), |b| {
            b.iter_custom(|each| {
                let (watch, before) = (Stopwatch::start(), processor_time());
                let first = done;
                runtime.block_on(async {
                    let tasks = (0..callers).zip(&epochs).map(|(caller, &epoch)| {
                        let store = store.clone();
                        tokio::spawn(async move {
                            for n in 0..each {
                                message(&store, caller + 1, first + n, epoch).await;
                            }
                        })
                    });
                    for task in join_all(tasks).await {
                        task.unwrap();
                    }
                });
                done += each;
                messages += each * callers;
                processor += processor_time().saturating_sub(before);
                watch.elapsed()
            });
        });
        if messages > 0 {
            let written = store.written();
            println!(
                "message_path: {} µs of processor time a message, {} writes a commit",
                processor.as_micros() / u128::from(messages),
                written.writes / written.commits,
            );
        }
    }
    group.finish();
}

/// How long a put takes while messages arrive at a steady rate and are delivered, whatever waits (open loop).
fn put_latency(_: &mut Criterion) {
    const PER_MILLISECOND: u64 = 2;
    const SECONDS: u64 = 10;
    const TENANTS: u64 = 100;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut latencies = runtime().block_on(async {
        let deliveries: Vec<_> = (0..TENANTS)
            .map(|tenant| {
                let (arrived, mut arrivals) = tokio::sync::mpsc::unbounded_channel::<()>();
                let store = store.clone();
                let delivery = tokio::spawn(async move {
                    let tenant = key(tenant, 0).tenant;
                    let Claim::Won(epoch) = store.delivery_claim(&tenant, "bench", now()).await.unwrap() else {
                        panic!("nobody else delivers")
                    };
                    while arrivals.recv().await.is_some() {
                        let mut take = store.update_take(&tenant, epoch, now()).await.unwrap();
                        while let Take::Taken(update) = take {
                            let reply = Outgoing { chat: 1, parts: vec!["Nobody has answered yet.".to_owned()] };
                            store.reply_store(&update.key, epoch, &reply).await.unwrap();
                            take = store.update_finish(&update.key, epoch, &Outcome::Handled, now()).await.unwrap();
                        }
                    }
                });
                (arrived, delivery)
            })
            .collect();
        let mut ticks = tokio::time::interval(Duration::from_millis(1));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
        let mut puts = Vec::new();
        for n in 0..SECONDS * 1_000 * PER_MILLISECOND {
            if n % PER_MILLISECOND == 0 {
                ticks.tick().await;
            }
            let (store, arrived) = (store.clone(), deliveries[usize::try_from(n % TENANTS).unwrap()].0.clone());
            puts.push(tokio::spawn(async move {
                let watch = Stopwatch::start();
                store.update_put(&key(n % TENANTS, n), PAYLOAD, 1_000, now()).await.unwrap();
                let latency = watch.elapsed();
                arrived.send(()).unwrap();
                latency
            }));
        }
        let latencies: Vec<Duration> = join_all(puts).await.into_iter().map(Result::unwrap).collect();
        for (arrived, delivery) in deliveries {
            drop(arrived);
            delivery.await.unwrap();
        }
        latencies
    });
    latencies.sort_unstable();
    let at = |thousandths: usize| latencies[(latencies.len() - 1) * thousandths / 1_000];
    let written = store.written();
    println!(
        "put_latency at {} messages/s: p50 {:?}, p99 {:?}, p99.9 {:?}, max {:?}; {} writes a commit",
        PER_MILLISECOND * 1_000,
        at(500),
        at(990),
        at(999),
        at(1_000),
        written.writes / written.commits,
    );
}

fn deadlines(c: &mut Criterion) {
    let runtime = runtime();
    let mut group = c.benchmark_group("idle_tick_nothing_due");
    for tenants in [1_000_u64, 100_000] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let later = now() + Duration::from_hours(1);
        runtime.block_on(async {
            for chunk in 0..tenants / 1_000 {
                let ids: Vec<TenantId> = (0..1_000).map(|n| key(chunk * 1_000 + n, 0).tenant).collect();
                for set in join_all(ids.iter().map(|id| store.deadline_set(id, later))).await {
                    set.unwrap();
                }
            }
        });
        group.bench_function(BenchmarkId::new("deadline_next", tenants), |b| {
            b.iter(|| runtime.block_on(store.deadline_next()).unwrap());
        });
        group.bench_function(BenchmarkId::new("deadlines_due", tenants), |b| {
            b.iter(|| black_box(runtime.block_on(store.deadlines_due(now(), 100)).unwrap()));
        });
    }
    group.finish();
}

fn tenant(n: u64) -> Tenant {
    let at = now();
    let mut lifecycle = Lifecycle::new(at);
    lifecycle.snapshot = Some(SnapshotRef {
        key: format!("tenants/x/{}/1.tar.zst", lifecycle.generation),
        sha256: "ab".repeat(32),
        bytes: 1 << 20,
        generation: lifecycle.generation,
        taken_at: at,
        instead_of: None,
    });
    lifecycle.last_wake = Some(WakePhases::default());
    Tenant {
        id: key(n, 0).tenant,
        created_at: at,
        last_active_at: at,
        settings: Settings {
            idle_timeout: DEFAULT_IDLE_TIMEOUT,
            bot: None,
            suspended: None,
            labels: libtenancy::labels::Labels::default(),
            schedules: libtenancy::schedule::Schedules::default(),
        },
        lifecycle,
    }
}

fn tenants(c: &mut Criterion) {
    let runtime = runtime();
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let all: Vec<Tenant> = (0..10_000).map(tenant).collect();
    runtime.block_on(async {
        for chunk in all.chunks(1_000) {
            for created in join_all(chunk.iter().map(|tenant| store.tenant_create(tenant))).await {
                created.unwrap();
            }
        }
    });
    let mut group = c.benchmark_group("tenants");
    for page in [10_000, 500] {
        group.bench_function(BenchmarkId::new("list_10000_in_pages_of", page), |b| {
            b.iter(|| {
                runtime.block_on(async {
                    let (mut listed, mut after) = (0, None);
                    loop {
                        let found = store.tenant_list(&Filter::default(), after.as_ref(), page).await.unwrap();
                        listed += found.items.len();
                        after = found.next;
                        if after.is_none() {
                            break;
                        }
                    }
                    assert_eq!(listed, 10_000);
                });
            });
        });
    }
    group.bench_function("get", |b| b.iter(|| runtime.block_on(store.tenant_get(&all[5_000].id)).unwrap()));
    group.bench_function("counts_of_10000", |b| b.iter(|| runtime.block_on(store.tenant_counts()).unwrap()));
    group.bench_function("list_active_none", |b| {
        let filter = Filter { active: true, ..Filter::default() };
        b.iter(|| runtime.block_on(store.tenant_list(&filter, None, 500)).unwrap());
    });
    group.bench_function("open_and_close", |b| {
        b.iter(|| drop(black_box(open(dir.path()))));
    });
    group.finish();
}

fn settings() -> Criterion {
    Criterion::default().sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5))
}

criterion_group! {
    name = benches;
    config = settings();
    targets = update_put, messages, put_latency, deadlines, tenants
}
criterion_main!(benches);
