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
