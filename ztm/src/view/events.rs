//! What happened.

use libtenancy::api::feed::EventLine;
use serde::Serialize;

use super::{Look, Show, cell};

/// Events, oldest first.
#[derive(Debug, Serialize)]
pub struct Events {
    /// They.
    pub events: Vec<EventLine>,
}

impl Show for Events {
    fn text(&self, look: &Look) -> String {
        if self.events.is_empty() {
            return String::new();
        }
        let rows = self.events.iter().map(|event| {
            vec![
                cell(event.at.to_string()),
                cell(format!("{:<10}", event.what)),
                cell(format!("{:<20}", event.tenant.as_deref().unwrap_or("-"))),
                cell(&event.text),
            ]
        });
        look.table(&["TIME", "EVENT", "TENANT", "WHAT"], rows)
    }

    fn names(&self) -> Vec<String> {
        self.events.iter().filter_map(|event| event.tenant.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("events")
    }

    fn columns(&self) -> &'static [&'static str] {
        &["at", "what", "text"]
    }
}
