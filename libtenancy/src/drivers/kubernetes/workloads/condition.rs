//! How a pod is, from what its node and its scheduler say of it: decided here alone, and at once.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

use super::manifest::name;

/// How a pod is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// On its way; the text says what it waits for, if that is known.
    Starting(Option<String>),
    /// No node takes it; one may come.
    Unschedulable(String),
    /// Its container runs; whoever is in it may not be known yet.
    Running,
    /// It is being deleted.
    Ending(String),
    /// It will not run, or has ended: nothing but its removal is left.
    Failed(String),
}

/// Reasons of a waiting container that pass by themselves.
const PASSING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// What the scheduler says of a pod whose claim has no volume yet.
const UNBOUND: &str = "unbound immediate PersistentVolumeClaims";

fn said(reason: &str, message: Option<&str>) -> String {
    match message.map(str::trim).filter(|message| !message.is_empty()) {
        Some(message) => format!("{reason}: {message}"),
        None => reason.to_owned(),
    }
}

/// How a container ended.
fn ended(status: &ContainerStatus) -> Option<String> {
    let state = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| state.as_ref()?.terminated.clone();
    let ended = state(&status.state).or_else(|| state(&status.last_state))?;
    let how = match (ended.reason.as_deref(), ended.signal) {
        (Some("OOMKilled"), _) => "OOMKilled: the memory limit was reached".to_owned(),
        (_, Some(signal)) if signal > 0 => format!("its container was ended by signal {signal}"),
        _ => format!("its container exited with status {}", ended.exit_code),
    };
    Some(said(&how, ended.message.as_deref()))
}

impl Condition {
    /// Decides.
    pub(super) fn of(pod: &Pod) -> Self {
        let status = pod.status.clone().unwrap_or_default();
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).unwrap_or("no node");
        let phase = status.phase.as_deref().unwrap_or("Pending");
        let container = status.container_statuses.iter().flatten().find(|container| container.name == name::CONTAINER);
        let end = container.and_then(ended);
        // Evicted, NodeLost, NodeShutdown, DeadlineExceeded, … are said of the pod as a whole.
        let whole = status.reason.as_deref().map(|reason| said(reason, status.message.as_deref()));
        if phase == "Failed" || phase == "Succeeded" {
            return Self::Failed(whole.or(end).unwrap_or_else(|| format!("it has {}", phase.to_lowercase())));
        }
        if let Some(since) = &pod.metadata.deletion_timestamp {
            let why = whole.unwrap_or_else(|| "Terminating".to_owned());
            return Self::Ending(format!("{why} on {node} (to be gone by {})", since.0));
        }
        if let Some(waiting) = container.and_then(|c| c.state.as_ref()?.waiting.as_ref()) {
            let reason = waiting.reason.as_deref().unwrap_or("Waiting");
            let text = said(reason, waiting.message.as_deref());
            return if PASSING.contains(&reason) && end.is_none() {
                Self::Starting(Some(text))
            } else {
                Self::Failed(end.map_or(text.clone(), |end| format!("{text} ({end})")))
            };
        }
        if let Some(end) = end {
            // It was started again: another agent, which is nobody's.
            return Self::Failed(end);
        }
        if container.is_some_and(|c| c.state.as_ref().is_some_and(|state| state.running.is_some())) {
            return Self::Running;
        }
        let scheduled = status.conditions.iter().flatten().find(|condition| condition.type_ == "PodScheduled");
        match scheduled {
            Some(condition) if condition.status == "False" => {
                let message = condition.message.as_deref();
                let waits = said(condition.reason.as_deref().unwrap_or("Unschedulable"), message);
                // A claim of ours has its volume; the two have not been put together yet.
                let passes = message.is_some_and(|message| message.contains(UNBOUND));
                if passes { Self::Starting(Some(waits)) } else { Self::Unschedulable(waits) }
            }
            _ => Self::Starting(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(status: Value) -> Condition {
        let pod = json!({ "metadata": {}, "spec": { "containers": [], "nodeName": "n1" }, "status": status });
        Condition::of(&serde_json::from_value(pod).unwrap())
    }

    fn container(state: Value) -> Condition {
        let mut status = json!({ "name": "agent", "image": "i", "imageID": "", "ready": false, "restartCount": 0 });
        status.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
        pod(json!({ "phase": "Pending", "containerStatuses": [status] }))
    }

    #[test]
    fn what_passes_by_itself_is_waited_for_and_what_does_not_is_a_failure_at_once() {
        let waiting = |reason: &str| container(json!({ "state": { "waiting": { "reason": reason, "message": "m" } } }));
        assert_eq!(waiting("ContainerCreating"), Condition::Starting(Some("ContainerCreating: m".to_owned())));
        for reason in [
            "ErrImagePull",
            "ImagePullBackOff",
            "InvalidImageName",
            "ErrImageNeverPull",
            "CreateContainerConfigError",
            "CreateContainerError",
            "RunContainerError",
            "CrashLoopBackOff",
            "SomethingNew",
        ] {
            assert_eq!(waiting(reason), Condition::Failed(format!("{reason}: m")));
        }
        assert_eq!(container(json!({ "state": { "running": {} } })), Condition::Running);
        assert_eq!(pod(json!({})), Condition::Starting(None));
    }

    #[test]
    fn a_pod_that_ended_says_how() {
        let evicted = pod(json!({ "phase": "Failed", "reason": "Evicted", "message": "The node was low on memory." }));
        assert_eq!(evicted, Condition::Failed("Evicted: The node was low on memory.".to_owned()));
        let oom = container(json!({ "state": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } } }));
        assert_eq!(oom, Condition::Failed("OOMKilled: the memory limit was reached".to_owned()));
        let again = container(json!({
            "state": { "running": {} }, "lastState": { "terminated": { "exitCode": 1, "reason": "Error" } },
        }));
        assert_eq!(again, Condition::Failed("its container exited with status 1".to_owned()));
        let looping = container(json!({
            "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 10s" } },
            "lastState": { "terminated": { "exitCode": 0, "signal": 9 } },
        }));
        let text = "CrashLoopBackOff: back-off 10s (its container was ended by signal 9)";
        assert_eq!(looping, Condition::Failed(text.to_owned()));
    }

    #[test]
    fn want_of_a_node_is_told_apart() {
        let waits = pod(json!({ "phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available",
        }] }));
        assert_eq!(waits, Condition::Unschedulable("Unschedulable: 0/1 nodes are available".to_owned()));
        let unbound = pod(json!({ "phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/1 nodes are available: 1 pod has unbound immediate PersistentVolumeClaims.",
        }] }));
        assert!(matches!(unbound, Condition::Starting(Some(_))), "{unbound:?}");
        let scheduled = json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "True" }] });
        assert_eq!(pod(scheduled), Condition::Starting(None));
    }

    #[test]
    fn a_pod_that_is_deleted_is_ending_whatever_it_runs() {
        let pod = json!({
            "metadata": { "deletionTimestamp": "2026-01-01T00:00:00Z" },
            "spec": { "containers": [], "nodeName": "n1" },
            "status": { "phase": "Running", "reason": "NodeLost" },
        });
        let text = "NodeLost on n1 (to be gone by 2026-01-01T00:00:00Z)";
        assert_eq!(Condition::of(&serde_json::from_value(pod).unwrap()), Condition::Ending(text.to_owned()));
    }
}
