//! `ztm top` on a real terminal, against a real control plane with real agents.

use std::{
    fs::File,
    io::{Read, Write},
    num::NonZero,
    process::{Child, Command, ExitStatus},
    sync::{Arc, Mutex},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{
    plane::{BOUND, Plane},
    pty::{self, Pty},
};

/// What leaves the second screen, and what shows the cursor again (xterm's control sequences).
const LEAVES: &str = "\u{1b}[?1049l";
const CURSOR: &str = "\u{1b}[?25h";

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

/// A terminal with the screen on it.
pub(crate) struct Screen {
    child: Child,
    keyboard: File,
    seen: Arc<Mutex<(vt100::Parser, String)>>,
}

impl Screen {
    pub(crate) fn start(plane: &Plane, arguments: &[&str]) -> Self {
        Self::of(plane, &[&["top"], arguments].concat())
    }

    /// A terminal with any command on it.
    pub(crate) fn of(plane: &Plane, arguments: &[&str]) -> Self {
        let pty = Pty::open(80, 24);
        let ztm = plane.command();
        let ztm = ztm.as_std();
        // A terminal tells of its size, and of Ctrl-C, only whose terminal it is.
        let child = Command::new("setsid")
            .arg("--ctty")
            .arg(ztm.get_program())
            .args(ztm.get_args())
            .args(arguments)
            .env_clear()
            .envs(ztm.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .envs([("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")])
            // Of no use to a screen: the same order given twice is two orders.
            .env("ZTM_IDEMPOTENCY_KEY", "deploy-7")
            .current_dir(plane.dir())
            .stdin(pty.stream())
            .stdout(pty.stream())
            .stderr(pty.stream())
            .spawn()
            .unwrap();
        let seen = Arc::new(Mutex::new((vt100::Parser::new(cells(24), cells(80), 0), String::new())));
        let sees = Arc::clone(&seen);
        let mut reader = pty.reader();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                let mut seen = sees.lock().unwrap();
                seen.0.process(&buffer[..n]);
                seen.1.push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
        });
        Self { child, keyboard: pty.person, seen }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types the escape key: what follows at once would be one key with it.
    async fn escapes(&mut self) {
        for _ in 0..2 {
            self.types("\u{1b}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.seen.lock().unwrap().0.screen_mut().set_size(cells(rows), cells(columns));
        pty::resize(&self.keyboard, columns, rows);
    }

    fn text(&self) -> String {
        self.seen.lock().unwrap().0.screen().contents()
    }

    /// The colour of the key of the bottom line that is said to do this.
    pub(crate) fn key_colour(&self, does: &str) -> vt100::Color {
        let seen = self.seen.lock().unwrap();
        let screen = seen.0.screen();
        let (rows, columns): (u16, u16) = (screen.size().0.into(), screen.size().1.into());
        let bottom = screen.rows(0, columns).last().unwrap_or_default();
        let place = bottom.find(&format!(" {does} ")).unwrap_or_else(|| panic!("no `{does}` in {bottom}"));
        screen.cell(rows - 1, u16::try_from(bottom[..place].chars().count()).unwrap() - 1).unwrap().fgcolor()
    }

    /// Waits until the screen is as it is to be.
    pub(crate) async fn shows(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let waiting = async {
            loop {
                let text = self.text();
                if holds(&text) {
                    return text;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let shown = tokio::time::timeout(BOUND, waiting).await;
        shown.unwrap_or_else(|_| panic!("never: {what}\n{}", self.text()))
    }

    /// Types a key each second until the screen is as it is to be: what is still reading what was typed before may read an
    /// escape and this at once, which is another key.
    async fn shows_once_typed(&mut self, key: &str, what: &str, holds: impl Fn(&str) -> bool) {
        for _ in 0..BOUND.as_secs() {
            self.types(key);
            tokio::time::sleep(Duration::from_secs(1)).await;
            if holds(&self.text()) {
                return;
            }
        }
        panic!("never: {what}\n{}", self.text());
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap(), signal).unwrap();
    }

    /// Waits for its end; the terminal must be as it was.
    pub(crate) async fn ends(self) -> ExitStatus {
        let seen = Arc::clone(&self.seen);
        let status = self.gives_back().await;
        let raw = seen.lock().unwrap().1.clone();
        assert!(
            raw.contains(LEAVES) && raw.contains(CURSOR),
            "the terminal is not restored: {:?}",
            &raw[raw.len().saturating_sub(200)..]
        );
        status
    }

    /// Waits for its end; the terminal must echo and read lines again.
    pub(crate) async fn gives_back(mut self) -> ExitStatus {
        let ended = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let status = tokio::time::timeout(BOUND, ended).await.expect("it does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let settings = rustix::termios::tcgetattr(&self.keyboard).unwrap();
        assert!(settings.local_modes.contains(rustix::termios::LocalModes::ECHO | rustix::termios::LocalModes::ICANON));
        status
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nothing, if it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The line of the screen that has this word.
pub(crate) fn line<'a>(text: &'a str, word: &str) -> &'a str {
    text.lines().find(|line| line.split_whitespace().next() == Some(word)).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_a_tenant_wake_and_fall_asleep_acts_on_it_and_is_told_when_nobody_speaks() {
    let mut plane = Plane::start(&["--warm", "1"]).await;
    let mut screen = Screen::start(&plane, &[]);
    screen.shows("the overview", |text| text.contains("FLEET  0 tenants") && text.contains("admin")).await;
    screen.types("2");
    let tenant = plane.tenant("acme", 1, 8).await;
    screen.shows("a new tenant", |text| line(text, "acme").contains("idle")).await;

    // Its message wakes it; the timer counts to nothing, and it goes.
    plane.converse(&tenant, "hello", "[1] you said: hello").await;
    screen.shows("it runs", |text| line(text, "acme").contains("running")).await;
    let counted = Mutex::new(std::collections::BTreeSet::new());
    let asleep = |text: &str| {
        let acme = line(text, "acme");
        counted.lock().unwrap().extend(acme.split_whitespace().find(|word| word.contains(':')).map(str::to_owned));
        acme.contains("idle")
    };
    screen.shows("it sleeps", asleep).await;
    let counted = counted.into_inner().unwrap();
    assert!(counted.len() >= 2, "it does not count: {counted:?}");

    // Orders: asked back, carried out, their result said.
    screen.types("w");
    screen.shows("the question", |text| text.contains("wake acme") && text.contains("in embedded")).await;
    screen.types("\r");
    screen.shows("no is the answer", |text| text.contains("nothing was done")).await;
    assert_eq!(plane.get(&tenant).await["status"], "idle");
    screen.types("wy");
    screen.shows("it is awake", |text| text.contains("acme is awake:") && line(text, "acme").contains("running")).await;
    screen.types("\r");
    screen.shows("its wake", |text| text.contains("LAST WAKE") && text.contains("its agent runs")).await;
    screen.escapes().await;
    screen.types("zunpaid\ry");
    screen.shows("it is suspended", |text| line(text, "acme").contains("suspended")).await;
    assert_eq!(plane.get(&tenant).await["suspended"], "unpaid");
    screen.types("zy");
    screen.shows("it is resumed", |text| line(text, "acme").contains("idle")).await;

    // Nobody speaks, and that is said; then somebody does.
    plane.kill().await;
    screen.shows("it is stale", |text| text.contains("STALE") && text.contains("connecting again")).await;
    assert!(line(&screen.text(), "acme").contains("idle"), "what was known stays: {}", screen.text());
    plane.up().await;
    screen.shows("it lives", |text| !text.contains("STALE") && line(text, "acme").contains("idle")).await;
    screen.types("wy");
    screen.shows("it obeys again", |text| line(text, "acme").contains("running")).await;
    assert_eq!(screen.key_colour("stop"), screen.key_colour("quit"));
    screen.types("q");
    assert_eq!(screen.ends().await.code(), Some(0));

    // A context that only looks.
    let config = plane.dir().join(".config/ztm");
    std::fs::create_dir_all(&config).unwrap();
    let text = format!("[contexts.quiet]\nstate_dir = '{}'\nreadonly = true\n", plane.state_dir().display());
    std::fs::write(config.join("config.toml"), text).unwrap();
    let mut screen = Screen::start(&plane, &["--context", "quiet"]);
    screen.types("2");
    screen.shows("the tenant", |text| line(text, "acme").contains("acme")).await;
    assert_ne!(screen.key_colour("stop"), screen.key_colour("quit"), "what it does not do is grey");
    screen.types("zy");
    screen.shows("a refusal", |text| text.contains("read-only")).await;
    assert_eq!(plane.get(&tenant).await["suspended"], serde_json::Value::Null);
    screen.types("q");
    assert_eq!(screen.ends().await.code(), Some(0));
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_size_and_no_flood_of_keys_breaks_the_screen_and_a_signal_leaves_the_terminal_as_it_was() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    for number in 1..=30 {
        plane.create_plain(&format!("t{number:02}")).await;
    }
    let mut screen = Screen::start(&plane, &["--mouse"]);
    screen.types("2");
    screen.shows("all", |text| text.contains("30 of 30 tenants")).await;
    for (columns, rows) in [(20, 5), (5, 2), (200, 60), (1, 1), (20, 5), (80, 24)] {
        screen.resize(columns, rows);
        screen.types("jjkG");
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    screen.shows("it is whole again", |text| text.contains("30 of 30 tenants") && text.contains("q quit")).await;
    // A thousand keys a second, while rows vanish under the cursor.
    let keys = "jkjkGgss rr123452cc??u".repeat(5);
    for number in 1..=20 {
        screen.types(&keys);
        plane.ask("DELETE", &format!("/tenants/t{number:02}"), None).await;
    }
    screen.escapes().await;
    screen.shows_once_typed("2", "ten are left", |text| text.contains("10 of 10 tenants")).await;
    screen.signal(Signal::TERM);
    assert_eq!(screen.ends().await.code(), Some(0));

    // Ctrl-C is a key there, and ends it as well; how tenants are listed is remembered.
    let mut screen = Screen::start(&plane, &[]);
    screen.types("2");
    screen.shows("the list", |text| text.contains("by tenant")).await;
    screen.types("s");
    screen.shows("another order", |text| text.contains("by status")).await;
    screen.types("\u{3}");
    assert_eq!(screen.ends().await.code(), Some(0));
    let mut screen = Screen::start(&plane, &[]);
    screen.types("2");
    screen.shows("the same order", |text| text.contains("by status")).await;
    screen.types("\u{3}");
    assert_eq!(screen.ends().await.code(), Some(0));
    plane.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_a_file_that_is_shown_again() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    plane.create_plain("before").await;
    let mut screen = Screen::start(&plane, &["--record", "incident.jsonl"]);
    screen.shows("it is ready", |text| text.contains("FLEET  1 tenant")).await;
    plane.create_plain("during").await;
    screen.shows("another", |text| text.contains("FLEET  2 tenants")).await;
    screen.types("q");
    assert_eq!(screen.ends().await.code(), Some(0));
    let once = plane.ztm(&["top", "--once", "-o", "json"]).await.ok().json();
    assert_eq!(once["summary"]["tenants"], 2);
    plane.down().await;
    // Written over by no later one.
    let refused = plane.ztm(&["top", "--once", "--replay", "nowhere.jsonl"]).await;
    assert!(refused.code == Some(1) && refused.stdout.is_empty(), "{refused:?}");

    let replayed = plane.ztm(&["top", "--once", "--replay", "incident.jsonl", "-o", "name"]).await.ok().stdout;
    assert_eq!(replayed, "before\nduring\n");
    let mut screen = Screen::start(&plane, &["--replay", "incident.jsonl", "--speed", "100"]);
    screen.shows("what was", |text| text.contains("FLEET  2 tenants") && text.contains("read-only")).await;
    screen.types("2x");
    screen.shows("nothing can be done to it", |text| text.contains("this screen is read-only")).await;
    screen.types("q");
    assert_eq!(screen.ends().await.code(), Some(0));

    // Without a control plane the records are shown, and that nothing wakes.
    let once = plane.ztm(&["top", "--once"]).await.ok().stdout;
    assert!(once.contains("2: 2 idle") && once.contains("no control plane runs"), "{once}");
    let piped = plane.ztm(&["top"]).await;
    assert!(piped.code == Some(2) && piped.stderr.contains("--once"), "{piped:?}");
}
