//! The control plane itself as pods: what `kubectl apply -k deploy` makes, from images made on the spot.

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use services::doubles::llm;
use tokio::sync::MutexGuard;

use super::{
    diagnosis, kubectl,
    stage::{CLUSTER, IMAGE, Stage, agent_image, clean, host, image},
};
use crate::{
    plane::{Elsewhere, Plane, Tenant},
    process::wait_for,
    top::{Screen, line},
    watch::Watcher,
};

/// The addresses that the services get.
const ORCHESTRATOR: &str = "10.96.0.80";
const ROUTER: &str = "10.96.0.90";
const REDIS: &str = "10.96.0.70";

/// A control plane of two pods, with everything it needs.
struct InCluster {
    plane: Plane,
    _model: llm::Double,
    _cluster: MutexGuard<'static, ()>,
}

/// A token of a service account, as `ztm` asks for one.
fn token(account: &str) -> String {
    let path = format!("/api/v1/namespaces/ztm/serviceaccounts/{account}/token");
    let request = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":["ztm"]}}"#;
    let mut child = Command::new("kubectl")
        .args(["create", "--raw", &path, "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    let answer = child.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    answer["status"]["token"].as_str().unwrap().to_owned()
}

/// The control plane's pods.
const PODS: &str = "app in (orchestrator, router)";

/// The names of the pods of a selector.
fn replicas(selector: &str) -> Vec<String> {
    let names = "jsonpath={.items[*].metadata.name}";
    let names = kubectl(&["get", "pods", "-n", "ztm", "-l", selector, "-o", names]);
    names.split_whitespace().map(str::to_owned).collect()
}

/// The shipped files, with what is this cluster's own.
fn overlay(to: &Path, config: &str) {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    for name in ["kubernetes", "zeroclaw"] {
        std::fs::create_dir_all(to.join(name)).unwrap();
        for entry in std::fs::read_dir(deploy.join(name)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, to.join(name).join(path.file_name().unwrap())).unwrap();
        }
    }
    let read = |name: &str| std::fs::read_to_string(deploy.join(name)).unwrap();
    let kustomization = read("kustomization.yaml")
        // The tests' server knows no policy/v1.
        .replace("  - kubernetes/disruption.yaml\n", "");
    let own = |name: &str| format!("  - name: {name}\n    newName: ztm.local/{name}\n    newTag: \"1\"\n");
    let images = format!("images:\n{}{}", own("ztm"), own("redis"));
    let kustomization = kustomization.replace("images:\n  - name: redis\n    newTag: 7.0.15\n", &images);
    assert!(kustomization.contains("ztm.local/redis"));
    std::fs::write(to.join("kustomization.yaml"), kustomization).unwrap();
    std::fs::write(to.join("kubernetes/config.toml"), config).unwrap();
    for (name, port, address) in
        [("orchestrator", "api", ORCHESTRATOR), ("router", "webhooks", ROUTER), ("redis", "redis", REDIS)]
    {
        let file = format!("kubernetes/{name}.yaml");
        let ports = format!("  selector: {{ app: {name} }}\n  ports:\n    - {{ name: {port}");
        let service = read(&file).replace(&ports, &format!("  clusterIP: {address}\n{ports}"));
        assert!(service.contains(address));
        std::fs::write(to.join(file), service).unwrap();
    }
}

/// The manifest of a volume for Redis: a directory of this machine, where a cluster has disks.
fn disk(to: &Path) -> PathBuf {
    let data = to.join("redis-data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o777)).unwrap();
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": "redis-data" },
        "spec": {
            "capacity": { "storage": "8Gi" }, "accessModes": ["ReadWriteOnce"],
            "claimRef": { "namespace": "ztm", "name": "redis-data-redis-0" },
            "hostPath": { "path": data },
        },
    });
    let file = to.join("disk.json");
    std::fs::write(&file, volume.to_string()).unwrap();
    file
}

