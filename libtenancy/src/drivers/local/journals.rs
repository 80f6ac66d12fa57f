//! The journals in SQLite.

use std::{collections::BTreeSet, time::Duration};

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::store::{Fault, Store, from_json, to_json};
use crate::{
    api::journal::JournalLine,
    clock::{Stopwatch, Timestamp},
    error::{Error, Result},
    ports::journals::{Cursor, Journals, KEPT, Read},
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
        let after: i64 = after.0.parse().map_err(|_| Error::invalid("cursor", "it is no place in this journal"))?;
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
}
