//! Requests to `agentd`: kept-alive connections, proof of identity, and what an answer means.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderValue, UPGRADE},
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::socket;
use crate::{
    agent::{CORRUPT_SNAPSHOT, header},
    api::ErrorBody,
    error::{Error, Result},
    pinned::{Identity, Peer, no_name},
    ports::workloads::TurnKey,
    secret::Secret,
    tenant::{Agent, Endpoint, Generation, TenantId, WorkloadId},
};

/// The largest answer that is read, in bytes: at least ten times what a chat is told of one
/// ([`MAX_ANSWER_PARTS`](crate::chat::MAX_ANSWER_PARTS)), and little enough that many agents of bad will answer at once.
const MAX_ANSWER_BYTES: usize = 4 << 20;
/// Idle connections kept to one agent.
const MAX_IDLE: usize = 4;
/// How long an `agentd` elsewhere may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// One connection to an `agentd`.
pub(crate) type Connection = SendRequest<Full<Bytes>>;

/// What a call met.
type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Certainly nothing was received.
    #[error("it was not reached")]
    NotSent(#[source] Source),
    /// It may have been received.
    #[error("the connection broke before the answer")]
    Broken(#[source] Source),
    /// It may have been received.
    #[error("no answer within {0:?}")]
    Late(Duration),
}

/// Every agent that is talked to.
pub(crate) struct Clients {
    targets: Mutex<HashMap<WorkloadId, Arc<Target>>>,
    identity: Option<Identity>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

/// How a connection is made.
enum Way {
    Unix(PathBuf),
    Tls { address: std::net::SocketAddr, connector: TlsConnector },
}

/// One agent that is talked to.
pub(crate) struct Target {
    tenant: TenantId,
    generation: Generation,
    endpoint: Endpoint,
    way: Way,
    headers: [(&'static str, HeaderValue); 3],
    idle: Mutex<Vec<Connection>>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clients {
    /// `identity` is what agents elsewhere know this control plane by; without one only those of this machine are reached.
    pub(crate) fn new(identity: Option<Identity>, tasks: TaskTracker, closing: CancellationToken) -> Self {
        Self { targets: Mutex::default(), identity, tasks, closing }
    }

    fn way(&self, endpoint: &Endpoint) -> Result<Way> {
        match (endpoint, &self.identity) {
            (Endpoint::Unix(socket), None) => Ok(Way::Unix(socket.clone())),
            (Endpoint::Pinned { address, key }, Some(identity)) => {
                let connector = TlsConnector::from(identity.client(Peer::Pinned(*key))?);
                Ok(Way::Tls { address: *address, connector })
            }
            _ => Err(Error::invalid("endpoint", format!("`{endpoint}` is not where this driver's agents are"))),
        }
    }

    /// The way to an agent. `key` is asked for when it is not known yet.
    pub(crate) fn target(&self, tenant: &TenantId, agent: &Agent, key: impl FnOnce() -> Secret) -> Result<Arc<Target>> {
        if let Some(target) = locked(&self.targets).get(&agent.workload)
            && target.tenant == *tenant
            && target.generation == agent.generation
            && target.endpoint == agent.endpoint
        {
            return Ok(target.clone());
        }
        let value = |text: String| {
            HeaderValue::try_from(text).map_err(|e| Error::internal(format!("a header cannot be made: {e}")))
        };
        let mut authorization = value(format!("Bearer {}", key().expose()))?;
        authorization.set_sensitive(true);
        let target = Arc::new(Target {
            tenant: tenant.clone(),
            generation: agent.generation,
            endpoint: agent.endpoint.clone(),
            way: self.way(&agent.endpoint)?,
            headers: [
                (AUTHORIZATION.as_str(), authorization),
                (header::TENANT, value(tenant.to_string())?),
                (header::GENERATION, value(agent.generation.to_string())?),
            ],
            idle: Mutex::default(),
            tasks: self.tasks.clone(),
            closing: self.closing.clone(),
        });
        locked(&self.targets).insert(agent.workload.clone(), target.clone());
        Ok(target)
    }

    /// Closes what is open to a workload that is gone.
    pub(crate) fn forget(&self, workload: &WorkloadId) {
        locked(&self.targets).remove(workload);
    }
}

/// Speaks HTTP on a stream. The connection ends with its sender, or with the driver.
pub(crate) async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    tasks: &TaskTracker,
    closing: &CancellationToken,
) -> hyper::Result<Connection> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    let closing = closing.clone();
    tasks.spawn(async move { closing.run_until_cancelled(connection.with_upgrades()).await });
    Ok(sender)
}

impl Target {
    pub(crate) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    async fn connect(&self) -> Result<Connection, CallError> {
        let not_sent = |e: Source| CallError::NotSent(e);
        let spoken = match &self.way {
            Way::Unix(socket) => {
                let stream = socket::connect(socket).map_err(|e| not_sent(e.into()))?;
                speak(stream, &self.tasks, &self.closing).await
            }
            Way::Tls { address, connector } => {
                let connect = async {
                    let stream = TcpStream::connect(address).await?;
                    stream.set_nodelay(true)?;
                    connector.connect(no_name(), stream).await
                };
                let stream = tokio::time::timeout(CONNECT_TIMEOUT, connect).await;
                let stream = stream.map_err(|e| not_sent(e.into()))?.map_err(|e| not_sent(e.into()))?;
                speak(stream, &self.tasks, &self.closing).await
            }
        };
        spoken.map_err(|e| not_sent(e.into()))
    }

    /// Sends a request and gives the head of its answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        turn: Option<TurnKey<'_>>,
        body: Bytes,
    ) -> Result<(Response<Incoming>, Connection), CallError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = Uri::try_from(path).map_err(|e| CallError::NotSent(e.into()))?;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("agentd"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            headers.insert(*name, value.clone());
        }
        if let Some(TurnKey { update, request_id }) = turn {
            headers.insert(header::BOT, update.bot.0.into());
            headers.insert(header::UPDATE, update.update_id.into());
            let id = HeaderValue::try_from(request_id).map_err(|e| CallError::NotSent(e.into()))?;
            headers.insert(header::REQUEST_ID, id);
        }
        loop {
            let idle = locked(&self.idle).pop();
            let fresh = idle.is_none();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            if connection.ready().await.is_err() && !fresh {
                continue;
            }
            match connection.try_send_request(request).await {
                Ok(response) => return Ok((response, connection)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) if !fresh => request = unsent,
                    Some(_) => return Err(CallError::NotSent(error.into_error().into())),
                    None => return Err(CallError::Broken(error.into_error().into())),
                },
            }
        }
    }

    /// Asks for another protocol on a connection of its own. Dropping what it returns closes that.
    pub(crate) async fn upgrade(
        &self,
        path: &str,
        protocol: &'static str,
        timeout: Duration,
    ) -> Result<std::result::Result<Upgraded, (StatusCode, Bytes)>, CallError> {
        let exchange = async {
            let mut request = Request::new(Full::new(Bytes::new()));
            *request.method_mut() = Method::POST;
            *request.uri_mut() = Uri::try_from(path).map_err(|e| CallError::NotSent(e.into()))?;
            let headers = request.headers_mut();
            headers.insert(HOST, HeaderValue::from_static("agentd"));
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static(protocol));
            for (name, value) in &self.headers {
                headers.insert(*name, value.clone());
            }
            let mut connection = self.connect().await?;
            let response = connection.send_request(request).await.map_err(|e| CallError::Broken(e.into()))?;
            let status = response.status();
            if status == StatusCode::SWITCHING_PROTOCOLS {
                return hyper::upgrade::on(response).await.map(Ok).map_err(|e| CallError::Broken(e.into()));
            }
            let text = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
            Ok(Err((status, text.map_err(CallError::Broken)?.to_bytes())))
        };
        tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(CallError::Late(timeout)))
    }

    /// Sends a request and reads its whole answer. Dropping this closes the connection.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        turn: Option<TurnKey<'_>>,
        body: Bytes,
        timeout: Duration,
    ) -> Result<(StatusCode, Bytes), CallError> {
        let exchange = async {
            let (response, connection) = self.send(method, path, turn, body).await?;
            let status = response.status();
            let text = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
            let text = text.map_err(CallError::Broken)?.to_bytes();
            let mut idle = locked(&self.idle);
            if !connection.is_closed() && idle.len() < MAX_IDLE {
                idle.push(connection);
            }
            Ok((status, text))
        };
        tokio::time::timeout(timeout, exchange).await.unwrap_or(Err(CallError::Late(timeout)))
    }
}

