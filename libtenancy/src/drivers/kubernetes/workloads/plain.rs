//! Agents as pods of an image without `agentd`: the agent is the image's entry point.
//!
//! Owns how such a pod is made, asked and ended. Does not own pods as such (`pod_set`), nor what is in the image.
//!
//! # What the image is given
//! [`TENANT`] says whose agent it is; [`SECRETS`] names a directory with a file `webhook_secret` and the operator's own; a
//! bot's token is never in it. With a state bucket, [`STATE_DIR`] is the tenant's part of it: whatever the agent is to
//! remember it writes there, before it ends (it has [`GRACE_SECONDS`] after SIGTERM). It answers on [`PORT`]: `GET /health`,
//! and `POST /webhook {"message"}` with `{"response"}`, where [`SECRET_HEADER`] carries the secret.
//!
//! # What it cannot have
//! Nobody takes archives of its state, joins or replays its turns, or knows of work that it does not get from here: a turn
//! whose outcome is unknown is run again. It is reached at an address without proof of who is there. The secret is another
//! one for every generation, so a stranger's agent at a reused address refuses the message, but it has seen it: there is no
//! confidentiality there.
//!
//! # Warm pods
//! Nothing makes a pod somebody's after its start. So a warm pod is a place: its claim deletes it, and the tenant's own pod
//! takes its room, on a node that has the image.

