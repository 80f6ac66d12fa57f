//! A proxy between a driver and its server: counts calls and what they read, loses answers, refuses, ends.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is passed on, and its answer too.
    Pass,
    /// It is passed on; the connection ends without an answer.
    LoseAnswer,
    /// The connection ends; the server hears nothing.
    Cut,
    /// It is answered with this status and this error; the server hears nothing.
    Say(u16, &'static str),
}

/// A call that came by.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `GetItem`, `Query` …; of S3 the method.
    pub(crate) operation: String,
    /// Items that the server looked at for it.
    pub(crate) items: u64,
    /// What became of it.
    pub(crate) fate: Fate,
}

impl Call {
    /// Whether it writes.
    pub(crate) fn writes(&self) -> bool {
        ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "PUT", "POST", "DELETE"]
            .contains(&self.operation.as_str())
    }
}

type Rule = Box<dyn FnMut(&Call) -> Fate + Send>;

/// A proxy; it ends with its owner.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    rule: Arc<Mutex<Rule>>,
    calls: Arc<Mutex<Vec<Call>>>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    /// One before a server; it passes everything on.
    pub(crate) async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let rule: Arc<Mutex<Rule>> = Arc::new(Mutex::new(Box::new(|_: &Call| Fate::Pass)));
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (rules, log) = (Arc::clone(&rule), Arc::clone(&calls));
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(client, server, Arc::clone(&rules), Arc::clone(&log)));
            }
        });
        Self { port, rule, calls, task }
    }

    /// Decides about every call from now on.
    pub(crate) fn decide(&self, rule: impl FnMut(&Call) -> Fate + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    /// Loses the answer to the `n`th write from now on, counted from 0, and passes everything else on.
    pub(crate) fn lose_answer(&self, n: usize) {
        let mut seen = 0;
        self.decide(move |call| {
            seen += usize::from(call.writes());
            if call.writes() && seen == n + 1 { Fate::LoseAnswer } else { Fate::Pass }
        });
    }

    /// Lets the next `n` writes happen, and nothing after them: for its user, this is the end.
    pub(crate) fn end_after(&self, n: usize) {
        let mut seen = 0;
        self.decide(move |call| {
            if seen == n && (call.writes() || n > 0) {
                return Fate::Cut;
            }
            seen += usize::from(call.writes());
            if call.writes() && seen == n { Fate::LoseAnswer } else { Fate::Pass }
        });
    }

    /// The calls since this was last asked.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

/// A request: its head, its body, and the operation that it names.
async fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>, String)> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 16_384]);
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let header = |name: &str| {
                head.lines().find_map(|line| {
                    let (key, value) = line.split_once(": ")?;
                    key.eq_ignore_ascii_case(name).then(|| value.to_owned())
                })
            };
            let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let target = header("x-amz-target");
                let operation = match &target {
                    Some(target) => target.split_once('.').unwrap().1.to_owned(),
                    None => head.split(' ').next().unwrap().to_owned(),
                };
                return Some((head, bytes[end + 4..].to_vec(), operation));
            }
        }
        match client.read(&mut buffer).await {
            Ok(count @ 1..) => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

/// Passes a request on over a connection of its own.
async fn forward(server: u16, head: &str, body: &[u8]) -> Vec<u8> {
    let kept = |line: &&str| {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        !["connection", "accept-encoding"].contains(&name.as_str())
    };
    let lines: Vec<&str> = head.lines().filter(kept).chain(["connection: close", "", ""]).collect();
    let mut upstream = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    upstream.write_all(lines.join("\r\n").as_bytes()).await.unwrap();
    upstream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer).await.unwrap();
    answer
}

/// How many items an answer says were looked at.
fn items(answer: &[u8]) -> u64 {
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").map_or(&[][..], |end| &answer[end + 4..]);
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return 0 };
    let tables = body["Responses"].as_object().into_iter().flatten();
    let read: usize = tables.map(|(_, items)| items.as_array().unwrap().len()).sum();
    body["ScannedCount"].as_u64().unwrap_or(0) + u64::from(body["Item"].is_object()) + u64::try_from(read).unwrap()
}

async fn serve(mut client: TcpStream, server: u16, rule: Arc<Mutex<Rule>>, log: Arc<Mutex<Vec<Call>>>) {
    let Some((head, body, operation)) = request(&mut client).await else { return };
    let mut call = Call { operation, items: 0, fate: Fate::Pass };
    let decided = (rule.lock().unwrap())(&call);
    call.fate = decided;
    let answer = match call.fate {
        Fate::Cut => None,
        Fate::Say(status, code) => {
            let body = if head.to_ascii_lowercase().contains("x-amz-target") {
                format!("{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"no\"}}")
            } else {
                format!("<Error><Code>{code}</Code><Message>no</Message></Error>")
            };
            let length = body.len();
            Some(
                format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
                    .into_bytes(),
            )
        }
        Fate::Pass | Fate::LoseAnswer => Some(forward(server, &head, &body).await),
    };
    if let Some(answer) = &answer {
        call.items = items(answer);
    }
    let lost = call.fate == Fate::LoseAnswer;
    log.lock().unwrap().push(call);
    if let Some(answer) = answer.filter(|_| !lost) {
        let _ = client.write_all(&answer).await;
        let _ = client.shutdown().await;
    }
}
