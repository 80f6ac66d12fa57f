//! The screen in numbers.

use comfy_table::Cell;
use serde::{Serialize, Serializer, ser::SerializeStruct};
use ztm_tui::{state::State, summary::Summary};

use super::{Look, Show, cell, plain};

/// What `ztm top` would show.
pub struct Once(pub State);

impl Serialize for Once {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let state = &self.0;
        let mut all = serializer.serialize_struct("Once", 6)?;
        all.serialize_field("summary", &Summary::of(state))?;
        all.serialize_field("tenants", &state.tenants.values().collect::<Vec<_>>())?;
        all.serialize_field("queue", &state.queue)?;
        all.serialize_field("jobs", &state.jobs)?;
        all.serialize_field("nodes", &state.nodes)?;
        all.serialize_field("spend", &state.spend)?;
        all.end()
    }
}

impl Show for Once {
    fn text(&self, look: &Look) -> String {
        let summary = Summary::of(&self.0);
        let (ready, target) = summary.warm;
        let statuses: Vec<String> = summary.statuses.iter().map(|(word, count)| format!("{count} {word}")).collect();
        let (leases, capacity) = summary.leases;
        let of = if capacity == 0 { "no limit".to_owned() } else { format!("of {capacity}") };
        let wakes: Vec<String> = summary
            .wakes
            .iter()
            .filter(|(_, wakes)| wakes.count > 0)
            .map(|(kind, wakes)| {
                format!("{} {kind}, p50 {:.1} ms, p95 {:.1} ms", wakes.count, wakes.p50_ms, wakes.p95_ms)
            })
            .collect();
        let credits = |amount: Option<libtenancy::credits::MicroCredits>| amount.map(|amount| cell(amount.to_string()));
        let fields: [(&str, Option<Cell>); 11] = [
            ("Context", Some(cell(&summary.context))),
            ("Tenants", Some(cell(format!("{}: {}", summary.tenants, statuses.join(", "))))),
            ("Warm pool", Some(cell(format!("{ready} of {target} ready")))),
            ("Wakes, last hour", Some(cell(if wakes.is_empty() { "none".to_owned() } else { wakes.join("; ") }))),
            ("Messages", Some(cell(format!("{} wait, {} were given up", summary.inbox, summary.dead_updates)))),
            ("Leases", Some(cell(format!("{leases}, {of}")))),
            (
                "Jobs",
                Some(cell(format!(
                    "{} in turn, {} delayed or without credits, {} dead",
                    summary.waiting_jobs, summary.delayed, summary.dead_jobs
                ))),
            ),
            ("Spent today", credits(summary.today)),
            ("Spent this month", credits(summary.month)),
            (
                "Machines",
                summary
                    .micro_usd_per_hour
                    .map(|micros| cell(format!("${}.{:02}/h", micros / 1_000_000, micros % 1_000_000 / 10_000))),
            ),
            (
                "Alerts",
                Some(cell(if summary.alerts.is_empty() {
                    "none".to_owned()
                } else {
                    summary.alerts.len().to_string()
                })),
            ),
        ];
        let alerts = summary.alerts.iter().map(|alert| plain(&alert.text).into_owned());
        [look.fields(fields)].into_iter().chain(alerts).collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.0.tenants.keys().cloned().collect()
    }
}