mod agent;
mod volumes;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{TryStreamExt, stream::BoxStream};
use k8s_openapi::{
    ByteString,
    api::core::v1::{Pod, Secret as SecretObject},
    apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use kube::{
    Api,
    api::{DeleteParams, LogParams, ObjectMeta, PostParams, Preconditions},
};
use tokio::sync::{broadcast, watch};
use tokio_util::{compat::FuturesAsyncReadCompatExt, io::ReaderStream, sync::CancellationToken, task::TaskTracker};

use self::{agent::AgentClient, volumes::Volumes};
use super::{
    super::{
        Kubernetes,
        connection::{classify, is},
    },
    QUICK_GRACE,
    condition::Condition,
    generation, label, locked,
    manifest::{GRACE_SECONDS, Kind, SELECTOR, Template, name, parse_id, pod_name, workload_id},
    pod_set::PodSet,
    pool::{is_warm, ready_since},
    watcher::gone,
};
use crate::{
    agent::{AgentCommand, AgentSecrets, AgentStatus, Bound, Reply, SnapshotTaken, Stop, Stopped, Turn, key_purpose},
    clock::{Stopwatch, Timestamp},
    config::Config,
    demand::PoolSize,
    error::{Error, Result},
    ports::workloads::{
        BindRequest, Pool, PoolKeeper, PoolStatus, Started, TurnKey, Workload, WorkloadEvent, Workloads,
    },
    secret::{Keyring, Secret},
    stores::{PlainPods, PodSettings},
    tenant::{Agent, Endpoint, Generation, TenantId, WorkloadId},
};

/// Where the agent answers.
pub const PORT: u16 = 3000;
/// The path that says that it can be asked.
pub(super) const HEALTH: &str = "/health";
/// The variable with the tenant's id.
pub const TENANT: &str = "TENANT_ID";
/// The variable with the directory of secrets.
pub const SECRETS: &str = "ZTM_SECRETS";
/// That directory.
pub(super) const SECRETS_DIR: &str = "/var/run/secrets/ztm";
/// The file in it that holds what requests prove themselves with.
const SECRET_FILE: &str = "webhook_secret";
/// The header in which they do.
pub const SECRET_HEADER: &str = "x-webhook-secret";
/// Where the tenant's part of the state bucket is (the first system's).
pub(super) const STATE_DIR: &str = "/s3-state";

/// Between two looks at an agent that has just begun to run.
const LOOK: Duration = Duration::from_millis(50);

/// The secret of a pod; it is removed with that pod.
pub(super) fn secret_name(tenant: &TenantId, generation: Generation) -> String {
    format!("zeroclaw-{tenant}-{generation}")
}

/// The claim of a tenant's state (the first system's name).
pub(super) fn claim_name(tenant: &TenantId) -> String {
    format!("pvc-tenant-{tenant}")
}

/// The driver. Dropping it leaves every pod as it is.
pub struct PlainWorkloads(Arc<Shared>);

struct Shared {
    set: PodSet,
    plain: PlainPods,
    command: AgentCommand,
    keyring: Arc<Keyring>,
    agents: AgentClient,
    /// How many turns are in flight from here.
    turns: Mutex<HashMap<WorkloadId, watch::Sender<u32>>>,
    watchers: Mutex<HashMap<WorkloadId, CancellationToken>>,
    events: broadcast::Sender<WorkloadEvent>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Drop for PlainWorkloads {
    fn drop(&mut self) {
        self.0.closing.cancel();
    }
}

/// Counts a turn while it is in flight.
struct InFlight<'a>(&'a Shared, WorkloadId);

impl<'a> InFlight<'a> {
    fn new(shared: &'a Shared, workload: &WorkloadId) -> Self {
        let mut turns = locked(&shared.turns);
        turns.entry(workload.clone()).or_default().send_modify(|count| *count += 1);
        Self(shared, workload.clone())
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut turns = locked(&self.0.turns);
        let Some(count) = turns.get(&self.1) else { return };
        count.send_modify(|count| *count -= 1);
        if *count.borrow() == 0 {
            turns.remove(&self.1);
        }
    }
}

fn address(pod: &Pod) -> Option<SocketAddr> {
    let ip = pod.status.as_ref()?.pod_ip.as_deref()?.parse().ok()?;
    Some(SocketAddr::new(ip, PORT))
}

fn failed(tenant: &TenantId, reason: impl Into<String>) -> Error {
    Error::AgentFailed { tenant: tenant.to_string(), reason: reason.into() }
}

impl PlainWorkloads {
    /// The driver for a cluster. Asks nothing and starts nothing.
    pub fn new(
        kubernetes: Kubernetes,
        settings: PodSettings,
        plain: PlainPods,
        config: &Config,
        keyring: Arc<Keyring>,
    ) -> Result<Self> {
        Ok(Self(Arc::new(Shared {
            set: PodSet::new(kubernetes, settings),
            plain,
            command: config.agent.clone(),
            keyring,
            agents: AgentClient::new()?,
            turns: Mutex::default(),
            watchers: Mutex::default(),
            events: broadcast::channel(1024).0,
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        })))
    }
}

impl Shared {
    fn template(&self) -> Template<'_> {
        Template { settings: &self.set.settings, kind: Kind::Plain(self.plain.clone()) }
    }

    fn volumes(&self) -> Option<Volumes<'_>> {
        let bucket = self.plain.state_bucket.as_deref()?;
        let client = &self.set.kubernetes.clients.asking;
        Some(Volumes { client, namespace: &self.set.settings.namespace, bucket })
    }

    /// What requests to this generation's agent prove themselves with.
    fn secret(&self, tenant: &TenantId, generation: Generation) -> Secret {
        self.keyring.derive(&key_purpose(tenant, generation))
    }

    /// Makes a tenant's pod, and what it needs. Nothing waits for it yet.
    async fn make(&self, request: &BindRequest, near: Option<&str>) -> Result<WorkloadId> {
        let BindRequest { tenant, generation, snapshot } = request;
        if snapshot.is_some() {
            let reason = "its state is in an archive, and its image has no agentd that could restore it";
            return Err(failed(tenant, reason));
        }
        if let Some(volumes) = self.volumes() {
            volumes.make(tenant).await?;
        }
        let pod = self.template().pod(tenant, *generation, near)?;
        let id = self.set.make(request, &pod).await?;
        // The pod waits for it. It goes first, so that whatever dies, its secret is never left alone.
        if let Err(error) = self.make_secret(request, &id).await {
            if let Err(left) = self.set.remove(&id).await {
                tracing::warn!(workload = %id, error = left.chain(), "a pod without its secret was not removed");
            }
            return Err(error);
        }
        Ok(id)
    }

    async fn make_secret(&self, request: &BindRequest, pod: &WorkloadId) -> Result<()> {
        let BindRequest { tenant, generation, .. } = request;
        let (pod, uid) = parse_id(pod)?;
        let own = self.command.secrets.as_deref().map(AgentSecrets::read).transpose()?.unwrap_or_default();
        let mut files: std::collections::BTreeMap<String, ByteString> =
            own.0.into_iter().map(|(name, text)| (name, ByteString(text.into_bytes()))).collect();
        let secret = self.secret(tenant, *generation).expose().as_bytes().to_vec();
        files.insert(SECRET_FILE.to_owned(), ByteString(secret));
        let owner = OwnerReference {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            name: pod.to_owned(),
            uid: uid.to_owned(),
            ..OwnerReference::default()
        };
        let labels =
            [(name::APP.to_owned(), name::APP_AGENT.to_owned()), (name::TENANT.to_owned(), tenant.to_string())];
        let object = SecretObject {
            metadata: ObjectMeta {
                name: Some(secret_name(tenant, *generation)),
                labels: Some(labels.into()),
                owner_references: Some(vec![owner]),
                ..ObjectMeta::default()
            },
            immutable: Some(true),
            data: Some(files),
            ..SecretObject::default()
        };
        let namespace = &self.set.settings.namespace;
        let secrets: Api<SecretObject> = Api::namespaced(self.set.kubernetes.clients.asking.clone(), namespace);
        match secrets.create(&PostParams::default(), &object).await {
            Ok(_) => Ok(()),
            // Of an attempt of this very bind: the same secret, and it ends with that attempt's pod.
            Err(error) if is(&error, 409) => {
                Err(Error::unavailable("kubernetes", "an earlier pod's secret is still there"))
            }
            Err(error) => Err(classify(error, true)),
        }
    }

    /// The pod of a workload as it has been told, and where it is. `Unavailable` if it is not there.
    fn pod(&self, tenant: &TenantId, agent: &Agent) -> Result<(Arc<Pod>, SocketAddr)> {
        let (name, uid) = parse_id(&agent.workload)?;
        let pod = self.set.seen.watch(name).borrow().clone();
        let pod = pod.filter(|pod| pod.metadata.uid.as_deref() == Some(uid));
        let away = || Error::unavailable("agent", format!("its pod `{name}` does not run"));
        let pod = pod.ok_or_else(away)?;
        if label(&pod, name::TENANT) != Some(tenant.as_str()) || generation(&pod) != Some(agent.generation) {
            return Err(Error::conflict("agent", tenant, "its pod is another tenant's or generation's"));
        }
        let address = address(&pod).ok_or_else(away)?;
        let endpoint = Endpoint::Tcp(address);
        if agent.endpoint != endpoint {
            return Err(Error::conflict(
                "agent",
                tenant,
                format!("its pod is at {endpoint}, not at {}", agent.endpoint),
            ));
        }
        match Condition::of(&pod) {
            Condition::Running | Condition::Ending(_) => Ok((pod, address)),
            _ => Err(away()),
        }
    }

    /// What a pod of a tenant is, as far as it answers.
    async fn look(&self, pod: Pod) -> Option<Workload> {
        let id = workload_id(&pod);
        let Some(tenant) = label(&pod, name::TENANT) else { return Some(Workload { id, tenant: None, agent: None }) };
        let tenant: TenantId = tenant.parse().ok()?;
        let known = address(&pod).zip(generation(&pod));
        let runs = matches!(Condition::of(&pod), Condition::Running | Condition::Ending(_));
        let agent = match known.filter(|_| runs) {
            Some((address, generation)) if self.agents.health(address).await.is_ok() => {
                Some(Agent { workload: id.clone(), generation, endpoint: Endpoint::Tcp(address) })
            }
            _ => None,
        };
        Some(Workload { id, tenant: Some(tenant), agent })
    }

    /// Waits until the agent of a pod answers; how long it took once its pod ran.
    async fn healthy(&self, tenant: &TenantId, id: &WorkloadId) -> Result<(SocketAddr, Duration)> {
        let (name, uid) = parse_id(id)?;
        let mut pod = self.set.seen.watch(name);
        let (watch, limit) = (Stopwatch::start(), self.command.ready_timeout);
        loop {
            let seen = pod.borrow_and_update().clone();
            if let Some(reason) = gone(&seen, uid) {
                return Err(failed(tenant, reason));
            }
            let address = seen.as_deref().and_then(address);
            let said = match address {
                Some(address) => match self.agents.health(address).await {
                    Ok(()) => return Ok((address, watch.elapsed())),
                    Err(error) => error.chain(),
                },
                None => "its pod has no address".to_owned(),
            };
            if watch.elapsed() > limit {
                return Err(failed(tenant, format!("it was not healthy within {limit:?}: {said}")));
            }
            let _ = tokio::time::timeout(LOOK, pod.changed()).await;
        }
    }

    async fn bind(&self, id: &WorkloadId, request: &BindRequest) -> Result<(Agent, Bound)> {
        let BindRequest { tenant, generation, .. } = request;
        let (_, uid) = parse_id(id)?;
        self.set.alone(tenant, uid)?;
        // One that took a warm pod's place has just been made.
        self.set.known(id, tenant, |_| true, "it runs").await?;
        let (address, ready) = self.healthy(tenant, id).await?;
        let agent = Agent { workload: id.clone(), generation: *generation, endpoint: Endpoint::Tcp(address) };
        let limits = "pod".to_owned();
        Ok((agent, Bound { socket: std::path::PathBuf::new(), restore: Duration::ZERO, ready, limits }))
    }

    fn watch(self: &Arc<Self>, tenant: &TenantId, agent: &Agent) {
        let mut watchers = locked(&self.watchers);
        if watchers.contains_key(&agent.workload) {
            return;
        }
        let quiet = self.closing.child_token();
        watchers.insert(agent.workload.clone(), quiet.clone());
        let (weak, tenant, agent) = (Arc::downgrade(self), tenant.clone(), agent.clone());
        let run = async move {
            let Ok((name, uid)) = parse_id(&agent.workload) else { return };
            let Some(mut pod) = weak.upgrade().map(|shared| shared.set.seen.watch(name)) else { return };
            let Ok(seen) = pod.wait_for(|pod| gone(pod, uid).is_some()).await.map(|seen| seen.clone()) else { return };
            let (Some(reason), Some(shared)) = (gone(&seen, uid), weak.upgrade()) else { return };
            if let Err(error) = shared.set.remove(&agent.workload).await {
                tracing::warn!(tenant = %tenant, error = error.chain(), "the pod of an agent that ended was not removed");
            }
            locked(&shared.watchers).remove(&agent.workload);
            let _ = shared.events.send(WorkloadEvent::Gone { tenant, generation: agent.generation, reason });
        };
        self.tasks.spawn(async move { quiet.run_until_cancelled(run).await });
    }

    fn forget(&self, workload: &WorkloadId) {
        if let Some(watcher) = locked(&self.watchers).remove(workload) {
            watcher.cancel();
        }
    }

    /// Waits until no turn is in flight from here, at most so long.
    async fn drained(&self, workload: &WorkloadId, limit: Duration) {
        let turns = locked(&self.turns).get(workload).map(watch::Sender::subscribe);
        if let Some(mut turns) = turns {
            // The count is gone with the last one.
            let _ = tokio::time::timeout(limit, turns.wait_for(|count| *count == 0)).await;
        }
    }
}

