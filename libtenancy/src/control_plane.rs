//! [`ControlPlane`]: the tasks that make a [`Tenancy`] live, and their orderly end.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::task::JoinHandle;

use crate::{
    error::Result,
    ports::tenants::Filter,
    tenancy::Tenancy,
    tenant::{Status, StopReason},
};

/// A running control plane. Dropping it without [`ControlPlane::shutdown`] leaves what a crash leaves.
#[must_use]
pub struct ControlPlane {
    tenancy: Tenancy,
    leader: JoinHandle<()>,
    warm_pool: JoinHandle<()>,
    loops: Vec<JoinHandle<()>>,
}

/// How long operations under way may take to end at shutdown.
const SHUTDOWN: Duration = Duration::from_secs(20);

/// How long the loops that end by themselves may take.
const ENDING: Duration = Duration::from_secs(5);

impl ControlPlane {
    /// Starts the loops: leadership (with idle handling and reconciling), the warm pool, workload events, and the
    /// deliveries of what is pending. To be called within a Tokio runtime, once per handle.
    pub async fn start(tenancy: Tenancy) -> Result<Self> {
        tenancy.ready().await?;
        tenancy.ledger_positions().await?;
        tenancy.inner.is_live.store(true, Ordering::Release);
        let mut loops = Vec::new();
        let t = tenancy.clone();
        loops.push(tokio::spawn(async move { t.workload_events_run().await }));
        let t = tenancy.clone();
        let leader = tokio::spawn(async move { t.leader_run().await });
        let t = tenancy.clone();
        let warm_pool = tokio::spawn(async move { t.warm_pool_run().await });
        let t = tenancy.clone();
        loops.push(tokio::spawn(async move {
            if let Err(error) = t.webhooks_sweep().await {
                tracing::warn!(error = error.chain(), "webhooks not swept");
            }
        }));
        // What an earlier control plane left pending goes on at once; a tenant's half-done wake is finished by the
        // wake that its delivery asks for.
        tenancy.deliveries_sweep().await?;
        Ok(Self { tenancy, leader, warm_pool, loops })
    }

    /// The handle it runs on.
    pub fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    /// Ends the loops; deliveries finish the update under way, and operations end, within 20 s (what does not is finished
    /// by the next start).
    /// With `stop_agents`, every agent is stopped and saved first; otherwise they run on and are adopted at the next
    /// start.
    pub async fn shutdown(self, stop_agents: bool) {
        let inner = &self.tenancy.inner;
        inner.shutdown.cancel();
        inner.waits_end.cancel();
        inner.tasks.close();
        self.tasks_join().await;
        if stop_agents {
            self.agents_stop().await;
        }
        inner.is_live.store(false, Ordering::Release);
        self.tasks_join().await;
        // The leader ends by itself, having given up its lease, and the pool when no start is under way; the others have
        // nothing to give up.
        let _ = tokio::time::timeout(ENDING, async { tokio::join!(self.leader, self.warm_pool) }).await;
        // Warm agents would end by themselves a moment after this process; whoever waits for its end is to find nothing.
        let _ = tokio::time::timeout(ENDING, self.tenancy.warm_pool_end()).await;
        let _ = tokio::time::timeout(ENDING, self.tenancy.ledger_flush()).await;
        for task in &self.loops {
            task.abort();
        }
        for task in self.loops {
            let _ = task.await;
        }
    }

    async fn tasks_join(&self) {
        if tokio::time::timeout(SHUTDOWN, self.tenancy.inner.tasks.wait()).await.is_err() {
            tracing::warn!("operations did not end in time; the next start finishes them");
        }
    }

    async fn agents_stop(&self) {
        let filter = Filter { active: true, ..Filter::default() };
        let mut after = None;
        loop {
            let page = match self.tenancy.tenant_list(&filter, after.as_ref(), 500).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(error = error.chain(), "running agents not listed; they run on");
                    return;
                }
            };
            let stops = page.items.iter().filter(|t| !matches!(t.lifecycle.status, Status::Terminated { .. })).map(
                async |tenant| {
                    if let Err(error) = self.tenancy.tenant_stop(&tenant.id, StopReason::Operator).await {
                        tracing::warn!(tenant = %tenant.id, error = error.chain(), "agent not stopped; it runs on");
                    }
                },
            );
            futures::future::join_all(stops).await;
            match page.next {
                Some(next) => after = Some(next),
                None => return,
            }
        }
    }
}
