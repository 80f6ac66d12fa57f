//! The HTTP side of `agentd`: who may ask, and what.

use std::{collections::VecDeque, convert::Infallible, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Body as _, Frame, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use libtenancy::{
    Error,
    agent::{AgentEvent, AgentStatus, Bind, Reply, Stop, Upload, header as names, path},
    clock::{Clock, Stopwatch, SystemClock},
    drivers::local::workloads::{logs, processes::resident_bytes},
    journal::on_one_line,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, broadcast::error::RecvError, mpsc, oneshot},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    BindCall, archive,
    bound::{Agentd, InFlight, line},
    pod::{Face, Ports},
    proxy::proxy,
    reply::{self, Body, closing},
    session,
    turns::{Begun, Failure, Waiting},
    upstream,
};

/// The largest message to the agent, in bytes.
const MAX_TURN_BYTES: usize = 8 << 20;
/// The largest reply that is read from the agent, in bytes.
const MAX_REPLY_BYTES: usize = 8 << 20;
/// The largest bind, in bytes.
const MAX_BIND_BYTES: usize = 1 << 20;
/// The most of a body that is too large that is read, in bytes.
const MAX_DISCARDED_BYTES: usize = 64 << 20;
/// The most of an agent's error that is passed on, in bytes.
const MAX_ERROR_BYTES: usize = 500;

/// Serves the socket `agentd` was born with, until it closes. A bind is sent on; who drops the receiver has had it.
pub(super) async fn birth(stream: UnixStream, binds: mpsc::Sender<BindCall>) {
    let service = service_fn(|request| async { Ok::<_, Infallible>(unbound(request, &binds).await) });
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!("the connection of birth broke: {error}");
    }
}

async fn unbound(request: Request<Incoming>, binds: &mpsc::Sender<BindCall>) -> Response<Body> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, path::STATUS) => {
            let own = std::process::id();
            reply::json(&AgentStatus {
                tenant: None,
                generation: None,
                pid: own,
                agent_pid: None,
                ready: false,
                busy: 0,
                last_active_at: SystemClock::default().now(),
                saved: None,
                agent_memory_bytes: None,
                agent_cpu_ms: None,
                memory_bytes: resident_bytes(own),
            })
        }
        (&Method::POST, path::BIND) => {
            let bind: Bind = match read(request, MAX_BIND_BYTES).await {
                Ok(bind) => bind,
                Err(refusal) => return *refusal,
            };
            let (answer, answered) = oneshot::channel();
            if binds.try_send((bind, answer)).is_err() {
                return reply::refusal(StatusCode::CONFLICT, "conflict", "it is bound already");
            }
            match answered.await {
                Ok(Ok(bound)) => reply::json(&bound),
                Ok(Err(error)) => closing(reply::error(&error)),
                Err(_) => reply::refusal(StatusCode::CONFLICT, "conflict", "it is bound already"),
            }
        }
        _ => reply::refusal(StatusCode::CONFLICT, "conflict", "it is not bound"),
    }
}

/// Reads a JSON body.
pub(super) async fn read<T: serde::de::DeserializeOwned>(
    request: Request<Incoming>,
    limit: usize,
) -> Result<T, Box<Response<Body>>> {
    let body = whole(request.into_body(), limit).await?;
    serde_json::from_slice(&body)
        .map_err(|e| Box::new(reply::refusal(StatusCode::BAD_REQUEST, "invalid", format!("invalid body: {e}"))))
}

/// The whole body, if it is no larger than `limit` bytes. The rest of a larger one is read and thrown away, within
/// reason: who is still writing would not see the answer.
async fn whole(mut body: Incoming, limit: usize) -> Result<Bytes, Box<Response<Body>>> {
    let too_large = || {
        let text = format!("the body is larger than {limit} bytes");
        Box::new(closing(reply::refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text)))
    };
    let mut whole = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Box::new(reply::refusal(StatusCode::BAD_REQUEST, "invalid", error.to_string())))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length > MAX_DISCARDED_BYTES {
            return Err(too_large());
        }
        if length > limit {
            whole = Vec::new();
        } else if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        } else {
            whole.extend_from_slice(&data);
        }
    }
    if length > limit { Err(too_large()) } else { Ok(whole.into()) }
}

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// Handshakes that are under way at once.
const MAX_HANDSHAKES: usize = 64;
/// After a connection that could not be accepted (out of descriptors, most likely: some connection must end first).
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);

