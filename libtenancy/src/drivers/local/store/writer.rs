//! Group commit: one thread, one connection, one fsync for all that waits.
//!
//! Owns the queue of writes, their transaction, and the moment at which they are answered. Does not own what a write
//! does.
//!
//! # Design notes
//! A commit costs an fsync, which costs hundreds of times what a small write costs; so writes that wait at the same time
//! share one. Every write runs in a savepoint of its own: one that fails is rolled back alone. Nobody is answered before
//! the commit, and if it fails, everybody gets its error.
//!
//! The queue is bounded in jobs and in bytes, and full means `Overloaded` at once: memory does not grow with the load.
//! What may be refused (a new message, which its sender keeps) is refused while a quarter of the queue is still free, so
//! that a flood of messages cannot stop the work on those that were accepted.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::fault::{Fault, PART, classify, commit_failed};
use crate::error::{Error, Result};

/// Writes in one transaction at most.
const BATCH: usize = 256;

/// Bytes that waiting writes may hold in their texts at most.
const QUEUED_BYTES: usize = 32 << 20;

/// How a write may be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shed {
    /// Only when the queue is full: work on what was accepted before.
    Last,
    /// While a quarter of the queue is still free: new work, with the size of its texts in bytes.
    First(usize),
}

/// What the writer has done since it started.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) writes: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) queued_bytes: AtomicUsize,
}

/// A job failed and must be rolled back.
struct Undo {
    /// For want of space.
    full: bool,
}

/// One queued write.
trait Job: Send {
    /// Does the write; an `Err` says that it must be rolled back.
    fn run(&mut self, connection: &Connection, file: &Path) -> Result<(), Undo>;
    /// Whatever it did was undone.
    fn fail(&mut self, error: Error);
    /// Tells the caller.
    fn answer(self: Box<Self>);
}

