//! Looking at jobs: lists, a partition's queue, a job's place, the sweep. Listings run on the blocking pool.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    super::store::{Fault, limit, number},
    desk::{Counts, Desk, next_due},
    rows::{self, job_columns},
    steps::NEXT_LEASE,
};
use crate::{
    clock::Timestamp,
    jobs::{Job, JobId, JobState},
    ports::jobs::{JobSettings, Place, QueueView, QueuedTenant, Swept, Waits},
    quota::{Account, Standing},
    tenant::TenantId,
};

macro_rules! list {
    ($index:literal, $filter:literal) => {
        concat!(
            "SELECT ",
            job_columns!(),
            " FROM jobs",
            $index,
            " WHERE ",
            $filter,
            " AND (expires_at IS NULL OR expires_at > ?1) ORDER BY tenant, serial LIMIT ?2"
        )
    };
}
pub(in super::super) const LIST: &str = list!("", "(tenant, serial) > (?3, ?4)");
pub(in super::super) const LIST_BY_TENANT: &str = list!("", "tenant = ?3 AND serial > ?4");
pub(in super::super) const LIST_BY_STATE: &str =
    list!(" INDEXED BY jobs_by_state", "state = ?5 AND (tenant, serial) > (?3, ?4)");
pub(in super::super) const LIST_BY_BOTH: &str =
    list!(" INDEXED BY jobs_by_state", "state = ?5 AND tenant = ?3 AND serial > ?4");
pub(in super::super) const READY_TENANTS: &str = "SELECT tenant FROM accounts INDEXED BY accounts_ready \
     WHERE standing = 'ready' ORDER BY tag, tenant LIMIT ?1";

/// The tenants of queued jobs, by name, at most so many: a search for each, however many jobs it has.
pub(in super::super) const QUEUED_BY_TENANT: &str = "WITH RECURSIVE waiting (tenant) AS (\
     SELECT min(tenant) FROM jobs INDEXED BY jobs_queued WHERE state = 'queued' \
     UNION ALL SELECT (SELECT min(tenant) FROM jobs INDEXED BY jobs_queued \
     WHERE state = 'queued' AND tenant > waiting.tenant) FROM waiting WHERE tenant IS NOT NULL LIMIT ?1) \
     SELECT tenant FROM waiting WHERE tenant IS NOT NULL";

/// Jobs in order of id.
pub(super) fn job_list(
    connection: &Connection,
    tenant: Option<&TenantId>,
    state: Option<&str>,
    after: Option<&JobId>,
    most: usize,
    now: Timestamp,
) -> Result<Vec<Job>, Fault> {
    let (sql, from, serial) = match (tenant, after) {
        // All ids of the tenant come before `after`.
        (Some(tenant), Some(after)) if after.tenant() > tenant => return Ok(Vec::new()),
        (Some(tenant), after) => {
            let after = after.filter(|after| after.tenant() == tenant);
            let sql = if state.is_some() { LIST_BY_BOTH } else { LIST_BY_TENANT };
            (sql, tenant.as_str(), after.map_or("", JobId::serial))
        }
        (None, after) => {
            let sql = if state.is_some() { LIST_BY_STATE } else { LIST };
            (sql, after.map_or("", |after| after.tenant().as_str()), after.map_or("", JobId::serial))
        }
    };
    let mut statement = connection.prepare_cached(sql)?;
    let (now, most) = (now.as_micros(), limit(most));
    let mut rows = match state {
        Some(state) => statement.query(params![now, most, from, serial, state])?,
        None => statement.query(params![now, most, from, serial])?,
    };
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(rows::job_from_row(row)?.job);
    }
    Ok(jobs)
}

fn queued(tenant: TenantId, account: &Account, waiting: u64) -> QueuedTenant {
    QueuedTenant {
        tenant,
        tag: account.tag,
        weight: account.quota.weight,
        standing: account.standing,
        waiting,
        running: account.running,
    }
}

fn count(connection: &Connection, sql: &str, params: &[&dyn rusqlite::ToSql]) -> Result<u64, Fault> {
    number(connection.prepare_cached(sql)?.query_row(params, |row| row.get(0))?)
}

