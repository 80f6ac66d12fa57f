//! `ztm job` and `ztm quota` before a control plane: what is asked of it, and what is made of its answers.

use insta::assert_snapshot;
use serde_json::json;

use super::{
    invocation::World,
    plane::{Plane, job},
};

const ID: &str = "alice.01k9zz5d7e8f9g0h1j2k3m4n5p";
const SUBMIT: [&str; 6] = ["job", "submit", "alice", "hello", "--cost", "5"];

fn accepting(world: &mut World) -> Plane {
    let plane = Plane::on(world);
    let submitted = json!({ "job_id": ID, "status": "queued", "duplicate": false });
    plane.answer("POST /jobs", 201, &submitted.to_string());
    plane
}

#[test]
fn everything_that_is_said_about_a_job_reaches_the_wire() {
    let mut world = World::new();
    let plane = accepting(&mut world);
    let more = ["--agent", "writer", "--priority", "8", "--attempts", "2", "--idempotency-key", "nightly-7"];
    let at = ["--at", "2027-01-01T00:00:00+01:00"];
    assert_snapshot!(world.ztm(SUBMIT.iter().chain(&more).chain(&at).copied()), @"
    exit: 0
    --- stdout
    Job     alice.01k9zz5d7e8f9g0h1j2k3m4n5p
    Status  queued
    --- stderr
    ");
    assert_eq!(plane.last_key().as_deref(), Some("nightly-7"));
    assert_eq!(
        plane.last_body(),
        json!({
            "tenant_id": "alice", "agent_id": "writer", "prompt": "hello", "cost_gpu_seconds": 5, "priority": 8,
            "max_attempts": 2, "not_before": "2026-12-31T23:00:00.000000Z",
        })
    );
    world.ztm(SUBMIT).ok();
    assert_eq!(plane.last_body(), json!({ "tenant_id": "alice", "prompt": "hello", "cost_gpu_seconds": 5 }));
}

#[test]
fn a_job_of_a_suspended_tenant_is_accepted_with_a_word() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for (why, ends) in [
        ("unpaid", "the job waits until `ztm tenant resume alice`"),
        ("budget_exhausted: the budget is used up", "the job waits for a grant, a larger budget or the next period"),
    ] {
        let submitted = json!({ "job_id": ID, "status": "queued", "duplicate": false, "suspended": why });
        plane.answer("POST /jobs", 201, &submitted.to_string());
        let said = world.ztm(SUBMIT).ok();
        assert!(said.stderr.contains(&format!("`alice` is suspended ({why}); {ends}")), "{said}");
    }
}

#[test]
fn a_key_is_made_up_for_each_submission_and_shown_when_asked_for() {
    let mut world = World::new();
    let plane = accepting(&mut world);
    let said = world.ztm(SUBMIT.iter().chain(&["-v"]).copied()).ok();
    let key = plane.last_key().unwrap();
    assert_eq!(key.len(), 32);
    assert!(said.stderr.contains(&format!("idempotency key: {key}\n")), "{said}");
    assert_eq!(world.ztm(SUBMIT).ok().stderr, "");
    assert_ne!(plane.last_key().unwrap(), key);
}

#[test]
fn a_submission_without_an_answer_says_how_to_make_it_once() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.fail("POST /jobs", 502, "outcome_unknown", "the answer of store was lost");
    assert_snapshot!(world.ztm(SUBMIT.iter().chain(&["--idempotency-key", "k"]).copied()), @"
    exit: 7
    --- stdout
    --- stderr
    error: it may have been done, or not: the answer of store was lost: the control plane says so
    hint: repeat the command with `--idempotency-key k`: however often, it is done once
    request id: test
    ");
    // The moment that `--in` meant is part of what a key is bound to.
    let later = world.ztm(SUBMIT.iter().chain(&["--in", "1h", "-o", "json"]).copied());
    let (hint, at) = (later.json_error(), plane.last_body());
    let at = format!("--at {}`", at["not_before"].as_str().unwrap());
    assert!(hint["hint"].as_str().unwrap().contains(&at), "{later}");
    assert_eq!(hint["code"], "outcome_unknown");
    assert_eq!(world.ztm(SUBMIT.iter().chain(&["--in", "1h", "--idempotency-key", "k"]).copied()).code, Some(2));
}

