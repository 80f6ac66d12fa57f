//! The orchestrator and the router over a real store, a machine that runs no agents (or, where a test needs them, the
//! built-in ones), and the Telegram double.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::http::Method;
use bytes::Bytes;
use futures::stream::BoxStream;
use libtenancy::{
    ControlPlane, Drivers, Error, Result, Shutdown, Tenancy,
    agent::{AgentStatus, Bound, Reply, SnapshotTaken, Stop, Stopped, Turn},
    clock::{Clock, SystemClock, Timestamp},
    config::Config,
    drivers::{
        local::{
            fleets::ThisMachine,
            signals::SignalSocket,
            snapshots::SnapshotDirectory,
            store::Store,
            workloads::{AgentdCommand, LocalWorkloads},
        },
        telegram::{Settings, Telegram},
    },
    ports::workloads::{BindRequest, PoolKeeper, PoolSizes, TurnKey, Workload, WorkloadEvent, Workloads},
    secret::{Keyring, Secret},
    tenant::{Agent, TenantId, WorkloadId},
};
use serde_json::Value;
use services::{
    auth::{Auth, Role},
    doubles::telegram::Double,
    orchestrator, router,
    server::Limits,
};
use tempfile::TempDir;
use tokio::sync::broadcast;

use crate::client::{Served, client};

/// The bot of every tenant here that has one.
pub(crate) const TOKEN: &str = "4711:AAfaces_secret-part";

/// A machine on which no agent can run, as one without the agent's program.
struct NoAgents(broadcast::Sender<WorkloadEvent>);

fn none<T>() -> Result<T> {
    Err(Error::unavailable("workload", "this machine runs no agents"))
}

#[async_trait]
impl PoolSizes for NoAgents {
    async fn pool_size(&self) -> Result<Option<usize>> {
        Ok(None)
    }
    async fn pool_size_set(&self, _: Option<usize>) -> Result<()> {
        none()
    }
}

#[async_trait]
impl Workloads for NoAgents {
    fn workloads_are_local(&self) -> bool {
        true
    }
    fn workload_pool(&self) -> PoolKeeper<'_> {
        PoolKeeper::ControlPlane(self)
    }
    async fn workload_start(&self) -> Result<WorkloadId> {
        none()
    }
    async fn workload_bind(&self, _: &WorkloadId, _: &BindRequest) -> Result<(Agent, Bound)> {
        none()
    }
    async fn workload_list(&self) -> Result<Vec<Workload>> {
        Ok(Vec::new())
    }
    async fn workload_find(&self, _: &TenantId) -> Result<Option<Workload>> {
        Ok(None)
    }
    async fn workload_watch(&self, _: &TenantId, _: &Agent) -> Result<()> {
        none()
    }
    fn workload_events(&self) -> broadcast::Receiver<WorkloadEvent> {
        self.0.subscribe()
    }
    async fn agent_status(&self, _: &TenantId, _: &Agent) -> Result<AgentStatus> {
        none()
    }
    async fn agent_turn(&self, _: &Agent, _: TurnKey<'_>, _: &Turn, _: Duration) -> Result<Reply> {
        none()
    }
    async fn agent_snapshot(&self, _: &TenantId, _: &Agent) -> Result<Option<SnapshotTaken>> {
        none()
    }
    async fn agent_stop(&self, _: &TenantId, _: &Agent, _: &Stop) -> Result<Stopped> {
        none()
    }
    async fn workload_kill(&self, _: &Workload) -> Result<()> {
        Ok(())
    }
    async fn workload_purge(&self, _: &TenantId) -> Result<()> {
        Ok(())
    }
    async fn workload_logs(
        &self,
        tenant: &TenantId,
        _: usize,
        _: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        Err(Error::not_found("log", tenant))
    }
}

/// The system's clock, which a test may put forward.
#[derive(Default)]
pub(crate) struct Leap {
    system: SystemClock,
    ahead: AtomicU64,
}

