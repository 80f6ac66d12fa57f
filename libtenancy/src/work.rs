//! Work: jobs through the handle, from a submission to a result, and the loops that keep the queue moving.
//!
//! Owns what callers of the queue are told and how a job becomes a turn of its tenant's agent. Does not own the protocol
//! (`partition`), the ledger's side (`spend`) nor who executes (`services::worker`, or anybody over HTTP).
//!
//! # A job's turn
//! A worker wakes the tenant's agent and runs the prompt as a turn named by the job: if the worker dies, the next one joins
//! the running turn, or gets its kept reply, and the agent does not do the work twice. FINALIZE with the worker's epoch
//! decides whose result counts.

mod accounts;
mod shown;

use std::{sync::atomic::Ordering, time::Duration};

use tokio::sync::{broadcast, oneshot};
use tracing::Instrument;

use crate::{
    admission::Suspension,
    agent::Turn,
    api::jobs::JobSubmitted,
    clock::{Stopwatch, Timestamp},
    credits::{MAX_AMOUNT, MicroCredits},
    error::{Error, Result},
    fairness::{REBALANCE, shares},
    inbox::UpdateKey,
    jobs::{AgentId, Finish, Job, JobId, LEASE_BOUNDS, Leased, NewJob, Outcome, Renewal, Renewed, WorkerId},
    operation::lock,
    partition::{QuotaPatch, Submitted},
    ports::jobs::{JobFilter, QueueView},
    quota::{Account, Grant, MIN_COST},
    suspension::CALLED_OFF,
    tenancy::Tenancy,
    tenant::{BotId, TenantId},
};

/// Jobs that one claim may take.
pub const MAX_CLAIM: usize = 100;

/// How long a claim may wait for work.
pub const MAX_WAIT: Duration = Duration::from_secs(60);

/// Lapsed leases that one step of the reaper takes.
const REAP: usize = 256;

/// The longest the reaper sleeps: a lease that began since it looked lapses no sooner than the shortest lease, and is seen
/// at most this much later.
const REAP_EVERY: Duration = Duration::from_secs(5);

/// How often jobs are compared with their entries and leases.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// The pause after a store error.
const PAUSE: Duration = Duration::from_secs(1);

/// Stands for the bot in the names of jobs' turns; no bot has a negative number.
const JOBS: BotId = BotId(-1);

/// The name of a job's turn: what an agent's supervisor joins and replays by.
fn turn_key(id: &JobId) -> UpdateKey {
    let tail = id.serial().bytes().skip(13);
    // Base 32: the five low bits of a digit's place among digits and letters are enough to tell serials apart.
    let number = tail.fold(0_i64, |number, byte| (number << 5 | i64::from(byte & 31)) & i64::MAX);
    UpdateKey { tenant: id.tenant().clone(), bot: JOBS, update_id: number }
}

/// Jobs that were claimed, on the way to who asked for them.
struct Untaken {
    tenancy: Tenancy,
    leased: Vec<Leased>,
}

impl Drop for Untaken {
    /// Nobody took them: they go back as if nobody had claimed them. If that fails, their leases lapse.
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let release = |leased: Leased| Finish {
            id: leased.id,
            epoch: leased.epoch,
            outcome: Outcome::Released { after: Duration::ZERO },
            used: MicroCredits::ZERO,
        };
        let finishes: Vec<Finish> = std::mem::take(&mut self.leased).into_iter().map(release).collect();
        if finishes.is_empty() {
            return;
        }
        let tenancy = self.tenancy.clone();
        let released = async move {
            if let Err(error) = tenancy.leases_finalize(finishes).await {
                tracing::debug!(error = error.chain(), "unclaimed jobs not given back; their leases lapse");
            }
        };
        self.tenancy.inner.tasks.spawn_on(released, &runtime);
    }
}

/// Checks what an operator grants or takes back.
fn grant_checked(name: &str, amount: MicroCredits) -> Result<()> {
    amount.bounded("credits", MIN_COST, MAX_AMOUNT)?;
    let is_name = name.parse::<AgentId>().is_ok();
    let shape = "1 to 64 letters, digits, dots, hyphens and underscores, alphanumeric at both ends";
    if is_name { Ok(()) } else { Err(Error::invalid("name", shape)) }
}

