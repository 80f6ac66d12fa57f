//! What the proxy adds to a request: the agent's health asked directly, and through `agentd`, in turns.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use libtenancy::{
    agent::{header, key_purpose},
    clock::Stopwatch,
    conformance::workloads::{stop, wake},
    drivers::{
        agentd::socket,
        local::workloads::processes::{descendants, listeners, own_sockets},
    },
    ports::workloads::Workloads,
    tenant::Generation,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::{
    machine::{Machine, acme},
    quantile, runtime,
};

const REQUESTS: usize = 5_000;

type Connection = SendRequest<Full<Bytes>>;

async fn speak(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Connection {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn ask(connection: &mut Connection, headers: &[(&str, String)]) -> f64 {
    let mut request = Request::builder().method(Method::GET).uri("/health").header("host", "agent");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::default()).unwrap();
    let watch = Stopwatch::start();
    connection.ready().await.unwrap();
    let answer = connection.send_request(request).await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.into_body().collect().await.unwrap();
    watch.elapsed().as_secs_f64() * 1e6
}

/// The port on which a process listens.
fn port_of(agent: u32) -> u16 {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let local = table.lines().filter_map(|line| line.split_whitespace().nth(1)?.split_once(':'));
    let ports = local.filter_map(|(_, port)| u16::from_str_radix(port, 16).ok());
    let mut own = ports.filter(|&port| own_sockets(&[agent], &listeners(port)));
    own.next().expect("the agent listens")
}

pub(crate) fn run() {
    runtime().block_on(async {
        let machine = Machine::new(&[env!("CARGO_BIN_EXE_agent"), "{port}", "{state}"], |config| {
            config.snapshot_interval = Duration::from_hours(1);
        });
        let (agent, bound) = wake(&machine.workloads, &acme(), 1, None).await.unwrap();
        let status = machine.workloads.agent_status(&acme(), &agent).await.unwrap();
        let key = machine.keyring().derive(&key_purpose(&acme(), Generation(1)));
        let headers = [
            ("authorization", format!("Bearer {}", key.expose())),
            (header::TENANT, acme().to_string()),
            (header::GENERATION, "1".to_owned()),
        ];
        let agent_pid = *descendants(status.pid).first().unwrap();
        let mut direct = speak(TcpStream::connect(("127.0.0.1", port_of(agent_pid))).await.unwrap()).await;
        let mut through = speak(socket::connect(&bound.socket).unwrap()).await;
        let (mut plain, mut proxied) = (Vec::new(), Vec::new());
        for round in 0..REQUESTS + 100 {
            let (a, b) = (ask(&mut direct, &[]).await, ask(&mut through, &headers).await);
            // The first ones warm up.
            if round >= 100 {
                plain.push(a);
                proxied.push(b);
            }
        }
        println!("{REQUESTS} requests each, in turns, one at a time, microseconds:");
        for (name, values) in [("the agent itself", &mut plain), ("through agentd", &mut proxied)] {
            println!("  {name:17} p50 {:.0}  p99 {:.0}", quantile(values, 0.5), quantile(values, 0.99));
        }
        let (added, tail) = (
            quantile(&mut proxied, 0.5) - quantile(&mut plain, 0.5),
            quantile(&mut proxied, 0.99) - quantile(&mut plain, 0.99),
        );
        println!("  added             p50 {added:.0}  p99 {tail:.0}");
        let status = machine.workloads.agent_status(&acme(), &agent).await.unwrap();
        println!(
            "  memory of agentd after it: {:.1} MiB",
            status.memory_bytes.unwrap_or_default() as f64 / 1_048_576.0
        );
        stop(&machine.workloads, &acme(), &agent).await.unwrap();
    });
}
