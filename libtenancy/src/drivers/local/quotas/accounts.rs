//! Quotas, grants, usage, and the closing of an account, as [`crate::partition::Partition`] has them.

use rusqlite::params;

use super::super::{
    jobs::{
        desk::{About, Desk},
        rows::{self, Filed},
    },
    store::{Fault, limit},
};
use crate::{
    credits::MicroCredits,
    jobs::{Job, JobState},
    ledger::RowKind,
    partition::QuotaPatch,
    quota::{Account, Deltas, Grant, given_otherwise, granted, revocation},
    tenant::TenantId,
};

impl Desk<'_> {
    /// Changes a quota, opening the account if need be.
    pub(super) fn quota_set(&mut self, tenant: &TenantId, patch: &QuotaPatch) -> Result<Account, Fault> {
        let quota = patch.apply(self.would_be(tenant)?.quota)?;
        let mut account = self.opened(tenant)?;
        let mut deltas = account.touch(self.now);
        deltas += account.configure(quota, patch.so_far, self.now);
        self.reconsider(tenant, &mut account)?;
        self.save(tenant, account.clone())?;
        self.book(tenant, &About::account(RowKind::Configure, &account.quota.text()), deltas)?;
        Ok(account)
    }

    /// Grants credits under a name, once.
    pub(super) fn credits_grant(&mut self, tenant: &TenantId, name: &str, grant: Grant) -> Result<Account, Fault> {
        if let Some(account) = self.granted_before(tenant, name, grant.amount)? {
            return Ok(account);
        }
        let mut account = self.would_be(tenant)?;
        let mut deltas = account.touch(self.now);
        deltas += account.grant(grant)?;
        self.opened(tenant)?;
        self.reconsider(tenant, &mut account)?;
        self.granted_as(tenant, name, grant.amount, &account, deltas)?;
        Ok(account)
    }

    /// Takes granted credits back under a name, once.
    pub(super) fn credits_revoke(
        &mut self,
        tenant: &TenantId,
        name: &str,
        amount: MicroCredits,
    ) -> Result<Account, Fault> {
        let (name, minus) = revocation(name, amount)?;
        if let Some(account) = self.granted_before(tenant, &name, minus)? {
            return Ok(account);
        }
        let mut account = self.would_be(tenant)?;
        let mut deltas = account.touch(self.now);
        deltas += account.revoke(tenant, amount)?;
        self.granted_as(tenant, &name, minus, &account, deltas)?;
        Ok(account)
    }

    /// The account, if a name was booked before.
    fn granted_before(
        &mut self,
        tenant: &TenantId,
        name: &str,
        amount: MicroCredits,
    ) -> Result<Option<Account>, Fault> {
        let Some(account) = self.account(tenant)? else { return Ok(None) };
        if !self.is_booked(tenant, RowKind::Grant, name)? {
            return Ok(None);
        }
        let [known, same] = granted(name, amount);
        let is_other =
            self.is_booked(tenant, RowKind::Grant, &known)? && !self.is_booked(tenant, RowKind::Grant, &same)?;
        if is_other { Err(given_otherwise(name).into()) } else { Ok(Some(account)) }
    }

    /// Books what was granted or, if the amount is negative, taken back.
    fn granted_as(
        &mut self,
        tenant: &TenantId,
        name: &str,
        amount: MicroCredits,
        account: &Account,
        deltas: Deltas,
    ) -> Result<(), Fault> {
        self.set_booked(tenant, RowKind::Grant, name)?;
        for said in granted(name, amount) {
            self.set_booked(tenant, RowKind::Grant, &said)?;
        }
        self.save(tenant, account.clone())?;
        self.book(tenant, &About { reference: name, ..About::account(RowKind::Grant, "") }, deltas)
    }

    fn is_booked(&self, tenant: &TenantId, kind: RowKind, reference: &str) -> Result<bool, Fault> {
        let sql = "SELECT 1 FROM booked WHERE tenant = ?1 AND kind = ?2 AND reference = ?3";
        Ok(self.connection.prepare_cached(sql)?.exists([tenant.as_str(), kind.label(), reference])?)
    }

    /// Whether it was not booked before.
    pub(super) fn set_booked(&self, tenant: &TenantId, kind: RowKind, reference: &str) -> Result<bool, Fault> {
        let inserted = self
            .connection
            .prepare_cached(
                "INSERT INTO booked (tenant, kind, reference) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (tenant, kind, reference) DO NOTHING",
            )?
            .execute([tenant.as_str(), kind.label(), reference])?;
        Ok(inserted > 0)
    }

    /// As if it had never been booked.
    pub(super) fn unset_booked(&self, tenant: &TenantId, kind: RowKind, reference: &str) -> Result<(), Fault> {
        let sql = "DELETE FROM booked WHERE tenant = ?1 AND kind = ?2 AND reference = ?3";
        self.connection.prepare_cached(sql)?.execute([tenant.as_str(), kind.label(), reference])?;
        Ok(())
    }

    /// Books what a tenant's agent did, once under a reference.
    pub(super) fn usage_record(
        &mut self,
        tenant: &TenantId,
        kind: RowKind,
        reference: &str,
        quantity: i64,
    ) -> Result<(), Fault> {
        self.opened(tenant)?;
        if self.set_booked(tenant, kind, reference)? {
            let about = About { reference, quantity, ..About::account(kind, "") };
            self.book(tenant, &about, Deltas::default())?;
        }
        Ok(())
    }

    /// Forgets up to `most` of a tenant's jobs, then, when none is left, its account. Whether there is more to do.
    pub(super) fn tenant_close(&mut self, tenant: &TenantId, most: usize) -> Result<bool, Fault> {
        let mut filed: Vec<Filed> = Vec::new();
        {
            let mut statement = self.connection.prepare_cached(rows::OF_TENANT)?;
            let mut rows = statement.query(params![tenant.as_str(), limit(most)])?;
            while let Some(row) = rows.next()? {
                filed.push(rows::job_from_row(row)?);
            }
        }
        let more = filed.len() == most;
        for Filed { row, mut job } in filed {
            rows::job_remove(self.connection, row)?;
            self.job_close(&mut job)?;
        }
        self.idle_now_if_empty(tenant)?;
        if more {
            return Ok(true);
        }
        for (key, turn) in self.turns_held(tenant)? {
            self.turn_remove(tenant, &key)?;
            self.turn_end(tenant, &key, &turn, MicroCredits::ZERO, RowKind::Reclaim, "closed")?;
        }
        if let Some(mut account) = self.account(tenant)? {
            let mut deltas = account.touch(self.now);
            deltas += account.close();
            self.save(tenant, account)?;
            self.book(tenant, &About::account(RowKind::Close, ""), deltas)?;
            self.account_remove(tenant)?;
        }
        for sql in [
            "DELETE FROM job_keys WHERE tenant = ?1",
            "DELETE FROM agent_tags WHERE tenant = ?1",
            "DELETE FROM agent_pointers WHERE tenant = ?1",
            "DELETE FROM turns WHERE tenant = ?1",
            "DELETE FROM booked WHERE tenant = ?1",
        ] {
            self.connection.prepare_cached(sql)?.execute([tenant.as_str()])?;
        }
        Ok(false)
    }

    fn job_close(&mut self, job: &mut Job) -> Result<(), Fault> {
        match job.state {
            JobState::Queued => self.unqueue(job.id.tenant()),
            JobState::Running { .. } => match self.account(job.id.tenant())? {
                Some(account) => self.unlease(job, account, MicroCredits::ZERO, RowKind::Reclaim, "closed"),
                None => Ok(()),
            },
            JobState::Delayed { .. }
            | JobState::Succeeded { .. }
            | JobState::Dead { .. }
            | JobState::Cancelled { .. } => Ok(()),
        }
    }
}
