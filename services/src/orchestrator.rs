//! The face for operators, their tools and the other services: every route but the chat's.
//!
//! Owns routes, and how requests and answers are read and written. Decides nothing: see [`libtenancy::Tenancy`].
//! Every route but health is declared through [`guarded`] with the action it stands for. The job plane's routes are in the
//! files of their nouns.

mod feed;
mod jobs;
mod journal;
mod leases;
mod metrics;
mod nodes;
mod pool;
mod quotas;
mod rehearsal;
mod schedules;
mod session;
mod spend;
mod state;
mod why;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, State, rejection::PathRejection},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, delete, get, patch, post, put},
};
use libtenancy::{
    Error, Tenancy,
    agent::AgentStatus,
    api::{
        BotToken, CreateTenant, Deleted, InboxList, RegisterWebhook, StatusView, StopTenant, SuspendTenant, TenantList,
        TenantView, UpdateName, UpdateTenant, UpdateView, WakeView, WebhookView, Woken, probe::ProbeReport,
    },
    inbox::{Stage, UpdateKey},
    labels::Selector,
    ports::{inboxes::UpdateFilter, tenants::Filter},
    secret::Secret,
    tenancy::{NewTenant, TenantChange},
    tenant::{Status, StopReason, TenantId, idle_timeout_from_secs},
};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    auth::{Action, Auth},
    body, health,
    http_error::HttpError,
    idempotency, request_id,
};

/// The largest request body, in bytes.
pub const MAX_BODY: usize = 64 << 10;

/// The rows of a page: unless told, and at most.
const PAGE: usize = 100;
const MAX_PAGE: usize = 1_000;

/// The lines of a log: unless told, and at most.
const TAIL: usize = 100;
const MAX_TAIL: usize = 100_000;

type Answer<T> = Result<T, HttpError>;

/// The orchestrator's routes.
pub fn app(tenancy: Tenancy, auth: Auth) -> Router {
    let auth = Arc::new(auth);
    routes(&auth)
        .route("/dry-run/{*path}", any(rehearsal::rehearse).layer(Extension(Arc::clone(&auth))))
        .layer(Extension(tenancy.clone()))
        .layer(middleware::from_fn(request_id::named))
        .with_state(tenancy)
}

