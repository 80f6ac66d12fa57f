//! Numbers as Prometheus reads them (text format 0.0.4). No label carries a tenant's name: there may be a hundred thousand.

use std::{collections::BTreeMap, fmt::Write as _};

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

/// What is shown, family by family.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    pub(crate) fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(crate) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{braces} {value}");
    }

    pub(crate) fn one(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// Updates by what became of them when they arrived.
    pub(crate) fn updates(&mut self, total: &BTreeMap<&'static str, u64>) {
        self.family("ztm_updates_total", "counter", "Updates that arrived, by what became of them.");
        for (outcome, count) in total {
            self.sample("ztm_updates_total", &[("outcome", outcome)], count);
        }
    }

    /// What this process takes, where that is known.
    pub(crate) fn memory(&mut self, bytes: Option<u64>) {
        if let Some(bytes) = bytes {
            self.one("process_resident_memory_bytes", "gauge", "Resident memory.", bytes);
        }
    }

    /// The page.
    pub(crate) fn answer(self) -> Response {
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], self.0).into_response()
    }
}
