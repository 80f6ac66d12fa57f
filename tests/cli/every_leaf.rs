//! What holds for every command: walks the clap tree, so that a new command cannot be forgotten.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory};
use ztm::{cli::Cli, generate};

use super::{
    invocation::{Ended, World},
    plane::{Plane, job},
    terminal::on_terminals,
};

/// Every command without subcommands: its words after `ztm`, and itself.
pub(crate) fn leaves() -> Vec<(Vec<String>, Command)> {
    fn walk(command: &Command, path: &[String], into: &mut Vec<(Vec<String>, Command)>) {
        for child in command.get_subcommands() {
            let mut path = path.to_vec();
            path.push(child.get_name().to_owned());
            if child.has_subcommands() {
                walk(child, &path, into);
            } else {
                into.push((path, child.clone()));
            }
        }
    }
    let mut all = Vec::new();
    walk(&generate::tree(), &[], &mut all);
    all
}

/// The command lines of a help's examples, each as words, `ztm` first.
pub(crate) fn examples(command: &Command) -> Vec<Vec<String>> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    help.lines()
        .skip_while(|line| !line.starts_with("Example"))
        .skip(1)
        // What follows three spaces explains.
        .filter_map(|line| line.trim().split("   ").next())
        .flat_map(|line| line.split(" | "))
        .flat_map(|line| line.split(" && "))
        .map(str::trim)
        .filter(|line| line.starts_with("ztm "))
        .map(|line| shell_words::split(line).unwrap())
        .collect()
}

#[test]
fn every_command_says_what_it_is_and_gives_an_example() {
    for (path, command) in leaves() {
        let name = path.join(" ");
        assert!(command.get_about().is_some_and(|about| about.to_string().len() > 10), "`{name}` says nothing");
        if matches!(name.as_str(), "agentd" | "agentd-exec") {
            continue;
        }
        let own =
            examples(&command).into_iter().filter(|words| words.len() > path.len() && words[1..=path.len()] == path);
        assert!(own.count() > 0, "`{name}` has no example of itself");
    }
}

#[test]
fn every_example_can_be_typed() {
    let mut lines = examples(&Cli::command());
    lines.extend(leaves().iter().flat_map(|(_, command)| examples(command)));
    assert!(lines.len() > 20);
    for words in lines {
        if let Err(error) = Cli::command().try_get_matches_from(&words) {
            panic!("{words:?}: {error}");
        }
    }
}

#[test]
fn every_command_has_a_man_page_and_takes_an_output_format() {
    let pages: BTreeSet<String> = generate::man().unwrap().into_iter().map(|(name, _)| name).collect();
    for (path, command) in leaves() {
        if command.is_hide_set() || path[0] == "generate" {
            continue;
        }
        assert!(pages.contains(&format!("ztm-{}.1", path.join("-"))), "{path:?} has no man page");
        assert!(command.get_arguments().any(|arg| arg.get_id() == "output"), "{path:?} takes no `-o`");
    }
}

#[test]
fn every_command_prints_its_help_on_standard_output() {
    let world = World::new();
    for (path, command) in leaves() {
        if command.is_disable_help_flag_set() {
            continue;
        }
        let help = world.ztm(path.iter().map(String::as_str).chain(["--help"])).ok();
        assert!(help.stderr.is_empty(), "{help}");
        assert!(help.stdout.contains("Usage: ztm"), "{help}");
        assert!(!help.stdout.contains('\u{1b}'), "{help}");
        assert!(
            help.stdout.lines().filter(|l| !l.starts_with("Usage")).all(|line| line.chars().count() <= 100),
            "too wide for a terminal:\n{help}"
        );
    }
}

