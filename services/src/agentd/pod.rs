//! The life of an `agentd` in a pod: whom it serves, and how it becomes known.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, client::conn::http1::handshake, header};
use hyper_util::rt::TokioIo;
use libtenancy::{
    Error, Result,
    agent::{Register, path, pod},
    pinned::{Identity, Peer, Pin, no_name},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::CancellationToken;

use super::{BindCall, bound::Agentd};

/// Between two attempts to become known, at first and at most.
const CALL_AGAIN: std::ops::Range<Duration> = Duration::from_millis(50)..Duration::from_secs(5);
/// How long one attempt may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The most of a refusal that is read, in bytes.
const MAX_REFUSAL_BYTES: usize = 4096;

/// What it was told at its start, and what it made then.
pub(super) struct Pod {
    control_plane: String,
    control_plane_key: Pin,
    token_file: PathBuf,
    identity: Identity,
}

/// The two ports, open.
pub(super) struct Ports {
    pub(super) agents: TcpListener,
    pub(super) health: TcpListener,
}

/// What its connections reach: nobody's agent, or somebody's.
pub(super) struct Face {
    pub(super) agentd: OnceLock<Arc<Agentd>>,
    pub(super) binds: mpsc::Sender<BindCall>,
    /// Whether the control plane knows it.
    pub(super) known: watch::Sender<bool>,
    /// Its connections are to be closed.
    pub(super) closing: CancellationToken,
}

fn away(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable("control plane", error)
}

impl Pod {
    /// This pod; `None` if this is none.
    pub(super) fn from_environment() -> Option<Result<Self>> {
        let control_plane = std::env::var(pod::CONTROL_PLANE).ok().filter(|address| !address.is_empty())?;
        let pod = || {
            let key = std::env::var(pod::CONTROL_PLANE_KEY).unwrap_or_default();
            Ok(Self {
                control_plane,
                control_plane_key: key.parse()?,
                token_file: Path::new(pod::TOKEN_DIR).join(pod::TOKEN_FILE),
                identity: Identity::random()?,
            })
        };
        Some(pod())
    }

    /// Opens its ports, before it becomes known.
    pub(super) async fn listen() -> io::Result<Ports> {
        let any = std::net::Ipv6Addr::UNSPECIFIED;
        let open = async |port| match TcpListener::bind((any, port)).await {
            Ok(listener) => Ok(listener),
            // A machine without IPv6.
            Err(_) => TcpListener::bind((std::net::Ipv4Addr::UNSPECIFIED, port)).await,
        };
        Ok(Ports { agents: open(pod::PORT).await?, health: open(pod::HEALTH_PORT).await? })
    }

    /// How it accepts its control plane, and nobody else.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor> {
        Ok(TlsAcceptor::from(self.identity.server(Peer::Pinned(self.control_plane_key))?))
    }

    /// Calls out until it is known.
    pub(super) async fn become_known(&self, known: &watch::Sender<bool>) {
        let mut pause = CALL_AGAIN.start;
        loop {
            let call = tokio::time::timeout(CALL_TIMEOUT, self.call());
            let error = match call.await {
                Ok(Ok(())) => {
                    known.send_replace(true);
                    tracing::info!(key = %self.identity.pin(), "the control plane knows this pod");
                    return;
                }
                Ok(Err(error)) => error,
                Err(_) => Error::unavailable("control plane", format!("no answer within {CALL_TIMEOUT:?}")),
            };
            tracing::warn!("the control plane does not know this pod yet: {}", error.chain());
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(CALL_AGAIN.end);
        }
    }

    async fn call(&self) -> Result<()> {
        // Read anew each time: the node replaces it.
        let token = tokio::fs::read_to_string(&self.token_file).await.map_err(Error::io("read", &self.token_file))?;
        let body = serde_json::to_vec(&Register { token: token.trim().to_owned() });
        let body = body.map_err(|e| Error::internal(e.to_string()))?;
        let stream = TcpStream::connect(&self.control_plane).await.map_err(away)?;
        let connector = TlsConnector::from(self.identity.client(Peer::Pinned(self.control_plane_key))?);
        let stream = connector.connect(no_name(), stream).await.map_err(away)?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(away)?;
        let connection = tokio::spawn(connection);
        let request = Request::post(path::REGISTER)
            .header(header::HOST, "control-plane")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| Error::internal(e.to_string()))?;
        let response = sender.send_request(request).await.map_err(away)?;
        let status = response.status();
        let said = Limited::new(response.into_body(), MAX_REFUSAL_BYTES).collect().await;
        connection.abort();
        if status == StatusCode::OK {
            return Ok(());
        }
        let said = said.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
        Err(Error::Refused { part: "control plane", reason: format!("{status}: {said}") })
    }
}
