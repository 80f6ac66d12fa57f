//! The cache of endpoints: spares a registry read per message. Correctness never rests on it, since every request
//! carries the agent's generation.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    clock::Timestamp,
    error::Result,
    tenant::{Agent, Generation, TenantId},
};

/// How long a cached endpoint lives (the seed's `router:endpoint:*`).
pub const ENDPOINT_TTL: Duration = Duration::from_secs(300);

/// The cache.
#[async_trait]
pub trait Endpoints: Send + Sync + 'static {
    /// Caches the agent until `expires`, unless one of a later generation is cached.
    async fn endpoint_put(&self, tenant: &TenantId, agent: &Agent, expires: Timestamp) -> Result<()>;

    /// The cached agent, unless it expired by `now`.
    async fn endpoint_get(&self, tenant: &TenantId, now: Timestamp) -> Result<Option<Agent>>;

    /// Forgets the cached agent if its generation is `up_to` or earlier.
    async fn endpoint_remove(&self, tenant: &TenantId, up_to: Generation) -> Result<()>;
}
