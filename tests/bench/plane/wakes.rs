//! Cold and warm wakes of the built-in agent, one at a time, with what each phase takes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{plane::Plane, quantile, runtime};

const WAKES: usize = 40;

pub(crate) fn run() {
    runtime().block_on(async {
        for (kind, pool) in [("cold", 0), ("warm", 2)] {
            let dir = tempfile::tempdir().unwrap();
            let plane =
                Plane::up(&dir.path().join("state"), &["--router-port", "0", "--warm", &pool.to_string()]).await;
            plane.call("POST", "/tenants", Some(json!({"tenant_id": "sleeper"}))).await;
            let mut phases: Vec<Value> = Vec::new();
            for _ in 0..WAKES {
                while plane.call("GET", "/status", None).await["warm_ready"] != pool {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                phases.push(plane.call("POST", "/wake/sleeper", None).await["wake"].clone());
                plane.call("POST", "/stop/sleeper", None).await;
            }
            let phases: Vec<Value> = phases.into_iter().filter(|wake| wake["kind"] == kind).collect();
            let column = |of: &dyn Fn(&Value) -> f64| {
                let mut values: Vec<f64> = phases.iter().map(of).collect();
                values.sort_by(f64::total_cmp);
                format!("p50 {:.1} p95 {:.1}", quantile(&values, 0.5), quantile(&values, 0.95))
            };
            let ms = |wake: &Value, phase: &str| wake[format!("{phase}_ms")].as_f64().unwrap();
            println!("{kind}, {} wakes, milliseconds:", phases.len());
            for phase in ["queue", "lock", "workload", "restore", "ready", "record", "total"] {
                println!("  {phase:9} {}", column(&|wake| ms(wake, phase)));
            }
            println!("  own share {}", column(&|wake| ms(wake, "total") - ms(wake, "ready") - ms(wake, "restore")));
            let status = plane.call("POST", "/wake/sleeper", None).await;
            assert!(status["pod_ip"].is_string());
            let agent = plane.call("GET", "/tenants/sleeper/agent", None).await;
            let mib = |field: &str| agent[field].as_f64().unwrap_or(f64::NAN) / 1_048_576.0;
            println!(
                "  memory: agentd {:.1} MiB, built-in agent {:.1} MiB",
                mib("memory_bytes"),
                mib("agent_memory_bytes")
            );
            plane.down().await;
        }
    });
}
