//! The reconciler: what is recorded and what is alive are made to agree, in both directions.
//!
//! It runs on a signal and on a period, takes no hints, may run twice, and never retries inside a pass. It finishes what
//! a dead control plane began: half wakes, half stops, half deletions. Its cost is that of the tenants that are not idle
//! and of the workloads that live, not of all that exist.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    admission::Suspension,
    error::{Error, Result},
    history::plane_event,
    operation::lock,
    ports::{
        tenants::Filter,
        workloads::{Workload, WorkloadEvent},
    },
    tenancy::Tenancy,
    tenant::{Agent, Event, Generation, Status, Tenant, TenantId, WakePhases},
};

/// What one pass found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconcileReport {
    /// Records looked at (all that are not idle).
    pub records: usize,
    /// Workloads found alive.
    pub workloads: usize,
    /// Agents taken over from an earlier control plane.
    pub adopted: usize,
    /// Wakes, stops, suspensions and deletions of an earlier control plane that were finished.
    pub finished: usize,
    /// Records whose agent was gone.
    pub lost: usize,
    /// Workloads that were nobody's, and were ended.
    pub orphans: usize,
    /// Idle deadlines that were missing.
    pub deadlines: usize,
    /// What could not be done; the next pass tries again.
    pub errors: Vec<String>,
}

/// What a record and the tenant's live workload, taken together, ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// They agree.
    Nothing,
    /// The agent is the record's: see that it is watched and has a deadline.
    Keep(Agent),
    /// A bound agent of the record's generation, whose wake died before it wrote `running`.
    Adopt(Agent),
    /// A wake that died without leaving an agent.
    GiveUpWake,
    /// The record's agent is gone.
    Lost,
    /// A stop that died half way.
    FinishStop(Agent),
    /// A deletion that died half way.
    FinishDelete,
    /// The workload is not this record's: end it, then look again.
    End,
    /// It lives but does not answer: look again, and end it if that stays so.
    Suspect,
}

/// Decides what one tenant needs. `record` is `None` for a tenant that does not exist.
pub(crate) fn decide(record: Option<&Status>, generation: Generation, workload: Option<&Workload>) -> Action {
    let alive = workload.map(|workload| workload.agent.as_ref());
    match (record, alive) {
        (None | Some(Status::Idle { .. }), None) => Action::Nothing,
        (Some(Status::Provisioning), None) => Action::GiveUpWake,
        (Some(Status::Provisioning), Some(Some(agent))) if agent.generation == generation => {
            Action::Adopt(agent.clone())
        }
        (Some(Status::Running { agent }), Some(Some(found))) if found.generation == agent.generation => {
            Action::Keep(agent.clone())
        }
        (Some(Status::Running { .. }), None) => Action::Lost,
        (None | Some(Status::Idle { .. }), Some(_))
        | (Some(Status::Provisioning | Status::Running { .. }), Some(Some(_))) => Action::End,
        (Some(Status::Provisioning | Status::Running { .. }), Some(None)) => Action::Suspect,
        (Some(Status::Stopping { agent, .. }), _) => Action::FinishStop(agent.clone()),
        (Some(Status::Terminated { .. }), _) => Action::FinishDelete,
    }
}

/// One tenant's record and live workload, and what they ask for together.
type Compared = (Option<Tenant>, Option<Workload>, Action);

impl Tenancy {
    /// Reconciles at once, on signals and on a period, until the leader stops leading.
    pub(crate) async fn reconcile_run(&self) {
        let mut suspects = HashSet::new();
        loop {
            let report = self.reconcile_pass(&mut suspects).await;
            if report
                != (ReconcileReport { records: report.records, workloads: report.workloads, ..Default::default() })
            {
                tracing::info!(?report, "reconciled");
            }
            let again = if suspects.is_empty() {
                self.inner.config.reconcile_interval
            } else {
                self.inner.config.reconcile_interval.min(std::time::Duration::from_secs(2))
            };
            let adopted = report.adopted;
            let first = lock(&self.inner.last_reconcile).replace(report).is_none();
            if first && adopted > 0 {
                let agents = if adopted == 1 { "an agent".to_owned() } else { format!("{adopted} agents") };
                let text = format!("a control plane took over {agents} that it did not start");
                self.tell(plane_event(self.now(), "adopted", text)).await;
            }
            tokio::select! {
                () = self.inner.reconcile_now.notified() => {}
                () = tokio::time::sleep(again) => {}
            }
        }
    }

