//! Kubernetes, against the suites: `tests/kube/with` runs this beside a real one, which `KUBECONFIG` names.

mod probes;

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use libtenancy::{clock::ManualClock, drivers::kubernetes::Kubernetes, stores::KubernetesServer};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A namespace of its own; removed when it is dropped.
struct Namespace(String);

impl Namespace {
    fn new() -> Self {
        let name = format!("ztm-tests-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        kubectl(&["create", "namespace", &name]);
        Self(name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = Command::new("kubectl").args(["delete", "namespace", &self.0, "--wait=false"]).output();
    }
}

fn kubectl(arguments: &[&str]) {
    let output = Command::new("kubectl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Gives kubectl a manifest.
fn apply(manifest: &str) {
    let mut child = Command::new("kubectl").args(["apply", "-f", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(manifest.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{manifest}");
}

async fn namespace(_clock: Arc<ManualClock>) -> (Kubernetes, Namespace) {
    let namespace = Namespace::new();
    let settings = KubernetesServer { namespace: Some(namespace.0.clone()), ..KubernetesServer::default() };
    (Kubernetes::open(&settings).await.unwrap(), namespace)
}

libtenancy::leaders_conformance!(namespace, "needs a cluster: tests/kube/with");
