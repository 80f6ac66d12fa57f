//! DynamoDB against the suites and what is particular to it, on two servers that speak its protocol.
//!
//! They need `moto_server` and `dynalite`: see `server`.

mod schema;
pub(crate) mod server;
