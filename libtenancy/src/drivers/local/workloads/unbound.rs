//! A workload without identity: a child process at the other end of a socket pair.

use std::{
    fs::File,
    os::{
        fd::OwnedFd,
        unix::{fs::OpenOptionsExt, net::UnixStream},
    },
    process::Stdio,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    header::{CONTENT_TYPE, HOST, HeaderValue},
};
use tokio::{process::Command, sync::watch};

use super::{
    Shared,
    home::WORKLOAD_VARIABLE,
    locked,
    processes::{Pinned, start_ticks},
};
use crate::{
    agent::{AgentStatus, Bind, Bound, path},
    drivers::agentd::{Connection, classify, json, parse, speak},
    error::{Error, Result},
    tenant::{TenantId, WorkloadId},
};

/// How long an `agentd` may take to answer for the first time.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// What an `agentd` inherits of our environment.
const INHERITED: [&str; 4] = ["PATH", "LANG", "LC_ALL", "TZ"];
/// The log of all `agentd`s is started anew beyond this.
const MAX_LOG_BYTES: u64 = 4 << 20;

/// An unbound workload. Dropping it closes its socket, and it ends.
pub(super) struct Unbound {
    id: WorkloadId,
    connection: tokio::sync::Mutex<Connection>,
    process: Option<Pinned>,
    exited: watch::Receiver<bool>,
}

impl Unbound {
    /// Starts one and waits for its first answer.
    pub(super) async fn start(shared: &std::sync::Arc<Shared>, id: &WorkloadId) -> Result<Self> {
        let failed = |reason: String| Error::AgentFailed { tenant: id.to_string(), reason };
        let pair = UnixStream::pair().and_then(|(ours, theirs)| ours.set_nonblocking(true).map(|()| (ours, theirs)));
        let (ours, theirs) = pair.map_err(|e| failed(format!("no socket for its agentd: {e}")))?;
        let log = open_log(shared)?;
        let program = &shared.agentd.program;
        let mut child = {
            // Dropped before anything else, and our copy of its end of the pair with it.
            let mut command = Command::new(program);
            command.args(&shared.agentd.args).env_clear();
            for name in INHERITED {
                if let Some(value) = std::env::var_os(name) {
                    command.env(name, value);
                }
            }
            command
                .env(WORKLOAD_VARIABLE, &id.0)
                .current_dir("/")
                .stdin(Stdio::from(OwnedFd::from(theirs)))
                .stdout(Stdio::null())
                .stderr(log);
            command.spawn().map_err(|e| failed(format!("`{}` could not be started: {e}", program.display())))?
        };
        let process = child.id().and_then(|pid| Pinned::started_at(pid, start_ticks(pid)?));
        let (exit, exited) = watch::channel(false);
        // Reaps the child whenever it ends, bound or not.
        let (reaped, weak) = (id.clone(), std::sync::Arc::downgrade(shared));
        shared.tasks.spawn(async move {
            let status = child.wait().await;
            tracing::debug!("agentd of workload {reaped} ended: {status:?}");
            exit.send_replace(true);
            if let Some(shared) = weak.upgrade() {
                locked(&shared.unbound).remove(&reaped);
            }
        });
        let stream = tokio::net::UnixStream::from_std(ours).map_err(|e| failed(e.to_string()))?;
        let connection = speak(stream, &shared.tasks, &shared.closing)
            .await
            .map_err(|e| failed(format!("its agentd cannot be asked: {e}")))?;
        let unbound = Self { id: id.clone(), connection: connection.into(), process, exited };
        match unbound.call(Method::GET, path::STATUS, Bytes::new(), START_TIMEOUT).await {
            Ok((StatusCode::OK, text)) if serde_json::from_slice::<AgentStatus>(&text).is_ok() => Ok(unbound),
            Ok((status, _)) => {
                unbound.end(Duration::ZERO).await;
                Err(failed(format!("`{}` is no agentd: it answered {status}", program.display())))
            }
            Err(reason) => {
                unbound.end(Duration::ZERO).await;
                Err(failed(format!("`{}` did not answer as agentd: {reason}", program.display())))
            }
        }
    }

    async fn call(
        &self,
        method: Method,
        path: &'static str,
        body: Bytes,
        timeout: Duration,
    ) -> std::result::Result<(StatusCode, Bytes), String> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = hyper::Uri::from_static(path);
        request.headers_mut().insert(HOST, HeaderValue::from_static("agentd"));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let exchange = async {
            let mut connection = self.connection.lock().await;
            connection.ready().await.map_err(|e| e.to_string())?;
            let response = connection.send_request(request).await.map_err(|e| e.to_string())?;
            let status = response.status();
            let text = response.into_body().collect().await.map_err(|e| e.to_string())?;
            Ok((status, text.to_bytes()))
        };
        tokio::time::timeout(timeout, exchange).await.unwrap_or_else(|_| Err(format!("no answer within {timeout:?}")))
    }

    /// Binds it. After an error it is to be [ended](Self::end).
    pub(super) async fn bind(&self, bind: &Bind, timeout: Duration) -> Result<Bound> {
        let tenant: &TenantId = &bind.tenant;
        match self.call(Method::POST, path::BIND, json(bind)?, timeout).await {
            Ok(answer) => parse(tenant, &classify(tenant, answer)?),
            Err(reason) => Err(Error::AgentFailed {
                tenant: tenant.to_string(),
                reason: format!("its agentd (workload {}) ended or hung during the bind: {reason}", self.id),
            }),
        }
    }

    /// Waits for its end for `patience`, then kills it.
    pub(super) async fn end(&self, patience: Duration) {
        let mut exited = self.exited.clone();
        if tokio::time::timeout(patience, exited.wait_for(|exited| *exited)).await.is_err() {
            if let Some(process) = &self.process {
                process.kill();
            }
            let _ = tokio::time::timeout(super::END_TIMEOUT, exited.wait_for(|exited| *exited)).await;
        }
    }
}

/// Where every `agentd` writes what it cannot tell its control plane.
fn open_log(shared: &Shared) -> Result<File> {
    let path = shared.state_dir.join("agentd.log");
    if std::fs::metadata(&path).is_ok_and(|m| m.len() > MAX_LOG_BYTES) {
        std::fs::rename(&path, shared.state_dir.join("agentd.log.1")).map_err(Error::io("rename", &path))?;
    }
    File::options().append(true).create(true).mode(0o600).open(&path).map_err(Error::io("open", path))
}
