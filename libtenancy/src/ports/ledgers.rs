//! The append-only ledgers, one per partition.

use async_trait::async_trait;

use crate::{
    clock::Timestamp,
    error::Result,
    ledger::{Head, Row, RowKind},
    tenant::TenantId,
};

/// A row with the chain's hash after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The row.
    pub row: Row,
    /// The chain's hash after it.
    pub hash: String,
}

/// Which rows to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter {
    /// Only this tenant's.
    pub tenant: Option<TenantId>,
    /// Only of this kind.
    pub kind: Option<RowKind>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

/// The ledgers. Nothing that was appended is ever changed or removed.
#[async_trait]
pub trait Ledgers: Send + Sync + 'static {
    /// Appends rows of one partition, in order, all or none, and returns the new end. A row that is there already must be
    /// the same, and is skipped: a repeat does nothing. `Conflict` if a row differs from the one that is there, if it does
    /// not follow the last one (sequence numbers have no gap within an incarnation; the first row of a later one may
    /// leave a gap), or if its incarnation goes back.
    ///
    /// A store whose writes are bounded may split an append of more than a thousand rows into several, each all or none;
    /// a repeat then goes on from what is there.
    async fn ledger_append(&self, partition: u16, rows: &[Row]) -> Result<Head>;

    /// The end of a partition's ledger; the default if it has no row.
    async fn ledger_head(&self, partition: u16) -> Result<Head>;

    /// Rows of a partition in order, after a sequence number, at most `limit`. Costs what it returns where the filter
    /// names nothing or a tenant. A tenant's rows may lag by a second where they are read through an index.
    async fn ledger_rows(&self, partition: u16, filter: &RowFilter, after: u64, limit: usize) -> Result<Vec<Entry>>;

    /// The partitions that have rows.
    async fn ledger_partitions(&self) -> Result<Vec<u16>>;
}
