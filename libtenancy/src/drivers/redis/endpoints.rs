//! The cache of endpoints in Redis.

use async_trait::async_trait;

use super::{Redis, rows::damaged, scripts};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ports::endpoints::Endpoints,
    tenant::{Agent, Generation, TenantId},
};

/// A generation as text that sorts as the number does.
fn sortable(generation: Generation) -> String {
    format!("{:020}", generation.0)
}

#[async_trait]
impl Endpoints for Redis {
    async fn endpoint_put(&self, tenant: &TenantId, agent: &Agent, expires: Timestamp) -> Result<()> {
        let text = serde_json::to_string(agent).map_err(|e| Error::internal(format!("an agent has no JSON: {e}")))?;
        let fill = |command: &mut ::redis::Cmd| {
            command.arg(sortable(agent.generation)).arg(&text).arg(expires.as_micros());
        };
        self.run_alone(&self.shared.keys.endpoint(tenant), &scripts::ENDPOINT_PUT, fill).await.map(drop)
    }

    async fn endpoint_get(&self, tenant: &TenantId, now: Timestamp) -> Result<Option<Agent>> {
        let mut command = ::redis::cmd("HMGET");
        command.arg(self.shared.keys.endpoint(tenant)).arg("agent").arg("expires");
        let found: (Option<String>, Option<i64>) =
            ::redis::from_redis_value(self.send(&command).await?).map_err(|_| damaged("endpoint"))?;
        let (Some(agent), Some(expires)) = found else { return Ok(None) };
        if Timestamp::from_micros(expires) <= now {
            return Ok(None);
        }
        serde_json::from_str(&agent).map(Some).map_err(|_| damaged("endpoint"))
    }

    async fn endpoint_remove(&self, tenant: &TenantId, up_to: Generation) -> Result<()> {
        let fill = |command: &mut ::redis::Cmd| {
            command.arg(sortable(up_to));
        };
        self.run_alone(&self.shared.keys.endpoint(tenant), &scripts::ENDPOINT_REMOVE, fill).await.map(drop)
    }
}
