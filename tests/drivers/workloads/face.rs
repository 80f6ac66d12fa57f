//! `agentd`'s HTTP face, as a caller on its socket sees it.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, client::conn::http1::handshake};
use hyper_util::rt::TokioIo;
use libtenancy::{
    agent::{header, key_purpose, path},
    conformance::workloads::{World, soon, wake},
    drivers::agentd::socket,
    tenant::TenantId,
};

use crate::world::Local;

pub(crate) fn acme() -> TenantId {
    "acme".parse().unwrap()
}

/// One request on a connection of its own: status, turn header, body.
pub(crate) async fn ask(
    world: &Local,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> (StatusCode, Option<String>, String) {
    let stream = socket::connect(&world.home(&acme()).socket()).unwrap();
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("host", "agentd");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = soon(sender.send_request(request.body(Full::new(body.into())).unwrap())).await.unwrap();
    let status = response.status();
    let kind = response.headers().get(header::TURN_KIND).map(|value| value.to_str().unwrap().to_owned());
    let text = soon(response.into_body().collect()).await.unwrap().to_bytes();
    drop(sender);
    let _ = connection.await;
    (status, kind, String::from_utf8(text.to_vec()).unwrap())
}

pub(crate) struct Caller {
    authorization: String,
}

impl Caller {
    pub(crate) fn new(world: &Local, generation: u64) -> Self {
        let purpose = key_purpose(&acme(), libtenancy::tenant::Generation(generation));
        Self { authorization: format!("Bearer {}", world.keyring().derive(&purpose).expose()) }
    }

    pub(crate) fn headers<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut all =
            vec![("authorization", self.authorization.as_str()), (header::TENANT, "acme"), (header::GENERATION, "1")];
        for (name, value) in more {
            all.retain(|(known, _)| known != name);
            all.push((name, value));
        }
        all
    }
}

const MESSAGE: &str = r#"{"message":"hi"}"#;

#[tokio::test]
async fn s1_request_without_the_key_is_401_and_with_another_identity_409_and_neither_is_remembered() {
    let world = Local::new();
    let workloads = world.workloads();
    wake(&*workloads, &acme(), 1, None).await.unwrap();
    let caller = Caller::new(&world, 1);
    let wrong_key = Caller::new(&world, 2);
    let turn = [(header::BOT, "1"), (header::UPDATE, "1")];
    let post = |headers: Vec<(&'static str, String)>| {
        let world = &world;
        async move {
            let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
            ask(world, Method::POST, path::TURN, &headers, MESSAGE).await.0
        }
    };
    let owned = |headers: Vec<(&'static str, &str)>| -> Vec<(&'static str, String)> {
        headers.into_iter().map(|(n, v)| (n, v.to_owned())).collect()
    };
    let mut none = owned(vec![(header::TENANT, "acme"), (header::GENERATION, "1")]);
    assert_eq!(post(none.clone()).await, StatusCode::UNAUTHORIZED);
    none.push(("authorization", "Bearer ".into()));
    assert_eq!(post(none).await, StatusCode::UNAUTHORIZED);
    for (caller, changes, expected) in [
        (&wrong_key, vec![], StatusCode::UNAUTHORIZED),
        (&caller, vec![(header::TENANT, "other")], StatusCode::CONFLICT),
        (&caller, vec![(header::GENERATION, "2")], StatusCode::CONFLICT),
        (&caller, vec![(header::GENERATION, "one")], StatusCode::CONFLICT),
    ] {
        let mut changes = changes;
        changes.extend(turn);
        let (status, _, _) = ask(&world, Method::POST, path::TURN, &caller.headers(&changes), MESSAGE).await;
        assert_eq!(status, expected);
        let (status, _, _) = ask(&world, Method::GET, path::STATUS, &caller.headers(&changes), "").await;
        assert_eq!(status, expected);
    }
    let (status, kind, text) = ask(&world, Method::POST, path::TURN, &caller.headers(&turn), MESSAGE).await;
    assert_eq!((status, kind.as_deref()), (StatusCode::OK, Some("ran")));
    assert_eq!(text, r#"{"response":"[1] you said: hi"}"#);
    let (_, kind, again) = ask(&world, Method::POST, path::TURN, &caller.headers(&turn), MESSAGE).await;
    assert_eq!((kind.as_deref(), again), (Some("replayed"), text));
}

#[tokio::test]
async fn other_paths_go_to_the_agent_and_agentds_own_do_not() {
    let world = Local::new();
    let workloads = world.workloads();
    wake(&*workloads, &acme(), 1, None).await.unwrap();
    let caller = Caller::new(&world, 1);
    let headers = caller.headers(&[("content-type", "application/json")]);
    assert_eq!(ask(&world, Method::GET, "/health", &headers, "").await, (StatusCode::OK, None, "ok".into()));
    assert_eq!(ask(&world, Method::GET, "/nothing?a=b", &headers, "").await.0, StatusCode::NOT_FOUND);
    let (status, kind, text) = ask(&world, Method::POST, path::TURN, &headers, MESSAGE).await;
    assert_eq!((status, kind), (StatusCode::OK, None), "without an update there is nothing to join or replay");
    assert!(text.contains("[1]"));
    for path in ["/agentd/unknown", path::BIND] {
        let (status, _, text) = ask(&world, Method::POST, path, &headers, "{}").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(text.contains("not_found"), "{text}");
    }
}

#[tokio::test]
async fn malformed_requests_are_refused_and_change_nothing() {
    let world = Local::new();
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let caller = Caller::new(&world, 1);
    for (changes, named) in
        [(vec![(header::BOT, "1")], "go together"), (vec![(header::BOT, "one"), (header::UPDATE, "1")], "no number")]
    {
        let (status, _, text) = ask(&world, Method::POST, path::TURN, &caller.headers(&changes), MESSAGE).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(text.contains(named), "{text}");
    }
    let turn = caller.headers(&[(header::BOT, "1"), (header::UPDATE, "1")]);
    let (status, _, _) = ask(&world, Method::POST, path::TURN, &turn, vec![b'x'; (8 << 20) + 1]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let (status, _, text) = ask(&world, Method::POST, path::TURN, &turn, "no json").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{text}");
    let (status, _, text) = ask(&world, Method::POST, path::STOP, &caller.headers(&[]), "{}").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
    assert!(soon(workloads.agent_status(&acme(), &agent)).await.unwrap().ready);
    let (_, _, text) = ask(&world, Method::POST, path::TURN, &turn, MESSAGE).await;
    assert_eq!(text, r#"{"response":"[1] you said: hi"}"#, "nothing of the above was remembered");
}

#[tokio::test]
async fn long_answers_pass_whole() {
    let world = Local::new();
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let answer = libtenancy::conformance::workloads::say(&*workloads, &agent, &acme(), 1, "/long 3000000").await;
    assert_eq!(answer.unwrap().len(), 3_000_000 + "[1] ".len());
}
