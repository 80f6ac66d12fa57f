//! `ztm down`: only the process that holds the state directory is ever signalled.

use std::{
    fs::File,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
};

use insta::assert_snapshot;

use super::invocation::World;

/// A process that holds the world's `up.lock` open (as its standard input), and ends on SIGTERM.
fn holder(world: &World) -> Child {
    let lock = lock(world);
    let child = Command::new("sleep").arg("3600").stdin(Stdio::from(File::open(&lock).unwrap())).spawn().unwrap();
    std::fs::write(&lock, child.id().to_string()).unwrap();
    child
}

fn lock(world: &World) -> std::path::PathBuf {
    std::fs::create_dir_all(world.state_dir()).unwrap();
    let path = world.state_dir().join("up.lock");
    File::options().create(true).append(true).open(&path).unwrap();
    path
}

#[test]
fn a_control_plane_elsewhere_is_neither_ended_nor_begun_from_here() {
    let config = "[contexts.far]\norchestrator_url = 'http://127.0.0.1:9'\n[contexts.pods]\ncluster = true\n";
    let world = World::new().config(config);
    let mut child = holder(&world);
    for context in ["far", "pods"] {
        for verb in ["down", "up"] {
            let refused = world.ztm(["--context", context, verb]);
            assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused}");
            assert!(refused.stderr.contains("hint: `--context embedded` means this machine"), "{refused}");
        }
    }
    let named = world.ztm(["--orchestrator-url", "http://127.0.0.1:9", "down"]);
    assert!(named.code == Some(2) && named.stderr.contains("at http://127.0.0.1:9"), "{named}");
    assert_eq!(child.try_wait().unwrap(), None, "it was not meant");
    world.ztm(["--context", "embedded", "down"]).ok();
    child.wait().unwrap();
}

#[test]
fn no_control_plane_is_no_error() {
    let world = World::new();
    assert_snapshot!(world.ztm(["down"]), @"
    exit: 0
    --- stdout
    --- stderr
    no control plane is running in `[HOME]/.local/state/ztm`
    ");
    assert_eq!(world.ztm(["down", "-o", "json"]).ok().json()["stopped"], false);
    assert!(!world.state_dir().exists(), "asking for the end made a state directory");
}

#[test]
fn the_holder_is_ended_and_waited_for() {
    let mut world = World::new();
    let mut child = holder(&world);
    world.hide(child.id().to_string(), "[PID]");
    // The holder must be reaped by its parent to be gone for good; a pidfd tells before that.
    assert_snapshot!(world.ztm(["down"]), @"
    exit: 0
    --- stdout
    Process  [PID]
    Status   stopped
    Agents   saved and stopped
    --- stderr
    ");
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn agents_are_left_running_on_another_signal() {
    let world = World::new();
    let mut child = holder(&world);
    assert_eq!(world.ztm(["down", "--leave-agents", "-o", "json"]).ok().json()["agents_left"], true);
    assert_eq!(child.wait().unwrap().signal(), Some(rustix::process::Signal::USR1.as_raw()));
}

#[test]
fn a_stranger_that_got_the_pid_is_not_signalled() {
    let world = World::new();
    let mut stranger = Command::new("sleep").arg("3600").stdin(Stdio::null()).spawn().unwrap();
    std::fs::write(lock(&world), stranger.id().to_string()).unwrap();
    assert_eq!(world.ztm(["down", "-o", "json"]).ok().json()["stopped"], false);
    assert_eq!(stranger.try_wait().unwrap(), None);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn an_end_that_does_not_come_is_a_timeout() {
    let mut world = World::new();
    let lock = lock(&world);
    let mut deaf = Command::new("sh")
        .args(["-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"])
        .stdin(Stdio::from(File::open(&lock).unwrap()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 5];
    std::io::Read::read_exact(deaf.stdout.as_mut().unwrap(), &mut said).unwrap();
    std::fs::write(&lock, deaf.id().to_string()).unwrap();
    world.hide(deaf.id().to_string(), "[PID]");
    assert_snapshot!(world.ztm(["down", "--timeout", "200ms"]), @"
    exit: 6
    --- stdout
    --- stderr
    error: the end of the control plane (pid [PID]) did not finish within 200ms
    ");
    deaf.kill().unwrap();
    deaf.wait().unwrap();
}
