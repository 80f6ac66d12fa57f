//! `ztm apply` and `ztm diff`.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    invocation::World,
    plane::{Plane, write_token},
};

const FLEET: &str = "\
# A comment.
tenants:
  - name: alice
    idle_timeout: 30m
    labels: {team: red, paid: ''}
    bot_token_file: secrets/alice.token
    quota: {rate_per_sec: 0.1, weight: 200, budget: {period: month, credits: 5000}}
    schedules:
      morning: {cron: '0 9 * * MON-FRI', time_zone: Europe/Berlin, message: {chat_id: 7, text: Good morning.}}
      report: {cron: '@weekly', job: {prompt: Write it., cost_gpu_seconds: 120}}
---
tenants:
  - name: bob
";

fn world() -> World {
    let world = World::new();
    std::fs::create_dir(world.home().join("secrets")).unwrap();
    write_token(&world.home().join("secrets/alice.token"), "4711:AAapply-of-a-token");
    write(&world, FLEET);
    world
}

fn write(world: &World, text: &str) {
    std::fs::write(world.home().join("fleet.yaml"), text).unwrap();
}

/// Everything that there is, in one value.
fn everything(world: &World) -> serde_json::Value {
    let ask = |words: &[&str]| world.ztm(words.iter().copied().chain(["-o", "json"])).ok().json();
    let quotas: Vec<serde_json::Value> = ask(&["tenant", "list"])["tenants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tenant| {
            let quota = ask(&["quota", "get", tenant["tenant_id"].as_str().unwrap()]);
            json!([quota["rate_per_sec"], quota["weight"], quota["budget"]])
        })
        .collect();
    json!([ask(&["tenant", "list"])["tenants"], ask(&["schedule", "list"])["schedules"], quotas])
}

fn results(world: &World, words: &[&str]) -> Vec<(String, String, Vec<String>)> {
    let done = world.ztm(words.iter().copied().chain(["-f", "fleet.yaml", "-o", "json"])).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let results = done["results"].as_array().unwrap().iter();
    results
        .map(|one| {
            let fields = one["changes"].as_array().unwrap().iter().map(|change| text(&change["field"])).collect();
            (text(&one["tenant_id"]), text(&one["result"]), fields)
        })
        .collect()
}

