//! What was told of a tenant of late, and what happened to tenants, kept so that it is there after whoever told it ended.
//!
//! No truth: lines may be lost with whoever was about to write them, and old ones go. Nothing is decided by them.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    api::{feed::EventLine, journal::JournalLine},
    clock::Timestamp,
    error::Result,
    tenant::TenantId,
};

/// Lines of a tenant that are kept; older ones go.
pub const KEPT: usize = 200;

/// Events of a tenant that are kept; older ones go.
pub const EVENTS_KEPT: usize = 100;

/// Events of all tenants together that are kept at least.
pub const FLEET_EVENTS_KEPT: usize = 10_000;

/// Events that are read at once by whoever reads on.
pub const EVENTS_READ: usize = 1_000;

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

/// Events, and where the next ones begin.
#[derive(Clone, Debug, PartialEq)]
pub struct EventsRead {
    /// In the order in which they were written.
    pub events: Vec<EventLine>,
    /// After the last of them; where there is none, after the last event there is.
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

    /// Takes a tenant's lines away, not its events. A repeat finds none. Store errors.
    async fn journal_purge(&self, tenant: &TenantId) -> Result<()>;

    /// Adds events, in this order: each to its tenant's and to those of all. A repeat adds them twice. Store errors.
    async fn events_append(&self, events: &[EventLine]) -> Result<()>;

    /// The last events of a tenant, or of all, at most `limit`. Nobody's are none. Store errors.
    async fn events_read(&self, tenant: Option<&TenantId>, limit: usize) -> Result<EventsRead>;

    /// The events of all that were written since `after`, oldest first, at most [`EVENTS_READ`]; does not wait. Costs what is
    /// new. Store errors.
    async fn events_next(&self, after: &Cursor) -> Result<EventsRead>;
}
