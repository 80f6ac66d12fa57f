//! kill -9, at any instant: nothing that was answered 200 is lost, nothing runs twice, nothing is left over.

#![expect(clippy::print_stdout, reason = "a failure is shown with what was seen, and with the seed")]

pub(crate) mod chats;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use services::doubles::telegram::Double;
use tokio::task::JoinHandle;

use self::chats::{Chats, Dice};
use crate::{
    plane::{BOUND, Plane, Tenant},
    processes::{self, Process},
    stores::{Stores, on_every_store},
    world::MACHINE,
};

/// How often the control plane is killed.
const KILLS: usize = 30;

/// The tenants that are written to all the time, and never fall idle.
const BUSY: i64 = 4;

/// The tenants that are written to now and then, and fall idle after a second: kills hit their wakes and stops.
const SPARSE: i64 = 4;

/// Writes to the tenants of a stage until it is told to stop; every message has its number in it.
struct Load {
    go: Arc<AtomicBool>,
    task: JoinHandle<Chats>,
}

impl Load {
    fn start(double: Double, busy: Vec<Tenant>, sparse: Vec<Tenant>, mut dice: Dice) -> Self {
        let go = Arc::new(AtomicBool::new(true));
        let keep_on = Arc::clone(&go);
        let task = tokio::spawn(async move {
            let mut chats = Chats::default();
            let write = |chats: &mut Chats, tenant: &Tenant, dice: &mut Dice| {
                let text = chats.next(tenant, dice);
                double.message_push(&tenant.token, tenant.chat, &text).unwrap();
            };
            while keep_on.load(Ordering::Relaxed) {
                for tenant in &busy {
                    // What is on its way is bounded: the load is as fast as the control plane and its stores take it.
                    if chats.written(tenant) < answers(&double, tenant) + 20 {
                        write(&mut chats, tenant, &mut dice);
                    }
                }
                for tenant in &sparse {
                    // Once in about two seconds, in which the agent may have fallen idle, be falling idle, or not yet.
                    if dice.below(80) == 0 {
                        write(&mut chats, tenant, &mut dice);
                    }
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            chats
        });
        Self { go, task }
    }

    /// Stops writing; what was written.
    async fn stop(self) -> Chats {
        self.go.store(false, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

/// How many messages of the tenant's chat have an answer.
fn answers(double: &Double, tenant: &Tenant) -> usize {
    double.sent(tenant.chat).iter().filter(|sent| chats::number_of(&sent.text).is_some()).count()
}

/// Looks, as long as it lives, whether a tenant has two agents at a time.
struct Watch {
    go: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<(usize, BTreeMap<String, Vec<Process>>)>,
}

impl Watch {
    fn start(plane: &Plane) -> Self {
        let (go, state_dir) = (Arc::new(AtomicBool::new(true)), plane.canonical_state_dir());
        let keep_on = Arc::clone(&go);
        let thread = std::thread::spawn(move || {
            let (mut looks, mut doubled) = (0, BTreeMap::new());
            while keep_on.load(Ordering::Relaxed) {
                looks += 1;
                doubled.extend(processes::doubled_agents(&state_dir));
                std::thread::park_timeout(Duration::from_millis(20));
            }
            (looks, doubled)
        });
        Self { go, thread }
    }

    fn end(self) {
        self.go.store(false, Ordering::Relaxed);
        let (looks, doubled) = self.thread.join().unwrap();
        assert!(looks > 0);
        assert!(doubled.is_empty(), "agents of one tenant that lived at the same time: {doubled:#?}");
    }
}

async fn cast(plane: &Plane) -> (Vec<Tenant>, Vec<Tenant>) {
    let (mut busy, mut sparse) = (Vec::new(), Vec::new());
    for number in 0..BUSY {
        busy.push(plane.tenant(&format!("busy-{number}"), number, 3_600).await);
    }
    for number in BUSY..BUSY + SPARSE {
        sparse.push(plane.tenant(&format!("sparse-{number}"), number, 1).await);
    }
    (busy, sparse)
}

async fn r1_kill_9_at_random_instants_under_load_loses_and_doubles_nothing(stores: Stores) {
    let _machine = MACHINE.lock().await;
    let mut dice = Dice::from_environment();
    println!("ZTM_TEST_SEED={} reproduces the instants", dice.seed());
    let mut plane = Plane::start_on(stores, &[]).await;
    let (busy, sparse) = cast(&plane).await;
    let watch = Watch::start(&plane);
    let load = Load::start(plane.double.clone(), busy.clone(), sparse.clone(), dice.fork());
    let mut answered = Vec::new();
    for _ in 0..KILLS {
        // From before it listens until well into its work; servers that answer in milliseconds make that later.
        let until = if stores == Stores::Local { 1_450 } else { 4_450 };
        tokio::time::sleep(Duration::from_millis(50 + dice.below(until))).await;
        plane.kill().await;
        answered.push(plane.double.sent_total());
        plane.spawn();
    }
    let chats = load.stop().await;
    plane.ready().await;
    plane.double.wait_delivered(BOUND).await.unwrap();
    let inbox = plane.wait_drained().await;
    assert!(
        answered.windows(2).filter(|pair| pair[0] < pair[1]).count() > KILLS / 3,
        "the kills met no work: {answered:?}"
    );

    let all: Vec<Tenant> = busy.iter().chain(&sparse).cloned().collect();
    let seen = chats.examine(&plane, &all).await;
    println!("{seen:#?}\n{inbox}");
    let counted = inbox["possible_repeats"].as_u64().unwrap();
    assert_eq!(inbox["dead"], 0, "{inbox}");
    assert!(seen.repeats <= counted, "{} parts came twice, {counted} were counted", seen.repeats);
    assert!(seen.starting <= KILLS as u64, "{seen:#?}");
    assert!(seen.turns_repeated.values().sum::<u64>() <= KILLS as u64, "{seen:#?}");
    // A death cuts off at most one send of each tenant.
    assert!(counted <= (KILLS * all.len()) as u64, "{counted}");
    for tenant in &busy {
        assert_eq!(seen.turns_repeated.get(&tenant.id), None, "its agent lived through all of it: {seen:#?}");
    }
    // The kills met wakes and stops too, not messages alone.
    let log = plane.whole_log();
    let (stops, adopted) = (log.matches("reason=\"idle\"").count(), log.matches("adopted").count());
    assert!(stops >= 5 && adopted >= 5, "{stops} idle stops, {adopted} adoptions");
    watch.end();
    plane.down().await;
}

async fn sigterm_under_load_finishes_or_keeps_everything_and_stops_every_agent(stores: Stores) {
    let _machine = MACHINE.lock().await;
    let mut dice = Dice::from_environment();
    println!("ZTM_TEST_SEED={}", dice.seed());
    let mut plane = Plane::start_on(stores, &[]).await;
    let (busy, sparse) = cast(&plane).await;
    let load = Load::start(plane.double.clone(), busy.clone(), sparse.clone(), dice.fork());
    for round in 1..=3 {
        let target = plane.double.sent_total() + 100;
        let reached = plane.double.wait_until("answers", BOUND, |double| (double.sent_total() >= target).then_some(()));
        reached.await.unwrap();
        let status = plane.terminate().await;
        assert!(status.success(), "round {round}: {status}\n{}", plane.log());
        let left = plane.processes();
        assert!(left.is_empty(), "round {round}: {left:#?}\n{}", plane.log());
        assert_eq!(plane.held_locks(), Vec::<String>::new());
        // What is stored is still there for who looks, without a control plane.
        let tenants = plane.ztm(&["tenant", "list", "-o", "json"]).await.ok().json();
        for tenant in tenants["tenants"].as_array().unwrap() {
            assert_eq!(tenant["status"], "idle", "{tenant}");
        }
        plane.up().await;
    }
    let chats = load.stop().await;
    plane.double.wait_delivered(BOUND).await.unwrap();
    let inbox = plane.wait_drained().await;
    let all: Vec<Tenant> = busy.iter().chain(&sparse).cloned().collect();
    let seen = chats.examine(&plane, &all).await;
    println!("{seen:#?}\n{inbox}");
    assert_eq!((seen.repeats, &inbox["possible_repeats"], &inbox["dead"]), (0, &0.into(), &0.into()), "{inbox}");
    assert!(seen.turns_repeated.is_empty(), "{seen:#?}");
    plane.down().await;
}

/// Writes `/sleep` and returns once the agent is at it, and has remembered `remembered` messages.
async fn in_flight(plane: &Plane, tenant: &Tenant, millis: u32, remembered: usize) {
    plane.write(tenant, &format!("/sleep {millis}"));
    plane.wait("the agent is at work", async || (plane.memories(tenant).len() == remembered).then_some(())).await;
}

async fn an_agent_killed_in_the_middle_of_a_turn_answers_after_its_recovery(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    in_flight(&plane, &tenant, 2_500, 2).await;
    let (agent, agentd) = (plane.agent(&tenant).unwrap(), plane.agentd(&tenant).unwrap());
    agent.kill();
    // The message that was being answered is remembered twice: no store can fence an agent's turn.
    assert_eq!(plane.answered(&tenant, "/sleep").await, "[3] you said: /sleep 2500");
    assert!(!agent.lives() && !agentd.lives(), "an agentd ends with its agent");
    assert_eq!(plane.converse(&tenant, "and on", "[4] ").await, "[4] you said: and on");
    assert_eq!(plane.texts(&tenant).len(), 3, "{:?}", plane.texts(&tenant));
    plane.down().await;
}

async fn an_agentd_killed_in_the_middle_of_a_turn_takes_its_agent_along_and_both_come_back(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    in_flight(&plane, &tenant, 2_500, 2).await;
    let (agent, agentd) = (plane.agent(&tenant).unwrap(), plane.agentd(&tenant).unwrap());
    assert_ne!(agent.pid, agentd.pid);
    agentd.kill();
    assert_eq!(plane.answered(&tenant, "/sleep").await, "[3] you said: /sleep 2500");
    assert!(!agent.lives() && !agentd.lives(), "no agent without its agentd");
    assert_eq!(plane.converse(&tenant, "and on", "[4] ").await, "[4] you said: and on");
    assert_eq!(plane.texts(&tenant).len(), 3, "{:?}", plane.texts(&tenant));
    plane.down().await;
}

async fn the_control_plane_killed_in_the_middle_of_a_turn_joins_it_afterwards(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    in_flight(&plane, &tenant, 1_500, 2).await;
    let agent = plane.agent(&tenant).unwrap();
    plane.kill().await;
    plane.up().await;
    assert_eq!(plane.answered(&tenant, "/sleep").await, "[2] you said: /sleep 1500", "one turn, joined");
    assert!(agent.lives(), "the same agent");
    assert_eq!(plane.wait_drained().await["possible_repeats"], 0);
    plane.down().await;
}

async fn control_plane_agentd_and_agent_killed_together_lose_nothing(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "[1] ").await;
    in_flight(&plane, &tenant, 2_500, 2).await;
    plane.write(&tenant, "behind it");
    plane.double.wait_delivered(BOUND).await.unwrap();
    let agentd = plane.agentd(&tenant).unwrap();
    plane.kill().await;
    agentd.kill();
    plane.up().await;
    assert_eq!(plane.answered(&tenant, "behind it").await, "[4] you said: behind it");
    assert_eq!(plane.texts(&tenant), ["[1] you said: hello", "[3] you said: /sleep 2500", "[4] you said: behind it"]);
    plane.down().await;
}

async fn every_agent_killed_at_once_is_noticed_without_a_message(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let (busy, _) = cast(&plane).await;
    for tenant in &busy {
        plane.converse(tenant, "hello", "[1] ").await;
    }
    for tenant in &busy {
        plane.agent(tenant).unwrap().kill();
    }
    for tenant in &busy {
        let idle = plane.wait_status(tenant, "idle").await;
        assert_eq!(idle["stop_reason"]["kind"], "lost", "{idle}");
        assert_eq!(plane.converse(tenant, "again", "[2] ").await, "[2] you said: again");
    }
    plane.down().await;
}

on_every_store!(
    an_agent_killed_in_the_middle_of_a_turn_answers_after_its_recovery,
    an_agentd_killed_in_the_middle_of_a_turn_takes_its_agent_along_and_both_come_back,
    the_control_plane_killed_in_the_middle_of_a_turn_joins_it_afterwards,
    control_plane_agentd_and_agent_killed_together_lose_nothing,
    every_agent_killed_at_once_is_noticed_without_a_message,
    r1_kill_9_at_random_instants_under_load_loses_and_doubles_nothing,
    sigterm_under_load_finishes_or_keeps_everything_and_stops_every_agent,
);
