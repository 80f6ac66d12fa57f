//! What a cluster has of what the control plane and its pods need: rights, classes, policies, machines.
//!
//! Owns what is looked at. Changes nothing. What may not be read is a warning: the rest can be in order.

use std::{net::IpAddr, time::Duration};

use k8s_openapi::api::{
    core::v1::Pod, networking::v1::NetworkPolicy, node::v1::RuntimeClass, scheduling::v1::PriorityClass,
};
use kube::{Api, api::ListParams};
use tokio::net::TcpStream;

use super::{
    Kubernetes,
    access::{Ask, Place, Purpose, RIGHTS, Right},
    connection::{classify, is},
    fleets::thousandths,
    karpenter,
    workloads::{PLACE_PRIORITY, SELECTOR},
};
use crate::{
    error::{Error, Result},
    ports::probes::{Look, Probed, Probes},
    stores::PodSettings,
};

/// The policies that keep agents from each other, in their namespace: names of `deploy/kubernetes/network.yaml`.
pub const POLICIES: [&str; 2] = ["default-deny", "agents"];

/// The pool of `deploy/karpenter/nodepool.yaml`.
pub const NODE_POOL: &str = "kata-metal";

/// Of the limit of a pool, in percent: from here on something is to be done.
const NEAR: u128 = 80;

/// A port on which no agent listens, and which the policies allow nobody.
const CLOSED_PORT: u16 = 9;

/// How long a packet that is dropped may be waited for.
const DROPPED: Duration = Duration::from_secs(2);

/// What gives the rights.
const APPLY_RIGHTS: &str = "apply the roles of `deploy/`: `kubectl apply -f deploy/kubernetes/rbac.yaml`";

/// What gives those of pods without agentd too.
const APPLY_ALL_RIGHTS: &str = "apply the roles of `deploy/`: `rbac.yaml` of `kubernetes` and of `plain`";

/// A cluster, asked whether it has what is needed.
#[derive(Debug)]
pub struct ClusterProbes {
    kubernetes: Kubernetes,
    leases: bool,
    pods: Option<PodSettings>,
}

impl ClusterProbes {
    /// With `leases` leaders are elected there; with `pods` agents run there.
    pub fn new(kubernetes: Kubernetes, leases: bool, pods: Option<PodSettings>) -> Self {
        Self { kubernetes, leases, pods }
    }

    fn is_needed(&self, right: &Right) -> bool {
        let plain = self.pods.as_ref().map(|pods| &pods.plain);
        match right.purpose {
            Purpose::Leases => self.leases,
            Purpose::Pods | Purpose::Probe => plain.is_some(),
            Purpose::PlainPods => matches!(plain, Some(Some(_))),
            Purpose::Volumes => matches!(plain, Some(Some(plain)) if plain.state_bucket.is_some()),
        }
    }

