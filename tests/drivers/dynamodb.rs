//! DynamoDB against the suites and what is particular to it, on two servers that speak its protocol.
//!
//! They need `moto_server` and `dynalite`: see `server`.

/// A case as a test on each server.
macro_rules! on_both {
    ($($case:ident, $moto:ident, $dynalite:ident;)*) => {$(
        #[tokio::test]
        #[ignore = "needs moto_server"]
        async fn $moto() {
            Box::pin($case(Kind::Moto)).await;
        }

        #[tokio::test]
        #[ignore = "needs dynalite"]
        async fn $dynalite() {
            Box::pin($case(Kind::Dynalite)).await;
        }
    )*};
}

mod faults;
mod histories;
mod scale;
mod schema;
mod seed;
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
    libtenancy::inboxes_conformance!(dynamodb, "needs moto_server");
}

/// `dynalite`.
mod dynalite {
    use super::*;

    async fn dynamodb(_clock: Arc<ManualClock>) -> (DynamoDb, ()) {
        (server::open(Kind::Dynalite).await, ())
    }

    libtenancy::tenants_conformance!(dynamodb, "needs dynalite");
    libtenancy::ledgers_conformance!(dynamodb, "needs dynalite");
    libtenancy::inboxes_conformance!(dynamodb, "needs dynalite");
}
