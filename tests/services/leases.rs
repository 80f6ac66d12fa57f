//! Leases over HTTP: what a worker in any language says and is told.

use std::{task::Poll, time::Duration};

use axum::http::Method;
use libtenancy::{
    credits::MicroCredits,
    jobs::{Finish, Outcome},
};
use serde_json::{Value, json};

use crate::{client::client, faces::Faces};

const GHOST: &str = "acme.01k9zz00000000000000000000";

async fn with_jobs(count: usize) -> Faces {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    for n in 0..count {
        let job = json!({"tenant_id": "acme", "prompt": format!("p{n}"), "cost_gpu_seconds": 10});
        faces.submit(job).await;
    }
    faces
}

async fn finalize(faces: &Faces, lease: Value) -> Value {
    faces.ok(Method::POST, "/leases/finalize", json!({"leases": [lease]})).await["leases"][0].clone()
}

#[tokio::test]
async fn a_lease_is_renewed_and_finalized_by_its_epoch_alone() {
    let faces = with_jobs(1).await;
    let claimed = faces.claim("worker-1", 10).await;
    let [job] = claimed.as_slice() else { panic!("{claimed:?}") };
    assert_eq!((&job["prompt"], &job["attempt"], &job["cost_gpu_seconds"]), (&json!("p0"), &json!(1), &json!(10)));
    assert!(faces.claim("worker-2", 10).await.is_empty(), "it is one worker's");
    let (id, epoch) = (job["job_id"].clone(), job["epoch"].as_i64().unwrap());
    let renew = json!({"leases": [
        {"job_id": id, "epoch": epoch, "need_gpu_seconds": 25.5},
        {"job_id": id, "epoch": epoch - 1},
        {"job_id": GHOST, "epoch": 1},
    ]});
    let renewed = faces.ok(Method::POST, "/leases/renew", renew).await;
    let answers: Vec<&str> =
        renewed["leases"].as_array().unwrap().iter().map(|l| l["answer"].as_str().unwrap()).collect();
    assert_eq!(answers, ["continue", "lost", "lost"]);
    assert!(renewed["leases"][0]["lease_until"].as_str() > job["lease_until"].as_str());
    let path = format!("/jobs/{}", id.as_str().unwrap());
    assert_eq!(faces.ok(Method::GET, &path, Value::Null).await["held_gpu_seconds"], 25.5);

    let stale = finalize(&faces, json!({"job_id": id, "epoch": epoch - 1, "outcome": "succeeded"})).await;
    assert_eq!(stale["error"]["code"], "conflict", "{stale}");
    let ghost = finalize(&faces, json!({"job_id": GHOST, "epoch": 1, "outcome": "succeeded"})).await;
    assert_eq!(ghost["error"]["code"], "not_found", "{ghost}");
    let end = json!({"job_id": id, "epoch": epoch, "outcome": "succeeded", "result": "r", "used_gpu_seconds": 7});
    for _ in 0..2 {
        assert_eq!(finalize(&faces, end.clone()).await["status"], "succeeded", "a repeat changes nothing");
    }
    let account = faces.ok(Method::GET, "/quotas/acme", Value::Null).await;
    assert_eq!((&account["held"], &account["running"]), (&json!(0), &json!(0)), "{account}");
    let line = &faces.ok(Method::GET, "/spend/report", Value::Null).await["total"];
    assert!(line["spent"] == 7 || line["spent"] == 0, "charged once, if the ledger has it yet: {line}");
}

#[tokio::test]
async fn a_worker_is_told_that_its_job_is_called_off_and_a_failure_is_tried_again() {
    let faces = with_jobs(2).await;
    let claimed = faces.claim("w", 2).await;
    let lease = |job: &Value| json!({"job_id": job["job_id"], "epoch": job["epoch"]});
    let name = |job: &Value| job["job_id"].as_str().unwrap().to_owned();
    let (called_off, failing) = (&claimed[0], &claimed[1]);
    let cancel = faces.ok(Method::POST, &format!("/jobs/{}/cancel", name(called_off)), Value::Null).await;
    assert_eq!((&cancel["status"], &cancel["cancelling"]), (&json!("running"), &json!(true)));
    let renew = json!({"leases": [lease(called_off), lease(failing)]});
    let renewed = faces.ok(Method::POST, "/leases/renew", renew).await;
    assert_eq!(
        (&renewed["leases"][0]["answer"], &renewed["leases"][0]["reason"]),
        (&json!("cancel"), &json!("cancelled"))
    );
    assert_eq!(renewed["leases"][1]["answer"], "continue");
    let mut end = lease(called_off);
    end["outcome"] = json!("failed");
    assert_eq!(finalize(&faces, end).await["status"], "cancelled");
    let mut end = lease(failing);
    (end["outcome"], end["error"]) = (json!("failed"), json!("it broke"));
    assert_eq!(finalize(&faces, end).await["status"], "delayed");
    let shown = faces.ok(Method::GET, &format!("/jobs/{}", name(failing)), Value::Null).await;
    assert_eq!(
        (&shown["delay_reason"], &shown["error"], &shown["attempts"]),
        (&json!("backoff"), &json!("it broke"), &json!(1))
    );
    let why = faces.ok(Method::GET, &format!("/why/job/{}", name(failing)), Value::Null).await;
    assert!(why["summary"].as_str().unwrap().contains("it broke"), "{why}");
}

