//! Connections: one that all calls share, and those that wait.
//!
//! Owns how a server or a cluster is reached and what its errors mean. A URL with a password is never printed.
//!
//! # Design notes
//! - A call that was sent and not answered has an unknown outcome; it is not repeated here on a single server. The client
//!   of a cluster repeats one whose connection broke, which SUBMIT, RENEW and FINALIZE take as a repeat; a CLAIM that is
//!   repeated leaves a lease that nobody has: it lapses.
//! - A blocking read needs a connection of its own: all others would wait behind it. Those that are free are kept.
//! - On a cluster, streams of several partitions cannot be waited for at once. They are looked at every [`POLL`].

use std::{fmt, fs, path::PathBuf, sync::Mutex, time::Duration};

use ::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, ServerErrorKind, TlsCertificates, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection, PubSub},
    cluster::{ClusterClient, ClusterClientBuilder},
    cluster_async::ClusterConnection,
    cluster_routing::{MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr},
};

use super::scripts::Script;
use crate::{
    error::{Error, Result},
    secret::Secret,
    stores::RedisServer,
};

/// The name of this part in errors.
pub(super) const PART: &str = "redis";

/// How often a cluster's streams are looked at.
pub(super) const POLL: Duration = Duration::from_millis(100);

/// Connections for blocking reads that are kept while nobody uses them.
const KEPT: usize = 16;

/// How Redis is reached.
#[derive(Clone)]
pub struct Settings {
    /// `redis://[user:password@]host:port[/db]`, or `rediss://…`; of a cluster one or more, with commas between.
    pub url: Secret,
    /// Whether it is a cluster.
    pub cluster: bool,
    /// Certificates (PEM) that are trusted instead of the system's, for `rediss://`.
    pub ca_file: Option<PathBuf>,
    /// Part of every key, so that several control planes can share a store: empty, or `[a-z0-9-]`.
    pub namespace: String,
    /// How long a connection may take to come up.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Thousandths taken off every pause before an attempt; random where `None`.
    pub jitter: Option<u32>,
}

impl Settings {
    /// The defaults for a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: Secret::new(url),
            cluster: false,
            ca_file: None,
            namespace: String::new(),
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            jitter: None,
        }
    }
}

impl From<&RedisServer> for Settings {
    fn from(server: &RedisServer) -> Self {
        Self {
            url: server.url.clone(),
            cluster: server.cluster,
            ca_file: server.ca_file.clone(),
            namespace: server.namespace.clone(),
            ..Self::new("")
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

/// A way to the store.
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub(super) enum Link {
    /// One server.
    Single {
        /// Opens more connections.
        client: Client,
        /// The shared one; it comes up again by itself.
        shared: ConnectionManager,
        /// Those for blocking reads that are free.
        free: Mutex<Vec<MultiplexedConnection>>,
        /// For those.
        connect_timeout: Duration,
    },
    /// A cluster.
    Cluster {
        /// The shared one.
        shared: ClusterConnection,
        /// Those that open one to a node each, for listening.
        nodes: Vec<Client>,
        /// For that.
        connect_timeout: Duration,
    },
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::Single { .. }) { "Single" } else { "Cluster" })
    }
}

fn bad_url() -> Error {
    Error::invalid("redis url", "it must be redis://[user:password@]host:port[/db], or rediss:// for TLS")
}

