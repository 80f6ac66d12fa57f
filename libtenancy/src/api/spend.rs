//! Spend, the ledger and its audit on the wire.

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, credits::MicroCredits, ledger::Totals, ports::ledgers::Entry};

/// `GET /spend/report?by=&tenant=&from=&to=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendReport {
    /// `tenant`, `agent` or `day`.
    pub by: String,
    /// From when.
    pub from: Option<Timestamp>,
    /// Up to when.
    pub to: Option<Timestamp>,
    /// One line each, in order of their names.
    pub lines: Vec<SpendLine>,
    /// All lines together.
    pub total: SpendLine,
    /// What one credit costs, millionths of the currency's unit; absent if no price is set.
    pub price_micros_per_credit: Option<u64>,
}

/// A line of a report. Times are seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendLine {
    /// Whose; absent where all tenants are meant.
    pub tenant_id: Option<String>,
    /// Which agent's.
    pub agent_id: Option<String>,
    /// Which day, `2026-11-25`, UTC.
    pub day: Option<String>,
    /// Credits granted.
    pub granted: MicroCredits,
    /// Credits refilled.
    pub refilled: MicroCredits,
    /// Credits spent.
    pub spent: MicroCredits,
    /// Credits that expired.
    pub expired: MicroCredits,
    /// Credits borne by the operator: use beyond a hold.
    pub adjusted: MicroCredits,
    /// What was spent, in money, millionths of the currency's unit; absent if no price is set.
    pub money_micros: Option<u64>,
    /// Jobs and turns that were settled.
    pub settled: u64,
    /// Leases that lapsed.
    pub reclaimed: u64,
    /// Seconds that agents ran which have stopped.
    pub running_s: u64,
    /// Seconds that those have run so far which still do: what would be booked if they stopped now.
    #[serde(default)]
    pub running_now_s: u64,
    /// Seconds of those without work.
    pub idle_s: u64,
    /// Seconds that unbound agents were kept ready.
    pub warm_s: u64,
    /// Bytes of snapshots published.
    pub snapshot_bytes: u64,
}

/// `GET /spend/audit?tenant=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditReport {
    /// Whether everything holds.
    pub holds: bool,
    /// Rows read; those of a whole partition where one tenant is meant.
    pub rows: u64,
    /// How often a store forgot and was told.
    pub rollbacks: u64,
    /// Rows that were made and forgotten before they reached the ledger.
    pub lost_rows: u64,
    /// Rows that are not in the ledger yet.
    pub undrained: u64,
    /// All tenants together.
    pub totals: Totals,
    /// Per tenant.
    pub tenants: Vec<TenantTotals>,
    /// What does not hold.
    pub violations: Vec<String>,
}

/// A tenant's side of the equation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantTotals {
    /// Whose.
    pub tenant_id: String,
    /// `granted + refilled + adjusted = spent + expired + held + available`.
    pub totals: Totals,
}

/// A ledger's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Its partition.
    pub partition: u16,
    /// Its incarnation.
    pub incarnation: u64,
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What of.
    pub kind: String,
    /// Whose.
    pub tenant_id: String,
    /// Which agent's.
    pub agent_id: Option<String>,
    /// A job's serial, `turn:…`, a grant's name, a generation.
    pub reference: String,
    /// Of a job.
    pub attempt: u32,
    /// The change of what was granted.
    pub granted: MicroCredits,
    /// Refilled.
    pub refilled: MicroCredits,
    /// The change of what is held.
    pub held: MicroCredits,
    /// Spent.
    pub spent: MicroCredits,
    /// Expired.
    pub expired: MicroCredits,
    /// Borne by the operator.
    pub adjusted: MicroCredits,
    /// Microseconds or bytes.
    pub quantity: i64,
    /// How it ended, or why.
    pub label: String,
    /// What could be held after it.
    pub available_after: MicroCredits,
    /// What was held after it.
    pub held_after: MicroCredits,
    /// The chain's hash after it.
    pub hash: String,
}

impl LedgerRow {
    /// A row of a partition.
    pub fn new(partition: u16, entry: &Entry) -> Self {
        let (row, d) = (&entry.row, &entry.row.deltas);
        Self {
            partition,
            incarnation: row.incarnation,
            seq: row.seq,
            at: row.at,
            kind: row.kind.label().to_owned(),
            tenant_id: row.tenant.to_string(),
            agent_id: row.agent.as_ref().map(ToString::to_string),
            reference: row.reference.clone(),
            attempt: row.attempt,
            granted: d.granted,
            refilled: d.refilled,
            held: d.held,
            spent: d.spent,
            expired: d.expired,
            adjusted: d.adjusted,
            quantity: row.quantity,
            label: row.label.clone(),
            available_after: row.after.available(),
            held_after: row.after.held,
            hash: entry.hash.clone(),
        }
    }
}

/// `GET /spend/rows?tenant=&from=&to=&after=&limit=`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRows {
    /// One page, partition by partition, in order.
    pub rows: Vec<LedgerRow>,
    /// Pass as `after` (`PARTITION:SEQ`) for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
