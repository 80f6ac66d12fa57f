//! The control plane itself: where it is, how it does, its version, its end.

use std::{collections::BTreeMap, time::Duration};

use comfy_table::Cell;
use libtenancy::{
    api::{PartView, QueueTotals, StatusView, WakeRecord},
    credits::MicroCredits,
};
use serde::Serialize;

use super::{Look, Show, cell, counted, plain, size, status};
use crate::discovery::Up;

impl Show for Up {
    fn text(&self, look: &Look) -> String {
        look.fields([
            ("Orchestrator", Some(cell(&self.orchestrator))),
            ("Router", self.router.as_ref().map(cell)),
            ("Token file", Some(cell(self.token_file.display().to_string()))),
            ("Process", Some(cell(self.pid.to_string()))),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.orchestrator.clone()]
    }
}

/// The status, with the place it comes from.
#[derive(Debug, Serialize)]
pub struct PlaneStatus {
    /// The orchestrator's URL.
    pub orchestrator_url: String,
    /// The router's URL, where it is known.
    pub router_url: Option<String>,
    /// Whether the router answers its health check, where its URL is known.
    pub router_healthy: Option<bool>,
    /// Credits that were spent today (UTC); absent if the ledger does not say.
    pub spent_today: Option<MicroCredits>,
    /// What the orchestrator says.
    #[serde(flatten)]
    pub status: StatusView,
}

impl Show for PlaneStatus {
    fn text(&self, look: &Look) -> String {
        let s = &self.status;
        let inbox = s.inbox.as_ref().map(|inbox| {
            format!(
                "{} pending, {} dead, {} handled, {} possibly repeated",
                inbox.pending, inbox.dead, inbox.handled, inbox.possible_repeats
            )
        });
        let reconcile = s.reconcile.as_ref().map(|r| {
            format!(
                "{}, {}; adopted {}, finished {}, lost {}, orphans {}, deadlines {}",
                counted(r.records, "record"),
                counted(r.workloads, "agent"),
                r.adopted,
                r.finished,
                r.lost,
                r.orphans,
                r.deadlines
            )
        });
        let known = |text: Option<String>| text.map_or_else(|| cell("unknown").fg(comfy_table::Color::Red), cell);
        let errors = s.reconcile.as_ref().map(|r| r.errors.join("; ")).filter(|e| !e.is_empty());
        let router = self.router_url.as_ref().map(|url| match self.router_healthy {
            Some(true) => cell(format!("{url} (healthy)")),
            Some(false) => cell(format!("{url} (does not answer)")),
            None => cell(url),
        });
        look.fields([
            ("Orchestrator", Some(cell(&self.orchestrator_url))),
            ("Router", router),
            ("Version", Some(cell(&s.version))),
            ("Process", Some(cell(format!("{}, up {}", s.pid, look.age(s.started_at))))),
            ("Parts", parts(&s.parts)),
            ("Leads", Some(cell(if s.leader { "yes" } else { "no, another does" }))),
            ("Tenants", Some(known(s.tenants.as_ref().map(|by_status| tenants(by_status, s.tenants_suspended))))),
            ("Inboxes", Some(known(inbox))),
            ("Queue", Some(known(s.queue.as_ref().map(queue)))),
            ("Workers", s.jobs_untaken.as_ref().map(|why| cell(why).fg(comfy_table::Color::Yellow))),
            ("Spent", self.spent_today.map(|credits| cell(format!("{credits} credits today")))),
            ("Ledger", s.ledger.failing.as_ref().map(|why| cell(why).fg(comfy_table::Color::Red))),
            ("Warm pool", Some(cell(format!("{} of {} ready", s.warm_ready, s.warm_target)))),
            ("Pool stopped", s.warm_breaker.as_ref().map(cell)),
            ("Cold wakes", Some(cell(wakes(&s.wakes, "cold")))),
            ("Warm wakes", Some(cell(wakes(&s.wakes, "warm")))),
            ("Last pass", reconcile.map(cell)),
            ("Not done", errors.map(|e| cell(e).fg(comfy_table::Color::Red))),
            ("Memory", s.memory_bytes.map(|bytes| cell(size(bytes)))),
            ("Processor", Some(cell(format!("{:.1} s", Duration::from_millis(s.cpu_ms).as_secs_f64())))),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.orchestrator_url.clone()]
    }
}

/// How many tenants have which status.
fn tenants(by_status: &BTreeMap<String, u64>, suspended: Option<u64>) -> String {
    let told: Vec<String> =
        by_status.iter().filter(|(_, n)| **n > 0).map(|(label, n)| format!("{n} {label}")).collect();
    if told.is_empty() {
        return "none".to_owned();
    }
    let of_them = |count| format!("; {count} of them suspended");
    told.join(", ") + &suspended.filter(|count| *count > 0).map_or(String::new(), of_them)
}

/// How many jobs run, and how many wait.
fn queue(queue: &QueueTotals) -> String {
    let capacity = if queue.capacity == 0 { String::new() } else { format!(" of {}", queue.capacity) };
    let waits = match queue.waits {
        Some(waits) => waits.to_string(),
        // A control plane of before counts tenants.
        None => format!("{} in turn", counted(queue.ready, "tenant")),
    };
    format!("{} running{capacity}, {waits}", queue.running)
}

/// Whether the parts answer; which do not, and why.
fn parts(parts: &[PartView]) -> Option<Cell> {
    let failing: Vec<String> =
        parts.iter().filter_map(|part| part.error.as_ref().map(|error| format!("{}: {error}", part.part))).collect();
    let slowest = parts.iter().max_by_key(|part| part.took_ms)?;
    if failing.is_empty() {
        return Some(cell(format!(
            "all {} answer, the slowest ({}) in {} ms",
            parts.len(),
            slowest.part,
            slowest.took_ms
        )));
    }
    Some(cell(failing.join("; ")).fg(comfy_table::Color::Red))
}

/// How many of the last wakes were of this kind, and their median and 95th percentile (nearest rank).
fn wakes(wakes: &[WakeRecord], kind: &str) -> String {
    let mut totals: Vec<f64> = wakes.iter().filter(|w| w.wake.kind == kind).map(|w| w.wake.phases.total_ms).collect();
    totals.sort_by(f64::total_cmp);
    let rank = |percent: usize| totals.get((totals.len() * percent).div_ceil(100).saturating_sub(1));
    match (rank(50), rank(95)) {
        (Some(p50), Some(p95)) => format!("{}, p50 {p50:.1} ms, p95 {p95:.1} ms", totals.len()),
        _ => "none".to_owned(),
    }
}

/// The versions of both ends.
#[derive(Debug, Serialize)]
pub struct Versions {
    /// This command's.
    pub client: &'static str,
    /// The control plane's; absent if none answered.
    pub server: Option<String>,
}

impl Show for Versions {
    fn text(&self, _: &Look) -> String {
        match &self.server {
            Some(server) => format!("ztm {}\ncontrol plane {}", self.client, plain(server)),
            None => format!("ztm {}", self.client),
        }
    }

    fn names(&self) -> Vec<String> {
        vec![self.client.to_owned()]
    }
}

/// What `ztm down` did.
#[derive(Debug, Serialize)]
pub struct Downed {
    /// Whether a control plane was running, and has ended.
    pub stopped: bool,
    /// Its process.
    pub pid: Option<u32>,
    /// Whether its agents were left running.
    pub agents_left: bool,
}

impl Show for Downed {
    fn text(&self, look: &Look) -> String {
        match self.pid {
            Some(pid) => look.fields([
                ("Process", Some(cell(pid.to_string()))),
                ("Status", Some(status("stopped"))),
                ("Agents", Some(cell(if self.agents_left { "left running" } else { "saved and stopped" }))),
            ]),
            None => String::new(),
        }
    }

    fn names(&self) -> Vec<String> {
        self.pid.map(|pid| pid.to_string()).into_iter().collect()
    }
}
