//! The tenant: its id, its record, its statuses, and which status may follow which.
//!
//! Owns the shape of the record and the pure transition function. Does not own storage (`ports::tenants`) nor the work
//! that a transition stands for (`wake`, `stop`, `reconcile`).
//!
//! # Design notes
//! A record has two halves with different writers. The *lifecycle* (status, generation, snapshot) is written only by
//! conditional writes on the generation, which grows on each of them: a stale owner's write never succeeds. The
//! *settings* (idle timeout, bot, labels, schedules) are written by operators, and never touch the lifecycle.
//!
//! A generation is `max(previous + 1, now in µs)`, so it does not go back when a tenant is deleted and created again,
//! nor when a store forgot its last writes.
//!
//! An agent is bound under the generation of the `provisioning` transition of its wake and keeps that number for life
//! ([`Agent::generation`]), while the record's own generation moves on.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    labels::Labels,
    pinned::Pin,
    schedule::Schedules,
    secret::Sealed,
};

/// A tenant's name: a DNS-1123 label (`[a-z0-9]([a-z0-9-]*[a-z0-9])?`) of at most 40 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Box<str>);

impl TenantId {
    /// The longest id, in characters: room for `pvc-tenant-…` within Kubernetes' 63.
    pub const MAX_LEN: usize = 40;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = text.as_bytes();
        let well_formed = matches!((bytes.first(), bytes.last()), (Some(&first), Some(&last)) if inner(first) && inner(last))
            && bytes.iter().all(|&b| inner(b) || b == b'-');
        if !well_formed || bytes.len() > Self::MAX_LEN {
            return Err(Error::invalid(
                "tenant id",
                format!(
                    "{:?} must be 1 to {} characters, lower-case letters, digits and inner hyphens",
                    text.chars().take(Self::MAX_LEN + 20).collect::<String>(),
                    Self::MAX_LEN
                ),
            ));
        }
        if text == "warm-pool-meta" {
            return Err(Error::invalid("tenant id", "`warm-pool-meta` is reserved"));
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for TenantId {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Grows on every lifecycle transition of a tenant; the fence of every lifecycle write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl Generation {
    /// The generation after this one: `max(self + 1, now in µs)`.
    #[must_use]
    pub fn next(self, now: Timestamp) -> Self {
        Self(self.0.saturating_add(1).max(u64::try_from(now.as_micros()).unwrap_or(0)))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one workload (one `agentd`), for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkloadId(pub String);

impl fmt::Display for WorkloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a tenant's `agentd` listens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// A Unix socket (processes): cannot be reused by another program the way a port can.
    Unix(std::path::PathBuf),
    /// An address, which may be another one's tomorrow (pods of images without `agentd`).
    Tcp(std::net::SocketAddr),
    /// An address, and the key that its `agentd` holds (pods).
    Pinned {
        /// Where it listens.
        address: std::net::SocketAddr,
        /// What it proves itself with.
        key: Pin,
    },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) | Self::Pinned { address, .. } => address.fmt(f),
        }
    }
}

/// The one live agent of a tenant: which workload, bound under which generation, reached where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The workload that is this tenant's agent.
    pub workload: WorkloadId,
    /// The generation it was bound under; every request to it carries this number.
    pub generation: Generation,
    /// Where it listens.
    pub endpoint: Endpoint,
}

/// Why an agent is, or is being, stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "detail")]
pub enum StopReason {
    /// It had no work for its idle timeout.
    Idle,
    /// An operator asked for it.
    Operator,
    /// An operator had it ended at once, without a word to it: nothing was drained or saved.
    Forced,
    /// The control plane ended, and its agents with it.
    Shutdown,
    /// The tenant is being deleted.
    Deleted,
    /// It died or vanished; the detail says what was seen.
    Lost(String),
    /// It never became ready; the detail says why.
    WakeFailed(String),
}

impl StopReason {
    /// Whether the agent ended without a chance to save what it remembers.
    pub fn is_abrupt(&self) -> bool {
        matches!(self, Self::Forced | Self::Lost(_))
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("idle"),
            Self::Operator => f.write_str("operator"),
            Self::Forced => f.write_str("operator, by force"),
            Self::Shutdown => f.write_str("the control plane was ended"),
            Self::Deleted => f.write_str("deleted"),
            Self::Lost(detail) => write!(f, "lost: {detail}"),
            Self::WakeFailed(detail) => write!(f, "wake failed: {detail}"),
        }
    }
}

/// What a tenant is doing. Stored by [`Status::label`], the data beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Status {
    /// No agent. `reason` says why the last one stopped, if there was one.
    Idle {
        /// Why the last agent stopped.
        reason: Option<StopReason>,
    },
    /// A wake is under way; an agent bound under this record's generation may exist.
    Provisioning,
    /// The agent answers.
    Running {
        /// Which one.
        agent: Agent,
    },
    /// The agent is being drained, saved and ended.
    Stopping {
        /// Which one.
        agent: Agent,
        /// Why.
        reason: StopReason,
    },
    /// Being deleted: the record goes last, after everything it names.
    Terminated {
        /// Whether snapshots and local state are kept.
        keep_state: bool,
    },
}

