//! What a cluster has of what pods and the control plane need, as its API server says, to whom may ask and to whom may not.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use libtenancy::{
    drivers::kubernetes::{
        Kubernetes,
        probes::{ClusterProbes, NODE_POOL, POLICIES},
    },
    ports::probes::{Probed, Verdict},
    stores::{KubernetesServer, PlainPods, PodSettings},
};
use serde_json::{Value, json};

use super::{Namespace, apply, kubectl};
use crate::{probes::all, process::wait_for};

/// The part that says which rights are missing.
const RIGHTS: &str = "rights in the cluster";

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn output(arguments: &[&str]) -> String {
    let output = Command::new("kubectl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A cluster, as the administrator sees it, or the holder of this kubeconfig.
async fn open(namespace: &str, kubeconfig: Option<PathBuf>) -> Kubernetes {
    let settings =
        KubernetesServer { kubeconfig, namespace: Some(namespace.to_owned()), ..KubernetesServer::default() };
    Kubernetes::open(&settings).await.unwrap()
}

/// A kubeconfig with nothing but the token of a service account of this namespace.
fn kubeconfig(namespace: &str, account: &str, directory: &std::path::Path) -> PathBuf {
    kubectl(&["create", "serviceaccount", account, "-n", namespace]);
    let request = directory.join("request.json");
    fs::write(&request, r#"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}"#).unwrap();
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
    let answer: Value =
        serde_json::from_str(&output(&["create", "--raw", &path, "-f", request.to_str().unwrap()])).unwrap();
    let cluster = |path: &str| output(&["config", "view", "--minify", "--raw", "-o", &format!("jsonpath={path}")]);
    let (server, ca) =
        (cluster("{.clusters[0].cluster.server}"), cluster("{.clusters[0].cluster.certificate-authority-data}"));
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{ "name": "c", "cluster": { "server": server, "certificate-authority-data": ca } }],
        "users": [{ "name": "u", "user": { "token": answer["status"]["token"] } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
    });
    let file = directory.join(format!("{account}.json"));
    fs::write(&file, config.to_string()).unwrap();
    file
}

/// What is found in a part.
async fn part(probes: &ClusterProbes, part: &str) -> Probed {
    let found = all(probes).await.into_iter().find(|(name, _)| *name == part);
    found.unwrap_or_else(|| panic!("no {part}")).1.unwrap()
}

/// Waits until a part is like this: what was applied is heeded a moment later.
async fn becomes(probes: &ClusterProbes, name: &str, verdict: Verdict, text: &str) -> Probed {
    wait_for(text, || async {
        let found = part(probes, name).await;
        (found.verdict == verdict && found.text.contains(text)).then_some(found)
    })
    .await
}

/// The shipped roles, for other namespaces.
fn roles(control_plane: &str, agents: &str) -> String {
    let text = fs::read_to_string(root().join("deploy/kubernetes/rbac.yaml")).unwrap();
    text.replace("namespace: ztm\n", &format!("namespace: {control_plane}\n"))
        .replace("namespace: tenants\n", &format!("namespace: {agents}\n"))
        .replace("name: ztm-orchestrator", &format!("name: {control_plane}"))
}

#[tokio::test]
#[ignore = "needs a cluster: tests/kube/with"]
async fn rights_that_are_missing_are_named_and_what_may_not_be_read_is_a_warning() {
    let (control_plane, agents) = (Namespace::new(), Namespace::new());
    let directory = tempfile::tempdir().unwrap();
    let config = kubeconfig(&control_plane.0, "orchestrator", directory.path());
    let cluster = open(&control_plane.0, Some(config)).await;
    let pods = PodSettings { namespace: agents.0.clone(), ..PodSettings::default() };
    let probes = ClusterProbes::new(cluster.clone(), true, Some(pods.clone()));

    // Whoever has no right may still ask for it.
    let found = part(&probes, RIGHTS).await;
    assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
    for right in [
        format!("create leases.coordination.k8s.io in `{}`", control_plane.0),
        format!("patch deployments.apps in `{}`", agents.0),
        "create tokenreviews.authentication.k8s.io, ".to_owned(),
    ] {
        assert!(found.text.contains(&right), "{right}: {found:?}");
    }
    assert!(found.hint.unwrap().contains("rbac.yaml"));
    for name in ["runtime class", "priority classes", "network policies"] {
        let found = part(&probes, name).await;
        assert!(found.verdict == Verdict::Warn && found.text.starts_with("it may not be read"), "{name}: {found:?}");
    }
    let version = cluster.version().await.unwrap();
    let refused = cluster.tunnel_refused("ztm-admin", &version).await.unwrap();
    let own = format!("create serviceaccounts/token `ztm-admin` in `{}`", control_plane.0);
    assert!(refused[0] == own && refused.len() >= 3, "{refused:?}");

    // The shipped roles are enough; one verb less is found.
    let shipped = roles(&control_plane.0, &agents.0);
    apply(&shipped);
    becomes(&probes, RIGHTS, Verdict::Ok, "all 19").await;
    apply(&shipped.replace("verbs: [create, get, update]", "verbs: [get, update]"));
    let found = becomes(&probes, RIGHTS, Verdict::Fail, "create leases").await;
    assert_eq!(found.text, format!("it may not: create leases.coordination.k8s.io in `{}`", control_plane.0));
    apply(&shipped.replace("resources: [runtimeclasses]", "resources: [none]"));
    let found = becomes(&probes, RIGHTS, Verdict::Warn, "get runtimeclasses").await;
    assert_eq!(found.text, "it may not look: get runtimeclasses.node.k8s.io");
    apply(&shipped);

    // Pods without agentd need more.
    let plain = Some(PlainPods { state_bucket: Some("states".to_owned()) });
    let probes = ClusterProbes::new(cluster, true, Some(PodSettings { plain, ..pods }));
    let found = becomes(&probes, RIGHTS, Verdict::Fail, "get pods/log").await;
    assert!(found.text.contains("create persistentvolumes") && !found.text.contains("leases"), "{found:?}");
    assert!(found.hint.unwrap().contains("plain"));
    kubectl(&["delete", "clusterrole,clusterrolebinding", &control_plane.0]);
}

#[tokio::test]
#[ignore = "needs a cluster: tests/kube/with"]
async fn classes_policies_and_pools_that_are_missing_or_full_are_found() {
    let agents = Namespace::new();
    let cluster = open(&agents.0, None).await;
    let (class, priority) = (agents.0.clone(), format!("{}-priority", agents.0));
    let pods = PodSettings {
        namespace: agents.0.clone(),
        runtime_class: Some(class.clone()),
        priority_class: Some(priority.clone()),
        ..PodSettings::default()
    };
    let probes = ClusterProbes::new(cluster.clone(), false, Some(pods.clone()));
    let state = async |name: &str| part(&probes, name).await.verdict;
    for (name, verdict) in [
        ("runtime class", Verdict::Fail),
        ("priority classes", Verdict::Fail),
        ("network policies", Verdict::Warn),
        ("karpenter", Verdict::Ok),
    ] {
        assert_eq!(state(name).await, verdict, "{name}");
    }
    let patient = PodSettings { node_timeout: Duration::from_mins(10), ..pods };
    let patient = ClusterProbes::new(cluster, false, Some(patient));
    assert!(part(&patient, "karpenter").await.text.contains("not installed, and pods wait"));

    let policy = |name: &str| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": { "name": name, "namespace": agents.0 },
            "spec": { "podSelector": {}, "policyTypes": ["Ingress"] },
        })
    };
    for manifest in [
        json!({ "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": { "name": class }, "handler": "h" }),
        json!({ "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": { "name": priority }, "value": 7 }),
        policy(POLICIES[0]),
    ] {
        apply(&manifest.to_string());
    }
    assert_eq!(part(&probes, "runtime class").await, Probed::ok(format!("`{class}` is there, with handler `h`")));
    assert_eq!(part(&probes, "priority classes").await, Probed::ok(format!("there: `{priority}` (7)")));
    let found = part(&probes, "network policies").await;
    assert!(found.verdict == Verdict::Warn && !found.text.contains(POLICIES[0]), "{found:?}");
    apply(&policy(POLICIES[1]).to_string());
    let found = part(&probes, "network policies").await;
    assert!(found.verdict == Verdict::Ok && found.text.contains("was not tried"), "{found:?}");
    kubectl(&["delete", "runtimeclass", &class]);
    kubectl(&["delete", "priorityclass", &priority]);

    pools(&patient).await;
}

