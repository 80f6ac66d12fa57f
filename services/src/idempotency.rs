//! Orders that are given under a key, over HTTP.
//!
//! # Design notes
//! - A key stands for one order: the method, the path with its query, and the body. (What else holds: `libtenancy::receipts`.)
//! - An order that is under way goes on when whoever gave it hangs up, so that a repeat finds what came of it.
//! - `POST /jobs` has keys of its own, which are one step with the submission.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use libtenancy::{
    Error, Tenancy,
    jobs::Idempotency,
    ports::receipts::Receipt,
    receipts::{Given, Order},
};
use tracing::Instrument;

use crate::{auth::Role, body, http_error::HttpError, orchestrator::MAX_BODY};

/// The header that carries a key.
pub const HEADER: &str = "idempotency-key";

/// On an answer that was given before.
const REPLAYED: &str = "idempotent-replayed";

/// The largest answer that is kept, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// The key that a request carries, if this is where keys are kept. `Invalid` if it is none.
fn key_of(request: &Request) -> Result<Option<String>, Error> {
    if matches!(request.uri().path(), "/jobs" | "/submit") || request.headers().contains_key(header::UPGRADE) {
        return Ok(None);
    }
    let Some(key) = request.headers().get(HEADER) else { return Ok(None) };
    let text = key.to_str().unwrap_or_default().to_owned();
    Idempotency::new(&text, b"").map(|_| Some(text))
}

/// Gives an order, once a key.
pub(crate) async fn once(tenancy: Tenancy, role: Role, request: Request, next: Next) -> Result<Response, HttpError> {
    let Some(key) = key_of(&request)? else { return Ok(next.run(request).await) };
    let (head, sent) = request.into_parts();
    let sent = body::read(sent, MAX_BODY, None).await?.bytes;
    // Whoever hangs up stops neither the order nor the taking of its key, which nobody would give back then.
    let work = async move {
        let says = order(&head.method, &head.uri.to_string(), &sent);
        let order = match tenancy.order_begin(role.label(), &key, &says).await? {
            Given::Now(order) => order,
            Given::Before(receipt) => return Ok(replay(receipt)),
        };
        let answer = next.run(Request::from_parts(head, Body::from(sent))).await;
        kept(order, answer).await
    };
    tokio::spawn(work.in_current_span()).await.map_err(|_| Error::internal("an order broke off"))?
}

/// Everything that an order says.
pub fn order(method: &Method, path: &str, body: &[u8]) -> Vec<u8> {
    [format!("{method} {path}\n").as_bytes(), body].concat()
}

/// An answer, after its receipt is written.
async fn kept(order: Order, answer: Response) -> Result<Response, HttpError> {
    if !answer.status().is_success() {
        order.refused().await;
        return Ok(answer);
    }
    let (head, body) = answer.into_parts();
    let body: Bytes = to_bytes(body, MAX_ANSWER).await.map_err(|e| Error::internal(format!("an answer: {e}")))?;
    order.done(&Receipt { status: head.status.as_u16(), body: String::from_utf8_lossy(&body).into_owned() }).await;
    Ok(Response::from_parts(head, Body::from(body)))
}

fn replay(receipt: Receipt) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if !receipt.body.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let status = StatusCode::from_u16(receipt.status).unwrap_or(StatusCode::OK);
    (status, headers, receipt.body).into_response()
}
