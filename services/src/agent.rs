//! The built-in agent: the smallest program that keeps the contract of one, for the demo, the tests and the figures.
//!
//! `GET /health` → 200. `POST /webhook {"message"}` → `{"response"}`. Its memory is `memory/brain.db` below its state
//! directory: one row per message (SQLite, WAL, `synchronous=NORMAL`), so that, as with real agents, nearly everything
//! is in `brain.db-wal` at any time. It dies on SIGTERM at once, without a checkpoint.
//!
//! The response to `TEXT` is `[n] you said: TEXT`, `n` being the number of messages it remembers, this one included: `n`
//! that grows by one per message proves that no memory was lost and no turn was run twice.
//!
//! # Directives
//! A message that begins with one of these is remembered, then does this instead:
//!
//! | message | effect |
//! |---|---|
//! | `/sleep MS` | answers after so many milliseconds |
//! | `/fail` | answers 500 |
//! | `/crash` | aborts the process |
//! | `/long N` | answers `[n] ` and then N times the letter `x` (at most 4 Mi) |
//! | `/recall` | answers `[n] ` and then all remembered messages, oldest first, a line each |
//!
//! # The rest of a gateway
//! `GET /ticks` → server-sent events, `tick 1`, `tick 2` …, ten a second. `GET /echo` with `upgrade: echo` → a connection on
//! which everything comes back. `/body` → the length of the request's body.

use std::{
    convert::Infallible,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::{any, get, post},
};
use libtenancy::agent::{Reply, Turn};
use rusqlite::Connection;

/// The longest `/long` answer, in characters.
const MAX_LONG: usize = 4 << 20;

/// What the agent remembers.
struct Memory(Connection);

impl Memory {
    fn open(state_dir: &Path) -> anyhow::Result<Self> {
        let directory = state_dir.join("memory");
        std::fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
        let connection = Connection::open(directory.join("brain.db"))?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             CREATE TABLE IF NOT EXISTS memories (n INTEGER PRIMARY KEY, message TEXT NOT NULL);",
        )?;
        Ok(Self(connection))
    }

    /// Remembers a message; how many there are then.
    fn remember(&self, message: &str) -> rusqlite::Result<i64> {
        self.0.prepare_cached("INSERT INTO memories (message) VALUES (?1)")?.insert([message])
    }

    fn recall(&self) -> rusqlite::Result<Vec<String>> {
        self.0.prepare_cached("SELECT message FROM memories ORDER BY n")?.query_map([], |row| row.get(0))?.collect()
    }
}

/// Serves on 127.0.0.1:`port` until the process is killed.
pub fn run(port: u16, state_dir: &Path) -> anyhow::Result<()> {
    let memory = Arc::new(Mutex::new(Memory::open(state_dir).context("cannot open the memory")?));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
            .await
            .with_context(|| format!("cannot listen on 127.0.0.1:{port}"))?;
        let app = Router::new()
            .route("/health", get(async || "ok"))
            .route("/webhook", post(webhook))
            .route("/ticks", get(ticks))
            .route("/echo", get(echo))
            .route("/body", any(length))
            .with_state(memory);
        Ok(axum::serve(listener, app).await?)
    })
}

async fn webhook(
    State(memory): State<Arc<Mutex<Memory>>>,
    Json(turn): Json<Turn>,
) -> Result<Json<Reply>, (StatusCode, String)> {
    let broken = |e: rusqlite::Error| (StatusCode::INTERNAL_SERVER_ERROR, format!("memory: {e}"));
    // SQLite on the only thread: a commit without fsync takes microseconds.
    let n = memory.lock().unwrap_or_else(PoisonError::into_inner).remember(&turn.message).map_err(broken)?;
    let (directive, argument) = turn.message.split_once(' ').unwrap_or((&turn.message, ""));
    let number = || argument.trim().parse::<usize>().unwrap_or(0);
    let said = match directive {
        "/sleep" => {
            tokio::time::sleep(Duration::from_millis(u64::try_from(number()).unwrap_or(u64::MAX))).await;
            format!("you said: {}", turn.message)
        }
        "/fail" => return Err((StatusCode::INTERNAL_SERVER_ERROR, "told to fail".to_owned())),
        "/crash" => std::process::abort(),
        "/long" => "x".repeat(number().min(MAX_LONG)),
        "/recall" => memory.lock().unwrap_or_else(PoisonError::into_inner).recall().map_err(broken)?.join("\n"),
        _ => format!("you said: {}", turn.message),
    };
    Ok(Json(Reply { response: format!("[{n}] {said}") }))
}

async fn ticks() -> Sse<impl futures::Stream<Item = Result<Event, Infallible>>> {
    let ticks = tokio::time::interval(Duration::from_millis(100));
    Sse::new(futures::stream::unfold((ticks, 1), |(mut ticks, n)| async move {
        ticks.tick().await;
        Some((Ok(Event::default().data(format!("tick {n}"))), (ticks, n + 1)))
    }))
}

async fn echo(mut request: Request) -> Response {
    if request.headers().get(header::UPGRADE) != Some(&HeaderValue::from_static("echo")) {
        return (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "echo")]).into_response();
    }
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgraded.await {
            let (mut read, mut write) = tokio::io::split(hyper_util::rt::TokioIo::new(upgraded));
            // It ends when the other side does; there is nobody to tell.
            let _ = tokio::io::copy(&mut read, &mut write).await;
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")]).into_response()
}

async fn length(request: Request) -> Result<String, StatusCode> {
    let body = axum::body::to_bytes(request.into_body(), usize::MAX).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok(body.len().to_string())
}
