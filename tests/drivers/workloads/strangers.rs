//! Programs that are not the agent, and agents that leave more behind than themselves.

use std::{
    io::{ErrorKind, Read},
    net::TcpListener,
    time::Duration,
};

use libtenancy::{
    Error,
    conformance::workloads::{World, all_gone, gone, kill, processes, say, soon, stop, wake},
    ports::workloads::Workloads,
    tenant::TenantId,
};

use crate::world::Local;

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

/// An agent program that runs `script` and then, as `"$@"`, the built-in agent.
fn scripted(script: &str) -> impl Fn(&mut libtenancy::agent::AgentCommand) {
    let script = script.to_owned();
    move |command| {
        let program = std::mem::take(&mut command.argv);
        command.argv = ["sh", "-c", &script, "sh"].map(String::from).to_vec();
        command.argv.extend(program);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stranger_on_the_port_is_never_taken_for_the_agent_and_gets_no_message() {
    let world = Local::new();
    // The first start says its port and waits; only the second one, on another port, is the agent.
    let workloads = world.workloads_with(&scripted(
        "if [ -e started ]; then exec \"$@\"; fi; touch started; echo $PORT >port.new; mv port.new port; sleep 600",
    ));
    let state = world.home(&acme()).state();
    let stranger = std::thread::spawn(move || {
        let port = loop {
            if let Ok(text) = std::fs::read_to_string(state.join("port")) {
                break text.trim().parse::<u16>().unwrap();
            }
            std::thread::yield_now();
        };
        TcpListener::bind(("127.0.0.1", port)).unwrap()
    });
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    assert_eq!(say(&*workloads, &agent, &acme(), 1, "secret").await.unwrap(), "[1] you said: secret");
    let stranger = stranger.join().unwrap();
    stranger.set_nonblocking(true).unwrap();
    let mut visits = 0;
    loop {
        match stranger.accept() {
            Ok((mut visit, _)) => {
                visits += 1;
                let mut heard = Vec::new();
                visit.set_nonblocking(false).unwrap();
                visit.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                visit.read_to_end(&mut heard).unwrap();
                assert_eq!(String::from_utf8_lossy(&heard), "", "not a byte");
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => break,
            Err(e) => panic!("{e}"),
        }
    }
    assert!(visits > 0, "it was found out by a visit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_agent_started_ends_with_it_even_in_a_session_of_its_own() {
    let world = Local::new();
    let workloads = world.workloads_with(&scripted(
        "setsid sleep 600 >/dev/null 2>&1 & echo $! >escaped.new; mv escaped.new escaped; exec \"$@\"",
    ));
    let escaped = || -> u32 {
        std::fs::read_to_string(world.home(&acme()).state().join("escaped")).unwrap().trim().parse().unwrap()
    };
    let mut events = workloads.workload_events();
    // By a crash of the agent, of its supervisor, and by a stop.
    for (generation, victim) in [(1, Some(1)), (2, Some(0)), (3, None)] {
        let (agent, _) = wake(&*workloads, &acme(), generation, None).await.unwrap();
        let pids = processes(&*workloads, &acme(), &agent).await;
        let escaped = escaped();
        if let Some(which) = victim {
            kill(pids[which]);
            gone(&mut events).await;
        } else {
            let stop = libtenancy::agent::Stop { drain: Duration::ZERO };
            soon(workloads.agent_stop(&acme(), &agent, &stop)).await.unwrap();
        }
        all_gone(&[pids[0], pids[1]]).await;
        let ended = async {
            while !libtenancy::drivers::local::workloads::processes::has_ended(escaped) {
                tokio::task::yield_now().await;
            }
        };
        soon(ended).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_environment_and_arguments_hold_no_secret_and_nothing_of_ours() {
    let world = Local::new();
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 9, None).await.unwrap();
    let purpose = libtenancy::agent::key_purpose(&acme(), agent.generation);
    let key = world.keyring().derive(&purpose);
    for pid in processes(&*workloads, &acme(), &agent).await {
        let environment = std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
        let arguments = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        assert!(!environment.contains(key.expose()) && !arguments.contains(key.expose()));
        let known =
            ["PATH", "LANG", "LC_ALL", "TZ", "HOME", "PORT", "TENANT_ID", "ZTM_STATE", "ZTM_AGENTD", "ZTM_WORKLOAD"];
        for variable in environment.split_terminator('\0') {
            let name = variable.split('=').next().unwrap();
            assert!(known.contains(&name), "{variable} in {pid}");
        }
    }
    for entry in std::fs::read_dir(world.home(&acme()).path()).unwrap() {
        let path = entry.unwrap().path();
        if let Ok(text) = std::fs::read(&path) {
            assert!(!String::from_utf8_lossy(&text).contains(key.expose()), "{path:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_private_files_that_are_read_anew_saved_nowhere_and_end_with_the_agent() {
    use std::os::unix::fs::PermissionsExt;
    let (world, given) = (Local::new(), tempfile::tempdir().unwrap());
    let write = |secret: &str, mode: u32| {
        let path = given.path().join("model");
        std::fs::write(&path, secret).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let script = "test \"$(stat -c %a {secrets} {secrets}/model | tr '\\n' ' ')\" = '700 600 ' \
        && cp {secrets}/model {state}/seen && exec \"$@\"";
    let workloads = world.workloads_with(&|command| {
        scripted(script)(command);
        command.secrets = Some(given.path().to_owned());
    });
    let seen = || std::fs::read_to_string(world.home(&acme()).state().join("seen")).unwrap();
    for (generation, secret) in [(1, "s3cret one"), (2, "s3cret two")] {
        write(secret, 0o600);
        let (agent, _) = wake(&*workloads, &acme(), generation, None).await.unwrap();
        assert_eq!(seen(), secret);
        for pid in processes(&*workloads, &acme(), &agent).await {
            for file in ["environ", "cmdline"] {
                let told = std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
                assert!(!told.contains("s3cret"), "{told}");
            }
        }
        std::fs::remove_file(world.home(&acme()).state().join("seen")).unwrap();
        stop(&*workloads, &acme(), &agent).await.unwrap();
        assert!(!world.home(&acme()).secrets().exists());
    }
    write("s3cret three", 0o644);
    let refused = wake(&*workloads, &acme(), 3, None).await;
    assert!(matches!(refused, Err(Error::Forbidden { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn home_with_a_path_longer_than_a_socket_address_works() {
    let world = Local::new();
    let deep = world.state_dir().join("d".repeat(150));
    std::fs::create_dir(&deep).unwrap();
    let driver = crate::world::driver(&crate::world::config(&deep));
    let (agent, _) = wake(&driver, &acme(), 1, None).await.unwrap();
    assert_eq!(say(&driver, &agent, &acme(), 1, "deep").await.unwrap(), "[1] you said: deep");
    let stop = libtenancy::agent::Stop { drain: Duration::ZERO };
    soon(driver.agent_stop(&acme(), &agent, &stop)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_limit_is_in_force_on_the_agent() {
    let world = Local::new();
    let workloads = world.workloads_with(&|command| command.memory_bytes = Some(64 << 20));
    let (agent, bound) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    assert!(bound.limits == "rlimit" || bound.limits == "cgroup", "{}", bound.limits);
    if bound.limits == "rlimit" {
        let [_, pid] = processes(&*workloads, &acme(), &agent).await;
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let data = limits.lines().find(|line| line.starts_with("Max data size")).unwrap();
        assert!(data.contains("67108864"), "{data}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_to_the_supervisor_finishes_the_turn_in_flight_and_saves() {
    use rustix::process::{Pid, Signal, kill_process};
    let world = Local::new();
    let workloads = world.workloads();
    let mut events = workloads.workload_events();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let turn = tokio::spawn({
        let (workloads, agent) = (workloads.clone(), agent.clone());
        async move { say(&*workloads, &agent, &acme(), 1, "/sleep 400").await }
    });
    soon(async { while workloads.agent_status(&acme(), &agent).await.unwrap().busy == 0 {} }).await;
    let pids = processes(&*workloads, &acme(), &agent).await;
    kill_process(Pid::from_raw(i32::try_from(pids[0]).unwrap()).unwrap(), Signal::TERM).unwrap();
    assert_eq!(turn.await.unwrap().unwrap(), "[1] you said: /sleep 400");
    gone(&mut events).await;
    all_gone(&pids).await;
    assert!(world.home(&acme()).clean_mark().is_file());
    let (agent, _) = wake(&*workloads, &acme(), 2, None).await.unwrap();
    assert_eq!(say(&*workloads, &agent, &acme(), 2, "back").await.unwrap(), "[2] you said: back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bind_of_an_earlier_generation_is_refused_where_a_later_agent_has_lived() {
    let world = Local::new();
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 7, None).await.unwrap();
    say(&*workloads, &agent, &acme(), 1, "first").await.unwrap();
    stop(&*workloads, &acme(), &agent).await.unwrap();
    let refused = wake(&*workloads, &acme(), 6, None).await;
    let Err(Error::Conflict { reason, .. }) = &refused else { panic!("{refused:?}") };
    assert!(reason.contains("generation 7"), "{reason}");
    assert_eq!(soon(workloads.workload_list()).await.unwrap(), []);
    let (agent, _) = wake(&*workloads, &acme(), 8, None).await.unwrap();
    assert_eq!(say(&*workloads, &agent, &acme(), 2, "second").await.unwrap(), "[2] you said: second");
}
