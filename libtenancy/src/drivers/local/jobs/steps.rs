//! The steps of a job's life, as [`crate::partition::Partition`] has them.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::{
    super::store::{Fault, limit, stored},
    desk::{About, Desk},
    rows::{self, Filed, job_columns},
};
use crate::{
    clock::Timestamp,
    credits::{MAX_AMOUNT, MicroCredits},
    error::Error,
    jobs::{
        DelayReason, Finish, Job, JobEpoch, JobId, JobState, KEEP_IDEMPOTENCY, Leased, MAX_RESULT, NewJob, Outcome,
        Renewal, Renewed, WorkerId, backoff, clipped,
    },
    ledger::RowKind,
    partition::{
        Claimed, LAPSED, MAX_WAITING, MOVE_LIMIT, PASS_LIMIT, Reaped, Submitted, key_conflict, lease_lost, payable,
        used_bounded,
    },
    quota::{Account, Hold, Standing},
    tenant::TenantId,
};

pub(in super::super) const FIRST_QUEUED: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM jobs INDEXED BY jobs_queued WHERE tenant = ?1 AND state = 'queued' ORDER BY score, serial LIMIT 1"
);
pub(in super::super) const LAPSED_LEASES: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM jobs INDEXED BY jobs_running WHERE state = 'running' AND until <= ?1 ORDER BY until, tenant, serial LIMIT ?2"
);
pub(in super::super) const NEXT_LEASE: &str =
    "SELECT until FROM jobs INDEXED BY jobs_running WHERE state = 'running' ORDER BY until LIMIT 1";

/// What the reaper forgets at once, of each kind.
const PRUNE: usize = 1_000;

