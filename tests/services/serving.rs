//! Bounds on connections and bodies, over real sockets.

use std::{sync::Arc, time::Duration};

use axum::{Router, routing::get};
use services::{doubles::bare, server::Limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{Notify, Semaphore},
};

use crate::client::{BOUND, Served, client, converse, read_to_end};

#[tokio::test]
async fn s15_a_client_that_never_finishes_its_headers_is_cut_off() {
    let limits = Limits { header_timeout: Duration::from_millis(100), ..Limits::default() };
    let served = Served::start(bare::app(), limits).await;
    for beginning in ["", "POST / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let answer = converse(served.socket().await, beginning).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    // A connection that said something before is closed in the same way when it idles.
    let answer = converse(served.socket().await, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let served = Served::start(bare::app(), Limits::default()).await;
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\nx-long: {}\r\n\r\n", "a".repeat(64 << 10));
    let answer = converse(served.socket().await, &head).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn one_connection_too_many_is_answered_503_at_once_and_the_next_is_served() {
    let served = Served::start(bare::app(), Limits { connections: 1, ..Limits::default() }).await;
    let request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}";
    let mut first = served.socket().await;
    first.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    first.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let mut second = served.socket().await;
    let answer = read_to_end(&mut second).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1"), "{answer}");
    drop(first);
    // The place is free as soon as the server has seen the end of the first.
    let served_again = async {
        loop {
            let mut stream = served.socket().await;
            if stream.write_all(request.as_bytes()).await.is_ok()
                && stream.read_exact(&mut head).await.is_ok()
                && &head == b"HTTP/1.1 200"
            {
                return;
            }
        }
    };
    tokio::time::timeout(BOUND, served_again).await.unwrap();
}

#[tokio::test]
async fn a_shutdown_lets_requests_in_flight_finish_and_takes_no_new_ones() {
    let (entered, gate) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let (inside, open) = (Arc::clone(&entered), Arc::clone(&gate));
    let router = Router::new().route(
        "/",
        get(async move || {
            inside.notify_one();
            let _ = open.acquire().await;
            "finished"
        }),
    );
    let mut served = Served::start(router, Limits::default()).await;
    let idle = served.socket().await;
    let request = tokio::spawn(client().get(served.url("/")).send());
    tokio::time::timeout(BOUND, entered.notified()).await.unwrap();
    served.stop();
    // The listener is closed, and the idle connection too.
    let mut idle = idle;
    assert_eq!(read_to_end(&mut idle).await, "");
    let refused = async { while tokio::net::TcpStream::connect(served.address).await.is_ok() {} };
    tokio::time::timeout(BOUND, refused).await.unwrap();
    gate.add_permits(1);
    let answer = request.await.unwrap().unwrap();
    assert_eq!(answer.text().await.unwrap(), "finished");
    served.ended().await;
}

#[tokio::test]
async fn requests_that_outlast_the_drain_are_cut_off() {
    let entered = Arc::new(Notify::new());
    let inside = Arc::clone(&entered);
    let router = Router::new().route(
        "/",
        get(async move || {
            inside.notify_one();
            std::future::pending::<()>().await;
        }),
    );
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let mut served = Served::start(router, limits).await;
    let request = tokio::spawn(client().get(served.url("/")).send());
    tokio::time::timeout(BOUND, entered.notified()).await.unwrap();
    served.stop();
    served.ended().await;
    assert!(request.await.unwrap().is_err());
}

#[tokio::test]
async fn s16_a_body_over_the_limit_is_413_before_it_is_sent() {
    let served = Served::start(bare::app(), Limits::default()).await;
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", 2 << 20);
    let answer = converse(served.socket().await, &head).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let answer = client().post(served.url("/tg/acme")).body(vec![b'x'; 1 << 20]).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}
