//! The queue of jobs in SQLite: one partition, number 0.
//!
//! Every step is one write of the store, and a batch of steps shares one. Rows are the truth: waiting jobs, delayed ones and
//! leases are indices of the jobs themselves, so an entry cannot be without its job, nor a job without its entry.
//! Other processes that use the same file see what was done at their next look; they are not woken by it.

pub(super) mod desk;
pub(super) mod rows;
pub(super) mod steps;
pub(super) mod views;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rusqlite::OptionalExtension;
use tokio::sync::Notify;

use self::desk::{Counts, Desk, Done, Terms};
use super::store::{Fault, Store};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    jobs::{Finish, Job, JobId, JobState, NewJob, Renewal, Renewed, WorkerId},
    partition::{Claimed, Reaped, Submitted},
    ports::jobs::{JobFilter, JobSettings, Jobs, Place, QueueView, Swept},
};

/// Workers that one commit wakes at most.
const WOKEN: usize = 64;

/// What all users of a store share about its partition.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) settings: JobSettings,
    pub(super) jitter: Option<u32>,
    pub(super) seen: AtomicU64,
    pub(super) work: Notify,
    pub(super) rows: Notify,
}

impl Partition {
    /// One that nothing was seen of.
    pub(super) fn new(settings: JobSettings, jitter: Option<u32>) -> Self {
        let settings = JobSettings { partitions: 1, ..settings };
        Self { settings, jitter, seen: AtomicU64::new(0), work: Notify::new(), rows: Notify::new() }
    }

    fn done(&self, done: Done) {
        self.seen.fetch_max(done.seq, Ordering::AcqRel);
        if done.rows {
            self.rows.notify_waiters();
        }
        for _ in 0..done.work.min(WOKEN) {
            self.work.notify_one();
        }
    }
}

/// Refuses a partition that is not there.
pub(super) fn known(partition: u16) -> Result<()> {
    if partition == 0 { Ok(()) } else { Err(Error::invalid("partition", format!("there is no partition {partition}"))) }
}

/// The result of one of a batch: its own refusal, or the fault of all.
fn each<T>(result: Result<T, Fault>) -> Result<Result<T>, Fault> {
    match result {
        Ok(answer) => Ok(Ok(answer)),
        Err(Fault::Ours(refused)) => Ok(Err(refused)),
        Err(fault) => Err(fault),
    }
}

impl Store {
    fn terms(&self) -> Terms {
        let partition = self.partition();
        Terms { settings: partition.settings, jitter: partition.jitter, seen: partition.seen.load(Ordering::Acquire) }
    }

    /// One step, in one transaction; refused if the store is behind what was seen of it.
    pub(super) async fn step<T, F>(&self, mut step: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Desk<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.step_anyway(move |desk| {
            desk.not_behind()?;
            step(desk)
        })
        .await
    }

    /// [`Store::step`], behind or not.
    pub(super) async fn step_anyway<T, F>(&self, step: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Desk<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (answer, done) = self.write(self.at_desk(step)).await?;
        self.partition().done(done);
        Ok(answer)
    }

    fn at_desk<T, F>(
        &self,
        mut step: F,
    ) -> impl FnMut(&rusqlite::Connection) -> Result<(T, Done), Fault> + Send + 'static
    where
        T: Send + 'static,
        F: FnMut(&mut Desk<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (terms, clock) = (self.terms(), Arc::clone(self.clock_arc()));
        move |connection| {
            let mut desk = Desk::open(connection, terms, clock.now())?;
            let answer = step(&mut desk)?;
            Ok((answer, desk.close()?))
        }
    }

    /// Sleeps until `until` by the store's clock.
    pub(super) async fn sleep_until(&self, until: Timestamp) {
        tokio::time::sleep(until.since(self.clock().now())).await;
    }
}

#[async_trait]
impl Jobs for Store {
    fn settings(&self) -> JobSettings {
        self.partition().settings
    }

    async fn jobs_submit(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted>>> {
        let bytes = new.iter().map(|job| job.prompt.len()).sum();
        let step = move |desk: &mut Desk<'_>| {
            desk.not_behind()?;
            new.iter().map(|new| each(desk.job_submit(new))).collect::<Result<Vec<_>, Fault>>()
        };
        let (answers, done) = self.write_new(bytes, self.at_desk(step)).await?;
        self.partition().done(done);
        Ok(answers)
    }

