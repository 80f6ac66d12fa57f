//! `ztm spend`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{invocation::World, plane::Plane};

fn line(tenant: Option<&str>, spent: f64, money: u64) -> Value {
    json!({
        "tenant_id": tenant, "agent_id": null, "day": null, "granted": 3600, "refilled": 0.5, "spent": spent, "expired": 0,
        "adjusted": 0, "money_micros": money, "settled": 2, "reclaimed": 1, "running_s": 7200,
        "running_now_s": if tenant == Some("alice") { 90 } else { 0 }, "idle_s": 60, "warm_s": 0, "snapshot_bytes": 1536,
    })
}

fn row(seq: u64) -> Value {
    json!({
        "partition": 0, "incarnation": 1, "seq": seq, "at": "2026-11-25T08:00:00.000000Z", "kind": "grant",
        "tenant_id": "alice", "agent_id": null, "reference": "november", "attempt": 0, "granted": 50, "refilled": 0,
        "held": 0, "spent": 0, "expired": 0, "adjusted": 0, "quantity": 0, "label": "", "available_after": 50.5,
        "held_after": 0, "hash": "ab",
    })
}

fn audit(holds: bool, violations: &[&str]) -> String {
    let totals = json!({
        "granted": 3600, "refilled": 0.5, "adjusted": 0, "spent": 1.5, "expired": 0, "held": 5, "available": 3594,
    });
    json!({
        "holds": holds, "rows": 9, "rollbacks": 1, "lost_rows": 2, "undrained": 0, "totals": totals,
        "tenants": [{ "tenant_id": "alice", "totals": totals }], "violations": violations,
    })
    .to_string()
}

