//! Where a context's servers are: the tables `dynamodb`, `redis`, `s3` and `kubernetes` below it, and the environment variables that go
//! before them.
//!
//! Credentials are never in them: AWS' are where its tools find them, Redis' password is in a file.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use libtenancy::{
    Result,
    secret::{Secret, read_private},
    stores::{Agents, DynamoDbServer, KubernetesServer, PlainPods, PodSettings, RedisServer, S3Server},
};
use reqwest::Url;
use serde::Deserialize;

use super::{
    Environment,
    context::{Place, Target, Value},
    set,
};
use crate::cli::quantity;

/// `[contexts.NAME.dynamodb]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DynamoDbTable {
    endpoint: Option<String>,
    region: Option<String>,
    registry_table: Option<String>,
    inbox_table: Option<String>,
    ledger_table: Option<String>,
}

/// `[contexts.NAME.redis]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RedisTable {
    url: Option<String>,
    url_file: Option<PathBuf>,
    username: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    cluster: Option<bool>,
    namespace: Option<String>,
    partitions: Option<u16>,
}

/// `[contexts.NAME.s3]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct S3Table {
    bucket: Option<String>,
    endpoint: Option<String>,
    region: Option<String>,
    path_style: Option<bool>,
}

/// `[contexts.NAME.kubernetes]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KubernetesTable {
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    namespace: Option<String>,
    agents_namespace: Option<String>,
    image: Option<String>,
    image_pull_policy: Option<String>,
    agentd: Option<bool>,
    state_volume: Option<String>,
    runtime_class: Option<String>,
    priority_class: Option<String>,
    service_account: Option<String>,
    control_plane: Option<String>,
    listen: Option<String>,
    cpu_request: Option<String>,
    memory_request: Option<String>,
    cpu_limit: Option<String>,
    memory_limit: Option<String>,
    storage_limit: Option<String>,
    start_timeout: Option<String>,
    node_timeout: Option<String>,
}

/// The tables of a context.
pub(super) struct Tables<'a> {
    pub(super) dynamodb: Option<&'a DynamoDbTable>,
    pub(super) redis: Option<&'a RedisTable>,
    pub(super) s3: Option<&'a S3Table>,
    pub(super) kubernetes: Option<&'a KubernetesTable>,
}

/// Finds values, and notes where they were found.
struct Finder<'a> {
    place: Place<'a>,
    environment: Environment<'a>,
    table: &'static str,
    values: &'a mut Vec<Value>,
}

impl Finder<'_> {
    fn note(&mut self, key: &str, value: &str, from: &str) {
        let key = format!("{}.{key}", self.table);
        self.values.push(Value { key, value: value.to_owned(), from: from.to_owned() });
    }

    /// The variable's value, else the file's.
    fn text(&mut self, key: &str, variable: Option<&str>, said: Option<&String>) -> Result<Option<String>> {
        let found = match variable.and_then(|name| Some((name, set(self.environment, name)?))) {
            Some((name, value)) => {
                let value = value.into_string().map_err(|_| self.place.wrong(format!("{name} is not UTF-8")))?;
                Some((value, name))
            }
            None => said.map(|value| (value.clone(), "file")),
        };
        let Some((value, from)) = found else { return Ok(None) };
        if value.trim().is_empty() {
            return Err(self.place.wrong(format!("`{}.{key}` is empty", self.table)));
        }
        self.note(key, &value, from);
        Ok(Some(value))
    }

    /// [`Finder::text`], or the default.
    fn text_or(&mut self, key: &str, variable: Option<&str>, said: Option<&String>, default: &str) -> Result<String> {
        if let Some(value) = self.text(key, variable, said)? {
            return Ok(value);
        }
        self.note(key, default, "default");
        Ok(default.to_owned())
    }

    /// Another endpoint than the region's.
    fn endpoint(&mut self, variable: Option<&str>, said: Option<&String>) -> Result<Option<String>> {
        let endpoint = self.text("endpoint", variable, said)?;
        endpoint
            .map(|url| {
                super::base_url("endpoint", &url)
                    .map_err(|e| self.place.wrong(format!("`{}.endpoint` = `{url}`: {e}", self.table)))
            })
            .transpose()
    }
}

