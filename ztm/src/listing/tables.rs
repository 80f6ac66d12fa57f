//! Every column of every listing's table can be sorted by under its name, and what it shows can be asked for.

use std::collections::BTreeMap;

use libtenancy::{
    api::{
        InboxList, TenantList, jobs::JobList, nodes::NodeList, quotas::QuotaList, schedules::ScheduleList,
        spend::SpendReport,
    },
    clock::Timestamp,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::arrange;
use crate::{
    settings::{Chosen, Listed},
    view::{Look, ShowRows, context::ContextList},
};

fn now() -> Timestamp {
    "2026-11-30T10:00:00Z".parse().unwrap()
}

/// The names of the columns, and the rows, each with the text of its cells.
fn table<T: ShowRows>(list: &T) -> (Vec<String>, Vec<String>) {
    let text = list.text(&Look { now: now(), ..Look::now(true, false) });
    let cells =
        |line: &str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect();
    let mut lines = text.lines().map(cells);
    (lines.next().unwrap(), lines.next().unwrap())
}

/// Checks each column of a list of two rows; returns how many there were.
fn check<T: ShowRows>(mut list: T) -> usize {
    let rows: Vec<Value> = list.rows_mut().iter().map(|row| serde_json::to_value(row).unwrap()).collect();
    let (header, _) = table(&list);
    for column in &header {
        let name = column.replace(' ', "_");
        for name in [name.clone(), name.to_lowercase(), format!("-{}", name.to_lowercase())] {
            let places = arrange(&rows, list.shown(), Some(&name.parse().unwrap()), &[], now());
            assert_eq!(places.map(|places| places.len()), Ok(rows.len()), "{name} of {header:?}");
        }
    }
    header.len()
}

fn list<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn tenants() -> TenantList {
    let tenant = |id: &str, active: &str, created: &str| {
        json!({
            "tenant_id": id, "status": "idle", "generation": 1, "since": active, "created_at": created,
            "last_active_at": active, "idle_timeout_s": 300, "s3_prefix": "", "namespace": "", "labels": {"team": id},
        })
    };
    let (one, other) = ("2026-11-30T09:59:00Z", "2026-11-30T09:00:00Z");
    list(json!({"tenants": [tenant("a", one, other), tenant("b", other, one)]}))
}

#[test]
fn every_column_of_every_listing_can_be_sorted_by() {
    let at = "2026-11-30T09:00:00Z";
    let job = json!({
        "job_id": "a.1", "tenant_id": "a", "agent_id": "main", "status": "queued", "cost_gpu_seconds": 1,
        "held_gpu_seconds": 0, "used_gpu_seconds": 0, "priority": 5, "attempts": 0, "max_attempts": 3,
        "cancelling": false, "submitted_at": at,
    });
    let update = json!({
        "tenant_id": "a", "bot_id": 1, "update_id": 2, "stage": "dead", "received_at": at, "takes": 0, "attempts": 0,
        "not_before": at, "possible_repeats": 0,
    });
    let node = json!({
        "name": "n", "allocatable": {"cpu_millis": 8000, "memory_bytes": 1 << 30},
        "requested": {"cpu_millis": 1500, "memory_bytes": 1 << 29}, "tenants": ["a"], "warm": 0,
        "micro_usd_per_hour": 5_440_000, "idle_micro_usd_per_hour": 1,
    });
    let quota = json!({
        "tenant_id": "a", "rate_per_sec": 1, "burst": 1, "weight": 1, "max_running": 1, "budget_spent": 0,
        "budget_granted": 0, "available": 1, "bucket": 1, "grants": [], "held": 0, "running": 0, "standing": "idle",
    });
    let schedule = json!({
        "tenant_id": "a", "name": "tick", "next_at": at,
        "spec": {"cron": "0 * * * *", "job": {"prompt": "x", "cost_gpu_seconds": 1}},
    });
    let line = json!({
        "tenant_id": "a", "granted": 0, "refilled": 0, "spent": 1, "expired": 0, "adjusted": 0, "settled": 0,
        "reclaimed": 0, "running_s": 90, "running_now_s": 0, "idle_s": 0, "warm_s": 0, "snapshot_bytes": 0,
    });
    let listed = |name: &str, problem: Option<&str>| Listed {
        name: name.to_owned(),
        current: false,
        kind: None,
        target: String::new(),
        problem: problem.map(str::to_owned),
    };
    let contexts = ContextList {
        current: Chosen { name: "a".to_owned(), from: "default" },
        file: String::new(),
        contexts: vec![listed("a", Some("it is broken")), listed("b", None)],
    };
    let nodes = json!({"nodes": [node, node], "claims": [], "unknown_prices": 0, "prices": ""});
    let counts = BTreeMap::from([
        ("tenant", check(tenants())),
        ("job", check(list::<JobList>(json!({"jobs": [job, job]})))),
        ("inbox", check(list::<InboxList>(json!({"updates": [update, update]})))),
        ("node", check(list::<NodeList>(nodes))),
        ("quota", check(list::<QuotaList>(json!({"quotas": [quota, quota]})))),
        ("schedule", check(list::<ScheduleList>(json!({"schedules": [schedule, schedule]})))),
        ("spend", check(list::<SpendReport>(json!({"by": "tenant", "lines": [line, line], "total": line})))),
        ("context", check(contexts)),
    ]);
    let expected = [
        ("context", 5),
        ("inbox", 9),
        ("job", 11),
        ("node", 14),
        ("quota", 12),
        ("schedule", 8),
        ("spend", 13),
        ("tenant", 11),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
}

#[test]
fn columns_of_times_are_in_the_order_of_how_long_ago_they_were() {
    let mut tenants = tenants();
    let rows: Vec<Value> = tenants.rows_mut().iter().map(|row| serde_json::to_value(row).unwrap()).collect();
    let sorted = |by: &str| arrange(&rows, tenants.shown(), Some(&by.parse().unwrap()), &[], now()).unwrap();
    let chosen = |of: &str| arrange(&rows, tenants.shown(), None, &[of.parse().unwrap()], now());
    assert_eq!((sorted("active"), sorted("age")), (vec![0, 1], vec![1, 0]));
    assert_eq!((chosen("active<2m"), chosen("age=60s"), chosen("age=60m")), (Ok(vec![0]), Ok(vec![1]), Ok(vec![0])));
    assert_eq!((chosen("idle_after=300s"), chosen("idle_timeout_s=5m")), (Ok(vec![0, 1]), Ok(vec![0, 1])));
    assert_eq!((chosen("labels=team=b"), chosen("since<2m")), (Ok(vec![1]), Ok(vec![0])));
    let refused = chosen("idle_after=300q").unwrap_err();
    assert_eq!(refused, "`idle_after` is a length of time, as in `300s` or `5m`, and `300q` is not");
    let unknown = chosen("agend=1").unwrap_err();
    assert!(unknown.contains("did you mean `agent`; there are active, age, agent, "), "{unknown}");
}
