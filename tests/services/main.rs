//! The HTTP faces, as their callers see them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod faces;
mod llm_double;
mod orchestrator;
mod router;
mod serving;
mod telegram_double;
