//! Whole control planes: `ztm up` in a process of its own, real agents, a double of Telegram.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world;
mod zeroclaw;
