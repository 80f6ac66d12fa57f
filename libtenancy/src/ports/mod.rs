//! Traits only: what the library needs from the outside, one plural noun each.
//!
//! Every method's doc answers: what is atomic, what a repeat does, which errors. Every driver error is one of
//! [`crate::Error`]; "store errors" below means `Unavailable` (certainly not done), `OutcomeUnknown`, `Corrupt`,
//! `StoreFull`.

pub mod deadlines;
pub mod endpoints;
pub mod fleets;
pub mod identities;
pub mod inboxes;
pub mod jobs;
pub mod journals;
pub mod leaders;
pub mod ledgers;
pub mod messengers;
pub mod probes;
pub mod quotas;
pub mod receipts;
pub mod signals;
pub mod snapshots;
pub mod tenants;
pub mod wake_locks;
pub mod workloads;
