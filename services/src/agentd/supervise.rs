//! The agent's process: started, reaped, ended; and everything it started with it.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use libtenancy::{
    clock::Stopwatch,
    drivers::local::workloads::processes::{Pinned, descendants, has_ended, start_ticks},
};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, kill_process_group};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::exec::Limits;

/// The most of a log that goes into an error.
const LOG_TAIL_BYTES: u64 = 4096;
/// The most lines of it.
const LOG_TAIL_LINES: usize = 10;
/// How long killed processes may take to vanish.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

type Exits = Arc<Mutex<HashMap<u32, watch::Sender<Option<WaitStatus>>>>>;

/// Takes the exit status of every child: of agents, and of what they left behind.
pub(super) struct Reaper {
    exits: Exits,
    task: tokio::task::JoinHandle<()>,
}

impl Reaper {
    /// Begins to reap. Nothing else in this process may wait for children.
    pub(super) fn new() -> io::Result<Self> {
        let mut signals = signal(SignalKind::child())?;
        let exits = Exits::default();
        let known = exits.clone();
        let task = tokio::spawn(async move {
            loop {
                while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
                    let pid = u32::try_from(pid.as_raw_nonzero().get()).unwrap_or_default();
                    let exit = known.lock().unwrap_or_else(PoisonError::into_inner).remove(&pid);
                    if let Some(exit) = exit {
                        exit.send_replace(Some(status));
                    }
                }
                if signals.recv().await.is_none() {
                    return;
                }
            }
        });
        Ok(Self { exits, task })
    }

    /// Starts a program. There must be no `await` between its start and its registration, so that the reaper (on this
    /// same thread) knows it before it looks.
    pub(super) fn start(&self, command: &mut Command, limits: Limits, log: PathBuf) -> io::Result<AgentProcess> {
        let log_start = std::fs::metadata(&log).map_or(0, |m| m.len());
        let (child, exit) = self.spawn(command)?;
        Ok(AgentProcess { pid: child.id(), exit, limits, log, log_start })
    }

    /// The same for any program: it, and where its exit status will be.
    pub(super) fn spawn(&self, command: &mut Command) -> io::Result<(Child, watch::Receiver<Option<WaitStatus>>)> {
        let child = command.spawn()?;
        let (sender, exit) = watch::channel(None);
        self.exits.lock().unwrap_or_else(PoisonError::into_inner).insert(child.id(), sender);
        Ok((child, exit))
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A started agent.
pub(super) struct AgentProcess {
    /// Its process id, which is its process group's too.
    pub(super) pid: u32,
    exit: watch::Receiver<Option<WaitStatus>>,
    /// What holds it back.
    pub(super) limits: Limits,
    log: PathBuf,
    log_start: u64,
}

impl AgentProcess {
    /// Whether its exit status has been taken.
    pub(super) fn has_ended(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) -> WaitStatus {
        let mut exit = self.exit.clone();
        loop {
            if let Some(status) = *exit.borrow_and_update() {
                return status;
            }
            if exit.changed().await.is_err() {
                // The reaper is gone: so is this process, in a moment.
                std::future::pending::<()>().await;
            }
        }
    }

    /// How it ended and what it said last.
    pub(super) fn obituary(&self, status: WaitStatus) -> String {
        let mut text = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => format!("it exited with status {code}"),
            (_, Some(signal)) => format!("it was ended by {}", signal_name(signal)),
            _ => "it ended".to_owned(),
        };
        if matches!(&self.limits, Limits::Cgroup(cgroup) if cgroup.oom_kills() > 0) {
            text.push_str(" for want of memory (its limit is reached)");
        }
        let said = self.last_lines();
        if said.is_empty() {
            text.push_str("; it wrote nothing to its log");
        } else {
            text.push_str("; its log ends:\n");
            text.push_str(&said);
        }
        text
    }

    /// The last lines this agent (not an earlier one) wrote.
    pub(super) fn last_lines(&self) -> String {
        last_lines(&self.log, self.log_start).unwrap_or_default()
    }

    /// SIGTERM to its group; after `grace`, or when it has ended, SIGKILL to all that is left of it.
    pub(super) async fn end(&self, grace: Duration) {
        // While its status is not taken, its id (and so its group's) cannot be anybody else's.
        if !self.has_ended()
            && let Some(group) = i32::try_from(self.pid).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process_group(group, Signal::TERM);
            let _ = tokio::time::timeout(grace, self.ended()).await;
        }
        kill_descendants().await;
        let _ = tokio::time::timeout(KILL_TIMEOUT, self.ended()).await;
    }
}

/// SIGKILL to everything below this process, until nothing is left (or 5 s have passed: a process may hang in the
/// kernel, and then keeps the home's lock).
pub(super) async fn kill_descendants() {
    let own = std::process::id();
    let watch = Stopwatch::start();
    while watch.elapsed() < KILL_TIMEOUT {
        let living: Vec<u32> = descendants(own).into_iter().filter(|&pid| !has_ended(pid)).collect();
        if living.is_empty() {
            return;
        }
        let pinned: Vec<Pinned> = living
            .into_iter()
            .filter_map(|pid| Pinned::started_at(pid, start_ticks(pid)?))
            .filter(|pinned| descendants(own).contains(&pinned.pid))
            .collect();
        for pinned in &pinned {
            pinned.kill();
        }
        for pinned in pinned {
            let left = KILL_TIMEOUT.saturating_sub(watch.elapsed());
            let _ = tokio::time::timeout(left, pinned.ended()).await;
        }
    }
}

fn last_lines(log: &Path, from: u64) -> io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    // A log that was cut meanwhile is all this agent's.
    let from = if from > length { 0 } else { from };
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(LOG_TAIL_BYTES))))?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n"))
}

fn signal_name(number: i32) -> String {
    let name = match number {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        _ => return format!("signal {number}"),
    };
    format!("signal {number} ({name})")
}
