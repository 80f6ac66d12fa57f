//! What the tests of this directory speak to a server with: a client for whole requests, and a bare socket.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use services::server::{Limits, serve_with};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// No wait of a test is longer.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

/// A served router; it ends when this is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    ended: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn start(router: Router, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let ended = tokio::spawn(serve_with(listener, router, limits, stop.clone().cancelled_owned()));
        Self { address, stop, ended }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Begins the shutdown.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for the end of every connection.
    pub(crate) async fn ended(&mut self) {
        tokio::time::timeout(BOUND, &mut self.ended).await.unwrap().unwrap();
    }

    pub(crate) async fn socket(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
        self.ended.abort();
    }
}

/// A client without proxies and without certificates.
pub(crate) fn client() -> reqwest::Client {
    libtenancy::drivers::telegram::install_crypto_provider();
    reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(BOUND).build().unwrap()
}

/// Writes `text` and reads until the other side closes.
pub(crate) async fn converse(mut stream: TcpStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).await.unwrap();
    read_to_end(&mut stream).await
}

/// What comes until the other side closes.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset after the answer is as good an end as any.
    let _ = tokio::time::timeout(BOUND, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}
