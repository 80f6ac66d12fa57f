//! Idle: an agent is stopped for idleness only when it has no work, and what cannot be read counts as work.
//!
//! Owns the decision and the loop over due deadlines. A tick with nothing due reads one index entry, however many
//! tenants there are; between ticks it sleeps until the next deadline, or until an earlier one is set. A deadline of a tenant
//! that does not run is that of its suspension: see `suspension`.

use std::time::Duration;

use futures::StreamExt;

use crate::{
    agent::AgentStatus,
    clock::Timestamp,
    error::{Error, Result},
    tenancy::Tenancy,
    tenant::{Agent, Status, StopReason, Tenant, TenantId},
};

/// How soon to look again at what could not be read.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How soon to look again at a suspended tenant one of whose jobs was called off while others wait for credits.
const SUSPENDED: Duration = Duration::from_mins(1);

/// Idle checks (and the stops that follow) at the same time.
const CONCURRENT: usize = 16;

/// What is known of a tenant's work when its deadline comes.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    pub(crate) idle_timeout: Duration,
    /// By the record.
    pub(crate) last_active_at: Timestamp,
    /// Updates that are not terminal; `None` if the inbox could not be read.
    pub(crate) pending: Option<u64>,
    /// Jobs it has leased; `None` if its account could not be read.
    pub(crate) leases: Option<u32>,
    /// What the agent says; `None` if it could not be asked.
    pub(crate) agent: Option<AgentStatus>,
}

/// What to do with a tenant whose deadline has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has had no work for its timeout.
    Stop,
    /// Look again then.
    Defer(Timestamp),
}

/// Decides whether a running tenant is idle at `now`.
pub(crate) fn judge(work: &Work, now: Timestamp) -> Verdict {
    let (Some(pending), Some(leases), Some(agent)) = (work.pending, work.leases, &work.agent) else {
        return Verdict::Defer(now + LOOK_AGAIN.min(work.idle_timeout));
    };
    if pending > 0 || leases > 0 || agent.busy > 0 {
        return Verdict::Defer(now + work.idle_timeout);
    }
    let deadline = work.active_at() + work.idle_timeout;
    if deadline > now { Verdict::Defer(deadline) } else { Verdict::Stop }
}

impl Work {
    /// When it last had work: by its record, and by its agent where that says.
    pub(crate) fn active_at(&self) -> Timestamp {
        self.agent.as_ref().map_or(self.last_active_at, |agent| agent.last_active_at.max(self.last_active_at))
    }
}

/// How late a deadline may be seen that another control plane has set, if the word of it is lost. One read, whatever exists.
const OTHERS_SET: Duration = Duration::from_secs(30);