/// What it says of the warm pool, of the machines, and of archives.
fn machines(plane: &Plane) {
    let pool = r#"{"ready": 1, "target": 5, "configured": 1, "chosen": true, "trouble": null, "warm_wakes": 3, "cold_wakes": 1}"#;
    plane.answer("GET /pool", 200, pool);
    plane.answer("PUT /pool", 200, pool);
    let nodes = r#"{"nodes": [{"name": "one", "allocatable": {"cpu_millis": 2000, "memory_bytes": 8589934592}, "tenants": ["alice"], "warm": 1}],
        "claims": [], "micro_usd_per_hour": null, "idle_micro_usd_per_hour": null, "unknown_prices": 1, "prices": "none"}"#;
    plane.answer("GET /nodes", 200, nodes);
    let part = r#"{"parts": [{"part": "registry", "ok": true, "text": "written and read", "took_ms": 1}]}"#;
    plane.answer("POST /admin/probe", 200, part);
    plane.answer("POST /tenants/alice/state/verify", 200, r#"{"tenant_id": "alice", "archives": []}"#);
}

/// Runs every command that prints data with this `-o`, and checks what each printed. Returns the command lines.
fn every_command(format: &str, holds: impl Fn(&Ended)) -> Vec<Vec<String>> {
    every_command_by(|world, line| world.ztm(line), format, holds)
}

