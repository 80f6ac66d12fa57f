//! Quotas, grants, usage, and the end of a tenant.

use super::{About, Due, Partition, QuotaPatch};
use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::Result,
    fairness,
    jobs::{JobId, JobState},
    ledger::RowKind,
    quota::{Account, Deltas, Grant, Standing, given_otherwise, granted, revocation},
    tenant::TenantId,
};

impl Partition {
    /// Changes a quota, opening the account if need be; returns the account. `Invalid` if it is out of bounds then.
    pub fn quota_set(&mut self, tenant: &TenantId, patch: &QuotaPatch, now: Timestamp) -> Result<Account> {
        let quota = patch.apply(self.would_be(tenant, now).quota)?;
        let mut account = self.opened(tenant, now);
        let mut deltas = account.touch(now);
        deltas += account.configure(quota, patch.so_far, now);
        self.reconsider(tenant, &mut account);
        self.save(tenant, account.clone());
        self.book(tenant, About::account(RowKind::Configure, &account.quota.text()), deltas, now);
        Ok(account)
    }

    /// Grants credits under a name, once: a repeat does nothing. Returns the account. `Conflict` if the name was given before
    /// with another amount.
    pub fn credits_grant(&mut self, tenant: &TenantId, name: &str, grant: Grant, now: Timestamp) -> Result<Account> {
        if let Some(account) = self.granted_before(tenant, name, grant.amount)? {
            return Ok(account);
        }
        let mut account = self.would_be(tenant, now);
        let mut deltas = account.touch(now);
        deltas += account.grant(grant)?;
        self.opened(tenant, now);
        self.reconsider(tenant, &mut account);
        self.granted_as(tenant, name, grant.amount, &account, deltas, now);
        Ok(account)
    }

    /// Takes granted credits back under a name, once: a repeat does nothing. Returns the account. `Conflict` if there is
    /// nothing to take, or if the name took another amount before.
    pub fn credits_revoke(
        &mut self,
        tenant: &TenantId,
        name: &str,
        amount: MicroCredits,
        now: Timestamp,
    ) -> Result<Account> {
        let (name, minus) = revocation(name, amount)?;
        if let Some(account) = self.granted_before(tenant, &name, minus)? {
            return Ok(account);
        }
        let mut account = self.would_be(tenant, now);
        let mut deltas = account.touch(now);
        deltas += account.revoke(tenant, amount)?;
        self.granted_as(tenant, &name, minus, &account, deltas, now);
        Ok(account)
    }

    /// The account, if a name was booked before.
    fn granted_before(&self, tenant: &TenantId, name: &str, amount: MicroCredits) -> Result<Option<Account>> {
        let is_booked = |name: String| self.usage.contains(&(tenant.clone(), RowKind::Grant, name));
        let Some(account) = self.accounts.get(tenant).filter(|_| is_booked(name.to_owned())) else { return Ok(None) };
        let [known, same] = granted(name, amount).map(is_booked);
        if known && !same { Err(given_otherwise(name)) } else { Ok(Some(account.clone())) }
    }

    /// Books what was granted or, if the amount is negative, taken back.
    fn granted_as(
        &mut self,
        tenant: &TenantId,
        name: &str,
        amount: MicroCredits,
        account: &Account,
        deltas: Deltas,
        now: Timestamp,
    ) {
        let [known, same] = granted(name, amount);
        self.usage.extend([name.to_owned(), known, same].map(|name| (tenant.clone(), RowKind::Grant, name)));
        self.save(tenant, account.clone());
        self.book(tenant, About { reference: name, ..About::account(RowKind::Grant, "") }, deltas, now);
    }

    /// More is allowed than before, perhaps: whoever was held back takes its turn again.
    pub(super) fn reconsider(&mut self, tenant: &TenantId, account: &mut Account) {
        if matches!(account.standing, Standing::Capped | Standing::Parked(_)) {
            self.rejoin(tenant, account);
        }
    }

    /// Books what a tenant's agent did, once under a reference: a repeat does nothing.
    pub fn usage_record(&mut self, tenant: &TenantId, kind: RowKind, reference: &str, quantity: i64, now: Timestamp) {
        self.opened(tenant, now);
        if self.usage.insert((tenant.clone(), kind, reference.to_owned())) {
            let about = About { reference, quantity, ..About::account(kind, "") };
            self.book(tenant, about, Deltas::default(), now);
        }
    }

    /// Forgets up to `limit` of a tenant's jobs, then, when none is left, its account: what it had is `expired`. Running jobs
    /// lose their lease; their hold goes back first. Returns whether there is more to do.
    pub fn tenant_close(&mut self, tenant: &TenantId, limit: usize, now: Timestamp) -> bool {
        let ids: Vec<JobId> = self.jobs.keys().filter(|id| id.tenant() == tenant).take(limit).cloned().collect();
        let more = ids.len() == limit;
        for id in &ids {
            let Some((mut job, _)) = self.jobs.remove(id) else { continue };
            self.expiries.remove(id);
            match job.state {
                JobState::Queued => {
                    let score = fairness::waiting_score(job.priority, job.tag);
                    if let Some(waiting) = self.waiting.get_mut(tenant) {
                        waiting.remove(&(score, id.clone()));
                    }
                }
                JobState::Delayed { until, .. } => {
                    self.delayed.remove(&(until, Due(id.to_string())));
                }
                JobState::Running { lease_until, .. } => {
                    if let Some(mut account) = self.accounts.get(tenant).cloned() {
                        self.unlease(
                            &mut job,
                            &mut account,
                            lease_until,
                            MicroCredits::ZERO,
                            RowKind::Reclaim,
                            "closed",
                            now,
                        );
                    }
                }
                JobState::Succeeded { .. } | JobState::Dead { .. } | JobState::Cancelled { .. } => {}
            }
        }
        if let Some(mut account) = self.accounts.get(tenant).cloned() {
            self.idle_if_empty(tenant, &mut account);
            self.save(tenant, account);
        }
        if more {
            return true;
        }
        let turns: Vec<_> = self.turns.keys().filter(|(of, _)| of == tenant).cloned().collect();
        for key in turns {
            if let Some(turn) = self.turns.remove(&key).filter(|turn| !turn.settled) {
                self.turn_end(&key, &turn, MicroCredits::ZERO, RowKind::Reclaim, "closed", now);
            }
        }
        if let Some(mut account) = self.accounts.get(tenant).cloned() {
            let mut deltas = account.touch(now);
            deltas += account.close();
            self.save(tenant, account);
            self.book(tenant, About::account(RowKind::Close, ""), deltas, now);
            self.accounts.remove(tenant);
        }
        self.keys.retain(|(of, _), _| of != tenant);
        self.pointers.retain(|(of, _), _| of != tenant);
        self.usage.retain(|(of, ..)| of != tenant);
        false
    }
}
