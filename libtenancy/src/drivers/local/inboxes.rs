//! The durable inboxes in SQLite.
//!
//! The epoch is checked within the statement, or the savepoint, of the write it fences. What the outcome of a take is
//! stays unknown until the deliverer says it (`update_retry`, `update_finish`): a take by another epoch before that
//! counts a possible repeat.

mod listing;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::store::{Fault, Store, from_json, limit, number, stored, to_json};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    inbox::{Claim, Epoch, Outcome, Outgoing, Put, Stage, Take, Update, UpdateKey},
    ports::inboxes::{DELIVERY_TTL, InboxCounts, Inboxes, UpdateFilter},
    tenant::{BotId, TenantId},
};

/// Rows that one transaction of a purge removes, so that other tenants' writes do not wait for it.
const PURGE_STEP: i64 = 500;

/// The columns in the order in which [`update_from_row`] reads them; of `updates u` and `update_bodies b`.
macro_rules! columns {
    () => {
        "u.row, u.tenant, u.bot_id, u.update_id, u.stage, u.received_at, u.not_before, u.takes, u.attempts, \
         u.possible_repeats, u.taken_epoch, u.sent, u.notice, u.ended_at, u.last_error, u.reason, b.payload, b.reply"
    };
}
use columns;

const PUT: &str = "INSERT INTO updates (tenant, bot_id, update_id, stage, received_at, not_before) \
     SELECT ?1, ?2, ?3, 'pending', ?4, ?4 \
     WHERE coalesce((SELECT pending FROM inboxes WHERE tenant = ?1), 0) < ?5 ON CONFLICT DO NOTHING";
const CLAIM: &str = "INSERT INTO inboxes (tenant, epoch, owner, expires_at) VALUES (?1, max(1, ?4), ?2, ?3) \
     ON CONFLICT (tenant) DO UPDATE SET epoch = max(epoch + 1, ?4), owner = ?2, expires_at = ?3 \
     WHERE owner IS NULL OR owner = ?2 OR expires_at <= ?4 \
     RETURNING epoch";
const COUNT_STORED: &str = "INSERT INTO inboxes (tenant, pending) VALUES (?1, 1) \
     ON CONFLICT (tenant) DO UPDATE SET pending = pending + 1";
const COUNT_MOVED: &str = "UPDATE inboxes SET pending = pending + ?2, dead = dead + ?3, handled = handled + ?4 \
     WHERE tenant = ?1";
const RENEW: &str = "UPDATE inboxes SET expires_at = ?3 WHERE tenant = ?1 AND epoch = ?2 AND owner IS NOT NULL";
pub(super) const FIRST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM updates u INDEXED BY updates_pending LEFT JOIN update_bodies b ON b.row = u.row \
     WHERE u.tenant = ?1 AND u.ended_at IS NULL ORDER BY u.bot_id, u.update_id LIMIT 1"
);
const GET: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM updates u LEFT JOIN update_bodies b ON b.row = u.row \
     WHERE u.tenant = ?1 AND u.bot_id = ?2 AND u.update_id = ?3"
);
pub(super) const NEXT_PENDING: &str = "SELECT tenant FROM updates INDEXED BY updates_pending \
     WHERE ended_at IS NULL AND tenant > ?1 ORDER BY tenant LIMIT 1";
pub(super) const PRUNE: &str = "DELETE FROM updates WHERE row IN (SELECT row FROM updates INDEXED BY updates_ended \
     WHERE ended_at < ?1 AND stage <> 'dead' ORDER BY ended_at LIMIT ?2)";

/// The condition of every write that an epoch fences; `?4` is the epoch.
macro_rules! fenced {
    ($set:literal, $and:literal) => {
        concat!(
            "UPDATE updates SET ",
            $set,
            " WHERE tenant = ?1 AND bot_id = ?2 AND update_id = ?3 AND ",
            $and,
            " AND EXISTS (SELECT 1 FROM inboxes WHERE tenant = ?1 AND epoch = ?4 AND owner IS NOT NULL) RETURNING row"
        )
    };
}

struct StoredUpdate {
    row: i64,
    taken_epoch: Option<i64>,
    update: Update,
    /// What the update goes back to when it is replayed.
    reply: Option<(Outgoing, u32)>,
}