impl InCluster {
    async fn deploy() -> Self {
        let cluster = CLUSTER.lock().await;
        let host = host();
        let plane = Plane::cloud_at(&host, &[]).await;
        plane.ztm(&["admin", "init"]).await.ok();
        agent_image();
        image("ztm.local/ztm:1", &[env!("CARGO_BIN_EXE_ztm").to_owned()]);
        image("ztm.local/redis:1", &["/usr/bin/redis-server".to_owned()]);

        let model = llm::Double::start((host.parse::<std::net::IpAddr>().unwrap(), 0).into()).await.unwrap();
        let servers = plane.servers.as_ref().unwrap();
        let aws = servers.aws_url();
        let config = format!(
            "current_context = 'cluster'\n\
             [up]\nagent_template = '/etc/ztm-agent'\nwarm = 1\ntelegram_url = '{}'\ntelegram_plain_http = true\npublic_url = 'http://{ROUTER}:9090'\n\
             [contexts.cluster]\ndrivers = 'aws'\nworkloads = 'kubernetes'\nleaders = 'kubernetes'\nkey_file = '/etc/ztm-keys/keys'\n\
             [contexts.cluster.dynamodb]\nendpoint = '{aws}'\nregion = 'us-east-1'\n\
             [contexts.cluster.redis]\nurl = 'redis://{REDIS}:6379'\n\
             [contexts.cluster.s3]\nendpoint = '{aws}'\nregion = 'us-east-1'\nbucket = 'states'\npath_style = true\n\
             [contexts.cluster.kubernetes]\nnamespace = 'ztm'\nimage = '{IMAGE}'\nimage_pull_policy = 'Never'\n\
             cpu_request = '10m'\nmemory_request = '32Mi'\ncontrol_plane = '{ORCHESTRATOR}:8090'\n",
            plane.double.url()
        );
        let own = plane.dir().join("deploy");
        overlay(&own, &config);
        let template = own.join("zeroclaw/config.toml");
        let text = std::fs::read_to_string(&template).unwrap().replace("http://127.0.0.1:8000/v1", &model.url());
        std::fs::write(template, text).unwrap();
        let deploy = root_of(&own);
        kubectl(&["apply", "-f", &format!("{deploy}/kubernetes/namespaces.yaml")]);
        clean();
        // Those of an earlier run may still be ending.
        wait_for("no control plane is left", async || replicas(PODS).is_empty().then_some(())).await;
        let keys = plane.dir().join(".config/ztm/keys");
        for secret in ["ztm-keys", "ztm-credentials"] {
            kubectl(&["delete", "secret", secret, "-n", "ztm", "--ignore-not-found"]);
        }
        kubectl(&[
            "create",
            "secret",
            "generic",
            "ztm-keys",
            "-n",
            "ztm",
            &format!("--from-file=keys={}", keys.display()),
        ]);
        let credentials = ["--from-literal=AWS_ACCESS_KEY_ID=tests", "--from-literal=AWS_SECRET_ACCESS_KEY=tests"];
        kubectl(&[&["create", "secret", "generic", "ztm-credentials", "-n", "ztm"], credentials.as_slice()].concat());
        let disk = disk(plane.dir());
        kubectl(&["apply", "-f", disk.to_str().unwrap()]);
        kubectl(&["apply", "-k", &deploy]);
        let mut deployed = Self { plane, _model: model, _cluster: cluster };
        deployed.plane.elsewhere = Some(Elsewhere {
            orchestrator: format!("http://{ORCHESTRATOR}:8080"),
            router: format!("http://{ROUTER}:9090"),
            token: token("ztm-admin"),
        });
        reachable().await;
        deployed
    }
}

/// Waits until every replica is ready, and the services lead to them alone.
async fn reachable() {
    for part in ["statefulset/redis", "deployment/orchestrator", "deployment/router"] {
        kubectl(&["rollout", "status", part, "-n", "ztm", "--timeout=60s"]);
    }
    for address in [format!("{ORCHESTRATOR}:8080"), format!("{ROUTER}:9090")] {
        // One in two would fail while one of two is not reached.
        let probe = || async {
            for _ in 0..20 {
                tokio::net::TcpStream::connect(&address).await.ok()?;
            }
            Some(())
        };
        wait_for("a service", probe).await;
    }
}

fn root_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

impl Drop for InCluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let replicas = replicas(PODS);
            let logs = replicas.iter().map(|replica| vec!["logs", replica, "-n", "ztm", "--tail=30"]);
            let pods = [vec!["describe", "pods", "-n", "ztm", "-l", PODS]];
            for arguments in pods.into_iter().chain(logs) {
                let said = Command::new("kubectl").args(&arguments).output().unwrap();
                #[expect(clippy::print_stderr, reason = "the test runner shows it with the failure")]
                {
                    eprintln!("--- {arguments:?}\n{}", String::from_utf8_lossy(&said.stdout));
                }
            }
        }
        kubectl(&["delete", "deployment", "orchestrator", "router", "-n", "ztm", "--ignore-not-found"]);
        kubectl(&["delete", "statefulset/redis", "pvc/redis-data-redis-0", "-n", "ztm", "--ignore-not-found"]);
        kubectl(&["delete", "pv", "redis-data", "--ignore-not-found"]);
        clean();
    }
}

