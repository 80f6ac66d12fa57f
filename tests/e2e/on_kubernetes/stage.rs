//! A control plane whose agents are pods: outside the cluster, with the rights of the shipped service account.

use std::path::Path;

use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use super::kubectl;
use crate::{plane::Plane, process::free_ports, stores::Servers};

/// The image that the pods run.
pub(super) const IMAGE: &str = "ztm.local/agent:1";

/// The namespace of pods, and its pool, are one: stages go one by one.
pub(super) static CLUSTER: Mutex<()> = Mutex::const_new(());

/// See the module.
pub(super) struct Stage {
    pub(super) plane: Plane,
    _cluster: MutexGuard<'static, ()>,
}

/// Where pods reach this machine.
pub(super) fn host() -> String {
    std::env::var("ZTM_TEST_POD_HOST")
        .expect("ZTM_TEST_POD_HOST: where pods reach this machine; tests/kube/with sets it")
}

/// Makes the image of agents' pods.
pub(super) fn agent_image() {
    let mut programs = vec![built("ZTM_TEST_AGENTD", "agentd"), built("ZTM_TEST_AGENT", "agent")];
    programs.extend(std::env::var("ZTM_TEST_ZEROCLAW"));
    image(IMAGE, &programs);
}

/// Makes an image of programs, and gives it to the node, which is this machine.
pub(super) fn image(name: &str, programs: &[String]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/images/archive");
    let directory = tempfile::tempdir().unwrap();
    let archive = directory.path().join("image.tar");
    for command in [
        std::process::Command::new(script).arg(name).arg(&archive).args(programs),
        std::process::Command::new("ctr").args(["images", "import"]).arg(&archive),
    ] {
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// A program that is already built.
fn built(variable: &str, name: &str) -> String {
    let beside = Path::new(env!("CARGO_BIN_EXE_ztm")).with_file_name(name);
    std::env::var(variable).unwrap_or_else(|_| beside.display().to_string())
}

impl Stage {
    /// A stage whose agents are the built-in one, with nothing started. `keys` are added to the context's `kubernetes`.
    pub(super) async fn set(keys: &str, arguments: &[&str]) -> Self {
        let agent = ["--agent", "/bin/agent {port} {state}"];
        Self::with(keys, &[&agent, arguments].concat()).await
    }

    /// A stage whose agents are as `arguments` say.
    pub(super) async fn with(keys: &str, arguments: &[&str]) -> Self {
        let cluster = CLUSTER.lock().await;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for part in ["namespaces", "classes", "accounts", "rbac", "network"] {
            kubectl(&["apply", "-f", &format!("{}/deploy/kubernetes/{part}.yaml", root.display())]);
        }
        clean();
        agent_image();

        let (host, [port]) = (host(), free_ports());
        let arguments = [&["--telegram-plain-http"], arguments].concat();
        let mut plane = Plane::cloud_at(&host, &arguments).await;
        let keys = format!(
            "workloads = 'kubernetes'\nleaders = 'kubernetes'\n[contexts.cloud.kubernetes]\nnamespace = 'ztm'\n\
             image_pull_policy = 'Never'\ncontrol_plane = '{host}:{port}'\nlisten = '{host}:{port}'\n{keys}\n{}",
            if keys.contains("image =") { String::new() } else { format!("image = '{IMAGE}'") }
        );
        Servers::configure_more(plane.dir(), &keys);
        plane.kubeconfig = Some(orchestrators_kubeconfig(plane.dir()).into());
        plane.ztm(&["admin", "init"]).await.ok();
        Self { plane, _cluster: cluster }
    }

    /// A second control plane on the same records, with the same keys, on a state directory of its own; not started.
    pub(super) async fn second(&self) -> Plane {
        let first = &self.plane;
        let double = first.double.url();
        let own = first.own_arguments();
        let arguments = ["--telegram-url", &double, "--public-url", &first.router()];
        let arguments: Vec<&str> = own.iter().map(String::as_str).chain(arguments).collect();
        let mut second = Plane::set(&arguments).await;
        second.kubeconfig.clone_from(&first.kubeconfig);
        let (from, to) = (first.dir().join(".config/ztm"), second.dir().join(".config/ztm"));
        std::fs::create_dir_all(&to).unwrap();
        for name in ["config.toml", "keys"] {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
        let config = std::fs::read_to_string(to.join("config.toml")).unwrap();
        let mut port = config.lines().find_map(|line| line.strip_prefix("listen = ")).unwrap().to_owned();
        port = port.trim_matches('\'').rsplit(':').next().unwrap().to_owned();
        let config = config.replace(&format!(":{port}'"), &format!(":{}'", free_ports::<1>()[0]));
        std::fs::write(to.join("config.toml"), config).unwrap();
        second
    }

    /// The pods that are, or were just told not to be.
    pub(super) fn pods() -> Vec<Value> {
        let list = kubectl(&["get", "pods", "-n", "tenants", "-o", "json"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    /// SIGKILL to a pod's process of this name, from outside. The node is this machine.
    pub(super) fn kill(pod: &str, name: &str) {
        let path = "jsonpath={.status.containerStatuses[0].containerID}";
        let container = kubectl(&["get", "pod", pod, "-n", "tenants", "-o", path]);
        let container = container.trim_start_matches("containerd://");
        let read = |pid: &str, file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let all =
            std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let of_pod = |pid: &String| read(pid, "cgroup").contains(container) && read(pid, "comm").trim() == name;
        let pids: Vec<i32> = all.filter(of_pod).filter_map(|pid| pid.parse().ok()).collect();
        let [pid] = pids.as_slice() else { panic!("{pids:?} are `{name}` of {pod}") };
        rustix::process::kill_process(rustix::process::Pid::from_raw(*pid).unwrap(), rustix::process::Signal::KILL)
            .unwrap();
    }

    /// The names of a tenant's pods.
    pub(super) fn pods_of(tenant: &str) -> Vec<String> {
        let of = |pod: &Value| (pod["metadata"]["labels"]["tenant"] == tenant).then(|| pod["metadata"]["name"].clone());
        Self::pods().iter().filter_map(of).map(|name| name.as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        clean();
    }
}

/// Removes every pod of an earlier stage.
pub(super) fn clean() {
    kubectl(&["delete", "deployments,pods", "--all", "-n", "tenants", "--grace-period=0", "--force", "--timeout=60s"]);
}

/// A kubeconfig with nothing but the token of the orchestrator's service account.
fn orchestrators_kubeconfig(directory: &Path) -> std::path::PathBuf {
    let path = "jsonpath={.secrets[0].name}";
    let secret = loop {
        let name = kubectl(&["get", "serviceaccount", "orchestrator", "-n", "ztm", "-o", path]);
        if !name.is_empty() {
            break name;
        }
    };
    let of_secret =
        |key: &str| kubectl(&["get", "secret", &secret, "-n", "ztm", "-o", &format!("jsonpath={{.data.{key}}}")]);
    let token = String::from_utf8(base64(&of_secret("token"))).unwrap();
    let server = kubectl(&["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]);
    let file = directory.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\nclusters: [{{name: c, cluster: {{server: \"{server}\", certificate-authority-data: {}}}}}]\n\
         users: [{{name: orchestrator, user: {{token: {token}}}}}]\n\
         contexts: [{{name: c, context: {{cluster: c, user: orchestrator}}}}]\ncurrent-context: c\n",
        of_secret("ca\\.crt")
    );
    std::fs::write(&file, text).unwrap();
    file
}

pub(super) fn base64(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut child = std::process::Command::new("base64")
        .arg("-d")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

/// A program of the cluster that stands still; it goes on when this is dropped. The node is this machine.
pub(super) struct Frozen(rustix::process::Pid);

impl Frozen {
    pub(super) fn freeze(name: &str) -> Self {
        let all =
            std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let comm = |pid: &String| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let pid = all.filter(|pid| comm(pid).trim() == name).find_map(|pid| pid.parse().ok()).expect("it runs here");
        let frozen = Self(rustix::process::Pid::from_raw(pid).unwrap());
        rustix::process::kill_process(frozen.0, rustix::process::Signal::STOP).unwrap();
        frozen
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process(self.0, rustix::process::Signal::CONT);
    }
}
