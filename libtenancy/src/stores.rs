//! Which driver keeps what, where its server is, and what goes together.
//!
//! Owns the choice. Does not own where it is written down (`ztm::settings`) nor how drivers are opened
//! (`drivers::assembly`).
//!
//! # Design notes
//! *Shared* is what a server keeps that other control planes reach too. It all hangs on the registry: a control plane that
//! shares jobs, inboxes or archives and not the tenants they belong to would take others' tenants for unknown ones. Leases
//! must be as shared as what they guard. Accounts live in the store of the jobs, since one atomic step changes both, and the
//! ledger is what tells that store what it forgot, so a ledger that somebody else's store feeds is none.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    secret::Secret,
};

/// Who keeps records that must never be forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Records {
    /// The database in the state directory.
    #[default]
    Sqlite,
    /// A table of Amazon DynamoDB.
    DynamoDb,
}

/// Who keeps what is fast and can be made again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Memory {
    /// The database in the state directory.
    #[default]
    Sqlite,
    /// Redis, or a Redis Cluster.
    Redis,
}

/// Who keeps the leases of leaders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leases {
    /// The database in the state directory.
    #[default]
    Sqlite,
    /// Redis, or a Redis Cluster.
    Redis,
    /// Leases of a Kubernetes cluster.
    Kubernetes,
}

/// What an agent is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Agents {
    /// Processes of this machine.
    #[default]
    Processes,
    /// Pods of a Kubernetes cluster.
    Kubernetes,
}

/// Who keeps archives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Archives {
    /// The state directory.
    #[default]
    Directory,
    /// A bucket of Amazon S3.
    S3,
}

/// Who keeps what. The default keeps everything in the state directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is the port of that name")]
pub struct Stores {
    pub tenants: Records,
    pub inboxes: Records,
    pub ledgers: Records,
    pub jobs: Memory,
    pub quotas: Memory,
    pub wake_locks: Memory,
    pub leaders: Leases,
    pub endpoints: Memory,
    pub deadlines: Memory,
    pub snapshots: Archives,
    pub workloads: Agents,
}

/// How DynamoDB is reached, and what its tables are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DynamoDbServer {
    /// Another endpoint than the region's, as a URL.
    pub endpoint: Option<String>,
    /// The region; where AWS' tools find it if `None`.
    pub region: Option<String>,
    /// The table of tenants.
    pub registry_table: String,
    /// The table of updates.
    pub inbox_table: String,
    /// The table of ledger rows.
    pub ledger_table: String,
}

impl Default for DynamoDbServer {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            registry_table: "tenant-registry".to_owned(),
            inbox_table: "tenant-inbox".to_owned(),
            ledger_table: "tenant-ledger".to_owned(),
        }
    }
}

/// How Redis is reached.
#[derive(Clone, Debug)]
pub struct RedisServer {
    /// `redis://[user:password@]host:port[/db]`, or `rediss://…`; of a cluster one or more, with commas between.
    pub url: Secret,
    /// Whether it is a cluster.
    pub cluster: bool,
    /// Certificates (PEM) that are trusted instead of the system's, for `rediss://`.
    pub ca_file: Option<PathBuf>,
    /// Part of every key, so that several control planes can share a server: empty, or `[a-z0-9-]`.
    pub namespace: String,
    /// Over how many partitions tenants are spread; fixed for the life of a store.
    pub partitions: u16,
}

/// How S3 is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Server {
    /// The bucket.
    pub bucket: String,
    /// Another endpoint than the region's, as a URL.
    pub endpoint: Option<String>,
    /// The region; where AWS' tools find it if `None`.
    pub region: Option<String>,
    /// Whether the bucket is named in the path instead of the host.
    pub path_style: bool,
}

/// Which Kubernetes cluster, and which namespace of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubernetesServer {
    /// A kubeconfig; where `kubectl` looks, or the pod's own service account, if `None`.
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig; its current one if `None`.
    pub context: Option<String>,
    /// The namespace of the control plane; the context's if `None`.
    pub namespace: Option<String>,
    /// The agents' pods, if agents are pods.
    pub pods: PodSettings,
}

/// How pods are whose image has no `agentd`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainPods {
    /// The bucket whose `tenants/{id}/` an agent finds as its state, through the CSI driver of Mountpoint for Amazon S3. If
    /// `None`, nothing outlives a pod.
    pub state_bucket: Option<String>,
}

/// How an agent's pod is to be. Quantities are Kubernetes' own notation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSettings {
    /// The namespace of all agents' pods.
    pub namespace: String,
    /// The image, whose entry point is `agentd`, or the agent itself if `plain`.
    pub image: String,
    /// `None` for an image with `agentd`.
    pub plain: Option<PlainPods>,
    /// When the image is pulled: `Always`, `IfNotPresent`, `Never`.
    pub image_pull_policy: String,
    /// The `RuntimeClass`; nodes of ordinary containers if `None`.
    pub runtime_class: Option<String>,
    /// The `PriorityClass`; the cluster's default if `None`.
    pub priority_class: Option<String>,
    /// The `ServiceAccount`, which has no rights.
    pub service_account: String,
    /// Where pods call out to, `host:port`.
    pub control_plane: String,
    /// Where this control plane hears them.
    pub listen: SocketAddr,
    /// What a pod is promised.
    pub cpu_request: String,
    /// What a pod is promised.
    pub memory_request: String,
    /// What a pod may use.
    pub cpu_limit: String,
    /// What a pod may use.
    pub memory_limit: String,
    /// What a pod may write, state and archives together.
    pub storage_limit: String,
    /// How long a pod may take until its `agentd` is known.
    pub start_timeout: Duration,
    /// How long a pod may wait for a node, where one can come (Karpenter); zero: not at all.
    pub node_timeout: Duration,
}