impl Leap {
    pub(crate) fn advance(&self, by: Duration) {
        self.ahead.fetch_add(u64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Leap {
    fn now(&self) -> Timestamp {
        self.system.now() + Duration::from_micros(self.ahead.load(Ordering::Relaxed))
    }
}

/// Both faces, and what is behind them.
pub(crate) struct Faces {
    pub(crate) orchestrator: Served,
    pub(crate) router: Served,
    pub(crate) double: Double,
    pub(crate) tenancy: Tenancy,
    pub(crate) clock: Arc<Leap>,
    pub(crate) admin: Secret,
    pub(crate) operator: Secret,
    pub(crate) viewer: Secret,
    pub(crate) service: Secret,
    control_plane: ControlPlane,
    state: TempDir,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) text: String,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Faces {
    pub(crate) async fn start() -> Self {
        Self::start_with(router::Limits::default(), |_| ()).await
    }

    pub(crate) async fn start_with(limits: router::Limits, configure: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(limits, configure, false).await
    }

    /// With the built-in agent for every tenant. To be ended by [`Faces::end`].
    pub(crate) async fn start_with_agents(configure: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(router::Limits::default(), configure, true).await
    }

    async fn start_on(limits: router::Limits, configure: impl FnOnce(&mut Config), agents: bool) -> Self {
        let state = tempfile::tempdir().unwrap();
        let double = Double::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        double.bot_add(TOKEN).unwrap();
        let mut config = Config::new(state.path().join("state"), vec!["/nowhere/agent".to_owned()]);
        config.telegram_url = double.url();
        config.warm_pool = libtenancy::demand::PoolSize::fixed(0);
        config.drain = Duration::from_secs(2);
        if agents {
            config.agent.argv = vec![env!("CARGO_BIN_EXE_agent").to_owned(), "{port}".to_owned(), "{state}".to_owned()];
        }
        configure(&mut config);
        let leap = Arc::new(Leap::default());
        let clock: Arc<dyn Clock> = leap.clone();
        let store = Store::open(&config.state_dir, Arc::clone(&clock)).unwrap();
        let keyring = Arc::new(Keyring::load_or_create(&state.path().join("key")).unwrap());
        let snapshots = Arc::new(SnapshotDirectory::open(&config.state_dir).unwrap());
        let agentd = AgentdCommand { program: env!("CARGO_BIN_EXE_agentd").into(), args: Vec::new() };
        let workloads: Arc<dyn Workloads> = if agents {
            Arc::new(LocalWorkloads::new(&config, Arc::clone(&keyring), snapshots.clone(), agentd).unwrap())
        } else {
            Arc::new(NoAgents(broadcast::channel(8).0))
        };
        let drivers = Drivers {
            tenants: Arc::new(store.clone()),
            inboxes: Arc::new(store.clone()),
            wake_locks: Arc::new(store.clone()),
            leaders: Arc::new(store.clone()),
            endpoints: Arc::new(store.clone()),
            journals: Arc::new(store.clone()),
            receipts: Arc::new(store.clone()),
            deadlines: Arc::new(store.clone()),
            jobs: Arc::new(store.clone()),
            quotas: Arc::new(store.clone()),
            ledgers: Arc::new(store),
            signals: Arc::new(SignalSocket::new(&config.state_dir)),
            snapshots,
            fleets: Arc::new(ThisMachine::new(Arc::clone(&workloads))),
            workloads,
            messengers: Arc::new(Telegram::new(&Settings::new(double.url())).unwrap()),
            probes: Vec::new(),
            clock,
        };
        let tenancy = Tenancy::new(config, keyring, drivers);
        let control_plane = ControlPlane::start(tenancy.clone()).await.unwrap();
        let [admin, operator, viewer, service] = std::array::from_fn(|_| Secret::random().unwrap());
        let auth = Auth::new(vec![
            (admin.clone(), Role::Admin),
            (operator.clone(), Role::Operator),
            (viewer.clone(), Role::Viewer),
            (service.clone(), Role::Service),
        ]);
        let auth = auth.unwrap();
        Self {
            orchestrator: Served::start(orchestrator::app(tenancy.clone(), auth), Limits::default()).await,
            router: Served::start(router::app_with(tenancy.clone(), limits), Limits::default()).await,
            double,
            tenancy,
            clock: leap,
            admin,
            operator,
            viewer,
            service,
            control_plane,
            state,
        }
    }

    /// Stops every agent and ends.
    pub(crate) async fn end(self) {
        self.control_plane.shutdown(Shutdown::StopAgents).await;
    }

    /// A private file with the service's token.
    pub(crate) fn service_token_file(&self) -> std::path::PathBuf {
        let path = self.state.path().join("service-token");
        if !path.exists() {
            libtenancy::secret::write_private_once(&path, self.service.expose().as_bytes()).unwrap();
        }
        path
    }

    /// A new tenant without a bot.
    pub(crate) async fn tenant(&self, id: &str) {
        let body = serde_json::json!({"tenant_id": id}).to_string();
        assert_eq!(self.ask(Method::POST, "/tenants", &body).await.status, 201);
    }

    /// Submits a job and returns its name.
    pub(crate) async fn submit(&self, body: Value) -> String {
        let submitted = self.ask(Method::POST, "/jobs", &body.to_string()).await;
        assert_eq!(submitted.status, 201, "{}", submitted.text);
        submitted.body["job_id"].as_str().unwrap().to_owned()
    }

    /// Asks the orchestrator as an admin, and expects success.
    pub(crate) async fn ok(&self, method: Method, path: &str, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.ask(method, path, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.body
    }

    /// Claims jobs as `worker`, without waiting.
    pub(crate) async fn claim(&self, worker: &str, max: usize) -> Vec<Value> {
        let claimed = self.ok(Method::POST, "/leases/claim", serde_json::json!({"worker": worker, "max": max})).await;
        claimed["jobs"].as_array().unwrap().clone()
    }

    /// Claims the one job there is, and says that it succeeded; its name.
    pub(crate) async fn work(&self, result: &str, used: &Value) -> String {
        let jobs = self.claim("worker-1", 1).await;
        let [job] = jobs.as_slice() else { panic!("{jobs:?}") };
        let end = serde_json::json!({"leases": [{
            "job_id": job["job_id"], "epoch": job["epoch"], "outcome": "succeeded", "result": result,
            "used_gpu_seconds": used,
        }]});
        let ended = self.ok(Method::POST, "/leases/finalize", end).await;
        assert_eq!(ended["leases"][0]["status"], "succeeded", "{ended}");
        job["job_id"].as_str().unwrap().to_owned()
    }

    /// Asks the orchestrator as an admin.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: &str) -> Answer {
        self.ask_as(Some(self.admin.expose()), method, path, body).await
    }

    /// Asks the orchestrator as the router does.
    pub(crate) async fn ask_as_service(&self, method: Method, path: &str, body: &str) -> Answer {
        self.ask_as(Some(self.service.expose()), method, path, body).await
    }

    pub(crate) async fn ask_as(&self, token: Option<&str>, method: Method, path: &str, body: &str) -> Answer {
        let mut request = client().request(method, self.orchestrator.url(path)).body(body.to_owned());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        answer(request).await
    }

    /// Asks the orchestrator under an id.
    pub(crate) async fn ask_named(&self, id: &str, method: Method, path: &str) -> Answer {
        let request = client().request(method, self.orchestrator.url(path)).bearer_auth(self.admin.expose());
        answer(request.header("x-request-id", id)).await
    }

    /// Posts an update to the router.
    pub(crate) async fn post(&self, path: &str, secret: Option<&str>, body: impl Into<reqwest::Body>) -> Answer {
        let mut request = client().post(self.router.url(path)).body(body);
        if let Some(secret) = secret {
            request = request.header(router::SECRET_HEADER, secret);
        }
        answer(request).await
    }

    /// Creates a tenant with the bot, and registers its webhook; the webhook's secret.
    pub(crate) async fn tenant_with_bot(&self, id: &str) -> String {
        let body = serde_json::json!({"tenant_id": id, "bot_token": TOKEN}).to_string();
        assert_eq!(self.ask(Method::POST, "/tenants", &body).await.status, 201);
        // An address where nothing is delivered to: the tests post by themselves.
        let path = format!("/admin/webhook/{id}");
        let registered = self.ask(Method::POST, &path, r#"{"base_url":"https://ztm.example"}"#).await;
        assert_eq!(registered.status, 200);
        self.double.webhook(TOKEN).unwrap().secret.unwrap()
    }

    /// How many tenants there are.
    pub(crate) async fn tenants(&self) -> usize {
        self.ask(Method::GET, "/tenants", "").await.body["tenants"].as_array().unwrap().len()
    }

    /// The updates in all inboxes.
    pub(crate) async fn updates(&self) -> Vec<Value> {
        self.ask(Method::GET, "/inbox", "").await.body["updates"].as_array().unwrap().clone()
    }
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
}