/// The routes, without a handle to answer them with.
fn routes(auth: &Arc<Auth>) -> Router<Tenancy> {
    let on = |action, routes| guarded(auth, action, routes);
    Router::new()
        .route("/tenants", on(Action::Read, get(tenant_list)).merge(on(Action::Administer, post(tenant_create))))
        .route(
            "/tenants/{id}",
            on(Action::Read, get(tenant_get))
                .merge(on(Action::Administer, patch(tenant_update)))
                .merge(on(Action::Administer, delete(tenant_delete))),
        )
        .route("/tenants/{id}/activity", on(Action::Wake, put(tenant_touch)))
        .route("/tenants/{id}/bot_token", on(Action::BotToken, get(bot_token)))
        .route("/tenants/{id}/logs", on(Action::ReadContent, get(tenant_logs)))
        .route("/tenants/{id}/journal", on(Action::ReadContent, get(journal::get)))
        .route("/events", on(Action::Read, get(feed::events)))
        .route("/tenants/{id}/exec", on(Action::Administer, post(session::open)))
        .route("/tenants/{id}/agent", on(Action::Read, get(agent_status)))
        .route("/tenants/{id}/state", on(Action::Read, get(state::get)))
        .route("/tenants/{id}/state/verify", on(Action::Operate, post(state::verify)))
        .route("/tenants/{id}/state/restore", on(Action::Administer, post(state::restore)))
        .route("/tenants/{id}/state/archive", on(Action::ReadContent, get(state::export)))
        .route("/tenants/{id}/snapshot", on(Action::Operate, post(state::snapshot)))
        .route("/wake/{id}", on(Action::Wake, post(tenant_wake)))
        .route("/stop/{id}", on(Action::Operate, post(tenant_stop)))
        .route("/inbox", on(Action::Read, get(update_list)))
        .route("/inbox/replay", on(Action::Operate, post(update_replay)))
        .route("/inbox/drop", on(Action::Administer, post(update_drop)))
        .route(
            "/admin/webhook/{id}",
            on(Action::Read, get(webhook_info))
                .merge(on(Action::Operate, post(webhook_register)))
                .merge(on(Action::Operate, delete(webhook_delete))),
        )
        .route("/admin/probe", on(Action::Administer, post(probe)))
        .route("/suspend/{id}", on(Action::Operate, post(tenant_suspend)))
        .route("/resume/{id}", on(Action::Operate, post(tenant_resume)))
        .route("/feed", on(Action::Read, get(feed::feed)))
        .route("/nodes", on(Action::Read, get(nodes::list)))
        .route("/pool", on(Action::Read, get(pool::get)).merge(on(Action::Operate, put(pool::scale))))
        .route("/status", on(Action::Read, get(status)))
        .route("/metrics", on(Action::Read, get(metrics::metrics)))
        .route("/jobs", on(Action::Read, get(jobs::list)).merge(on(Action::Operate, post(jobs::submit))))
        .route("/submit", on(Action::Operate, post(jobs::submit)))
        .route("/jobs/{id}", on(Action::ReadContent, get(jobs::get)))
        .route("/jobs/{id}/wait", on(Action::ReadContent, get(jobs::wait)))
        .route("/jobs/{id}/cancel", on(Action::Operate, post(jobs::cancel)))
        .route("/jobs/{id}/retry", on(Action::Operate, post(jobs::retry)))
        .route("/leases/claim", on(Action::Lease, post(leases::claim)))
        .route("/leases/renew", on(Action::Lease, post(leases::renew)))
        .route("/leases/finalize", on(Action::Lease, post(leases::finalize)))
        .route("/turns", on(Action::Lease, post(leases::turn)))
        .route("/turns/prepare", on(Action::Lease, post(leases::prepare)))
        .route("/quotas", on(Action::Read, get(quotas::list)))
        .route("/quotas/{id}", on(Action::Read, get(quotas::get)).merge(on(Action::Administer, patch(quotas::set))))
        .route("/quotas/{id}/grants", on(Action::Administer, post(quotas::grant)))
        .route("/quotas/{id}/revocations", on(Action::Administer, post(quotas::revoke)))
        .route("/schedules", on(Action::ReadContent, get(schedules::list)))
        .route(
            "/tenants/{id}/schedules/{name}",
            on(Action::ReadContent, get(schedules::get))
                .merge(on(Action::Operate, put(schedules::set)))
                .merge(on(Action::Operate, delete(schedules::remove))),
        )
        .route("/tenants/{id}/schedules/{name}/run", on(Action::Operate, post(schedules::run)))
        .route("/spend/report", on(Action::Read, get(spend::report)))
        .route("/spend/audit", on(Action::Read, get(spend::audit)))
        .route("/spend/rows", on(Action::Read, get(spend::rows)))
        .route("/why/tenant/{id}", on(Action::Read, get(why::tenant)))
        .route("/why/job/{id}", on(Action::Read, get(why::job)))
        .route("/why/wake/{id}", on(Action::Read, get(why::wake)))
        .merge(health::routes())
        .fallback(async || HttpError::no_route())
        .method_not_allowed_fallback(async || HttpError::no_method())
}

/// `routes` for callers that may do `action`; their role is an extension of the request.
fn guarded(auth: &Arc<Auth>, action: Action, routes: MethodRouter<Tenancy>) -> MethodRouter<Tenancy> {
    let auth = Arc::clone(auth);
    routes.route_layer(middleware::from_fn(move |mut request: Request, next: Next| {
        let auth = Arc::clone(&auth);
        async move {
            let header = request.headers().get(header::AUTHORIZATION).cloned();
            match auth.allow(header.as_ref().map(HeaderValue::as_bytes), action).await {
                Ok(role) => {
                    request.extensions_mut().insert(role);
                    // What changes something, in whose name: the services' own many calls aside.
                    let order = matches!(action, Action::Operate | Action::Administer)
                        .then(|| (request.method().clone(), request.uri().path().to_owned()));
                    let rehearsed = request.extensions().get::<rehearsal::Rehearsed>().is_some();
                    let keeps = request.extensions().get::<Tenancy>().filter(|_| order.is_some() && !rehearsed);
                    let response = match keeps {
                        Some(tenancy) => {
                            let given = idempotency::once(tenancy.clone(), role, request, next).await;
                            given.unwrap_or_else(IntoResponse::into_response)
                        }
                        None => next.run(request).await,
                    };
                    if let Some((method, path)) = order {
                        let status = response.status().as_u16();
                        let what = if rehearsed { "order, rehearsed" } else { "order" };
                        tracing::info!(role = role.label(), %method, path, status, "{what}");
                    }
                    response
                }
                Err(error) => HttpError::from(error).into_response(),
            }
        }
    }))
}

