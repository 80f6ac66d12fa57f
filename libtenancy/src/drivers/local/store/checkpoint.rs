//! Moving the log into the database, beside the writer and not in its way.
//!
//! # Design notes
//! SQLite's own automatic checkpoint runs inside the commit that crosses its threshold, and everybody who waits for that
//! commit waits for the copying of megabytes. Here a second connection copies (a `PASSIVE` checkpoint does not block the
//! writer), and the writer copies only what was added meanwhile, which is little; then the log is whole in the database
//! and its next write begins it anew (<https://www.sqlite.org/wal.html>, "Checkpointing").

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;

use super::connect;

/// Pages in the log (4 KiB each) at which the copying begins.
const BEGIN: usize = 1_000;

/// Pages in the log at which the writer waits for a checkpoint of its own, so that the log cannot grow without bound.
const LIMIT: usize = 32_000;

/// How long the copier waits for another process' checkpoint.
const BUSY: Duration = Duration::from_secs(1);

/// The writer's side.
pub(super) struct Checkpoints {
    file: PathBuf,
    /// Pages in the log as of the last commit.
    pages: Arc<AtomicUsize>,
    copier: Option<Copier>,
    copying: bool,
}

struct Copier {
    begin: mpsc::Sender<()>,
    done: mpsc::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Takes automatic checkpoints off the writer's connection.
    pub(super) fn take_over(connection: &mut Connection, file: &Path) -> rusqlite::Result<Self> {
        let pages = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&pages);
        connection.wal_hook(Some(move |_: &mut _, now: i32| {
            seen.store(usize::try_from(now).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { file: file.to_path_buf(), pages, copier: None, copying: false })
    }

    /// To be called between two transactions of the writer.
    pub(super) fn tend(&mut self, connection: &Connection) {
        if self.copying {
            if self.copier.as_ref().is_some_and(|copier| copier.done.try_recv().is_ok()) {
                self.copying = false;
                // What was added while the copier copied; after it the log begins anew.
                checkpoint(connection);
                self.pages.store(0, Ordering::Relaxed);
            }
        } else if self.pages.load(Ordering::Relaxed) >= BEGIN {
            self.copying = self.begin();
        }
        if self.pages.load(Ordering::Relaxed) >= LIMIT {
            checkpoint(connection);
            self.pages.store(0, Ordering::Relaxed);
        }
    }

    /// Wakes the copier; starts it at the first time, since most processes write little and end.
    fn begin(&mut self) -> bool {
        if self.copier.is_none() {
            self.copier = Copier::start(&self.file);
        }
        self.copier.as_ref().is_some_and(|copier| copier.begin.send(()).is_ok())
    }
}

impl Copier {
    fn start(file: &Path) -> Option<Self> {
        let (begin, asked) = mpsc::channel();
        let (finished, done) = mpsc::channel();
        let connection = connect(file, BUSY)
            .inspect_err(|error| tracing::warn!(error = error.chain(), "the store's log is copied by its writer"))
            .ok()?;
        let copy = move || {
            while asked.recv().is_ok() {
                checkpoint(&connection);
                if finished.send(()).is_err() {
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new().name("ztm-checkpoint".to_owned()).spawn(copy).ok()?;
        Some(Self { begin, done, thread: Some(thread) })
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        // The thread ends when nobody can ask it any more.
        let (nobody, _) = mpsc::channel();
        self.begin = nobody;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Copies what can be copied without waiting for anybody. A failure costs nothing but space: the next one copies it.
fn checkpoint(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the store's log was not copied into the database");
    }
}
