//! `ztm exec` and `ztm shell`: real commands beside real agents, on a pipe and on a terminal.

use std::{process::Stdio, time::Duration};

use tokio::io::AsyncWriteExt;

use crate::{
    plane::{BOUND, Plane, Tenant},
    top::Screen,
};

/// How many processes of the control plane were started so.
fn running(plane: &Plane, command: &str) -> usize {
    plane.processes().iter().filter(|one| one.command == command).count()
}

async fn gone(plane: &Plane, part: &str) {
    plane.wait(&format!("the end of {part}"), async || (running(plane, part) == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_runs_beside_the_tenants_own_agent_which_is_woken_first() {
    let mut plane = Plane::start(&[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    let other = plane.tenant("other", 2, 3_600).await;
    // Two tenants awake or asleep, whoever asks is beside their own.
    for tenant in [&tenant, &other] {
        let script = "pwd; echo $TENANT_ID; touch was-here; echo bad >&2; exit 7";
        let ran = plane.ztm(&["exec", &tenant.id, "--", "sh", "-c", script]).await;
        let home = plane.canonical_state_dir().join("tenants").join(&tenant.id).join("state");
        assert_eq!((ran.code, &*ran.stdout), (Some(7), &*format!("{}\n{}\n", home.display(), tenant.id)), "{ran:?}");
        assert!(ran.stderr.contains("bad\n") && ran.stderr.contains("beside agent "), "{ran:?}");
        assert!(!ran.stderr.contains("error:"), "a status is no error of ztm's: {ran:?}");
        assert!(home.join("was-here").exists());
        plane.wait_status(tenant, "running").await;
    }
    // What is read from one side is written on the other, byte by byte, however much it is.
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut cat = plane.command();
    cat.args(["exec", "acme", "-i", "-q", "--", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut cat = cat.spawn().unwrap();
    let mut input = cat.stdin.take().unwrap();
    let sent = bytes.clone();
    let sends = tokio::spawn(async move { input.write_all(&sent).await });
    let output = tokio::time::timeout(BOUND, cat.wait_with_output()).await.unwrap().unwrap();
    sends.await.unwrap().unwrap();
    assert!(output.status.success() && output.stdout == bytes, "{} bytes", output.stdout.len());
    // A command that reads nothing of what it is sent, and one that is ended by a signal.
    assert_eq!(plane.ztm(&["exec", "acme", "--", "true"]).await.ok().stdout, "");
    assert_eq!(plane.ztm(&["exec", "acme", "--", "sh", "-c", "kill -9 $$"]).await.code, Some(128 + 9));
    // That there is no room for what it says is no fault of the session.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut echo = plane.command();
    echo.args(["exec", "acme", "-q", "--", "echo", "x"]).stdout(full).stderr(Stdio::piped());
    let echo = tokio::time::timeout(BOUND, echo.spawn().unwrap().wait_with_output()).await.unwrap().unwrap();
    let says = String::from_utf8(echo.stderr).unwrap();
    assert!(echo.status.code() == Some(1) && says.contains("cannot write to standard output"), "{says}");
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_cannot_be_is_refused_and_says_why() {
    let mut plane = Plane::start(&[]).await;
    let tenant = plane.tenant("acme", 1, 3_600).await;
    for (code, arguments, says) in [
        (127, &["exec", "acme", "--", "no-such-program"][..], "cannot run `no-such-program`"),
        (3, &["exec", "nobody", "--", "true"], "tenant `nobody` not found"),
        (2, &["exec", "../x", "--", "true"], "invalid tenant id"),
        (2, &["exec", "acme", "-t", "--", "true"], "no terminal"),
        (2, &["shell", "acme"], "no terminal"),
        (2, &["exec", "acme", "true"], "unexpected argument"),
    ] {
        let refused = plane.ztm(arguments).await;
        assert_eq!((refused.code, &*refused.stdout), (Some(code), ""), "{arguments:?}: {refused:?}");
        assert!(refused.stderr.contains(says), "{arguments:?}: {refused:?}");
    }
    plane.ztm(&["tenant", "suspend", "acme", "--reason", "unpaid"]).await.ok();
    let refused = plane.ztm(&["exec", "acme", "--", "true"]).await;
    assert_eq!(refused.code, Some(5), "{refused:?}");
    plane.ztm(&["tenant", "resume", "acme"]).await.ok();
    // No more than there is room for; one that ends makes room.
    let mut many = Vec::new();
    for _ in 0..16 {
        let mut one = plane.command();
        many.push(
            one.args(["exec", "acme", "--", "sleep", "1001"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
    }
    plane.wait("sixteen", async || (running(&plane, "sleep 1001") == 16).then_some(())).await;
    let refused = plane.ztm(&["exec", "acme", "--", "true"]).await;
    assert_eq!((refused.code, refused.stderr.contains("16 sessions are open")), (Some(8), true), "{refused:?}");
    // Whoever dies without a word has the command ended.
    for one in &mut many {
        one.kill().await.unwrap();
    }
    gone(&plane, "sleep 1001").await;
    // Also while a command that reads nothing holds up what it is sent.
    let mut endless = plane.command();
    endless.args(["exec", "acme", "-i", "--", "sleep", "1004"]).stdin(std::fs::File::open("/dev/zero").unwrap());
    let mut endless = endless.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    plane.wait("the sleep", async || (running(&plane, "sleep 1004") == 1).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    endless.kill().await.unwrap();
    gone(&plane, "sleep 1004").await;
    plane.ztm(&["exec", "acme", "--", "true"]).await.ok();
    plane.wait_status(&tenant, "running").await;
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_is_not_stopped_for_idleness_while_a_session_is_open() {
    let mut plane = Plane::start(&[]).await;
    let tenant = Tenant::new("acme", 1);
    plane.create(&tenant, 1).await;
    let ran = plane.ztm(&["exec", "acme", "--", "sh", "-c", "echo begun; sleep 5; echo alive"]).await.ok();
    assert_eq!(ran.stdout, "begun\nalive\n", "five times its idle timeout");
    plane.wait_status(&tenant, "idle").await;
    // What was left in the background ends with the agent; the command's own end is not waited for by it.
    let ran = plane.ztm(&["exec", "acme", "--", "sh", "-c", "sleep 1002 & echo left"]).await.ok();
    assert_eq!(ran.stdout, "left\n");
    plane.wait_status(&tenant, "idle").await;
    gone(&plane, "sleep 1002").await;
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_has_a_terminal_of_its_size_and_gives_ours_back_however_it_ends() {
    let mut plane = Plane::start(&[]).await;
    plane.tenant("acme", 1, 3_600).await;
    let mut screen = Screen::of(&plane, &["shell", "acme"]);
    screen.shows("whose it is", |text| text.contains("beside agent ")).await;
    screen.types("stty size; echo \"$TERM $TENANT_ID\"\r");
    screen.shows("its size and kind", |text| text.contains("24 80") && text.contains("xterm-256color acme")).await;
    screen.resize(100, 30);
    tokio::time::sleep(Duration::from_millis(300)).await;
    screen.types("stty size\r");
    screen.shows("the new size", |text| text.contains("30 100")).await;
    // Ctrl-C is the command's, and not ours.
    screen.types("sleep 1003\r");
    plane.wait("the sleep", async || (running(&plane, "sleep 1003") == 1).then_some(())).await;
    screen.types("\u{3}");
    gone(&plane, "sleep 1003").await;
    screen.types("exit 9\r");
    assert_eq!(screen.gives_back().await.code(), Some(9));
    // Whoever gave it a terminal leaves it by what is typed there.
    let mut screen = Screen::of(&plane, &["exec", "acme", "-t", "--", "cat"]);
    screen.types("to be repeated\r");
    screen.shows("twice", |text| text.matches("to be repeated").count() >= 2).await;
    screen.types("\u{4}");
    assert_eq!(screen.gives_back().await.code(), Some(0));
    // The control plane dies in the middle of it.
    let mut screen = Screen::of(&plane, &["shell", "acme"]);
    screen.types("echo rea''dy\r");
    screen.shows("the shell", |text| text.contains("ready")).await;
    plane.kill().await;
    assert_eq!(screen.gives_back().await.code(), Some(7));
    plane.up().await;
    plane.down().await;
}
