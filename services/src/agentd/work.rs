//! Work that the agent declares: what it does that no request waits for.
//!
//! The agent reaches it on a socket of its own, which its environment names (`ZTM_AGENTD`):
//!
//! | request | effect |
//! |---|---|
//! | `PUT /work/NAME {"deadline_s": N}` | the agent is at work until that is over, or `N` seconds have passed; a repeat sets a new deadline |
//! | `DELETE /work/NAME` | that work is over |
//! | `GET /work` | what is declared, as `{"work": [NAME…]}` |
//!
//! An agent at work is not idle, and a stop waits for it as for a turn. Deadlines keep one that forgets from running for
//! ever. Nobody else can reach the socket: it lies in the tenant's home, and needs no key.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::{Method, Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::{UnixListener, UnixStream};

use super::{
    bound::{Activity, InFlight},
    reply::{self, Body},
    serve::read,
};

/// Works at once.
const MAX_WORKS: usize = 64;

/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The longest deadline, seconds: a day.
const MAX_DEADLINE_S: u64 = 86_400;

/// The largest body, in bytes.
const MAX_BODY_BYTES: usize = 4 << 10;

/// Connections at once.
const MAX_CONNECTIONS: usize = 16;

/// What is declared.
pub(super) struct Work {
    activity: Arc<Activity>,
    declared: Mutex<Declared>,
}

#[derive(Default)]
struct Declared {
    /// By name: which declaration it is, and that it counts.
    works: BTreeMap<String, (u64, InFlight)>,
    count: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    deadline_s: u64,
}

impl Work {
    pub(super) fn new(activity: Arc<Activity>) -> Arc<Self> {
        Arc::new(Self { activity, declared: Mutex::default() })
    }

    fn declared(&self) -> std::sync::MutexGuard<'_, Declared> {
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the work until it is over; false if there is too much of it.
    fn declare(self: &Arc<Self>, name: &str, deadline: Duration) -> bool {
        let number = {
            let mut declared = self.declared();
            if declared.works.len() >= MAX_WORKS && !declared.works.contains_key(name) {
                return false;
            }
            declared.count += 1;
            let number = declared.count;
            declared.works.insert(name.to_owned(), (number, self.activity.begin()));
            number
        };
        let (work, name) = (self.clone(), name.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(deadline).await;
            let mut declared = work.declared();
            if declared.works.get(&name).is_some_and(|(known, _)| *known == number) {
                declared.works.remove(&name);
                tracing::warn!("declared work `{name}` is past its deadline of {deadline:?} and counts no more");
            }
        });
        true
    }

    fn end(&self, name: &str) -> bool {
        self.declared().works.remove(name).is_some()
    }

    /// Serves the agent's socket. Never ends.
    pub(super) async fn serve(self: Arc<Self>, listener: UnixListener) {
        let places = Arc::new(tokio::sync::Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let work = self.clone();
                    tokio::spawn(async move {
                        let _place = place;
                        work.connection(stream).await;
                    });
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection of the agent: {error}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: UnixStream) {
        let service = service_fn(|request| async { Ok::<_, Infallible>(self.answer(request).await) });
        if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
            tracing::debug!("a connection of the agent broke: {error}");
        }
    }

    async fn answer(self: &Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        if path == "/work" && request.method() == Method::GET {
            let names: Vec<String> = self.declared().works.keys().cloned().collect();
            return reply::json(&serde_json::json!({ "work": names }));
        }
        let Some(name) = path.strip_prefix("/work/") else {
            return reply::refusal(StatusCode::NOT_FOUND, "not_found", "there is only `/work/NAME`");
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(plain) {
            let text = format!("a name is 1 to {MAX_NAME_BYTES} letters, digits, `.`, `_` or `-`");
            return reply::refusal(StatusCode::BAD_REQUEST, "invalid", text);
        }
        match *request.method() {
            Method::PUT => {
                let Declaration { deadline_s } = match read(request, MAX_BODY_BYTES).await {
                    Ok(declaration) => declaration,
                    Err(refusal) => return *refusal,
                };
                if !(1..=MAX_DEADLINE_S).contains(&deadline_s) {
                    let text = format!("`deadline_s` must be 1 to {MAX_DEADLINE_S}");
                    return reply::refusal(StatusCode::BAD_REQUEST, "invalid", text);
                }
                if !self.declare(name, Duration::from_secs(deadline_s)) {
                    let text = format!("{MAX_WORKS} works are declared already");
                    return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, "overloaded", text);
                }
                reply::json(&serde_json::json!({ "name": name, "deadline_s": deadline_s }))
            }
            Method::DELETE if self.end(name) => reply::json(&serde_json::json!({ "name": name })),
            Method::DELETE => reply::refusal(StatusCode::NOT_FOUND, "not_found", "no work of that name is declared"),
            _ => reply::refusal(StatusCode::METHOD_NOT_ALLOWED, "invalid", "PUT or DELETE"),
        }
    }
}
