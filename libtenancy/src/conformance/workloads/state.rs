//! The cases of a workload's state: saved, restored, refused.

#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use std::time::Duration;

use super::{World, acme, all_gone, gone, kill, processes, say, soon, stop, wake};
use crate::{
    error::Error,
    ports::workloads::WorkloadEvent,
    tenant::{Agent, Generation},
};

/// See its name.
pub async fn stopped_agent_is_saved_gone_without_being_reported_lost_and_remembers_when_bound_again(world: &dyn World) {
    let workloads = world.workloads();
    let mut events = workloads.workload_events();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    for n in 1..=5 {
        say(&*workloads, &agent, &acme(), n, "remember").await.unwrap();
    }
    let pids = processes(&*workloads, &acme(), &agent).await;
    let stopped = stop(&*workloads, &acme(), &agent).await.unwrap();
    assert_eq!(stopped.snapshot_error, None);
    let taken = stopped.snapshot.expect("a changed state is saved");
    assert!(world.archive(&world.published(&acme(), Generation(1), &taken)).is_file());
    all_gone(&pids).await;
    assert_eq!(soon(workloads.workload_find(&acme())).await.unwrap(), None);
    let again = stop(&*workloads, &acme(), &agent).await;
    assert!(matches!(again, Err(Error::Unavailable { .. })), "{again:?}");

    let (agent, bound) = wake(&*workloads, &acme(), 2, None).await.unwrap();
    assert_eq!(bound.restore, Duration::ZERO);
    assert_eq!(say(&*workloads, &agent, &acme(), 6, "six").await.unwrap(), "[6] you said: six");
    kill(processes(&*workloads, &acme(), &agent).await[1]);
    assert_eq!(gone(&mut events).await.1, Generation(2), "the stop of generation 1 was no loss");
}

/// See its name.
pub async fn lost_local_state_comes_back_from_the_snapshot_with_what_was_only_in_the_write_ahead_log(
    world: &dyn World,
) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    for n in 1..=20 {
        say(&*workloads, &agent, &acme(), n, "remember").await.unwrap();
    }
    let taken = stop(&*workloads, &acme(), &agent).await.unwrap().snapshot.unwrap();
    world.lose_local_state(&acme());
    let snapshot = world.published(&acme(), Generation(1), &taken);
    let (agent, bound) = wake(&*workloads, &acme(), 2, Some(snapshot)).await.unwrap();
    assert!(bound.restore > Duration::ZERO);
    assert_eq!(say(&*workloads, &agent, &acme(), 21, "back").await.unwrap(), "[21] you said: back");
}

/// See its name.
pub async fn damaged_archive_is_refused_and_nothing_runs(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    say(&*workloads, &agent, &acme(), 1, "precious").await.unwrap();
    let taken = stop(&*workloads, &acme(), &agent).await.unwrap().snapshot.unwrap();
    let snapshot = world.published(&acme(), Generation(1), &taken);
    world.lose_local_state(&acme());
    let path = world.archive(&snapshot);
    let good = std::fs::read(&path).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    let refused = wake(&*workloads, &acme(), 2, Some(snapshot.clone())).await;
    let Err(Error::Corrupt { what: "snapshot", reason, .. }) = &refused else { panic!("{refused:?}") };
    assert!(reason.contains("SHA-256"), "{reason}");
    assert_eq!(soon(workloads.workload_list()).await.unwrap(), []);
    std::fs::remove_file(&path).unwrap();
    let refused = wake(&*workloads, &acme(), 3, Some(snapshot.clone())).await;
    assert!(matches!(refused, Err(Error::NotFound { .. })), "never an empty memory: {refused:?}");
    std::fs::write(&path, &good).unwrap();
    let (agent, _) = wake(&*workloads, &acme(), 4, Some(snapshot)).await.unwrap();
    assert_eq!(say(&*workloads, &agent, &acme(), 2, "safe").await.unwrap(), "[2] you said: safe");
}

/// See its name.
pub async fn a_running_agent_is_saved_when_asked(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    say(&*workloads, &agent, &acme(), 1, "remember").await.unwrap();
    let taken = workloads.agent_snapshot(&acme(), &agent).await.unwrap().unwrap();
    let saved = workloads.agent_status(&acme(), &agent).await.unwrap().saved.unwrap();
    assert!(saved.until >= taken.taken_at, "{saved:?} {taken:?}");
    let again = workloads.agent_snapshot(&acme(), &agent).await.unwrap().unwrap();
    assert!(again == taken || again.taken_at > taken.taken_at, "the last one, or a newer one: {again:?} {taken:?}");
    let stranger = Agent { generation: Generation(9), ..agent.clone() };
    let refused = workloads.agent_snapshot(&acme(), &stranger).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    let snapshot = world.published(&acme(), Generation(1), &again);
    stop(&*workloads, &acme(), &agent).await.unwrap();
    world.lose_local_state(&acme());
    let (agent, _) = wake(&*workloads, &acme(), 2, Some(snapshot)).await.unwrap();
    assert_eq!(say(&*workloads, &agent, &acme(), 2, "back").await.unwrap(), "[2] you said: back");
}

/// See its name.
pub async fn intact_local_state_wins_over_the_archive(world: &dyn World) {
    let workloads = world.workloads();
    let mut events = workloads.workload_events();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    say(&*workloads, &agent, &acme(), 1, "saved").await.unwrap();
    let taken = stop(&*workloads, &acme(), &agent).await.unwrap().snapshot.unwrap();
    let snapshot = world.published(&acme(), Generation(1), &taken);
    let (agent, _) = wake(&*workloads, &acme(), 2, Some(snapshot.clone())).await.unwrap();
    say(&*workloads, &agent, &acme(), 2, "not saved").await.unwrap();
    kill(processes(&*workloads, &acme(), &agent).await[0]);
    gone(&mut events).await;
    let (agent, bound) = wake(&*workloads, &acme(), 3, Some(snapshot)).await.unwrap();
    assert_eq!(bound.restore, Duration::ZERO);
    assert_eq!(say(&*workloads, &agent, &acme(), 3, "third").await.unwrap(), "[3] you said: third");
}

/// See its name.
pub async fn periodic_snapshot_is_reported_and_can_be_restored(world: &dyn World) {
    let workloads = world.workloads();
    let mut events = workloads.workload_events();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    say(&*workloads, &agent, &acme(), 1, "one").await.unwrap();
    say(&*workloads, &agent, &acme(), 2, "two").await.unwrap();
    // One that was begun before the turns may come first.
    let mut last = None;
    for _ in 0..2 {
        let taken = soon(async {
            loop {
                if let WorkloadEvent::Snapshot { tenant, generation, taken } = events.recv().await.unwrap() {
                    assert_eq!((tenant, generation), (acme(), Generation(1)));
                    return taken;
                }
            }
        })
        .await;
        last = Some(taken);
        say(&*workloads, &agent, &acme(), 3, "three").await.unwrap();
    }
    kill(processes(&*workloads, &acme(), &agent).await[0]);
    gone(&mut events).await;
    world.lose_local_state(&acme());
    let snapshot = world.published(&acme(), Generation(1), &last.unwrap());
    let (agent, _) = wake(&*workloads, &acme(), 2, Some(snapshot)).await.unwrap();
    let answer = say(&*workloads, &agent, &acme(), 4, "four").await.unwrap();
    assert!(answer.starts_with("[3]") || answer.starts_with("[4]"), "{answer}");
}