/// [`every_command`], run in this way.
fn every_command_by(run: impl Fn(&World, &[&str]) -> Ended, format: &str, holds: impl Fn(&Ended)) -> Vec<Vec<String>> {
    let run = |world: &World, line: &[&str]| run(world, &[line, &["-o", format]].concat()).ok();
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.tenant("bob", |_| ());
    plane.update("alice", 1, "dead", Some("it broke"));
    plane.update("alice", 2, "pending", None);
    let lines: &[&[&str]] = &[
        &["admin", "init"],
        &["admin", "render", "rendered", "--image", "ztm:1", "--agent-image", "ztm-agent:1"],
        &["bench", "--dry-run"],
        &["bench", "--only", "read", "--count", "2"],
        &["config", "view"],
        &["context", "list"],
        &["context", "show"],
        &["context", "use", "embedded"],
        &["context", "add", "far", "--orchestrator-url", "http://127.0.0.1:9"],
        &["context", "remove", "far", "--yes"],
        &["doctor"],
        &["events"],
        &["status"],
        &["version"],
        &["tenant", "create", "carol", "123456:AAHxyz"],
        &["tenant", "list"],
        &["tenant", "get", "alice"],
        &["tenant", "update", "alice", "--idle-timeout", "1800"],
        &["tenant", "wake", "alice"],
        &["tenant", "stop", "alice"],
        &["tenant", "suspend", "alice", "--reason", "unpaid"],
        &["tenant", "resume", "alice"],
        &["tenant", "snapshot", "alice"],
        &["tenant", "state", "list", "alice"],
        &["tenant", "state", "verify", "alice"],
        &["tenant", "state", "restore", "alice", "1/2", "--yes"],
        &["tenant", "wait", "alice", "--for", "idle"],
        &["wait", "tenant/alice", "--for", "idle"],
        &["tenant", "delete", "bob", "--yes"],
        &["webhook", "register", "alice"],
        &["webhook", "info", "alice"],
        &["webhook", "delete", "alice"],
        &["node", "list"],
        &["node", "get", "one"],
        &["pool", "status"],
        &["pool", "scale", "5"],
        &["inbox", "list"],
        &["inbox", "replay", "alice/7/1"],
        &["inbox", "drop", "--yes", "alice/7/2"],
    ];
    let id = "alice.00000000000000000000000000";
    plane.answer(&format!("GET /jobs/{id}/wait?timeout_s=30"), 200, &job(id, "succeeded", |_| ()));
    plane.answer("POST /tenants/alice/snapshot", 200, r#"{"tenant_id": "alice", "changed": false, "snapshot": null}"#);
    let state =
        r#"{"tenant_id": "alice", "status": "idle", "archives": [], "unsaved": false, "snapshot_interval_ms": 1}"#;
    plane.answer("GET /tenants/alice/state", 200, state);
    machines(&plane);
    plane.answer("POST /tenants/alice/state/restore", 200, &plane.tenant_json("alice"));
    let wait: &[&str] = &["job", "wait", id];
    for line in lines.iter().chain([&wait]) {
        holds(&run(&world, line));
    }
    // The job plane, on a store of its own.
    let store = World::new();
    store.ztm(["tenant", "create", "alice"]).ok();
    let submitted = store.ztm(["job", "submit", "alice", "hello", "--cost", "5", "-o", "json"]).ok().json();
    let id = submitted["job_id"].as_str().unwrap();
    std::fs::write(store.home().join("fleet.yaml"), "tenants: [{name: alice}]").unwrap();
    let work: &[&[&str]] = &[
        &["job", "get", id],
        &["job", "list", "alice"],
        &["job", "cancel", id],
        &["job", "dead"],
        &["job", "retry", id],
        &["quota", "get", "alice"],
        &["quota", "list"],
        &["quota", "set", "alice", "--budget", "100/day"],
        &["quota", "grant", "alice", "5"],
        &["quota", "revoke", "alice", "5"],
        &["schedule", "set", "alice", "morning", "--cron", "@daily", "--message", "hi", "--chat", "7"],
        &["schedule", "list"],
        &["schedule", "get", "alice", "morning"],
        &["schedule", "pause", "alice", "morning"],
        &["schedule", "resume", "alice", "morning"],
        &["schedule", "set", "alice", "report", "--cron", "@daily", "--job", "hi", "--cost", "1"],
        &["schedule", "run", "alice", "report"],
        &["schedule", "delete", "alice", "morning", "--yes"],
        &["apply", "-f", "fleet.yaml"],
        &["diff", "-f", "fleet.yaml"],
        &["export"],
        &["logs", "alice"],
        &["spend", "report"],
        &["spend", "audit"],
        &["why", "tenant", "alice"],
        &["why", "job", id],
        &["why", "wake", "alice"],
    ];
    for line in work {
        holds(&run(&store, line));
    }
    let all = lines.iter().chain([&wait]).chain(work);
    all.map(|line| line.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn f6_every_command_prints_one_json_document_and_nothing_else() {
    let covered = every_command("json", |ended| {
        assert_eq!(ended.json()["schema_version"], 1, "{ended}");
        assert!(!ended.stdout.contains('\u{1b}'), "{ended}");
    });
    // Covered elsewhere: what runs or ends a control plane, and what prints no data of its own.
    let elsewhere = ["top", "job submit", "tenant logs", "tenant state export", "spend export", "up", "down"];
    every_leaf_is_among(&covered, &[&WITHOUT_DATA[..], &elsewhere].concat());
}

/// What prints no data of its own, or asks the world outside for it.
const WITHOUT_DATA: [&str; 12] = [
    "admin prices",
    "completion",
    "exec",
    "import",
    "shell",
    "help",
    "demo",
    "agent",
    "agentd",
    "agentd-exec",
    "generate man",
    "generate completions",
];

/// Every leaf begins one of these lines, or is named.
fn every_leaf_is_among(lines: &[Vec<String>], named: &[&str]) {
    for (path, _) in leaves() {
        let name = path.join(" ");
        assert!(
            lines.iter().any(|line| line.len() >= path.len() && line.iter().zip(&path).all(|(a, b)| a == b))
                || named.contains(&name.as_str()),
            "`{name}` is not tested with `-o json`"
        );
    }
}

/// The documents that a command printed: one, or one a line; and nothing else.
fn documents(ended: &Ended) -> Vec<serde_json::Value> {
    let read = serde_json::Deserializer::from_str(&ended.stdout).into_iter().collect::<Result<Vec<_>, _>>();
    let documents: Vec<serde_json::Value> = read.unwrap_or_else(|error| panic!("{error}: {ended}"));
    assert!(documents.len() == 1 || documents.len() == ended.stdout.lines().count(), "{ended}");
    assert!(documents.iter().all(serde_json::Value::is_object), "{ended}");
    documents
}

/// A world whose control plane, if one runs, ends with it.
struct Ending(World);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.ztm(["down"]);
    }
}

#[test]
fn f6_on_a_terminal_too_every_command_prints_json_and_nothing_else() {
    let data = |ended: &Ended| {
        assert!(!ended.to_string().contains('\u{1b}'), "{ended}");
        documents(ended)
    };
    let mut covered = every_command_by(on_terminals, "json", |ended| {
        let documents = data(ended);
        assert!(documents.len() == 1 && documents[0]["schema_version"] == 1, "{ended}");
    });
    // What prints a line each, and what begins and ends a control plane: a real one.
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.log(&["one\u{1b}[2J\n", "two\n"]);
    let real = Ending(World::new());
    let id = "alice.00000000000000000000000000";
    let fake: &[(&[&str], usize)] =
        &[(&["tenant", "logs", "alice"], 2), (&["tenant", "list", "--sort-by", "since"], 1)];
    let lines: &[(&[&str], usize)] = &[
        (&["up", "--detach", "--port", "0", "--router-port", "0"], 1),
        (&["tenant", "create", "alice"], 1),
        (&["tenant", "wake", "alice"], 1),
        (&["job", "submit", "alice", "hello", "--cost", "5", "--wait"], 1),
        (&["tenant", "stop", "alice"], 1),
        (&["tenant", "state", "export", "alice", "--file", "alice.tar.zst"], 1),
        (&["top", "--once"], 1),
        (&["down"], 1),
        (&["spend", "export"], 4),
    ];
    plane.answer(
        &format!("GET /jobs/{id}"),
        200,
        &job(id, "dead", |job| job.outcome.as_mut().unwrap().error = Some("\u{1b}[2J".to_owned())),
    );
    let watched: &[(&[&str], usize)] = &[(&["job", "get", id, "-w"], 1)];
    let all = fake.iter().chain(watched).map(|line| (&world, line)).chain(lines.iter().map(|line| (&real.0, line)));
    for (world, (line, least)) in all {
        let ended = on_terminals(world, &[line, &["-o", "json"][..]].concat()).ok();
        assert!(data(&ended).len() >= *least, "{line:?}: {ended}");
        covered.push(line.iter().map(ToString::to_string).collect());
    }
    every_leaf_is_among(&covered, &WITHOUT_DATA);
    // What is wrong is one document too, on the other terminal.
    for line in [&["tenant", "get", "nobody"][..], &["nonsense"], &["tenant", "delete", "alice", "--bad"]] {
        let ended = on_terminals(&world, &[line, &["-o", "json"]].concat());
        assert!(ended.code != Some(0) && ended.stdout.is_empty(), "{line:?}: {ended}");
        assert!(ended.json_error()["error"].is_string(), "{line:?}: {ended}");
    }
}

#[test]
fn every_command_prints_the_other_formats_too() {
    every_command("yaml", |ended| {
        let data: serde_json::Value = serde_saphyr::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}\n{ended}"));
        assert_eq!(data["schema_version"], 1, "{ended}");
    });
    every_command("csv", |ended| {
        let mut lines = csv::Reader::from_reader(ended.stdout.as_bytes());
        let columns = lines.headers().unwrap().len();
        for line in lines.records() {
            assert_eq!(line.unwrap().len(), columns, "{ended}");
        }
    });
    every_command("jsonpath={$}", |ended| assert!(ended.json().is_object(), "{ended}"));
    every_command("name", |ended| assert!(!ended.stdout.contains(['{', '\u{1b}']), "{ended}"));
    every_command("wide", |ended| assert!(!ended.stdout.contains('\u{1b}'), "{ended}"));
}

