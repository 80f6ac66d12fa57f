//! The agents of one machine: each an `agentd` process with the agent program below it.
//!
//! Owns how an `agentd` is started, found again, asked and killed. Does not own what `agentd` does (`services::agentd`)
//! nor who should be running (`wake`, `stop`, `reconcile`).
//!
//! # Design notes
//! - An unbound `agentd` hangs on a socket pair whose other end only this process has: when this process ends, however,
//!   so does the `agentd`. A bound one lives on, and is found again by the lock of its tenant's [`home`].
//! - Nothing secret is in an argument, an environment or a file: the key goes through the socket pair, and is derived
//!   again by whoever has the keyring.
//! - Processes of one user are no security boundary: an agent can read, and signal, what else runs as that user. What
//!   this driver guards against is accidents and leftovers; tenants that attack each other need pods.
//! - A process is killed only while it is pinned and known to belong to the workload: see [`processes`].

pub mod home;
mod kill;
pub mod logs;
pub mod processes;
mod unbound;
mod watcher;

use std::{
    collections::HashMap,
    ffi::OsString,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use tokio::sync::broadcast;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    home::{Home, Record},
    unbound::Unbound,
    watcher::Watcher,
};
use crate::{
    agent::{
        AgentCommand, AgentSecrets, AgentStatus, AgentTemplate, Archive, Bind, Bound, Reply, Restore, SnapshotTaken,
        Stop, Stopped, Turn, key_purpose,
    },
    config::Config,
    drivers::agentd::{Clients, STATE_TIMEOUT, Target},
    error::{Error, Result},
    ports::{
        snapshots::Snapshots,
        workloads::{BindRequest, PoolKeeper, PoolSizes, TurnKey, Workload, WorkloadEvent, Workloads},
    },
    secret::{Keyring, random_bytes},
    tenant::{Agent, Endpoint, SnapshotRef, TenantId, WorkloadId},
};

/// How long an `agentd` that was told to end, or must, may take.
const END_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a home that has just changed hands is looked at again, and how many times.
const LOOK_AGAIN: (Duration, u32) = (Duration::from_millis(5), 10);
/// Homes that are asked at once in a listing.
const LIST_CONCURRENCY: usize = 32;

/// How to start an `agentd`: a program that calls `services::agentd::run` with these arguments, and
/// `services::agentd::exec_shim` when its first one is `services::agentd::EXEC_ARGUMENT`.
#[derive(Clone, Debug)]
pub struct AgentdCommand {
    /// The program; `/proc/self/exe` is the running one, even if its file was replaced.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// What an operator said of the warm pool, in the state directory.
const POOL_SIZE_FILE: &str = "pool-size";

/// The driver. Dropping it ends its unbound workloads and leaves the bound ones alone.
pub struct LocalWorkloads(Arc<Shared>);

struct Shared {
    state_dir: PathBuf,
    command: AgentCommand,
    snapshot_interval: Duration,
    agentd: AgentdCommand,
    keyring: Arc<Keyring>,
    snapshots: Arc<dyn Snapshots>,
    unbound: Mutex<HashMap<WorkloadId, Unbound>>,
    clients: Clients,
    watchers: Mutex<HashMap<WorkloadId, Arc<Watcher>>>,
    events: broadcast::Sender<WorkloadEvent>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Drop for LocalWorkloads {
    fn drop(&mut self) {
        self.0.closing.cancel();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what blocks on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::internal(format!("a blocking task broke off: {e}")))
}

impl LocalWorkloads {
    /// The driver for the state directory and the agent program of `config`. Makes the directory of homes; starts
    /// nothing.
    pub fn new(
        config: &Config,
        keyring: Arc<Keyring>,
        snapshots: Arc<dyn Snapshots>,
        agentd: AgentdCommand,
    ) -> Result<Self> {
        let state_dir = std::path::absolute(&config.state_dir).map_err(Error::io("open", &config.state_dir))?;
        let homes = Home::all_of(&state_dir);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&homes).map_err(Error::io("create", &homes))?;
        let closing = CancellationToken::new();
        let tasks = TaskTracker::new();
        Ok(Self(Arc::new(Shared {
            state_dir,
            command: config.agent.clone(),
            snapshot_interval: config.snapshot_interval,
            agentd,
            keyring,
            snapshots,
            unbound: Mutex::default(),
            clients: Clients::new(None, tasks.clone(), closing.clone()),
            watchers: Mutex::default(),
            events: broadcast::channel(1024).0,
            tasks,
            closing,
        })))
    }
}

impl Shared {
    fn home(&self, tenant: &TenantId) -> Home {
        Home::of(&self.state_dir, tenant)
    }

