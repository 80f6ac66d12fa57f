//! The cache of endpoints in SQLite, so that every process of the machine shares it.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::store::{Store, from_json, stored, to_json};
use crate::{
    clock::Timestamp,
    error::Result,
    ports::endpoints::Endpoints,
    tenant::{Agent, Generation, TenantId},
};

#[async_trait]
impl Endpoints for Store {
    async fn endpoint_put(&self, tenant: &TenantId, agent: &Agent, expires: Timestamp) -> Result<()> {
        let (tenant, generation, agent) = (tenant.clone(), stored(agent.generation.0)?, to_json(agent)?);
        self.write(move |connection| {
            // An expired entry of a later generation still wins: generations never go back.
            connection
                .prepare_cached(
                    "INSERT INTO endpoints (tenant, generation, agent, expires_at) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT (tenant) DO UPDATE SET generation = ?2, agent = ?3, expires_at = ?4 \
                     WHERE generation <= ?2",
                )?
                .execute(params![tenant.as_str(), generation, agent, expires.as_micros()])?;
            Ok(())
        })
        .await
    }

    async fn endpoint_get(&self, tenant: &TenantId, now: Timestamp) -> Result<Option<Agent>> {
        self.read(|connection| {
            let agent: Option<String> = connection
                .prepare_cached("SELECT agent FROM endpoints WHERE tenant = ?1 AND expires_at > ?2")?
                .query_row(params![tenant.as_str(), now.as_micros()], |row| row.get(0))
                .optional()?;
            agent.map(|agent| from_json("agent", &agent)).transpose()
        })
    }

    async fn endpoint_remove(&self, tenant: &TenantId, up_to: Generation) -> Result<()> {
        // None that is stored is larger.
        let (tenant, up_to) = (tenant.clone(), i64::try_from(up_to.0).unwrap_or(i64::MAX));
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM endpoints WHERE tenant = ?1 AND generation <= ?2")?
                .execute(params![tenant.as_str(), up_to])?;
            Ok(())
        })
        .await
    }
}