/// The tenant named in the path.
struct Named(TenantId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = HttpError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let path: Result<Path<String>, PathRejection> = Path::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(|_| Error::invalid("tenant id", "the path is not UTF-8"))?;
        Ok(Self(id.parse()?))
    }
}

/// The query, with its fields checked.
struct Asked<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = HttpError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        let Query(query) =
            Query::try_from_uri(&parts.uri).map_err(|rejection| Error::invalid("query", rejection.body_text()))?;
        Ok(Self(query))
    }
}

/// The JSON body, of at most `MAX` bytes.
struct Sent<T, const MAX: usize = MAX_BODY>(T);

impl<S: Send + Sync, T: DeserializeOwned, const MAX: usize> FromRequest<S> for Sent<T, MAX> {
    type Rejection = HttpError;
    async fn from_request(request: Request, _: &S) -> Answer<Self> {
        let read = body::read(request.into_body(), MAX, None).await?;
        Ok(Self(body::json(&read.bytes)?))
    }
}

/// The JSON body, or its default if there is none.
struct MaybeSent<T>(T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeSent<T> {
    type Rejection = HttpError;
    async fn from_request(request: Request, _: &S) -> Answer<Self> {
        let read = body::read(request.into_body(), MAX_BODY, None).await?;
        Ok(Self(if read.bytes.is_empty() { T::default() } else { body::json(&read.bytes)? }))
    }
}

fn within(field: &'static str, given: Option<usize>, default: usize, most: usize) -> libtenancy::Result<usize> {
    let number = given.unwrap_or(default);
    if (1..=most).contains(&number) {
        Ok(number)
    } else {
        Err(Error::invalid(field, format!("{number} must be from 1 to {most}")))
    }
}

/// An optional word of a query that must be one of `words`; an empty one counts as absent.
fn label(field: &'static str, given: Option<String>, words: &[&str]) -> libtenancy::Result<Option<String>> {
    match given.filter(|word| !word.is_empty()) {
        Some(word) if !words.contains(&&*word) => {
            Err(Error::invalid(field, format!("{word:?} must be one of {}", words.join(", "))))
        }
        other => Ok(other),
    }
}

async fn status(State(tenancy): State<Tenancy>) -> Answer<Json<StatusView>> {
    Ok(Json(tenancy.status().await?))
}

async fn tenant_create(
    State(tenancy): State<Tenancy>,
    Sent(new): Sent<CreateTenant>,
) -> Answer<(StatusCode, Json<TenantView>)> {
    let id = new.tenant_id.parse()?;
    let idle_timeout = new.idle_timeout_s.map(idle_timeout_from_secs).transpose()?;
    let new = NewTenant { id, bot_token: new.bot_token.map(Secret::new), idle_timeout, labels: new.labels };
    let tenant = tenancy.tenant_create(new).await?;
    Ok((StatusCode::CREATED, Json(TenantView::from(&tenant))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantQuery {
    status: Option<String>,
    label: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

async fn tenant_list(State(tenancy): State<Tenancy>, Asked(query): Asked<TenantQuery>) -> Answer<Json<TenantList>> {
    let filter = Filter { status: label("status", query.status, &Status::LISTED_BY)?, ..Filter::default() };
    let after: Option<TenantId> = query.after.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose()?;
    let labels: Selector = query.label.as_deref().map(str::parse).transpose()?.unwrap_or_default();
    let limit = within("limit", query.limit, PAGE, MAX_PAGE)?;
    let page = tenancy.tenant_list(&filter, &labels, after.as_ref(), limit).await?;
    Ok(Json(TenantList {
        tenants: page.items.iter().map(TenantView::from).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

/// Tries every part of the control plane.
async fn probe(State(tenancy): State<Tenancy>) -> Answer<Json<ProbeReport>> {
    Ok(Json(tenancy.probe().await?))
}

async fn tenant_get(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<TenantView>> {
    Ok(Json(tenancy.tenant_view(&id).await?))
}

async fn tenant_update(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Sent(change): Sent<UpdateTenant>,
) -> Answer<Json<TenantView>> {
    if change.bot_token.is_none() && change.idle_timeout_s.is_none() && change.labels.is_empty() {
        return Err(Error::invalid("body", "it changes nothing").into());
    }
    let idle_timeout = change.idle_timeout_s.map(idle_timeout_from_secs).transpose()?;
    let change = TenantChange { bot_token: change.bot_token.map(Secret::new), idle_timeout, labels: change.labels };
    Ok(Json(TenantView::from(&tenancy.tenant_update(&id, change).await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteQuery {
    #[serde(default)]
    keep_state: bool,
}

async fn tenant_delete(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Asked(query): Asked<DeleteQuery>,
) -> Answer<Json<Deleted>> {
    tenancy.tenant_delete(&id, query.keep_state).await?;
    Ok(Json(Deleted { tenant_id: id.to_string(), state_kept: query.keep_state }))
}

async fn tenant_touch(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<StatusCode> {
    tenancy.tenant_touch(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn tenant_wake(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<Woken>> {
    let (agent, phases) = tenancy.tenant_wake(&id).await?;
    Ok(Json(Woken {
        pod_ip: agent.endpoint.to_string(),
        generation: agent.generation.0,
        wake: phases.as_ref().map(WakeView::from),
    }))
}

async fn tenant_stop(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    MaybeSent(asked): MaybeSent<StopTenant>,
) -> Answer<Json<TenantView>> {
    if asked.force && asked.drain_ms.is_some() {
        return Err(Error::invalid("drain_ms", "a stop by force drains nothing").into());
    }
    let reason = if asked.force { StopReason::Forced } else { StopReason::Operator };
    let drain = asked.drain_ms.map(Duration::from_millis);
    Ok(Json(TenantView::from(&tenancy.tenant_stop_within(&id, reason, drain).await?)))
}

async fn tenant_suspend(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Sent(asked): Sent<SuspendTenant>,
) -> Answer<Json<TenantView>> {
    Ok(Json(TenantView::from(&tenancy.tenant_suspend(&id, &asked.reason).await?)))
}

async fn tenant_resume(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<TenantView>> {
    Ok(Json(TenantView::from(&tenancy.tenant_resume(&id).await?)))
}

async fn agent_status(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<AgentStatus>> {
    Ok(Json(tenancy.agent_status(&id).await?))
}

async fn bot_token(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Response> {
    let token = tenancy.bot_token(&id).await?;
    let mut response = Json(BotToken { bot_token: token.expose().to_owned() }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogQuery {
    tail: Option<usize>,
    #[serde(default)]
    follow: bool,
}

async fn tenant_logs(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    Asked(query): Asked<LogQuery>,
) -> Answer<Response> {
    let tail = match query.tail {
        Some(0) => 0,
        other => within("tail", other, TAIL, MAX_TAIL)?,
    };
    let lines = tenancy.tenant_logs(&id, tail, query.follow).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, Body::from_stream(lines)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InboxQuery {
    tenant: Option<String>,
    stage: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

async fn update_list(State(tenancy): State<Tenancy>, Asked(query): Asked<InboxQuery>) -> Answer<Json<InboxList>> {
    let filter = UpdateFilter {
        tenant: query.tenant.filter(|id| !id.is_empty()).map(|id| id.parse()).transpose()?,
        stage: label("stage", query.stage, &Stage::LABELS)?,
    };
    let after: Option<UpdateKey> = query.after.filter(|key| !key.is_empty()).map(|key| key.parse()).transpose()?;
    let limit = within("limit", query.limit, PAGE, MAX_PAGE)?;
    // One more than asked for says whether there is a next page.
    let updates = tenancy.update_list(&filter, after.as_ref(), limit + 1).await?;
    let next = if updates.len() > limit { updates.get(limit - 1).map(|update| update.key.to_string()) } else { None };
    Ok(Json(InboxList { updates: updates.iter().take(limit).map(UpdateView::from).collect(), next }))
}

async fn update_replay(State(tenancy): State<Tenancy>, Sent(name): Sent<UpdateName>) -> Answer<StatusCode> {
    tenancy.update_replay(&name.update.parse()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn update_drop(State(tenancy): State<Tenancy>, Sent(name): Sent<UpdateName>) -> Answer<StatusCode> {
    tenancy.update_drop(&name.update.parse()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn webhook_info(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<Json<WebhookView>> {
    Ok(Json(tenancy.webhook_info(&id).await?))
}

async fn webhook_register(
    State(tenancy): State<Tenancy>,
    Named(id): Named,
    MaybeSent(asked): MaybeSent<RegisterWebhook>,
) -> Answer<Json<WebhookView>> {
    Ok(Json(tenancy.webhook_register(&id, asked.base_url.as_deref()).await?))
}

async fn webhook_delete(State(tenancy): State<Tenancy>, Named(id): Named) -> Answer<StatusCode> {
    tenancy.webhook_delete(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