impl Tenancy {
    /// Accepts a job of an existing tenant. A repeat with the same id or idempotency key is the same submission.
    ///
    /// `NotFound` without the tenant; `IllegalState` while it is being deleted; `Invalid`; `Conflict` if the key was used
    /// for another body; `Overloaded`; store errors.
    pub async fn job_submit(&self, new: NewJob) -> Result<Submitted> {
        let new = new.checked(self.now())?;
        let tenant = self.tenant_kept(new.id.tenant()).await?;
        let mut answers = self.drivers().jobs.jobs_submit(vec![new]).await?;
        self.feed_mark(&tenant.id);
        if let Some(Ok(submitted)) = answers.last() {
            let (request, again) = (&submitted.id, submitted.duplicate);
            tracing::debug!(tenant = %tenant.id, %request, again, "a job is submitted");
        }
        answers.pop().unwrap_or_else(|| Err(Error::internal("a submission was not answered")))
    }

    /// The same, and whether its tenant is suspended: then it is stored, and waits.
    pub async fn job_submit_told(&self, new: NewJob) -> Result<JobSubmitted> {
        let id = new.id.tenant().clone();
        let submitted = self.job_submit(new).await?;
        let suspended = self.tenant_get(&id).await.ok().and_then(|tenant| tenant.settings.suspended);
        let suspended = suspended.map(|stored| Suspension::parse(&stored).shown());
        Ok(JobSubmitted { suspended, ..submitted.into() })
    }

    /// One job. `NotFound`.
    pub async fn job_get(&self, id: &JobId) -> Result<Job> {
        self.drivers().jobs.job_get(id).await?.ok_or_else(|| Error::not_found("job", id))
    }

    /// Waits until a job is over, or for `wait`; the job as it is then. `NotFound`.
    pub async fn job_wait(&self, id: &JobId, wait: Duration) -> Result<Job> {
        let watch = Stopwatch::start();
        let mut ended = self.inner.job_ended.subscribe();
        loop {
            ended.mark_unchanged();
            let job = self.job_get(id).await?;
            let left = wait.min(MAX_WAIT).saturating_sub(watch.elapsed());
            if job.state.is_terminal() || left.is_zero() || self.inner.waits_end.is_cancelled() {
                return Ok(job);
            }
            // Jobs that end here are told at once; those that end in another process are looked for.
            tokio::select! {
                _ = tokio::time::timeout(left.min(PAUSE), ended.changed()) => {}
                () = self.inner.waits_end.cancelled() => {}
            }
        }
    }

    /// One page of jobs, in order of id.
    pub async fn job_list(&self, filter: &JobFilter, after: Option<&JobId>, limit: usize) -> Result<Vec<Job>> {
        self.drivers().jobs.job_list(filter, after, limit).await
    }

    /// Calls a job off: at once if it waits, else at its worker's next renewal. `NotFound`; `Conflict` if it is over.
    pub async fn job_cancel(&self, id: &JobId) -> Result<Job> {
        let suspended =
            self.drivers().tenants.tenant_get(id.tenant()).await?.and_then(|tenant| tenant.settings.suspended);
        if suspended.is_some_and(|suspended| !Suspension::parse(&suspended).by_operator()) {
            // Whoever dies after it was called off leaves a suspension: whoever looks then ends it.
            self.deadline_set(id.tenant(), self.now() + CALLED_OFF).await;
        }
        self.drivers().jobs.job_cancel(id).await?;
        self.feed_mark(id.tenant());
        self.inner.job_ended.send_replace(());
        let _ = self.inner.job_called_off.send(id.clone());
        if let Err(error) = self.suspension_end(id.tenant()).await {
            tracing::warn!(tenant = %id.tenant(), error = error.chain(), "not looked at whether it resumes");
        }
        self.job_get(id).await
    }

    /// The jobs that are called off in this process from now on: whoever does one need not wait for its next renewal to be
    /// told. Whoever reads too slowly misses some, and is told at that.
    pub fn jobs_called_off(&self) -> broadcast::Receiver<JobId> {
        self.inner.job_called_off.subscribe()
    }

