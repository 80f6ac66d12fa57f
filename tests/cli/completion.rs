//! Completion: real shells on a terminal, with the committed files, and names that a control plane knows.

use std::{net::TcpListener, path::Path, time::Duration};

use libtenancy::clock::Stopwatch;

use super::{
    invocation::{Ended, World},
    plane::{Plane, job},
    terminal::Terminal,
};

/// A world whose shells find the `ztm` that is tested.
fn world() -> World {
    let bin = Path::new(env!("CARGO_BIN_EXE_ztm")).parent().unwrap().display().to_string();
    World::new().variable("PATH", &format!("{bin}:/usr/local/bin:/usr/bin:/bin")).variable("PS1", "> ")
}

fn committed(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../completions")
        .join(name)
        .canonicalize()
        .unwrap()
        .display()
        .to_string()
}

/// What is offered for the last word of a line.
fn offered(world: &World, words: &[&str]) -> Ended {
    let index = words.len().to_string();
    let mut command = world.command();
    command.envs([("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", &index), ("_CLAP_IFS", "\n")]);
    world.ended(command.args(["--", "ztm"]).args(words))
}

#[test]
fn a_real_bash_completes_a_tenants_name() {
    let mut world = world();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.tenant("bob", |_| ());
    let mut shell = Terminal::run(&world, "bash", &["--norc", "--noprofile", "-i"]);
    shell.types(&format!("source {}\n", committed("ztm.bash")));
    shell.types("ztm tenant get al\t");
    shell.shows("ztm tenant get alice");
    shell.types("\u{15}exit\n");
    assert_eq!(shell.ends().0, Some(0));
}

#[test]
#[ignore = "needs zsh"]
fn a_real_zsh_completes_a_tenants_name() {
    let mut world = world();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.tenant("bob", |_| ());
    let mut shell = Terminal::run(&world, "zsh", &["-f", "-i"]);
    let directory = committed("");
    shell.types(&format!("fpath=({directory} $fpath); autoload -Uz compinit && compinit -u -D && echo loa''ded\n"));
    shell.shows("loaded");
    shell.types("ztm tenant get al\t");
    shell.shows("ztm tenant get alice");
    shell.types("\u{15}exit\n");
    assert_eq!(shell.ends().0, Some(0));
}

#[test]
fn names_of_every_kind_are_offered_and_kept_for_a_moment() {
    let mut world = World::new().config("[contexts.far]\norchestrator_url = 'http://127.0.0.1:9'\n");
    let plane = Plane::on(&mut world);
    for id in ["al-1", "al-2", "alice", "bob"] {
        plane.tenant(id, |_| ());
    }
    plane.update("alice", 7, "dead", Some("it broke"));
    let asks = |words: &[&str]| {
        let offers = offered(&world, words).ok();
        assert_eq!(offers.stderr, "", "{offers}");
        offers.stdout.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(asks(&["tenant", "get", "al"]), ["al-1", "al-2", "alice"]);
    assert_eq!(asks(&["tenant", "get", "al-"]), ["al-1", "al-2"]);
    assert_eq!(asks(&["tenant", "wake", "bob"]), ["bob"]);
    assert_eq!(asks(&["job", "submit", "b"]), ["bob"]);
    assert_eq!(asks(&["tenant", "create", "al"]), [""; 0], "a new one has a new name");
    assert_eq!(asks(&["context", "use", ""])[..2], ["embedded", "far"]);
    assert_eq!(asks(&["tenant", "list", "--context", "fa"]), ["far"]);
    assert_eq!(asks(&["inbox", "replay", "alice/"]), ["alice/7/7"]);
    // What was asked a moment ago is not asked again.
    let asked = plane.asked().len();
    assert_eq!(asks(&["tenant", "get", "al"]), ["al-1", "al-2", "alice"]);
    assert_eq!(plane.asked().len(), asked);
    // Another control plane's names are others.
    assert_eq!(asks(&["tenant", "get", "--context", "far", "al"]), [""; 0]);
}

#[test]
fn a_control_plane_that_does_not_answer_keeps_no_prompt_waiting() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let world = World::new().variable("ZTM_ORCHESTRATOR_URL", &url);
    let watch = Stopwatch::start();
    let offers = offered(&world, &["tenant", "get", "al"]).ok();
    assert_eq!((offers.stdout.trim(), offers.stderr.as_str()), ("", ""));
    // The budget is half a second; the rest is a busy machine's.
    assert!(watch.elapsed() < Duration::from_secs(10), "{:?}", watch.elapsed());
    // Nothing is made by a look at nothing.
    let empty = World::new();
    assert_eq!(offered(&empty, &["tenant", "get", "al"]).ok().stdout.trim(), "");
    assert!(!empty.state_dir().exists());
}

