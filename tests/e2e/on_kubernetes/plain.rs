//! Agents of an image without agentd: ZeroClaw as its own entry point, with its part of the bucket as a volume.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use services::doubles::llm;

use super::{
    kubectl,
    stage::{self, Stage, image},
};
use crate::plane::Plane;

const IMAGE: &str = "ztm.local/plain:1";

/// A stage whose pods run the shipped entry point.
struct Plain {
    stage: Stage,
    _model: llm::Double,
}

impl Plain {
    async fn set(keys: &str, warm: &str) -> Self {
        let host: std::net::IpAddr = stage::host().parse().unwrap();
        let model = llm::Double::start((host, 0).into()).await.unwrap();
        let keys = format!("image = '{IMAGE}'\nagentd = false\n{keys}");
        let stage = Stage::with(&keys, &["--warm", warm]).await;
        kubectl(&["apply", "-k", concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/plain")]);
        let script = include_str!("../../../deploy/plain/entrypoint").replace("http://127.0.0.1:8000/v1", &model.url());
        let entrypoint = stage.plane.dir().join("entrypoint");
        std::fs::write(&entrypoint, script).unwrap();
        std::fs::set_permissions(&entrypoint, std::fs::Permissions::from_mode(0o755)).unwrap();
        let zeroclaw = std::env::var("ZTM_TEST_ZEROCLAW").expect("ZTM_TEST_ZEROCLAW");
        let programs = ["/bin/sh", "/bin/cat", "/bin/cp", "/bin/mkdir", "/bin/sleep", &zeroclaw];
        let programs = [entrypoint.to_str().unwrap()].into_iter().chain(programs).map(str::to_owned);
        image(IMAGE, &programs.collect::<Vec<_>>());
        Self { stage, _model: model }
    }

    fn plane(&self) -> &Plane {
        &self.stage.plane
    }
}

/// What the volume of a tenant holds.
fn state(tenant: &str) -> PathBuf {
    let buckets = std::env::var("ZTM_TEST_BUCKETS").expect("ZTM_TEST_BUCKETS: tests/kube/with sets it");
    Path::new(&buckets).join("states/tenants").join(tenant)
}

/// Whether ZeroClaw's memory there has a text.
fn remembers(tenant: &str, text: &str) -> bool {
    let database = rusqlite::Connection::open(state(tenant).join("brain.db")).unwrap();
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let found = "SELECT count(*) FROM memories WHERE content LIKE '%' || ?1 || '%'";
    database.query_row(found, [text], |row| row.get::<_, u32>(0)).unwrap() > 0
}

fn names(kind: &str, selector: &[&str]) -> String {
    kubectl(&[&["get", kind, "-n", "tenants", "-o", "name"], selector].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster and ZeroClaw: tests/kube/with, ZTM_TEST_ZEROCLAW"]
async fn an_agent_without_agentd_answers_remembers_by_its_volume_and_goes_without_a_trace() {
    let mut plain = Plain::set("", "0").await;
    plain.stage.plane.up().await;
    let plane = plain.plane();
    let tenant = plane.tenant("acme", 1, 2).await;
    plane.converse(&tenant, "the code word is plover", &llm::answer("the code word is plover")).await;
    assert_eq!(Stage::pods_of("acme"), ["zeroclaw-acme"]);
    let idle = plane.wait_status(&tenant, "idle").await;
    assert_eq!(idle["stop_reason"]["kind"], "idle", "{idle}");
    assert_eq!(idle["snapshot"], Value::Null, "{idle}");
    assert_eq!(Stage::pods_of("acme"), Vec::<String>::new());
    assert!(remembers("acme", "plover"), "it had the time to save itself");
    // What proves the control plane to a pod ends with that pod.
    plane.wait("no secret is left", async || names("secrets", &["-l", "tenant=acme"]).is_empty().then_some(())).await;

    plane.converse(&tenant, "and again", &llm::answer("and again")).await;
    let log = plane.ztm(&["tenant", "logs", "acme"]).await.ok();
    assert!(log.stdout.contains("ZeroClaw Gateway listening"), "{log:?}");

    // Whoever reaches it without the secret gets no answer.
    let pod = &Stage::pods()[0];
    let url = format!("http://{}:3000/webhook", pod["status"]["podIP"].as_str().unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client.post(url).header("content-type", "application/json").body(r#"{"message":"x"}"#).send().await;
    assert_eq!(asked.unwrap().status(), 401);
    let variables = pod["spec"]["containers"][0]["env"].to_string();
    assert!(variables.contains("TENANT_ID") && !variables.contains("TOKEN"), "{variables}");

    // The control plane dies, and finds it again.
    plain.stage.plane.kill().await;
    plain.stage.plane.up().await;
    let plane = plain.plane();
    plane.converse(&tenant, "still there", &llm::answer("still there")).await;
    plane.wait_status(&tenant, "idle").await;
    for text in ["plover", "and again", "still there"] {
        assert!(remembers("acme", text), "{text}");
    }

    let refused = plane.ztm(&["tenant", "snapshot", "acme"]).await;
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert!(names("persistentvolumeclaims", &[]).contains("pvc-tenant-acme"));
    plane.ztm(&["tenant", "delete", "acme", "--purge", "--yes"]).await.ok();
    for kind in ["pods", "persistentvolumeclaims", "secrets", "configmaps", "services"] {
        let gone = async || names(kind, &["-l", "tenant=acme"]).is_empty().then_some(());
        plane.wait(&format!("no {kind} of it"), gone).await;
    }
    plane
        .wait("no volume", async || kubectl(&["get", "persistentvolumes", "-o", "name"]).is_empty().then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster and ZeroClaw: tests/kube/with, ZTM_TEST_ZEROCLAW"]
async fn a_warm_pod_without_agentd_keeps_a_place_and_an_agent_that_dies_is_replaced() {
    let mut plain = Plain::set("state_volume = 'none'", "1").await;
    // Without a volume the entry point has nothing to save to.
    plain.stage.plane.up().await;
    let plane = plain.plane();
    plane.wait("a warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    let place = Stage::pods()[0].clone();
    assert_eq!(place["spec"]["priorityClassName"], "tenant-low", "{place}");
    assert_eq!(place["spec"]["containers"][0].get("env"), None, "nobody's: {place}");
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "one", &llm::answer("one")).await;
    assert_eq!(plane.get(&tenant).await["last_wake"]["kind"], "warm");
    assert_eq!(Stage::pods_of("acme"), ["zeroclaw-acme"]);
    let name = &place["metadata"]["name"];
    plane
        .wait("another place", async || {
            let pods = Stage::pods();
            let is_gone = pods.iter().all(|pod| pod["metadata"]["name"] != *name);
            (is_gone && plane.status().await["warm_ready"] == 1 && pods.len() == 2).then_some(())
        })
        .await;

    Stage::kill("zeroclaw-acme", "zeroclaw");
    let lost = plane.wait_status(&tenant, "idle").await;
    assert_eq!(lost["stop_reason"]["kind"], "lost", "{lost}");
    plane.converse(&tenant, "two", &llm::answer("two")).await;
    kubectl(&["delete", "pod", "zeroclaw-acme", "-n", "tenants", "--wait=false"]);
    let lost = plane.wait_status(&tenant, "idle").await;
    assert_eq!(lost["stop_reason"]["detail"], "its pod was deleted", "{lost}");
    plane.converse(&tenant, "three", &llm::answer("three")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster and ZeroClaw: tests/kube/with, ZTM_TEST_ZEROCLAW"]
async fn two_control_planes_that_want_one_warm_pod_at_once_do_not_both_get_it() {
    let mut plain = Plain::set("", "1").await;
    let mut second = plain.stage.second().await;
    plain.stage.plane.up().await;
    second.up().await;
    let first = plain.plane();
    let (one, other) = (first.tenant("one", 1, 3_600).await, first.tenant("other", 2, 3_600).await);
    for round in 0..3 {
        for plane in [first, &second] {
            plane.wait("a warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
        }
        tokio::join!(first.wake(&one), second.wake(&other));
        let mut kinds = Vec::new();
        for tenant in [&one, &other] {
            let shown = first.get(tenant).await;
            assert_eq!(
                (&shown["status"], Stage::pods_of(&tenant.id).len()),
                (&json!("running"), 1),
                "{round}: {shown}"
            );
            kinds.push(shown["last_wake"]["kind"].as_str().unwrap().to_owned());
        }
        kinds.sort();
        assert_eq!(kinds, ["cold", "warm"], "round {round}");
        for tenant in [&one, &other] {
            first.ztm(&["tenant", "stop", &tenant.id]).await.ok();
        }
    }
    for tenant in [&one, &other] {
        first.ztm(&["tenant", "delete", &tenant.id, "--purge", "--yes"]).await.ok();
    }
    assert_eq!(kubectl(&["get", "persistentvolumes", "-o", "name"]), "");
    second.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster and ZeroClaw: tests/kube/with, ZTM_TEST_ZEROCLAW"]
async fn a_tenant_whose_state_is_in_an_archive_does_not_begin_anew_without_agentd() {
    let mut plain = Plain::set("", "0").await;
    let file = plain.plane().dir().join(".config/ztm/config.toml");
    let without = std::fs::read_to_string(&file).unwrap();
    let with = without.replace("agentd = false\n", "").replace(IMAGE, stage::IMAGE);
    std::fs::write(&file, &with).unwrap();
    plain.stage.plane.arguments_add(&["--agent", "/bin/agent {port} {state}"]);
    plain.stage.plane.up().await;
    let tenant = plain.plane().tenant("acme", 1, 1).await;
    plain.plane().converse(&tenant, "hello", "[1] you said: hello").await;
    plain.plane().wait_status(&tenant, "idle").await;

    plain.stage.plane.down().await;
    std::fs::write(&file, &without).unwrap();
    plain.stage.plane.up().await;
    let refused = plain.plane().ztm(&["tenant", "wake", "acme"]).await;
    assert!(refused.stderr.contains("its state is in an archive"), "{refused:?}");

    plain.stage.plane.down().await;
    std::fs::write(&file, &with).unwrap();
    plain.stage.plane.up().await;
    plain.plane().converse(&tenant, "again", "[2] you said: again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster and ZeroClaw: tests/kube/with, ZTM_TEST_ZEROCLAW"]
async fn a_pod_whose_control_plane_died_before_it_made_its_secret_is_ended() {
    let mut plain = Plain::set("state_volume = 'none'", "0").await;
    plain.stage.plane.up().await;
    let tenant = plain.plane().tenant("acme", 1, 3_600).await;
    plain.stage.plane.kill().await;
    let labels = json!({ "app": "zeroclaw", "tenant": "acme", "ztm.dev/generation": "5" });
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "zeroclaw-acme", "namespace": "tenants", "labels": labels },
        "spec": {
            "containers": [{
                "name": "agent", "image": IMAGE, "imagePullPolicy": "Never",
                "volumeMounts": [{ "name": "secrets", "mountPath": "/var/run/secrets/ztm" }],
            }],
            "volumes": [{ "name": "secrets", "secret": { "secretName": "zeroclaw-acme-5" } }],
        },
    });
    let file = plain.plane().dir().join("pod.json");
    std::fs::write(&file, pod.to_string()).unwrap();
    kubectl(&["create", "-f", file.to_str().unwrap()]);
    plain.stage.plane.up().await;
    let plane = plain.plane();
    plane.wait("it is ended", async || Stage::pods_of("acme").is_empty().then_some(())).await;
    plane.converse(&tenant, "hello", &llm::answer("hello")).await;
}