#[test]
fn a_report_is_a_table_with_money_and_a_total() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let report = json!({
        "by": "tenant", "from": null, "to": null, "lines": [line(Some("alice"), 1.5, 3_000), line(Some("bob"), 1250.0, 2_500_000)],
        "total": line(None, 1251.5, 2_503_000), "price_micros_per_credit": 2000,
    });
    plane.answer("GET /spend/report?by=tenant", 200, &report.to_string());
    assert_snapshot!(world.ztm(["spend", "report"]), @"
    exit: 0
    --- stdout
    TENANT  SPENT   MONEY  SETTLED  LAPSED  RUNNING  IDLE  WARM
    alice      1.5  0.003        2       1  2h+90s   60s   0s
    bob       1250   2.50        2       1  2h       60s   0s
    total   1251.5  2.503        2       1  2h       60s   0s
    --- stderr
    ");
    assert_snapshot!(world.ztm(["spend", "report", "-o", "csv"]), @"
    exit: 0
    --- stdout
    tenant_id,agent_id,day,granted,refilled,spent,expired,adjusted,money_micros,settled,reclaimed,running_s,running_now_s,idle_s,warm_s,snapshot_bytes
    alice,,,3600,0.5,1.5,0,0,3000,2,1,7200,90,60,0,1536
    bob,,,3600,0.5,1250,0,0,2500000,2,1,7200,0,60,0,1536
    --- stderr
    ");
    plane.answer(
        "GET /spend/report?by=day&tenant=alice&from=2026-11-01T00%3A00%3A00.000000Z",
        200,
        &report.to_string(),
    );
    world.ztm(["spend", "report", "--by", "day", "--tenant", "alice", "--from", "2026-11-01"]).ok();
}

#[test]
fn an_export_has_the_formats_that_a_row_can_have() {
    assert_snapshot!(World::new().ztm(["spend", "export", "-o", "wide"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'wide' for '--output <FORMAT>'
      [possible values: csv, json, name]

    For more information, try '--help'.
    ");
    // The environment's format is the other commands' too, where a row is none of it.
    let mut world = World::new().variable("ZTM_OUTPUT", "wide");
    let plane = Plane::on(&mut world);
    plane.answer("GET /spend/rows?limit=1000", 200, &json!({ "rows": [] }).to_string());
    assert!(world.ztm(["spend", "export"]).ok().stdout.starts_with("partition,"));
}

#[test]
fn an_export_is_every_page_of_rows_in_order() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let first = json!({ "rows": [row(1), row(2)], "next": "0:2" });
    plane.answer("GET /spend/rows?tenant=alice&limit=1000", 200, &first.to_string());
    let second = json!({ "rows": [row(3)] });
    plane.answer("GET /spend/rows?tenant=alice&after=0%3A2&limit=1000", 200, &second.to_string());
    assert_snapshot!(world.ztm(["spend", "export", "--tenant", "alice"]), @r#"
    exit: 0
    --- stdout
    partition,incarnation,seq,at,kind,tenant_id,agent_id,reference,attempt,granted,refilled,held,spent,expired,adjusted,quantity,label,available_after,held_after,hash
    0,1,1,2026-11-25T08:00:00.000000Z,grant,alice,,november,0,50,0,0,0,0,0,0,,50.5,0,ab
    0,1,2,2026-11-25T08:00:00.000000Z,grant,alice,,november,0,50,0,0,0,0,0,0,,50.5,0,ab
    0,1,3,2026-11-25T08:00:00.000000Z,grant,alice,,november,0,50,0,0,0,0,0,0,,50.5,0,ab
    --- stderr
    "#);
    // What needs quotes has them, in whichever column.
    let mut odd = row(1);
    (odd["reference"], odd["label"]) = ("a,b".into(), "say \"no\"".into());
    plane.answer("GET /spend/rows?tenant=bob&limit=1000", 200, &json!({ "rows": [odd] }).to_string());
    let quoted = world.ztm(["spend", "export", "--tenant", "bob"]).ok().stdout;
    assert!(quoted.contains(",\"a,b\",0,") && quoted.contains(",0,\"say \"\"no\"\"\",50.5"), "{quoted}");
    let lines = world.ztm(["spend", "export", "--tenant", "alice", "-o", "json"]).ok();
    let seqs: Vec<Value> =
        lines.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].clone()).collect();
    assert_eq!(seqs, [1, 2, 3]);
    assert_eq!(world.ztm(["spend", "export", "--tenant", "alice", "-o", "name"]).ok().stdout, "0:1\n0:2\n0:3\n");
    for (limit, names, says) in [
        ("1", "0:1\n", "`--limit` leaves out the rows after these\n"),
        ("2", "0:1\n0:2\n", "`--limit` leaves out the rows after these\n"),
        ("3", "0:1\n0:2\n0:3\n", ""),
    ] {
        let some = world.ztm(["spend", "export", "--tenant", "alice", "-o", "name", "--limit", limit]).ok();
        assert_eq!((some.stdout.as_str(), some.stderr.as_str()), (names, says), "{limit}");
    }
    // A cursor that stands still would keep us for ever.
    plane.answer("GET /spend/rows?tenant=alice&after=0%3A2&limit=1000", 200, &first.to_string());
    assert_eq!(world.ztm(["spend", "export", "--tenant", "alice"]).code, Some(1));
}

#[test]
fn an_audit_that_does_not_hold_is_shown_and_fails() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.answer("GET /spend/audit", 200, &audit(true, &[]));
    assert_snapshot!(world.ztm(["spend", "audit"]), @"
    exit: 0
    --- stdout
    TENANT  GRANTED  REFILLED  ADJUSTED  SPENT  EXPIRED  HELD  AVAILABLE  OFF BY
    alice      3600       0.5         0    1.5        0     5       3594       0
    total      3600       0.5         0    1.5        0     5       3594       0

    Verdict    granted + refilled + adjusted = spent + expired + held + available
    Rows       9
    Rollbacks  1; 2 rows had not reached the ledger
    --- stderr
    ");
    plane.answer("GET /spend/audit", 200, &audit(false, &["partition 0, row 7: spent more than was held"]));
    assert_snapshot!(world.ztm(["spend", "audit"]), @"
    exit: 1
    --- stdout
    TENANT  GRANTED  REFILLED  ADJUSTED  SPENT  EXPIRED  HELD  AVAILABLE  OFF BY
    alice      3600       0.5         0    1.5        0     5       3594       0
    total      3600       0.5         0    1.5        0     5       3594       0

    Verdict    it does not hold
    Rows       9
    Rollbacks  1; 2 rows had not reached the ledger
    Violation  partition 0, row 7: spent more than was held
    --- stderr
    error: the ledger does not add up: partition 0, row 7: spent more than was held
    hint: `ztm spend export --tenant TENANT` has the rows; keep a copy of the store as it is
    ");
    let failed = world.ztm(["spend", "audit", "-o", "json"]);
    assert_eq!(
        (failed.code, &failed.json()["holds"], &failed.json_error()["code"]),
        (Some(1), &false.into(), &"audit_failed".into())
    );
}

#[test]
fn the_total_under_a_filter_is_that_of_the_rows_shown() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let report = json!({
        "by": "tenant", "from": null, "to": null, "price_micros_per_credit": 10_000,
        "lines": [line(Some("alice"), 1.5, 15_000), line(Some("bob"), 4.0, 40_000)], "total": line(None, 5.5, 55_000),
    });
    plane.answer("GET /spend/report?by=tenant", 200, &report.to_string());
    let chosen = |flags: &[&str]| world.ztm(["spend", "report"].iter().chain(flags).copied()).ok();
    let said = chosen(&["--filter", "spent>2"]);
    let total: Vec<&str> = said.stdout.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(total[..3], ["total", "4", "0.04"], "{said}");
    assert!(said.stderr.contains("the total is that of the rows which `--filter` chooses"), "{said}");
    let json = chosen(&["--filter", "money<0.02", "-o", "json"]).json();
    assert_eq!((&json["total"]["spent"], &json["total"]["money_micros"]), (&json!(1.5), &json!(15_000)), "{json}");
    let whole = chosen(&["--filter", "spent>0", "-o", "json"]).json();
    assert_eq!(whole["total"]["spent"], json!(5.5));
}
