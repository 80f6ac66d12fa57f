//! A terminal: what the command asks there, and what a person types.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use libtenancy::clock::Stopwatch;
use serde_json::json;

use super::{
    invocation::{Ended, World},
    plane::{Plane, job},
    pty::Pty,
};

const LIMIT: Duration = Duration::from_secs(30);

/// A command on a terminal of its own.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<(Mutex<(String, bool)>, Condvar)>,
}

impl Terminal {
    pub(crate) fn start(world: &World, args: &[&str]) -> Self {
        Self::run(world, env!("CARGO_BIN_EXE_ztm"), args)
    }

    /// Another program than `ztm`.
    pub(crate) fn run(world: &World, program: &str, args: &[&str]) -> Self {
        let pty = Pty::open(80, 24);
        let child = Command::new(program)
            .args(args)
            .current_dir(world.home())
            .env_clear()
            .envs(world.environment())
            .stdin(pty.stream())
            .stdout(pty.stream())
            .stderr(pty.stream())
            .spawn()
            .unwrap();
        let screen = Arc::new((Mutex::new((String::new(), false)), Condvar::new()));
        let shown = Arc::clone(&screen);
        let mut reader = pty.reader();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The end of a terminal is an error (EIO) on Linux.
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                shown.0.lock().unwrap().0.push_str(&String::from_utf8_lossy(&buffer[..n]));
                shown.1.notify_all();
            }
            shown.0.lock().unwrap().1 = true;
            shown.1.notify_all();
        });
        Self { child, keyboard: pty.person, screen }
    }

    /// Waits until the screen shows `text`.
    pub(crate) fn shows(&self, text: &str) {
        let screen = self.screen.0.lock().unwrap();
        let (screen, waited) =
            self.screen.1.wait_timeout_while(screen, LIMIT, |(shown, ended)| !shown.contains(text) && !*ended).unwrap();
        assert!(!waited.timed_out() && screen.0.contains(text), "no {text:?} on the screen:\n{}", screen.0);
    }

    /// Waits until Ctrl-C reaches the program as input: until then it is for whoever has the terminal for its own, and that
    /// is nobody here.
    pub(crate) fn reads_keys(&self) {
        let settings = || rustix::termios::tcgetattr(&self.keyboard).unwrap();
        let watch = Stopwatch::start();
        while settings().local_modes.contains(rustix::termios::LocalModes::ISIG) {
            assert!(watch.elapsed() < LIMIT, "it does not read keys");
            std::thread::yield_now();
        }
    }

    /// As the terminal does for whoever has it for its own.
    fn interrupts(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }

    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end: the exit status, and all that was on the screen.
    pub(crate) fn ends(mut self) -> (Option<i32>, String) {
        let screen = self.screen.0.lock().unwrap();
        let (screen, waited) = self.screen.1.wait_timeout_while(screen, LIMIT, |(_, ended)| !*ended).unwrap();
        if waited.timed_out() {
            self.child.kill().unwrap();
            panic!("it does not end:\n{}", screen.0);
        }
        (self.child.wait().unwrap().code(), screen.0.clone())
    }
}

/// Runs a command to its end, each of its standard streams a terminal: what it wrote to each.
pub(crate) fn on_terminals(world: &World, args: &[&str]) -> Ended {
    let (out, errors) = (Pty::open(80, 24), Pty::open(80, 24));
    let mut child = Command::new(env!("CARGO_BIN_EXE_ztm"))
        .args(args)
        .current_dir(world.home())
        .env_clear()
        .envs(world.environment())
        .stdin(out.stream())
        .stdout(out.stream())
        .stderr(errors.stream())
        .spawn()
        .unwrap();
    let read = |pty: &Pty| {
        let mut reader = pty.reader();
        std::thread::spawn(move || {
            let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
            // The end of a terminal is an error (EIO) on Linux.
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                all.extend_from_slice(&buffer[..n]);
            }
            // A terminal goes back to the beginning of a line by itself.
            all.retain(|byte| *byte != b'\r');
            all
        })
    };
    let readers = [read(&out), read(&errors)];
    let status = child.wait().unwrap();
    // Nobody writes there any more.
    drop((out, errors));
    let [stdout, stderr] = readers.map(|reader| reader.join().unwrap());
    world.ended_with(status, stdout, stderr)
}

