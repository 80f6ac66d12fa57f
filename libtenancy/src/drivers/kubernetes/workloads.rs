//! Agents as pods: each an `agentd` with the agent program below it, in a pod that becomes one tenant's for ever.
//!
//! Owns pods: how one is made, claimed from the pool, known by its key, watched and deleted. Does not own what an `agentd`
//! does (`services::agentd`) nor who should be running (`wake`, `stop`, `reconcile`).
//!
//! # Whose a pod is
//! Its labels say so: `tenant` and the generation it is for. They are written once: with the pod, or by the claim that takes
//! it out of the pool, a patch that fails if anybody else was first. The pool's Deployment then sees one pod less and starts
//! another. A workload is a pod's name and its UID, so what is deleted is never a later pod of that name.
//!
//! # Who speaks with whom
//! A pod calls out once ([`registrar`]), and its `agentd`'s key becomes an annotation of it. From then on every replica of the
//! control plane reaches it at its address, over TLS with both keys pinned: another pod that gets the address later has
//! another key. Archives go between the pod and the store by signed URLs.
//!
//! # Design notes
//! - What one agent waits for is told by one watch on all pods; nothing asks again and again.
//! - Lists, against which records are reconciled, are read from the API server: the watch may lag.

mod condition;
mod manifest;
pub mod plain;
mod pod_set;
mod pods;
mod pool;
mod registrar;
mod start;
mod watcher;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use http_body_util::BodyExt;
use hyper::Method;
use k8s_openapi::api::core::v1::Pod;
use tokio::{net::TcpListener, sync::broadcast};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(super) use self::manifest::{PLACE_PRIORITY, SELECTOR};
use self::{
    condition::Condition,
    manifest::{Kind, Template, name, parse_id, workload_id},
    pod_set::PodSet,
    registrar::Registrar,
};
use super::Kubernetes;
use crate::{
    agent::{
        AgentCommand, AgentSecrets, AgentStatus, AgentTemplate, Archive, Bind, Bound, Reply, Restore, SnapshotTaken,
        Stop, Stopped, Turn, Upload, Url, key_purpose, path, pod,
    },
    clock::Stopwatch,
    config::Config,
    drivers::agentd::{Clients, STATE_TIMEOUT, Target, classify as classify_answer},
    error::{Error, Result},
    pinned::{Identity, Pin},
    ports::{
        snapshots::Snapshots,
        workloads::{BindRequest, PoolKeeper, Started, TurnKey, Workload, WorkloadEvent, Workloads},
    },
    secret::Keyring,
    stores::PodSettings,
    tenant::{Agent, Endpoint, Generation, SnapshotRef, TenantId, WorkloadId},
};

/// How long a URL for an archive is good for.
const URL_VALID: Duration = Duration::from_mins(15);

/// How long a pod may take to vanish once it was told to; then its node does not answer.
const END_TIMEOUT: Duration = Duration::from_secs(40);

/// The grace of a pod whose agent must end, seconds.
const QUICK_GRACE: u32 = 1;

/// Agents that are asked at once in a listing.
const LIST_CONCURRENCY: usize = 32;

/// Between two attempts to have the last archive of an agent stored.
const SEND_AGAIN: Duration = Duration::from_secs(1);

/// How long an answer to a turn's log may take to begin.
const LOG_TIMEOUT: Duration = Duration::from_secs(10);

/// The driver. Dropping it leaves every pod as it is.
pub struct PodWorkloads(Arc<Shared>);

