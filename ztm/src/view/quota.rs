//! Quotas and accounts.

use libtenancy::{
    api::quotas::{QuotaList, QuotaView},
    clock::Timestamp,
    credits::MicroCredits,
};

use serde_json::Value;

use crate::listing::column::{Column, Measure, column, measured};

use super::{Look, Show, ShowRows, cell, number, status};

impl Show for QuotaView {
    fn text(&self, look: &Look) -> String {
        let budget = self.budget.as_ref().map(|budget| {
            let kind = if budget.hard { "hard" } else { "soft" };
            let beside = match self.budget_granted {
                MicroCredits::ZERO => String::new(),
                granted => format!(" and {granted} granted beside them"),
            };
            format!("{} spent of {} credits a {}{beside}, {kind}", self.budget_spent, budget.credits, budget.period)
        });
        let grants: Vec<String> = self
            .grants
            .iter()
            .map(|grant| match grant.expires_at {
                Some(at) => format!("{} until {at}", grant.credits),
                None => format!("{} that stay", grant.credits),
            })
            .collect();
        let standing = match &*self.standing {
            "credits" => "wait for credits",
            "budget" => "wait for a budget",
            other => other,
        };
        let standing = self.until.map_or_else(|| standing.to_owned(), |until| format!("{standing}, until {until}"));
        let over = if self.bucket > self.burst { " (over by a refund)" } else { "" };
        look.fields([
            ("Tenant", Some(cell(&self.tenant_id))),
            (
                "Account",
                self.opens_with_first_use.then(|| cell("opens with its first use; the ledger has nothing of it yet")),
            ),
            ("Available", Some(cell(format!("{} credits", self.available)))),
            ("Bucket", Some(cell(format!("{} of {}{over}, {} a second", self.bucket, self.burst, self.rate_per_sec)))),
            ("Grants", (!grants.is_empty()).then(|| cell(grants.join(", ")))),
            ("Held", Some(cell(format!("{} credits", self.held)))),
            ("Budget", budget.map(cell)),
            ("Resets", self.budget_resets_at.map(|at| cell(at.to_string()))),
            ("Weight", Some(cell(self.weight.to_string()))),
            ("Running", Some(cell(format!("{} of {}", self.running, self.max_running)))),
            ("Its jobs", Some(if self.standing == "idle" { status("idle") } else { cell(standing) })),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}

/// What was spent of a row's budget; nothing if it has none.
fn spent(row: &Value) -> Value {
    if row["budget"].is_null() { Value::Null } else { row["budget_spent"].clone() }
}

/// What a row's grants come to.
fn granted(row: &Value) -> Value {
    let grants = row["grants"].as_array().map_or(&[] as &[_], Vec::as_slice);
    grants.iter().filter_map(|grant| grant["credits"].as_f64()).sum::<f64>().into()
}

/// The fields that every row of the listing has.
pub(super) const COLUMNS: &[&str] = &[
    "tenant_id",
    "rate_per_sec",
    "burst",
    "weight",
    "max_running",
    "budget.period",
    "budget.credits",
    "budget.hard",
    "budget_spent",
    "budget_granted",
    "budget_resets_at",
    "available",
    "bucket",
    "grants",
    "held",
    "running",
    "standing",
    "until",
];

impl Show for QuotaList {
    fn text(&self, look: &Look) -> String {
        if self.quotas.is_empty() {
            return String::new();
        }
        let narrow = ["TENANT", "AVAILABLE", "HELD", "RATE", "BURST", "RUNNING", "BUDGET", "JOBS"];
        let more = ["WEIGHT", "GRANTS", "RESETS", "UNTIL"];
        let rows = self.quotas.iter().map(|quota| {
            let budget = match &quota.budget {
                Some(budget) => format!("{}/{} a {}", quota.budget_spent, budget.credits, budget.period),
                None => "-".to_owned(),
            };
            let mut row = vec![
                cell(&quota.tenant_id),
                number(quota.available),
                number(quota.held),
                number(quota.rate_per_sec),
                number(quota.burst),
                number(format!("{}/{}", quota.running, quota.max_running)),
                number(budget),
                if quota.standing == "idle" { status("idle") } else { cell(&quota.standing) },
            ];
            if look.wide {
                let moment = |at: Option<Timestamp>| cell(at.map_or_else(|| "-".to_owned(), |at| at.to_string()));
                let granted = quota.grants.iter().fold(MicroCredits::ZERO, |sum, grant| sum + grant.credits);
                row.extend([
                    number(quota.weight),
                    number(granted),
                    moment(quota.budget_resets_at),
                    moment(quota.until),
                ]);
            }
            row
        });
        let header: Vec<&str> = if look.wide { narrow.into_iter().chain(more).collect() } else { narrow.into() };
        look.table(&header, rows)
    }

    fn names(&self) -> Vec<String> {
        self.quotas.iter().map(|quota| quota.tenant_id.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("quotas")
    }

    fn columns(&self) -> &'static [&'static str] {
        COLUMNS
    }
}

impl ShowRows for QuotaList {
    type Row = QuotaView;

    fn rows_mut(&mut self) -> &mut Vec<QuotaView> {
        &mut self.quotas
    }

    fn columns_as() -> &'static [Column] {
        const {
            &[
                column("tenant", "tenant_id"),
                column("rate", "rate_per_sec"),
                column("resets", "budget_resets_at"),
                column("jobs", "standing"),
                measured("budget", "budget", Measure::Made(spent)),
                measured("grants", "grants", Measure::Made(granted)),
            ]
        }
    }
}
