//! The ledger: one row for every credit that moves and every second that costs, append-only and chained by hashes.
//!
//! Owns the row, its text, the chain, and the audit that proves conservation from rows alone. Does not own where rows are
//! kept (`ports::ledgers`) nor what makes them (`partition`).
//!
//! # The equation
//! For every tenant and every prefix of its rows, to the last micro-credit:
//! `granted + refilled + adjusted = spent + expired + held + available`. Each row says what it changed and what the account
//! was after it, so [`Audit`] checks the equation row by row, and a store that forgot can be told what it had
//! ([`crate::partition::Rollback`]).
//!
//! # From the charge to the ledger
//! The step that charges writes its row into the partition's outbox, in the same atomic write. The leader copies rows from
//! the outbox to the ledger in order and then trims the outbox. A copy that is repeated changes nothing: a row is named by
//! its partition, incarnation and sequence number, and one that is there must be the same.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::{Error, Result},
    jobs::AgentId,
    quota::{Account, Count, Deltas, Grant, grants_parse, grants_text},
    tenant::TenantId,
};

/// What a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// An account was opened with a full bucket.
    Opening,
    /// An operator granted credits.
    Grant,
    /// A quota was changed.
    Configure,
    /// A job or a turn began, or raised its hold.
    Hold,
    /// A job or a turn ended.
    Settle,
    /// A lease lapsed: its hold went back.
    Reclaim,
    /// An account was closed with its tenant.
    Close,
    /// The store forgot: holds of what it does not know any more went back.
    Rollback,
    /// An agent ran for `quantity` microseconds.
    Running,
    /// Of which it had nothing to do for so many.
    Idle,
    /// A warm agent was ready for nobody.
    Warm,
    /// A snapshot of `quantity` bytes was published.
    Snapshot,
}

impl RowKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Opening,
        Self::Grant,
        Self::Configure,
        Self::Hold,
        Self::Settle,
        Self::Reclaim,
        Self::Close,
        Self::Rollback,
        Self::Running,
        Self::Idle,
        Self::Warm,
        Self::Snapshot,
    ];

    /// The word that is stored and shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Grant => "grant",
            Self::Configure => "configure",
            Self::Hold => "hold",
            Self::Settle => "settle",
            Self::Reclaim => "reclaim",
            Self::Close => "close",
            Self::Rollback => "rollback",
            Self::Running => "running",
            Self::Idle => "idle",
            Self::Warm => "warm",
            Self::Snapshot => "snapshot",
        }
    }

    /// The kind of a label.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.label() == label)
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Raised whenever the partition's store forgot.
    pub incarnation: u64,
    /// Counts the partition's rows from 1, through all incarnations.
    pub seq: u64,
    /// When, by the store's clock.
    pub at: Timestamp,
    /// What it is of.
    pub kind: RowKind,
    /// Whose.
    pub tenant: TenantId,
    /// Which agent's, where one is meant.
    pub agent: Option<AgentId>,
    /// A job's serial, `turn:…`, a generation, or nothing.
    pub reference: String,
    /// The attempt, of a job.
    pub attempt: u32,
    /// What it changed.
    pub deltas: Deltas,
    /// Microseconds or bytes; 0 where credits only are meant.
    pub quantity: i64,
    /// How it ended, or why: a word.
    pub label: String,
    /// The account after it.
    pub after: After,
}

/// What the money of an account was after a row: enough to restore it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Account`, said there")]
pub struct After {
    pub bucket: MicroCredits,
    pub grants: Vec<Grant>,
    pub held: MicroCredits,
    pub refilled_at: Timestamp,
    pub remainder: i64,
    pub period: i64,
    pub period_spent: MicroCredits,
    pub period_granted: MicroCredits,
    pub noticed: u8,
}

impl From<&Account> for After {
    fn from(account: &Account) -> Self {
        Self {
            bucket: account.bucket,
            grants: account.grants.clone(),
            held: account.held,
            refilled_at: account.refilled_at,
            remainder: account.remainder,
            period: account.period,
            period_spent: account.period_spent,
            period_granted: account.period_granted,
            noticed: account.noticed,
        }
    }
}

impl After {
    /// What could be held.
    pub fn available(&self) -> MicroCredits {
        self.bucket + self.grants.iter().map(|grant| grant.amount).sum()
    }

    /// What the account counted of its period.
    pub(crate) fn counted(&self) -> Count {
        // A row of before grants were counted may have less than nothing spent.
        let spent = self.period_spent.max(MicroCredits::ZERO);
        Count { period: self.period, spent, granted: self.period_granted }
    }

    /// What was spent in the period, and, after a colon, what was granted in it, if there is something. Rows of before that was
    /// counted by itself have one number, below nothing where more was granted: they read back as they were written.
    pub fn period_text(&self) -> String {
        match self.period_granted.0 {
            0 => self.period_spent.0.to_string(),
            granted => format!("{}:{granted}", self.period_spent.0),
        }
    }
}

