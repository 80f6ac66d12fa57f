//! What an orchestrator and a router alone take with many tenants in the records.

use std::process::Stdio;

use super::stage::Stage;
use crate::plane::Tenant;

const TENANTS: i64 = 5_000;

/// Resident memory of a process, MiB.
fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
}

pub(super) async fn run() {
    let mut stage = Stage::set("", &["--warm", "0", "--only", "orchestrator"]).await;
    stage.plane.up().await;
    let plane = &stage.plane;
    let port = plane.router().rsplit(':').next().unwrap().to_owned();
    let arguments = ["up", "--only", "router", "--port", "0", "--router-port", &port];
    let mut router = plane.command_on(&plane.dir().join("router"));
    let router = router.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let tenants: Vec<Tenant> = (0..TENANTS).map(|number| Tenant::new(&format!("t{number}"), number)).collect();
    for some in tenants.chunks(16) {
        futures::future::join_all(some.iter().map(|tenant| plane.create(tenant, 3_600))).await;
    }
    // Some of them write, and everything is compared once more.
    for tenant in &tenants[..3] {
        plane.converse(tenant, "hello", "[1] you said: hello").await;
    }
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    println!(
        "{TENANTS} tenants, resident MiB: orchestrator {:.0}, router {:.0}",
        resident(plane.pid()),
        resident(router.id().unwrap())
    );
}
