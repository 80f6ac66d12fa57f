//! Schedules: what is said to a tenant's agent, or done by it, at times that a cron pattern names.
//!
//! Owns their form, which instants are due, and what becomes of those that were missed. Does not own the loop that fires them
//! ([`run`](self::run)) nor storage: a tenant's schedules are part of its settings ([`crate::ports::tenants`]).
//!
//! # Design notes
//! - The pattern is that of POSIX crontab(5) with the usual additions (names, `/`, `L`, `#`), read by `croner`: five fields, no
//!   seconds, so that nothing fires more than once a minute. Its times are those of the clock on the wall of the time zone:
//!   where that clock jumps forward, a fixed time within the gap fires right after it, and where it goes back, once.
//! - An instant is fired under a name of its own ([`update_id`], [`idempotency_key`]) and only then noted as handled: whoever
//!   fires it again after a death stores nothing new.
//! - While a tenant is suspended by an operator, or a schedule paused, nothing is due. On resuming, the missed instants are
//!   those of a time when nobody was there, and [`CatchUp`] says what becomes of them.

mod once;
mod run;

use std::{collections::BTreeMap, time::Duration};

use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::{Zoned, tz::TimeZone};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::{Error, Result},
    jobs::{AgentId, NewJob},
    tenant::TenantId,
};

pub(crate) use run::Alarms;

/// How late an instant may be and still not count as missed: a failover takes less.
pub const GRACE: Duration = Duration::from_secs(60);

/// How many missed instants [`CatchUp::All`] makes up for: the latest ones.
pub const MAX_CATCH_UP: usize = 100;

/// The longest message, in UTF-16 units: Telegram's own limit.
pub const MAX_TEXT: usize = 4_096;

/// The longest pattern, in bytes.
const MAX_CRON: usize = 128;

/// The patterns that have a name.
const NAMED: [&str; 7] = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];

/// When the first name of a fired message was given: 2020-01-01, in seconds since the Unix epoch.
const EPOCH: i64 = 1_577_836_800;

/// A schedule's name within its tenant: 1 to 40 lower-case letters, digits and inner hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScheduleName(TenantId);

impl ScheduleName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Tells a tenant's schedules apart in what they fire: 22 bits.
    fn mark(&self) -> i64 {
        let digest = Sha256::digest(self.as_str());
        digest.iter().take(3).fold(0, |number, byte| number << 8 | i64::from(*byte)) >> 2
    }
}

impl std::str::FromStr for ScheduleName {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let shown = || text.chars().take(60).collect::<String>();
        text.parse().map(Self).map_err(|_| {
            let form = "must be 1 to 40 characters, lower-case letters, digits and inner hyphens";
            Error::invalid("schedule", format!("{:?} {form}", shown()))
        })
    }
}

impl TryFrom<String> for ScheduleName {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<ScheduleName> for String {
    fn from(name: ScheduleName) -> Self {
        name.0.into()
    }
}

impl std::fmt::Display for ScheduleName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What becomes of instants at which nobody was there to fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// Nothing.
    Skip,
    /// The latest one is made up for.
    #[default]
    Once,
    /// Each one is, the earliest first, up to the latest [`MAX_CATCH_UP`].
    All,
}

impl CatchUp {
    /// Every label.
    pub const LABELS: [&str; 3] = ["skip", "once", "all"];

    /// From its label.
    pub fn from_label(label: &str) -> Option<Self> {
        [Self::Skip, Self::Once, Self::All].into_iter().find(|policy| policy.label() == label)
    }

    /// The word that is stored and shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }
}

/// What happens at each instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The agent is told this as if it was written in the chat, which gets the answer.
    Message {
        /// The chat.
        chat_id: i64,
        /// What it is told.
        text: String,
    },
    /// A job is submitted.
    Job {
        /// What the agent is told.
        prompt: String,
        /// Whom the job is for.
        agent_id: AgentId,
        /// What is held while it runs.
        cost: MicroCredits,
    },
}

