//! What jobs cost in Redis: microseconds of the server's processor per submission, claim and finalize, and bytes.
//!
//! `cargo bench -p libtenancy --bench redis_jobs` starts its own `redis-server`; the figures are the server's
//! (`INFO cpu`, `INFO memory`), the rates those of one client. `-- quick` takes a tenth of everything.
#![expect(clippy::unwrap_used, reason = "a panic is a failed run")]
#![expect(clippy::print_stdout, reason = "the output is the result")]

#[path = "../drivers/process.rs"]
mod process;
#[path = "../drivers/redis/server.rs"]
#[expect(dead_code, reason = "the tests of the driver use more of it")]
mod server;

use std::time::Duration;

use libtenancy::{
    clock::Stopwatch,
    credits::MicroCredits,
    drivers::redis::{Redis, Settings},
    jobs::{Finish, JobId, LEASE, Leased, NewJob, Outcome, WorkerId},
    ports::jobs::{JobSettings, Jobs},
    quota::Quota,
    tenant::TenantId,
};

struct Bench {
    port: Redis,
    behind: ::redis::aio::MultiplexedConnection,
    worker: WorkerId,
    serial: u64,
}

impl Bench {
    async fn open(url: &str, namespace: &str) -> Self {
        let mut settings = Settings::new(url);
        namespace.clone_into(&mut settings.namespace);
        let quota = Quota { burst: MicroCredits::credits(100_000_000), max_running: 1_000_000, ..Quota::default() };
        let jobs = JobSettings { default_quota: quota, ..JobSettings::default() };
        let port = Redis::open(&settings, jobs).await.unwrap();
        Self { port, behind: server::connect(url).await, worker: "worker-1".parse().unwrap(), serial: 0 }
    }

    /// A number of the server's own report.
    async fn info(&mut self, section: &str, name: &str) -> f64 {
        let info: String = ::redis::cmd("INFO").arg(section).query_async(&mut self.behind).await.unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        line.trim().parse().unwrap()
    }

    /// Microseconds of processor time that the server's main thread has used, its network work included. Time on the clock
    /// would count what else runs on the machine.
    async fn spent(&mut self) -> f64 {
        let user = self.info("cpu", "used_cpu_user_main_thread:").await;
        (user + self.info("cpu", "used_cpu_sys_main_thread:").await) * 1e6
    }

    async fn memory(&mut self) -> f64 {
        self.info("memory", "used_memory:").await
    }

    fn new_job(&mut self, tenant: usize) -> NewJob {
        self.serial += 1;
        let tenant: TenantId = format!("tenant-{tenant}").parse().unwrap();
        let id = JobId::new(tenant, &format!("{:026}", self.serial)).unwrap();
        NewJob::new(id, "p".repeat(200), MicroCredits::credits(1))
    }

    async fn submit(&mut self, jobs: usize, batch: usize, tenant: impl Fn(usize) -> usize) {
        let mut made = 0;
        while made < jobs {
            let new: Vec<NewJob> = (made..jobs.min(made + batch)).map(|n| self.new_job(tenant(n))).collect();
            made += new.len();
            for answer in self.port.jobs_submit(new).await.unwrap() {
                assert!(!answer.unwrap().duplicate);
            }
        }
    }

    async fn claim(&mut self, jobs: usize, batch: usize) -> Vec<Leased> {
        let mut leased = Vec::new();
        while leased.len() < jobs {
            let most = batch.min(jobs - leased.len());
            let claimed = self.port.jobs_claim(0, &self.worker, most, LEASE * 100).await.unwrap();
            assert!(!claimed.jobs.is_empty(), "{} of {jobs}", leased.len());
            leased.extend(claimed.jobs);
        }
        leased
    }

    async fn finalize(&mut self, leased: Vec<Leased>, batch: usize) {
        let result = || Outcome::Succeeded { result: "r".repeat(40), pointer: None };
        for part in leased.chunks(batch) {
            let finishes = part
                .iter()
                .map(|leased| Finish {
                    id: leased.id.clone(),
                    epoch: leased.epoch,
                    outcome: result(),
                    used: MicroCredits(700_000),
                })
                .collect();
            for answer in self.port.leases_finalize(finishes).await.unwrap() {
                assert_eq!(answer.unwrap(), "succeeded");
            }
        }
    }

