//! Tenants, and what is done to them.

use libtenancy::api::{Deleted, TenantList, TenantView, WakeView, Woken};
use serde::Serialize;

use super::{Look, Show, cell, exact, number, size, status};

/// The one word for a tenant's status.
fn word(tenant: &TenantView) -> &str {
    if tenant.suspended.is_some() { "suspended" } else { &tenant.status }
}

fn wake(wake: &WakeView) -> String {
    let p = &wake.phases;
    let phases = [
        ("queue", p.queue_ms),
        ("lock", p.lock_ms),
        ("workload", p.workload_ms),
        ("restore", p.restore_ms),
        ("ready", p.ready_ms),
        ("record", p.record_ms),
    ];
    let told: Vec<String> =
        phases.iter().filter(|(_, ms)| *ms > 0.0).map(|(name, ms)| format!("{name} {ms:.1}")).collect();
    format!("{} in {:.1} ms ({})", wake.kind, p.total_ms, told.join(", "))
}

impl Show for TenantList {
    fn text(&self, look: &Look) -> String {
        let narrow = ["TENANT", "STATUS", "IDLE AFTER", "ACTIVE", "AGE"];
        let wide =
            ["TENANT", "STATUS", "IDLE AFTER", "ACTIVE", "AGE", "SINCE", "BOT", "AGENT", "GENERATION", "STOPPED"];
        let rows = self.tenants.iter().map(|tenant| {
            let mut row = vec![
                cell(&tenant.tenant_id),
                status(word(tenant)),
                cell(exact(tenant.idle_timeout_s)),
                cell(look.age(tenant.last_active_at)),
                cell(look.age(tenant.created_at)),
            ];
            if look.wide {
                row.extend([
                    cell(look.age(tenant.since)),
                    cell(tenant.bot_id.map_or("-".to_owned(), |id| id.to_string())),
                    cell(tenant.pod_name.as_deref().unwrap_or("-")),
                    number(tenant.generation),
                    cell(tenant.stop_reason.as_ref().map_or("-".to_owned(), ToString::to_string)),
                ]);
            }
            row
        });
        if self.tenants.is_empty() {
            return String::new();
        }
        look.table(if look.wide { &wide } else { &narrow }, rows)
    }

    fn names(&self) -> Vec<String> {
        self.tenants.iter().map(|tenant| tenant.tenant_id.clone()).collect()
    }
}

impl Show for TenantView {
    fn text(&self, look: &Look) -> String {
        let moment = |at| cell(format!("{at} ({} ago)", look.age(at)));
        let snapshot = self.snapshot.as_ref().map(|s| format!("{}, {} ago", size(s.bytes), look.age(s.taken_at)));
        look.fields([
            ("Tenant", Some(cell(&self.tenant_id))),
            ("Status", Some(status(word(self)))),
            ("Suspended", self.suspended.as_ref().map(cell)),
            ("Since", Some(moment(self.since))),
            ("Stopped", self.stop_reason.as_ref().map(|reason| cell(reason.to_string()))),
            ("Idle after", Some(cell(exact(self.idle_timeout_s)))),
            ("Last active", Some(moment(self.last_active_at))),
            ("Created", Some(moment(self.created_at))),
            ("Bot", self.bot_id.map(|id| cell(id.to_string()))),
            ("Webhook", self.webhook_url.as_ref().map(cell)),
            ("Agent", self.pod_name.as_ref().map(cell)),
            ("Endpoint", self.pod_ip.as_ref().map(cell)),
            ("Last wake", self.last_wake.as_ref().map(|w| cell(wake(w)))),
            ("Snapshot", snapshot.map(cell)),
            ("Generation", look.wide.then(|| cell(self.generation.to_string()))),
            ("Prefix", look.wide.then(|| cell(&self.s3_prefix))),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}

/// A wake with the name of who was woken.
#[derive(Debug, Serialize)]
pub struct TenantWoken {
    /// Who.
    pub tenant_id: String,
    /// How.
    #[serde(flatten)]
    pub woken: Woken,
}

impl Show for TenantWoken {
    fn text(&self, look: &Look) -> String {
        look.fields([
            ("Tenant", Some(cell(&self.tenant_id))),
            ("Status", Some(status("running"))),
            ("Endpoint", Some(cell(&self.woken.pod_ip))),
            ("Wake", Some(cell(self.woken.wake.as_ref().map_or("it was running already".to_owned(), wake)))),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}

impl Show for Deleted {
    fn text(&self, _: &Look) -> String {
        let state = if self.state_kept { "what its agent remembers is kept" } else { "nothing of it is left" };
        format!("deleted {}; {state}", super::plain(&self.tenant_id))
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}

/// What a wait ended with.
#[derive(Debug, Serialize)]
pub struct Waited {
    /// Who was waited for.
    pub tenant_id: String,
    /// `running`, `idle` or `deleted`.
    pub state: &'static str,
}

impl Show for Waited {
    fn text(&self, _: &Look) -> String {
        format!("{} is {}", super::plain(&self.tenant_id), self.state)
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}
