//! How accounts and jobs lie in their tables.

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::super::{
    store::{Fault, number, stored},
    tenants::tenant_id,
};
use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::Error,
    fairness,
    jobs::{DelayReason, Job, JobEpoch, JobId, JobState},
    quota::{Account, Budget, Grant, Hold, Period, Quota, Standing, grants_parse, grants_text},
    tenant::TenantId,
};

/// A job and its row.
#[derive(Clone, Debug)]
pub(in super::super) struct Filed {
    pub(in super::super) row: i64,
    pub(in super::super) job: Job,
}

/// The columns in the order in which [`job_from_row`] reads them.
macro_rules! job_columns {
    () => {
        "row, tenant, serial, agent, cost, priority, max_attempts, submitted_at, state, until, reason, worker, attempts, \
         epoch, tag, hold, hold_grants, used, cancel, result"
    };
}
pub(super) use job_columns;

const JOB: &str = concat!(
    "SELECT ",
    job_columns!(),
    " FROM jobs WHERE tenant = ?1 AND serial = ?2 AND (expires_at IS NULL OR expires_at > ?3)"
);
/// A tenant's jobs in order of id, forgotten ones too.
pub(in super::super) const OF_TENANT: &str =
    concat!("SELECT ", job_columns!(), " FROM jobs WHERE tenant = ?1 ORDER BY serial LIMIT ?2");
const ACCOUNT: &str = "SELECT rate, burst, weight, max_running, budget_period, budget_limit, budget_hard, bucket, \
     refilled_at, remainder, grants, held, period, period_spent, noticed, running, standing, until, tag, used, used_at, \
     agent_clock, waiting, period_granted FROM accounts WHERE tenant = ?1";
const ACCOUNT_PUT: &str = "INSERT INTO accounts (tenant, rate, burst, weight, max_running, budget_period, budget_limit, \
     budget_hard, bucket, refilled_at, remainder, grants, held, period, period_spent, noticed, running, standing, until, \
     tag, used, used_at, agent_clock, waiting, period_granted) VALUES (:tenant, :rate, :burst, :weight, :max_running, :budget_period, \
     :budget_limit, :budget_hard, :bucket, :refilled_at, :remainder, :grants, :held, :period, :period_spent, :noticed, \
     :running, :standing, :until, :tag, :used, :used_at, :agent_clock, :waiting, :period_granted) \
     ON CONFLICT (tenant) DO UPDATE SET rate = :rate, burst = :burst, weight = :weight, max_running = :max_running, \
     budget_period = :budget_period, budget_limit = :budget_limit, budget_hard = :budget_hard, bucket = :bucket, \
     refilled_at = :refilled_at, remainder = :remainder, grants = :grants, held = :held, period = :period, \
     period_spent = :period_spent, noticed = :noticed, running = :running, standing = :standing, until = :until, \
     tag = :tag, used = :used, used_at = :used_at, agent_clock = :agent_clock, waiting = :waiting, \
     period_granted = :period_granted";
const JOB_INSERT: &str = "INSERT INTO jobs (tenant, serial, agent, cost, priority, max_attempts, submitted_at, state, \
     until, reason, worker, attempts, epoch, tag, score, hold, hold_grants, used, cancel) VALUES (:tenant, :serial, \
     :agent, :cost, :priority, :max_attempts, :submitted_at, :state, :until, :reason, :worker, :attempts, :epoch, :tag, \
     :score, :hold, :hold_grants, :used, :cancel)";
const JOB_UPDATE: &str = "UPDATE jobs SET state = :state, until = :until, reason = :reason, worker = :worker, \
     attempts = :attempts, epoch = :epoch, tag = :tag, score = :score, hold = :hold, hold_grants = :hold_grants, \
     used = :used, cancel = :cancel, expires_at = :expires_at, result = :result WHERE row = :row";

fn text<'r>(row: &'r Row<'_>, index: usize) -> Result<&'r str, Fault> {
    Ok(row.get_ref(index)?.as_str().map_err(rusqlite::Error::from)?)
}

fn small<T: TryFrom<i64>>(row: &Row<'_>, index: usize) -> Result<T, Fault> {
    let number: i64 = row.get(index)?;
    T::try_from(number).map_err(|_| Fault::Damaged(format!("{number} is out of bounds")))
}

fn credits(row: &Row<'_>, index: usize) -> Result<MicroCredits, Fault> {
    Ok(MicroCredits(row.get(index)?))
}

fn time(row: &Row<'_>, index: usize) -> Result<Timestamp, Fault> {
    Ok(Timestamp::from_micros(row.get(index)?))
}

/// Reads a list of grants.
pub(in super::super) fn grants(text: &str) -> Result<Vec<Grant>, Fault> {
    grants_parse(text).ok_or_else(|| Fault::Damaged(format!("{text:?} is no list of grants")))
}