#[test]
fn f7_a_deletion_happens_only_when_the_name_is_typed() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| tenant.webhook_url = Some("https://bots.example.com/tg/alice".to_owned()));
    plane.update("alice", 1, "pending", None);
    for (status, count) in [("queued", 2), ("running", 0), ("delayed", 1)] {
        let jobs: Vec<String> =
            (0..count).map(|n| job(&format!("alice.01k9zz5d7e8f9g0h1j2k3m4n{n}p"), status, |_| ())).collect();
        let body = format!("{{\"jobs\": [{}]}}", jobs.join(","));
        plane.answer(&format!("GET /jobs?tenant=alice&status={status}&limit=1000"), 200, &body);
    }
    let schedule = r#"{"tenant_id": "alice", "name": "morning", "spec":
        {"cron": "@daily", "time_zone": "UTC", "catch_up": "once", "message": {"chat_id": 7, "text": "hi"}}}"#;
    let schedules = format!("{{\"schedules\": [{schedule}]}}");
    let quota = r#"{"tenant_id": "alice", "rate_per_sec": 1, "burst": 3600, "weight": 100, "max_running": 8, "budget": null,
        "budget_spent": 0, "budget_granted": 0, "budget_resets_at": null, "available": 50.5, "bucket": 50.5, "grants": [],
        "held": 0, "running": 0, "standing": "idle", "until": null}"#;
    plane.answer("GET /quotas/alice", 200, quota);
    plane.answer("GET /schedules?tenant=alice&limit=1000", 200, &schedules);

    let mut terminal = Terminal::start(&world, &["tenant", "delete", "alice", "--purge"]);
    terminal.shows("Type `alice` to go on");
    terminal.types("alicia\r");
    let (code, screen) = terminal.ends();
    assert_eq!(code, Some(2), "{screen}");
    for loss in [
        "its webhook https://bots.example.com/tg/alice",
        "1 message",
        "2 queued jobs",
        "1 delayed job",
        "its schedule `morning`",
        "its quota and 50.5 credits",
        "everything its agent remembers",
    ] {
        assert!(screen.contains(loss), "{loss} is not in:\n{screen}");
    }
    assert!(!plane.asked().iter().any(|line| line.starts_with("DELETE")));

    let mut terminal = Terminal::start(&world, &["tenant", "delete", "alice"]);
    terminal.shows("what its agent remembers is kept; `--purge` destroys that too");
    terminal.shows("Type `alice` to go on");
    terminal.types("alice\r");
    let (code, screen) = terminal.ends();
    assert_eq!(code, Some(0), "{screen}");
    assert_eq!(plane.asked().last().unwrap(), "DELETE /tenants/alice?keep_state=true");
}

#[test]
fn several_deletions_are_confirmed_at_once_by_all_their_names() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| tenant.webhook_url = Some("https://bots.example.com/tg/alice".to_owned()));
    plane.tenant("bob", |_| ());
    for (typed, code) in [("alice", 2), ("alice bob", 0)] {
        let mut terminal = Terminal::start(&world, &["tenant", "delete", "alice", "bob"]);
        terminal.shows("`alice`: its webhook https://bots.example.com/tg/alice");
        terminal.shows("`bob`: the tenant (status idle)");
        terminal.shows("Type `alice bob` to go on");
        terminal.types(&format!("{typed}\r"));
        let (ended, screen) = terminal.ends();
        assert_eq!(ended, Some(code), "{screen}");
    }
    assert!(world.ztm(["tenant", "list", "-o", "name"]).ok().stdout.is_empty());
}

#[test]
fn s10_a_token_that_is_asked_for_is_not_shown() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let mut terminal = Terminal::start(&world, &["tenant", "create", "alice", "--bot-token"]);
    terminal.shows("Bot token (not shown)");
    terminal.types("123456:AAHxyz\r");
    let (code, screen) = terminal.ends();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains("AAHxyz"), "{screen}");
    assert_eq!(plane.last_body()["bot_token"], "123456:AAHxyz");
}

#[test]
fn ctrl_c_and_ctrl_d_at_a_question_change_nothing_say_so_and_exit_130() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.update("alice", 1, "pending", None);
    world.ztm(["context", "add", "far", "--orchestrator-url", "http://127.0.0.1:9"]).ok();
    let questions: [(&[&str], &str); 3] = [
        (&["tenant", "delete", "alice"], "Type `alice` to go on"),
        (&["inbox", "drop", "alice/7/1"], "Type `alice/7/1` to go on"),
        (&["context", "remove", "far"], "[y/N]"),
    ];
    for (line, question) in questions {
        // The end of input after something is typed takes two: the first one hands over what there is.
        for end in ["\u{3}", "al\u{3}", "\u{4}", "al\u{4}\u{4}"] {
            let mut terminal = Terminal::start(&world, line);
            terminal.shows(question);
            terminal.reads_keys();
            terminal.types(end);
            let (code, screen) = terminal.ends();
            assert_eq!(code, Some(130), "{line:?} {end:?}: {screen}");
            assert!(screen.ends_with(" nothing was done: interrupted\r\n"), "{line:?} {end:?}: {screen:?}");
        }
    }
    let asked = plane.asked();
    assert!(asked.iter().all(|line| line.starts_with("GET ")), "{asked:?}");
    world.ztm(["context", "show", "far"]).ok();
    // As the terminal edits a line, and as a person means it.
    let mut terminal = Terminal::start(&world, &["tenant", "delete", "alice"]);
    terminal.shows("Type `alice` to go on");
    terminal.types("bob\u{15}alicf\u{7f}e \r");
    assert_eq!(terminal.ends().0, Some(0));
    for (typed, code) in [("\r", 2), ("n\r", 2), ("Yes\r", 0)] {
        let mut terminal = Terminal::start(&world, &["context", "remove", "far"]);
        terminal.shows("[y/N]");
        terminal.types(typed);
        let (ended, screen) = terminal.ends();
        assert_eq!(ended, Some(code), "{typed:?}: {screen}");
    }
}

