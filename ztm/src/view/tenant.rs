//! Tenants, and what is done to them.

use comfy_table::Color;
use libtenancy::{
    agent::AgentStatus,
    api::{
        Deleted, TenantList, TenantView, WakeView, Woken,
        state::{ArchiveView, SnapshotOutcome, StateVerified, StateView},
    },
    clock::Timestamp,
    labels::Labels,
    tenant::{Status, StopReason},
};
use serde::Serialize;
use serde_json::Value;

use crate::listing::column::{Column, Measure, column, measured};

use super::{Look, Show, ShowRows, cell, exact, number, size, status};

/// The fields that every row of the listing has.
pub(super) const COLUMNS: &[&str] = &[
    "tenant_id",
    "status",
    "suspended",
    "generation",
    "since",
    "stop_reason.kind",
    "stop_reason.detail",
    "pod_name",
    "pod_ip",
    "bot_id",
    "webhook_url",
    "created_at",
    "last_active_at",
    "idle_timeout_s",
    "s3_prefix",
    "snapshot.key",
    "snapshot.sha256",
    "snapshot.bytes",
    "snapshot.generation",
    "snapshot.taken_at",
    "snapshot.instead_of",
    "last_wake.kind",
    "last_wake.queue_ms",
    "last_wake.lock_ms",
    "last_wake.node_ms",
    "last_wake.workload_ms",
    "last_wake.restore_ms",
    "last_wake.ready_ms",
    "last_wake.record_ms",
    "last_wake.total_ms",
];

/// The word of a tenant that is being deleted.
pub(crate) const TERMINATED: &str = "terminated";

/// The one word for a tenant's status: what is being deleted is no more suspended.
fn word(tenant: &TenantView) -> &str {
    if tenant.suspended.is_some() && tenant.status != TERMINATED { Status::SUSPENDED } else { &tenant.status }
}

/// Characters of a reason that are shown.
const REASON: usize = 120;

/// Why it was stopped, in a line: a log that is quoted in it is not.
fn stopped(reason: &StopReason) -> String {
    let text = reason.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.split("; its log ends:").next().unwrap_or(first);
    match first.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &first[..end]),
        None => first.to_owned(),
    }
}

/// Its labels, if it has any.
fn said(tenant: &TenantView) -> Option<String> {
    Some(&tenant.labels).filter(|labels| !labels.is_empty()).map(ToString::to_string)
}

/// The labels of a row as its table shows them; nothing if it has none.
fn labels(row: &Value) -> Value {
    let labels = serde_json::from_value::<Labels>(row["labels"].clone()).unwrap_or_default();
    if labels.is_empty() { Value::Null } else { labels.to_string().into() }
}

/// The phases that the total is of: the same when a wake ends and whenever it is looked at.
fn wake(wake: &WakeView) -> String {
    let p = &wake.phases;
    let phases = [
        ("queue", p.queue_ms),
        ("lock", p.lock_ms),
        ("node", p.node_ms),
        ("workload", p.workload_ms),
        ("restore", p.restore_ms),
        ("ready", p.ready_ms),
    ];
    let told: Vec<String> =
        phases.iter().filter(|(_, ms)| *ms > 0.0).map(|(name, ms)| format!("{name} {ms:.1}")).collect();
    format!("{} in {:.1} ms ({})", wake.kind, p.total_ms, told.join(", "))
}

impl Show for TenantList {
    fn text(&self, look: &Look) -> String {
        let narrow = ["TENANT", "STATUS", "IDLE AFTER", "ACTIVE", "AGE"];
        let wide = [
            "TENANT",
            "STATUS",
            "IDLE AFTER",
            "ACTIVE",
            "AGE",
            "SINCE",
            "BOT",
            "AGENT",
            "GENERATION",
            "STOPPED",
            "LABELS",
        ];
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
                    cell(tenant.stop_reason.as_ref().map_or("-".to_owned(), stopped)),
                    cell(said(tenant).unwrap_or("-".to_owned())),
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

    fn rows_name(&self) -> Option<&'static str> {
        Some("tenants")
    }

    fn columns(&self) -> &'static [&'static str] {
        COLUMNS
    }
}

impl ShowRows for TenantList {
    type Row = TenantView;

    fn rows_mut(&mut self) -> &mut Vec<TenantView> {
        &mut self.tenants
    }

