//! Contexts: the tables `[contexts.NAME]`, each a control plane of this machine, one elsewhere, or the stores of one.
//!
//! Owns what a table may say, that it says enough and no two things at once, and which environment variables go before it.
//! A table is resolved only when it is meant: one that is incomplete does not keep the others from being used.

use std::path::{Path, PathBuf};

use libtenancy::{
    Error, Result,
    stores::{Agents, Archives, KubernetesServer, Leases, Memory, Records, Servers, Stores},
};
use serde::{Deserialize, Serialize};

use super::{
    Environment,
    servers::{self, DynamoDbTable, KubernetesTable, RedisTable, S3Table, Tables},
    set,
};

/// Where a control plane in a cluster is, and what its caller is, if nothing else is said.
const NAMESPACE: &str = "ztm";
const ACCOUNT: &str = "ztm-admin";

/// The context that means the control plane of this machine.
pub const EMBEDDED: &str = "embedded";

/// What a context is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Everything in a state directory.
    Embedded,
    /// An orchestrator somewhere else.
    Url,
    /// Stores on servers, which this program opens itself.
    Stores,
    /// A control plane in a Kubernetes cluster.
    Cluster,
}

impl Kind {
    /// Its word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Url => "url",
            Self::Stores => "stores",
            Self::Cluster => "cluster",
        }
    }
}

/// A value that `drivers` may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Bundle {
    /// Everything in the state directory.
    Local,
    /// DynamoDB, Redis and S3.
    Aws,
}

/// A table `[contexts.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Table {
    state_dir: Option<PathBuf>,
    key_file: Option<PathBuf>,
    cluster: Option<bool>,
    account: Option<String>,
    readonly: Option<bool>,
    orchestrator_url: Option<String>,
    router_url: Option<String>,
    token_file: Option<PathBuf>,
    drivers: Option<Bundle>,
    tenants: Option<Records>,
    inboxes: Option<Records>,
    ledgers: Option<Records>,
    jobs: Option<Memory>,
    quotas: Option<Memory>,
    wake_locks: Option<Memory>,
    leaders: Option<Leases>,
    endpoints: Option<Memory>,
    deadlines: Option<Memory>,
    snapshots: Option<Archives>,
    workloads: Option<Agents>,
    dynamodb: Option<DynamoDbTable>,
    redis: Option<RedisTable>,
    s3: Option<S3Table>,
    kubernetes: Option<KubernetesTable>,
}

/// A value, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value {
    /// Its key, as the file has it.
    pub key: String,
    /// The value; of a secret, the file it is in.
    pub value: String,
    /// `file`, `default`, or the name of an environment variable.
    pub from: String,
}

/// A context that says all it must.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where its control plane keeps its files on this machine.
    pub state_dir: Option<PathBuf>,
    /// The keys that seal its secrets.
    pub key_file: Option<PathBuf>,
    /// Its orchestrator.
    pub orchestrator_url: Option<String>,
    /// Its router.
    pub router_url: Option<String>,
    /// The token for its orchestrator.
    pub token_file: Option<PathBuf>,
    /// Which service account its caller is, in a cluster.
    pub account: String,
    /// Whether `ztm top` only looks.
    pub readonly: bool,
    /// Who keeps its records.
    pub stores: Stores,
    /// Where those are.
    pub servers: Servers,
    /// All of it for people.
    pub values: Vec<Value>,
    /// What may not be meant.
    pub warnings: Vec<String>,
}

impl Target {
    /// The control plane in the cluster of a kubeconfig's context.
    pub(super) fn cluster(context: &str) -> Self {
        let server = KubernetesServer {
            context: Some(context.to_owned()),
            namespace: Some(NAMESPACE.to_owned()),
            ..KubernetesServer::default()
        };
        let servers = Servers { kubernetes: Some(server), ..Servers::default() };
        let value = |key: &str, value: &str, from: &str| Value {
            key: key.to_owned(),
            value: value.to_owned(),
            from: from.to_owned(),
        };
        let values = vec![
            value("kubernetes.context", context, "kubeconfig"),
            value("kubernetes.namespace", NAMESPACE, "default"),
            value("account", ACCOUNT, "default"),
        ];
        Self { name: context.to_owned(), kind: Kind::Cluster, servers, values, ..Self::embedded() }
    }

    /// The control plane of this machine.
    pub(super) fn embedded() -> Self {
        Self {
            name: EMBEDDED.to_owned(),
            kind: Kind::Embedded,
            state_dir: None,
            key_file: None,
            orchestrator_url: None,
            router_url: None,
            token_file: None,
            account: ACCOUNT.to_owned(),
            readonly: false,
            stores: Stores::default(),
            servers: Servers::default(),
            values: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// Which table, of which file: what its errors name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) name: &'a str,
    pub(super) file: &'a Path,
}

impl Place<'_> {
    /// An error about this table.
    pub(super) fn wrong(&self, why: impl std::fmt::Display) -> Error {
        Error::invalid("context", format!("`[contexts.{}]` in `{}`: {why}", self.name, self.file.display()))
    }

    /// A path in the file: one that is not absolute begins beside the file.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new(".")).join(path)
    }
}