#[tokio::test]
async fn what_is_no_lease_is_400_names_its_field_and_changes_nothing() {
    let faces = with_jobs(1).await;
    let job = faces.claim("w", 1).await.remove(0);
    let with = |field: &str, value: Value| {
        let mut lease = json!({"job_id": job["job_id"], "epoch": job["epoch"]});
        lease[field] = value;
        lease
    };
    let renew = |lease: Value| ("/leases/renew", json!({"leases": [lease]}).to_string());
    let end = |outcome: &str, field: &str, value: Value| {
        let mut lease = with(field, value);
        lease["outcome"] = json!(outcome);
        ("/leases/finalize", json!({"leases": [lease]}).to_string())
    };
    let claim = |body: Value| ("/leases/claim", body.to_string());
    let many = vec![with("lease_s", json!(30)); 101];
    let cases = [
        (claim(json!({})), "worker"),
        (claim(json!({"worker": ""})), "worker"),
        (claim(json!({"worker": "a:b"})), "worker"),
        (claim(json!({"worker": "w", "max": 0})), "max"),
        (claim(json!({"worker": "w", "max": 101})), "max"),
        (claim(json!({"worker": "w", "max": -1})), "max"),
        (claim(json!({"worker": "w", "lease_s": 0})), "lease_s"),
        (claim(json!({"worker": "w", "lease_s": 3601})), "lease_s"),
        (claim(json!({"worker": "w", "wait_s": 61})), "wait_s"),
        (claim(json!({"worker": "w", "wait_s": 1.5})), "wait_s"),
        (claim(json!({"worker": "w", "tenant": "acme"})), "tenant"),
        (("/leases/renew", json!({"leases": []}).to_string()), "leases"),
        (("/leases/renew", json!({"leases": many}).to_string()), "leases"),
        (renew(with("lease_s", json!(0))), "lease_s"),
        (renew(with("epoch", json!("x"))), "epoch"),
        (renew(with("epoch", json!(1.5))), "epoch"),
        (renew(with("job_id", json!("acme"))), "job id"),
        (renew(with("need_gpu_seconds", json!(0))), "need_gpu_seconds"),
        (renew(with("need_gpu_seconds", json!(-1))), "need_gpu_seconds"),
        (renew(with("need_gpu_seconds", json!("nan"))), "need_gpu_seconds"),
        (("/leases/finalize", json!({"leases": []}).to_string()), "leases"),
        (end("done", "lease", json!(1)), "lease"),
        (end("done", "result", json!("x")), "result"),
        (end("done", "used_gpu_seconds", json!(1)), "outcome"),
        (end("succeeded", "used_gpu_seconds", json!(-1)), "used_gpu_seconds"),
        (end("succeeded", "used_gpu_seconds", json!("inf")), "used_gpu_seconds"),
        (end("succeeded", "used_gpu_seconds", json!(1e300)), "used_gpu_seconds"),
        (end("succeeded", "used_gpu_seconds", json!(1_000_001)), "used_gpu_seconds"),
        (end("succeeded", "error", json!("x")), "error"),
        (end("succeeded", "retry", json!(true)), "retry"),
        (end("succeeded", "pointer", json!("x".repeat(1_025))), "pointer"),
        (end("succeeded", "result", json!("x".repeat((1 << 20) + 1))), "result"),
        (end("failed", "result", json!("x")), "result"),
        (end("failed", "after_s", json!(1)), "after_s"),
        (end("released", "used_gpu_seconds", json!(1)), "used_gpu_seconds"),
        (end("released", "after_s", json!(86_401)), "after_s"),
        (("/turns", json!({"job_id": "acme", "epoch": 1, "prompt": "x"}).to_string()), "job id"),
        (("/turns", json!({"job_id": GHOST, "prompt": "x"}).to_string()), "epoch"),
    ];
    for ((path, body), field) in cases {
        let shown = &body[..body.len().min(200)];
        let answer = faces.ask(Method::POST, path, &body).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid")), "{path} {shown}: {}", answer.text);
        assert!(answer.body["error"].as_str().unwrap().contains(field), "{path} {shown}: {}", answer.text);
    }
    let shown = faces.ok(Method::GET, "/jobs", Value::Null).await["jobs"][0].clone();
    assert_eq!((&shown["status"], &shown["until"]), (&json!("running"), &job["lease_until"]), "{shown}");
    // The largest result there may be is taken, however it is escaped.
    let result = "\u{1}".repeat(1 << 20);
    let (_, body) = end("succeeded", "result", json!(result));
    let answer = faces.ask(Method::POST, "/leases/finalize", &body).await;
    assert_eq!(answer.body["leases"][0]["status"], "succeeded", "{}", answer.text);
}