/// Serves the bound agent's socket, until its end; then what is being answered is finished.
pub(super) async fn bound(agentd: Arc<Agentd>, listener: UnixListener) {
    let connections = TaskTracker::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (agentd, closing) = (agentd.clone(), agentd.closing.clone());
                    connections.spawn(connection(stream, closing, move |request| route(request, agentd.clone())));
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            },
            () = agentd.closing.cancelled() => break,
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Serves a pod's two ports: its control plane on one, its node on the other. Until its end, as [`bound`] does.
pub(super) async fn pod(face: Arc<Face>, ports: Ports, acceptor: TlsAcceptor) {
    let connections = TaskTracker::new();
    let handshakes = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    let Ports { agents, health } = ports;
    loop {
        let (stream, is_health) = tokio::select! {
            accepted = agents.accept() => (accepted, false),
            accepted = health.accept() => (accepted, true),
            () = face.closing.cancelled() => break,
        };
        let stream = match stream {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        // Who finds no place tries again.
        let Ok(place) = Arc::clone(&handshakes).try_acquire_owned() else { continue };
        let (face, acceptor) = (face.clone(), acceptor.clone());
        connections.spawn(async move {
            let closing = face.closing.clone();
            if is_health {
                let answer =
                    connection(stream, closing, move |request| std::future::ready(self::health(&request, &face)));
                let _ = tokio::time::timeout(HANDSHAKE_TIMEOUT, answer).await;
                drop(place);
                return;
            }
            let _ = stream.set_nodelay(true);
            match tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => {
                    drop(place);
                    connection(stream, closing, move |request| faced(request, face.clone())).await;
                }
                Ok(Err(error)) => tracing::debug!("a stranger was turned away: {error}"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
        });
    }
    drop((agents, health));
    connections.close();
    connections.wait().await;
}

/// Whoever has the control plane's key asks: for the agent, if there is one.
async fn faced(request: Request<Incoming>, face: Arc<Face>) -> Response<Body> {
    match face.agentd.get() {
        Some(agentd) => route(request, agentd.clone()).await,
        None => unbound(request, &face.binds).await,
    }
}

/// What the node hears: whether it can be bound, or is.
fn health(request: &Request<Incoming>, face: &Face) -> Response<Body> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, path::HEALTH) if *face.known.borrow() => reply::json(&serde_json::json!({ "status": "ok" })),
        (&Method::GET, path::HEALTH) => {
            reply::refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the control plane does not know it yet")
        }
        _ => reply::refusal(StatusCode::NOT_FOUND, "not_found", "there is nothing else here"),
    }
}

async fn connection<S, A>(stream: S, closing: CancellationToken, answer: impl Fn(Request<Incoming>) -> A)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Future<Output = Response<Body>>,
{
    let service = service_fn(move |request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades());
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!("a connection broke: {error}");
    }
}