#[async_trait]
impl Pool for PlainWorkloads {
    async fn pool_open(&self, configured: PoolSize, wanted: Option<usize>) -> Result<()> {
        self.0.set.pool_open(&self.0.template(), configured, wanted).await
    }

    async fn pool_scale(&self, size: Option<usize>, wanted: usize) -> Result<()> {
        self.0.set.pool_scale(&self.0.template(), size, wanted).await
    }

    async fn pool_claim(&self, request: &BindRequest) -> Result<Option<(WorkloadId, Timestamp)>> {
        let set = &self.0.set;
        let mut ready = set.seen.select(is_warm);
        ready.sort_by_cached_key(|pod| ready_since(pod));
        for pod in ready {
            let name = pod.metadata.name.clone().unwrap_or_default();
            let as_seen = Preconditions {
                uid: pod.metadata.uid.clone(),
                resource_version: pod.metadata.resource_version.clone(),
            };
            let parameters = DeleteParams {
                grace_period_seconds: Some(QUICK_GRACE),
                preconditions: Some(as_seen),
                ..DeleteParams::default()
            };
            match set.api().delete(&name, &parameters).await {
                Ok(_) => {
                    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
                    return Ok(Some((self.0.make(request, node).await?, ready_since(&pod))));
                }
                // Somebody else's, or gone.
                Err(error) if is(&error, 409) || is(&error, 404) => {}
                Err(error) => return Err(classify(error, true)),
            }
        }
        Ok(None)
    }

