//! The drivers that a configuration names, opened and put together.
//!
//! Owns how a choice ([`crate::stores`]) becomes drivers. Does not own what goes together (`stores`) nor what a driver does.

use std::{path::PathBuf, sync::Arc};

use super::{
    local::{
        KEY_FILE,
        fleets::ThisMachine,
        mark,
        signals::SignalSocket,
        snapshots::SnapshotDirectory,
        store::{Options, Store},
        workloads::{AgentdCommand, LocalWorkloads},
    },
    telegram::{Settings as TelegramSettings, Telegram},
};
use crate::{
    Drivers, Tenancy,
    clock::{Clock, SystemClock},
    config::Config,
    error::{Error, Result},
    ports::{
        fleets::Fleets, identities::Identities, jobs::JobSettings, leaders::Leaders, probes::Probes, signals::Signals,
        snapshots::Snapshots, workloads::Workloads,
    },
    secret::Keyring,
    stores::{Agents, Archives, Leases, Memory, Records, Stores},
};

/// The stores that are used, open.
#[derive(Default)]
struct Opened {
    stores: Stores,
    sqlite: Option<Store>,
    #[cfg(feature = "redis")]
    redis: Option<super::redis::Redis>,
    #[cfg(feature = "dynamodb")]
    dynamodb: Option<super::dynamodb::DynamoDb>,
    #[cfg(feature = "s3")]
    s3: Option<super::s3::S3Snapshots>,
    #[cfg(feature = "kubernetes")]
    kubernetes: Option<super::kubernetes::Kubernetes>,
}

