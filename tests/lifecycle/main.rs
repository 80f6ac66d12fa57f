//! Multi-step operations with every step failing in turn, and with the control plane dying at every step in turn: on the
//! real drivers, with real agents and the Telegram double. The crash-point tables in `libtenancy` (`inbox`, `wake`,
//! `stop`, `delete`) say what must hold afterwards.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deaths;
mod failures;
mod faulty;
mod feed;
mod force;
mod orders;
mod paid;
mod plane;
mod probe;
mod schedules;
mod superseded;
mod told;
