//! The bodies of the HTTP API: one set of types for the services that answer and the command that asks.
//!
//! Owns names on the wire (the seed's `snake_case`). Does not own routes (`services`) nor decisions. Unknown fields in
//! requests are refused.

pub mod feed;
pub mod jobs;
pub mod journal;
pub mod nodes;
pub mod pool;
pub mod probe;
pub mod quotas;
pub mod schedules;
pub mod spend;
pub mod state;
pub mod why;

use serde::{Deserialize, Serialize};

use crate::{
    admission::Suspension,
    clock::Timestamp,
    inbox::{Stage, Update},
    labels::{LabelChange, Labels},
    ports::{inboxes::InboxCounts, jobs::Waits},
    tenant::{SnapshotRef, StopReason, Tenant, WakePhases},
};

/// `POST /tenants`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateTenant {
    /// The id, see [`crate::tenant::TenantId`].
    pub tenant_id: String,
    /// The bot's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_token: Option<String>,
    /// Seconds; 300 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_s: Option<i64>,
    /// What is said of it, see [`crate::labels`].
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// `PATCH /tenants/{id}`: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateTenant {
    /// The new bot's token: the old bot's webhook is removed, the new one's registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_token: Option<String>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_s: Option<i64>,
    /// Labels, each by itself; `null` removes one.
    #[serde(default, skip_serializing_if = "LabelChange::is_empty")]
    pub labels: LabelChange,
}

/// A tenant as shown; never a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantView {
    /// The id.
    pub tenant_id: String,
    /// The status label; `suspended` has its own field.
    pub status: String,
    /// Why it is suspended.
    pub suspended: Option<String>,
    /// When it was suspended; absent where that is not remembered, and in listings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_since: Option<Timestamp>,
    /// Grows with every transition.
    pub generation: u64,
    /// When the status began; not when it was suspended.
    pub since: Timestamp,
    /// Why the last agent stopped, or the present one is being stopped.
    pub stop_reason: Option<StopReason>,
    /// The workload that is the agent (the seed's name for it).
    pub pod_name: Option<String>,
    /// Where the agent is reached (the seed's name for it; a Unix socket for processes).
    pub pod_ip: Option<String>,
    /// The bot's public number.
    pub bot_id: Option<i64>,
    /// The registered webhook.
    pub webhook_url: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last had work.
    pub last_active_at: Timestamp,
    /// Seconds.
    pub idle_timeout_s: u64,
    /// What operators say of it.
    #[serde(default)]
    pub labels: Labels,
    /// The prefix of its snapshots.
    pub s3_prefix: String,
    /// The last published snapshot.
    pub snapshot: Option<SnapshotRef>,
    /// The phases of the last wake, in milliseconds.
    pub last_wake: Option<WakeView>,
}

/// A wake's phases in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of `WakePhases`, said there")]
pub struct WakePhasesView {
    pub queue_ms: f64,
    pub lock_ms: f64,
    #[serde(default)]
    pub node_ms: f64,
    pub workload_ms: f64,
    pub restore_ms: f64,
    pub ready_ms: f64,
    pub record_ms: f64,
    pub total_ms: f64,
}

/// A wake: cold or warm, and its phases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WakeView {
    /// `warm` or `cold`.
    pub kind: String,
    /// How long each phase took.
    #[serde(flatten)]
    pub phases: WakePhasesView,
}

impl Eq for WakeView {}

impl From<&WakePhases> for WakeView {
    fn from(p: &WakePhases) -> Self {
        let ms = |d: std::time::Duration| (d.as_secs_f64() * 1e6).round() / 1e3;
        Self {
            kind: if p.warm { "warm" } else { "cold" }.to_owned(),
            phases: WakePhasesView {
                queue_ms: ms(p.queue),
                lock_ms: ms(p.lock),
                node_ms: ms(p.node),
                workload_ms: ms(p.workload),
                restore_ms: ms(p.restore),
                ready_ms: ms(p.ready),
                record_ms: ms(p.record),
                total_ms: ms(p.total),
            },
        }
    }
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        use crate::tenant::Status;
        let lifecycle = &tenant.lifecycle;
        let agent = lifecycle.status.agent();
        let bot = tenant.settings.bot.as_ref();
        Self {
            tenant_id: tenant.id.to_string(),
            status: lifecycle.status.label().to_owned(),
            suspended: tenant.settings.suspended.as_deref().map(|stored| Suspension::parse(stored).shown()),
            suspended_since: None,
            generation: lifecycle.generation.0,
            since: lifecycle.since,
            stop_reason: match &lifecycle.status {
                Status::Idle { reason } => reason.clone(),
                Status::Stopping { reason, .. } => Some(reason.clone()),
                Status::Provisioning | Status::Running { .. } | Status::Terminated { .. } => None,
            },
            pod_name: agent.map(|a| a.workload.to_string()),
            pod_ip: agent.map(|a| a.endpoint.to_string()),
            bot_id: bot.map(|b| b.id.0),
            webhook_url: bot.and_then(|b| b.webhook_url.clone()),
            created_at: tenant.created_at,
            last_active_at: tenant.last_active_at,
            idle_timeout_s: tenant.settings.idle_timeout.as_secs(),
            labels: tenant.settings.labels.clone(),
            s3_prefix: format!("tenants/{}/", tenant.id),
            snapshot: lifecycle.snapshot.clone(),
            last_wake: lifecycle.last_wake.as_ref().map(WakeView::from),
        }
    }
}

