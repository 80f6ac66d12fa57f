//! A bound `agentd`: whose it is, what it is doing, and how it ends.

use std::{
    fs,
    process::ExitCode,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use libtenancy::{
    agent::{AgentCommand, AgentEvent, AgentStatus, Stopped},
    clock::{Clock, SystemClock, Timestamp},
    drivers::local::workloads::{
        home::{Home, Lock},
        processes::{descendants, processor_ms, resident_bytes},
    },
    secret::Secret,
    tenant::{Generation, TenantId},
};
use tokio::sync::{Notify, OnceCell, Semaphore, broadcast, watch};
use tokio_util::sync::CancellationToken;

use super::{
    proxy::MAX_PROXIED,
    save::Saver,
    session::MAX_SESSIONS,
    state,
    supervise::{AgentProcess, Reaper, kill_descendants},
    turns::Turns,
    upstream::Upstream,
};

/// How long a failed connection waits for the news that the agent ended.
const NEWS: Duration = Duration::from_millis(200);

/// Requests in flight, and when the last one ended.
pub(super) struct Activity {
    busy: AtomicU32,
    last: AtomicI64,
    idle: Notify,
    clock: SystemClock,
}

/// One request in flight.
pub(super) struct InFlight(Arc<Activity>);

impl Activity {
    pub(super) fn new() -> Self {
        let clock = SystemClock::default();
        Self { busy: AtomicU32::new(0), last: AtomicI64::new(clock.now().as_micros()), idle: Notify::new(), clock }
    }

    /// Counts a request until the answer is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.busy.fetch_add(1, Ordering::Relaxed);
        InFlight(self.clone())
    }

    /// Something happened that no request waits for.
    pub(super) fn touch(&self) {
        self.last.store(self.clock.now().as_micros(), Ordering::Relaxed);
    }

    /// For how long nothing has been in flight; `None` while something is.
    fn quiet(&self) -> Option<Duration> {
        if self.busy.load(Ordering::Relaxed) > 0 {
            return None;
        }
        Some(self.clock.now().since(Timestamp::from_micros(self.last.load(Ordering::Relaxed))))
    }

    /// Waits until nothing is in flight.
    async fn idle(&self) {
        loop {
            let notified = self.idle.notified();
            if self.busy.load(Ordering::Relaxed) == 0 {
                return;
            }
            notified.await;
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.touch();
        if self.0.busy.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

/// Everything that a bound `agentd` is.
pub(super) struct Agentd {
    pub(super) tenant: TenantId,
    pub(super) generation: Generation,
    pub(super) key: Secret,
    pub(super) command: AgentCommand,
    pub(super) snapshot_interval: Duration,
    /// Whether the first snapshot does not wait for the interval.
    pub(super) save_at_once: bool,
    pub(super) home: Home,
    pub(super) upstream: Upstream,
    pub(super) process: AgentProcess,
    pub(super) turns: Turns,
    pub(super) activity: Arc<Activity>,
    /// Requests of the control plane, its watch among them: while there is none, it is silent.
    pub(super) contact: Arc<Activity>,
    /// Places for requests that are passed through.
    pub(super) proxied: Arc<Semaphore>,
    /// Places for sessions.
    pub(super) sessions: Arc<Semaphore>,
    pub(super) saver: Saver,
    events: broadcast::Sender<Bytes>,
    /// Whether its archives stay here until it is told where to.
    pub(super) is_remote: bool,
    /// The last archive that was sent there.
    pub(super) sent: watch::Sender<Option<String>>,
    /// How the agent ended by itself.
    pub(super) exited: OnceLock<String>,
    /// No new work is taken.
    closed: AtomicBool,
    /// The connections are to be closed.
    pub(super) closing: CancellationToken,
    stopped: OnceCell<Stopped>,
    stop_done: Notify,
    pub(super) reaper: Reaper,
    _lock: Lock,
}

/// The parts that a bind puts together.
pub(super) struct Parts {
    pub(super) bind: libtenancy::agent::Bind,
    pub(super) home: Home,
    pub(super) save_at_once: bool,
    pub(super) upstream: Upstream,
    pub(super) process: AgentProcess,
    pub(super) saver: Saver,
    pub(super) reaper: Reaper,
    pub(super) lock: Lock,
    pub(super) activity: Arc<Activity>,
    pub(super) is_remote: bool,
}

impl Agentd {
    pub(super) fn new(parts: Parts) -> Self {
        let Parts { bind, home, save_at_once, upstream, process, saver, reaper, lock, activity, is_remote } = parts;
        Self {
            tenant: bind.tenant,
            generation: bind.generation,
            key: Secret::new(bind.key),
            command: bind.command,
            snapshot_interval: bind.snapshot_interval,
            save_at_once,
            home,
            upstream,
            process,
            turns: Turns::default(),
            activity,
            contact: Arc::new(Activity::new()),
            proxied: Arc::new(Semaphore::new(MAX_PROXIED)),
            sessions: Arc::new(Semaphore::new(MAX_SESSIONS)),
            saver,
            events: broadcast::channel(16).0,
            is_remote,
            sent: watch::Sender::new(None),
            exited: OnceLock::new(),
            closed: AtomicBool::new(false),
            closing: CancellationToken::new(),
            stopped: OnceCell::new(),
            stop_done: Notify::new(),
            reaper,
            _lock: lock,
        }
    }

    /// Whether new work is taken.
    pub(super) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    /// The events from now on.
    pub(super) fn subscribe(&self) -> broadcast::Receiver<Bytes> {
        self.events.subscribe()
    }

    /// Tells the watchers.
    pub(super) fn publish(&self, event: &AgentEvent) {
        let _ = self.events.send(line(event));
    }

    /// What it says of itself.
    pub(super) fn status(&self) -> AgentStatus {
        let own = std::process::id();
        let ready = !self.process.has_ended();
        let tree = descendants(own);
        AgentStatus {
            tenant: Some(self.tenant.clone()),
            generation: Some(self.generation),
            pid: own,
            agent_pid: (!self.process.has_ended()).then_some(self.process.pid),
            ready,
            busy: self.activity.busy.load(Ordering::Relaxed),
            last_active_at: Timestamp::from_micros(self.activity.last.load(Ordering::Relaxed)),
            saved: self.saver.saved(),
            agent_memory_bytes: tree.iter().map(|&pid| resident_bytes(pid)).sum(),
            agent_cpu_ms: tree.iter().map(|&pid| processor_ms(pid)).sum(),
            memory_bytes: resident_bytes(own),
        }
    }

    /// Why the agent did not answer: how it ended, if it did, else `otherwise`.
    pub(super) async fn why(&self, otherwise: String) -> String {
        match tokio::time::timeout(NEWS, self.process.ended()).await {
            Ok(status) => self.process.obituary(status),
            Err(_) => otherwise,
        }
    }

    /// Drains for at most `drain`, ends the agent, saves its state. A repeat waits for the first call and gets its
    /// answer. Run it in a task of its own: it must not be cancelled.
    pub(super) async fn stop(&self, drain: Duration) -> Stopped {
        let stopped = self.stopped.get_or_init(|| async {
            self.closed.store(true, Ordering::Relaxed);
            let _ = tokio::time::timeout(drain, self.activity.idle()).await;
            self.process.end(self.command.grace).await;
            let stopped = match self.saver.save_last().await {
                Ok(snapshot) => {
                    if let Err(error) = state::mark_clean(&self.home) {
                        tracing::warn!("the clean stop could not be marked: {error}");
                    }
                    Stopped { snapshot, snapshot_error: None }
                }
                Err(error) => Stopped { snapshot: None, snapshot_error: Some(error.chain()) },
            };
            self.stop_done.notify_one();
            stopped
        });
        stopped.await.clone()
    }

    /// Waits until the control plane has been silent for too long, while the agent has no work.
    pub(super) async fn orphaned(&self) {
        let limit = self.command.orphan_timeout;
        loop {
            let quiet = self.contact.quiet().unwrap_or_default();
            if quiet >= limit && self.activity.busy.load(Ordering::Relaxed) == 0 {
                return;
            }
            // Work, or a watch, ends without a word: it is looked for once in a while.
            tokio::time::sleep(limit.saturating_sub(quiet).max(limit / 10)).await;
        }
    }

    /// Waits for the end, asked for or not, and says how the process is to exit. Its connections are open then.
    pub(super) async fn ended(&self) -> ExitCode {
        let status = self.process.ended().await;
        if !self.is_open() {
            self.stop_done.notified().await;
            return ExitCode::SUCCESS;
        }
        self.closed.store(true, Ordering::Relaxed);
        kill_descendants().await;
        if self.is_remote {
            // What it wrote last ends with this machine.
            match self.saver.save().await {
                Ok(Some(taken)) => self.publish(&AgentEvent::Snapshot(taken)),
                Ok(None) => {}
                Err(error) => tracing::error!("what the agent wrote last was not saved: {}", error.chain()),
            }
        }
        let reason = self.process.obituary(status);
        let _ = self.exited.set(reason.clone());
        self.publish(&AgentEvent::Exited { reason });
        ExitCode::FAILURE
    }

    /// Waits until the last archive is where others find it.
    pub(super) async fn all_sent(&self) {
        let Some(last) = self.saver.last_taken().await else { return };
        let mut sent = self.sent.subscribe();
        let _ = sent.wait_for(|sent| sent.as_ref().is_some_and(|sent| *sent >= last.file)).await;
    }

    /// Removes what only a living `agentd` has.
    pub(super) fn clean_up(&self) {
        let _ = fs::remove_file(self.home.socket());
        let _ = fs::remove_file(self.home.agent_socket());
        let _ = fs::remove_dir_all(self.home.secrets());
        let _ = self.home.record_remove();
    }
}

/// An event as a line of the watch.
pub(super) fn line(event: &AgentEvent) -> Bytes {
    let mut text = serde_json::to_vec(event).unwrap_or_default();
    text.push(b'\n');
    text.into()
}
