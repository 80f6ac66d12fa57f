//! Jobs: what is asked for, what may happen to it, and the states it goes through.
//!
//! Owns ids, states, bounds and back-off. Does not own the queue's order (`fairness`), the money (`quota`), nor the steps
//! themselves: they are [`crate::partition::Partition`], which every driver of `ports::jobs` must equal.
//!
//! ```text
//! submit ─▶ delayed ─▶ queued ─▶ running ─▶ succeeded
//!              ▲ └───────▲─────────┤ ├────▶ dead ──retry─▶ queued
//!              └── failed, lapsed ─┘ └────▶ cancelled
//! ```

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::{Error, Result},
    fairness::DEFAULT_PRIORITY,
    quota::{Hold, cost_checked},
    tenant::TenantId,
};

/// How long a lease lasts without a renewal (the seed's).
pub const LEASE: Duration = Duration::from_secs(30);

/// How often a worker renews (the seed's).
pub const LEASE_RENEW: Duration = Duration::from_secs(10);

/// The bounds of a lease.
pub const LEASE_BOUNDS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3_600);

/// The first pause after a failure (the seed's); it doubles with each attempt up to [`MAX_BACKOFF`].
pub const BACKOFF: Duration = Duration::from_secs(5);

/// The longest pause after a failure.
pub const MAX_BACKOFF: Duration = Duration::from_secs(600);

/// Attempts of a job that names none.
pub const DEFAULT_ATTEMPTS: u32 = 3;

/// Attempts a job may ask for.
pub const MAX_ATTEMPTS: u32 = 25;

/// The largest prompt, in bytes.
pub const MAX_PROMPT: usize = 256 << 10;

/// The largest result, in bytes.
pub const MAX_RESULT: usize = 1 << 20;

/// The longest text of a failure, in bytes; a longer one is cut.
pub const MAX_ERROR: usize = 16 << 10;

/// The longest pointer to an agent's state, in bytes.
pub const MAX_POINTER: usize = 1 << 10;

/// How long an idempotency key is remembered (the seed's).
pub const KEEP_IDEMPOTENCY: Duration = Duration::from_secs(86_400);

/// How long a job that succeeded or was cancelled can be read.
pub const KEEP_FINISHED: Duration = Duration::from_secs(86_400);

/// How long a dead job can be read and retried.
pub const KEEP_DEAD: Duration = Duration::from_secs(7 * 86_400);

/// How far in the future a job may be scheduled.
pub const MAX_SCHEDULE: Duration = Duration::from_secs(366 * 86_400);

/// A job's name: the tenant, a dot, and 26 characters of Crockford's base 32 (0-9, a-z less i, l, o, u) that nobody can
/// guess. The tenant's part says where the job is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId {
    tenant: TenantId,
    serial: Box<str>,
}

const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl JobId {
    /// A new name: 48 bits of milliseconds, so that names sort by age, and 80 random bits (the layout of a ULID).
    pub fn random(tenant: &TenantId, now: Timestamp) -> Result<Self> {
        let millis = u128::try_from(now.as_micros() / 1_000).unwrap_or(0) & ((1 << 48) - 1);
        let mut bits = millis << 80;
        for byte in crate::secret::random_bytes::<10>()? {
            bits = (bits & !((1 << 80) - 1)) | ((bits & ((1 << 72) - 1)) << 8) | u128::from(byte);
        }
        let serial =
            (0..26).rev().map(|place| char::from(BASE32[(bits >> (place * 5)) as usize & 31])).collect::<String>();
        Ok(Self { tenant: tenant.clone(), serial: serial.into() })
    }

    /// From its parts. `Invalid` if the serial is none.
    pub fn new(tenant: TenantId, serial: &str) -> Result<Self> {
        if serial.len() != 26 || !serial.bytes().all(|b| BASE32.contains(&b)) {
            return Err(Error::invalid("job id", "it must be TENANT.SERIAL, as `ztm job submit` prints it"));
        }
        Ok(Self { tenant, serial: serial.into() })
    }

    /// Whose it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The part after the dot.
    pub fn serial(&self) -> &str {
        &self.serial
    }
}

