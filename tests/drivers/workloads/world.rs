//! One machine in a temporary directory.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use libtenancy::{
    Error, Result,
    agent::{AgentCommand, SnapshotTaken},
    config::Config,
    conformance::workloads::World,
    drivers::local::workloads::{
        AgentdCommand, LocalWorkloads,
        home::Home,
        processes::{Pinned, members},
    },
    ports::{
        snapshots::{Snapshots, StoredSnapshot, UploadUrl},
        workloads::Workloads,
    },
    secret::Keyring,
    tenant::{Generation, SnapshotRef, TenantId, WorkloadId},
};

/// Archives in a directory: `TENANT/GENERATION/FILE`.
struct Archives(PathBuf);

#[async_trait]
impl Snapshots for Archives {
    async fn snapshot_directory(&self, tenant: &TenantId, generation: Generation) -> Result<PathBuf> {
        let path = self.0.join(tenant.as_str()).join(generation.to_string());
        std::fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
        Ok(path)
    }
    fn snapshot_key(&self, tenant: &TenantId, generation: Generation, file: &str) -> Result<String> {
        Ok(format!("{tenant}/{generation}/{file}"))
    }
    async fn snapshot_store(&self, _: &SnapshotRef) -> Result<()> {
        Err(Error::internal("no workload stores archives"))
    }
    async fn snapshot_unstored(&self) -> Result<Vec<TenantId>> {
        Err(Error::internal("no workload stores archives"))
    }
    async fn snapshot_copy_drop(&self, _: &str) -> Result<bool> {
        Err(Error::internal("no workload removes archives"))
    }
    async fn snapshot_legacy(&self, _: &TenantId) -> Result<Option<PathBuf>> {
        Err(Error::internal("no workload imports a state"))
    }
    async fn snapshot_upload_url(&self, _: &SnapshotRef, _: Duration) -> Result<Option<UploadUrl>> {
        Err(Error::internal("no workload signs URLs"))
    }
    async fn snapshot_download_url(&self, _: &str, _: Duration) -> Result<Option<String>> {
        Err(Error::internal("no workload signs URLs"))
    }
    async fn snapshot_path(&self, key: &str) -> Result<PathBuf> {
        let path = self.0.join(key);
        if path.is_file() { Ok(path) } else { Err(Error::not_found("snapshot", key)) }
    }
    async fn snapshot_list(&self, _: &TenantId) -> Result<Vec<StoredSnapshot>> {
        Err(Error::internal("no workload lists archives"))
    }
    async fn snapshot_remove(&self, _: &str) -> Result<()> {
        Err(Error::internal("no workload removes archives"))
    }
    async fn snapshot_purge(&self, _: &TenantId) -> Result<()> {
        Err(Error::internal("no workload removes archives"))
    }
}

/// The machine; what still runs on it when it is dropped is killed.
pub(crate) struct Local {
    dir: tempfile::TempDir,
}

impl Local {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn state_dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn home(&self, tenant: &TenantId) -> Home {
        Home::of(self.dir.path(), tenant)
    }

    pub(crate) fn keyring(&self) -> Keyring {
        Keyring::load_or_create(&self.dir.path().join("key")).unwrap()
    }
}

/// The configuration of every test: the built-in agent, saved every 200 ms.
pub(crate) fn config(state_dir: &Path) -> Config {
    let argv = [env!("CARGO_BIN_EXE_agent"), "{port}", "{state}"].map(String::from).to_vec();
    let mut config = Config::new(state_dir.to_path_buf(), argv);
    config.snapshot_interval = Duration::from_millis(200);
    config.agent.grace = Duration::from_secs(5);
    config
}

/// The driver of a control plane with this configuration.
pub(crate) fn driver(config: &Config) -> LocalWorkloads {
    let archives = Arc::new(Archives(config.state_dir.join("snapshots")));
    let keyring = Keyring::load_or_create(&config.state_dir.join("key")).unwrap();
    // Or another one, which is held to the same suite.
    let program = std::env::var_os("ZTM_TEST_AGENTD").unwrap_or_else(|| env!("CARGO_BIN_EXE_agentd").into());
    let agentd = AgentdCommand { program: program.into(), args: Vec::new() };
    LocalWorkloads::new(config, Arc::new(keyring), archives, agentd).unwrap()
}

impl World for Local {
    fn workloads(&self) -> Arc<dyn Workloads> {
        self.workloads_with(&|_| {})
    }

    fn workloads_with(&self, change: &dyn Fn(&mut AgentCommand)) -> Arc<dyn Workloads> {
        let mut config = config(self.dir.path());
        change(&mut config.agent);
        Arc::new(driver(&config))
    }

    fn lose_local_state(&self, tenant: &TenantId) {
        std::fs::remove_dir_all(self.home(tenant).state()).unwrap();
    }

    fn published(&self, tenant: &TenantId, generation: Generation, taken: &SnapshotTaken) -> SnapshotRef {
        SnapshotRef {
            key: format!("{tenant}/{generation}/{}", taken.file),
            sha256: taken.sha256.clone(),
            bytes: taken.bytes,
            generation,
            taken_at: taken.taken_at,
            instead_of: None,
        }
    }

    fn archive(&self, snapshot: &SnapshotRef) -> PathBuf {
        self.dir.path().join("snapshots").join(&snapshot.key)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        for entry in std::fs::read_dir(Home::all_of(self.dir.path())).into_iter().flatten().flatten() {
            let home = Home::at(entry.path());
            while home.is_held().unwrap_or(false) {
                let id = home.record().map_or_else(|| WorkloadId("none".into()), |record| record.workload);
                members(&id, Some(&home.lock_file())).iter().for_each(Pinned::kill);
            }
        }
    }
}
