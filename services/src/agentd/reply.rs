//! The bodies and statuses of `agentd`'s answers.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::{
    Response, StatusCode,
    body::{Frame, SizeHint},
    header,
};
use libtenancy::{Error, agent::CORRUPT_SNAPSHOT, api::ErrorBody};

/// The body of an answer: whole, or sent as it comes.
pub(super) enum Body {
    /// All of it is there.
    Whole(Full<Bytes>),
    /// It comes in pieces.
    Streamed(UnsyncBoxBody<Bytes, io::Error>),
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Streamed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Streamed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Streamed(body) => body.size_hint(),
        }
    }
}

/// A whole JSON text.
pub(super) fn json_bytes(status: StatusCode, text: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::Whole(Full::new(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// A value as JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(text) => json_bytes(StatusCode::OK, text.into()),
        Err(e) => error(&Error::internal(format!("an answer has no JSON: {e}"))),
    }
}

/// A streamed body.
pub(super) fn streamed<B>(response: Response<B>) -> Response<Body>
where
    B: hyper::body::Body<Data = Bytes, Error = io::Error> + Send + 'static,
{
    response.map(|body| Body::Streamed(body.boxed_unsync()))
}

/// A refusal: the status, a stable word for it, and a text for people.
pub(super) fn refusal(status: StatusCode, code: &str, text: impl Into<String>) -> Response<Body> {
    let body = ErrorBody { code: code.to_owned(), error: text.into(), hint: None, request_id: None };
    json_bytes(status, serde_json::to_vec(&body).unwrap_or_default().into())
}

/// The last answer of its connection.
pub(super) fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    response
}

/// An error of the library. The driver turns it back by its code; `AgentFailed`, `Conflict` and a corrupt snapshot give their
/// bare reason, since the driver names the rest again.
pub(super) fn error(error: &Error) -> Response<Body> {
    let (status, code) = match error {
        Error::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid"),
        Error::NotFound { .. } => (StatusCode::NOT_FOUND, "not_found"),
        Error::Conflict { reason, .. } => return refusal(StatusCode::CONFLICT, "conflict", reason),
        Error::AgentFailed { reason, .. } => return refusal(StatusCode::BAD_GATEWAY, "agent_failed", reason),
        Error::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::Overloaded { .. } => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
        Error::StoreFull => (StatusCode::INSUFFICIENT_STORAGE, "store_full"),
        Error::Corrupt { what: "snapshot", reason, .. } => {
            return refusal(StatusCode::INTERNAL_SERVER_ERROR, CORRUPT_SNAPSHOT, reason);
        }
        Error::Corrupt { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "corrupt"),
        Error::Io { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "io"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    };
    refusal(status, code, error.chain())
}