    /// One pass. `suspects` are the workloads that did not answer in the pass before.
    pub(crate) async fn reconcile_pass(&self, suspects: &mut HashSet<String>) -> ReconcileReport {
        let mut report = ReconcileReport::default();
        let mut found: HashMap<TenantId, Workload> = HashMap::new();
        match self.drivers().workloads.workload_list().await {
            Ok(workloads) => {
                report.workloads = workloads.len();
                let unbound: HashSet<_> =
                    workloads.iter().filter(|w| w.tenant.is_none()).map(|w| w.id.clone()).collect();
                self.inner.warm_pool.retain(|id| unbound.contains(id));
                found.extend(workloads.into_iter().filter_map(|w| Some((w.tenant.clone()?, w))));
            }
            Err(error) => {
                report.errors.push(error.chain());
                return report;
            }
        }
        let mut tenants: HashSet<TenantId> = found.keys().cloned().collect();
        let filter = Filter { active: true, ..Filter::default() };
        let mut after = None;
        loop {
            match self.drivers().tenants.tenant_list(&filter, after.as_ref(), 500).await {
                Ok(page) => {
                    report.records += page.items.len();
                    tenants.extend(page.items.into_iter().map(|tenant| tenant.id));
                    match page.next {
                        Some(next) => after = Some(next),
                        None => break,
                    }
                }
                Err(error) => {
                    report.errors.push(error.chain());
                    return report;
                }
            }
        }
        let before = std::mem::take(suspects);
        for id in tenants {
            // Whoever operates on the tenant now knows better; its outcome is looked at in the next pass.
            if self.is_waking(&id) {
                continue;
            }
            let _operation = self.inner.operations.begin(&id).await;
            match self.reconcile_tenant(&id, &mut report).await {
                Ok(Some(suspect)) if before.contains(&suspect.id.0) => {
                    tracing::warn!(tenant = %id, workload = %suspect.id, "ending an agent that does not answer");
                    self.workload_end(&suspect).await;
                    report.orphans += 1;
                    self.inner.reconcile_now.notify_one();
                }
                Ok(Some(suspect)) => drop(suspects.insert(suspect.id.0)),
                // A conflict: another control plane's write came first.
                Ok(None) | Err(Error::Conflict { .. }) => {}
                Err(error) => report.errors.push(format!("{id}: {}", error.chain())),
            }
        }
        let unsynced: Vec<TenantId> = lock(&self.inner.webhooks_unsynced).iter().cloned().collect();
        for id in unsynced {
            self.webhook_sync(&id).await;
        }
        if let Err(error) = self.states_catch_up().await {
            report.errors.push(error.chain());
        }
        if let Err(error) = self.deliveries_sweep().await {
            report.errors.push(error.chain());
        }
        report
    }

    /// Makes one tenant's record and workload agree, as both are now; the caller holds its operation.
    /// Returns the workload if it lives but does not answer.
    async fn reconcile_tenant(&self, id: &TenantId, report: &mut ReconcileReport) -> Result<Option<Workload>> {
        let compared = self.compare(id).await?;
        match compared {
            (_, _, Action::Nothing) => Ok(None),
            (Some(tenant), _, Action::Keep(agent)) => self.reconcile_keep(&tenant, &agent, report).await.map(|()| None),
            _ if self.drivers().workloads.workloads_are_local() => self.reconcile_as(id, compared, report).await,
            // They differ, as they do while another control plane wakes the tenant: only when nobody does it means more.
            _ => {
                let Some(lock) = self.wake_lock_try(id).await? else { return Ok(None) };
                let reconciled = async { self.reconcile_as(id, self.compare(id).await?, report).await }.await;
                lock.release().await;
                reconciled
            }
        }
    }

    /// What there is, and what it asks for.
    async fn compare(&self, id: &TenantId) -> Result<Compared> {
        let drivers = self.drivers();
        let tenant = drivers.tenants.tenant_get(id).await?;
        let workload = drivers.workloads.workload_find(id).await?;
        let generation = tenant.as_ref().map(|tenant| tenant.lifecycle.generation).unwrap_or_default();
        let action = decide(tenant.as_ref().map(|tenant| &tenant.lifecycle.status), generation, workload.as_ref());
        Ok((tenant, workload, action))
    }

