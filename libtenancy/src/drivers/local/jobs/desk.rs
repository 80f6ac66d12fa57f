//! The partition at work: what one transaction reads, and what it writes back.
//!
//! Owns the cache of the accounts that a transaction touches, the order of the queue, and the rows for the ledger. Its
//! methods carry the names of those of [`crate::partition::Partition`], which they equal; what is decided, is decided by
//! the same functions (`Account`, `fairness`, `jobs::backoff`). The steps are in `steps`, turns and accounts in `quotas`.
//!
//! A step that refuses has changed nothing: it checks before it writes, so one of a batch can fail alone. A fault of
//! the store undoes the whole transaction.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::store::{Fault, limit, number, stored},
    rows::{self, Filed},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    fairness,
    jobs::{AgentId, DelayReason, Job, JobEpoch, JobId, JobState, KEEP_DEAD, KEEP_FINISHED},
    ledger::{After, Row, RowKind},
    partition::MOVE_LIMIT,
    ports::jobs::JobSettings,
    quota::{Account, Deltas, Standing},
    tenant::TenantId,
};

pub(in super::super) const READY: &str = "SELECT tenant FROM accounts INDEXED BY accounts_ready \
     WHERE standing = 'ready' ORDER BY tag, tenant LIMIT 1";
pub(in super::super) const DUE_JOBS: &str = "SELECT until, tenant || '.' || serial FROM jobs INDEXED BY jobs_delayed \
     WHERE state = 'delayed' AND until <= ?1 ORDER BY until, tenant || '.' || serial LIMIT ?2";
pub(in super::super) const DUE_TENANTS: &str = "SELECT until, tenant FROM accounts INDEXED BY accounts_parked \
     WHERE until > 0 AND until <= ?1 ORDER BY until, tenant LIMIT ?2";
pub(in super::super) const NEXT_JOB: &str =
    "SELECT until FROM jobs INDEXED BY jobs_delayed WHERE state = 'delayed' ORDER BY until LIMIT 1";
pub(in super::super) const NEXT_TENANT: &str =
    "SELECT until FROM accounts INDEXED BY accounts_parked WHERE until > 0 ORDER BY until LIMIT 1";

/// What the steps of a store are told beside their arguments.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Terms {
    pub(in super::super) settings: JobSettings,
    /// Thousandths taken off every pause; random if `None`.
    pub(in super::super) jitter: Option<u32>,
    /// The highest sequence number that this process has seen.
    pub(in super::super) seen: u64,
}

/// What a partition counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Counts {
    pub(in super::super) capacity: u32,
    pub(in super::super) incarnation: u64,
    pub(in super::super) seq: u64,
    pub(in super::super) clock: i64,
    pub(in super::super) epoch: JobEpoch,
    pub(in super::super) leases: u64,
    pub(in super::super) recovered: u64,
}

impl Counts {
    /// Reads them.
    pub(in super::super) fn read(connection: &Connection, settings: &JobSettings) -> Result<Self, Fault> {
        let mut statement = connection.prepare_cached(
            "SELECT capacity, incarnation, seq, clock, epoch, leases, recovered FROM partitions WHERE partition = 0",
        )?;
        let mut rows = statement.query([])?;
        let row = rows.next()?.ok_or_else(|| Fault::Damaged("the partition is missing".to_owned()))?;
        let capacity: Option<u32> = row.get(0)?;
        Ok(Self {
            capacity: capacity.unwrap_or(settings.capacity),
            incarnation: number(row.get(1)?)?,
            seq: number(row.get(2)?)?,
            clock: row.get(3)?,
            epoch: JobEpoch(row.get(4)?),
            leases: number(row.get(5)?)?,
            recovered: number(row.get(6)?)?,
        })
    }
}

/// An account as the transaction has it.
#[derive(Clone, Debug)]
struct Seat {
    account: Account,
    waiting: u64,
    written: bool,
}

/// What a transaction has done, for those who wait.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Done {
    /// The last sequence number.
    pub(in super::super) seq: u64,
    /// Whether there are new rows.
    pub(in super::super) rows: bool,
    /// How many jobs or tenants may now have a turn.
    pub(in super::super) work: usize,
}

/// What a row says beside the account and the deltas.
pub(in super::super) struct About<'a> {
    pub(in super::super) kind: RowKind,
    pub(in super::super) agent: Option<&'a AgentId>,
    pub(in super::super) reference: &'a str,
    pub(in super::super) attempt: u32,
    pub(in super::super) quantity: i64,
    pub(in super::super) label: &'a str,
}

impl<'a> About<'a> {
    pub(in super::super) fn account(kind: RowKind, label: &'a str) -> Self {
        Self { kind, agent: None, reference: "", attempt: 0, quantity: 0, label }
    }

