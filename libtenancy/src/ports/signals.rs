//! Wake-up signals: a word to the control planes of the same records that somebody else has written some.
//!
//! A signal says where something changed, never what: who hears one looks. It may get lost (nobody listens, a connection
//! breaks); the reconciler's period finds what was written anyway.

use async_trait::async_trait;

use crate::{error::Result, tenant::TenantId};

/// Where something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Anywhere in the records.
    Records,
    /// In this tenant's inbox: an update was stored.
    Update(TenantId),
    /// Among the deadlines: one was set that may be earlier than all others.
    Deadline,
    /// Among the agents: a wake took one, or found none, that was ready.
    Wake,
    /// Among this tenant's schedules.
    Schedule(TenantId),
    /// With this tenant's wake lock: whoever had it gave it up.
    Unlocked(TenantId),
}

/// How [`Signal::Deadline`], [`Signal::Wake`] and, before the tenant, [`Signal::Unlocked`] and [`Signal::Schedule`] are sent; no
/// tenant's id has any of these.
const DEADLINE: &str = "*";
const WAKE: &str = "+";
const UNLOCKED: char = '!';
const SCHEDULE: char = '@';

impl Signal {
    /// As it is sent.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Records => String::new(),
            Self::Update(tenant) => tenant.to_string(),
            Self::Deadline => DEADLINE.to_owned(),
            Self::Wake => WAKE.to_owned(),
            Self::Schedule(tenant) => format!("{SCHEDULE}{tenant}"),
            Self::Unlocked(tenant) => format!("{UNLOCKED}{tenant}"),
        }
    }

    /// What was heard. What is not understood may be anything.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let understood = match text {
            DEADLINE => Some(Self::Deadline),
            WAKE => Some(Self::Wake),
            _ => match (text.strip_prefix(UNLOCKED), text.strip_prefix(SCHEDULE)) {
                (Some(tenant), _) => tenant.parse().ok().map(Self::Unlocked),
                (_, Some(tenant)) => tenant.parse().ok().map(Self::Schedule),
                _ => text.parse().ok().map(Self::Update),
            },
        };
        understood.unwrap_or(Self::Records)
    }
}

/// The signals of one set of records.
#[async_trait]
pub trait Signals: Send + Sync + 'static {
    /// Tells all who listen now. That nobody does is no error. A repeat tells them twice. Store errors.
    async fn signal_send(&self, signal: &Signal) -> Result<()>;

    /// Listens from now on. Store errors.
    async fn signal_listen(&self) -> Result<Box<dyn Listener>>;
}

/// One who listens.
#[async_trait]
pub trait Listener: Send {
    /// Waits for the next signal; several that came meanwhile may be one. An error ends the listening: some may have been
    /// missed. Cancelling a wait loses nothing.
    async fn signal_next(&mut self) -> Result<Signal>;
}
