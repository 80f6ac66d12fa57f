//! The queue of jobs and their leases.
//!
//! What each step does is [`crate::partition::Partition`], method by method: a driver does the same in one atomic write of
//! its store, by the store's own clock. A caller's clock is never read.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::Result,
    jobs::{Finish, Job, JobId, NewJob, Renewal, Renewed, WorkerId},
    partition::{Claimed, Reaped, Submitted},
    quota::{Blocked, Quota, Standing},
    tenant::TenantId,
};

/// What a driver of jobs and quotas is built with; the same for everybody who uses the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobSettings {
    /// Over how many partitions tenants are spread; fixed for the life of a store.
    pub partitions: u16,
    /// The quota of accounts that are opened by their first use.
    pub default_quota: Quota,
    /// Leases at once in all partitions together; 0: as many as are claimed.
    pub capacity: u32,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self { partitions: 1, default_quota: Quota::default(), capacity: 0 }
    }
}

/// The partition of a tenant: FNV-1a (64 bits) of its id, modulo the number of partitions. The same for ever.
pub fn partition_of(tenant: &TenantId, partitions: u16) -> u16 {
    let hash = tenant
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    u16::try_from(hash % u64::from(partitions.max(1))).unwrap_or(0)
}

/// Which jobs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only this tenant's.
    pub tenant: Option<TenantId>,
    /// Only of this state's label.
    pub state: Option<String>,
}

/// A tenant in a partition's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedTenant {
    /// Who.
    pub tenant: TenantId,
    /// Its start tag.
    pub tag: i64,
    /// Its weight.
    pub weight: u32,
    /// Where it stands.
    pub standing: Standing,
    /// Jobs that wait for their turn.
    pub waiting: u64,
    /// Jobs that run.
    pub running: u32,
}

/// How many jobs wait, and for what: those of 1,000 tenants at least. Where more tenants have some, at least so many wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// For their tenant's turn.
    pub turn: u64,
    /// For another job of their tenant to end: as many run as may.
    pub capped: u64,
    /// For credits.
    pub credits: u64,
    /// For a budget.
    pub budget: u64,
    /// For a time: they are delayed.
    pub delayed: u64,
}

impl Waits {
    /// Counts the waiting jobs of a tenant to what it stands for.
    pub fn count(&mut self, standing: Standing, waiting: u64) {
        match standing {
            Standing::Idle => {}
            Standing::Ready => self.turn += waiting,
            Standing::Capped => self.capped += waiting,
            Standing::Parked(Blocked::Credits { .. }) => self.credits += waiting,
            Standing::Parked(Blocked::Budget { .. }) => self.budget += waiting,
        }
    }

    /// Queued jobs, whatever they wait for: all but the delayed ones.
    pub fn queued(&self) -> u64 {
        self.turn + self.capped + self.credits + self.budget
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            turn: self.turn + other.turn,
            capped: self.capped + other.capped,
            credits: self.credits + other.credits,
            budget: self.budget + other.budget,
            delayed: self.delayed + other.delayed,
        }
    }
}

impl std::fmt::Display for Waits {
    /// As it is said to people, in the words of the jobs' states: `4 queued (1 in turn, 3 wait for credits), 2 delayed`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} queued", self.queued())?;
        if self.queued() > self.turn {
            write!(f, " ({} in turn", self.turn)?;
            for (count, what) in
                [(self.credits, "wait for credits"), (self.budget, "wait for a budget"), (self.capped, "behind a cap")]
            {
                if count > 0 {
                    write!(f, ", {count} {what}")?;
                }
            }
            write!(f, ")")?;
        }
        write!(f, ", {} delayed", self.delayed)
    }
}

/// A partition's queue at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueView {
    /// Leases at once; 0: no limit.
    pub capacity: u32,
    /// Leases that hold, or lapsed and are not reaped yet.
    pub leases: u64,
    /// The virtual time.
    pub clock: i64,
    /// Delayed jobs and parked tenants.
    pub delayed: u64,
    /// When the next of them is due.
    pub next_due: Option<Timestamp>,
    /// When the next lease lapses.
    pub next_lease: Option<Timestamp>,
    /// The tenants that take their turn, next first, at most 100.
    pub ready: Vec<QueuedTenant>,
    /// How many take their turn in all.
    pub ready_count: u64,
    /// Tenants whose jobs wait while it is not their turn, capped or parked, by name; at most 100.
    pub held_back: Vec<QueuedTenant>,
    /// How many jobs wait.
    pub waits: Waits,
    /// The sum of the weights of the first 1,000 of them.
    pub active_weight: u64,
    /// Leases that lapsed and were put back, since the store was made.
    pub recovered: u64,
}