#[tokio::test]
async fn a_claim_waits_for_work_and_is_told_at_once() {
    let faces = with_jobs(0).await;
    let asked = json!({"worker": "w", "wait_s": 15});
    let waiting = tokio::time::timeout(Duration::from_secs(8), faces.ok(Method::POST, "/leases/claim", asked));
    let submitting = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        faces.submit(json!({"tenant_id": "acme", "prompt": "x", "cost_gpu_seconds": 1})).await
    };
    let (claimed, id) = tokio::join!(waiting, submitting);
    assert_eq!(claimed.expect("it is told at once")["jobs"][0]["job_id"], json!(id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_leaves_no_lease_behind() {
    let faces = with_jobs(0).await;
    let claim = json!({"worker": "gone", "wait_s": 60}).to_string();
    let asked = client().post(faces.orchestrator.url("/leases/claim")).bearer_auth(faces.admin.expose()).body(claim);
    let waiting = tokio::spawn(asked.send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    waiting.abort();
    let _ = waiting.await;
    // Its end is seen by then.
    tokio::time::sleep(Duration::from_millis(200)).await;
    faces.submit(json!({"tenant_id": "acme", "prompt": "x", "cost_gpu_seconds": 1})).await;
    let claimed = faces.claim("there", 1).await;
    assert_eq!(claimed.len(), 1, "it was free");

    // Whoever goes away in the middle of a claim, at whatever step, leaves the job as it was.
    faces.submit(json!({"tenant_id": "acme", "prompt": "y", "cost_gpu_seconds": 1})).await;
    let worker = "gone".parse().unwrap();
    for round in 0..100 {
        let claim = faces.tenancy.jobs_claim(&worker, 1, Duration::from_secs(30), Duration::ZERO);
        let mut claim = Box::pin(claim);
        if let Poll::Ready(claimed) = futures::poll!(&mut claim) {
            // On a machine that is busy elsewhere the store may have been as quick as this.
            for leased in claimed.unwrap() {
                let outcome = Outcome::Released { after: Duration::ZERO };
                let finish = Finish { id: leased.id, epoch: leased.epoch, outcome, used: MicroCredits::ZERO };
                faces.tenancy.leases_finalize(vec![finish]).await.unwrap().remove(0).unwrap();
            }
            continue;
        }
        tokio::time::sleep(Duration::from_micros(round * 20)).await;
    }
    let found = async {
        loop {
            if let [job] = faces.claim("there", 1).await.as_slice() {
                return job.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let job = tokio::time::timeout(Duration::from_secs(10), found).await.expect("its lease does not have to lapse");
    assert_eq!(job["attempt"], 1, "no attempt was lost");
}

#[tokio::test]
async fn a_turn_is_run_for_the_holder_of_the_lease_alone() {
    let faces = with_jobs(1).await;
    let job = faces.claim("w", 1).await.remove(0);
    let turn = |epoch: i64| json!({"job_id": job["job_id"], "epoch": epoch, "prompt": "x"}).to_string();
    let epoch = job["epoch"].as_i64().unwrap();
    let stale = faces.ask_as_service(Method::POST, "/turns", &turn(epoch - 1)).await;
    assert_eq!((stale.status, &stale.body["code"]), (409, &json!("conflict")), "{}", stale.text);
    // There is no machine for an agent here, so there is no answer.
    let held = faces.ask_as_service(Method::POST, "/turns", &turn(epoch)).await;
    assert!((500..=504).contains(&held.status), "{}", held.text);
    let ghost = json!({"job_id": GHOST, "epoch": 1, "prompt": "x"}).to_string();
    assert_eq!(faces.ask_as_service(Method::POST, "/turns", &ghost).await.status, 404);
    let prepared = |epoch: i64| json!({"job_id": job["job_id"], "epoch": epoch}).to_string();
    let stale = faces.ask_as_service(Method::POST, "/turns/prepare", &prepared(epoch - 1)).await;
    assert_eq!((stale.status, &stale.body["code"]), (409, &json!("conflict")), "{}", stale.text);
    let held = faces.ask_as_service(Method::POST, "/turns/prepare", &prepared(epoch)).await;
    assert!((500..=504).contains(&held.status), "{}", held.text);
}
