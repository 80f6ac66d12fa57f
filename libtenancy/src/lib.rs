//! Everything ztm decides: which agents live, what they are told, what is kept.
//!
//! A [`Tenancy`] is built from a set of [`ports`] and does the rest: durable inboxes, wakes, idle stops, reconciling.
//! This crate knows no terminal and no HTTP server.
//!
//! # Where to find what
//! - the record and its statuses: [`tenant`]
//! - a message's way from the socket to "handled", and every crash on it: [`inbox`]
//! - what is said to an agent's supervisor: [`agent`]
//! - what a driver must do: [`ports`], checked by [`conformance`]

pub mod admission;
pub mod agent;
pub mod api;
pub mod chat;
pub mod clock;
pub mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod control_plane;
pub mod credits;
pub mod delete;
pub mod delivery;
pub mod demand;
pub mod drivers;
pub mod error;
pub mod exec;
pub mod fairness;
pub mod feed;
pub mod fleet;
pub mod history;
pub mod idle;
pub mod inbox;
pub mod jobs;
pub mod journal;
pub mod labels;
pub mod leader;
pub mod ledger;
mod operation;
pub mod outbox;
pub mod partition;
pub mod pinned;
pub mod ports;
mod probe;
pub mod quota;
pub mod receipts;
pub mod reconcile;
pub mod rehearsal;
pub mod schedule;
pub mod secret;
pub mod snapshot;
pub mod spend;
pub mod state;
mod status;
pub mod stop;
pub mod stores;
mod suspension;
pub mod tenancy;
pub mod tenant;
mod turn;
pub mod wake;
pub mod warm_pool;
pub mod webhook;
pub mod why;
pub mod work;
mod workers;

pub use control_plane::{ControlPlane, Shutdown};
pub use error::{Error, Result};
pub use tenancy::{Drivers, NewTenant, Tenancy, TenantChange};