/// The partition's queue.
pub(super) fn queue_view(connection: &Connection, settings: &JobSettings) -> Result<QueueView, Fault> {
    let counts = Counts::read(connection, settings)?;
    let delayed = count(connection, "SELECT count(*) FROM jobs INDEXED BY jobs_delayed WHERE state = 'delayed'", &[])?;
    let mut view = QueueView {
        capacity: counts.capacity,
        leases: counts.leases,
        clock: counts.clock,
        delayed: delayed
            + count(connection, "SELECT count(*) FROM accounts INDEXED BY accounts_parked WHERE until > 0", &[])?,
        next_due: next_due(connection)?,
        next_lease: connection
            .prepare_cached(NEXT_LEASE)?
            .query_row([], |row| row.get(0))
            .optional()?
            .map(Timestamp::from_micros),
        ready: Vec::new(),
        ready_count: count(
            connection,
            "SELECT count(*) FROM accounts INDEXED BY accounts_ready WHERE standing = 'ready'",
            &[],
        )?,
        held_back: Vec::new(),
        waits: Waits { delayed, ..Waits::default() },
        active_weight: 0,
        recovered: counts.recovered,
    };
    let mut statement = connection.prepare_cached(READY_TENANTS)?;
    let mut rows = statement.query([1_000])?;
    while let Some(row) = rows.next()? {
        let tenant: TenantId = rows::word(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        let Some((account, waiting)) = rows::account_find(connection, &tenant)? else { continue };
        view.active_weight += u64::from(account.quota.weight);
        if view.ready.len() < 100 {
            view.ready.push(queued(tenant, &account, waiting));
        }
    }
    waits(connection, &mut view)?;
    Ok(view)
}

/// Tenants whose waiting jobs are counted: of more, at least so many wait.
const COUNTED: usize = 1_000;

/// Whose jobs wait, and for what.
fn waits(connection: &Connection, view: &mut QueueView) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(QUEUED_BY_TENANT)?;
    let mut rows = statement.query([limit(COUNTED)])?;
    while let Some(row) = rows.next()? {
        let tenant: TenantId = rows::word(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
        let Some((account, waiting)) = rows::account_find(connection, &tenant)? else { continue };
        view.waits.count(account.standing, waiting);
        if account.standing != Standing::Ready && waiting > 0 && view.held_back.len() < 100 {
            view.held_back.push(queued(tenant, &account, waiting));
        }
    }
    Ok(())
}

/// Where a queued job stands.
pub(super) fn job_place(connection: &Connection, id: &JobId, now: Timestamp) -> Result<Option<Place>, Fault> {
    let Some(filed) = rows::job_find(connection, id, now)? else { return Ok(None) };
    let (JobState::Queued, Some((account, waiting))) = (&filed.job.state, rows::account_find(connection, id.tenant())?)
    else {
        return Ok(None);
    };
    let score = crate::fairness::waiting_score(filed.job.priority, filed.job.tag);
    let ahead_in_tenant = count(
        connection,
        "SELECT count(*) FROM jobs INDEXED BY jobs_queued \
         WHERE tenant = ?1 AND state = 'queued' AND (score, serial) < (?2, ?3)",
        params![id.tenant().as_str(), score, id.serial()],
    )?;
    let tenants_ahead = count(
        connection,
        "SELECT count(*) FROM accounts INDEXED BY accounts_ready \
         WHERE standing = 'ready' AND (tag, tenant) < (?1, ?2)",
        params![account.tag, id.tenant().as_str()],
    )?;
    Ok(Some(Place { ahead_in_tenant, tenants_ahead, tenant: queued(id.tenant().clone(), &account, waiting) }))
}

/// Tenants whose numbers do not agree with their jobs. Entries and leases are indices of the jobs themselves, so what can
/// disagree is what is counted beside them, and the standing.
const DAMAGED: &str = "WITH live AS (SELECT tenant, sum(state = 'queued') AS waiting, sum(state = 'running') AS running \
     FROM jobs INDEXED BY jobs_by_state WHERE state IN ('delayed', 'queued', 'running') GROUP BY tenant) \
     SELECT accounts.tenant FROM accounts LEFT JOIN live USING (tenant) \
     WHERE accounts.waiting <> coalesce(live.waiting, 0) OR accounts.running <> coalesce(live.running, 0) \
     OR (accounts.standing = 'idle') <> (coalesce(live.waiting, 0) = 0) \
     UNION SELECT tenant FROM live WHERE tenant NOT IN (SELECT tenant FROM accounts)";

/// How many jobs there are, and whose numbers are wrong.
pub(super) fn damaged(connection: &Connection) -> Result<(u64, Vec<TenantId>), Fault> {
    let jobs = count(connection, "SELECT count(*) FROM jobs", &[])?;
    let mut statement = connection.prepare_cached(DAMAGED)?;
    let mut rows = statement.query([])?;
    let mut tenants = Vec::new();
    while let Some(row) = rows.next()? {
        tenants.push(rows::word(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
    }
    Ok((jobs, tenants))
}

impl Desk<'_> {
    /// Sets one tenant's numbers and standing right.
    pub(super) fn tenant_mend(&mut self, tenant: &TenantId) -> Result<Swept, Fault> {
        let mut account = self.opened(tenant)?;
        let of = |state: &str| {
            let sql = "SELECT count(*) FROM jobs INDEXED BY jobs_by_state WHERE state = ?1 AND tenant = ?2";
            count(self.connection, sql, params![state, tenant.as_str()])
        };
        let (waiting, running) = (of("queued")?, of("running")?);
        let counted = self.waiting(tenant)?;
        let mut swept = Swept { orphans: counted.saturating_sub(waiting), ..Swept::default() };
        swept.unqueued = match account.standing {
            Standing::Idle => waiting,
            Standing::Ready | Standing::Capped | Standing::Parked(_) => waiting.saturating_sub(counted),
        };
        swept.unleased = running.saturating_sub(u64::from(account.running));
        account.running = u32::try_from(running).unwrap_or(u32::MAX);
        self.recount(tenant, waiting)?;
        if waiting == 0 {
            self.idle_if_empty(tenant, &mut account)?;
        } else if account.standing == Standing::Idle {
            self.rejoin(tenant, &mut account)?;
        }
        self.save(tenant, account)?;
        Ok(swept)
    }

    /// Sets the number of leases right.
    pub(super) fn leases_recount(&mut self) -> Result<(), Fault> {
        let sql = "SELECT count(*) FROM jobs INDEXED BY jobs_running WHERE state = 'running'";
        self.counts.leases = count(self.connection, sql, &[])?;
        Ok(())
    }
}
