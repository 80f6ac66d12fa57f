//! A control plane in a runtime of its own, so that it can die: dropping the runtime drops every task where it stands,
//! while its agents, like those of a killed process, live on.

use std::{path::Path, sync::Arc, time::Duration};

use libtenancy::{
    ControlPlane, Drivers, NewTenant, Result, Shutdown, Tenancy,
    clock::{Clock, SystemClock},
    config::Config,
    drivers::{
        assembly,
        local::{self, store::Store, workloads::AgentdCommand},
    },
    inbox::{Put, UpdateKey},
    labels::Labels,
    secret::{Keyring, Secret},
    tenant::{BotId, Status, TenantId},
};
use services::doubles::telegram::Double;
use tokio::runtime::Runtime;

use crate::faulty::{Plan, faulty};

/// The bot of every test.
pub(crate) const TOKEN: &str = "4242:AAHlifecycle-of-a-message_in-the-tests";

/// How long anything may take before a test fails.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

pub(crate) struct Plane {
    pub(crate) runtime: Runtime,
    pub(crate) tenancy: Tenancy,
    pub(crate) drivers: Drivers,
    pub(crate) plan: Arc<Plan>,
    live: Option<ControlPlane>,
}

pub(crate) fn config(state_dir: &Path, telegram: &str) -> Config {
    let agent = vec![env!("CARGO_BIN_EXE_agent").to_owned(), "{port}".to_owned(), "{state}".to_owned()];
    let mut config = Config::new(state_dir.to_path_buf(), agent);
    telegram.clone_into(&mut config.telegram_url);
    config.warm_pool = libtenancy::demand::PoolSize::fixed(0);
    config.reconcile_interval = Duration::from_secs(1);
    config.drain = Duration::from_secs(5);
    config
}

impl Plane {
    /// Opens the state directory and starts a control plane on it, behind a plan that does not strike yet.
    pub(crate) fn start(state_dir: &Path, telegram: &str) -> Self {
        Self::start_with(config(state_dir, telegram))
    }

    /// The same, with a configuration of its own.
    pub(crate) fn start_with(config: Config) -> Self {
        Self::start_at(config, Arc::new(SystemClock::default()))
    }

    /// The same, by this clock.
    pub(crate) fn start_at(config: Config, clock: Arc<dyn Clock>) -> Self {
        let state_dir = config.state_dir.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let plan = Arc::new(Plan::default());
        let store = Store::open(&state_dir, Arc::clone(&clock)).unwrap();
        let keyring = Arc::new(Keyring::load_or_create(&state_dir.join(local::KEY_FILE)).unwrap());
        let agentd = AgentdCommand { program: env!("CARGO_BIN_EXE_agentd").into(), args: Vec::new() };
        let (tenancy, drivers, control_plane) = runtime.block_on(async {
            let drivers = assembly::around(&config, store, clock, &keyring, agentd).unwrap();
            let tenancy = Tenancy::new(config, keyring, faulty(drivers.clone(), &plan));
            let control_plane = ControlPlane::start(tenancy.clone()).await.unwrap();
            (tenancy, drivers, control_plane)
        });
        Self { runtime, tenancy, drivers, plan, live: Some(control_plane) }
    }

    /// As kill -9 does: nothing is finished, nothing is said.
    pub(crate) fn die(self) {
        let Self { runtime, tenancy, drivers, live, .. } = self;
        runtime.shutdown_timeout(Duration::from_secs(5));
        drop((tenancy, drivers, live));
    }

    /// Stops every agent and ends.
    pub(crate) fn end(mut self) {
        let control_plane = self.live.take().unwrap();
        self.runtime.block_on(control_plane.shutdown(Shutdown::StopAgents));
    }

    pub(crate) fn create(&self, id: &TenantId, token: Option<&str>) {
        let bot_token = token.map(Secret::new);
        self.block(self.tenancy.tenant_create(NewTenant {
            id: id.clone(),
            bot_token,
            idle_timeout: None,
            labels: Labels::default(),
        }))
        .unwrap();
    }

    pub(crate) fn block<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(async { tokio::time::timeout(BOUND, future).await.expect("it takes too long") })
    }

    /// Waits until `holds` returns a value.
    pub(crate) fn wait_for<T, F: Future<Output = Option<T>>>(&self, what: &str, holds: impl Fn() -> F) -> T {
        self.runtime.block_on(async {
            let waiting = async {
                loop {
                    if let Some(value) = holds().await {
                        return value;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            let Ok(value) = tokio::time::timeout(BOUND, waiting).await else {
                panic!("never: {what}; the record: {:?}", self.tenancy.status().await)
            };
            value
        })
    }

    /// The number of live workloads of the tenant.
    pub(crate) fn workloads(&self, id: &TenantId) -> usize {
        let workloads = self.block(self.drivers.workloads.workload_list()).unwrap();
        workloads.iter().filter(|workload| workload.tenant.as_ref() == Some(id)).count()
    }

    pub(crate) fn status(&self, id: &TenantId) -> Option<Status> {
        self.block(self.drivers.tenants.tenant_get(id)).unwrap().map(|tenant| tenant.lifecycle.status)
    }
}

/// The double, in a runtime that outlives every control plane.
pub(crate) struct Chat {
    runtime: Runtime,
    pub(crate) double: Double,
}

impl Chat {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let double = runtime.block_on(Double::start("127.0.0.1:0".parse().unwrap())).unwrap();
        runtime.block_on(async { double.bot_add(TOKEN) }).unwrap();
        Self { runtime, double }
    }

    /// Makes another bot known.
    pub(crate) fn add(&self, token: &str) {
        self.runtime.block_on(async { self.double.bot_add(token) }).unwrap();
    }
}

/// An update as Telegram writes it.
fn update(update_id: i64, chat: i64, text: &str) -> String {
    serde_json::json!({
        "update_id": update_id,
        "message": {
            "message_id": update_id, "date": 1_780_000_000, "text": text,
            "chat": {"id": chat, "type": "private"}, "from": {"id": chat, "is_bot": false, "first_name": "A"},
        },
    })
    .to_string()
}

/// Stores an update past the webhook's secret, which is not what is tested here.
pub(crate) async fn accept(drivers: &Drivers, id: &TenantId, update_id: i64, chat: i64, text: &str) -> Result<Put> {
    let key = UpdateKey { tenant: id.clone(), bot: BotId(4242), update_id };
    drivers.inboxes.update_put(&key, &update(update_id, chat, text), 100, drivers.clock.now()).await
}
