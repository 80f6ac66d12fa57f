//! [`Messengers`] over the Telegram Bot API.

use std::{borrow::Cow, fmt, net::IpAddr, time::Duration};

use async_trait::async_trait;
use reqwest::{StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    ports::messengers::{Messengers, WebhookInfo},
    secret::Secret,
    tenant::BotId,
};

const PART: &str = "telegram";

/// The update kinds that [`crate::chat::parse`] acts on.
pub const ALLOWED_UPDATES: [&str; 4] = ["message", "edited_message", "callback_query", "my_chat_member"];

/// Telegram's answers are small; more than this, in bytes, is not one.
const MAX_ANSWER: usize = 1 << 20;

/// The pause after a 429 that does not say how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(5);

/// The longest pause that is believed.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// How the API is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The API's URL without `/bot…`; `https`, or `http` to this machine.
    pub base_url: String,
    /// Whether `http` to another machine is acceptable: it shows every bot's token to the network.
    pub allow_plain_http: bool,
    /// How long a connection may take to come up.
    pub connect_timeout: Duration,
    /// How long a whole call may take; more than `connect_timeout`.
    pub timeout: Duration,
}

impl Settings {
    /// The defaults for `base_url`.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            allow_plain_http: false,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A client of the Bot API for any number of bots. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Telegram {
    client: reqwest::Client,
    base: String,
}

impl fmt::Debug for Telegram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Telegram {
    /// A client. Opens no connection yet. [`Error::Invalid`] if the URL is not acceptable.
    pub fn new(settings: &Settings) -> Result<Self> {
        let (base, local) = base_url(settings)?;
        super::install_crypto_provider();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            // Shorter than the other side's, so that a request is rarely written into a closing connection.
            .pool_idle_timeout(Duration::from_secs(20))
            .pool_max_idle_per_host(64)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("ztm/", env!("CARGO_PKG_VERSION")));
        if base.starts_with("http://") {
            // No certificate will be looked at; a machine without any must do.
            builder = builder.tls_certs_only([]);
        }
        if local {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|e| Error::unavailable(PART, e.without_url()))?;
        Ok(Self { client, base })
    }

    /// Calls `method` and reads its result.
    async fn call<T: DeserializeOwned>(&self, token: &Secret, method: &str, body: &impl Serialize) -> Result<T> {
        // A token of another form could name another path.
        bot_id_of(token)?;
        let body = serde_json::to_vec(body).map_err(|e| Error::internal(format!("a request is no JSON: {e}")))?;
        let mut response = self
            .client
            .post(format!("{}/bot{}/{method}", self.base, token.expose()))
            .header(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"))
            .body(body)
            .send()
            .await
            .map_err(classify)?;
        let status = response.status();
        let mut answer = Vec::with_capacity(512);
        while let Some(chunk) = response.chunk().await.map_err(classify)? {
            if answer.len() + chunk.len() > MAX_ANSWER {
                return Err(unknown("the answer is too large".to_owned()));
            }
            answer.extend_from_slice(&chunk);
        }
        read(status, &answer, token)
    }

    /// Calls a method whose result says nothing.
    async fn command(&self, token: &Secret, method: &str, body: &impl Serialize) -> Result<()> {
        self.call::<serde::de::IgnoredAny>(token, method, body).await.map(drop)
    }
}

/// Checks the base URL: without its trailing slashes, and whether it is this machine's.
fn base_url(settings: &Settings) -> Result<(String, bool)> {
    const FIELD: &str = "telegram url";
    let base = settings.base_url.trim_end_matches('/');
    let url = reqwest::Url::parse(base).map_err(|e| Error::invalid(FIELD, format!("it is not a URL: {e}")))?;
    let host = url.host_str().unwrap_or_default();
    let local = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(Error::invalid(FIELD, "it must have no user, query or fragment"));
    }
    match url.scheme() {
        "https" => {}
        "http" if local || settings.allow_plain_http => {}
        "http" => {
            return Err(Error::invalid(
                FIELD,
                format!("`http` would show every bot's token to the network on the way to `{host}`; use `https`"),
            ));
        }
        other => return Err(Error::invalid(FIELD, format!("`{other}` is neither `https` nor `http`"))),
    }
    Ok((base.to_owned(), local))
}

