//! Watching one bound agent: what it says, and what the cluster says of its pod.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use hyper::{Method, StatusCode};

use super::{Shared, condition::Condition, manifest::parse_id, pods::Seen};
use crate::{
    agent::{AgentEvent, SnapshotTaken, path},
    drivers::agentd::Events,
    ports::workloads::WorkloadEvent,
    tenant::{Agent, TenantId},
};

/// Between two attempts to listen to an agent, or to have an archive stored.
const AGAIN: Duration = Duration::from_secs(1);

/// How long the last archive of an agent that ended may take to be stored.
const LAST_ARCHIVE: Duration = Duration::from_mins(2);

/// Why the pod is the agent's no more; `None` while it is.
pub(super) fn gone(seen: &Seen, uid: &str) -> Option<String> {
    let Some(pod) = seen else { return Some("its pod was deleted".to_owned()) };
    if pod.metadata.uid.as_deref() != Some(uid) {
        return Some("its pod was deleted, and another one has its name".to_owned());
    }
    match Condition::of(pod) {
        Condition::Failed(_) if pod.metadata.deletion_timestamp.is_some() => Some("its pod was deleted".to_owned()),
        Condition::Failed(reason) => Some(reason),
        // It saves itself first, and its end is told when it has come.
        Condition::Ending(_) | Condition::Running | Condition::Starting(_) | Condition::Unschedulable(_) => None,
    }
}

/// Watches until the agent is gone, and says so. A stop ends it first.
pub(super) async fn run(shared: Weak<Shared>, tenant: TenantId, agent: Agent) {
    let Ok((name, uid)) = parse_id(&agent.workload) else { return };
    let mut pod = match shared.upgrade() {
        Some(shared) => shared.set.seen.watch(name),
        None => return,
    };
    let mut unsent: Option<SnapshotTaken> = None;
    let mut events: Option<Events> = None;
    let reason = loop {
        if let Some(reason) = gone(&pod.borrow_and_update(), uid) {
            break reason;
        }
        if events.is_none() {
            let Some(target) = shared.upgrade().and_then(|shared| shared.target(&tenant, &agent).ok()) else { return };
            if let Ok((response, _)) = target.send(Method::GET, path::WATCH, None, Bytes::new()).await
                && response.status() == StatusCode::OK
            {
                events = Some(Events::new(response.into_body()));
            }
        }
        let again = events.is_none() || unsent.is_some();
        let next = async {
            match &mut events {
                Some(events) => events.next().await,
                None => std::future::pending().await,
            }
        };
        let event = tokio::select! {
            event = next => Some(event),
            changed = pod.changed() => {
                if changed.is_err() {
                    return;
                }
                None
            }
            () = tokio::time::sleep(AGAIN), if again => None,
        };
        match event {
            Some(Some(AgentEvent::Snapshot(taken))) => unsent = Some(taken),
            Some(Some(AgentEvent::Exited { reason })) => {
                let Some(shared) = shared.upgrade() else { return };
                if let Some(taken) = unsent.take() {
                    last_sent(&shared, &tenant, &agent, taken).await;
                }
                break reason;
            }
            // The connection ended; the pod says whether the agent did.
            Some(None) => events = None,
            None => {}
        }
        let Some(shared) = shared.upgrade() else { return };
        if let Some(taken) = unsent.take()
            && let Err(error) = shared.send(&tenant, &agent, &taken, true).await
        {
            tracing::warn!(tenant = %tenant, error = error.chain(), "an archive was not stored; it is tried again");
            unsent = Some(taken);
        }
    };
    let Some(shared) = shared.upgrade() else { return };
    if let Err(error) = shared.set.remove(&agent.workload).await {
        tracing::warn!(tenant = %tenant, error = error.chain(), "the pod of an agent that ended was not removed");
    }
    shared.forget(&agent.workload);
    let _ = shared.events.send(WorkloadEvent::Gone { tenant, generation: agent.generation, reason });
}

async fn last_sent(shared: &Arc<Shared>, tenant: &TenantId, agent: &Agent, taken: SnapshotTaken) {
    let sent = async {
        while let Err(error) = shared.send(tenant, agent, &taken, true).await {
            tracing::warn!(tenant = %tenant, error = error.chain(), "the last archive was not stored; it is tried again");
            tokio::time::sleep(AGAIN).await;
        }
    };
    if tokio::time::timeout(LAST_ARCHIVE, sent).await.is_err() {
        tracing::error!(tenant = %tenant, "what the agent wrote last is lost: it could not be stored");
    }
}