    /// Does what was found to be asked for, and what that asks for in turn; nobody else is at work on the tenant.
    async fn reconcile_as(
        &self,
        id: &TenantId,
        compared: Compared,
        report: &mut ReconcileReport,
    ) -> Result<Option<Workload>> {
        let drivers = self.drivers();
        let mut compared = Some(compared);
        for _ in 0..2 {
            let (tenant, workload, action) = match compared.take() {
                Some(compared) => compared,
                None => self.compare(id).await?,
            };
            match (action, tenant) {
                (Action::Nothing, _) => return Ok(None),
                (Action::Suspect, _) => return Ok(workload),
                (Action::End, _) => {
                    if let Some(workload) = workload {
                        tracing::warn!(tenant = %id, workload = %workload.id, "ending an agent that is nobody's");
                        drivers.workloads.workload_kill(&workload).await?;
                        report.orphans += 1;
                    }
                    // What its end means for the record is seen by looking again.
                }
                (Action::Keep(agent), Some(tenant)) => {
                    self.reconcile_keep(&tenant, &agent, report).await?;
                    return Ok(None);
                }
                (action, Some(tenant)) => {
                    match action {
                        Action::Adopt(_) => report.adopted += 1,
                        Action::Lost => report.lost += 1,
                        _ => report.finished += 1,
                    }
                    if action == Action::FinishDelete {
                        self.delete_finish(tenant).await?;
                    } else {
                        self.recover_as(tenant, action).await?;
                    }
                    return Ok(None);
                }
                (action, None) => return Err(Error::internal(format!("{action:?} for a tenant that does not exist"))),
            }
        }
        Ok(None)
    }

    async fn reconcile_keep(&self, tenant: &Tenant, agent: &Agent, report: &mut ReconcileReport) -> Result<()> {
        let id = &tenant.id;
        let known = lock(&self.inner.live).insert(id.clone(), agent.clone()).is_some_and(|known| known == *agent);
        if !known {
            report.adopted += 1;
            tracing::info!(tenant = %id, generation = %agent.generation, "adopted a running agent");
        }
        self.drivers().workloads.workload_watch(id, agent).await?;
        if tenant.settings.suspended.as_deref().is_some_and(|suspended| Suspension::parse(suspended).by_operator()) {
            report.finished += 1;
            tracing::info!(tenant = %id, "stopping the agent of a suspended tenant");
            self.suspended_stop_soon(id);
        }
        if self.drivers().deadlines.deadline_get(id).await?.is_none() {
            report.deadlines += 1;
            self.deadline_set(id, self.now() + tenant.settings.idle_timeout).await;
        }
        Ok(())
    }

    /// Finishes the half-done operation of a dead control plane on one tenant; the caller holds its operation. The
    /// tenant is `idle` or `running` afterwards.
    pub(crate) async fn recover(&self, tenant: Tenant) -> Result<Tenant> {
        let workload = self.drivers().workloads.workload_find(&tenant.id).await?;
        let action = decide(Some(&tenant.lifecycle.status), tenant.lifecycle.generation, workload.as_ref());
        match action {
            Action::End | Action::Suspect => {
                if let Some(workload) = workload {
                    self.drivers().workloads.workload_kill(&workload).await?;
                }
                self.recover_as(tenant, Action::GiveUpWake).await
            }
            action => self.recover_as(tenant, action).await,
        }
    }

    async fn recover_as(&self, tenant: Tenant, action: Action) -> Result<Tenant> {
        match action {
            Action::Adopt(agent) => {
                let phases = WakePhases::default();
                let running = self.lifecycle_write(&tenant, Event::AgentReady(agent.clone(), phases)).await?;
                self.drivers().workloads.workload_watch(&tenant.id, &agent).await?;
                self.agent_is_live(&tenant.id, &agent, running.settings.idle_timeout).await;
                tracing::info!(tenant = %tenant.id, generation = %agent.generation, "adopted an agent whose wake was cut off");
                Ok(running)
            }
            Action::GiveUpWake => {
                self.lifecycle_write(&tenant, Event::WakeFailed("the control plane died during the wake".to_owned()))
                    .await
            }
            Action::Lost => self.agent_lost(&tenant, "it was gone when looked for".to_owned()).await,
            Action::FinishStop(agent) => self.stop_finish(tenant, &agent, self.inner.config.drain).await,
            Action::Nothing | Action::Keep(_) | Action::FinishDelete | Action::End | Action::Suspect => Ok(tenant),
        }
    }

    /// Records that the running agent is gone; the next message wakes a new one.
    async fn agent_lost(&self, tenant: &Tenant, reason: String) -> Result<Tenant> {
        tracing::warn!(tenant = %tenant.id, reason, "the agent is gone");
        let generation = tenant.lifecycle.status.agent().map(|agent| agent.generation).unwrap_or_default();
        let idle = self.lifecycle_write(tenant, Event::AgentLost(reason)).await?;
        if matches!(tenant.lifecycle.status, Status::Running { .. }) {
            self.running_book(tenant).await;
        }
        self.agent_is_gone(&tenant.id, generation).await;
        self.delivery_signal(&tenant.id);
        self.state_catch_up_soon(&tenant.id);
        Ok(idle)
    }

