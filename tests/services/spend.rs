//! Spend over HTTP: the report, the audit, the rows; and the numbers for Prometheus.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::faces::Faces;

/// A tenant that had `jobs` jobs done, each for a credit and a half; returned once the ledger has all of it.
async fn spent(faces: &Faces, tenant: &str, jobs: u64) {
    faces.tenant(tenant).await;
    for n in 0..jobs {
        let agent = format!("agent-{}", n % 2);
        faces.submit(json!({"tenant_id": tenant, "agent_id": agent, "prompt": "x", "cost_gpu_seconds": 2})).await;
        faces.work("done", &json!(1.5)).await;
    }
    let copied = async {
        loop {
            let audit = faces.ok(Method::GET, "/spend/audit", Value::Null).await;
            if audit["undrained"] == 0 && audit["rows"].as_u64() > Some(0) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), copied).await.expect("the outbox is copied");
}

#[tokio::test]
async fn what_was_spent_adds_up_by_tenant_agent_and_day_and_the_audit_holds() {
    let faces = Faces::start().await;
    spent(&faces, "acme", 3).await;
    spent(&faces, "beta", 1).await;
    let report = faces.ok(Method::GET, "/spend/report", Value::Null).await;
    let spent: Vec<(&str, f64)> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["tenant_id"].as_str().unwrap(), line["spent"].as_f64().unwrap()))
        .collect();
    assert_eq!(spent, [("acme", 4.5), ("beta", 1.5)]);
    assert_eq!((&report["total"]["spent"], &report["total"]["settled"]), (&json!(6), &json!(4)));
    let agents = faces.ok(Method::GET, "/spend/report?by=agent&tenant=acme", Value::Null).await;
    let settled: Vec<&Value> = agents["lines"].as_array().unwrap().iter().filter(|l| l["settled"] != 0).collect();
    assert_eq!((&settled[0]["agent_id"], &settled[0]["spent"]), (&json!("agent-0"), &json!(3)));
    assert_eq!((&settled[1]["agent_id"], &settled[1]["spent"]), (&json!("agent-1"), &json!(1.5)));
    let days = faces.ok(Method::GET, "/spend/report?by=day&from=2000-01-01T00:00:00Z", Value::Null).await;
    assert_eq!(days["lines"][0]["day"].as_str().unwrap().len(), 10);
    let future = faces.ok(Method::GET, "/spend/report?from=2200-01-01T00:00:00Z", Value::Null).await;
    assert_eq!(future["lines"], json!([]));

    let audit = faces.ok(Method::GET, "/spend/audit", Value::Null).await;
    assert_eq!(
        (&audit["holds"], &audit["violations"], &audit["lost_rows"]),
        (&json!(true), &json!([]), &json!(0)),
        "{audit}"
    );
    assert_eq!(audit["tenants"].as_array().unwrap().len(), 2);
    let own = faces.ok(Method::GET, "/spend/audit?tenant=acme", Value::Null).await;
    assert_eq!((&own["holds"], own["tenants"].as_array().unwrap().len()), (&json!(true), 1), "{own}");
    assert_eq!((&own["tenants"][0]["tenant_id"], &own["totals"]["spent"]), (&json!("acme"), &json!(4.5)), "{own}");
    assert_eq!(faces.ask(Method::GET, "/spend/audit?tenant=X", "").await.status, 400);
}

#[tokio::test]
async fn rows_go_on_page_by_page_and_are_those_of_the_filter() {
    let faces = Faces::start().await;
    spent(&faces, "acme", 3).await;
    spent(&faces, "beta", 1).await;
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/spend/rows?tenant=acme&limit=2&after={}", after.replace(':', "%3A"));
        let page = faces.ok(Method::GET, &path, Value::Null).await;
        rows.extend(page["rows"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let kinds: Vec<&str> = rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["opening", "hold", "settle", "hold", "settle", "hold", "settle"]);
    assert!(rows.iter().all(|row| row["tenant_id"] == "acme" && row["hash"].as_str().unwrap().len() == 64));
    for path in [
        "/spend/report?by=colour",
        "/spend/report?by=Tenant",
        "/spend/report?tenant=UPPER",
        "/spend/report?from=yesterday",
        "/spend/report?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        "/spend/report?limit=5",
        "/spend/rows?after=7",
        "/spend/rows?after=x:y",
        "/spend/rows?after=0:-1",
        "/spend/rows?after=99999:1",
        "/spend/rows?limit=0",
        "/spend/rows?limit=1001",
        "/spend/rows?to=2026-13-01T00:00:00Z",
    ] {
        let answer = faces.ask(Method::GET, path, "").await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid")), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_numbers_are_there_for_prometheus_and_name_no_tenant() {
    let faces = Faces::start().await;
    spent(&faces, "acme", 2).await;
    // A chat turn is refused for want of credits: a decision.
    faces.ok(Method::PATCH, "/quotas/acme", json!({"rate_per_sec": 0, "burst": 1})).await;
    faces.submit(json!({"tenant_id": "acme", "prompt": "x", "cost_gpu_seconds": 1})).await;
    assert_eq!(faces.claim("w", 1).await.len(), 1);
    let answer = faces.ask(Method::GET, "/metrics", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let page = &answer.text;
    for line in [
        "# TYPE ztm_tenants gauge",
        "ztm_tenants{status=\"idle\"} 1",
        "ztm_inbox_pending 0",
        "ztm_inbox_dead 0",
        "# TYPE ztm_wakes_total counter",
        "# TYPE ztm_decisions_total counter",
        "ztm_ledger_rollbacks_total 0",
        "ztm_ledger_lost_rows_total 0",
        "ztm_ledger_failing 0",
        "ztm_queues_readable 1",
        "ztm_queue_leases{partition=\"0\"} 1",
        "ztm_queue_capacity{partition=\"0\"} 0",
        "ztm_queue_recovered_total{partition=\"0\"} 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}:\n{page}");
    }
    let appended = page.lines().find_map(|line| line.strip_prefix("ztm_ledger_rows_total ")).unwrap();
    assert!(appended.parse::<u64>().unwrap() >= 5, "{page}");
    assert!(!page.contains("acme"), "{page}");
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("ztm_") || name.starts_with("process_"), "{line}");
        value.parse::<u64>().unwrap();
    }
}
