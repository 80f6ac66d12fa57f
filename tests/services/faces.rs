//! The orchestrator and the router over a real store, a machine that runs no agents, and the Telegram double.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::http::Method;
use bytes::Bytes;
use futures::stream::BoxStream;
use libtenancy::{
    ControlPlane, Drivers, Error, Result, Tenancy,
    agent::{AgentStatus, Bound, Reply, Stop, Stopped, Turn},
    clock::{Clock, SystemClock},
    config::Config,
    drivers::{
        local::{snapshots::SnapshotDirectory, store::Store},
        telegram::{Settings, Telegram},
    },
    ports::workloads::{BindRequest, TurnKey, Workload, WorkloadEvent, Workloads},
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
impl Workloads for NoAgents {
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

/// Both faces, and what is behind them.
pub(crate) struct Faces {
    pub(crate) orchestrator: Served,
    pub(crate) router: Served,
    pub(crate) double: Double,
    admin: Secret,
    service: Secret,
    _control_plane: ControlPlane,
    _state: TempDir,
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
        let state = tempfile::tempdir().unwrap();
        let double = Double::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        double.bot_add(TOKEN).unwrap();
        let mut config = Config::new(state.path().join("state"), vec!["/nowhere/agent".to_owned()]);
        config.telegram_url = double.url();
        config.warm_pool = 0;
        configure(&mut config);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let store = Store::open(&config.state_dir, Arc::clone(&clock)).unwrap();
        let keyring = Arc::new(Keyring::load_or_create(&state.path().join("key")).unwrap());
        let drivers = Drivers {
            tenants: Arc::new(store.clone()),
            inboxes: Arc::new(store.clone()),
            wake_locks: Arc::new(store.clone()),
            leaders: Arc::new(store.clone()),
            endpoints: Arc::new(store.clone()),
            deadlines: Arc::new(store.clone()),
            jobs: Arc::new(store.clone()),
            quotas: Arc::new(store.clone()),
            ledgers: Arc::new(store),
            snapshots: Arc::new(SnapshotDirectory::open(&config.state_dir).unwrap()),
            workloads: Arc::new(NoAgents(broadcast::channel(8).0)),
            messengers: Arc::new(Telegram::new(&Settings::new(double.url())).unwrap()),
            clock,
        };
        let tenancy = Tenancy::new(config, keyring, drivers);
        let control_plane = ControlPlane::start(tenancy.clone()).await.unwrap();
        let (admin, service) = (Secret::random().unwrap(), Secret::random().unwrap());
        let auth = Auth::new(vec![(admin.clone(), Role::Admin), (service.clone(), Role::Service)]).unwrap();
        Self {
            orchestrator: Served::start(orchestrator::app(tenancy.clone(), auth), Limits::default()).await,
            router: Served::start(router::app_with(tenancy, limits), Limits::default()).await,
            double,
            admin,
            service,
            _control_plane: control_plane,
            _state: state,
        }
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

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text }
}
