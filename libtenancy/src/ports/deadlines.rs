//! Idle deadlines by time, so that a tick costs what is due and not what exists.
//!
//! An index, not a truth: the registry says who runs. A store that forgets it loses nothing; the reconciler sets the
//! deadline of every running tenant that has none.

use async_trait::async_trait;

use crate::{clock::Timestamp, error::Result, tenant::TenantId};

/// The index of idle deadlines.
#[async_trait]
pub trait Deadlines: Send + Sync + 'static {
    /// Sets the tenant's deadline, replacing an earlier or later one.
    async fn deadline_set(&self, tenant: &TenantId, at: Timestamp) -> Result<()>;

    /// The tenant's deadline.
    async fn deadline_get(&self, tenant: &TenantId) -> Result<Option<Timestamp>>;

    /// Removes the tenant's deadline; nothing happens if there is none.
    async fn deadline_clear(&self, tenant: &TenantId) -> Result<()>;

    /// The tenants whose deadline is at or before `now`, the oldest first, at most `limit`. Costs what it returns.
    async fn deadlines_due(&self, now: Timestamp, limit: usize) -> Result<Vec<TenantId>>;

    /// The earliest deadline of all. Constant cost.
    async fn deadline_next(&self) -> Result<Option<Timestamp>>;
}
