//! Serving a router on a listener, so that no client can take more than its share.
//!
//! Owns connections: how many, how long they may take to say what they want, and how they end. Does not own requests.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; one more is answered 503 and closed.
    pub connections: usize,
    /// From when a request could begin to the end of its headers; so also how long a connection may idle.
    pub header_timeout: Duration,
    /// Read buffer per connection, in bytes, and so the longest request head; all of them together are the memory that
    /// silent connections can take.
    pub buffer: usize,
    /// How long requests in flight may go on after a shutdown.
    pub drain: Duration,
}

impl Limits {
    /// What [`serve`] uses.
    pub const DEFAULT: Self = Self {
        connections: 2_048,
        header_timeout: Duration::from_secs(30),
        buffer: 16 << 10,
        drain: Duration::from_secs(30),
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n";

/// [`serve_with`] under the default [`Limits`].
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    serve_with(listener, router, Limits::default(), shutdown).await;
}

/// Serves `router` until `shutdown` resolves, then lets requests in flight finish (at most [`Limits::drain`]) and
/// returns when every connection is closed.
pub async fn serve_with(listener: TcpListener, router: Router, limits: Limits, shutdown: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let (stopping, killed) = (CancellationToken::new(), CancellationToken::new());
    // Whoever drops this future half-way ends the connections with it.
    let _ends_with_this = killed.clone().drop_guard();
    let tasks = TaskTracker::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_buf_size(limits.buffer.max(8 << 10));
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = shutdown.as_mut() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // A connection that is gone already, or no descriptor left: nothing to do but go on, a little later.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::select! {
                    () = shutdown.as_mut() => break,
                    () = tokio::time::sleep(Duration::from_millis(20)) => continue,
                }
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let _ = stream.try_write(FULL);
            continue;
        };
        let _ = stream.set_nodelay(true);
        let connection =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone())).with_upgrades();
        tasks.spawn(one(connection, place, stopping.clone(), killed.clone()));
    }
    drop(listener);
    stopping.cancel();
    tasks.close();
    if tokio::time::timeout(limits.drain, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "requests in flight did not finish in time and are cut off");
        killed.cancel();
        tasks.wait().await;
    }
}

type Connection = http1::UpgradeableConnection<TokioIo<TcpStream>, TowerToHyperService<Router>>;

async fn one(
    connection: Connection,
    _place: OwnedSemaphorePermit,
    stopping: CancellationToken,
    killed: CancellationToken,
) {
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = killed.cancelled() => Ok(()),
            }
        }
        () = killed.cancelled() => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
