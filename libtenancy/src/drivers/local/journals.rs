//! The journals in SQLite.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::store::{Fault, Store, from_json, to_json};
use crate::{
    api::{feed::EventLine, journal::JournalLine},
    clock::{Stopwatch, Timestamp},
    error::{Error, Result},
    ports::journals::{Cursor, EVENTS_KEPT, EVENTS_READ, EventsRead, Journals, KEPT, Read},
    tenant::TenantId,
};

/// Rows of all tenants together that are kept: some tens of megabytes.
const KEPT_IN_ALL: i64 = 100_000;

/// How long another process' lines may go unnoticed.
const LOOK: Duration = Duration::from_secs(1);

/// Lines behind `after`, told at `since` or later, the last `limit` of them.
fn read(connection: &Connection, tenant: &str, after: i64, since: Timestamp, limit: usize) -> Result<Read, Fault> {
    let end: i64 = connection
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM journal WHERE tenant = ?1")?
        .query_row(params![tenant], |row| row.get(0))?;
    let mut rows = connection.prepare_cached(
        "SELECT line FROM journal WHERE tenant = ?1 AND seq > ?2 AND seq <= ?3 AND at >= ?4 ORDER BY seq DESC LIMIT ?5",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = rows.query_map(params![tenant, after, end, since.as_micros(), limit], |row| row.get::<_, String>(0))?;
    let mut lines = Vec::new();
    for line in found {
        lines.push(from_json("journal", &line?)?);
    }
    lines.reverse();
    Ok(Read { lines, end: Cursor(end.max(after).to_string()) })
}

/// Rows with a number and an event, as they are read.
fn events(mut rows: rusqlite::Rows<'_>) -> Result<(Vec<EventLine>, Option<i64>), Fault> {
    let (mut events, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        last = last.max(Some(row.get(0)?));
        events.push(from_json("event", &row.get::<_, String>(1)?)?);
    }
    Ok((events, last))
}

fn place(after: &Cursor) -> Result<i64> {
    after.0.parse().map_err(|_| Error::invalid("cursor", "it is no place in this journal"))
}

#[async_trait]
impl Journals for Store {
    async fn journal_append(&self, lines: &[(TenantId, JournalLine)]) -> Result<()> {
        let tenants: BTreeSet<TenantId> = lines.iter().map(|(tenant, _)| tenant.clone()).collect();
        let rows: Vec<(String, i64, String)> = lines
            .iter()
            .map(|(tenant, line)| Ok((tenant.to_string(), line.at.as_micros(), to_json(line)?)))
            .collect::<Result<_>>()?;
        // The first to be refused when much waits: nothing rests on it.
        let bytes = rows.iter().map(|(_, _, line)| line.len()).sum();
        self.write_new(bytes, move |connection| {
            let mut add = connection.prepare_cached("INSERT INTO journal (tenant, at, line) VALUES (?1, ?2, ?3)")?;
            for (tenant, at, line) in &rows {
                add.execute(params![tenant, at, line])?;
            }
            let mut cut = connection.prepare_cached(
                "DELETE FROM journal WHERE tenant = ?1 AND seq <= \
                 (SELECT seq FROM journal WHERE tenant = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
            )?;
            for tenant in &tenants {
                cut.execute(params![tenant.as_str(), i64::try_from(KEPT).unwrap_or(i64::MAX)])?;
            }
            connection
                .prepare_cached("DELETE FROM journal WHERE seq <= (SELECT max(seq) FROM journal) - ?1")?
                .execute(params![KEPT_IN_ALL])?;
            Ok(())
        })
        .await?;
        self.journals().notify_waiters();
        Ok(())
    }

    async fn journal_read(&self, tenant: &TenantId, since: Timestamp, limit: usize) -> Result<Read> {
        self.read(|connection| read(connection, tenant.as_str(), 0, since, limit))
    }

    async fn journal_next(&self, tenant: &TenantId, after: &Cursor, wait: Duration) -> Result<Read> {
        let after = place(after)?;
        let next = || self.read(|connection| read(connection, tenant.as_str(), after, Timestamp::default(), KEPT));
        let waited = Stopwatch::start();
        loop {
            let grown = self.journals().notified();
            let read = next()?;
            let left = wait.saturating_sub(waited.elapsed());
            if !read.lines.is_empty() || left.is_zero() {
                return Ok(read);
            }
            let _ = tokio::time::timeout(left.min(LOOK), grown).await;
        }
    }

    async fn journal_purge(&self, tenant: &TenantId) -> Result<()> {
        let tenant = tenant.clone();
        self.write(move |connection| {
            connection.prepare_cached("DELETE FROM journal WHERE tenant = ?1")?.execute(params![tenant.as_str()])?;
            Ok(())
        })
        .await
    }

    async fn events_append(&self, events: &[EventLine]) -> Result<()> {
        let rows: Vec<(String, String)> = events
            .iter()
            .map(|event| Ok((event.tenant.clone().unwrap_or_default(), to_json(event)?)))
            .collect::<Result<_>>()?;
        let tenants: BTreeSet<String> = rows.iter().map(|(tenant, _)| tenant.clone()).collect();
        let bytes = rows.iter().map(|(_, event)| event.len()).sum();
        self.write_new(bytes, move |connection| {
            let mut add = connection.prepare_cached("INSERT INTO events (tenant, event) VALUES (?1, ?2)")?;
            for (tenant, event) in &rows {
                add.execute(params![tenant, event])?;
            }
            let mut cut = connection.prepare_cached(
                "DELETE FROM events WHERE tenant = ?1 AND seq <= \
                 (SELECT seq FROM events WHERE tenant = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
            )?;
            for tenant in &tenants {
                cut.execute(params![tenant, i64::try_from(EVENTS_KEPT).unwrap_or(i64::MAX)])?;
            }
            connection
                .prepare_cached("DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?1")?
                .execute(params![KEPT_IN_ALL])?;
            Ok(())
        })
        .await
    }

    async fn events_read(&self, tenant: Option<&TenantId>, limit: usize) -> Result<EventsRead> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|connection| {
            let end: i64 = connection
                .prepare_cached("SELECT coalesce(max(seq), 0) FROM events")?
                .query_row([], |row| row.get(0))?;
            let (mut events, last) = match tenant {
                Some(tenant) => events(
                    connection
                        .prepare_cached("SELECT seq, event FROM events WHERE tenant = ?1 ORDER BY seq DESC LIMIT ?2")?
                        .query(params![tenant.as_str(), limit])?,
                )?,
                None => events(
                    connection
                        .prepare_cached("SELECT seq, event FROM events ORDER BY seq DESC LIMIT ?1")?
                        .query(params![limit])?,
                )?,
            };
            events.reverse();
            Ok(EventsRead { events, end: Cursor(last.unwrap_or(end).to_string()) })
        })
    }

    async fn events_next(&self, after: &Cursor) -> Result<EventsRead> {
        let (after, limit) = (place(after)?, i64::try_from(EVENTS_READ).unwrap_or(i64::MAX));
        self.read(|connection| {
            let mut next =
                connection.prepare_cached("SELECT seq, event FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
            let (events, last) = events(next.query(params![after, limit])?)?;
            Ok(EventsRead { events, end: Cursor(last.unwrap_or(after).to_string()) })
        })
    }
}
