//! The process driver of agents, with real `agentd`s and real agents, killed for real.

#![expect(clippy::unwrap_used, reason = "what these helpers of tests cannot do fails the test")]

#[path = "workloads/crashes.rs"]
mod crashes;
#[path = "workloads/face.rs"]
mod face;
#[path = "workloads/gateway.rs"]
mod gateway;
#[path = "workloads/orphans.rs"]
mod orphans;
#[path = "workloads/strangers.rs"]
mod strangers;
#[path = "workloads/world.rs"]
mod world;

libtenancy::workloads_suite!(crate::world::Local::new());
