//! The agent's whole gateway but turns: passed through as it comes, streamed bodies and upgraded connections too.
//!
//! # Design notes
//! - A request counts as work until the last byte of its answer has left. An upgraded connection (a WebSocket) may be open
//!   for days: it is not work by itself, but every byte on it is activity, and it ends with the agent.
//! - A body is limited as it passes, and is never held whole.

use std::{
    error::Error as StdError,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Body as _, Frame, Incoming, SizeHint},
    header,
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use libtenancy::agent::header as names;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split},
    sync::OwnedSemaphorePermit,
};

use super::{
    bound::{Activity, Agentd, InFlight},
    bounded::{BodyError, Bounded},
    reply::{self, Body, closing},
    upstream::{Connection, SendError},
};

/// The largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 64 << 20;

/// Requests and upgraded connections at once.
pub(super) const MAX_PROXIED: usize = 256;

/// What is read at once from an upgraded connection, in bytes.
const CHUNK_BYTES: usize = 16 << 10;

/// Headers that are this connection's, or `agentd`'s, and not the agent's.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    for name in named {
        headers.remove(name);
    }
    let hop_by_hop = [
        header::CONNECTION,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::AUTHORIZATION,
    ];
    for name in hop_by_hop {
        headers.remove(name);
    }
    for name in ["keep-alive", names::TENANT, names::GENERATION, names::BOT, names::UPDATE] {
        headers.remove(name);
    }
}

/// The protocol that a message asks for, or agrees to.
fn upgrade(headers: &HeaderMap) -> Option<header::HeaderValue> {
    let asks = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|name| name.trim().eq_ignore_ascii_case("upgrade")));
    headers.get(header::UPGRADE).filter(|_| asks).cloned()
}

/// [`strip`], but for the protocol to change to.
fn strip_but(headers: &mut HeaderMap, protocol: Option<header::HeaderValue>) {
    strip(headers);
    if let Some(protocol) = protocol {
        headers.insert(header::CONNECTION, header::HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocol);
    }
}

fn too_large() -> Response<Body> {
    let text = format!("the body is larger than {MAX_BODY_BYTES} bytes");
    closing(reply::refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text))
}

/// Whether the body was what broke a request.
fn was_too_large(error: &hyper::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if matches!(error.downcast_ref(), Some(BodyError::TooLarge)) {
            return true;
        }
        source = error.source();
    }
    false
}

/// Passes a request through, both bodies as they come.
pub(super) async fn proxy(mut request: Request<Incoming>, agentd: Arc<Agentd>) -> Response<Body> {
    if !agentd.is_open() {
        return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the agent is being stopped");
    }
    let Ok(place) = agentd.proxied.clone().try_acquire_owned() else {
        let text = format!("{MAX_PROXIED} requests are under way");
        return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, "overloaded", text);
    };
    if hyper::body::Body::size_hint(request.body()).lower() > MAX_BODY_BYTES as u64 {
        return too_large();
    }
    let in_flight = agentd.activity.begin();
    let protocol = upgrade(request.headers());
    let caller = protocol.as_ref().map(|_| hyper::upgrade::on(&mut request));
    strip_but(request.headers_mut(), protocol);
    let target = request.uri().path_and_query().map_or("/", |path| path.as_str());
    match target.parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return reply::refusal(StatusCode::BAD_REQUEST, "invalid", "the path is not valid"),
    }
    *request.version_mut() = hyper::Version::HTTP_11;
    match agentd.upstream.send(request.map(|body| Either::Right(Bounded::new(body, MAX_BODY_BYTES)))).await {
        Ok((response, _)) if response.status() == StatusCode::SWITCHING_PROTOCOLS => match caller {
            Some(caller) => switched(caller, response, &agentd, place),
            None => reply::refusal(StatusCode::BAD_GATEWAY, "agent_failed", "it changed to a protocol unasked"),
        },
        Ok((response, connection)) => {
            let mut response = response.map(|body| Passing {
                body,
                connection: Some(connection),
                agentd: agentd.clone(),
                _in_flight: in_flight,
                _place: place,
            });
            strip(response.headers_mut());
            reply::streamed(response)
        }
        Err(SendError::Broken(error)) if was_too_large(&error) => too_large(),
        Err(error) => reply::refusal(StatusCode::BAD_GATEWAY, "agent_failed", agentd.why(error.to_string()).await),
    }
}

/// Answers that the protocol changes, and joins the two connections until one of them, or the agent, ends.
fn switched(
    caller: OnUpgrade,
    mut response: Response<Incoming>,
    agentd: &Agentd,
    place: OwnedSemaphorePermit,
) -> Response<Body> {
    let agent = hyper::upgrade::on(&mut response);
    let (activity, closing) = (agentd.activity.clone(), agentd.closing.clone());
    tokio::spawn(async move {
        let _place = place;
        let joined = async {
            let (caller, agent) = tokio::try_join!(caller, agent).map_err(io::Error::other)?;
            join(TokioIo::new(caller), TokioIo::new(agent), &activity).await
        };
        tokio::select! {
            ended = joined => {
                if let Err(error) = ended {
                    tracing::debug!("an upgraded connection broke: {error}");
                }
            }
            () = closing.cancelled() => {}
        }
    });
    let mut answer = Response::new(Body::Whole(Full::new(Bytes::new())));
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    let protocol = upgrade(answer.headers());
    strip_but(answer.headers_mut(), protocol);
    answer
}

/// Copies both ways until both have ended.
async fn join(
    one: impl AsyncRead + AsyncWrite,
    other: impl AsyncRead + AsyncWrite,
    activity: &Activity,
) -> io::Result<()> {
    let ((one_read, one_write), (other_read, other_write)) = (split(one), split(other));
    tokio::try_join!(copy(one_read, other_write, activity), copy(other_read, one_write, activity)).map(drop)
}

async fn copy(from: impl AsyncRead, to: impl AsyncWrite, activity: &Activity) -> io::Result<()> {
    let (mut from, mut to) = (std::pin::pin!(from), std::pin::pin!(to));
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        activity.touch();
        to.write_all(&chunk[..length]).await?;
        to.flush().await?;
    }
}

/// An agent's answer on its way: counts as in flight until its end, and gives its connection back there.
struct Passing {
    body: Incoming,
    connection: Option<Connection>,
    agentd: Arc<Agentd>,
    _in_flight: InFlight,
    _place: OwnedSemaphorePermit,
}

impl Drop for Passing {
    fn drop(&mut self) {
        // Who sends a body of known length does not ask for more than that: its end is seen here.
        if self.body.is_end_stream()
            && let Some(connection) = self.connection.take()
        {
            self.agentd.upstream.give_back(connection);
        }
    }
}

impl hyper::body::Body for Passing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none()
            && let Some(connection) = self.connection.take()
        {
            self.agentd.upstream.give_back(connection);
        }
        Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