/// What an operator says of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct ScheduleSpec {
    cron: String,
    time_zone: String,
    catch_up: CatchUp,
    paused: bool,
    action: Action,
}

/// A [`ScheduleSpec`] as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "`cron` and one of `message` and `job`")]
struct Wire {
    cron: String,
    #[serde(default = "utc")]
    time_zone: String,
    #[serde(default)]
    catch_up: CatchUp,
    #[serde(default)]
    paused: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<WireMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    job: Option<WireJob>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "`chat_id` and `text`")]
struct WireMessage {
    chat_id: i64,
    text: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "`prompt` and `cost_gpu_seconds`")]
struct WireJob {
    prompt: String,
    #[serde(default)]
    agent_id: AgentId,
    cost_gpu_seconds: MicroCredits,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl TryFrom<Wire> for ScheduleSpec {
    type Error = Error;
    fn try_from(wire: Wire) -> Result<Self> {
        let action = match (wire.message, wire.job) {
            (Some(WireMessage { chat_id, text }), None) => Action::Message { chat_id, text },
            (None, Some(WireJob { prompt, agent_id, cost_gpu_seconds: cost })) => {
                Action::Job { prompt, agent_id, cost }
            }
            _ => return Err(Error::invalid("schedule", "it must have one of `message` and `job`")),
        };
        let spec = Self::new(&wire.cron, &wire.time_zone, action)?;
        Ok(Self { catch_up: wire.catch_up, paused: wire.paused, ..spec })
    }
}

impl From<ScheduleSpec> for Wire {
    fn from(spec: ScheduleSpec) -> Self {
        let (message, job) = match spec.action {
            Action::Message { chat_id, text } => (Some(WireMessage { chat_id, text }), None),
            Action::Job { prompt, agent_id, cost } => {
                (None, Some(WireJob { prompt, agent_id, cost_gpu_seconds: cost }))
            }
        };
        let ScheduleSpec { cron, time_zone, catch_up, paused, .. } = spec;
        Self { cron, time_zone, catch_up, paused, message, job }
    }
}

impl ScheduleSpec {
    /// A schedule by this pattern, in this time zone (a name of the IANA database, as in `Europe/Berlin`). `Invalid` if either
    /// is none, if the pattern names no time that ever comes, or if what is to be said or done is out of bounds.
    pub fn new(cron: &str, time_zone: &str, action: Action) -> Result<Self> {
        let spec = Self {
            cron: cron.split_whitespace().collect::<Vec<_>>().join(" "),
            time_zone: time_zone.to_owned(),
            catch_up: CatchUp::default(),
            paused: false,
            action: action.checked()?,
        };
        let times = spec.times()?;
        if times.after(Timestamp::from_micros(EPOCH * 1_000_000)).is_none() {
            return Err(Error::invalid("cron", format!("{:?} names no time that ever comes", spec.cron)));
        }
        Ok(spec)
    }

    /// The same, with this for what was missed.
    #[must_use]
    pub fn with_catch_up(self, catch_up: CatchUp) -> Self {
        Self { catch_up, ..self }
    }

    /// The same, paused or not.
    #[must_use]
    pub fn with_paused(self, paused: bool) -> Self {
        Self { paused, ..self }
    }

    /// The pattern.
    pub fn cron(&self) -> &str {
        &self.cron
    }

    /// Whose clock on the wall it means.
    pub fn time_zone(&self) -> &str {
        &self.time_zone
    }

    /// What becomes of missed instants.
    pub fn catch_up(&self) -> CatchUp {
        self.catch_up
    }

    /// Whether nothing fires for now.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// What happens at each instant.
    pub fn action(&self) -> &Action {
        &self.action
    }