    fn columns_as() -> &'static [Column] {
        const {
            &[
                column("tenant", "tenant_id"),
                column("idle_after", "idle_timeout_s"),
                measured("active", "last_active_at", Measure::Ago),
                measured("age", "created_at", Measure::Ago),
                column("bot", "bot_id"),
                column("agent", "pod_name"),
                column("stopped", "stop_reason.kind"),
                measured("labels", "labels", Measure::Made(labels)),
            ]
        }
    }

    fn word_for(row: &Value, column: &str) -> Option<&'static str> {
        let suspended = !row["suspended"].is_null() && row["status"] != TERMINATED;
        (column == "status" && suspended).then_some(Status::SUSPENDED)
    }
}

/// A tenant, and what its agent says of itself while there is one.
#[derive(Debug, Serialize)]
pub struct TenantDetails {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: TenantView,
    /// Its agent, if it runs and answers.
    pub agent_status: Option<AgentStatus>,
}

impl Show for TenantDetails {
    fn text(&self, look: &Look) -> String {
        details(&self.tenant, self.agent_status.as_ref(), look)
    }

    fn names(&self) -> Vec<String> {
        self.tenant.names()
    }
}

/// What an agent and its agentd use.
fn usage(agent: &AgentStatus) -> String {
    let memory = |bytes: Option<u64>| bytes.map_or("unknown".to_owned(), size);
    let processor = agent.agent_cpu_ms.map(|ms| format!(", {}.{} s of processor time", ms / 1_000, ms % 1_000 / 100));
    let (agents, own) = (memory(agent.agent_memory_bytes), memory(agent.memory_bytes));
    format!("{agents} of memory{}; agentd {own}", processor.unwrap_or_default())
}

