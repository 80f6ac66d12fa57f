//! The agent's gateway through `agentd`, and the work that an agent declares.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, client::conn::http1::handshake, header};
use hyper_util::rt::TokioIo;
use libtenancy::{
    agent::{Stop, path},
    conformance::workloads::{World, soon, wake},
    drivers::agentd::socket,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    face::{Caller, acme, ask},
    world::Local,
};

/// A request whose answer is not read yet.
async fn send(world: &Local, headers: &[(&str, &str)], path: &str) -> Response<Incoming> {
    let stream = socket::connect(&world.home(&acme()).socket()).unwrap();
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection.with_upgrades());
    let mut request = Request::get(path).header("host", "agentd");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    soon(sender.send_request(request.body(Full::<Bytes>::default()).unwrap())).await.unwrap()
}

/// What the agent says on its own socket.
pub(crate) async fn declare(world: &Local, method: Method, path: &str, body: &str) -> (StatusCode, String) {
    let stream = socket::connect(&world.home(&acme()).agent_socket()).unwrap();
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", "agentd");
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
    let answer = soon(sender.send_request(request)).await.unwrap();
    let status = answer.status();
    (status, String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn server_sent_events_come_one_by_one() {
    let world = Local::new();
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let mut answer = send(&world, &Caller::new(&world, 1).headers(&[]), "/ticks").await;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    for n in 1..=3 {
        let event = soon(answer.body_mut().frame()).await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(event, format!("data: tick {n}\n\n"));
    }
    assert_eq!(workloads.agent_status(&acme(), &agent).await.unwrap().busy, 1, "an answer on its way is work");
    drop(answer);
    soon(async {
        while workloads.agent_status(&acme(), &agent).await.unwrap().busy > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_upgraded_connection_passes_both_ways_is_activity_only_while_it_speaks_and_ends_with_the_agent() {
    let world = Local::new();
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let caller = Caller::new(&world, 1);
    let headers = caller.headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "echo")]);
    let answer = send(&world, &headers, "/echo").await;
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(answer.headers()[header::UPGRADE], "echo");
    let mut connection = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    let before = workloads.agent_status(&acme(), &agent).await.unwrap();
    assert_eq!(before.busy, 0, "an open connection is no work");
    for text in ["one", "two", &"x".repeat(100_000)] {
        let (mut read, mut write) = tokio::io::split(&mut connection);
        let mut came = vec![0; text.len()];
        let (sent, back) =
            soon(async { tokio::join!(write.write_all(text.as_bytes()), read.read_exact(&mut came)) }).await;
        sent.unwrap();
        back.unwrap();
        assert!(came == text.as_bytes());
    }
    assert!(workloads.agent_status(&acme(), &agent).await.unwrap().last_active_at > before.last_active_at);
    let plain = send(&world, &caller.headers(&[]), "/echo").await;
    assert_eq!(plain.status(), StatusCode::UPGRADE_REQUIRED);
    soon(workloads.agent_stop(&acme(), &agent, &Stop { drain: Duration::from_secs(30) })).await.unwrap();
    assert_eq!(soon(connection.read(&mut [0; 8])).await.unwrap_or(0), 0);
}

/// Connections with the agent's port on the far side, open or just closed.
fn connections_to_the_agent(agentd: u32) -> usize {
    use libtenancy::drivers::local::workloads::processes::{descendants, listeners, own_sockets};
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let port = |address: &str| u16::from_str_radix(address.split_once(':').unwrap().1, 16).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    let agents = descendants(agentd);
    let own = rows.iter().map(|row| port(row[1])).find(|&port| own_sockets(&agents, &listeners(port))).unwrap();
    rows.iter().filter(|row| port(row[2]) == own).count()
}

#[tokio::test]
async fn one_connection_to_the_agent_carries_many_requests() {
    let world = Local::new();
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let caller = Caller::new(&world, 1);
    let agentd = workloads.agent_status(&acme(), &agent).await.unwrap().pid;
    // Those by which it was asked whether it is ready, and those of an earlier agent that had its port, may linger.
    let before = connections_to_the_agent(agentd);
    for _ in 0..20 {
        assert_eq!(ask(&world, Method::GET, "/health", &caller.headers(&[]), "").await.0, StatusCode::OK);
    }
    let after = connections_to_the_agent(agentd);
    assert!((1..=before + 1).contains(&after), "{before}, then {after}");
}

#[tokio::test]
async fn a_body_is_limited_whether_it_says_its_length_or_not() {
    let world = Local::new();
    let workloads = world.workloads();
    wake(&*workloads, &acme(), 1, None).await.unwrap();
    let headers = Caller::new(&world, 1);
    let headers = headers.headers(&[]);
    let (status, _, length) = ask(&world, Method::PUT, "/body", &headers, vec![b'x'; 3 << 20]).await;
    assert_eq!((status, length.as_str()), (StatusCode::OK, "3145728"));
    let most = 64 << 20;
    let stream = socket::connect(&world.home(&acme()).socket()).unwrap();
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::put("/body").header("host", "agentd").header(header::CONTENT_LENGTH, most + 1);
    for (name, value) in &headers {
        request = request.header(*name, *value);
    }
    // It is refused by what it says, before it has sent any of it.
    let body = http_body_util::StreamBody::new(futures::stream::pending::<
        Result<hyper::body::Frame<Bytes>, std::io::Error>,
    >());
    let refused = soon(sender.send_request(request.body(body).unwrap())).await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);

    let stream = socket::connect(&world.home(&acme()).socket()).unwrap();
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::put("/body").header("host", "agentd");
    for (name, value) in &headers {
        request = request.header(*name, *value);
    }
    let chunks = (0..=64).map(|_| Ok::<_, std::io::Error>(hyper::body::Frame::data(Bytes::from(vec![b'x'; 1 << 20]))));
    let body = http_body_util::StreamBody::new(futures::stream::iter(chunks));
    let refused = soon(sender.send_request(request.body(body).unwrap())).await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(ask(&world, Method::GET, "/health", &headers, "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn declared_work_keeps_the_agent_busy_until_it_is_over_or_late_and_a_stop_waits_for_it() {
    let world = Local::new();
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    let busy = async || workloads.agent_status(&acme(), &agent).await.unwrap().busy;
    let put = async |path: &str, body: &str| declare(&world, Method::PUT, path, body).await.0;
    for (path, body) in [
        ("/work/", r#"{"deadline_s":1}"#),
        ("/work/a%20b", r#"{"deadline_s":1}"#),
        ("/work/a", "{}"),
        ("/work/a", r#"{"deadline_s":0}"#),
        ("/work/a", r#"{"deadline_s":86401}"#),
        ("/work/a", r#"{"deadline_s":-1}"#),
    ] {
        assert_eq!(put(path, body).await, StatusCode::BAD_REQUEST, "{path} {body}");
    }
    assert_eq!(busy().await, 0);
    assert_eq!(put("/work/crawl", r#"{"deadline_s":3600}"#).await, StatusCode::OK);
    assert_eq!(put("/work/crawl", r#"{"deadline_s":3600}"#).await, StatusCode::OK);
    assert_eq!(put("/work/index", r#"{"deadline_s":1}"#).await, StatusCode::OK);
    assert_eq!(busy().await, 2);
    let (_, names) = declare(&world, Method::GET, "/work", "").await;
    assert_eq!(names, r#"{"work":["crawl","index"]}"#);
    soon(async {
        while busy().await == 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // A stop waits for what is left.
    let stop = Stop { drain: Duration::from_secs(30) };
    let id = acme();
    let stopping = workloads.agent_stop(&id, &agent, &stop);
    let over = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(world.home(&acme()).is_held().unwrap(), "it waits");
        declare(&world, Method::DELETE, "/work/crawl", "").await.0
    };
    let (stopped, over) = soon(async { tokio::join!(stopping, over) }).await;
    stopped.unwrap();
    assert_eq!(over, StatusCode::OK);
    assert!(!world.home(&acme()).agent_socket().exists());
}

#[tokio::test]
async fn an_agent_cannot_declare_more_than_there_is_room_for() {
    let world = Local::new();
    let workloads = world.workloads();
    let (agent, _) = wake(&*workloads, &acme(), 1, None).await.unwrap();
    for n in 0..64 {
        let (status, _) = declare(&world, Method::PUT, &format!("/work/w{n}"), r#"{"deadline_s":60}"#).await;
        assert_eq!(status, StatusCode::OK);
    }
    let (status, _) = declare(&world, Method::PUT, "/work/more", r#"{"deadline_s":60}"#).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let (status, _) = declare(&world, Method::PUT, "/work/w7", r#"{"deadline_s":60}"#).await;
    assert_eq!(status, StatusCode::OK, "one that is there is renewed");
    assert_eq!(workloads.agent_status(&acme(), &agent).await.unwrap().busy, 64);
    // The socket is no way to the agent, nor to agentd's own paths.
    assert_eq!(declare(&world, Method::GET, path::STATUS, "").await.0, StatusCode::NOT_FOUND);
}