    /// A whole life of so many jobs, in ten parts; one line: the mean of all parts, the least of them (which is what it
    /// costs where nothing else runs on the machine), and the rate of the best.
    async fn whole(&mut self, what: &str, jobs: usize, batch: usize, tenants: usize) {
        let part = jobs / 10;
        let mut figures: [Vec<(f64, Duration)>; 3] = Default::default();
        for _ in 0..10 {
            let (at, watch) = (self.spent().await, Stopwatch::start());
            self.submit(part, batch, |n| n % tenants).await;
            let took = watch.elapsed();
            figures[0].push((self.spent().await - at, took));
            let (at, watch) = (self.spent().await, Stopwatch::start());
            let leased = self.claim(part, batch.min(100)).await;
            let took = watch.elapsed();
            figures[1].push((self.spent().await - at, took));
            let (at, watch) = (self.spent().await, Stopwatch::start());
            self.finalize(leased, batch).await;
            let took = watch.elapsed();
            figures[2].push((self.spent().await - at, took));
        }
        let count = f64::from(u32::try_from(part).unwrap());
        let texts = figures.map(|parts| {
            let mean = parts.iter().map(|(spent, _)| spent).sum::<f64>() / 10.0 / count;
            let least = parts.iter().map(|(spent, _)| *spent).fold(f64::MAX, f64::min) / count;
            let best = parts.iter().map(|(_, took)| count / took.as_secs_f64()).fold(0.0, f64::max);
            format!("{mean:5.1} {least:5.1} us {best:6.0}/s")
        });
        println!("{what:32} submit {}  claim {}  finalize {}", texts[0], texts[1], texts[2]);
    }
}

async fn run(tenth: bool) {
    let scale = if tenth { 10 } else { 1 };
    let server = server::Server::start(&[]).await;
    let mut bench = Bench::open(&server.url, "warm").await;
    bench.whole("(warming)", 2_000, 100, 10).await;
    bench.whole("1 tenant, batches of 100", 50_000 / scale, 100, 1).await;
    bench.whole("100 tenants, batches of 100", 50_000 / scale, 100, 100).await;
    bench.whole("10,000 tenants, batches of 100", 50_000 / scale, 100, 10_000).await;
    bench.whole("1 tenant, one at a time", 5_000 / scale, 1, 1).await;
    bench.whole("1,000 tenants, one at a time", 5_000 / scale, 1, 1_000).await;

    let mut bench = Bench::open(&server.url, "memory").await;
    let (jobs, tenants) = (200_000 / scale, 100_000 / scale);
    let empty = bench.memory().await;
    bench.submit(jobs, 500, |n| n % 20).await;
    let waiting = bench.memory().await;
    let leased = bench.claim(jobs, 100).await;
    bench.finalize(leased, 100).await;
    trim(&mut bench).await;
    let finished = bench.memory().await;
    let n = f64::from(u32::try_from(jobs).unwrap());
    println!("{:.0} bytes a waiting job (200 of them its prompt)", (waiting - empty) / n);
    println!("{:.0} bytes a finished job", (finished - empty) / n);
    let before = bench.memory().await;
    bench.submit(tenants, 500, |n| 1_000 + n).await;
    let leased = bench.claim(tenants, 100).await;
    bench.finalize(leased, 100).await;
    trim(&mut bench).await;
    let n = f64::from(u32::try_from(tenants).unwrap());
    println!("{:.0} bytes an idle tenant with one finished job", (bench.memory().await - before) / n);

    let mut bench = Bench::open(&server.url, "deep").await;
    let deep = 1_000_000 / scale;
    bench.submit(deep, 1_000, |n| n % 4).await;
    bench.submit(tenants, 1_000, |n| 1_000 + n).await;
    println!("behind {deep} waiting jobs and {tenants} more ready tenants:");
    let (at, watch) = (bench.spent().await, Stopwatch::start());
    let leased = bench.claim(20_000 / scale, 100).await;
    let (claimed, took) = (bench.spent().await - at, watch.elapsed());
    let n = leased.len();
    let at = bench.spent().await;
    bench.claim(2_000 / scale, 1).await;
    let single = bench.spent().await - at;
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    {
        println!("  claim by 100: {:.1} us, {:.0}/s", claimed / n as f64, n as f64 / took.as_secs_f64());
        println!("  claim by 1:   {:.1} us", single / (2_000 / scale) as f64);
    }
    let watch = Stopwatch::start();
    bench.port.jobs_reap(0, 100).await.unwrap();
    println!("  reap with nothing to do: {:?}", watch.elapsed());
}

async fn trim(bench: &mut Bench) {
    use libtenancy::ports::quotas::Quotas;
    let seq = bench.port.position_highest(0);
    bench.port.outbox_trim(0, seq).await.unwrap();
}

fn main() {
    let tenth = std::env::args().any(|argument| argument == "quick");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(run(tenth));
}