/// Reads [`After::period_text`]: what was spent and what was granted.
fn period_parse(text: &str) -> Option<(MicroCredits, MicroCredits)> {
    let (spent, granted) = text.split_once(':').unwrap_or((text, "0"));
    Some((MicroCredits(spent.parse().ok()?), MicroCredits(granted.parse().ok()?)))
}

/// Checks what will stand in a row's `reference`: 1 to `most` visible ASCII characters, none of them `|`.
pub fn reference_checked(field: &'static str, text: &str, most: usize) -> Result<()> {
    if text.is_empty() || text.len() > most || !text.bytes().all(|b| b.is_ascii_graphic() && b != b'|') {
        return Err(Error::invalid(field, format!("it must be 1 to {most} visible ASCII characters without `|`")));
    }
    Ok(())
}

/// The longest name of a grant.
pub const MAX_GRANT_NAME: usize = 64;

/// The longest reference of a turn or a usage.
pub const MAX_REFERENCE: usize = 128;

/// The fields of a row's text.
const FIELDS: usize = 25;

impl Row {
    /// The row as it is stored in an outbox and hashed: its fields with `|` between. No field can hold one.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(240);
        let (d, a) = (&self.deltas, &self.after);
        let agent = self.agent.as_ref().map_or("", AgentId::as_str);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{}|{}|{}|{}|{}|{agent}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
            self.incarnation,
            self.seq,
            self.at.as_micros(),
            self.kind.label(),
            self.tenant,
            self.reference,
            self.attempt,
            d.granted.0,
            d.refilled.0,
            d.held.0,
            d.spent.0,
            d.expired.0,
            d.adjusted.0,
            d.notice.unwrap_or(0),
            self.quantity,
            self.label,
            a.bucket.0,
            grants_text(&a.grants),
            a.held.0,
            a.refilled_at.as_micros(),
            a.remainder,
            a.period,
            a.period_text(),
            a.noticed,
        );
        text
    }

    /// Reads [`Row::text`]; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let f: Vec<&str> = text.split('|').collect();
        if f.len() != FIELDS {
            return None;
        }
        let credits = |index: usize| f[index].parse().ok().map(MicroCredits);
        let time = |index: usize| f[index].parse().ok().map(Timestamp::from_micros);
        let notice: u8 = f[14].parse().ok()?;
        let (spent, granted) = period_parse(f[23])?;
        Some(Self {
            incarnation: f[0].parse().ok()?,
            seq: f[1].parse().ok()?,
            at: time(2)?,
            kind: RowKind::from_label(f[3])?,
            tenant: f[4].parse().ok()?,
            agent: if f[5].is_empty() { None } else { Some(f[5].parse().ok()?) },
            reference: f[6].to_owned(),
            attempt: f[7].parse().ok()?,
            deltas: Deltas {
                granted: credits(8)?,
                refilled: credits(9)?,
                held: credits(10)?,
                spent: credits(11)?,
                expired: credits(12)?,
                adjusted: credits(13)?,
                notice: (notice > 0).then_some(notice),
            },
            quantity: f[15].parse().ok()?,
            label: f[16].to_owned(),
            after: After {
                bucket: credits(17)?,
                grants: grants_parse(f[18])?,
                held: credits(19)?,
                refilled_at: time(20)?,
                remainder: f[21].parse().ok()?,
                period: f[22].parse().ok()?,
                period_spent: spent,
                period_granted: granted,
                noticed: f[24].parse().ok()?,
            },
        })
    }

    /// The chain's hash after this row: SHA-256 of the hash before it and its text, hexadecimal.
    pub fn chained(&self, before: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(before.as_bytes());
        hash.update(self.text().as_bytes());
        hex::encode(hash.finalize())
    }
}

/// The end of a partition's ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Of the last row.
    pub incarnation: u64,
    /// Of the last row; 0 before the first.
    pub seq: u64,
    /// The chain's hash after it; empty before the first.
    pub hash: String,
}

impl Head {
    /// The end after one more row. `Conflict` if it does not follow: sequence numbers have no gap within an incarnation, the
    /// first row of a later one may leave a gap, and incarnations do not go back.
    pub fn after(&self, row: &Row) -> Result<Self> {
        let conflict = |reason: String| Err(Error::conflict("ledger row", row.seq, reason));
        // The first incarnation is 1: a store that forgot before anything was copied leaves a gap at the beginning.
        let last = self.incarnation.max(1);
        if row.incarnation < last {
            return conflict(format!("its incarnation {} goes back behind {last}", row.incarnation));
        }
        if row.incarnation == last && row.seq != self.seq + 1 {
            return conflict(format!("row {} comes next", self.seq + 1));
        }
        Ok(Self { incarnation: row.incarnation, seq: row.seq, hash: row.chained(&self.hash) })
    }
}

