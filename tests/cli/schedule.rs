//! `ztm schedule`, on the store itself; that schedules fire is `tests/lifecycle/schedules.rs`.

use super::invocation::World;

fn world() -> World {
    let world = World::new();
    world.ztm(["tenant", "create", "alice"]).ok();
    world
}

const SET: [&str; 11] = [
    "schedule",
    "set",
    "alice",
    "morning",
    "--cron",
    "0 9 * * MON-FRI",
    "--message",
    "What is on?",
    "--chat",
    "-4711",
    "--time-zone=Europe/Berlin",
];

#[test]
fn a_schedule_is_set_listed_paused_resumed_and_deleted() {
    let world = world();
    let set = world.ztm(SET.iter().copied().chain(["-o", "json"])).ok().json();
    assert_eq!((&set["name"], &set["spec"]["cron"]), (&"morning".into(), &"0 9 * * MON-FRI".into()), "{set}");
    assert_eq!(set["spec"]["message"], serde_json::json!({"chat_id": -4711, "text": "What is on?"}));
    let next: jiff::Timestamp = set["next_at"].as_str().unwrap().parse().unwrap();
    let wall = next.in_tz("Europe/Berlin").unwrap();
    assert_eq!((wall.hour(), wall.minute(), wall.weekday().to_monday_one_offset() < 6), (9, 0, true), "{wall}");
    let job = ["schedule", "set", "alice", "report", "--cron", "@weekly", "--job", "Write it.", "--cost", "120"];
    world.ztm(job).ok();
    let list = world.ztm(["schedule", "list", "alice"]).ok();
    assert!(list.stdout.lines().count() == 3 && list.stdout.contains("job for 120: Write it."), "{list}");
    let names = world.ztm(["schedule", "list", "-o", "name", "--sort-by=-name"]).ok();
    assert_eq!(names.stdout, "alice/report\nalice/morning\n");
    let paused = world.ztm(["schedule", "pause", "alice", "morning"]).ok();
    assert!(paused.stdout.contains("paused"), "{paused}");
    let resumed = world.ztm(["schedule", "resume", "alice", "morning", "-o", "json"]).ok().json();
    assert_eq!(resumed["next_at"], set["next_at"]);
    let asked = world.ztm(["schedule", "delete", "alice", "morning"]);
    assert_eq!((asked.code, asked.stdout.as_str()), (Some(2), ""), "{asked}");
    world.ztm(["schedule", "delete", "alice", "morning", "--yes"]).ok();
    assert_eq!(world.ztm(["schedule", "get", "alice", "morning"]).code, Some(3));
    assert_eq!(world.ztm(["schedule", "list", "-o", "name"]).ok().stdout, "alice/report\n");
}

#[test]
fn a_schedule_whose_job_could_never_be_paid_for_is_refused_unless_it_is_paused() {
    let world = world();
    let set = |more: &[&str]| {
        let line = ["schedule", "set", "alice", "report", "--cron", "@daily", "--job", "sum up", "--cost", "4000"];
        world.ztm(line.iter().chain(more))
    };
    for more in [&[][..], &["--dry-run"]] {
        let refused = set(more);
        let says = "invalid --cost: 4000 is more than the tenant can ever hold (3600 credits)";
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused}");
        assert!(refused.stderr.contains(says) && refused.stderr.contains("hint: `ztm quota get"), "{refused}");
    }
    set(&["--paused"]).ok();
    assert_eq!(world.ztm(["schedule", "resume", "alice", "report"]).code, Some(2));
    world.ztm(["quota", "set", "alice", "--burst", "4000"]).ok();
    world.ztm(["schedule", "resume", "alice", "report"]).ok();
    // One that is there can be paused whatever it costs.
    world.ztm(["quota", "set", "alice", "--burst", "10"]).ok();
    world.ztm(["schedule", "pause", "alice", "report"]).ok();
}