#[test]
fn ctrl_c_at_the_hidden_question_for_a_token_changes_nothing_and_exits_130() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    for end in ["\u{3}", "123456:AAH\u{3}", "\u{4}"] {
        let mut terminal = Terminal::start(&world, &["tenant", "create", "alice", "--bot-token"]);
        terminal.shows("Bot token (not shown)");
        terminal.types(end);
        let (code, screen) = terminal.ends();
        assert_eq!(code, Some(130), "{screen}");
        assert!(!screen.contains("AAH") && screen.contains("nothing was done"), "{screen}");
    }
    assert!(!plane.asked().iter().any(|line| line.starts_with("POST")));
}

#[test]
fn a_wake_shows_its_progress_on_a_terminal() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    let (code, screen) = Terminal::start(&world, &["tenant", "wake", "alice"]).ends();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("warm in 25.6 ms"), "{screen}");
}

#[test]
fn a_wait_for_a_job_shows_how_it_stands_on_a_terminal() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let id = "alice.00000000000000000000000000";
    let running = job(id, "running", |_| ());
    for line in [format!("GET /jobs/{id}"), format!("GET /jobs/{id}/wait?timeout_s=1")] {
        plane.answer(&line, 200, &running);
    }
    let terminal = Terminal::start(&world, &["job", "wait", id, "--timeout", "2s"]);
    terminal.shows(&format!("{id} is running, attempt 1 of 3"));
    let (code, screen) = terminal.ends();
    assert_eq!(code, Some(6), "{screen}");
}

#[test]
fn a_stop_shows_what_it_waits_for_on_a_terminal() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |tenant| "stopping".clone_into(&mut tenant.status));
    let busy = json!({ "pid": 1, "ready": true, "busy": 2, "last_active_at": "2026-11-30T00:00:00Z" });
    plane.answer("GET /tenants/alice/agent", 200, &busy.to_string());
    plane.slow("POST /stop/alice", Duration::from_secs(2));
    let terminal = Terminal::start(&world, &["tenant", "stop", "alice"]);
    terminal.shows("alice: stopping, its agent finishes 2 turns");
    let (code, screen) = terminal.ends();
    assert_eq!(code, Some(0), "{screen}");
}

#[test]
fn a_wait_for_a_job_says_on_a_terminal_what_it_waits_for_and_when_interrupted_how_to_wait_again() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    let id = "alice.00000000000000000000000000";
    plane.answer(&format!("GET /jobs/{id}"), 200, &job(id, "queued", |_| ()));
    let why = json!({
        "subject": "job", "id": id, "status": "queued", "summary": "its credits are used up.",
        "reasons": [{ "code": "credits", "text": "its credits are used up", "until": null, "compared": [] }],
        "expected_at": null, "expected_because": null,
    });
    plane.answer(&format!("GET /why/job/{id}"), 200, &why.to_string());
    plane.slow(&format!("GET /jobs/{id}/wait?timeout_s=30"), LIMIT);
    let terminal = Terminal::start(&world, &["job", "wait", id, "--timeout", "1m"]);
    terminal.shows(&format!("{id} is queued: its credits are used up"));
    terminal.interrupts();
    let (code, screen) = terminal.ends();
    assert_eq!(code, Some(130), "{screen}");
    assert!(screen.contains(&format!("`ztm job wait {id}` waits again")), "{screen}");
}

#[test]
fn what_an_agent_logs_does_not_reach_the_terminals_controls() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    plane.log(&["\u{1b}]0;owned\u{7}hello\n"]);
    let (code, screen) = Terminal::start(&world, &["tenant", "logs", "alice"]).ends();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("hello") && !screen.contains("\u{1b}]0"), "{screen:?}");
}

#[test]
fn what_takes_a_terminal_over_is_refused_in_its_background_and_where_it_cannot_draw() {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    let ztm = env!("CARGO_BIN_EXE_ztm");
    let ended = |script: &str| Terminal::run(&world, "setsid", &["--ctty", "--wait", "sh", "-c", script]).ends();
    for command in ["top", "shell alice", "exec -t alice -- ls"] {
        // `timeout` makes itself, and what it starts, a process group in the background.
        let (code, shown) = ended(&format!("timeout 20 {ztm} {command}"));
        assert!(shown.contains("in the background of this terminal"), "{command}: {shown}");
        assert!(code == Some(2) && shown.contains("--foreground"), "{command}: {shown}");
    }
    let (code, shown) = ended(&format!("TERM=dumb {ztm} top"));
    assert!(code == Some(2) && shown.contains("`ztm top --once`"), "{shown}");
}
