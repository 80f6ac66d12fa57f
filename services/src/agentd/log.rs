//! Where `agentd` tells what it does: on its standard error, and, once it is bound, in its agent's log.

use std::{
    fs::File,
    io::{self, Write},
    sync::OnceLock,
};

/// The log of the agent that this process is bound to; it is for ever.
static BOUND: OnceLock<File> = OnceLock::new();

struct Sink;

impl Write for Sink {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match BOUND.get() {
            Some(mut log) => log.write(text),
            None => io::stderr().write(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to tell.
pub(super) fn begin() {
    let level = tracing::Level::INFO;
    // Another one is there already in tests alone.
    let _ = tracing_subscriber::fmt().with_ansi(false).with_max_level(level).with_writer(|| Sink).try_init();
}

/// Goes on in an agent's log. Whatever keeps it from that leaves it where it is.
pub(super) fn bound(log: &File) {
    if let Ok(log) = log.try_clone() {
        let _ = BOUND.set(log);
    }
}
