//! A load generator that costs little: connections that are kept, requests that are written as they are.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Where updates go, and with which secret.
pub(crate) struct Target {
    pub(crate) path: String,
    pub(crate) secret: String,
    pub(crate) chat: i64,
    pub(crate) next_update: AtomicI64,
}

/// What came back.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) ok: AtomicU64,
    pub(crate) unavailable: AtomicU64,
    pub(crate) other: AtomicU64,
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn request(target: &Target) -> Vec<u8> {
    let id = target.next_update.fetch_add(1, Ordering::Relaxed);
    let body = format!(
        r#"{{"update_id":{id},"message":{{"message_id":{id},"date":1780000000,"text":"message {id}","chat":{{"id":{chat},"type":"private"}},"from":{{"id":{chat},"is_bot":false,"first_name":"A"}}}}}}"#,
        chat = target.chat
    );
    format!(
        "POST {} HTTP/1.1\r\nhost: a\r\nx-telegram-bot-api-secret-token: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        target.path,
        target.secret,
        body.len()
    )
    .into_bytes()
}

/// Sends one request and reads its answer; the status.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> std::io::Result<u16> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&buffer[..end]).unwrap().to_ascii_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or(0);
        if buffer.len() >= end + 4 + length {
            return Ok(head[9..12].parse().unwrap());
        }
    }
}

/// Sends updates on `connections` connections for `time`, round-robin over the targets; if `rate` is given, that many a
/// second at even distances (a late one is not left out, and its lateness counts), else as fast as answers come. The
/// sorted times to a 200 in milliseconds.
pub(crate) async fn drive(
    address: SocketAddr,
    targets: &Arc<Vec<Target>>,
    connections: usize,
    rate: Option<f64>,
    time: Duration,
    tally: &Arc<Tally>,
) -> Vec<f64> {
    let start = now();
    let tasks: Vec<_> = (0..connections)
        .map(|connection| {
            let (targets, tally) = (Arc::clone(targets), Arc::clone(tally));
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (mut times, mut buffer) = (Vec::new(), Vec::with_capacity(1024));
                for turn in 0_u32.. {
                    let mut due = now();
                    if let Some(rate) = rate {
                        let nth = f64::from(turn) * connections as f64 + connection as f64;
                        due = start + Duration::from_secs_f64(nth / rate);
                        tokio::time::sleep_until(due.into()).await;
                    }
                    if start.elapsed() >= time {
                        break;
                    }
                    let target = &targets[(turn as usize * connections + connection) % targets.len()];
                    match exchange(&mut stream, &request(target), &mut buffer).await {
                        Ok(200) => {
                            tally.ok.fetch_add(1, Ordering::Relaxed);
                            times.push(due.elapsed().as_secs_f64() * 1e3);
                        }
                        Ok(503) => {
                            tally.unavailable.fetch_add(1, Ordering::Relaxed);
                        }
                        Ok(_) => {
                            tally.other.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(_) => {
                            tally.other.fetch_add(1, Ordering::Relaxed);
                            stream = TcpStream::connect(address).await.unwrap();
                        }
                    }
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    times.sort_by(f64::total_cmp);
    times
}
