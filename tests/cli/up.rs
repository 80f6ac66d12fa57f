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