fn update_from_row(row: &Row<'_>) -> Result<StoredUpdate, Fault> {
    let tenant = super::tenants::tenant_id(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
    let key = UpdateKey { tenant, bot: BotId(row.get(2)?), update_id: row.get(3)? };
    let reply: Option<String> = row.get(17)?;
    let sent: u32 = row.get(11)?;
    let reply = match reply {
        Some(text) => Some((from_json::<Outgoing>("reply", &text)?, sent)),
        None => None,
    };
    let label = row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?;
    let ended_at: Option<i64> = row.get(13)?;
    let stage = match (label, ended_at.map(Timestamp::from_micros), &reply) {
        ("pending", None, _) => Stage::Pending,
        ("replied", None, Some((reply, sent))) => Stage::Replied { reply: reply.clone(), sent: *sent },
        ("handled", Some(at), _) => Stage::Handled { at },
        ("dead", Some(at), _) => Stage::Dead { at, reason: row.get::<_, Option<_>>(15)?.unwrap_or_default() },
        ("dropped", Some(at), _) => Stage::Dropped { at },
        _ => return Err(Fault::Damaged(format!("update `{key}` is `{label}` without what belongs to it"))),
    };
    Ok(StoredUpdate {
        row: row.get(0)?,
        taken_epoch: row.get(10)?,
        update: Update {
            key,
            payload: row.get::<_, Option<_>>(16)?.unwrap_or_default(),
            received_at: Timestamp::from_micros(row.get(5)?),
            stage,
            takes: row.get(7)?,
            attempts: row.get(8)?,
            not_before: Timestamp::from_micros(row.get(6)?),
            notice: row.get(12)?,
            last_error: row.get(14)?,
            possible_repeats: row.get(9)?,
        },
        reply,
    })
}

fn update_get(connection: &Connection, key: &UpdateKey) -> Result<Option<StoredUpdate>, Fault> {
    let mut statement = connection.prepare_cached(GET)?;
    let mut rows = statement.query(params![key.tenant.as_str(), key.bot.0, key.update_id])?;
    rows.next()?.map(update_from_row).transpose()
}

fn not_found(key: &UpdateKey) -> Fault {
    Error::not_found("update", key).into()
}

fn claim_lost(tenant: &TenantId, epoch: Epoch) -> Fault {
    Error::conflict("delivery", tenant, format!("epoch {} does not deliver any more", epoch.0)).into()
}

/// Runs a fenced write that returns the row it changed; says why if it changed none.
fn fenced_write(
    connection: &Connection,
    sql: &str,
    key: &UpdateKey,
    epoch: Epoch,
    values: &[&dyn rusqlite::ToSql],
) -> Result<i64, Fault> {
    let condition = stored(epoch.0)?;
    let tenant = key.tenant.as_str();
    let mut all: Vec<&dyn rusqlite::ToSql> = vec![&tenant, &key.bot.0, &key.update_id, &condition];
    all.extend_from_slice(values);
    let row = connection.prepare_cached(sql)?.query_row(all.as_slice(), |row| row.get(0)).optional()?;
    if let Some(row) = row {
        return Ok(row);
    }
    let delivers = connection
        .prepare_cached("SELECT 1 FROM inboxes WHERE tenant = ?1 AND epoch = ?2 AND owner IS NOT NULL")?
        .exists(params![tenant, condition])?;
    if !delivers {
        return Err(claim_lost(&key.tenant, epoch));
    }
    match update_get(connection, key)? {
        None => Err(not_found(key)),
        Some(found) => Err(Error::conflict("update", key, format!("it is {}", found.update.stage.label())).into()),
    }
}

/// Counts an update's way from one stage to another, in the transaction that writes it.
fn count_moved(connection: &Connection, tenant: &TenantId, from: &str, to: &str) -> Result<(), Fault> {
    let change = |stages: &[&str]| i64::from(stages.contains(&to)) - i64::from(stages.contains(&from));
    connection.prepare_cached(COUNT_MOVED)?.execute(params![
        tenant.as_str(),
        change(&["pending", "replied"]),
        change(&["dead"]),
        change(&["handled"])
    ])?;
    Ok(())
}

/// Counts a part that may have been sent twice: in the update, and in the inbox, where it outlives the update.
fn count_repeat(connection: &Connection, tenant: &TenantId, row: i64) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE updates SET possible_repeats = possible_repeats + 1 WHERE row = ?1")?
        .execute([row])?;
    connection
        .prepare_cached("UPDATE inboxes SET possible_repeats = possible_repeats + 1 WHERE tenant = ?1")?
        .execute([tenant.as_str()])?;
    Ok(())
}