/// Finds all servers that the target's stores need.
pub(super) fn resolve(
    place: Place<'_>,
    environment: Environment<'_>,
    tables: &Tables<'_>,
    target: &mut Target,
) -> Result<()> {
    let mut values = std::mem::take(&mut target.values);
    if target.stores.on_dynamodb() {
        let table = tables.dynamodb.cloned().unwrap_or_default();
        target.servers.dynamodb =
            Some(dynamodb(Finder { place, environment, table: "dynamodb", values: &mut values }, &table)?);
    }
    if target.stores.on_redis() {
        let table = tables.redis.cloned().unwrap_or_default();
        target.servers.redis = Some(redis(Finder { place, environment, table: "redis", values: &mut values }, &table)?);
    }
    if target.stores.on_s3() {
        let table = tables.s3.cloned().unwrap_or_default();
        target.servers.s3 = Some(s3(Finder { place, environment, table: "s3", values: &mut values }, &table)?);
    }
    if target.stores.on_kubernetes() {
        let table = tables.kubernetes.cloned().unwrap_or_default();
        let finder = Finder { place, environment, table: "kubernetes", values: &mut values };
        let bucket = target.servers.s3.as_ref().map(|s3| s3.bucket.as_str());
        target.servers.kubernetes = Some(kubernetes(finder, &table, target.stores.workloads, bucket)?);
    }
    target.values = values;
    Ok(())
}

fn dynamodb(mut finder: Finder<'_>, table: &DynamoDbTable) -> Result<DynamoDbServer> {
    let default = DynamoDbServer::default();
    let server = DynamoDbServer {
        endpoint: finder.endpoint(Some("DYNAMODB_ENDPOINT"), table.endpoint.as_ref())?,
        region: finder.text("region", None, table.region.as_ref())?,
        registry_table: finder.text_or(
            "registry_table",
            Some("DYNAMODB_TABLE"),
            table.registry_table.as_ref(),
            &default.registry_table,
        )?,
        inbox_table: finder.text_or("inbox_table", None, table.inbox_table.as_ref(), &default.inbox_table)?,
        ledger_table: finder.text_or("ledger_table", None, table.ledger_table.as_ref(), &default.ledger_table)?,
    };
    let tables = [&server.registry_table, &server.inbox_table, &server.ledger_table];
    if tables[0] == tables[1] || tables[0] == tables[2] || tables[1] == tables[2] {
        return Err(finder.place.wrong("the tables of `dynamodb` must have three different names"));
    }
    Ok(server)
}

