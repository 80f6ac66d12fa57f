//! Looking: what the model shows of itself.

use std::collections::BTreeSet;

use super::Partition;
use crate::{
    clock::Timestamp,
    fairness,
    jobs::{AgentId, Job, JobId, JobState},
    ports::jobs::{Place, QueueView, QueuedTenant, Waits},
    quota::{Account, Standing},
    tenant::TenantId,
};

impl Partition {
    /// One job.
    pub fn job(&self, id: &JobId) -> Option<&Job> {
        self.jobs.get(id).map(|(job, _)| job)
    }

    /// What a job's agent is told; `None` once it succeeded.
    pub fn job_prompt(&self, id: &JobId) -> Option<&str> {
        let (job, prompt) = self.jobs.get(id)?;
        (!matches!(job.state, JobState::Succeeded { .. })).then_some(prompt)
    }

    /// The queue at this moment.
    pub fn queue_view(&self) -> QueueView {
        QueueView {
            capacity: self.capacity,
            leases: self.leases.len() as u64,
            clock: self.clock,
            delayed: self.delayed.len() as u64,
            next_due: self.next_due(),
            next_lease: self.leases.first().map(|(at, _)| *at),
            ready: self.ready.iter().take(100).filter_map(|(_, tenant)| self.queued_tenant(tenant)).collect(),
            ready_count: self.ready.len() as u64,
            held_back: self.held_back().filter_map(|tenant| self.queued_tenant(tenant)).take(100).collect(),
            waits: self.waits(),
            active_weight: self
                .ready
                .iter()
                .take(1_000)
                .filter_map(|(_, tenant)| self.accounts.get(tenant))
                .map(|account| u64::from(account.quota.weight))
                .sum(),
            recovered: self.recovered,
        }
    }

    /// Tenants whose jobs wait while it is not their turn, by name.
    fn held_back(&self) -> impl Iterator<Item = &TenantId> {
        let is_held_back = |account: &Account| !matches!(account.standing, Standing::Idle | Standing::Ready);
        self.accounts.iter().filter(move |(_, account)| is_held_back(account)).map(|(tenant, _)| tenant)
    }

    /// How many jobs wait, and for what.
    pub fn waits(&self) -> Waits {
        // A tenant has no dot in its name, and a job has one.
        let delayed = self.delayed.iter().filter(|(_, due)| due.0.contains('.')).count() as u64;
        let mut waits = Waits { delayed, ..Waits::default() };
        for (tenant, account) in &self.accounts {
            waits.count(account.standing, self.waiting(tenant) as u64);
        }
        waits
    }

    pub(super) fn queued_tenant(&self, tenant: &TenantId) -> Option<QueuedTenant> {
        let account = self.accounts.get(tenant)?;
        Some(QueuedTenant {
            tenant: tenant.clone(),
            tag: account.tag,
            weight: account.quota.weight,
            standing: account.standing,
            waiting: self.waiting.get(tenant).map_or(0, BTreeSet::len) as u64,
            running: account.running,
        })
    }

    /// Where a queued job stands.
    pub fn place(&self, id: &JobId) -> Option<Place> {
        let job = self.job(id).filter(|job| job.state == JobState::Queued)?;
        let tenant = self.queued_tenant(id.tenant())?;
        let score = fairness::waiting_score(job.priority, job.tag);
        let waiting = self.waiting.get(id.tenant())?;
        Some(Place {
            ahead_in_tenant: waiting.range(..(score, id.clone())).count() as u64,
            tenants_ahead: self.ready.range(..(tenant.tag, id.tenant().clone())).count() as u64,
            tenant,
        })
    }

    /// How many jobs of its tenant are before a waiting one.
    pub fn ahead_of(&self, job: &Job) -> Option<usize> {
        let place = (fairness::waiting_score(job.priority, job.tag), job.id.clone());
        self.waiting.get(job.id.tenant())?.iter().position(|entry| *entry == place)
    }

    /// How many jobs of a tenant wait for their turn.
    pub fn waiting(&self, tenant: &TenantId) -> usize {
        self.waiting.get(tenant).map_or(0, BTreeSet::len)
    }

    /// The tenants that take their turn, next first: tag and name.
    pub fn ready(&self) -> impl Iterator<Item = &(i64, TenantId)> {
        self.ready.iter()
    }

    /// Delayed jobs and parked tenants.
    pub fn delayed(&self) -> usize {
        self.delayed.len()
    }

    /// The virtual time.
    pub fn clock(&self) -> i64 {
        self.clock
    }

    /// All jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().map(|(job, _)| job)
    }

    /// One account, as it was last touched.
    pub fn account(&self, tenant: &TenantId) -> Option<&Account> {
        self.accounts.get(tenant)
    }

    /// Every lease: until when, and whose.
    pub fn leases(&self) -> impl Iterator<Item = &(Timestamp, JobId)> {
        self.leases.iter()
    }

    /// Where the agent's state was left.
    pub fn pointer(&self, tenant: &TenantId, agent: &AgentId) -> Option<&str> {
        self.pointers.get(&(tenant.clone(), agent.clone())).map(String::as_str)
    }

    /// Leases that lapsed and were put back, in all.
    pub fn recovered(&self) -> u64 {
        self.recovered
    }
}
