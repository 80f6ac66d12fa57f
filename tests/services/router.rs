//! The webhook.

use axum::http::Method;
use libtenancy::inbox::MAX_UPDATE_BYTES;
use serde_json::json;
use services::{health, router::Limits, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    client::{BOUND, Served, converse},
    faces::Faces,
};

fn update(id: i64) -> String {
    json!({"update_id": id, "message": {"message_id": id, "chat": {"id": 9}, "text": "hello"}}).to_string()
}

#[tokio::test]
async fn r1_an_update_that_is_answered_200_is_in_the_store_once() {
    let faces = Faces::start().await;
    let secret = faces.tenant_with_bot("acme").await;
    for id in [5, 6, 5] {
        let answer = faces.post("/tg/acme", Some(&secret), update(id)).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    }
    let updates = faces.updates().await;
    let ids: Vec<_> = updates.iter().map(|update| update["update_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [5, 6]);
    let page = faces.ask(Method::GET, "/inbox?limit=1", "").await;
    assert_eq!(page.body["next"], "acme/4711/5");
    let last = faces.ask(Method::GET, "/inbox?limit=1&after=acme/4711/5", "").await;
    assert_eq!((last.body["updates"][0]["update_id"].as_i64(), last.body.get("next")), (Some(6), None));
    let drop = faces.ask(Method::POST, "/inbox/drop", r#"{"update":"acme/4711/6"}"#).await;
    assert_eq!(drop.status, 204, "{}", drop.text);
    let dropped = faces.ask(Method::GET, "/inbox?stage=dropped&tenant=acme", "").await;
    assert_eq!(dropped.body["updates"][0]["update_id"], 6);
    assert_eq!(faces.ask(Method::POST, "/inbox/replay", r#"{"update":"acme/4711/6"}"#).await.status, 204);
}

#[tokio::test]
async fn s3_a_request_without_the_right_secret_is_401_and_stores_nothing() {
    let faces = Faces::start().await;
    let secret = faces.tenant_with_bot("acme").await;
    let cut = &secret[..63];
    let long = format!("{secret}0");
    for wrong in [None, Some(""), Some("wrong"), Some(cut), Some(&*long)] {
        let answer = faces.post("/tg/acme", wrong, update(1)).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (401, Some("unauthenticated")), "{wrong:?}");
    }
    assert!(faces.updates().await.is_empty());
}

#[tokio::test]
async fn s4_an_unknown_tenant_is_404_and_nothing_is_created() {
    let faces = Faces::start().await;
    for secret in [None, Some("x")] {
        assert_eq!(faces.post("/tg/ghost", secret, update(1)).await.status, 404);
    }
    // A tenant without a bot takes no updates either.
    faces.ask(Method::POST, "/tenants", r#"{"tenant_id":"mute"}"#).await;
    assert_eq!(faces.post("/tg/mute", Some("x"), update(1)).await.status, 404);
    assert_eq!((faces.tenants().await, faces.updates().await.len()), (1, 0));
}

#[tokio::test]
async fn s6_the_public_listener_knows_nothing_but_the_webhook_and_health() {
    let faces = Faces::start().await;
    for path in ["/", "/tenants", "/admin/webhook/acme", "/readyz", "/status", "/tg", "/tg/", "/tg/a/b", "/wake/acme"] {
        assert_eq!(faces.post(path, None, "").await.status, 404, "{path}");
    }
    for path in ["/tg/UPPER", "/tg/%ff", "/tg/a%2fb"] {
        assert_eq!(faces.post(path, Some("x"), update(1)).await.status, 400, "{path}");
    }
    let answer = converse(faces.router.socket().await, "GET /tg/acme HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(answer.await.starts_with("HTTP/1.1 405 "));
    let answer = converse(faces.router.socket().await, "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(answer.await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn s16_damaged_and_oversized_updates_are_refused_and_not_stored() {
    let faces = Faces::start().await;
    let secret = faces.tenant_with_bot("acme").await;
    for body in ["", "hello", "{}", r#"{"update_id":-1}"#, r#"{"update_id":"1"}"#, r#"{"update_id":1"#, "[]"] {
        let answer = faces.post("/tg/acme", Some(&secret), body).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid")), "{body}");
    }
    let frame = r#"{"update_id":1,"x":""}"#.len();
    let sized = |bytes: usize| format!(r#"{{"update_id":1,"x":"{}"}}"#, "a".repeat(bytes - frame));
    assert_eq!(faces.post("/tg/acme", Some(&secret), sized(MAX_UPDATE_BYTES + 1)).await.status, 413);
    let answer = faces.post("/tg/acme", Some(&secret), sized(2 * MAX_UPDATE_BYTES)).await;
    assert_eq!(answer.status, 413);
    assert!(faces.updates().await.is_empty());
    assert_eq!(faces.post("/tg/acme", Some(&secret), sized(MAX_UPDATE_BYTES)).await.status, 200);
    assert_eq!(faces.updates().await.len(), 1);
}

#[tokio::test]
async fn a_large_body_is_not_even_read_for_who_may_not_send_it() {
    let faces = Faces::start().await;
    faces.tenant_with_bot("acme").await;
    let head = |path: &str, more: &str| {
        format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 900000\r\nconnection: close\r\n{more}\r\n")
    };
    // The body never comes; the answer does.
    for (path, more, status) in [
        ("/tg/ghost", "x-telegram-bot-api-secret-token: x\r\n", "404"),
        ("/tg/acme", "", "401"),
        ("/tg/acme", "x-telegram-bot-api-secret-token: wrong\r\n", "401"),
    ] {
        let answer = converse(faces.router.socket().await, &head(path, more)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
}

#[tokio::test]
async fn in_overload_the_answer_is_503_at_once_and_what_was_accepted_stays() {
    let faces = Faces::start_with(Limits { requests: 1, ..Limits::default() }, |_| ()).await;
    let secret = faces.tenant_with_bot("acme").await;
    // One request that never finishes its body holds the only place.
    let mut slow = faces.router.socket().await;
    let head = format!(
        "POST /tg/acme HTTP/1.1\r\nhost: a\r\nx-telegram-bot-api-secret-token: {secret}\r\nexpect: 100-continue\r\n\
         content-length: {}\r\n\r\n",
        update(1).len()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    // The server says so when it begins to read the body: now the place is taken.
    let mut said = [0; 25];
    tokio::time::timeout(BOUND, slow.read_exact(&mut said)).await.unwrap().unwrap();
    assert_eq!(&said[..12], b"HTTP/1.1 100");
    let answer = faces.post("/tg/acme", Some(&secret), update(2)).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (503, Some("overloaded")));
    assert_eq!(answer.headers["retry-after"], "1");
    slow.write_all(update(1).as_bytes()).await.unwrap();
    let mut status = [0; 12];
    tokio::time::timeout(BOUND, slow.read_exact(&mut status)).await.unwrap().unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    assert_eq!(faces.post("/tg/acme", Some(&secret), update(2)).await.status, 200);
    assert_eq!(faces.updates().await.len(), 2);
}

#[tokio::test]
async fn a_full_inbox_is_503_and_telegram_keeps_the_rest() {
    let faces = Faces::start_with(Limits::default(), |config| config.max_pending = 2).await;
    let secret = faces.tenant_with_bot("acme").await;
    let mut answers = Vec::new();
    for id in 1..=3 {
        answers.push(faces.post("/tg/acme", Some(&secret), update(id)).await.status);
    }
    assert_eq!(answers, [200, 200, 503]);
    assert_eq!(faces.updates().await.len(), 2);
}

#[tokio::test]
async fn a_router_alone_says_how_it_is_and_what_arrived_and_names_nobody() {
    let faces = Faces::start().await;
    let secret = faces.tenant_with_bot("acme").await;
    for id in [1, 2, 2] {
        assert_eq!(faces.post("/tg/acme", Some(&secret), update(id)).await.status, 200);
    }
    assert_eq!(faces.post("/tg/acme", Some("wrong"), update(3)).await.status, 401);
    let alone = Served::start(health::app(faces.tenancy.clone()), server::Limits::default()).await;
    let get = async |path: &str| {
        let answer = reqwest::get(alone.url(path)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(path).await.0, 200, "{path}");
    }
    for path in ["/tenants", "/status", "/tg/acme"] {
        assert_eq!(get(path).await.0, 404, "{path}");
    }
    let (_, numbers) = get("/metrics").await;
    for line in ["{outcome=\"stored\"} 2", "{outcome=\"duplicate\"} 1", "{outcome=\"unauthenticated\"} 1"] {
        assert!(numbers.contains(&format!("ztm_updates_total{line}")), "{numbers}");
    }
    assert!(numbers.contains("process_resident_memory_bytes") && !numbers.contains("acme"), "{numbers}");
}