struct Shared {
    set: PodSet,
    command: AgentCommand,
    snapshot_interval: Duration,
    keyring: Arc<Keyring>,
    identity: Identity,
    snapshots: Arc<dyn Snapshots>,
    clients: Clients,
    watchers: Mutex<HashMap<WorkloadId, CancellationToken>>,
    events: broadcast::Sender<WorkloadEvent>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Drop for PodWorkloads {
    fn drop(&mut self) {
        self.0.closing.cancel();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn label<'a>(pod: &'a Pod, key: &str) -> Option<&'a str> {
    pod.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

/// Whose agent a pod of ours is, or is about to be.
pub(super) fn tenant_of(pod: &Pod) -> Option<TenantId> {
    label(pod, name::TENANT)?.parse().ok()
}

fn generation(pod: &Pod) -> Option<Generation> {
    label(pod, name::GENERATION)?.parse().ok().map(Generation)
}

/// Where a pod's `agentd` is, once it is known.
fn endpoint(pod: &Pod) -> Option<Endpoint> {
    let key: Pin = pod.metadata.annotations.as_ref()?.get(name::KEY)?.parse().ok()?;
    let ip = pod.status.as_ref()?.pod_ip.as_deref()?.parse().ok()?;
    Some(Endpoint::Pinned { address: SocketAddr::new(ip, pod::PORT), key })
}

impl PodWorkloads {
    /// The driver for a cluster and the agent program of `config`. Asks nothing and starts nothing.
    pub fn new(
        kubernetes: Kubernetes,
        settings: PodSettings,
        config: &Config,
        keyring: Arc<Keyring>,
        snapshots: Arc<dyn Snapshots>,
    ) -> Result<Self> {
        let mut seed = [0; 32];
        hex::decode_to_slice(keyring.derive(pod::KEY_PURPOSE).expose(), &mut seed)
            .map_err(|e| Error::internal(format!("a derived key is none: {e}")))?;
        let identity = Identity::from_seed(&seed)?;
        let (closing, tasks) = (CancellationToken::new(), TaskTracker::new());
        // The pod's own limits are in force.
        let command = AgentCommand { memory_bytes: None, cpu_millis: None, ..config.agent.clone() };
        Ok(Self(Arc::new(Shared {
            set: PodSet::new(kubernetes, settings),
            command,
            snapshot_interval: config.snapshot_interval,
            keyring,
            clients: Clients::new(Some(identity.clone()), tasks.clone(), closing.clone()),
            identity,
            snapshots,
            watchers: Mutex::default(),
            events: broadcast::channel(1024).0,
            tasks,
            closing,
        })))
    }
}

impl Shared {
    fn template(&self) -> Template<'_> {
        Template { settings: &self.set.settings, kind: Kind::Agentd(self.identity.pin()) }
    }

    fn target(&self, tenant: &TenantId, agent: &Agent) -> Result<Arc<Target>> {
        self.clients.target(tenant, agent, || self.keyring.derive(&key_purpose(tenant, agent.generation)))
    }

    fn forget(&self, workload: &WorkloadId) {
        self.clients.forget(workload);
        if let Some(watcher) = locked(&self.watchers).remove(workload) {
            watcher.cancel();
        }
    }

    fn watch(self: &Arc<Self>, tenant: &TenantId, agent: &Agent) {
        let mut watchers = locked(&self.watchers);
        if !watchers.contains_key(&agent.workload) {
            let quiet = self.closing.child_token();
            watchers.insert(agent.workload.clone(), quiet.clone());
            let run = watcher::run(Arc::downgrade(self), tenant.clone(), agent.clone());
            self.tasks.spawn(async move { quiet.run_until_cancelled(run).await });
        }
    }

    /// Where the archive of a bind is.
    async fn restore(&self, snapshot: Option<&SnapshotRef>) -> Result<Option<Restore>> {
        let Some(snapshot) = snapshot else { return Ok(None) };
        let url = self.snapshots.snapshot_download_url(&snapshot.key, URL_VALID).await?;
        let from = Archive::Url(Url(url.ok_or_else(no_urls)?));
        Ok(Some(Restore { from, sha256: snapshot.sha256.clone(), generation: snapshot.generation }))
    }

    /// Has the agent write an archive into the store, and says that there is one if `news`.
    async fn send(&self, tenant: &TenantId, agent: &Agent, taken: &SnapshotTaken, news: bool) -> Result<()> {
        let snapshot = SnapshotRef {
            key: self.snapshots.snapshot_key(tenant, agent.generation, &taken.file)?,
            sha256: taken.sha256.clone(),
            bytes: taken.bytes,
            generation: agent.generation,
            taken_at: taken.taken_at,
            instead_of: None,
        };
        let url = self.snapshots.snapshot_upload_url(&snapshot, URL_VALID).await?.ok_or_else(no_urls)?;
        let upload = Upload { file: taken.file.clone(), url: Url(url.url), headers: url.headers };
        self.target(tenant, agent)?.ask::<()>(path::UPLOAD, &upload, STATE_TIMEOUT).await?;
        if news {
            let (tenant, generation, taken) = (tenant.clone(), agent.generation, taken.clone());
            let _ = self.events.send(WorkloadEvent::Snapshot { tenant, generation, taken });
        }
        Ok(())
    }

    /// What a pod of a tenant is, as its `agentd` says.
    async fn look(&self, pod: Pod) -> Option<Workload> {
        let pod = &pod;
        let id = workload_id(pod);
        let Some(tenant) = label(pod, name::TENANT) else { return Some(Workload { id, tenant: None, agent: None }) };
        let tenant: TenantId = tenant.parse().ok()?;
        let known = endpoint(pod).zip(generation(pod));
        let agent = known.map(|(endpoint, generation)| Agent { workload: id.clone(), generation, endpoint });
        let answers = match (&agent, Condition::of(pod)) {
            (Some(agent), Condition::Running | Condition::Ending(_)) => {
                let status = async { self.target(&tenant, agent)?.status().await };
                status.await.is_ok_and(|status| status.tenant.as_ref() == Some(&tenant))
            }
            _ => false,
        };
        Some(Workload { id, tenant: Some(tenant), agent: agent.filter(|_| answers) })
    }

    async fn bind(&self, id: &WorkloadId, request: &BindRequest) -> Result<(Agent, Bound)> {
        let BindRequest { tenant, generation, snapshot } = request;
        let (name, uid) = parse_id(id)?;
        let pod = self.set.seen.watch(name).borrow().clone();
        let pod = pod.filter(|pod| pod.metadata.uid.as_deref() == Some(uid));
        let pod = pod.ok_or_else(|| Error::not_found("workload", id))?;
        self.set.alone(tenant, uid)?;
        let endpoint = endpoint(&pod).ok_or_else(|| Error::unavailable("agent", "its agentd is not known"))?;
        let agent = Agent { workload: id.clone(), generation: *generation, endpoint };
        let secrets = self.command.secrets.as_deref().map(AgentSecrets::read).transpose()?.unwrap_or_default();
        let template = self.command.template.as_deref().map(AgentTemplate::read).transpose()?.unwrap_or_default();
        let data = std::path::Path::new(pod::DATA_DIR);
        let bind = Bind {
            secrets,
            template,
            tenant: tenant.clone(),
            generation: *generation,
            key: self.keyring.derive(&key_purpose(tenant, *generation)).expose().to_owned(),
            command: AgentCommand { secrets: None, template: None, ..self.command.clone() },
            home: data.join("home"),
            restore: self.restore(snapshot.as_ref()).await?,
            snapshots: data.join("archives"),
            snapshot_interval: self.snapshot_interval,
        };
        let timeout = STATE_TIMEOUT + self.command.ready_timeout;
        let bound = self.target(tenant, &agent)?.ask(path::BIND, &bind, timeout).await;
        match (bound, snapshot) {
            (Ok(bound), _) => Ok((agent, bound)),
            (Err(Error::Corrupt { what, reason, .. }), Some(snapshot)) => {
                Err(Error::Corrupt { what, path: snapshot.key.clone().into(), reason })
            }
            (Err(error), _) => Err(error),
        }
    }
}

fn no_urls() -> Error {
    Error::invalid("snapshots", "agents in pods need a store that gives URLs: \"s3\"")
}

#[async_trait]
impl Workloads for PodWorkloads {
    fn workloads_are_local(&self) -> bool {
        false
    }

