//! Outbox: rows on their way from the step that charged to the ledger, and what a store that forgot its last writes is told.
//!
//! Owns one copy, which may be repeated by anybody at any time, and the plan of a recovery. Does not own the loop (`spend`)
//! nor how a plan is applied ([`crate::partition::Partition::rollback`] and the drivers).
//!
//! # Steps, and what is left if the process dies
//! Rows are appended to the ledger, then trimmed from the outbox. After a death in between they are appended again, which
//! changes nothing. A recovery is one atomic write of the store; after a death before it, the store is still behind, and
//! whoever leads next finds so from the ledger's end.
//!
//! # How it is noticed that a store forgot
//! - Its last number is lower than one that anybody saw who asks, or than the ledger's end.
//! - Whoever saw none of the forgotten numbers (a process that has just started) may go on from the older copy before it is
//!   told; its rows carry numbers that others have in the ledger. The ledger refuses them, and nothing of them gets in.
//!
//! A row that was on its way to the ledger when the store forgot, in the hands of a leader that hangs, may arrive after the
//! plan was made and before the first row of the new incarnation, which shuts the ledger to it. The audit shows that; nothing
//! but the leader's lease, which is longer than any append, prevents it.
//!
//! # What a store is told, and what stays forgotten
//! What left a row is told: money, quotas, ends of jobs and turns, grants and usage that must not be booked twice. What leaves no row
//! is forgotten with the copy: jobs that were submitted and never claimed, cancellations, retries, renewals (their leases
//! lapse), results, and pointers of agents (an older state is what the next job finds).

use std::collections::BTreeMap;

use crate::{
    credits::MicroCredits,
    error::{Error, Result},
    jobs::JobId,
    ledger::{After, Head, Row, RowKind},
    partition::{EndedTurn, Rollback, SettledJob},
    ports::{
        ledgers::{Ledgers, RowFilter},
        quotas::Quotas,
    },
    quota::Quota,
    tenant::TenantId,
};

/// Rows that are copied at once.
const COPY: usize = 1_000;

/// Rows of the ledger that are read at once.
const READ: usize = 5_000;

/// Rows of the outbox of a store that forgot that are compared with the ledger.
pub(crate) const READ_ALL: usize = 100_000;

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
    /// Numbers of which the ledger will have no row: made, seen and forgotten before they reached it, or void.
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
        let recovery = recover(quotas, ledgers, partition).await?;
        return Ok(Copied { rows: Vec::new(), recovery });
    }
    if let Some(last) = outbox.rows.last().map(|row| row.seq) {
        match ledgers.ledger_append(partition, &outbox.rows).await {
            Ok(_) => quotas.outbox_trim(partition, last).await?,
            // Rows that were made on forgotten ground, perhaps.
            Err(conflict @ Error::Conflict { .. }) => match recover(quotas, ledgers, partition).await? {
                None => return Err(conflict),
                recovery => return Ok(Copied { rows: Vec::new(), recovery }),
            },
            Err(error) => return Err(error),
        }
    }
    Ok(Copied { rows: outbox.rows, recovery: None })
}

/// Tells a store what it forgot; `None` if it forgot nothing.
async fn recover(quotas: &dyn Quotas, ledgers: &dyn Ledgers, partition: u16) -> Result<Option<Recovery>> {
    let outbox = quotas.outbox_read(partition, READ_ALL).await?;
    let position = (outbox.incarnation, outbox.seq);
    let head = ledgers.ledger_head(partition).await?;
    let from = outbox.rows.first().map_or(position.1, |row| position.1.min(row.seq - 1));
    let mut rows: Vec<Row> = Vec::new();
    loop {
        let after = rows.last().map_or(from, |row: &Row| row.seq);
        let page = ledgers.ledger_rows(partition, &RowFilter::default(), after, READ).await?;
        let full = page.len() == READ;
        rows.extend(page.into_iter().map(|entry| entry.row));
        if !full {
            break;
        }
    }
    let highest = quotas.position_highest(partition);
    let plan = plan(position, &outbox.rows, &rows, &head, highest);
    if plan.agreed.is_none() && position.1 >= highest {
        return Ok(None);
    }
    let agreed = plan.agreed.unwrap_or(position.1);
    let released = quotas.partition_rollback(partition, &plan).await?;
    let recovery = Recovery {
        behind: highest.max(head.seq).saturating_sub(agreed),
        from_ledger: rows.iter().filter(|row| row.seq > agreed).count() as u64,
        lost_rows: plan.seq - if plan.agreed.is_some() { head.seq } else { head.seq.max(position.1) },
        released,
    };
    tracing::error!(
        partition, behind = recovery.behind, from_ledger = recovery.from_ledger, lost_rows = recovery.lost_rows,
        released = %recovery.released, incarnation = plan.incarnation,
        "the store had forgotten its last writes; it was told what the ledger knows"
    );
    for tenant in &plan.closed {
        while quotas.tenant_close(tenant).await? {}
    }
    Ok(Some(recovery))
}

