//! The public face: Telegram's webhook, and nothing else.
//!
//! # Design notes
//! Whatever arrives, memory stays bounded and the answer comes at once: requests in flight and the bytes of their
//! bodies are counted, and one too many is answered 503 with `Retry-After`; Telegram keeps the update and sends it
//! again. A body that is more than a moment's reading is read only for a tenant that exists and a request that carries
//! its secret. No request creates anything but a row of an inbox.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderValue, StatusCode},
    routing::{get, post},
};
use hyper::body::Body as _;
use libtenancy::{
    Error, Tenancy,
    inbox::{MAX_UPDATE_BYTES, Put},
    tenant::TenantId,
};
use tokio::sync::Semaphore;

use crate::{body, http_error::HttpError};

/// The header that proves that Telegram sent the update.
pub const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// A body up to this size, in bytes, is read before anything is asked about it; an ordinary message has about 500.
const SMALL_BODY: u64 = 16 << 10;

/// What the router may hold at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests in flight.
    pub requests: usize,
    /// Bytes of their bodies, together; at least one update's [`MAX_UPDATE_BYTES`].
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests: 2_048, bytes: 16 << 20 }
    }
}

struct Intake {
    tenancy: Tenancy,
    limits: Limits,
    requests: Semaphore,
    bytes: body::Budget,
}

/// [`app_with`] under the default [`Limits`].
pub fn app(tenancy: Tenancy) -> Router {
    app_with(tenancy, Limits::default())
}

/// `POST /tg/{tenant}` and `GET /healthz`.
pub fn app_with(tenancy: Tenancy, limits: Limits) -> Router {
    let intake = Intake {
        tenancy,
        limits,
        requests: Semaphore::new(limits.requests),
        bytes: body::Budget::new(limits.bytes.max(MAX_UPDATE_BYTES)),
    };
    Router::new()
        .route(
            "/tg/{tenant}",
            post(async |state, tenant, request| update(state, tenant, request).await.map_err(HttpError::without_hint)),
        )
        .route("/healthz", get(health))
        .fallback(async || HttpError::no_route())
        .method_not_allowed_fallback(async || HttpError::no_method())
        .with_state(Arc::new(intake))
}

async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({"status": "ok"}))
}

async fn update(
    State(intake): State<Arc<Intake>>,
    tenant: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<StatusCode, HttpError> {
    let Ok(_place) = intake.requests.try_acquire() else {
        let reason = format!("{} requests are in flight already", intake.limits.requests);
        return Err(Error::Overloaded { reason }.into());
    };
    let tenant: TenantId = tenant.map_err(|_| Error::invalid("tenant id", "it is not UTF-8"))?.0.parse()?;
    let (head, body) = request.into_parts();
    let secret = head.headers.get(SECRET_HEADER).map(HeaderValue::as_bytes);
    if body.size_hint().upper().is_none_or(|bytes| bytes > SMALL_BODY) {
        intake.tenancy.webhook_check(&tenant, secret).await?;
    }
    let body = body::read(body, MAX_UPDATE_BYTES, Some(&intake.bytes)).await?;
    match intake.tenancy.update_accept(&tenant, secret, &body.bytes).await? {
        Put::Stored | Put::Duplicate => Ok(StatusCode::OK),
    }
}
