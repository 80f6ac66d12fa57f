//! Jobs through the real command: done by real agents, once, whatever is killed meanwhile; paid for by what was granted.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio, time::Duration};

use libtenancy::clock::Stopwatch;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::{
    plane::{Answer, Plane, Tenant, answer},
    stores::{Stores, on_every_store},
    watch::Watcher,
};

/// A lease that lapses (30 s), the pauses after it, and the work.
const PATIENCE: Duration = Duration::from_secs(150);

impl Plane {
    /// Submits a job of a tenant, and returns its name.
    async fn submit(&self, tenant: &str, prompt: &str, more: Value) -> String {
        let mut body = json!({"tenant_id": tenant, "prompt": prompt, "cost_gpu_seconds": 30});
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        let submitted = self.ask("POST", "/jobs", Some(body)).await.ok();
        submitted["job_id"].as_str().unwrap().to_owned()
    }

    /// Waits until a job is over; the job.
    async fn over(&self, job: &str) -> Value {
        let watch = Stopwatch::start();
        loop {
            let seen = self.ask("GET", &format!("/jobs/{job}/wait?timeout_s=5"), None).await.ok();
            if !seen["ended_at"].is_null() {
                return seen;
            }
            assert!(watch.elapsed() < PATIENCE, "{seen}\n{}", self.log());
        }
    }

    async fn running(&self, job: &str) {
        let path = format!("/jobs/{job}");
        self.wait(&format!("`{job}` runs"), async || {
            (self.ask("GET", &path, None).await.ok()["status"] == "running").then_some(())
        })
        .await;
    }

    /// The audit once everything is in the ledger. It must hold.
    async fn audit(&self) -> Value {
        self.wait("the ledger has all rows", async || {
            let audit = self.ask("GET", "/spend/audit", None).await.ok();
            assert_eq!(audit["holds"], true, "{audit}");
            (audit["undrained"] == 0).then_some(audit)
        })
        .await
    }

