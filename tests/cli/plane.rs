//! The other end of the wire: a small control plane that keeps records in memory, speaks `libtenancy::api`, and remembers
//! every request, so that the tests see what the command really asks. It is found as a real one is: by `up.json` and the
//! held `up.lock`.

use std::{
    collections::BTreeMap,
    fs::File,
    os::unix::fs::OpenOptionsExt,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{Method, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use libtenancy::{
    api::{
        CreateTenant, Deleted, ErrorBody, InboxList, StatusView, TenantList, TenantView, UpdateTenant, UpdateView,
        WakePhasesView, WakeView, WebhookView, Woken,
        feed::{Begin, Change, EventList, Piece, TenantLine},
        jobs::{JobOutcome, JobView},
    },
    clock::{Clock, SystemClock, Timestamp},
    credits::MicroCredits,
    labels::Selector,
    ports::{inboxes::InboxCounts, jobs::Waits},
    tenant::DEFAULT_IDLE_TIMEOUT,
};
use serde_json::Value;
use ztm::discovery::Up;

use super::invocation::World;

/// The token it asks for.
pub(crate) const TOKEN: &str = "0123456789abcdef";

/// The most rows of one page, whatever is asked for.
const PAGE: usize = 100;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) body: Value,
    pub(crate) idempotency_key: Option<String>,
}

#[derive(Default)]
struct Records {
    asked: Vec<Asked>,
    tenants: BTreeMap<String, TenantView>,
    updates: Vec<UpdateView>,
    touched: BTreeMap<String, u64>,
    log: Vec<String>,
    told: String,
    answers: BTreeMap<String, (StatusCode, String)>,
    slow: BTreeMap<String, std::time::Duration>,
    webhooks: BTreeMap<String, String>,
}

/// A control plane that runs until it is dropped.
pub(crate) struct Plane {
    records: Arc<Mutex<Records>>,
    pub(crate) url: String,
    runtime: Option<tokio::runtime::Runtime>,
    lock: Option<File>,
}

impl Plane {
    /// Starts one that is not found by itself, only by its URL.
    pub(crate) fn elsewhere() -> Self {
        let records = Arc::new(Mutex::new(Records::default()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(Arc::clone(&records));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { records, url, runtime: Some(runtime), lock: None }
    }

    /// Starts one on the world's state directory.
    pub(crate) fn on(world: &mut World) -> Self {
        let mut plane = Self::elsewhere();
        let state_dir = world.state_dir();
        std::fs::create_dir_all(&state_dir).unwrap();
        let lock = state_dir.join("up.lock");
        std::fs::write(&lock, std::process::id().to_string()).unwrap();
        plane.lock = Some(File::open(&lock).unwrap());
        let token_file = state_dir.join("token");
        write_token(&token_file, TOKEN);
        let up = Up {
            pid: std::process::id(),
            orchestrator: plane.url.clone(),
            router: Some(plane.url.clone()),
            token_file,
            started_at: SystemClock::default().now(),
        };
        up.write(&state_dir).unwrap();
        world.hide(plane.url.clone(), "[URL]");
        world.hide(format!("pid {}", std::process::id()), "pid [PID]");
        plane
    }

    /// The requests so far, each as `METHOD path?query`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.records.lock().unwrap().asked.iter().map(|asked| asked.line.clone()).collect()
    }

    /// The body of the last request.
    pub(crate) fn last_body(&self) -> Value {
        self.records.lock().unwrap().asked.last().unwrap().body.clone()
    }

    /// The idempotency keys of the requests so far that had one.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.records.lock().unwrap().asked.iter().filter_map(|asked| asked.idempotency_key.clone()).collect()
    }

    /// The idempotency key of the last request.
    pub(crate) fn last_key(&self) -> Option<String> {
        self.records.lock().unwrap().asked.last().unwrap().idempotency_key.clone()
    }

    /// Makes a request line be answered with an error.
    pub(crate) fn fail(&self, line: &str, status: u16, code: &str, error: &str) {
        let body = ErrorBody { code: code.to_owned(), error: error.to_owned(), hint: None, request_id: None };
        self.answer(line, status, &serde_json::to_string(&body).unwrap());
    }

    /// Makes a request line be answered with this.
    pub(crate) fn answer(&self, line: &str, status: u16, body: &str) {
        let status = StatusCode::from_u16(status).unwrap();
        self.records.lock().unwrap().answers.insert(line.to_owned(), (status, body.to_owned()));
    }

