//! The control plane itself is killed with SIGKILL, at each step of giving a tenant its agent.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use libtenancy::{
    conformance::workloads::{World, all_gone, kill, say, soon, wake},
    drivers::local::workloads::processes::{descendants, start_ticks},
    ports::workloads::{BindRequest, Workloads},
    tenant::{Generation, TenantId},
};

use crate::world::{Local, config, driver};

/// Names the step at which the helper is to be killed, and the state directory it works in.
const STEP: &str = "ZTM_TEST_CRASH_STEP";
const STATE_DIR: &str = "ZTM_TEST_CRASH_STATE_DIR";

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

/// A control plane in a process of its own, once it has reached the step.
fn control_plane(world: &Local, step: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crashes::helper_is_the_control_plane_that_is_killed", "--nocapture", "--test-threads=1"])
        .env(STEP, step)
        .env(STATE_DIR, world.state_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reached = lines.map_while(Result::ok).any(|line| line.contains("reached the step"));
    assert!(reached, "the helper ended early");
    child
}

/// Without the variables that [`control_plane`] sets there is nothing to help with.
#[tokio::test]
async fn helper_is_the_control_plane_that_is_killed() {
    let (Ok(step), Ok(state_dir)) = (std::env::var(STEP), std::env::var(STATE_DIR)) else { return };
    let mut config = config(state_dir.as_ref());
    if step == "binding" {
        // The agent is not healthy before it is allowed to be.
        let program = std::mem::take(&mut config.agent.argv);
        let script = "touch \"$ZTM_STATE/waiting\"; while [ ! -e \"$ZTM_STATE/go\" ]; do sleep 0.01; done; exec \"$@\"";
        config.agent.argv = ["sh", "-c", script, "sh"].map(String::from).to_vec();
        config.agent.argv.extend(program);
    }
    let workloads = driver(&config);
    let id = workloads.workload_start().await.unwrap();
    let request = BindRequest { tenant: acme(), generation: Generation(7), snapshot: None };
    let reached = || {
        println!("\nreached the step");
        std::future::pending::<()>()
    };
    match step.as_str() {
        "unbound" => reached().await,
        "bound" => {
            workloads.workload_bind(&id, &request).await.unwrap();
            reached().await;
        }
        "binding" => {
            let waiting = config.state_dir.join("tenants/acme/state/waiting");
            let watch = async {
                while !waiting.exists() {
                    tokio::task::yield_now().await;
                }
                reached().await;
            };
            tokio::select! {
                bound = workloads.workload_bind(&id, &request) => panic!("it was bound too early: {bound:?}"),
                () = watch => {}
            }
        }
        other => panic!("no such step: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_plane_killed_before_the_bind_leaves_nothing() {
    let world = Local::new();
    let mut control_plane = control_plane(&world, "unbound");
    let agentd = descendants(control_plane.id());
    assert_eq!(agentd.len(), 1);
    kill(control_plane.id());
    control_plane.wait().unwrap();
    all_gone(&agentd).await;
    assert_eq!(soon(world.workloads().workload_list()).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_plane_killed_after_the_bind_leaves_an_agent_that_is_adopted_never_doubled() {
    let world = Local::new();
    let mut control_plane = control_plane(&world, "bound");
    let agentd = world.home(&acme()).record().unwrap();
    kill(control_plane.id());
    control_plane.wait().unwrap();
    let workloads = world.workloads();
    let found = soon(workloads.workload_find(&acme())).await.unwrap().expect("it lives");
    let agent = found.agent.expect("it answers");
    assert_eq!((agent.generation, start_ticks(agentd.pid)), (Generation(7), Some(agentd.start_ticks)));
    assert!(wake(&*workloads, &acme(), 8, None).await.is_err(), "never two");
    assert_eq!(say(&*workloads, &agent, &acme(), 1, "hi").await.unwrap(), "[1] you said: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_plane_killed_during_the_bind_leaves_a_workload_that_is_found_and_answers_when_it_can() {
    let world = Local::new();
    let mut control_plane = control_plane(&world, "binding");
    kill(control_plane.id());
    control_plane.wait().unwrap();
    let workloads = world.workloads();
    let found = soon(workloads.workload_find(&acme())).await.unwrap().expect("it lives");
    assert_eq!(found.agent, None, "it cannot be asked yet");
    assert!(wake(&*workloads, &acme(), 8, None).await.is_err(), "never two");
    std::fs::write(world.home(&acme()).state().join("go"), "").unwrap();
    let agent = soon(async {
        loop {
            let found = workloads.workload_find(&acme()).await.unwrap().expect("it lives");
            if let Some(agent) = found.agent {
                return agent;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(say(&*workloads, &agent, &acme(), 1, "hi").await.unwrap(), "[1] you said: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workload_that_cannot_be_asked_is_killed_whole() {
    let world = Local::new();
    let mut control_plane = control_plane(&world, "binding");
    // Its agentd, the script that waits, and what that runs at the moment.
    let all = descendants(control_plane.id());
    assert!(all.len() >= 2, "{all:?}");
    kill(control_plane.id());
    control_plane.wait().unwrap();
    let workloads = world.workloads();
    let found = soon(workloads.workload_find(&acme())).await.unwrap().unwrap();
    soon(workloads.workload_kill(&found)).await.unwrap();
    assert_eq!(soon(workloads.workload_find(&acme())).await.unwrap(), None);
    all_gone(&all).await;
}