/// Renews the claim, which is also the check of its epoch.
fn renew(connection: &Connection, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<(), Fault> {
    let renewed = connection.prepare_cached(RENEW)?.execute(params![
        tenant.as_str(),
        stored(epoch.0)?,
        (now + DELIVERY_TTL).as_micros()
    ])?;
    if renewed == 0 { Err(claim_lost(tenant, epoch)) } else { Ok(()) }
}

/// The tenant's first update that is not terminal.
fn first(connection: &Connection, tenant: &TenantId) -> Result<Option<StoredUpdate>, Fault> {
    let mut statement = connection.prepare_cached(FIRST)?;
    let mut rows = statement.query([tenant.as_str()])?;
    rows.next()?.map(update_from_row).transpose()
}

/// Takes `first`; the epoch has been checked.
fn take(
    connection: &Connection,
    tenant: &TenantId,
    epoch: Epoch,
    first: Option<StoredUpdate>,
    now: Timestamp,
) -> Result<Take, Fault> {
    let Some(StoredUpdate { row, taken_epoch, mut update, .. }) = first else { return Ok(Take::Empty) };
    if update.not_before > now {
        return Ok(Take::Wait(update.not_before));
    }
    let epoch = stored(epoch.0)?;
    connection
        .prepare_cached("UPDATE updates SET takes = takes + 1, taken_epoch = ?2 WHERE row = ?1")?
        .execute(params![row, epoch])?;
    update.takes += 1;
    let unsent = matches!(&update.stage, Stage::Replied { reply, sent } if (*sent as usize) < reply.parts.len());
    if unsent && taken_epoch.is_some_and(|taken| taken != epoch) {
        count_repeat(connection, tenant, row)?;
        update.possible_repeats += 1;
    }
    Ok(Take::Taken(Box::new(update)))
}

#[async_trait]
impl Inboxes for Store {
    async fn update_put(&self, key: &UpdateKey, payload: &str, max_pending: u32, now: Timestamp) -> Result<Put> {
        let (key, payload) = (key.clone(), payload.to_owned());
        self.write_new(payload.len(), move |connection| {
            let tenant = key.tenant.as_str();
            let inserted = connection.prepare_cached(PUT)?.execute(params![
                tenant,
                key.bot.0,
                key.update_id,
                now.as_micros(),
                max_pending
            ])?;
            if inserted > 0 {
                connection
                    .prepare_cached("INSERT INTO update_bodies (row, payload) VALUES (?1, ?2)")?
                    .execute(params![connection.last_insert_rowid(), payload])?;
                connection.prepare_cached(COUNT_STORED)?.execute([tenant])?;
                return Ok(Put::Stored);
            }
            let duplicate = connection
                .prepare_cached("SELECT 1 FROM updates WHERE tenant = ?1 AND bot_id = ?2 AND update_id = ?3")?
                .exists(params![tenant, key.bot.0, key.update_id])?;
            if duplicate {
                Ok(Put::Duplicate)
            } else {
                Err(Error::Overloaded { reason: format!("{max_pending} updates of tenant `{tenant}` wait already") }
                    .into())
            }
        })
        .await
    }

    async fn delivery_claim(&self, tenant: &TenantId, owner: &str, now: Timestamp) -> Result<Claim> {
        let (tenant, owner) = (tenant.clone(), owner.to_owned());
        self.write(move |connection| {
            let epoch: Option<i64> = connection
                .prepare_cached(CLAIM)?
                .query_row(params![tenant.as_str(), owner, (now + DELIVERY_TTL).as_micros(), now.as_micros()], |row| {
                    row.get(0)
                })
                .optional()?;
            if let Some(epoch) = epoch {
                return Ok(Claim::Won(Epoch(number(epoch)?)));
            }
            let until = connection
                .prepare_cached("SELECT expires_at FROM inboxes WHERE tenant = ?1")?
                .query_row([tenant.as_str()], |row| row.get(0))?;
            Ok(Claim::Held(Timestamp::from_micros(until)))
        })
        .await
    }

    async fn delivery_renew(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<()> {
        let tenant = tenant.clone();
        self.write(move |connection| renew(connection, &tenant, epoch, now)).await
    }

    async fn delivery_release(&self, tenant: &TenantId, epoch: Epoch) -> Result<()> {
        let tenant = tenant.clone();
        self.write(move |connection| {
            // The row stays: its epoch must not go back.
            connection
                .prepare_cached("UPDATE inboxes SET owner = NULL, expires_at = 0 WHERE tenant = ?1 AND epoch = ?2")?
                .execute(params![tenant.as_str(), stored(epoch.0)?])?;
            Ok(())
        })
        .await
    }

    async fn update_take(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<Take> {
        let tenant = tenant.clone();
        self.write(move |connection| {
            // Read first: a row that cannot be read shall not undo what others wrote in the same transaction.
            let first = first(connection, &tenant)?;
            renew(connection, &tenant, epoch, now)?;
            take(connection, &tenant, epoch, first, now)
        })
        .await
    }

    async fn notice_store(&self, key: &UpdateKey, epoch: Epoch, message: i64) -> Result<()> {
        let key = key.clone();
        self.write(move |connection| {
            fenced_write(connection, fenced!("notice = ?5", "ended_at IS NULL"), &key, epoch, &[&message]).map(drop)
        })
        .await
    }

    async fn reply_store(&self, key: &UpdateKey, epoch: Epoch, reply: &Outgoing) -> Result<()> {
        let (key, text) = (key.clone(), to_json(reply)?);
        let parts = limit(reply.parts.len());
        self.write(move |connection| {
            let row = fenced_write(
                connection,
                fenced!("stage = 'replied', sent = 0, parts = ?5", "stage = 'pending'"),
                &key,
                epoch,
                &[&parts],
            )?;
            connection
                .prepare_cached("UPDATE update_bodies SET reply = ?2 WHERE row = ?1")?
                .execute(params![row, text])?;
            Ok(())
        })
        .await
    }

    async fn part_sent(&self, key: &UpdateKey, epoch: Epoch, sent: u32) -> Result<()> {
        let key = key.clone();
        self.write(move |connection| {
            let sql = fenced!("sent = max(sent, ?5)", "stage = 'replied' AND ?5 <= parts");
            fenced_write(connection, sql, &key, epoch, &[&sent]).map(drop)
        })
        .await
    }

    async fn update_retry(
        &self,
        key: &UpdateKey,
        epoch: Epoch,
        not_before: Timestamp,
        error: &str,
        counts: bool,
        possible_repeat: bool,
    ) -> Result<()> {
        let (key, error) = (key.clone(), error.to_owned());
        self.write(move |connection| {
            let row = fenced_write(
                connection,
                fenced!(
                    "not_before = ?5, last_error = ?6, attempts = attempts + ?7, taken_epoch = NULL",
                    "ended_at IS NULL"
                ),
                &key,
                epoch,
                &[&not_before.as_micros(), &error, &counts],
            )?;
            if possible_repeat {
                count_repeat(connection, &key.tenant, row)?;
            }
            Ok(())
        })
        .await
    }

    async fn update_finish(&self, key: &UpdateKey, epoch: Epoch, outcome: &Outcome, now: Timestamp) -> Result<Take> {
        let (key, outcome) = (key.clone(), outcome.clone());
        self.write(move |connection| {
            let at = now.as_micros();
            match &outcome {
                Outcome::Handled => {
                    let sql = fenced!("stage = 'handled', ended_at = ?5", "ended_at IS NULL");
                    let row = fenced_write(connection, sql, &key, epoch, &[&at])?;
                    connection.prepare_cached("DELETE FROM update_bodies WHERE row = ?1")?.execute([row])?;
                    count_moved(connection, &key.tenant, "pending", "handled")?;
                }
                Outcome::Dead(reason) => {
                    let sql =
                        fenced!("stage = 'dead', ended_at = ?5, reason = ?6, taken_epoch = NULL", "ended_at IS NULL");
                    fenced_write(connection, sql, &key, epoch, &[&at, reason])?;
                    count_moved(connection, &key.tenant, "pending", "dead")?;
                }
            }
            renew(connection, &key.tenant, epoch, now)?;
            take(connection, &key.tenant, epoch, first(connection, &key.tenant)?, now)
        })
        .await
    }

    async fn tenants_pending(&self, after: Option<&TenantId>, limit_rows: usize) -> Result<Vec<TenantId>> {
        let after = after.map(|id| id.as_str().to_owned()).unwrap_or_default();
        self.scan(move |connection| listing::tenants_pending(connection, after, limit_rows)).await
    }

    async fn pending_count(&self, tenant: &TenantId) -> Result<u64> {
        Ok(self.read(|connection| listing::counts_of(connection, tenant))?.pending)
    }

    async fn inbox_counts(&self, tenant: Option<&TenantId>) -> Result<InboxCounts> {
        match tenant {
            Some(tenant) => self.read(|connection| listing::counts_of(connection, tenant)),
            None => self.scan(listing::counts_of_all).await,
        }
    }

    async fn update_get(&self, key: &UpdateKey) -> Result<Option<Update>> {
        self.read(|connection| Ok(update_get(connection, key)?.map(|found| found.update)))
    }

    async fn update_list(
        &self,
        filter: &UpdateFilter,
        after: Option<&UpdateKey>,
        limit_rows: usize,
    ) -> Result<Vec<Update>> {
        let query = listing::Query::new(filter, after, limit_rows)?;
        self.scan(move |connection| query.run(connection)).await
    }

    async fn update_replay(&self, key: &UpdateKey, now: Timestamp) -> Result<()> {
        let key = key.clone();
        self.write(move |connection| {
            let found = update_get(connection, &key)?.ok_or_else(|| not_found(&key))?;
            if !matches!(found.update.stage, Stage::Dead { .. } | Stage::Dropped { .. }) {
                let reason = format!("it is {}, not dead or dropped", found.update.stage.label());
                return Err(Error::conflict("update", &key, reason).into());
            }
            let stage = if found.reply.is_some() { "replied" } else { "pending" };
            connection
                .prepare_cached(
                    "UPDATE updates SET stage = ?2, ended_at = NULL, reason = NULL, attempts = 0, takes = 0, \
                     received_at = ?3, not_before = ?3 WHERE row = ?1",
                )?
                .execute(params![found.row, stage, now.as_micros()])?;
            count_moved(connection, &key.tenant, found.update.stage.label(), stage)
        })
        .await
    }

    async fn update_drop(&self, key: &UpdateKey, now: Timestamp) -> Result<()> {
        let key = key.clone();
        self.write(move |connection| {
            let found = update_get(connection, &key)?.ok_or_else(|| not_found(&key))?;
            match found.update.stage {
                Stage::Handled { .. } => Err(Error::conflict("update", &key, "it is handled").into()),
                Stage::Dropped { .. } => Ok(()),
                Stage::Pending | Stage::Replied { .. } | Stage::Dead { .. } => {
                    connection
                        .prepare_cached(
                            "UPDATE updates SET stage = 'dropped', ended_at = ?2, reason = NULL WHERE row = ?1",
                        )?
                        .execute(params![found.row, now.as_micros()])?;
                    count_moved(connection, &key.tenant, found.update.stage.label(), "dropped")
                }
            }
        })
        .await
    }

    async fn inbox_prune(&self, before: Timestamp, limit_rows: usize) -> Result<u64> {
        self.write(move |connection| {
            let pruned = connection.prepare_cached(PRUNE)?.execute(params![before.as_micros(), limit(limit_rows)])?;
            Ok(pruned as u64)
        })
        .await
    }

    async fn inbox_purge(&self, tenant: &TenantId) -> Result<()> {
        loop {
            let tenant = tenant.clone();
            let more = self
                .write(move |connection| {
                    let removed = connection
                        .prepare_cached(
                            "DELETE FROM updates WHERE row IN (SELECT row FROM updates WHERE tenant = ?1 LIMIT ?2)",
                        )?
                        .execute(params![tenant.as_str(), PURGE_STEP])?;
                    if limit(removed) == PURGE_STEP {
                        return Ok(true);
                    }
                    connection.prepare_cached("DELETE FROM inboxes WHERE tenant = ?1")?.execute([tenant.as_str()])?;
                    Ok(false)
                })
                .await?;
            if !more {
                return Ok(());
            }
        }
    }
}