    async fn rights(&self) -> Result<Probed> {
        let ask = |right: &'static Right| Ask {
            verb: right.verb,
            group: right.group,
            resource: right.resource,
            name: None,
            namespace: match right.place {
                Place::ControlPlane => Some(self.kubernetes.namespace.as_str()),
                Place::Agents => self.pods.as_ref().map(|pods| pods.namespace.as_str()),
                Place::Cluster => None,
            },
        };
        let of = |purposes: &[Purpose]| -> Vec<Ask<'_>> {
            let needed = RIGHTS.iter().filter(|right| purposes.contains(&right.purpose) && self.is_needed(right));
            needed.map(ask).collect()
        };
        let works = of(&[Purpose::Leases, Purpose::Pods]);
        let plain = of(&[Purpose::PlainPods, Purpose::Volumes]);
        let looks = of(&[Purpose::Probe]);
        let given = works.len() + plain.len() + looks.len();
        let (works, plain, looks) = tokio::try_join!(
            self.kubernetes.refused(&works),
            self.kubernetes.refused(&plain),
            self.kubernetes.refused(&looks)
        )?;
        let missing = [works.as_slice(), &plain, &looks].concat().join(", ");
        let fix = if plain.is_empty() { APPLY_RIGHTS } else { APPLY_ALL_RIGHTS };
        Ok(match (works.is_empty() && plain.is_empty(), looks.is_empty()) {
            (true, true) => Probed::ok(format!("all {given} that it uses are given")),
            (true, false) => Probed::warn(format!("it may not look: {missing}"), fix),
            (false, _) => Probed::fail(format!("it may not: {missing}"), fix),
        })
    }

    async fn runtime_class(&self, pods: &PodSettings) -> Result<Probed> {
        let Some(name) = &pods.runtime_class else {
            return Ok(Probed::ok("none is asked for: pods are ordinary containers"));
        };
        let classes: Api<RuntimeClass> = Api::all(self.kubernetes.clients.asking.clone());
        let found = read(classes.get_opt(name).await)?;
        Ok(found.map_or_else(
            || {
                let fix = "install it, or name another as `runtime_class` of the context's `kubernetes`";
                Probed::fail(format!("there is no RuntimeClass `{name}`: no pod would start"), fix)
            },
            |class| Probed::ok(format!("`{name}` is there, with handler `{}`", class.handler)),
        ))
    }

    async fn priority_classes(&self, pods: &PodSettings) -> Result<Probed> {
        let classes: Api<PriorityClass> = Api::all(self.kubernetes.clients.asking.clone());
        // What keeps a place for a pod without agentd has a class of its own.
        let place = pods.plain.as_ref().map(|_| PLACE_PRIORITY);
        let (mut there, mut missing) = (Vec::new(), Vec::new());
        for name in pods.priority_class.as_deref().into_iter().chain(place) {
            match read(classes.get_opt(name).await)? {
                Some(class) => there.push(format!("`{name}` ({})", class.value.unwrap_or_default())),
                None => missing.push(format!("`{name}`")),
            }
        }
        Ok(if !missing.is_empty() {
            let fix = "apply the classes of `deploy/`: `kubectl apply -f deploy/kubernetes/classes.yaml`";
            Probed::fail(format!("there is no PriorityClass {}: no pod would start", missing.join(", ")), fix)
        } else if there.is_empty() {
            Probed::ok("none is asked for: pods have the cluster's default")
        } else {
            Probed::ok(format!("there: {}", there.join(", ")))
        })
    }

    async fn network_policies(&self, pods: &PodSettings) -> Result<Probed> {
        let apply = "`kubectl apply -f deploy/kubernetes/network.yaml`";
        let policies: Api<NetworkPolicy> = Api::namespaced(self.kubernetes.clients.asking.clone(), &pods.namespace);
        let mut missing = Vec::new();
        for name in POLICIES {
            if read(policies.get_metadata_opt(name).await)?.is_none() {
                missing.push(format!("`{name}`"));
            }
        }
        if !missing.is_empty() {
            let text = format!("`{}` has no NetworkPolicy {}", pods.namespace, missing.join(", "));
            return Ok(Probed::warn(format!("{text}: agents may reach each other"), apply));
        }
        let there = "the shipped policies are there";
        // Only a pod is sure to be held by policies: a machine's own traffic to its pods usually is not.
        if std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
            return Ok(Probed::ok(format!("{there}; whether they are in force was not tried: this is no pod")));
        }
        let Some(agent) = self.agent_address(pods).await? else {
            return Ok(Probed::ok(format!("{there}; whether they are in force was not tried: no agent runs")));
        };
        Ok(if is_dropped(agent).await {
            Probed::ok(format!("{there} and in force: an agent did not answer on a port that they forbid"))
        } else {
            let text = format!("{there} and not in force: {agent} answered on port {CLOSED_PORT}, which they forbid");
            Probed::warn(text, "use a network plugin that enforces NetworkPolicies (one that rejects looks the same)")
        })
    }

    /// Where some agent's pod is.
    async fn agent_address(&self, pods: &PodSettings) -> Result<Option<IpAddr>> {
        let all: Api<Pod> = Api::namespaced(self.kubernetes.clients.asking.clone(), &pods.namespace);
        let all = read(all.list(&ListParams::default().labels(SELECTOR).limit(100)).await)?;
        let running = all.items.iter().filter_map(|pod| pod.status.as_ref()).find_map(|status| {
            let address = status.pod_ip.as_ref().filter(|_| status.phase.as_deref() == Some("Running"))?;
            address.parse().ok()
        });
        Ok(running)
    }

    async fn karpenter(&self, pods: &PodSettings) -> Result<Probed> {
        let client = &self.kubernetes.clients.asking;
        let served = match client.list_api_group_resources(karpenter::VERSION).await {
            Ok(served) => served.resources,
            Err(error) if is(&error, 404) => {
                return Ok(if pods.node_timeout.is_zero() {
                    Probed::ok("it is not installed: pods run on the nodes that there are")
                } else {
                    let text = format!("it is not installed, and pods wait {:?} for a node", pods.node_timeout);
                    Probed::warn(text, "install it, or leave `node_timeout` out")
                });
            }
            Err(error) => return Err(classify(error, false)),
        };
        let kinds = ["nodepools", "nodeclaims"];
        let unserved: Vec<&str> =
            kinds.into_iter().filter(|kind| !served.iter().any(|found| found.name == **kind)).collect();
        if !unserved.is_empty() {
            let text = format!("{} does not have {}", karpenter::VERSION, unserved.join(", "));
            return Ok(Probed::warn(text, "install Karpenter's kinds (CRDs) of version 1 or later"));
        }
        let pool = read(karpenter::node_pools(client.clone()).get_opt(NODE_POOL).await)?;
        let Some(pool) = pool else {
            let text = format!("it is installed, and there is no NodePool `{NODE_POOL}`");
            return Ok(Probed::warn(text, "`kubectl apply -k deploy/karpenter`, or make nodes for agents otherwise"));
        };
        Ok(judged(&pool))
    }
}

