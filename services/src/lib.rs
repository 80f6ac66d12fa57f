//! The HTTP faces of ztm.
//!
//! # Where to find what
//! - the routes for operators and their tools: [`orchestrator`]; the one for Telegram: [`router`]
//! - who may do what: [`auth`]; a request's id: [`request_id`]; what is done once: [`idempotency`]; which error is which status: [`http_error`]
//! - who runs jobs: [`worker`]; how a process is: [`health`]; its numbers: `prometheus`
//! - what is logged of a tenant: [`journal`]
//! - bounds on connections and bodies: [`server`], [`body`]
//! - the supervisor of an agent, and the small agent of the demo: [`agentd`], [`agent`]
//! - the other sides, for the demo, the tests and the benches: [`doubles`]

pub mod agent;
pub mod agentd;
pub mod auth;
pub mod body;
pub mod doubles;
pub mod health;
pub mod http_error;
pub mod idempotency;
pub mod journal;
pub mod orchestrator;
pub(crate) mod prometheus;
pub mod request_id;
pub mod router;
pub mod server;
pub mod worker;
