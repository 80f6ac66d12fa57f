//! The figures of agents as pods, on the real cluster of the tests, which this machine's cores run too:
//!
//! ```text
//! tests/kube/with DIRECTORY cargo bench -p ztm --bench cluster
//! ```
//!
//! `ZTM_TEST_AGENTD` names the static agentd, `ZTM_TEST_ZEROCLAW` ZeroClaw. The control plane is the release binary, a process
//! beside the cluster, with DynamoDB and S3 by `moto_server` and Redis; the model is a double that answers at once.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark fails by panicking and prints its figures")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are shown with three digits"
)]
#![expect(dead_code, unused_imports, unused_macros, reason = "shared with the tests")]

mod on_kubernetes;
#[path = "../../e2e/plane.rs"]
mod plane;
#[path = "../../drivers/process.rs"]
mod process;
#[path = "../../e2e/processes.rs"]
mod processes;
#[path = "../../drivers/redis/server.rs"]
mod redis;
#[path = "../../e2e/stores.rs"]
mod stores;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(on_kubernetes::run());
}
