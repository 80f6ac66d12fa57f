//! `ztm job wait`, and `ztm job submit --wait`.

use insta::assert_snapshot;

use super::{
    invocation::World,
    plane::{Plane, job},
};

const ONE: &str = "alice.01k9zz5d7e8f9g0h1j2k3m4n5p";
const TWO: &str = "alice.01k9zz5d7e8f9g0h1j2k3m4n5q";

fn ends(plane: &Plane, id: &str, status: &str, error: Option<&str>) {
    let ended = job(id, status, |job| job.outcome.as_mut().unwrap().error = error.map(str::to_owned));
    plane.answer(&format!("GET /jobs/{id}/wait?timeout_s=30"), 200, &ended);
}

#[test]
fn a_wait_ends_with_the_jobs_and_says_in_its_status_how_they_did() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    ends(&plane, ONE, "succeeded", None);
    ends(&plane, TWO, "succeeded", None);
    assert_snapshot!(world.ztm(["job", "wait", TWO, ONE]), @"
    exit: 0
    --- stdout
    alice.01k9zz5d7e8f9g0h1j2k3m4n5q is succeeded
    alice.01k9zz5d7e8f9g0h1j2k3m4n5p is succeeded
    --- stderr
    ");
    ends(&plane, TWO, "dead", Some("the agent of `alice` failed: boom"));
    assert_snapshot!(world.ztm(["job", "wait", TWO, ONE]), @"
    exit: 1
    --- stdout
    alice.01k9zz5d7e8f9g0h1j2k3m4n5q is dead
    alice.01k9zz5d7e8f9g0h1j2k3m4n5p is succeeded
    --- stderr
    error: `alice.01k9zz5d7e8f9g0h1j2k3m4n5q` is dead: the agent of `alice` failed: boom
    hint: `ztm job retry alice.01k9zz5d7e8f9g0h1j2k3m4n5q` puts it back into the queue
    ");
    let failed = world.ztm(["job", "wait", TWO, "-o", "json"]);
    assert_eq!(failed.json()["jobs"][0]["status"], "dead");
    assert_eq!(failed.json_error()["code"], "job_failed");
}

#[test]
fn a_wait_that_fails_for_one_job_still_shows_the_others() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    ends(&plane, ONE, "succeeded", None);
    let ended = world.ztm(["job", "wait", TWO, ONE]);
    assert_eq!(ended.code, Some(3), "{ended}");
    assert_eq!(ended.stdout, format!("{ONE} is succeeded\n"));
}

#[test]
fn a_wait_has_an_end_and_does_not_ask_faster_than_it_should() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.answer(&format!("GET /jobs/{ONE}"), 200, &job(ONE, "running", |_| ()));
    assert_snapshot!(world.ztm(["job", "wait", ONE, "--timeout", "400ms"]), @"
    exit: 6
    --- stdout
    --- stderr
    error: waiting for `alice.01k9zz5d7e8f9g0h1j2k3m4n5p`, which is running, did not finish within 400ms
    hint: `ztm why job alice.01k9zz5d7e8f9g0h1j2k3m4n5p` says what it waits for; `ztm job wait alice.01k9zz5d7e8f9g0h1j2k3m4n5p` goes on waiting
    ");
    assert!(plane.asked().len() <= 6, "{:?}", plane.asked());
}

#[test]
fn a_question_waits_no_longer_than_its_answer_may_take() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let path = format!("GET /jobs/{ONE}/wait?timeout_s=5");
    plane.answer(&path, 200, &job(ONE, "succeeded", |_| ()));
    world.ztm(["job", "wait", ONE, "--request-timeout", "10s"]).ok();
    assert_eq!(plane.asked(), [path]);
}

#[test]
fn a_submission_can_wait_for_what_comes_out() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let submitted = serde_json::json!({ "job_id": ONE, "status": "queued", "duplicate": false });
    plane.answer("POST /jobs", 201, &submitted.to_string());
    let done = job(ONE, "succeeded", |job| job.outcome.as_mut().unwrap().result = Some("done".to_owned()));
    plane.answer(&format!("GET /jobs/{ONE}/wait?timeout_s=30"), 200, &done);
    let submit = ["job", "submit", "alice", "hello", "--cost", "5", "--wait", "-o", "json"];
    assert_eq!(world.ztm(submit).ok().json()["result"], "done");
    ends(&plane, ONE, "cancelled", None);
    let ended = world.ztm(submit);
    assert_eq!((ended.code, &ended.json()["status"]), (Some(1), &"cancelled".into()), "{ended}");
}

#[test]
fn jobs_that_are_over_need_no_control_plane_to_be_waited_for() {
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    let submitted = world.ztm(["job", "submit", "alice", "hello", "--cost", "5", "-o", "name"]).ok();
    let id = submitted.stdout.trim();
    let waiting = world.ztm(["job", "wait", id]);
    assert_eq!((waiting.code, waiting.stdout.as_str()), (Some(7), ""), "{waiting}");
    world.ztm(["job", "cancel", id]).ok();
    let over = world.ztm(["job", "wait", id]);
    assert_eq!((over.code, over.stdout.clone()), (Some(1), format!("{id} is cancelled\n")), "{over}");
}
