//! Agents of bad will (`hostile/agent.py`): the control plane and everybody else's agents go on, within bounds.
//!
//! Agents run under the control plane's own user here. What that cannot keep them from (reading its files, signals to
//! anybody's process) is not tested as if it could: that takes a user, or a machine, of its own for each agent.

use std::{fs, time::Duration};

use libtenancy::{
    chat::{CUT_OFF, GIVEN_UP, MAX_ANSWER_PARTS},
    clock::Stopwatch,
    drivers::local::workloads::processes::{descendants, has_ended, start_ticks},
    tenant::StopReason,
};

use crate::world::{BOUND, MACHINE, Person, World};

/// What the control plane's memory may grow to, bytes, at the worst moment.
const MEMORY: u64 = 100 << 20;

/// How long a neighbour may wait for an answer while others do what they do.
const PATIENCE: Duration = Duration::from_secs(5);

async fn start(arguments: &[&str]) -> World {
    let agent =
        concat!("python3 '", env!("CARGO_MANIFEST_DIR"), "/../tests/e2e/hostile/agent.py' {port} {state} {tenant}");
    World::start(&[&["--agent", agent, "--agent-turn-timeout", "3s"], arguments].concat()).await
}

/// Makes the person's agent do mischief whenever it starts.
fn corrupt(world: &World, person: &Person, mischief: &str) {
    let state = world.home(person).state();
    fs::create_dir_all(&state).unwrap();
    fs::write(state.join("mischief"), mischief).unwrap();
}

/// How often a corrupt agent has started.
fn starts(world: &World, person: &Person) -> u64 {
    fs::metadata(world.home(person).state().join("starts")).map_or(0, |starts| starts.len())
}

/// The most resident memory that a process has had, bytes.
fn peak_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// The neighbour talks until `until` is done; the longest wait for an answer.
async fn talk(world: &World, neighbour: &Person, until: impl Future<Output = ()>) -> Duration {
    let mut longest = Duration::ZERO;
    let talking = async {
        loop {
            let watch = Stopwatch::start();
            world.ask(neighbour, "all well?").await;
            longest = longest.max(watch.elapsed());
        }
    };
    tokio::select! {
        () = talking => {}
        () = until => {}
    }
    longest
}

/// Everything that runs below the person's agentd, and it.
async fn processes(world: &World, person: &Person) -> Vec<(u32, Option<u64>)> {
    let agentd = world.agent(person).await.pid;
    std::iter::once(agentd).chain(descendants(agentd)).map(|pid| (pid, start_ticks(pid))).collect()
}

