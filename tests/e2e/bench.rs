//! `ztm bench` on a real control plane: plausible figures, and nothing of it stays, however it ends.

use std::{process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::Child;

use crate::{
    plane::{BOUND, Plane},
    stores::Stores,
};

/// The bench's tenants that there are.
async fn tenants(plane: &Plane) -> Vec<String> {
    let list = plane.ask("GET", "/tenants?label=ztm-bench&limit=1000", None).await.ok();
    list["tenants"].as_array().unwrap().iter().map(|t| t["tenant_id"].as_str().unwrap().to_owned()).collect()
}

/// A bench that goes on for an hour, with so many tenants of its own that run; what it says beside the data can be read.
async fn started(plane: &Plane, count: usize) -> Child {
    let before = tenants(plane).await.len();
    let count_text = count.to_string();
    let bench = plane
        .command()
        .args(["bench", "--duration", "1h", "--only", "job", "--tenants", &count_text])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    plane
        .wait("its agents run", async || {
            let list = plane.ask("GET", "/tenants?label=ztm-bench&status=running", None).await.ok();
            let running = list["tenants"].as_array().unwrap().len();
            (running >= before + count).then_some(())
        })
        .await;
    bench
}

fn send(process: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(process).unwrap()).unwrap(), signal).unwrap();
}

/// Sends a signal; the exit status, `None` if the signal was it.
async fn ended(bench: Child, with: Signal) -> Option<i32> {
    send(bench.id().unwrap(), with);
    tokio::time::timeout(BOUND, bench.wait_with_output()).await.expect("it does not end").unwrap().status.code()
}