/// Reads a word from outside that was checked before it was stored.
pub(in super::super) fn word<T: std::str::FromStr<Err = Error>>(text: &str) -> Result<T, Fault> {
    text.parse().map_err(|e: Error| Fault::Damaged(e.to_string()))
}

/// An account and the number of its waiting jobs.
pub(in super::super) fn account_find(
    connection: &Connection,
    tenant: &TenantId,
) -> Result<Option<(Account, u64)>, Fault> {
    let mut statement = connection.prepare_cached(ACCOUNT)?;
    let mut rows = statement.query([tenant.as_str()])?;
    rows.next()?.map(account_from_row).transpose()
}

fn account_from_row(row: &Row<'_>) -> Result<(Account, u64), Fault> {
    let budget = match row.get_ref(4)?.as_str_or_null().map_err(rusqlite::Error::from)? {
        None => None,
        Some(label) => Some(Budget {
            period: Period::from_label(label).ok_or_else(|| Fault::Damaged(format!("{label:?} is no period")))?,
            limit: credits(row, 5)?,
            hard: row.get(6)?,
        }),
    };
    let standing = text(row, 16)?;
    let standing = Standing::from_label(standing, row.get(17)?)
        .ok_or_else(|| Fault::Damaged(format!("{standing:?} is no standing")))?;
    let account = Account {
        quota: Quota {
            rate: credits(row, 0)?,
            burst: credits(row, 1)?,
            weight: small(row, 2)?,
            max_running: small(row, 3)?,
            budget,
        },
        bucket: credits(row, 7)?,
        refilled_at: time(row, 8)?,
        remainder: row.get(9)?,
        grants: grants(text(row, 10)?)?,
        held: credits(row, 11)?,
        period: row.get(12)?,
        period_spent: credits(row, 13)?,
        period_granted: credits(row, 23)?,
        noticed: small(row, 14)?,
        running: small(row, 15)?,
        standing,
        tag: row.get(18)?,
        used: row.get(19)?,
        used_at: time(row, 20)?,
        agent_clock: row.get(21)?,
    };
    Ok((account, number(row.get(22)?)?))
}

/// Writes an account.
pub(in super::super) fn account_put(
    connection: &Connection,
    tenant: &TenantId,
    account: &Account,
    waiting: u64,
) -> Result<(), Fault> {
    let budget = account.quota.budget;
    let until = match account.standing {
        Standing::Parked(blocked) => blocked.until().map_or(0, Timestamp::as_micros),
        Standing::Idle | Standing::Ready | Standing::Capped => 0,
    };
    connection.prepare_cached(ACCOUNT_PUT)?.execute(named_params! {
        ":tenant": tenant.as_str(),
        ":rate": account.quota.rate.0,
        ":burst": account.quota.burst.0,
        ":weight": account.quota.weight,
        ":max_running": account.quota.max_running,
        ":budget_period": budget.map(|budget| budget.period.label()),
        ":budget_limit": budget.map(|budget| budget.limit.0),
        ":budget_hard": budget.map(|budget| budget.hard),
        ":bucket": account.bucket.0,
        ":refilled_at": account.refilled_at.as_micros(),
        ":remainder": account.remainder,
        ":grants": grants_text(&account.grants),
        ":held": account.held.0,
        ":period": account.period,
        ":period_spent": account.period_spent.0,
        ":period_granted": account.period_granted.0,
        ":noticed": account.noticed,
        ":running": account.running,
        ":standing": account.standing.label(),
        ":until": until,
        ":tag": account.tag,
        ":used": account.used,
        ":used_at": account.used_at.as_micros(),
        ":agent_clock": account.agent_clock,
        ":waiting": stored(waiting)?,
    })?;
    Ok(())
}

/// One job, unless it is forgotten.
pub(in super::super) fn job_find(connection: &Connection, id: &JobId, now: Timestamp) -> Result<Option<Filed>, Fault> {
    let mut statement = connection.prepare_cached(JOB)?;
    let mut rows = statement.query(params![id.tenant().as_str(), id.serial(), now.as_micros()])?;
    rows.next()?.map(job_from_row).transpose()
}

