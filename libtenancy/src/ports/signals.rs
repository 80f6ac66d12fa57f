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
}

/// How [`Signal::Deadline`] is sent; no tenant's id.
const DEADLINE: &str = "*";

impl Signal {
    /// As it is sent.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Records => "",
            Self::Update(tenant) => tenant.as_str(),
            Self::Deadline => DEADLINE,
        }
    }

    /// What was heard. What is not understood may be anything.
    pub(crate) fn parse(text: &[u8]) -> Self {
        if text == DEADLINE.as_bytes() {
            return Self::Deadline;
        }
        let tenant = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        tenant.map_or(Self::Records, Self::Update)
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
