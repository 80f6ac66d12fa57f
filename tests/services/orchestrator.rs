//! The orchestrator's routes.

use axum::http::Method;
use serde_json::json;

use crate::faces::{Faces, TOKEN};

const ROUTES: [(Method, &str); 59] = [
    (Method::POST, "/admin/probe"),
    (Method::GET, "/tenants"),
    (Method::POST, "/tenants"),
    (Method::GET, "/tenants/acme"),
    (Method::PATCH, "/tenants/acme"),
    (Method::DELETE, "/tenants/acme"),
    (Method::PUT, "/tenants/acme/activity"),
    (Method::GET, "/tenants/acme/bot_token"),
    (Method::GET, "/tenants/acme/logs"),
    (Method::GET, "/tenants/acme/journal"),
    (Method::GET, "/events"),
    (Method::POST, "/tenants/acme/exec"),
    (Method::GET, "/tenants/acme/agent"),
    (Method::POST, "/wake/acme"),
    (Method::POST, "/stop/acme"),
    (Method::POST, "/suspend/acme"),
    (Method::POST, "/resume/acme"),
    (Method::POST, "/dry-run/tenants"),
    (Method::DELETE, "/dry-run/tenants/acme"),
    (Method::GET, "/feed"),
    (Method::GET, "/nodes"),
    (Method::GET, "/pool"),
    (Method::PUT, "/pool"),
    (Method::GET, "/inbox"),
    (Method::POST, "/inbox/replay"),
    (Method::POST, "/inbox/drop"),
    (Method::GET, "/admin/webhook/acme"),
    (Method::POST, "/admin/webhook/acme"),
    (Method::DELETE, "/admin/webhook/acme"),
    (Method::GET, "/status"),
    (Method::HEAD, "/tenants"),
    (Method::GET, "/metrics"),
    (Method::GET, "/jobs"),
    (Method::POST, "/jobs"),
    (Method::POST, "/submit"),
    (Method::GET, "/jobs/acme.01k9zz00000000000000000000"),
    (Method::GET, "/jobs/acme.01k9zz00000000000000000000/wait"),
    (Method::POST, "/jobs/acme.01k9zz00000000000000000000/cancel"),
    (Method::POST, "/jobs/acme.01k9zz00000000000000000000/retry"),
    (Method::POST, "/leases/claim"),
    (Method::POST, "/leases/renew"),
    (Method::POST, "/leases/finalize"),
    (Method::POST, "/turns"),
    (Method::POST, "/turns/prepare"),
    (Method::GET, "/quotas"),
    (Method::GET, "/quotas/acme"),
    (Method::PATCH, "/quotas/acme"),
    (Method::POST, "/quotas/acme/grants"),
    (Method::POST, "/quotas/acme/revocations"),
    (Method::GET, "/schedules"),
    (Method::GET, "/tenants/acme/schedules/morning"),
    (Method::PUT, "/tenants/acme/schedules/morning"),
    (Method::DELETE, "/tenants/acme/schedules/morning"),
    (Method::POST, "/tenants/acme/schedules/morning/run"),
    (Method::GET, "/spend/report"),
    (Method::GET, "/spend/audit"),
    (Method::GET, "/spend/rows"),
    (Method::GET, "/why/tenant/acme"),
    (Method::GET, "/why/job/acme.01k9zz00000000000000000000"),
];

