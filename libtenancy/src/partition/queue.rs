//! The order: who is ready, who waits, and what is due.

use super::{Due, MOVE_LIMIT, Partition};
use crate::{
    clock::Timestamp,
    fairness,
    jobs::{DelayReason, Job, JobId, JobState},
    quota::{Account, Standing},
    tenant::TenantId,
};

impl Partition {
    pub(super) fn has_waiting(&self, tenant: &TenantId) -> bool {
        self.waiting.get(tenant).is_some_and(|set| !set.is_empty())
    }

    pub(super) fn set_ready(&mut self, tenant: &TenantId, account: &mut Account) {
        account.standing = Standing::Ready;
        self.ready.insert((account.tag, tenant.clone()));
    }

    /// A ready tenant leaves the order; its standing is set by the caller.
    pub(super) fn unset_ready(&mut self, tenant: &TenantId, account: &Account) {
        if account.standing == Standing::Ready {
            self.ready.remove(&(account.tag, tenant.clone()));
        }
    }

    /// A capped or parked tenant takes its turn again, or is idle if nothing waits.
    pub(super) fn rejoin(&mut self, tenant: &TenantId, account: &mut Account) {
        if let Standing::Parked(blocked) = account.standing
            && let Some(until) = blocked.until()
        {
            self.delayed.remove(&(until, Due(tenant.to_string())));
        }
        if self.has_waiting(tenant) {
            account.tag = account.tag.max(self.clock);
            self.set_ready(tenant, account);
        } else {
            account.standing = Standing::Idle;
        }
    }

    /// The tenant's waiting set may have become empty.
    pub(super) fn idle_if_empty(&mut self, tenant: &TenantId, account: &mut Account) {
        if self.has_waiting(tenant) {
            return;
        }
        self.waiting.remove(tenant);
        self.agents.remove(tenant);
        match account.standing {
            Standing::Ready => self.unset_ready(tenant, account),
            Standing::Parked(blocked) => {
                if let Some(until) = blocked.until() {
                    self.delayed.remove(&(until, Due(tenant.to_string())));
                }
            }
            Standing::Idle | Standing::Capped => {}
        }
        account.standing = Standing::Idle;
    }

    /// A job joins its tenant's waiting set. It keeps the tag it once had.
    pub(super) fn enqueue(&mut self, job: &mut Job, account: &mut Account, now: Timestamp) {
        let tenant = job.id.tenant().clone();
        if job.tag < 0 {
            let agents = self.agents.entry(tenant.clone()).or_default();
            let last = agents.get(&job.agent).copied().unwrap_or(0);
            let (tag, end) = fairness::agent_tag(account.agent_clock, last, job.cost);
            job.tag = tag;
            agents.insert(job.agent.clone(), end);
        }
        job.state = JobState::Queued;
        let score = fairness::waiting_score(job.priority, job.tag);
        let place = (score, job.id.clone());
        let waiting = self.waiting.entry(tenant.clone()).or_default();
        let is_first = waiting.first().is_none_or(|first| place < *first);
        waiting.insert(place);
        match account.standing {
            Standing::Idle => {
                account.woken(self.clock, now);
                self.set_ready(&tenant, account);
            }
            // It was the job that is second now which could not be paid.
            Standing::Parked(_) if is_first => self.rejoin(&tenant, account),
            Standing::Parked(_) | Standing::Capped | Standing::Ready => {}
        }
    }

    pub(super) fn delay(&mut self, job: &mut Job, until: Timestamp, reason: DelayReason) {
        job.state = JobState::Delayed { until, reason };
        self.delayed.insert((until, Due(job.id.to_string())));
    }

    /// Moves what is due: delayed jobs into their waiting sets, parked tenants into the order. How many.
    pub(super) fn move_due(&mut self, now: Timestamp) -> u64 {
        let due: Vec<(Timestamp, Due)> =
            self.delayed.iter().take_while(|(at, _)| *at <= now).take(MOVE_LIMIT).cloned().collect();
        let moved = due.len() as u64;
        for entry in due {
            self.delayed.remove(&entry);
            let name = &entry.1.0;
            if name.contains('.') {
                let Ok(id) = name.parse::<JobId>() else { continue };
                let Some((mut job, prompt)) = self.jobs.get(&id).cloned() else { continue };
                if !matches!(job.state, JobState::Delayed { .. }) {
                    continue;
                }
                let Some(mut account) = self.accounts.get(id.tenant()).cloned() else { continue };
                self.enqueue(&mut job, &mut account, now);
                self.save(id.tenant(), account);
                self.jobs.insert(id, (job, prompt));
            } else {
                let Ok(tenant) = name.parse::<TenantId>() else { continue };
                let Some(mut account) = self.accounts.get(&tenant).cloned() else { continue };
                if matches!(account.standing, Standing::Parked(_)) {
                    self.rejoin(&tenant, &mut account);
                    self.save(&tenant, account);
                }
            }
        }
        moved
    }

    /// When the next delayed job or parked tenant is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.delayed.first().map(|(at, _)| *at)
    }

    /// Drops what is kept long enough. Every step begins with it; drivers let their stores do it.
    pub fn forget_expired(&mut self, now: Timestamp) {
        let over: Vec<JobId> = self.expiries.iter().filter(|(_, at)| **at <= now).map(|(id, _)| id.clone()).collect();
        for id in over {
            self.expiries.remove(&id);
            self.jobs.remove(&id);
        }
        self.keys.retain(|_, (_, _, until)| *until > now);
        self.turns.retain(|_, turn| !turn.settled || turn.until > now);
    }
}
