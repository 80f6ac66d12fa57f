//! A screen that panics, on a real terminal. The test runs itself again there, as a program that panics.

use std::{io::Read, process::Command, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use libtenancy::{Result, api::feed::Piece};
use rustix::termios::{LocalModes, tcgetattr};
use ztm_tui::{
    event::{Answer, Ask, Order},
    preferences::Preferences,
    runner::{Plane, Run, run},
    state::Options,
    theme::{Symbols, Theme},
};

use super::pty::Pty;

/// Where the program is told to be one.
const ROLE: &str = "ZTM_TEST_PANICS";

/// A control plane whose feed panics, in a task beside the screen's.
struct Panics;

#[async_trait]
impl Plane for Panics {
    async fn feed(&self) -> Result<BoxStream<'static, Result<Piece>>> {
        // Once it has drawn something.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        panic!("as it was told to")
    }

    async fn perform(&self, _: &Order) -> Result<String> {
        Ok(String::new())
    }

    async fn tell(&self, _: &Ask) -> Result<Answer> {
        std::future::pending().await
    }

    async fn log(&self, _: &str) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        std::future::pending().await
    }
}

#[test]
fn a_panic_anywhere_ends_the_screen_and_leaves_the_terminal_as_it_was() {
    if std::env::var_os(ROLE).is_some() {
        let options = Options {
            context: "here".to_owned(),
            namespace: None,
            readonly: false,
            theme: Theme::dark(),
            symbols: Symbols::Ascii,
            preferences: Preferences::default(),
        };
        let run = run(Arc::new(Panics), Run { options, mouse: true, recorder: None, preferences: None });
        let _ = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(run);
        return;
    }
    let pty = Pty::open(80, 24);
    let before = tcgetattr(&pty.person).unwrap();
    let name = "panic::a_panic_anywhere_ends_the_screen_and_leaves_the_terminal_as_it_was";
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .envs([(ROLE, "1"), ("TERM", "xterm-256color"), ("RUST_BACKTRACE", "0")])
        .stdin(pty.stream())
        .stdout(pty.stream())
        .stderr(pty.stream())
        .spawn()
        .unwrap();
    let mut reader = pty.reader();
    let (sender, drawn) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(n @ 1..) = reader.read(&mut buffer) {
            if sender.send(String::from_utf8_lossy(&buffer[..n]).into_owned()).is_err() {
                return;
            }
        }
    });
    assert_eq!(program.wait().unwrap().code(), Some(101));
    let after = tcgetattr(&pty.person).unwrap();
    assert_eq!((after.local_modes, after.input_modes), (before.local_modes, before.input_modes));
    assert!(after.local_modes.contains(LocalModes::ECHO | LocalModes::ICANON));
    let mut seen = String::new();
    while let Ok(text) = drawn.recv_timeout(std::time::Duration::from_secs(1)) {
        seen.push_str(&text);
    }
    // The second screen is left, the cursor shown, the mouse let go, and what happened said where it can be read.
    let (screen, rest) = seen.split_once("\u{1b}[?1049l").expect(&seen);
    assert!(screen.contains("\u{1b}[?1049h") && screen.contains("\u{1b}[?1000l"), "{seen:?}");
    assert!(rest.contains("as it was told to") && screen.contains("\u{1b}[?25h"), "{seen:?}");
}
