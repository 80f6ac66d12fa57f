//! The demo's report.

use super::{Look, Show, cell, size};
use crate::commands::demo::report::{Report, Wakes};

impl Show for Report {
    fn text(&self, look: &Look) -> String {
        let bytes = |bytes: Option<u64>| bytes.map_or_else(|| "unknown".to_owned(), size);
        let running = format!("{}, of which agentd {}", bytes(self.bytes_per_running_tenant), bytes(self.agentd_bytes));
        let idle = format!("no process; {} of the control plane's memory", size(self.bytes_per_idle_tenant));
        let recovery = format!("{:.0} ms from SIGKILL to ready, {} agents adopted", self.recovery_ms, self.adopted);
        let figures = look.fields([
            ("Agent", Some(cell(&self.agent))),
            ("Accepted", Some(cell(self.accepted.to_string()))),
            ("Answered", Some(cell(self.answered.to_string()))),
            ("Duplicates dropped", Some(cell(self.duplicates_dropped.to_string()))),
            ("Lost", Some(cell(self.lost.to_string()))),
            ("Came twice", Some(cell(self.repeated.to_string()))),
            ("Cold wakes", Some(cell(wakes(&self.cold)))),
            ("Warm wakes", Some(cell(wakes(&self.warm)))),
            ("Idle stops", Some(cell(self.idle_stops.to_string()))),
            ("Recovery", Some(cell(recovery))),
            ("A running tenant", Some(cell(running))),
            ("An idle tenant", Some(cell(idle))),
            ("Took", Some(cell(format!("{:.1} s", self.seconds)))),
        ]);
        let checks = look.table(
            &["PROMISE", "HELD", "SEEN"],
            self.checks.iter().map(|check| {
                let held = cell(if check.held { "yes" } else { "NO" });
                let color = if check.held { comfy_table::Color::Green } else { comfy_table::Color::Red };
                vec![cell(&check.promise), held.fg(color), cell(&check.seen)]
            }),
        );
        format!("\n{figures}\n\n{checks}")
    }

    fn names(&self) -> Vec<String> {
        self.checks.iter().map(|check| check.promise.clone()).collect()
    }
}

fn wakes(wakes: &Wakes) -> String {
    match (wakes.p50_ms, wakes.p95_ms, wakes.own_p50_ms) {
        (Some(p50), Some(p95), Some(own)) => {
            format!("{}, p50 {p50:.1} ms, p95 {p95:.1} ms; the control plane's own share {own:.1} ms", wakes.count)
        }
        _ => "none".to_owned(),
    }
}
