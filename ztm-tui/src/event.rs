//! Everything that can happen ([`Event`]) and everything that is asked for ([`Action`]).

use crossterm::event::{KeyEvent, MouseEvent};
use libtenancy::{
    api::{UpdateView, feed::Piece, spend::LedgerRow, why::Why},
    clock::Timestamp,
    credits::MicroCredits,
};

use crate::preferences::Preferences;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// It is so late here.
    Tick(Timestamp),
    /// The feed said these.
    Pieces(Vec<Piece>),
    /// The feed is not heard; why.
    Lost(String),
    /// An order was carried out, or was not.
    Done(Order, Result<String, String>),
    /// Something was done here, or was not.
    Said(Result<String, String>),
    /// What was asked for has come, or has not.
    Told(Ask, Result<Answer, String>),
    /// Lines of the log that is followed.
    Log(Vec<String>),
    /// The log ended; why, unless it was to.
    LogEnded(Option<String>),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// End.
    Quit,
    /// Have this done.
    Perform(Order),
    /// Ask for this.
    Fetch(Ask),
    /// Follow the log of this tenant's agent, and no other.
    LogOpen(String),
    /// Follow no log.
    LogClose,
    /// Write a file into the directory that the command runs in.
    Save {
        /// Its name.
        name: String,
        /// What it holds.
        text: String,
    },
    /// Keep these for the next time.
    Remember(Preferences),
}

/// What an operator has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Wake a tenant.
    Wake(String),
    /// Stop its agent.
    Stop(String),
    /// Suspend it, for this reason.
    Suspend(String, String),
    /// End its suspension.
    Resume(String),
    /// Grant it so many credits.
    Grant(String, MicroCredits),
    /// Stop its agent after so many seconds without work.
    IdleTimeout(String, i64),
    /// Delete it, and keep what its agent remembers.
    Delete(String),
    /// Delete it with everything it has.
    Purge(String),
    /// Put a dead job back.
    Retry(String),
    /// Put a dead update back: `TENANT/BOT/UPDATE`.
    Replay(String),
    /// Keep so many agents ready; `None` for as many as are configured.
    Scale(Option<usize>),
}

impl Order {
    /// What it is called.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Wake(_) => "wake",
            Self::Stop(_) => "stop",
            Self::Suspend(..) => "suspend",
            Self::Resume(_) => "resume",
            Self::Grant(..) => "grant credits to",
            Self::IdleTimeout(..) => "set the idle timeout of",
            Self::Delete(_) => "delete",
            Self::Purge(_) => "purge",
            Self::Retry(_) | Self::Replay(_) => "requeue",
            Self::Scale(_) => "scale",
        }
    }

    /// What it is done to.
    pub fn object(&self) -> &str {
        match self {
            Self::Wake(id)
            | Self::Stop(id)
            | Self::Suspend(id, _)
            | Self::Resume(id)
            | Self::Grant(id, _)
            | Self::IdleTimeout(id, _)
            | Self::Delete(id)
            | Self::Purge(id)
            | Self::Retry(id)
            | Self::Replay(id) => id,
            Self::Scale(_) => "the warm pool",
        }
    }

    /// The role that may, at least.
    pub fn needs(&self) -> Role {
        match self {
            Self::Wake(_)
            | Self::Stop(_)
            | Self::Suspend(..)
            | Self::Resume(_)
            | Self::Retry(_)
            | Self::Replay(_)
            | Self::Scale(_) => Role::Operator,
            Self::Grant(..) | Self::IdleTimeout(..) | Self::Delete(_) | Self::Purge(_) => Role::Admin,
        }
    }
}

/// What whoever looks may do, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks.
    Viewer,
    /// Wakes, stops, requeues.
    Operator,
    /// Everything.
    Admin,
}

/// What is asked for beside the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Why a tenant is as it is.
    Why(String),
    /// The updates in its inbox that are not handled.
    Inbox(String),
    /// Its last lines of the ledger.
    Ledger(String),
}

/// What was asked for.
#[derive(Clone, Debug)]
pub enum Answer {
    /// See [`Ask::Why`].
    Why(Why),
    /// See [`Ask::Inbox`].
    Inbox(Vec<UpdateView>),
    /// See [`Ask::Ledger`], newest first.
    Ledger(Vec<LedgerRow>),
}