    fn target(&self, tenant: &TenantId, agent: &Agent) -> Result<Arc<Target>> {
        self.clients.target(tenant, agent, || self.keyring.derive(&key_purpose(tenant, agent.generation)))
    }

    /// The restore part of a bind. An archive that is missing matters only where there is no local state that is as new.
    async fn restore(&self, home: &Home, snapshot: Option<&SnapshotRef>) -> Result<Option<Restore>> {
        let Some(snapshot) = snapshot else { return Ok(None) };
        match self.snapshots.snapshot_path(&snapshot.key).await {
            Ok(path) => Ok(Some(Restore {
                from: Archive::File(path),
                sha256: snapshot.sha256.clone(),
                generation: snapshot.generation,
            })),
            Err(error @ Error::NotFound { .. }) => {
                let has_state = fs::read_dir(home.state()).is_ok_and(|mut entries| entries.next().is_some());
                let is_older = home.state_generation().is_some_and(|local| local < snapshot.generation);
                if has_state && !is_older { Ok(None) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    /// The record of whoever holds the home, if it is the living process that wrote it.
    fn living_record(home: &Home, tenant: &TenantId) -> Option<Record> {
        home.record()
            .filter(|record| record.tenant == *tenant && processes::start_ticks(record.pid) == Some(record.start_ticks))
    }

    async fn find(&self, tenant: &TenantId) -> Result<Option<Workload>> {
        let home = self.home(tenant);
        let held = || home.is_held().map_err(Error::io("lock", home.lock_file()));
        let mut looks = 0;
        loop {
            if !held()? {
                return Ok(None);
            }
            looks += 1;
            let Some(record) = Self::living_record(&home, tenant) else {
                // Between the lock and the record; or its agentd is dead, and its agent not yet.
                if looks < LOOK_AGAIN.1 {
                    tokio::time::sleep(LOOK_AGAIN.0).await;
                    continue;
                }
                let lock_file = home.lock_file();
                let id = match home.record() {
                    Some(record) => record.workload,
                    None => blocking(move || processes::workload_holding(&lock_file))
                        .await?
                        .unwrap_or_else(|| kill::unknown(tenant)),
                };
                return Ok(Some(Workload { id, tenant: Some(tenant.clone()), agent: None }));
            };
            let agent = Agent {
                workload: record.workload.clone(),
                generation: record.generation,
                endpoint: Endpoint::Unix(record.socket.clone()),
            };
            // It listens only once its agent was healthy; one that is being stopped still answers, and is to be asked.
            let answers = match self.target(tenant, &agent)?.status().await {
                Ok(_) => true,
                Err(_) if !held()? => return Ok(None),
                Err(_) => false,
            };
            return Ok(Some(Workload {
                id: record.workload,
                tenant: Some(tenant.clone()),
                agent: answers.then_some(agent),
            }));
        }
    }

    fn forget(&self, workload: &WorkloadId) {
        self.clients.forget(workload);
        locked(&self.watchers).remove(workload);
    }

    fn watch(self: &Arc<Self>, tenant: &TenantId, agent: &Agent) {
        let mut watchers = locked(&self.watchers);
        if !watchers.contains_key(&agent.workload) {
            let watcher = Arc::new(Watcher::default());
            watchers.insert(agent.workload.clone(), watcher.clone());
            let closing = self.closing.clone();
            let run = watcher::run(Arc::downgrade(self), watcher, tenant.clone(), agent.clone());
            self.tasks.spawn(async move { closing.run_until_cancelled(run).await });
        }
    }
}

#[async_trait]
impl PoolSizes for LocalWorkloads {
    async fn pool_size(&self) -> Result<Option<usize>> {
        let path = self.0.state_dir.join(POOL_SIZE_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => {
                text.trim().parse().map(Some).map_err(|_| {
                    Error::invalid("pool size", format!("`{}` holds no number: remove it", path.display()))
                })
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io("read", path)(e)),
        }
    }

    async fn pool_size_set(&self, size: Option<usize>) -> Result<()> {
        let path = self.0.state_dir.join(POOL_SIZE_FILE);
        let Some(size) = size else {
            return match fs::remove_file(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path)(e)),
                _ => Ok(()),
            };
        };
        super::whole::write(&path, format!("{size}\n").as_bytes())
    }
}

#[async_trait]
impl Workloads for LocalWorkloads {
    fn workloads_are_local(&self) -> bool {
        true
    }

    fn workload_pool(&self) -> PoolKeeper<'_> {
        PoolKeeper::ControlPlane(self)
    }

    async fn workload_start(&self) -> Result<WorkloadId> {
        let id = WorkloadId(hex::encode(random_bytes::<8>()?));
        let unbound = Unbound::start(&self.0, &id).await?;
        locked(&self.0.unbound).insert(id.clone(), unbound);
        Ok(id)
    }

    async fn workload_bind(&self, id: &WorkloadId, request: &BindRequest) -> Result<(Agent, Bound)> {
        let shared = &self.0;
        let BindRequest { tenant, generation, snapshot } = request;
        let unbound = locked(&shared.unbound).remove(id).ok_or_else(|| Error::not_found("workload", id))?;
        let home = shared.home(tenant);
        let secrets = shared.command.secrets.as_deref().map(AgentSecrets::read).transpose()?.unwrap_or_default();
        let bind = Bind {
            secrets,
            template: AgentTemplate::default(),
            tenant: tenant.clone(),
            generation: *generation,
            key: shared.keyring.derive(&key_purpose(tenant, *generation)).expose().to_owned(),
            command: shared.command.clone(),
            home: home.path().to_path_buf(),
            restore: shared.restore(&home, snapshot.as_ref()).await?,
            snapshots: shared.snapshots.snapshot_directory(tenant, *generation).await?,
            snapshot_interval: shared.snapshot_interval,
        };
        match unbound.bind(&bind, STATE_TIMEOUT + shared.command.ready_timeout).await {
            Ok(bound) => {
                let endpoint = Endpoint::Unix(bound.socket.clone());
                let agent = Agent { workload: id.clone(), generation: *generation, endpoint };
                shared.watch(tenant, &agent);
                Ok((agent, bound))
            }
            Err(error) => {
                // Its agentd ends by itself after such an answer, or is dead; nothing may be left in any case.
                unbound.end(END_TIMEOUT).await;
                kill::marked(id).await?;
                Err(match (error, snapshot) {
                    (Error::Corrupt { what, reason, .. }, Some(snapshot)) => {
                        Error::Corrupt { what, path: PathBuf::from(&snapshot.key), reason }
                    }
                    (error, _) => error,
                })
            }
        }
    }

    async fn workload_list(&self) -> Result<Vec<Workload>> {
        let homes = Home::all_of(&self.0.state_dir);
        let held = blocking(move || -> Result<Vec<TenantId>> {
            let mut held = Vec::new();
            for entry in fs::read_dir(&homes).map_err(Error::io("read", &homes))? {
                let name = entry.map_err(Error::io("read", &homes))?.file_name();
                let Some(tenant) = name.to_str().and_then(|name| name.parse::<TenantId>().ok()) else { continue };
                let home = Home::at(homes.join(&name));
                if home.is_held().map_err(Error::io("lock", home.lock_file()))? {
                    held.push(tenant);
                }
            }
            Ok(held)
        })
        .await??;
        let mut found: Vec<Workload> =
            locked(&self.0.unbound).keys().map(|id| Workload { id: id.clone(), tenant: None, agent: None }).collect();
        let asked = futures::stream::iter(held).map(|tenant| async move { self.0.find(&tenant).await });
        let mut asked = asked.buffer_unordered(LIST_CONCURRENCY);
        while let Some(workload) = asked.next().await {
            found.extend(workload?);
        }
        Ok(found)
    }

    async fn workload_find(&self, tenant: &TenantId) -> Result<Option<Workload>> {
        self.0.find(tenant).await
    }

    async fn workload_watch(&self, tenant: &TenantId, agent: &Agent) -> Result<()> {
        // Checks that the agent can be asked at all, as this port's.
        self.0.target(tenant, agent)?;
        self.0.watch(tenant, agent);
        Ok(())
    }

    fn workload_events(&self) -> broadcast::Receiver<WorkloadEvent> {
        self.0.events.subscribe()
    }

    async fn agent_status(&self, tenant: &TenantId, agent: &Agent) -> Result<AgentStatus> {
        self.0.target(tenant, agent)?.status().await
    }

    async fn agent_turn(&self, agent: &Agent, key: TurnKey<'_>, turn: &Turn, timeout: Duration) -> Result<Reply> {
        self.0.target(&key.update.tenant, agent)?.turn(key, turn, timeout).await
    }

    async fn agent_exec(&self, tenant: &TenantId, agent: &Agent) -> Result<Box<dyn crate::exec::Duplex>> {
        self.0.target(tenant, agent)?.exec().await
    }

    async fn agent_snapshot(&self, tenant: &TenantId, agent: &Agent) -> Result<Option<SnapshotTaken>> {
        self.0.target(tenant, agent)?.snapshot().await
    }

    async fn agent_stop(&self, tenant: &TenantId, agent: &Agent, stop: &Stop) -> Result<Stopped> {
        let shared = &self.0;
        let target = shared.target(tenant, agent)?;
        let home = shared.home(tenant);
        let watcher = locked(&shared.watchers).get(&agent.workload).cloned();
        let quiet = watcher.as_ref().map(|watcher| watcher.stop());
        let supervisor = Shared::living_record(&home, tenant)
            .filter(|record| record.workload == agent.workload)
            .and_then(|record| processes::Pinned::started_at(record.pid, record.start_ticks));
        let stopped = target.stop(stop, shared.command.grace).await?;
        if let Some(supervisor) = supervisor {
            // What does not end in time is killed below.
            let _ = tokio::time::timeout(END_TIMEOUT, supervisor.ended()).await;
        }
        kill::bound(&agent.workload, &home).await?;
        if let Some(quiet) = quiet {
            quiet.done();
        }
        shared.forget(&agent.workload);
        Ok(stopped)
    }

    async fn workload_kill(&self, workload: &Workload) -> Result<()> {
        let unbound = locked(&self.0.unbound).remove(&workload.id);
        if let Some(unbound) = unbound {
            unbound.end(Duration::ZERO).await;
        }
        match &workload.tenant {
            Some(tenant) => kill::bound(&workload.id, &self.0.home(tenant)).await?,
            None => kill::marked(&workload.id).await?,
        }
        self.0.clients.forget(&workload.id);
        Ok(())
    }

    async fn workload_purge(&self, tenant: &TenantId) -> Result<()> {
        let home = self.0.home(tenant);
        let mut looks = 0;
        let lock = loop {
            match home.lock() {
                Ok(Some(lock)) => break lock,
                Ok(None) if looks < LOOK_AGAIN.1 => {
                    looks += 1;
                    tokio::time::sleep(LOOK_AGAIN.0).await;
                }
                Ok(None) => return Err(Error::conflict("agent", tenant, "the tenant has a live agent")),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(e) => return Err(Error::io("lock", home.lock_file())(e)),
            }
        };
        blocking(move || {
            // The lock goes last, so that no agent starts among the ruins.
            for entry in fs::read_dir(home.path()).map_err(Error::io("read", home.path()))? {
                let path = entry.map_err(Error::io("read", home.path()))?.path();
                if path == home.lock_file() {
                    continue;
                }
                let is_dir = fs::symlink_metadata(&path).map_err(Error::io("remove", &path))?.is_dir();
                if is_dir { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
                    .map_err(Error::io("remove", &path))?;
            }
            fs::remove_dir_all(home.path()).map_err(Error::io("remove", home.path()))?;
            drop(lock);
            Ok(())
        })
        .await?
    }

    async fn workload_logs(
        &self,
        tenant: &TenantId,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>> {
        logs::open(&self.0.home(tenant), tenant, tail, follow).await
    }
}
