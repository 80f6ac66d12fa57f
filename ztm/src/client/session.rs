//! Sessions beside agents, as the client opens them.

use libtenancy::{
    Error, Result,
    exec::{PROTOCOL, WORKLOAD_HEADER},
};
use reqwest::{Method, StatusCode, Upgraded, header};

use super::{
    Client,
    http::{PART, PLAIN, tenant},
};

/// An open session.
pub struct Session {
    /// The workload beside which it is.
    pub workload: String,
    /// The connection.
    pub stream: Upgraded,
}

impl Client {
    /// Wakes the tenant if it sleeps, and opens a session beside its agent.
    pub async fn tenant_exec(&self, id: &str) -> Result<Session> {
        let http = self.plane("a session")?;
        let path = format!("/tenants/{}/exec", tenant(id)?);
        let request =
            http.request(Method::POST, &path).header(header::CONNECTION, "upgrade").header(header::UPGRADE, PROTOCOL);
        if http.rehearses() {
            // Who only rehearses is told in words, and given no connection.
            http.send(request, PLAIN, &format!("POST {path}")).await?;
            return Err(Error::internal("a rehearsal opens no session"));
        }
        let answer = http.opened(request, &format!("POST {path}")).await?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(Error::unavailable(PART, "it opens no session; is it another version, or behind a proxy?"));
        }
        let workload =
            answer.headers().get(WORKLOAD_HEADER).and_then(|name| name.to_str().ok()).unwrap_or("?").to_owned();
        let stream = answer.upgrade().await.map_err(|e| Error::unavailable(PART, e.without_url()))?;
        Ok(Session { workload, stream })
    }
}