    /// Puts a dead or cancelled job back with all its attempts. `NotFound`; `Conflict` in any other state.
    pub async fn job_retry(&self, id: &JobId) -> Result<Job> {
        self.drivers().jobs.job_retry(id).await?;
        self.feed_mark(id.tenant());
        self.job_get(id).await
    }

    /// Claims up to `max` jobs; waits up to `wait` for the first. Partitions take turns at being asked first.
    pub async fn jobs_claim(
        &self,
        worker: &WorkerId,
        max: usize,
        lease: Duration,
        wait: Duration,
    ) -> Result<Vec<Leased>> {
        if !(1..=MAX_CLAIM).contains(&max) {
            return Err(Error::invalid("max", format!("{max} must be from 1 to {MAX_CLAIM}")));
        }
        if !LEASE_BOUNDS.contains(&lease) {
            return Err(Error::invalid("lease_s", "it must be from 1 to 3600 seconds"));
        }
        let jobs = &self.drivers().jobs;
        let partitions: Vec<u16> = (0..jobs.settings().partitions).collect();
        let watch = Stopwatch::start();
        let _asks = self.inner.workers.ask(self.now());
        loop {
            let (leased, next) = self.claim_begin(worker, max, lease).await?;
            let left = wait.min(MAX_WAIT).saturating_sub(watch.elapsed());
            for one in &leased {
                self.feed_mark(one.id.tenant());
                let (tenant, request, attempt) = (one.id.tenant(), &one.id, one.attempt);
                tracing::debug!(%tenant, %request, attempt, %worker, "a job is claimed");
            }
            if !leased.is_empty() || left.is_zero() || self.inner.waits_end.is_cancelled() {
                return Ok(leased);
            }
            let limit = self.now() + left;
            tokio::select! {
                waited = jobs.work_wait(worker, &partitions, next.map_or(limit, |next| next.min(limit))) => waited?,
                () = self.inner.waits_end.cancelled() => {}
            }
        }
    }

    /// Asks every partition once, in a task of its own: what it claims for a caller that goes away meanwhile is given back.
    async fn claim_begin(
        &self,
        worker: &WorkerId,
        max: usize,
        lease: Duration,
    ) -> Result<(Vec<Leased>, Option<Timestamp>)> {
        let (tenancy, worker) = (self.clone(), worker.clone());
        let (answer, asked) = oneshot::channel();
        self.inner.tasks.spawn(async move {
            let claimed = tenancy.claim_run(&worker, max, lease).await;
            let claimed = claimed.map(|(leased, next)| (Untaken { tenancy, leased }, next));
            let _ = answer.send(claimed);
        });
        let (mut untaken, next) = asked.await.map_err(|_| Error::internal("a claim broke off"))??;
        Ok((std::mem::take(&mut untaken.leased), next))
    }

    async fn claim_run(
        &self,
        worker: &WorkerId,
        max: usize,
        lease: Duration,
    ) -> Result<(Vec<Leased>, Option<Timestamp>)> {
        let jobs = &self.drivers().jobs;
        let partitions: Vec<u16> = (0..jobs.settings().partitions).collect();
        let first = self.inner.claim_first.fetch_add(1, Ordering::Relaxed) % partitions.len().max(1);
        let mut leased = Vec::new();
        let mut next: Option<Timestamp> = None;
        for partition in partitions.iter().cycle().skip(first).take(partitions.len()) {
            while leased.len() < max {
                let claimed = match jobs.jobs_claim(*partition, worker, max - leased.len(), lease).await {
                    Ok(claimed) => claimed,
                    // What was claimed elsewhere is the caller's; this part is told what it forgot meanwhile.
                    Err(error) if !leased.is_empty() => {
                        tracing::warn!(partition, error = error.chain(), "not claimed from");
                        break;
                    }
                    Err(error) => return Err(error),
                };
                next = [next, claimed.next].into_iter().flatten().min();
                for (tenant, blocked) in claimed.parked.into_iter().filter(|(_, blocked)| blocked.suspends()) {
                    tracing::debug!(%tenant, ?blocked, "its jobs wait");
                    if let Err(error) = self.suspension_note(&tenant).await {
                        tracing::warn!(%tenant, error = error.chain(), "not recorded as suspended");
                    }
                }
                leased.extend(claimed.jobs);
                if !claimed.more {
                    break;
                }
            }
        }
        Ok((leased, next))
    }

