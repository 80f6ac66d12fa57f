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
fn a_listing_says_what_agents_are_told_and_nothing_of_what_it_does_not_know() {
    let world = world();
    let id = submit(&world, &[]);
    let list = world.ztm(["job", "list", "-o", "json"]).ok().json();
    let row = list["jobs"][0].as_object().unwrap();
    assert_eq!(row["prompt"], "hello");
    assert!(!row.contains_key("result") && !row.contains_key("error"), "{list}");
    let job = world.ztm(["job", "get", &id, "-o", "json"]).ok().json();
    assert_eq!((&job["prompt"], job.get("result")), (&"hello".into(), Some(&serde_json::Value::Null)), "{job}");
    let told = |line: &[&str]| world.ztm(line.iter().copied()).ok().stdout.contains("hello");
    assert!(told(&["job", "get", &id]) && told(&["job", "list", "-o", "wide"]) && !told(&["job", "list"]));
    assert_eq!(world.ztm(["job", "list", "--filter", "prompt~hell", "-o", "name"]).ok().stdout.trim(), id);
}

#[test]
fn a_listing_stops_at_its_limit_and_says_what_it_leaves_out() {
    let world = world();
    let ids: Vec<String> = (0..3).map(|_| submit(&world, &[])).collect();
    let two = world.ztm(["job", "list", "--limit", "2", "-o", "name"]).ok();
    assert_eq!(two.stdout, format!("{}\n{}\n", ids[2], ids[1]), "the newest first");
    assert_eq!(two.stderr, "`--limit` leaves out 1 more\n");
    let json = world.ztm(["job", "list", "--limit", "2", "--sort-by", "submitted_at", "-o", "json"]).ok();
    assert_eq!(json.json()["jobs"][0]["job_id"], ids[0].as_str(), "sorted before it is cut");
    assert_eq!(json.stderr, "`--limit` leaves out 1 more\n");
    assert_eq!(world.ztm(["job", "list", "--limit", "3"]).ok().stderr, "");
    assert_eq!(world.ztm(["job", "list", "--limit", "0"]).code, Some(2));
}

#[test]
fn a_state_that_no_job_is_in_is_told_with_those_that_they_are_in() {
    let world = world();
    let id = submit(&world, &[]);
    submit(&world, &[]);
    submit(&world, &[]);
    world.ztm(["job", "cancel", &id]).ok();
    let said = "there are 3 jobs of `alice`, but none is dead: 1 cancelled, 2 queued\n";
    assert_eq!(world.ztm(["job", "list", "alice", "--status", "dead"]).ok().stderr, said);
    assert_eq!(world.ztm(["job", "dead"]).ok().stderr, said.replace(" of `alice`", ""));
    assert_eq!(world.ztm(["job", "list", "nobody", "--status", "dead"]).code, Some(3));
}

#[test]
fn quotas_are_listed_of_those_who_have_one() {
    let world = world();
    world.ztm(["tenant", "create", "bob"]).ok();
    world.ztm(["tenant", "create", "carol"]).ok();
    let none = world.ztm(["quota", "list"]).ok();
    assert!(none.stdout.is_empty() && none.stderr.contains("`ztm quota get TENANT`"), "{none}");
    world.ztm(["quota", "set", "alice", "--budget", "20/day", "--weight", "300"]).ok();
    world.ztm(["quota", "set", "bob", "--rate", "0.5", "--max-running", "4"]).ok();
    assert_snapshot!(world.ztm(["quota", "list"]), @"
    exit: 0
    --- stdout
    TENANT  AVAILABLE  HELD  RATE  BURST  RUNNING  BUDGET      JOBS
    alice        3600     0     1   3600   0/1000  0/20 a day  idle
    bob          3600     0   0.5   3600      0/4           -  idle
    --- stderr
    ");
    let json = world.ztm(["quota", "list", "--sort-by=-weight", "-o", "json"]).ok().json();
    let get = world.ztm(["quota", "get", "alice", "-o", "json"]).ok().json();
    for field in ["budget", "budget_spent", "weight", "held", "available", "burst", "standing"] {
        assert_eq!(json["quotas"][0][field], get[field], "{field}");
    }
    let chosen = world.ztm(["quota", "list", "--filter", "budget.credits>=20", "-o", "name"]).ok();
    assert_eq!(chosen.stdout, "alice\n");
}

#[test]
fn a_date_is_a_time_wherever_one_is_asked_for() {
    let world = world();
    let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(72)).to_string();
    let id = submit(&world, &["--at", &soon[..10]]);
    let job = world.ztm(["job", "get", &id, "-o", "json"]).ok().json();
    assert_eq!(job["until"], format!("{}T00:00:00.000000Z", &soon[..10]), "{job}");
    let grant = ["quota", "grant", "alice", "5", "--expires", "2099-12-01", "--name", "x", "-o", "json"];
    for _ in 0..2 {
        let granted = world.ztm(grant).ok().json();
        assert_eq!(granted["grants"][0]["expires_at"], "2099-12-01T00:00:00.000000Z", "{granted}");
    }
    let past = world.ztm(["quota", "grant", "alice", "5", "--expires", "2020-01-01"]);
    assert!(past.code == Some(2) && past.stderr.contains("must be later than now"), "{past}");
    let today: String = jiff::Timestamp::now().to_string();
    let today = &today[..10];
    let rows = |from: &str, to: &str| world.ztm(["spend", "report", "--from", from, "--to", to, "-o", "json"]);
    let report = rows(today, today).ok().json();
    assert!(report["from"].as_str().unwrap().starts_with(today) && report["to"].as_str().unwrap() > today, "{report}");
    let backwards = rows("2026-02-02", "2026-02-01");
    assert_eq!(backwards.code, Some(2), "{backwards}");
    assert!(backwards.stderr.contains("must be earlier than `--to`") && backwards.stderr.contains("\"hint\":"));
}

#[test]
fn an_audit_of_one_tenant_has_its_books_alone() {
    let world = world();
    world.ztm(["tenant", "create", "bob"]).ok();
    let audit = world.ztm(["spend", "audit", "--tenant", "alice", "-o", "json"]).ok().json();
    assert_eq!((&audit["holds"], &audit["tenants"]), (&true.into(), &serde_json::json!([])), "{audit}");
    assert_eq!(world.ztm(["spend", "audit", "--tenant", "nobody"]).code, Some(3));
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
