//! The durable inbox: an update that was answered 200 is handled, whatever dies.
//!
//! Owns the record of an update, its stages, and the pure decisions about attempts and back-off. Does not own storage
//! (`ports::inboxes`), the loop that delivers (`delivery`) nor the meaning of an update's text (`chat`).
//!
//! # The path of a message, and what is left if the process dies
//!
//! Steps: **read** the request · **check** the secret · **put** (commit, fsync) · **answer** 200 · **claim** the
//! tenant's delivery (a new epoch) · **take** the update (epoch and take-count written) · **wake** the agent if needed ·
//! **turn** posted to agentd · turn **done** (agentd keeps the reply) · **reply** stored · **send** part *k* · **sent**
//! *k* written · **handled** written.
//!
//! | dies between | what is left | who finishes it | what may repeat |
//! |---|---|---|---|
//! | read → check | nothing; no answer was given | Telegram sends the update again | nothing |
//! | check → put | nothing, or a transaction that SQLite rolls back | Telegram sends it again | nothing |
//! | put → answer | the row, `pending`; Telegram saw no 200 | the next start finds the row (`tenants_pending`); Telegram's repeat finds the row too and is answered 200 as a duplicate | nothing |
//! | answer → claim | the row, `pending` | the next start's sweep of pending tenants starts a delivery | nothing |
//! | claim → take | an epoch nobody uses | the next claim raises the epoch; the dead one's writes would fail | nothing |
//! | take → wake | the row, `pending`, one take counted | the next delivery takes it again | nothing |
//! | inside wake | see `wake`: a record in `provisioning`, perhaps a bound agent | the reconciler adopts the agent that holds the tenant's lock, or ends it; the next wake goes on from `provisioning` | the agent's start, never two at once |
//! | wake → turn | the row, a running agent | the next delivery finds the agent in the record and posts the turn | the "starting" notice is not repeated: its message id is in the row |
//! | turn → done | agentd goes on with the turn, its caller is gone | the next delivery posts the same (bot, update id) and *joins* the turn | nothing |
//! | turn → done, and agentd dies too | the turn is gone with the agent | the next delivery wakes the agent and posts the turn anew | the agent's turn: no store can fence it |
//! | done → reply | agentd keeps the reply | the next delivery posts the same (bot, update id) and gets the kept reply | nothing, unless agentd dies too (as above) |
//! | reply → send *k* | the row, `replied`, *k* parts sent | the next delivery sends part *k*; the turn is never run again | nothing |
//! | send *k* → sent *k* | the same row; Telegram may or may not have part *k* | the next delivery sends part *k* again | **part *k*, once per death here**: counted in `possible_repeats` |
//! | sent *k* → handled | the row, `replied`, all parts sent | the next delivery writes `handled` | nothing |
//! | handled → … | the row, `handled` | nobody has to; it de-duplicates until it is pruned | nothing |
//!
//! Two messages of the control plane's own are outside this table's promise: the "starting" notice may stay in the chat
//! beside the reply (a death between its send and the write of its id), and the words with which an update is given up may
//! come twice (a death between their send and the write of `dead`). Neither is a reply, and neither is counted.
//!
//! For a reply of one part, `sent` and `handled` are one write. A send whose outcome is unknown while the process lives
//! (a reset after the request was written) is treated as a death between *send* and *sent*.
//!
//! # Attempts
//! A failure of the agent or of the send counts as an attempt; after [`MAX_ATTEMPTS`] the update is dead-lettered, the
//! chat is told, and the next update proceeds. A take that ended in the death of the control plane is no failure of the
//! update, but an update that kills its control plane must not do so for ever: after [`MAX_TAKES`] takes it is
//! dead-lettered as well. What was certainly not sent for want of a network is tried again without counting, up to
//! [`MAX_AGE`].
//!
//! # Order
//! A tenant's updates go one at a time, the lowest (bot, update id) first; one that waits for its next attempt holds the
//! later ones back. A late lower id goes next.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    tenant::{BotId, TenantId},
};

/// Failures after which an update is dead-lettered.
pub const MAX_ATTEMPTS: u32 = 5;

/// Deliveries begun after which an update is dead-lettered, whatever ended them.
pub const MAX_TAKES: u32 = 100;

/// The age after which an update that cannot be sent is dead-lettered (Telegram itself keeps updates for 24 h).
pub const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

/// How long terminal rows de-duplicate: longer than Telegram repeats, shorter than its ids restart (a week).
pub const KEEP_TERMINAL: Duration = Duration::from_secs(48 * 3600);

/// The largest update that is accepted, in bytes.
pub const MAX_UPDATE_BYTES: usize = 1 << 20;

/// Fences one tenant's delivery: grows on every claim, checked by every write of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch after this one: `max(self + 1, now in µs)`, so that it never goes back.
    #[must_use]
    pub fn next(self, now: Timestamp) -> Self {
        Self(self.0.saturating_add(1).max(u64::try_from(now.as_micros()).unwrap_or(0)))
    }
}

/// Names one update for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UpdateKey {
    /// Whose inbox.
    pub tenant: TenantId,
    /// The bot that received it.
    pub bot: BotId,
    /// Telegram's id, unique per bot.
    pub update_id: i64,
}

impl std::fmt::Display for UpdateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.bot, self.update_id)
    }
}