impl Show for TenantView {
    fn text(&self, look: &Look) -> String {
        details(self, None, look)
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}

/// When the shown status began, if that is known.
fn since(tenant: &TenantView) -> Option<Timestamp> {
    if word(tenant) == Status::SUSPENDED { tenant.suspended_since } else { Some(tenant.since) }
}

fn details(tenant: &TenantView, agent: Option<&AgentStatus>, look: &Look) -> String {
    let moment = |at| cell(format!("{at} ({} ago)", look.age(at)));
    let snapshot = tenant.snapshot.as_ref().map(|s| format!("{}, {} ago", size(s.bytes), look.age(s.taken_at)));
    let instead_of = tenant.snapshot.as_ref().and_then(|snapshot| snapshot.instead_of.as_ref());
    look.fields([
        ("Tenant", Some(cell(&tenant.tenant_id))),
        ("Status", Some(status(word(tenant)))),
        ("Suspended", tenant.suspended.as_ref().map(cell)),
        // Of the status above.
        ("Since", since(tenant).map(moment)),
        ("Stopped", tenant.stop_reason.as_ref().map(|reason| cell(stopped(reason)))),
        ("Idle after", Some(cell(exact(tenant.idle_timeout_s)))),
        ("Last active", Some(moment(tenant.last_active_at))),
        ("Created", Some(moment(tenant.created_at))),
        ("Labels", said(tenant).map(cell)),
        ("Bot", tenant.bot_id.map(|id| cell(id.to_string()))),
        ("Webhook", tenant.webhook_url.as_ref().map(cell)),
        ("Agent", tenant.pod_name.as_ref().map(cell)),
        ("Uses", agent.map(|agent| cell(usage(agent)))),
        ("Endpoint", tenant.pod_ip.as_ref().map(cell)),
        ("Last wake", tenant.last_wake.as_ref().map(|w| cell(wake(w)))),
        ("Snapshot", snapshot.map(cell)),
        ("Instead of", instead_of.map(|why| cell(why).fg(Color::Red))),
        ("Generation", look.wide.then(|| cell(tenant.generation.to_string()))),
        ("Prefix", look.wide.then(|| cell(&tenant.s3_prefix))),
    ])
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

/// Tenants that were deleted.
#[derive(Debug, Serialize)]
pub struct DeletedList {
    /// In the order that they were named in.
    pub deleted: Vec<Deleted>,
}

impl Show for DeletedList {
    fn text(&self, look: &Look) -> String {
        self.deleted.iter().map(|one| one.text(look)).collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.deleted.iter().map(|one| one.tenant_id.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("deleted")
    }

    fn columns(&self) -> &'static [&'static str] {
        &["tenant_id", "state_kept"]
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

/// What an operator calls an archive: what follows the tenant's prefix in its key.
fn archive<'a>(tenant: &str, key: &'a str) -> &'a str {
    key.strip_prefix("tenants/").and_then(|rest| rest.strip_prefix(tenant)?.strip_prefix('/')).unwrap_or(key)
}

fn archives(look: &Look, tenant: &str, archives: &[ArchiveView]) -> String {
    if archives.is_empty() {
        return String::new();
    }
    let verified = archives.iter().any(|archive| archive.intact.is_some());
    let mut header = vec!["ARCHIVE", "TAKEN", "SIZE", "NEXT WAKE"];
    header.extend(verified.then_some(["INTACT", "DAMAGE"]).into_iter().flatten());
    let rows = archives.iter().map(|view| {
        let mut row = vec![
            cell(archive(tenant, &view.key)),
            cell(view.taken_at.map_or("-".to_owned(), |at| format!("{} ago", look.age(at)))),
            cell(size(view.bytes)),
            cell(if view.published { "restores it" } else { "-" }),
        ];
        if verified {
            row.push(match view.intact {
                Some(true) => cell("yes").fg(Color::Green),
                Some(false) => cell("NO").fg(Color::Red),
                None => cell("-"),
            });
            row.push(cell(view.damage.as_deref().unwrap_or("-")));
        }
        row
    });
    look.table(&header, rows)
}

impl Show for StateView {
    fn text(&self, look: &Look) -> String {
        let at_risk = match (self.unsaved, self.saved_until, self.status.as_str()) {
            (false, ..) => "nothing".to_owned(),
            (true, Some(until), "running") => format!("what it wrote in the last {}", look.age(until)),
            (true, Some(until), _) => format!("what it wrote after {until}"),
            (true, None, _) => "all of it".to_owned(),
        };
        let interval = std::time::Duration::from_millis(self.snapshot_interval_ms);
        let head = look.fields([
            ("Tenant", Some(cell(&self.tenant_id))),
            ("Status", Some(status(&self.status))),
            ("Saved until", self.saved_until.map(|at| cell(format!("{at} ({} ago)", look.age(at))))),
            ("Saved every", Some(cell(format!("{interval:?} while it changes")))),
            ("On its machine alone", Some(cell(at_risk))),
            ("Instead of", self.instead_of.as_ref().map(|why| cell(why).fg(Color::Red))),
        ]);
        match archives(look, &self.tenant_id, &self.archives) {
            table if table.is_empty() => head,
            table => format!("{head}\n\n{table}"),
        }
    }

    fn names(&self) -> Vec<String> {
        self.archives.iter().map(|view| archive(&self.tenant_id, &view.key).to_owned()).collect()
    }
}

impl Show for StateVerified {
    fn text(&self, look: &Look) -> String {
        archives(look, &self.tenant_id, &self.archives)
    }

    fn names(&self) -> Vec<String> {
        self.archives.iter().map(|view| archive(&self.tenant_id, &view.key).to_owned()).collect()
    }
}

impl Show for SnapshotOutcome {
    fn text(&self, look: &Look) -> String {
        let name = super::plain(&self.tenant_id);
        match (&self.snapshot, self.changed) {
            (Some(snapshot), true) => format!("saved {name}: {}", size(snapshot.bytes)),
            (Some(snapshot), false) => {
                format!("nothing of {name} changed since its last snapshot, {} ago", look.age(snapshot.taken_at))
            }
            (None, _) => format!("{name} has written nothing yet"),
        }
    }

    fn names(&self) -> Vec<String> {
        vec![self.tenant_id.clone()]
    }
}

/// Tenants whose state was saved.
#[derive(Debug, Serialize)]
pub struct SnapshotList {
    /// In the order that they were named in.
    pub snapshots: Vec<SnapshotOutcome>,
}

impl Show for SnapshotList {
    fn text(&self, look: &Look) -> String {
        self.snapshots.iter().map(|one| one.text(look)).collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.snapshots.iter().map(|one| one.tenant_id.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("snapshots")
    }

    fn columns(&self) -> &'static [&'static str] {
        &["tenant_id", "changed", "snapshot"]
    }
}

/// An archive that was copied into a file.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// Whose state it is.
    pub tenant_id: String,
    /// Where it is now.
    pub file: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

impl Show for Exported {
    fn text(&self, _: &Look) -> String {
        format!("{}  {}  {}", self.sha256, size(self.bytes), super::plain(&self.file))
    }

    fn names(&self) -> Vec<String> {
        vec![self.file.clone()]
    }
}