/// Where a waiting job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Jobs of its tenant before it.
    pub ahead_in_tenant: u64,
    /// Ready tenants before its own.
    pub tenants_ahead: u64,
    /// Its tenant.
    pub tenant: QueuedTenant,
}

/// What a sweep found wrong and put right, both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Jobs looked at.
    pub looked_at: u64,
    /// Running jobs without a lease: they lapse at once.
    pub unleased: u64,
    /// Queued or delayed jobs without an entry: it is made again.
    pub unqueued: u64,
    /// Entries without a job: they are removed.
    pub orphans: u64,
}

/// The queue. Every method may fail with store errors, and with `Behind` when the store forgot what this process has seen:
/// nothing was done then, and nothing is until the leader has told the store what it forgot.
#[async_trait]
pub trait Jobs: Send + Sync + 'static {
    /// How the store is divided.
    fn settings(&self) -> JobSettings;

    /// SUBMIT, each atomic by itself; answers in the order given. A repeat with the same id or key does nothing. The jobs
    /// are within bounds ([`NewJob::checked`]). See [`crate::partition::Partition::job_submit`].
    async fn jobs_submit(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted>>>;

    /// CLAIM up to `max` jobs of one partition in one atomic step. A repeat claims others. See
    /// [`crate::partition::Partition::job_claim`].
    async fn jobs_claim(&self, partition: u16, worker: &WorkerId, max: usize, lease: Duration) -> Result<Claimed>;

    /// RENEW, each atomic by itself; answers in the order given.
    async fn leases_renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>>;

    /// FINALIZE, each atomic by itself; answers with the labels of the states then, in the order given. A repeat returns the
    /// same. See [`crate::partition::Partition::lease_finalize`].
    async fn leases_finalize(&self, finishes: Vec<Finish>) -> Result<Vec<Result<&'static str>>>;

    /// Calls a job off. See [`crate::partition::Partition::job_cancel`].
    async fn job_cancel(&self, id: &JobId) -> Result<&'static str>;

    /// Puts a dead or cancelled job back. See [`crate::partition::Partition::job_retry`].
    async fn job_retry(&self, id: &JobId) -> Result<()>;

    /// One job.
    async fn job_get(&self, id: &JobId) -> Result<Option<Job>>;

    /// What a job's agent is told; `None` once it succeeded or is forgotten.
    async fn job_prompt(&self, id: &JobId) -> Result<Option<String>>;

    /// Jobs in order of id, after `after`, at most `limit`. `Invalid` if the filter's state is no label.
    async fn job_list(&self, filter: &JobFilter, after: Option<&JobId>, limit: usize) -> Result<Vec<Job>>;

    /// REAP one partition. A repeat goes on. See [`crate::partition::Partition::jobs_reap`].
    async fn jobs_reap(&self, partition: u16, limit: usize) -> Result<Reaped>;

    /// Compares jobs with their entries and leases in both directions, all of a partition's. Each repair is atomic; costs
    /// what exists. A repeat finds nothing.
    async fn jobs_sweep(&self, partition: u16) -> Result<Swept>;

    /// Returns when there may be work in one of the partitions, or at `until`. A wake-up may be spurious, and several
    /// workers are woken by several jobs. Nothing rests on it: a lost one is made up for by `until`.
    async fn work_wait(&self, worker: &WorkerId, partitions: &[u16], until: Timestamp) -> Result<()>;

    /// A partition's queue.
    async fn queue_view(&self, partition: u16) -> Result<QueueView>;

    /// Where a queued job stands; `None` if it is not queued.
    async fn job_place(&self, id: &JobId) -> Result<Option<Place>>;

    /// Sets how many leases a partition may have at once (0: no limit). The next claim heeds it.
    async fn capacity_set(&self, partition: u16, capacity: u32) -> Result<()>;
}
