//! One leader per role, with a lease and an epoch that grows with every change of leader.

use std::time::Duration;

use async_trait::async_trait;

use crate::{clock::Timestamp, error::Result, inbox::Epoch, ports::wake_locks::OwnerToken};

/// How long a lease lives without renewal (the seed's 15 s).
pub const LEASE_TTL: Duration = Duration::from_secs(15);

/// How often a leader renews, and others stand (the seed's 2 s retry).
pub const LEASE_RENEW: Duration = Duration::from_secs(2);

/// The leases.
#[async_trait]
pub trait Leaders: Send + Sync + 'static {
    /// Takes or renews the lease of `role` for `ttl`: `Some(epoch)` if `owner` leads now, `None` if another does.
    /// Atomic. The epoch grows exactly when the leader changes or its lease had lapsed.
    async fn leader_acquire(
        &self,
        role: &str,
        owner: &OwnerToken,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Option<Epoch>>;

    /// Gives the lease up so that another may lead at once. Nothing happens if `owner` does not lead.
    async fn leader_resign(&self, role: &str, owner: &OwnerToken) -> Result<()>;
}