impl Status {
    /// Every label, in the order of a tenant's life.
    pub const LABELS: [&str; 5] = ["idle", "provisioning", "running", "stopping", "terminated"];

    /// What is said of a tenant beside its status, whichever that is, and what tenants can be listed by like one.
    pub const SUSPENDED: &str = "suspended";

    /// What tenants can be listed by: the labels, and [`Self::SUSPENDED`].
    pub const LISTED_BY: [&str; 6] = ["idle", "provisioning", "running", "stopping", "terminated", Self::SUSPENDED];

    /// The word that is stored, shown and filtered by.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Idle { .. } => "idle",
            Self::Provisioning => "provisioning",
            Self::Running { .. } => "running",
            Self::Stopping { .. } => "stopping",
            Self::Terminated { .. } => "terminated",
        }
    }

    /// The agent, where there is a known one.
    pub fn agent(&self) -> Option<&Agent> {
        match self {
            Self::Running { agent } | Self::Stopping { agent, .. } => Some(agent),
            Self::Idle { .. } | Self::Provisioning | Self::Terminated { .. } => None,
        }
    }
}

/// The last published snapshot of a tenant's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRef {
    /// Its key in the snapshot store.
    pub key: String,
    /// SHA-256 of the archive, hexadecimal.
    pub sha256: String,
    /// Size of the archive in bytes.
    pub bytes: u64,
    /// The generation of the agent that took it, or of the record when an operator chose it: local state of an earlier
    /// one is older.
    pub generation: Generation,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// Set if this is not the last one that was published: which one was, and why it is not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
}

impl SnapshotRef {
    /// Whether `other` was taken after it.
    pub fn is_before(&self, other: &Self) -> bool {
        (self.generation, self.taken_at) < (other.generation, other.taken_at)
    }
}

/// How long each phase of a wake took; a phase that did not happen is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WakePhases {
    /// Whether a warm agent was claimed.
    pub warm: bool,
    /// Waiting for a place among the wakes under way.
    pub queue: Duration,
    /// Taking the wake lock and writing `provisioning`.
    pub lock: Duration,
    /// Waiting for a machine with room for the workload.
    #[serde(default)]
    pub node: Duration,
    /// Getting a workload, on a machine that has room: claiming a warm one or starting a cold one.
    pub workload: Duration,
    /// Bringing back the state.
    pub restore: Duration,
    /// From the agent's start to its first healthy answer.
    pub ready: Duration,
    /// Writing `running`: known to whoever waited for it, and no part of the total.
    pub record: Duration,
    /// From the request to the writing of `running`.
    pub total: Duration,
}

impl WakePhases {
    /// The part of the total that is the control plane's own: all but the wait for a machine, the agent's start and the
    /// restore.
    pub fn own(&self) -> Duration {
        self.total.saturating_sub(self.node).saturating_sub(self.ready).saturating_sub(self.restore)
    }
}

/// The half of the record that only conditional writes on the generation change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// The fence.
    pub generation: Generation,
    /// What the tenant is doing.
    #[serde(flatten)]
    pub status: Status,
    /// When this status began.
    pub since: Timestamp,
    /// The last published snapshot.
    pub snapshot: Option<SnapshotRef>,
    /// The phases of the last wake that succeeded.
    pub last_wake: Option<WakePhases>,
}

/// A tenant's bot: its public id, and its secrets sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bot {
    /// The number before the colon of the token; de-duplication of updates is per bot.
    pub id: BotId,
    /// The token.
    pub token: Sealed,
    /// What Telegram must send in `X-Telegram-Bot-Api-Secret-Token`.
    pub webhook_secret: Sealed,
    /// The URL that was registered last, if any.
    pub webhook_url: Option<String>,
}

/// A bot's public number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BotId(pub i64);

impl fmt::Display for BotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The half of the record that operators write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How long an agent without work is kept.
    pub idle_timeout: Duration,
    /// The bot, if the tenant has one.
    pub bot: Option<Bot>,
    /// Set while the tenant may not be woken; the text says why.
    pub suspended: Option<String>,
    /// What operators say of it.
    #[serde(default)]
    pub labels: Labels,
    /// What is said to its agent, or done by it, at times.
    #[serde(default)]
    pub schedules: Schedules,
}

/// The bounds of an idle timeout.
pub const IDLE_TIMEOUT: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(30 * 86_400);

/// The idle timeout of a tenant that names none (the seed's 300 s).
pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(300);

/// Checks an idle timeout from outside, in whole seconds.
pub fn idle_timeout_from_secs(seconds: i64) -> Result<Duration> {
    u64::try_from(seconds).ok().map(Duration::from_secs).filter(|d| IDLE_TIMEOUT.contains(d)).ok_or_else(|| {
        Error::invalid(
            "idle_timeout_s",
            format!(
                "{seconds} must be from {} to {} seconds",
                IDLE_TIMEOUT.start().as_secs(),
                IDLE_TIMEOUT.end().as_secs()
            ),
        )
    })
}

