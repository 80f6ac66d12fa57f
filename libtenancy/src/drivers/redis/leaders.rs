//! Leases of leaders in Redis.

use std::time::Duration;

use async_trait::async_trait;

use super::{Redis, rows::damaged, scripts};
use crate::{
    clock::Timestamp,
    error::Result,
    inbox::Epoch,
    ports::{leaders::Leaders, wake_locks::OwnerToken},
};

#[async_trait]
impl Leaders for Redis {
    async fn leader_acquire(
        &self,
        role: &str,
        owner: &OwnerToken,
        ttl: Duration,
        _now: Timestamp,
    ) -> Result<Option<Epoch>> {
        let fill = |command: &mut ::redis::Cmd| {
            command.arg(&owner.0).arg(ttl.as_micros().to_string());
        };
        let answer = self.run_alone(&self.shared.keys.leader(role), &scripts::LEADER_ACQUIRE, fill).await?;
        let epoch: Option<u64> = ::redis::from_redis_value(answer).map_err(|_| damaged("epoch of a leader"))?;
        Ok(epoch.map(Epoch))
    }

    async fn leader_resign(&self, role: &str, owner: &OwnerToken) -> Result<()> {
        let fill = |command: &mut ::redis::Cmd| {
            command.arg(&owner.0);
        };
        self.run_alone(&self.shared.keys.leader(role), &scripts::LEADER_RESIGN, fill).await.map(drop)
    }
}
