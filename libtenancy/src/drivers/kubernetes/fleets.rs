//! The nodes of a cluster, what runs of ours on them, and the machines that Karpenter is asked for.

use std::collections::BTreeMap;

use async_trait::async_trait;
use k8s_openapi::{
    api::core::v1::{Node as ClusterNode, Pod},
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta},
};
use kube::{Api, api::ListParams};

use super::{
    Kubernetes,
    connection::{classify, is},
    karpenter::{CAPACITY_LABEL, NodeClaim as Claim, POOL_LABEL, node_claims},
    workloads::{SELECTOR, tenant_of},
};
use crate::{
    clock::Timestamp,
    error::Result,
    fleet::{Fleet, Node, NodeClaim, Resources},
    ports::fleets::Fleets,
};

/// Kubernetes' own labels of machines.
const TYPE_LABEL: &str = "node.kubernetes.io/instance-type";
const REGION_LABEL: &str = "topology.kubernetes.io/region";
const ZONE_LABEL: &str = "topology.kubernetes.io/zone";

/// The nodes of a cluster, and the agents in one of its namespaces.
pub struct ClusterFleet {
    kubernetes: Kubernetes,
    namespace: String,
}

impl ClusterFleet {
    /// Asks nothing yet. `namespace` is that of the agents' pods.
    pub fn new(kubernetes: Kubernetes, namespace: String) -> Self {
        Self { kubernetes, namespace }
    }

    /// Nothing where Karpenter is not installed.
    async fn claims(&self) -> Result<Vec<Claim>> {
        match node_claims(self.kubernetes.clients.asking.clone()).list(&ListParams::default()).await {
            Ok(claims) => Ok(claims.items),
            Err(error) if is(&error, 404) => Ok(Vec::new()),
            Err(error) => Err(classify(error, false)),
        }
    }
}

fn label(meta: &ObjectMeta, key: &str) -> Option<String> {
    meta.labels.as_ref()?.get(key).cloned()
}

fn created_at(meta: &ObjectMeta) -> Option<Timestamp> {
    meta.creation_timestamp.as_ref().map(|time| Timestamp::from_micros(time.0.as_microsecond()))
}