#[test]
fn a_format_that_is_none_is_refused_before_anything_is_done() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for (format, says) in [
        ("xml", "must be one of: table, wide, json, yaml, name, csv, jsonpath=TEMPLATE"),
        ("jsonpath=", "an expression must follow"),
        ("jsonpath={.a", "is not closed"),
        ("JSON", "must be one of"),
    ] {
        let refused = world.ztm(["tenant", "delete", "alice", "--yes", "-o", format]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused}");
        assert!(refused.stderr.contains(says), "{refused}");
    }
    assert_eq!(plane.asked(), [""; 0]);
}

#[test]
fn every_command_that_cannot_reach_a_control_plane_says_so_with_a_hint_and_prints_nothing() {
    let world = World::new().variable("ZTM_ORCHESTRATOR_URL", "http://127.0.0.1:9");
    std::fs::write(world.home().join("fleet.yaml"), "tenants: [{name: alice}]").unwrap();
    // What needs no control plane, or is one.
    let without = [
        "completion",
        "config",
        "context",
        "admin",
        "agent",
        "agentd",
        "agentd-exec",
        "generate",
        "up",
        "down",
        "demo",
        "version",
        "help",
        "doctor",
    ];
    let mut asked = 0;
    for (path, command) in leaves() {
        if without.contains(&path[0].as_str()) || path == ["status"] {
            continue;
        }
        let example = examples(&command).into_iter().find(|words| words[1..=path.len()] == path).unwrap();
        // Files of examples are not there; what is read from standard input is empty.
        let words = example.iter().skip(1).map(String::as_str).take_while(|word| !word.ends_with("-file"));
        let ended = world.ztm(words.chain(["--request-timeout", "5s"]));
        assert!(ended.code != Some(0) && ended.stdout.is_empty(), "{path:?}: {ended}");
        assert!(
            ended.stderr.contains("hint:")
                || ended.stderr.contains("\"hint\":")
                || ended.stderr.contains("try '--help'"),
            "{path:?}: {ended}"
        );
        asked += usize::from(ended.code == Some(7));
    }
    assert!(asked > 30, "{asked} commands asked");
}

