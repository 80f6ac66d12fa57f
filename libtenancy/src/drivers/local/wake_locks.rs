//! Wake locks in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::store::Store;
use crate::{
    clock::Timestamp,
    error::Result,
    ports::wake_locks::{OwnerToken, WakeLocks},
    tenant::TenantId,
};

#[async_trait]
impl WakeLocks for Store {
    async fn wake_lock_acquire(
        &self,
        tenant: &TenantId,
        owner: &OwnerToken,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        let (tenant, owner, expires) = (tenant.clone(), owner.clone(), now + ttl);
        self.write(move |connection| {
            let held = connection
                .prepare_cached(
                    "INSERT INTO wake_locks (tenant, owner, expires_at) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (tenant) DO UPDATE SET owner = ?2, expires_at = ?3 \
                     WHERE owner = ?2 OR expires_at <= ?4",
                )?
                .execute(params![tenant.as_str(), owner.0, expires.as_micros(), now.as_micros()])?;
            Ok(held > 0)
        })
        .await
    }

    async fn wake_lock_renew(
        &self,
        tenant: &TenantId,
        owner: &OwnerToken,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<bool> {
        let (tenant, owner, expires) = (tenant.clone(), owner.clone(), now + ttl);
        self.write(move |connection| {
            let held = connection
                .prepare_cached(
                    "UPDATE wake_locks SET expires_at = ?3 WHERE tenant = ?1 AND owner = ?2 AND expires_at > ?4",
                )?
                .execute(params![tenant.as_str(), owner.0, expires.as_micros(), now.as_micros()])?;
            Ok(held > 0)
        })
        .await
    }

    async fn wake_lock_release(&self, tenant: &TenantId, owner: &OwnerToken) -> Result<bool> {
        let (tenant, owner, now) = (tenant.clone(), owner.clone(), self.clock().now());
        self.write(move |connection| {
            let expired: Option<i64> = connection
                .prepare_cached("DELETE FROM wake_locks WHERE tenant = ?1 AND owner = ?2 RETURNING expires_at")?
                .query_row(params![tenant.as_str(), owner.0], |row| row.get(0))
                .optional()?;
            Ok(expired.is_some_and(|at| at > now.as_micros()))
        })
        .await
    }
}