    pub(in super::super) fn job(kind: RowKind, job: &'a Job, label: &'a str) -> Self {
        Self {
            agent: Some(&job.agent),
            reference: job.id.serial(),
            attempt: job.attempts,
            ..Self::account(kind, label)
        }
    }

    pub(in super::super) fn turn(kind: RowKind, agent: &'a AgentId, reference: &'a str, label: &'a str) -> Self {
        Self { agent: Some(agent), reference, ..Self::account(kind, label) }
    }
}

/// One transaction's view of the partition.
pub(in super::super) struct Desk<'c> {
    pub(in super::super) connection: &'c Connection,
    pub(in super::super) now: Timestamp,
    pub(in super::super) terms: Terms,
    pub(in super::super) counts: Counts,
    before: Counts,
    seats: HashMap<TenantId, Option<Seat>>,
    work: usize,
}

impl<'c> Desk<'c> {
    /// Opens the partition in a transaction, whatever was seen of it.
    pub(in super::super) fn open(connection: &'c Connection, terms: Terms, now: Timestamp) -> Result<Self, Fault> {
        let counts = Counts::read(connection, &terms.settings)?;
        Ok(Self { connection, now, terms, before: counts.clone(), counts, seats: HashMap::new(), work: 0 })
    }

    /// `Behind` if the store forgot what this process has seen.
    pub(in super::super) fn not_behind(&self) -> Result<(), Fault> {
        if self.counts.seq < self.terms.seen { Err(Error::Behind { partition: 0 }.into()) } else { Ok(()) }
    }

    /// Writes back what has changed.
    pub(in super::super) fn close(mut self) -> Result<Done, Fault> {
        self.flush()?;
        if self.counts != self.before {
            let counts = &self.counts;
            self.connection
                .prepare_cached(
                    "UPDATE partitions SET incarnation = ?1, seq = ?2, clock = ?3, epoch = ?4, leases = ?5, \
                     recovered = ?6 WHERE partition = 0",
                )?
                .execute(params![
                    stored(counts.incarnation)?,
                    stored(counts.seq)?,
                    counts.clock,
                    counts.epoch.0,
                    stored(counts.leases)?,
                    stored(counts.recovered)?,
                ])?;
        }
        let freed = self.counts.leases < self.before.leases;
        Ok(Done { seq: self.counts.seq, rows: self.counts.seq > self.before.seq, work: self.work + usize::from(freed) })
    }

    /// Writes back the accounts, so that queries see them.
    pub(in super::super) fn flush(&mut self) -> Result<(), Fault> {
        for (tenant, seat) in &mut self.seats {
            if let Some(seat) = seat.as_mut().filter(|seat| !seat.written) {
                rows::account_put(self.connection, tenant, &seat.account, seat.waiting)?;
                seat.written = true;
            }
        }
        Ok(())
    }

    fn seat(&mut self, tenant: &TenantId) -> Result<Option<&mut Seat>, Fault> {
        if !self.seats.contains_key(tenant) {
            let found = rows::account_find(self.connection, tenant)?;
            let seat = found.map(|(account, waiting)| Seat { account, waiting, written: true });
            self.seats.insert(tenant.clone(), seat);
        }
        Ok(self.seats.get_mut(tenant).and_then(Option::as_mut))
    }

    /// The account as it is.
    pub(in super::super) fn account(&mut self, tenant: &TenantId) -> Result<Option<Account>, Fault> {
        Ok(self.seat(tenant)?.map(|seat| seat.account.clone()))
    }

    /// The account, or the one that a first use would open.
    pub(in super::super) fn would_be(&mut self, tenant: &TenantId) -> Result<Account, Fault> {
        let (quota, now) = (self.terms.settings.default_quota, self.now);
        Ok(self.account(tenant)?.unwrap_or_else(|| Account::open(quota, now).0))
    }

    /// The account, opened if it is not there.
    pub(in super::super) fn opened(&mut self, tenant: &TenantId) -> Result<Account, Fault> {
        if let Some(account) = self.account(tenant)? {
            return Ok(account);
        }
        let (account, deltas) = Account::open(self.terms.settings.default_quota.opening(tenant), self.now);
        self.save(tenant, account.clone())?;
        self.book(tenant, &About::account(RowKind::Opening, ""), deltas)?;
        Ok(account)
    }

    pub(in super::super) fn save(&mut self, tenant: &TenantId, account: Account) -> Result<(), Fault> {
        match self.seat(tenant)? {
            Some(seat) => (seat.account, seat.written) = (account, false),
            None => {
                self.seats.insert(tenant.clone(), Some(Seat { account, waiting: 0, written: false }));
            }
        }
        Ok(())
    }

