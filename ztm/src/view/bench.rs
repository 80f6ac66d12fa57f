//! A bench's plan and its report.

use super::{Look, Show, cell, number};
use crate::commands::bench::{
    plan::Plan,
    report::{Report, Row},
};

impl Show for Plan {
    fn text(&self, look: &Look) -> String {
        let long = match (self.seconds, self.count) {
            (Some(seconds), _) => format!("{seconds} s in all"),
            (None, Some(count)) => format!("{count} times each"),
            (None, None) => String::new(),
        };
        let fields = look.fields([
            ("Context", Some(cell(&self.context))),
            ("Control plane", Some(cell(format!("{}, version {}", self.control_plane, self.version)))),
            ("Tenants", Some(cell(format!("{}, called {}", self.tenants, self.names)))),
            ("Concurrency", Some(cell(self.concurrency.to_string()))),
            ("Measures", Some(cell(format!("{}: {long}", self.measures.join(", "))))),
        ]);
        let will: Vec<String> = self.will.iter().map(|line| format!("- {}", super::plain(line))).collect();
        format!("{fields}\n\n{}", will.join("\n"))
    }

    fn names(&self) -> Vec<String> {
        self.measures.clone()
    }
}

impl Show for Report {
    fn text(&self, look: &Look) -> String {
        let header = ["MEASURE", "COUNT", "ERRORS", "P50 MS", "P95 MS", "P99 MS", "MAX MS", "PER S", "X HEALTHZ"];
        let mut parts = vec![look.table(&header, self.measures.iter().map(row))];
        for kind in ["wake.cold", "wake.warm"] {
            let phases = self.phases.iter().filter(|phase| phase.measure == kind && phase.p50_ms > 0.0);
            let told: Vec<String> = phases.map(|phase| format!("{} {}", phase.phase, short(phase.p50_ms))).collect();
            if !told.is_empty() {
                parts.push(format!("{kind} p50 ms ({})", told.join(", ")));
            }
        }
        if !self.failures.is_empty() {
            let rows = self.failures.iter().map(|failure| {
                vec![cell(&failure.measure), cell(&failure.code), number(failure.count), cell(&failure.first)]
            });
            parts.push(String::new());
            parts.push(look.table(&["MEASURE", "ERROR", "COUNT", "THE FIRST ONE"], rows));
        }
        parts.join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.measures.iter().map(|row| row.measure.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("measures")
    }
}

fn row(row: &Row) -> Vec<comfy_table::Cell> {
    let shown = |value: Option<f64>| number(value.map_or_else(|| "-".to_owned(), short));
    let errors = number(row.errors);
    vec![
        cell(&row.measure),
        number(row.count),
        if row.errors > 0 { errors.fg(comfy_table::Color::Red) } else { errors },
        shown(row.p50_ms),
        shown(row.p95_ms),
        shown(row.p99_ms),
        shown(row.max_ms),
        shown(row.per_second),
        shown(row.times_healthz),
    ]
}

/// A number with about three digits.
fn short(value: f64) -> String {
    match value {
        v if v < 1.0 => format!("{v:.3}"),
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_about_three_digits() {
        assert_eq!([0.0421, 1.256, 34.56, 4321.4].map(short), ["0.042", "1.26", "34.6", "4321"]);
    }
}
