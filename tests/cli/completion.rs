//! Completion: real shells on a terminal, with the committed files, and names that a control plane knows.

use std::{net::TcpListener, path::Path, time::Duration};

use libtenancy::clock::Stopwatch;

use super::{
    invocation::{Ended, World},
    plane::Plane,
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
