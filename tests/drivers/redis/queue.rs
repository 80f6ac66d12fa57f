//! What is particular to the queue in Redis: tokens, scripts, keys, the sweep.

use std::{sync::Arc, time::Duration};

use ::redis::aio::MultiplexedConnection;
use libtenancy::{
    clock::{Clock, ManualClock, SystemClock},
    credits::MicroCredits,
    drivers::redis::Redis,
    error::Error,
    jobs::{Finish, JobId, LEASE, NewJob, Outcome, WorkerId},
    partition::QuotaPatch,
    ports::{
        jobs::{JobSettings, Jobs},
        quotas::Quotas,
    },
    quota::{Budget, Period},
    tenant::TenantId,
};

use super::{
    server::{Server, connect},
    settings,
};

/// A driver by the server's own time, and a way behind its back.
struct Plane {
    port: Redis,
    behind: MultiplexedConnection,
    tag: String,
}

impl Plane {
    async fn open() -> Self {
        let url = Server::shared().await;
        let settings = settings(url, false);
        let port = Redis::open(&settings, JobSettings::default()).await.unwrap();
        Self { port, behind: connect(url).await, tag: format!("{{{}.p00}}", settings.namespace) }
    }

    async fn raw<T: ::redis::FromRedisValue>(&mut self, line: &str) -> T {
        let line = line.replace("{}", &self.tag);
        let mut words = line.split(' ');
        let mut command = ::redis::cmd(words.next().unwrap());
        for word in words {
            command.arg(word);
        }
        command.query_async(&mut self.behind).await.unwrap()
    }
}

fn job(tenant: &str, n: u32) -> NewJob {
    let id = JobId::new(tenant.parse().unwrap(), &format!("{n:026}")).unwrap();
    NewJob::new(id, format!("do {n}"), MicroCredits::credits(1))
}

fn jobs(tenant: &str, count: u32) -> Vec<NewJob> {
    (0..count).map(|n| job(tenant, n)).collect()
}

fn worker(name: &str) -> WorkerId {
    name.parse().unwrap()
}

