//! Idle deadlines in Redis: a sorted set by time. Scores are doubles, which hold microseconds exactly until the year 2255.

use async_trait::async_trait;

use super::{Redis, rows::damaged};
use crate::{clock::Timestamp, error::Result, ports::deadlines::Deadlines, tenant::TenantId};

/// A score as a time.
#[expect(clippy::cast_possible_truncation, reason = "whole microseconds, below 2^53")]
fn time(score: f64) -> Timestamp {
    Timestamp::from_micros(score as i64)
}

impl Redis {
    /// A command whose first argument is the set.
    fn on_deadlines(&self, name: &str) -> ::redis::Cmd {
        let mut command = ::redis::cmd(name);
        command.arg(self.shared.keys.deadlines());
        command
    }
}

#[async_trait]
impl Deadlines for Redis {
    async fn deadline_set(&self, tenant: &TenantId, at: Timestamp) -> Result<()> {
        self.send(self.on_deadlines("ZADD").arg(at.as_micros()).arg(tenant.as_str())).await.map(drop)
    }

    async fn deadline_get(&self, tenant: &TenantId) -> Result<Option<Timestamp>> {
        let score = self.send(self.on_deadlines("ZSCORE").arg(tenant.as_str())).await?;
        let score: Option<f64> = ::redis::from_redis_value(score).map_err(|_| damaged("deadline"))?;
        Ok(score.map(time))
    }

    async fn deadline_clear(&self, tenant: &TenantId) -> Result<()> {
        self.send(self.on_deadlines("ZREM").arg(tenant.as_str())).await.map(drop)
    }

    async fn deadlines_due(&self, now: Timestamp, limit: usize) -> Result<Vec<TenantId>> {
        let mut command = self.on_deadlines("ZRANGE");
        command.arg("-inf").arg(now.as_micros()).arg("BYSCORE").arg("LIMIT").arg(0).arg(limit);
        let due: Vec<String> =
            ::redis::from_redis_value(self.send(&command).await?).map_err(|_| damaged("deadlines"))?;
        due.iter().map(|id| id.parse().map_err(|_| damaged("tenant among the deadlines"))).collect()
    }

    async fn deadline_next(&self) -> Result<Option<Timestamp>> {
        let mut command = self.on_deadlines("ZRANGE");
        command.arg(0).arg(0).arg("WITHSCORES");
        let first: Vec<(String, f64)> =
            ::redis::from_redis_value(self.send(&command).await?).map_err(|_| damaged("deadline"))?;
        Ok(first.first().map(|(_, score)| time(*score)))
    }
}
