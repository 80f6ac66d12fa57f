//! What every driver of [`Workloads`] must do, with real agents (the built-in one, whose answers count its memories).
//!
//! A driver brings a [`World`] and runs every case of [`workloads_suite!`](crate::workloads_suite).

#![expect(clippy::unwrap_used, reason = "a case is a test: a value that is not there is its failure")]

mod state;

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures::StreamExt;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::sync::broadcast;

use crate::{
    agent::{AgentCommand, Bound, SnapshotTaken, Stop, Stopped, Turn},
    error::{Error, Result},
    inbox::UpdateKey,
    ports::workloads::{BindRequest, PoolKeeper, TurnKey, Workload, WorkloadEvent, Workloads},
    tenant::{Agent, BotId, Generation, SnapshotRef, TenantId},
};

pub use self::state::*;

/// How long anything in a case may take: a bound, never a wait.
pub const SOON: Duration = Duration::from_secs(20);

/// What a case needs beside the port. Each case gets a world of its own.
pub trait World: Send + Sync {
    /// The driver, with the built-in agent.
    fn workloads(&self) -> Arc<dyn Workloads>;
    /// A second control plane's driver on the same world, with a changed agent program.
    fn workloads_with(&self, change: &dyn Fn(&mut AgentCommand)) -> Arc<dyn Workloads>;
    /// Removes the tenant's state from this machine, as if it were another one. The tenant has no agent.
    fn lose_local_state(&self, tenant: &TenantId);
    /// What the record of a tenant would say of a published snapshot.
    fn published(&self, tenant: &TenantId, generation: Generation, taken: &SnapshotTaken) -> SnapshotRef;
    /// Where the archive is.
    fn archive(&self, snapshot: &SnapshotRef) -> PathBuf;
}

/// Runs every case as a test of its own in the world that the expression makes.
#[macro_export]
macro_rules! workloads_suite {
    ($world:expr) => {
        $crate::workloads_suite! { @cases $world =>
            bound_agent_is_healthy_and_answers_under_its_identity
            second_bind_of_a_tenant_is_a_conflict_and_ends_only_the_newcomer
            s5_request_of_another_generation_or_tenant_is_a_conflict_and_never_reaches_the_agent
            repeated_turn_is_joined_while_it_runs_and_replayed_after
            turn_goes_on_when_its_caller_hangs_up
            r25_failed_turn_is_an_error_with_the_agents_words_and_runs_anew_when_repeated
            turn_that_kills_the_agent_is_a_failure_and_the_agent_is_gone
            stopped_agent_is_saved_gone_without_being_reported_lost_and_remembers_when_bound_again
            lost_local_state_comes_back_from_the_snapshot_with_what_was_only_in_the_write_ahead_log
            damaged_archive_is_refused_and_nothing_runs
            a_running_agent_is_saved_when_asked
            two_binds_of_one_workload_at_once_give_it_to_one_tenant
            intact_local_state_wins_over_the_archive
            stop_waits_for_the_turn_in_flight
            a_pool_size_that_was_chosen_is_known_to_every_control_plane_until_it_is_taken_back
            agent_that_ends_at_once_fails_the_bind_with_its_last_words
            agent_that_never_becomes_healthy_fails_the_bind_and_nothing_is_left
            killed_agent_is_reported_gone_and_its_home_is_free
            killed_supervisor_takes_the_agent_with_it_and_is_reported_gone
            running_agent_is_found_and_adopted_by_a_later_control_plane
            unbound_workload_is_listed_can_be_killed_and_ends_with_its_control_plane
            killed_workload_leaves_no_process_and_a_repeat_is_no_error
            periodic_snapshot_is_reported_and_can_be_restored
            purge_is_refused_while_the_agent_lives_and_removes_everything_after
            log_is_read_from_its_end_and_followed
        }
    };
    (@cases $world:expr => $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::conformance::workloads::$case(&$world).await;
            }
        )*
    };
}

fn acme() -> TenantId {
    "acme".parse().expect("an id")
}

/// Within [`SOON`], or the case fails.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.expect("within the bound")
}

/// Starts and binds an agent.
pub async fn wake(
    workloads: &dyn Workloads,
    tenant: &TenantId,
    generation: u64,
    snapshot: Option<SnapshotRef>,
) -> Result<(Agent, Bound)> {
    let id = soon(workloads.workload_start()).await?;
    let request = BindRequest { tenant: tenant.clone(), generation: Generation(generation), snapshot };
    soon(workloads.workload_bind(&id, &request)).await
}

fn named(update: &UpdateKey) -> TurnKey<'_> {
    TurnKey { update, request_id: "conformance" }
}