    /// How often each job was settled, by its serial.
    async fn settled(&self) -> BTreeMap<String, u64> {
        let (mut settled, mut after) = (BTreeMap::new(), String::new());
        loop {
            let path = format!("/spend/rows?limit=1000&after={}", after.replace(':', "%3A"));
            let page = self.ask("GET", &path, None).await.ok();
            for row in page["rows"].as_array().unwrap().iter().filter(|row| row["kind"] == "settle") {
                *settled.entry(row["reference"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut after),
                None => return settled,
            }
        }
    }

    /// A worker on a host of its own. Killed when it is dropped.
    fn worker(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Child {
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("ORCHESTRATOR_ADDR", self.orchestrator())
            .env("ZTM_TOKEN_FILE", self.state_dir().join("service-token"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let built = "`cargo build --workspace` builds it";
        command.spawn().unwrap_or_else(|error| panic!("{}: {error}; {built}", program.as_ref().display()))
    }
}

/// The worker of `services`, which is built beside the command.
fn worker_program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_ztm")).with_file_name("worker")
}

/// The part of a job's name after the tenant's.
fn serial(job: &str) -> String {
    job.split_once('.').unwrap().1.to_owned()
}

async fn a_job_wakes_its_tenants_agent_and_what_it_used_is_in_the_ledger(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let job = plane.submit("acme", "\u{0} \"quoted\" \u{1f980}", json!({})).await;
    let done = plane.over(&job).await;
    assert_eq!((&done["status"], &done["attempts"]), (&json!("succeeded"), &json!(1)), "{done}");
    assert_eq!(done["result"], "[1] you said: \u{0} \"quoted\" \u{1f980}");
    // The agent remembers it like anything it was told.
    assert_eq!(plane.converse(&tenant, "and in the chat", "[2] ").await, "[2] you said: and in the chat");
    let audit = plane.audit().await;
    let rows = audit["rows"].as_u64().unwrap();
    let report = plane.ask("GET", "/spend/report?by=tenant", None).await.ok();
    assert_eq!((&report["total"]["settled"], &report["total"]["spent"]), (&json!(2), &audit["totals"]["spent"]));
    let metrics = plane.ask("GET", "/metrics", None).await.ok();
    assert!(metrics.as_str().unwrap().contains("ztm_queue_leases{partition=\"0\"} 0"), "{metrics}");
    plane.down().await;
    // Its last rows, the time that the agent ran, did not wait for a next start.
    let audit = plane.ztm(&["spend", "audit", "-o", "json"]).await.ok().json();
    assert_eq!((&audit["holds"], &audit["undrained"]), (&json!(true), &json!(0)), "{audit}");
    assert!(audit["rows"].as_u64().unwrap() > rows, "{audit}");
}

async fn m11_submissions_that_are_repeated_at_once_are_one_job_and_one_turn(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    plane.tenant("acme", 1, 3_600).await;
    let submission = || {
        let body = json!({"tenant_id": "acme", "agent_id": "main", "prompt": "once", "cost_gpu_seconds": 5});
        answer(plane.request("POST", "/submit").header("idempotency-key", "order-1").body(body.to_string()))
    };
    let answers: Vec<Answer> = futures::future::join_all((0..10).map(|_| submission())).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 9, "{answers:?}");
    let job = answers[0].body["job_id"].as_str().unwrap();
    assert!(answers.iter().all(|answer| answer.body["job_id"] == job));
    assert_eq!(plane.over(job).await["result"], "[1] you said: once");
    let late = submission().await;
    assert_eq!((late.status, &late.body["status"]), (200, &json!("succeeded")));
    plane.audit().await;
    assert_eq!(plane.settled().await, BTreeMap::from([(serial(job), 1)]));
    plane.down().await;
}

async fn a_running_job_is_called_off_and_pays_for_its_time_alone_and_a_waiting_one_at_once(stores: Stores) {
    let mut plane = Plane::start_on(stores, &["--workers", "1"]).await;
    plane.create_plain("acme").await;
    let job = plane.submit("acme", "/sleep 45000", json!({})).await;
    plane.running(&job).await;
    let waiting = plane.submit("acme", "later", json!({})).await;
    let cancelled = plane.ask("POST", &format!("/jobs/{waiting}/cancel"), None).await.ok();
    assert_eq!((&cancelled["status"], &cancelled["used_gpu_seconds"]), (&json!("cancelled"), &json!(0)));
    let called_off = Stopwatch::start();
    let cancelling = plane.ask("POST", &format!("/jobs/{job}/cancel"), None).await.ok();
    assert_eq!(cancelling["cancelling"], true);
    // Its worker, of the same process, hears of it at once, and not only at its next renewal.
    let over = plane.over(&job).await;
    assert!(called_off.elapsed() < Duration::from_secs(5), "{over}");
    assert_eq!((&over["status"], &over["error"]), (&json!("cancelled"), &json!("it was called off")), "{over}");
    let used = over["used_gpu_seconds"].as_f64().unwrap();
    assert!((0.0..5.0).contains(&used), "{over}");
    let audit = plane.audit().await;
    assert_eq!(
        (&audit["totals"]["spent"], &audit["totals"]["held"]),
        (&over["used_gpu_seconds"], &json!(0)),
        "{audit}"
    );
    plane.down().await;
}

async fn m1_a_job_whose_worker_is_killed_is_done_by_another_and_charged_once(stores: Stores) {
    let mut plane = Plane::start_on(stores, &["--workers", "0"]).await;
    plane.create_plain("acme").await;
    let job = plane.submit("acme", "/sleep 2000", json!({})).await;
    let mut first = plane.worker(worker_program(), &["--slots", "2"]);
    plane.running(&job).await;
    let busy = async || plane.ask("GET", "/tenants/acme/agent", None).await.body["busy"].as_u64().filter(|n| *n > 0);
    plane.wait("the agent is at it", busy).await;
    let dead = plane.ask("GET", &format!("/jobs/{job}"), None).await.ok()["worker"].clone();
    first.kill().await.unwrap();
    let _second = plane.worker(worker_program(), &["--slots", "2"]);
    let done = plane.over(&job).await;
    assert_eq!((&done["status"], &done["attempts"]), (&json!("succeeded"), &json!(2)), "{done}");
    assert_eq!(done["result"], "[1] you said: /sleep 2000", "one turn: the second worker joined it");
    assert!(dead.is_string() && dead != done["worker"]);
    let audit = plane.audit().await;
    assert_eq!(audit["totals"]["spent"], done["used_gpu_seconds"], "{audit}");
    let rows = plane.ask("GET", "/spend/rows?tenant=acme", None).await.ok();
    let kinds: Vec<&str> = rows["rows"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["opening", "hold", "reclaim", "hold", "settle"], "charged once, refunded once");
    plane.down().await;
}

async fn an_executor_in_another_language_speaks_the_lease_api(stores: Stores) {
    let mut plane = Plane::start_on(stores, &["--workers", "0"]).await;
    plane.create_plain("acme").await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/worker.py");
    assert!(std::fs::read_to_string(script).unwrap().lines().count() <= 60);
    let _python = plane.worker("python3", &[script]);
    let job = plane.submit("acme", "shout", json!({})).await;
    let done = plane.over(&job).await;
    assert_eq!((&done["status"], &done["result"]), (&json!("succeeded"), &json!("SHOUT")), "{done}");
    plane.audit().await;
    plane.down().await;
}

async fn m1_the_control_plane_killed_with_jobs_in_flight_ends_all_of_them_once(stores: Stores) {
    let mut plane = Plane::start_on(stores, &["--workers", "6"]).await;
    let mut jobs = Vec::new();
    for tenant in ["acme", "beta", "gamma"] {
        plane.create_plain(tenant).await;
        for n in 0..10 {
            let prompt = format!("/sleep {}", 150 + 40 * n);
            jobs.push(plane.submit(tenant, &prompt, json!({"max_attempts": 9})).await);
        }
    }
    for pause in [150, 700, 400] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        plane.kill().await;
        plane.up().await;
    }
    let mut interrupted = 0;
    for job in &jobs {
        let over = plane.over(job).await;
        assert_eq!((&over["status"], &over["held_gpu_seconds"]), (&json!("succeeded"), &json!(0)), "{over}");
        interrupted += u64::from(over["attempts"].as_u64() > Some(1));
    }
    assert!(interrupted > 0, "the kills met no job");
    let audit = plane.audit().await;
    assert_eq!((&audit["totals"]["held"], &audit["violations"]), (&json!(0), &json!([])), "{audit}");
    let expected: BTreeMap<String, u64> = jobs.iter().map(|job| (serial(job), 1)).collect();
    assert_eq!(plane.settled().await, expected, "each is charged once");
    plane.down().await;
}

/// The tenant's credits do not refill, and are fewer than a turn holds.
async fn broke(stores: Stores, arguments: &[&str]) -> (Plane, Tenant) {
    let flags = ["--default-rate", "0", "--default-burst", "10.5"];
    let plane = Plane::start_on(stores, &[&flags, arguments].concat()).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    // A turn holds 10 credits; this one uses one.
    plane.converse(&tenant, "/sleep 1000", "[1] ").await;
    (plane, tenant)
}

/// How often the chat was told that there is no budget.
fn told(plane: &Plane, tenant: &Tenant) -> usize {
    plane.texts(tenant).iter().filter(|text| text.contains("credits are used up")).count()
}

async fn is_suspended(plane: &Plane, tenant: &Tenant) {
    plane
        .wait("it is suspended", async || {
            plane.get(tenant).await["suspended"]
                .as_str()
                .filter(|text| text.starts_with("credits_exhausted: "))
                .map(drop)
        })
        .await;
}

async fn a_tenant_without_credits_says_so_once_keeps_its_messages_and_a_grant_resumes_it(stores: Stores) {
    let (mut plane, tenant) = broke(stores, &[]).await;
    for text in ["two", "three", "four"] {
        plane.write(&tenant, text);
    }
    plane.answered(&tenant, "credits are used up").await;
    is_suspended(&plane, &tenant).await;
    plane.wait("all are stored", async || (plane.status().await["inbox"]["pending"] == 3).then_some(())).await;
    // Nothing that frees nothing changes that, nor does a restart.
    plane.ask("PATCH", "/quotas/acme", Some(json!({"weight": 50}))).await.ok();
    plane.kill().await;
    plane.up().await;
    plane.write(&tenant, "five");
    plane.wait("all are stored", async || (plane.status().await["inbox"]["pending"] == 4).then_some(())).await;
    let why = plane.ask("GET", "/why/tenant/acme", None).await.ok();
    assert!(why["reasons"].as_array().unwrap().iter().any(|reason| reason["code"] == "credits_exhausted"), "{why}");
    assert_eq!(told(&plane, &tenant), 1, "{:?}", plane.texts(&tenant));

    plane.ask("POST", "/quotas/acme/grants", Some(json!({"credits": 100}))).await.ok();
    assert_eq!(plane.answered(&tenant, "five").await, "[5] you said: five");
    plane.wait_drained().await;
    let answers: Vec<String> = plane.texts(&tenant).into_iter().filter(|text| text.starts_with('[')).collect();
    assert_eq!(answers[1..4], ["[2] you said: two", "[3] you said: three", "[4] you said: four"]);
    assert_eq!(plane.get(&tenant).await["suspended"], Value::Null);
    assert_eq!(told(&plane, &tenant), 1, "{:?}", plane.texts(&tenant));
    plane.audit().await;
    plane.down().await;
}

async fn a_chat_is_told_also_when_a_job_found_the_credits_gone(stores: Stores) {
    let (mut plane, tenant) = broke(stores, &[]).await;
    let job = plane.submit("acme", "too dear", json!({"cost_gpu_seconds": 10.2})).await;
    is_suspended(&plane, &tenant).await;
    let why = plane.ask("GET", &format!("/why/job/{job}"), None).await.ok();
    assert_eq!(why["reasons"][0]["code"], "credits_exhausted", "{why}");
    assert_eq!(told(&plane, &tenant), 0, "nobody has written");
    plane.write(&tenant, "anybody there?");
    plane.answered(&tenant, "credits are used up").await;
    plane.ask("POST", "/quotas/acme/grants", Some(json!({"credits": 50, "name": "more"}))).await.ok();
    plane.answered(&tenant, "you said: anybody there?").await;
    assert_eq!(plane.over(&job).await["status"], "succeeded");
    assert_eq!(told(&plane, &tenant), 1, "{:?}", plane.texts(&tenant));
    plane.audit().await;
    plane.down().await;
}

async fn a_tenant_without_budget_is_suspended_told_once_and_resumed_by_a_grant(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "first", "first").await;
    let nothing = json!({"budget": {"period": "month", "credits": "0.000001"}});
    plane.ask("PATCH", "/quotas/acme", Some(nothing)).await.ok();
    for text in ["second", "third", "fourth"] {
        plane.write(&tenant, text);
    }
    plane.wait("the suspension", async || plane.get(&tenant).await["suspended"].as_str().map(str::to_owned)).await;
    plane.wait("the chat to be told", async || (plane.texts(&tenant).len() == 2).then_some(())).await;
    plane.wait("all are stored", async || (plane.status().await["inbox"]["pending"] == 3).then_some(())).await;
    let why = plane.ask("GET", "/why/wake/acme", None).await.ok();
    assert_eq!(why["reasons"][0]["code"], "budget_exhausted", "{why}");
    // It sleeps over the suspension, and a death of the control plane changes nothing.
    plane.kill().await;
    plane.up().await;
    let texts = plane.texts(&tenant);
    assert_eq!(texts.len(), 2, "once a suspension: {texts:?}");
    assert!(texts[1].contains("paused") && texts[1].contains("budget"), "{texts:?}");
    plane.ask("POST", "/quotas/acme/grants", Some(json!({"credits": 500, "name": "more"}))).await.ok();
    for text in ["second", "third", "fourth"] {
        plane.answered(&tenant, text).await;
    }
    assert_eq!(plane.get(&tenant).await["suspended"], Value::Null);
    assert_eq!(plane.updates(&tenant).await.iter().filter(|update| update["stage"] == "dead").count(), 0);
    plane.audit().await;
    plane.down().await;
}

