//! Redis (7 or later) or Redis Cluster: the job plane (`ports::jobs`, `ports::quotas`), and what is fast and can be made
//! again: wake locks, leases of leaders, cached endpoints, idle deadlines.
//!
//! Owns keys, scripts and connections. What a step does is [`crate::partition::Partition`]: each is one script, so it is
//! there whole or not at all, and every script begins by comparing the partition's sequence number with the highest that
//! this process has seen: a store that forgot refuses ([`Error::Behind`]).
//!
//! # Design notes
//! - *Truth* is the job's hash, its tenant's sorted set of waiting jobs, and the sorted set of leases. The stream with the
//!   consumer group carries wake-up tokens only: deleting it loses nothing.
//! - *Time* is the server's, read in the script. A test passes its own; nobody else can.
//! - *One slot a partition.* Tenants are spread over partitions ([`partition_of`]); all keys of a partition carry its hash
//!   tag, so a script runs on a cluster as it does on one server.
//! - *Batches.* A script reads each account once, however many of its jobs it moves, and writes back what changed; rows of
//!   one call are one entry of the outbox. See `lua/prelude.lua`.
//! - *A server that is full* refuses a script before it begins. A script that has begun cannot fail half way for lack of
//!   memory; see `scripts`.
//! - *What may be forgotten.* A wake lock that is lost lets two wakers try: the generation in the record lets one through. A
//!   lease that is lost lets another lead, under a higher epoch; every write of a leader is fenced anyway. A lost endpoint
//!   costs a read of the registry, and every request to an agent carries its generation. Deadlines are set again by the
//!   reconciler. So none of them needs a server that never forgets, and a server that is away lets nobody wake: messages
//!   wait in the inbox.
//! - How many partitions there are is written into the store by whoever comes first; anybody who differs is refused.

mod connection;
mod deadlines;
mod endpoints;
mod jobs;
mod journals;
mod keys;
mod leaders;
pub mod probes;
mod quotas;
mod receipts;
mod rows;
mod scripts;
mod signals;
mod sweep;
mod wake_locks;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use ::redis::Cmd;

pub use self::connection::Settings;
use self::{
    connection::{Link, classify},
    keys::Keys,
    rows::Answer,
    scripts::Script,
};
use crate::{
    clock::{Clock, SystemClock, Timestamp},
    error::{Error, Result},
    ports::jobs::{JobSettings, partition_of},
    tenant::TenantId,
};

/// The rights that a user needs, as `ACL SETUSER` takes them, in the usual (empty) namespace. In another, `tenant:` and
/// `router:` have the namespace and a dot before them.
pub const ACCESS: &str = "~sys:* ~t:* ~tenant:waking:* ~router:endpoint:* resetchannels \
    &sys:ztm:signals -@all +@connection +@pubsub +@read +@write +@stream +@scripting +time -@dangerous +info +cluster|slots +cluster|nodes +cluster|shards";

/// The job plane in Redis. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    link: Link,
    keys: Keys,
    jobs: JobSettings,
    jitter: Option<u32>,
    /// The highest sequence number that was seen, of each partition.
    seen: Vec<AtomicU64>,
    /// `capacity|rate|burst|weight|max_running|period|limit|hard`: what partitions and accounts begin with.
    terms: String,
    /// Where a test's time comes from.
    clock: Option<Arc<dyn Clock>>,
    system: SystemClock,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = &self.shared;
        f.debug_struct("Redis").field("link", &shared.link).field("jobs", &shared.jobs).finish_non_exhaustive()
    }
}

/// What partitions and accounts begin with, as scripts read it. The capacity is divided evenly until it is lent.
fn terms(jobs: &JobSettings) -> String {
    let capacity = if jobs.capacity == 0 { 0 } else { (jobs.capacity / u32::from(jobs.partitions)).max(1) };
    let quota = jobs.default_quota;
    let (period, limit, hard) =
        quota.budget.map_or(("", 0, false), |budget| (budget.period.label(), budget.limit.0, budget.hard));
    format!(
        "{capacity}|{}|{}|{}|{}|{period}|{limit}|{}",
        quota.rate.0,
        quota.burst.0,
        quota.weight,
        quota.max_running,
        u8::from(hard)
    )
}

/// The error of something that may be done twice.
fn repeatable(error: ::redis::RedisError) -> Error {
    match classify(error) {
        Error::OutcomeUnknown { part, source } => Error::Unavailable { part, source },
        error => error,
    }
}

impl Redis {
    /// Connects, and divides the store if it is new. `Invalid` if the settings are not acceptable, or the store is divided
    /// into another number of partitions.
    pub async fn open(settings: &Settings, jobs: JobSettings) -> Result<Self> {
        Self::open_with(settings, jobs, None).await
    }

