//! The way to the agent: its port, kept-alive connections, and the proof that it is the agent who listens there.
//!
//! # Design notes
//! A port is nobody's: a stranger may take it before the agent does, or the moment the agent dies. So the sockets that
//! listen on it must be the agent's own (`/proc/net/tcp` and `/proc/PID/fd`), at the health check and again on every new
//! connection, *after* it was made: an inode that is still the agent's then was so when the connection arrived.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header::HeaderValue,
};
use hyper_util::rt::TokioIo;
use libtenancy::{
    clock::Stopwatch,
    drivers::local::workloads::processes::{descendants, listeners, own_sockets},
};
use tokio::net::TcpStream;

use super::{bounded::Bounded, supervise::AgentProcess};

/// The body of a request to the agent.
pub(super) type Outbound = Either<Full<Bytes>, Bounded>;

/// Idle connections that are kept.
const MAX_IDLE: usize = 8;
/// Between two looks at a starting agent, at first and at most.
const LOOK: std::ops::Range<Duration> = Duration::from_millis(1)..Duration::from_millis(100);
/// How long one health check may take.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum SendError {
    /// The agent certainly did not get it.
    NotSent(String),
    /// It may have.
    Broken(hyper::Error),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(reason) => f.write_str(reason),
            Self::Broken(error) => error.fmt(f),
        }
    }
}

/// Why a started agent is not healthy.
#[derive(Debug)]
pub(super) enum NotReady {
    /// It ended.
    Ended,
    /// Its port is somebody else's.
    PortTaken,
    /// It took too long; the text says what was seen last.
    Late(String),
}

/// A connection, to be given back when its answer has been read.
pub(super) type Connection = SendRequest<Outbound>;

/// The healthy agent's port.
pub(super) struct Upstream {
    port: u16,
    host: HeaderValue,
    sockets: BTreeSet<u64>,
    idle: Mutex<Vec<Connection>>,
}

async fn open(port: u16) -> Result<Connection, String> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|e| format!("cannot connect to it: {e}"))?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    // Ends when its sender is dropped or the agent closes it; `Agentd`'s end ends it in any case.
    tokio::spawn(connection.with_upgrades());
    Ok(sender)
}

impl Upstream {
    /// Waits until the agent answers `GET /health` with 2xx on `port`, and nobody else listens there.
    pub(super) async fn ready(process: &AgentProcess, port: u16, timeout: Duration) -> Result<Self, NotReady> {
        let watch = Stopwatch::start();
        let mut look = LOOK.start;
        loop {
            let left = timeout.saturating_sub(watch.elapsed()).clamp(LOOK.end, HEALTH_TIMEOUT);
            let seen = match Self::probe(port, left).await {
                Ok((host, sockets)) => return Ok(Self { port, host, sockets, idle: Mutex::default() }),
                Err(Probe::Stranger) => return Err(NotReady::PortTaken),
                Err(Probe::NotYet(seen)) => seen,
            };
            if watch.elapsed() >= timeout {
                return Err(NotReady::Late(seen));
            }
            tokio::select! {
                _ = process.ended() => return Err(NotReady::Ended),
                () = tokio::time::sleep(look) => {}
            }
            look = (look * 3 / 2).min(LOOK.end);
        }
    }

    async fn probe(port: u16, limit: Duration) -> Result<(HeaderValue, BTreeSet<u64>), Probe> {
        let health = async {
            let mut connection = open(port).await.map_err(Probe::NotYet)?;
            let sockets = listeners(port);
            if sockets.is_empty() {
                return Err(Probe::NotYet("it stopped listening".to_owned()));
            }
            if !own_sockets(&descendants(std::process::id()), &sockets) {
                return Err(Probe::Stranger);
            }
            let host = HeaderValue::try_from(format!("127.0.0.1:{port}")).map_err(|e| Probe::NotYet(e.to_string()))?;
            let request = Request::get("/health")
                .header(hyper::header::HOST, host.clone())
                .body(Either::Left(Full::new(Bytes::new())))
                .map_err(|e| Probe::NotYet(e.to_string()))?;
            let answer = connection.send_request(request).await.map_err(|e| Probe::NotYet(e.to_string()))?;
            if answer.status().is_success() {
                Ok((host, sockets))
            } else {
                Err(Probe::NotYet(format!("GET /health was answered {}", answer.status())))
            }
        };
        tokio::time::timeout(limit, health)
            .await
            .unwrap_or_else(|_| Err(Probe::NotYet(format!("GET /health was not answered within {limit:?}"))))
    }

    fn take_idle(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Gives a connection back whose answer was read to its end.
    pub(super) fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !connection.is_closed() && idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }

    /// Sends a request (its URI a path) on an idle connection, or a new one.
    pub(super) async fn send(
        &self,
        mut request: Request<Outbound>,
    ) -> Result<(Response<Incoming>, Connection), SendError> {
        request.headers_mut().insert(hyper::header::HOST, self.host.clone());
        loop {
            let (mut connection, fresh) = match self.take_idle() {
                Some(connection) => (connection, false),
                None => (self.connect().await.map_err(SendError::NotSent)?, true),
            };
            if connection.ready().await.is_err() && !fresh {
                continue;
            }
            match connection.try_send_request(request).await {
                Ok(response) => return Ok((response, connection)),
                Err(mut error) => match error.take_message() {
                    // Closed by the agent while it was idle.
                    Some(unsent) if !fresh => request = unsent,
                    Some(_) => return Err(SendError::NotSent(error.into_error().to_string())),
                    None => return Err(SendError::Broken(error.into_error())),
                },
            }
        }
    }

    async fn connect(&self) -> Result<Connection, String> {
        let connection = open(self.port).await?;
        if listeners(self.port) == self.sockets {
            Ok(connection)
        } else {
            Err("the socket on its port is not the one it was healthy on".to_owned())
        }
    }
}

enum Probe {
    NotYet(String),
    Stranger,
}

/// The whole answer, if it is no longer than `limit` bytes.
pub(super) async fn collect(body: Incoming, limit: usize) -> Result<Bytes, String> {
    match http_body_util::Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(format!("more than {limit} bytes")),
        Err(error) => Err(error.to_string()),
    }
}