#[test]
fn a_schedule_has_every_key_also_where_there_is_nothing() {
    let world = world();
    let set = world.ztm(SET.iter().copied().chain(["--paused", "-o", "json"])).ok().json();
    let nothing = Some(&serde_json::Value::Null);
    assert_eq!(
        (set.get("last"), set.get("next_at"), &set["spec"]["paused"]),
        (nothing, nothing, &true.into()),
        "{set}"
    );
    let resumed = world.ztm(["schedule", "resume", "alice", "morning", "-o", "json"]).ok().json();
    assert_eq!((resumed.get("last"), resumed["spec"].get("paused")), (nothing, Some(&false.into())), "{resumed}");
}

#[test]
fn a_schedule_is_run_once_by_hand_and_fires_next_as_before() {
    let world = world();
    let job = ["schedule", "set", "alice", "report", "--cron", "@weekly", "--job", "Write it.", "--cost", "120"];
    let next = world.ztm(job.iter().copied().chain(["-o", "json"])).ok().json()["next_at"].clone();
    let run = ["schedule", "run", "alice", "report"];
    let would = world.ztm(run.iter().copied().chain(["--dry-run=server", "-o", "json"])).ok().json();
    assert!(would["would"] == "give `alice` a job that holds 120 credits", "{would}");
    assert_eq!(world.ztm(["job", "list", "-o", "name"]).ok().stdout, "", "it was only rehearsed");
    let ran = world.ztm(run.iter().copied().chain(["-o", "json"])).ok().json();
    let listed = world.ztm(["job", "list", "-o", "json"]).ok().json();
    assert_eq!(listed["jobs"].as_array().unwrap().len(), 1);
    assert_eq!((&listed["jobs"][0]["job_id"], &ran["update"]), (&ran["job_id"], &serde_json::Value::Null), "{ran}");
    assert_eq!(listed["jobs"][0]["prompt"], "Write it.");
    let key = |key: &str| {
        let ended = world.ended(world.command().args(run).args(["-o", "name"]).env("ZTM_IDEMPOTENCY_KEY", key)).ok();
        ended.stdout
    };
    assert_eq!(key("once"), key("once"), "a repeat under one key is the same run");
    assert_ne!(key("once"), key("twice"));
    assert_eq!(world.ztm(["job", "list", "-o", "name"]).ok().stdout.lines().count(), 3);
    world.ztm(["schedule", "pause", "alice", "report"]).ok();
    world.ztm(run).ok();
    let resumed = world.ztm(["schedule", "resume", "alice", "report", "-o", "json"]).ok().json();
    assert_eq!((&resumed["next_at"], &resumed["last"]), (&next, &serde_json::Value::Null), "{resumed}");
    let unknown = world.ztm(["schedule", "run", "alice", "nothing"]);
    assert_eq!(unknown.code, Some(3), "{unknown}");
    assert!(unknown.stderr.contains("`ztm schedule list alice`"), "{unknown}");
    world.ztm(SET).ok();
    let dumb = world.ztm(["schedule", "run", "alice", "morning"]);
    assert!(dumb.code == Some(3) && dumb.stderr.contains("bot of tenant `alice` not found"), "{dumb}");
}

#[test]
fn a_rehearsed_schedule_says_when_it_fires_and_what_that_holds() {
    let world = world();
    let would = |line: &[&str]| {
        let said = world.ztm(line.iter().chain(&["--dry-run", "-o", "json"])).ok().json();
        said["would"].as_str().unwrap().to_owned()
    };
    let message = would(&SET);
    let (first, rest) = message.split_once(" fires next at ").unwrap();
    let (next, what) = rest.split_once("; ").unwrap();
    assert_eq!(first, "change tenant `alice`: schedule `morning` (`0 9 * * MON-FRI`, Europe/Berlin)");
    let wall = next.parse::<jiff::Timestamp>().unwrap().in_tz("Europe/Berlin").unwrap();
    assert_eq!((wall.hour(), wall.minute()), (9, 0), "{message}");
    assert_eq!(what, "it tells chat -4711 something, which holds 10 credits");
    let job = ["schedule", "set", "alice", "report", "--cron", "@weekly", "--job", "Write it.", "--cost", "120"];
    assert!(would(&job).ends_with("; it submits a job, which holds 120 credits"), "{}", would(&job));
    world.ztm(SET).ok();
    let paused = would(&["schedule", "pause", "alice", "morning"]);
    assert!(paused.contains(" fires no more until it is resumed; "), "{paused}");
    let gone = would(&["schedule", "delete", "alice", "morning"]);
    assert_eq!(gone, "change tenant `alice`: schedule `morning` goes");
}

