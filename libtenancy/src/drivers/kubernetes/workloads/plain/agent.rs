//! What an agent without `agentd` is asked, and what its answers mean.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use reqwest::{Client, RequestBuilder, StatusCode, header::HeaderValue};

use super::{HEALTH, SECRET_HEADER};
use crate::{
    agent::{Reply, Turn, path},
    error::{Error, Result},
    secret::Secret,
    tenant::TenantId,
};

/// How long it may take to accept a connection, and to say how it is.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The largest answer that is read, in bytes; as from an agent with `agentd`.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// How much of an error an agent gives is told.
const MAX_REASON_BYTES: usize = 500;

/// Asks agents by their addresses.
pub(super) struct AgentClient(Client);

/// A call that may have changed something, and has no answer.
fn unanswered(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() { Error::unavailable("agent", error) } else { Error::outcome_unknown("agent", error) }
}

impl AgentClient {
    pub(super) fn new() -> Result<Self> {
        crate::drivers::telegram::install_crypto_provider();
        let client = Client::builder()
            .connect_timeout(TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(20))
            .tcp_nodelay(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // Nothing here is spoken over TLS.
            .tls_certs_only([])
            .build();
        client.map(Self).map_err(|error| Error::internal(format!("no client: {error}")))
    }

    async fn ask(&self, request: RequestBuilder, timeout: Duration) -> reqwest::Result<(StatusCode, Bytes)> {
        let mut response = request.timeout(timeout).send().await?;
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            let left = MAX_ANSWER_BYTES - text.len();
            text.extend_from_slice(&chunk[..chunk.len().min(left)]);
            if text.len() == MAX_ANSWER_BYTES {
                break;
            }
        }
        Ok((response.status(), text.into()))
    }

    /// `Unavailable` unless it says that it can be asked.
    pub(super) async fn health(&self, address: SocketAddr) -> Result<()> {
        let answer = self.ask(self.0.get(format!("http://{address}{HEALTH}")), TIMEOUT).await;
        match answer.map_err(|error| Error::unavailable("agent", error.without_url()))? {
            (status, _) if status.is_success() => Ok(()),
            (status, _) => Err(Error::unavailable("agent", format!("`{HEALTH}` answers {status}"))),
        }
    }

    /// Has it answer a message. Errors as of [`crate::ports::workloads::Workloads::agent_turn`].
    pub(super) async fn turn(
        &self,
        tenant: &TenantId,
        address: SocketAddr,
        secret: &Secret,
        turn: &Turn,
        timeout: Duration,
    ) -> Result<Reply> {
        let mut header = HeaderValue::try_from(secret.expose()).map_err(|e| Error::internal(e.to_string()))?;
        header.set_sensitive(true);
        let request = self.0.post(format!("http://{address}{}", path::TURN)).header(SECRET_HEADER, header).json(turn);
        let (status, text) = self.ask(request, timeout).await.map_err(unanswered)?;
        meaning(tenant, status, &text)
    }
}

/// What the answer to a turn means.
fn meaning(tenant: &TenantId, status: StatusCode, text: &[u8]) -> Result<Reply> {
    let said = || format!("{status}: {}", String::from_utf8_lossy(&text[..text.len().min(MAX_REASON_BYTES)]));
    match status {
        _ if status.is_success() => serde_json::from_slice(text).map_err(|error| Error::AgentFailed {
            tenant: tenant.to_string(),
            reason: format!("its answer cannot be read: {error}"),
        }),
        // The secret is this generation's alone.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(Error::conflict("agent", tenant, format!("who answers there does not know its secret: {}", said())))
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Err(Error::unavailable("agent", said())),
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE => Err(Error::invalid("message", said())),
        _ => Err(Error::AgentFailed { tenant: tenant.to_string(), reason: said() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_means_what_its_status_says() {
        let of = |status: u16, text: &str| {
            meaning(&"acme".parse().unwrap(), StatusCode::from_u16(status).unwrap(), text.as_bytes())
        };
        assert_eq!(of(200, r#"{"response":"hi","model":"m"}"#).unwrap().response, "hi");
        assert!(matches!(of(200, r#"{"status":"duplicate"}"#), Err(Error::AgentFailed { .. })));
        assert!(matches!(of(401, "no"), Err(Error::Conflict { .. })));
        assert!(matches!(of(429, "slow"), Err(Error::Unavailable { .. })));
        assert!(matches!(of(413, "long"), Err(Error::Invalid { .. })));
        assert!(matches!(of(500, "broken"), Err(Error::AgentFailed { reason, .. }) if reason.contains("broken")));
    }
}
