//! The control plane as its HTTP callers see it: with its token, with another one, and as Telegram.

use serde_json::{Value, json};

use super::{BOUND, Plane, Tenant};

/// What the control plane answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of an answer that must be a success.
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }

    /// The stable word of an error.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

impl Plane {
    /// The token of the orchestrator.
    pub(crate) fn token(&self) -> String {
        let here = || std::fs::read_to_string(self.state_dir().join("api-token")).unwrap().trim().to_owned();
        self.elsewhere.as_ref().map_or_else(here, |elsewhere| elsewhere.token.clone())
    }

    /// A request to the orchestrator, not yet sent.
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.request_as(&self.token(), method, path)
    }

    /// The same with another token.
    pub(crate) fn request_as(&self, token: &str, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.orchestrator());
        self.http.request(method.parse().unwrap(), url).bearer_auth(token)
    }

    /// A request to the router, not yet sent.
    pub(crate) fn post_update(
        &self,
        tenant: &str,
        secret: Option<&str>,
        body: impl Into<reqwest::Body>,
    ) -> reqwest::RequestBuilder {
        let mut request = self.http.post(format!("{}/tg/{tenant}", self.router())).body(body);
        if let Some(secret) = secret {
            request = request.header("x-telegram-bot-api-secret-token", secret);
        }
        request
    }

    /// Asks the orchestrator.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        answer(request).await
    }

    /// Makes the tenant's bot known, and creates the tenant. Returns when its webhook is registered.
    pub(crate) async fn create(&self, tenant: &Tenant, idle_timeout_s: i64) {
        self.double.bot_add(&tenant.token).unwrap();
        let body = json!({"tenant_id": tenant.id, "bot_token": tenant.token, "idle_timeout_s": idle_timeout_s});
        self.ask("POST", "/tenants", Some(body)).await.ok();
        self.double.wait_webhook(&tenant.token, BOUND).await.unwrap();
    }

    /// A tenant without a bot.
    pub(crate) async fn create_plain(&self, id: &str) {
        self.ask("POST", "/tenants", Some(json!({"tenant_id": id, "idle_timeout_s": 3_600}))).await.ok();
    }

    /// A tenant of an id of its own, created.
    pub(crate) async fn tenant(&self, id: &str, number: i64, idle_timeout_s: i64) -> Tenant {
        let tenant = Tenant::new(id, number);
        self.create(&tenant, idle_timeout_s).await;
        tenant
    }

    /// The tenant as it is shown.
    pub(crate) async fn get(&self, tenant: &Tenant) -> Value {
        self.ask("GET", &format!("/tenants/{}", tenant.id), None).await.ok()
    }

    /// Wakes it, and waits until it is awake.
    pub(crate) async fn wake(&self, tenant: &Tenant) {
        self.ask("POST", &format!("/wake/{}", tenant.id), None).await.ok();
    }

    /// The control plane in numbers.
    pub(crate) async fn status(&self) -> Value {
        self.ask("GET", "/status", None).await.ok()
    }

    /// Every update of a tenant, in order.
    pub(crate) async fn updates(&self, tenant: &Tenant) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/inbox?tenant={}&limit=1000&after={after}", tenant.id);
            let page = self.ask("GET", &path, None).await.ok();
            all.extend(page["updates"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = next.replace('/', "%2F"),
                None => return all,
            }
        }
    }
}

/// Sends a request.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap_or_default();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    Answer { status, body }
}
