//! Redis servers and clusters of the tests' own, on free ports, ended with the tests.

use std::path::Path;

use tempfile::TempDir;
use tokio::sync::OnceCell;

pub(crate) use crate::process::wait_for;
use crate::process::{Guarded, free_ports};

/// Where a set of servers keeps its files. Kept by the tests' temporary directory; small.
fn directory() -> TempDir {
    tempfile::Builder::new().prefix("ztm-redis-").tempdir().unwrap()
}

fn arguments(port: u16, dir: &Path, extra: &[&str]) -> Vec<String> {
    let port = port.to_string();
    let dir = dir.to_str().unwrap();
    let fixed = ["redis-server", "--port", &port, "--bind", "127.0.0.1", "--dir", dir, "--save", ""];
    fixed.iter().chain(extra).map(|&text| text.to_owned()).collect()
}

/// A connection for looking behind a driver's back.
pub(crate) async fn connect(url: &str) -> ::redis::aio::MultiplexedConnection {
    let client = ::redis::Client::open(url).unwrap();
    wait_for("a server", || async {
        let mut connection = client.get_multiplexed_async_connection().await.ok()?;
        ::redis::cmd("PING").query_async::<String>(&mut connection).await.ok()?;
        Some(connection)
    })
    .await
}

/// One server.
#[derive(Debug)]
pub(crate) struct Server {
    process: Option<Guarded>,
    arguments: Vec<String>,
    pub(crate) url: String,
    dir: TempDir,
}

impl Server {
    /// Starts one with more arguments.
    pub(crate) async fn start(extra: &[&str]) -> Self {
        let dir = directory();
        let [port] = free_ports();
        let arguments = arguments(port, dir.path(), extra);
        let url = format!("redis://127.0.0.1:{port}");
        let server = Self { process: Some(Guarded::spawn(&arguments)), arguments, url, dir };
        connect(&server.url).await;
        server
    }

    /// The URL of the one that all cases of the suites share.
    pub(crate) async fn shared() -> &'static str {
        static SHARED: OnceCell<Server> = OnceCell::const_new();
        &SHARED.get_or_init(|| Self::start(&["--appendonly", "no"])).await.url
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again over the same files.
    pub(crate) async fn restart(&mut self) {
        self.process = Some(Guarded::spawn(&self.arguments));
        connect(&self.url).await;
    }

    /// Where its files are.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// A cluster of three masters, perhaps with a replica each.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// The masters' first, then the replicas'.
    nodes: Vec<(u16, Option<Guarded>)>,
    pub(crate) url: String,
    _dirs: Vec<TempDir>,
}

impl Cluster {
    /// Starts one.
    pub(crate) async fn start(replicas: bool) -> Self {
        let count = if replicas { 6 } else { 3 };
        // One for clients and one for the others, of each.
        let ports = free_ports::<12>();
        let dirs: Vec<TempDir> = (0..count).map(|_| directory()).collect();
        let mut nodes = Vec::new();
        for (index, dir) in dirs.iter().enumerate() {
            let bus = ports[count + index].to_string();
            let extra = [
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus,
                "--cluster-node-timeout",
                "2000",
                "--cluster-replica-validity-factor",
                "0",
                "--repl-diskless-sync-delay",
                "0",
            ];
            nodes.push((ports[index], Some(Guarded::spawn(&arguments(ports[index], dir.path(), &extra)))));
        }
        let urls: Vec<String> = ports[..count].iter().map(|port| format!("redis://127.0.0.1:{port}")).collect();
        let mut connections = Vec::new();
        for url in &urls {
            connections.push(connect(url).await);
        }
        for (index, (from, to)) in [(0, 5_460), (5_461, 10_922), (10_923, 16_383)].into_iter().enumerate() {
            let mut command = ::redis::cmd("CLUSTER");
            command.arg("ADDSLOTSRANGE").arg(from).arg(to);
            command.query_async::<()>(&mut connections[index]).await.unwrap();
            ::redis::cmd("CLUSTER")
                .arg("SET-CONFIG-EPOCH")
                .arg(index + 1)
                .query_async::<()>(&mut connections[index])
                .await
                .unwrap();
        }
        for index in 1..count {
            let mut command = ::redis::cmd("CLUSTER");
            command.arg("MEET").arg("127.0.0.1").arg(ports[index]).arg(ports[count + index]);
            command.query_async::<()>(&mut connections[0]).await.unwrap();
        }
        let known = format!("cluster_known_nodes:{count}");
        for connection in &connections {
            wait_for("the cluster", || async {
                let info: String =
                    ::redis::cmd("CLUSTER").arg("INFO").query_async(&mut connection.clone()).await.unwrap();
                (info.contains("cluster_state:ok") && info.contains(&known)).then_some(())
            })
            .await;
        }
        for index in 3..count {
            let id: String =
                ::redis::cmd("CLUSTER").arg("MYID").query_async(&mut connections[index - 3].clone()).await.unwrap();
            ::redis::cmd("CLUSTER")
                .arg("REPLICATE")
                .arg(id)
                .query_async::<()>(&mut connections[index].clone())
                .await
                .unwrap();
        }
        for connection in &connections[3..] {
            wait_for("a replica", || async {
                let info: String =
                    ::redis::cmd("INFO").arg("replication").query_async(&mut connection.clone()).await.unwrap();
                info.contains("master_link_status:up").then_some(())
            })
            .await;
        }
        Self { nodes, url: urls.join(","), _dirs: dirs }
    }

    /// The URL of the one that all cases of the suites share.
    pub(crate) async fn shared() -> &'static str {
        static SHARED: OnceCell<Cluster> = OnceCell::const_new();
        &SHARED.get_or_init(|| Self::start(false)).await.url
    }

    /// Ends a master at once.
    pub(crate) fn kill(&mut self, index: usize) {
        self.nodes[index].1 = None;
    }

    /// The URL of one node.
    pub(crate) fn node(&self, index: usize) -> String {
        format!("redis://127.0.0.1:{}", self.nodes[index].0)
    }
}