    fn times(&self) -> Result<Times> {
        Times::new(&self.cron, &self.time_zone)
    }
}

impl Action {
    fn checked(self) -> Result<Self> {
        match &self {
            Self::Message { chat_id, text } => {
                let units = crate::chat::units(text);
                if *chat_id == 0 {
                    return Err(Error::invalid("chat_id", "0 is no chat"));
                }
                if crate::chat::is_blank(text) || units > MAX_TEXT {
                    return Err(Error::invalid("text", format!("{units} UTF-16 units must be from 1 to {MAX_TEXT}")));
                }
            }
            Self::Job { prompt, cost, .. } => {
                let nobody: TenantId = "nobody".parse()?;
                let now = Timestamp::from_micros(EPOCH * 1_000_000);
                NewJob::new(crate::jobs::JobId::random(&nobody, now)?, prompt.clone(), *cost).checked(now)?;
            }
        }
        Ok(self)
    }
}

/// The instants of a pattern in a time zone.
struct Times {
    cron: Cron,
    zone: TimeZone,
}

impl Times {
    fn new(cron: &str, zone: &str) -> Result<Self> {
        if cron.len() > MAX_CRON {
            return Err(Error::invalid("cron", format!("{} bytes are more than {MAX_CRON}", cron.len())));
        }
        let named = cron.starts_with('@');
        if named && !NAMED.contains(&cron) {
            return Err(Error::invalid("cron", format!("{cron:?} must be one of {}", NAMED.join(", "))));
        }
        if !named && cron.split_whitespace().count() != 5 {
            let fields = "must have five fields: minute, hour, day of the month, month, day of the week";
            return Err(Error::invalid("cron", format!("{cron:?} {fields}")));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(cron).map_err(|error| Error::invalid("cron", format!("{cron:?}: {error}")))?;
        let zone = TimeZone::get(zone).map_err(|_| {
            let shown: String = zone.chars().take(60).collect();
            Error::invalid("time_zone", format!("{shown:?} is no time zone, as in \"Europe/Berlin\" or \"UTC\""))
        })?;
        Ok(Self { cron, zone })
    }

    fn zoned(&self, at: Timestamp) -> Option<Zoned> {
        jiff::Timestamp::from_microsecond(at.as_micros()).ok().map(|at| at.to_zoned(self.zone.clone()))
    }

    /// The first one after this.
    fn after(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.cron.find_next_occurrence(&self.zoned(at)?, false).ok()?;
        Some(Timestamp::from_micros(next.timestamp().as_microsecond())).filter(|next| *next > at)
    }

    /// The last one up to this, itself included.
    fn until(&self, at: Timestamp) -> Option<Timestamp> {
        let last = self.cron.find_previous_occurrence(&self.zoned(at)?, true).ok()?;
        Some(Timestamp::from_micros(last.timestamp().as_microsecond())).filter(|last| *last <= at)
    }

    /// The last one before this.
    fn before(&self, at: Timestamp) -> Option<Timestamp> {
        self.until(Timestamp::from_micros(at.as_micros() - 1))
    }
}

/// A tenant's schedule: what an operator says, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// What an operator says.
    pub spec: ScheduleSpec,
    /// Every instant up to this is over with: fired, given up, or before the schedule was there.
    pub handled_until: Timestamp,
    /// The last one that was fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Fired>,
}

/// An instant that was fired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// Which one.
    pub at: Timestamp,
    /// Why nothing came of it, if nothing did.
    #[serde(default)]
    pub error: Option<String>,
}

impl Schedule {
    /// A new one: what was before it does not count.
    pub fn new(spec: ScheduleSpec, now: Timestamp) -> Self {
        Self { spec, handled_until: now, last: None }
    }