impl Table {
    /// What it is. `Invalid` if it is nothing, or two things at once.
    pub(super) fn kind(&self, place: Place<'_>) -> Result<Kind> {
        let stores = self.stores();
        let server = [
            ("dynamodb", self.dynamodb.is_some(), stores.on_dynamodb()),
            ("redis", self.redis.is_some(), stores.on_redis()),
            ("s3", self.s3.is_some(), stores.on_s3()),
            ("kubernetes", self.kubernetes.is_some(), stores.on_kubernetes()),
        ];
        if self.cluster == Some(true) {
            let second = self.driver_key().or(self.orchestrator_url.as_ref().map(|_| "orchestrator_url"));
            let second =
                second.or(server.iter().find(|(name, said, _)| *said && *name != "kubernetes").map(|(name, ..)| *name));
            return match second {
                None => Ok(Kind::Cluster),
                Some(key) => Err(place.wrong(format!(
                    "`cluster` and `{key}` exclude each other: a control plane in a cluster is reached through that, and knows its own stores"
                ))),
            };
        }
        if self.orchestrator_url.is_some() {
            let second = self.driver_key().or(server.iter().find(|(_, said, _)| *said).map(|(name, ..)| *name));
            let second = second.or(self.state_dir.as_ref().map(|_| "state_dir"));
            let second = second.or(self.key_file.as_ref().map(|_| "key_file"));
            return match second {
                None => Ok(Kind::Url),
                Some(key) => Err(place.wrong(format!(
                    "`orchestrator_url` and `{key}` exclude each other: a control plane elsewhere knows its own stores"
                ))),
            };
        }
        for (key, said) in [("router_url", self.router_url.is_some()), ("token_file", self.token_file.is_some())] {
            if said {
                return Err(place.wrong(format!("`{key}` needs `orchestrator_url`, which is missing")));
            }
        }
        for (name, said, used) in server {
            if said && !used {
                return Err(place.wrong(format!(
                    "`{name}` says where a server is, but nothing is kept there; add `drivers = \"aws\"`, or a driver of its own"
                )));
            }
        }
        if stores.is_shared() {
            return Ok(Kind::Stores);
        }
        if self.state_dir.is_none() {
            return Err(place.wrong(
                "it says neither where a control plane is (`orchestrator_url`), nor who keeps its records (`drivers`), \
                 nor in which directory (`state_dir`)",
            ));
        }
        Ok(Kind::Embedded)
    }

    /// What tells it from others, in a word or two.
    pub(super) fn summary(&self) -> String {
        let url = self.orchestrator_url.clone();
        let stores = self.stores();
        let shared = || {
            let dynamodb = stores.on_dynamodb().then_some("dynamodb");
            let redis = stores.on_redis().then_some("redis");
            let s3 = stores.on_s3().then_some("s3");
            let kubernetes = stores.on_kubernetes().then_some("kubernetes");
            let all: Vec<_> = dynamodb.into_iter().chain(redis).chain(s3).chain(kubernetes).collect();
            (!all.is_empty()).then(|| all.join(", "))
        };
        if self.cluster == Some(true) {
            return "a Kubernetes cluster".to_owned();
        }
        let directory = || self.state_dir.as_ref().map(|path| path.display().to_string());
        url.or_else(shared).or_else(directory).unwrap_or_default()
    }

