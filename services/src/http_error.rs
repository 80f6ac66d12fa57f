//! Which error is which HTTP status, both ways: what the services answer, and what a client of theirs makes of it.
//!
//! The only place that knows statuses. Internals (paths, causes, what an invariant was) go to the log, never to a client.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use libtenancy::{Error, api::ErrorBody, tenant::Status};

/// An answer that is an error.
#[derive(Debug)]
pub struct HttpError {
    status: StatusCode,
    retry_after: Option<Duration>,
    body: ErrorBody,
}

const TOO_LARGE: &str = "too_large";
const TOO_SLOW: &str = "too_slow";
const REHEARSED: &str = "rehearsed";
const NO_ROUTE: &str = "no_route";
const NO_METHOD: &str = "method_not_allowed";

/// The status and the stable word of an error.
fn describe(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid"),
        Error::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
        Error::Forbidden { .. } => (StatusCode::FORBIDDEN, "forbidden"),
        Error::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found"),
        // No failure: it is what was asked for.
        Error::Rehearsed { .. } => (StatusCode::OK, REHEARSED),
        Error::AlreadyExists { .. } => (StatusCode::CONFLICT, "already_exists"),
        Error::Conflict { .. } => (StatusCode::CONFLICT, "conflict"),
        Error::IllegalState { .. } => (StatusCode::CONFLICT, "illegal_state"),
        Error::Overloaded { .. } => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
        Error::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::StoreFull => (StatusCode::SERVICE_UNAVAILABLE, "store_full"),
        Error::Behind { .. } => (StatusCode::SERVICE_UNAVAILABLE, "store_behind"),
        Error::RateLimited { .. } => (StatusCode::SERVICE_UNAVAILABLE, "rate_limited"),
        Error::NeedsControlPlane { .. } => (StatusCode::SERVICE_UNAVAILABLE, "needs_control_plane"),
        Error::StateDirInUse { .. } => (StatusCode::SERVICE_UNAVAILABLE, "state_dir_in_use"),
        Error::Timeout { .. } => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
        Error::AgentFailed { .. } => (StatusCode::BAD_GATEWAY, "agent_failed"),
        Error::Refused { .. } => (StatusCode::BAD_GATEWAY, "refused"),
        Error::ChatMigrated { .. } => (StatusCode::BAD_GATEWAY, "chat_migrated"),
        Error::OutcomeUnknown { .. } => (StatusCode::BAD_GATEWAY, "outcome_unknown"),
        Error::Corrupt { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "corrupt"),
        Error::Io { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "io"),
        // `Internal`, and what the library may add before this table knows it.
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

/// What a client is told of an error that is ours alone.
const INTERNAL: &str = "something went wrong inside the control plane; its log says what";

impl From<Error> for HttpError {
    fn from(error: Error) -> Self {
        let (status, code) = describe(&error);
        let retry_after = match error {
            Error::RateLimited { retry_after, .. } => Some(retry_after.max(Duration::from_secs(1))),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(Duration::from_secs(1)),
            _ => None,
        };
        let internal = match error {
            // A tenant's archive is named by its key, and is the operator's to deal with.
            Error::Corrupt { what: "snapshot", .. } => false,
            Error::StateDirInUse { .. } => true,
            _ => status == StatusCode::INTERNAL_SERVER_ERROR,
        };
        if internal {
            tracing::error!(code, error = error.chain(), "a request failed");
        } else if matches!(error, Error::Overloaded { .. }) {
            // Whoever floods us must not flood the log too.
            tracing::debug!(code, error = error.chain(), "a request was refused");
        } else if status.is_server_error() {
            tracing::warn!(code, error = error.chain(), "a request failed");
        }
        let said = match &error {
            _ if internal => INTERNAL.to_owned(),
            // Who is away there is not one of us: why is no secret, and the operator's to mend.
            Error::Unavailable { part: MESSENGER, .. } => error.chain(),
            error => error.to_string(),
        };
        Self {
            status,
            retry_after,
            body: ErrorBody {
                code: code.to_owned(),
                error: said,
                hint: if internal { None } else { error.hint() },
                request_id: None,
            },
        }
    }
}

impl HttpError {
    fn plain(status: StatusCode, code: &str, error: String) -> Self {
        Self {
            status,
            retry_after: None,
            body: ErrorBody { code: code.to_owned(), error, hint: None, request_id: None },
        }
    }

    /// The body has more than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::plain(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE, format!("the body has more than {limit} bytes"))
    }

    /// The body did not come within `limit`.
    pub fn too_slow(limit: Duration) -> Self {
        Self::plain(StatusCode::REQUEST_TIMEOUT, TOO_SLOW, format!("the body did not come within {limit:?}"))
    }

    /// There is nothing at this path.
    pub fn no_route() -> Self {
        Self::plain(StatusCode::NOT_FOUND, NO_ROUTE, "there is nothing at this path".to_owned())
    }

    /// There is something at this path, for another method.
    pub fn no_method() -> Self {
        Self::plain(StatusCode::METHOD_NOT_ALLOWED, NO_METHOD, "this path knows other methods only".to_owned())
    }

    /// The same for strangers: hints are for operators.
    #[must_use]
    pub fn without_hint(mut self) -> Self {
        self.body.hint = None;
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl HttpError {
    /// What is said of it, for an answer of which it is a part.
    pub(crate) fn into_body(self) -> ErrorBody {
        self.body
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(pause) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(pause.as_secs()));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(self.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            // The rest of the body is not read.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Words that errors name things by; others come back under a general word, with the text kept.
const WORDS: &[&str] = &[
    "tenant",
    "bot of tenant",
    "snapshot of tenant",
    "update",
    "snapshot",
    "log",
    "agent",
    "bot",
    "webhook",
    "store",
    "telegram",
    "workload",
    "tenant id",
    "tenant_id",
    "bot_token",
    "idle_timeout_s",
    "base_url",
    "body",
    "query",
    "update_id",
    "stage",
    "status",
    "limit",
    "tail",
    "after",
    "keep_state",
    "follow",
    "keyring",
    "path",
    "job",
    "partition",
    "job id",
    "job_id",
    "agent_id",
    "prompt",
    "cost_gpu_seconds",
    "need_gpu_seconds",
    "used_gpu_seconds",
    "priority",
    "max_attempts",
    "not_before",
    "Idempotency-Key",
    "worker",
    "max",
    "lease_s",
    "wait_s",
    "timeout_s",
    "leases",
    "outcome",
    "retry",
    "pointer",
    "after_s",
    "epoch",
    "credits",
    "amount",
    "name",
    "expires_at",
    "expires_in_s",
    "period",
    "rate_per_sec",
    "burst",
    "weight",
    "max_running",
    "no_budget",
    "by",
    "lease of job",
    "idempotency key",
    "rate",
    "budget",
    "from",
    "to",
    "message",
    "label",
    "labels",
    "schedule",
    "schedules",
    "cron",
    "time_zone",
    "chat_id",
    "text",
    "reason",
    "request id",
    "Upgrade",
];

fn word(text: &str, otherwise: &'static str) -> &'static str {
    WORDS.iter().find(|word| **word == text).copied().unwrap_or(otherwise)
}

/// Reads what `Duration`'s `Debug` wrote.
fn duration(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.')?);
    let scale = match unit {
        "s" => 1.0,
        "ms" => 1e-3,
        "µs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    };
    Duration::try_from_secs_f64(digits.parse::<f64>().ok()? * scale).ok()
}

/// The error that an answer of these services stands for: its `Display` is the one the service's own error had, unless
/// that was internal. `body` may be anything (a proxy's page); then the status alone decides.
pub fn error_from(status: u16, body: &[u8]) -> Error {
    let Ok(body) = serde_json::from_slice::<ErrorBody>(body) else {
        return match status {
            401 => Error::Unauthenticated,
            403 => Error::Forbidden { reason: "the control plane, or something before it, refuses".to_owned() },
            502..=504 => Error::unavailable("control plane", format!("status {status}")),
            _ => unexpected(format!("status {status} without a reason; is this the control plane?")),
        };
    };
    known(&body).unwrap_or_else(|| match status {
        502..=504 => Error::unavailable("control plane", body.error),
        _ => unexpected(body.error),
    })
}

/// What an order that was rehearsed would do, if this says it.
pub(crate) fn would(body: &ErrorBody) -> Option<&str> {
    body.error.strip_prefix("a rehearsal: it would ").filter(|_| body.code == REHEARSED)
}

fn unexpected(reason: String) -> Error {
    Error::Refused { part: "control plane", reason }
}

/// What else than a status keeps a tenant from being woken.
const SUSPENDED: &str = "suspended";

/// The part of whose absence the cause is said.
const MESSENGER: &str = "telegram";

/// The cause of an error that came over the wire; the real one is in the other side's log.
const SAID_SO: &str = "the control plane says so";

fn cause(text: &str) -> libtenancy::error::Source {
    Box::<dyn std::error::Error + Send + Sync>::from(text).into()
}

/// `None` if the code or the text has another form than `libtenancy` gives it.
fn known(body: &ErrorBody) -> Option<Error> {
    let text = body.error.as_str();
    let named = |middle: &str| {
        let (head, tail) = text.split_once(middle)?;
        let (what, name) = head.split_once(" `")?;
        Some((word(what, "resource"), name.to_owned(), tail.to_owned()))
    };
    Some(match body.code.as_str() {
        "invalid" => {
            let rest = text.strip_prefix("invalid ")?;
            match rest.split_once(": ") {
                Some((field, reason)) if word(field, "") == field => Error::invalid(word(field, ""), reason),
                _ => Error::invalid("request", rest),
            }
        }
        TOO_LARGE | TOO_SLOW => Error::invalid("body", text),
        "unauthenticated" => Error::Unauthenticated,
        "forbidden" => Error::Forbidden { reason: text.strip_prefix("forbidden: ")?.to_owned() },
        "not_found" => {
            let (what, name, _) = named("` not found")?;
            Error::NotFound { what, name }
        }
        "already_exists" => {
            let (what, name, _) = named("` already exists")?;
            Error::AlreadyExists { what, name }
        }
        "conflict" => {
            let (what, name, reason) = named("`: ")?;
            Error::Conflict { what, name, reason }
        }
        "illegal_state" => {
            let (tenant, rest) = text.strip_prefix("tenant `")?.split_once("` is ")?;
            let (status, reason) = rest.split_once(": ")?;
            let status = Status::LABELS.into_iter().chain([SUSPENDED]).find(|label| *label == status)?;
            Error::IllegalState { tenant: tenant.to_owned(), status, reason: reason.to_owned() }
        }
        "overloaded" => Error::Overloaded { reason: text.strip_prefix("overloaded: ")?.to_owned() },
        "unavailable" => {
            let (part, why) = match text.split_once(" is unavailable: ") {
                Some((MESSENGER, why)) => (MESSENGER, why),
                _ => (text.strip_suffix(" is unavailable")?, SAID_SO),
            };
            Error::unavailable(word(part, "a part of the control plane"), why)
        }
        "store_full" => Error::StoreFull,
        "store_behind" => {
            let partition = text.strip_prefix("partition ")?.strip_suffix(" has forgotten its last writes")?;
            Error::Behind { partition: partition.parse().ok()? }
        }
        "rate_limited" => {
            let (part, pause) = text.split_once(" asks to wait ")?;
            Error::RateLimited { part: word(part, "a peer"), retry_after: duration(pause)? }
        }
        "needs_control_plane" => Error::NeedsControlPlane { what: "this" },
        "timeout" => {
            let (what, after) = text.rsplit_once(" did not finish within ")?;
            Error::Timeout { what: what.to_owned(), after: duration(after)? }
        }
        "agent_failed" => {
            let (tenant, reason) = text.strip_prefix("the agent of `")?.split_once("` failed: ")?;
            Error::AgentFailed { tenant: tenant.to_owned(), reason: reason.to_owned() }
        }
        "refused" => {
            let (part, reason) = text.split_once(" refuses: ")?;
            Error::Refused { part: word(part, "a peer"), reason: reason.to_owned() }
        }
        "outcome_unknown" => {
            let part = text.strip_prefix("the answer of ")?.strip_suffix(" was lost")?;
            Error::OutcomeUnknown { part: word(part, "a peer"), source: cause(SAID_SO) }
        }
        "corrupt" if text.starts_with("snapshot at `") => {
            let (key, reason) = text.strip_prefix("snapshot at `")?.split_once("` is damaged: ")?;
            Error::Corrupt { what: "snapshot", path: key.into(), reason: reason.to_owned() }
        }
        "corrupt" | "io" | "internal" | "state_dir_in_use" => Error::internal(text),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use libtenancy::Result;

    async fn answer(error: Error) -> (StatusCode, Option<String>, Vec<u8>) {
        use http_body_util::BodyExt;
        let response = HttpError::from(error).into_response();
        let retry = response.headers().get(header::RETRY_AFTER).map(|v| v.to_str().unwrap().to_owned());
        (response.status(), retry, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    fn outside() -> Vec<(u16, Error)> {
        vec![
            (400, Error::invalid("idle_timeout_s", "-1 must be from 1 to 2: seconds")),
            (400, "UPPER".parse::<libtenancy::tenant::TenantId>().unwrap_err()),
            (401, Error::Unauthenticated),
            (403, Error::Forbidden { reason: "x: y".into() }),
            (404, Error::not_found("tenant", "acme")),
            (404, Error::not_found("schedule", "morning")),
            (400, Error::invalid("cron", "x")),
            (409, Error::AlreadyExists { what: "tenant", name: "acme".into() }),
            (409, Error::conflict("tenant", "acme", "generation 1: 2")),
            (409, libtenancy::partition::lease_lost(&"acme.01k9zz00000000000000000000".parse().unwrap())),
            (409, libtenancy::partition::key_conflict()),
            (404, Error::not_found("job", "acme.01k9zz00000000000000000000")),
            (400, "nonsense".parse::<libtenancy::jobs::JobId>().unwrap_err()),
            (400, libtenancy::jobs::Idempotency::new("", b"").unwrap_err()),
            (
                409,
                Error::IllegalState { tenant: "a".into(), status: "stopping", reason: "`Wake` is not possible".into() },
            ),
            (409, Error::IllegalState { tenant: "a".into(), status: "suspended", reason: "unpaid".into() }),
            (503, Error::Overloaded { reason: "8 wakes".into() }),
            (503, Error::unavailable("store", "locked")),
            (503, Error::StoreFull),
            (503, Error::Behind { partition: 7 }),
            (503, Error::RateLimited { part: "telegram", retry_after: Duration::from_secs(7) }),
            (504, Error::Timeout { what: "the wake of `a`".into(), after: Duration::from_millis(1_500) }),
            (502, Error::AgentFailed { tenant: "a".into(), reason: "exit 1: no".into() }),
            (502, Error::Refused { part: "telegram", reason: "Unauthorized".into() }),
            (502, Error::OutcomeUnknown { part: "telegram", source: cause("reset") }),
        ]
    }

    #[tokio::test]
    async fn r26_every_error_has_its_status_and_comes_back_as_itself() {
        for (status, error) in outside() {
            let (text, hint, variant) = (error.to_string(), error.hint(), std::mem::discriminant(&error));
            let (answered, retry, body) = answer(error).await;
            assert_eq!(answered.as_u16(), status, "{text}");
            assert_eq!(retry.is_some(), status == 503, "{text}");
            let back = error_from(status, &body);
            assert_eq!((back.to_string(), back.hint(), std::mem::discriminant(&back)), (text, hint, variant));
        }
        let (_, retry, _) = answer(Error::RateLimited { part: "telegram", retry_after: Duration::from_secs(7) }).await;
        assert_eq!(retry.as_deref(), Some("7"));
    }

    #[tokio::test]
    async fn internals_never_reach_a_client() {
        let secret: Result<()> = Err(std::io::Error::other("s3cret")).map_err(Error::io("open", "/s3cret"));
        for error in [
            Error::internal("s3cret"),
            Error::Corrupt { what: "store", path: "/s3cret".into(), reason: "s3cret".into() },
            secret.unwrap_err(),
            Error::StateDirInUse { path: "/s3cret".into(), pid: 1 },
            Error::unavailable("store", "s3cret"),
            Error::OutcomeUnknown { part: "store", source: cause("s3cret") },
        ] {
            let (status, _, body) = answer(error).await;
            assert!(status.is_server_error());
            let body = String::from_utf8(body).unwrap();
            assert!(!body.contains("s3cret"), "{body}");
            assert!(!error_from(status.as_u16(), body.as_bytes()).to_string().is_empty());
        }
    }

    #[tokio::test]
    async fn why_the_messenger_is_away_is_said() {
        let (status, _, body) = answer(Error::unavailable("telegram", "failed to lookup address")).await;
        let error = error_from(status.as_u16(), &body);
        assert_eq!(error.chain(), "telegram is unavailable: failed to lookup address");
        assert!(matches!(error, Error::Unavailable { part: "telegram", .. }));
    }

    #[test]
    fn an_answer_that_is_not_ours_still_means_something() {
        assert!(matches!(error_from(401, b""), Error::Unauthenticated));
        assert!(matches!(error_from(403, b"<html>"), Error::Forbidden { .. }));
        assert!(matches!(error_from(502, b"<html>"), Error::Unavailable { part: "control plane", .. }));
        assert!(matches!(error_from(404, b"<html>"), Error::Refused { part: "control plane", .. }));
        assert!(matches!(error_from(404, br#"{"code":"not_found","error":"?"}"#), Error::Refused { .. }));
        assert!(matches!(error_from(418, br#"{"code":"new","error":"x"}"#), Error::Refused { .. }));
        assert!(matches!(error_from(503, br#"{"code":"new","error":"x"}"#), Error::Unavailable { .. }));
        assert!(matches!(
            error_from(400, br#"{"code":"invalid","error":"invalid colour: blue"}"#),
            Error::Invalid { field: "request", .. }
        ));
    }
}
