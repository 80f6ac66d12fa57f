//! A control plane over HTTP.

use std::{path::Path, sync::OnceLock, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use libtenancy::{
    Error, Result,
    agent::AgentStatus,
    api::{
        CreateTenant, Deleted, DryRun, ErrorBody, InboxList, RegisterWebhook, StatusView, StopTenant, SuspendTenant,
        TenantList, TenantView, UpdateTenant, WebhookView, Woken,
        nodes::NodeList,
        pool::{PoolView, ScalePool},
        probe::ProbeReport,
    },
    clock::Stopwatch,
    drivers::kubernetes::tunnel::Tunnel,
    secret::{Secret, random_bytes, read_private},
};
use reqwest::{Method, RequestBuilder, Response, header};
use serde::{Serialize, de::DeserializeOwned};
use services::{http_error, idempotency, request_id};

use super::{
    direct::update_name,
    path::{encode, query, segment},
};
use crate::settings::Settings;

/// How long an answer may take that waits for nobody.
pub(super) const PLAIN: Duration = Duration::from_secs(30);

/// How long an answer may take that waits for an agent: a cold start, a drain, a snapshot.
const PATIENT: Duration = Duration::from_mins(5);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// The pauses before an order is given again whose answer was lost.
const AGAIN: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// The part that errors name.
pub(super) const PART: &str = "control plane";

/// A control plane at a URL.
pub struct Http {
    client: reqwest::Client,
    orchestrator: String,
    router: Option<String>,
    token: Option<Secret>,
    timeout: Option<Duration>,
    verbose: bool,
    request_id: String,
    /// What the keys of orders begin with; each has one of its own without it.
    idempotency_key: Option<String>,
    /// Whether orders are rehearsed.
    rehearses: bool,
    /// The way there, if it is in a cluster.
    _tunnel: Option<Tunnel>,
}

impl Http {
    /// A client; reads the token, asks nothing yet.
    pub(super) fn new(
        settings: &Settings,
        orchestrator: &str,
        router: Option<String>,
        token_file: Option<&Path>,
    ) -> Result<Self> {
        Self::with(settings, orchestrator, router, token_file.map(token).transpose()?, None)
    }

    /// A client of a control plane in a cluster.
    pub(super) fn through(settings: &Settings, tunnel: Tunnel) -> Result<Self> {
        let (url, token) = (format!("http://{}", tunnel.address), tunnel.token.clone());
        Self::with(settings, &url, settings.router_url.clone(), Some(token), Some(tunnel))
    }

    fn with(
        settings: &Settings,
        orchestrator: &str,
        router: Option<String>,
        token: Option<Secret>,
        tunnel: Option<Tunnel>,
    ) -> Result<Self> {
        // A redirect could carry the token elsewhere; the API has none.
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(settings.request_timeout.map_or(CONNECT, |timeout| timeout.min(CONNECT)))
            .user_agent(concat!("ztm/", env!("CARGO_PKG_VERSION")));
        if orchestrator.starts_with("http://") && router.as_ref().is_none_or(|url| url.starts_with("http://")) {
            // No proxy may see a token in the clear, and reading the system's certificates would be most of the time.
            builder = builder.no_proxy().tls_certs_only([]);
        }
        Ok(Self {
            client: builder.build().map_err(|e| Error::unavailable(PART, e))?,
            orchestrator: orchestrator.trim_end_matches('/').to_owned(),
            router,
            token,
            timeout: settings.request_timeout,
            verbose: settings.verbose > 0,
            request_id: settings.request_id.clone(),
            idempotency_key: settings.idempotency_key.clone(),
            rehearses: settings.rehearses.is_some(),
            _tunnel: tunnel,
        })
    }

    /// The orchestrator's base URL.
    pub fn orchestrator(&self) -> &str {
        &self.orchestrator
    }

    /// The router's base URL, where it is known.
    pub fn router(&self) -> Option<&str> {
        self.router.as_deref()
    }

    /// Whether the router answers its health check; `None` if its URL is not known.
    pub async fn router_healthy(&self) -> Option<bool> {
        let url = format!("{}/healthz", self.router.as_deref()?.trim_end_matches('/'));
        let answer = self.client.get(url).timeout(self.timeout.unwrap_or(CONNECT)).send().await;
        Some(answer.is_ok_and(|answer| answer.status().is_success()))
    }

    /// Has it try every part of its own.
    pub async fn probe(&self) -> Result<ProbeReport> {
        self.call(Method::POST, "/admin/probe", NONE, PLAIN).await
    }

    /// Whether the orchestrator says that it is ready.
    pub async fn ready(&self) -> Result<()> {
        self.send(self.request(Method::GET, "/readyz"), PLAIN, "GET /readyz").await.map(drop)
    }

    /// Whether it answers at all.
    pub async fn healthy(&self) -> Result<()> {
        self.send(self.request(Method::GET, "/healthz"), PLAIN, "GET /healthz").await.map(drop)
    }

    pub(super) async fn tenant_create(&self, new: &CreateTenant) -> Result<TenantView> {
        self.call(Method::POST, "/tenants", Some(new), PATIENT).await
    }

    pub(super) async fn tenant_get(&self, id: &str) -> Result<TenantView> {
        self.call(Method::GET, &format!("/tenants/{}", tenant(id)?), NONE, PLAIN).await
    }

    pub(super) async fn tenant_list(
        &self,
        status: Option<&str>,
        labels: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<TenantList> {
        let limit = limit.to_string();
        let query = query([("status", status), ("label", labels), ("after", after), ("limit", Some(&limit))]);
        self.call(Method::GET, &format!("/tenants{query}"), NONE, PLAIN).await
    }

    pub(super) async fn tenant_update(&self, id: &str, change: &UpdateTenant) -> Result<TenantView> {
        self.call(Method::PATCH, &format!("/tenants/{}", tenant(id)?), Some(change), PATIENT).await
    }

    pub(super) async fn tenant_delete(&self, id: &str, keep_state: bool) -> Result<Deleted> {
        let path = format!("/tenants/{}?keep_state={keep_state}", tenant(id)?);
        self.call(Method::DELETE, &path, NONE, PATIENT).await
    }

    /// What the tenant's agent says of itself.
    pub async fn agent_status(&self, id: &str) -> Result<AgentStatus> {
        self.call(Method::GET, &format!("/tenants/{}/agent", tenant(id)?), NONE, PLAIN).await
    }

    /// The machines that agents run on.
    pub async fn node_list(&self) -> Result<NodeList> {
        self.call(Method::GET, "/nodes", NONE, PLAIN).await
    }

    /// What the warm pool is doing.
    pub async fn pool_get(&self) -> Result<PoolView> {
        self.call(Method::GET, "/pool", NONE, PLAIN).await
    }

    /// Sets its size.
    pub async fn pool_scale(&self, size: ScalePool) -> Result<PoolView> {
        self.call(Method::PUT, "/pool", Some(&size), PLAIN).await
    }

    pub(super) async fn tenant_wake(&self, id: &str) -> Result<Woken> {
        self.call(Method::POST, &format!("/wake/{}", tenant(id)?), NONE, PATIENT).await
    }

    pub(super) async fn tenant_stop(&self, id: &str, how: &StopTenant) -> Result<TenantView> {
        let limit = PATIENT + how.drain_ms.map(Duration::from_millis).unwrap_or_default();
        self.call(Method::POST, &format!("/stop/{}", tenant(id)?), Some(how), limit).await
    }

    pub(super) async fn tenant_suspend(&self, id: &str, reason: &str) -> Result<TenantView> {
        let body = SuspendTenant { reason: reason.to_owned() };
        self.call(Method::POST, &format!("/suspend/{}", tenant(id)?), Some(&body), PATIENT).await
    }

    pub(super) async fn tenant_resume(&self, id: &str) -> Result<TenantView> {
        self.call(Method::POST, &format!("/resume/{}", tenant(id)?), NONE, PLAIN).await
    }

    pub(super) async fn tenant_logs(
        &self,
        id: &str,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        let path = format!("/tenants/{}/logs?tail={tail}&follow={follow}", tenant(id)?);
        let answer = self.open(&path, PLAIN).await?;
        Ok(answer.bytes_stream().map_err(|e| std::io::Error::other(e.without_url())).boxed())
    }

    pub(super) async fn update_list(
        &self,
        tenant: Option<&str>,
        stage: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<InboxList> {
        let limit = limit.to_string();
        let query = query([("tenant", tenant), ("stage", stage), ("after", after), ("limit", Some(&limit))]);
        self.call(Method::GET, &format!("/inbox{query}"), NONE, PLAIN).await
    }

    pub(super) async fn update_replay(&self, update: &str) -> Result<()> {
        self.order(Method::POST, "/inbox/replay", Some(&update_name(update)), PLAIN).await
    }

    pub(super) async fn update_drop(&self, update: &str) -> Result<()> {
        self.order(Method::POST, "/inbox/drop", Some(&update_name(update)), PLAIN).await
    }

    pub(super) async fn webhook_register(&self, id: &str, body: &RegisterWebhook) -> Result<WebhookView> {
        self.call(Method::POST, &format!("/admin/webhook/{}", tenant(id)?), Some(body), PLAIN).await
    }

    pub(super) async fn webhook_delete(&self, id: &str) -> Result<()> {
        self.order(Method::DELETE, &format!("/admin/webhook/{}", tenant(id)?), NONE, PLAIN).await
    }

    pub(super) async fn webhook_info(&self, id: &str) -> Result<WebhookView> {
        self.call(Method::GET, &format!("/admin/webhook/{}", tenant(id)?), NONE, PLAIN).await
    }

    pub(super) async fn status(&self) -> Result<StatusView> {
        self.call(Method::GET, "/status", NONE, PLAIN).await
    }

    /// Whether orders are only rehearsed.
    pub(super) fn rehearses(&self) -> bool {
        self.rehearses
    }

    /// How long the user lets an answer take, if they said so.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let rehearsal = if self.rehearses && method != Method::GET { "/dry-run" } else { "" };
        let url = format!("{}{rehearsal}{path}", self.orchestrator);
        let request = self.client.request(method, url).header(request_id::HEADER, asks_as(&self.request_id));
        match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }

    /// Asks, and reads the answer as `T`.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
        limit: Duration,
    ) -> Result<T> {
        let what = format!("{method} {path}");
        let request = with_body(self.keyed(method, path, body)?, body)?;
        let bytes = self.send(request, limit, &what).await?;
        serde_json::from_slice(&bytes).map_err(|e| {
            Error::unavailable(PART, format!("its answer to {what} cannot be read ({e}); is it another version?"))
        })
    }

    /// Asks, and needs no more than that it was done.
    async fn order(&self, method: Method, path: &str, body: Option<&impl Serialize>, limit: Duration) -> Result<()> {
        let what = format!("{method} {path}");
        self.send(with_body(self.keyed(method, path, body)?, body)?, limit, &what).await.map(drop)
    }

    /// A request; one that gives an order has a key, so that it can be given again.
    fn keyed(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Result<RequestBuilder> {
        if method == Method::GET {
            return Ok(self.request(method, path));
        }
        let key = match &self.idempotency_key {
            Some(key) => order_key(key, &method, path, &written(body)?),
            None => hex::encode(random_bytes::<16>()?),
        };
        Ok(self.request(method, path).header(idempotency::HEADER, key))
    }

    /// Asks. What has a key is asked again if its answer was lost on the way, for a few seconds: it is done once.
    pub(super) async fn send(&self, request: RequestBuilder, limit: Duration, what: &str) -> Result<Bytes> {
        let (mut request, mut lost) = (request, None);
        for pause in AGAIN.map(Some).into_iter().chain([None]) {
            let next = request.try_clone().filter(has_key);
            match self.send_once(request, limit, what).await {
                Err(error @ Error::OutcomeUnknown { .. }) => lost = Some(error),
                // Who lost it is not back yet, or is still at it.
                Err(Error::Unavailable { .. }) if lost.is_some() => {}
                answer => return answer,
            }
            let (Some(next), Some(pause)) = (next, pause) else { break };
            tokio::time::sleep(pause).await;
            request = next;
        }
        Err(lost.unwrap_or_else(|| Error::internal("nothing was asked")))
    }

    async fn send_once(&self, request: RequestBuilder, limit: Duration, what: &str) -> Result<Bytes> {
        let limit = self.timeout.unwrap_or(limit);
        let answer = self.watched(what, request.timeout(limit).send()).await.map_err(|e| classify(e, what, limit))?;
        let bytes = accepted(answer, limit, what).await?.bytes().await.map_err(|e| classify(e, what, limit))?;
        if !self.rehearses || what.starts_with("GET ") {
            return Ok(bytes);
        }
        let said: DryRun = serde_json::from_slice(&bytes)
            .map_err(|e| Error::unavailable(PART, format!("its answer to {what} is not that of a dry run ({e})")))?;
        Err(Error::Rehearsed { would: said.would.unwrap_or_else(|| NOTHING.to_owned()) })
    }

    /// Asks for a body that is read as it comes: only the answer's beginning has a limit.
    pub(super) async fn open(&self, path: &str, limit: Duration) -> Result<Response> {
        self.begun(self.request(Method::GET, path), limit, &format!("GET {path}")).await
    }

    /// The same for what an agent may have to be woken for, and for connections that become something else.
    pub(super) async fn opened(&self, request: RequestBuilder, what: &str) -> Result<Response> {
        self.begun(request, PATIENT, what).await
    }

    async fn begun(&self, request: RequestBuilder, limit: Duration, what: &str) -> Result<Response> {
        let limit = self.timeout.unwrap_or(limit);
        let answer = tokio::time::timeout(limit, self.watched(what, request.send()))
            .await
            .map_err(|_| Error::Timeout { what: what.to_owned(), after: limit })?
            .map_err(|e| classify(e, what, limit))?;
        if answer.status() == reqwest::StatusCode::SWITCHING_PROTOCOLS {
            return Ok(answer);
        }
        accepted(answer, limit, what).await
    }

    /// Says what is asked, and how it was answered, if `--verbose` asks for it.
    async fn watched(
        &self,
        what: &str,
        asked: impl Future<Output = reqwest::Result<Response>>,
    ) -> reqwest::Result<Response> {
        if !self.verbose {
            return asked.await;
        }
        say(&format!("{what} at {}", self.orchestrator));
        let watch = Stopwatch::start();
        let answer = asked.await;
        let came =
            answer.as_ref().map_or_else(|_| "no answer".to_owned(), |answer| answer.status().as_u16().to_string());
        say(&format!("{what}: {came} in {} ms, request id {}", watch.elapsed().as_millis(), asks_as(&self.request_id)));
        answer
    }
}

#[expect(clippy::print_stderr, reason = "`--verbose` asks for it; it is no data")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// The word of whoever does not know what is asked for.
const NO_ROUTE: &str = "no_route";

/// What an order does that finds everything as it is to be.
pub(super) const NOTHING: &str = "change nothing";

/// Under which id this process asks.
static ASKS_AS: OnceLock<String> = OnceLock::new();

fn asks_as(id: &str) -> &'static str {
    ASKS_AS.get_or_init(|| id.to_owned())
}

/// Under which id this process has asked a control plane; `None` if it has not.
pub fn asked_as() -> Option<&'static str> {
    ASKS_AS.get().map(String::as_str)
}