impl Tenancy {
    /// Stops what is idle, until the leader stops leading.
    pub(crate) async fn idle_run(&self) {
        loop {
            let deadlines = &self.drivers().deadlines;
            let wait = match deadlines.deadline_next().await {
                Ok(next) => self.others_may_set(next.map(|at| at.since(self.now()))),
                Err(error) => {
                    tracing::warn!(error = error.chain(), "idle deadlines not read");
                    Some(LOOK_AGAIN)
                }
            };
            if wait != Some(Duration::ZERO) {
                tokio::select! {
                    () = self.inner.deadline_set.notified() => {}
                    () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
                }
                continue;
            }
            match deadlines.deadlines_due(self.now(), CONCURRENT * 4).await {
                Ok(due) => {
                    futures::stream::iter(due)
                        .for_each_concurrent(CONCURRENT, |id| async move {
                            if let Err(error) = self.idle_check(&id).await {
                                tracing::warn!(tenant = %id, error = error.chain(), "idle check failed");
                                self.deadline_set(&id, self.now() + LOOK_AGAIN).await;
                            }
                        })
                        .await;
                }
                Err(error) => {
                    tracing::warn!(error = error.chain(), "due deadlines not read");
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
    }

    /// The word of a deadline that another control plane sets may be lost: it is looked for once in a while.
    fn others_may_set(&self, wait: Option<Duration>) -> Option<Duration> {
        if self.drivers().workloads.workloads_are_local() {
            return wait;
        }
        Some(wait.map_or(OTHERS_SET, |wait| wait.min(OTHERS_SET)))
    }

    /// What is known of the work of a running tenant.
    pub(crate) async fn work_of(&self, tenant: &Tenant, agent: &Agent) -> Work {
        let (drivers, id) = (self.drivers(), &tenant.id);
        Work {
            idle_timeout: tenant.settings.idle_timeout,
            last_active_at: tenant.last_active_at,
            pending: drivers.inboxes.pending_count(id).await.ok(),
            leases: drivers
                .quotas
                .account_get(id)
                .await
                .ok()
                .map(|account| account.map_or(0, |account| account.running)),
            agent: drivers.workloads.agent_status(id, agent).await.ok(),
        }
    }

    /// Looks at one tenant whose deadline has come.
    async fn idle_check(&self, id: &TenantId) -> Result<()> {
        let drivers = self.drivers();
        let Some(tenant) = drivers.tenants.tenant_get(id).await? else {
            return drivers.deadlines.deadline_clear(id).await;
        };
        // Whoever called a job off may have died before it ended the suspension that the job had brought about.
        let waits = tenant.settings.suspended.is_some() && self.suspension_end(id).await?;
        let Status::Running { agent } = &tenant.lifecycle.status else {
            if waits {
                return drivers.deadlines.deadline_set(id, self.now() + SUSPENDED).await;
            }
            // Whoever writes `running` sets the deadline after it.
            return drivers.deadlines.deadline_clear(id).await;
        };
        let work = self.work_of(&tenant, agent).await;
        match judge(&work, self.now()) {
            Verdict::Defer(at) => {
                drivers.deadlines.deadline_set(id, at).await?;
                if work.agent.is_none() {
                    self.inner.reconcile_now.notify_one();
                }
                Ok(())
            }
            Verdict::Stop => {
                drivers.tenants.tenant_touch(id, work.active_at()).await?;
                match self.tenant_stop(id, StopReason::Idle).await {
                    // Somebody else's write came first: the deadline is looked at anew.
                    Err(Error::Conflict { .. }) => Ok(()),
                    other => other.map(drop),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(pending: Option<u64>, busy: Option<u32>, last_active: i64) -> Work {
        Work {
            idle_timeout: Duration::from_secs(10),
            last_active_at: Timestamp::from_micros(0),
            pending,
            leases: Some(0),
            agent: busy.map(|busy| AgentStatus {
                tenant: None,
                generation: None,
                pid: 1,
                agent_pid: None,
                ready: true,
                busy,
                last_active_at: Timestamp::from_micros(last_active * 1_000_000),
                saved: None,
                agent_memory_bytes: None,
                agent_cpu_ms: None,
                memory_bytes: None,
            }),
        }
    }

    fn seconds(s: i64) -> Timestamp {
        Timestamp::from_micros(s * 1_000_000)
    }

    #[test]
    fn r10_a_tenant_is_stopped_only_without_any_work() {
        assert_eq!(judge(&work(Some(0), Some(0), 20), seconds(30)), Verdict::Stop);
        assert_eq!(judge(&work(Some(0), Some(1), 0), seconds(30)), Verdict::Defer(seconds(40)), "a turn is in flight");
        assert_eq!(judge(&work(Some(1), Some(0), 0), seconds(30)), Verdict::Defer(seconds(40)), "a message waits");
        assert_eq!(judge(&work(Some(0), Some(0), 25), seconds(30)), Verdict::Defer(seconds(35)), "it was active");
    }

    #[test]
    fn what_cannot_be_read_counts_as_work() {
        assert_eq!(judge(&work(None, Some(0), 0), seconds(30)), Verdict::Defer(seconds(35)));
        assert_eq!(judge(&work(Some(0), None, 0), seconds(30)), Verdict::Defer(seconds(35)));
        let unread = Work { leases: None, ..work(Some(0), Some(0), 0) };
        assert_eq!(judge(&unread, seconds(30)), Verdict::Defer(seconds(35)));
    }

    #[test]
    fn a_leased_job_is_work() {
        let leased = Work { leases: Some(1), ..work(Some(0), Some(0), 0) };
        assert_eq!(judge(&leased, seconds(30)), Verdict::Defer(seconds(40)));
    }

    #[test]
    fn r16_a_timeout_below_five_minutes_is_honoured() {
        let mut short = work(Some(0), Some(0), 0);
        short.idle_timeout = Duration::from_secs(1);
        assert_eq!(judge(&short, seconds(2)), Verdict::Stop);
    }
}
