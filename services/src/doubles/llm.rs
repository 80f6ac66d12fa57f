//! An OpenAI-compatible model whose answer is a pure function of the last user message: for agents that need one.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::{body, server};

/// The one model's name; a request for any name is answered.
pub const MODEL: &str = "echo";

/// The answer to a last user message.
pub fn answer(message: &str) -> String {
    format!("echo: {message}")
}

/// A running model. Ends when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Double {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
    tasks: TaskTracker,
    stop: CancellationToken,
    _ends: Arc<DropGuard>,
}

#[derive(Deserialize)]
struct Request {
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    model: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

impl Message {
    /// The text of a content that is text, or a list of parts.
    fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                parts.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        }
    }
}

impl Double {
    /// Starts the model; port 0 takes a free one.
    pub async fn start(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let requests = Arc::new(AtomicU64::new(0));
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(models))
            .with_state(Arc::clone(&requests));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(server::serve(listener, router, stop.clone().cancelled_owned()));
        tasks.close();
        let ends = Arc::new(stop.clone().drop_guard());
        Ok(Self { address, requests, tasks, stop, _ends: ends })
    }

    /// The base URL, with `/v1`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// How many completions were asked for.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }

    /// Ends it, and returns when it has ended.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

async fn models() -> Json<Value> {
    Json(json!({"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "ztm"}]}))
}

async fn complete(State(requests): State<Arc<AtomicU64>>, body: Body) -> Response {
    let refused = |what: &str| {
        let body = json!({"error": {"message": what, "type": "invalid_request_error", "code": null}});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    };
    let bytes = match body::read(body, 16 << 20, None).await {
        Ok(read) => read.bytes,
        Err(error) => return error.into_response(),
    };
    let Ok(request) = serde_json::from_slice::<Request>(&bytes) else {
        return refused("the request is no chat completion");
    };
    let Some(message) = request.messages.iter().rev().find(|message| message.role == "user") else {
        return refused("there is no user message");
    };
    let number = requests.fetch_add(1, Ordering::SeqCst) + 1;
    let prompt = message.text();
    let text = answer(&prompt);
    let (id, model) = (format!("chatcmpl-{number}"), request.model.unwrap_or_else(|| MODEL.to_owned()));
    let words = |text: &str| text.split_whitespace().count();
    let (prompt_tokens, completion_tokens) = (words(&prompt), words(&text));
    if !request.stream {
        return Json(json!({
            "id": id, "object": "chat.completion", "created": 0, "model": model,
            "choices": [{
                "index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", "logprobs": null,
            }],
            "usage": {
                "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
                "total_tokens": prompt_tokens + completion_tokens,
            },
        }))
        .into_response();
    }
    let event = |delta: Value, finish: Value| {
        let chunk = json!({
            "id": id, "object": "chat.completion.chunk", "created": 0, "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        });
        format!("data: {chunk}\n\n")
    };
    let mut events = vec![event(json!({"role": "assistant", "content": ""}), Value::Null)];
    // In pieces, so that whoever joins them is tested too.
    events.extend(text.split_inclusive(' ').map(|piece| event(json!({"content": piece}), Value::Null)));
    events.push(event(json!({}), json!("stop")));
    events.push("data: [DONE]\n\n".to_owned());
    let stream = futures::stream::iter(events.into_iter().map(Ok::<_, std::convert::Infallible>));
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))];
    (headers, Body::from_stream(stream)).into_response()
}