    /// Ends every wait of [`Tenancy::jobs_claim`] and [`Tenancy::job_wait`], now and from now on: whoever waits is told what
    /// there is. For an orderly end, before the listeners close.
    pub fn waits_end(&self) {
        self.inner.waits_end.cancel();
    }

    /// The queue of every partition, in order.
    pub async fn queue_views(&self) -> Result<Vec<QueueView>> {
        let jobs = &self.drivers().jobs;
        let partitions = 0..jobs.settings().partitions;
        futures::future::try_join_all(partitions.map(async |partition| jobs.queue_view(partition).await)).await
    }

    /// Renews leases; answers in the order given.
    pub async fn leases_renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>> {
        for renewal in &renewals {
            if !LEASE_BOUNDS.contains(&renewal.lease) {
                return Err(Error::invalid("lease_s", "it must be from 1 to 3600 seconds"));
            }
        }
        self.drivers().jobs.leases_renew(renewals).await
    }

    /// Ends attempts; answers in the order given.
    pub async fn leases_finalize(&self, finishes: Vec<Finish>) -> Result<Vec<Result<&'static str>>> {
        for finish in &finishes {
            self.feed_mark(finish.id.tenant());
        }
        let ids: Vec<JobId> = finishes.iter().map(|finish| finish.id.clone()).collect();
        let answers = self.drivers().jobs.leases_finalize(finishes).await?;
        for (id, answer) in ids.iter().zip(&answers) {
            let came_to = answer.as_ref().map_or_else(Error::code, |state| *state);
            tracing::debug!(tenant = %id.tenant(), request = %id, came_to, "an attempt at a job ended");
        }
        self.inner.job_ended.send_replace(());
        Ok(answers)
    }

    /// Has the tenant's agent ready for a job. The caller holds the lease.
    ///
    /// `IllegalState` and `Overloaded` say that the agent may not be woken now; `AgentFailed`, `Timeout`.
    pub async fn job_prepare(&self, id: &JobId) -> Result<()> {
        self.require_live("running a job")?;
        let broke = lock(&self.inner.broke).contains(id.tenant());
        if broke {
            // The job's own credits are held: something of the tenant's can be paid for. While messages wait that cannot, it
            // stays suspended, and its chat is not told again.
            let paid = self.drivers().inboxes.pending_count(id.tenant()).await? == 0;
            self.suspension_lift_if(id.tenant(), paid).await?;
        }
        let span = tracing::info_span!("request", %id, tenant = %id.tenant());
        self.agent_resolve(id.tenant()).instrument(span).await.map(drop)
    }

    /// Has the tenant's agent do a job's work; what it answered. The caller holds the lease. An agent that does not run
    /// (any more) is woken. `IllegalState`, `Overloaded`, `AgentFailed`, `Timeout`.
    pub async fn job_execute(&self, id: &JobId, prompt: String) -> Result<String> {
        self.require_live("running a job")?;
        let span = tracing::info_span!("request", %id, tenant = %id.tenant());
        let (key, name, turn) = (turn_key(id), id.to_string(), Turn { message: prompt });
        let done = self.turn_run(&key, &name, &turn).instrument(span).await?;
        // Its agent had work until now; that it did is no reason to lose what it said.
        self.activity_note(id.tenant()).await;
        Ok(done)
    }

    // --- accounts -------------------------------------------------------------------------------------------------------

    /// Changes a quota. What waited for credits or a budget goes on if it now may. `NotFound`; `Invalid`.
    pub async fn quota_set(&self, id: &TenantId, patch: &QuotaPatch) -> Result<Account> {
        self.tenant_get(id).await?;
        let patch = QuotaPatch { so_far: self.spent_so_far(id, patch).await?, ..*patch };
        let account = self.drivers().quotas.quota_set(id, &patch).await?;
        self.feed_mark(id);
        self.suspension_lift(id).await?;
        Ok(account)
    }

    /// Grants credits, once a name; a suspended tenant resumes if they are enough for a chat turn. `NotFound`; `Invalid`;
    /// `Overloaded`.
    pub async fn credits_grant(&self, id: &TenantId, name: &str, grant: Grant) -> Result<Account> {
        self.tenant_get(id).await?;
        if grant.expires_at <= self.now() {
            return Err(Error::invalid("expires_in_s", "the grant would have expired already"));
        }
        grant_checked(name, grant.amount)?;
        let account = self.drivers().quotas.credits_grant(id, name, grant).await?;
        self.feed_mark(id);
        self.suspension_lift(id).await?;
        Ok(account)
    }

    /// Takes back what grants left, up to `amount`, once a name. See [`Account::revoke`]. `NotFound`; `Invalid`; `Conflict`.
    pub async fn credits_revoke(&self, id: &TenantId, name: &str, amount: MicroCredits) -> Result<Account> {
        self.tenant_get(id).await?;
        grant_checked(name, amount)?;
        let account = self.drivers().quotas.credits_revoke(id, name, amount).await?;
        self.feed_mark(id);
        Ok(account)
    }

    // --- the leader's loops ---------------------------------------------------------------------------------------------

    /// Keeps the queue moving, until the leader stops leading.
    pub(crate) async fn work_lead(&self) {
        let partitions = self.drivers().jobs.settings().partitions;
        let loops = (0..partitions).map(|partition| async move {
            tokio::join!(self.reap_run(partition), self.ledger_run(partition), self.sweep_run(partition));
        });
        tokio::join!(futures::future::join_all(loops), self.lend_run());
    }

    async fn reap_run(&self, partition: u16) {
        loop {
            let wait = match self.drivers().jobs.jobs_reap(partition, REAP).await {
                Ok(reaped) => {
                    if reaped.requeued + reaped.dead + reaped.turns > 0 {
                        tracing::warn!(
                            partition,
                            requeued = reaped.requeued,
                            dead = reaped.dead,
                            turns = reaped.turns,
                            "leases lapsed"
                        );
                    }
                    if reaped.dead > 0 {
                        self.inner.job_ended.send_replace(());
                    }
                    if reaped.more {
                        continue;
                    }
                    reaped.next.map_or(REAP_EVERY, |next| next.since(self.now()).min(REAP_EVERY))
                }
                Err(error) => {
                    tracing::warn!(partition, error = error.chain(), "lapsed leases not looked for");
                    PAUSE
                }
            };
            tokio::time::sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    async fn sweep_run(&self, partition: u16) {
        loop {
            match self.drivers().jobs.jobs_sweep(partition).await {
                Ok(swept) if swept.unleased + swept.unqueued + swept.orphans > 0 => {
                    tracing::error!(
                        partition,
                        unleased = swept.unleased,
                        unqueued = swept.unqueued,
                        orphans = swept.orphans,
                        "the queue was damaged and is put right"
                    );
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(partition, error = error.chain(), "the queue was not swept"),
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }

    /// Lends the capacity to partitions by the weight that is active in each.
    async fn lend_run(&self) {
        let jobs = &self.drivers().jobs;
        let settings = jobs.settings();
        let mut lent: Vec<u32> = Vec::new();
        loop {
            let partitions = 0..settings.partitions;
            let wanted = if settings.capacity == 0 {
                vec![0; usize::from(settings.partitions)]
            } else {
                let weights = futures::future::join_all(
                    partitions
                        .map(async |partition| jobs.queue_view(partition).await.map_or(0, |view| view.active_weight)),
                );
                shares(settings.capacity, &weights.await)
            };
            if wanted != lent {
                for (partition, capacity) in (0..).zip(&wanted) {
                    if let Err(error) = jobs.capacity_set(partition, *capacity).await {
                        tracing::warn!(partition, error = error.chain(), "capacity not lent");
                    }
                }
                lent = wanted;
            }
            if settings.partitions == 1 || settings.capacity == 0 {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(REBALANCE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_of_jobs_are_no_turns_of_chats_and_differ() {
        let (a, b): (JobId, JobId) =
            ("acme.01k9zz00000000000000000000".parse().unwrap(), "acme.01k9zz00000000000000000001".parse().unwrap());
        assert_ne!(turn_key(&a), turn_key(&b));
        assert!(turn_key(&a).bot.0 < 0 && turn_key(&a).update_id >= 0);
    }
}
