//! Quotas, budgets and grants over HTTP.

use axum::http::Method;
use serde_json::{Value, json};

use crate::faces::Faces;

#[tokio::test]
async fn a_quota_is_shown_before_its_first_use_and_changed_field_by_field() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let fresh = faces.ok(Method::GET, "/quotas/acme", Value::Null).await;
    assert_eq!(
        (&fresh["rate_per_sec"], &fresh["burst"], &fresh["available"]),
        (&json!(1), &json!(3_600), &json!(3_600))
    );
    assert_eq!((&fresh["standing"], &fresh["grants"]), (&json!("idle"), &json!([])));
    let change = json!({"rate_per_sec": 0.25, "weight": 300, "budget": {"period": "month", "credits": 1_000}});
    let changed = faces.ok(Method::PATCH, "/quotas/acme", change).await;
    assert_eq!(
        (&changed["rate_per_sec"], &changed["weight"], &changed["burst"]),
        (&json!(0.25), &json!(300), &json!(3_600))
    );
    assert_eq!(changed["budget"], json!({"period": "month", "credits": 1_000, "hard": true}));
    assert!(changed["budget_resets_at"].is_string());
    let lifted = faces.ok(Method::PATCH, "/quotas/acme", json!({"no_budget": true, "max_running": 2})).await;
    assert_eq!((&lifted["budget"], &lifted["max_running"], &lifted["weight"]), (&Value::Null, &json!(2), &json!(300)));
}

#[tokio::test]
async fn a_grant_counts_once_a_name() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let grant = json!({"credits": 12.5, "name": "invoice-7", "expires_in_s": 3_600});
    for _ in 0..2 {
        let granted = faces.ok(Method::POST, "/quotas/acme/grants", grant.clone()).await;
        assert_eq!((&granted["available"], granted["grants"].as_array().unwrap().len()), (&json!(3_612.5), 1));
        assert!(granted["grants"][0]["expires_at"].is_string());
    }
    let more = faces.ok(Method::POST, "/quotas/acme/grants", json!({"credits": 1})).await;
    assert_eq!((&more["available"], &more["grants"][1]["expires_at"]), (&json!(3_613.5), &Value::Null));
}

#[tokio::test]
async fn m4_what_is_no_quota_is_400_names_its_field_and_changes_nothing() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let before = faces.ok(Method::GET, "/quotas/acme", Value::Null).await;
    let budget = |period: &str, credits: Value| json!({"budget": {"period": period, "credits": credits}}).to_string();
    let (set, grants) = (Method::PATCH, Method::POST);
    for (method, path, body, field) in [
        (&set, "/quotas/acme", "{}".to_owned(), "body"),
        (&set, "/quotas/acme", String::new(), "body"),
        (&set, "/quotas/acme", r#"{"rate_per_sec":NaN}"#.to_owned(), "rate_per_sec"),
        (&set, "/quotas/acme", r#"{"rate_per_sec":-1}"#.to_owned(), "rate"),
        (&set, "/quotas/acme", r#"{"rate_per_sec":8001}"#.to_owned(), "rate"),
        (&set, "/quotas/acme", r#"{"rate_per_sec":1e-7}"#.to_owned(), "rate_per_sec"),
        (&set, "/quotas/acme", r#"{"burst":"inf"}"#.to_owned(), "burst"),
        (&set, "/quotas/acme", r#"{"burst":9223372036854775808}"#.to_owned(), "burst"),
        (&set, "/quotas/acme", r#"{"weight":0}"#.to_owned(), "weight"),
        (&set, "/quotas/acme", r#"{"weight":10001}"#.to_owned(), "weight"),
        (&set, "/quotas/acme", r#"{"weight":4294967296}"#.to_owned(), "weight"),
        (&set, "/quotas/acme", r#"{"max_running":0}"#.to_owned(), "max_running"),
        (&set, "/quotas/acme", budget("fortnight", json!(1)), "period"),
        (&set, "/quotas/acme", budget("day", json!(-1)), "budget"),
        (&set, "/quotas/acme", r#"{"no_budget":true,"budget":{"period":"day","credits":1}}"#.to_owned(), "no_budget"),
        (&set, "/quotas/acme", r#"{"credits":5}"#.to_owned(), "credits"),
        (&grants, "/quotas/acme/grants", r#"{"credits":0}"#.to_owned(), "credits"),
        (&grants, "/quotas/acme/grants", r#"{"credits":-5}"#.to_owned(), "credits"),
        (&grants, "/quotas/acme/grants", r#"{"credits":Infinity}"#.to_owned(), "credits"),
        (&grants, "/quotas/acme/grants", r#"{"credits":1000000001}"#.to_owned(), "credits"),
        (&grants, "/quotas/acme/grants", r#"{"credits":1,"expires_in_s":0}"#.to_owned(), "expires_in_s"),
        (
            &grants,
            "/quotas/acme/grants",
            r#"{"credits":1,"expires_in_s":18446744073709551615}"#.to_owned(),
            "expires_in_s",
        ),
        (&grants, "/quotas/acme/grants", r#"{"credits":1,"name":"a:b"}"#.to_owned(), "name"),
        (&grants, "/quotas/acme/grants", r#"{"credits":1,"name":""}"#.to_owned(), "name"),
        (&grants, "/quotas/acme/grants", "{}".to_owned(), "credits"),
    ] {
        let answer = faces.ask(method.clone(), path, &body).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid")), "{body}: {}", answer.text);
        assert!(answer.body["error"].as_str().unwrap().contains(field), "{body}: {}", answer.text);
    }
    assert_eq!(faces.ok(Method::GET, "/quotas/acme", Value::Null).await, before);
    for (method, path, body) in [
        (Method::GET, "/quotas/ghost", ""),
        (Method::PATCH, "/quotas/ghost", r#"{"weight":1}"#),
        (Method::POST, "/quotas/ghost/grants", r#"{"credits":1}"#),
        (Method::POST, "/quotas/ghost/revocations", r#"{"credits":1}"#),
        (Method::GET, "/why/tenant/ghost", ""),
        (Method::GET, "/why/wake/ghost", ""),
    ] {
        let answer = faces.ask(method, path, body).await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")), "{path}");
    }
}

#[tokio::test]
async fn quotas_are_listed_page_by_page_of_those_who_have_one() {
    let faces = Faces::start().await;
    for id in ["acme", "bolt", "coil"] {
        faces.tenant(id).await;
    }
    for id in ["acme", "coil"] {
        faces.ok(Method::PATCH, &format!("/quotas/{id}"), json!({"weight": 300})).await;
    }
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = faces.ok(Method::GET, &format!("/quotas?limit=1&after={after}"), Value::Null).await;
        seen.extend(page["quotas"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let names: Vec<&str> = seen.iter().map(|quota| quota["tenant_id"].as_str().unwrap()).collect();
    assert_eq!(names, ["acme", "coil"], "one that has none is no row, and ends no listing");
    let one = faces.ok(Method::GET, "/quotas/acme", Value::Null).await;
    assert_eq!((&one["weight"], &one["burst"]), (&seen[0]["weight"], &seen[0]["burst"]));
    for bad in ["limit=0", "after=X", "status=idle"] {
        assert_eq!(faces.ask(Method::GET, &format!("/quotas?{bad}"), "").await.status, 400, "{bad}");
    }
}