pub(in super::super) const PRUNE_PROMPTS: &str = "DELETE FROM job_prompts WHERE row IN (SELECT row FROM jobs \
     INDEXED BY jobs_expiring WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub(in super::super) const PRUNE_JOBS: &str = "DELETE FROM jobs WHERE row IN (SELECT row FROM jobs \
     INDEXED BY jobs_expiring WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub(in super::super) const PRUNE_KEYS: &str = "DELETE FROM job_keys WHERE (tenant, key) IN (SELECT tenant, key \
     FROM job_keys INDEXED BY job_keys_expiring WHERE until <= ?1 ORDER BY until LIMIT ?2)";
pub(in super::super) const PRUNE_TURNS: &str = "DELETE FROM turns WHERE (tenant, key) IN (SELECT tenant, key \
     FROM turns INDEXED BY turns_settled WHERE settled = 1 AND until <= ?1 ORDER BY until LIMIT ?2)";

/// The running job under an epoch whose lease still holds.
fn owned(filed: Filed, epoch: JobEpoch, now: Timestamp) -> Option<Filed> {
    match filed.job.state {
        JobState::Running { lease_until, .. } if filed.job.epoch == epoch && lease_until > now => Some(filed),
        _ => None,
    }
}

impl Desk<'_> {
    /// SUBMIT.
    pub(super) fn job_submit(&mut self, new: &NewJob) -> Result<Submitted, Fault> {
        let tenant = new.id.tenant();
        let there = |job: &Job| Submitted { id: job.id.clone(), duplicate: true, state: job.state.label() };
        if let Some(idempotency) = &new.idempotency
            && let Some((body, serial)) = self.key_find(tenant, &idempotency.key)?
        {
            if body != idempotency.body {
                return Err(key_conflict().into());
            }
            let id = JobId::new(tenant.clone(), &serial).map_err(|e| Fault::Damaged(e.to_string()))?;
            return Ok(match self.job(&id)? {
                Some(filed) => there(&filed.job),
                // A job that was forgotten before its key: it was over.
                None => Submitted { id, duplicate: true, state: "succeeded" },
            });
        }
        if let Some(filed) = self.job(&new.id)? {
            return Ok(there(&filed.job));
        }
        if self.waiting(tenant)? >= MAX_WAITING as u64 {
            return Err(Error::Overloaded { reason: format!("{MAX_WAITING} jobs of the tenant are waiting") }.into());
        }
        payable(&self.would_be(tenant)?, new.cost, self.now)?;
        let account = self.opened(tenant)?;
        if let Some(idempotency) = &new.idempotency {
            self.connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO job_keys (tenant, key, body, serial, until) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    tenant.as_str(),
                    idempotency.key,
                    idempotency.body,
                    new.id.serial(),
                    (self.now + KEEP_IDEMPOTENCY).as_micros(),
                ])?;
        }
        let mut job = Job {
            id: new.id.clone(),
            agent: new.agent.clone(),
            cost: new.cost,
            priority: new.priority,
            max_attempts: new.max_attempts,
            state: JobState::Queued,
            attempts: 0,
            epoch: JobEpoch(0),
            tag: -1,
            hold: Hold::default(),
            used: MicroCredits::ZERO,
            cancel: false,
            submitted_at: self.now,
            result: None,
        };
        match new.not_before.filter(|at| *at > self.now) {
            Some(at) => Self::delay(&mut job, at, DelayReason::Scheduled),
            None => self.enqueue(&mut job, account)?,
        }
        // One of this name that is forgotten may still lie there.
        let forgotten: Option<i64> = self
            .connection
            .prepare_cached("SELECT row FROM jobs WHERE tenant = ?1 AND serial = ?2")?
            .query_row([tenant.as_str(), new.id.serial()], |row| row.get(0))
            .optional()?;
        if let Some(row) = forgotten {
            rows::job_remove(self.connection, row)?;
        }
        rows::job_insert(self.connection, &job, &new.prompt)?;
        Ok(Submitted { id: job.id, duplicate: false, state: job.state.label() })
    }

    fn key_find(&self, tenant: &TenantId, key: &str) -> Result<Option<(String, String)>, Fault> {
        Ok(self
            .connection
            .prepare_cached("SELECT body, serial FROM job_keys WHERE tenant = ?1 AND key = ?2 AND until > ?3")?
            .query_row(params![tenant.as_str(), key, self.now.as_micros()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    /// CLAIM.
    pub(super) fn job_claim(&mut self, worker: &WorkerId, max: usize, lease: Duration) -> Result<Claimed, Fault> {
        let mut claimed = Claimed { more: self.move_due()? == MOVE_LIMIT, ..Claimed::default() };
        let mut passed = 0;
        while claimed.jobs.len() < max {
            let capacity = u64::from(self.counts.capacity);
            if capacity > 0 && self.counts.leases >= capacity {
                break;
            }
            let Some(tenant) = self.next_ready()? else { break };
            if passed >= PASS_LIMIT {
                claimed.more = true;
                break;
            }
            if let Some(leased) = self.claim_from(&tenant, worker, lease)? {
                claimed.jobs.push(leased);
                continue;
            }
            passed += 1;
            if let Some(Standing::Parked(blocked)) = self.account(&tenant)?.map(|account| account.standing) {
                claimed.parked.push((tenant, blocked));
            }
        }
        claimed.next = self.next_due()?;
        Ok(claimed)
    }

    pub(super) fn first_queued(&self, tenant: &TenantId) -> Result<Option<Filed>, Fault> {
        let mut statement = self.connection.prepare_cached(FIRST_QUEUED)?;
        let mut rows = statement.query([tenant.as_str()])?;
        rows.next()?.map(rows::job_from_row).transpose()
    }

    fn claim_from(&mut self, tenant: &TenantId, worker: &WorkerId, lease: Duration) -> Result<Option<Leased>, Fault> {
        let Some(mut account) = self.account(tenant)? else { return Ok(None) };
        let Some(mut filed) = self.first_queued(tenant)? else {
            self.recount(tenant, 0)?;
            self.idle_now_if_empty(tenant)?;
            return Ok(None);
        };
        if account.running >= account.quota.max_running {
            account.standing = Standing::Capped;
            self.save(tenant, account)?;
            return Ok(None);
        }
        let job = &mut filed.job;
        let mut touched = account.clone();
        let mut deltas = touched.touch(self.now);
        if let Err(blocked) = touched.check(job.cost, self.now) {
            account.standing = Standing::Parked(blocked);
            self.save(tenant, account)?;
            return Ok(None);
        }
        let (hold, change) = touched.hold(job.cost);
        deltas += change;
        self.counts.clock = touched.started(job.cost, self.counts.clock, self.now);
        touched.agent_clock = touched.agent_clock.max(job.tag);
        touched.running += 1;
        let lease_until = self.now + lease;
        job.state = JobState::Running { worker: worker.clone(), lease_until };
        job.attempts += 1;
        job.epoch = self.epoch_next();
        job.hold = hold;
        self.unqueue(tenant)?;
        self.counts.leases += 1;
        self.idle_if_empty(tenant, &mut touched)?;
        self.save(tenant, touched)?;
        self.book(tenant, &About::job(RowKind::Hold, job, "claim"), deltas)?;
        rows::job_update(self.connection, &filed, None)?;
        let Filed { row, job } = filed;
        let pointer: Option<String> = self
            .connection
            .prepare_cached("SELECT pointer FROM agent_pointers WHERE tenant = ?1 AND agent = ?2")?
            .query_row([tenant.as_str(), job.agent.as_str()], |row| row.get(0))
            .optional()?;
        Ok(Some(Leased {
            id: job.id,
            agent: job.agent,
            prompt: rows::job_prompt(self.connection, row)?.unwrap_or_default(),
            cost: job.cost,
            attempt: job.attempts,
            epoch: job.epoch,
            lease_until,
            pointer,
        }))
    }

    /// RENEW.
    pub(super) fn lease_renew(&mut self, renewal: &Renewal) -> Result<Renewed, Fault> {
        let now = self.now;
        let owned = self.job(&renewal.id)?.and_then(|filed| owned(filed, renewal.epoch, now));
        let Some(mut filed) = owned else { return Ok(Renewed::Lost) };
        let tenant = renewal.id.tenant();
        let Some(mut touched) = self.account(tenant)? else { return Ok(Renewed::Lost) };
        let job = &mut filed.job;
        let lease_until = now + renewal.lease;
        let mut answer = Renewed::Continue { lease_until };
        if job.cancel {
            answer = Renewed::Cancel { lease_until, reason: "cancelled" };
        } else if let Some(need) = renewal.need.map(used_bounded).filter(|need| *need > job.hold.amount) {
            let more = need - job.hold.amount;
            let mut deltas = touched.touch(now);
            if let Err(blocked) = touched.check(more, now) {
                answer = Renewed::Cancel { lease_until, reason: Standing::Parked(blocked).label() };
            } else {
                let (hold, change) = touched.hold(more);
                deltas += change;
                job.hold.amount += hold.amount;
                job.hold.grants.extend(hold.grants);
                self.save(tenant, touched)?;
                self.book(tenant, &About::job(RowKind::Hold, job, "raise"), deltas)?;
            }
        }
        if let JobState::Running { lease_until: until, .. } = &mut job.state {
            *until = lease_until;
        }
        rows::job_update(self.connection, &filed, None)?;
        Ok(answer)
    }

    /// FINALIZE.
    pub(super) fn lease_finalize(&mut self, finish: &Finish) -> Result<&'static str, Fault> {
        let Some(filed) = self.job(&finish.id)? else { return Err(Error::not_found("job", &finish.id).into()) };
        let job = &filed.job;
        if job.epoch == finish.epoch && !matches!(job.state, JobState::Running { .. }) && job.hold.amount.0 == 0 {
            return Ok(job.state.label());
        }
        let lost = || Fault::from(lease_lost(&finish.id));
        let mut filed = owned(filed, finish.epoch, self.now).ok_or_else(lost)?;
        let tenant = finish.id.tenant();
        let account = self.account(tenant)?.ok_or_else(lost)?;
        let jitter = self.jitter()?;
        let used = match &finish.outcome {
            Outcome::Released { .. } => MicroCredits::ZERO,
            Outcome::Succeeded { .. } | Outcome::Failed { .. } => used_bounded(finish.used),
        };
        let job = &mut filed.job;
        let label = match &finish.outcome {
            Outcome::Succeeded { .. } => "succeeded",
            _ if job.cancel => "cancelled",
            Outcome::Failed { retry: true, .. } if job.attempts < job.max_attempts => "retry",
            Outcome::Failed { .. } => "dead",
            Outcome::Released { .. } => "released",
        };
        self.unlease(job, account, used, RowKind::Settle, label)?;
        match &finish.outcome {
            Outcome::Succeeded { result, pointer } => {
                job.result = Some(clipped(result.clone(), MAX_RESULT));
                if let Some(pointer) = pointer {
                    self.connection
                        .prepare_cached(
                            "INSERT INTO agent_pointers (tenant, agent, pointer) VALUES (?1, ?2, ?3) \
                             ON CONFLICT (tenant, agent) DO UPDATE SET pointer = ?3",
                        )?
                        .execute([tenant.as_str(), job.agent.as_str(), pointer])?;
                }
            }
            Outcome::Failed { error, .. } => job.result = Some(clipped(error.clone(), MAX_RESULT)),
            Outcome::Released { after } => {
                job.attempts -= 1;
                if label == "released" {
                    Self::delay(job, self.now + *after, DelayReason::Released);
                }
            }
        }
        if label == "retry" {
            Self::delay(job, self.now + backoff(job.attempts, jitter), DelayReason::Backoff);
        }
        if matches!(label, "retry" | "released") {
            rows::job_update(self.connection, &filed, None)?;
        } else {
            self.end(&mut filed, label)?;
        }
        Ok(filed.job.state.label())
    }

    /// Ends an attempt's lease and hold, and gives the tenant its place back. Saves the account, books the row; the job's
    /// row is written by the caller.
    pub(in super::super) fn unlease(
        &mut self,
        job: &mut Job,
        mut account: Account,
        used: MicroCredits,
        kind: RowKind,
        label: &str,
    ) -> Result<(), Fault> {
        let tenant = job.id.tenant().clone();
        let mut deltas = account.touch(self.now);
        let hold = std::mem::take(&mut job.hold);
        deltas += account.settle(&hold, used, self.now);
        job.used = (job.used + used).min(MAX_AMOUNT);
        self.counts.leases = self.counts.leases.saturating_sub(1);
        account.running = account.running.saturating_sub(1);
        account.corrected(job.cost, used, self.counts.clock);
        match account.standing {
            Standing::Capped => self.rejoin(&tenant, &mut account)?,
            Standing::Parked(_) if used < hold.amount => self.rejoin(&tenant, &mut account)?,
            Standing::Parked(_) | Standing::Idle | Standing::Ready => {}
        }
        self.save(&tenant, account)?;
        self.book(&tenant, &About::job(kind, job, label), deltas)
    }

    /// Calls a job off.
    pub(super) fn job_cancel(&mut self, id: &JobId) -> Result<&'static str, Fault> {
        let Some(mut filed) = self.job(id)? else { return Err(Error::not_found("job", id).into()) };
        match filed.job.state {
            JobState::Queued => {
                self.unqueue(id.tenant())?;
                if let Some(mut account) = self.account(id.tenant())? {
                    self.idle_if_empty(id.tenant(), &mut account)?;
                    if matches!(account.standing, Standing::Parked(_)) {
                        // Perhaps it was this job that could not be paid.
                        self.rejoin(id.tenant(), &mut account)?;
                    }
                    self.save(id.tenant(), account)?;
                }
                self.end(&mut filed, "cancelled")?;
            }
            JobState::Delayed { .. } => self.end(&mut filed, "cancelled")?,
            JobState::Running { .. } => {
                filed.job.cancel = true;
                rows::job_update(self.connection, &filed, None)?;
            }
            JobState::Succeeded { .. } | JobState::Dead { .. } | JobState::Cancelled { .. } => {
                let reason = format!("it is {} already", filed.job.state.label());
                return Err(Error::conflict("job", id, reason).into());
            }
        }
        Ok(filed.job.state.label())
    }

    /// Puts a dead or cancelled job back.
    pub(super) fn job_retry(&mut self, id: &JobId) -> Result<(), Fault> {
        let Some(mut filed) = self.job(id)? else { return Err(Error::not_found("job", id).into()) };
        let job = &mut filed.job;
        if !matches!(job.state, JobState::Dead { .. } | JobState::Cancelled { .. }) {
            let reason = format!("it is {}, not dead or cancelled", job.state.label());
            return Err(Error::conflict("job", id, reason).into());
        }
        let account = self.opened(id.tenant())?;
        job.attempts = 0;
        job.cancel = false;
        self.enqueue(job, account)?;
        rows::job_update(self.connection, &filed, None)
    }

    /// REAP.
    pub(super) fn jobs_reap(&mut self, most: usize) -> Result<Reaped, Fault> {
        let moved = self.move_due()?;
        let mut reaped = Reaped { moved: moved as u64, ..Reaped::default() };
        let mut lapsed = Vec::new();
        {
            let mut statement = self.connection.prepare_cached(LAPSED_LEASES)?;
            let mut rows = statement.query(params![self.now.as_micros(), limit(most)])?;
            while let Some(row) = rows.next()? {
                lapsed.push(rows::job_from_row(row)?);
            }
        }
        reaped.more = lapsed.len() == most || moved == MOVE_LIMIT;
        for mut filed in lapsed {
            let job = &mut filed.job;
            let account = self.opened(job.id.tenant())?;
            let label = match () {
                () if job.cancel => "cancelled",
                () if job.attempts >= job.max_attempts => "dead",
                () => "retry",
            };
            self.unlease(job, account, MicroCredits::ZERO, RowKind::Reclaim, label)?;
            self.counts.recovered += 1;
            job.epoch = self.epoch_next();
            if label == "retry" {
                Self::delay(job, self.now + backoff(job.attempts, self.jitter()?), DelayReason::LeaseLapsed);
                rows::job_update(self.connection, &filed, None)?;
                reaped.requeued += 1;
            } else {
                job.result = Some(LAPSED.to_owned());
                self.end(&mut filed, label)?;
                reaped.dead += u64::from(label == "dead");
            }
        }
        reaped.turns = self.turns_reap(most)?;
        reaped.more |= self.prune()? || reaped.turns == most as u64;
        let lease: Option<i64> =
            self.connection.prepare_cached(NEXT_LEASE)?.query_row([], |row| row.get(0)).optional()?;
        let lease = lease.map(Timestamp::from_micros);
        reaped.next = [self.next_due()?, lease, self.next_turn()?].into_iter().flatten().min();
        Ok(reaped)
    }

    /// Forgets what was kept long enough, some at a time; whether there may be more.
    fn prune(&self) -> Result<bool, Fault> {
        let mut more = false;
        for sql in [PRUNE_PROMPTS, PRUNE_JOBS, PRUNE_KEYS, PRUNE_TURNS] {
            let removed = self.connection.prepare_cached(sql)?.execute(params![self.now.as_micros(), limit(PRUNE)])?;
            more |= removed == PRUNE;
        }
        Ok(more)
    }

    /// Sets how many leases there may be at once.
    pub(super) fn capacity_set(&mut self, capacity: u32) -> Result<(), Fault> {
        self.connection
            .prepare_cached("UPDATE partitions SET capacity = ?1 WHERE partition = 0")?
            .execute([stored(u64::from(capacity))?])?;
        Ok(())
    }
}
