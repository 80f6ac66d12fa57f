//! The embedded drivers in several processes, and what a SIGKILL leaves behind.
//!
//! Each test runs itself once more as a child process, which finds its part in the environment.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use libtenancy::{
    Error,
    clock::{SystemClock, Timestamp},
    drivers::local::{StateDirLock, store::Store},
    inbox::{Put, UpdateKey},
    ports::inboxes::Inboxes,
    tenant::{BotId, TenantId},
};

const CHILD: &str = "ZTM_TEST_STATE_DIR";
const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
/// What a child writes before each line that is meant for its parent.
const MARK: &str = "answered ";

/// Where this process is a child: the state directory it works on.
fn as_child() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

fn spawn(test: &str, state_dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, state_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What the child says, line by line, until it ends.
fn said(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter_map(|line| line.split_once(MARK).map(|(_, said)| said.to_owned()))
}

/// One line for the parent; `false` when it has gone.
fn say(line: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{MARK}{line}").and_then(|()| out.flush()).is_ok()
}

fn key(tenant: &str, update_id: i64) -> UpdateKey {
    UpdateKey { tenant: tenant.parse::<TenantId>().unwrap(), bot: BotId(7), update_id }
}

fn open(state_dir: &Path) -> Store {
    Store::open(state_dir, Arc::new(SystemClock::default())).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

#[test]
fn r1_every_update_answered_before_a_sigkill_is_kept() {
    if let Some(state_dir) = as_child() {
        let store = open(&state_dir);
        runtime().block_on(async {
            // Four callers at once, until the parent kills this process.
            let callers = (0..4).map(|caller| {
                let store = store.clone();
                tokio::spawn(async move {
                    for update_id in 0.. {
                        let tenant = format!("t{caller}");
                        let put = store.update_put(&key(&tenant, update_id), "{}", u32::MAX, NOW).await.unwrap();
                        assert_eq!(put, Put::Stored);
                        if !say(&format!("{tenant} {update_id}")) {
                            break;
                        }
                    }
                })
            });
            futures::future::join_all(callers).await;
        });
        return;
    }
    for kill_after in [1, 7, 60, 250] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = spawn("local_processes::r1_every_update_answered_before_a_sigkill_is_kept", dir.path());
        let mut answered = Vec::new();
        for line in said(&mut child) {
            answered.push(line);
            if answered.len() == kill_after {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(answered.len() >= kill_after, "{answered:?}");
        let store = open(dir.path());
        runtime().block_on(async {
            for line in &answered {
                let (tenant, update_id) = line.split_once(' ').unwrap();
                let found = store.update_get(&key(tenant, update_id.parse().unwrap())).await.unwrap();
                assert!(found.is_some(), "{line} was answered and is lost");
            }
            let kept = store.inbox_counts(None).await.unwrap().pending;
            assert!(kept <= answered.len() as u64 + 4, "one more per caller at most: {kept}");
            assert_eq!(store.update_put(&key("after", 1), "{}", 10, NOW).await.unwrap(), Put::Stored);
        });
    }
}

#[test]
fn r22_updates_put_by_several_processes_at_once_are_stored_once() {
    const EACH: i64 = 100;
    if let Some(state_dir) = as_child() {
        let store = open(&state_dir);
        runtime().block_on(async {
            for update_id in 0..EACH {
                if store.update_put(&key("acme", update_id), "{}", 1_000, NOW).await.unwrap() == Put::Stored {
                    assert!(say(&update_id.to_string()));
                }
            }
        });
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut children: Vec<Child> = (0..3)
        .map(|_| spawn("local_processes::r22_updates_put_by_several_processes_at_once_are_stored_once", dir.path()))
        .collect();
    let mut stored: Vec<i64> =
        children.iter_mut().flat_map(|child| said(child).collect::<Vec<_>>()).map(|n| n.parse().unwrap()).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    stored.sort_unstable();
    assert_eq!(stored, (0..EACH).collect::<Vec<_>>(), "each one by exactly one process");
    let pending = runtime().block_on(open(dir.path()).pending_count(&"acme".parse().unwrap())).unwrap();
    assert_eq!(pending, 100);
}

#[test]
fn the_lock_of_a_state_directory_names_its_holder_and_dies_with_it() {
    if let Some(state_dir) = as_child() {
        let _lock = StateDirLock::acquire(&state_dir).unwrap();
        assert!(say("locked"));
        // Held until the parent kills this process (or is itself gone).
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child =
        spawn("local_processes::the_lock_of_a_state_directory_names_its_holder_and_dies_with_it", dir.path());
    assert_eq!(said(&mut child).next().as_deref(), Some("locked"));
    let refused = StateDirLock::acquire(dir.path()).unwrap_err();
    assert!(matches!(&refused, Error::StateDirInUse { pid, .. } if *pid == child.id()), "{refused:?}");
    child.kill().unwrap();
    child.wait().unwrap();
    StateDirLock::acquire(dir.path()).unwrap();
}
