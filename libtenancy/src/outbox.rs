//! Outbox: rows on their way from the step that charged to the ledger, and what a store that forgot its last writes is told.
//!
//! Owns one copy, which may be repeated by anybody at any time, and the plan of a recovery. Does not own the loop (`spend`)
//! nor how a plan is applied ([`crate::partition::Partition::rollback`] and the drivers).
//!
//! # Steps, and what is left if the process dies
//! Rows are appended to the ledger, then trimmed from the outbox. After a death in between they are appended again, which
//! changes nothing. A recovery is one atomic write of the store; after a death before it, the store is still behind, and
//! whoever leads next finds so from the ledger's end.

use std::collections::BTreeMap;

use crate::{
    credits::MicroCredits,
    error::Result,
    jobs::JobId,
    ledger::{Head, Row, RowKind},
    partition::{EndedTurn, Rollback, SettledJob},
    ports::{
        ledgers::{Ledgers, RowFilter},
        quotas::Quotas,
    },
    tenant::TenantId,
};

/// Rows that are copied at once.
const COPY: usize = 1_000;

/// Rows of the ledger that are read at once.
const READ: usize = 5_000;

/// What a copy came to.
#[derive(Debug, Default)]
pub struct Copied {
    /// The rows, which are in the ledger now.
    pub rows: Vec<Row>,
    /// What was done instead if the store had forgotten.
    pub recovery: Option<Recovery>,
}

/// The recovery of a store that forgot: a measured window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Rows by which the store was behind what was seen.
    pub behind: u64,
    /// Of them, those that the ledger knew.
    pub from_ledger: u64,
    /// Of them, those that are lost: made, seen and forgotten before they reached the ledger.
    pub lost_rows: u64,
    /// Credits whose hold nobody had any more.
    pub released: MicroCredits,
}

/// Copies a partition's oldest rows to its ledger and trims them, or tells a store that forgot what the ledger knows.
pub async fn copy(quotas: &dyn Quotas, ledgers: &dyn Ledgers, partition: u16) -> Result<Copied> {
    let head = ledgers.ledger_head(partition).await?;
    quotas.position_seen(partition, head.seq);
    // Read before the outbox is: whatever anybody saw by now, a store that did not forget has.
    let seen = quotas.position_highest(partition);
    let outbox = quotas.outbox_read(partition, COPY).await?;
    if outbox.seq < seen {
        let recovery = recover(quotas, ledgers, partition, (outbox.incarnation, outbox.seq)).await?;
        return Ok(Copied { rows: Vec::new(), recovery: Some(recovery) });
    }
    if let Some(last) = outbox.rows.last().map(|row| row.seq) {
        ledgers.ledger_append(partition, &outbox.rows).await?;
        quotas.outbox_trim(partition, last).await?;
    }
    Ok(Copied { rows: outbox.rows, recovery: None })
}

async fn recover(quotas: &dyn Quotas, ledgers: &dyn Ledgers, partition: u16, position: (u64, u64)) -> Result<Recovery> {
    let head = ledgers.ledger_head(partition).await?;
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let after = rows.last().map_or(position.1, |row: &Row| row.seq);
        let page = ledgers.ledger_rows(partition, &RowFilter::default(), after, READ).await?;
        let full = page.len() == READ;
        rows.extend(page.into_iter().map(|entry| entry.row));
        if !full {
            break;
        }
    }
    let highest = quotas.position_highest(partition);
    let plan = plan(position, &rows, &head, highest);
    let released = quotas.partition_rollback(partition, &plan).await?;
    let recovery = Recovery {
        behind: highest - position.1,
        from_ledger: rows.len() as u64,
        lost_rows: highest.saturating_sub(head.seq.max(position.1)),
        released,
    };
    tracing::error!(
        partition, behind = recovery.behind, from_ledger = recovery.from_ledger, lost_rows = recovery.lost_rows,
        released = %recovery.released, incarnation = plan.incarnation,
        "the store had forgotten its last writes; it was told what the ledger knows"
    );
    Ok(recovery)
}

/// The plan for a store that stands at `position` (incarnation, sequence number). `rows` are the ledger's behind that
/// number, in order; `head` is the ledger's end; `highest` the highest number that anybody saw, which may lie behind the
/// ledger's end: those rows are lost.
pub fn plan(position: (u64, u64), rows: &[Row], head: &Head, highest: u64) -> Rollback {
    let mut accounts = BTreeMap::new();
    let mut jobs: BTreeMap<JobId, Option<&str>> = BTreeMap::new();
    let mut turns: BTreeMap<(TenantId, &str), Option<bool>> = BTreeMap::new();
    for row in rows {
        accounts.insert(row.tenant.clone(), row.after.clone());
        if let Some(key) = row.reference.strip_prefix("turn:") {
            let ended = match row.kind {
                RowKind::Settle => Some(true),
                RowKind::Reclaim => Some(false),
                _ => None,
            };
            turns.insert((row.tenant.clone(), key), ended);
            continue;
        }
        let Ok(id) = JobId::new(row.tenant.clone(), &row.reference) else { continue };
        match row.kind {
            RowKind::Settle | RowKind::Reclaim => jobs.insert(id, Some(&row.label)),
            // Begun again after it ended.
            RowKind::Hold => jobs.insert(id, None),
            _ => continue,
        };
    }
    Rollback {
        accounts: accounts.into_iter().collect(),
        settled: jobs.into_iter().filter_map(|(id, label)| Some(SettledJob { id, label: label?.to_owned() })).collect(),
        turns: turns
            .into_iter()
            .filter_map(|((tenant, key), ended)| Some(EndedTurn { tenant, key: key.to_owned(), settled: ended? }))
            .collect(),
        incarnation: position.0.max(head.incarnation) + 1,
        seq: position.1.max(head.seq).max(highest),
    }
}
