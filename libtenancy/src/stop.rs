//! Stop: from a running agent to a saved state and nothing that runs.
//!
//! # Steps, and what is left if the process dies
//! | after | what is left | who finishes it |
//! |---|---|---|
//! | `stopping` written | an agent that runs on, a record that says it must not | the reconciler stops it |
//! | agent drained, ended, state saved | no agent, an archive that nobody published | the reconciler: `idle`, and it publishes the archive ([`state`](crate::state)); until then the local state, which is newer, wins at a wake |
//! | `idle` written, snapshot published | all that matters | nobody has to |
//!
//! A stop by force ([`StopReason::Forced`]) tells the agent nothing: it is killed, and what it had in hand goes back as after a
//! crash. The record says by what kind of stop it is `stopping`, so whoever finishes it ends the agent in the same way. An
//! agent that drains already is killed before the stop that waits for it is waited for.
//!
//! A stop for idleness is cancelled by a message that arrives before the agent is told to end; a later message follows
//! the stop: its wake waits for the operation to end.

use std::time::Duration;

use crate::{
    agent::Stop,
    error::{Error, Result},
    ledger::RowKind,
    ports::workloads::Workload,
    tenancy::Tenancy,
    tenant::{Agent, Event, Status, StopReason, Tenant, TenantId},
};

/// The longest time that an operator may give an agent to finish what it has in hand.
pub const MAX_DRAIN: Duration = Duration::from_hours(1);

impl Tenancy {
    /// Stops the tenant's agent and returns when the tenant is idle. A tenant without an agent stays as it is.
    ///
    /// `IllegalState` while it is being deleted; store errors (the reconciler then finishes the stop).
    pub async fn tenant_stop(&self, id: &TenantId, reason: StopReason) -> Result<Tenant> {
        self.tenant_stop_within(id, reason, None).await
    }

    /// The same; the agent may take so long to finish what it has in hand, at most [`MAX_DRAIN`], instead of as long as the
    /// configuration says. A stop by force gives it no time. `Invalid` for more.
    pub async fn tenant_stop_within(
        &self,
        id: &TenantId,
        reason: StopReason,
        drain: Option<Duration>,
    ) -> Result<Tenant> {
        self.require_live("a stop")?;
        let drain = drain.unwrap_or(self.inner.config.drain);
        if drain > MAX_DRAIN.max(self.inner.config.drain) {
            return Err(Error::invalid("timeout", format!("it is more than {} s", MAX_DRAIN.as_secs())));
        }
        let (tenancy, id) = (self.clone(), id.clone());
        self.detached(async move {
            if reason == StopReason::Forced {
                tenancy.drain_cut(&id).await?;
            }
            let _operation = tenancy.inner.operations.begin(&id).await;
            let lock = tenancy.others_lock(&id).await?;
            let stopped = tenancy.stop_run(&id, reason, drain).await;
            if let Some(lock) = lock {
                lock.release().await;
            }
            stopped
        })
        .await
    }

    /// Kills an agent that drains: the stop that waits for it goes on to `idle`. Any other agent is left alone, whatever
    /// happens meanwhile: a workload's id is its own for ever.
    async fn drain_cut(&self, id: &TenantId) -> Result<()> {
        let tenant = self.tenant_get(id).await?;
        let Status::Stopping { agent, .. } = &tenant.lifecycle.status else { return Ok(()) };
        let workloads = &self.drivers().workloads;
        match workloads.workload_find(id).await? {
            Some(left) if left.id == agent.workload => workloads.workload_kill(&left).await,
            _ => Ok(()),
        }
    }

    /// The stop itself; the caller holds the tenant's operation.
    async fn stop_run(&self, id: &TenantId, reason: StopReason, drain: Duration) -> Result<Tenant> {
        let tenant = self.tenant_get(id).await?;
        match &tenant.lifecycle.status {
            Status::Idle { .. } => Ok(tenant),
            Status::Provisioning | Status::Stopping { .. } => self.recover(tenant).await,
            Status::Terminated { .. } => tenant.after(Event::StopStarted(reason), self.now()).map(|_| tenant),
            Status::Running { agent } => {
                let agent = agent.clone();
                let for_idleness = reason == StopReason::Idle;
                let stopping = self.lifecycle_write(&tenant, Event::StopStarted(reason)).await?;
                self.running_book(&tenant).await;
                // The fence stands; a message that was stored before it is seen here, one stored after it finds it.
                if for_idleness && self.drivers().inboxes.pending_count(id).await.is_ok_and(|pending| pending > 0) {
                    let running = self.lifecycle_write(&stopping, Event::StopCancelled).await?;
                    tracing::info!(tenant = %id, "stop cancelled: a message arrived");
                    self.agent_is_live(id, &agent, running.settings.idle_timeout).await;
                    return Ok(running);
                }
                self.stop_finish(stopping, &agent, drain).await
            }
        }
    }

