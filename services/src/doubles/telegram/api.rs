//! Answering the Bot API's methods (<https://core.telegram.org/bots/api>).

use std::{borrow::Cow, convert::Infallible, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use libtenancy::{chat, clock::Clock};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Bot, Chat, Fault, Sent, Shared, State, Webhook};

type Answer = Response<Full<Bytes>>;

/// Makes hyper close the connection without an answer.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is dropped, as was asked for")
    }
}

impl std::error::Error for Dropped {}

/// The methods that are known, spelt as in the documentation.
const METHODS: [&str; 9] = [
    "sendMessage",
    "sendChatAction",
    "editMessageText",
    "deleteMessage",
    "answerCallbackQuery",
    "getMe",
    "setWebhook",
    "deleteWebhook",
    "getWebhookInfo",
];

/// The largest request, in bytes.
const MAX_REQUEST: usize = 1 << 20;

#[derive(Default, Deserialize)]
struct Parameters<'a> {
    chat_id: Option<i64>,
    message_id: Option<i64>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    callback_query_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    #[serde(borrow)]
    secret_token: Option<Cow<'a, str>>,
    max_connections: Option<u32>,
    allowed_updates: Option<Vec<String>>,
    drop_pending_updates: Option<bool>,
}

/// Serves the API until the double stops.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_mins(2));
    let stop = shared.stop.clone();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let Ok((stream, _)) = accepted else {
            // No descriptor is left: others must end first.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (state, stop) = (Arc::clone(&shared), stop.clone());
        let service = service_fn(move |request| handle(Arc::clone(&state), request));
        let connection = http.serve_connection(TokioIo::new(stream), service);
        shared.tasks.spawn(async move { stop.run_until_cancelled(connection).await.map(drop) });
    }
}

async fn handle(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_REQUEST).collect().await else {
        return Ok(refused(413, "Request Entity Too Large", Value::Null));
    };
    let body = body.to_bytes();
    let path = head.uri.path().strip_prefix("/bot").and_then(|path| path.split_once('/'));
    let Some((token, method)) = path else { return Ok(refused(404, "Not Found", Value::Null)) };
    let Some(method) = METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(method)) else {
        return Ok(refused(404, "Not Found", Value::Null));
    };
    let parameters: Parameters<'_> = if body.is_empty() {
        Parameters::default()
    } else {
        match serde_json::from_slice(&body) {
            Ok(parameters) => parameters,
            Err(_) => return Ok(refused(400, "Bad Request: can't parse parameters as JSON", Value::Null)),
        }
    };
    let (answer, fault) = {
        let mut state = shared.state();
        *state.calls.entry(method).or_default() += 1;
        let Some(bot) = state.bots.get(token).map(|bot| bot.id) else {
            return Ok(refused(401, "Unauthorized", Value::Null));
        };
        match state.fault_for(bot, method, parameters.chat_id) {
            None => (state.call(&shared, token, method, &parameters), None),
            Some(Fault::DropAfter) => (state.call(&shared, token, method, &parameters), Some(Fault::DropAfter)),
            Some(fault) => (refused(500, "Internal Server Error", Value::Null), Some(fault)),
        }
    };
    shared.changed.notify_waiters();
    match fault {
        None => Ok(answer),
        Some(fault) => misbehave(fault).await,
    }
}

async fn misbehave(fault: Fault) -> Result<Answer, Dropped> {
    Ok(match fault {
        Fault::RateLimited(seconds) => {
            refused(429, &format!("Too Many Requests: retry after {seconds}"), json!({"retry_after": seconds}))
        }
        Fault::Blocked => refused(403, "Forbidden: bot was blocked by the user", Value::Null),
        Fault::Migrated(to) => {
            refused(400, "Bad Request: group chat was upgraded to a supergroup chat", json!({"migrate_to_chat_id": to}))
        }
        Fault::Refused(status, description) => refused(status, &description, Value::Null),
        Fault::ServerError => refused(500, "Internal Server Error", Value::Null),
        Fault::BadGateway => page(StatusCode::BAD_GATEWAY),
        Fault::Unreadable => page(StatusCode::OK),
        Fault::Hang => match std::future::pending::<Infallible>().await {},
        Fault::DropBefore | Fault::DropAfter => return Err(Dropped),
    })
}