#[test]
fn a_listing_without_rows_has_the_header_that_one_with_rows_has() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let header = |list: &[&str]| {
        let printed = world.ztm(list.iter().copied().chain(["-o", "csv"])).ok();
        printed.stdout.lines().next().unwrap_or_default().split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    let schedules = |list: &str| plane.answer("GET /schedules?limit=1000", 200, &format!("{{\"schedules\":[{list}]}}"));
    let spec = r#"{"cron":"@daily","message":{"chat_id":7,"text":"hi"}}"#;
    let jobs = |list: &str| {
        for line in ["GET /jobs?limit=1000", "GET /jobs?status=dead&limit=1000"] {
            plane.answer(line, 200, &format!("{{\"jobs\":[{list}]}}"));
        }
    };
    schedules("");
    jobs("");
    let all: [&[&str]; 5] =
        [&["tenant", "list"], &["inbox", "list"], &["job", "list"], &["job", "dead"], &["schedule", "list"]];
    let empty = all.map(header);
    assert!(empty.iter().all(|names| names.len() > 3), "{empty:?}");
    assert!(world.ztm(["job", "list", "-o", "csv", "--no-headers"]).ok().stdout.is_empty());
    plane.tenant("alice", |_| ());
    plane.update("alice", 1, "dead", None);
    jobs(&job("alice.00000000000000000000000000", "dead", |job| *job = job.clone().listed()));
    schedules(&format!(r#"{{"tenant_id":"alice","name":"m","spec":{spec},"next_at":"2027-01-01T00:00:00Z"}}"#));
    for (list, empty) in all.into_iter().zip(empty) {
        let full = header(list);
        assert!(empty.iter().all(|name| full.contains(name)), "{list:?}: {empty:?} of {full:?}");
        assert!(full == empty || list[0] == "schedule", "{list:?}: {empty:?} is not {full:?}");
    }
}