    /// Removes the account.
    pub(in super::super) fn account_remove(&mut self, tenant: &TenantId) -> Result<(), Fault> {
        self.seats.insert(tenant.clone(), None);
        self.connection.prepare_cached("DELETE FROM accounts WHERE tenant = ?1")?.execute([tenant.as_str()])?;
        Ok(())
    }

    /// Writes a row for the ledger; the account was saved before.
    pub(in super::super) fn book(&mut self, tenant: &TenantId, about: &About<'_>, deltas: Deltas) -> Result<(), Fault> {
        let after = self.seat(tenant)?.map(|seat| After::from(&seat.account)).unwrap_or_default();
        self.counts.seq += 1;
        let row = Row {
            incarnation: self.counts.incarnation,
            seq: self.counts.seq,
            at: self.now,
            kind: about.kind,
            tenant: tenant.clone(),
            agent: about.agent.cloned(),
            reference: about.reference.to_owned(),
            attempt: about.attempt,
            deltas,
            quantity: about.quantity,
            label: about.label.to_owned(),
            after,
        };
        self.connection
            .prepare_cached("INSERT INTO outbox (seq, row) VALUES (?1, ?2)")?
            .execute(params![stored(row.seq)?, row.text()])?;
        Ok(())
    }

    /// The next epoch.
    pub(in super::super) fn epoch_next(&mut self) -> JobEpoch {
        self.counts.epoch = self.counts.epoch.next(self.now);
        self.counts.epoch
    }

    /// The jitter of a pause.
    pub(in super::super) fn jitter(&self) -> Result<u32, Fault> {
        match self.terms.jitter {
            Some(jitter) => Ok(jitter),
            None => Ok(u32::from_le_bytes(crate::secret::random_bytes()?) % 1_000),
        }
    }

    // --- the queue ----------------------------------------------------------------------------------------------------

    /// How many of the tenant's jobs wait for their turn.
    pub(in super::super) fn waiting(&mut self, tenant: &TenantId) -> Result<u64, Fault> {
        Ok(self.seat(tenant)?.map_or(0, |seat| seat.waiting))
    }

    fn has_waiting(&mut self, tenant: &TenantId) -> Result<bool, Fault> {
        Ok(self.waiting(tenant)? > 0)
    }

    /// A queued job is queued no more; its row is written by the caller.
    pub(in super::super) fn unqueue(&mut self, tenant: &TenantId) -> Result<(), Fault> {
        if let Some(seat) = self.seat(tenant)? {
            (seat.waiting, seat.written) = (seat.waiting.saturating_sub(1), false);
        }
        Ok(())
    }

    /// Sets the number of waiting jobs right.
    pub(in super::super) fn recount(&mut self, tenant: &TenantId, waiting: u64) -> Result<(), Fault> {
        if let Some(seat) = self.seat(tenant)? {
            (seat.waiting, seat.written) = (waiting, false);
        }
        Ok(())
    }

    fn set_ready(&mut self, account: &mut Account) {
        account.standing = Standing::Ready;
        self.work += 1;
    }

    /// A capped or parked tenant takes its turn again, or is idle if nothing waits.
    pub(in super::super) fn rejoin(&mut self, tenant: &TenantId, account: &mut Account) -> Result<(), Fault> {
        if self.has_waiting(tenant)? {
            account.tag = account.tag.max(self.counts.clock);
            self.set_ready(account);
        } else {
            account.standing = Standing::Idle;
        }
        Ok(())
    }

    /// More is allowed than before, perhaps: whoever was held back takes its turn again.
    pub(in super::super) fn reconsider(&mut self, tenant: &TenantId, account: &mut Account) -> Result<(), Fault> {
        match account.standing {
            Standing::Capped | Standing::Parked(_) => self.rejoin(tenant, account),
            Standing::Idle | Standing::Ready => Ok(()),
        }
    }

    /// The tenant's waiting set may have become empty. Does not save the account.
    pub(in super::super) fn idle_if_empty(&mut self, tenant: &TenantId, account: &mut Account) -> Result<(), Fault> {
        if self.has_waiting(tenant)? {
            return Ok(());
        }
        self.connection.prepare_cached("DELETE FROM agent_tags WHERE tenant = ?1")?.execute([tenant.as_str()])?;
        account.standing = Standing::Idle;
        Ok(())
    }

    /// [`Self::idle_if_empty`] of the account as it is, saved.
    pub(in super::super) fn idle_now_if_empty(&mut self, tenant: &TenantId) -> Result<(), Fault> {
        if let Some(mut account) = self.account(tenant)? {
            self.idle_if_empty(tenant, &mut account)?;
            self.save(tenant, account)?;
        }
        Ok(())
    }

