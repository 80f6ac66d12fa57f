//! The way back from an HTTP answer to the library's error.

use std::time::Duration;

use libtenancy::{Error, api::ErrorBody};

/// The error that a control plane meant with this answer.
///
/// What a variant holds beside its text cannot always be had back; the message, the class and so the exit status are kept.
pub(super) fn from_response(status: u16, body: &[u8]) -> Error {
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(body) => by_code(body).unwrap_or_else(|text| by_status(status, text)),
        Err(_) => by_status(status, format!("the answer was HTTP {status} without an explanation")),
    }
}

/// The error that another process of ours ended with.
pub(crate) fn from_body(body: ErrorBody) -> Error {
    by_code(body).unwrap_or_else(|reason| Error::Internal { reason })
}

/// The error that a code stands for; the text again, if the code is not known.
fn by_code(body: ErrorBody) -> Result<Error, String> {
    let text = body.error;
    Ok(match body.code.as_str() {
        "invalid" => match text.strip_prefix("invalid ").and_then(|rest| rest.split_once(": ")) {
            Some((field, reason)) => Error::invalid(known(field), reason),
            None => Error::invalid("request", text),
        },
        "not_found" => match named(&text) {
            Some((what, name, _)) => Error::NotFound { what, name },
            None => Error::NotFound { what: "resource", name: text },
        },
        "already_exists" => match named(&text) {
            Some((what, name, _)) => Error::AlreadyExists { what, name },
            None => Error::AlreadyExists { what: "resource", name: text },
        },
        "conflict" => match named(&text) {
            Some((what, name, rest)) => {
                Error::Conflict { what, name, reason: rest.trim_start_matches(" has changed: ").to_owned() }
            }
            None => Error::conflict("resource", "it", text),
        },
        "illegal_state" => illegal_state(&text).unwrap_or_else(|| Error::conflict("tenant", "it", text)),
        "overloaded" => Error::Overloaded { reason: after(&text, "overloaded: ") },
        "unauthenticated" => Error::Unauthenticated,
        "forbidden" => Error::Forbidden { reason: after(&text, "forbidden: ") },
        "timeout" => Error::Timeout { what: text, after: Duration::ZERO },
        "refused" => Error::Refused { part: "control plane", reason: after(&text, "control plane refuses: ") },
        "agent_failed" => match quoted(&text) {
            Some((tenant, rest)) => {
                Error::AgentFailed { tenant, reason: rest.trim_start_matches(" failed: ").to_owned() }
            }
            None => Error::Refused { part: "agent", reason: text },
        },
        "store_full" => Error::StoreFull,
        "unavailable" | "rate_limited" => Error::unavailable("a part of the control plane", text),
        "outcome_unknown" => Error::outcome_unknown("control plane", text),
        "state_dir_in_use" => match quoted(&text) {
            Some((path, rest)) => {
                Error::StateDirInUse { path: path.into(), pid: digits(rest).and_then(|n| n.parse().ok()).unwrap_or(0) }
            }
            None => Error::conflict("state directory", "it", text),
        },
        "internal" | "corrupt" | "io" => Error::Internal { reason: after(&text, "internal error: ") },
        _ => return Err(text),
    })
}

fn by_status(status: u16, text: String) -> Error {
    match status {
        400 | 413 | 415 | 422 => Error::invalid("request", text),
        401 => Error::Unauthenticated,
        403 => Error::Forbidden { reason: text },
        404 | 405 => Error::Refused { part: "control plane", reason: format!("{text}; is it another version?") },
        409 => Error::conflict("resource", "it", text),
        429 => Error::Overloaded { reason: text },
        408 | 504 => Error::Timeout { what: text, after: Duration::ZERO },
        502 | 503 => Error::unavailable("control plane", text),
        _ => Error::Internal { reason: text },
    }
}

fn after(text: &str, prefix: &str) -> String {
    text.strip_prefix(prefix).unwrap_or(text).to_owned()
}

/// `… NAME …` in backticks: the name, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (_, rest) = text.split_once('`')?;
    let (name, rest) = rest.split_once('`')?;
    Some((name.to_owned(), rest))
}

/// The first number in the text.
fn digits(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit()).find(|word| !word.is_empty())
}

/// `WHAT `NAME`…`.
fn named(text: &str) -> Option<(&'static str, String, &str)> {
    let (what, _) = text.split_once(" `")?;
    let (name, rest) = quoted(text)?;
    Some((known(what), name, rest))
}

/// "tenant `NAME` is STATUS: REASON".
fn illegal_state(text: &str) -> Option<Error> {
    let (tenant, rest) = quoted(text)?;
    let (label, reason) = rest.strip_prefix(" is ")?.split_once(": ")?;
    let status = libtenancy::tenant::Status::LABELS.into_iter().chain(["suspended"]).find(|l| *l == label)?;
    Some(Error::IllegalState { tenant, status, reason: reason.to_owned() })
}

/// Kinds and fields are static in the library's error.
fn known(word: &str) -> &'static str {
    const WORDS: [&str; 14] = [
        "tenant",
        "tenant id",
        "tenant_id",
        "update",
        "snapshot",
        "log",
        "webhook",
        "agent",
        "bot_token",
        "idle_timeout_s",
        "base_url",
        "public_url",
        "status",
        "stage",
    ];
    WORDS.into_iter().find(|known| *known == word).unwrap_or("request")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    fn there_and_back(error: &Error, status: u16) -> Error {
        let body = ErrorBody { code: error.code().to_owned(), error: error.chain(), hint: error.hint() };
        from_response(status, &serde_json::to_vec(&body).unwrap())
    }

    #[test]
    fn f2_an_error_keeps_its_message_and_its_exit_status_over_the_wire() {
        for (error, status) in [
            (Error::invalid("idle_timeout_s", "-5 must be from 1"), 400),
            (Error::not_found("tenant", "alice"), 404),
            (Error::AlreadyExists { what: "tenant", name: "alice".into() }, 409),
            (Error::conflict("update", "alice/7/1", "it is handled"), 409),
            (Error::IllegalState { tenant: "a".into(), status: "stopping", reason: "wait: a bit".into() }, 409),
            (Error::Overloaded { reason: "1000 wait".into() }, 503),
            (Error::Unauthenticated, 401),
            (Error::Forbidden { reason: "viewer".into() }, 403),
            (Error::AgentFailed { tenant: "alice".into(), reason: "exit status: 1".into() }, 502),
            (Error::StoreFull, 503),
            (Error::internal("oh"), 500),
        ] {
            let back = there_and_back(&error, status);
            assert_eq!(Exit::of(&back), Exit::of(&error), "{error}");
            assert!(back.chain().contains(error.to_string().split('`').next_back().unwrap_or_default()), "{back}");
        }
    }

    #[test]
    fn an_answer_of_somebody_else_is_told_by_its_status() {
        for (status, exit) in [(400, 2), (401, 4), (403, 4), (404, 1), (409, 5), (500, 1), (502, 7), (503, 7), (504, 6)]
        {
            assert_eq!(Exit::of(&from_response(status, b"<html>")) as u8, exit, "{status}");
            assert_eq!(Exit::of(&from_response(status, br#"{"code":"new","error":"x"}"#)) as u8, exit, "{status}");
        }
    }
}
