//! `ztm up`, as far as it is decided before anything is started. (What it runs is tested end to end.)

use std::fs::File;

use insta::assert_snapshot;

use super::invocation::World;

#[test]
fn what_can_never_work_is_refused_and_makes_nothing() {
    let world = World::new();
    assert_snapshot!(world.ztm(["up", "--agent", "no-such-program {port}"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid agent: there is no program `no-such-program` to run
    ");
    assert_snapshot!(world.ztm(["up", "--agent", "sh 'open"]), @"
    exit: 2
    --- stdout
    --- stderr
    error: invalid agent: missing closing quote in `sh 'open`
    ");
    for args in [
        &["up", "--port", "70000"][..],
        &["up", "--port", "1", "--router-port", "1"],
        &["up", "--listen", "localhost"],
        &["up", "--max-running", "0"],
        &["up", "--warm", "-1"],
        &["up", "--warm", "1001"],
        &["up", "--drain", "-1s"],
        &["up", "--agent-memory", "lots"],
        &["up", "--agent-template", "/etc/passwd"],
        &["up", "--telegram-url", "telegram"],
        &["up", "--detach", "--snapshot-interval", "0"],
    ] {
        let ended = world.ztm(args);
        assert_eq!(ended.code, Some(2), "{args:?}: {ended}");
    }
    assert!(!world.state_dir().exists());
}

#[test]
fn a_second_up_is_a_conflict() {
    let mut world = World::new();
    std::fs::create_dir_all(world.state_dir()).unwrap();
    let lock = world.state_dir().join("up.lock");
    std::fs::write(&lock, std::process::id().to_string()).unwrap();
    let _held = File::open(&lock).unwrap();
    world.hide(format!("pid {}", std::process::id()), "pid [PID]");
    assert_snapshot!(world.ztm(["up"]), @"
    exit: 5
    --- stdout
    --- stderr
    error: `[HOME]/.local/state/ztm` is in use by another control plane (pid [PID])
    hint: use the running one, stop it with `ztm down`, or choose another `--state-dir`
    ");
    assert_eq!(world.ztm(["up", "--detach"]).code, Some(5));
}

#[test]
fn a_failure_in_the_background_is_told_in_front() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (front, back) = (World::new(), World::new());
    let in_front = front.ztm(["up", "--port", &port, "--router-port", "0", "-q"]);
    assert!(![None, Some(0)].contains(&in_front.code), "{in_front}");
    let up = ["up", "--port", &port, "--router-port", "0", "-q", "--detach"];
    for flags in [&[][..], &["-o", "wide", "--color", "never"], &["--output=table", "--color=auto"]] {
        let before = back.ztm(flags.iter().copied().chain(up));
        assert_eq!(before.to_string(), in_front.to_string());
        let after = back.ztm(up.iter().chain(flags));
        assert_eq!(after.to_string(), in_front.to_string());
    }
    let json = back.ztm(up.iter().chain(&["-o", "json"]));
    assert_eq!((json.code, json.json_error()["error"].is_string()), (in_front.code, true), "{json}");
    assert!(back.state_dir().join("up.log").exists());
    assert!(!back.state_dir().join("up.json").exists());
}