/// Those that still live.
fn alive(processes: &[(u32, Option<u64>)]) -> Vec<u32> {
    let lives = |&(pid, started): &(u32, Option<u64>)| (start_ticks(pid) == started && !has_ended(pid)).then_some(pid);
    processes.iter().filter_map(lives).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn an_agent_that_answers_badly_or_dies_or_hangs_costs_only_its_own_chat() {
    let _machine = MACHINE.lock().await;
    let mut world = start(&["--max-waking", "4"]).await;
    let neighbour = world.person(1).await;
    world.ask(&neighbour, "hello").await;
    let mischief = [
        "huge 100",
        "endless",
        "headers",
        "invalid",
        "nothttp",
        "status 500",
        "status 302",
        "hang 600",
        "die",
        "killparent",
        "stopparent",
    ];
    let mut villains = Vec::new();
    for (number, mischief) in (2..).zip(mischief) {
        let villain = world.person(number).await;
        world.write(&villain, &format!("!{mischief}"));
        world.write(&villain, "hello");
        villains.push((villain, mischief));
    }
    let given_up = async {
        for (villain, mischief) in &villains {
            // Five attempts at an agent that is silent each time, with growing pauses: a minute and a half, and more under load.
            let answers = world.answers_within(villain, 2, BOUND * 4).await;
            assert_eq!(answers[0], GIVEN_UP, "{mischief}");
            assert!(answers[1].ends_with("hello: "), "{mischief}: {}", answers[1]);
        }
    };
    let longest = talk(&world, &neighbour, given_up).await;
    let peak = peak_memory(world.pid());
    eprintln!("longest wait of the neighbour {longest:?}, peak memory of the control plane {} MiB", peak >> 20);
    assert!(longest < PATIENCE, "{longest:?}");
    assert!(peak < MEMORY, "{peak}");
    world.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn nothing_that_an_agent_leaves_behind_outlives_its_stop() {
    let _machine = MACHINE.lock().await;
    let mut world = start(&["--snapshot-interval", "1s"]).await;
    let neighbour = world.person(1).await;
    world.ask(&neighbour, "hello").await;
    let mischief = ["daemon", "forks 50", "listen", "odd", "flood 2000", "upsock 100000", "log 1024", "logline 64"];
    let mut villains = Vec::new();
    for (number, mischief) in (2..).zip(mischief) {
        let villain = world.person(number).await;
        world.write(&villain, &format!("!{mischief}"));
        villains.push((villain, mischief));
    }
    let done = async {
        for (villain, mischief) in &villains {
            let answer = world.answers(villain, 1).await.remove(0);
            eprintln!("{mischief}: {answer}");
            assert!(!answer.contains("failed:"), "{answer}");
        }
    };
    let longest = talk(&world, &neighbour, done).await;
    assert!(longest < PATIENCE, "{longest:?}");
    for (villain, mischief) in &villains {
        let processes = processes(&world, villain).await;
        if ["daemon", "forks 50"].contains(mischief) {
            assert!(processes.len() > 2, "{mischief}: {processes:?}");
        }
        let log = world.home(villain).log();
        world
            .wait_for(&format!("the log after `{mischief}` is cut"), async || {
                (fs::metadata(&log).unwrap().len() < 20 << 20).then_some(())
            })
            .await;
        let idle = world.fall_idle(villain).await;
        assert_eq!(idle.stop_reason, Some(StopReason::Idle), "{mischief}");
        assert!(idle.snapshot.is_some(), "{mischief}");
        assert!(alive(&processes).is_empty(), "{mischief}: {processes:?}");
        // A turn that a slow disk kept beyond its limit was run again: what counts is that none is forgotten.
        let turns = |answer: &str| answer[1..].split_once(']').unwrap().0.parse::<u32>().unwrap();
        let before = turns(&world.answers(villain, 1).await[0]);
        assert_eq!(turns(&world.ask(villain, "hello").await), before + 1, "{mischief}: it remembers");
    }
    let peak = peak_memory(world.pid());
    eprintln!("peak memory of the control plane {} MiB", peak >> 20);
    assert!(peak < MEMORY, "{peak}");
    world.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn s8_what_an_agent_can_see_of_others_holds_no_secret_and_no_agentd_obeys_it() {
    let _machine = MACHINE.lock().await;
    let mut world = start(&[]).await;
    let (villain, neighbour) = (world.person(1).await, world.person(2).await);
    world.ask(&neighbour, "hello").await;
    let answer = world.ask(&villain, "!spy").await;
    eprintln!("{answer}");
    // Standard streams, its own log, the lock of its own home: nothing of the control plane's.
    let seen = fs::read(world.home(&villain).state().join("seen")).unwrap();
    for person in [&villain, &neighbour] {
        for (name, secret) in world.secrets(person).await {
            assert!(!seen.windows(secret.len()).any(|part| part == secret.as_bytes()), "{name} of `{}`", person.id);
        }
    }
    let answer = world.ask(&villain, "!sockets").await;
    let statuses = answer.split_once(": ").unwrap().1;
    assert_eq!(statuses, "HTTP/1.1 401 Unauthorized");
    assert!(world.ask(&neighbour, "still there?").await.starts_with("[2] "));
    world.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn an_agent_that_never_starts_or_never_ends_or_wants_all_memory_is_held_to_its_bounds() {
    let _machine = MACHINE.lock().await;
    let mut world = start(&["--agent-memory", "128Mi"]).await;
    let neighbour = world.person(1).await;
    world.ask(&neighbour, "hello").await;
    let (exits, ignores, eats) = (world.person(2).await, world.person(3).await, world.person(4).await);
    corrupt(&world, &exits, "exit");
    corrupt(&world, &ignores, "ignore");
    let mischief = async {
        world.write(&exits, "hello");
        world.write(&eats, "!memory 1024");
        world.ask(&ignores, "hello").await;
        let left = processes(&world, &ignores).await;
        world.fall_idle(&ignores).await;
        assert!(alive(&left).is_empty(), "{left:?}");
        let answer = world.answers(&eats, 1).await.remove(0);
        assert!(answer.contains("MemoryError") || answer == GIVEN_UP, "{answer}");
        assert_eq!(world.answers(&exits, 1).await, [GIVEN_UP]);
    };
    let longest = talk(&world, &neighbour, mischief).await;
    eprintln!("longest wait of the neighbour {longest:?}");
    assert!(longest < PATIENCE, "{longest:?}");
    assert!((1..=5).contains(&starts(&world, &exits)), "{} starts for one message", starts(&world, &exits));
    world.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn agents_that_never_become_ready_leave_places_for_others_to_wake() {
    let _machine = MACHINE.lock().await;
    let mut world = start(&["--max-waking", "4", "--agent-ready-timeout", "2s"]).await;
    let neighbour = world.person(1).await;
    let mut hanging = Vec::new();
    for number in 2..10 {
        let villain = world.person(number).await;
        corrupt(&world, &villain, "hang");
        world.write(&villain, "hello");
        hanging.push(villain);
    }
    // The first time nobody knows them; from then on they share a quarter of the places.
    world
        .wait_for("all of them have failed once", async || {
            hanging.iter().all(|villain| starts(&world, villain) >= 1).then_some(())
        })
        .await;
    for _ in 0..3 {
        let watch = Stopwatch::start();
        world.ask(&neighbour, "hello").await;
        eprintln!("the neighbour woke and answered after {:?}", watch.elapsed());
        assert!(watch.elapsed() < PATIENCE, "{:?}", watch.elapsed());
        world.fall_idle(&neighbour).await;
    }
    world.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn an_agent_that_is_slow_to_end_keeps_no_place_among_the_wakes() {
    let _machine = MACHINE.lock().await;
    let mut world = start(&["--max-waking", "1"]).await;
    let (neighbour, slow) = (world.person(1).await, world.person(2).await);
    corrupt(&world, &slow, "ignore");
    world.ask(&slow, "hello").await;
    world.idle_timeout(&slow, 1).await;
    world.wait_for("its stop", async || (world.tenant(&slow).await.status == "stopping").then_some(())).await;
    // It is to wake again, once its stop is over: SIGTERM does nothing, and SIGKILL comes after 10 s.
    world.write(&slow, "hello");
    let watch = Stopwatch::start();
    world.ask(&neighbour, "hello").await;
    assert!(watch.elapsed() < PATIENCE, "{:?}", watch.elapsed());
    assert!(world.answers(&slow, 2).await[1].starts_with("[2] "));
    world.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs python3"]
async fn answers_as_long_as_they_may_be_are_cut_and_cost_no_memory_to_speak_of() {
    let _machine = MACHINE.lock().await;
    let mut world = start(&[]).await;
    let neighbour = world.person(1).await;
    world.ask(&neighbour, "hello").await;
    let mut villains = Vec::new();
    for number in 2..7 {
        let villain = world.person(number).await;
        world.write(&villain, "!huge 3");
        villains.push(villain);
    }
    let cut = async {
        for villain in &villains {
            let said = world.answers(villain, MAX_ANSWER_PARTS + 1).await;
            assert_eq!(said.last().unwrap(), CUT_OFF);
        }
    };
    let longest = talk(&world, &neighbour, cut).await;
    let peak = peak_memory(world.pid());
    eprintln!("longest wait of the neighbour {longest:?}, peak memory of the control plane {} MiB", peak >> 20);
    assert!(longest < PATIENCE, "{longest:?}");
    assert!(peak < MEMORY, "{peak}");
    world.down().await;
}