/// Whether a request can be given again.
fn has_key(request: &RequestBuilder) -> bool {
    let built = request.try_clone().and_then(|request| request.build().ok());
    built.is_some_and(|request| request.headers().contains_key(idempotency::HEADER))
}

/// The key of an order under `ZTM_IDEMPOTENCY_KEY`. A command may give more than one (`ztm apply`, `ztm inbox drop`): a key says
/// what its order is of, also where only the body does.
pub(super) fn order_key(key: &str, method: &Method, path: &str, body: &[u8]) -> String {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let of = ["tenant_id", "update"].iter().find_map(|name| body[name].as_str());
    let of = of.map(|of| format!(":{}", encode(of))).unwrap_or_default();
    format!("{key}:{method}:{path}{of}")
}

/// No body.
pub(super) const NONE: Option<&()> = None;

pub(super) fn tenant(id: &str) -> Result<String> {
    segment("tenant id", id)
}

/// Reads a token: one line of printable ASCII in a private file.
fn token(path: &Path) -> Result<Secret> {
    let text = read_private(path)?;
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::Corrupt {
            what: "token file",
            path: path.to_owned(),
            reason: "it must hold one word of printable ASCII".to_owned(),
        });
    }
    Ok(Secret::new(text))
}

pub(super) fn with_body(request: RequestBuilder, body: Option<&impl Serialize>) -> Result<RequestBuilder> {
    if body.is_none() {
        return Ok(request);
    }
    Ok(request.header(header::CONTENT_TYPE, "application/json").body(written(body)?))
}