/// The plan for a store that stands at `position` (incarnation, sequence number) and has the rows `outbox`, from the oldest
/// that was not trimmed. `ledger` are the ledger's rows, in order, behind the number before the first of them, or behind
/// the store's number if it has none; `head` is the ledger's end; `highest` the highest number that anybody saw, which may
/// lie behind the ledger's end: those rows are lost.
pub fn plan(position: (u64, u64), outbox: &[Row], ledger: &[Row], head: &Head, highest: u64) -> Rollback {
    let same = |row: &Row| ledger.binary_search_by_key(&row.seq, |other| other.seq).is_ok_and(|at| ledger[at] == *row);
    let agreed = outbox.iter().find(|row| !same(row)).map_or(position.1, |row| row.seq - 1);
    let behind = &ledger[ledger.partition_point(|row| row.seq <= agreed)..];
    let mut plan = told(behind);
    // Closed on forgotten ground: what the ledger knows of it is closed again too.
    let anew: BTreeMap<&TenantId, bool> = outbox[outbox.partition_point(|row| row.seq <= agreed)..]
        .iter()
        .map(|row| (&row.tenant, row.kind == RowKind::Close))
        .collect();
    let again = plan.accounts.iter().map(|(tenant, _)| tenant).filter(|tenant| anew.get(tenant) == Some(&true));
    let again: Vec<TenantId> = again.filter(|tenant| !plan.closed.contains(tenant)).cloned().collect();
    plan.closed.extend(again);
    plan.agreed = (!behind.is_empty()).then_some(agreed);
    plan.at = ledger.last().map(|row| row.at).unwrap_or_default();
    plan.incarnation = position.0.max(head.incarnation) + 1;
    plan.seq = position.1.max(head.seq).max(highest);
    plan
}

/// What rows say to a store that does not know them.
fn told(rows: &[Row]) -> Rollback {
    let mut accounts: BTreeMap<&TenantId, (&After, bool)> = BTreeMap::new();
    let mut quotas: BTreeMap<TenantId, Quota> = BTreeMap::new();
    let mut jobs: BTreeMap<JobId, &str> = BTreeMap::new();
    let mut turns: BTreeMap<(&TenantId, &str), bool> = BTreeMap::new();
    let mut booked: BTreeMap<&TenantId, Vec<(RowKind, &str)>> = BTreeMap::new();
    for row in rows {
        let (tenant, reference) = (&row.tenant, row.reference.as_str());
        accounts.insert(tenant, (&row.after, row.kind == RowKind::Close));
        let turn = reference.strip_prefix("turn:").map(|key| (tenant, key));
        let job = || JobId::new(tenant.clone(), reference).ok();
        match (row.kind, turn) {
            (RowKind::Settle | RowKind::Reclaim, Some(turn)) => {
                turns.insert(turn, row.kind == RowKind::Settle);
            }
            (RowKind::Settle | RowKind::Reclaim, None) => {
                let label = if row.label == "closed" { "cancelled" } else { &row.label };
                jobs.extend(job().map(|id| (id, label)));
            }
            // Begun again after it ended: the attempt that the store may know is over, and nobody has the new one.
            (RowKind::Hold, Some(turn)) => {
                turns.entry(turn).and_modify(|settled| *settled = false);
            }
            (RowKind::Hold, None) => {
                if let Some(label) = job().and_then(|id| jobs.get_mut(&id)) {
                    *label = "retry";
                }
            }
            (RowKind::Grant | RowKind::Running | RowKind::Idle | RowKind::Warm | RowKind::Snapshot, _) => {
                booked.entry(tenant).or_default().push((row.kind, reference));
            }
            (RowKind::Close, _) => {
                booked.remove(tenant);
                quotas.remove(tenant);
            }
            (RowKind::Configure, _) => {
                quotas.extend(Quota::parse(&row.label).map(|quota| (tenant.clone(), quota)));
            }
            (RowKind::Opening | RowKind::Rollback, _) => {}
        }
    }
    Rollback {
        accounts: accounts.iter().map(|(tenant, (after, _))| ((*tenant).clone(), (*after).clone())).collect(),
        quotas,
        settled: jobs.into_iter().map(|(id, label)| SettledJob { id, label: label.to_owned() }).collect(),
        turns: turns
            .into_iter()
            .map(|((tenant, key), settled)| EndedTurn { tenant: tenant.clone(), key: key.to_owned(), settled })
            .collect(),
        booked: booked
            .into_iter()
            .flat_map(|(tenant, rows)| rows.into_iter().map(|(kind, name)| (tenant.clone(), kind, name.to_owned())))
            .collect(),
        closed: accounts.iter().filter(|(_, (_, closed))| *closed).map(|(tenant, _)| (*tenant).clone()).collect(),
        ..Rollback::default()
    }
}