/// The bot's public number, from the form of its token alone: `DIGITS:[A-Za-z0-9_-]{1,128}`. [`Error::Invalid`]
/// otherwise, without the token.
pub fn bot_id_of(token: &Secret) -> Result<BotId> {
    let digits = |text: &str| {
        let well_formed =
            (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        if well_formed { text.parse::<i64>().ok() } else { None }
    };
    let rest = |text: &str| {
        (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    token
        .expose()
        .split_once(':')
        .filter(|(_, secret)| rest(secret))
        .and_then(|(id, _)| digits(id))
        .map(BotId)
        .ok_or_else(|| Error::invalid("bot_token", "it must be a number, a colon, then letters, digits, `_` and `-`"))
}

#[derive(Deserialize)]
struct Answer<'a, T> {
    ok: bool,
    result: Option<T>,
    #[serde(borrow, default)]
    description: Option<Cow<'a, str>>,
    #[serde(default)]
    parameters: Option<Parameters>,
}

#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    retry_after: Option<u64>,
    #[serde(default)]
    migrate_to_chat_id: Option<i64>,
}

/// What an answer means.
fn read<T: DeserializeOwned>(status: StatusCode, body: &[u8], token: &Secret) -> Result<T> {
    // A result of another form must not hide a refusal, so the two are read apart.
    if status.is_success() {
        return match serde_json::from_slice::<Answer<'_, T>>(body) {
            Ok(Answer { ok: true, result: Some(result), .. }) => Ok(result),
            _ => Err(unknown(format!("its answer ({status}) cannot be read"))),
        };
    }
    let answer = serde_json::from_slice::<Answer<'_, serde::de::IgnoredAny>>(body).ok().filter(|answer| !answer.ok);
    let (description, parameters) = match answer {
        Some(answer) => (answer.description, answer.parameters.unwrap_or_default()),
        // Somebody on the way answered, not Telegram; 429 means the same from everybody.
        None if status != StatusCode::TOO_MANY_REQUESTS => {
            return Err(unknown(format!("its answer ({status}) cannot be read")));
        }
        None => (None, Parameters::default()),
    };
    let said = clean(description.as_deref().unwrap_or_default(), token);
    Err(match (status.as_u16(), parameters.migrate_to_chat_id) {
        (429, _) => {
            let pause = parameters.retry_after.map_or(DEFAULT_PAUSE, Duration::from_secs);
            Error::RateLimited { part: PART, retry_after: pause.min(LONGEST_PAUSE) }
        }
        (400, Some(to)) => Error::ChatMigrated { to },
        (400..=499, _) if said.is_empty() => Error::Refused { part: PART, reason: status.to_string() },
        (400..=499, _) => Error::Refused { part: PART, reason: said },
        _ => unknown(format!("it answered {status}: {said}")),
    })
}

/// What the other side said, fit for a log: without the token, in one line, not endless.
fn clean(text: &str, token: &Secret) -> String {
    let secret = token.expose().split_once(':').map_or(token.expose(), |(_, secret)| secret);
    let text = text.replace(token.expose(), "…").replace(secret, "…");
    text.chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn unknown(seen: String) -> Error {
    Error::outcome_unknown(PART, seen)
}

/// A failed call: before the connection was up nothing was sent; after that nobody knows.
fn classify(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        Error::unavailable(PART, error)
    } else if error.is_builder() {
        Error::internal("a request to telegram could not be built")
    } else {
        Error::outcome_unknown(PART, error)
    }
}