/// Karpenter's kinds without its pool, with it, and with the pool nearly full.
async fn pools(probes: &ClusterProbes) {
    let root = root();
    let kinds = format!("{}/tests/kube/karpenter", root.display());
    let shipped = format!("{}/deploy/karpenter", root.display());
    kubectl(&["apply", "--validate=false", "-f", &kinds]);
    for kind in ["nodeclaims.karpenter.sh", "nodepools.karpenter.sh", "ec2nodeclasses.karpenter.k8s.aws"] {
        kubectl(&["wait", "--for=condition=Established", "--timeout=30s", &format!("crd/{kind}")]);
    }
    becomes(probes, "karpenter", Verdict::Warn, "there is no NodePool `kata-metal`").await;
    kubectl(&["apply", "-k", &shipped]);
    assert_eq!(part(probes, "karpenter").await, Probed::ok("NodePool `kata-metal` has 0 of 1000 cpus"));
    let mut pool: Value = serde_json::from_str(&output(&["get", "nodepool", NODE_POOL, "-o", "json"])).unwrap();
    pool["status"] = json!({ "resources": { "cpu": "850", "nodes": "9" } });
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), pool.to_string()).unwrap();
    let status = format!("/apis/karpenter.sh/v1/nodepools/{NODE_POOL}/status");
    kubectl(&["replace", "--raw", &status, "-f", file.path().to_str().unwrap()]);
    let found = part(probes, "karpenter").await;
    assert_eq!((found.verdict, &*found.text), (Verdict::Warn, "NodePool `kata-metal` has 850 of 1000 cpus"));
    assert!(found.hint.unwrap().contains("limits.cpu"));
    kubectl(&["delete", "-k", &shipped]);
    kubectl(&["delete", "-f", &kinds]);
}
