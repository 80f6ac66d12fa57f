//! What was told of a tenant of late, kept so that it is there after whoever told it ended.
//!
//! No truth: lines may be lost with whoever was about to write them, and old ones go. Nothing is decided by them.

use std::time::Duration;

use async_trait::async_trait;

use crate::{api::journal::JournalLine, clock::Timestamp, error::Result, tenant::TenantId};

/// Lines of a tenant that are kept; older ones go.
pub const KEPT: usize = 200;

/// Where one has read up to. Only the driver that gave it knows what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Lines, and where the next ones begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// In the order in which they were written.
    pub lines: Vec<JournalLine>,
    /// After the last line there is, also where it is not among these.
    pub end: Cursor,
}

/// The journals of one set of tenants.
#[async_trait]
pub trait Journals: Send + Sync + 'static {
    /// Adds lines, in this order. A repeat adds them twice. Store errors.
    async fn journal_append(&self, lines: &[(TenantId, JournalLine)]) -> Result<()>;

    /// A tenant's lines told at `since` or later, at most the last `limit`. Nobody's are none. Store errors.
    async fn journal_read(&self, tenant: &TenantId, since: Timestamp, limit: usize) -> Result<Read>;

    /// What was written since `after`; waits up to `wait` for it, and gives nothing then. Store errors.
    async fn journal_next(&self, tenant: &TenantId, after: &Cursor, wait: Duration) -> Result<Read>;
}