fn redis(mut finder: Finder<'_>, table: &RedisTable) -> Result<RedisServer> {
    let place = finder.place;
    if table.url.is_some() && table.url_file.is_some() {
        return Err(place.wrong("`redis.url` and `redis.url_file` exclude each other"));
    }
    let cluster = table.cluster.unwrap_or(false);
    let read = |key: &str, path: &Path| {
        let path = place.path(path);
        let text = read_private(&path).map_err(|e| place.wrong(format!("`redis.{key}`: {}", e.chain())))?;
        Ok::<_, libtenancy::Error>(Secret::new(text.trim()))
    };
    let (urls, key) = if let Some(address) = set(finder.environment, "REDIS_ADDR") {
        let address = address.into_string().map_err(|_| place.wrong("REDIS_ADDR is not UTF-8"))?;
        // The first control plane's form is `host:port`.
        let url = |part: &str| if part.contains("://") { part.to_owned() } else { format!("redis://{part}") };
        let urls: Vec<_> = address.split(',').map(|part| url(part.trim())).collect();
        (Secret::new(urls.join(",")), "REDIS_ADDR")
    } else if let Some(path) = &table.url_file {
        finder.note("url_file", &place.path(path).display().to_string(), "file");
        (read("url_file", path)?, "redis.url_file")
    } else if let Some(url) = &table.url {
        (Secret::new(url.clone()), "redis.url")
    } else {
        return Err(place.wrong("`redis.url` is missing: set it, `redis.url_file`, or REDIS_ADDR (host:port)"));
    };
    let mut parsed = Vec::new();
    for part in urls.expose().split(',') {
        // Not the text itself: it may hold a password.
        let wrong = || place.wrong(format!("{key} must be redis://host:port[/db], or rediss:// for TLS"));
        let url = Url::parse(part.trim()).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "redis" | "rediss") || url.host_str().is_none_or(str::is_empty) {
            return Err(wrong());
        }
        if key == "redis.url" && url.password().is_some() {
            return Err(place.wrong(
                "`redis.url` holds a password, which does not belong here; write it into a file of mode 0600 and name that as \
                 `redis.password_file`, or the whole URL as `redis.url_file`",
            ));
        }
        parsed.push(url);
    }
    if parsed.len() > 1 && !cluster {
        return Err(place.wrong(format!("{key} names several servers; say `redis.cluster = true`, or name one")));
    }
    if key != "redis.url_file" {
        let shown: Vec<_> = parsed.iter().map(without_password).collect();
        finder.note("url", &shown.join(","), if key == "REDIS_ADDR" { key } else { "file" });
    }
    let username = finder.text("username", None, table.username.as_ref())?;
    let password = match &table.password_file {
        Some(path) => {
            finder.note("password_file", &place.path(path).display().to_string(), "file");
            Some(read("password_file", path)?)
        }
        None => None,
    };
    for url in &mut parsed {
        if (username.is_some() && !url.username().is_empty()) || (password.is_some() && url.password().is_some()) {
            return Err(place.wrong(format!("{key} names a user or a password, and so do other keys of `redis`")));
        }
        let told = username
            .as_deref()
            .map_or(Ok(()), |name| url.set_username(name))
            .and_then(|()| password.as_ref().map_or(Ok(()), |password| url.set_password(Some(password.expose()))));
        told.map_err(|()| place.wrong(format!("{key} takes no user and no password")))?;
    }
    let ca_file = table.ca_file.as_deref().map(|path| place.path(path));
    if let Some(path) = &ca_file {
        finder.note("ca_file", &path.display().to_string(), "file");
    }
    let namespace = table.namespace.clone().unwrap_or_default();
    if !namespace.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(place.wrong("`redis.namespace` must be made of lower-case letters, digits and hyphens"));
    }
    let partitions = table.partitions.unwrap_or(1);
    if partitions == 0 {
        return Err(place.wrong("`redis.partitions` must be at least 1"));
    }
    let origin = |said: bool| if said { "file" } else { "default" };
    finder.note("cluster", &cluster.to_string(), origin(table.cluster.is_some()));
    finder.note("namespace", &namespace, origin(table.namespace.is_some()));
    finder.note("partitions", &partitions.to_string(), origin(table.partitions.is_some()));
    let urls: Vec<String> = parsed.iter().map(|url| url.as_str().to_owned()).collect();
    Ok(RedisServer { url: Secret::new(urls.join(",")), cluster, ca_file, namespace, partitions })
}

fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // A URL with a password has a host, which is all that this needs.
        let _ = url.set_password(Some("…"));
    }
    url.as_str().replace("%E2%80%A6", "…")
}

fn s3(mut finder: Finder<'_>, table: &S3Table) -> Result<S3Server> {
    let Some(bucket) = finder.text("bucket", Some("S3_BUCKET"), table.bucket.as_ref())? else {
        return Err(finder.place.wrong("`s3.bucket` is missing: set it, or S3_BUCKET"));
    };
    let endpoint = finder.endpoint(None, table.endpoint.as_ref())?;
    let region = finder.text("region", None, table.region.as_ref())?;
    let path_style = table.path_style.unwrap_or(false);
    finder.note("path_style", &path_style.to_string(), if table.path_style.is_some() { "file" } else { "default" });
    Ok(S3Server { bucket, endpoint, region, path_style })
}

fn kubernetes(
    mut finder: Finder<'_>,
    table: &KubernetesTable,
    agents: Agents,
    bucket: Option<&str>,
) -> Result<KubernetesServer> {
    let kubeconfig = table.kubeconfig.as_deref().map(|path| finder.place.path(path));
    if let Some(path) = &kubeconfig {
        finder.note("kubeconfig", &path.display().to_string(), "file");
    }
    Ok(KubernetesServer {
        kubeconfig,
        context: finder.text("context", Some("ZTM_KUBE_CONTEXT"), table.context.as_ref())?,
        namespace: finder.text("namespace", None, table.namespace.as_ref())?,
        pods: match agents {
            Agents::Kubernetes => pods(finder, table, bucket)?,
            Agents::Processes => PodSettings::default(),
        },
    })
}

/// Where a cluster is that a control plane is in.
pub(super) fn cluster(
    place: Place<'_>,
    environment: Environment<'_>,
    table: &KubernetesTable,
    values: &mut Vec<Value>,
) -> Result<KubernetesServer> {
    kubernetes(Finder { place, environment, table: "kubernetes", values }, table, Agents::Processes, None)
}

