//! DynamoDB against the suites and what is particular to it, on two servers that speak its protocol.
//!
//! They need `moto_server` and `dynalite`: see `server`.

mod faults;
mod proxy;
mod schema;
pub(crate) mod server;

use std::sync::Arc;

use libtenancy::{clock::ManualClock, drivers::dynamodb::DynamoDb};

use self::server::Kind;

/// `moto_server`.
mod moto {
    use super::*;

    async fn dynamodb(_clock: Arc<ManualClock>) -> (DynamoDb, ()) {
        (server::open(Kind::Moto).await, ())
    }

    libtenancy::tenants_conformance!(dynamodb, "needs moto_server");
    libtenancy::ledgers_conformance!(dynamodb, "needs moto_server");
}

/// `dynalite`.
mod dynalite {
    use super::*;

    async fn dynamodb(_clock: Arc<ManualClock>) -> (DynamoDb, ()) {
        (server::open(Kind::Dynalite).await, ())
    }

    libtenancy::tenants_conformance!(dynamodb, "needs dynalite");
    libtenancy::ledgers_conformance!(dynamodb, "needs dynalite");
}
