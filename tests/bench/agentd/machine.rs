//! One machine in a temporary directory.

use std::{path::PathBuf, sync::Arc};

use libtenancy::{
    agent::SnapshotTaken,
    config::Config,
    drivers::local::{
        snapshots::SnapshotDirectory,
        workloads::{AgentdCommand, LocalWorkloads, home::Home},
    },
    ports::snapshots::Snapshots,
    secret::Keyring,
    tenant::{Generation, SnapshotRef, TenantId},
};

pub(crate) struct Machine {
    pub(crate) workloads: LocalWorkloads,
    snapshots: Arc<SnapshotDirectory>,
    dir: tempfile::TempDir,
}

pub(crate) fn acme() -> TenantId {
    "acme".parse().unwrap()
}

impl Machine {
    /// One whose agents are started as `argv` says.
    pub(crate) fn new(argv: &[&str], change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new(dir.path().to_owned(), argv.iter().map(|&word| word.to_owned()).collect());
        change(&mut config);
        let keyring = Arc::new(Keyring::load_or_create(&dir.path().join("key")).unwrap());
        let snapshots = Arc::new(SnapshotDirectory::open(dir.path()).unwrap());
        let program =
            std::env::var_os("ZTM_BENCH_AGENTD").map_or_else(|| env!("CARGO_BIN_EXE_agentd").into(), PathBuf::from);
        let agentd = AgentdCommand { program, args: Vec::new() };
        let workloads = LocalWorkloads::new(&config, keyring, snapshots.clone(), agentd).unwrap();
        Self { workloads, snapshots, dir }
    }

    pub(crate) fn home(&self) -> Home {
        Home::of(self.dir.path(), &acme())
    }

    pub(crate) fn keyring(&self) -> Keyring {
        Keyring::load_or_create(&self.dir.path().join("key")).unwrap()
    }

    /// How the record names an archive.
    pub(crate) fn published(&self, generation: u64, taken: &SnapshotTaken) -> SnapshotRef {
        let generation = Generation(generation);
        SnapshotRef {
            key: self.snapshots.snapshot_key(&acme(), generation, &taken.file).unwrap(),
            sha256: taken.sha256.clone(),
            bytes: taken.bytes,
            generation,
            taken_at: taken.taken_at,
            instead_of: None,
        }
    }
}