/// A pool, and how near it is to its limit.
fn judged(pool: &karpenter::NodePool) -> Probed {
    let status = pool.status.clone().unwrap_or_default();
    let raise = format!("raise `limits.cpu` of NodePool `{NODE_POOL}`, or let fewer agents run");
    if let Some(why) = status.trouble() {
        return Probed::warn(
            format!("NodePool `{NODE_POOL}` makes no nodes: {why}"),
            format!("`kubectl describe nodepool {NODE_POOL}` says more"),
        );
    }
    let cpu = |quantities: &karpenter::Quantities| quantities.get("cpu").and_then(|cpu| thousandths(&cpu.0));
    let Some(limit) = cpu(&pool.spec.limits) else {
        let text = format!("NodePool `{NODE_POOL}` has no `limits.cpu`: nothing bounds what its machines cost");
        return Probed::warn(text, format!("set `limits.cpu` of NodePool `{NODE_POOL}`"));
    };
    let used = cpu(&status.resources).unwrap_or(0);
    let text = format!("NodePool `{NODE_POOL}` has {} of {} cpus", used.div_ceil(1_000), limit / 1_000);
    if u128::from(used) * 100 >= u128::from(limit) * NEAR { Probed::warn(text, raise) } else { Probed::ok(text) }
}

/// Whether nothing comes back from a port where nobody listens.
async fn is_dropped(address: IpAddr) -> bool {
    match tokio::time::timeout(DROPPED, TcpStream::connect((address, CLOSED_PORT))).await {
        // A refusal is the pod's own, so that the packet got there.
        Ok(Ok(_)) => false,
        Ok(Err(error)) => error.kind() != std::io::ErrorKind::ConnectionRefused,
        Err(_) => true,
    }
}

fn read<T>(answer: std::result::Result<T, kube::Error>) -> Result<T> {
    answer.map_err(|error| classify(error, false))
}

/// What may not be read does not count as missing.
async fn seen(look: impl Future<Output = Result<Probed>>) -> Result<Probed> {
    match look.await {
        Err(Error::Forbidden { reason }) => Ok(Probed::warn(format!("it may not be read: {reason}"), APPLY_RIGHTS)),
        seen => seen,
    }
}

impl Probes for ClusterProbes {
    fn probe_looks(&self) -> Vec<Look<'_>> {
        let mut looks = vec![Look { part: "rights in the cluster", look: Box::pin(seen(self.rights())) }];
        if let Some(pods) = &self.pods {
            looks.push(Look { part: "runtime class", look: Box::pin(seen(self.runtime_class(pods))) });
            looks.push(Look { part: "priority classes", look: Box::pin(seen(self.priority_classes(pods))) });
            looks.push(Look { part: "network policies", look: Box::pin(seen(self.network_policies(pods))) });
            looks.push(Look { part: "karpenter", look: Box::pin(seen(self.karpenter(pods))) });
        }
        looks
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ports::probes::Verdict;

    fn pool(limits: Value, status: Value) -> (Verdict, String) {
        let pool = json!({
            "apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": { "name": NODE_POOL },
            "spec": { "limits": limits, "template": {} }, "status": status,
        });
        let judged = judged(&serde_json::from_value(pool).unwrap());
        (judged.verdict, judged.text)
    }

    #[test]
    fn a_pool_that_is_nearly_full_unbounded_or_not_ready_is_warned_of() {
        let used = |cpu: &str| json!({ "resources": { "cpu": cpu, "nodes": "3" } });
        let limit = || json!({ "cpu": "1000", "memory": "4000Gi" });
        assert_eq!(pool(limit(), used("799")), (Verdict::Ok, "NodePool `kata-metal` has 799 of 1000 cpus".to_owned()));
        assert_eq!(pool(limit(), used("800")).0, Verdict::Warn);
        assert_eq!(pool(json!({ "cpu": 1_000 }), used("960000m")).0, Verdict::Warn);
        assert_eq!(pool(limit(), Value::Null).0, Verdict::Ok);
        assert!(pool(json!({ "memory": "4000Gi" }), used("1")).1.contains("no `limits.cpu`"));
        let unready = json!({ "conditions": [{
            "type": "Ready", "status": "False", "reason": "NodeClassNotReady", "message": "no such subnets",
            "lastTransitionTime": "2026-11-29T00:00:00Z",
        }] });
        let (state, text) = pool(limit(), unready);
        assert_eq!(state, Verdict::Warn);
        assert!(text.contains("no such subnets"), "{text}");
    }
}
