//! Orders that are rehearsed: every route once more below `/dry-run`, behind the same guards, on a handle that does not write.
//!
//! A control plane that does not know these paths refuses them: an order that is to be rehearsed is never carried out.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Json,
    body::to_bytes,
    extract::{Path, Request, State},
    http::{Method, Uri},
    response::{IntoResponse, Response},
};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use libtenancy::{
    Tenancy,
    api::{DryRun, ErrorBody},
};

use super::{MAX_BODY, routes};
use crate::{
    auth::Auth,
    http_error::{self, HttpError},
};

/// Says of a request that it is rehearsed.
#[derive(Clone, Copy)]
pub(super) struct Rehearsed;

pub(super) async fn rehearse(
    State(tenancy): State<Tenancy>,
    Extension(auth): Extension<Arc<Auth>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpError::no_method().into_response();
    }
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let Ok(uri) = format!("/{path}{query}").parse::<Uri>() else { return HttpError::no_route().into_response() };
    // What was found of the outer path must not be taken for part of the inner one.
    let (asked, body) = request.into_parts();
    let mut request = Request::new(body);
    (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (asked.method, uri, asked.headers);
    request.extensions_mut().insert(Rehearsed);
    let rehearsal = tenancy.rehearsal();
    let routes = TowerToHyperService::new(routes(&auth).with_state(rehearsal.tenancy.clone()));
    let answer: Result<Response, Infallible> = routes.call(request).await;
    let Ok(answer) = answer;
    if !answer.status().is_success() {
        return answer;
    }
    let body = to_bytes(answer.into_body(), MAX_BODY).await.unwrap_or_default();
    let said = serde_json::from_slice::<ErrorBody>(&body).ok();
    let would = said.and_then(|said| http_error::would(&said).map(str::to_owned));
    Json(DryRun { dry_run: true, would }).into_response()
}
