//! The HTTP faces, as their callers see them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod faces;
mod idempotency;
mod jobs;
mod leases;
mod llm_double;
mod orchestrator;
mod quotas;
mod router;
mod serving;
mod spend;
mod telegram_double;
mod worker;