/// `GET /tenants?status=&label=&after=&limit=`; `label` is a [`crate::labels::Selector`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TenantList {
    /// One page, in order of id.
    pub tenants: Vec<TenantView>,
    /// Pass as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `POST /wake/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Woken {
    /// Where the agent is reached.
    pub pod_ip: String,
    /// The agent's generation.
    pub generation: u64,
    /// The wake, unless the agent was running already.
    pub wake: Option<WakeView>,
}

/// `POST /stop/{id}` (an empty body drains the agent for as long as the configuration says).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopTenant {
    /// Ends the agent at once: nothing is drained or saved, what it has in hand goes back as after a crash.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// How long it may take to finish what it has in hand, milliseconds; not with `force`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_ms: Option<u64>,
}

/// `POST /suspend/{id}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuspendTenant {
    /// Why, for people: 1 to 256 bytes.
    pub reason: String,
}

/// `DELETE /tenants/{id}?keep_state=`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deleted {
    /// The id.
    pub tenant_id: String,
    /// Whether snapshots and local state were kept.
    pub state_kept: bool,
}

/// An update in an inbox, without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateView {
    /// Whose inbox.
    pub tenant_id: String,
    /// The bot that received it.
    pub bot_id: i64,
    /// Telegram's id.
    pub update_id: i64,
    /// `pending`, `replied`, `handled`, `dead`, `dropped`.
    pub stage: String,
    /// Why it is dead.
    pub reason: Option<String>,
    /// When it was stored.
    pub received_at: Timestamp,
    /// Deliveries begun.
    pub takes: u32,
    /// Deliveries failed.
    pub attempts: u32,
    /// Not taken before this time.
    pub not_before: Timestamp,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// Parts that may have been sent twice.
    pub possible_repeats: u32,
}

impl From<&Update> for UpdateView {
    fn from(update: &Update) -> Self {
        Self {
            tenant_id: update.key.tenant.to_string(),
            bot_id: update.key.bot.0,
            update_id: update.key.update_id,
            stage: update.stage.label().to_owned(),
            reason: match &update.stage {
                Stage::Dead { reason, .. } => Some(reason.clone()),
                Stage::Pending | Stage::Replied { .. } | Stage::Handled { .. } | Stage::Dropped { .. } => None,
            },
            received_at: update.received_at,
            takes: update.takes,
            attempts: update.attempts,
            not_before: update.not_before,
            last_error: update.last_error.clone(),
            possible_repeats: update.possible_repeats,
        }
    }
}

/// `GET /inbox?tenant=&stage=&after=&limit=`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InboxList {
    /// Updates in order of tenant, bot and update id.
    pub updates: Vec<UpdateView>,
    /// Pass as `after` (`TENANT/BOT/UPDATE`) for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a rehearsed order would do: every order below `/dry-run`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    /// Always.
    pub dry_run: bool,
    /// What would be done first, as an imperative; `None` if nothing would change.
    pub would: Option<String>,
}

/// `POST /inbox/replay` and `POST /inbox/drop`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpdateName {
    /// `TENANT/BOT/UPDATE`, see [`crate::inbox::UpdateKey`].
    pub update: String,
}

/// `GET /tenants/{id}/bot_token`, for the router's identity alone: the one answer that carries a secret.
#[derive(Clone, Serialize, Deserialize)]
pub struct BotToken {
    /// The token.
    pub bot_token: String,
}

impl std::fmt::Debug for BotToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BotToken(…)")
    }
}

