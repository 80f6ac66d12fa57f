//! What every driver of a port must do. One file and one macro with the list of its cases per port.
//!
//! A case is `async fn(&dyn Port, &ManualClock)` (of two ports together: `async fn<P: Jobs + Quotas>(&P, ..)`); it panics if the driver is wrong. The macro of a port expands to a
//! module with one `#[tokio::test]` per case. It takes an async constructor, which is called once per case with the
//! case's clock and returns the driver and whatever must live as long as it (a directory, a server):
//!
//! ```text
//! mod local {
//!     async fn store(clock: Arc<ManualClock>) -> (Store, TempDir) { … }
//!     libtenancy::tenants_conformance!(super::store);
//! }
//! mod dynamodb {
//!     libtenancy::tenants_conformance!(super::dynamodb, "needs a DynamoDB endpoint");
//! }
//! ```
//!
//! The second form ignores every case for that reason. Each case needs a driver that is empty: a directory, a table or a
//! key prefix of its own.

pub mod deadlines;
pub mod endpoints;
pub mod inboxes;
pub mod jobs;
pub mod journals;
pub mod leaders;
pub mod ledgers;
pub mod messengers;
pub mod model;
pub mod quotas;
pub mod receipts;
pub mod signals;
pub mod snapshots;
pub mod tenants;
pub mod wake_locks;
pub mod workloads;

use std::time::Duration;

use crate::{
    clock::{ManualClock, Timestamp},
    tenant::{Agent, Endpoint, Generation, TenantId, WorkloadId},
};

/// The clock that cases start with: a moment in 2026.
pub fn clock() -> ManualClock {
    ManualClock::at(Timestamp::from_micros(1_790_000_000_000_000))
}

/// One module of tests; used by the macros of the ports.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($port:ident, $driver:path, $attributes:tt, [$($case:ident),* $(,)?]) => {
        mod $port {
            use super::*;
            $($crate::conformance_test!($port, $driver, $attributes, $case);)*
        }
    };
}

/// One test; used by [`conformance_tests`].
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_test {
    ($port:ident, $driver:path, [$($reason:literal)?], $case:ident) => {
        #[tokio::test]
        $(#[ignore = $reason])?
        async fn $case() {
            let clock = std::sync::Arc::new($crate::conformance::clock());
            let (port, resources) = $driver(std::sync::Arc::clone(&clock)).await;
            $crate::conformance::$port::$case(&port, &clock).await;
            drop(port);
            drop(resources);
        }
    };
}

fn id(name: &str) -> TenantId {
    name.parse().expect("the name is a tenant id")
}

fn agent(generation: Generation) -> Agent {
    Agent {
        workload: WorkloadId(format!("agent-{generation}")),
        generation,
        endpoint: Endpoint::Unix(format!("/run/{generation}.sock").into()),
    }
}

/// The last moment at which something that lives for `ttl` still lives.
fn just_within(ttl: Duration) -> Duration {
    ttl.saturating_sub(Duration::from_millis(1))
}