#[test]
fn a_repeat_says_that_it_is_one() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let repeated = json!({ "job_id": ID, "status": "running", "duplicate": true });
    plane.answer("POST /jobs", 200, &repeated.to_string());
    assert_snapshot!(world.ztm(SUBMIT), @"
    exit: 0
    --- stdout
    Job     alice.01k9zz5d7e8f9g0h1j2k3m4n5p
    Status  running
    --- stderr
    this job was submitted under the same key before; nothing was added
    ");
}

#[test]
fn a_prompt_comes_from_the_line_a_file_or_standard_input() {
    let mut world = World::new();
    let plane = accepting(&mut world);
    let file = world.home().join("prompt.txt");
    std::fs::write(&file, "from a file\n").unwrap();
    let file = file.display().to_string();
    world.ztm(["job", "submit", "alice", "--cost", "5", "--prompt-file", &file]).ok();
    assert_eq!(plane.last_body()["prompt"], "from a file\n");
    for from in [&["-"][..], &["--prompt-file", "-"]] {
        let line: Vec<&str> = ["job", "submit", "alice", "--cost", "5"].iter().chain(from).copied().collect();
        world.ztm_reading("from a pipe", &line).ok();
        assert_eq!(plane.last_body()["prompt"], "from a pipe");
    }
    let asked = plane.asked().len();
    let large = "x".repeat((256 << 10) + 1);
    assert_eq!(world.ztm_reading(&large, &["job", "submit", "alice", "-", "--cost", "5"]).code, Some(2));
    std::fs::write(world.home().join("bytes"), [0xff, 0xfe]).unwrap();
    let bytes = world.home().join("bytes").display().to_string();
    for wrong in [
        &["job", "submit", "alice", "--cost", "5"][..],
        &["job", "submit", "alice", "hello"],
        &["job", "submit", "alice", "hello", "--cost", "5", "--prompt-file", &file],
        &["job", "submit", "alice", "--cost", "5", "--prompt-file", &bytes],
        &["job", "submit", "Alice", "hello", "--cost", "5"],
        &["job", "submit", "alice", "hello", "--cost", "5", "--priority", "10"],
        &["job", "submit", "alice", "hello", "--cost", "5", "--attempts", "0"],
        &["job", "submit", "alice", "hello", "--cost", "5", "--at", "tomorrow"],
        &["job", "submit", "alice", "hello", "--cost", "5", "--at", "2027-01-01T00:00:00Z", "--in", "1h"],
        &["job", "submit", "alice", "hello", "--cost", "5", "--timeout", "1m"],
        &["job", "submit", "alice", "hello", "--cost", "5", "--idempotency-key", "a key"],
    ] {
        let refused = world.ztm(wrong.iter().copied());
        assert_eq!(refused.code, Some(2), "{wrong:?}: {refused}");
    }
    assert_eq!(plane.asked().len(), asked, "nothing was asked");
}