/// A class of the cluster's: `none` for none.
fn class(name: String) -> Option<String> {
    (name != "none").then_some(name)
}

/// How pods are whose image has no `agentd`, if it has none.
fn plain(finder: &mut Finder<'_>, table: &KubernetesTable, bucket: Option<&str>) -> Result<Option<PlainPods>> {
    let agentd = table.agentd.unwrap_or(true);
    finder.note("agentd", &agentd.to_string(), if table.agentd.is_some() { "file" } else { "default" });
    if agentd {
        return match &table.state_volume {
            None => Ok(None),
            Some(_) => Err(finder
                .place
                .wrong("`kubernetes.state_volume` is for images without agentd: say `kubernetes.agentd = false`")),
        };
    }
    let volume = finder.text_or("state_volume", None, table.state_volume.as_ref(), "s3")?;
    match volume.as_str() {
        "s3" => Ok(Some(PlainPods { state_bucket: bucket.map(str::to_owned) })),
        "none" => Ok(Some(PlainPods { state_bucket: None })),
        other => {
            Err(finder.place.wrong(format!("`kubernetes.state_volume` = `{other}`: it must be \"s3\" or \"none\"")))
        }
    }
}

fn pods(mut finder: Finder<'_>, table: &KubernetesTable, bucket: Option<&str>) -> Result<PodSettings> {
    let default = PodSettings::default();
    let plain = plain(&mut finder, table, bucket)?;
    let place = finder.place;
    let wrong = |key: &str, value: &str, error: &dyn std::fmt::Display| {
        place.wrong(format!("`kubernetes.{key}` = `{value}`: {error}"))
    };
    let Some(image) = finder.text("image", Some("ZEROCLAW_IMAGE"), table.image.as_ref())? else {
        return Err(place.wrong("`kubernetes.image` is missing: set it, or ZEROCLAW_IMAGE"));
    };
    let listen = finder.text_or("listen", None, table.listen.as_ref(), &default.listen.to_string())?;
    let mut time = |key: &str, said: Option<&String>, default: Duration| {
        let text = finder.text_or(key, None, said, &format!("{}s", default.as_secs()))?;
        quantity::time(&text).map_err(|error| wrong(key, &text, &error))
    };
    let start_timeout = time("start_timeout", table.start_timeout.as_ref(), default.start_timeout)?;
    let node_timeout = time("node_timeout", table.node_timeout.as_ref(), default.node_timeout)?;
    let mut text =
        |key, variable, said: &Option<String>, default: &str| finder.text_or(key, variable, said.as_ref(), default);
    let policy = text("image_pull_policy", None, &table.image_pull_policy, &default.image_pull_policy)?;
    if !["Always", "IfNotPresent", "Never"].contains(&policy.as_str()) {
        return Err(wrong("image_pull_policy", &policy, &"it must be Always, IfNotPresent or Never"));
    }
    let or_none = |class: &Option<String>| class.clone().unwrap_or_else(|| "none".to_owned());
    let (runtime, priority) = (or_none(&default.runtime_class), or_none(&default.priority_class));
    Ok(PodSettings {
        namespace: text("agents_namespace", Some("K8S_NAMESPACE"), &table.agents_namespace, &default.namespace)?,
        image,
        plain,
        image_pull_policy: policy,
        runtime_class: class(text("runtime_class", Some("KATA_RUNTIME_CLASS"), &table.runtime_class, &runtime)?),
        priority_class: class(text("priority_class", None, &table.priority_class, &priority)?),
        service_account: text("service_account", None, &table.service_account, &default.service_account)?,
        control_plane: text("control_plane", None, &table.control_plane, &default.control_plane)?,
        listen: listen.parse().map_err(|error: std::net::AddrParseError| wrong("listen", &listen, &error))?,
        cpu_request: text("cpu_request", None, &table.cpu_request, &default.cpu_request)?,
        memory_request: text("memory_request", None, &table.memory_request, &default.memory_request)?,
        cpu_limit: text("cpu_limit", None, &table.cpu_limit, &default.cpu_limit)?,
        memory_limit: text("memory_limit", None, &table.memory_limit, &default.memory_limit)?,
        storage_limit: text("storage_limit", None, &table.storage_limit, &default.storage_limit)?,
        start_timeout,
        node_timeout,
    })
}
