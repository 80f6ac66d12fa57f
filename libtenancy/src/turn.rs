//! Turn: how a tenant's agent is asked, for a chat or for a job.
//!
//! Owns where the agent is found, and what is done about one that does not take its turn. Does not own who pays (`delivery`,
//! `work`).

use std::time::Duration;

use crate::{
    agent::Turn,
    clock::Stopwatch,
    error::{Error, Result},
    inbox::UpdateKey,
    operation::lock,
    ports::workloads::TurnKey,
    tenancy::Tenancy,
    tenant::{Agent, TenantId},
};

/// How often one turn looks for the tenant's agent anew before it counts as a failed attempt.
pub(crate) const AGENT_ROUNDS: u32 = 3;

impl Tenancy {
    /// Wakes the agent if needed and runs, joins or replays the turn, which is told of by `request_id`.
    pub(crate) async fn turn_run(&self, key: &UpdateKey, request_id: &str, turn: &Turn) -> Result<String> {
        let workloads = &self.drivers().workloads;
        let mut last = None;
        for _ in 0..AGENT_ROUNDS {
            let agent = self.agent_resolve(&key.tenant).await?;
            let timeout = self.inner.config.agent.turn_timeout;
            let (name, watch) = (TurnKey { update: key, request_id }, Stopwatch::start());
            tracing::debug!(workload = %agent.workload, generation = %agent.generation, "the agent is asked");
            match workloads.agent_turn(&agent, name, turn, timeout).await {
                Ok(reply) => {
                    let ms = watch.elapsed().as_millis();
                    tracing::debug!(ms, bytes = reply.response.len(), "the agent answered");
                    return Ok(reply.response);
                }
                // Not this agent (any more), or it did not answer: what is true now is in the record and the lock.
                Err(error @ (Error::Conflict { .. } | Error::Unavailable { .. } | Error::OutcomeUnknown { .. })) => {
                    tracing::info!(update = %key, error = error.chain(), "the agent did not take the turn");
                    self.agent_doubt(&key.tenant, &agent, &error).await?;
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::AgentFailed {
            tenant: key.tenant.to_string(),
            reason: last.map_or_else(String::new, |error| format!("it did not take the turn: {}", error.chain())),
        })
    }

    /// The tenant's agent: as cached, as recorded, or as woken.
    pub(crate) async fn agent_resolve(&self, id: &TenantId) -> Result<Agent> {
        if let Some(agent) = lock(&self.inner.live).get(id) {
            return Ok(agent.clone());
        }
        if let Ok(Some(agent)) = self.drivers().endpoints.endpoint_get(id, self.now()).await {
            return Ok(agent);
        }
        self.wake_admitted(id).await.map(|(agent, _)| agent)
    }

    /// The agent did not take a turn: forget where it was, and find out whether it lives.
    async fn agent_doubt(&self, id: &TenantId, agent: &Agent, error: &Error) -> Result<()> {
        lock(&self.inner.live).remove(id);
        if let Err(error) = self.drivers().endpoints.endpoint_remove(id, agent.generation).await {
            tracing::debug!(tenant = %id, error = error.chain(), "endpoint not removed");
        }
        // Waits for a stop under way; records the loss if the agent is gone.
        self.agent_gone(id, agent.generation, error.chain()).await?;
        if self.drivers().workloads.workload_find(id).await?.is_some() {
            // It lives, so it was busy starting, stopping or dying: a moment later it is one or the other.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}
