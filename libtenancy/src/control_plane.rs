//! [`ControlPlane`]: the tasks that make a [`Tenancy`] live, and their orderly end.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    error::Result,
    history::plane_event,
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
    history: JoinHandle<()>,
    history_end: CancellationToken,
}

/// How a control plane is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Turns in flight are finished, agents of this machine saved and stopped; those elsewhere are not this one's alone, and
    /// live on.
    StopAgents,
    /// Turns in flight are finished; agents live on, and the next control plane adopts them.
    LeaveAgents,
    /// Another control plane leads, and its agents take the place of these: they are killed, and no record is touched.
    KillAgents,
}

/// How long operations under way may take to end at shutdown.
const SHUTDOWN: Duration = Duration::from_secs(20);

/// How long the loops that end by themselves may take.
const ENDING: Duration = Duration::from_secs(5);

impl ControlPlane {
    /// Starts the loops: leadership (with idle handling and reconciling), the warm pool, workload events, and the
    /// deliveries of what is pending. To be called within a Tokio runtime, once per handle.
    ///
    /// Where agents live on one machine alone, it leads before it begins: `Conflict` if another control plane still leads
    /// after [`LEASE_TTL`](crate::ports::leaders::LEASE_TTL), within which the lease of a dead one lapses.
    pub async fn start(tenancy: Tenancy) -> Result<Self> {
        tenancy.ready().await?;
        tenancy.drivers().workloads.workloads_open().await?;
        if tenancy.drivers().workloads.workloads_are_local() {
            tenancy.lead_alone().await?;
        }
        tenancy.ledger_positions().await?;
        let listener = tenancy.drivers().signals.signal_listen().await?;
        tenancy.inner.is_live.store(true, Ordering::Release);
        let (t, history_end) = (tenancy.clone(), CancellationToken::new());
        let ended = history_end.clone();
        let history = tokio::spawn(async move { t.history_keep(ended).await });
        let text =
            format!("a control plane began: version {}, process {}", env!("CARGO_PKG_VERSION"), std::process::id());
        tenancy.tell(plane_event(tenancy.now(), "began", text)).await;
        let mut loops = Vec::new();
        let t = tenancy.clone();
        loops.push(tokio::spawn(async move { t.workload_events_run().await }));
        let t = tenancy.clone();
        loops.push(tokio::spawn(async move { t.signals_run(listener).await }));
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
        Ok(Self { tenancy, leader, warm_pool, loops, history, history_end })
    }

    /// The handle it runs on.
    pub fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    /// Ends the loops; deliveries finish the update under way, and operations end, within 20 s (what does not is finished
    /// by the next start).
    /// What becomes of the agents is `how`.
    pub async fn shutdown(self, how: Shutdown) {
        let inner = &self.tenancy.inner;
        inner.shutdown.cancel();
        inner.waits_end.cancel();
        inner.tasks.close();
        if how == Shutdown::KillAgents {
            // First: turns that they do not answer any more are not waited for.
            self.agents_kill().await;
        }
        self.tasks_join().await;
        if how == Shutdown::StopAgents && self.tenancy.drivers().workloads.workloads_are_local() {
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
        let agents = match how {
            Shutdown::StopAgents if self.tenancy.drivers().workloads.workloads_are_local() => "stopped its agents",
            Shutdown::StopAgents | Shutdown::LeaveAgents => "left its agents running",
            Shutdown::KillAgents => "gave way to another, and killed its agents",
        };
        let text = format!("a control plane ended: it {agents}; process {}", std::process::id());
        self.tenancy.tell(plane_event(self.tenancy.now(), "ended", text)).await;
        // What happened in the end is told too.
        self.history_end.cancel();
        let _ = tokio::time::timeout(ENDING, self.history).await;
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

    async fn agents_kill(&self) {
        let workloads = &self.tenancy.drivers().workloads;
        match workloads.workload_list().await {
            Ok(alive) => {
                for workload in alive {
                    if let Err(error) = workloads.workload_kill(&workload).await {
                        tracing::warn!(workload = %workload.id, error = error.chain(), "agent not killed");
                    }
                }
            }
            Err(error) => tracing::warn!(error = error.chain(), "agents not listed; they run on"),
        }
    }

    async fn agents_stop(&self) {
        let filter = Filter { active: true, ..Filter::default() };
        let mut after = None;
        loop {
            let page = match self.tenancy.drivers().tenants.tenant_list(&filter, after.as_ref(), 500).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(error = error.chain(), "running agents not listed; they run on");
                    return;
                }
            };
            let stops = page.items.iter().filter(|t| !matches!(t.lifecycle.status, Status::Terminated { .. })).map(
                async |tenant| {
                    if let Err(error) = self.tenancy.tenant_stop(&tenant.id, StopReason::Shutdown).await {
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
