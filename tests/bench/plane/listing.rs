//! `ztm tenant list` as a whole process, with 10,000 tenants: on the store, and through a running control plane.

use std::{path::Path, process::Command, sync::Arc};

use futures::StreamExt;
use libtenancy::{
    NewTenant, Tenancy,
    config::Config,
    drivers::{assembly, local::workloads::AgentdCommand},
    labels::Labels,
};

use crate::{load::now, plane::Plane, quantile, runtime};

/// Makes `count` tenants in a state directory.
pub(crate) async fn populate(state_dir: &Path, count: usize) {
    let agentd = AgentdCommand { program: env!("CARGO_BIN_EXE_ztm").into(), args: vec!["agentd".into()] };
    let tenancy: Arc<Tenancy> =
        Arc::new(assembly::open(Config::new(state_dir.to_path_buf(), Vec::new()), agentd).await.unwrap());
    futures::stream::iter(0..count)
        .for_each_concurrent(256, |index| {
            let tenancy = Arc::clone(&tenancy);
            async move {
                let id = format!("tenant-{index:06}").parse().unwrap();
                tenancy
                    .tenant_create(NewTenant { id, bot_token: None, idle_timeout: None, labels: Labels::default() })
                    .await
                    .unwrap();
            }
        })
        .await;
}

pub(crate) fn run() {
    runtime().block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("state");
        populate(&state_dir, 10_000).await;
        println!("10,000 tenants, on the store:              {}", time_listing(&state_dir));
        let plane = Plane::up(&state_dir, &["--router-port", "0", "--warm", "0"]).await;
        println!("10,000 tenants, through a control plane:   {}", time_listing(&state_dir));
        plane.down().await;
        println!("`ztm version`, whole process:              {}", time(&state_dir, &["version", "--client"]));
    });
}

fn time_listing(state_dir: &Path) -> String {
    time(state_dir, &["tenant", "list"])
}

fn time(state_dir: &Path, arguments: &[&str]) -> String {
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let start = now();
            let output = Command::new(env!("CARGO_BIN_EXE_ztm"))
                .arg("--state-dir")
                .arg(state_dir)
                .args(arguments)
                .env("XDG_CONFIG_HOME", state_dir)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    format!("p50 {:.1} ms, p95 {:.1} ms", quantile(&times, 0.5), quantile(&times, 0.95))
}