/// Whether the request is this agent's: its key first, in constant time, then its tenant and its generation.
fn check_identity(agentd: &Agentd, headers: &HeaderMap) -> Result<(), Box<Response<Body>>> {
    let key = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    if !key.is_some_and(|key| agentd.key.matches(key)) {
        return Err(Box::new(reply::refusal(StatusCode::UNAUTHORIZED, "unauthenticated", "not authenticated")));
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let generation = text(names::GENERATION).and_then(|value| value.parse::<u64>().ok());
    if text(names::TENANT) == Some(agentd.tenant.as_str()) && generation == Some(agentd.generation.0) {
        Ok(())
    } else {
        let text = "this is another tenant's or generation's agent";
        Err(Box::new(reply::refusal(StatusCode::CONFLICT, "conflict", text)))
    }
}

async fn route(request: Request<Incoming>, agentd: Arc<Agentd>) -> Response<Body> {
    if let Err(refusal) = check_identity(&agentd, request.headers()) {
        return *refusal;
    }
    let contact = agentd.contact.begin();
    match (request.method(), request.uri().path()) {
        (&Method::GET, path::STATUS) => reply::json(&agentd.status()),
        (&Method::GET, path::WATCH) => watch(&agentd, contact).await,
        (&Method::POST, path::SNAPSHOT) => {
            // A task of its own: a caller that hangs up does not break it off.
            match tokio::spawn(async move { agentd.saver.save_last().await }).await {
                Ok(Ok(taken)) => reply::json(&taken),
                Ok(Err(error)) => reply::error(&error),
                Err(error) => reply::error(&Error::internal(error.to_string())),
            }
        }
        (&Method::POST, path::STOP) => {
            let stop: Stop = match read(request, MAX_BIND_BYTES).await {
                Ok(stop) => stop,
                Err(refusal) => return *refusal,
            };
            match tokio::spawn(async move { agentd.stop(stop.drain).await }).await {
                Ok(stopped) => closing(reply::json(&stopped)),
                Err(error) => reply::error(&Error::internal(error.to_string())),
            }
        }
        (&Method::POST, path::UPLOAD) if agentd.is_remote => {
            let upload: Upload = match read(request, MAX_BIND_BYTES).await {
                Ok(upload) => upload,
                Err(refusal) => return *refusal,
            };
            match archive::send(&upload, agentd.saver.archives()).await {
                Ok(()) => {
                    agentd.sent.send_replace(Some(upload.file));
                    reply::json(&())
                }
                Err(error) => reply::error(&error),
            }
        }
        (&Method::POST, path::EXEC) => session::open(request, agentd),
        (&Method::GET, path::LOGS) => log(request.uri().query().unwrap_or_default(), &agentd, contact).await,
        (_, path) if path.starts_with("/agentd/") => {
            reply::refusal(StatusCode::NOT_FOUND, "not_found", "agentd has no such path, or not for this method")
        }
        (&Method::POST, path::TURN) => match turn_key(request.headers()) {
            Ok(Some(key)) => turn(request, agentd, key).await,
            Ok(None) => proxy(request, agentd).await,
            Err(reason) => reply::refusal(StatusCode::BAD_REQUEST, "invalid", reason),
        },
        _ => proxy(request, agentd).await,
    }
}

/// The turn's name, if it has one.
fn turn_key(headers: &HeaderMap) -> Result<Option<(i64, i64)>, String> {
    let number = |name: &str| match headers.get(name) {
        None => Ok(None),
        Some(value) => value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<i64>().ok())
            .map(Some)
            .ok_or_else(|| format!("the header `{name}` is no number")),
    };
    match (number(names::BOT)?, number(names::UPDATE)?) {
        (Some(bot), Some(update)) => Ok(Some((bot, update))),
        (None, None) => Ok(None),
        _ => Err(format!("`{}` and `{}` go together", names::BOT, names::UPDATE)),
    }
}

/// The end of the agent's log, then what is added to it: `tail=LINES&follow=BOOL`.
async fn log(query: &str, agentd: &Agentd, contact: InFlight) -> Response<Body> {
    let value = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let (Some(tail), Some(follow)) =
        (value("tail").and_then(|text| text.parse().ok()), value("follow").and_then(|text| text.parse().ok()))
    else {
        return reply::refusal(StatusCode::BAD_REQUEST, "invalid", "it must be `tail=LINES&follow=BOOL`");
    };
    match logs::open(&agentd.home, &agentd.tenant, tail, follow).await {
        Ok(blocks) => {
            let blocks = futures::StreamExt::take_until(blocks, agentd.closing.clone().cancelled_owned());
            let frames = futures::StreamExt::map(blocks, move |block| {
                let _asks = &contact;
                block.map(Frame::data)
            });
            reply::streamed(Response::new(StreamBody::new(frames)))
        }
        Err(error) => reply::error(&error),
    }
}

