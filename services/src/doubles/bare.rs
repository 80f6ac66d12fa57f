//! A bare handler: what this machine's HTTP stack can do at best, as the limit that a benchmark is read against.

use axum::{Router, body::Body, http::StatusCode, routing::post};

use crate::{body, http_error::HttpError};

/// Reads the body of a `POST` to `/` or `/tg/{tenant}` and answers 200.
pub fn app() -> Router {
    async fn handle(body: Body) -> Result<StatusCode, HttpError> {
        body::read(body, 1 << 20, None).await?;
        Ok(StatusCode::OK)
    }
    Router::new().route("/", post(handle)).route("/tg/{tenant}", post(handle))
}