#[test]
fn what_is_waited_for_archives_labels_fields_and_topics_are_offered_too() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| tenant.labels = serde_json::from_str(r#"{"team":"red","env":"prod"}"#).unwrap());
    plane.tenant("bob", |_| ());
    let one = "alice.00000000000000000000000000";
    plane.answer("GET /jobs?limit=1000", 200, &format!("{{\"jobs\":[{}]}}", job(one, "queued", |_| ())));
    let archive =
        |key: &str| format!(r#"{{"key":"{key}","generation":1,"taken_at":null,"bytes":1,"published":false}}"#);
    let archives = ["1/1.tar.zst", "1/2.tar.zst"].map(archive).join(",");
    let state = format!(
        r#"{{"tenant_id":"alice","status":"idle","archives":[{archives}],"instead_of":null,"saved_until":null,"unsaved":false,"snapshot_interval_ms":1}}"#
    );
    plane.answer("GET /tenants/alice/state", 200, &state);
    let asks = |words: &[&str]| {
        let offers = offered(&world, words).ok();
        assert_eq!(offers.stderr, "", "{offers}");
        offers.stdout.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let awaited = format!("job/{one}");
    assert_eq!(asks(&["wait", "ten"]), ["tenant/alice", "tenant/bob"]);
    assert_eq!(asks(&["wait", "tenant/b"]), ["tenant/bob"]);
    assert_eq!(asks(&["wait", "j"]), [awaited.as_str()]);
    assert_eq!(asks(&["wait", "tenant/bob", "--for", ""]), ["running", "idle", "deleted"]);
    assert_eq!(asks(&["tenant", "state", "restore", "alice", "1/"]), ["1/1.tar.zst", "1/2.tar.zst"]);
    assert_eq!(asks(&["tenant", "state", "verify", "bob", "1/"]), [""; 0]);
    assert_eq!(asks(&["tenant", "list", "-l", "t"]), ["team=red"]);
    assert_eq!(asks(&["tenant", "list", "-l", "team=red,e"]), ["team=red,env=prod"]);
    assert_eq!(asks(&["tenant", "list", "--sort-by", "last_a"]), ["last_active_at"]);
    assert_eq!(asks(&["tenant", "list", "--sort-by", "last_wake.k"]), ["last_wake.kind"]);
    assert_eq!(asks(&["tenant", "list", "--sort-by", "-last_a"]), ["-last_active_at"]);
    assert_eq!(asks(&["job", "list", "--filter", "stat"]), ["status="]);
    assert_eq!(asks(&["help", "exit"]), ["exit-codes"]);
    assert_eq!(asks(&["help", "tenant", "cre"]), ["create"]);
    assert_eq!(asks(&["completion", "z"]), ["zsh"]);
    assert_eq!(asks(&["why", "job", "alice"]), [one]);
    assert_eq!(asks(&["why", "tenant", "a"]), ["alice"]);
    assert_eq!(asks(&["schedule", "set", "alice", "m", "--time-zone", "Europe/Berl"]), ["Europe/Berlin"]);
    // What was told of the tenant of late, and of nobody else.
    let told = |id: &str| serde_json::json!({ "at": "2026-11-30T00:00:00Z", "source": "orchestrator", "request_id": id, "text": "x" });
    plane.told(&told("7-1"));
    assert_eq!(asks(&["logs", "alice", "--request", ""]), ["7-1"]);
    assert_eq!(asks(&["logs", "--tail", "5", "alice", "--request", "7"]), ["7-1"]);
    assert_eq!(asks(&["logs", "alice", "--request", "8"]), [""; 0]);
    assert_eq!(asks(&["logs", "--request", ""]), [""; 0], "nobody's");
    plane.fail("GET /tenants/bob/journal?tail=500&follow=false", 500, "internal", "broken");
    assert_eq!(asks(&["logs", "bob", "--request", ""]), [""; 0], "and nothing is said");
    assert_eq!(asks(&["tenant", "update", "alice", "--label", "te"]), ["team=red"]);
    assert_eq!(asks(&["import", "--from", "embe"]), ["embedded"]);
    // Flags are for whoever begins one.
    assert_eq!(asks(&["tenant", "get", ""]), ["alice", "bob"]);
    assert_eq!(asks(&["tenant", "get", "--outp"]), ["--output"]);
    let words = asks(&["help", ""]);
    assert!(words.contains(&"tenant".to_owned()) && words.contains(&"exit-codes".to_owned()), "{words:?}");
}

#[test]
fn a_shell_is_told_how_to_complete_and_an_unknown_one_that_it_is_unknown() {
    let world = World::new();
    for (shell, file) in
        [("bash", "ztm.bash"), ("zsh", "_ztm"), ("fish", "ztm.fish"), ("elvish", "ztm.elv"), ("powershell", "_ztm.ps1")]
    {
        let printed = world.ztm(["completion", shell]).ok();
        assert_eq!(printed.stdout, std::fs::read_to_string(committed(file)).unwrap(), "{shell}");
    }
    assert_eq!(world.ztm(["completion", "ksh"]).code, Some(2));
    let unknown = World::new().variable("COMPLETE", "ksh");
    for words in [&[][..], &["tenant", "list"]] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(unknown.ztm(words), @"
            exit: 2
            --- stdout
            --- stderr
            error: COMPLETE is `ksh`, a shell without completion here
            hint: it is one of bash, elvish, fish, powershell, zsh; without it the command itself runs
            ");
        }
    }
    let mine = World::new().variable("COMPLETE", "/usr/bin/bash").ztm([""; 0]).ok();
    assert!(mine.stdout.contains("complete "), "{mine}");
}