    /// Makes a request line be answered only after so long.
    pub(crate) fn slow(&self, line: &str, after: std::time::Duration) {
        self.records.lock().unwrap().slow.insert(line.to_owned(), after);
    }

    pub(crate) fn tenant(&self, id: &str, change: impl FnOnce(&mut TenantView)) {
        let mut tenant = idle(id);
        change(&mut tenant);
        self.records.lock().unwrap().tenants.insert(id.to_owned(), tenant);
    }

    /// A tenant as it is answered.
    pub(crate) fn tenant_json(&self, id: &str) -> String {
        serde_json::to_string(&self.records.lock().unwrap().tenants[id]).unwrap()
    }

    pub(crate) fn tenant_runs(&self, id: &str) {
        run(self.records.lock().unwrap().tenants.get_mut(id).unwrap());
    }

    /// Says that something of this tenant's was written.
    pub(crate) fn touch(&self, id: &str) {
        *self.records.lock().unwrap().touched.entry(id.to_owned()).or_default() += 1;
    }

    pub(crate) fn without_tenant(&self, id: &str) {
        self.records.lock().unwrap().tenants.remove(id);
    }

    pub(crate) fn update(&self, tenant: &str, update_id: i64, stage: &str, error: Option<&str>) {
        let at = three_days_ago();
        self.records.lock().unwrap().updates.push(UpdateView {
            tenant_id: tenant.to_owned(),
            bot_id: 7,
            update_id,
            stage: stage.to_owned(),
            reason: None,
            received_at: at,
            takes: 1,
            attempts: u32::from(error.is_some()),
            not_before: at,
            last_error: error.map(str::to_owned),
            possible_repeats: 0,
        });
    }

    /// Another stage of the update that was added at this place.
    pub(crate) fn stage(&self, place: usize, stage: &str) {
        let mut records = self.records.lock().unwrap();
        let update = &mut records.updates[place];
        stage.clone_into(&mut update.stage);
        let tenant = update.tenant_id.clone();
        drop(records);
        self.touch(&tenant);
    }

    /// Adds this line to the journal of every tenant.
    pub(crate) fn told(&self, line: &serde_json::Value) {
        let mut records = self.records.lock().unwrap();
        let told = &mut records.told;
        told.push_str(&line.to_string());
        told.push('\n');
    }