#[tokio::test]
async fn s1_every_route_but_health_needs_a_token() {
    let faces = Faces::start().await;
    faces.tenant_with_bot("acme").await;
    let wrong = "0".repeat(64);
    for (method, path) in ROUTES {
        for token in [None, Some(""), Some(&*wrong)] {
            let answer = faces.ask_as(token, method.clone(), path, r#"{"tenant_id":"new"}"#).await;
            assert_eq!(answer.status, 401, "{method} {path}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert!(method == Method::HEAD || answer.body["code"] == "unauthenticated");
        }
    }
    assert_eq!(faces.tenants().await, 1);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(faces.ask_as(None, Method::GET, path, "").await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn s2_a_bot_token_is_given_to_the_service_alone_and_shown_nowhere_else() {
    let faces = Faces::start().await;
    faces.tenant_with_bot("acme").await;
    let given = faces.ask_as_service(Method::GET, "/tenants/acme/bot_token", "").await;
    assert_eq!((given.status, given.body["bot_token"].as_str()), (200, Some(TOKEN)));
    assert_eq!(given.headers["cache-control"], "no-store");
    let refused = faces.ask(Method::GET, "/tenants/acme/bot_token", "").await;
    assert_eq!((refused.status, refused.body["code"].as_str()), (403, Some("forbidden")));
    for path in ["/tenants", "/tenants/acme", "/status", "/inbox", "/admin/webhook/acme"] {
        let shown = faces.ask(Method::GET, path, "").await;
        assert!(shown.status == 200 && !shown.text.contains("AAfaces"), "{path}: {}", shown.text);
    }
    for (method, path, body) in [
        (Method::POST, "/tenants", r#"{"tenant_id":"other"}"#),
        (Method::DELETE, "/tenants/acme", ""),
        (Method::POST, "/stop/acme", ""),
        (Method::POST, "/dry-run/stop/acme", ""),
        (Method::POST, "/suspend/acme", r#"{"reason":"unpaid"}"#),
        (Method::POST, "/resume/acme", ""),
        (Method::POST, "/inbox/drop", r#"{"update":"acme/1/1"}"#),
        (Method::GET, "/tenants/acme/logs", ""),
        (Method::GET, "/tenants/acme/journal", ""),
    ] {
        assert_eq!(faces.ask_as_service(method, path, body).await.status, 403, "{path}");
    }
    assert_eq!(faces.tenants().await, 1);
}

#[tokio::test]
async fn a_rehearsed_order_says_what_it_would_do_and_does_not() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    for (method, path, body, would) in [
        (Method::POST, "/dry-run/tenants", r#"{"tenant_id":"new"}"#, json!("create tenant `new`")),
        (
            Method::DELETE,
            "/dry-run/tenants/acme",
            "",
            json!("delete tenant `acme` with everything its agent remembers"),
        ),
        (
            Method::PATCH,
            "/dry-run/tenants/acme",
            r#"{"idle_timeout_s":77}"#,
            json!("change tenant `acme`: idle_timeout_s 300 -> 77"),
        ),
        (Method::POST, "/dry-run/resume/acme", "", json!(null)),
    ] {
        let said = faces.ask(method.clone(), path, body).await;
        assert_eq!((said.status, &said.body), (200, &json!({"dry_run": true, "would": would})), "{method} {path}");
    }
    for (method, path, body, status) in [
        (Method::POST, "/dry-run/tenants", r#"{"tenant_id":"acme"}"#, 409),
        (Method::POST, "/dry-run/wake/nobody", "", 404),
        (Method::GET, "/dry-run/tenants", "", 405),
        (Method::POST, "/dry-run/nothing", "", 404),
        (Method::POST, "/dry-run/dry-run/stop/acme", "", 404),
    ] {
        assert_eq!(faces.ask(method.clone(), path, body).await.status, status, "{method} {path}");
    }
    assert_eq!(faces.tenants().await, 1);
    assert_eq!(faces.ask(Method::GET, "/tenants/acme", "").await.body["idle_timeout_s"], 300);
}

#[tokio::test]
async fn tenants_are_listed_by_what_is_said_of_them() {
    let faces = Faces::start().await;
    for number in 0..12 {
        let labels = json!({"team": if number % 3 == 0 { "red" } else { "blue" }, "n": number.to_string()});
        let body = json!({"tenant_id": format!("t-{number:02}"), "labels": labels}).to_string();
        let made = faces.ask(Method::POST, "/tenants", &body).await;
        assert_eq!((made.status, &made.body["labels"]), (201, &labels), "{}", made.text);
    }
    faces.tenant("bare").await;
    let listed = async |query: &str| -> (Vec<String>, Option<String>) {
        let page = faces.ask(Method::GET, &format!("/tenants?{query}"), "").await;
        assert_eq!(page.status, 200, "{}", page.text);
        let tenants = page.body["tenants"].as_array().unwrap();
        let ids = tenants.iter().map(|tenant| tenant["tenant_id"].as_str().unwrap().to_owned()).collect();
        (ids, page.body["next"].as_str().map(str::to_owned))
    };
    let red = ["t-00", "t-03", "t-06", "t-09"];
    assert_eq!(listed("label=team%3Dred").await.0, red);
    let (first, next) = listed("label=team%3Dred&limit=3").await;
    assert_eq!((first, next.as_deref()), (red[..3].iter().map(ToString::to_string).collect(), Some("t-06")));
    assert_eq!(listed("label=team%3Dred&limit=3&after=t-06").await, (vec!["t-09".to_owned()], None));
    assert_eq!(listed("label=!team").await.0, ["bare"]);
    assert_eq!(listed("label=team%3Dred,n!%3D0,n!%3D3&status=idle").await.0, ["t-06", "t-09"]);
    assert_eq!(listed("label=team%3Dred&status=running").await.0, Vec::<String>::new());
    // One is changed, one goes, the others stay.
    let change = json!({"labels": {"team": null, "n": "x"}}).to_string();
    let changed = faces.ask(Method::PATCH, "/tenants/t-03", &change).await;
    assert_eq!((changed.status, &changed.body["labels"]), (200, &json!({"n": "x"})), "{}", changed.text);
    assert_eq!(listed("label=team%3Dred").await.0, ["t-00", "t-06", "t-09"]);
    // What is refused changes nothing.
    let many: serde_json::Map<_, _> = (0..17).map(|n| (format!("l{n}"), json!("x"))).collect();
    for bad in [json!({"te am": "x"}), json!({"team": "r ed"}), json!({"team": 7}), json!(many), json!([])] {
        for (method, path, body) in [
            (Method::PATCH, "/tenants/t-03", json!({"idle_timeout_s": 9, "labels": bad})),
            (Method::POST, "/tenants", json!({"tenant_id": "new", "labels": bad})),
        ] {
            let answer = faces.ask(method, path, &body.to_string()).await;
            assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid")), "{}", answer.text);
        }
    }
    assert_eq!(faces.ask(Method::GET, "/tenants/t-03", "").await.body, changed.body);
    assert_eq!(faces.tenants().await, 13);
    assert_eq!(faces.ask(Method::GET, "/tenants?label=te%20am", "").await.status, 400);
}

#[tokio::test]
async fn a_probe_tries_every_part_and_leaves_nothing() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let report = faces.ask(Method::POST, "/admin/probe", "").await;
    let parts = report.body["parts"].as_array().unwrap();
    assert_eq!((report.status, parts.len()), (200, 9), "{}", report.text);
    assert!(parts.iter().all(|part| part["ok"] == true), "{}", report.text);
    assert_eq!(faces.tenants().await, 1);
    assert_eq!(faces.ask_as_service(Method::POST, "/admin/probe", "").await.status, 403);
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist_are_said_to_be_so_in_json() {
    let faces = Faces::start().await;
    for (method, path, status, code) in [
        (Method::GET, "/", 404, "no_route"),
        (Method::GET, "/tenants/", 404, "no_route"),
        (Method::POST, "/tg/acme", 404, "no_route"),
        (Method::DELETE, "/tenants", 405, "method_not_allowed"),
        (Method::GET, "/wake/acme", 405, "method_not_allowed"),
        (Method::POST, "/healthz", 405, "method_not_allowed"),
    ] {
        let answer = faces.ask(method, path, "").await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (status, Some(code)), "{path}");
    }
}

#[tokio::test]
async fn s14_bad_input_is_400_names_its_field_and_changes_nothing() {
    let faces = Faces::start().await;
    let create = |id: &str| json!({"tenant_id": id}).to_string();
    let ids = [
        "",
        "A",
        "-a",
        "a-",
        "a_b",
        "a.b",
        "a b",
        "a/b",
        "..",
        "é",
        "a\0",
        "warm-pool-meta",
        &"a".repeat(41),
        "a\n",
        "%61",
    ];
    for id in ids {
        let answer = faces.ask(Method::POST, "/tenants", &create(id)).await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid")), "{id:?}: {}", answer.text);
    }
    for (body, field) in [
        (String::new(), "body"),
        ("[]".to_owned(), "body"),
        (r#"["acme",null,60]"#.to_owned(), "body"),
        ("{".to_owned(), "body"),
        ("\u{feff}{}".to_owned(), "body"),
        (json!({}).to_string(), "tenant_id"),
        (json!({"tenant_id": 7}).to_string(), "tenant_id"),
        (json!({"tenant_id": "a", "namespace": "x"}).to_string(), "namespace"),
        (json!({"tenant_id": "a", "idle_timeout_s": -1}).to_string(), "idle_timeout_s"),
        (json!({"tenant_id": "a", "idle_timeout_s": 0}).to_string(), "idle_timeout_s"),
        (json!({"tenant_id": "a", "idle_timeout_s": i64::MAX}).to_string(), "idle_timeout_s"),
        (json!({"tenant_id": "a", "idle_timeout_s": "60"}).to_string(), "idle_timeout_s"),
        (json!({"tenant_id": "a", "bot_token": "nonsense-s3cret"}).to_string(), "bot_token"),
    ] {
        let answer = faces.ask(Method::POST, "/tenants", &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert!(answer.body["error"].as_str().unwrap().contains(field), "{body}: {}", answer.text);
        assert!(!answer.text.contains("s3cret"), "{}", answer.text);
    }
    for path in [
        "/tenants/UPPER",
        "/tenants/a%2Fb",
        "/tenants/%ff",
        "/tenants/%zz",
        "/tenants/..%2f..%2fetc",
        "/tenants?limit=0",
        "/tenants?limit=1001",
        "/tenants?limit=x",
        "/tenants?limit=-1",
        "/tenants?colour=blue",
        "/tenants?status=asleep",
        "/tenants?after=UPPER",
        "/inbox?stage=lost",
        "/inbox?after=acme",
        "/inbox?tenant=A",
        "/tenants/acme/logs?tail=x",
        "/tenants/acme/logs?follow=maybe",
        "/tenants/acme/journal?tail=10001",
        "/tenants/acme/journal?since=yesterday",
    ] {
        let answer = faces.ask(Method::GET, path, "").await;
        assert_eq!((answer.status, answer.body["code"].as_str()), (400, Some("invalid")), "{path}: {}", answer.text);
    }
    let large = json!({"tenant_id": "a", "bot_token": "x".repeat(70_000)}).to_string();
    let answer = faces.ask(Method::POST, "/tenants", &large).await;
    assert_eq!((answer.status, answer.body["code"].as_str()), (413, Some("too_large")));
    assert_eq!(faces.tenants().await, 0);
}

#[tokio::test]
async fn a_tenant_is_created_shown_changed_and_deleted() {
    let faces = Faces::start().await;
    let created = faces.ask(Method::POST, "/tenants", r#"{"tenant_id":"acme"}"#).await;
    assert_eq!((created.status, created.body["idle_timeout_s"].as_i64()), (201, Some(300)));
    let again = faces.ask(Method::POST, "/tenants", r#"{"tenant_id":"acme","idle_timeout_s":60}"#).await;
    assert_eq!((again.status, again.body["code"].as_str()), (409, Some("already_exists")));
    let changed = faces.ask(Method::PATCH, "/tenants/acme", r#"{"idle_timeout_s":600}"#).await;
    assert_eq!((changed.status, changed.body["idle_timeout_s"].as_i64()), (200, Some(600)));
    assert_eq!(faces.ask(Method::PATCH, "/tenants/acme", "{}").await.status, 400);
    let shown = faces.ask(Method::GET, "/tenants/acme", "").await;
    assert_eq!((shown.body["tenant_id"].as_str(), shown.body["status"].as_str()), (Some("acme"), Some("idle")));
    assert_eq!(faces.ask(Method::PUT, "/tenants/acme/activity", "").await.status, 204);
    let deleted = faces.ask(Method::DELETE, "/tenants/acme?keep_state=true", "").await;
    assert_eq!((deleted.status, deleted.body["state_kept"].as_bool()), (200, Some(true)));
    assert_eq!(faces.ask(Method::GET, "/tenants/acme", "").await.status, 404);
}

#[tokio::test]
async fn r12_r26_a_tenant_that_does_not_exist_is_404_and_is_not_made() {
    let faces = Faces::start().await;
    for (method, path, body) in [
        (Method::GET, "/tenants/ghost", ""),
        (Method::PATCH, "/tenants/ghost", r#"{"idle_timeout_s":60}"#),
        (Method::DELETE, "/tenants/ghost", ""),
        (Method::PUT, "/tenants/ghost/activity", ""),
        (Method::GET, "/tenants/ghost/logs", ""),
        (Method::GET, "/tenants/ghost/journal", ""),
        (Method::GET, "/tenants/ghost/agent", ""),
        (Method::POST, "/wake/ghost", ""),
        (Method::POST, "/stop/ghost", ""),
        (Method::POST, "/suspend/ghost", r#"{"reason":"unpaid"}"#),
        (Method::POST, "/resume/ghost", ""),
        (Method::GET, "/admin/webhook/ghost", ""),
        (Method::POST, "/admin/webhook/ghost", r#"{"base_url":"https://ztm.example"}"#),
        (Method::DELETE, "/admin/webhook/ghost", ""),
        (Method::POST, "/inbox/replay", r#"{"update":"ghost/1/1"}"#),
        (Method::POST, "/inbox/drop", r#"{"update":"ghost/1/1"}"#),
    ] {
        let answer = faces.ask(method.clone(), path, body).await;
        assert_eq!(
            (answer.status, answer.body["code"].as_str()),
            (404, Some("not_found")),
            "{method} {path} {}",
            answer.text
        );
    }
    assert_eq!(faces.tenants().await, 0);
}

#[tokio::test]
async fn r11_a_listing_goes_on_page_by_page_until_every_tenant_was_shown() {
    let faces = Faces::start().await;
    for n in 0..7 {
        let body = json!({"tenant_id": format!("t{n}")}).to_string();
        assert_eq!(faces.ask(Method::POST, "/tenants", &body).await.status, 201);
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = faces.ask(Method::GET, &format!("/tenants?limit=3&after={after}"), "").await;
        seen.extend(
            page.body["tenants"].as_array().unwrap().iter().map(|t| t["tenant_id"].as_str().unwrap().to_owned()),
        );
        match page.body["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    assert_eq!(seen, ["t0", "t1", "t2", "t3", "t4", "t5", "t6"]);
    let running = faces.ask(Method::GET, "/tenants?status=running", "").await;
    assert_eq!(running.body, json!({"tenants": []}));
}

#[tokio::test]
async fn what_a_stop_says_of_its_kind_is_checked() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    for (body, status) in [
        ("", 200),
        ("{}", 200),
        (r#"{"force":true}"#, 200),
        (r#"{"force":false,"drain_ms":0}"#, 200),
        (r#"{"drain_ms":3600000}"#, 200),
        (r#"{"drain_ms":3600001}"#, 400),
        (r#"{"drain_ms":-1}"#, 400),
        (r#"{"force":true,"drain_ms":1}"#, 400),
        (r#"{"forse":true}"#, 400),
    ] {
        let answer = faces.ask(Method::POST, "/stop/acme", body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn whoever_is_suspended_is_listed_by_that_and_counted() {
    let faces = Faces::start().await;
    for name in ["acme", "bob", "carol"] {
        faces.tenant(name).await;
    }
    for name in ["bob", "carol"] {
        let path = format!("/suspend/{name}");
        assert_eq!(faces.ask(Method::POST, &path, r#"{"reason":"unpaid"}"#).await.status, 200);
    }
    let names = async |query: &str| {
        let page = faces.ask(Method::GET, &format!("/tenants?{query}"), "").await;
        page.body["tenants"].as_array().unwrap().iter().map(|one| one["tenant_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names("status=suspended").await, names("status=idle").await.len()),
        (vec![json!("bob"), json!("carol")], 3)
    );
    assert_eq!(names("status=suspended&limit=1&after=bob").await, [json!("carol")]);
    assert_eq!(faces.ask(Method::GET, "/tenants?status=sleeping", "").await.status, 400);
    assert_eq!(faces.ask(Method::GET, "/status", "").await.body["tenants_suspended"], 2);
}

#[tokio::test]
async fn a_suspension_is_a_status_with_its_own_beginning_and_an_account_opens_with_its_first_use() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let get = async |path: &str| faces.ask(Method::GET, path, "").await.body;
    assert_eq!(get("/tenants/acme").await.get("suspended_since"), None);
    assert_eq!(get("/why/tenant/acme").await["status"], "idle");
    faces.ask(Method::POST, "/suspend/acme", r#"{"reason":"unpaid"}"#).await;
    let told = get("/events?tenant=acme").await;
    let at =
        told["events"].as_array().unwrap().iter().find(|event| event["what"] == "suspended").unwrap()["at"].clone();
    let shown = get("/tenants/acme").await;
    assert_eq!((&shown["suspended_since"], &shown["status"]), (&at, &json!("idle")));
    assert!(shown["since"].as_str() < at.as_str(), "{shown}");
    for subject in ["tenant", "wake"] {
        assert_eq!(get(&format!("/why/{subject}/acme")).await["status"], "suspended");
    }
    faces.ask(Method::POST, "/resume/acme", "").await;
    assert_eq!(get("/tenants/acme").await.get("suspended_since"), None);
    let quota = get("/quotas/acme").await;
    assert_eq!(quota["opens_with_first_use"], true, "{quota}");
    faces.ask(Method::POST, "/quotas/acme/grants", r#"{"name":"a","credits":1}"#).await;
    let quota = get("/quotas/acme").await;
    assert_eq!(quota.get("opens_with_first_use"), None, "{quota}");
}

#[tokio::test]
async fn a_webhook_is_registered_shown_and_removed_and_its_secret_stays_inside() {
    let faces = Faces::start().await;
    let secret = faces.tenant_with_bot("acme").await;
    let webhook = faces.double.webhook(TOKEN).unwrap();
    assert_eq!((webhook.url.as_str(), webhook.max_connections), ("https://ztm.example/tg/acme", 1));
    let shown = faces.ask(Method::GET, "/admin/webhook/acme", "").await;
    assert_eq!((shown.status, shown.body["url"].as_str()), (200, Some("https://ztm.example/tg/acme")));
    assert!(!shown.text.contains(&secret));
    // No public URL is configured, so an empty body names none.
    assert_eq!(faces.ask(Method::POST, "/admin/webhook/acme", "").await.status, 400);
    assert_eq!(faces.ask(Method::POST, "/admin/webhook/acme", r#"{"base_url":"ftp://x"}"#).await.status, 400);
    assert_eq!(faces.double.webhook(TOKEN).unwrap().url, "https://ztm.example/tg/acme");
    assert_eq!(faces.ask(Method::DELETE, "/admin/webhook/acme", "").await.status, 204);
    assert_eq!(faces.double.webhook(TOKEN), None);
}

#[tokio::test]
async fn a_wake_that_cannot_be_is_an_error_and_leaves_the_tenant_idle() {
    let faces = Faces::start().await;
    faces.ask(Method::POST, "/tenants", r#"{"tenant_id":"acme"}"#).await;
    let woken = faces.ask(Method::POST, "/wake/acme", "").await;
    assert!((500..=504).contains(&woken.status), "{}", woken.text);
    assert!(woken.body["code"].is_string() && woken.body["error"].is_string());
    assert_eq!(faces.ask(Method::GET, "/tenants/acme", "").await.body["status"], "idle");
    assert_eq!(faces.ask(Method::GET, "/status", "").await.body["tenants"]["idle"], 1);
}

#[tokio::test]
async fn every_answer_carries_the_id_under_which_it_was_asked() {
    let faces = Faces::start().await;
    let one = faces.ask(Method::GET, "/tenants/nobody", "").await;
    let other = faces.ask(Method::GET, "/nowhere", "").await;
    let id = |answer: &crate::faces::Answer| answer.headers["x-request-id"].to_str().unwrap().to_owned();
    assert!(id(&one).len() == 16 && id(&one) != id(&other), "{} {}", id(&one), id(&other));
    for (given, taken) in [("mine-1", true), ("two words", false), (&*"x".repeat(65), false)] {
        let named = faces.ask_named(given, Method::GET, "/tenants/nobody").await;
        assert_eq!(id(&named) == given, taken, "{given}");
    }
}
