//! Agents as pods.

use std::time::Duration;

use libtenancy::clock::Stopwatch;
use serde_json::{Value, json};
use services::doubles::llm;

use super::{
    diagnosis, kubectl,
    stage::{self, Stage},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn an_agent_is_a_pod_while_it_has_work_and_remembers_in_the_next_one() {
    let mut stage = Stage::set("", &["--warm", "0"]).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    let tenant = plane.tenant("acme", 1, 2).await;
    plane.converse(&tenant, "hello", "[1] you said: hello").await;
    assert_eq!(Stage::pods_of("acme"), ["zeroclaw-acme"]);
    let idle = plane.wait_status(&tenant, "idle").await;
    assert_eq!(idle["stop_reason"]["kind"], "idle", "{idle}");
    assert_eq!(Stage::pods().len(), 0, "an idle tenant has no pod");
    plane.converse(&tenant, "again", "[2] you said: again").await;
    assert_eq!(Stage::pods_of("acme"), ["zeroclaw-acme"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn a_warm_pod_becomes_the_tenants_and_another_takes_its_place() {
    let mut stage = Stage::set("", &["--warm", "1"]).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    plane.wait("a warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    let warm = Stage::pods()[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] you said: hello").await;
    assert_eq!(Stage::pods_of("acme"), [warm]);
    plane.wait("another warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    assert_eq!(Stage::pods().len(), 2);

    // Operators choose its size, for this control plane and the next one.
    let pods = async |count: usize| {
        let ready = async || {
            let pool = plane.ztm(&["pool", "status", "-o", "json"]).await.ok().json();
            (pool["ready"] == count && pool["target"] == count && Stage::pods().len() == count + 1).then_some(())
        };
        plane.wait(&format!("{count} warm pods"), ready).await;
    };
    for count in [2, 0] {
        plane.ztm(&["pool", "scale", &count.to_string()]).await.ok();
        pods(count).await;
    }
    stage.plane.kill().await;
    stage.plane.up().await;
    let pool = stage.plane.ztm(&["pool", "status", "-o", "json"]).await.ok().json();
    assert_eq!((&pool["target"], &pool["chosen"], &pool["configured"]), (&0.into(), &true.into(), &1.into()), "{pool}");
    let reset = stage.plane.ztm(&["pool", "scale", "--reset", "-o", "json"]).await.ok().json();
    assert_eq!((&reset["target"], &reset["chosen"]), (&1.into(), &false.into()), "{reset}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn an_agent_that_ends_without_being_asked_is_noticed_and_loses_nothing() {
    let mut stage = Stage::set("", &["--warm", "0"]).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "one", "[1] you said: one").await;

    // Somebody deletes the pod: it saves itself on its way out.
    kubectl(&["delete", "pod", "zeroclaw-acme", "-n", "tenants", "--wait=false"]);
    let lost = plane.wait_status(&tenant, "idle").await;
    assert_eq!(lost["stop_reason"]["kind"], "lost", "{lost}");
    assert_eq!(lost["stop_reason"]["detail"], "its pod was deleted", "{lost}");
    plane.converse(&tenant, "two", "[2] you said: two").await;

    // The agent dies, and its agentd does not.
    Stage::kill("zeroclaw-acme", "agent");
    let lost = plane.wait_status(&tenant, "idle").await;
    assert!(lost["stop_reason"]["detail"].as_str().unwrap().contains("SIGKILL"), "{lost}");
    plane.converse(&tenant, "three", "[3] you said: three").await;

    // Its agentd dies: the container is not started again, and what was saved before is there.
    plane.ztm(&["tenant", "snapshot", "acme"]).await.ok();
    Stage::kill("zeroclaw-acme", "agentd");
    let lost = plane.wait_status(&tenant, "idle").await;
    assert!(lost["stop_reason"]["detail"].as_str().unwrap().contains("its container"), "{lost}");
    plane.converse(&tenant, "four", "[4] you said: four").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn a_control_plane_that_died_finds_its_pods_again_and_a_deletion_leaves_nothing() {
    let mut stage = Stage::set("", &["--warm", "1"]).await;
    stage.plane.up().await;
    let tenant = stage.plane.tenant("acme", 1, 3_600).await;
    stage.plane.converse(&tenant, "one", "[1] you said: one").await;
    let pods = Stage::pods_of("acme");
    stage.plane.kill().await;
    stage.plane.up().await;
    let plane = &stage.plane;
    plane.converse(&tenant, "two", "[2] you said: two").await;
    assert_eq!(Stage::pods_of("acme"), pods);

    // The agent's supervisor dies while nobody watches; what the cluster starts in its place is nobody's.
    plane.ztm(&["tenant", "snapshot", "acme"]).await.ok();
    stage.plane.kill().await;
    Stage::kill(&pods[0], "agentd");
    stage.plane.up().await;
    let plane = &stage.plane;
    plane.converse(&tenant, "three", "[3] you said: three").await;
    plane.wait("one pod is left", async || (Stage::pods_of("acme").len() == 1).then_some(())).await;
    assert_ne!(Stage::pods_of("acme"), pods);

    plane.ztm(&["tenant", "delete", "acme", "--yes"]).await.ok();
    assert_eq!(Stage::pods_of("acme"), Vec::<String>::new());
    for kind in ["persistentvolumeclaims", "configmaps", "secrets", "services"] {
        let of = kubectl(&["get", kind, "-n", "tenants", "-l", "tenant=acme", "-o", "name"]);
        assert_eq!(of, "", "{kind}");
    }
    assert_eq!(kubectl(&["get", "persistentvolumes", "-o", "name"]), "");
}

/// What a wake says when no pod can run, and how long that took.
async fn refused(keys: &str, taint: Option<&str>) -> (String, Duration) {
    let mut stage = Stage::set(keys, &["--warm", "0"]).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    if let Some(taint) = taint {
        kubectl(&["taint", "nodes", "--all", taint]);
    }
    let watch = Stopwatch::start();
    let ended = plane.ztm(&["tenant", "wake", "acme"]).await;
    let took = watch.elapsed();
    if let Some(taint) = taint {
        kubectl(&["taint", "nodes", "--all", &format!("{taint}-")]);
    }
    assert_ne!(ended.code, Some(0), "{ended:?}");
    let why = plane.ztm(&["why", "tenant", "acme"]).await.ok();
    let seen = plane.get(&tenant).await;
    let detail = seen["stop_reason"]["detail"].as_str().unwrap().to_owned();
    assert!(why.stdout.contains(detail.lines().next().unwrap()), "{why:?} {detail}");
    assert!(ended.stderr.contains(detail.lines().next().unwrap()), "{ended:?} {detail}");
    plane.wait("no pod is left", async || Stage::pods_of("acme").is_empty().then_some(())).await;
    (ended.stderr, took)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn a_pod_that_cannot_run_is_said_at_once_with_its_reason() {
    let soon = Duration::from_secs(3);
    for (keys, reason) in [
        ("image = 'ztm.local/none:1'", "ErrImageNeverPull"),
        ("image = 'Not An Image'", "InvalidImageName"),
        ("cpu_request = '500'\ncpu_limit = '500'", "Insufficient cpu"),
        ("runtime_class = 'none-such'", "none-such"),
        ("priority_class = 'none-such'", "none-such"),
        ("memory_request = 'much'", "much"),
    ] {
        let (said, took) = refused(keys, None).await;
        assert!(said.contains(reason), "{keys}: {said}");
        assert!(took < soon, "{keys}: {took:?}");
    }
    let (said, took) = refused("", Some("tests=alone:NoSchedule")).await;
    assert!(said.contains("that the pod didn't tolerate") && took < soon, "{took:?}: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster and ZeroClaw: tests/kube/with, ZTM_TEST_ZEROCLAW"]
async fn zeroclaw_in_a_warm_pod_answers_with_the_operators_template_and_remembers() {
    let host: std::net::IpAddr = stage::host().parse().unwrap();
    let model = llm::Double::start((host, 0).into()).await.unwrap();
    let template = tempfile::tempdir().unwrap();
    let config = include_str!("../../../deploy/zeroclaw/config.toml").replace("http://127.0.0.1:8000/v1", &model.url());
    std::fs::write(template.path().join("config.toml"), config).unwrap();
    let arguments = ["--warm", "1", "--agent-template", template.path().to_str().unwrap()];
    let mut stage = Stage::with("", &arguments).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    plane.wait("a warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    let tenant = plane.tenant("acme", 1, 2).await;
    plane.converse(&tenant, "the code word is plover", &llm::answer("the code word is plover")).await;
    let woken = plane.get(&tenant).await;
    assert_eq!(woken["last_wake"]["kind"], "warm", "{woken}");
    let saved = plane.wait_status(&tenant, "idle").await;
    assert!(saved["snapshot"]["bytes"].as_u64().unwrap() > 1_000, "{saved}");
    plane.converse(&tenant, "and again", &llm::answer("and again")).await;
    let log = plane.ztm(&["tenant", "logs", "acme"]).await.ok();
    assert!(log.stdout.contains("--- acme, generation"), "{log:?}");
    let restored = plane.get(&tenant).await;
    assert!(restored["last_wake"]["restore_ms"].as_f64().unwrap() > 0.0, "{restored}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn while_the_api_server_is_away_what_runs_works_on_and_what_waits_goes_on_by_itself() {
    let mut stage = Stage::set("", &["--warm", "1"]).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    plane.wait("a warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    plane.ztm(&["pool", "scale", "0"]).await.ok();
    plane.wait("it is gone", async || (plane.status().await["warm_ready"] == 0).then_some(())).await;
    let (awake, asleep) = (plane.tenant("awake", 1, 3_600).await, plane.tenant("asleep", 2, 3_600).await);
    plane.converse(&awake, "one", "[1] you said: one").await;
    let api_server = stage::Frozen::freeze("kube-apiserver");
    let watch = Stopwatch::start();
    plane.converse(&awake, "two", "[2] you said: two").await;
    // What the control plane was told it says at once; who does not answer it, it names.
    let asked = Stopwatch::start();
    let status = plane.status().await;
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    assert_eq!((&status["warm_target"], &status["warm_chosen"]), (&json!(0), &json!(true)), "{status}");
    let silent = |part: &&Value| !part["error"].is_null();
    let silent: Vec<_> = status["parts"].as_array().unwrap().iter().filter(silent).map(|part| &part["part"]).collect();
    assert_eq!(silent, ["agents"], "{status}");
    plane.write(&asleep, "hello");
    tokio::time::sleep(Duration::from_secs(30).saturating_sub(watch.elapsed())).await;
    assert_eq!(plane.texts(&asleep).iter().filter(|text| text.contains("hello")).count(), 0);
    drop(api_server);
    plane.answered(&asleep, "[1] you said: hello").await;
    plane.converse(&awake, "three", "[3] you said: three").await;
    assert_eq!(Stage::pods_of("asleep").len() + Stage::pods_of("awake").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn a_pod_that_was_claimed_by_a_control_plane_that_died_before_the_bind_is_ended() {
    let mut stage = Stage::set("", &["--warm", "1"]).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    plane.wait("a warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let claimed = Stage::pods()[0]["metadata"]["name"].as_str().unwrap().to_owned();
    stage.plane.kill().await;
    // What a claim writes.
    let labels = ["app=zeroclaw", "warm=consuming", "tenant=acme", "ztm.dev/generation=5"];
    kubectl(&[&["label", "pod", &claimed, "-n", "tenants", "--overwrite"], labels.as_slice()].concat());
    assert_eq!(Stage::pods_of("acme"), [claimed.as_str()]);
    stage.plane.up().await;
    let plane = &stage.plane;
    plane.wait("it is ended", async || Stage::pods_of("acme").is_empty().then_some(())).await;
    plane.converse(&tenant, "hello", "[1] you said: hello").await;
    assert_ne!(Stage::pods_of("acme"), [claimed]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn the_wait_for_a_machine_is_a_phase_of_its_own_and_says_what_is_waited_for() {
    let mut stage = Stage::set("node_timeout = '10m'\nstart_timeout = '4s'", &["--warm", "0"]).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let nodes: Value = serde_json::from_str(&kubectl(&["get", "nodes", "-o", "json"])).unwrap();
    let node = nodes["items"][0]["metadata"]["name"].as_str().unwrap();
    kubectl(&["cordon", node]);
    let waiting = Stopwatch::start();
    plane.write(&tenant, "hello");
    plane
        .wait("it says what it waits for", async || {
            let why = plane.ztm(&["why", "tenant", "acme"]).await.ok().stdout;
            (why.contains("waits: Unschedulable") && why.contains("unschedulable")).then_some(())
        })
        .await;
    assert!(waiting.elapsed() < Duration::from_secs(3), "{:?}", waiting.elapsed());
    // Longer than a start may take: that has its time once there is a machine.
    tokio::time::sleep(Duration::from_secs(5)).await;
    kubectl(&["uncordon", node]);
    plane.answered(&tenant, "[1] you said: hello").await;
    let wake = plane.get(&tenant).await["last_wake"].clone();
    let (waited, start) = (wake["node_ms"].as_f64().unwrap(), wake["workload_ms"].as_f64().unwrap());
    assert!(waited >= 5_000.0 && start < 4_000.0, "{wake}");
}

/// The machines, as `ztm node list` says.
async fn nodes(stage: &Stage) -> Value {
    stage.plane.ztm(&["node", "list", "-o", "json"]).await.ok().json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn machines_are_shown_with_whose_agents_they_run_what_they_cost_and_what_is_waited_for() {
    let mut stage = Stage::set("cpu_request = '100m'\nmemory_request = '64Mi'", &["--warm", "1"]).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    plane.wait("a warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] you said: hello").await;

    // Without Karpenter, and on a machine that says nothing of itself.
    let seen = nodes(&stage).await;
    let node = &seen["nodes"][0];
    assert_eq!((&node["tenants"], &node["trouble"]), (&json!(["acme"]), &Value::Null), "{seen}");
    assert_eq!((&node["micro_usd_per_hour"], &seen["micro_usd_per_hour"]), (&Value::Null, &Value::Null), "{seen}");
    assert_eq!((&seen["claims"], &seen["unknown_prices"]), (&json!([]), &json!(1)), "{seen}");
    let text = plane.ztm(&["node", "list"]).await.ok().stdout;
    assert!(text.contains("unknown") && !text.contains('$'), "{text}");

    // As Karpenter would have made it.
    let name = node["name"].as_str().unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    // Rules in CEL, which they also have, are unknown to some servers; the schemas are in force.
    kubectl(&["apply", "--validate=false", "-f", &format!("{root}/tests/kube/karpenter")]);
    kubectl(&["wait", "--for=condition=Established", "--timeout=30s", "crd/nodeclaims.karpenter.sh"]);
    kubectl(&["wait", "--for=condition=Established", "--timeout=30s", "crd/ec2nodeclasses.karpenter.k8s.aws"]);
    kubectl(&["wait", "--for=condition=Established", "--timeout=30s", "crd/nodepools.karpenter.sh"]);
    kubectl(&["apply", "-k", &format!("{root}/deploy/karpenter")]);
    for (check, text) in [
        ("rights in the cluster", "all 19 that it uses are given"),
        ("runtime class", "`kata-qemu` is there"),
        ("priority classes", "`tenant-normal` (1000)"),
        ("network policies", "the shipped policies are there"),
        ("karpenter", "NodePool `kata-metal` has 0 of 1000 cpus"),
    ] {
        let found = diagnosis(plane, &[], check).await;
        assert!(found["state"] == "ok" && found["text"].as_str().unwrap().contains(text), "{found}");
    }
    let labels = [
        "node.kubernetes.io/instance-type=c6i.metal",
        "topology.kubernetes.io/region=us-east-1",
        "karpenter.sh/nodepool=kata-metal",
        "karpenter.sh/capacity-type=on-demand",
    ];
    kubectl(&[&["label", "node", name, "--overwrite"], &labels[..]].concat());
    let reference = json!({ "group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "kata-metal" });
    let claim = json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim",
        "metadata": { "name": "kata-metal-x7", "labels": { "karpenter.sh/nodepool": "kata-metal" } },
        "spec": { "nodeClassRef": reference, "requirements": [] },
    });
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("claim.json");
    std::fs::write(&file, claim.to_string()).unwrap();
    kubectl(&["create", "-f", file.to_str().unwrap()]);
    let mut claim: Value =
        serde_json::from_str(&kubectl(&["get", "nodeclaim", "kata-metal-x7", "-o", "json"])).unwrap();
    claim["status"] = json!({ "conditions": [{
        "type": "Launched", "status": "False", "reason": "LaunchFailed", "lastTransitionTime": "2026-11-29T00:00:00Z",
        "message": "InsufficientInstanceCapacity: no c6i.metal in us-east-1a",
    }] });
    std::fs::write(&file, claim.to_string()).unwrap();
    let status = "/apis/karpenter.sh/v1/nodeclaims/kata-metal-x7/status";
    kubectl(&["replace", "--raw", status, "-f", file.to_str().unwrap()]);

    let seen = nodes(&stage).await;
    let node = &seen["nodes"][0];
    assert_eq!((&node["pool"], &node["micro_usd_per_hour"]), (&json!("kata-metal"), &json!(5_440_000)), "{seen}");
    let idle = node["idle_micro_usd_per_hour"].as_u64().unwrap();
    assert!(0 < idle && idle < 5_440_000, "{seen}");
    assert_eq!((&seen["idle_micro_usd_per_hour"], &seen["unknown_prices"]), (&json!(idle), &json!(0)), "{seen}");
    assert_eq!(seen["claims"][0]["name"], "kata-metal-x7", "{seen}");
    let text = plane.ztm(&["node", "list"]).await.ok().stdout;
    assert!(
        text.contains("$5.44/h") && text.contains("kata-metal-x7 is not launched: InsufficientInstanceCapacity"),
        "{text}"
    );
    let claim = plane.ztm(&["node", "get", "kata-metal-x7"]).await.ok().stdout;
    assert!(claim.contains("no c6i.metal in us-east-1a"), "{claim}");
    assert_eq!(plane.ztm(&["node", "get", "nobody"]).await.code, Some(3));

    // A machine that takes no more pods says so.
    kubectl(&["cordon", name]);
    let cordoned = plane.ztm(&["node", "get", name]).await.ok().stdout;
    kubectl(&["uncordon", name]);
    assert!(cordoned.contains("it takes no new pods") && cordoned.contains("acme"), "{cordoned}");
    let labels = labels.map(|label| format!("{}-", label.split('=').next().unwrap()));
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    kubectl(&[&["label", "node", name], &labels[..]].concat());
    kubectl(&["delete", "-k", &format!("{root}/deploy/karpenter")]);
    kubectl(&["delete", "-f", &format!("{root}/tests/kube/karpenter")]);
}
