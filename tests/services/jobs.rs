//! Jobs over HTTP: submitted once, shown, called off, put back; and what is refused.

use axum::http::Method;
use libtenancy::secret::Secret;
use serde_json::{Value, json};

use crate::{
    client::client,
    faces::{Answer, Faces, answer},
};

const GHOST: &str = "acme.01k9zz00000000000000000000";

fn job() -> Value {
    json!({"tenant_id": "acme", "agent_id": "main", "prompt": "count", "cost_gpu_seconds": 5})
}

/// Submits under a key.
async fn submit(faces: &Faces, path: &str, key: &str, body: &Value) -> Answer {
    let url = faces.orchestrator.url(path);
    let request = client().post(url).bearer_auth(faces.admin.expose()).header("idempotency-key", key);
    answer(request.body(body.to_string())).await
}

async fn count(faces: &Faces) -> usize {
    faces.ok(Method::GET, "/jobs", Value::Null).await["jobs"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_job_is_submitted_and_shown_with_what_it_came_to() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let submitted = faces.ask(Method::POST, "/submit", &job().to_string()).await;
    assert_eq!((submitted.status, &submitted.body["status"]), (201, &json!("queued")), "{}", submitted.text);
    assert_eq!(submitted.body["duplicate"], false);
    let id = submitted.body["job_id"].as_str().unwrap();
    let shown = faces.ok(Method::GET, &format!("/jobs/{id}"), Value::Null).await;
    assert_eq!(
        (&shown["tenant_id"], &shown["agent_id"], &shown["cost_gpu_seconds"]),
        (&json!("acme"), &json!("main"), &json!(5))
    );
    assert_eq!(faces.work("forty-two", &json!(2.5)).await, id);
    let done = faces.ok(Method::GET, &format!("/jobs/{id}"), Value::Null).await;
    assert_eq!(
        (&done["status"], &done["result"], &done["used_gpu_seconds"]),
        (&json!("succeeded"), &json!("forty-two"), &json!(2.5))
    );
    let listed = faces.ok(Method::GET, "/jobs", Value::Null).await;
    let row = listed["jobs"][0].as_object().unwrap();
    assert!(!row.contains_key("result") && !row.contains_key("error"), "a list has no results: {listed}");
    assert_eq!((&row["prompt"], &done["prompt"]), (&Value::Null, &Value::Null), "nobody keeps what it was told");
}

#[tokio::test]
async fn what_an_agent_is_told_is_shown_to_those_who_may_read_it_and_a_list_has_its_beginning() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let prompt = format!("one\ntwo  {}", "ü".repeat(300));
    let job = json!({"tenant_id": "acme", "prompt": prompt, "cost_gpu_seconds": 5});
    let submitted = faces.ask(Method::POST, "/jobs", &job.to_string()).await.body;
    let id = submitted["job_id"].as_str().unwrap();
    for path in [format!("/jobs/{id}"), format!("/jobs/{id}/wait?timeout_s=1")] {
        let shown = faces.ok(Method::GET, &path, Value::Null).await;
        assert_eq!((&shown["prompt"], &shown["result"]), (&json!(prompt), &Value::Null), "{path}");
    }
    let listed = async |token: &Secret| {
        let list = faces.ask_as(Some(token.expose()), Method::GET, "/jobs", "").await;
        assert_eq!(list.status, 200, "{}", list.text);
        list.body["jobs"][0]["prompt"].clone()
    };
    let beginning = listed(&faces.operator).await;
    let beginning = beginning.as_str().unwrap();
    assert!(beginning.starts_with("one two ü") && beginning.ends_with("ü…"), "{beginning}");
    assert_eq!(beginning.chars().count(), 80);
    assert_eq!(listed(&faces.viewer).await, Value::Null, "a viewer reads no content");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m11_ten_submissions_under_one_key_at_once_are_one_job() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let body = job();
    let answers = futures::future::join_all((0..10).map(|_| submit(&faces, "/jobs", "order-1", &body))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 200, 200, 201]);
    assert!(answers.iter().all(|answer| answer.body["job_id"] == answers[0].body["job_id"]));
    assert!(answers.iter().all(|answer| answer.body["duplicate"] == (answer.status == 200)));
    assert_eq!(count(&faces).await, 1);
    // The seed's path is the same submission; another body is another job, and so a conflict.
    assert_eq!(submit(&faces, "/submit", "order-1", &body).await.status, 200);
    let other =
        submit(&faces, "/jobs", "order-1", &json!({"tenant_id": "acme", "prompt": "x", "cost_gpu_seconds": 1})).await;
    assert_eq!((other.status, &other.body["code"]), (409, &json!("conflict")), "{}", other.text);
    assert_eq!(count(&faces).await, 1);
}