impl FromStr for JobId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let (tenant, serial) = text
            .split_once('.')
            .ok_or_else(|| Error::invalid("job id", "it must be TENANT.SERIAL, as `ztm job submit` prints it"))?;
        Self::new(tenant.parse()?, serial)
    }
}

impl TryFrom<String> for JobId {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.tenant, self.serial)
    }
}

/// A short word from outside: 1 to 64 characters of `[A-Za-z0-9_-]` and inner dots; safe in a key, a path and a log.
macro_rules! word {
    ($name:ident, $field:literal, $doc:literal) => {
        #[doc = $doc]
        ///
        /// 1 to 64 characters of `[A-Za-z0-9._-]`, the first and last of them a letter or digit.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The word as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
                let bytes = text.as_bytes();
                let inner = bytes.iter().all(|&b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
                if bytes.len() > 64 || !inner || !edge(bytes.first()) || !edge(bytes.last()) {
                    let shown: String = text.chars().take(80).collect();
                    let rule = "must be 1 to 64 letters, digits, dots, hyphens and underscores, with a letter or digit at both ends";
                    return Err(Error::invalid($field, format!("{shown:?} {rule}")));
                }
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(text: String) -> Result<Self> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

word!(AgentId, "agent_id", "One of a tenant's agents: who a job is for. Names no process: a tenant's agent runs it.");
word!(WorkerId, "worker", "Who runs jobs: one process, for its life (not a pid: those repeat).");

impl Default for AgentId {
    fn default() -> Self {
        Self("main".into())
    }
}

/// Grows on every claim of a partition; the fence of every write to a running job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobEpoch(pub i64);

impl JobEpoch {
    /// The epoch after this one: `max(self + 1, now in µs)`.
    #[must_use]
    pub fn next(self, now: Timestamp) -> Self {
        Self((self.0 + 1).max(now.as_micros()))
    }
}

/// A key under which a repeated submission is the same submission, and the hash of what was submitted: a different body
/// under the same key is a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// 1 to 255 visible ASCII characters, as a caller sent it; stored by its hash.
    pub key: String,
    /// SHA-256 of the body in one form, hexadecimal.
    pub body: String,
}

impl Idempotency {
    /// The longest key, in characters.
    pub const MAX_KEY: usize = 255;

    /// Binds a key to a body. `Invalid` if the key is none.
    pub fn new(key: &str, body: &[u8]) -> Result<Self> {
        use sha2::{Digest, Sha256};
        if key.is_empty() || key.len() > Self::MAX_KEY || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::invalid("Idempotency-Key", "it must be 1 to 255 visible ASCII characters"));
        }
        // What a caller sends becomes no part of a key of ours as it is.
        Ok(Self { key: hex::encode(Sha256::digest(key)), body: hex::encode(Sha256::digest(body)) })
    }
}

/// A job to be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// Made by the submitter: a repeat with the same id does nothing.
    pub id: JobId,
    /// Whom it is for.
    pub agent: AgentId,
    /// What the agent is told; opaque.
    pub prompt: String,
    /// What is held while it runs.
    pub cost: MicroCredits,
    /// 0 to 9; within the tenant only.
    pub priority: u8,
    /// How often it is tried.
    pub max_attempts: u32,
    /// Not before.
    pub not_before: Option<Timestamp>,
    /// The caller's key.
    pub idempotency: Option<Idempotency>,
}

impl NewJob {
    /// A job with everything that has a default.
    pub fn new(id: JobId, prompt: impl Into<String>, cost: MicroCredits) -> Self {
        Self {
            id,
            agent: AgentId::default(),
            prompt: prompt.into(),
            cost,
            priority: DEFAULT_PRIORITY,
            max_attempts: DEFAULT_ATTEMPTS,
            not_before: None,
            idempotency: None,
        }
    }