    /// The instants to fire now, the earliest first.
    pub fn due(&self, now: Timestamp) -> Vec<Timestamp> {
        let Ok(times) = self.spec.times() else { return Vec::new() };
        let open = |at: &Timestamp| *at > self.handled_until;
        let Some(latest) = times.until(now).filter(open) else { return Vec::new() };
        match self.spec.catch_up {
            _ if self.spec.paused => Vec::new(),
            CatchUp::Skip if now.since(latest) > GRACE => Vec::new(),
            CatchUp::Skip | CatchUp::Once => vec![latest],
            CatchUp::All => {
                let back = std::iter::successors(Some(latest), |at| times.before(*at));
                let mut due: Vec<Timestamp> = back.take_while(open).take(MAX_CATCH_UP).collect();
                due.reverse();
                due
            }
        }
    }

    /// When to look at it again; `None` if never.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        if self.spec.paused {
            return None;
        }
        self.spec.times().ok()?.after(self.handled_until.max(now))
    }
}

/// The schedules of one tenant: at most [`Schedules::MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schedules(BTreeMap<ScheduleName, Schedule>);

/// What becomes of schedules, by name. What is not named stays.
pub type ScheduleChange = BTreeMap<ScheduleName, Step>;

/// What becomes of one schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is as an operator says, from now on. One that is there already, and not paused, goes on where it was unless its times
    /// are others.
    Set(ScheduleSpec, Timestamp),
    /// It goes.
    Remove,
    /// Its instants up to this are over with. Nothing if it is gone, or further already.
    Handled(Timestamp, Option<Fired>),
}

impl Schedules {
    /// How many a tenant may have.
    pub const MAX: usize = 16;

    /// One of them.
    pub fn get(&self, name: &ScheduleName) -> Option<&Schedule> {
        self.0.get(name)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&ScheduleName, &Schedule)> {
        self.0.iter()
    }

    /// The earliest instant at which one of them is to be looked at.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        self.0
            .values()
            .filter_map(|schedule| if schedule.due(now).is_empty() { schedule.next(now) } else { Some(now) })
            .min()
    }

    /// The schedules after a change. `Invalid` if there are too many then.
    pub fn changed(&self, change: &ScheduleChange) -> Result<Self> {
        let mut schedules = self.0.clone();
        for (name, step) in change {
            match (step, schedules.get_mut(name)) {
                (Step::Set(spec, now), Some(known)) => {
                    let same_times = (&known.spec.cron, &known.spec.time_zone) == (&spec.cron, &spec.time_zone);
                    if !same_times {
                        known.handled_until = known.handled_until.max(*now);
                    }
                    known.spec = spec.clone();
                }
                (Step::Set(spec, now), None) => {
                    schedules.insert(name.clone(), Schedule::new(spec.clone(), *now));
                }
                (Step::Remove, _) => drop(schedules.remove(name)),
                (Step::Handled(until, fired), Some(known)) if known.handled_until < *until => {
                    known.handled_until = *until;
                    if fired.is_some() {
                        known.last.clone_from(fired);
                    }
                }
                (Step::Handled(..), _) => {}
            }
        }
        if schedules.len() > Self::MAX {
            return Err(Error::invalid("schedules", format!("{} are more than {}", schedules.len(), Self::MAX)));
        }
        let mut marks: Vec<i64> = schedules.keys().map(ScheduleName::mark).collect();
        marks.sort_unstable();
        if marks.windows(2).any(|two| two[0] == two[1]) {
            return Err(Error::invalid("schedule", "its name cannot be told from another one's; choose another"));
        }
        Ok(Self(schedules))
    }
}

/// The number under which a message that was due at `at` is stored: after all of Telegram's, in order of time, another one for
/// each of a tenant's schedules, and below 2^53, up to which every reader of JSON counts exactly.
pub fn update_id(name: &ScheduleName, at: Timestamp) -> i64 {
    let seconds = (at.as_micros() / 1_000_000 - EPOCH).clamp(0, (1 << 30) - 1);
    (1 << 52) | (seconds << 22) | name.mark()
}

/// The key under which a job that was due at `at` is submitted.
pub fn idempotency_key(name: &ScheduleName, at: Timestamp) -> String {
    format!("schedule/{name}/{}", at.as_micros() / 1_000_000)
}

#[cfg(test)]
mod tests;