/// The text of a good answer, or the error that another one stands for.
pub(crate) fn classify(tenant: &TenantId, (status, text): (StatusCode, Bytes)) -> Result<Bytes> {
    if status.is_success() {
        return Ok(text);
    }
    let (code, reason) = match serde_json::from_slice::<ErrorBody>(&text) {
        Ok(body) => (body.code, body.error),
        Err(_) => (String::new(), format!("{status}: {}", String::from_utf8_lossy(&text[..text.len().min(500)]))),
    };
    if code == CORRUPT_SNAPSHOT {
        return Err(Error::Corrupt { what: "snapshot", path: PathBuf::from(tenant.as_str()), reason });
    }
    Err(match status {
        // The key is derived from tenant and generation: a wrong key is the wrong agent.
        StatusCode::UNAUTHORIZED => {
            Error::conflict("agent", tenant, "another tenant's or generation's agent answers there")
        }
        StatusCode::CONFLICT => Error::conflict("agent", tenant, reason),
        StatusCode::SERVICE_UNAVAILABLE => Error::unavailable("agent", reason),
        StatusCode::INSUFFICIENT_STORAGE => Error::StoreFull,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => Error::invalid("message", reason),
        _ => Error::AgentFailed { tenant: tenant.to_string(), reason },
    })
}

/// A request's body.
pub(crate) fn json(value: &impl Serialize) -> Result<Bytes> {
    let text = serde_json::to_vec(value).map_err(|e| Error::internal(format!("a request has no JSON: {e}")))?;
    Ok(text.into())
}

/// A good answer's value.
pub(crate) fn parse<T: DeserializeOwned>(tenant: &TenantId, text: &[u8]) -> Result<T> {
    serde_json::from_slice(text).map_err(|e| Error::AgentFailed {
        tenant: tenant.to_string(),
        reason: format!("its answer cannot be read: {e}"),
    })
}
