//! Delete: the record goes last, after everything it names.
//!
//! # Steps, and what is left if the process dies
//! `terminated` is written first, under the fence: from then on no wake and no message is taken. Then the webhook, the
//! agent, the endpoint, the inbox, the state, and at last the record are removed; each step may be repeated. Whatever
//! dies, the record is still `terminated`, and the reconciler goes through all steps again.

use crate::{
    agent::Stop,
    error::{Error, Result},
    history::event,
    tenancy::Tenancy,
    tenant::{Event, Generation, Status, Tenant, TenantId},
};

impl Tenancy {
    /// Deletes the tenant, its agent, webhook and inbox; with `keep_state`, its local state and snapshots stay, and a
    /// later tenant of the same name wakes with them. `NotFound` if there is no such tenant.
    pub async fn tenant_delete(&self, id: &TenantId, keep_state: bool) -> Result<()> {
        self.require_live("a deletion")?;
        let (tenancy, id) = (self.clone(), id.clone());
        self.detached(async move {
            let _operation = tenancy.inner.operations.begin(&id).await;
            let lock = tenancy.others_lock(&id).await?;
            let deleted = tenancy.delete_run(&id, keep_state).await;
            if let Some(lock) = lock {
                lock.release().await;
            }
            deleted
        })
        .await
    }

    async fn delete_run(&self, id: &TenantId, keep_state: bool) -> Result<()> {
        let tenant = self.tenant_get(id).await?;
        let terminated = self.lifecycle_write(&tenant, Event::Deleted { keep_state }).await?;
        // The agent is known to the record of before only.
        if let Some(agent) = tenant.lifecycle.status.agent() {
            let stop = Stop { drain: self.inner.config.drain };
            match self.drivers().workloads.agent_stop(id, agent, &stop).await {
                // Stored for a later tenant of this name; there is no record to publish it in.
                Ok(stopped) if keep_state => drop(self.snapshot_last(id, agent.generation, stopped).await?),
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(tenant = %id, error = error.chain(), "the agent did not stop as asked");
                }
            }
        }
        self.delete_finish(terminated).await
    }

    /// Everything after `terminated`; the caller holds the tenant's operation. May be run again.
    pub(crate) async fn delete_finish(&self, tenant: Tenant) -> Result<()> {
        let id = &tenant.id;
        let drivers = self.drivers();
        let Status::Terminated { keep_state } = tenant.lifecycle.status else {
            return Err(Error::internal("only a terminated tenant is removed"));
        };
        if let Some(bot) = &tenant.settings.bot {
            self.webhook_remove(id, bot).await;
        }
        if let Some(left) = drivers.workloads.workload_find(id).await? {
            drivers.workloads.workload_kill(&left).await?;
        }
        self.agent_is_gone(id, Generation(u64::MAX)).await;
        drivers.inboxes.inbox_purge(id).await?;
        while drivers.quotas.tenant_close(id).await? {}
        if !keep_state {
            drivers.workloads.workload_purge(id).await?;
            drivers.snapshots.snapshot_purge(id).await?;
            // While there is a record, a failure is tried again; what is told from here on goes below.
            self.journal_purge(id).await?;
        }
        match drivers.tenants.tenant_remove(id, tenant.lifecycle.generation).await {
            Ok(()) => self.tell(event(self.now(), id, "deleted", "the tenant is no more")).await,
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        self.inner.webhooks.forget(id);
        tracing::info!(tenant = %id, keep_state, "deleted");
        if !keep_state && let Err(error) = self.journal_purge(id).await {
            tracing::warn!(error = error.chain(), "some lines of a deleted tenant are left; they go by themselves");
        }
        Ok(())
    }
}
