//! The live feed on the wire: the whole fleet once, then what changes of it.
//!
//! `GET /feed` answers with server-sent events, each a [`Piece`]. What was said before a [`Change::Begin`] is void; from
//! [`Change::Ready`] on everything is known, and what follows are differences. A recording is the same pieces, a line each.

use serde::{Deserialize, Serialize};

use super::{LedgerView, WakeView, jobs::JobView, nodes::NodeList};
use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    labels::Labels,
    ports::jobs::Waits,
    quota::Account,
    tenant::{Status, Tenant},
};

/// One piece of the feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// By the control plane's clock.
    pub at: Timestamp,
    /// What is new.
    pub change: Change,
}

/// What is new.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Everything follows, from the beginning.
    Begin(Begin),
    /// Tenants that are new, another than before, or of which something else was written (a job, an update): each whole.
    Tenants(Vec<TenantLine>),
    /// Tenants that are no more.
    Gone(Vec<String>),
    /// The control plane in numbers.
    Numbers(Numbers),
    /// The queue of every partition, in order.
    Queue(Vec<QueueLine>),
    /// The jobs that wait, run or are dead, as many as are shown; all of them anew.
    Jobs(Vec<JobView>),
    /// The machines.
    Nodes(NodeList),
    /// What is spent.
    Spend(SpendNow),
    /// What happened, oldest first.
    Events(Vec<EventLine>),
    /// Everything has been said once.
    Ready,
    /// Nothing is new; it is still there.
    Beat,
    /// Something cannot be read, and is as old as it is.
    Trouble(String),
}

/// Who speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// The version of the control plane.
    pub version: String,
    /// What the listener is to it: `viewer`, `operator`, `admin`, `service`; absent where nobody asks.
    pub role: Option<String>,
    /// Whether there is a control plane, or only records that are looked at.
    pub live: bool,
    /// Since when.
    pub started_at: Timestamp,
    /// Agents that may run at once.
    pub max_running: usize,
}

/// A tenant in a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TenantLine {
    /// The id.
    pub id: String,
    /// The status' label, whether it is suspended or not.
    pub status: String,
    /// Why it is suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<String>,
    /// Grows with every transition.
    pub generation: u64,
    /// When the status began.
    pub since: Timestamp,
    /// Why the last agent stopped, or the present one is being stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
    /// When it last had work.
    pub last_active_at: Timestamp,
    /// Seconds without work after which it is stopped.
    pub idle_timeout_s: u64,
    /// What operators say of it.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The workload that is the agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// Updates that are not answered yet.
    #[serde(default)]
    pub pending: u64,
    /// Its credits; absent until it has an account, or until it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountLine>,
    /// When its state was last published, and how many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<(Timestamp, u64)>,
    /// Its last wake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_wake: Option<WakeView>,
}

impl From<&Tenant> for TenantLine {
    fn from(tenant: &Tenant) -> Self {
        let lifecycle = &tenant.lifecycle;
        let suspended = tenant.settings.suspended.as_deref();
        Self {
            id: tenant.id.to_string(),
            status: lifecycle.status.label().to_owned(),
            suspended: suspended.map(|stored| crate::admission::Suspension::parse(stored).shown()),
            generation: lifecycle.generation.0,
            since: lifecycle.since,
            stop_reason: match &lifecycle.status {
                Status::Idle { reason } => reason.as_ref().map(ToString::to_string),
                Status::Stopping { reason, .. } => Some(reason.to_string()),
                Status::Provisioning | Status::Running { .. } | Status::Terminated { .. } => None,
            },
            last_active_at: tenant.last_active_at,
            idle_timeout_s: tenant.settings.idle_timeout.as_secs(),
            labels: tenant.settings.labels.clone(),
            workload: lifecycle.status.agent().map(|agent| agent.workload.to_string()),
            pending: 0,
            account: None,
            snapshot: lifecycle.snapshot.as_ref().map(|snapshot| (snapshot.taken_at, snapshot.bytes)),
            last_wake: lifecycle.last_wake.as_ref().map(WakeView::from),
        }
    }
}

impl TenantLine {
    /// When it is stopped for idleness, if it runs and nothing comes.
    pub fn idle_at(&self) -> Option<Timestamp> {
        let timeout = std::time::Duration::from_secs(self.idle_timeout_s);
        (self.status == "running").then(|| self.last_active_at.max(self.since) + timeout)
    }

    /// The status where there is place for one word.
    pub fn shown_status(&self) -> &str {
        if self.suspended.is_some() { "suspended" } else { &self.status }
    }
}

