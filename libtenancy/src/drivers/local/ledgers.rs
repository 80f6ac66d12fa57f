//! The ledgers in SQLite: rows as they are hashed, with what they are found by beside them.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    quotas::row_parse,
    store::{Fault, Store, limit, number, stored},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ledger::{Head, Row},
    ports::ledgers::{Entry, Ledgers, RowFilter},
};

pub(super) const HEAD: &str =
    "SELECT incarnation, seq, hash FROM ledger WHERE partition = ?1 ORDER BY seq DESC LIMIT 1";
pub(super) const ROWS: &str = "SELECT row, hash FROM ledger WHERE partition = ?1 AND seq > ?2 \
     AND (?3 IS NULL OR kind = ?3) AND at >= ?4 AND at < ?5 ORDER BY seq LIMIT ?6";
pub(super) const ROWS_OF_TENANT: &str = "SELECT row, hash FROM ledger INDEXED BY ledger_by_tenant \
     WHERE partition = ?1 AND seq > ?2 AND (?3 IS NULL OR kind = ?3) AND at >= ?4 AND at < ?5 AND tenant = ?7 \
     ORDER BY seq LIMIT ?6";
/// Jumps from partition to partition.
pub(super) const PARTITIONS: &str = "WITH RECURSIVE found (partition) AS (SELECT min(partition) FROM ledger \
     UNION ALL SELECT (SELECT min(partition) FROM ledger WHERE partition > found.partition) FROM found \
     WHERE found.partition IS NOT NULL) SELECT partition FROM found WHERE partition IS NOT NULL";

fn head(connection: &Connection, partition: u16) -> Result<Head, Fault> {
    let found: Option<(i64, i64, String)> = connection
        .prepare_cached(HEAD)?
        .query_row([partition], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(match found {
        None => Head::default(),
        Some((incarnation, seq, hash)) => Head { incarnation: number(incarnation)?, seq: number(seq)?, hash },
    })
}

/// Appends rows, or skips what is there already.
fn append(connection: &Connection, partition: u16, rows: &[Row]) -> Result<Head, Fault> {
    let mut head = head(connection, partition)?;
    // All are checked before any is written, so that a refusal changes nothing.
    let mut new: Vec<(&Row, String, String)> = Vec::with_capacity(rows.len());
    for row in rows {
        let text = row.text();
        if row.seq <= head.seq {
            let there: Option<String> = match new.iter().find(|(other, ..)| other.seq == row.seq) {
                Some((_, text, _)) => Some(text.clone()),
                None => connection
                    .prepare_cached("SELECT row FROM ledger WHERE partition = ?1 AND seq = ?2")?
                    .query_row(params![partition, stored(row.seq)?], |row| row.get(0))
                    .optional()?,
            };
            if there.as_ref() != Some(&text) {
                return Err(Error::conflict("ledger row", row.seq, "another row is there").into());
            }
            continue;
        }
        head = head.after(row)?;
        new.push((row, text, head.hash.clone()));
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO ledger (partition, seq, incarnation, tenant, kind, at, row, hash) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for (row, text, hash) in new {
        insert.execute(params![
            partition,
            stored(row.seq)?,
            stored(row.incarnation)?,
            row.tenant.as_str(),
            row.kind.label(),
            row.at.as_micros(),
            text,
            hash,
        ])?;
    }
    Ok(head)
}

#[async_trait]
impl Ledgers for Store {
    async fn ledger_append(&self, partition: u16, rows: &[Row]) -> Result<Head> {
        let rows = rows.to_vec();
        self.write(move |connection| append(connection, partition, &rows)).await
    }

    async fn ledger_head(&self, partition: u16) -> Result<Head> {
        self.read(|connection| head(connection, partition))
    }

    async fn ledger_rows(&self, partition: u16, filter: &RowFilter, after: u64, most: usize) -> Result<Vec<Entry>> {
        let (filter, after) = (filter.clone(), stored(after)?);
        self.scan(move |connection| {
            let kind = filter.kind.map(crate::ledger::RowKind::label);
            let from = filter.from.map_or(i64::MIN, Timestamp::as_micros);
            let to = filter.to.map_or(i64::MAX, Timestamp::as_micros);
            let sql = if filter.tenant.is_some() { ROWS_OF_TENANT } else { ROWS };
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = match &filter.tenant {
                None => statement.query(params![partition, after, kind, from, to, limit(most)])?,
                Some(tenant) => {
                    statement.query(params![partition, after, kind, from, to, limit(most), tenant.as_str()])?
                }
            };
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                entries.push(Entry { row: row_parse(text)?, hash: row.get(1)? });
            }
            Ok(entries)
        })
        .await
    }

    async fn ledger_partitions(&self) -> Result<Vec<u16>> {
        self.scan(|connection| {
            let mut statement = connection.prepare_cached(PARTITIONS)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}
