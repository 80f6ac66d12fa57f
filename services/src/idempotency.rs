//! Orders that are given under a key: whoever repeats one is answered, and it is not done again.
//!
//! # Design notes
//! - A key is a role's own, and stands for one order: the method, the path with its query, and the body.
//! - An order that is under way goes on when whoever gave it hangs up, so that a repeat finds what came of it.
//! - Only what was done is kept. A refusal changed nothing, and may be another answer the next time.
//! - A process that dies in the middle leaves a key that is free again after [`LEASE`]; the repeat then meets what the first
//!   attempt left, as any order does that is repeated without a key.
//! - `POST /jobs` has keys of its own, which are one step with the submission.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use libtenancy::{
    Error, Tenancy,
    jobs::Idempotency,
    ports::receipts::{Begun, Receipt},
};
use tracing::Instrument;

use crate::{auth::Role, body, http_error::HttpError, orchestrator::MAX_BODY};

/// The header that carries a key.
pub const HEADER: &str = "idempotency-key";

/// On an answer that was given before.
const REPLAYED: &str = "idempotent-replayed";

/// How long a key is taken by an order of which nothing is heard.
const LEASE: Duration = Duration::from_secs(30);

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
    let mut order = format!("{} {}\n", head.method, head.uri).into_bytes();
    order.extend_from_slice(&sent);
    let Idempotency { key: hashed, body: order } = Idempotency::new(&key, &order)?;
    let name = format!("{}:{hashed}", role.label());
    match tenancy.receipts().receipt_begin(&name, &order, LEASE).await? {
        Begun::New => {}
        Begun::Done(receipt) => return Ok(replay(receipt)),
        Begun::Different => {
            return Err(Error::conflict("idempotency key", key, "it was used for something else").into());
        }
        Begun::Running => {
            return Err(
                Error::unavailable("control plane", "this very order is under way; ask again in a moment").into()
            );
        }
    }
    let request = Request::from_parts(head, Body::from(sent));
    let work = async move {
        let answer = next.run(request).await;
        kept(&tenancy, &name, &order, answer).await
    };
    tokio::spawn(work.in_current_span()).await.map_err(|_| Error::internal("an order broke off"))?
}

/// An answer, after its receipt is written; what keeps it from that is not the order's failure.
async fn kept(tenancy: &Tenancy, name: &str, order: &str, answer: Response) -> Result<Response, HttpError> {
    if !answer.status().is_success() {
        let dropped = tenancy.receipts().receipt_drop(name, order).await;
        note(dropped, "a key of what was refused is not given back; it lapses");
        return Ok(answer);
    }
    let (head, body) = answer.into_parts();
    let body: Bytes = to_bytes(body, MAX_ANSWER).await.map_err(|e| Error::internal(format!("an answer: {e}")))?;
    let receipt = Receipt { status: head.status.as_u16(), body: String::from_utf8_lossy(&body).into_owned() };
    note(tenancy.receipts().receipt_end(name, order, &receipt).await, "what came of an order is not kept");
    Ok(Response::from_parts(head, Body::from(body)))
}

fn note(outcome: libtenancy::Result<()>, text: &'static str) {
    if let Err(error) = outcome {
        tracing::warn!(error = error.chain(), "{text}");
    }
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