/// A quantity of Kubernetes in thousandths; `None` if it is none. What is smaller than one counts as one.
pub(super) fn thousandths(quantity: &Quantity) -> Option<u64> {
    let text = quantity.0.as_str();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (multiply, divide): (u128, u128) = match suffix {
        "n" => (1, 1_000_000),
        "u" => (1, 1_000),
        "m" => (1, 1),
        "" => (1_000, 1),
        "k" => (1_000_000, 1),
        "M" => (1_000_000_000, 1),
        "G" => (1_000_000_000_000, 1),
        "T" => (1_000_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1_000 << 10, 1),
        "Mi" => (1_000 << 20, 1),
        "Gi" => (1_000 << 30, 1),
        "Ti" => (1_000 << 40, 1),
        "Pi" => (1_000 << 50, 1),
        _ => return None,
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part = part.get(..part.len().min(9))?;
    let scale = 10_u128.pow(u32::try_from(part.len()).ok()?);
    let digits: u128 = format!("{whole}{part}").parse().ok()?;
    u64::try_from(digits.checked_mul(multiply)?.div_ceil(divide * scale)).ok()
}

fn resources(quantities: Option<&BTreeMap<String, Quantity>>) -> Resources {
    let value = |name: &str| quantities.and_then(|q| thousandths(q.get(name)?)).unwrap_or(0);
    Resources { cpu_millis: value("cpu"), memory_bytes: value("memory") / 1_000 }
}

/// Why a node takes no pod.
fn trouble(node: &ClusterNode) -> Option<String> {
    if node.spec.as_ref().and_then(|spec| spec.unschedulable) == Some(true) {
        return Some("it takes no new pods".to_owned());
    }
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let ready = conditions.into_iter().find(|condition| condition.type_ == "Ready");
    match ready {
        Some(ready) if ready.status == "True" => None,
        Some(ready) => Some(format!("not ready: {}", ready.message.as_deref().unwrap_or("its kubelet is silent"))),
        None => Some("its kubelet has not spoken yet".to_owned()),
    }
}

fn node(node: &ClusterNode) -> Node {
    let meta = &node.metadata;
    Node {
        name: meta.name.clone().unwrap_or_default(),
        pool: label(meta, POOL_LABEL),
        instance_type: label(meta, TYPE_LABEL),
        region: label(meta, REGION_LABEL),
        zone: label(meta, ZONE_LABEL),
        capacity_type: label(meta, CAPACITY_LABEL),
        created_at: created_at(meta),
        trouble: trouble(node),
        allocatable: resources(node.status.as_ref().and_then(|status| status.allocatable.as_ref())),
        requested: Some(Resources::default()),
        tenants: Vec::new(),
        warm: 0,
    }
}

/// Adds a pod to the node that it is on.
fn place(nodes: &mut BTreeMap<String, Node>, pod: &Pod) {
    let ended = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let Some(spec) = pod.spec.as_ref().filter(|_| !matches!(ended, Some("Succeeded" | "Failed"))) else { return };
    let Some(node) = spec.node_name.as_ref().and_then(|name| nodes.get_mut(name)) else { return };
    let requested = node.requested.get_or_insert_default();
    for container in &spec.containers {
        let asked = resources(container.resources.as_ref().and_then(|resources| resources.requests.as_ref()));
        requested.cpu_millis += asked.cpu_millis;
        requested.memory_bytes += asked.memory_bytes;
    }
    match tenant_of(pod) {
        Some(tenant) => node.tenants.push(tenant),
        None => node.warm += 1,
    }
}

#[async_trait]
impl Fleets for ClusterFleet {
    async fn fleet(&self) -> Result<Fleet> {
        let client = &self.kubernetes.clients.asking;
        let (all, ours) = (ListParams::default(), ListParams::default().labels(SELECTOR));
        let (nodes, pods): (Api<ClusterNode>, Api<Pod>) =
            (Api::all(client.clone()), Api::namespaced(client.clone(), &self.namespace));
        let listed = async { nodes.list(&all).await.map_err(|error| classify(error, false)) };
        let running = async { pods.list(&ours).await.map_err(|error| classify(error, false)) };
        let (listed, running, claims) = tokio::try_join!(listed, running, self.claims())?;
        let mut nodes: BTreeMap<String, Node> =
            listed.items.iter().map(node).map(|node| (node.name.clone(), node)).collect();
        for pod in &running.items {
            place(&mut nodes, pod);
        }
        for node in nodes.values_mut() {
            node.tenants.sort();
        }
        let mut claims: Vec<NodeClaim> = claims
            .into_iter()
            .filter_map(|claim| {
                let status = claim.status.unwrap_or_default();
                Some(NodeClaim {
                    cause: status.waits_for()?,
                    name: claim.metadata.name.clone().unwrap_or_default(),
                    pool: label(&claim.metadata, POOL_LABEL),
                    instance_type: label(&claim.metadata, TYPE_LABEL),
                    created_at: created_at(&claim.metadata),
                })
            })
            .collect();
        claims.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Fleet { nodes: nodes.into_values().collect(), claims })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quantities_are_read_as_kubernetes_means_them() {
        let read = |text: &str| thousandths(&Quantity(text.to_owned()));
        for (text, value) in [
            ("2", 2_000),
            ("250m", 250),
            ("1.5", 1_500),
            ("0.1", 100),
            ("100u", 1),
            ("1Ki", 1_024_000),
            ("16Gi", 16_000 << 30),
            ("1.5Gi", 1_500 << 30),
            ("4k", 4_000_000),
        ] {
            assert_eq!(read(text), Some(value), "{text}");
        }
        for text in ["", "Gi", "-1", "1Zi", "1 Gi", "99999999999999999999P"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_claim_waits_for_the_first_step_that_is_not_done() {
        let claim = |conditions: serde_json::Value| {
            let claim: Claim = serde_json::from_value(json!({
                "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "metadata": { "name": "c" },
                "spec": { "requirements": [] }, "status": { "conditions": conditions },
            }))
            .unwrap();
            claim.status.unwrap().waits_for()
        };
        let at = "2026-11-29T00:00:00Z";
        let step = |name: &str, status: &str, message: &str| json!({ "type": name, "status": status, "reason": "R", "message": message, "lastTransitionTime": at });
        assert_eq!(claim(json!([])), Some("not launched".to_owned()));
        let full = "no instance type satisfied resources";
        assert_eq!(claim(json!([step("Launched", "False", full)])), Some(format!("not launched: {full}")));
        let booting = json!([step("Registered", "Unknown", ""), step("Launched", "True", "")]);
        assert_eq!(claim(booting), Some("not registered: R".to_owned()));
        let there = ["Launched", "Registered", "Initialized"].map(|name| step(name, "True", ""));
        assert_eq!(claim(json!(there)), None);
    }
}