    fn pool_status(&self) -> PoolStatus {
        self.0.set.pool_status(is_warm)
    }
}

#[async_trait]
impl Workloads for PlainWorkloads {
    fn workloads_are_local(&self) -> bool {
        false
    }

    fn workloads_keep_state(&self) -> bool {
        true
    }

    async fn workloads_open(&self) -> Result<()> {
        self.0.set.follow(&self.0.tasks, &self.0.closing).await
    }

    fn workload_pool(&self) -> PoolKeeper<'_> {
        PoolKeeper::Platform(self)
    }

    async fn workload_start(&self) -> Result<WorkloadId> {
        Err(Error::internal("pods without a tenant are the pool's"))
    }

    async fn workload_start_for(&self, request: &BindRequest) -> Result<Started> {
        let id = self.0.make(request, None).await?;
        self.0.set.started(id, &request.tenant, |_| true, "it runs").await
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
        found.sort_by_key(|workload| workload.agent.as_ref().map(|agent| agent.generation));
        Ok(found.pop())
    }

    async fn workload_watch(&self, tenant: &TenantId, agent: &Agent) -> Result<()> {
        self.0.watch(tenant, agent);
        Ok(())
    }

    fn workload_events(&self) -> broadcast::Receiver<WorkloadEvent> {
        self.0.events.subscribe()
    }

    /// Busy are the turns that are in flight from here; those from elsewhere are pending in the inbox, or leased.
    async fn agent_status(&self, tenant: &TenantId, agent: &Agent) -> Result<AgentStatus> {
        let (_, address) = self.0.pod(tenant, agent)?;
        self.0.agents.health(address).await?;
        Ok(AgentStatus {
            tenant: Some(tenant.clone()),
            generation: Some(agent.generation),
            pid: 0,
            agent_pid: None,
            ready: true,
            busy: locked(&self.0.turns).get(&agent.workload).map_or(0, |count| *count.borrow()),
            last_active_at: Timestamp::default(),
            saved: None,
            agent_memory_bytes: None,
            agent_cpu_ms: None,
            memory_bytes: None,
        })
    }

    async fn agent_turn(&self, agent: &Agent, key: TurnKey<'_>, turn: &Turn, timeout: Duration) -> Result<Reply> {
        let (_, address) = self.0.pod(&key.update.tenant, agent)?;
        let _in_flight = InFlight::new(&self.0, &agent.workload);
        let secret = self.0.secret(&key.update.tenant, agent.generation);
        self.0.agents.turn(&key.update.tenant, address, &secret, turn, timeout).await
    }

    async fn agent_snapshot(&self, _: &TenantId, _: &Agent) -> Result<Option<SnapshotTaken>> {
        Err(Error::invalid("snapshot", "the agents' image has no agentd, which takes them"))
    }

    async fn agent_stop(&self, tenant: &TenantId, agent: &Agent, stop: &Stop) -> Result<Stopped> {
        if let Err(error @ Error::Conflict { .. }) = self.0.pod(tenant, agent) {
            return Err(error);
        }
        self.0.drained(&agent.workload, stop.drain).await;
        // Its end is no news.
        self.0.forget(&agent.workload);
        self.0.set.delete(&agent.workload, GRACE_SECONDS).await?;
        Ok(Stopped { snapshot: None, snapshot_error: None })
    }

    async fn workload_kill(&self, workload: &Workload) -> Result<()> {
        self.0.forget(&workload.id);
        self.0.set.delete(&workload.id, QUICK_GRACE).await
    }

    async fn workload_purge(&self, tenant: &TenantId) -> Result<()> {
        if self.workload_find(tenant).await?.is_some() {
            return Err(Error::conflict("agent", tenant, "the tenant has a live agent"));
        }
        match self.0.volumes() {
            Some(volumes) => volumes.remove(tenant).await,
            None => Ok(()),
        }
    }

    async fn workload_logs(
        &self,
        tenant: &TenantId,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        let set = &self.0.set;
        let pods: Api<Pod> = Api::namespaced(set.kubernetes.clients.streaming.clone(), &set.settings.namespace);
        let parameters = LogParams {
            container: Some(name::CONTAINER.to_owned()),
            follow,
            tail_lines: Some(tail.try_into().unwrap_or(i64::MAX)),
            ..LogParams::default()
        };
        match pods.log_stream(&pod_name(tenant), &parameters).await {
            Ok(log) => Ok(Box::pin(ReaderStream::new(log.compat()).map_err(std::io::Error::other))),
            // There is no pod, or nothing runs in it yet.
            Err(error) if is(&error, 404) || is(&error, 400) => Err(Error::not_found("log", tenant)),
            Err(error) => Err(classify(error, false)),
        }
    }
}
