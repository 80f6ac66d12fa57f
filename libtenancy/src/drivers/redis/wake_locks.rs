//! Wake locks in Redis.

use std::time::Duration;

use ::redis::Value;
use async_trait::async_trait;

use super::{
    Redis,
    scripts::{self, Script},
};
use crate::{
    clock::Timestamp,
    error::Result,
    ports::wake_locks::{OwnerToken, WakeLocks},
    tenant::TenantId,
};

impl Redis {
    async fn wake_lock(
        &self,
        script: &'static Script,
        tenant: &TenantId,
        owner: &OwnerToken,
        ttl: Duration,
    ) -> Result<bool> {
        let fill = |command: &mut ::redis::Cmd| {
            command.arg(&owner.0).arg(ttl.as_micros().to_string());
        };
        let answer = self.run_alone(&self.shared.keys.wake_lock(tenant), script, fill).await?;
        Ok(answer == Value::Int(1))
    }
}

#[async_trait]
impl WakeLocks for Redis {
    async fn wake_lock_acquire(
        &self,
        tenant: &TenantId,
        owner: &OwnerToken,
        ttl: Duration,
        _now: Timestamp,
    ) -> Result<bool> {
        self.wake_lock(&scripts::WAKE_LOCK_ACQUIRE, tenant, owner, ttl).await
    }

    async fn wake_lock_renew(
        &self,
        tenant: &TenantId,
        owner: &OwnerToken,
        ttl: Duration,
        _now: Timestamp,
    ) -> Result<bool> {
        self.wake_lock(&scripts::WAKE_LOCK_RENEW, tenant, owner, ttl).await
    }

    async fn wake_lock_release(&self, tenant: &TenantId, owner: &OwnerToken) -> Result<bool> {
        self.wake_lock(&scripts::WAKE_LOCK_RELEASE, tenant, owner, Duration::ZERO).await
    }
}