/// A body as it is sent; nothing is empty.
pub(super) fn written(body: Option<&impl Serialize>) -> Result<Vec<u8>> {
    let written = body.map(serde_json::to_vec).transpose();
    written.map(Option::unwrap_or_default).map_err(|e| Error::internal(format!("a request cannot be written: {e}")))
}

/// The answer, if it is no error.
async fn accepted(answer: Response, limit: Duration, what: &str) -> Result<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = answer.bytes().await.map_err(|e| classify(e, what, limit))?;
    let code = serde_json::from_slice::<ErrorBody>(&body).map(|body| body.code);
    // Every orchestrator knows what it is asked for, and has words for what is not there.
    if status == reqwest::StatusCode::NOT_FOUND && code.is_ok_and(|code| code == NO_ROUTE) {
        let why = format!(
            "what answers there does not know {what}: it is no orchestrator of this version; is it the router?"
        );
        return Err(Error::unavailable(PART, why));
    }
    Err(http_error::error_from(status.as_u16(), &body))
}

/// What a failed exchange means. URLs are taken out: they say nothing new, and might one day hold what must not be seen.
fn classify(error: reqwest::Error, what: &str, limit: Duration) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        Error::unavailable(PART, error)
    } else if error.is_timeout() {
        Error::Timeout { what: what.to_owned(), after: limit }
    } else if error.is_builder() {
        Error::internal(format!("{what} cannot be asked: {error}"))
    } else {
        Error::outcome_unknown(PART, error)
    }
}
