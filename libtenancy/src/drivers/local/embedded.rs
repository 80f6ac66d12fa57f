//! Everything embedded, put together: what `ztm` and the tests open below one state directory.

use std::sync::Arc;

use super::{
    snapshots::SnapshotDirectory,
    store::{Options, Store},
    workloads::{AgentdCommand, LocalWorkloads},
};
use crate::{
    Drivers, Tenancy,
    clock::{Clock, SystemClock},
    config::Config,
    drivers::telegram::{Settings, Telegram},
    error::Result,
    ports::jobs::JobSettings,
    secret::Keyring,
};

/// The key file's name in the state directory.
pub const KEY_FILE: &str = "key";

/// Opens the store, the keys and the drivers below [`Config::state_dir`], and makes what is missing. Starts nothing.
pub fn open(config: Config, agentd: AgentdCommand) -> Result<Tenancy> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    // The store first: it checks and makes the directory that the keys lie in.
    let jobs = JobSettings { default_quota: config.default_quota, capacity: config.job_capacity, partitions: 1 };
    let options = Options { jobs, ..Options::default() };
    let store = Store::open_with(&config.state_dir, Arc::clone(&clock), options)?;
    let keyring = Arc::new(Keyring::load_or_create(&config.state_dir.join(KEY_FILE))?);
    let drivers = assemble(&config, store, clock, &keyring, agentd)?;
    Ok(Tenancy::new(config, keyring, drivers))
}

/// The embedded drivers for a configuration, around an open store.
pub fn assemble(
    config: &Config,
    store: Store,
    clock: Arc<dyn Clock>,
    keyring: &Arc<Keyring>,
    agentd: AgentdCommand,
) -> Result<Drivers> {
    let snapshots = Arc::new(SnapshotDirectory::open(&config.state_dir)?);
    let workloads = LocalWorkloads::new(config, Arc::clone(keyring), snapshots.clone(), agentd)?;
    Ok(Drivers {
        jobs: Arc::new(store.clone()),
        quotas: Arc::new(store.clone()),
        ledgers: Arc::new(store.clone()),
        tenants: Arc::new(store.clone()),
        inboxes: Arc::new(store.clone()),
        wake_locks: Arc::new(store.clone()),
        leaders: Arc::new(store.clone()),
        endpoints: Arc::new(store.clone()),
        deadlines: Arc::new(store),
        snapshots,
        workloads: Arc::new(workloads),
        messengers: Arc::new(Telegram::new(&Settings::new(config.telegram_url.clone()))?),
        clock,
    })
}