impl std::str::FromStr for UpdateKey {
    type Err = Error;
    /// Reads `TENANT/BOT/UPDATE`, as [`std::fmt::Display`] writes it.
    fn from_str(text: &str) -> Result<Self> {
        let number = |text: &str| text.parse::<i64>().ok().filter(|n| *n >= 0 && !text.starts_with('+'));
        let mut parts = text.splitn(3, '/');
        let (Some(tenant), Some(Some(bot)), Some(Some(update_id))) =
            (parts.next(), parts.next().map(number), parts.next().map(number))
        else {
            let shown: String = text.chars().take(80).collect();
            return Err(Error::invalid("update", format!("{shown:?} must be TENANT/BOT/UPDATE, the last two numbers")));
        };
        Ok(Self { tenant: tenant.parse()?, bot: BotId(bot), update_id })
    }
}

/// The reply as it will be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// The chat that gets it.
    pub chat: i64,
    /// The texts, each within one message's limit; may be empty (nothing to say).
    pub parts: Vec<String>,
}

/// How far an update has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum Stage {
    /// Stored; its turn has not been run, or its reply was not stored.
    Pending,
    /// The agent's reply is stored; `sent` parts of it are known to have arrived.
    Replied {
        /// What is to be sent.
        reply: Outgoing,
        /// How many parts were sent.
        sent: u32,
    },
    /// Done. The payload and the reply are erased.
    Handled {
        /// When.
        at: Timestamp,
    },
    /// Given up; kept whole for `ztm inbox replay`.
    Dead {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Thrown away by an operator.
    Dropped {
        /// When.
        at: Timestamp,
    },
}

impl Stage {
    /// Every label.
    pub const LABELS: [&str; 5] = ["pending", "replied", "handled", "dead", "dropped"];

    /// The word that is stored, shown and filtered by.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Replied { .. } => "replied",
            Self::Handled { .. } => "handled",
            Self::Dead { .. } => "dead",
            Self::Dropped { .. } => "dropped",
        }
    }

    /// Whether nothing more will happen by itself.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Handled { .. } | Self::Dead { .. } | Self::Dropped { .. })
    }
}

/// One update of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Its name.
    #[serde(flatten)]
    pub key: UpdateKey,
    /// The JSON as Telegram sent it; empty once handled.
    pub payload: String,
    /// When it was stored.
    pub received_at: Timestamp,
    /// How far it has come.
    #[serde(flatten)]
    pub stage: Stage,
    /// Deliveries begun.
    pub takes: u32,
    /// Deliveries failed.
    pub attempts: u32,
    /// Not to be taken before this time.
    pub not_before: Timestamp,
    /// The "starting" message in the chat, if there is one.
    pub notice: Option<i64>,
    /// What the last failure said.
    pub last_error: Option<String>,
    /// Parts that may have been sent twice.
    pub possible_repeats: u32,
}

/// How a delivery ends an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every part was sent, or there was nothing to say.
    Handled,
    /// It is given up.
    Dead(String),
}

/// The answer of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The update is durable.
    Stored,
    /// The same (bot, update id) was there already; nothing was written.
    Duplicate,
}

/// The answer of a claim of a tenant's delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The caller delivers under this epoch.
    Won(Epoch),
    /// Another owner delivers, until this time at least.
    Held(Timestamp),
}

/// The answer of a take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    /// The update to work on.
    Taken(Box<Update>),
    /// The first update waits for its next attempt.
    Wait(Timestamp),
    /// Nothing is pending.
    Empty,
}

/// The wait before attempt `attempts + 1`: 1 s doubled per failure, at most 60 s, then `jitter` (0.0 to 1.0) of a
/// quarter added ("equal jitter" of AWS' architecture blog, on the upper part).
pub fn backoff(attempts: u32, jitter: f64) -> Duration {
    let base = Duration::from_secs(1 << attempts.saturating_sub(1).min(6)).min(Duration::from_secs(60));
    base + base.mul_f64(0.25 * jitter.clamp(0.0, 1.0))
}

/// Whether an update that was just taken, or has just failed, must be given up; the text says why.
pub fn exhausted(update: &Update, now: Timestamp) -> Option<String> {
    let because = || update.last_error.clone().unwrap_or_else(|| "no error was recorded".to_owned());
    if update.attempts >= MAX_ATTEMPTS {
        Some(format!("{} attempts failed, the last: {}", update.attempts, because()))
    } else if update.takes > MAX_TAKES {
        Some(format!("its delivery was interrupted {} times", update.takes - 1))
    } else if now.since(update.received_at) > MAX_AGE {
        Some(format!("it could not be delivered for {} h, the last: {}", MAX_AGE.as_secs() / 3600, because()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_updates_name_round_trips_and_nothing_else_is_one() {
        let key: UpdateKey = "acme/12/34".parse().unwrap();
        assert_eq!((key.bot, key.update_id, key.to_string()), (BotId(12), 34, "acme/12/34".to_owned()));
        for wrong in
            ["", "acme", "acme/1", "acme/1/", "acme//1", "acme/x/1", "acme/1/-1", "acme/1/+1", "acme/1/2/3", "A/1/2"]
        {
            assert!(matches!(wrong.parse::<UpdateKey>(), Err(Error::Invalid { .. })), "{wrong}");
        }
    }

    #[test]
    fn backoff_doubles_up_to_a_minute_and_adds_at_most_a_quarter() {
        let seconds: Vec<u64> = (1..=8).map(|n| backoff(n, 0.0).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff(3, 1.0), Duration::from_secs(5));
    }
}
