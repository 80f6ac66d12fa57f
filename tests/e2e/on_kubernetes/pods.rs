//! Agents as pods.

use super::stage::Stage;

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
    assert_eq!(Stage::pods_of("acme"), [warm.clone()]);
    plane.wait("another warm pod", async || (plane.status().await["warm_ready"] == 1).then_some(())).await;
    assert_eq!(Stage::pods().len(), 2);
}