/// A tenant's credits, summed up from rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the terms of the equation, said above")]
pub struct Totals {
    pub granted: MicroCredits,
    pub refilled: MicroCredits,
    pub adjusted: MicroCredits,
    pub spent: MicroCredits,
    pub expired: MicroCredits,
    pub held: MicroCredits,
    pub available: MicroCredits,
}

impl Totals {
    /// What came in less what it is now: zero, or credits were made or lost.
    pub fn imbalance(&self) -> MicroCredits {
        self.granted + self.refilled + self.adjusted - self.spent - self.expired - self.held - self.available
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Self) {
        self.granted += other.granted;
        self.refilled += other.refilled;
        self.adjusted += other.adjusted;
        self.spent += other.spent;
        self.expired += other.expired;
        self.held += other.held;
        self.available += other.available;
    }
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Where.
    pub partition: u16,
    /// At which row.
    pub seq: u64,
    /// Whose books; all of them, if it is nobody's.
    #[serde(default)]
    pub tenant: Option<TenantId>,
    /// What.
    pub what: String,
}

/// Reads the rows of one partition in order and checks all that they promise.
#[derive(Debug, Default)]
pub struct Audit {
    partition: u16,
    head: Head,
    tenants: BTreeMap<TenantId, Totals>,
    violations: Vec<Violation>,
    rollbacks: u64,
    lost_rows: u64,
}

impl Audit {
    /// An audit of a partition, before its first row.
    pub fn new(partition: u16) -> Self {
        Self { partition, ..Self::default() }
    }

    /// Checks the next row; `hash` is what the ledger says the chain is after it.
    pub fn row(&mut self, row: &Row, hash: &str) {
        let chained = row.chained(&self.head.hash);
        if chained != hash {
            self.violated(row.seq, None, "the chain is broken: a row before it was changed or removed".to_owned());
        }
        let follows = row.incarnation == self.head.incarnation.max(1);
        if follows && row.seq != self.head.seq + 1 {
            self.violated(row.seq, None, format!("row {} should follow row {}", self.head.seq + 1, self.head.seq));
        } else if row.incarnation < self.head.incarnation || row.seq <= self.head.seq {
            self.violated(
                row.seq,
                None,
                format!("it goes back behind row {} of incarnation {}", self.head.seq, self.head.incarnation),
            );
        } else if !follows {
            self.lost_rows += row.seq - self.head.seq - 1;
        }
        if row.kind == RowKind::Rollback {
            self.rollbacks += 1;
        }
        self.equation(row);
        self.head = Head { incarnation: row.incarnation, seq: row.seq, hash: hash.to_owned() };
    }

    fn equation(&mut self, row: &Row) {
        let totals = self.tenants.entry(row.tenant.clone()).or_default();
        let (before, d, after) = (totals.clone(), &row.deltas, &row.after);
        totals.granted += d.granted;
        totals.refilled += d.refilled;
        totals.adjusted += d.adjusted;
        totals.spent += d.spent;
        totals.expired += d.expired;
        totals.held = after.held;
        totals.available = after.available();
        let wrong = totals.imbalance();
        let (held, available) = (totals.held, totals.available);
        let off = |audit: &mut Self, what| audit.violated(row.seq, Some(&row.tenant), what);
        if wrong != before.imbalance() {
            off(self, format!("`{}` is off by {} credits", row.tenant, wrong - before.imbalance()));
        }
        if before.held + d.held != held {
            off(self, format!("`{}` holds {held} where {} is due", row.tenant, before.held + d.held));
        }
        if held.0 < 0 || available.0 < 0 {
            off(self, format!("`{}` has a negative balance", row.tenant));
        }
    }

    fn violated(&mut self, seq: u64, tenant: Option<&TenantId>, what: String) {
        if self.violations.len() < 1_000 {
            self.violations.push(Violation { partition: self.partition, seq, tenant: tenant.cloned(), what });
        }
    }

    /// The end of what was read.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The totals of every tenant, what does not hold, how often the store forgot, and how many rows it took with it.
    pub fn finish(self) -> AuditResult {
        AuditResult {
            tenants: self.tenants,
            violations: self.violations,
            rows: self.head.seq,
            rollbacks: self.rollbacks,
            lost_rows: self.lost_rows,
        }
    }
}

/// What an [`Audit`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditResult {
    /// Every tenant's totals.
    pub tenants: BTreeMap<TenantId, Totals>,
    /// What does not hold; empty if all does.
    pub violations: Vec<Violation>,
    /// The last sequence number.
    pub rows: u64,
    /// How many rows say that the store forgot.
    pub rollbacks: u64,
    /// Rows that were made and forgotten before they reached the ledger.
    pub lost_rows: u64,
}

#[cfg(test)]
mod tests;
