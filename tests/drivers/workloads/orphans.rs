//! Agents whose control plane is gone and does not come back.

use std::{sync::Arc, time::Duration};

use hyper::{Method, StatusCode};
use libtenancy::{
    conformance::workloads::{World, say, soon, wake},
    ports::workloads::Workloads,
};

use crate::{face::acme, gateway::declare, world::Local};

/// Agents that outlive their control plane by one second.
fn mortal(world: &Local) -> Arc<dyn Workloads> {
    world.workloads_with(&|command| command.orphan_timeout = Duration::from_secs(1))
}

async fn ends(world: &Local) {
    soon(async {
        while world.home(&acme()).is_held().unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agent_without_work_outlives_a_silent_control_plane_only_so_long_and_is_saved() {
    let world = Local::new();
    let workloads = mortal(&world);
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    say(&*workloads, &agent, &acme(), 1, "first").await.unwrap();
    // While it is watched it stays, however little is said.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(world.home(&acme()).is_held().unwrap());
    drop(workloads);
    ends(&world).await;
    assert!(world.home(&acme()).clean_mark().is_file(), "it was saved");
    let archives = world.state_dir().join("snapshots/acme/1");
    assert!(std::fs::read_dir(archives).unwrap().count() > 0);
    let workloads = mortal(&world);
    let (agent, _) = wake(&*workloads, &acme(), 2, None).await.unwrap();
    assert_eq!(say(&*workloads, &agent, &acme(), 2, "second").await.unwrap(), "[2] you said: second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orphan_with_declared_work_finishes_that_first() {
    let world = Local::new();
    let workloads = mortal(&world);
    wake(&*workloads, &acme(), 1, None).await.unwrap();
    let declared = declare(&world, Method::PUT, "/work/crawl", r#"{"deadline_s":3600}"#).await.0;
    assert_eq!(declared, StatusCode::OK);
    drop(workloads);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(world.home(&acme()).is_held().unwrap(), "it has work");
    assert_eq!(declare(&world, Method::DELETE, "/work/crawl", "").await.0, StatusCode::OK);
    ends(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orphan_that_is_found_again_in_time_stays() {
    let world = Local::new();
    let workloads = mortal(&world);
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    drop(workloads);
    let workloads = mortal(&world);
    workloads.workload_watch(&acme(), &agent).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_000)).await;
    assert_eq!(say(&*workloads, &agent, &acme(), 1, "hi").await.unwrap(), "[1] you said: hi");
}
