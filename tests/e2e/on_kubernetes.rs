//! Beside a real Kubernetes: `tests/kube/with` runs this, and `KUBECONFIG` names it.

mod in_cluster;
mod plain;
mod pods;
mod replicas;
mod stage;

use std::process::Command;

use serde_json::Value;

use crate::{
    plane::{BOUND, Plane},
    stores::{Servers, Stores},
};

fn kubectl(arguments: &[&str]) -> String {
    let output = Command::new("kubectl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What the doctor finds in a check.
async fn diagnosis(plane: &Plane, context: &[&str], check: &str) -> Value {
    let ended = plane.ztm(&[context, &["doctor", "-o", "json"]].concat()).await;
    let found = ended.json();
    let of = found["checks"].as_array().unwrap().iter().find(|found| found["check"] == check);
    of.unwrap_or_else(|| panic!("no {check}: {found:#}")).clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn a_control_plane_leads_by_a_lease_of_the_cluster_and_gives_it_up_at_its_end() {
    let namespace = format!("ztm-e2e-{}", std::process::id());
    kubectl(&["create", "namespace", &namespace]);
    let holder = || {
        let path = "jsonpath={.spec.holderIdentity}/{.spec.leaseDurationSeconds}/{.spec.leaseTransitions}";
        kubectl(&["get", "lease", "orchestrator-leader", "-n", &namespace, "-o", path])
    };
    let mut plane = Plane::set_on(Stores::Cloud, &[]).await;
    let keys = format!("leaders = 'kubernetes'\nkubernetes.namespace = '{namespace}'");
    Servers::configure_more(plane.dir(), &keys);
    plane.up().await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] you said: hello").await;
    let leading = holder();
    assert!(!leading.starts_with('/') && leading.ends_with("/15/1"), "{leading}");
    assert_eq!(plane.status().await["leader"], true);

    // Another one, elsewhere, with the same stores: it does not start while this one lives.
    let elsewhere = plane.dir().join("elsewhere");
    let other = plane.ztm_on(&elsewhere, &["up", "--port", "0", "--router-port", "0"]);
    let refused = tokio::time::timeout(BOUND, other).await.unwrap();
    assert_eq!(refused.code, Some(5), "{refused:?}");
    assert!(refused.stderr.contains("another one uses these records"), "{refused:?}");

    // Killed and started again it is the same one; at its end the lease is nobody's.
    plane.kill().await;
    plane.up().await;
    plane.converse(&tenant, "again", "[2] you said: again").await;
    assert_eq!(holder(), leading);
    plane.down().await;
    assert!(holder().starts_with('/'), "{}", holder());
    kubectl(&["delete", "namespace", &namespace, "--wait=false"]);
}
