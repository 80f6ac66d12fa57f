//! How a process is, for whoever looks after it: the whole internal face of a router alone, and part of the orchestrator's.

use axum::{Json, Router, extract::State, response::Response, routing::get};
use libtenancy::Tenancy;
use serde_json::{Value, json};

use crate::{http_error::HttpError, prometheus::Page};

/// `GET /healthz`: it answers. `GET /readyz`: its stores do too. `GET /metrics`: what arrived.
pub fn app(tenancy: Tenancy) -> Router {
    routes()
        .route("/metrics", get(metrics))
        .fallback(async || HttpError::no_route())
        .method_not_allowed_fallback(async || HttpError::no_method())
        .with_state(tenancy)
}

pub(crate) fn routes() -> Router<Tenancy> {
    Router::new().route("/healthz", get(healthy)).route("/readyz", get(ready))
}

async fn metrics(State(tenancy): State<Tenancy>) -> Response {
    let mut page = Page::default();
    page.updates(&tenancy.updates_total());
    page.memory(Tenancy::memory_bytes());
    page.answer()
}

async fn healthy() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

async fn ready(State(tenancy): State<Tenancy>) -> Result<Json<Value>, HttpError> {
    tenancy.ready().await?;
    Ok(Json(json!({"status": "ready"})))
}