/// Opens the stores, the keys and the drivers of a configuration; makes the state directory where it is missing, and gives
/// [`Config::instance`] the name that this directory has. Starts nothing.
///
/// `Conflict` if the state directory belongs to other stores; `Invalid` if the choice does not go together, or names a driver
/// that this program was built without.
pub async fn open(mut config: Config, agentd: AgentdCommand) -> Result<Tenancy> {
    let stores = config.stores.checked()?;
    let fingerprint = if stores.is_shared() { config.servers.fingerprint() } else { String::new() };
    config.instance = mark::claim(&config.state_dir, &fingerprint)?;
    let keyring = Arc::new(keyring(&config)?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let opened = Opened::open(&config, &clock, &keyring).await?;
    let drivers = opened.drivers(&config, clock, &keyring, agentd)?;
    Ok(Tenancy::new(config, keyring, drivers))
}

/// Who knows whose tokens the callers of a control plane have: the cluster, where agents are its pods.
pub async fn identities(config: &Config) -> Result<Option<Arc<dyn Identities>>> {
    match (&config.servers.kubernetes, config.stores.workloads) {
        #[cfg(feature = "kubernetes")]
        (Some(server), Agents::Kubernetes) => Ok(Some(Arc::new(super::kubernetes::Kubernetes::open(server).await?))),
        _ => Ok(None),
    }
}

/// The drivers of a configuration that keeps everything in a database, which is open: for tests with a store, a clock or a
/// driver of their own.
pub fn around(
    config: &Config,
    store: Store,
    clock: Arc<dyn Clock>,
    keyring: &Arc<Keyring>,
    agentd: AgentdCommand,
) -> Result<Drivers> {
    Opened { sqlite: Some(store), ..Opened::default() }.drivers(config, clock, keyring, agentd)
}

/// The file with the keys that seal secrets.
pub(super) fn key_path(config: &Config) -> PathBuf {
    config.key_file.clone().unwrap_or_else(|| config.state_dir.join(KEY_FILE))
}

/// The keys that seal secrets. A file that the configuration names is made by [`super::provision`] alone: a wrong name must
/// not become another key.
pub(super) fn keyring(config: &Config) -> Result<Keyring> {
    let path = key_path(config);
    if config.key_file.is_some() && !path.try_exists().map_err(Error::io("open", &path))? {
        return Err(Error::not_found("key file", path.display()));
    }
    Keyring::load_or_create(&path)
}

#[cfg(not(all(feature = "redis", feature = "dynamodb", feature = "s3", feature = "kubernetes")))]
fn left_out(driver: &'static str) -> Error {
    Error::invalid(driver, "this program was built without that driver")
}

macro_rules! records {
    ($opened:ident, $port:ident) => {
        match $opened.stores.$port {
            Records::Sqlite => Arc::new($opened.sqlite()?) as _,
            #[cfg(feature = "dynamodb")]
            Records::DynamoDb => Arc::new($opened.dynamodb()?) as _,
            #[cfg(not(feature = "dynamodb"))]
            Records::DynamoDb => return Err(left_out("dynamodb")),
        }
    };
}

macro_rules! memory {
    ($opened:ident, $port:ident) => {
        match $opened.stores.$port {
            Memory::Sqlite => Arc::new($opened.sqlite()?) as _,
            #[cfg(feature = "redis")]
            Memory::Redis => Arc::new($opened.redis()?) as _,
            #[cfg(not(feature = "redis"))]
            Memory::Redis => return Err(left_out("redis")),
        }
    };
}

impl Opened {
    #[cfg_attr(not(feature = "dynamodb"), expect(unused_variables, reason = "only its records are sealed here"))]
    async fn open(config: &Config, clock: &Arc<dyn Clock>, keyring: &Arc<Keyring>) -> Result<Self> {
        let stores = config.stores;
        let jobs =
            |partitions| JobSettings { default_quota: config.default_quota, capacity: config.job_capacity, partitions };
        let sqlite = if stores.on_sqlite() {
            let options = Options { jobs: jobs(1), ..Options::default() };
            Some(Store::open_with(&config.state_dir, Arc::clone(clock), options)?)
        } else {
            None
        };
        Ok(Self {
            stores,
            sqlite,
            #[cfg(feature = "redis")]
            redis: match &config.servers.redis {
                Some(server) if stores.on_redis() => {
                    Some(super::redis::Redis::open(&server.into(), jobs(server.partitions)).await?)
                }
                _ => None,
            },
            #[cfg(feature = "dynamodb")]
            dynamodb: match &config.servers.dynamodb {
                Some(server) if stores.on_dynamodb() => {
                    Some(super::dynamodb::DynamoDb::open(server.into(), Arc::clone(keyring)).await?)
                }
                _ => None,
            },
            #[cfg(feature = "s3")]
            s3: match &config.servers.s3 {
                Some(server) if stores.on_s3() => {
                    Some(super::s3::S3Snapshots::open(server.into(), &config.state_dir).await?)
                }
                _ => None,
            },
            #[cfg(feature = "kubernetes")]
            kubernetes: match &config.servers.kubernetes {
                Some(server) if stores.on_kubernetes() => Some(super::kubernetes::Kubernetes::open(server).await?),
                _ => None,
            },
        })
    }

    fn sqlite(&self) -> Result<Store> {
        self.sqlite.clone().ok_or_else(|| unnamed("the state directory's database"))
    }

    #[cfg(feature = "redis")]
    fn redis(&self) -> Result<super::redis::Redis> {
        self.redis.clone().ok_or_else(|| unnamed("redis"))
    }

    #[cfg(feature = "dynamodb")]
    fn dynamodb(&self) -> Result<super::dynamodb::DynamoDb> {
        self.dynamodb.clone().ok_or_else(|| unnamed("dynamodb"))
    }

    /// Signals go where all who use the records hear them.
    fn signals(&self, config: &Config) -> Result<Arc<dyn Signals>> {
        match self.stores.wake_locks {
            Memory::Sqlite => Ok(Arc::new(SignalSocket::new(&config.state_dir))),
            #[cfg(feature = "redis")]
            Memory::Redis => Ok(Arc::new(self.redis()?)),
            #[cfg(not(feature = "redis"))]
            Memory::Redis => Err(left_out("redis")),
        }
    }

    fn leaders(&self) -> Result<Arc<dyn Leaders>> {
        match self.stores.leaders {
            Leases::Sqlite => Ok(Arc::new(self.sqlite()?)),
            #[cfg(feature = "redis")]
            Leases::Redis => Ok(Arc::new(self.redis()?)),
            #[cfg(not(feature = "redis"))]
            Leases::Redis => Err(left_out("redis")),
            #[cfg(feature = "kubernetes")]
            Leases::Kubernetes => Ok(Arc::new(self.kubernetes.clone().ok_or_else(|| unnamed("kubernetes"))?)),
            #[cfg(not(feature = "kubernetes"))]
            Leases::Kubernetes => Err(left_out("kubernetes")),
        }
    }

    fn workloads(
        &self,
        config: &Config,
        keyring: &Arc<Keyring>,
        snapshots: &Arc<dyn Snapshots>,
        agentd: AgentdCommand,
    ) -> Result<Arc<dyn Workloads>> {
        let (keyring, snapshots) = (Arc::clone(keyring), Arc::clone(snapshots));
        match self.stores.workloads {
            Agents::Processes => Ok(Arc::new(LocalWorkloads::new(config, keyring, snapshots, agentd)?)),
            #[cfg(feature = "kubernetes")]
            Agents::Kubernetes => {
                let cluster = self.kubernetes.clone().ok_or_else(|| unnamed("kubernetes"))?;
                let server = config.servers.kubernetes.clone().ok_or_else(|| unnamed("kubernetes"))?;
                if let Some(plain) = server.pods.plain.clone() {
                    let plain = super::kubernetes::workloads::plain::PlainWorkloads::new(
                        cluster,
                        server.pods,
                        plain,
                        config,
                        keyring,
                    )?;
                    return Ok(Arc::new(plain));
                }
                let pods =
                    super::kubernetes::workloads::PodWorkloads::new(cluster, server.pods, config, keyring, snapshots)?;
                Ok(Arc::new(pods))
            }
            #[cfg(not(feature = "kubernetes"))]
            Agents::Kubernetes => Err(left_out("kubernetes")),
        }
    }

    /// The machines that these agents run on.
    fn fleets(&self, config: &Config, workloads: &Arc<dyn Workloads>) -> Result<Arc<dyn Fleets>> {
        match (&config.servers.kubernetes, self.stores.workloads) {
            #[cfg(feature = "kubernetes")]
            (Some(server), Agents::Kubernetes) => {
                let cluster = self.kubernetes.clone().ok_or_else(|| unnamed("kubernetes"))?;
                let fleet = super::kubernetes::fleets::ClusterFleet::new(cluster, server.pods.namespace.clone());
                Ok(Arc::new(fleet))
            }
            _ => Ok(Arc::new(ThisMachine::new(Arc::clone(workloads)))),
        }
    }

    /// What can be asked how it is set up.
    #[cfg_attr(
        not(feature = "kubernetes"),
        expect(unused_variables, reason = "only a cluster is asked by its settings")
    )]
    fn probes(&self, config: &Config) -> Vec<Arc<dyn Probes>> {
        #[cfg_attr(
            not(any(feature = "redis", feature = "dynamodb", feature = "s3", feature = "kubernetes")),
            expect(unused_mut, reason = "this program has no servers")
        )]
        let mut probes: Vec<Arc<dyn Probes>> = Vec::new();
        #[cfg(feature = "redis")]
        if let Some(redis) = self.redis.clone() {
            let keeps_jobs = self.stores.jobs == Memory::Redis;
            probes.push(Arc::new(super::redis::probes::RedisProbes::new(redis, keeps_jobs)));
        }
        #[cfg(feature = "dynamodb")]
        probes.extend(self.dynamodb.clone().map(|tables| Arc::new(tables) as Arc<dyn Probes>));
        #[cfg(feature = "s3")]
        probes.extend(self.s3.clone().map(|bucket| Arc::new(bucket) as Arc<dyn Probes>));
        #[cfg(feature = "kubernetes")]
        if let (Some(cluster), Some(server)) = (self.kubernetes.clone(), &config.servers.kubernetes) {
            let leases = self.stores.leaders == Leases::Kubernetes;
            let pods = (self.stores.workloads == Agents::Kubernetes).then(|| server.pods.clone());
            probes.push(Arc::new(super::kubernetes::probes::ClusterProbes::new(cluster, leases, pods)));
        }
        probes
    }

    fn drivers(
        &self,
        config: &Config,
        clock: Arc<dyn Clock>,
        keyring: &Arc<Keyring>,
        agentd: AgentdCommand,
    ) -> Result<Drivers> {
        let snapshots: Arc<dyn Snapshots> = match self.stores.snapshots {
            Archives::Directory => Arc::new(SnapshotDirectory::open(&config.state_dir)?),
            #[cfg(feature = "s3")]
            Archives::S3 => Arc::new(self.s3.clone().ok_or_else(|| unnamed("s3"))?),
            #[cfg(not(feature = "s3"))]
            Archives::S3 => return Err(left_out("s3")),
        };
        let workloads = self.workloads(config, keyring, &snapshots, agentd)?;
        Ok(Drivers {
            tenants: records!(self, tenants),
            inboxes: records!(self, inboxes),
            ledgers: records!(self, ledgers),
            jobs: memory!(self, jobs),
            quotas: memory!(self, quotas),
            wake_locks: memory!(self, wake_locks),
            leaders: self.leaders()?,
            endpoints: memory!(self, endpoints),
            journals: memory!(self, endpoints),
            receipts: memory!(self, endpoints),
            deadlines: memory!(self, deadlines),
            signals: self.signals(config)?,
            fleets: self.fleets(config, &workloads)?,
            workloads,
            snapshots,
            messengers: Arc::new(Telegram::new(&TelegramSettings {
                allow_plain_http: config.telegram_plain_http,
                ..TelegramSettings::new(config.telegram_url.clone())
            })?),
            probes: self.probes(config),
            clock,
        })
    }
}

fn unnamed(server: &str) -> Error {
    Error::invalid("stores", format!("{server} keeps something, and nothing says where it is"))
}
