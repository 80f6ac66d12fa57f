//! Two control planes with the same records, on two machines: agents of one cannot be reached from the other.

use std::{path::Path, sync::Arc, time::Duration};

use libtenancy::{
    ControlPlane, Drivers, Error, NewTenant, Shutdown, Tenancy,
    clock::{Clock, SystemClock},
    drivers::{
        assembly,
        local::{self, StateDirLock, store::Store, workloads::AgentdCommand},
    },
    labels::Labels,
    leader::ROLE,
    ports::{leaders::LEASE_TTL, wake_locks::OwnerToken},
    secret::Keyring,
    tenant::{Status, TenantId},
};
use tempfile::TempDir;

use crate::plane::{BOUND, config};

/// A control plane with a directory for its agents, and records that others have too.
struct Machine {
    tenancy: Tenancy,
    drivers: Drivers,
    _lock: StateDirLock,
    _dir: TempDir,
}

impl Machine {
    fn new(name: &str, records: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let store = Store::open(records, Arc::clone(&clock)).unwrap();
        let keyring = Arc::new(Keyring::load_or_create(&records.join(local::KEY_FILE)).unwrap());
        let agentd = AgentdCommand { program: env!("CARGO_BIN_EXE_agentd").into(), args: Vec::new() };
        let config = libtenancy::config::Config {
            instance: name.to_owned(),
            ..config(&dir.path().join("state"), "http://127.0.0.1:9")
        };
        let lock = StateDirLock::acquire(&config.state_dir).unwrap();
        let drivers = assembly::around(&config, store, clock, &keyring, agentd).unwrap();
        Self { tenancy: Tenancy::new(config, keyring, drivers.clone()), drivers, _lock: lock, _dir: dir }
    }

    async fn start(&self) -> Result<ControlPlane, Error> {
        ControlPlane::start(self.tenancy.clone()).await
    }

    async fn agents(&self) -> usize {
        self.drivers.workloads.workload_list().await.unwrap().len()
    }

    async fn leads(&self) -> bool {
        let (leaders, owner) = (&self.drivers.leaders, OwnerToken(self.tenancy.config().instance.clone()));
        leaders.leader_acquire(ROLE, &owner, LEASE_TTL, self.drivers.clock.now()).await.unwrap().is_some()
    }
}

async fn running(machine: &Machine, id: &TenantId) -> Option<u64> {
    match machine.drivers.tenants.tenant_get(id).await.unwrap().unwrap().lifecycle.status {
        Status::Running { agent } => Some(agent.generation.0),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_that_another_control_plane_cannot_reach_are_never_taken_for_dead_while_theirs_lives() {
    let records = tempfile::tempdir().unwrap();
    let (first, second) = (Machine::new("first", records.path()), Machine::new("second", records.path()));
    let leading = first.start().await.unwrap();
    let id: TenantId = "alice".parse().unwrap();
    first
        .tenancy
        .tenant_create(NewTenant { id: id.clone(), bot_token: None, idle_timeout: None, labels: Labels::default() })
        .await
        .unwrap();
    first.tenancy.tenant_wake(&id).await.unwrap();

    let refused = second.start().await.err();
    assert!(matches!(refused, Some(Error::Conflict { what: "control plane", .. })), "{refused:?}");
    let generation = running(&first, &id).await.expect("it runs");
    assert_eq!(first.agents().await, 1);

    // The first is cut off for longer than its lease, and the second takes over.
    first.drivers.leaders.leader_resign(ROLE, &OwnerToken("first".to_owned())).await.unwrap();
    assert!(second.leads().await);
    tokio::time::timeout(BOUND, first.tenancy.superseded()).await.expect("it finds that another leads");
    leading.shutdown(Shutdown::KillAgents).await;
    assert_eq!(first.agents().await, 0);
    assert_eq!(running(&first, &id).await, Some(generation), "the records are the second's now");

    let leading = second.start().await.unwrap();
    let woken = async {
        while running(&second, &id).await.is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        second.tenancy.tenant_wake(&id).await
    };
    tokio::time::timeout(BOUND, woken).await.expect("what was lost is noticed").unwrap();
    assert!(running(&second, &id).await.is_some_and(|later| later > generation));
    assert_eq!(second.agents().await, 1);
    leading.shutdown(Shutdown::StopAgents).await;
    assert_eq!(second.agents().await, 0);
}