/// Reads [`job_columns`].
pub(in super::super) fn job_from_row(row: &Row<'_>) -> Result<Filed, Fault> {
    let tenant = tenant_id(text(row, 1)?)?;
    let id = JobId::new(tenant, text(row, 2)?).map_err(|e| Fault::Damaged(e.to_string()))?;
    let at = time(row, 9)?;
    let state = match text(row, 8)? {
        "queued" => JobState::Queued,
        "delayed" => {
            let reason = text(row, 10)?;
            let reason = DelayReason::from_label(reason)
                .ok_or_else(|| Fault::Damaged(format!("job `{id}` is delayed for {reason:?}")))?;
            JobState::Delayed { until: at, reason }
        }
        "running" => JobState::Running { worker: word(text(row, 11)?)?, lease_until: at },
        "succeeded" => JobState::Succeeded { at },
        "dead" => JobState::Dead { at },
        "cancelled" => JobState::Cancelled { at },
        label => return Err(Fault::Damaged(format!("job `{id}` is {label:?}"))),
    };
    let job = Job {
        id,
        agent: word(text(row, 3)?)?,
        cost: credits(row, 4)?,
        priority: small(row, 5)?,
        max_attempts: small(row, 6)?,
        state,
        attempts: small(row, 12)?,
        epoch: JobEpoch(row.get(13)?),
        tag: row.get(14)?,
        hold: Hold { amount: credits(row, 15)?, grants: grants(text(row, 16)?)? },
        used: credits(row, 17)?,
        cancel: row.get(18)?,
        submitted_at: time(row, 7)?,
        result: row.get(19)?,
    };
    Ok(Filed { row: row.get(0)?, job })
}

/// What a state says beside its label.
struct StateColumns<'a> {
    until: i64,
    reason: Option<&'static str>,
    worker: Option<&'a str>,
}

impl<'a> StateColumns<'a> {
    fn of(state: &'a JobState) -> Self {
        let at = |at: &Timestamp| Self { until: at.as_micros(), reason: None, worker: None };
        match state {
            JobState::Queued => Self { until: 0, reason: None, worker: None },
            JobState::Delayed { until, reason } => Self { reason: Some(reason.label()), ..at(until) },
            JobState::Running { worker, lease_until } => Self { worker: Some(worker.as_str()), ..at(lease_until) },
            JobState::Succeeded { at: then } | JobState::Dead { at: then } | JobState::Cancelled { at: then } => {
                at(then)
            }
        }
    }
}

/// Writes a new job and its prompt.
pub(in super::super) fn job_insert(connection: &Connection, job: &Job, prompt: &str) -> Result<(), Fault> {
    let state = StateColumns::of(&job.state);
    connection.prepare_cached(JOB_INSERT)?.execute(named_params! {
        ":tenant": job.id.tenant().as_str(),
        ":serial": job.id.serial(),
        ":agent": job.agent.as_str(),
        ":cost": job.cost.0,
        ":priority": job.priority,
        ":max_attempts": job.max_attempts,
        ":submitted_at": job.submitted_at.as_micros(),
        ":state": job.state.label(),
        ":until": state.until,
        ":reason": state.reason,
        ":worker": state.worker,
        ":attempts": job.attempts,
        ":epoch": job.epoch.0,
        ":tag": job.tag,
        ":score": fairness::waiting_score(job.priority, job.tag),
        ":hold": job.hold.amount.0,
        ":hold_grants": grants_text(&job.hold.grants),
        ":used": job.used.0,
        ":cancel": job.cancel,
    })?;
    connection
        .prepare_cached("INSERT INTO job_prompts (row, prompt) VALUES (?1, ?2)")?
        .execute(params![connection.last_insert_rowid(), prompt])?;
    Ok(())
}

/// Writes what has changed of a job; once it ended, when it will be forgotten.
pub(in super::super) fn job_update(
    connection: &Connection,
    filed: &Filed,
    expires_at: Option<Timestamp>,
) -> Result<(), Fault> {
    let job = &filed.job;
    let state = StateColumns::of(&job.state);
    connection.prepare_cached(JOB_UPDATE)?.execute(named_params! {
        ":row": filed.row,
        ":state": job.state.label(),
        ":until": state.until,
        ":reason": state.reason,
        ":worker": state.worker,
        ":attempts": job.attempts,
        ":epoch": job.epoch.0,
        ":tag": job.tag,
        ":score": fairness::waiting_score(job.priority, job.tag),
        ":hold": job.hold.amount.0,
        ":hold_grants": grants_text(&job.hold.grants),
        ":used": job.used.0,
        ":cancel": job.cancel,
        ":expires_at": expires_at.map(Timestamp::as_micros),
        ":result": job.result,
    })?;
    if matches!(job.state, JobState::Succeeded { .. }) {
        connection.prepare_cached("DELETE FROM job_prompts WHERE row = ?1")?.execute([filed.row])?;
    }
    Ok(())
}

/// What a job's agent is told.
pub(in super::super) fn job_prompt(connection: &Connection, row: i64) -> Result<Option<String>, Fault> {
    Ok(connection
        .prepare_cached("SELECT prompt FROM job_prompts WHERE row = ?1")?
        .query_row([row], |row| row.get(0))
        .optional()?)
}

/// Removes a job and its prompt.
pub(in super::super) fn job_remove(connection: &Connection, row: i64) -> Result<(), Fault> {
    connection.prepare_cached("DELETE FROM job_prompts WHERE row = ?1")?.execute([row])?;
    connection.prepare_cached("DELETE FROM jobs WHERE row = ?1")?.execute([row])?;
    Ok(())
}