/// One tenant, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its name.
    pub id: TenantId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last had work; may lag by up to a quarter of the idle timeout.
    pub last_active_at: Timestamp,
    /// What operators set.
    pub settings: Settings,
    /// What the control plane does with it.
    #[serde(flatten)]
    pub lifecycle: Lifecycle,
}

/// What happens to a tenant's lifecycle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A wake begins. From `idle`, or from `provisioning` whose waker is gone.
    WakeStarted,
    /// The agent bound under the current generation answers.
    AgentReady(Agent, WakePhases),
    /// The wake is given up.
    WakeFailed(String),
    /// The agent is to be stopped.
    StopStarted(StopReason),
    /// Work arrived before the agent was told to end.
    StopCancelled,
    /// The agent is gone, its state is in this snapshot if a new one was published.
    StopFinished(Option<SnapshotRef>),
    /// The agent is gone without having been asked.
    AgentLost(String),
    /// A snapshot is to be published: a running agent's, or one that a gone agent left and that is newer than what is
    /// published.
    SnapshotTaken(SnapshotRef),
    /// Another snapshot than the published one is to be used: by an operator's choice, or because that one is damaged.
    SnapshotChosen(SnapshotRef),
    /// The tenant is to be deleted.
    Deleted {
        /// Whether snapshots and local state are kept.
        keep_state: bool,
    },
}

impl Lifecycle {
    /// A new tenant's lifecycle.
    pub fn new(now: Timestamp) -> Self {
        Self {
            generation: Generation::default().next(now),
            status: Status::Idle { reason: None },
            since: now,
            snapshot: None,
            last_wake: None,
        }
    }

    /// The lifecycle after `event`, to be written on the condition that the generation is still `self.generation`;
    /// `None` if the event is not allowed in this status.
    ///
    /// A snapshot is taken over only if its agent's generation is not older than the published one's.
    pub fn after(&self, event: Event, now: Timestamp) -> Option<Self> {
        use Status::{Idle, Provisioning, Running, Stopping, Terminated};
        let mut snapshot = self.snapshot.clone();
        let mut last_wake = self.last_wake.clone();
        let mut publish = |taken: SnapshotRef| {
            if snapshot.as_ref().is_none_or(|published| !taken.is_before(published)) {
                snapshot = Some(taken);
            }
        };
        let status = match (&self.status, event) {
            (Idle { .. } | Provisioning, Event::WakeStarted) => Provisioning,
            (Provisioning, Event::AgentReady(agent, phases)) if agent.generation == self.generation => {
                last_wake = Some(phases);
                Running { agent }
            }
            (Provisioning, Event::WakeFailed(why)) => Idle { reason: Some(StopReason::WakeFailed(why)) },
            (Running { agent }, Event::StopStarted(reason)) => Stopping { agent: agent.clone(), reason },
            (Stopping { agent, .. }, Event::StopCancelled) => Running { agent: agent.clone() },
            (Stopping { agent, reason }, Event::StopFinished(taken))
                if taken.as_ref().is_none_or(|taken| taken.generation == agent.generation) =>
            {
                let reason = Some(reason.clone());
                taken.into_iter().for_each(&mut publish);
                Idle { reason }
            }
            (Stopping { reason, .. }, Event::AgentLost(_)) => Idle { reason: Some(reason.clone()) },
            (Running { .. }, Event::AgentLost(what)) => Idle { reason: Some(StopReason::Lost(what)) },
            (Running { agent }, Event::SnapshotTaken(taken)) if taken.generation == agent.generation => {
                publish(taken);
                Running { agent: agent.clone() }
            }
            (Idle { reason }, Event::SnapshotTaken(taken))
                if taken.generation <= self.generation
                    && self.snapshot.as_ref().is_none_or(|published| published.is_before(&taken)) =>
            {
                publish(taken);
                Idle { reason: reason.clone() }
            }
            (status @ (Idle { .. } | Provisioning), Event::SnapshotChosen(chosen)) => {
                snapshot = Some(chosen);
                status.clone()
            }
            (Terminated { keep_state: kept }, Event::Deleted { keep_state }) => {
                Terminated { keep_state: *kept && keep_state }
            }
            (_, Event::Deleted { keep_state }) => Terminated { keep_state },
            _ => return None,
        };
        let since = if status.label() == self.status.label() { self.since } else { now };
        Some(Self { generation: self.generation.next(now), status, since, snapshot, last_wake })
    }
}

impl Tenant {
    /// [`Lifecycle::after`], with a refusal that names the tenant.
    pub fn after(&self, event: Event, now: Timestamp) -> Result<Lifecycle> {
        let what = format!("{event:?}");
        self.lifecycle.after(event, now).ok_or_else(|| Error::IllegalState {
            tenant: self.id.to_string(),
            status: self.lifecycle.status.label(),
            reason: format!("`{}` is not possible now", what.split(['(', '{', ' ']).next().unwrap_or(&what)),
        })
    }
}

#[cfg(test)]
mod tests;