/// Runs a turn.
pub async fn say(
    workloads: &dyn Workloads,
    agent: &Agent,
    tenant: &TenantId,
    update_id: i64,
    message: &str,
) -> Result<String> {
    let key = UpdateKey { tenant: tenant.clone(), bot: BotId(77), update_id };
    let turn = Turn { message: message.to_owned() };
    soon(workloads.agent_turn(agent, named(&key), &turn, SOON)).await.map(|reply| reply.response)
}

/// Stops an agent, with time for what it has in work.
pub async fn stop(workloads: &dyn Workloads, tenant: &TenantId, agent: &Agent) -> Result<Stopped> {
    soon(workloads.agent_stop(tenant, agent, &Stop { drain: SOON })).await
}

fn pid(raw: u32) -> Pid {
    i32::try_from(raw).ok().and_then(Pid::from_raw).expect("a process id")
}

/// Whether there is such a process (one that has ended but was not reaped counts).
pub fn exists(raw: u32) -> bool {
    test_kill_process(pid(raw)).is_ok()
}

/// SIGKILL.
pub fn kill(raw: u32) {
    kill_process(pid(raw), Signal::KILL).expect("a process");
}

/// Waits until the processes are gone, zombies included.
pub async fn all_gone(pids: &[u32]) {
    soon(async {
        while pids.iter().any(|&pid| exists(pid)) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// The next report of an end.
pub async fn gone(events: &mut broadcast::Receiver<WorkloadEvent>) -> (TenantId, Generation, String) {
    soon(async {
        loop {
            if let WorkloadEvent::Gone { tenant, generation, reason } = events.recv().await.expect("an event") {
                return (tenant, generation, reason);
            }
        }
    })
    .await
}

/// The processes of a running agent: its supervisor and itself.
pub async fn processes(workloads: &dyn Workloads, tenant: &TenantId, agent: &Agent) -> [u32; 2] {
    let status = soon(workloads.agent_status(tenant, agent)).await.expect("a status");
    [status.pid, status.agent_pid.expect("a running agent")]
}

/// See its name.
pub async fn bound_agent_is_healthy_and_answers_under_its_identity(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, bound) = wake(&*workloads, &acme(), 7, None).await.unwrap();
    assert_eq!(agent.generation, Generation(7));
    assert_eq!(bound.restore, Duration::ZERO);
    let status = soon(workloads.agent_status(&acme(), &agent)).await.unwrap();
    assert_eq!((status.tenant, status.generation), (Some(acme()), Some(Generation(7))));
    assert!(status.ready && status.busy == 0);
    assert!(status.agent_memory_bytes.unwrap() > 0 && status.memory_bytes.unwrap() > 0);
    assert!(status.agent_cpu_ms.is_some());
    assert_eq!(say(&*workloads, &agent, &acme(), 1, "hello").await.unwrap(), "[1] you said: hello");
    let found = Workload { id: agent.workload.clone(), tenant: Some(acme()), agent: Some(agent) };
    assert_eq!(soon(workloads.workload_find(&acme())).await.unwrap().as_ref(), Some(&found));
    assert_eq!(soon(workloads.workload_list()).await.unwrap(), [found]);
    assert_eq!(soon(workloads.workload_find(&"other".parse().unwrap())).await.unwrap(), None);
}

/// See its name.
pub async fn second_bind_of_a_tenant_is_a_conflict_and_ends_only_the_newcomer(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let before = processes(&*workloads, &acme(), &agent).await;
    let refused = wake(&*workloads, &acme(), 2, None).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(processes(&*workloads, &acme(), &agent).await, before);
    assert_eq!(soon(workloads.workload_list()).await.unwrap().len(), 1);
    assert_eq!(say(&*workloads, &agent, &acme(), 1, "still here").await.unwrap(), "[1] you said: still here");
}

/// See its name.
pub async fn s5_request_of_another_generation_or_tenant_is_a_conflict_and_never_reaches_the_agent(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 5, None).await.unwrap();
    for generation in [4, 6] {
        let other = Agent { generation: Generation(generation), ..agent.clone() };
        let refused = say(&*workloads, &other, &acme(), 1, "not for you").await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
        let refused = stop(&*workloads, &acme(), &other).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
        let refused = soon(workloads.agent_status(&acme(), &other)).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    }
    let other: TenantId = "other".parse().unwrap();
    let refused = say(&*workloads, &agent, &other, 1, "not for you").await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(say(&*workloads, &agent, &acme(), 1, "for you").await.unwrap(), "[1] you said: for you");
}

/// See its name.
pub async fn repeated_turn_is_joined_while_it_runs_and_replayed_after(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let acme = acme();
    let slow = || say(&*workloads, &agent, &acme, 1, "/sleep 300");
    let (first, second) = tokio::join!(slow(), slow());
    assert_eq!(first.unwrap(), "[1] you said: /sleep 300");
    assert_eq!(second.unwrap(), "[1] you said: /sleep 300");
    assert_eq!(slow().await.unwrap(), "[1] you said: /sleep 300");
    assert_eq!(say(&*workloads, &agent, &acme, 2, "next").await.unwrap(), "[2] you said: next");
}

/// See its name.
pub async fn turn_goes_on_when_its_caller_hangs_up(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let key = UpdateKey { tenant: acme(), bot: BotId(77), update_id: 1 };
    let turn = Turn { message: "/sleep 1500".into() };
    let cut = soon(workloads.agent_turn(&agent, named(&key), &turn, Duration::from_millis(200))).await;
    assert!(matches!(cut, Err(Error::OutcomeUnknown { .. })), "{cut:?}");
    let status = soon(workloads.agent_status(&acme(), &agent)).await.unwrap();
    assert_eq!(status.busy, 1, "the turn is still running");
    assert_eq!(say(&*workloads, &agent, &acme(), 1, "/sleep 1500").await.unwrap(), "[1] you said: /sleep 1500");
    assert_eq!(soon(workloads.agent_status(&acme(), &agent)).await.unwrap().busy, 0);
}

/// See its name.
pub async fn r25_failed_turn_is_an_error_with_the_agents_words_and_runs_anew_when_repeated(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    for _ in 0..2 {
        let failed = say(&*workloads, &agent, &acme(), 1, "/fail").await;
        let Err(Error::AgentFailed { reason, .. }) = failed else { panic!("{failed:?}") };
        assert!(reason.contains("500") && reason.contains("told to fail"), "{reason}");
    }
    assert_eq!(say(&*workloads, &agent, &acme(), 1, "well").await.unwrap(), "[3] you said: well");
}

/// See its name.
pub async fn turn_that_kills_the_agent_is_a_failure_and_the_agent_is_gone(world: &dyn World) {
    let workloads = world.workloads();
    let mut events = workloads.workload_events();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let failed = say(&*workloads, &agent, &acme(), 1, "/crash").await;
    let Err(Error::AgentFailed { reason, .. }) = failed else { panic!("{failed:?}") };
    assert!(reason.contains("SIGABRT"), "{reason}");
    let (tenant, generation, reason) = gone(&mut events).await;
    assert_eq!((tenant, generation), (acme(), Generation(1)));
    assert!(reason.contains("SIGABRT"), "{reason}");
    let refused = say(&*workloads, &agent, &acme(), 2, "anybody?").await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    let (agent, _) = wake(&*workloads, &acme(), 2, None).await.unwrap();
    assert_eq!(say(&*workloads, &agent, &acme(), 3, "again").await.unwrap(), "[2] you said: again");
}

/// See its name.
pub async fn two_binds_of_one_workload_at_once_give_it_to_one_tenant(world: &dyn World) {
    let workloads = world.workloads();
    let id = soon(workloads.workload_start()).await.unwrap();
    let request = |name: &str| BindRequest { tenant: name.parse().unwrap(), generation: Generation(1), snapshot: None };
    let (one, two) = (request("acme"), request("other"));
    let (first, second) =
        soon(async { tokio::join!(workloads.workload_bind(&id, &one), workloads.workload_bind(&id, &two)) }).await;
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let third = soon(workloads.workload_bind(&id, &two)).await;
    assert!(third.is_err(), "what is bound stays so: {third:?}");
    let listed = soon(workloads.workload_list()).await.unwrap();
    let owner = if first.is_ok() { one.tenant } else { two.tenant };
    assert_eq!(listed.into_iter().map(|workload| workload.tenant).collect::<Vec<_>>(), [Some(owner)]);
}

/// See its name.
pub async fn stop_waits_for_the_turn_in_flight(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let turn = tokio::spawn({
        let (workloads, agent) = (workloads.clone(), agent.clone());
        async move { say(&*workloads, &agent, &acme(), 1, "/sleep 400").await }
    });
    soon(async { while workloads.agent_status(&acme(), &agent).await.unwrap().busy == 0 {} }).await;
    stop(&*workloads, &acme(), &agent).await.unwrap();
    assert_eq!(turn.await.unwrap().unwrap(), "[1] you said: /sleep 400");
}

/// See its name.
pub async fn agent_that_ends_at_once_fails_the_bind_with_its_last_words(world: &dyn World) {
    let workloads = world.workloads_with(&|command| {
        command.argv = ["sh", "-c", "echo first words; echo last words >&2; exit 3"].map(String::from).to_vec();
    });
    let failed = wake(&*workloads, &acme(), 1, None).await;
    let Err(Error::AgentFailed { reason, .. }) = &failed else { panic!("{failed:?}") };
    assert!(reason.contains("status 3") && reason.ends_with("first words\nlast words"), "{reason}");
    assert_eq!(soon(workloads.workload_list()).await.unwrap(), []);
    let workloads = world.workloads_with(&|command| command.argv = vec!["/nonexistent/agent".into()]);
    let failed = wake(&*workloads, &acme(), 2, None).await;
    let Err(Error::AgentFailed { reason, .. }) = &failed else { panic!("{failed:?}") };
    assert!(reason.contains("/nonexistent/agent") && !reason.contains("first words"), "{reason}");
}

/// See its name.
pub async fn agent_that_never_becomes_healthy_fails_the_bind_and_nothing_is_left(world: &dyn World) {
    let workloads = world.workloads_with(&|command| {
        // Deaf to SIGTERM, and with a child in a group and a session of its own.
        let script = "trap '' TERM; setsid sleep 600 & echo trying $$ $!; wait";
        command.argv = ["sh", "-c", script].map(String::from).to_vec();
        command.ready_timeout = Duration::from_millis(1500);
        command.grace = Duration::from_millis(50);
    });
    let failed = wake(&*workloads, &acme(), 1, None).await;
    let Err(Error::AgentFailed { reason, .. }) = &failed else { panic!("{failed:?}") };
    assert!(reason.contains("not healthy within 1.5s") && reason.contains("\ntrying "), "{reason}");
    assert_eq!(soon(workloads.workload_list()).await.unwrap(), []);
    let mut log = soon(workloads.workload_logs(&acme(), 1, false)).await.unwrap();
    let line = String::from_utf8(soon(log.next()).await.unwrap().unwrap().to_vec()).unwrap();
    let pids: Vec<u32> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    assert_eq!(pids.len(), 2, "{line}");
    all_gone(&pids).await;
}

/// See its name.
pub async fn killed_agent_is_reported_gone_and_its_home_is_free(world: &dyn World) {
    let workloads = world.workloads();
    let mut events = workloads.workload_events();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let pids = processes(&*workloads, &acme(), &agent).await;
    kill(pids[1]);
    let (tenant, generation, reason) = gone(&mut events).await;
    assert_eq!((tenant, generation), (acme(), Generation(1)));
    assert!(reason.contains("SIGKILL"), "{reason}");
    all_gone(&pids).await;
    assert_eq!(soon(workloads.workload_find(&acme())).await.unwrap(), None);
    wake(&*workloads, &acme(), 2, None).await.unwrap();
}

/// See its name.
pub async fn killed_supervisor_takes_the_agent_with_it_and_is_reported_gone(world: &dyn World) {
    let workloads = world.workloads();
    let mut events = workloads.workload_events();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let pids = processes(&*workloads, &acme(), &agent).await;
    kill(pids[0]);
    assert_eq!(gone(&mut events).await.1, Generation(1));
    all_gone(&pids).await;
    wake(&*workloads, &acme(), 2, None).await.unwrap();
}

/// See its name.
pub async fn running_agent_is_found_and_adopted_by_a_later_control_plane(world: &dyn World) {
    let first = world.workloads();
    let (agent, _) = wake(&*first, &acme(), 1, None).await.unwrap();
    say(&*first, &agent, &acme(), 1, "before").await.unwrap();
    drop(first);
    let second = world.workloads_with(&|_| {});
    let found = soon(second.workload_find(&acme())).await.unwrap().expect("the agent survived");
    assert_eq!(found.agent, Some(agent.clone()));
    let mut events = second.workload_events();
    for _ in 0..2 {
        soon(second.workload_watch(&acme(), &agent)).await.unwrap();
    }
    assert_eq!(say(&*second, &agent, &acme(), 1, "before").await.unwrap(), "[1] you said: before", "replayed");
    assert_eq!(say(&*second, &agent, &acme(), 2, "after").await.unwrap(), "[2] you said: after");
    kill(processes(&*second, &acme(), &agent).await[1]);
    assert_eq!(gone(&mut events).await.0, acme());
    assert!(events.try_recv().is_err(), "reported once");
}

/// See its name.
pub async fn unbound_workload_is_listed_can_be_killed_and_ends_with_its_control_plane(world: &dyn World) {
    let workloads = world.workloads();
    let id = soon(workloads.workload_start()).await.unwrap();
    let other = soon(workloads.workload_start()).await.unwrap();
    let listed = soon(workloads.workload_list()).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|w| w.tenant.is_none() && w.agent.is_none()));
    for _ in 0..2 {
        soon(workloads.workload_kill(&Workload { id: id.clone(), tenant: None, agent: None })).await.unwrap();
    }
    assert_eq!(soon(workloads.workload_list()).await.unwrap(), [Workload { id: other, tenant: None, agent: None }]);
    let request = BindRequest { tenant: acme(), generation: Generation(1), snapshot: None };
    let refused = soon(workloads.workload_bind(&id, &request)).await;
    assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");
}