#[test]
fn what_is_no_schedule_is_refused_and_changes_nothing() {
    let world = world();
    let message = ["--message", "hi", "--chat", "1"];
    for (code, args, says) in [
        (2, &["alice", "x", "--cron", "61 * * * *"][..], "invalid cron"),
        (2, &["alice", "x", "--cron", "0 0 30 2 *"], "ever comes"),
        (2, &["alice", "x", "--cron", "@daily", "--time-zone", "Mars"], "no time zone"),
        (2, &["alice", "X", "--cron", "@daily"], "invalid schedule"),
        (2, &["../x", "x", "--cron", "@daily"], "invalid tenant id"),
        (3, &["bob", "x", "--cron", "@daily"], "tenant `bob` not found"),
        (2, &["alice", "x", "--cron", "@daily", "--catch-up", "twice"], "possible values: skip, once, all"),
        (2, &["alice", "x", "--cron", "@daily", "--job", "p", "--cost", "1"], "cannot be used with"),
    ] {
        let refused = world.ztm(["schedule", "set"].iter().chain(args).chain(&message));
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(code), ""), "{args:?}: {refused}");
        assert!(refused.stderr.contains(says), "{args:?}: {refused}");
    }
    for missing in [&["--message", "hi"][..], &["--chat", "1"], &["--job", "p"], &[]] {
        let refused = world.ztm(["schedule", "set", "alice", "x", "--cron", "@daily"].iter().chain(missing));
        assert_eq!(refused.code, Some(2), "{missing:?}: {refused}");
    }
    assert_eq!(world.ztm(["schedule", "list", "-o", "name"]).ok().stdout, "");
}

#[test]
fn names_are_taken_as_they_are_printed() {
    let world = world();
    world.ztm(SET).ok();
    world.ztm(["schedule", "set", "alice/report", "--cron", "@weekly", "--job", "Write it.", "--cost", "120"]).ok();
    let names = || world.ztm(["schedule", "list", "-o", "name"]).ok().stdout;
    assert_eq!(names(), "alice/morning\nalice/report\n");
    let all = ["alice/morning", "alice/report"];
    let got = world.ztm(["schedule", "get", "alice/morning", "-o", "json"]).ok().json();
    assert_eq!(got["name"], "morning");
    let paused = world.ztm(["schedule", "pause"].iter().chain(&all).copied()).ok();
    assert_eq!(paused.stdout.matches("paused").count(), 2, "{paused}");
    let rehearsed = world.ztm(["schedule", "delete", "--yes", "--dry-run"].iter().chain(&all).copied()).ok();
    assert!(rehearsed.stderr.contains("morning") && rehearsed.stderr.contains("report"), "{rehearsed}");
    for wrong in [&["alice"][..], &["alice/morning", "report"], &["alice", "bob/morning"]] {
        let refused = world.ztm(["schedule", "delete", "--yes"].iter().chain(wrong).copied());
        assert!(refused.code == Some(2) && refused.stderr.contains("TENANT/SCHEDULE"), "{refused}");
    }
    // One that is not there does not keep the others from it.
    let partly = world.ztm(["schedule", "delete", "--yes", "alice/none"].iter().chain(&all).copied());
    assert_eq!(partly.code, Some(3), "{partly}");
    assert_eq!(names(), "");
}
