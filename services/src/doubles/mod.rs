//! The other sides, as real servers on loopback: for the demo, the tests and the benches.
//!
//! A double speaks the protocol, keeps state and misbehaves on demand; it is no part of a control plane.

pub mod bare;
pub mod llm;
pub mod telegram;