#[test]
fn jobs_are_listed_by_tenant_and_state_in_columns() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let until = "2027-01-01T00:00:00Z".parse().unwrap();
    let jobs = [
        job(ID, "dead", |job| job.attempts = 3),
        job("alice.01k9zz5d7e8f9g0h1j2k3m4n5q", "delayed", |job| {
            (job.delay_reason, job.until) = (Some("backoff".to_owned()), Some(until));
        }),
        job("alice.01k9zz5d7e8f9g0h1j2k3m4n5r", "running", |job| {
            (job.worker, job.until, job.cancelling) = (Some("up-1".to_owned()), Some(job.submitted_at), true);
            job.held_gpu_seconds = job.cost_gpu_seconds;
        }),
    ];
    let list = |jobs: &[String]| format!("{{\"jobs\":[{}]}}", jobs.join(","));
    plane.answer("GET /jobs?tenant=alice&limit=1000", 200, &list(&jobs));
    assert_snapshot!(world.ztm(["job", "list", "alice", "-o", "wide"]), @"
    exit: 0
    --- stdout
    JOB                               STATUS   AGE  ATTEMPTS  COST  USED  AGENT  PRIORITY  HELD  DETAIL                                      PROMPT
    alice.01k9zz5d7e8f9g0h1j2k3m4n5p  dead     3d        3/3     5   1.5  main          5     0  -                                           -
    alice.01k9zz5d7e8f9g0h1j2k3m4n5q  delayed  3d        1/3     5   1.5  main          5     0  backoff, until 2027-01-01T00:00:00.000000Z  -
    alice.01k9zz5d7e8f9g0h1j2k3m4n5r  running  3d        1/3     5   1.5  main          5     5  being called off; up-1, lease 0s            -
    --- stderr
    ");
    plane.answer("GET /jobs?status=dead&limit=1000", 200, &list(&jobs[..1]));
    assert_snapshot!(world.ztm(["job", "dead"]), @"
    exit: 0
    --- stdout
    JOB                               STATUS  AGE  ATTEMPTS  COST  USED
    alice.01k9zz5d7e8f9g0h1j2k3m4n5p  dead    3d        3/3     5   1.5
    --- stderr
    ");
    // All that are dead are put back.
    plane.answer(&format!("POST /jobs/{ID}/retry"), 200, &job(ID, "queued", |_| ()));
    assert_snapshot!(world.ztm(["job", "retry", "--all-dead"]), @"
    exit: 0
    --- stdout
    alice.01k9zz5d7e8f9g0h1j2k3m4n5p is queued
    --- stderr
    ");
    assert_eq!(world.ztm(["job", "list", "--status", "ded"]).code, Some(2));
}

#[test]
fn what_a_job_came_to_cannot_speak_to_the_terminal() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let failed =
        job(ID, "dead", |job| job.outcome.as_mut().unwrap().error = Some("\u{1b}[2Jboom\nand more".to_owned()));
    plane.answer(&format!("GET /jobs/{ID}"), 200, &failed);
    let shown = world.ztm(["job", "get", ID]).ok();
    assert!(shown.stdout.contains("Error      \\u{1b}[2Jboom and more\n"), "{shown}");
}

#[test]
fn one_job_that_cannot_be_called_off_does_not_keep_the_others() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let running = job(ID, "running", |job| job.cancelling = true);
    plane.answer(&format!("POST /jobs/{ID}/cancel"), 200, &running);
    let other = "alice.01k9zz5d7e8f9g0h1j2k3m4n5q";
    let text = format!("job `{other}`: it is dead already");
    plane.fail(&format!("POST /jobs/{other}/cancel"), 409, "conflict", &text);
    let ended = world.ztm(["job", "cancel", other, ID]);
    assert_eq!(ended.code, Some(5), "{ended}");
    assert_eq!(ended.stdout, format!("{ID} is being called off\n"));
    assert!(ended.stderr.contains("it is dead already"), "{ended}");
}

#[test]
fn a_grant_is_named_by_whoever_gives_it_so_that_a_repeat_grants_nothing_more() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.fail("POST /quotas/alice/grants", 502, "outcome_unknown", "the answer of store was lost");
    let grant = ["quota", "grant", "alice", "2.5", "--expires", "30d"];
    let unsure = world.ztm(grant);
    let body = plane.last_body();
    let name = body["name"].as_str().unwrap();
    assert_eq!((&body["credits"], &body["expires_in_s"]), (&json!(2.5), &json!(2_592_000)));
    assert!(unsure.stderr.contains(&format!("with `--name {name}`")), "{unsure}");
    world.ztm(grant.iter().chain(&["--name", "november"]).copied());
    assert_eq!(plane.last_body()["name"], "november");
}