/// `POST /admin/webhook/{tenant}` (an empty body registers the router's public URL).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterWebhook {
    /// Another base URL than the configured one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
}

/// What is known of a tenant's webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookView {
    /// The id.
    pub tenant_id: String,
    /// The registered URL; empty if none.
    pub url: String,
    /// Updates that wait at Telegram.
    pub pending_update_count: u64,
    /// What Telegram's last failed delivery said.
    pub last_error_message: Option<String>,
}

/// `GET /status`: the control plane in numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatusView {
    /// The version of the control plane.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// The parts that were asked, and how they did.
    #[serde(default)]
    pub parts: Vec<PartView>,
    /// Tenants by status; none if the registry does not answer, see [`StatusView::parts`].
    pub tenants: Option<std::collections::BTreeMap<String, u64>>,
    /// How many of them are suspended, whatever their status; absent where the registry cannot tell without reading all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenants_suspended: Option<u64>,
    /// All inboxes together; none if they do not answer.
    pub inbox: Option<InboxCounts>,
    /// The queues of all partitions together; none if they do not answer.
    #[serde(default)]
    pub queue: Option<QueueTotals>,
    /// Unbound agents that are ready, and how many there should be.
    pub warm_ready: usize,
    /// See [`StatusView::warm_ready`].
    pub warm_target: usize,
    /// How many the configuration says, at least: from these to [`StatusView::warm_configured_max`], by the demand.
    #[serde(default)]
    pub warm_configured: usize,
    /// And at most; equal to the least where the size is fixed.
    #[serde(default)]
    pub warm_configured_max: usize,
    /// Whether an operator chose another size (`PUT /pool`).
    #[serde(default)]
    pub warm_chosen: bool,
    /// Whether repeated failures have stopped the refilling of the pool, and why.
    pub warm_breaker: Option<String>,
    /// Whether this process leads (idle handling and reconciling).
    pub leader: bool,
    /// How often each code of [`crate::admission::Code`] was decided since the start.
    pub decisions: std::collections::BTreeMap<String, u64>,
    /// How the ledger keeps up.
    pub ledger: LedgerView,
    /// Wakes since the start, by kind: `cold`, `warm`.
    #[serde(default)]
    pub wakes_total: std::collections::BTreeMap<String, u64>,
    /// How often, since the start, an older archive took the place of a damaged one.
    #[serde(default)]
    pub state_fallbacks: u64,
    /// The wakes of the last hour among the last 1,000 events of all control planes, newest last.
    pub wakes: Vec<WakeRecord>,
    /// That nobody takes jobs, and since when, where this control plane can know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs_untaken: Option<String>,
    /// The report of the reconciler's last pass.
    pub reconcile: Option<crate::reconcile::ReconcileReport>,
    /// Resident memory of the control plane, bytes.
    pub memory_bytes: Option<u64>,
    /// Processor time the control plane has used, milliseconds.
    pub cpu_ms: u64,
}

/// Whether a part answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartView {
    /// Which: `registry`, `inboxes`, `queue`, `deadlines`, `ledger`, `archives`, `agents`.
    pub part: String,
    /// Why it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds.
    pub took_ms: u64,
}

/// What waits for its turn, and what has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueTotals {
    /// Jobs that run.
    pub running: u64,
    /// How many may; 0: no limit.
    pub capacity: u64,
    /// Tenants whose jobs wait for their turn.
    pub ready: u64,
    /// Jobs that wait for their time, and tenants that wait for credits.
    pub delayed: u64,
    /// How many jobs wait, and for what; absent: the control plane is of before and says none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
    /// Leases that lapsed and were put back, since the store was made.
    pub recovered: u64,
}

/// How the ledger keeps up with what is charged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerView {
    /// Rows copied since the start.
    pub appended: u64,
    /// How often a store was found to have forgotten, since the start.
    pub rollbacks: u64,
    /// Rows that were seen and forgotten before they reached the ledger, since the start.
    pub lost_rows: u64,
    /// What the last failure said, while there is one.
    pub failing: Option<String>,
}

/// One wake of the past.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WakeRecord {
    /// Who was woken.
    pub tenant_id: String,
    /// When `running` was written.
    pub at: Timestamp,
    /// How.
    #[serde(flatten)]
    pub wake: WakeView,
}

/// The body of every answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A stable word: the error's variant in `snake_case`.
    pub code: String,
    /// What failed; for people.
    pub error: String,
    /// What can be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Under which id the control plane was asked: its log says it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