fn page(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from_static(b"<html><body>nginx</body></html>")));
    *answer.status_mut() = status;
    answer
}

fn respond(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    answer
}

fn accepted(result: &impl Serialize) -> Answer {
    #[derive(Serialize)]
    struct Body<'a, T> {
        ok: bool,
        result: &'a T,
    }
    match serde_json::to_vec(&Body { ok: true, result }) {
        Ok(body) => respond(StatusCode::OK, body),
        Err(_) => page(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn refused(status: u16, description: &str, parameters: Value) -> Answer {
    let mut body = json!({"ok": false, "error_code": status, "description": description});
    if !parameters.is_null() {
        body["parameters"] = parameters;
    }
    respond(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), body.to_string().into_bytes())
}

fn bad(what: &str) -> Answer {
    refused(400, &format!("Bad Request: {what}"), Value::Null)
}

impl State {
    /// The first rule that fits, used once.
    fn fault_for(&mut self, bot: i64, method: &'static str, chat: Option<i64>) -> Option<Fault> {
        let fits = |rule: &super::Rule| {
            rule.bot.is_none_or(|b| b == bot)
                && rule.method.is_none_or(|m| m == method)
                && rule.chat.is_none_or(|c| Some(c) == chat)
        };
        let at = self.rules.iter().position(fits)?;
        let fault = self.rules[at].fault.clone();
        if let Some(times) = &mut self.rules[at].times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.rules.remove(at);
            }
        }
        Some(fault)
    }

    fn call(&mut self, shared: &Shared, token: &str, method: &str, parameters: &Parameters<'_>) -> Answer {
        let Some(bot) = self.bots.get_mut(token) else { return refused(401, "Unauthorized", Value::Null) };
        match method {
            "getMe" => accepted(&json!({"id": bot.id, "is_bot": true, "first_name": "Bot", "username": "double_bot"})),
            "setWebhook" => bot.webhook_set(parameters),
            "deleteWebhook" => bot.webhook_change(None, parameters),
            "getWebhookInfo" => accepted(&json!({
                "url": bot.webhook.as_ref().map_or("", |webhook| webhook.url.as_str()),
                "has_custom_certificate": false,
                "pending_update_count": bot.queue.len(),
                "last_error_message": bot.last_error,
            })),
            "answerCallbackQuery" => match &parameters.callback_query_id {
                Some(id) if !id.is_empty() => {
                    if shared.settings.keep {
                        self.callbacks.push(id.clone().into_owned());
                    }
                    accepted(&true)
                }
                _ => bad("query is too old and response timeout expired or query ID is invalid"),
            },
            _ => {
                let bot = bot.id;
                let Some(id) = parameters.chat_id else { return bad("chat_id is empty") };
                let chat = self.chats.entry(id).or_default();
                match method {
                    "sendMessage" => {
                        let answer = chat.send(shared, bot, id, parameters.text.as_deref());
                        if answer.status() == StatusCode::OK {
                            self.sent += 1;
                        }
                        answer
                    }
                    "sendChatAction" => {
                        chat.typing += 1;
                        accepted(&true)
                    }
                    "editMessageText" => chat.edit(shared, parameters.message_id, parameters.text.as_deref()),
                    _ => chat.delete(shared, parameters.message_id),
                }
            }
        }
    }
}

