//! Wake-up signals: a word to the control planes of the same records that somebody else has written some.
//!
//! A signal says *that* something changed, never what: who hears one looks. It may get lost (nobody listens, a connection
//! breaks); the reconciler's period finds what was written anyway.

use async_trait::async_trait;

use crate::error::Result;

/// The signals of one set of records.
#[async_trait]
pub trait Signals: Send + Sync + 'static {
    /// Tells all who listen now. That nobody does is no error. A repeat tells them twice. Store errors.
    async fn signal_send(&self) -> Result<()>;

    /// Listens from now on. Store errors.
    async fn signal_listen(&self) -> Result<Box<dyn Listener>>;
}

/// One who listens.
#[async_trait]
pub trait Listener: Send {
    /// Waits for the next signal; several that came meanwhile may be one. An error ends the listening: some may have been
    /// missed. Cancelling a wait loses nothing.
    async fn signal_next(&mut self) -> Result<()>;
}
