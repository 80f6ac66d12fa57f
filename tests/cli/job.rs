//! `ztm job`, `ztm quota`, `ztm spend` and `ztm why` on a store without a control plane: everything but running jobs.

use insta::assert_snapshot;

use super::invocation::World;

/// A store with one tenant.
fn world() -> World {
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    world
}

fn submit(world: &World, more: &[&str]) -> String {
    let line = ["job", "submit", "alice", "hello", "--cost", "5", "-o", "name"];
    world.ztm(line.iter().chain(more).copied()).ok().stdout.trim().to_owned()
}

#[test]
fn m11_a_repeated_submission_under_one_key_is_one_job_and_another_body_is_refused() {
    let world = world();
    let first = submit(&world, &["--idempotency-key", "k"]);
    assert_eq!(submit(&world, &["--idempotency-key", "k"]), first);
    assert_snapshot!(world.ztm(["job", "submit", "alice", "other", "--cost", "5", "--idempotency-key", "k"]), @"
    exit: 5
    --- stdout
    --- stderr
    error: idempotency key `k`: it was used for another body within the last day
    hint: submit something else under another key; the same again must be the same in everything
    ");
    assert_eq!(world.ztm(["job", "list", "-o", "name"]).ok().stdout.lines().count(), 1);
}

#[test]
fn m4_a_cost_that_is_no_amount_of_credits_is_refused_before_anything_is_done() {
    let world = world();
    for cost in ["nan", "inf", "-1", "1e3", "9223372036854775808", "0", "0.0000001", "1000001", ""] {
        let refused = world.ztm(["job", "submit", "alice", "x", &format!("--cost={cost}")]);
        assert_eq!(refused.code, Some(2), "{cost:?}: {refused}");
    }
    assert_eq!(world.ztm(["job", "list", "-o", "name"]).ok().stdout, "");
}

#[test]
fn a_job_that_costs_more_than_the_tenant_can_ever_hold_is_refused_with_both_numbers() {
    assert_snapshot!(world().ztm(["job", "submit", "alice", "x", "--cost", "4000"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid --cost: 4000 is more than the tenant can ever hold (3600 credits)
    hint: `ztm quota get TENANT` shows what it may hold, `ztm quota set` and `ztm quota grant` change that
    ");
}

#[test]
fn a_job_whose_quota_was_lowered_below_its_cost_says_that_it_can_never_be_paid_for() {
    let world = world();
    let submitted = world.ztm(["job", "submit", "alice", "hello", "--cost", "3000", "-o", "name"]).ok();
    let id = submitted.stdout.trim();
    world.ztm(["quota", "set", "alice", "--burst", "10"]).ok();
    let why = world.ztm(["why", "job", id, "-o", "json"]).ok().json();
    assert_eq!((&why["reasons"][0]["code"], &why["expected_at"]), (&"credits_exhausted".into(), &().into()), "{why}");
    let said = "it can never be paid for: 3000 is more than the tenant can ever hold (10 credits); ";
    assert!(why["summary"].as_str().unwrap().starts_with(said), "{why}");
    world.ztm(["quota", "set", "alice", "--burst", "3600", "--budget", "20/day"]).ok();
    world.ztm(["quota", "grant", "alice", "2990"]).ok();
    let why = world.ztm(["why", "job", id, "-o", "json"]).ok().json();
    assert_eq!(why["reasons"][0]["code"], "admitted", "the grant widens the budget: {why}");
}

#[test]
fn what_was_granted_is_not_taken_off_what_was_spent() {
    let world = world();
    world.ztm(["quota", "set", "alice", "--budget", "20/day"]).ok();
    let granted = world.ztm(["quota", "grant", "alice", "50", "-o", "json"]).ok().json();
    assert_eq!((&granted["budget_spent"], &granted["budget_granted"]), (&0.into(), &50.into()), "{granted}");
    let shown = world.ztm(["quota", "get", "alice"]).ok();
    let says = "0 spent of 20 credits a day and 50 granted beside them, hard";
    assert!(shown.stdout.contains(says), "{shown}");
}

#[test]
fn a_rehearsed_quota_is_said_in_words() {
    let rehearsed =
        world().ztm(["quota", "set", "alice", "--weight", "200", "--budget", "5/day", "--soft", "--dry-run"]);
    assert_snapshot!(rehearsed, @"
    exit: 0
    --- stdout
    --- stderr
    nothing was done; it would change the quota of `alice` from 1 credits a second up to 3600, weight 100, 1000 jobs at once, no budget to 1 credits a second up to 3600, weight 200, 1000 jobs at once, a budget of 5 a day, a soft one
    ");
}

#[test]
fn a_job_can_be_called_off_and_put_back() {
    let world = world();
    let id = submit(&world, &[]);
    let status = |line: &[&str]| world.ztm(line.iter().copied().chain(["-o", "json"])).ok().json();
    assert_eq!(status(&["job", "cancel", &id])["jobs"][0]["status"], "cancelled");
    let again = world.ztm(["job", "cancel", &id]);
    assert_eq!(again.code, Some(5), "{again}");
    assert!(again.stderr.ends_with(&format!("hint: `ztm job get {id}` shows where it stands\n")), "{again}");
    assert_eq!(status(&["job", "retry", &id])["jobs"][0]["status"], "queued");
    assert_eq!(world.ztm(["job", "cancel", "alice.nothing"]).code, Some(2));
    assert_snapshot!(world.ztm(["job", "get", "alice.00000000000000000000000000"]), @"
    exit: 3
    --- stdout
    --- stderr
    error: job `alice.00000000000000000000000000` not found
    hint: `ztm job list` shows the jobs; one that ended is kept for a day, a dead one for a week
    ");
    assert_eq!(world.ztm(["job", "wait", &id]).code, Some(7), "nobody runs it");
}

#[test]
fn a_quota_is_set_by_what_is_named_and_a_grant_is_given_once_a_name() {
    let world = world();
    let quota = |line: &[&str]| world.ztm(line.iter().copied().chain(["-o", "json"])).ok().json();
    let set = quota(&["quota", "set", "alice", "--rate", "0.5", "--weight", "200"]);
    assert_eq!((&set["rate_per_sec"], &set["weight"], &set["burst"]), (&0.5.into(), &200.into(), &3600.into()));
    let money = quota(&["quota", "set", "alice", "--budget-money", "20.00/month", "--price", "0.004", "--soft"]);
    assert_eq!((&money["budget"]["credits"], &money["budget"]["hard"]), (&5000.into(), &false.into()));
    for _ in 0..2 {
        let granted = quota(&["quota", "grant", "alice", "50", "--expires", "30d", "--name", "november"]);
        assert_eq!(granted["grants"][0]["credits"], 50);
    }
    for _ in 0..2 {
        let left = quota(&["quota", "revoke", "alice", "20", "--name", "mistake"]);
        assert_eq!(left["grants"][0]["credits"], 30);
    }
    assert_eq!(quota(&["quota", "revoke", "alice", "500"])["grants"], serde_json::json!([]));
    let nothing = world.ztm(["quota", "revoke", "alice", "1"]);
    assert_eq!(nothing.code, Some(5), "{nothing}");
    assert!(nothing.stderr.contains("tenant `alice`: nothing is left of what it was granted"), "{nothing}");
    for wrong in [
        &["quota", "set", "alice"][..],
        &["quota", "set", "alice", "--budget", "100"],
        &["quota", "set", "alice", "--budget", "100/year"],
        &["quota", "set", "alice", "--budget-money", "5/day"],
        &["quota", "set", "alice", "--rate", "8001"],
        &["quota", "set", "alice", "--weight", "0"],
        &["quota", "set", "alice", "--rate", "1", "--soft"],
        &["quota", "grant", "alice", "-5"],
        &["quota", "grant", "alice", "0"],
        &["quota", "revoke", "alice", "0"],
        &["quota", "revoke", "alice", "5", "--name", "a b"],
    ] {
        let refused = world.ztm(wrong.iter().copied());
        assert_eq!(refused.code, Some(2), "{wrong:?}: {refused}");
    }
    // What is below nothing is refused as an amount, not as a flag that nobody knows.
    for (line, field) in [
        (&["quota", "grant", "alice", "-5"][..], "credits"),
        (&["quota", "set", "alice", "--rate", "-5"], "rate"),
        (&["quota", "set", "alice", "--burst", "-5"], "burst"),
        (&["job", "submit", "alice", "x", "--cost", "-5"], "cost"),
    ] {
        let refused = world.ztm(line.iter().copied());
        assert!(
            refused.stderr.starts_with(&format!("error: invalid {field}: -5 must be from ")),
            "{line:?}: {refused}"
        );
    }
    assert_eq!(world.ztm(["quota", "get", "nobody"]).code, Some(3));
}

#[test]
fn a_report_is_csv_where_asked() {
    let world = world();
    let nothing = world.ztm(["spend", "report", "-o", "csv"]).ok();
    assert!(nothing.stdout.starts_with("tenant_id,") && nothing.stdout.lines().count() == 1, "{nothing}");
    assert_eq!(world.ztm(["spend", "report", "--from", "soon"]).code, Some(2));
    assert_eq!(world.ztm(["spend", "report", "--from", "2026-02-01", "--to", "2026-01-01"]).code, Some(2));
}

#[test]
fn why_names_who_is_ahead() {
    let world = world();
    submit(&world, &[]);
    let second = submit(&world, &[]);
    let why = world.ztm(["why", "job", &second, "-o", "json"]).ok().json();
    assert_eq!(why["reasons"][0]["code"], "tenant_order");
    assert_eq!(why["reasons"][0]["compared"][0]["has"], "1");
}