    pub(crate) fn log(&self, lines: &[&str]) {
        self.records.lock().unwrap().log = lines.iter().map(|line| (*line).to_owned()).collect();
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A job of the age that everything has here, as JSON.
pub(crate) fn job(id: &str, status: &str, change: impl FnOnce(&mut JobView)) -> String {
    let mut job = JobView {
        job_id: id.to_owned(),
        tenant_id: id.split('.').next().unwrap().to_owned(),
        agent_id: "main".to_owned(),
        status: status.to_owned(),
        delay_reason: None,
        until: None,
        worker: None,
        cost_gpu_seconds: MicroCredits::credits(5),
        held_gpu_seconds: MicroCredits::ZERO,
        used_gpu_seconds: MicroCredits(1_500_000),
        priority: 5,
        attempts: 1,
        max_attempts: 3,
        cancelling: false,
        submitted_at: three_days_ago(),
        ended_at: None,
        prompt: None,
        outcome: Some(JobOutcome::default()),
    };
    change(&mut job);
    serde_json::to_string(&job).unwrap()
}

/// Writes a token file as a control plane does.
pub(crate) fn write_token(path: &std::path::Path, token: &str) {
    use std::io::Write;
    let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path).unwrap();
    writeln!(file, "{token}").unwrap();
}

/// A moment whose age is shown as `3d` for as long as a test runs; the same for all of it.
fn three_days_ago() -> Timestamp {
    static MOMENT: std::sync::OnceLock<Timestamp> = std::sync::OnceLock::new();
    *MOMENT.get_or_init(|| SystemClock::default().now() - std::time::Duration::from_hours(84))
}

fn idle(id: &str) -> TenantView {
    let at = three_days_ago();
    TenantView {
        tenant_id: id.to_owned(),
        status: "idle".to_owned(),
        suspended: None,
        suspended_since: None,
        generation: 1,
        since: at,
        stop_reason: None,
        pod_name: None,
        pod_ip: None,
        bot_id: None,
        webhook_url: None,
        created_at: at,
        last_active_at: at,
        idle_timeout_s: DEFAULT_IDLE_TIMEOUT.as_secs(),
        labels: libtenancy::labels::Labels::default(),
        s3_prefix: format!("tenants/{id}/"),
        snapshot: None,
        last_wake: None,
    }
}

fn run(tenant: &mut TenantView) {
    "running".clone_into(&mut tenant.status);
    tenant.pod_name = Some("w-1".to_owned());
    tenant.pod_ip = Some("unix:/w-1.sock".to_owned());
}

fn error(status: StatusCode, code: &str, text: String) -> Response {
    (status, Json(ErrorBody { code: code.to_owned(), error: text, hint: None, request_id: None })).into_response()
}

fn unknown(id: &str) -> Response {
    error(StatusCode::NOT_FOUND, "not_found", format!("tenant `{id}` not found"))
}

async fn answer(State(records): State<Arc<Mutex<Records>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body: Value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    let line = format!("{} {}", parts.method, parts.uri);
    let pause = records.lock().unwrap().slow.get(&line).copied().unwrap_or_default();
    tokio::time::sleep(pause).await;
    let all = Arc::clone(&records);
    let mut records = records.lock().unwrap();
    let idempotency_key = parts.headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    records.asked.push(Asked { line: line.clone(), body: body.clone(), idempotency_key });
    if let Some((status, text)) = records.answers.get(&line) {
        return (*status, text.clone()).into_response();
    }
    let path = parts.uri.path();
    if matches!(path, "/healthz" | "/readyz") {
        return "ok".into_response();
    }
    let bearer = format!("Bearer {TOKEN}");
    if parts.headers.get(AUTHORIZATION).is_none_or(|value| value.as_bytes() != bearer.as_bytes()) {
        return error(StatusCode::UNAUTHORIZED, "unauthenticated", "not authenticated".to_owned());
    }
    if path == "/feed" {
        return feed(all);
    }
    let asked = reqwest::Url::parse(&format!("http://plane/?{}", parts.uri.query().unwrap_or_default())).unwrap();
    let pairs: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
    let query = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    records.route(&parts.method, &segments, &query, body)
}

/// The feed: what there is, and then what differs from it.
fn feed(records: Arc<Mutex<Records>>) -> Response {
    let event = |change: Change| {
        let piece = Piece { at: SystemClock::default().now(), change };
        Ok::<_, std::convert::Infallible>(format!("data: {}\n\n", serde_json::to_string(&piece).unwrap()))
    };
    let begun = [event(Change::Begin(Begin { live: true, max_running: 1_000, ..Begin::default() }))];
    let told: (BTreeMap<String, (TenantView, u64)>, bool) = (BTreeMap::new(), false);
    let rest = futures::stream::unfold((records, told), move |(records, (mut told, ready))| async move {
        let changes = loop {
            let now = records.lock().unwrap().touched_tenants();
            let fresh = now.iter().filter(|(id, tenant)| told.get(*id) != Some(*tenant));
            let fresh = fresh.map(|(_, (tenant, _))| line_of(tenant)).collect();
            let gone: Vec<_> = told.keys().filter(|id| !now.contains_key(*id)).cloned().collect();
            let changes = [Change::Tenants(fresh), Change::Gone(gone)];
            let news = changes.iter().any(|change| {
                !matches!(change, Change::Tenants(lines) if lines.is_empty())
                    && !matches!(change, Change::Gone(ids) if ids.is_empty())
            });
            told = now;
            if news || !ready {
                let first = if ready { vec![] } else { vec![Change::Ready, Change::Beat] };
                break changes.into_iter().chain(first);
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        Some((futures::stream::iter(changes.map(event).collect::<Vec<_>>()), (records, (told, true))))
    });
    let body = futures::stream::iter(begun).chain(futures::StreamExt::flatten(rest));
    axum::body::Body::from_stream(body).into_response()
}

/// A tenant as the feed has it.
fn line_of(tenant: &TenantView) -> TenantLine {
    serde_json::from_value(serde_json::json!({
        "id": tenant.tenant_id, "status": tenant.status, "suspended": tenant.suspended, "generation": tenant.generation,
        "since": tenant.since, "last_active_at": tenant.last_active_at, "idle_timeout_s": tenant.idle_timeout_s,
    }))
    .unwrap()
}

impl Records {
    /// Every tenant, and how often something of it was written.
    fn touched_tenants(&self) -> BTreeMap<String, (TenantView, u64)> {
        let touched = |id: &str| self.touched.get(id).copied().unwrap_or_default();
        self.tenants.iter().map(|(id, tenant)| (id.clone(), (tenant.clone(), touched(id)))).collect()
    }

    fn route(&mut self, method: &Method, path: &[&str], query: &BTreeMap<&str, &str>, body: Value) -> Response {
        match (method.as_str(), path) {
            ("GET", ["tenants"]) => {
                let limit = query.get("limit").map_or(PAGE, |limit| limit.parse().unwrap()).min(PAGE);
                let of_status = |t: &&TenantView| {
                    query.get("status").is_none_or(|status| match *status {
                        "suspended" => t.suspended.is_some(),
                        status => status == t.status,
                    })
                };
                let after = query.get("after").copied().unwrap_or_default();
                let selector: Selector =
                    query.get("label").map_or_else(Selector::default, |text| text.parse().unwrap());
                let chosen = |t: &&TenantView| selector.matches(&t.labels);
                let mut rows =
                    self.tenants.values().filter(|t| t.tenant_id.as_str() > after).filter(of_status).filter(chosen);
                let tenants: Vec<_> = rows.by_ref().take(limit).cloned().collect();
                let next = rows.next().and(tenants.last()).map(|t| t.tenant_id.clone());
                Json(TenantList { tenants, next }).into_response()
            }
            ("POST", ["tenants"]) => self.create(serde_json::from_value(body).unwrap()),
            ("GET", ["tenants", id]) => self.tenants.get(*id).map_or_else(|| unknown(id), |t| Json(t).into_response()),
            ("PATCH", ["tenants", id]) => {
                let change: UpdateTenant = serde_json::from_value(body).unwrap();
                let Some(tenant) = self.tenants.get_mut(*id) else { return unknown(id) };
                if let Some(seconds) = change.idle_timeout_s {
                    tenant.idle_timeout_s = seconds.try_into().unwrap();
                }
                tenant.labels = tenant.labels.changed(&change.labels).unwrap();
                tenant.bot_id = change.bot_token.map(|_| 123_456).or(tenant.bot_id);
                Json(tenant).into_response()
            }
            ("DELETE", ["tenants", id]) => match self.tenants.remove(*id) {
                Some(tenant) => {
                    Json(Deleted { tenant_id: tenant.tenant_id, state_kept: query["keep_state"] == "true" })
                        .into_response()
                }
                None => unknown(id),
            },
            ("GET", ["tenants", _, "logs"]) => {
                let tail: usize = query["tail"].parse().unwrap();
                Body::from(self.log[self.log.len().saturating_sub(tail)..].concat()).into_response()
            }
            // Everything it tells was told long ago.
            ("GET", ["tenants", _, "journal"]) if !self.told.is_empty() => {
                let lines = if query.contains_key("since") { String::new() } else { self.told.clone() };
                Body::from(lines).into_response()
            }
            ("GET", ["events"]) => Json(EventList::default()).into_response(),
            ("POST", ["wake", id]) => self.wake(id),
            ("POST", ["suspend" | "resume", id]) => match self.tenants.get_mut(*id) {
                Some(tenant) => {
                    tenant.suspended = body["reason"].as_str().map(str::to_owned);
                    Json(&*tenant).into_response()
                }
                None => unknown(id),
            },
            ("POST", ["stop", id]) => match self.tenants.get(*id) {
                Some(_) => Json(self.tenants.entry((*id).to_owned()).insert_entry(idle(id)).get()).into_response(),
                None => unknown(id),
            },
            ("GET", ["inbox"]) => {
                let wanted = |u: &&UpdateView| {
                    query.get("tenant").is_none_or(|tenant| *tenant == u.tenant_id)
                        && query.get("stage").is_none_or(|stage| *stage == u.stage)
                };
                let updates = self.updates.iter().filter(wanted).cloned().collect();
                Json(InboxList { updates, next: None }).into_response()
            }
            ("POST", ["inbox", "replay" | "drop"]) => self.change_update(path[1], body["update"].as_str().unwrap()),
            (_, ["admin", "webhook", id]) => self.webhook(method, id, &body),
            ("GET", ["status"]) => Json(self.status()).into_response(),
            _ => error(StatusCode::NOT_FOUND, "not_found", format!("route `/{}` not found", path.join("/"))),
        }
    }

    fn create(&mut self, new: CreateTenant) -> Response {
        if self.tenants.contains_key(&new.tenant_id) {
            let text = format!("tenant `{}` already exists", new.tenant_id);
            return error(StatusCode::CONFLICT, "already_exists", text);
        }
        let mut tenant = idle(&new.tenant_id);
        tenant.labels = new.labels;
        tenant.bot_id = new.bot_token.map(|_| 123_456);
        if let Some(seconds) = new.idle_timeout_s {
            tenant.idle_timeout_s = seconds.try_into().unwrap();
        }
        self.tenants.insert(new.tenant_id, tenant.clone());
        (StatusCode::CREATED, Json(tenant)).into_response()
    }

    fn wake(&mut self, id: &str) -> Response {
        let Some(tenant) = self.tenants.get_mut(id) else { return unknown(id) };
        let was_running = tenant.status == "running";
        run(tenant);
        let phases = WakePhasesView {
            node_ms: 0.0,
            queue_ms: 0.0,
            lock_ms: 0.4,
            workload_ms: 3.1,
            restore_ms: 0.0,
            ready_ms: 21.5,
            record_ms: 0.6,
            total_ms: 25.6,
        };
        let wake = (!was_running).then(|| WakeView { kind: "warm".to_owned(), phases });
        Json(Woken { pod_ip: "unix:/w-1.sock".to_owned(), generation: 2, wake }).into_response()
    }

    fn change_update(&mut self, verb: &str, name: &str) -> Response {
        let found = self.updates.iter_mut().find(|u| format!("{}/{}/{}", u.tenant_id, u.bot_id, u.update_id) == name);
        let Some(update) = found else {
            return error(StatusCode::NOT_FOUND, "not_found", format!("update `{name}` not found"));
        };
        if update.stage == "handled" {
            let text = format!("update `{name}`: it is handled");
            return error(StatusCode::CONFLICT, "conflict", text);
        }
        (if verb == "replay" { "pending" } else { "dropped" }).clone_into(&mut update.stage);
        StatusCode::NO_CONTENT.into_response()
    }

    fn webhook(&mut self, method: &Method, id: &str, body: &Value) -> Response {
        if !self.tenants.contains_key(id) {
            return unknown(id);
        }
        match *method {
            Method::DELETE => {
                self.webhooks.remove(id);
                return StatusCode::NO_CONTENT.into_response();
            }
            Method::POST => {
                let base = body["base_url"].as_str().unwrap_or("https://bots.example.com");
                self.webhooks.insert(id.to_owned(), format!("{base}/tg/{id}"));
            }
            _ => {}
        }
        Json(WebhookView {
            tenant_id: id.to_owned(),
            url: self.webhooks.get(id).cloned().unwrap_or_default(),
            pending_update_count: 2,
            last_error_message: None,
        })
        .into_response()
    }

    fn status(&self) -> StatusView {
        let mut tenants = BTreeMap::new();
        for tenant in self.tenants.values() {
            *tenants.entry(tenant.status.clone()).or_insert(0) += 1;
        }
        StatusView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: 4242,
            started_at: three_days_ago(),
            parts: Vec::new(),
            queue: Some(libtenancy::api::QueueTotals {
                waits: Some(Waits { turn: 1, credits: 3, delayed: 2, ..Waits::default() }),
                ..libtenancy::api::QueueTotals::default()
            }),
            tenants: Some(tenants),
            tenants_suspended: Some(self.tenants.values().filter(|tenant| tenant.suspended.is_some()).count() as u64),
            inbox: Some(InboxCounts { pending: 1, dead: 2, handled: 30, possible_repeats: 0 }),
            warm_ready: 1,
            warm_target: 2,
            warm_configured: 2,
            warm_configured_max: 2,
            warm_chosen: false,
            warm_breaker: None,
            decisions: std::collections::BTreeMap::new(),
            ledger: libtenancy::api::LedgerView::default(),
            leader: true,
            wakes_total: std::collections::BTreeMap::new(),
            state_fallbacks: 0,
            wakes: Vec::new(),
            jobs_untaken: None,
            reconcile: None,
            memory_bytes: Some(50 << 20),
            cpu_ms: 7_300,
        }
    }
}