    /// Acts on what the workloads report, until the control plane shuts down.
    pub(crate) async fn workload_events_run(&self) {
        let mut events = self.drivers().workloads.workload_events();
        loop {
            match events.recv().await {
                Ok(event) => {
                    let tenancy = self.clone();
                    self.inner.tasks.spawn(async move { tenancy.workload_event(event).await });
                }
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "workload events missed; reconciling");
                    self.inner.reconcile_now.notify_one();
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn workload_event(&self, event: WorkloadEvent) {
        let (id, handled) = match event {
            WorkloadEvent::Gone { tenant, generation, reason } => {
                let handled = self.agent_gone(&tenant, generation, reason).await;
                (tenant, handled)
            }
            WorkloadEvent::Snapshot { tenant, generation, taken } => {
                let handled = self.snapshot_publish(&tenant, generation, taken).await;
                (tenant, handled)
            }
        };
        match handled {
            // Stopped, deleted or replaced meanwhile: the event is about the past.
            Ok(()) | Err(Error::Conflict { .. } | Error::NotFound { .. } | Error::IllegalState { .. }) => {}
            Err(error) => {
                tracing::warn!(tenant = %id, error = error.chain(), "workload event not handled; reconciling");
                self.inner.reconcile_now.notify_one();
            }
        }
    }

    /// An agent is said to be gone: if it is the tenant's, and really is, the record says so too.
    pub(crate) async fn agent_gone(&self, id: &TenantId, generation: Generation, reason: String) -> Result<()> {
        let _operation = self.inner.operations.begin(id).await;
        let tenant = self.tenant_get(id).await?;
        match &tenant.lifecycle.status {
            Status::Running { agent } if agent.generation == generation => {
                if self.drivers().workloads.workload_find(id).await?.is_some() {
                    // Still holding its lock: dying, or a broken connection. The reconciler looks until it is clear.
                    self.inner.reconcile_now.notify_one();
                    return Ok(());
                }
                self.agent_lost(&tenant, reason).await.map(drop)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::{Endpoint, StopReason, WorkloadId};

    fn agent(generation: u64) -> Agent {
        Agent {
            workload: WorkloadId("w".into()),
            generation: Generation(generation),
            endpoint: Endpoint::Unix("/s".into()),
        }
    }

    fn workload(agent: Option<Agent>) -> Workload {
        Workload { id: WorkloadId("w".into()), tenant: Some("acme".parse().unwrap()), agent }
    }

    #[test]
    fn r15_records_and_workloads_are_compared_in_both_directions() {
        let idle = Status::Idle { reason: None };
        let running = Status::Running { agent: agent(5) };
        let stopping = Status::Stopping { agent: agent(5), reason: StopReason::Idle };
        let terminated = Status::Terminated { keep_state: false };
        let cases = [
            ("nothing anywhere", None, 0, None, Action::Nothing),
            ("an agent without a record", None, 0, Some(workload(Some(agent(5)))), Action::End),
            ("an idle tenant without an agent", Some(&idle), 7, None, Action::Nothing),
            ("an idle tenant with an agent", Some(&idle), 7, Some(workload(Some(agent(5)))), Action::End),
            ("a wake that left nothing", Some(&Status::Provisioning), 5, None, Action::GiveUpWake),
            (
                "a wake that left its agent",
                Some(&Status::Provisioning),
                5,
                Some(workload(Some(agent(5)))),
                Action::Adopt(agent(5)),
            ),
            (
                "a wake beside an older agent",
                Some(&Status::Provisioning),
                9,
                Some(workload(Some(agent(5)))),
                Action::End,
            ),
            ("running, and so it is", Some(&running), 6, Some(workload(Some(agent(5)))), Action::Keep(agent(5))),
            ("running, but it is gone", Some(&running), 6, None, Action::Lost),
            ("running, but it is another", Some(&running), 6, Some(workload(Some(agent(4)))), Action::End),
            ("running, but it is silent", Some(&running), 6, Some(workload(None)), Action::Suspect),
            (
                "a stop cut off before the end",
                Some(&stopping),
                6,
                Some(workload(Some(agent(5)))),
                Action::FinishStop(agent(5)),
            ),
            ("a stop cut off after the end", Some(&stopping), 6, None, Action::FinishStop(agent(5))),
            ("a deletion cut off", Some(&terminated), 8, None, Action::FinishDelete),
        ];
        for (name, record, generation, workload, expected) in cases {
            assert_eq!(decide(record, Generation(generation), workload.as_ref()), expected, "{name}");
        }
    }
}
