//! The id of a request: what an operator sees of a failure, and what finds it in the log.
//!
//! Who asks may name it (`ztm` does, one for all that a command asks); otherwise it is made up. It is on every line that is
//! logged while the request is worked on, and in the answer.

use axum::{extract::Request, http::HeaderValue, middleware::Next, response::Response};
use libtenancy::{Error, Result, jobs::JobId, secret::random_bytes, tenant::TenantId};
use tracing::Instrument;

/// The header that carries it, both ways.
pub const HEADER: &str = "x-request-id";

/// The longest id that is taken, in bytes.
const LONGEST: usize = 64;

/// Whether it can be put into a log and an answer as it is.
fn is_id(id: &str) -> bool {
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// An id that somebody chose. `Invalid` if it is none: 1 to 64 letters, digits, dots, hyphens and underscores.
pub fn checked(id: String) -> Result<String> {
    if is_id(&id) {
        return Ok(id);
    }
    Err(Error::invalid("request id", format!("1 to {LONGEST} letters, digits, dots, hyphens and underscores")))
}

/// An id that nobody else has.
pub fn random() -> String {
    random_bytes::<8>().map_or_else(|_| "unnamed".to_owned(), hex::encode)
}

/// The tenant that a path is of: what follows the first part that has a tenant behind it.
fn tenant_of(path: &str) -> Option<TenantId> {
    let mut parts = path.split('/').skip(1);
    match parts.next()? {
        "jobs" => parts.next()?.parse::<JobId>().ok().map(|id| id.tenant().clone()),
        "tenants" | "wake" | "stop" | "suspend" | "resume" | "quotas" => parts.next()?.parse().ok(),
        "admin" if parts.next()? == "webhook" => parts.next()?.parse().ok(),
        _ => None,
    }
}

/// Works on a request under its id.
pub(crate) async fn named(request: Request, next: Next) -> Response {
    let given = request.headers().get(HEADER).and_then(|id| id.to_str().ok()).filter(|id| is_id(id));
    let id = given.map_or_else(random, str::to_owned);
    let tenant = tenant_of(request.uri().path()).map(tracing::field::display);
    let span = tracing::info_span!("request", id, tenant);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(HEADER, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_of_the_tenant_in_its_path() {
        let of = |path| tenant_of(path).map(|tenant| tenant.to_string());
        for path in ["/tenants/acme", "/tenants/acme/logs", "/wake/acme", "/admin/webhook/acme", "/quotas/acme/grant"] {
            assert_eq!(of(path).as_deref(), Some("acme"), "{path}");
        }
        for path in ["/tenants", "/tenants/", "/tenants/NO", "/status", "/why/tenant/acme", "/", "", "/admin/prices/x"]
        {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn an_id_is_a_word_that_cannot_break_a_line() {
        assert!(is_id("01k9zz") && is_id("a.b-c_D") && is_id(&random()));
        for wrong in ["", "a b", "a\nb", "é", &"x".repeat(65), "a=\"b\""] {
            assert!(!is_id(wrong), "{wrong:?}");
        }
        assert_ne!(random(), random());
    }
}
