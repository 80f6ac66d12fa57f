//! A warm agent becomes a tenant's: from the bind to the first reply of the real ZeroClaw, with 1 MB of state that is restored.

use std::{fs, path::Path, time::Duration};

use libtenancy::{
    clock::Stopwatch,
    conformance::workloads::{say, stop, wake},
    ports::workloads::{BindRequest, Workloads},
    tenant::Generation,
};
use rusqlite::Connection;
use services::doubles::llm;

use crate::{
    machine::{Machine, acme},
    quantile, runtime,
};

const ROUNDS: u64 = 200;

/// ZeroClaw's memory, and rows until it has about a megabyte.
fn fill(state: &Path) {
    let brain = Connection::open(state.join("workspace/memory/brain.db")).unwrap();
    let columns: String =
        brain.query_row("SELECT group_concat(name) FROM pragma_table_info('memories')", [], |row| row.get(0)).unwrap();
    let of = |name: &str| match name {
        "id" | "key" => "printf('filler-%d', value)",
        "content" => "printf('filler %d: %s', value, hex(randomblob(400)))",
        other => Box::leak(other.to_owned().into_boxed_str()),
    };
    let selected: Vec<&str> = columns.split(',').map(of).collect();
    let fill = format!(
        "INSERT INTO memories ({columns}) SELECT {} FROM (SELECT * FROM memories LIMIT 1), \
         (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 900) SELECT value FROM n)",
        selected.join(",")
    );
    brain.execute_batch(&fill).unwrap();
}

pub(crate) fn run() {
    let Some(zeroclaw) = std::env::var_os("ZTM_TEST_ZEROCLAW") else {
        println!("ZTM_TEST_ZEROCLAW is not set: not measured");
        return;
    };
    runtime().block_on(async {
        let model = llm::Double::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let template = tempfile::tempdir().unwrap();
        let config =
            include_str!("../../../deploy/zeroclaw/config.toml").replace("http://127.0.0.1:8000/v1", &model.url());
        fs::write(template.path().join("config.toml"), config).unwrap();
        let zeroclaw = zeroclaw.to_str().unwrap();
        let argv = [zeroclaw, "--config-dir", "{state}", "gateway", "--port", "{port}"];
        let machine = Machine::new(&argv, |config| {
            config.agent.template = Some(template.path().to_owned());
            config.snapshot_interval = Duration::from_hours(1);
        });
        let workloads = &machine.workloads;
        let (agent, _) = wake(workloads, &acme(), 1, None).await.unwrap();
        say(workloads, &agent, &acme(), 1, "remember this").await.unwrap();
        fill(&machine.home().state());
        let taken = stop(workloads, &acme(), &agent).await.unwrap().snapshot.unwrap();
        let snapshot = machine.published(1, &taken);
        let (mut total, mut restore, mut ready, mut reply) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut memory = 0;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        for round in 0..ROUNDS {
            fs::remove_dir_all(machine.home().state()).unwrap();
            let warm = workloads.workload_start().await.unwrap();
            let generation = Generation(2 + round);
            let request = BindRequest { tenant: acme(), generation, snapshot: Some(snapshot.clone()) };
            let watch = Stopwatch::start();
            let (agent, bound) = workloads.workload_bind(&warm, &request).await.unwrap();
            let at = watch.elapsed();
            say(workloads, &agent, &acme(), 2, "are you there?").await.unwrap();
            total.push(ms(watch.elapsed()));
            reply.push(ms(watch.elapsed().saturating_sub(at)));
            restore.push(ms(bound.restore));
            ready.push(ms(bound.ready));
            let status = workloads.agent_status(&acme(), &agent).await.unwrap();
            memory = memory.max(status.memory_bytes.unwrap_or_default());
            stop(workloads, &acme(), &agent).await.unwrap();
        }
        println!("{ROUNDS} warm binds, {} kB of archive, milliseconds:", taken.bytes / 1_000);
        for (name, values) in [
            ("restore", &mut restore),
            ("agent ready", &mut ready),
            ("first reply", &mut reply),
            ("bind to reply", &mut total),
        ] {
            println!("  {name:13} p50 {:.1}  p99 {:.1}", quantile(values, 0.5), quantile(values, 0.99));
        }
        println!("  most memory of an agentd: {:.1} MiB", memory as f64 / 1_048_576.0);
    });
}