    async fn jobs_claim(&self, partition: u16, worker: &WorkerId, max: usize, lease: Duration) -> Result<Claimed> {
        known(partition)?;
        let worker = worker.clone();
        self.step(move |desk| desk.job_claim(&worker, max, lease)).await
    }

    async fn leases_renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>> {
        self.step(move |desk| renewals.iter().map(|renewal| desk.lease_renew(renewal)).collect()).await
    }

    async fn leases_finalize(&self, finishes: Vec<Finish>) -> Result<Vec<Result<&'static str>>> {
        self.step(move |desk| finishes.iter().map(|finish| each(desk.lease_finalize(finish))).collect()).await
    }

    async fn job_cancel(&self, id: &JobId) -> Result<&'static str> {
        let id = id.clone();
        self.step(move |desk| desk.job_cancel(&id)).await
    }

    async fn job_retry(&self, id: &JobId) -> Result<()> {
        let id = id.clone();
        self.step(move |desk| desk.job_retry(&id)).await
    }

    async fn job_get(&self, id: &JobId) -> Result<Option<Job>> {
        let now = self.clock().now();
        self.read(|connection| Ok(rows::job_find(connection, id, now)?.map(|filed| filed.job)))
    }

    async fn job_prompt(&self, id: &JobId) -> Result<Option<String>> {
        let now = self.clock().now();
        self.read(|connection| match rows::job_find(connection, id, now)? {
            Some(filed) => rows::job_prompt(connection, filed.row),
            None => Ok(None),
        })
    }

    async fn job_list(&self, filter: &JobFilter, after: Option<&JobId>, limit: usize) -> Result<Vec<Job>> {
        if let Some(state) = filter.state.as_deref().filter(|state| !JobState::LABELS.contains(state)) {
            return Err(Error::invalid("state", format!("{state:?} is none of {}", JobState::LABELS.join(", "))));
        }
        let (filter, after, now) = (filter.clone(), after.cloned(), self.clock().now());
        self.scan(move |connection| {
            views::job_list(connection, filter.tenant.as_ref(), filter.state.as_deref(), after.as_ref(), limit, now)
        })
        .await
    }

    async fn jobs_reap(&self, partition: u16, limit: usize) -> Result<Reaped> {
        known(partition)?;
        self.step(move |desk| desk.jobs_reap(limit)).await
    }

    async fn jobs_sweep(&self, partition: u16) -> Result<Swept> {
        known(partition)?;
        let (looked_at, damaged) = self.scan(views::damaged).await?;
        let mut swept = Swept { looked_at, ..Swept::default() };
        for tenant in damaged {
            let mended = self.step(move |desk| desk.tenant_mend(&tenant)).await?;
            swept.unleased += mended.unleased;
            swept.unqueued += mended.unqueued;
            swept.orphans += mended.orphans;
        }
        self.step(|desk: &mut Desk<'_>| -> Result<(), Fault> { desk.leases_recount() }).await?;
        Ok(swept)
    }

    async fn work_wait(&self, _worker: &WorkerId, partitions: &[u16], until: Timestamp) -> Result<()> {
        if !partitions.contains(&0) {
            self.sleep_until(until).await;
            return Ok(());
        }
        let woken = self.partition().work.notified();
        // Before the first look nobody would have rung for what is there already.
        let settings = self.partition().settings;
        let there = self.read(|connection| {
            let counts = Counts::read(connection, &settings)?;
            let free = counts.capacity == 0 || counts.leases < u64::from(counts.capacity);
            let ready: Option<String> =
                connection.prepare_cached(desk::READY)?.query_row([], |row| row.get(0)).optional()?;
            Ok(free && ready.is_some())
        })?;
        if !there {
            tokio::select! {
                () = woken => {}
                () = self.sleep_until(until) => {}
            }
        }
        Ok(())
    }

    async fn queue_view(&self, partition: u16) -> Result<QueueView> {
        known(partition)?;
        let settings = self.partition().settings;
        self.scan(move |connection| views::queue_view(connection, &settings)).await
    }

    async fn job_place(&self, id: &JobId) -> Result<Option<Place>> {
        let (id, now) = (id.clone(), self.clock().now());
        self.scan(move |connection| views::job_place(connection, &id, now)).await
    }

    async fn capacity_set(&self, partition: u16, capacity: u32) -> Result<()> {
        known(partition)?;
        self.step(move |desk| desk.capacity_set(capacity)).await?;
        self.partition().work.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