impl Default for PodSettings {
    fn default() -> Self {
        Self {
            namespace: "tenants".to_owned(),
            image: String::new(),
            plain: None,
            image_pull_policy: "IfNotPresent".to_owned(),
            runtime_class: Some("kata-qemu".to_owned()),
            priority_class: Some("tenant-normal".to_owned()),
            service_account: "zeroclaw-tenant".to_owned(),
            control_plane: "orchestrator.ztm.svc:8090".to_owned(),
            listen: SocketAddr::from(([0, 0, 0, 0], 8090)),
            cpu_request: "100m".to_owned(),
            memory_request: "384Mi".to_owned(),
            cpu_limit: "500m".to_owned(),
            memory_limit: "512Mi".to_owned(),
            storage_limit: "2Gi".to_owned(),
            start_timeout: Duration::from_secs(60),
            node_timeout: Duration::ZERO,
        }
    }
}

/// Where the servers are that [`Stores`] names. Credentials come from where AWS' tools find them.
#[derive(Clone, Debug, Default)]
pub struct Servers {
    /// DynamoDB, if something is kept there.
    pub dynamodb: Option<DynamoDbServer>,
    /// Redis, if something is kept there.
    pub redis: Option<RedisServer>,
    /// S3, if something is kept there.
    pub s3: Option<S3Server>,
    /// Kubernetes, if something is kept there.
    pub kubernetes: Option<KubernetesServer>,
}

impl Stores {
    /// Everything on AWS' servers and Redis.
    pub const AWS: Self = Self {
        tenants: Records::DynamoDb,
        inboxes: Records::DynamoDb,
        ledgers: Records::DynamoDb,
        jobs: Memory::Redis,
        quotas: Memory::Redis,
        wake_locks: Memory::Redis,
        leaders: Leases::Redis,
        endpoints: Memory::Redis,
        deadlines: Memory::Redis,
        snapshots: Archives::S3,
        workloads: Agents::Processes,
    };