#[test]
fn what_a_file_says_comes_true_and_then_there_is_nothing_to_do() {
    let world = world();
    let missing = world.ztm(["diff", "-f", "fleet.yaml"]);
    assert_eq!(missing.code, Some(1), "{missing}");
    assert!(missing.stdout.contains("missing") && !missing.stdout.contains("AAapply"), "{missing}");
    let planned = results(&world, &["apply", "--dry-run"]);
    assert_eq!(everything(&world)[0], json!([]), "a dry run changes nothing");
    assert_eq!(results(&world, &["apply"]), planned);
    assert_eq!(
        planned.iter().map(|(id, result, _)| (&**id, &**result)).collect::<Vec<_>>(),
        [("alice", "created"), ("bob", "created")]
    );
    let made = everything(&world);
    let alice = &made[0][0];
    assert_eq!((&alice["idle_timeout_s"], &alice["bot_id"]), (&json!(1800), &json!(4711)), "{made}");
    assert_eq!(alice["labels"], json!({"team": "red", "paid": ""}));
    assert_eq!(made[1].as_array().unwrap().len(), 2);
    assert_eq!(made[2][0].to_string(), r#"[0.1,200,{"credits":5000,"hard":true,"period":"month"}]"#);
    assert!(results(&world, &["apply"]).iter().all(|(_, result, fields)| result == "unchanged" && fields.is_empty()));
    assert_eq!(everything(&world), made);
    assert_eq!(world.ztm(["diff", "-f", "fleet.yaml"]).ok().stdout.lines().count(), 0);
}

#[test]
fn only_what_differs_is_changed_and_what_is_not_named_stays() {
    let world = world();
    results(&world, &["apply"]);
    world.ztm(["tenant", "update", "bob", "--idle-timeout", "77", "--label", "kept=yes"]).ok();
    write(
        &world,
        "tenants:
  - name: alice
    labels: {team: blue}
    quota: {weight: 200, no_budget: true}
    schedules: {report: {cron: '@monthly', job: {prompt: Write it., cost_gpu_seconds: 120}}}
  - name: bob
",
    );
    let changed = results(&world, &["apply"]);
    let fields = ["labels", "quota.budget", "schedules.morning", "schedules.report"].map(str::to_owned).to_vec();
    let expected = [("alice", "changed", fields), ("bob", "unchanged", Vec::new())];
    assert_eq!(changed, expected.map(|(id, result, fields)| (id.to_owned(), result.to_owned(), fields)));
    let now = everything(&world);
    assert_eq!((&now[0][0]["labels"], &now[0][0]["idle_timeout_s"]), (&json!({"team": "blue"}), &json!(1800)));
    assert_eq!((&now[0][1]["idle_timeout_s"], &now[0][1]["labels"]["kept"]), (&json!(77), &json!("yes")));
    assert_eq!((&now[1][0]["spec"]["cron"], now[1].as_array().unwrap().len()), (&json!("@monthly"), 1));
    assert_eq!(now[2][0], json!([0.1, 200, null]));
}

#[test]
fn a_file_that_is_wrong_anywhere_changes_nothing() {
    let world = world();
    world.ztm(["tenant", "create", "zoe"]).ok();
    let before = everything(&world);
    let tenant = |rest: &str| format!("tenants:\n  - name: new\n  - name: alice\n{rest}");
    for (text, says) in [
        (tenant("    idle_timeout: 0"), "tenants[1].idle_timeout"),
        (tenant("    labels: {'-': x}"), "tenants[1].labels"),
        (tenant("    colour: red"), "unknown field `colour`"),
        (tenant("    quota: {weight: 0}"), "weight"),
        (tenant("    quota: {rate_per_sec: 1e400}"), "fleet.yaml:4:27: non-finite"),
        (tenant("    schedules: {x: {cron: '99 * * * *', message: {chat_id: 1, text: a}}}"), "tenants[1].schedules.x"),
        (tenant("    bot_token_file: nowhere"), "nowhere"),
        (tenant("  - name: alice"), "tenant `alice` is in"),
        (tenant("  - name: Alice"), "tenants[2].name"),
        ("tenants: [".to_owned(), "fleet.yaml"),
        ("a: 1".to_owned(), "unknown field `a`"),
        ("[]".to_owned(), "fleet.yaml"),
        (format!("tenants:\n  - name: &a x\n{}", "  - *b\n"), "fleet.yaml"),
    ] {
        write(&world, &text);
        let refused = world.ztm(["apply", "-f", "fleet.yaml"]);
        assert!(matches!(refused.code, Some(1 | 2)) && refused.stdout.is_empty(), "{text}: {refused}");
        assert!(refused.stderr.contains(says), "{text}: {refused}");
    }
    assert_eq!(world.ztm(["apply", "-f", "no-such-file"]).code, Some(2));
    assert_eq!(everything(&world), before);
}

#[test]
fn directories_and_standard_input_are_read_and_one_failure_holds_up_no_other() {
    let world = world();
    let directory = world.home().join("fleet");
    std::fs::create_dir(&directory).unwrap();
    for (name, token) in [("a", "4711:AAone-token"), ("b", "4711:AAthe-same-bot"), ("c", "4712:AAanother")] {
        write_token(&directory.join(format!("{name}.token")), token);
        let text = format!("tenants:\n  - name: {name}\n    bot_token_file: {name}.token\n");
        std::fs::write(directory.join(format!("{name}.yaml")), text).unwrap();
    }
    let partly = world.ztm(["apply", "-f", "fleet", "-o", "json"]);
    assert_eq!(partly.code, Some(1), "{partly}");
    let done = partly.json();
    let failed: Vec<&serde_json::Value> =
        done["results"].as_array().unwrap().iter().filter(|one| one["result"] == "failed").collect();
    assert_eq!((failed.len(), &failed[0]["error"]["code"]), (1, &json!("conflict")), "{partly}");
    assert_eq!(partly.json_error()["code"], "partly_done");
    assert_eq!(world.ztm(["tenant", "list", "-o", "name"]).ok().stdout.lines().count(), 2);
    // What `tenant list` says can be changed and given back.
    world.ztm_reading(r#"{"tenants": [{"name": "c", "idle_timeout": 60}]}"#, &["apply", "-f", "-"]).ok();
    assert_eq!(world.ztm(["tenant", "get", "c", "-o", "jsonpath={.idle_timeout_s}"]).ok().stdout, "60\n");
}

#[test]
fn what_is_wrong_in_a_file_is_said_once_with_its_line_and_its_column() {
    let world = World::new();
    for (text, says) in [
        ("tenants:\n  - name: alice\n    colour: red\n", "fleet.yaml:3:13: tenants[0].colour: unknown field `colour`"),
        (
            "tenants:\n  - name: alice\n    quota:\n      weight: 0\n",
            "fleet.yaml:2:5: tenant `alice`: invalid weight: ",
        ),
        ("tenants:\n\t- name: alice\n", "fleet.yaml:2:2: tabs"),
        (
            "tenants: []\n---\ntenants:\n  - name: b\n    idle_timeout: x\n",
            "fleet.yaml:5:19: tenants[0].idle_timeout: ",
        ),
    ] {
        write(&world, text);
        let refused = world.ztm(["apply", "-f", "fleet.yaml"]);
        assert_eq!((refused.code, refused.stderr.lines().count()), (Some(2), 1), "{refused}");
        assert!(refused.stderr.starts_with(&format!("error: invalid manifest: {says}")), "{says}: {refused}");
        assert_eq!(refused.stderr.matches("invalid manifest").count(), 1, "{refused}");
    }
}

#[test]
fn what_would_be_done_is_not_said_to_be_done_and_nothing_has_no_header() {
    let world = world();
    let rehearsed = world.ztm(["apply", "-f", "fleet.yaml", "--dry-run"]).ok();
    assert!(rehearsed.stdout.contains("would create") && !rehearsed.stdout.contains(" created"), "{rehearsed}");
    assert_eq!(world.ztm(["apply", "-f", "fleet.yaml", "--dry-run", "-o", "json"]).ok().json()["dry_run"], true);
    world.ztm(["apply", "-f", "fleet.yaml"]).ok();
    write(&world, &FLEET.replace("30m", "31m"));
    let rehearsed = world.ztm(["apply", "-f", "fleet.yaml", "--dry-run"]).ok();
    assert!(rehearsed.stdout.contains("would change"), "{rehearsed}");
    write(&world, FLEET);
    let same = world.ztm(["diff", "-f", "fleet.yaml"]).ok();
    assert_eq!((same.stdout.as_str(), same.stderr.as_str()), ("", "nothing differs\n"));
}

#[test]
fn what_is_exported_differs_in_nothing_and_makes_the_same_elsewhere() {
    let world = world();
    world.ztm(["apply", "-f", "fleet.yaml"]).ok();
    world.ztm(["quota", "set", "bob", "--rate", "0.000001", "--burst", "123456.654321", "--max-running", "3"]).ok();
    world.ztm(["tenant", "update", "bob", "--label", "note=1.0"]).ok();
    let there = everything(&world);
    for format in [&[][..], &["-o", "yaml"], &["-o", "json"]] {
        let exported = world.ztm(["export"].iter().chain(format).copied()).ok();
        let said = exported.stderr.contains("`alice`: bot 4711, whose token is left out");
        assert_eq!(said, format.is_empty(), "a document is told nothing beside it: {exported}");
        let same = world.ztm_reading(&exported.stdout, &["diff", "-f", "-"]).ok();
        assert_eq!(same.stderr, "nothing differs\n", "{exported}");
        let kept = world.ztm_reading(&exported.stdout, &["apply", "-f", "-", "-o", "json"]).ok().json();
        assert!(kept["results"].as_array().unwrap().iter().all(|one| one["result"] == "unchanged"), "{kept}");
        // Elsewhere it makes the same, but for the bot, whose token it does not have.
        let other = World::new();
        other.ztm_reading(&exported.stdout, &["apply", "-f", "-"]).ok();
        let again = other.ztm(["export"].iter().chain(format).copied()).ok();
        let uncommented = |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        let (first, second): (Vec<String>, Vec<String>) = (uncommented(&exported.stdout), uncommented(&again.stdout));
        assert_eq!(first, second);
        // What was changed since is put back by it, a budget and a schedule that came since too.
        world.ztm(["quota", "set", "bob", "--budget", "7/month"]).ok();
        world.ztm(["schedule", "set", "bob", "m", "--cron", "@daily", "--job", "x", "--cost", "1"]).ok();
        world.ztm(["tenant", "update", "bob", "--label", "more=1", "--idle-timeout", "7"]).ok();
        world.ztm_reading(&exported.stdout, &["apply", "-f", "-"]).ok();
        assert_eq!(everything(&world).to_string(), there.to_string());
    }
    assert_eq!(world.ztm(["export", "bob", "-o", "name"]).ok().stdout, "bob\n");
    assert_eq!(world.ztm(["export", "-l", "team=red", "-o", "name"]).ok().stdout, "alice\n");
    assert_eq!(world.ztm(["export", "nobody"]).code, Some(3));
}

#[test]
fn what_no_file_names_goes_only_within_the_selector_and_only_when_asked() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let red = |name: &str| {
        let labels = std::collections::BTreeMap::from([("team".to_owned(), "red".to_owned())]);
        plane.tenant(name, |tenant| tenant.labels = labels.try_into().unwrap());
    };
    red("alice");
    red("bob");
    plane.tenant("carol", |_| ());
    let schedule = r#"{"schedules": [{"tenant_id": "alice", "name": "morning", "spec":
        {"cron": "@daily", "time_zone": "UTC", "catch_up": "once", "message": {"chat_id": 7, "text": "hi"}}}]}"#;
    plane.answer("GET /schedules?tenant=alice&limit=1000", 200, schedule);
    plane.answer("DELETE /tenants/alice/schedules/morning", 200, r#"{"tenant_id": "alice", "name": "morning"}"#);
    write(&world, "tenants: [{name: alice}]");
    let gone =
        |plane: &Plane| plane.asked().into_iter().filter(|line| line.starts_with("DELETE")).collect::<Vec<String>>();
    let apply = |more: &[&str]| world.ztm(["apply", "-f", "fleet.yaml"].iter().chain(more).copied());
    // Without a selector nothing is pruned, and without a word nothing is deleted.
    assert_eq!((apply(&["--prune", "--yes"]).code, apply(&["-l", "team=red"]).code), (Some(2), Some(2)));
    assert_eq!(apply(&["--prune", "-l", "team=red"]).code, Some(2));
    apply(&[]).ok();
    let planned = apply(&["--prune", "-l", "team=red", "--dry-run"]).ok();
    assert!(planned.stdout.contains("would delete") && planned.stdout.contains("schedules.morning"), "{planned}");
    assert_eq!(gone(&plane), [""; 0]);
    // A directory of nothing is no reason to delete everything.
    world.ztm_reading("tenants: []", &["apply", "-f", "-", "--prune", "-l", "team=red", "--yes"]);
    assert_eq!(gone(&plane), [""; 0]);
    let pruned = apply(&["--prune", "-l", "team=red", "--yes", "-o", "json"]).ok().json();
    let results: Vec<_> =
        pruned["results"].as_array().unwrap().iter().map(|one| [&one["tenant_id"], &one["result"]]).collect();
    assert_eq!(json!(results), json!([["alice", "changed"], ["bob", "deleted"]]));
    assert_eq!(gone(&plane), ["DELETE /tenants/alice/schedules/morning", "DELETE /tenants/bob?keep_state=true"]);
    assert_eq!(world.ztm(["tenant", "list", "-o", "name"]).ok().stdout, "alice\ncarol\n");
}