impl Link {
    /// Connects.
    pub(super) async fn open(settings: &Settings) -> Result<Self> {
        crate::drivers::telegram::install_crypto_provider();
        let urls = settings.url.expose().split(',').map(str::trim).filter(|url| !url.is_empty());
        let root_cert =
            settings.ca_file.as_deref().map(|path| fs::read(path).map_err(Error::io("read", path))).transpose()?;
        let certificates = root_cert.map(|pem| TlsCertificates { client_tls: None, root_cert: Some(pem) });
        let client = |url: &str| match &certificates {
            Some(certificates) => Client::build_with_tls(url, certificates.clone()),
            None => Client::open(url),
        };
        // The source would repeat the URL.
        let nodes: Vec<Client> = urls.clone().map(client).collect::<Result<_, _>>().map_err(|_| bad_url())?;
        let connect_timeout = settings.connect_timeout;
        if settings.cluster {
            let mut builder = ClusterClientBuilder::new(urls.collect::<Vec<_>>());
            if let Some(certificates) = certificates {
                builder = builder.certs(certificates);
            }
            let client: ClusterClient = builder
                .connection_timeout(settings.connect_timeout)
                .response_timeout(settings.timeout)
                .retries(4)
                .min_retry_wait(50)
                .max_retry_wait(500)
                .build()
                .map_err(|_| bad_url())?;
            let shared = client.get_async_connection().await.map_err(classify)?;
            return Ok(Self::Cluster { shared, nodes, connect_timeout });
        }
        let [client] = <[Client; 1]>::try_from(nodes).map_err(|_| bad_url())?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(settings.connect_timeout))
            .set_response_timeout(Some(settings.timeout))
            .set_min_delay(Duration::from_millis(20))
            .set_max_delay(Duration::from_millis(500))
            .set_number_of_retries(3);
        let shared = ConnectionManager::new_with_config(client.clone(), config).await.map_err(classify)?;
        Ok(Self::Single { client, shared, free: Mutex::default(), connect_timeout })
    }

    /// Sends a command.
    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        let answer = match self {
            Self::Single { shared, .. } => shared.clone().req_packed_command(command).await,
            Self::Cluster { shared, .. } => shared.clone().req_packed_command(command).await,
        };
        answer?.extract_error()
    }

    /// Sends a command without a key to the server that has `key`.
    pub(super) async fn send_to(&self, command: Cmd, key: &str) -> Result<Value, RedisError> {
        match self {
            Self::Single { .. } => self.send(&command).await,
            Self::Cluster { shared, .. } => {
                let route = SingleNodeRoutingInfo::SpecificNode(Route::with_key(key, SlotAddr::Master));
                shared.clone().route_command(command, RoutingInfo::SingleNode(route)).await?.extract_error()
            }
        }
    }

    /// Sends a command to every server that keeps something; whose answer it is, with the answer. A single server has no name.
    pub(super) async fn send_to_masters(&self, command: Cmd) -> Result<Vec<(String, Value)>, RedisError> {
        match self {
            Self::Single { .. } => Ok(vec![(String::new(), self.send(&command).await?)]),
            Self::Cluster { shared, .. } => {
                let route = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
                let answers = shared.clone().route_command(command, route).await?.extract_error()?;
                Ok(::redis::from_redis_value(answers)?)
            }
        }
    }

    /// Calls a script by its hash, or by its text where the server does not know it.
    pub(super) async fn call(
        &self,
        script: &'static Script,
        fill: &(dyn Fn(&mut Cmd) + Send + Sync),
    ) -> Result<Value, RedisError> {
        let mut command = ::redis::cmd("EVALSHA");
        command.arg(script.hash()).arg(1);
        fill(&mut command);
        match self.send(&command).await {
            Err(error) if is_server(&error, ServerErrorKind::NoScript) => {
                let mut command = ::redis::cmd("EVAL");
                command.arg(script.text).arg(1);
                fill(&mut command);
                self.send(&command).await
            }
            answer => answer,
        }
    }

    /// A connection for listening, to the first node that takes one.
    pub(super) async fn subscriber(&self) -> Result<PubSub> {
        let (nodes, within) = match self {
            Self::Single { client, connect_timeout, .. } => (std::slice::from_ref(client), *connect_timeout),
            Self::Cluster { nodes, connect_timeout, .. } => (nodes.as_slice(), *connect_timeout),
        };
        let mut failed = bad_url();
        for node in nodes {
            match tokio::time::timeout(within, node.get_async_pubsub()).await {
                Ok(Ok(connection)) => return Ok(connection),
                Ok(Err(error)) => failed = classify(error),
                Err(_) => failed = Error::unavailable(PART, "a connection for listening does not come up"),
            }
        }
        Err(failed)
    }

    /// Whether it has connections for blocking reads.
    pub(super) fn blocks(&self) -> bool {
        matches!(self, Self::Single { .. })
    }

    /// A connection for blocking reads; `None` on a cluster.
    pub(super) async fn blocking(&self) -> Result<Option<MultiplexedConnection>> {
        let Self::Single { client, free, connect_timeout, .. } = self else { return Ok(None) };
        let kept = free.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        if kept.is_some() {
            return Ok(kept);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(*connect_timeout))
            // Each read says itself how long it may take.
            .set_response_timeout(None);
        client.get_multiplexed_async_connection_with_config(&config).await.map(Some).map_err(classify)
    }

    /// Sends a blocking read over a connection of its own. The connection is kept if it was answered.
    pub(super) async fn read_blocking(
        &self,
        mut connection: MultiplexedConnection,
        command: &Cmd,
        within: Duration,
    ) -> Result<Value, RedisError> {
        let answer = tokio::time::timeout(within, connection.req_packed_command(command));
        // It was told to answer before that: the connection is dead, and is not kept.
        let Ok(answer) = answer.await else { return Ok(Value::Nil) };
        let answer = answer.and_then(Value::extract_error);
        if !matches!(&answer, Err(error) if error.is_io_error()) {
            self.give_back(connection);
        }
        answer
    }

    /// Keeps a connection whose last read was answered.
    fn give_back(&self, connection: MultiplexedConnection) {
        if let Self::Single { free, .. } = self {
            let mut free = free.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if free.len() < KEPT {
                free.push(connection);
            }
        }
    }
}