    fn driver_key(&self) -> Option<&'static str> {
        [
            ("drivers", self.drivers.is_some()),
            ("tenants", self.tenants.is_some()),
            ("inboxes", self.inboxes.is_some()),
            ("ledgers", self.ledgers.is_some()),
            ("jobs", self.jobs.is_some()),
            ("quotas", self.quotas.is_some()),
            ("wake_locks", self.wake_locks.is_some()),
            ("leaders", self.leaders.is_some()),
            ("endpoints", self.endpoints.is_some()),
            ("deadlines", self.deadlines.is_some()),
            ("snapshots", self.snapshots.is_some()),
            ("workloads", self.workloads.is_some()),
        ]
        .into_iter()
        .find_map(|(name, said)| said.then_some(name))
    }

    /// Who keeps what: a key of its own goes before `drivers`, and accounts go with jobs.
    fn stores(&self) -> Stores {
        let base = match self.drivers {
            Some(Bundle::Aws) => Stores::AWS,
            Some(Bundle::Local) | None => Stores::default(),
        };
        Stores {
            tenants: self.tenants.unwrap_or(base.tenants),
            inboxes: self.inboxes.unwrap_or(base.inboxes),
            ledgers: self.ledgers.unwrap_or(base.ledgers),
            jobs: self.jobs.unwrap_or(base.jobs),
            quotas: self.quotas.or(self.jobs).unwrap_or(base.quotas),
            wake_locks: self.wake_locks.unwrap_or(base.wake_locks),
            leaders: self.leaders.unwrap_or(base.leaders),
            endpoints: self.endpoints.unwrap_or(base.endpoints),
            deadlines: self.deadlines.unwrap_or(base.deadlines),
            snapshots: self.snapshots.unwrap_or(base.snapshots),
            workloads: self.workloads.unwrap_or(base.workloads),
        }
    }

    /// All of it, with what the environment says. `Invalid` names the file, the table and the key.
    pub(super) fn resolve(&self, place: Place<'_>, environment: Environment<'_>) -> Result<Target> {
        let kind = self.kind(place)?;
        let stores = self.stores().checked().map_err(|error| match error {
            Error::Invalid { field, reason } => place.wrong(format!("`{field}`: {reason}")),
            error => error,
        })?;
        let mut target = Target {
            name: place.name.to_owned(),
            kind,
            state_dir: self.state_dir.as_deref().map(|path| place.path(path)),
            key_file: self.key_file.as_deref().map(|path| place.path(path)),
            orchestrator_url: self.orchestrator_url.clone(),
            router_url: self.router_url.clone(),
            token_file: self.token_file.as_deref().map(|path| place.path(path)),
            readonly: self.readonly.unwrap_or_default(),
            stores,
            ..Target::embedded()
        };
        let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        for (key, value) in [
            ("orchestrator_url", self.orchestrator_url.clone()),
            ("router_url", self.router_url.clone()),
            ("token_file", text(&target.token_file)),
            ("state_dir", text(&target.state_dir)),
            ("key_file", text(&target.key_file)),
            ("readonly", self.readonly.map(|readonly| readonly.to_string())),
        ] {
            let value = value.map(|value| Value { key: key.to_owned(), value, from: "file".to_owned() });
            target.values.extend(value);
        }
        if let Some(account) = &self.account {
            target.account.clone_from(account);
        }
        if kind == Kind::Cluster {
            let table = self.kubernetes.clone().unwrap_or_default();
            let mut server = servers::cluster(place, environment, &table, &mut target.values)?;
            server.namespace.get_or_insert_with(|| NAMESPACE.to_owned());
            target.servers.kubernetes = Some(server);
            let account = Value { key: "account".to_owned(), value: target.account.clone(), from: "file".to_owned() };
            target.values.push(account);
        }
        if kind == Kind::Stores {
            self.keepers(&mut target);
            let tables = Tables {
                dynamodb: self.dynamodb.as_ref(),
                redis: self.redis.as_ref(),
                s3: self.s3.as_ref(),
                kubernetes: self.kubernetes.as_ref(),
            };
            servers::resolve(place, environment, &tables, &mut target)?;
            let left = target.stores.left_behind();
            if !left.is_empty() {
                target.warnings.push(format!(
                    "context `{}` keeps {} in the state directory of this machine: a control plane elsewhere does not find them",
                    place.name,
                    left.join(", ")
                ));
            }
            if let Some(url) = set(environment, "ZTM_ORCHESTRATOR_URL") {
                target.warnings.push(format!(
                    "ZTM_ORCHESTRATOR_URL ({}) goes before the stores of context `{}`",
                    url.display(),
                    place.name
                ));
            }
        }
        Ok(target)
    }

    /// Notes who keeps what, and whether the file says so.
    fn keepers(&self, target: &mut Target) {
        let serde_json::Value::Object(all) = serde_json::json!(target.stores) else { return };
        for (key, value) in all {
            let said = match key.as_str() {
                "tenants" => self.tenants.is_some(),
                "inboxes" => self.inboxes.is_some(),
                "ledgers" => self.ledgers.is_some(),
                "jobs" => self.jobs.is_some(),
                "quotas" => self.quotas.is_some() || self.jobs.is_some(),
                "wake_locks" => self.wake_locks.is_some(),
                "leaders" => self.leaders.is_some(),
                "endpoints" => self.endpoints.is_some(),
                "deadlines" => self.deadlines.is_some(),
                "snapshots" => self.snapshots.is_some(),
                _ => self.workloads.is_some(),
            };
            let bundled = self.drivers.is_some() && key != "workloads";
            let from = if said || bundled { "file" } else { "default" };
            let value = value.as_str().unwrap_or_default().to_owned();
            target.values.push(Value { key, value, from: from.to_owned() });
        }
    }
}