async fn a_chat_turn_is_charged_once(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    plane.converse(&tenant, "hello", "hello").await;
    plane.wait_drained().await;
    plane.audit().await;
    let rows = plane.ask("GET", "/spend/rows?tenant=acme", None).await.ok();
    let settled: Vec<&Value> = rows["rows"].as_array().unwrap().iter().filter(|row| row["kind"] == "settle").collect();
    assert_eq!(settled.len(), 1, "{rows}");
    assert!(settled[0]["reference"].as_str().unwrap().starts_with("turn:"));
    assert!(settled[0]["spent"].as_f64().unwrap() > 0.0);
    let report = plane.ask("GET", "/spend/report?by=agent&tenant=acme", None).await.ok();
    assert_eq!(report["total"]["settled"], 1, "{report}");
    plane.down().await;
}

async fn bodies_of_bad_will_change_nothing_and_harm_nobody(stores: Stores) {
    let mut plane = Plane::start_on(stores, &[]).await;
    plane.tenant("acme", 1, 3_600).await;
    let deep = "[".repeat(60_000);
    let wide = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(8_000));
    let bodies: Vec<Vec<u8>> = vec![
        deep.clone().into_bytes(),
        wide.into_bytes(),
        format!(r#"{{"tenant_id":"acme","prompt":"x","cost_gpu_seconds":{deep}"#).into_bytes(),
        format!(r#"{{"tenant_id":"acme","prompt":"x","cost_gpu_seconds":{}}}"#, "9".repeat(50_000)).into_bytes(),
        format!(r#"{{"tenant_id":"acme","prompt":"x","cost_gpu_seconds":1e{}}}"#, "9".repeat(50_000)).into_bytes(),
        br#"{"tenant_id":"acme","prompt":"\ud800","cost_gpu_seconds":1}"#.to_vec(),
        b"{\"tenant_id\":\"acme\",\"prompt\":\"\xff\xfe\",\"cost_gpu_seconds\":1}".to_vec(),
        br#"{"tenant_id":"acme\u0000","prompt":"x","cost_gpu_seconds":1}"#.to_vec(),
        br#"{"tenant_id":"acme","prompt":"x","cost_gpu_seconds":1,"__proto__":{}}"#.to_vec(),
        b"\0\0\0\0".to_vec(),
        vec![b' '; 60_000],
    ];
    let before = plane.ask("GET", "/quotas/acme", None).await.ok();
    for (method, path) in [
        ("POST", "/jobs"),
        ("POST", "/submit"),
        ("POST", "/leases/claim"),
        ("POST", "/leases/renew"),
        ("POST", "/leases/finalize"),
        ("POST", "/turns"),
        ("POST", "/turns/prepare"),
        ("PATCH", "/quotas/acme"),
        ("POST", "/quotas/acme/grants"),
    ] {
        for body in &bodies {
            let refused = answer(plane.request(method, path).body(body.clone())).await;
            assert_eq!((refused.status, refused.code()), (400, "invalid"), "{method} {path}: {refused:?}");
            assert!(refused.body.to_string().len() < 1_000, "{refused:?}");
        }
        let huge = answer(plane.request(method, path).body(vec![b'x'; 7 << 20])).await;
        assert_eq!(huge.status, 413, "{method} {path}");
    }
    assert_eq!(plane.ask("GET", "/quotas/acme", None).await.ok(), before);
    assert_eq!(plane.ask("GET", "/jobs", None).await.ok()["jobs"], json!([]));
    let job = plane.submit("acme", "as ever", json!({})).await;
    assert_eq!(plane.over(&job).await["result"], "[1] you said: as ever");
    plane.down().await;
}

on_every_store!(
    a_job_wakes_its_tenants_agent_and_what_it_used_is_in_the_ledger,
    m11_submissions_that_are_repeated_at_once_are_one_job_and_one_turn,
    a_running_job_is_called_off_and_pays_for_its_time_alone_and_a_waiting_one_at_once,
    m1_a_job_whose_worker_is_killed_is_done_by_another_and_charged_once,
    an_executor_in_another_language_speaks_the_lease_api,
    m1_the_control_plane_killed_with_jobs_in_flight_ends_all_of_them_once,
    a_tenant_without_credits_says_so_once_keeps_its_messages_and_a_grant_resumes_it,
    a_chat_is_told_also_when_a_job_found_the_credits_gone,
    a_tenant_without_budget_is_suspended_told_once_and_resumed_by_a_grant,
    a_chat_turn_is_charged_once,
    bodies_of_bad_will_change_nothing_and_harm_nobody,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_job_goes_on_when_the_control_plane_was_away_and_knows_the_job() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    plane.create_plain("acme").await;
    let submit = ["job", "submit", "acme", "--cost", "5", "hello", "--in", "3s", "--wait", "-o", "json"];
    let wait = Watcher::start(&plane, &submit);
    let there = async || {
        let jobs = plane.ztm(&["job", "list", "-o", "json"]).await.ok().json();
        (jobs["jobs"].as_array().unwrap().len() == 1).then_some(())
    };
    plane.wait("it is submitted", there).await;
    plane.kill().await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    plane.up().await;
    wait.says("how it ended", |line| line.contains(r#""status": "succeeded""#)).await;
    drop(wait);
    // Where nobody would wait, nothing is submitted.
    plane.down().await;
    let refused = plane.ztm(&submit).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(7), ""), "{refused:?}");
    let jobs = plane.ztm(&["job", "list", "-o", "json"]).await.ok().json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 1, "{jobs}");
}
