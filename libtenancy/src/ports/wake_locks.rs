//! One waker per tenant at a time, across processes.
//!
//! The lock shortens work; it is no fence. The fence is the generation in the record.

use std::time::Duration;

use async_trait::async_trait;

use crate::{clock::Timestamp, error::Result, tenant::TenantId};

/// How long a wake lock outlives the last word of its holder, who renews it three times as often. (The first system's was
/// never renewed, and so had to be good for its longest wake, 240 s: as long as a death held a tenant up.)
pub const WAKE_LOCK_TTL: Duration = Duration::from_secs(30);

/// Names one holder for ever (random), so that nobody releases another's lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnerToken(pub String);

/// The locks. Time is the store's where it has a clock of its own; `now` is used otherwise.
#[async_trait]
pub trait WakeLocks: Send + Sync + 'static {
    /// Takes the lock for `ttl` if it is free, lapsed, or already `owner`'s. Atomic. `true` if `owner` holds it now.
    async fn wake_lock_acquire(
        &self,
        tenant: &TenantId,
        owner: &OwnerToken,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool>;

    /// Extends the lock to `ttl` from now. `false` if `owner` does not hold it (any more): nothing changed.
    async fn wake_lock_renew(
        &self,
        tenant: &TenantId,
        owner: &OwnerToken,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool>;

    /// Releases the lock. `false` if `owner` does not hold it: nothing changed.
    async fn wake_lock_release(&self, tenant: &TenantId, owner: &OwnerToken) -> Result<bool>;
}
