//! `ztm why`.

use insta::assert_snapshot;
use serde_json::json;

use super::{invocation::World, plane::Plane};

#[test]
fn an_explanation_is_a_sentence_and_the_numbers_that_were_compared() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let why = json!({
        "subject": "job", "id": "alice.01k9zz5d7e8f9g0h1j2k3m4n5p", "status": "queued",
        "summary": "it waits for credits.",
        "reasons": [
            {
                "code": "credits", "text": "too few credits; the refill will cover it", "until": "2020-01-01T00:00:00Z",
                "compared": [{ "what": "credits", "has": "3", "needs": "10" }, { "what": "ahead", "has": "2", "needs": "-" }],
            },
            { "code": "fair_order", "text": "bob is before it", "until": null, "compared": [] },
        ],
        "expected_at": "2020-01-01T00:00:00Z", "expected_because": "1 credit a second",
    });
    plane.answer("GET /why/job/alice.01k9zz5d7e8f9g0h1j2k3m4n5p", 200, &why.to_string());
    assert_snapshot!(world.ztm(["why", "job", "alice.01k9zz5d7e8f9g0h1j2k3m4n5p"]), @"
    exit: 0
    --- stdout
    Subject   job alice.01k9zz5d7e8f9g0h1j2k3m4n5p
    Status    queued
    Why       it waits for credits.
    Expected  2020-01-01T00:00:00.000000Z (in 0s): 1 credit a second

    credits: too few credits; the refill will cover it
      until 2020-01-01T00:00:00.000000Z (in 0s)
      credits: 3 (against 10)
      ahead: 2

    fair_order: bob is before it
    --- stderr
    ");
    for subject in ["tenant", "wake"] {
        plane.answer(&format!("GET /why/{subject}/alice"), 200, &why.to_string());
        let names = world.ztm(["why", subject, "alice", "-o", "name"]).ok();
        assert_eq!(names.stdout, "credits\nfair_order\n");
    }
}

#[test]
fn a_sentence_is_said_once() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let text =
        &format!("it was given up at 2026-11-30T00:00:00Z, {}attempts: 3", "and more is to be said, ".repeat(40));
    let numbers = json!([{ "what": "attempts", "has": "3", "needs": "-" }]);
    for (compared, said) in [(json!([]), ""), (numbers, "\n\nended\n  attempts: 3")] {
        let why = json!({
            "subject": "job", "id": "alice.01k9zz5d7e8f9g0h1j2k3m4n5p", "status": "dead", "summary": format!("{text}."),
            "reasons": [{ "code": "ended", "text": text, "until": null, "compared": compared }],
            "expected_at": null, "expected_because": null,
        });
        plane.answer("GET /why/job/alice.01k9zz5d7e8f9g0h1j2k3m4n5p", 200, &why.to_string());
        let shown = world.ztm(["why", "job", "alice.01k9zz5d7e8f9g0h1j2k3m4n5p"]).ok().stdout;
        assert_eq!(shown.matches(text).count(), 1, "{shown}");
        assert!(shown.ends_with(&format!("Why      {text}.{said}\n")), "{shown}");
    }
}

#[test]
fn what_is_no_job_is_refused_before_anything_is_asked() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    assert_eq!(world.ztm(["why", "job", "alice"]).code, Some(2));
    assert_eq!(plane.asked(), [""; 0]);
}
