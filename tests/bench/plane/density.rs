//! What registered tenants that sleep cost: memory of the control plane, and its processor time while nothing is due.

use std::time::Duration;

use crate::{listing::populate, plane::Plane, runtime};

/// How long the idle control plane is watched.
const WATCH: Duration = Duration::from_secs(20);

pub(crate) fn run() {
    runtime().block_on(async {
        for count in [1_000, 100_000] {
            let dir = tempfile::tempdir().unwrap();
            let state_dir = dir.path().join("state");
            populate(&state_dir, count).await;
            let plane =
                Plane::up(&state_dir, &["--router-port", "0", "--warm", "0", "--reconcile-interval", "5s"]).await;
            tokio::time::sleep(Duration::from_secs(5)).await;
            let before = plane.cpu_ms().await;
            tokio::time::sleep(WATCH).await;
            println!(
                "{count:>7} sleeping tenants: {:.1} MiB, {:.2} ms of processor time a second",
                plane.memory("VmRSS"),
                (plane.cpu_ms().await - before) / WATCH.as_secs_f64()
            );
            plane.down().await;
        }
    });
}
