//! The screen: what events do to it, and what it looks like.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod orders;
mod panes;
mod panic;
#[path = "../cli/pty.rs"]
mod pty;
mod rows;
mod scenario;
mod svg;