/// See its name.
pub async fn killed_workload_leaves_no_process_and_a_repeat_is_no_error(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let pids = processes(&*workloads, &acme(), &agent).await;
    // As an orphan of an earlier control plane looks to a later one.
    let later = world.workloads_with(&|_| {});
    let orphan = soon(later.workload_find(&acme())).await.unwrap().unwrap();
    soon(later.workload_kill(&orphan)).await.unwrap();
    assert_eq!(soon(later.workload_find(&acme())).await.unwrap(), None);
    all_gone(&pids).await;
    let (agent, _) = wake(&*later, &acme(), 2, None).await.unwrap();
    soon(later.workload_kill(&orphan)).await.unwrap();
    assert_eq!(say(&*later, &agent, &acme(), 1, "untouched").await.unwrap(), "[1] you said: untouched");
}

/// See its name.
pub async fn a_pool_size_that_was_chosen_is_known_to_every_control_plane_until_it_is_taken_back(world: &dyn World) {
    let (one, other) = (world.workloads(), world.workloads_with(&|_| ()));
    let (PoolKeeper::ControlPlane(one), PoolKeeper::ControlPlane(other)) = (one.workload_pool(), other.workload_pool())
    else {
        panic!("these cases are for drivers whose control planes keep their own pools");
    };
    assert_eq!(one.pool_size().await.unwrap(), None);
    for size in [3, 0] {
        one.pool_size_set(Some(size)).await.unwrap();
        assert_eq!(other.pool_size().await.unwrap(), Some(size));
    }
    for _ in 0..2 {
        other.pool_size_set(None).await.unwrap();
        assert_eq!(one.pool_size().await.unwrap(), None);
    }
}