/// A line of a message.
fn of(tenant: &Tenant, update: i64, source: &str, text: &str) -> impl Fn(&str) -> bool {
    let parts = [
        format!(r#""source":"{source}""#),
        format!(r#""request_id":"{}-{update}""#, tenant.bot),
        format!(r#""text":"{text}"#),
    ];
    move |line| parts.iter().all(|part| line.contains(part))
}

/// One message, told of by the router in its pod, an orchestrator in another one, and agentd in the agent's: in one log,
/// which is left open.
async fn told(plane: &Plane, tenant: &Tenant) -> Watcher {
    let log = Watcher::start(plane, &["--context", "far", "logs", "acme", "-f", "-o", "json"]);
    let update = plane.write(tenant, "told");
    plane.answered(tenant, &llm::answer("told")).await;
    let router = of(tenant, update, "router", "a message is stored");
    log.says("the router's part", |line| router(line) && line.contains(r#""instance":"router-"#)).await;
    let orchestrator = of(tenant, update, "orchestrator", "the chat has its answer");
    log.says("its part", |line| orchestrator(line) && line.contains(r#""instance":"orchestrator-"#)).await;
    log.says("agentd's part", of(tenant, update, "agentd", "a turn ends")).await;
    log
}

/// The screen, through the cluster: what the role forbids is grey and refused, and what it does not is done. One is left
/// open.
async fn watched(plane: &Plane) -> Screen {
    let mut screen = Screen::start(plane, &["--context", "look"]);
    screen.types("2");
    screen.shows("the tenant", |text| text.contains("viewer") && line(text, "acme").contains("acme")).await;
    assert_ne!(screen.key_colour("stop"), screen.key_colour("quit"));
    screen.types("x");
    screen.shows("a refusal", |text| text.contains("`viewer` may not stop")).await;
    screen.types("q");
    assert_eq!(screen.ends().await.code(), Some(0));

    let mut screen = Screen::start(plane, &["--context", "far"]);
    screen.types("2");
    screen.shows("the tenant", |text| line(text, "acme").contains("acme")).await;
    assert_eq!(screen.key_colour("stop"), screen.key_colour("quit"));
    screen.types("wy");
    screen.shows("it wakes", |text| text.contains("acme is awake:") || text.contains("acme was awake")).await;
    screen.types("xy");
    screen.shows("it is stopped", |text| text.contains("acme is idle")).await;
    screen
}

/// The doctor, on the way there and of what is there. That nothing enforces policies here it finds by trying.
async fn examined(plane: &Plane) {
    for (check, state, text) in [
        ("kubeconfig", "ok", "namespace `ztm`"),
        ("cluster", "ok", "version v1."),
        ("rights of yours", "ok", "you may be `ztm-admin`"),
        ("rights in the cluster", "ok", "all 19"),
        ("redis", "ok", "appendfsync always"),
        ("tables", "ok", ""),
        ("bucket", "ok", ""),
        ("network policies", "warn", "not in force"),
    ] {
        let found = diagnosis(plane, &["--context", "far"], check).await;
        assert!(found["state"] == state && found["text"].as_str().unwrap().contains(text), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster and ZeroClaw: tests/kube/with, ZTM_TEST_ZEROCLAW"]
async fn what_is_deployed_answers_sleeps_remembers_outlives_its_pods_and_deletes_without_a_trace() {
    let deployed = InCluster::deploy().await;
    let plane = &deployed.plane;
    assert_eq!((replicas("app=orchestrator").len(), replicas("app=router").len()), (2, 2));
    plane.wait("a warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    let tenant = plane.tenant("acme", 1, 2).await;
    plane.converse(&tenant, "the code word is plover", &llm::answer("the code word is plover")).await;
    let woken = plane.get(&tenant).await;
    assert_eq!(woken["last_wake"]["kind"], "warm", "{woken}");
    let saved = plane.wait_status(&tenant, "idle").await;
    assert_eq!(Stage::pods_of("acme"), Vec::<String>::new(), "{saved}");
    plane.converse(&tenant, "and again", &llm::answer("and again")).await;
    let restored = plane.get(&tenant).await;
    assert!(restored["last_wake"]["restore_ms"].as_f64().unwrap() > 0.0, "{restored}");

    // Who else may ask what.
    let ask = async |token: &str, method: &str, path: &str| {
        crate::plane::answer(plane.request_as(token, method, path)).await.status
    };
    let viewer = token("ztm-viewer");
    assert_eq!(ask(&viewer, "GET", "/tenants").await, 200);
    assert_eq!(ask(&viewer, "DELETE", "/tenants/acme").await, 403);
    assert_eq!(ask(&token("orchestrator"), "GET", "/tenants").await, 401, "an account that is no role");
    assert_eq!(ask("a.b.c", "GET", "/tenants").await, 401);

    // An operator's command, through the cluster: by a context of its own, and by the cluster's.
    let keys =
        "[contexts.far]\ncluster = true\n[contexts.look]\ncluster = true\naccount = 'ztm-viewer'\n[contexts.cloud]";
    let file = plane.dir().join(".config/ztm/config.toml");
    let config = std::fs::read_to_string(&file).unwrap().replace("[contexts.cloud]", keys);
    std::fs::write(&file, config).unwrap();
    let kubes = kubectl(&["config", "current-context"]);
    for context in ["far", "look", kubes.trim()] {
        let list = plane.ztm(&["--context", context, "tenant", "list", "-o", "json"]).await.ok().json();
        assert_eq!(list["tenants"][0]["tenant_id"], "acme", "{context}: {list}");
    }
    let screen = plane.ztm(&["--context", "look", "top", "--once", "-o", "json"]).await.ok().json();
    assert_eq!((&screen["summary"]["tenants"], &screen["tenants"][0]["id"]), (&json!(1), &json!("acme")), "{screen}");
    let denied = plane.ztm(&["--context", "look", "tenant", "delete", "acme", "--yes"]).await;
    assert!(denied.stderr.contains("viewer may not"), "{denied:?}");
    let status = plane.ztm(&["--context", "far", "status"]).await.ok();
    assert!(status.stdout.contains("Warm"), "{status:?}");
    let nobody = plane.ztm(&["--context", "no-such", "status"]).await;
    assert!(nobody.stderr.contains("no-such"), "{nobody:?}");

    examined(plane).await;

    // A command beside the agent in its pod, which is woken for it: for whoever may, and nobody else.
    let beside = plane.ztm(&["--context", "far", "exec", "acme", "--", "/bin/zeroclaw", "--version"]).await.ok();
    assert!(beside.stdout.starts_with("zeroclaw "), "{beside:?}");
    let pod = &Stage::pods_of("acme")[0];
    assert!(beside.stderr.contains(&format!("beside agent {pod}/")), "{pod}: {beside:?}");
    let denied = plane.ztm(&["--context", "look", "exec", "acme", "--", "/bin/zeroclaw"]).await;
    assert_eq!((denied.code, &*denied.stdout), (Some(4), ""), "{denied:?}");

    let mut screen = watched(plane).await;
    let log = told(plane, &tenant).await;

    // A router is killed while messages come in.
    for number in 0..10 {
        plane.write(&tenant, &format!("letter {number}"));
        if number == 4 {
            let router = &replicas("app=router")[0];
            kubectl(&["delete", "pod", router, "-n", "ztm", "--grace-period=0", "--force", "--wait=false"]);
        }
    }
    for number in 0..10 {
        plane.answered(&tenant, &llm::answer(&format!("letter {number}"))).await;
    }

    // Redis is killed while messages come in: what it has answered is in its file.
    for number in 0..10 {
        plane.write(&tenant, &format!("parcel {number}"));
        if number == 4 {
            kubectl(&["delete", "pod", "redis-0", "-n", "ztm", "--grace-period=0", "--force", "--wait=false"]);
        }
    }
    for number in 0..10 {
        plane.answered(&tenant, &llm::answer(&format!("parcel {number}"))).await;
    }

    // Every pod of the control plane dies at once; what is written meanwhile is answered.
    let before = replicas(PODS);
    kubectl(&["delete", "pods", "-n", "ztm", "-l", PODS, "--grace-period=0", "--force", "--wait=false"]);
    screen.shows("nobody speaks", |text| text.contains("connecting again")).await;
    let asked = plane.write(&tenant, "are you there");
    plane.answered(&tenant, &llm::answer("are you there")).await;
    plane
        .wait("others", async || {
            let now = replicas(PODS);
            (now.len() == 4 && now.iter().all(|name| !before.contains(name))).then_some(())
        })
        .await;

    log.says("what others did", of(&tenant, asked, "orchestrator", "the chat has its answer")).await;
    drop(log);
    screen.shows("others speak", |text| !text.contains("STALE") && !text.contains("connecting")).await;
    screen.types("wy");
    screen.shows("and obey", |text| text.contains("acme is awake:") || text.contains("acme was awake")).await;
    screen.types("q");
    assert_eq!(screen.ends().await.code(), Some(0));

    reachable().await;
    plane.ask("DELETE", "/tenants/acme", None).await.ok();
    plane.wait("its pod is gone", async || Stage::pods_of("acme").is_empty().then_some(())).await;
    for kind in ["pods", "persistentvolumeclaims", "secrets", "configmaps", "services"] {
        assert_eq!(kubectl(&["get", kind, "-n", "tenants", "-l", "tenant=acme", "-o", "name"]), "", "{kind}");
    }
    assert_eq!(kubectl(&["get", "persistentvolumes", "-l", "tenant", "-o", "name"]), "");
}
