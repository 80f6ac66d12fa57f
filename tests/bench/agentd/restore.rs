//! Archiving, verifying and restoring a state, in bytes of state a second; beside a plain copy of it, and SHA-256 alone.

use std::{fs, path::Path, process::Command};

use libtenancy::{
    clock::{Clock, Stopwatch, SystemClock},
    secret::random_bytes,
    snapshot::{self, Known, Meta},
    tenant::Generation,
};
use sha2::{Digest, Sha256};

use crate::{machine::acme, quantile};

const ROUNDS: usize = 5;

/// 128 MiB: a database of memories (text, which compresses), and files that do not.
fn fill(state: &Path) -> u64 {
    fs::create_dir_all(state).unwrap();
    let mut brain = rusqlite::Connection::open(state.join("brain.db")).unwrap();
    brain.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE m (n INTEGER PRIMARY KEY, text TEXT)").unwrap();
    let rows = brain.transaction().unwrap();
    for n in 0..200_000_u32 {
        let text = format!("message {n}: {}", "the quick brown fox jumps over the lazy dog; ".repeat(7));
        rows.execute("INSERT INTO m (text) VALUES (?1)", [text]).unwrap();
    }
    rows.commit().unwrap();
    drop(brain);
    for n in 0..16 {
        let mut content = Vec::with_capacity(4 << 20);
        while content.len() < 4 << 20 {
            content.extend(random_bytes::<4096>().unwrap());
        }
        fs::write(state.join(format!("file-{n}")), content).unwrap();
    }
    fs::read_dir(state).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

pub(crate) fn run() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let bytes = fill(&state);
    let meta = Meta { tenant: acme(), generation: Generation(1), taken_at: SystemClock::default().now() };
    let rate = |work: &mut dyn FnMut()| {
        let mut rates: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let watch = Stopwatch::start();
                work();
                bytes as f64 / 1e6 / watch.elapsed().as_secs_f64()
            })
            .collect();
        quantile(&mut rates, 0.5)
    };
    let out = dir.path().join("out");
    let mut last = None;
    let take = rate(&mut || last = snapshot::take(&state, &out, &meta, None).unwrap());
    let taken = last.unwrap().snapshot;
    let archive = out.join(&taken.file);
    let tenant = acme();
    let known = Known { sha256: Some(&taken.sha256), tenant: &tenant };
    let verify = rate(&mut || drop(snapshot::verify(&archive, known).unwrap()));
    let back = dir.path().join("back");
    let restore = rate(&mut || drop(snapshot::restore(&archive, known, &back).unwrap()));
    let copy = dir.path().join("copy");
    let copied = rate(&mut || {
        let script = format!("rm -rf '{0}' && cp -r '{1}' '{0}' && sync -f '{0}'", copy.display(), state.display());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    });
    let content = fs::read(state.join("brain.db")).unwrap();
    let hashed = {
        let watch = Stopwatch::start();
        std::hint::black_box(Sha256::digest(&content));
        content.len() as f64 / 1e6 / watch.elapsed().as_secs_f64()
    };
    println!(
        "{} MB of state, {} MB as an archive; MB of state a second, median of {ROUNDS}:",
        bytes / 1_000_000,
        taken.bytes / 1_000_000
    );
    println!("  archive {take:.0}, verify {verify:.0}, restore {restore:.0}");
    println!("  cp -r and sync {copied:.0}; SHA-256 alone {hashed:.0}");
    println!("  restore / copy {:.2}", restore / copied);
}
