//! Cold and warm wakes of `ZeroClaw` in a pod, one at a time: from a person's message to the answer in the chat.

use libtenancy::clock::Stopwatch;
use serde_json::Value;
use services::doubles::llm;

use super::{
    quantile,
    stage::{Stage, host},
};

const WAKES: usize = 30;

pub(super) async fn run() {
    let host: std::net::IpAddr = host().parse().unwrap();
    let model = llm::Double::start((host, 0).into()).await.unwrap();
    let template = tempfile::tempdir().unwrap();
    let config =
        include_str!("../../../../deploy/zeroclaw/config.toml").replace("http://127.0.0.1:8000/v1", &model.url());
    std::fs::write(template.path().join("config.toml"), config).unwrap();
    let template = template.path().to_str().unwrap();
    for (kind, pool) in [("cold", 0), ("warm", 1)] {
        let mut stage = Stage::with("", &["--warm", &pool.to_string(), "--agent-template", template]).await;
        stage.plane.up().await;
        let plane = &stage.plane;
        let tenant = plane.tenant("sleeper", 1, 3_600).await;
        let (mut answers, mut wakes): (Vec<f64>, Vec<Value>) = (Vec::new(), Vec::new());
        for number in 0..WAKES {
            plane.wait("the pool", async || (plane.status().await["warm_ready"] == pool).then_some(())).await;
            let text = format!("letter {number}");
            let watch = Stopwatch::start();
            plane.converse(&tenant, &text, &llm::answer(&text)).await;
            answers.push(watch.elapsed().as_secs_f64() * 1e3);
            wakes.push(plane.get(&tenant).await["last_wake"].clone());
            plane.ztm(&["tenant", "stop", "sleeper"]).await.ok();
            plane.wait_status(&tenant, "idle").await;
        }
        assert!(wakes.iter().all(|wake| wake["kind"] == kind), "{wakes:#?}");
        println!(
            "{kind}, {WAKES} wakes, milliseconds:\n  message to answer  p50 {:.0} p95 {:.0}",
            quantile(&mut answers, 0.5),
            quantile(&mut answers, 0.95)
        );
        for phase in ["queue", "lock", "node", "workload", "restore", "ready", "record", "total"] {
            let of = |wake: &Value| wake[format!("{phase}_ms")].as_f64().unwrap();
            let mut values: Vec<f64> = wakes.iter().map(of).collect();
            println!("  {phase:17}  p50 {:.0} p95 {:.0}", quantile(&mut values, 0.5), quantile(&mut values, 0.95));
        }
    }
}
