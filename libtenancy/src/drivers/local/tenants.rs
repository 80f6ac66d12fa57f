//! The registry of tenants in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::store::{Fault, Store, from_json, limit, number, stored, to_json};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    labels::Labels,
    ports::tenants::{Filter, Page, SettingsPatch, Tenants},
    schedule::Schedules,
    secret::Sealed,
    tenant::{Agent, Bot, BotId, Generation, Lifecycle, Settings, Status, StopReason, Tenant, TenantId},
};

/// The columns in the order in which [`tenant_from_row`] reads them.
macro_rules! columns {
    () => {
        "id, status, generation, since, created_at, last_active_at, idle_timeout_us, suspended, bot_id, \
         bot_token_sealed, webhook_secret_sealed, webhook_url, agent, stop_reason, keep_state, snapshot, last_wake, \
         labels, schedules"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO tenants (",
    columns!(),
    ") VALUES (:id, :status, :generation, :since, :created_at, :last_active_at, :idle_timeout, :suspended, :bot_id, \
     :bot_token, :webhook_secret, :webhook_url, :agent, :stop_reason, :keep_state, :snapshot, :last_wake, :labels, \
     :schedules) \
     ON CONFLICT (id) DO NOTHING"
);
const SELECT: &str = concat!("SELECT ", columns!(), " FROM tenants WHERE id = ?1");
const TRANSITION: &str = "UPDATE tenants SET status = :status, generation = :generation, since = :since, \
     agent = :agent, stop_reason = :stop_reason, keep_state = :keep_state, snapshot = :snapshot, \
     last_wake = :last_wake WHERE id = :id AND generation = :expected";
const CONFIGURE: &str = concat!(
    "UPDATE tenants SET idle_timeout_us = coalesce(:idle_timeout, idle_timeout_us), \
     suspended = iif(:set_suspended, :suspended, suspended), \
     bot_id = iif(:set_bot, :bot_id, bot_id), \
     bot_token_sealed = iif(:set_bot, :bot_token, bot_token_sealed), \
     webhook_secret_sealed = iif(:set_bot, :webhook_secret, webhook_secret_sealed), \
     webhook_url = iif(:set_bot, :webhook_url, webhook_url), \
     labels = coalesce(:labels, labels), schedules = coalesce(:schedules, schedules) \
     WHERE id = :id RETURNING ",
    columns!()
);
pub(super) const LIST: &str = concat!("SELECT ", columns!(), " FROM tenants WHERE id > ?1 ORDER BY id LIMIT ?2");
pub(super) const LIST_ACTIVE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tenants INDEXED BY tenants_active WHERE status <> 'idle' AND id > ?1 ORDER BY id LIMIT ?2"
);
pub(super) const LIST_BY_STATUS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tenants INDEXED BY tenants_by_status WHERE status = ?3 AND id > ?1 ORDER BY id LIMIT ?2"
);
pub(super) const LIST_SCHEDULED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tenants INDEXED BY tenants_scheduled WHERE schedules <> '{}' AND id > ?1 ORDER BY id LIMIT ?2"
);
pub(super) const COUNTS: &str = "SELECT status, count(*) FROM tenants INDEXED BY tenants_by_status GROUP BY status";

/// A lifecycle's columns beside generation and `since`.
struct LifecycleColumns {
    agent: Option<String>,
    stop_reason: Option<String>,
    keep_state: Option<bool>,
    snapshot: Option<String>,
    last_wake: Option<String>,
}

impl LifecycleColumns {
    fn of(lifecycle: &Lifecycle) -> Result<Self> {
        let stop_reason = match &lifecycle.status {
            Status::Idle { reason } => reason.as_ref(),
            Status::Stopping { reason, .. } => Some(reason),
            Status::Provisioning | Status::Running { .. } | Status::Terminated { .. } => None,
        };
        Ok(Self {
            agent: lifecycle.status.agent().map(to_json).transpose()?,
            stop_reason: stop_reason.map(to_json).transpose()?,
            keep_state: match lifecycle.status {
                Status::Terminated { keep_state } => Some(keep_state),
                Status::Idle { .. } | Status::Provisioning | Status::Running { .. } | Status::Stopping { .. } => None,
            },
            snapshot: lifecycle.snapshot.as_ref().map(to_json).transpose()?,
            last_wake: lifecycle.last_wake.as_ref().map(to_json).transpose()?,
        })
    }
}