#[async_trait]
impl Messengers for Telegram {
    async fn text_send(&self, token: &Secret, chat: i64, text: &str) -> Result<i64> {
        #[derive(Serialize)]
        struct Body<'a> {
            chat_id: i64,
            text: &'a str,
        }
        #[derive(Deserialize)]
        struct Message {
            message_id: i64,
        }
        let message: Message = self.call(token, "sendMessage", &Body { chat_id: chat, text }).await?;
        Ok(message.message_id)
    }

    async fn text_edit(&self, token: &Secret, chat: i64, message: i64, text: &str) -> Result<()> {
        #[derive(Serialize)]
        struct Body<'a> {
            chat_id: i64,
            message_id: i64,
            text: &'a str,
        }
        match self.command(token, "editMessageText", &Body { chat_id: chat, message_id: message, text }).await {
            Err(Error::Refused { reason, .. }) if reason.contains("message is not modified") => Ok(()),
            other => other,
        }
    }

    async fn typing_send(&self, token: &Secret, chat: i64) -> Result<()> {
        #[derive(Serialize)]
        struct Body {
            chat_id: i64,
            action: &'static str,
        }
        self.command(token, "sendChatAction", &Body { chat_id: chat, action: "typing" }).await
    }

    async fn callback_answer(&self, token: &Secret, callback: &str) -> Result<()> {
        #[derive(Serialize)]
        struct Body<'a> {
            callback_query_id: &'a str,
        }
        self.command(token, "answerCallbackQuery", &Body { callback_query_id: callback }).await
    }

    async fn webhook_set(&self, token: &Secret, url: &str, secret: &Secret) -> Result<()> {
        // No `drop_pending_updates`: what waits at Telegram is kept.
        #[derive(Serialize)]
        struct Body<'a> {
            url: &'a str,
            secret_token: &'a str,
            max_connections: u8,
            allowed_updates: [&'static str; 4],
        }
        let body = Body { url, secret_token: secret.expose(), max_connections: 1, allowed_updates: ALLOWED_UPDATES };
        self.command(token, "setWebhook", &body).await
    }

    async fn webhook_delete(&self, token: &Secret) -> Result<()> {
        self.command(token, "deleteWebhook", &serde_json::Map::new()).await
    }

    async fn webhook_info(&self, token: &Secret) -> Result<WebhookInfo> {
        let mut info: WebhookInfo = self.call(token, "getWebhookInfo", &serde_json::Map::new()).await?;
        info.last_error_message = info.last_error_message.map(|said| clean(&said, token));
        Ok(info)
    }

    async fn bot_get(&self, token: &Secret) -> Result<BotId> {
        #[derive(Deserialize)]
        struct User {
            id: i64,
        }
        let user: User = self.call(token, "getMe", &serde_json::Map::new()).await?;
        Ok(BotId(user.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Secret {
        Secret::new("123456:AAbb_cc-dd")
    }

    fn answer(status: u16, body: &str) -> Error {
        read::<serde::de::IgnoredAny>(StatusCode::from_u16(status).unwrap(), body.as_bytes(), &token()).unwrap_err()
    }

    #[test]
    fn a_bots_number_is_read_from_a_token_of_the_right_form_only() {
        assert_eq!(bot_id_of(&token()).unwrap(), BotId(123_456));
        for wrong in [
            "",
            ":",
            "1:",
            ":a",
            "0:a",
            "01:a",
            "-1:a",
            "a:b",
            "1",
            "1:a/../getMe",
            "1:a b",
            "1:a?x",
            "1:é",
            "9223372036854775808:a",
            "1:a:b",
        ] {
            let error = bot_id_of(&Secret::new(wrong)).unwrap_err();
            assert!(matches!(error, Error::Invalid { field: "bot_token", .. }), "{wrong}: {error}");
        }
    }

    #[test]
    fn every_answer_has_one_meaning() {
        let refused = |error: &Error| matches!(error, Error::Refused { .. });
        for (status, body, expected) in [
            (401, r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#, "telegram refuses: Unauthorized"),
            (
                403,
                r#"{"ok":false,"description":"Forbidden: bot was blocked"}"#,
                "telegram refuses: Forbidden: bot was blocked",
            ),
            (404, r#"{"ok":false}"#, "telegram refuses: 404 Not Found"),
            (
                400,
                r#"{"ok":false,"description":"Bad Request: chat not found"}"#,
                "telegram refuses: Bad Request: chat not found",
            ),
        ] {
            let error = answer(status, body);
            assert!(refused(&error));
            assert_eq!(error.to_string(), expected);
        }
        assert!(matches!(
            answer(400, r#"{"ok":false,"description":"x","parameters":{"migrate_to_chat_id":-1007}}"#),
            Error::ChatMigrated { to: -1007 }
        ));
        for (body, seconds) in [
            (r#"{"ok":false,"parameters":{"retry_after":17}}"#, 17),
            (r#"{"ok":false}"#, 5),
            ("<html>slow down</html>", 5),
            (r#"{"ok":false,"parameters":{"retry_after":18446744073709551615}}"#, 86_400),
        ] {
            let Error::RateLimited { retry_after, .. } = answer(429, body) else { panic!("{body}") };
            assert_eq!(retry_after.as_secs(), seconds, "{body}");
        }
        for (status, body) in [
            (200, ""),
            (200, "<html>"),
            (200, r#"{"ok":true}"#),
            (200, r#"{"ok":false,"description":"?"}"#),
            (302, ""),
            (403, "<html>proxy</html>"),
            (500, r#"{"ok":false,"description":"Internal Server Error"}"#),
            (502, "<html>Bad Gateway</html>"),
        ] {
            assert!(matches!(answer(status, body), Error::OutcomeUnknown { .. }), "{status} {body}");
        }
    }

    #[test]
    fn s7_a_token_that_comes_back_in_an_answer_is_cut_out() {
        let token = token();
        for said in ["no such path /bot123456:AAbb_cc-dd/x", "no such path /bot123456%3AAAbb_cc-dd/x"] {
            let body = serde_json::json!({"ok": false, "description": said}).to_string();
            for status in [400, 401, 404, 500] {
                let error = answer(status, &body);
                assert!(!error.chain().contains("AAbb_cc-dd") && !format!("{error:?}").contains("AAbb_cc-dd"));
            }
        }
        assert_eq!(clean("a\nb", &token), "a b");
        assert_eq!(clean(&"x".repeat(1_000), &token).len(), 300);
    }

    #[test]
    fn plain_http_is_for_this_machine_or_for_who_asks_for_it() {
        let client = |url: &str| Telegram::new(&Settings::new(url)).map(|telegram| telegram.base);
        assert_eq!(client("https://api.telegram.org/").unwrap(), "https://api.telegram.org");
        assert_eq!(client("http://127.0.0.1:81").unwrap(), "http://127.0.0.1:81");
        assert_eq!(client("http://[::1]:81/api").unwrap(), "http://[::1]:81/api");
        assert!(client("http://localhost").is_ok());
        for wrong in [
            "",
            "telegram",
            "ftp://x",
            "http://api.telegram.org",
            "http://127.0.0.1.evil.example",
            "https://u:p@x",
            "https://x/?a",
        ] {
            assert!(matches!(client(wrong), Err(Error::Invalid { field: "telegram url", .. })), "{wrong}");
        }
        let open = Settings { allow_plain_http: true, ..Settings::new("http://bot-api.internal") };
        assert!(Telegram::new(&open).is_ok());
    }
}