    /// From `stopping` to `idle`; run again after a death, it does what is left.
    pub(crate) async fn stop_finish(&self, stopping: Tenant, agent: &Agent, drain: Duration) -> Result<Tenant> {
        let id = &stopping.id;
        let event = if matches!(stopping.lifecycle.status, Status::Stopping { reason: StopReason::Forced, .. }) {
            self.agent_end(id, agent).await?;
            Event::AgentLost(StopReason::Forced.to_string())
        } else {
            match self.drivers().workloads.agent_stop(id, agent, &Stop { drain }).await {
                Ok(stopped) => Event::StopFinished(self.snapshot_last(id, agent.generation, stopped).await?),
                Err(error) => {
                    // It does not answer, or is somebody else's by now. What is left of it is ended for good.
                    tracing::warn!(tenant = %id, error = error.chain(), "the agent did not stop as asked");
                    self.agent_end(id, agent).await?;
                    Event::AgentLost(error.chain())
                }
            }
        };
        // What it did while it was asked to stop is running time of its own: the stop's generation names it.
        let drained = self.now().since(stopping.lifecycle.since).as_micros();
        self.usage_book(id, RowKind::Running, &stopping.lifecycle.generation.to_string(), drained).await;
        let is_lost = matches!(event, Event::AgentLost(_));
        let idle = self.lifecycle_write(&stopping, event).await?;
        self.agent_is_gone(id, agent.generation).await;
        if is_lost {
            self.state_catch_up_soon(id);
        }
        self.snapshots_thin(&idle).await;
        tracing::info!(tenant = %id, generation = %agent.generation,
            reason = match &idle.lifecycle.status { Status::Idle { reason: Some(reason) } => reason.to_string(), _ => String::new() },
            "stopped");
        Ok(idle)
    }

    /// Kills what there is of an agent; a later one is not what was to be stopped.
    async fn agent_end(&self, id: &TenantId, agent: &Agent) -> Result<()> {
        let workloads = &self.drivers().workloads;
        let is_its = |left: &Workload| left.agent.as_ref().is_none_or(|left| left.generation <= agent.generation);
        match workloads.workload_find(id).await?.filter(is_its) {
            Some(left) => workloads.workload_kill(&left).await,
            None => Ok(()),
        }
    }

    /// Writes the lifecycle after `event`; returns the tenant as it is then.
    pub(crate) async fn lifecycle_write(&self, tenant: &Tenant, event: Event) -> Result<Tenant> {
        let next = tenant.after(event, self.now())?;
        self.transition_insisting(&tenant.id, tenant.lifecycle.generation, &next).await?;
        self.tell_moved(&tenant.id, &tenant.lifecycle.status, &next).await;
        Ok(Tenant { lifecycle: next, ..tenant.clone() })
    }

    /// Books how long the agent of a running tenant ran until now, and how much of that it had nothing to do: once per
    /// running period, which its record's generation names. Whoever has a job in hand has something to do. A death before this
    /// loses the line; no credit moves by it.
    pub(crate) async fn running_book(&self, running: &Tenant) {
        let (now, since) = (self.now(), running.lifecycle.since);
        let reference = running.lifecycle.generation.to_string();
        self.usage_book(&running.id, RowKind::Running, &reference, now.since(since).as_micros()).await;
        let account = self.drivers().quotas.account_get(&running.id).await;
        let works = account.is_ok_and(|account| account.is_some_and(|account| account.running > 0));
        let idle = if works { 0 } else { now.since(running.last_active_at.max(since)).as_micros() };
        self.usage_book(&running.id, RowKind::Idle, &reference, idle).await;
    }
}