    /// A job joins its tenant's waiting set. It keeps the tag it once had. Saves the account; the job's row is written by
    /// the caller.
    pub(in super::super) fn enqueue(&mut self, job: &mut Job, mut account: Account) -> Result<(), Fault> {
        let tenant = job.id.tenant().clone();
        if job.tag < 0 {
            let last: Option<i64> = self
                .connection
                .prepare_cached("SELECT ends FROM agent_tags WHERE tenant = ?1 AND agent = ?2")?
                .query_row([tenant.as_str(), job.agent.as_str()], |row| row.get(0))
                .optional()?;
            let (tag, ends) = fairness::agent_tag(account.agent_clock, last.unwrap_or(0), job.cost);
            job.tag = tag;
            self.connection
                .prepare_cached(
                    "INSERT INTO agent_tags (tenant, agent, ends) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (tenant, agent) DO UPDATE SET ends = ?3",
                )?
                .execute(params![tenant.as_str(), job.agent.as_str(), ends])?;
        }
        job.state = JobState::Queued;
        match account.standing {
            Standing::Idle => {
                account.woken(self.counts.clock, self.now);
                account.standing = Standing::Ready;
            }
            Standing::Parked(_) => {
                // It was the job that is second now which could not be paid.
                let place = |job: &Job| (fairness::waiting_score(job.priority, job.tag), job.id.clone());
                if self.first_queued(&tenant)?.is_none_or(|first| place(job) < place(&first.job)) {
                    account.tag = account.tag.max(self.counts.clock);
                    account.standing = Standing::Ready;
                }
            }
            Standing::Capped | Standing::Ready => {}
        }
        self.work += 1;
        self.save(&tenant, account)?;
        if let Some(seat) = self.seat(&tenant)? {
            seat.waiting += 1;
        }
        Ok(())
    }

    pub(in super::super) fn delay(job: &mut Job, until: Timestamp, reason: DelayReason) {
        job.state = JobState::Delayed { until, reason };
    }

    /// Moves what is due: delayed jobs into their waiting sets, parked tenants into the order. How many.
    pub(in super::super) fn move_due(&mut self) -> Result<usize, Fault> {
        self.flush()?;
        let mut due: Vec<(i64, String)> = Vec::new();
        for sql in [DUE_JOBS, DUE_TENANTS] {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![self.now.as_micros(), limit(MOVE_LIMIT)])?;
            while let Some(row) = rows.next()? {
                due.push((row.get(0)?, row.get(1)?));
            }
        }
        due.sort_unstable();
        due.truncate(MOVE_LIMIT);
        for (_, name) in &due {
            if name.contains('.') {
                let id: JobId = rows::word(name)?;
                let Some(mut filed) = self.job(&id)? else { continue };
                // A job without an account is the sweep's.
                let account = self.opened(id.tenant())?;
                self.enqueue(&mut filed.job, account)?;
                rows::job_update(self.connection, &filed, None)?;
            } else {
                let tenant: TenantId = rows::word(name)?;
                let Some(mut account) = self.account(&tenant)? else { continue };
                if matches!(account.standing, Standing::Parked(_)) {
                    self.rejoin(&tenant, &mut account)?;
                    self.save(&tenant, account)?;
                }
            }
        }
        Ok(due.len())
    }

    /// When the next delayed job or parked tenant is due.
    pub(in super::super) fn next_due(&mut self) -> Result<Option<Timestamp>, Fault> {
        self.flush()?;
        next_due(self.connection)
    }

    /// The tenant that is next.
    pub(in super::super) fn next_ready(&mut self) -> Result<Option<TenantId>, Fault> {
        self.flush()?;
        let tenant: Option<String> =
            self.connection.prepare_cached(READY)?.query_row([], |row| row.get(0)).optional()?;
        tenant.map(|tenant| rows::word(&tenant)).transpose()
    }

    /// One job, unless it is forgotten.
    pub(in super::super) fn job(&self, id: &JobId) -> Result<Option<Filed>, Fault> {
        rows::job_find(self.connection, id, self.now)
    }

    /// A job is over, and is written.
    pub(in super::super) fn end(&self, filed: &mut Filed, label: &str) -> Result<(), Fault> {
        let at = self.now;
        let (state, keep) = match label {
            "succeeded" => (JobState::Succeeded { at }, KEEP_FINISHED),
            "cancelled" => (JobState::Cancelled { at }, KEEP_FINISHED),
            _ => (JobState::Dead { at }, KEEP_DEAD),
        };
        filed.job.state = state;
        rows::job_update(self.connection, filed, Some(at + keep))
    }
}

/// When the next delayed job or parked tenant is due.
pub(in super::super) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, Fault> {
    let mut next: Option<i64> = None;
    for sql in [NEXT_JOB, NEXT_TENANT] {
        let at: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
        next = [next, at].into_iter().flatten().min();
    }
    Ok(next.map(Timestamp::from_micros))
}