    /// [`Redis::open`] with a test's time instead of the server's. All of a store's users must share the clock.
    pub async fn open_with(settings: &Settings, jobs: JobSettings, clock: Option<Arc<dyn Clock>>) -> Result<Self> {
        if jobs.partitions == 0 {
            return Err(Error::invalid("partitions", "there must be at least one"));
        }
        jobs.default_quota.checked()?;
        let keys = Keys::new(&settings.namespace)?;
        let shared = Shared {
            link: Link::open(settings).await?,
            keys,
            jobs,
            jitter: settings.jitter,
            seen: (0..jobs.partitions).map(|_| AtomicU64::new(0)).collect(),
            terms: terms(&jobs),
            clock,
            system: SystemClock::default(),
        };
        let redis = Self { shared: Arc::new(shared) };
        redis.divide().await?;
        Ok(redis)
    }

    async fn divide(&self) -> Result<()> {
        let (link, key) = (&self.shared.link, self.shared.keys.store());
        let mine = self.shared.jobs.partitions;
        let mut command = ::redis::cmd("HSETNX");
        command.arg(&key).arg("partitions").arg(mine);
        link.send(&command).await.map_err(classify)?;
        let mut command = ::redis::cmd("HGET");
        command.arg(&key).arg("partitions");
        let theirs = link.send(&command).await.map_err(classify)?;
        let theirs: u16 = ::redis::from_redis_value(theirs).map_err(|_| rows::damaged("number of partitions"))?;
        if theirs == mine {
            return Ok(());
        }
        let reason = format!("the store is divided into {theirs}, which cannot be changed");
        Err(Error::invalid("partitions", reason))
    }

    fn partition_of(&self, tenant: &TenantId) -> u16 {
        partition_of(tenant, self.shared.jobs.partitions)
    }

    fn known(&self, partition: u16) -> Result<()> {
        if partition < self.shared.jobs.partitions {
            return Ok(());
        }
        Err(Error::invalid("partition", format!("there is no partition {partition}")))
    }

    fn seen(&self, partition: u16) -> Option<&AtomicU64> {
        self.shared.seen.get(usize::from(partition))
    }

    /// The present moment, for how long to wait only.
    fn now(&self) -> Timestamp {
        self.shared.clock.as_ref().map_or_else(|| self.shared.system.now(), |clock| clock.now())
    }

    /// Thousandths that are taken off a pause.
    fn jitter(&self) -> u32 {
        self.shared.jitter.unwrap_or_else(|| {
            crate::secret::random_bytes::<2>().map_or(0, |bytes| u32::from(u16::from_le_bytes(bytes)) % 1_000)
        })
    }

    /// Calls a script of a partition. `Behind` if the store has forgotten what this process has seen.
    async fn run(
        &self,
        partition: u16,
        script: &'static Script,
        fill: impl Fn(&mut Cmd) + Send + Sync,
    ) -> Result<Answer> {
        let seen = self.seen(partition).map_or(0, |seen| seen.load(Ordering::Acquire));
        self.run_as_of(partition, script, seen, fill).await
    }

    /// [`Redis::run`] for somebody who has seen so much.
    async fn run_as_of(
        &self,
        partition: u16,
        script: &'static Script,
        seen: u64,
        fill: impl Fn(&mut Cmd) + Send + Sync,
    ) -> Result<Answer> {
        self.known(partition)?;
        let meta = self.shared.keys.meta(partition);
        let now = self.shared.clock.as_ref().map_or(0, |clock| clock.now().as_micros());
        let arguments = |command: &mut Cmd| {
            command.arg(&meta).arg(now).arg(seen).arg(&self.shared.terms);
            fill(command);
        };
        let answer = self.shared.link.call(script, &arguments).await.map_err(|error| match classify(error) {
            // What only reads has done nothing, whatever became of it.
            Error::OutcomeUnknown { part, source } if script.reads => Error::Unavailable { part, source },
            error => error,
        })?;
        let answer = Answer::read(answer)?;
        match answer.word.as_str() {
            "BEHIND" => return Err(Error::Behind { partition }),
            "INVALID" => return Err(Error::invalid("argument", "a number is out of its bounds")),
            _ => {}
        }
        if let Some(seen) = self.seen(partition) {
            seen.fetch_max(answer.seq, Ordering::AcqRel);
        }
        Ok(answer)
    }

    /// Calls a script of a key that stands alone. Its steps may be repeated, so that an unknown outcome is no other than
    /// none: `Unavailable`.
    async fn run_alone(
        &self,
        key: &str,
        script: &'static Script,
        fill: impl Fn(&mut Cmd) + Send + Sync,
    ) -> Result<::redis::Value> {
        let now = self.shared.clock.as_ref().map_or(0, |clock| clock.now().as_micros());
        let arguments = |command: &mut Cmd| {
            command.arg(key).arg(now);
            fill(command);
        };
        self.shared.link.call(script, &arguments).await.map_err(repeatable)
    }

    /// Sends a command that may be repeated.
    async fn send(&self, command: &Cmd) -> Result<::redis::Value> {
        self.shared.link.send(command).await.map_err(repeatable)
    }

    /// Sleeps until `until`.
    async fn sleep_until(&self, until: Timestamp) {
        tokio::time::sleep(until.since(self.now())).await;
    }
}
