//! Orders under a key: done once, answered as often as they are given.

use std::time::Duration;

use hyper::Method;

use crate::{
    client::client,
    faces::{Answer, Faces, answer},
};

async fn keyed(faces: &Faces, key: &str, method: Method, path: &str, body: &str) -> Answer {
    let request = client().request(method, faces.orchestrator.url(path)).bearer_auth(faces.admin.expose());
    answer(request.header("idempotency-key", key).body(body.to_owned())).await
}

fn code(answer: &Answer) -> (u16, Option<&str>) {
    (answer.status, answer.body["code"].as_str())
}

#[tokio::test]
async fn an_order_is_done_once_and_its_repeat_is_answered_the_same() {
    let faces = Faces::start().await;
    let create = |key: &'static str| keyed(&faces, key, Method::POST, "/tenants", r#"{"tenant_id":"acme"}"#);
    let (first, again) = (create("k").await, create("k").await);
    assert_eq!((first.status, &first.text), (201, &again.text));
    assert_eq!(again.status, 201);
    assert_eq!(first.headers.get("idempotent-replayed"), None);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(code(&create("another").await), (409, Some("already_exists")));
    // What is repeated is what was answered, whatever has become of it.
    let delete = || keyed(&faces, "d", Method::DELETE, "/tenants/acme?keep_state=true", "");
    let (first, again) = (delete().await, delete().await);
    assert_eq!((first.status, again.status, &first.text), (200, 200, &again.text));
    assert_eq!(keyed(&faces, "e", Method::DELETE, "/tenants/acme?keep_state=true", "").await.status, 404);
    assert_eq!((create("k").await.status, faces.tenants().await), (201, 0));
}

#[tokio::test]
async fn a_key_stands_for_one_order_of_one_role() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let change = |body: &'static str| keyed(&faces, "k", Method::PATCH, "/tenants/acme", body);
    assert_eq!(change(r#"{"idle_timeout_s":600}"#).await.status, 200);
    let other = change(r#"{"idle_timeout_s":60}"#).await;
    assert_eq!(code(&other), (409, Some("conflict")), "{}", other.text);
    let elsewhere = keyed(&faces, "k", Method::PATCH, "/tenants/other", r#"{"idle_timeout_s":600}"#).await;
    assert_eq!(code(&elsewhere), (409, Some("conflict")));
    assert_eq!(faces.ask(Method::GET, "/tenants/acme", "").await.body["idle_timeout_s"], 600);
    for wrong in ["with space", &"x".repeat(256)] {
        let answer = keyed(&faces, wrong, Method::PATCH, "/tenants/acme", r#"{"idle_timeout_s":60}"#).await;
        assert_eq!(code(&answer), (400, Some("invalid")), "{wrong}");
    }
}

#[tokio::test]
async fn what_was_refused_is_no_order_that_was_done() {
    let faces = Faces::start().await;
    let change = || keyed(&faces, "k", Method::PATCH, "/tenants/acme", r#"{"idle_timeout_s":600}"#);
    assert_eq!(change().await.status, 404);
    faces.tenant("acme").await;
    assert_eq!(change().await.status, 200);
    // Whoever may not is refused before a key is looked at.
    let request = client().delete(faces.orchestrator.url("/tenants/acme")).bearer_auth(faces.service.expose());
    assert_eq!(answer(request.header("idempotency-key", "s")).await.status, 403);
}

#[tokio::test]
async fn an_order_goes_on_when_whoever_gave_it_hangs_up() {
    let faces = Faces::start_with_agents(|_| ()).await;
    faces.tenant("acme").await;
    faces.ok(Method::POST, "/wake/acme", serde_json::Value::Null).await;
    let stop = || keyed(&faces, "k", Method::POST, "/stop/acme", "");
    // Long enough to be asked, too short to be answered: the agent has a state to save first.
    let hung_up = tokio::time::timeout(Duration::from_millis(15), stop()).await;
    let mut looks = 0;
    let again = loop {
        let again = stop().await;
        if again.status != 503 {
            break again;
        }
        looks += 1;
        assert!(looks < 200, "it is never over: {}", again.text);
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!((again.status, again.body["status"].as_str()), (200, Some("idle")), "{}", again.text);
    if hung_up.is_err() {
        assert_eq!(again.headers["idempotent-replayed"], "true", "it was given up, and done again");
    }
    faces.end().await;
}