fn row<'a>(report: &'a Value, name: &str) -> &'a Value {
    let rows = report["measures"].as_array().unwrap();
    rows.iter().find(|row| row["measure"] == name).unwrap_or_else(|| panic!("no {name} in {report:#}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_has_plausible_figures_and_leaves_nothing() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    plane.create_plain("alice").await;
    plane.create_plain("bench-0a1b2c3d-000").await;
    let before = plane.ask("GET", "/tenants", None).await.ok();
    let report = plane.ztm(&["bench", "--duration", "6s", "--tenants", "3", "-o", "json"]).await.ok().json();
    let names = ["healthz", "fsync", "wake.cold", "wake.stop", "job", "read.get", "read.list", "event", "exec"];
    for name in names {
        let row = row(&report, name);
        let ms = |field: &str| row[field].as_f64().unwrap_or_else(|| panic!("{row:#}"));
        assert!(row["count"].as_u64().unwrap() > 0 && row["errors"] == 0, "{report:#}");
        assert!(0.0 < ms("p50_ms") && ms("p50_ms") <= ms("p95_ms") && ms("p95_ms") <= ms("p99_ms"), "{row:#}");
        assert!(ms("p99_ms") <= ms("max_ms") && ms("max_ms") < 60_000.0, "{row:#}");
        // As many a second as there can be of so many at once that take so long; a half of all are not faster than the median.
        let most = 4.0 * 2.0 * 1e3 / ms("p50_ms");
        assert!(0.0 < ms("per_second") && ms("per_second") <= most * 1.01, "{row:#}");
    }
    let p50 = |name: &str| row(&report, name)["p50_ms"].as_f64().unwrap();
    assert_eq!(row(&report, "healthz")["times_healthz"], 1.0);
    // A wake starts a process, a job is a turn of it, and both are asked for over HTTP.
    assert!(
        p50("wake.cold") > p50("healthz") && p50("job") > p50("healthz") && p50("exec") > p50("healthz"),
        "{report:#}"
    );
    let phase = |name: &str| {
        let phases = report["phases"].as_array().unwrap();
        let found = phases.iter().find(|phase| phase["measure"] == "wake.cold" && phase["phase"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {report:#}"))["p50_ms"].as_f64().unwrap()
    };
    assert!(0.0 < phase("ready") && phase("ready") < p50("wake.cold"), "{report:#}");
    assert_eq!((&report["swept"], report["failures"].as_array().unwrap().len()), (&0.into(), 0), "{report:#}");

    // What it did to the others: nothing.
    assert_eq!(plane.ask("GET", "/tenants", None).await.ok(), before);
    let homes = std::fs::read_dir(plane.state_dir().join("tenants")).unwrap().flatten();
    let homes: Vec<String> = homes.map(|home| home.file_name().to_string_lossy().into_owned()).collect();
    assert!(!homes.iter().any(|home| home.starts_with("bench-") && home != "bench-0a1b2c3d-000"), "{homes:?}");
    plane.ztm(&["spend", "audit"]).await.ok();
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_run_has_left_is_removed_by_the_next_one_and_not_while_it_lives() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    plane.create_plain("alice").await;
    let bench = started(&plane, 2).await;
    let of_it = tenants(&plane).await;
    assert_eq!(of_it.len(), 2);
    // While it lives nobody else removes them.
    let short = ["bench", "--only", "read", "--count", "5", "--tenants", "1", "-o", "json"];
    let other = plane.ztm(&short).await.ok().json();
    assert_eq!((&other["swept"], tenants(&plane).await), (&0.into(), of_it.clone()), "{other:#}");
    assert_eq!(ended(bench, Signal::KILL).await, None);
    assert_eq!(tenants(&plane).await, of_it);
    let next = plane.ztm(&short).await.ok().json();
    assert_eq!((&next["swept"], tenants(&plane).await), (&2.into(), Vec::new()), "{next:#}");
    assert_eq!(plane.ask("GET", "/tenants", None).await.ok()["tenants"].as_array().unwrap().len(), 1);
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_interrupts_a_run_finds_nothing_left_of_it() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    for signal in [Signal::INT, Signal::TERM] {
        let bench = started(&plane, 3).await;
        assert_eq!(ended(bench, signal).await, Some(130), "{signal:?}");
        assert_eq!(tenants(&plane).await, [""; 0], "{signal:?}");
    }
    // Also while the tenants are still being made.
    let bench = plane.command().args(["bench", "--tenants", "100"]).stderr(Stdio::null()).spawn().unwrap();
    plane.wait("there is one", async || (!tenants(&plane).await.is_empty()).then_some(())).await;
    assert_eq!(ended(bench, Signal::INT).await, Some(130));
    assert_eq!(tenants(&plane).await, [""; 0]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(tenants(&plane).await, [""; 0], "one came afterwards");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_interrupts_it_twice_waits_for_nobody_and_is_told_what_is_left() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    let mut bench = started(&plane, 2).await;
    send(plane.pid(), Signal::STOP);
    send(bench.id().unwrap(), Signal::INT);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(bench.try_wait().unwrap(), None, "it did not wait for its tenants to be gone");
    send(bench.id().unwrap(), Signal::INT);
    let ended = tokio::time::timeout(BOUND, bench.wait_with_output()).await.expect("it does not end").unwrap();
    send(plane.pid(), Signal::CONT);
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(said.contains("up to 2 tenants of this run are left; the next `ztm bench` removes them"), "{said}");
    plane.ztm(&["bench", "--only", "read", "--count", "1"]).await.ok();
    assert_eq!(tenants(&plane).await, [""; 0]);
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server, moto_server: tests/run"]
async fn on_other_stores_it_asks_first_and_leaves_as_little() {
    let mut plane = Plane::start_on(Stores::Cloud, &["--warm", "1"]).await;
    plane.create_plain("alice").await;
    let bench = ["bench", "--duration", "6s", "--tenants", "2", "-o", "json"];
    assert_eq!(plane.ztm(&bench).await.code, Some(2));
    let report = plane.ztm(&[&bench[..], &["--yes"]].concat()).await.ok().json();
    for name in ["healthz", "wake.stop", "job", "read.get", "read.list", "event", "exec"] {
        let row = row(&report, name);
        assert!(row["count"].as_u64().unwrap() > 0 && row["errors"] == 0, "{report:#}");
    }
    // Whether the pool is full again when the next one wakes is a matter of who is faster.
    let measures = report["measures"].as_array().unwrap();
    let wakes = measures.iter().filter(|row| row["measure"] == "wake.cold" || row["measure"] == "wake.warm");
    let (counts, errors): (Vec<u64>, Vec<u64>) =
        wakes.map(|row| (row["count"].as_u64().unwrap(), row["errors"].as_u64().unwrap())).unzip();
    assert!(counts.iter().sum::<u64>() > 0 && errors.iter().all(|errors| *errors == 0), "{report:#}");
    assert_eq!(plane.ztm(&["tenant", "list", "-o", "name"]).await.ok().stdout, "alice\n");
    plane.down().await;
}