impl Bot {
    fn webhook_set(&mut self, parameters: &Parameters<'_>) -> Answer {
        let url = parameters.url.as_deref().unwrap_or_default();
        if url.is_empty() {
            return self.webhook_change(None, parameters);
        }
        let uri = url.parse::<hyper::Uri>().ok();
        if !uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()) {
            return bad("bad webhook: invalid webhook URL specified");
        }
        let secret = parameters.secret_token.as_deref();
        let well_formed = |secret: &str| {
            (1..=256).contains(&secret.len())
                && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        if !secret.is_none_or(well_formed) {
            return bad("secret token contains unallowed characters");
        }
        let max_connections = parameters.max_connections.unwrap_or(40);
        if !(1..=100).contains(&max_connections) {
            return bad("max_connections must be from 1 to 100");
        }
        let webhook = Webhook {
            url: url.to_owned(),
            secret: secret.map(str::to_owned),
            max_connections,
            allowed_updates: parameters.allowed_updates.clone().unwrap_or_default(),
        };
        self.webhook_change(Some(webhook), parameters)
    }

    fn webhook_change(&mut self, webhook: Option<Webhook>, parameters: &Parameters<'_>) -> Answer {
        self.webhook = webhook;
        self.last_error = None;
        if parameters.drop_pending_updates == Some(true) {
            self.queue.clear();
        }
        self.work.notify_one();
        self.rehooked.notify_waiters();
        accepted(&true)
    }
}

/// The text, if Telegram would take it.
fn text_of(text: Option<&str>) -> Result<&str, &'static str> {
    match text {
        None => Err("message text is empty"),
        Some(text) if chat::is_blank(text) => Err("message text is empty"),
        Some(text) if chat::units(text) > chat::MAX_MESSAGE_UNITS => Err("message is too long"),
        Some(text) => Ok(text),
    }
}

#[derive(Serialize)]
struct MessageView<'a> {
    message_id: i64,
    from: User,
    chat: ChatView,
    date: i64,
    text: &'a str,
}

#[derive(Serialize)]
struct User {
    id: i64,
    is_bot: bool,
    first_name: &'static str,
}

#[derive(Serialize)]
struct ChatView {
    id: i64,
    r#type: &'static str,
}

impl Chat {
    fn send(&mut self, shared: &Shared, bot: i64, chat: i64, text: Option<&str>) -> Answer {
        let text = match text_of(text) {
            Ok(text) => text,
            Err(what) => return bad(what),
        };
        let at = shared.clock.now();
        self.last_message += 1;
        self.count += 1;
        let message_id = self.last_message;
        if shared.settings.keep {
            self.sent.push(Sent { bot, chat, message_id, text: text.to_owned(), at, edits: Vec::new() });
        }
        accepted(&MessageView {
            message_id,
            from: User { id: bot, is_bot: true, first_name: "Bot" },
            chat: ChatView { id: chat, r#type: if chat < 0 { "supergroup" } else { "private" } },
            date: at.as_micros() / 1_000_000,
            text,
        })
    }

    fn edit(&mut self, shared: &Shared, message: Option<i64>, text: Option<&str>) -> Answer {
        let Some(message) = message else { return bad("message identifier is not specified") };
        let text = match text_of(text) {
            Ok(text) => text,
            Err(what) => return bad(what),
        };
        if !shared.settings.keep {
            let known = (1..=self.last_message).contains(&message);
            return if known { accepted(&true) } else { bad("message to edit not found") };
        }
        match self.sent.iter_mut().rev().find(|sent| sent.message_id == message) {
            None => bad("message to edit not found"),
            Some(sent) if sent.text == text => bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a \
                 current content and reply markup of the message",
            ),
            Some(sent) => {
                sent.edits.push(std::mem::replace(&mut sent.text, text.to_owned()));
                accepted(&true)
            }
        }
    }

    fn delete(&mut self, shared: &Shared, message: Option<i64>) -> Answer {
        let before = self.sent.len();
        self.sent.retain(|sent| Some(sent.message_id) != message);
        if self.sent.len() < before || !shared.settings.keep {
            accepted(&true)
        } else {
            bad("message to delete not found")
        }
    }
}
