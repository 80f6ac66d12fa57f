//! Quotas and accounts.

use libtenancy::{api::quotas::QuotaView, credits::MicroCredits};

use super::{Look, Show, cell, status};

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
        let standing = match self.until {
            Some(until) => format!("{}, until {until}", self.standing),
            None => self.standing.clone(),
        };
        let over = if self.bucket > self.burst { " (over by a refund)" } else { "" };
        look.fields([
            ("Tenant", Some(cell(&self.tenant_id))),
            ("Available", Some(cell(format!("{} credits", self.available)))),
            ("Bucket", Some(cell(format!("{} of {}{over}, {} a second", self.bucket, self.burst, self.rate_per_sec)))),
            ("Grants", (!grants.is_empty()).then(|| cell(grants.join(", ")))),
            ("Held", Some(cell(format!("{} credits", self.held)))),
            ("Budget", budget.map(cell)),
            ("Resets", self.budget_resets_at.map(|at| cell(at.to_string()))),
            ("Weight", Some(cell(self.weight.to_string()))),
            ("Running", Some(cell(format!("{} of {}", self.running, self.max_running)))),
            ("Standing", Some(if self.standing == "idle" { status("idle") } else { cell(standing) })),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}
