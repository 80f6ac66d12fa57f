//! `ztm top` with ten thousand tenants and two hundred changes a second: `cargo bench -p ztm --bench screen`.
//!
//! Draws in this process, on a terminal of 160 by 50 in memory, for the time of each frame; and runs the command itself on a
//! terminal of its own, on a recording of the same, for the time to the first paint, its processor time and its memory.
//! Limits that the figures are to be seen beside: 300 ms, 16 ms (p99), 5 % of a core, 100 MB.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark that cannot go on has failed; it waits, and prints its figures"
)]

#[path = "../../cli/pty.rs"]
mod pty;

use std::{
    io::{Read, Write},
    path::Path,
    process::Command,
    time::Duration,
};

use libtenancy::{
    api::feed::{AccountLine, Begin, Change, Numbers, Piece, TenantLine},
    clock::{Stopwatch, Timestamp},
    credits::MicroCredits,
    labels::Labels,
};
use ratatui::{Terminal, backend::TestBackend};
use ztm_tui::{
    event::Event,
    preferences::{Column, Preferences},
    record::{self, Recorder},
    state::{Options, State},
    update::update,
    view,
};

use self::pty::Pty;

const TENANTS: usize = 10_000;
const CHANGES: usize = 200;
const SECONDS: usize = 30;

/// Frames a second, as the screen draws them at most while only the feed is the cause.
const FRAMES: usize = 5;

const START: i64 = 1_795_943_700_000_000;

fn at(micros: usize) -> Timestamp {
    Timestamp::from_micros(START + i64::try_from(micros).unwrap())
}

fn line(number: usize, turn: usize, now: Timestamp) -> TenantLine {
    let running = (number + turn).is_multiple_of(3);
    TenantLine {
        id: format!("customer-{number:05}"),
        status: if running { "running" } else { "idle" }.to_owned(),
        suspended: None,
        generation: 1_795_000_000_000_000 + u64::try_from(turn).unwrap(),
        since: now,
        stop_reason: (!running).then(|| "idle".to_owned()),
        last_active_at: now,
        idle_timeout_s: 300,
        labels: Labels::default(),
        workload: running.then(|| format!("zeroclaw-customer-{number:05}")),
        pending: u64::try_from(turn % 3).unwrap(),
        account: Some(AccountLine {
            available: MicroCredits::credits(i64::try_from(number % 3_600).unwrap()),
            burst: MicroCredits::credits(3_600),
            rate: MicroCredits::credits(1),
            held: MicroCredits::ZERO,
            spent: MicroCredits::credits(i64::try_from(turn).unwrap()),
            budget: None,
            weight: 1,
            running: 0,
            standing: "idle".to_owned(),
        }),
        snapshot: Some((now, 1_600_000)),
        last_wake: None,
    }
}

/// The fleet, then what changes of it: a piece every fifth of a second.
fn recording() -> Vec<Piece> {
    let begin = Begin {
        version: "0.1.0".to_owned(),
        role: Some("admin".to_owned()),
        live: true,
        started_at: at(0),
        max_running: 20_000,
    };
    let all: Vec<TenantLine> = (0..TENANTS).map(|number| line(number, 0, at(0))).collect();
    let mut changes = vec![Change::Begin(begin), Change::Numbers(Numbers { leader: true, ..Numbers::default() })];
    changes.extend(all.chunks(500).map(|chunk| Change::Tenants(chunk.to_vec())));
    changes.push(Change::Ready);
    let mut pieces: Vec<Piece> = changes.into_iter().map(|change| Piece { at: at(0), change }).collect();
    for step in 1..=SECONDS * FRAMES {
        let now = at(step * 1_000_000 / FRAMES);
        let changed = (0..CHANGES / FRAMES).map(|n| line((step * 7_919 + n * 104_729) % TENANTS, step, now)).collect();
        pieces.push(Piece { at: now, change: Change::Tenants(changed) });
    }
    pieces
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Updates and frames, in this process.
fn frames(pieces: &[Piece], sort: Column) {
    let preferences = Preferences { sort, ..Preferences::default() };
    let mut state = State::new(Options { preferences, ..Options::default() }, (160, 50), at(0));
    state.pane = ztm_tui::state::Pane::Tenants;
    let mut terminal = Terminal::new(TestBackend::new(160, 50)).unwrap();
    let (first, rest) = pieces.split_at(pieces.len() - SECONDS * FRAMES);
    update(&mut state, Event::Pieces(first.to_vec()));
    terminal.draw(|frame| view::draw(&state, frame)).unwrap();
    let (mut updates, mut draws) = (Vec::new(), Vec::new());
    for piece in rest {
        let watch = Stopwatch::start();
        update(&mut state, Event::Tick(piece.at));
        update(&mut state, Event::Pieces(vec![piece.clone()]));
        updates.push(watch.elapsed());
        let watch = Stopwatch::start();
        terminal.draw(|frame| view::draw(&state, frame)).unwrap();
        draws.push(watch.elapsed());
    }
    for (what, times) in [("taken over", &mut updates), ("drawn", &mut draws)] {
        times.sort();
        let of = |permille: usize| milliseconds(times[(times.len() * permille).div_ceil(1_000).max(1) - 1]);
        println!(
            "{:<10} {what:<11} p50 {:.2} ms  p99 {:.2} ms  of {} frames",
            sort.title(),
            of(500),
            of(990),
            times.len()
        );
    }
}

/// Processor time in seconds and resident memory in bytes of a process (proc(5)).
fn used(pid: u32) -> (f64, u64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    (ticks / 100.0, pages * 4_096)
}

/// The command itself, on a terminal.
fn command(file: &Path) {
    let pty = Pty::open(160, 50);
    let home = tempfile::tempdir().unwrap();
    let watch = Stopwatch::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_ztm"))
        .args(["top", "--replay", file.to_str().unwrap()])
        .env_clear()
        .envs([("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")])
        .env("HOME", home.path())
        .stdin(pty.stream())
        .stdout(pty.stream())
        .stderr(pty.stream())
        .spawn()
        .unwrap();
    let mut screen = pty.reader();
    let (mut text, mut buffer) = (String::new(), vec![0; 65_536]);
    // Only what differs is drawn: the number of tenants is one piece of text of the first whole frame.
    while !text.contains(&TENANTS.to_string()) {
        let read = screen.read(&mut buffer).unwrap();
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    let painted = watch.elapsed();
    std::thread::spawn(move || while matches!(screen.read(&mut buffer), Ok(1..)) {});
    pty.reader().write_all(b"2").unwrap();
    std::thread::sleep(Duration::from_secs(3));
    let (watch, before) = (Stopwatch::start(), used(child.id()).0);
    std::thread::sleep(Duration::from_secs(20));
    let (after, memory) = used(child.id());
    let share = (after - before) / watch.elapsed().as_secs_f64() * 100.0;
    println!(
        "command    first paint {:.0} ms, then {share:.1} % of a core for 20 s, {:.1} MB",
        milliseconds(painted),
        memory as f64 / 1e6
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

fn main() {
    let pieces = recording();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("fleet.jsonl");
    Recorder::create(&file).unwrap().add(&pieces).unwrap();
    let watch = Stopwatch::start();
    assert_eq!(record::read(&file).unwrap().len(), pieces.len());
    println!(
        "{TENANTS} tenants, {CHANGES} changes a second; the recording, {} MB, is read in {:.0} ms",
        std::fs::metadata(&file).unwrap().len() / 1_000_000,
        milliseconds(watch.elapsed())
    );
    for sort in [Column::Tenant, Column::Idle, Column::Credits] {
        frames(&pieces, sort);
    }
    command(&file);
}
