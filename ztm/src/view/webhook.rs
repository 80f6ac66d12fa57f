//! Webhooks.

use libtenancy::api::WebhookView;
use serde::Serialize;

use super::{Look, Show, cell};

impl Show for WebhookView {
    fn text(&self, look: &Look) -> String {
        look.fields([
            ("Tenant", Some(cell(&self.tenant_id))),
            ("URL", Some(cell(if self.url.is_empty() { "none is registered" } else { &self.url }))),
            ("Waiting", Some(cell(self.pending_update_count.to_string()))),
            ("Last error", self.last_error_message.as_ref().map(cell)),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}

/// A webhook that was removed.
#[derive(Debug, Serialize)]
pub struct WebhookDeleted {
    /// Whose.
    pub tenant_id: String,
    /// Always true.
    pub deleted: bool,
}

impl Show for WebhookDeleted {
    fn text(&self, _: &Look) -> String {
        format!("removed the webhook of {}", super::plain(&self.tenant_id))
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}
