//! How a process is, for whoever looks after it: the whole internal face of a router alone, and part of the orchestrator's.

use axum::{Json, Router, extract::State, routing::get};
use libtenancy::Tenancy;
use serde_json::{Value, json};

use crate::http_error::HttpError;

/// `GET /healthz`: it answers. `GET /readyz`: its stores do too.
pub fn app(tenancy: Tenancy) -> Router {
    routes()
        .fallback(async || HttpError::no_route())
        .method_not_allowed_fallback(async || HttpError::no_method())
        .with_state(tenancy)
}

pub(crate) fn routes() -> Router<Tenancy> {
    Router::new().route("/healthz", get(healthy)).route("/readyz", get(ready))
}

async fn healthy() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

async fn ready(State(tenancy): State<Tenancy>) -> Result<Json<Value>, HttpError> {
    tenancy.ready().await?;
    Ok(Json(json!({"status": "ready"})))
}