fn micros(duration: std::time::Duration) -> Result<i64> {
    stored(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

pub(super) fn tenant_id(text: &str) -> Result<TenantId, Fault> {
    text.parse().map_err(|e: Error| Fault::Damaged(e.to_string()))
}

fn status_from(label: &str, agent: Option<Agent>, reason: Option<StopReason>, keep: Option<bool>) -> Option<Status> {
    Some(match (label, agent, reason, keep) {
        ("idle", _, reason, _) => Status::Idle { reason },
        ("provisioning", ..) => Status::Provisioning,
        ("running", Some(agent), ..) => Status::Running { agent },
        ("stopping", Some(agent), Some(reason), _) => Status::Stopping { agent, reason },
        ("terminated", _, _, Some(keep_state)) => Status::Terminated { keep_state },
        _ => return None,
    })
}

fn tenant_from_row(row: &Row<'_>) -> Result<Tenant, Fault> {
    fn composite<T: serde::de::DeserializeOwned>(row: &Row<'_>, index: usize, name: &str) -> Result<Option<T>, Fault> {
        let text = row.get_ref(index)?.as_str_or_null().map_err(rusqlite::Error::from)?;
        text.map(|text| from_json(name, text)).transpose()
    }
    let id = tenant_id(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?;
    let label = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
    let agent = composite(row, 12, "agent")?;
    let reason = composite(row, 13, "stop_reason")?;
    let status = status_from(label, agent, reason, row.get(14)?)
        .ok_or_else(|| Fault::Damaged(format!("tenant `{id}` is `{label}` without what belongs to it")))?;
    let bot = match (row.get(8)?, row.get(9)?, row.get(10)?) {
        (Some(bot_id), Some(token), Some(webhook_secret)) => Some(Bot {
            id: BotId(bot_id),
            token: Sealed(token),
            webhook_secret: Sealed(webhook_secret),
            webhook_url: row.get(11)?,
        }),
        _ => None,
    };
    Ok(Tenant {
        id,
        created_at: Timestamp::from_micros(row.get(4)?),
        last_active_at: Timestamp::from_micros(row.get(5)?),
        settings: Settings {
            idle_timeout: std::time::Duration::from_micros(number(row.get(6)?)?),
            bot,
            suspended: row.get(7)?,
            labels: composite(row, 17, "labels")?.unwrap_or_default(),
            schedules: composite(row, 18, "schedules")?.unwrap_or_default(),
        },
        lifecycle: Lifecycle {
            generation: Generation(number(row.get(2)?)?),
            status,
            since: Timestamp::from_micros(row.get(3)?),
            snapshot: composite(row, 15, "snapshot")?,
            last_wake: composite(row, 16, "last_wake")?,
        },
    })
}

fn not_found(id: &TenantId) -> Fault {
    Error::not_found("tenant", id).into()
}

/// Why a conditional write on the generation changed nothing.
fn lost(connection: &Connection, id: &TenantId, expected: Generation) -> Fault {
    let found = connection
        .prepare_cached("SELECT generation FROM tenants WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id.as_str()], |row| row.get::<_, i64>(0)).optional());
    match found {
        Ok(Some(found)) => {
            Error::conflict("tenant", id, format!("generation {expected} was expected, {found} was found")).into()
        }
        Ok(None) => not_found(id),
        Err(e) => e.into(),
    }
}

/// Refuses a bot that another tenant has.
fn bot_is_free(connection: &Connection, tenant: &TenantId, bot: Option<&Bot>) -> Result<(), Fault> {
    let Some(bot) = bot else { return Ok(()) };
    let holder: Option<String> = connection
        .prepare_cached("SELECT id FROM tenants INDEXED BY tenants_bot WHERE bot_id = ?1 AND id <> ?2")?
        .query_row(rusqlite::params![bot.id.0, tenant.as_str()], |row| row.get(0))
        .optional()?;
    match holder {
        None => Ok(()),
        Some(holder) => Err(Error::conflict("bot", bot.id, format!("tenant `{holder}` has it")).into()),
    }
}

/// What a tenant's labels and its schedules become; `None` for what stays.
fn named_changed(
    connection: &Connection,
    id: &TenantId,
    patch: &SettingsPatch,
) -> Result<(Option<String>, Option<String>), Fault> {
    if patch.labels.is_empty() && patch.schedules.is_empty() {
        return Ok((None, None));
    }
    let mut statement = connection.prepare_cached("SELECT labels, schedules FROM tenants WHERE id = ?1")?;
    let stored: Option<(String, String)> =
        statement.query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((labels, schedules)) = stored else { return Err(not_found(id)) };
    let labels = (!patch.labels.is_empty())
        .then(|| to_json(&from_json::<Labels>("labels", &labels)?.changed(&patch.labels)?).map_err(Fault::from))
        .transpose()?;
    let schedules = (!patch.schedules.is_empty())
        .then(|| {
            let schedules: Schedules = from_json("schedules", &schedules)?;
            to_json(&schedules.changed(&patch.schedules)?).map_err(Fault::from)
        })
        .transpose()?;
    Ok((labels, schedules))
}

#[async_trait]
impl Tenants for Store {
    async fn tenant_create(&self, tenant: &Tenant) -> Result<()> {
        let columns = LifecycleColumns::of(&tenant.lifecycle)?;
        let generation = stored(tenant.lifecycle.generation.0)?;
        let idle_timeout = micros(tenant.settings.idle_timeout)?;
        let labels = to_json(&tenant.settings.labels)?;
        let schedules = to_json(&tenant.settings.schedules)?;
        let tenant = tenant.clone();
        self.write(move |connection| {
            let bot = tenant.settings.bot.as_ref();
            bot_is_free(connection, &tenant.id, bot)?;
            let inserted = connection.prepare_cached(INSERT)?.execute(named_params! {
                ":id": tenant.id.as_str(),
                ":status": tenant.lifecycle.status.label(),
                ":generation": generation,
                ":since": tenant.lifecycle.since.as_micros(),
                ":created_at": tenant.created_at.as_micros(),
                ":last_active_at": tenant.last_active_at.as_micros(),
                ":idle_timeout": idle_timeout,
                ":suspended": tenant.settings.suspended,
                ":bot_id": bot.map(|bot| bot.id.0),
                ":bot_token": bot.map(|bot| &bot.token.0),
                ":webhook_secret": bot.map(|bot| &bot.webhook_secret.0),
                ":webhook_url": bot.and_then(|bot| bot.webhook_url.as_ref()),
                ":agent": columns.agent,
                ":stop_reason": columns.stop_reason,
                ":keep_state": columns.keep_state,
                ":snapshot": columns.snapshot,
                ":last_wake": columns.last_wake,
                ":labels": labels,
                ":schedules": schedules,
            })?;
            if inserted == 0 {
                return Err(Error::AlreadyExists { what: "tenant", name: tenant.id.to_string() }.into());
            }
            Ok(())
        })
        .await
    }

    async fn tenant_get(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(SELECT)?;
            let mut rows = statement.query([id.as_str()])?;
            rows.next()?.map(tenant_from_row).transpose()
        })
    }

    async fn tenant_list(&self, filter: &Filter, after: Option<&TenantId>, limit_rows: usize) -> Result<Page<Tenant>> {
        filter.checked()?;
        let status = filter.status.clone();
        if filter.active && status.as_deref() == Some("idle") {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let (active, scheduled) = (filter.active, filter.scheduled);
        // No id sorts before the empty text.
        let after = after.map(|id| id.as_str().to_owned()).unwrap_or_default();
        let wanted = limit_rows.max(1);
        self.scan(move |connection| {
            let rows = limit(wanted.saturating_add(1));
            let mut items = Vec::with_capacity(wanted.min(1_024));
            let mut collect = |sql: &str, params: &[&dyn rusqlite::ToSql]| -> Result<(), Fault> {
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query(params)?;
                while let Some(row) = rows.next()? {
                    items.push(tenant_from_row(row)?);
                }
                Ok(())
            };
            match &status {
                None if scheduled => collect(LIST_SCHEDULED, params![after, rows])?,
                Some(status) => collect(LIST_BY_STATUS, params![after, rows, status])?,
                None if active => collect(LIST_ACTIVE, params![after, rows])?,
                None => collect(LIST, params![after, rows])?,
            }
            let more = items.len() > wanted;
            items.truncate(wanted);
            let next = if more { items.last().map(|tenant| tenant.id.clone()) } else { None };
            Ok(Page { items, next })
        })
        .await
    }

    async fn tenant_transition(&self, id: &TenantId, expected: Generation, next: &Lifecycle) -> Result<()> {
        if next.generation <= expected {
            return Err(Error::internal(format!(
                "the transition of tenant `{id}` from generation {expected} to {} goes back",
                next.generation
            )));
        }
        let columns = LifecycleColumns::of(next)?;
        let (generation, condition) = (stored(next.generation.0)?, stored(expected.0)?);
        let (status, since) = (next.status.label(), next.since.as_micros());
        let id = id.clone();
        self.write(move |connection| {
            let changed = connection.prepare_cached(TRANSITION)?.execute(named_params! {
                ":id": id.as_str(),
                ":expected": condition,
                ":status": status,
                ":generation": generation,
                ":since": since,
                ":agent": columns.agent,
                ":stop_reason": columns.stop_reason,
                ":keep_state": columns.keep_state,
                ":snapshot": columns.snapshot,
                ":last_wake": columns.last_wake,
            })?;
            if changed == 0 { Err(lost(connection, &id, expected)) } else { Ok(()) }
        })
        .await
    }

    async fn tenant_configure(&self, id: &TenantId, patch: SettingsPatch) -> Result<Tenant> {
        let idle_timeout = patch.idle_timeout.map(micros).transpose()?;
        let id = id.clone();
        self.write(move |connection| {
            let bot = patch.bot.as_ref().and_then(Option::as_ref);
            bot_is_free(connection, &id, bot)?;
            let (labels, schedules) = named_changed(connection, &id, &patch)?;
            let mut statement = connection.prepare_cached(CONFIGURE)?;
            let mut rows = statement.query(named_params! {
                ":id": id.as_str(),
                ":idle_timeout": idle_timeout,
                ":set_suspended": patch.suspended.is_some(),
                ":suspended": patch.suspended.as_ref().and_then(Option::as_ref),
                ":set_bot": patch.bot.is_some(),
                ":bot_id": bot.map(|bot| bot.id.0),
                ":bot_token": bot.map(|bot| &bot.token.0),
                ":webhook_secret": bot.map(|bot| &bot.webhook_secret.0),
                ":webhook_url": bot.and_then(|bot| bot.webhook_url.as_ref()),
                ":labels": labels,
                ":schedules": schedules,
            })?;
            // SQLite makes the whole change before it returns the first row.
            rows.next()?.map(tenant_from_row).transpose()?.ok_or_else(|| not_found(&id))
        })
        .await
    }

    async fn tenant_touch(&self, id: &TenantId, at: Timestamp) -> Result<()> {
        let id = id.clone();
        self.write(move |connection| {
            let raised = connection
                .prepare_cached("UPDATE tenants SET last_active_at = ?2 WHERE id = ?1 AND last_active_at < ?2")?
                .execute(params![id.as_str(), at.as_micros()])?;
            let exists = raised > 0
                || connection.prepare_cached("SELECT 1 FROM tenants WHERE id = ?1")?.exists([id.as_str()])?;
            if exists { Ok(()) } else { Err(not_found(&id)) }
        })
        .await
    }

    async fn tenant_remove(&self, id: &TenantId, expected: Generation) -> Result<()> {
        let condition = stored(expected.0)?;
        let id = id.clone();
        self.write(move |connection| {
            let removed = connection
                .prepare_cached("DELETE FROM tenants WHERE id = ?1 AND generation = ?2")?
                .execute(params![id.as_str(), condition])?;
            if removed == 0 { Err(lost(connection, &id, expected)) } else { Ok(()) }
        })
        .await
    }

    async fn suspended_count(&self) -> Result<Option<u64>> {
        self.scan(|connection| {
            let count = "SELECT count(*) FROM tenants WHERE suspended IS NOT NULL";
            Ok(Some(number(connection.prepare_cached(count)?.query_row([], |row| row.get(0))?)?))
        })
        .await
    }

    async fn tenant_counts(&self) -> Result<BTreeMap<String, u64>> {
        self.scan(|connection| {
            let mut statement = connection.prepare_cached(COUNTS)?;
            let mut rows = statement.query([])?;
            let mut counts = BTreeMap::new();
            while let Some(row) = rows.next()? {
                counts.insert(row.get(0)?, number(row.get(1)?)?);
            }
            Ok(counts)
        })
        .await
    }
}