fn soon() -> libtenancy::clock::Timestamp {
    SystemClock::default().now() + Duration::from_secs(5)
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn deleting_the_stream_of_tokens_loses_nothing() {
    let mut plane = Plane::open().await;
    plane.port.jobs_submit(jobs("acme", 3)).await.unwrap();
    assert_eq!(plane.raw::<i64>("XLEN sys:{}:queue:jobs").await, 3);
    plane.raw::<()>("DEL sys:{}:queue:jobs").await;
    // Without a token, and without waiting.
    let never = SystemClock::default().now() + Duration::from_secs(3_600);
    let waited = tokio::time::timeout(Duration::from_secs(5), plane.port.work_wait(&worker("w"), &[0], never)).await;
    waited.unwrap().unwrap();
    assert_eq!(plane.port.jobs_claim(0, &worker("w"), 9, LEASE).await.unwrap().jobs.len(), 3);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn deleting_the_stream_wakes_who_waits_for_it_and_the_next_job_too() {
    let mut plane = Plane::open().await;
    let (port, until) = (plane.port.clone(), SystemClock::default().now() + Duration::from_secs(20));
    let waiting = tokio::spawn(async move { port.work_wait(&worker("w"), &[0], until).await });
    super::server::wait_for("the group", || {
        let (mut behind, key) = (plane.behind.clone(), format!("sys:{}:queue:jobs", plane.tag));
        async move {
            let mut command = ::redis::cmd("EXISTS");
            command.arg(key).query_async::<bool>(&mut behind).await.unwrap().then_some(())
        }
    })
    .await;
    plane.raw::<()>("DEL sys:{}:queue:jobs").await;
    plane.port.jobs_submit(jobs("acme", 1)).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn as_many_waiting_workers_are_woken_as_there_are_jobs() {
    let plane = Plane::open().await;
    let until = soon() + Duration::from_secs(20);
    let waiting: Vec<_> = (0..3)
        .map(|n| {
            let port = plane.port.clone();
            tokio::spawn(async move { port.work_wait(&worker(&format!("w{n}")), &[0], until).await })
        })
        .collect();
    plane.port.jobs_submit(jobs("acme", 3)).await.unwrap();
    for waiting in waiting {
        tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap().unwrap();
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn m3_a_token_that_nobody_acknowledged_is_replaced_by_the_reaper() {
    let mut plane = Plane::open().await;
    plane.raw::<()>("XGROUP CREATE sys:{}:queue:jobs gpu-workers 0 MKSTREAM").await;
    plane.port.jobs_submit(jobs("acme", 1)).await.unwrap();
    let taken: ::redis::Value =
        plane.raw("XREADGROUP GROUP gpu-workers dead COUNT 1 STREAMS sys:{}:queue:jobs >").await;
    let text = format!("{taken:?}");
    let id = text.split('"').find(|word| word.contains('-') && word.ends_with(char::is_numeric)).map(str::to_owned);
    let pending: Vec<(String, String, i64, i64)> = plane.raw("XPENDING sys:{}:queue:jobs gpu-workers - + 10").await;
    assert_eq!(pending.len(), 1, "{id:?}");
    let id = &pending[0].0;
    plane
        .raw::<::redis::Value>(&format!("XCLAIM sys:{{}}:queue:jobs gpu-workers dead 0 {id} IDLE 120000 JUSTID"))
        .await;
    plane.port.jobs_reap(0, 10).await.unwrap();
    let pending: Vec<(String, String, i64, i64)> = plane.raw("XPENDING sys:{}:queue:jobs gpu-workers - + 10").await;
    assert_eq!(pending, []);
    assert_eq!(plane.raw::<i64>("XLEN sys:{}:queue:jobs").await, 1, "a new one, for the tenant is still ready");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn m20_tokens_do_not_pile_up() {
    let mut plane = Plane::open().await;
    for n in 0..5 {
        plane.port.jobs_submit((0..100).map(|i| job("acme", n * 100 + i)).collect()).await.unwrap();
    }
    assert_eq!(plane.raw::<i64>("XLEN sys:{}:queue:jobs").await, 64);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn m16_a_server_that_forgot_the_scripts_is_sent_them() {
    let mut plane = Plane::open().await;
    plane.port.jobs_submit(jobs("acme", 1)).await.unwrap();
    plane.raw::<()>("SCRIPT FLUSH").await;
    assert_eq!(plane.port.jobs_claim(0, &worker("w"), 1, LEASE).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn m4_what_is_no_whole_number_is_refused_by_the_script_too() {
    let mut plane = Plane::open().await;
    let script = [
        "#!lua\n",
        include_str!("../../../libtenancy/src/drivers/redis/lua/prelude.lua"),
        include_str!("../../../libtenancy/src/drivers/redis/lua/queue.lua"),
        include_str!("../../../libtenancy/src/drivers/redis/lua/submit.lua"),
    ]
    .concat();
    for cost in
        ["nan", "NaN", "-nan", "inf", "-inf", "1e6", "0x10", "1.5", "-1", "0", "", " 1", "1 ", "1000000000001", "x"]
    {
        let mut command = ::redis::cmd("EVAL");
        command.arg(&script).arg(1).arg(format!("sys:{}:meta", plane.tag)).arg(0).arg(0);
        command.arg("0|1000000|3600000000|100|1000||0|0");
        command
            .arg("acme")
            .arg("0".repeat(26))
            .arg("main")
            .arg(cost)
            .arg(5)
            .arg(3)
            .arg(0)
            .arg("")
            .arg("")
            .arg("prompt");
        let answer: Vec<String> = command.query_async(&mut plane.behind).await.unwrap();
        assert_eq!(answer[2], "invalid", "{cost:?}");
    }
    let keys: Vec<String> = plane.raw("KEYS *{}*").await;
    assert_eq!(keys, [] as [String; 0], "nothing was written");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn m5_time_is_the_servers_and_no_callers() {
    let mut plane = Plane::open().await;
    plane.port.jobs_submit(jobs("acme", 1)).await.unwrap();
    let leased = plane.port.jobs_claim(0, &worker("w"), 1, LEASE).await.unwrap().jobs.remove(0);
    let (seconds, _): (i64, i64) = plane.raw("TIME").await;
    let left = leased.lease_until.as_micros() / 1_000_000 - seconds;
    assert!((25..=30).contains(&left), "{left}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn m20_what_is_over_expires_by_itself_and_its_prompt_goes_at_once() {
    let mut plane = Plane::open().await;
    let mut long = jobs("acme", 2);
    for job in &mut long {
        job.prompt = "long ".repeat(1_000);
    }
    plane.port.jobs_submit(long).await.unwrap();
    let leased = plane.port.jobs_claim(0, &worker("w"), 2, LEASE).await.unwrap().jobs;
    for (leased, outcome) in leased.iter().zip([
        Outcome::Succeeded { result: "long ".repeat(1_000), pointer: None },
        Outcome::Failed { error: "no".to_owned(), retry: false },
    ]) {
        let used = MicroCredits::credits(1);
        let finish = Finish { id: leased.id.clone(), epoch: leased.epoch, outcome, used };
        plane.port.leases_finalize(vec![finish]).await.unwrap().remove(0).unwrap();
    }
    let keys: Vec<String> = plane.raw("KEYS t:{}:acme:job:*").await;
    assert_eq!(keys.len(), 4, "two jobs, a long result, the prompt of the dead one: {keys:?}");
    for key in keys {
        assert!(plane.raw::<i64>(&format!("TTL {key}")).await > 80_000, "{key}");
    }
    assert!(plane.raw::<i64>(&format!("TTL t:{{}}:acme:job:{:026}", 1)).await > 6 * 86_400, "dead for a week");
    plane.port.job_retry(&job("acme", 1).id).await.unwrap();
    assert_eq!(plane.raw::<i64>(&format!("TTL t:{{}}:acme:job:{:026}", 1)).await, -1, "until it is over again");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_small_job_is_one_value_and_its_account_a_small_hash() {
    let mut plane = Plane::open().await;
    plane.port.jobs_submit(jobs("acme", 1)).await.unwrap();
    let leased = plane.port.jobs_claim(0, &worker("w"), 1, LEASE).await.unwrap().jobs.remove(0);
    let outcome = Outcome::Succeeded { result: "x".repeat(1_000), pointer: None };
    let finish = Finish { id: leased.id, epoch: leased.epoch, outcome, used: MicroCredits::credits(1) };
    plane.port.leases_finalize(vec![finish]).await.unwrap().remove(0).unwrap();
    let keys: Vec<String> = plane.raw("KEYS t:{}:acme:job:*").await;
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert_eq!(plane.raw::<String>("OBJECT ENCODING t:{}:acme:quota:gpu").await, "listpack");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn an_account_of_before_grants_were_counted_by_themselves_means_what_it_meant() {
    let mut plane = Plane::open().await;
    let acme: TenantId = "acme".parse().unwrap();
    let budget = Budget { period: Period::Month, limit: MicroCredits::credits(10), hard: true };
    let patch = QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() };
    plane.port.quota_set(&acme, &patch).await.unwrap();
    // Five were granted, and taken off what was spent.
    let script = "local rest, held, number = cmsgpack.unpack(redis.call('HGET', KEYS[1], 'money')) \
                  redis.call('HSET', KEYS[1], 'money', cmsgpack.pack(rest, held, number, -5000000, 0))";
    let mut command = ::redis::cmd("EVAL");
    command.arg(script).arg(1).arg(format!("t:{}:acme:quota:gpu", plane.tag));
    let _: () = command.query_async(&mut plane.behind).await.unwrap();
    let account = plane.port.account_get(&acme).await.unwrap().unwrap();
    assert_eq!((account.period_spent.0, account.period_granted.0), (-5_000_000, 0));
    let now = SystemClock::default().now();
    let mut large = job("acme", 1);
    large.cost = MicroCredits::credits(16);
    assert!(account.check(large.cost, now).is_err());
    assert!(plane.port.jobs_submit(vec![large.clone()]).await.unwrap().remove(0).is_err());
    large.cost = MicroCredits::credits(15);
    account.check(large.cost, now).unwrap();
    plane.port.jobs_submit(vec![large]).await.unwrap().remove(0).unwrap();
    assert_eq!(plane.port.jobs_claim(0, &worker("w"), 1, LEASE).await.unwrap().jobs.len(), 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn m12_a_sweep_finds_and_mends_what_was_broken_both_ways() {
    let mut plane = Plane::open().await;
    plane.port.jobs_submit(jobs("acme", 4)).await.unwrap();
    plane.port.jobs_submit(jobs("zed", 3)).await.unwrap();
    let later = SystemClock::default().now() + Duration::from_secs(3_600);
    let mut delayed = job("zed", 9);
    delayed.not_before = Some(later);
    plane.port.jobs_submit(vec![delayed]).await.unwrap();
    let leased = plane.port.jobs_claim(0, &worker("w"), 2, LEASE).await.unwrap().jobs;
    assert_eq!(plane.port.jobs_sweep(0).await.unwrap().looked_at, 8);

    plane.raw::<()>(&format!("ZREM t:{{}}:acme:waiting {:026}", 2)).await;
    plane.raw::<()>("DEL sys:{}:queue:jobs:delayed").await;
    plane.raw::<()>("DEL sys:{}:gpu:reservations").await;
    plane.raw::<()>("DEL sys:{}:tenants").await;
    plane.raw::<()>(&format!("DEL t:{{}}:zed:job:{:026}", 2)).await;
    plane.raw::<()>("ZADD sys:{}:tenants 5 nobody").await;
    plane.raw::<()>(&format!("ZADD sys:{{}}:gpu:reservations 5 zed+{:026}", 2)).await;

    let swept = plane.port.jobs_sweep(0).await.unwrap();
    assert_eq!(swept.looked_at, 7);
    assert_eq!(swept.unleased, 2);
    assert_eq!(swept.unqueued, 2 + 2, "a waiting job, a delayed one, two tenants");
    assert_eq!(swept.orphans, 3, "the entry of the lost job, a lease of nothing, a tenant without account");
    let again = plane.port.jobs_sweep(0).await.unwrap();
    assert_eq!((again.unleased, again.unqueued, again.orphans), (0, 0, 0));

    assert_eq!(plane.port.jobs_reap(0, 10).await.unwrap().requeued, 2, "{leased:?}");
    assert_eq!(plane.port.jobs_claim(0, &worker("w"), 9, LEASE).await.unwrap().jobs.len(), 4);
    let view = plane.port.queue_view(0).await.unwrap();
    assert_eq!((view.delayed, view.ready_count), (3, 0));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_store_of_before_counts_those_that_are_held_back_after_its_first_sweep() {
    let mut plane = Plane::open().await;
    let broke: TenantId = "broke".parse().unwrap();
    let patch =
        QuotaPatch { rate: Some(MicroCredits::ZERO), burst: Some(MicroCredits::credits(1)), ..QuotaPatch::default() };
    plane.port.quota_set(&broke, &patch).await.unwrap();
    plane.port.jobs_submit(jobs("broke", 3)).await.unwrap();
    plane.port.jobs_claim(0, &worker("w"), 3, LEASE).await.unwrap();
    let known = plane.port.queue_view(0).await.unwrap();
    assert_eq!((known.waits.credits, known.held_back.len()), (2, 1));
    plane.raw::<()>("DEL sys:{}:tenants:held").await;
    assert_eq!(plane.port.queue_view(0).await.unwrap().waits.credits, 0);
    plane.port.jobs_sweep(0).await.unwrap();
    assert_eq!(plane.port.queue_view(0).await.unwrap(), known);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_store_is_divided_once() {
    let url = Server::shared().await;
    let settings = settings(url, false);
    let of = |partitions| JobSettings { partitions, ..JobSettings::default() };
    Redis::open(&settings, of(4)).await.unwrap();
    Redis::open(&settings, of(4)).await.unwrap();
    let refused = Redis::open(&settings, of(8)).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid { field: "partitions", .. }), "{refused}");
    assert!(Redis::open(&settings, of(0)).await.is_err());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_partition_that_is_not_there_is_invalid() {
    let plane = Plane::open().await;
    assert!(matches!(plane.port.jobs_reap(1, 1).await, Err(Error::Invalid { field: "partition", .. })));
    assert!(matches!(plane.port.outbox_read(7, 1).await, Err(Error::Invalid { field: "partition", .. })));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_capacity_is_divided_evenly_until_it_is_lent() {
    let settings = settings(Server::shared().await, false);
    let jobs = JobSettings { partitions: 4, capacity: 10, ..JobSettings::default() };
    let port = Redis::open(&settings, jobs).await.unwrap();
    assert_eq!(port.queue_view(3).await.unwrap().capacity, 2);
    port.capacity_set(3, 7).await.unwrap();
    assert_eq!(port.queue_view(3).await.unwrap().capacity, 7);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_batch_of_many_tenants_over_partitions_answers_in_its_order() {
    let settings = settings(Server::shared().await, false);
    let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
    let jobs = JobSettings { partitions: 5, ..JobSettings::default() };
    let port = Redis::open_with(&settings, jobs, Some(clock)).await.unwrap();
    let new: Vec<NewJob> = (0..700).map(|n| job(&format!("t{}", n % 37), n)).collect();
    let answers = port.jobs_submit(new.clone()).await.unwrap();
    for (new, answer) in new.iter().zip(answers) {
        assert_eq!(answer.unwrap().id, new.id);
    }
    let mut claimed = 0;
    for partition in 0..5 {
        claimed += port.jobs_claim(partition, &worker("w"), 1_000, LEASE).await.unwrap().jobs.len();
    }
    assert_eq!(claimed, 700);
    let tenant: TenantId = "t1".parse().unwrap();
    assert_eq!(port.account_get(&tenant).await.unwrap().unwrap().running, 19);
}
