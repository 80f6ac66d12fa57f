//! The HTTP faces, as their callers see them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod llm_double;
mod serving;
mod telegram_double;
