//! Several control planes on the same records and the same cluster.

use std::time::Duration;

use super::stage::Stage;
use crate::{kill::chats::Dice, plane::Plane};

/// Pods that leave room for twenty on a small node.
const SMALL: &str = "cpu_request = '10m'\nmemory_request = '16Mi'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn two_hundred_wakes_at_two_control_planes_are_one_pod_a_tenant() {
    let mut stage = Stage::set(SMALL, &["--warm", "0", "--max-waking", "20"]).await;
    let mut second = stage.second().await;
    stage.plane.up().await;
    second.up().await;
    let (first, second) = (&stage.plane, &second);
    let mut tenants = Vec::new();
    for number in 1..=20 {
        tenants.push(first.tenant(&format!("t{number}"), number, 3_600).await);
    }
    let planes = [first, second];
    let wakes = tenants.iter().flat_map(|tenant| (0..10).map(move |n| planes[n % 2].wake(tenant)));
    futures::future::join_all(wakes).await;
    let mut of: Vec<String> =
        Stage::pods().iter().map(|pod| pod["metadata"]["labels"]["tenant"].as_str().unwrap().to_owned()).collect();
    of.sort();
    let mut expected: Vec<String> = tenants.iter().map(|tenant| tenant.id.clone()).collect();
    expected.sort();
    assert_eq!(of, expected);
    for tenant in &tenants {
        assert_eq!(first.get(tenant).await["status"], "running");
    }
    // Messages are answered whoever has woken the agent.
    for tenant in tenants.iter().take(3) {
        first.converse(tenant, "hello", "[1] you said: hello").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn when_the_leader_dies_another_one_ends_what_is_idle() {
    let mut stage = Stage::set(SMALL, &["--warm", "0"]).await;
    let mut second = stage.second().await;
    // The first one, which pods call, is not the leader.
    second.up().await;
    second.wait("a leader", async || (second.status().await["leader"] == true).then_some(())).await;
    stage.plane.up().await;
    let tenant = stage.plane.tenant("acme", 1, 1).await;
    stage.plane.converse(&tenant, "hello", "[1] you said: hello").await;
    assert_eq!(stage.plane.status().await["leader"], false);
    // Woken by one, ended by the other.
    stage.plane.wait_status(&tenant, "idle").await;
    stage.plane.converse(&tenant, "again", "[2] you said: again").await;
    second.kill().await;
    let idle = tokio::time::timeout(Duration::from_secs(20), stage.plane.wait_status(&tenant, "idle")).await;
    assert_eq!(idle.expect("within 20 s")["stop_reason"]["kind"], "idle");
    stage.plane.converse(&tenant, "more", "[3] you said: more").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn a_size_of_the_pool_that_one_is_told_is_every_ones_also_while_another_one_starts() {
    let mut stage = Stage::set(SMALL, &["--warm", "1"]).await;
    let mut second = stage.second().await;
    stage.plane.up().await;
    let first = &stage.plane;
    // It is scaled as often as it takes until the other one is there: whichever was first, the last word stays.
    second.spawn();
    let mut said = 1;
    let scaling = async {
        loop {
            said = 5 - said;
            first.ztm(&["pool", "scale", &said.to_string()]).await.ok();
        }
    };
    tokio::select! {
        () = scaling => {}
        () = second.ready() => {}
    }
    first.ztm(&["pool", "scale", "2"]).await.ok();
    for plane in [first, &second] {
        let settled = async || {
            let status = plane.status().await;
            (status["warm_target"] == 2 && status["warm_ready"] == 2 && status["warm_chosen"] == true).then_some(())
        };
        plane.wait("two warm pods", settled).await;
    }
    let reset = second.ztm(&["pool", "scale", "--reset", "-o", "json"]).await.ok().json();
    assert_eq!((&reset["target"], &reset["chosen"]), (&1.into(), &false.into()), "{reset}");
    first.wait("the other one knows", async || (first.status().await["warm_target"] == 1).then_some(())).await;
    second.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn the_pool_follows_the_wakes_of_all_whoever_leads() {
    let mut stage = Stage::set(SMALL, &["--warm", "0..2"]).await;
    let mut second = stage.second().await;
    stage.plane.up().await;
    stage.plane.wait("a leader", async || (stage.plane.status().await["leader"] == true).then_some(())).await;
    second.up().await;
    assert_eq!(second.status().await["warm_target"], 0);
    let mut tenants = Vec::new();
    for number in 1..=3 {
        tenants.push(stage.plane.tenant(&format!("t{number}"), number, 3_600).await);
    }
    let pool_is = async |plane: &Plane, target: u64| {
        let filled = async || {
            let status = plane.status().await;
            (status["warm_target"] == target && status["warm_ready"] == target).then_some(())
        };
        plane.wait(&format!("a pool of {target}"), filled).await;
    };
    // One that does not lead wakes them; the leader sizes.
    futures::future::join_all(tenants.iter().map(|tenant| second.wake(tenant))).await;
    pool_is(&stage.plane, 2).await;
    pool_is(&second, 2).await;
    // Who comes next does not know what was, and changes nothing.
    stage.plane.kill().await;
    stage.plane.up().await;
    pool_is(&stage.plane, 2).await;
    // An operator's word is above the demand.
    second.ztm(&["pool", "scale", "1"]).await.ok();
    second.ztm(&["tenant", "stop", &tenants[0].id]).await.ok();
    second.wake(&tenants[0]).await;
    pool_is(&stage.plane, 1).await;
    let reset = second.ztm(&["pool", "scale", "--reset", "-o", "json"]).await.ok().json();
    assert_eq!((&reset["target"], &reset["chosen"]), (&2.into(), &false.into()), "{reset}");
    second.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn who_watches_one_control_plane_sees_what_another_one_does() {
    let mut stage = Stage::set(SMALL, &["--warm", "0"]).await;
    let mut second = stage.second().await;
    stage.plane.up().await;
    second.up().await;
    let tenant = stage.plane.tenant("acme", 1, 3_600).await;
    let mut feed = stage.plane.request("GET", "/feed").send().await.unwrap();
    let mut heard = String::new();
    let mut hears = async |what: &str| {
        let listening = async {
            while !heard.contains(what) {
                heard.push_str(&String::from_utf8_lossy(&feed.chunk().await.unwrap().expect("it ended")));
            }
        };
        // Every record is read again each minute: what is seen sooner was said.
        tokio::time::timeout(Duration::from_secs(20), listening).await.expect(what);
    };
    hears("\"ready\"").await;
    second.wake(&tenant).await;
    hears("\"status\":\"running\"").await;
    second.ztm(&["tenant", "stop", "acme"]).await.ok();
    hears("\"what\":\"stopped\"").await;
    second.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a cluster: tests/kube/with"]
async fn a_control_plane_killed_at_any_instant_of_a_wake_or_a_stop_leaves_one_pod_a_tenant_and_every_answer() {
    const ROUNDS: usize = 10;
    // A node that is told to end a pod which it is just starting may take more than a minute for it, whatever the pod's grace
    // is (seen with Kubernetes 1.20); until then the tenant gets no other.
    const ANSWER: Duration = Duration::from_mins(4);
    let mut dice = Dice::from_environment();
    let mut stage = Stage::set(SMALL, &["--warm", "1"]).await;
    stage.plane.up().await;
    let mut tenants = Vec::new();
    for number in 1..=4 {
        // Asleep again soon: a round meets wakes, turns, saves and stops.
        tenants.push(stage.plane.tenant(&format!("t{number}"), number, 1).await);
    }
    for round in 0..ROUNDS {
        for tenant in &tenants {
            stage.plane.write(tenant, &format!("letter {round}"));
        }
        tokio::time::sleep(Duration::from_millis(dice.below(3_000))).await;
        stage.plane.kill().await;
        stage.plane.up().await;
    }
    let plane = &stage.plane;
    for tenant in &tenants {
        plane.answered_within(ANSWER, tenant, &format!("letter {}", ROUNDS - 1)).await;
        // A send that nobody knows the outcome of may be there twice; nothing else.
        let mut answers = plane.texts(tenant);
        answers.retain(|text| text.starts_with('['));
        answers.dedup();
        let expected: Vec<String> = (0..ROUNDS).map(|n| format!("[{}] you said: letter {n}", n + 1)).collect();
        assert_eq!(answers, expected, "{}, ZTM_TEST_SEED={}", tenant.id, dice.seed());
    }
    for tenant in &tenants {
        plane.wait_status(tenant, "idle").await;
    }
    let left = async || Stage::pods().iter().all(|pod| pod["metadata"]["labels"]["tenant"].is_null()).then_some(());
    plane.wait("nobody has a pod", left).await;
}
