//! Group commit: one thread, one connection, one fsync for all that waits.
//!
//! Owns the queue of writes, their transaction, and the moment at which they are answered. Does not own what a write
//! does.
//!
//! # Design notes
//! A commit costs an fsync, which costs hundreds of times what a small write costs; so writes that wait at the same time
//! share one. Nobody is answered before the commit, and if it fails, everybody in it gets its error.
//!
//! A write that fails is undone alone. Most that fail (a fence, a duplicate) have changed nothing, and the group goes
//! on. If one fails after it has changed something, or takes the transaction with it (a full disk), the group is rolled
//! back and each of its writes is run again in a transaction of its own: a write may therefore run twice, and only its
//! last run counts. Savepoints would save that, at twice the price of every write that succeeds.
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
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    checkpoint::Checkpoints,
    fault::{Fault, PART, classify, commit_failed},
};
use crate::{
    clock::Stopwatch,
    error::{Error, Result},
};

/// Writes in one transaction at most.
const BATCH: usize = 256;

/// The least time from the beginning of a commit to the beginning of the next while many write: commits then have more
/// company, and cost less each.
const PACE: Duration = Duration::from_millis(1);

/// Writes in a commit from which on many write; below it no commit waits.
const CROWD: usize = 4;

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

/// One queued write.
trait Job: Send {
    /// Does the write, perhaps again; whether it succeeded.
    fn run(&mut self, connection: &Connection, file: &Path) -> bool;
    /// Whatever it did was undone.
    fn fail(&mut self, error: Error);
    /// Tells the caller.
    fn answer(self: Box<Self>);
}

struct Call<T, F> {
    work: F,
    result: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
    held: HeldBytes,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T, Fault> + Send,
{
    fn run(&mut self, connection: &Connection, file: &Path) -> bool {
        let result = match catch_unwind(AssertUnwindSafe(|| (self.work)(connection))) {
            Ok(result) => result.map_err(|fault| fault.into_error(file)),
            Err(_) => Err(Error::internal("a write to the store panicked")),
        };
        self.result.insert(result).is_ok()
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        let Self { result, caller, held, .. } = *self;
        // Its room is free before its caller knows, who may need it at once.
        drop(held);
        let result = result.unwrap_or_else(|| Err(Error::internal("a write to the store was not run")));
        // A caller that no longer waits has been told that its write may still happen.
        let _ = caller.send(result);
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
    pub(super) fn start(mut connection: Connection, file: PathBuf, capacity: usize) -> Result<Self> {
        let (queue, jobs) = mpsc::channel(capacity.max(1));
        let counters = Arc::new(Counters::default());
        let checkpoints = Checkpoints::take_over(&mut connection, &file).map_err(|e| classify(&file, &e))?;
        let at_work = AtWork { connection, file, counters: Arc::clone(&counters) };
        let thread = std::thread::Builder::new()
            .name("ztm-store".to_owned())
            .spawn(move || at_work.serve(jobs, checkpoints))
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
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
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
        queue.try_send(Box::new(Call { work, result: None, caller, held })).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => {
                overloaded(format!("{} writes wait for the store", queue.max_capacity()))
            }
            mpsc::error::TrySendError::Closed(_) => Error::unavailable(PART, "its writer has ended"),
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

/// What the thread owns.
struct AtWork {
    connection: Connection,
    file: PathBuf,
    counters: Arc<Counters>,
}

impl AtWork {
    fn serve(self, mut jobs: mpsc::Receiver<Box<dyn Job>>, mut checkpoints: Checkpoints) {
        let mut batch = Vec::with_capacity(BATCH);
        let (mut since_commit, mut crowded) = (Stopwatch::start(), false);
        while jobs.blocking_recv_many(&mut batch, BATCH) > 0 {
            let early = PACE.saturating_sub(since_commit.elapsed());
            if crowded && !early.is_zero() && batch.len() < BATCH {
                std::thread::park_timeout(early);
                while batch.len() < BATCH
                    && let Ok(job) = jobs.try_recv()
                {
                    batch.push(job);
                }
            }
            (since_commit, crowded) = (Stopwatch::start(), batch.len() >= CROWD);
            if !self.together(&mut batch) {
                for job in &mut batch {
                    self.alone(job);
                }
            }
            batch.drain(..).for_each(Job::answer);
            checkpoints.tend(&self.connection);
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// Runs jobs in one transaction; `false` if one of them must be undone, and then none of them has happened.
    fn together(&self, jobs: &mut [Box<dyn Job>]) -> bool {
        if let Err(error) = self.execute("BEGIN IMMEDIATE") {
            fail_all(jobs, || classify(&self.file, &error));
            return true;
        }
        for job in jobs.iter_mut() {
            let before = self.connection.total_changes();
            let succeeded = job.run(&self.connection, &self.file);
            let undo = !succeeded && self.connection.total_changes() != before;
            if undo || self.connection.is_autocommit() {
                self.abandon();
                return false;
            }
        }
        self.commit(jobs);
        true
    }

    /// Runs a job in a transaction of its own.
    fn alone(&self, job: &mut Box<dyn Job>) {
        let jobs = std::slice::from_mut(job);
        if let Err(error) = self.execute("BEGIN IMMEDIATE") {
            fail_all(jobs, || classify(&self.file, &error));
        } else if !jobs[0].run(&self.connection, &self.file) {
            self.abandon();
        } else if self.connection.is_autocommit() {
            fail_all(jobs, || Error::internal("a write ended the transaction it ran in"));
        } else {
            self.commit(jobs);
        }
    }

    fn commit(&self, jobs: &mut [Box<dyn Job>]) {
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
    for job in jobs {
        job.fail(error());
    }
}
