//! Watching one bound agent: its events are passed on, and its end is noticed.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use hyper::{Method, StatusCode};
use tokio::sync::watch;

use super::{Shared, kill, processes};
use crate::{
    agent::{AgentEvent, path},
    clock::Stopwatch,
    drivers::agentd::Events,
    ports::workloads::WorkloadEvent,
    tenant::{Agent, TenantId},
};

/// How long an `agentd` that closed its watch may take to end before it is asked again.
const END_PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at one that is ending.
const LOOK: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stopping {
    /// Nobody asked for its end.
    #[default]
    No,
    /// A stop is under way: whether its end is news is not known yet.
    UnderWay,
    /// It was stopped: its end is no news.
    Done,
}

/// What the watching task and a stop have to tell each other.
#[derive(Default)]
pub(super) struct Watcher(watch::Sender<Stopping>);

/// A stop under way; if it is dropped before it is [done](Quiet::done), the agent's end is news again.
pub(super) struct Quiet<'a>(&'a Watcher);

impl Watcher {
    /// A stop begins.
    pub(super) fn stop(&self) -> Quiet<'_> {
        self.0.send_replace(Stopping::UnderWay);
        Quiet(self)
    }
}

impl Quiet<'_> {
    /// The agent was stopped.
    pub(super) fn done(&self) {
        self.0.0.send_replace(Stopping::Done);
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        self.0.0.send_if_modified(|stopping| {
            let given_up = *stopping == Stopping::UnderWay;
            if given_up {
                *stopping = Stopping::No;
            }
            given_up
        });
    }
}

/// Watches until the agent is gone, and says so unless it was stopped.
pub(super) async fn run(shared: Weak<Shared>, watcher: Arc<Watcher>, tenant: TenantId, agent: Agent) {
    let mut said = None;
    loop {
        let Some(target) = shared.upgrade().and_then(|shared| shared.target(&tenant, &agent).ok()) else { return };
        if let Ok((response, _connection)) = target.send(Method::GET, path::WATCH, None, Bytes::new()).await
            && response.status() == StatusCode::OK
        {
            read(Events::new(response.into_body()), &shared, &tenant, &agent, &mut said).await;
        }
        drop(target);
        let Some(shared) = shared.upgrade() else { return };
        if is_gone(&shared, &tenant, &agent).await {
            break;
        }
    }
    let Some(shared) = shared.upgrade() else { return };
    // What it may have left behind.
    if let Err(error) = kill::bound(&agent.workload, &shared.home(&tenant)).await {
        tracing::warn!("workload {} may have left something behind: {}", agent.workload, error.chain());
    }
    let stopping =
        watcher.0.subscribe().wait_for(|stopping| *stopping != Stopping::UnderWay).await.map(|stopping| *stopping);
    shared.forget(&agent.workload);
    if !matches!(stopping, Ok(Stopping::Done)) {
        let reason = said.unwrap_or_else(|| "its agentd ended without a word (it was killed, most likely)".to_owned());
        let _ = shared.events.send(WorkloadEvent::Gone { tenant, generation: agent.generation, reason });
    }
}

/// Passes events on until the connection ends; keeps what was said of the agent's end.
async fn read(mut events: Events, shared: &Weak<Shared>, tenant: &TenantId, agent: &Agent, said: &mut Option<String>) {
    while let Some(event) = events.next().await {
        match event {
            AgentEvent::Exited { reason } => *said = Some(reason),
            AgentEvent::Snapshot(taken) => {
                let Some(shared) = shared.upgrade() else { return };
                let event = WorkloadEvent::Snapshot { tenant: tenant.clone(), generation: agent.generation, taken };
                let _ = shared.events.send(event);
            }
        }
    }
}

/// Whether the workload is gone, now that its watch has ended. One whose agentd is dead is gone once it is killed; one
/// that lives on is not.
async fn is_gone(shared: &Shared, tenant: &TenantId, agent: &Agent) -> bool {
    let home = shared.home(tenant);
    let watch = Stopwatch::start();
    loop {
        let is_its = home.record().is_none_or(|record| record.workload == agent.workload);
        if !is_its || !home.is_held().unwrap_or(true) {
            return true;
        }
        let lives = home
            .record()
            .is_some_and(|r| processes::start_ticks(r.pid) == Some(r.start_ticks) && !processes::has_ended(r.pid));
        if !lives {
            return kill::bound(&agent.workload, &home).await.is_ok();
        }
        if watch.elapsed() > END_PATIENCE {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
}