/// The last snapshot, if there was one, and how the agent ended, if it did; then every event until the end.
async fn watch(agentd: &Agentd, contact: InFlight) -> Response<Body> {
    let events = agentd.subscribe();
    let last = agentd.saver.last_taken().await.map(|taken| line(&AgentEvent::Snapshot(taken)));
    let exited = agentd.exited.get().map(|reason| line(&AgentEvent::Exited { reason: reason.clone() }));
    let past: VecDeque<Bytes> = last.into_iter().chain(exited).collect();
    let state = (past, events, agentd.closing.clone(), contact);
    let stream = futures::stream::unfold(state, |(mut past, mut events, closing, contact)| async move {
        if let Some(event) = past.pop_front() {
            return Some((event, (past, events, closing, contact)));
        }
        loop {
            // What was said before the end is still delivered.
            let event = tokio::select! {
                biased;
                event = events.recv() => event,
                () = closing.cancelled() => return None,
            };
            match event {
                Ok(event) => return Some((event, (past, events, closing, contact))),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let frames = futures::StreamExt::map(stream, |event| Ok::<_, std::io::Error>(Frame::data(event)));
    reply::streamed(Response::new(StreamBody::new(frames)))
}

async fn turn(request: Request<Incoming>, agentd: Arc<Agentd>, key: (i64, i64)) -> Response<Body> {
    let name = request.headers().get(names::REQUEST_ID).and_then(|name| name.to_str().ok());
    let name = name.map_or_else(|| format!("{}-{}", key.0, key.1), str::to_owned);
    let body = match whole(request.into_body(), MAX_TURN_BYTES).await {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let begun = agentd.turns.begin(key, agentd.is_open(), || told(name, run_turn(agentd.clone(), body)));
    let (kind, waiting): (_, Waiting) = match begun {
        Begun::Replayed(text) => return kind(reply::json_bytes(StatusCode::OK, text), "replayed"),
        Begun::Joined(waiting) => ("joined", waiting),
        Begun::Ran(waiting) => ("ran", waiting),
        Begun::Full => {
            return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too many turns run at once");
        }
        Begun::Closed => {
            return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the agent is being stopped");
        }
    };
    match waiting.outcome().await {
        Ok(text) => self::kind(reply::json_bytes(StatusCode::OK, text), kind),
        Err(Failure { status, code, reason }) => self::kind(reply::refusal(status, code, &*reason), kind),
    }
}

fn kind(mut response: Response<Body>, kind: &'static str) -> Response<Body> {
    response.headers_mut().insert(names::TURN_KIND, header::HeaderValue::from_static(kind));
    response
}

/// Tells of a turn, by the name that it has wherever it is told of.
async fn told(name: String, turn: impl Future<Output = Result<Bytes, Failure>>) -> Result<Bytes, Failure> {
    tracing::info!(request = %name, "a turn begins");
    let watch = Stopwatch::start();
    let outcome = turn.await;
    let ms = watch.elapsed().as_millis();
    match &outcome {
        Ok(reply) => tracing::info!(ms, bytes = reply.len(), request = %name, "a turn ends"),
        // On one line, whatever the agent said: what follows a line break would be told of nobody, and again.
        Err(failure) => tracing::warn!(ms, error = %on_one_line(&failure.reason), request = %name, "a turn failed"),
    }
    outcome
}

/// Asks the agent. Its answer is passed on as it is, once it is known to be a [`Reply`].
async fn run_turn(agentd: Arc<Agentd>, body: Bytes) -> Result<Bytes, Failure> {
    let _in_flight = agentd.activity.begin();
    let failed =
        |reason: String| Failure { status: StatusCode::BAD_GATEWAY, code: "agent_failed", reason: reason.into() };
    let mut request = Request::new(Either::Left(Full::new(body)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = hyper::Uri::from_static(path::TURN);
    request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    let exchange = async {
        let (response, connection) = match agentd.upstream.send(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(failed(agentd.why(format!("its connection failed: {error}")).await)),
        };
        let status = response.status();
        let text = match upstream::collect(response.into_body(), MAX_REPLY_BYTES).await {
            Ok(text) => text,
            Err(reason) => return Err(failed(agentd.why(format!("its answer could not be read: {reason}")).await)),
        };
        agentd.upstream.give_back(connection);
        if !status.is_success() {
            let said = String::from_utf8_lossy(&text[..text.len().min(MAX_ERROR_BYTES)]).into_owned();
            return Err(failed(format!("it answered {status}: {said}")));
        }
        match serde_json::from_slice::<Reply>(&text) {
            Ok(_) => Ok(text),
            Err(error) => Err(failed(format!("its answer is not `{{\"response\"}}`: {error}"))),
        }
    };
    let limit = agentd.command.turn_timeout;
    match tokio::time::timeout(limit, exchange).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure {
            status: StatusCode::GATEWAY_TIMEOUT,
            code: "agent_failed",
            reason: format!("it did not answer within {limit:?}").into(),
        }),
    }
}