#[test]
fn a_failure_keeps_what_would_be_pruned() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.tenant("bob", |_| ());
    plane.fail("PATCH /tenants/alice", 503, "unavailable", "the registry is away");
    write(&world, "tenants: [{name: alice, idle_timeout: 7, schedules: {}}]");
    plane.answer("GET /schedules?tenant=alice&limit=1000", 200, r#"{"schedules": []}"#);
    let partly = world.ztm(["apply", "-f", "fleet.yaml", "--prune", "-l", "!paid", "--yes"]);
    assert_eq!(partly.code, Some(1), "{partly}");
    assert!(partly.stderr.contains("1 tenant not deleted, since something failed"), "{partly}");
    assert!(!plane.asked().iter().any(|line| line.starts_with("DELETE")), "{:?}", plane.asked());
}

#[test]
fn the_manifest_in_the_help_can_be_applied_and_the_help_names_every_field_that_an_export_has() {
    let world = world();
    let told = world.ztm(["help", "manifests"]).ok().stdout;
    let manifest: Vec<&str> = told
        .lines()
        .skip_while(|line| !line.starts_with("  tenants:"))
        .take_while(|line| !line.is_empty())
        .map(|line| &line[2..])
        .collect();
    write(&world, &manifest.join("\n"));
    std::fs::rename(world.home().join("secrets/alice.token"), world.home().join("alice.token")).unwrap();
    world.ztm(["apply", "-f", "fleet.yaml"]).ok();
    assert_eq!(results(&world, &["apply"]), [("alice".to_owned(), "unchanged".to_owned(), Vec::new())]);
    let mut fields = BTreeSet::new();
    keys(&world.ztm(["export", "-o", "json"]).ok().json(), &mut fields);
    let named = ["alice", "morning", "report", "team", "schema_version"];
    let unsaid: Vec<&String> =
        fields.iter().filter(|key| !named.contains(&key.as_str()) && !told.contains(key.as_str())).collect();
    assert!(unsaid.is_empty() && fields.contains("cost_gpu_seconds"), "{unsaid:?} of {fields:?}");
}

/// The keys of every object in a value.
fn keys(value: &serde_json::Value, into: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, value) in fields {
                into.insert(key.clone());
                keys(value, into);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| keys(item, into)),
        _ => {}
    }
}