/// Whether the server said this.
pub(super) fn is_server(error: &RedisError, kind: ServerErrorKind) -> bool {
    error.kind() == ErrorKind::Server(kind)
}

/// What an error means.
pub(super) fn classify(error: RedisError) -> Error {
    if error.is_connection_refusal() {
        return Error::unavailable(PART, error);
    }
    match error.kind() {
        ErrorKind::Io => Error::outcome_unknown(PART, error),
        ErrorKind::AuthenticationFailed => {
            Error::Refused { part: PART, reason: "the user or the password is wrong".to_owned() }
        }
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly
            | ServerErrorKind::Moved
            | ServerErrorKind::Ask,
        )
        | ErrorKind::ClusterConnectionNotFound => Error::unavailable(PART, error),
        ErrorKind::Server(ServerErrorKind::NoPerm) => {
            Error::Refused { part: PART, reason: error.detail().unwrap_or("no permission").to_owned() }
        }
        _ => match error.code() {
            Some("OOM") => Error::StoreFull,
            Some("MISCONF" | "NOREPLICAS" | "BUSY" | "UNBLOCKED") => Error::unavailable(PART, error),
            Some("NOAUTH" | "WRONGPASS") => {
                Error::Refused { part: PART, reason: "the user or the password is wrong".to_owned() }
            }
            _ => Error::internal(format!("redis: {error}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Error {
        let value = ::redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        classify(value.extract_error().unwrap_err())
    }

    #[test]
    fn what_a_server_says_means_what_its_callers_act_on() {
        assert!(matches!(said("OOM command not allowed when used memory > 'maxmemory'."), Error::StoreFull));
        assert!(matches!(said("LOADING Redis is loading the dataset in memory"), Error::Unavailable { .. }));
        assert!(matches!(said("MISCONF Redis is configured to save RDB snapshots"), Error::Unavailable { .. }));
        assert!(matches!(said("WRONGPASS invalid username-password pair"), Error::Refused { .. }));
        assert!(matches!(said("NOPERM this user has no permissions"), Error::Refused { .. }));
        assert!(matches!(said("ERR user_script:1: oops"), Error::Internal { .. }));
    }

    #[test]
    fn a_url_with_a_password_is_not_printed() {
        let settings = Settings::new("redis://zed:hunter2@localhost:6379");
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(!bad_url().chain().contains("hunter2"));
    }
}