/// See its name.
pub async fn purge_is_refused_while_the_agent_lives_and_removes_everything_after(world: &dyn World) {
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    say(&*workloads, &agent, &acme(), 1, "forget me").await.unwrap();
    let refused = soon(workloads.workload_purge(&acme())).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    stop(&*workloads, &acme(), &agent).await.unwrap();
    for _ in 0..2 {
        soon(workloads.workload_purge(&acme())).await.unwrap();
    }
    assert!(matches!(soon(workloads.workload_logs(&acme(), 1, false)).await, Err(Error::NotFound { .. })));
    let (agent, _) = wake(&*workloads, &acme(), 2, None).await.unwrap();
    assert_eq!(say(&*workloads, &agent, &acme(), 2, "new").await.unwrap(), "[1] you said: new");
}

/// See its name.
pub async fn log_is_read_from_its_end_and_followed(world: &dyn World) {
    let workloads = world.workloads_with(&|command| {
        let program = std::mem::take(&mut command.argv);
        let script = "echo one; echo two; echo \"$TENANT_ID\"; exec \"$@\"";
        command.argv = ["sh", "-c", script, "sh"].map(String::from).to_vec();
        command.argv.extend(program);
    });
    assert!(matches!(soon(workloads.workload_logs(&acme(), 1, true)).await, Err(Error::NotFound { .. })));
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let mut log = soon(workloads.workload_logs(&acme(), 2, true)).await.unwrap();
    assert_eq!(soon(log.next()).await.unwrap().unwrap(), "two\nacme\n");
    stop(&*workloads, &acme(), &agent).await.unwrap();
    wake(&*workloads, &acme(), 2, None).await.unwrap();
    // After a line that says whose words follow.
    let mut more = String::new();
    while !more.ends_with("acme\n") {
        more.push_str(std::str::from_utf8(&soon(log.next()).await.unwrap().unwrap()).unwrap());
    }
    let (whose, words) = more.split_once('\n').unwrap();
    assert!(whose.ends_with(" --- acme, generation 2 ---"), "{more}");
    assert_eq!(words, "one\ntwo\nacme\n");
}