    /// Refuses what is out of bounds; `now` bounds the schedule.
    pub fn checked(self, now: Timestamp) -> Result<Self> {
        cost_checked("cost_gpu_seconds", self.cost)?;
        if self.prompt.len() > MAX_PROMPT {
            return Err(Error::invalid("prompt", format!("{} bytes; at most {MAX_PROMPT}", self.prompt.len())));
        }
        if self.priority >= crate::fairness::PRIORITIES {
            return Err(Error::invalid("priority", format!("{} must be from 0 to 9", self.priority)));
        }
        if !(1..=MAX_ATTEMPTS).contains(&self.max_attempts) {
            return Err(Error::invalid(
                "max_attempts",
                format!("{} must be from 1 to {MAX_ATTEMPTS}", self.max_attempts),
            ));
        }
        if self.not_before.is_some_and(|at| at > now + MAX_SCHEDULE) {
            return Err(Error::invalid("not_before", "it is more than a year away"));
        }
        Ok(self)
    }
}

/// Why a job is not queued yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayReason {
    /// It was scheduled for then.
    Scheduled,
    /// Its last attempt failed.
    Backoff,
    /// Its worker died or fell silent: the lease lapsed.
    LeaseLapsed,
    /// Its worker gave it back.
    Released,
}

impl DelayReason {
    /// The word that is stored and shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Backoff => "backoff",
            Self::LeaseLapsed => "lease_lapsed",
            Self::Released => "released",
        }
    }

    /// The reason of a label.
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Scheduled, Self::Backoff, Self::LeaseLapsed, Self::Released].into_iter().find(|r| r.label() == label)
    }
}

/// What a job is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// Waits for its turn.
    Queued,
    /// Waits for its time.
    Delayed {
        /// Which is then.
        until: Timestamp,
        /// And this is why.
        reason: DelayReason,
    },
    /// A worker has it.
    Running {
        /// Who.
        worker: WorkerId,
        /// Until when, unless renewed.
        lease_until: Timestamp,
    },
    /// Done.
    Succeeded {
        /// When.
        at: Timestamp,
    },
    /// Given up; [`crate::ports::jobs::Jobs::job_retry`] puts it back.
    Dead {
        /// When.
        at: Timestamp,
    },
    /// Called off.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

impl JobState {
    /// Every label, in the order of a job's life.
    pub const LABELS: [&str; 6] = ["delayed", "queued", "running", "succeeded", "dead", "cancelled"];

    /// The word that is stored, shown and filtered by.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Delayed { .. } => "delayed",
            Self::Running { .. } => "running",
            Self::Succeeded { .. } => "succeeded",
            Self::Dead { .. } => "dead",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Whether nothing follows by itself.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Succeeded { .. } | Self::Dead { .. } | Self::Cancelled { .. })
    }
}

/// A job, whole, except for its prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// Whom it is for.
    pub agent: AgentId,
    /// What is held while it runs.
    pub cost: MicroCredits,
    /// 0 to 9.
    pub priority: u8,
    /// How often it is tried.
    pub max_attempts: u32,
    /// What it is doing.
    pub state: JobState,
    /// Attempts begun.
    pub attempts: u32,
    /// The epoch of the last claim.
    pub epoch: JobEpoch,
    /// Its tag among its tenant's jobs, see [`crate::fairness`].
    pub tag: i64,
    /// Held by the attempt that runs.
    pub hold: Hold,
    /// Used by all attempts together.
    pub used: MicroCredits,
    /// Whether it is to be called off.
    pub cancel: bool,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// What it came to: the result of success, else what the last failure said.
    pub result: Option<String>,
}

/// What a claim hands to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// The job.
    pub id: JobId,
    /// Whom it is for.
    pub agent: AgentId,
    /// What the agent is told.
    pub prompt: String,
    /// What is held.
    pub cost: MicroCredits,
    /// The number of this attempt, from 1.
    pub attempt: u32,
    /// The fence: every later word about this attempt carries it.
    pub epoch: JobEpoch,
    /// When the lease lapses unless renewed.
    pub lease_until: Timestamp,
    /// Where the agent's state was left by the last job that succeeded.
    pub pointer: Option<String>,
}