#[tokio::test]
async fn m4_m15_a_submission_that_is_not_right_is_400_names_its_field_and_changes_nothing() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let with_cost = |cost: &str| format!(r#"{{"tenant_id":"acme","prompt":"x","cost_gpu_seconds":{cost}}}"#);
    for cost in [
        "NaN",
        "Infinity",
        "-Infinity",
        r#""nan""#,
        r#""inf""#,
        "1e-7",
        "1e7",
        "1E400",
        "-1",
        "-0.5",
        "0",
        "9223372036854775808",
        "-9223372036854775809",
        "1000000.000001",
        "0.0000001",
        "null",
        "true",
        "[5]",
        r#""5 ""#,
        r#""""#,
    ] {
        let answer = faces.ask(Method::POST, "/jobs", &with_cost(cost)).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid")), "{cost}: {}", answer.text);
        assert!(answer.body["error"].as_str().unwrap().contains("cost_gpu_seconds"), "{cost}: {}", answer.text);
    }
    let with = |field: &str, value: Value| {
        let mut body = job();
        body[field] = value;
        body.to_string()
    };
    for (body, field) in [
        (with("tenant_id", json!("UPPER")), "tenant id"),
        (with("tenant_id", json!("a:b{c}")), "tenant id"),
        (with("tenant_id", json!(null)), "tenant_id"),
        (with("agent_id", json!("a:b")), "agent_id"),
        (with("agent_id", json!("../../etc")), "agent_id"),
        (with("agent_id", json!("")), "agent_id"),
        (with("prompt", json!(["s3cret"])), "prompt"),
        (with("priority", json!(10)), "priority"),
        (with("priority", json!(-1)), "priority"),
        (with("priority", json!(256)), "priority"),
        (with("max_attempts", json!(0)), "max_attempts"),
        (with("max_attempts", json!(26)), "max_attempts"),
        (with("not_before", json!("tomorrow")), "not_before"),
        (with("not_before", json!("2300-01-01T00:00:00Z")), "not_before"),
        (with("state", json!("succeeded")), "state"),
        (json!({"prompt": "x", "cost_gpu_seconds": 1}).to_string(), "tenant_id"),
        (json!({"tenant_id": "acme", "cost_gpu_seconds": 1}).to_string(), "prompt"),
        (json!({"tenant_id": "acme", "prompt": "x"}).to_string(), "cost_gpu_seconds"),
        (json!([job()]).to_string(), "body"),
        (String::new(), "body"),
        (with_cost(r#"1,"cost_gpu_seconds":2"#), "cost_gpu_seconds"),
        (format!("{}{{}}", job()), "body"),
        (with("prompt", json!("x".repeat((256 << 10) + 1))), "prompt"),
    ] {
        let shown = &body[..body.len().min(200)];
        let answer = faces.ask(Method::POST, "/jobs", &body).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid")), "{shown}: {}", answer.text);
        assert!(answer.body["error"].as_str().unwrap().contains(field), "{shown}: {}", answer.text);
        assert!(!answer.text.contains("s3cret"), "{}", answer.text);
    }
    for key in ["", "a b", &"k".repeat(256)] {
        let answer = submit(&faces, "/jobs", key, &job()).await;
        assert_eq!(answer.status, 400, "{key:?}");
        assert!(answer.text.contains("Idempotency-Key"), "{}", answer.text);
    }
    // A prompt in a query would be in every access log on its way.
    let query = "/submit?tenant_id=acme&agent_id=main&prompt=s3cret&cost_gpu_seconds=1";
    assert_eq!(faces.ask(Method::POST, query, "").await.status, 400);
    let ghost = faces.ask(Method::POST, "/jobs", &with("tenant_id", json!("ghost"))).await;
    assert_eq!((ghost.status, &ghost.body["code"]), (404, &json!("not_found")));
    assert_eq!(count(&faces).await, 0);
    let account = faces.ok(Method::GET, "/quotas/acme", Value::Null).await;
    assert_eq!((&account["available"], &account["held"]), (&json!(3_600), &json!(0)), "no credit moved: {account}");
    assert_eq!(faces.ok(Method::GET, "/spend/audit", Value::Null).await["rows"], 0, "no account was opened");
}

#[tokio::test]
async fn a_prompt_of_256_kib_is_taken_however_it_is_escaped_and_more_is_not_read() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let body = format!(r#"{{"tenant_id":"acme","cost_gpu_seconds":1,"prompt":"{}"}}"#, r"\u0001".repeat(256 << 10));
    assert_eq!(faces.ask(Method::POST, "/jobs", &body).await.status, 201);
    let claimed = faces.claim("worker-1", 1).await;
    assert_eq!(claimed[0]["prompt"].as_str().unwrap().len(), 256 << 10);
    let body = json!({"tenant_id": "acme", "cost_gpu_seconds": 1, "prompt": "x".repeat(2 << 20)}).to_string();
    let answer = faces.ask(Method::POST, "/jobs", &body).await;
    assert_eq!((answer.status, &answer.body["code"]), (413, &json!("too_large")));
    for path in ["/leases/claim", "/leases/renew", "/quotas/acme/grants"] {
        let answer = faces.ask(Method::POST, path, &format!("{{\"x\":\"{}\"}}", "x".repeat(70_000))).await;
        assert_eq!(answer.status, 413, "{path}");
    }
    assert_eq!(count(&faces).await, 1);
}

#[tokio::test]
async fn r11_a_listing_of_jobs_goes_on_page_by_page_and_filters() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    faces.tenant("beta").await;
    for n in 0..7 {
        let tenant = if n < 4 { "acme" } else { "beta" };
        faces.submit(json!({"tenant_id": tenant, "prompt": "x", "cost_gpu_seconds": 1})).await;
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = faces.ok(Method::GET, &format!("/jobs?limit=3&after={after}"), Value::Null).await;
        seen.extend(page["jobs"].as_array().unwrap().iter().map(|job| job["job_id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!((seen.len(), &seen), (7, &sorted));
    let of = async |query: &str| {
        let list = faces.ok(Method::GET, &format!("/jobs?{query}"), Value::Null).await;
        list["jobs"].as_array().unwrap().len()
    };
    assert_eq!((of("tenant=beta").await, of("status=queued").await, of("status=dead").await), (3, 7, 0));
    assert_eq!(of("tenant=acme&status=queued&after=&limit=1000").await, 4);
    for query in [
        "status=waiting",
        "tenant=UPPER",
        "after=acme",
        "limit=0",
        "limit=1001",
        "limit=x",
        "colour=blue",
        "status=Dead",
    ] {
        let answer = faces.ask(Method::GET, &format!("/jobs?{query}"), "").await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid")), "{query}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_job_is_called_off_once_and_put_back_once() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let id = faces.submit(job()).await;
    let path = |verb: &str| format!("/jobs/{id}/{verb}");
    let premature = faces.ask(Method::POST, &path("retry"), "").await;
    assert_eq!((premature.status, &premature.body["code"]), (409, &json!("conflict")));
    let cancelled = faces.ok(Method::POST, &path("cancel"), Value::Null).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert!(faces.claim("worker-1", 1).await.is_empty());
    let again = faces.ask(Method::POST, &path("cancel"), "").await;
    assert_eq!((again.status, &again.body["code"]), (409, &json!("conflict")));
    assert_eq!(faces.ok(Method::POST, &path("retry"), Value::Null).await["status"], "queued");
    faces.work("done", &json!(1)).await;
    assert_eq!(faces.ask(Method::POST, &path("cancel"), "").await.status, 409);
    for (method, path) in [
        (Method::GET, format!("/jobs/{GHOST}")),
        (Method::GET, format!("/jobs/{GHOST}/wait?timeout_s=1")),
        (Method::POST, format!("/jobs/{GHOST}/cancel")),
        (Method::POST, format!("/jobs/{GHOST}/retry")),
        (Method::GET, format!("/why/job/{GHOST}")),
    ] {
        let answer = faces.ask(method, &path, "").await;
        assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")), "{path}");
    }
    for name in
        ["acme", "acme.", "acme.01", "UPPER.01k9zz00000000000000000000", "%ff", "acme.01K9ZZ00000000000000000000"]
    {
        let answer = faces.ask(Method::GET, &format!("/jobs/{name}"), "").await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("invalid")), "{name}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_wait_ends_with_the_job_with_its_time_or_with_the_control_plane() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let id = faces.submit(job()).await;
    let path = format!("/jobs/{id}/wait");
    let in_vain = faces.ok(Method::GET, &format!("{path}?timeout_s=1"), Value::Null).await;
    assert_eq!(in_vain["status"], "queued");
    let waiting = faces.ok(Method::GET, &path, Value::Null);
    let working = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        faces.work("there", &json!(1)).await
    };
    let (done, _) = tokio::join!(waiting, working);
    assert_eq!((&done["status"], &done["result"]), (&json!("succeeded"), &json!("there")));
    for timeout in ["0", "61", "-1", "x"] {
        assert_eq!(faces.ask(Method::GET, &format!("{path}?timeout_s={timeout}"), "").await.status, 400, "{timeout}");
    }
    let other = format!("/jobs/{}/wait", faces.submit(job()).await);
    let claim = json!({"worker": "w", "max": 1, "wait_s": 60});
    assert_eq!(faces.claim("w", 1).await.len(), 1);
    let ended = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        faces.tenancy.waits_end();
    };
    let (waited, claimed, ()) =
        tokio::join!(faces.ok(Method::GET, &other, Value::Null), faces.ok(Method::POST, "/leases/claim", claim), ended);
    assert_eq!((&waited["status"], &claimed["jobs"]), (&json!("running"), &json!([])));
}

#[tokio::test]
async fn every_role_does_its_own_with_jobs_and_no_more() {
    let faces = Faces::start().await;
    faces.tenant("acme").await;
    let id = faces.submit(json!({"tenant_id": "acme", "prompt": "x", "cost_gpu_seconds": 1, "max_attempts": 1})).await;
    let leased = faces.claim("w", 1).await;
    let failed =
        json!({"leases": [{"job_id": id, "epoch": leased[0]["epoch"], "outcome": "failed", "error": "s3cret words"}]});
    assert_eq!(faces.ok(Method::POST, "/leases/finalize", failed).await["leases"][0]["status"], "dead");
    let submission = job().to_string();
    let claim = json!({"worker": "w"}).to_string();
    let grant = json!({"credits": 1}).to_string();
    let (get, wait) = (format!("/jobs/{id}"), format!("/jobs/{id}/wait"));
    let (cancel, retry, why) = (format!("/jobs/{id}/cancel"), format!("/jobs/{id}/retry"), format!("/why/job/{id}"));
    // Who may: viewer, operator, admin, service.
    let table: [(Method, &str, &str, [bool; 4]); 20] = [
        (Method::GET, "/jobs", "", [true; 4]),
        (Method::GET, "/metrics", "", [true; 4]),
        (Method::GET, "/quotas/acme", "", [true; 4]),
        (Method::GET, "/spend/report", "", [true; 4]),
        (Method::GET, "/spend/audit", "", [true; 4]),
        (Method::GET, "/spend/rows", "", [true; 4]),
        (Method::GET, "/why/tenant/acme", "", [true; 4]),
        (Method::GET, &why, "", [true; 4]),
        (Method::GET, &get, "", [false, true, true, false]),
        (Method::GET, &wait, "", [false, true, true, false]),
        (Method::POST, "/jobs", &submission, [false, true, true, false]),
        (Method::POST, "/submit", &submission, [false, true, true, false]),
        (Method::POST, &cancel, "", [false, true, true, false]),
        (Method::POST, &retry, "", [false, true, true, false]),
        (Method::POST, "/leases/claim", &claim, [false, false, true, true]),
        (
            Method::POST,
            "/turns",
            r#"{"job_id":"acme.01k9zz00000000000000000000","epoch":1,"prompt":"x"}"#,
            [false, false, true, true],
        ),
        (
            Method::POST,
            "/turns/prepare",
            r#"{"job_id":"acme.01k9zz00000000000000000000","epoch":1}"#,
            [false, false, true, true],
        ),
        (Method::PATCH, "/quotas/acme", r#"{"weight":1}"#, [false, false, true, false]),
        (Method::POST, "/quotas/acme/grants", &grant, [false, false, true, false]),
        (Method::POST, "/quotas/acme/revocations", &grant, [false, false, true, false]),
    ];
    let who = [&faces.viewer, &faces.operator, &faces.admin, &faces.service];
    for (method, path, body, may) in table {
        for (token, may) in who.iter().zip(may) {
            let answer = faces.ask_as(Some(token.expose()), method.clone(), path, body).await;
            assert_eq!(answer.status != 403, may, "{method} {path}: {} {}", answer.status, answer.text);
            let content = [&faces.viewer, &faces.service].iter().all(|known| known.expose() != token.expose());
            assert!(content || !answer.text.contains("s3cret"), "{method} {path}: {}", answer.text);
        }
    }
    let why = faces.ask_as(Some(faces.operator.expose()), Method::GET, &format!("/why/job/{id}"), "").await;
    assert_eq!(why.status, 200);
}