    fn records(&self) -> [(&'static str, Records); 3] {
        [("tenants", self.tenants), ("inboxes", self.inboxes), ("ledgers", self.ledgers)]
    }

    fn memories(&self) -> [(&'static str, Memory); 5] {
        [
            ("jobs", self.jobs),
            ("quotas", self.quotas),
            ("wake_locks", self.wake_locks),
            ("endpoints", self.endpoints),
            ("deadlines", self.deadlines),
        ]
    }

    /// Whether something is kept in DynamoDB.
    pub fn on_dynamodb(&self) -> bool {
        self.records().iter().any(|(_, store)| *store == Records::DynamoDb)
    }

    /// Whether something is kept in Redis.
    pub fn on_redis(&self) -> bool {
        self.leaders == Leases::Redis || self.memories().iter().any(|(_, store)| *store == Memory::Redis)
    }

    /// Whether something is kept in Kubernetes.
    pub fn on_kubernetes(&self) -> bool {
        self.leaders == Leases::Kubernetes || self.workloads == Agents::Kubernetes
    }

    /// Whether archives are kept in S3.
    pub fn on_s3(&self) -> bool {
        self.snapshots == Archives::S3
    }

    /// Whether other control planes reach the records too.
    pub fn is_shared(&self) -> bool {
        self.on_dynamodb() || self.on_redis() || self.on_s3() || self.on_kubernetes()
    }

    /// Whether something is kept in the database of the state directory.
    pub fn on_sqlite(&self) -> bool {
        self.records().iter().any(|(_, store)| *store == Records::Sqlite)
            || self.memories().iter().any(|(_, store)| *store == Memory::Sqlite)
            || self.leaders == Leases::Sqlite
    }

    /// What is kept in the state directory though the registry is shared: a control plane elsewhere does not find it.
    pub fn left_behind(&self) -> Vec<&'static str> {
        if self.tenants == Records::Sqlite {
            return Vec::new();
        }
        let records = self.records().into_iter().filter(|(_, store)| *store == Records::Sqlite);
        let memories = self.memories().into_iter().filter(|(_, store)| *store == Memory::Sqlite);
        let leaders = (self.leaders == Leases::Sqlite).then_some("leaders");
        let archives = (self.snapshots == Archives::Directory).then_some("snapshots");
        records.map(|(name, _)| name).chain(memories.map(|(name, _)| name)).chain(leaders).chain(archives).collect()
    }

    /// Whether these can be used together; `Invalid` names the key that is wrong, and what would be right.
    pub fn checked(self) -> Result<Self> {
        if self.jobs != self.quotas {
            return Err(Error::invalid("quotas", "they must be where `jobs` are: a claim changes both in one step"));
        }
        if self.tenants == Records::Sqlite {
            let first = if self.on_dynamodb() {
                self.records().into_iter().find(|(_, store)| *store == Records::DynamoDb).map(|(name, _)| name)
            } else {
                self.memories().into_iter().find(|(_, store)| *store == Memory::Redis).map(|(name, _)| name)
            };
            let leaders = (self.leaders != Leases::Sqlite).then_some("leaders");
            let workloads = (self.workloads != Agents::Processes).then_some("workloads");
            return match first.or(leaders).or(self.on_s3().then_some("snapshots")).or(workloads) {
                None => Ok(self),
                Some(name) => {
                    let why = format!("`{name}` are kept where others reach them; so must `tenants` be: \"dynamodb\"");
                    Err(Error::invalid("tenants", why))
                }
            };
        }
        for (name, store) in self.memories().into_iter().skip(2) {
            if store == Memory::Sqlite {
                let why = "it must be \"redis\": whoever reaches the tenants must see the same";
                return Err(Error::invalid(name, why));
            }
        }
        if self.leaders == Leases::Sqlite {
            let why = "it must be \"redis\" or \"kubernetes\": whoever reaches the tenants must see the same";
            return Err(Error::invalid("leaders", why));
        }
        if self.workloads == Agents::Kubernetes && self.snapshots != Archives::S3 {
            let why = "it must be \"s3\": agents in pods write their archives there";
            return Err(Error::invalid("snapshots", why));
        }
        if (self.jobs == Memory::Redis) != (self.ledgers == Records::DynamoDb) {
            let why = "they belong to the `jobs`: \"dynamodb\" with \"redis\", \"sqlite\" with \"sqlite\"";
            return Err(Error::invalid("ledgers", why));
        }
        Ok(self)
    }
}

impl Servers {
    /// Names the stores among all others, for people and for [`crate::drivers::local::mark`]: no secrets, and the same for
    /// everybody who shares them. Empty if nothing is shared.
    pub fn fingerprint(&self) -> String {
        let mut parts = Vec::new();
        if let Some(dynamodb) = &self.dynamodb {
            let at = dynamodb.endpoint.as_deref().or(dynamodb.region.as_deref()).unwrap_or("aws");
            parts.push(format!("dynamodb:{at}/{}", dynamodb.registry_table));
        }
        if let Some(redis) = &self.redis {
            parts.push(format!("redis:{}", if redis.namespace.is_empty() { "-" } else { &redis.namespace }));
        }
        if let Some(s3) = &self.s3 {
            parts.push(format!("s3:{}", s3.bucket));
        }
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_here_and_everything_there_go_together() {
        assert!(!Stores::default().checked().unwrap().is_shared());
        let aws = Stores::AWS.checked().unwrap();
        assert!(aws.is_shared() && !aws.on_sqlite() && aws.left_behind().is_empty());
    }

    #[test]
    fn what_hangs_on_the_registry_is_not_shared_without_it() {
        let refused = |stores: Stores| match stores.checked() {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        let local = Stores::default();
        assert_eq!(refused(Stores { inboxes: Records::DynamoDb, ..local }), "tenants");
        assert_eq!(refused(Stores { snapshots: Archives::S3, ..local }), "tenants");
        assert_eq!(refused(Stores { jobs: Memory::Redis, quotas: Memory::Redis, ..local }), "tenants");
        assert_eq!(refused(Stores { tenants: Records::DynamoDb, ..local }), "wake_locks");
        assert_eq!(refused(Stores { leaders: Leases::Sqlite, ..Stores::AWS }), "leaders");
        assert_eq!(refused(Stores { leaders: Leases::Kubernetes, ..local }), "tenants");
        assert!(Stores { leaders: Leases::Kubernetes, ..Stores::AWS }.checked().unwrap().on_kubernetes());
        assert_eq!(refused(Stores { workloads: Agents::Kubernetes, ..local }), "tenants");
        let pods = Stores { workloads: Agents::Kubernetes, ..Stores::AWS };
        assert!(pods.checked().unwrap().on_kubernetes());
        assert_eq!(refused(Stores { snapshots: Archives::Directory, ..pods }), "snapshots");
        assert_eq!(refused(Stores { quotas: Memory::Sqlite, ..Stores::AWS }), "quotas");
        assert_eq!(refused(Stores { ledgers: Records::Sqlite, ..Stores::AWS }), "ledgers");
        assert_eq!(refused(Stores { jobs: Memory::Sqlite, quotas: Memory::Sqlite, ..Stores::AWS }), "ledgers");
    }

    #[test]
    fn what_stays_on_this_machine_is_named() {
        let stores = Stores { inboxes: Records::Sqlite, snapshots: Archives::Directory, ..Stores::AWS };
        assert_eq!(stores.checked().unwrap().left_behind(), ["inboxes", "snapshots"]);
        assert!(stores.on_sqlite());
    }
}