/// What a worker says of an attempt that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done. `pointer` replaces the agent's in the same step.
    Succeeded {
        /// What came out.
        result: String,
        /// Where the agent's state is now.
        pointer: Option<String>,
    },
    /// It failed.
    Failed {
        /// What was seen.
        error: String,
        /// Whether another attempt can help.
        retry: bool,
    },
    /// The worker could not begin: nothing was used, the attempt does not count.
    Released {
        /// How long to leave it.
        after: Duration,
    },
}

/// The end of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// Which job.
    pub id: JobId,
    /// Which attempt.
    pub epoch: JobEpoch,
    /// How it ended.
    pub outcome: Outcome,
    /// What it used.
    pub used: MicroCredits,
}

/// A renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Which job.
    pub id: JobId,
    /// Which attempt.
    pub epoch: JobEpoch,
    /// The new lease, from now.
    pub lease: Duration,
    /// What the attempt needs held in all, if that may be more than is held.
    pub need: Option<MicroCredits>,
}

/// What a worker is told when it renews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// Go on until then.
    Continue {
        /// When the lease lapses.
        lease_until: Timestamp,
    },
    /// Stop and say how far it came: the lease still holds until then.
    Cancel {
        /// When the lease lapses.
        lease_until: Timestamp,
        /// `cancelled`, `credits` or `budget`.
        reason: &'static str,
    },
    /// The job is somebody else's, or over: drop it.
    Lost,
}

/// How the pause before the next attempt is found: doubling from [`BACKOFF`], of which `jitter` (thousandths, 0 to 999)
/// takes off up to half. In whole microseconds, so that every driver comes to the same.
pub fn backoff(attempts: u32, jitter: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(10);
    let whole = u64::try_from((BACKOFF * (1 << doublings)).min(MAX_BACKOFF).as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(whole - whole / 2_000 * u64::from(jitter.min(999)))
}

/// Cuts a text to `most` bytes at a character's boundary.
pub fn clipped(mut text: String, most: usize) -> String {
    if text.len() > most {
        let mut end = most;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jobs_name_says_whose_it_is_and_reads_back() {
        let tenant: TenantId = "acme".parse().unwrap();
        let id = JobId::random(&tenant, Timestamp::from_micros(1_790_000_000_000_000)).unwrap();
        assert_eq!(id.to_string().parse::<JobId>().unwrap(), id);
        assert!(
            JobId::random(&tenant, Timestamp::from_micros(1_790_000_001_000_000)).unwrap() > id,
            "names sort by age"
        );
        for text in [
            "",
            "acme",
            "acme.",
            "acme.0",
            "Acme.00000000000000000000000000",
            "acme.0000000000000000000000000i",
            "a.b.c",
        ] {
            assert!(text.parse::<JobId>().is_err(), "{text}");
        }
    }

    #[test]
    fn m18_words_from_outside_are_safe_in_a_key() {
        for text in ["a", "agent-1", "A_b.c", &"x".repeat(64)] {
            text.parse::<AgentId>().unwrap();
        }
        for text in ["", "a:b", "{a}", "a b", "../a", ".a", "a-", &"x".repeat(65), "ä", "a\n"] {
            assert!(text.parse::<AgentId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_their_limit_and_jitter_takes_off_at_most_half() {
        assert_eq!(backoff(1, 0), BACKOFF);
        assert_eq!(backoff(2, 0), BACKOFF * 2);
        assert_eq!(backoff(60, 0), MAX_BACKOFF);
        assert!(backoff(1, 999) > BACKOFF / 2);
        assert!(backoff(1, 5_000) > BACKOFF / 2);
    }

    #[test]
    fn an_epoch_never_goes_back_even_after_a_store_forgot() {
        let now = Timestamp::from_micros(100);
        assert_eq!(JobEpoch(5).next(now), JobEpoch(100));
        assert_eq!(JobEpoch(100).next(now), JobEpoch(101));
    }

    #[test]
    fn labels_of_reasons_read_back() {
        for reason in [DelayReason::Scheduled, DelayReason::Backoff, DelayReason::LeaseLapsed, DelayReason::Released] {
            assert_eq!(DelayReason::from_label(reason.label()), Some(reason));
        }
    }
}
