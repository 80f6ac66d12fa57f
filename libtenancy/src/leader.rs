//! Leadership: idle handling and reconciling run in one place, and a process that loses the lease stands again.
//!
//! Every write of a leader is fenced by generations anyway; the lease spares work, it is no fence.
//!
//! Where agents are processes of one machine, another control plane could neither ask nor stop them, and its reconciler would
//! take them for dead. So there the leader is the only control plane: one that starts leads first or does not start, and one
//! that finds another leading ends with its agents. A store of leases that does not answer ends nothing: agents work on, and
//! whoever asks first when it is back leads.

use std::{sync::atomic::Ordering, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    clock::Stopwatch,
    error::{Error, Result},
    inbox::KEEP_TERMINAL,
    ports::leaders::{LEASE_RENEW, LEASE_TTL},
    tenancy::Tenancy,
};

/// The role (the seed's Lease).
pub const ROLE: &str = "orchestrator-leader";

/// How often terminal updates are pruned, and how many at once.
const PRUNE: (Duration, usize) = (Duration::from_secs(600), 5_000);

impl Tenancy {
    /// Takes the lead, or waits until the lease of a control plane that is dead has lapsed. `Conflict` if one lives.
    pub(crate) async fn lead_alone(&self) -> Result<()> {
        let watch = Stopwatch::start();
        let mut told = false;
        while self.drivers().leaders.leader_acquire(ROLE, &self.inner.owner, LEASE_TTL, self.now()).await?.is_none() {
            if watch.elapsed() > LEASE_TTL + LEASE_RENEW {
                let reason = "another one uses these records, with agents that cannot be reached from here";
                return Err(Error::conflict("control plane", ROLE, reason));
            }
            if !std::mem::replace(&mut told, true) {
                tracing::warn!("another control plane leads; if it is dead, its lease lapses soon");
            }
            tokio::time::sleep(LEASE_RENEW).await;
        }
        Ok(())
    }

    /// Ends when another control plane leads although the agents of this one are out of its reach: it took them for dead.
    pub async fn superseded(&self) {
        self.inner.superseded.cancelled().await;
    }

    /// `Conflict` once another control plane leads that took the agents of this one for dead: the records are the
    /// other's, also where they speak of agents that end here.
    pub(crate) fn require_records(&self) -> Result<()> {
        if self.inner.superseded.is_cancelled() {
            return Err(Error::conflict("control plane", ROLE, "another one leads now"));
        }
        Ok(())
    }

    /// Stands, leads, stands again, until the control plane shuts down.
    pub(crate) async fn leader_run(&self) {
        let leaders = &self.drivers().leaders;
        let mut leading: Option<(CancellationToken, tokio::task::JoinHandle<()>)> = None;
        let mut renewed = Stopwatch::start();
        loop {
            let held = match leaders.leader_acquire(ROLE, &self.inner.owner, LEASE_TTL, self.now()).await {
                Ok(held) => {
                    renewed = Stopwatch::start();
                    if held.is_none() && self.drivers().workloads.workloads_are_local() {
                        tracing::error!("another control plane leads, and takes the agents of this one for dead");
                        self.inner.superseded.cancel();
                    }
                    held.is_some()
                }
                Err(error) => {
                    tracing::warn!(error = error.chain(), "lease not renewed");
                    // Leads on only while the lease it last saw is certainly its own.
                    leading.is_some() && renewed.elapsed() + LEASE_RENEW < LEASE_TTL
                }
            };
            match (&leading, held) {
                (None, true) => {
                    let stop = CancellationToken::new();
                    let (tenancy, token) = (self.clone(), stop.clone());
                    leading = Some((stop, tokio::spawn(async move { tenancy.lead(token).await })));
                    self.inner.leading.store(true, Ordering::Relaxed);
                    self.inner.warm_pool.leader_note();
                    tracing::info!("leading");
                }
                (Some(_), false) => {
                    if let Some((stop, task)) = leading.take() {
                        self.inner.leading.store(false, Ordering::Relaxed);
                        tracing::warn!("no longer leading; standing again");
                        stop.cancel();
                        let _ = task.await;
                    }
                }
                (None, false) | (Some(_), true) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(LEASE_RENEW) => {}
                () = self.inner.shutdown.cancelled() => break,
            }
        }
        if let Some((stop, task)) = leading {
            self.inner.leading.store(false, Ordering::Relaxed);
            stop.cancel();
            let _ = task.await;
            if let Err(error) = leaders.leader_resign(ROLE, &self.inner.owner).await {
                tracing::debug!(error = error.chain(), "lease not given up; it lapses");
            }
        }
    }

    async fn lead(&self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = async { tokio::join!(self.idle_run(), self.reconcile_run(), self.prune_run(), self.work_lead(), self.schedules_run()); } => {}
        }
    }

    /// Removes terminal updates that need not de-duplicate any more.
    async fn prune_run(&self) {
        loop {
            loop {
                let before = self.now() - KEEP_TERMINAL;
                match self.drivers().inboxes.inbox_prune(before, PRUNE.1).await {
                    Ok(pruned) if pruned >= PRUNE.1 as u64 => {}
                    Ok(_) => break,
                    Err(error) => {
                        tracing::warn!(error = error.chain(), "inbox not pruned");
                        break;
                    }
                }
            }
            tokio::time::sleep(PRUNE.0).await;
        }
    }
}