    async fn workloads_open(&self) -> Result<()> {
        let shared = &self.0;
        let set = &shared.set;
        let address = set.settings.listen;
        let listener = TcpListener::bind(address).await.map_err(Error::io("listen on", address.to_string()))?;
        let registrar = Registrar::new(
            set.kubernetes.clone(),
            set.api(),
            &set.settings.namespace,
            &set.settings.service_account,
            &shared.identity,
        )?;
        let serve = Arc::new(registrar).serve(listener, shared.tasks.clone(), shared.closing.clone());
        shared.tasks.spawn(serve);
        set.follow(&shared.tasks, &shared.closing).await
    }

    fn workload_pool(&self) -> PoolKeeper<'_> {
        PoolKeeper::Platform(self)
    }

    async fn workload_start(&self) -> Result<WorkloadId> {
        Err(Error::internal("pods without a tenant are the pool's"))
    }

    async fn workload_start_for(&self, request: &BindRequest) -> Result<Started> {
        let Shared { set, .. } = &*self.0;
        let pod = self.0.template().pod(&request.tenant, request.generation, None)?;
        let id = set.make(request, &pod).await?;
        set.started(id, &request.tenant, |pod| endpoint(pod).is_some(), "its agentd has not called out").await
    }

    fn workload_waits(&self, tenant: &TenantId) -> Option<String> {
        self.0.set.waits(tenant)
    }

