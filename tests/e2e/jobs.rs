//! Jobs, budgets and the ledger on whole control planes, while parts of them are killed.

use std::{path::PathBuf, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::plane::{BOUND, Plane, answer};

impl Plane {
    async fn submit(&self, tenant: &str, prompt: &str, cost: &str) -> Value {
        let body = json!({"tenant_id": tenant, "prompt": prompt, "cost_gpu_seconds": serde_json::from_str::<Value>(cost).unwrap()});
        self.ask("POST", "/submit", Some(body)).await.ok()
    }

    /// The job once it is over.
    async fn ended(&self, id: &str) -> Value {
        self.wait(&format!("{id} to end"), async || {
            let job = self.ask("GET", &format!("/jobs/{id}/wait?timeout_s=10"), None).await.ok();
            ["succeeded", "dead", "cancelled"].contains(&job["status"].as_str().unwrap()).then_some(job)
        })
        .await
    }

    async fn bare_tenant(&self, id: &str) {
        self.ask("POST", "/tenants", Some(json!({"tenant_id": id}))).await.ok();
    }

    /// The books, once every row is in the ledger.
    async fn audited(&self) -> Value {
        let audit = self
            .wait("the ledger to be up to date", async || {
                let audit = self.ask("GET", "/spend/audit", None).await.ok();
                (audit["undrained"] == 0).then_some(audit)
            })
            .await;
        assert_eq!((&audit["holds"], &audit["violations"]), (&json!(true), &json!([])), "{audit}");
        audit
    }
}

/// The worker on a host of its own, as `services` builds it beside the tests.
fn worker(plane: &Plane, program: &str, arguments: &[&str]) -> Child {
    let url = plane.orchestrator();
    Command::new(program)
        .args(arguments)
        .env("ORCHESTRATOR_ADDR", &url)
        .env("ZTM_URL", &url)
        .env("ZTM_TOKEN_FILE", plane.state_dir().join("service-token"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; `cargo build --workspace` builds it"))
}

fn worker_program() -> String {
    let beside = PathBuf::from(env!("CARGO_BIN_EXE_ztm")).with_file_name("worker");
    beside.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m11_a_job_runs_once_however_often_it_is_submitted_and_is_charged_for_what_it_used() {
    let mut plane = Plane::start(&[]).await;
    plane.bare_tenant("acme").await;
    let body = json!({"tenant_id": "acme", "agent_id": "a", "prompt": "hello", "cost_gpu_seconds": 5}).to_string();
    let submit = || plane.request("POST", "/submit").header("idempotency-key", "k").body(body.clone());
    let answers = futures::future::join_all((0..10).map(|_| answer(submit()))).await;
    let ids: std::collections::BTreeSet<String> =
        answers.iter().map(|answer| answer.body["job_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    let job = plane.ended(ids.first().unwrap()).await;
    assert_eq!((&job["status"], &job["result"]), (&json!("succeeded"), &json!("[1] you said: hello")), "{job}");
    let other = body.replace("hello", "other");
    assert_eq!(answer(plane.request("POST", "/jobs").header("idempotency-key", "k").body(other)).await.status, 409);
    let audit = plane.audited().await;
    let acme = audit["tenants"].as_array().unwrap().iter().find(|tenant| tenant["tenant_id"] == "acme").unwrap();
    assert_eq!(acme["totals"]["spent"], job["used_gpu_seconds"], "{audit}");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m4_m15_absurd_jobs_are_refused_at_the_edge_and_change_nothing() {
    let mut plane = Plane::start(&["--workers", "0"]).await;
    plane.bare_tenant("acme").await;
    let costs = [
        "NaN",
        "Infinity",
        "-1",
        "0",
        "1e-7",
        "1e400",
        "9223372036854775808",
        "1000001",
        "0.0000001",
        "null",
        "\"\"",
        "[]",
    ];
    for cost in costs {
        let body = format!(r#"{{"tenant_id":"acme","prompt":"x","cost_gpu_seconds":{cost}}}"#);
        let refused = answer(plane.request("POST", "/submit").body(body)).await;
        assert_eq!((refused.status, refused.code()), (400, "invalid"), "{cost}: {refused:?}");
    }
    let long = "x".repeat((256 << 10) + 1);
    for (field, value) in [
        ("prompt", json!(long)),
        ("agent_id", json!("{tag}:*")),
        ("agent_id", json!("../a")),
        ("priority", json!(10)),
        ("max_attempts", json!(0)),
        ("not_before", json!("2999-01-01T00:00:00Z")),
        ("tenant_id", json!("a:b")),
        ("extra", json!(1)),
    ] {
        let mut body = json!({"tenant_id": "acme", "prompt": "x", "cost_gpu_seconds": 1});
        body[field] = value;
        let refused = plane.ask("POST", "/jobs", Some(body)).await;
        assert_eq!(refused.status, 400, "{field}: {refused:?}");
    }
    assert_eq!(plane.ask("GET", "/jobs", None).await.ok()["jobs"], json!([]));
    assert_eq!(plane.audited().await["rows"], 0, "nothing was opened");
    let viewer = plane.request_as("nobody", "POST", "/leases/claim").body(r#"{"worker":"w"}"#);
    assert_eq!(answer(viewer).await.status, 401);
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m1_jobs_in_flight_survive_kill_9_of_the_control_plane_and_are_paid_for_once() {
    let mut plane = Plane::start(&["--workers", "3"]).await;
    let mut ids = Vec::new();
    for tenant in ["a", "b", "c"] {
        plane.bare_tenant(tenant).await;
    }
    for round in 0..4 {
        for n in 0..15 {
            let tenant = ["a", "b", "c"][n % 3];
            let job = plane.submit(tenant, &format!("job {round}-{n};"), "60").await;
            ids.push(job["job_id"].as_str().unwrap().to_owned());
        }
        if round < 3 {
            tokio::time::sleep(Duration::from_millis(30 + 40 * round)).await;
            plane.kill().await;
            plane.up().await;
        }
    }
    for id in &ids {
        let job = plane.ended(id).await;
        assert_eq!(job["status"], "succeeded", "{job}");
    }
    let audit = plane.audited().await;
    assert_eq!(audit["totals"]["held"], 0);
    let rows = plane.ask("GET", "/spend/rows?limit=1000", None).await.ok();
    for id in &ids {
        let serial = id.split_once('.').unwrap().1;
        let paid = rows["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["reference"] == serial && row["kind"] == "settle" && row["label"] == "succeeded");
        assert_eq!(paid.count(), 1, "{id}");
    }
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m1_m6_a_dead_workers_job_is_taken_over_and_the_agent_does_not_do_it_twice() {
    let mut plane = Plane::start(&["--workers", "0"]).await;
    plane.bare_tenant("acme").await;
    let mut first = worker(&plane, &worker_program(), &["2"]);
    let id = plane.submit("acme", "/sleep 2000", "20").await["job_id"].as_str().unwrap().to_owned();
    let running = async || {
        let job = plane.ask("GET", &format!("/jobs/{id}"), None).await.ok();
        (job["status"] == "running").then(|| job["worker"].as_str().unwrap().to_owned())
    };
    let dead = plane.wait("a worker to have it", running).await;
    first.kill().await.unwrap();
    let _second = worker(&plane, &worker_program(), &["2"]);
    let job = plane.ended(&id).await;
    assert_eq!((&job["status"], &job["attempts"]), (&json!("succeeded"), &json!(2)), "{job}");
    assert_eq!(job["result"], "[1] you said: /sleep 2000", "one turn, joined or replayed: {job}");
    assert_ne!(job["worker"], json!(dead));
    plane.audited().await;
    let rows = plane.ask("GET", "/spend/rows?tenant=acme", None).await.ok();
    let kinds: Vec<&str> = rows["rows"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["opening", "hold", "reclaim", "hold", "settle"], "charged once, refunded once");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_executor_in_another_language_speaks_the_lease_api() {
    let mut plane = Plane::start(&["--workers", "0"]).await;
    plane.bare_tenant("acme").await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/worker.py");
    assert!(std::fs::read_to_string(script).unwrap().lines().count() <= 60);
    let _python = worker(&plane, "python3", &[script]);
    let id = plane.submit("acme", "shout", "5").await["job_id"].as_str().unwrap().to_owned();
    let job = plane.ended(&id).await;
    assert_eq!((&job["status"], &job["result"]), (&json!("succeeded"), &json!("SHOUT")), "{job}");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_job_is_called_off_at_its_next_renewal_and_a_waiting_one_at_once() {
    let mut plane = Plane::start(&["--workers", "1"]).await;
    plane.bare_tenant("acme").await;
    let running = plane.submit("acme", "/sleep 30000", "60").await["job_id"].as_str().unwrap().to_owned();
    plane
        .wait("it to run", async || {
            (plane.ask("GET", &format!("/jobs/{running}"), None).await.ok()["status"] == "running").then_some(())
        })
        .await;
    let waiting = plane.submit("acme", "later", "5").await["job_id"].as_str().unwrap().to_owned();
    let cancelled = plane.ask("POST", &format!("/jobs/{waiting}/cancel"), None).await.ok();
    assert_eq!(cancelled["status"], "cancelled");
    let told = plane.ask("POST", &format!("/jobs/{running}/cancel"), None).await.ok();
    assert_eq!((&told["status"], &told["cancelling"]), (&json!("running"), &json!(true)));
    let job = plane.ended(&running).await;
    assert_eq!(job["status"], "cancelled", "{job}");
    let used: f64 = job["used_gpu_seconds"].as_f64().unwrap();
    assert!(used > 0.0 && used < 25.0, "what it used is charged, the rest goes back: {job}");
    plane.audited().await;
    plane.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_without_budget_is_suspended_told_once_and_resumed_by_a_grant() {
    let mut plane = Plane::start(&[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "first", "first").await;
    let nothing = json!({"budget": {"period": "month", "credits": 0.000001}});
    plane.ask("PATCH", "/quotas/acme", Some(nothing)).await.ok();
    for text in ["second", "third", "fourth"] {
        plane.write(&tenant, text);
    }
    plane.wait("the suspension", async || plane.get(&tenant).await["suspended"].as_str().map(str::to_owned)).await;
    plane.wait("the chat to be told", async || (plane.texts(&tenant).len() == 2).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let texts = plane.texts(&tenant);
    assert_eq!(texts.len(), 2, "once a suspension: {texts:?}");
    assert!(texts[1].contains("paused") && texts[1].contains("budget"), "{texts:?}");
    let why = plane.ask("GET", "/why/wake/acme", None).await.ok();
    assert_eq!(why["reasons"][0]["code"], "budget_exhausted", "{why}");
    // It sleeps over the suspension, and a death of the control plane changes nothing.
    plane.kill().await;
    plane.up().await;
    plane.ask("POST", "/quotas/acme/grants", Some(json!({"credits": 500, "name": "more"}))).await.ok();
    for text in ["second", "third", "fourth"] {
        plane.answered(&tenant, text).await;
    }
    assert_eq!(plane.get(&tenant).await["suspended"], Value::Null);
    assert_eq!(plane.updates(&tenant).await.iter().filter(|update| update["stage"] == "dead").count(), 0);
    plane.audited().await;
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_turn_is_charged_once_and_its_failure_is_not() {
    let mut plane = Plane::start(&[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "hello").await;
    let rows = plane
        .wait("the turn's rows", async || {
            let rows = plane.ask("GET", "/spend/rows?tenant=acme", None).await.ok()["rows"].as_array().unwrap().clone();
            (rows.iter().any(|row| row["kind"] == "settle")).then_some(rows)
        })
        .await;
    let settled: Vec<&Value> = rows.iter().filter(|row| row["kind"] == "settle").collect();
    assert_eq!(settled.len(), 1);
    assert!(settled[0]["reference"].as_str().unwrap().starts_with("turn:"));
    assert!(settled[0]["spent"].as_f64().unwrap() > 0.0);
    let report = plane.ask("GET", "/spend/report?by=agent&tenant=acme", None).await.ok();
    assert_eq!(report["total"]["settled"], 1, "{report}");
    tokio::time::timeout(BOUND, plane.down()).await.unwrap();
}
