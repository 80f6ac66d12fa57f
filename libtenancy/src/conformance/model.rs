//! The model behind its own ports: the suites hold for [`Partition`] too, so that a driver is compared with what was itself
//! checked.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::{
    clock::{Clock, Timestamp},
    credits::MicroCredits,
    error::{Error, Result},
    jobs::{AgentId, Finish, Job, JobEpoch, JobId, JobState, NewJob, Renewal, Renewed, WorkerId},
    ledger::RowKind,
    partition::{Claimed, Partition, QuotaPatch, Reaped, Rollback, Submitted, TurnAdmission},
    ports::{
        jobs::{JobFilter, JobSettings, Jobs, Place, QueueView, Swept},
        quotas::{Outbox, Quotas},
    },
    quota::{Account, Grant},
    tenant::TenantId,
};

/// One partition in memory, for tests.
#[derive(Clone)]
pub struct Model {
    partition: Arc<Mutex<Partition>>,
    settings: JobSettings,
    clock: Arc<dyn Clock>,
    seen: Arc<std::sync::atomic::AtomicU64>,
    changed: Arc<Notify>,
}

impl Model {
    /// An empty model on a clock.
    pub fn new(settings: JobSettings, clock: Arc<dyn Clock>) -> Self {
        let partition = Arc::new(Mutex::new(Partition::new(settings.default_quota, settings.capacity)));
        Self { partition, settings, clock, seen: Arc::default(), changed: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Partition> {
        self.partition.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step, unless the partition is behind; whoever waits is told.
    fn step<T>(&self, step: impl FnOnce(&mut Partition, Timestamp) -> T) -> Result<T> {
        use std::sync::atomic::Ordering::SeqCst;
        let mut partition = self.lock();
        if partition.position().1 < self.seen.load(SeqCst) {
            return Err(Error::Behind { partition: 0 });
        }
        let done = step(&mut partition, self.clock.now());
        self.seen.fetch_max(partition.position().1, SeqCst);
        self.changed.notify_waiters();
        Ok(done)
    }

    /// Replaces the partition with an older copy: the store forgets.
    pub fn forget(&self, older: Partition) {
        *self.lock() = older;
    }

    /// A copy of the partition.
    pub fn copy(&self) -> Partition {
        self.lock().clone()
    }

    async fn changed_or(&self, until: Timestamp) {
        let left = until.since(self.clock.now());
        let _ = tokio::time::timeout(left, self.changed.notified()).await;
    }
}

#[async_trait]
impl Jobs for Model {
    fn settings(&self) -> JobSettings {
        self.settings
    }

    async fn jobs_submit(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted>>> {
        self.step(|p, now| new.into_iter().map(|job| p.job_submit(job, now)).collect())
    }

    async fn jobs_claim(&self, _: u16, worker: &WorkerId, max: usize, lease: Duration) -> Result<Claimed> {
        self.step(|p, now| p.job_claim(worker, max, lease, now))
    }

    async fn leases_renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>> {
        self.step(|p, now| renewals.iter().map(|renewal| p.lease_renew(renewal, now)).collect())
    }

    async fn leases_finalize(&self, finishes: Vec<Finish>) -> Result<Vec<Result<&'static str>>> {
        self.step(|p, now| finishes.into_iter().map(|finish| p.lease_finalize(finish, 0, now)).collect())
    }

    async fn job_cancel(&self, id: &JobId) -> Result<&'static str> {
        self.step(|p, now| p.job_cancel(id, now))?
    }

    async fn job_retry(&self, id: &JobId) -> Result<()> {
        self.step(|p, now| p.job_retry(id, now))?
    }

    async fn job_get(&self, id: &JobId) -> Result<Option<Job>> {
        self.step(|p, now| {
            p.forget_expired(now);
            p.job(id).cloned()
        })
    }

    async fn job_prompt(&self, id: &JobId) -> Result<Option<String>> {
        self.step(|p, _| p.job_prompt(id).map(str::to_owned))
    }

    async fn job_list(&self, filter: &JobFilter, after: Option<&JobId>, limit: usize) -> Result<Vec<Job>> {
        if let Some(state) = filter.state.as_deref().filter(|state| !JobState::LABELS.contains(state)) {
            return Err(Error::invalid("status", format!("{state:?} is none")));
        }
        self.step(|p, now| {
            p.forget_expired(now);
            let wanted = |job: &&Job| {
                filter.tenant.as_ref().is_none_or(|tenant| job.id.tenant() == tenant)
                    && filter.state.as_ref().is_none_or(|state| job.state.label() == state)
                    && after.is_none_or(|after| job.id > *after)
            };
            p.jobs().filter(wanted).take(limit).cloned().collect()
        })
    }

    async fn jobs_reap(&self, _: u16, limit: usize) -> Result<Reaped> {
        self.step(|p, now| p.jobs_reap(limit, 0, now))
    }

    async fn jobs_sweep(&self, _: u16) -> Result<Swept> {
        self.step(|p, _| Swept { looked_at: p.jobs().count() as u64, ..Swept::default() })
    }

    async fn work_wait(&self, _: &WorkerId, _: &[u16], until: Timestamp) -> Result<()> {
        self.changed_or(until).await;
        Ok(())
    }

    async fn queue_view(&self, _: u16) -> Result<QueueView> {
        self.step(|p, _| p.queue_view())
    }

    async fn job_place(&self, id: &JobId) -> Result<Option<Place>> {
        self.step(|p, _| p.place(id))
    }

    async fn capacity_set(&self, _: u16, capacity: u32) -> Result<()> {
        self.step(|p, _| p.capacity = capacity)
    }
}

#[async_trait]
impl Quotas for Model {
    async fn quota_set(&self, tenant: &TenantId, patch: &QuotaPatch) -> Result<Account> {
        self.step(|p, now| p.quota_set(tenant, patch, now))?
    }

    async fn account_get(&self, tenant: &TenantId) -> Result<Option<Account>> {
        self.step(|p, now| {
            let mut account = p.account(tenant).cloned()?;
            account.touch(now);
            Some(account)
        })
    }

    async fn credits_grant(&self, tenant: &TenantId, name: &str, grant: Grant) -> Result<Account> {
        self.step(|p, now| p.credits_grant(tenant, name, grant, now))?
    }

    async fn credits_revoke(&self, tenant: &TenantId, name: &str, amount: MicroCredits) -> Result<Account> {
        self.step(|p, now| p.credits_revoke(tenant, name, amount, now))?
    }

    async fn turn_admit(
        &self,
        tenant: &TenantId,
        agent: &AgentId,
        key: &str,
        amount: MicroCredits,
        ttl: Duration,
    ) -> Result<TurnAdmission> {
        self.step(|p, now| p.turn_admit(tenant, agent, key, amount, ttl, now))
    }

    async fn turn_settle(&self, tenant: &TenantId, key: &str, epoch: JobEpoch, used: MicroCredits) -> Result<()> {
        self.step(|p, now| p.turn_settle(tenant, key, epoch, used, now))?
    }

    async fn usage_record(&self, tenant: &TenantId, kind: RowKind, reference: &str, quantity: i64) -> Result<()> {
        self.step(|p, now| p.usage_record(tenant, kind, reference, quantity, now))
    }

    async fn tenant_close(&self, tenant: &TenantId) -> Result<bool> {
        self.step(|p, now| p.tenant_close(tenant, 100, now))
    }

    async fn outbox_read(&self, _: u16, limit: usize) -> Result<Outbox> {
        let partition = self.lock();
        let (incarnation, seq) = partition.position();
        Ok(Outbox { incarnation, seq, rows: partition.outbox().iter().take(limit).cloned().collect() })
    }

    async fn outbox_trim(&self, _: u16, seq: u64) -> Result<()> {
        self.step(|p, _| p.outbox_trim(seq))
    }

    async fn outbox_wait(&self, _: u16, until: Timestamp) -> Result<()> {
        self.changed_or(until).await;
        Ok(())
    }

    fn position_seen(&self, _: u16, seq: u64) {
        self.seen.fetch_max(seq, std::sync::atomic::Ordering::SeqCst);
    }

    fn position_highest(&self, _: u16) -> u64 {
        self.seen.load(std::sync::atomic::Ordering::SeqCst)
    }

    async fn partition_rollback(&self, _: u16, plan: &Rollback) -> Result<MicroCredits> {
        let mut partition = self.lock();
        let released = partition.rollback(plan, self.clock.now());
        self.position_seen(0, partition.position().1);
        Ok(released)
    }
}