/// An account in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLine {
    /// What can be held now.
    pub available: MicroCredits,
    /// Up to where the bucket refills.
    pub burst: MicroCredits,
    /// Credits a second.
    pub rate: MicroCredits,
    /// Held by jobs and turns.
    pub held: MicroCredits,
    /// Spent in the budget's period, or since the opening without one.
    pub spent: MicroCredits,
    /// The budget, if there is one, and what was granted beside it in its period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<MicroCredits>,
    /// The share.
    pub weight: u32,
    /// Jobs that run.
    pub running: u32,
    /// Where it stands: `idle`, `ready`, `capped`, `credits`, `budget`.
    pub standing: String,
}

impl From<&Account> for AccountLine {
    fn from(account: &Account) -> Self {
        Self {
            available: account.available(),
            burst: account.quota.burst,
            rate: account.quota.rate,
            held: account.held,
            spent: account.period_spent,
            budget: account.quota.budget.map(|budget| budget.limit + account.period_granted),
            weight: account.quota.weight,
            running: account.running,
            standing: account.standing.label().to_owned(),
        }
    }
}

/// The control plane in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Whether the one that speaks leads.
    pub leader: bool,
    /// Agents of the warm pool that can be claimed.
    pub warm_ready: usize,
    /// How many there should be.
    pub warm_target: usize,
    /// Why there are not more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_trouble: Option<String>,
    /// Updates that were given up.
    pub dead_updates: u64,
    /// How the ledger keeps up.
    pub ledger: LedgerView,
    /// What the reconciler could not do in its last pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reconcile_errors: Vec<String>,
}

/// The queue of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueLine {
    /// Leases at once; 0: no limit.
    pub capacity: u32,
    /// Leases that hold.
    pub leases: u64,
    /// The virtual time.
    pub clock: i64,
    /// Delayed jobs and parked tenants.
    pub delayed: u64,
    /// The tenants that take their turn, next first, at most 100.
    pub ready: Vec<ReadyLine>,
    /// How many take their turn in all.
    pub ready_count: u64,
    /// Tenants whose jobs wait while it is not their turn, by name, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_back: Vec<HeldLine>,
    /// How many jobs wait, and for what; absent: the control plane is of before and says none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
    /// Leases that lapsed and were put back, since the store was made.
    pub recovered: u64,
}

/// A tenant that takes its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadyLine {
    /// Who.
    pub tenant: String,
    /// Its start tag: the lowest is next.
    pub tag: i64,
    /// Its share.
    pub weight: u32,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs that run.
    pub running: u32,
}

/// A tenant whose jobs wait while it is not its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldLine {
    /// Who.
    pub tenant: String,
    /// What they wait for: `capped`, `credits`, `budget`.
    pub standing: String,
    /// Jobs that wait.
    pub waiting: u64,
    /// Jobs that run.
    pub running: u32,
}

impl From<&crate::ports::jobs::QueueView> for QueueLine {
    fn from(view: &crate::ports::jobs::QueueView) -> Self {
        let line = |queued: &crate::ports::jobs::QueuedTenant| ReadyLine {
            tenant: queued.tenant.to_string(),
            tag: queued.tag,
            weight: queued.weight,
            waiting: queued.waiting,
            running: queued.running,
        };
        let held = |queued: &crate::ports::jobs::QueuedTenant| HeldLine {
            tenant: queued.tenant.to_string(),
            standing: queued.standing.label().to_owned(),
            waiting: queued.waiting,
            running: queued.running,
        };
        Self {
            held_back: view.held_back.iter().map(held).collect(),
            waits: Some(view.waits),
            capacity: view.capacity,
            leases: view.leases,
            clock: view.clock,
            delayed: view.delayed,
            ready: view.ready.iter().map(line).collect(),
            ready_count: view.ready_count,
            recovered: view.recovered,
        }
    }
}

/// What is spent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendNow {
    /// Credits of today, UTC.
    pub today: MicroCredits,
    /// Credits of this month, UTC.
    pub month: MicroCredits,
    /// Credits an hour, as of the last minutes; absent until they have passed.
    pub per_hour: Option<MicroCredits>,
    /// What one credit costs, millionths of the currency's unit; absent if no price is set.
    pub price_micros_per_credit: Option<u64>,
}

/// The answer of `GET /events`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventList {
    /// What happened, oldest first.
    pub events: Vec<EventLine>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventLine {
    /// When.
    pub at: Timestamp,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What, in a word: `created`, `waking`, `woken`, `stopping`, `stopped`, `lost`, `failed`, `suspended`, `resumed`, `deleted`,
    /// `refused`; of no tenant: `began`, `adopted`, `ended`, of a control plane.
    pub what: String,
    /// What, in a sentence.
    pub text: String,
    /// The wake that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake: Option<WakeView>,
}