struct Call<T, F> {
    work: Option<F>,
    result: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
    _held: HeldBytes,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, Fault> + Send,
{
    fn run(&mut self, connection: &Connection, file: &Path) -> Result<(), Undo> {
        let Some(work) = self.work.take() else { return Err(Undo { full: false }) };
        let result = match catch_unwind(AssertUnwindSafe(|| work(connection))) {
            Ok(result) => result.map_err(|fault| fault.into_error(file)),
            Err(_) => Err(Error::internal("a write to the store panicked")),
        };
        let ran = result.as_ref().map(drop).map_err(|e| Undo { full: matches!(e, Error::StoreFull) });
        self.result = Some(result);
        ran
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        let result = self.result.unwrap_or_else(|| Err(Error::internal("a write to the store was not run")));
        // A caller that no longer waits has been told that its write may still happen.
        let _ = self.caller.send(result);
    }
}

struct HeldBytes {
    counters: Arc<Counters>,
    bytes: usize,
}

impl HeldBytes {
    fn try_hold(counters: &Arc<Counters>, bytes: usize) -> Option<Self> {
        let held = Self { counters: Arc::clone(counters), bytes };
        let before = counters.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        // One text larger than the limit passes when nothing else waits.
        (before == 0 || before.saturating_add(bytes) <= QUEUED_BYTES).then_some(held)
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.counters.queued_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The writer's handle; the thread ends when it is dropped, after it has done what was queued.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Starts the thread. `capacity`: writes that may wait.
    pub(super) fn start(connection: Connection, file: PathBuf, capacity: usize) -> Result<Self> {
        let (queue, jobs) = mpsc::channel(capacity.max(1));
        let counters = Arc::new(Counters::default());
        let at_work = AtWork { connection, file, counters: Arc::clone(&counters) };
        let thread = std::thread::Builder::new()
            .name("ztm-store".to_owned())
            .spawn(move || at_work.serve(jobs))
            .map_err(|e| Error::unavailable(PART, e))?;
        Ok(Self { queue: Some(queue), thread: Some(thread), counters })
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Queues a write and waits for its commit. If the future is dropped, the write may still happen.
    pub(super) async fn submit<T, F>(&self, shed: Shed, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let queue = self.queue.as_ref().ok_or_else(|| Error::unavailable(PART, "it is closing"))?;
        let overloaded = |reason: String| Error::Overloaded { reason };
        let (reserve, bytes) = match shed {
            Shed::Last => (0, 0),
            Shed::First(bytes) => (queue.max_capacity() / 4, bytes),
        };
        if queue.capacity() <= reserve {
            return Err(overloaded(format!("{} writes wait for the store", queue.max_capacity() - queue.capacity())));
        }
        let held = HeldBytes::try_hold(&self.counters, bytes)
            .ok_or_else(|| overloaded(format!("{} MiB wait for the store", QUEUED_BYTES >> 20)))?;
        let (caller, answer) = oneshot::channel();
        queue.try_send(Box::new(Call { work: Some(work), result: None, caller, _held: held })).map_err(|refused| {
            match refused {
                mpsc::error::TrySendError::Full(_) => {
                    overloaded(format!("{} writes wait for the store", queue.max_capacity()))
                }
                mpsc::error::TrySendError::Closed(_) => Error::unavailable(PART, "its writer has ended"),
            }
        })?;
        answer.await.unwrap_or_else(|_| Err(Error::outcome_unknown(PART, "its writer ended before it answered")))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been answered to the callers already.
            let _ = thread.join();
        }
    }
}

/// Why a transaction is gone before its COMMIT.
enum Lost {
    /// SQLite rolled it back: no space.
    Full,
    /// SQLite rolled it back: an I/O error.
    RolledBack,
    /// A savepoint could not be set, undone or released.
    Sql(rusqlite::Error),
}

/// What the thread owns.
struct AtWork {
    connection: Connection,
    file: PathBuf,
    counters: Arc<Counters>,
}

impl AtWork {
    fn serve(self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while jobs.blocking_recv_many(&mut batch, BATCH) > 0 {
            let mut settled = 0;
            while let Some(rest) = batch.get_mut(settled..).filter(|rest| !rest.is_empty()) {
                settled += self.transaction(rest);
            }
            batch.drain(..).for_each(Job::answer);
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Runs jobs in one transaction; how many of them are settled, at least one.
    fn transaction(&self, jobs: &mut [Box<dyn Job>]) -> usize {
        if let Err(error) = self.execute("BEGIN IMMEDIATE") {
            fail_all(jobs, || classify(&self.file, &error));
            return jobs.len();
        }
        for index in 0..jobs.len() {
            if let Err(lost) = self.savepoint(&mut jobs[index]) {
                // A full or failing disk takes the whole transaction with it; the jobs after this one get another.
                self.abandon();
                let settled = index + 1;
                fail_all(&mut jobs[..settled], || match &lost {
                    Lost::Full => Error::StoreFull,
                    Lost::RolledBack => Error::unavailable(PART, "a write of the same group failed"),
                    Lost::Sql(error) => classify(&self.file, error),
                });
                return settled;
            }
        }
        match self.execute("COMMIT") {
            Ok(()) => {
                self.counters.commits.fetch_add(1, Ordering::Relaxed);
                self.counters.writes.fetch_add(jobs.len() as u64, Ordering::Relaxed);
            }
            Err(error) => {
                self.abandon();
                fail_all(jobs, || commit_failed(&self.file, &error));
            }
        }
        jobs.len()
    }

    /// Runs one job; an error says that the whole transaction is lost.
    fn savepoint(&self, job: &mut Box<dyn Job>) -> Result<(), Lost> {
        self.execute("SAVEPOINT job").map_err(Lost::Sql)?;
        let ran = job.run(&self.connection, &self.file);
        if self.connection.is_autocommit() {
            return Err(if matches!(ran, Err(Undo { full: true })) { Lost::Full } else { Lost::RolledBack });
        }
        if ran.is_err() {
            self.execute("ROLLBACK TO job").map_err(Lost::Sql)?;
        }
        self.execute("RELEASE job").map_err(Lost::Sql)
    }

    fn abandon(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK")
        {
            tracing::error!(%error, "the store cannot roll back");
        }
    }
}

fn fail_all(jobs: &mut [Box<dyn Job>], error: impl Fn() -> Error) {
    jobs.iter_mut().for_each(|job| job.fail(error()));
}