    async fn workload_bind(&self, id: &WorkloadId, request: &BindRequest) -> Result<(Agent, Bound)> {
        match self.0.bind(id, request).await {
            Ok((agent, bound)) => {
                self.0.watch(&request.tenant, &agent);
                Ok((agent, bound))
            }
            Err(error) => {
                self.0.forget(id);
                if let Err(left) = self.0.set.delete(id, QUICK_GRACE).await {
                    tracing::warn!(workload = %id, error = left.chain(), "a pod that was not bound was not deleted");
                }
                Err(error)
            }
        }
    }

    async fn workload_list(&self) -> Result<Vec<Workload>> {
        self.0.set.list(SELECTOR, |pod| self.0.look(pod)).await
    }

    async fn workload_find(&self, tenant: &TenantId) -> Result<Option<Workload>> {
        let mut found = self.0.set.list(&format!("{}={tenant}", name::TENANT), |pod| self.0.look(pod)).await?;
        // The one that answers, if there is one: what does not is on its way out.
        found.sort_by_key(|workload| workload.agent.as_ref().map(|agent| agent.generation));
        Ok(found.pop())
    }

    async fn workload_watch(&self, tenant: &TenantId, agent: &Agent) -> Result<()> {
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
        let taken = self.0.target(tenant, agent)?.snapshot().await?;
        if let Some(taken) = &taken {
            self.0.send(tenant, agent, taken, false).await?;
        }
        Ok(taken)
    }

    async fn agent_stop(&self, tenant: &TenantId, agent: &Agent, stop: &Stop) -> Result<Stopped> {
        let shared = &self.0;
        let target = shared.target(tenant, agent)?;
        let mut stopped = target.stop(stop, shared.command.grace).await?;
        // Its end is no news, and its archive is in the pod alone: the pod stays until the store has it.
        if let Some(watcher) = locked(&shared.watchers).remove(&agent.workload) {
            watcher.cancel();
        }
        if let Some(taken) = stopped.snapshot.clone() {
            let watch = Stopwatch::start();
            while let Err(error) = shared.send(tenant, agent, &taken, false).await {
                if watch.elapsed() > STATE_TIMEOUT {
                    stopped = Stopped { snapshot: None, snapshot_error: Some(error.chain()) };
                    break;
                }
                tracing::warn!(tenant = %tenant, error = error.chain(), "the state was not stored; it is tried again");
                tokio::time::sleep(SEND_AGAIN).await;
            }
        }
        if let Err(error) = shared.set.remove(&agent.workload).await {
            // Its agent has ended; the reconciler finds the pod.
            tracing::warn!(tenant = %tenant, error = error.chain(), "the pod of a stopped agent was not removed");
        }
        shared.forget(&agent.workload);
        Ok(stopped)
    }

    async fn workload_kill(&self, workload: &Workload) -> Result<()> {
        self.0.forget(&workload.id);
        self.0.set.delete(&workload.id, QUICK_GRACE).await
    }

    async fn workload_purge(&self, tenant: &TenantId) -> Result<()> {
        match self.workload_find(tenant).await? {
            None => Ok(()),
            Some(_) => Err(Error::conflict("agent", tenant, "the tenant has a live agent")),
        }
    }

    async fn workload_logs(
        &self,
        tenant: &TenantId,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        let agent = self.workload_find(tenant).await?.and_then(|workload| workload.agent);
        let target = self.0.target(tenant, &agent.ok_or_else(|| Error::not_found("log", tenant))?)?;
        let path = format!("{}?tail={tail}&follow={follow}", path::LOGS);
        let asked = tokio::time::timeout(LOG_TIMEOUT, target.send(Method::GET, &path, None, Bytes::new())).await;
        let (response, connection) = asked
            .map_err(|_| Error::unavailable("agent", format!("no answer within {LOG_TIMEOUT:?}")))?
            .map_err(|error| Error::unavailable("agent", error))?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            let text = body.collect().await.map_err(|error| Error::unavailable("agent", error))?.to_bytes();
            classify_answer(tenant, (head.status, text))?;
            return Err(Error::not_found("log", tenant));
        }
        // The connection ends with the stream.
        let blocks = body.into_data_stream().map_err(std::io::Error::other).map(move |block| {
            let _open = &connection;
            block
        });
        Ok(blocks.boxed())
    }
}
