//! The steps of a job: SUBMIT, CLAIM, RENEW, FINALIZE, DELAY, REAP, and what operators do.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{
    About, Claimed, Due, LAPSED, MAX_WAITING, MOVE_LIMIT, PASS_LIMIT, Partition, Reaped, Submitted, key_conflict,
    lease_lost, payable, turn_member, used_bounded,
};
use crate::{
    clock::Timestamp,
    credits::{MAX_AMOUNT, MicroCredits},
    error::{Error, Result},
    fairness,
    jobs::{
        DelayReason, Finish, Job, JobEpoch, JobId, JobState, KEEP_DEAD, KEEP_FINISHED, KEEP_IDEMPOTENCY, Leased,
        MAX_RESULT, NewJob, Outcome, Renewal, Renewed, WorkerId, backoff, clipped,
    },
    ledger::RowKind,
    quota::{Account, Hold, Standing},
    tenant::TenantId,
};

impl Partition {
    /// SUBMIT: an idempotency row, the job, a place in the queue; or nothing.
    ///
    /// `Conflict` if the key was used for another body; `Invalid` if the cost is more than the tenant could ever hold;
    /// `Overloaded` beyond [`MAX_WAITING`].
    pub fn job_submit(&mut self, new: NewJob, now: Timestamp) -> Result<Submitted> {
        self.forget_expired(now);
        let tenant = new.id.tenant().clone();
        let there = |job: &Job| Submitted { id: job.id.clone(), duplicate: true, state: job.state.label() };
        if let Some(idempotency) = &new.idempotency
            && let Some((body, id, _)) = self.keys.get(&(tenant.clone(), idempotency.key.clone()))
        {
            if *body != idempotency.body {
                return Err(key_conflict());
            }
            // A job that was forgotten before its key: it was over.
            return Ok(self.jobs.get(id).map_or_else(
                || Submitted { id: id.clone(), duplicate: true, state: "succeeded" },
                |(job, _)| there(job),
            ));
        }
        if let Some((job, _)) = self.jobs.get(&new.id) {
            return Ok(there(job));
        }
        if self.waiting.get(&tenant).map_or(0, BTreeSet::len) >= MAX_WAITING {
            return Err(Error::Overloaded { reason: format!("{MAX_WAITING} jobs of the tenant are waiting") });
        }
        payable(&self.would_be(&tenant, now), new.cost, now)?;
        let mut account = self.opened(&tenant, now);
        if let Some(idempotency) = new.idempotency {
            let row = (idempotency.body, new.id.clone(), now + KEEP_IDEMPOTENCY);
            self.keys.insert((tenant.clone(), idempotency.key), row);
        }
        let mut job = Job {
            id: new.id.clone(),
            agent: new.agent,
            cost: new.cost,
            priority: new.priority,
            max_attempts: new.max_attempts,
            state: JobState::Queued,
            attempts: 0,
            epoch: JobEpoch(0),
            tag: -1,
            hold: Hold::default(),
            used: MicroCredits::ZERO,
            cancel: false,
            submitted_at: now,
            result: None,
        };
        match new.not_before.filter(|at| *at > now) {
            Some(at) => self.delay(&mut job, at, DelayReason::Scheduled),
            None => self.enqueue(&mut job, &mut account, now),
        }
        self.save(&tenant, account);
        let state = job.state.label();
        self.jobs.insert(new.id.clone(), (job, new.prompt));
        Ok(Submitted { id: new.id, duplicate: false, state })
    }

    /// CLAIM: up to `max` times, the tenant that is next, its first waiting job, a hold, a new epoch, a lease.
    pub fn job_claim(&mut self, worker: &WorkerId, max: usize, lease: Duration, now: Timestamp) -> Claimed {
        self.forget_expired(now);
        let mut claimed = Claimed { more: self.move_due(now) == MOVE_LIMIT as u64, ..Claimed::default() };
        let mut passed = 0;
        while claimed.jobs.len() < max {
            if self.capacity > 0 && self.leases.len() >= self.capacity as usize {
                break;
            }
            let Some((_, tenant)) = self.ready.first().cloned() else { break };
            if passed >= PASS_LIMIT {
                claimed.more = true;
                break;
            }
            if let Some(leased) = self.claim_from(&tenant, worker, lease, now) {
                claimed.jobs.push(leased);
                continue;
            }
            passed += 1;
            if let Some(Standing::Parked(blocked)) = self.accounts.get(&tenant).map(|account| account.standing) {
                claimed.parked.push((tenant, blocked));
            }
        }
        claimed.next = self.next_due();
        claimed
    }

    pub(super) fn claim_from(
        &mut self,
        tenant: &TenantId,
        worker: &WorkerId,
        lease: Duration,
        now: Timestamp,
    ) -> Option<Leased> {
        let mut account = self.accounts.get(tenant).cloned()?;
        let Some((score, id)) = self.waiting.get(tenant).and_then(BTreeSet::first).cloned() else {
            self.idle_if_empty(tenant, &mut account);
            self.save(tenant, account);
            return None;
        };
        let Some((mut job, prompt)) = self.jobs.get(&id).cloned() else {
            // Removed behind our back.
            self.waiting.get_mut(tenant)?.remove(&(score, id));
            self.idle_if_empty(tenant, &mut account);
            self.save(tenant, account);
            return None;
        };
        self.unset_ready(tenant, &account);
        if account.running >= account.quota.max_running {
            account.standing = Standing::Capped;
            self.save(tenant, account);
            return None;
        }
        let mut touched = account.clone();
        let mut deltas = touched.touch(now);
        if let Err(blocked) = touched.check(job.cost, now) {
            account.standing = Standing::Parked(blocked);
            if let Some(until) = blocked.until() {
                self.delayed.insert((until, Due(tenant.to_string())));
            }
            self.save(tenant, account);
            return None;
        }
        let (hold, change) = touched.hold(job.cost);
        deltas += change;
        self.clock = touched.started(job.cost, self.clock, now);
        touched.agent_clock = touched.agent_clock.max(job.tag);
        touched.running += 1;
        self.epoch = self.epoch.next(now);
        let lease_until = now + lease;
        job.state = JobState::Running { worker: worker.clone(), lease_until };
        job.attempts += 1;
        job.epoch = self.epoch;
        job.hold = hold;
        if let Some(waiting) = self.waiting.get_mut(tenant) {
            waiting.remove(&(score, id.clone()));
        }
        self.leases.insert((lease_until, id.clone()));
        if self.has_waiting(tenant) {
            self.set_ready(tenant, &mut touched);
        } else {
            // `Standing::Ready` would take it out of an order that it has left.
            touched.standing = Standing::Idle;
            self.idle_if_empty(tenant, &mut touched);
        }
        self.save(tenant, touched);
        self.book(tenant, About::job(RowKind::Hold, &job, "claim"), deltas, now);
        let leased = Leased {
            id: id.clone(),
            agent: job.agent.clone(),
            prompt: prompt.clone(),
            cost: job.cost,
            attempt: job.attempts,
            epoch: job.epoch,
            lease_until,
            pointer: self.pointers.get(&(tenant.clone(), job.agent.clone())).cloned(),
        };
        self.jobs.insert(id, (job, prompt));
        Some(leased)
    }

    /// The running job under this epoch whose lease still holds.
    pub(super) fn owned(&self, id: &JobId, epoch: JobEpoch, now: Timestamp) -> Option<(Job, String, Timestamp)> {
        let (job, prompt) = self.jobs.get(id)?;
        match job.state {
            JobState::Running { lease_until, .. } if job.epoch == epoch && lease_until > now => {
                Some((job.clone(), prompt.clone(), lease_until))
            }
            _ => None,
        }
    }

    /// RENEW: extends a live lease of this epoch, and raises its hold where asked.
    pub fn lease_renew(&mut self, renewal: &Renewal, now: Timestamp) -> Renewed {
        self.forget_expired(now);
        let Some((mut job, prompt, old)) = self.owned(&renewal.id, renewal.epoch, now) else { return Renewed::Lost };
        let Some(account) = self.accounts.get(job.id.tenant()).cloned() else { return Renewed::Lost };
        let lease_until = now + renewal.lease;
        let mut answer = Renewed::Continue { lease_until };
        if job.cancel {
            answer = Renewed::Cancel { lease_until, reason: "cancelled" };
        } else if let Some(need) = renewal.need.map(used_bounded).filter(|need| *need > job.hold.amount) {
            let more = need - job.hold.amount;
            let mut touched = account;
            let mut deltas = touched.touch(now);
            if let Err(blocked) = touched.check(more, now) {
                answer = Renewed::Cancel { lease_until, reason: Standing::Parked(blocked).label() };
            } else {
                let (hold, change) = touched.hold(more);
                deltas += change;
                job.hold.amount += hold.amount;
                job.hold.grants.extend(hold.grants);
                let tenant = job.id.tenant().clone();
                self.save(&tenant, touched);
                self.book(&tenant, About::job(RowKind::Hold, &job, "raise"), deltas, now);
            }
        }
        self.leases.remove(&(old, job.id.clone()));
        self.leases.insert((lease_until, job.id.clone()));
        if let JobState::Running { lease_until: until, .. } = &mut job.state {
            *until = lease_until;
        }
        self.jobs.insert(job.id.clone(), (job, prompt));
        answer
    }

    /// FINALIZE: settles a live lease of this epoch and moves the job on. Returns the label of its state then. A repeat with
    /// the epoch under which the job ended returns the same and does nothing.
    ///
    /// `NotFound`; `Conflict` under another epoch or after the lease lapsed.
    pub fn lease_finalize(&mut self, finish: Finish, jitter: u32, now: Timestamp) -> Result<&'static str> {
        self.forget_expired(now);
        let Some((job, _)) = self.jobs.get(&finish.id) else { return Err(Error::not_found("job", &finish.id)) };
        if job.epoch == finish.epoch && !matches!(job.state, JobState::Running { .. }) && job.hold.amount.0 == 0 {
            return Ok(job.state.label());
        }
        let Some((mut job, prompt, lease_until)) = self.owned(&finish.id, finish.epoch, now) else {
            return Err(lease_lost(&finish.id));
        };
        let tenant = job.id.tenant().clone();
        let Some(mut account) = self.accounts.get(&tenant).cloned() else { return Err(lease_lost(&finish.id)) };
        let used = match &finish.outcome {
            Outcome::Released { .. } => MicroCredits::ZERO,
            Outcome::Succeeded { .. } | Outcome::Failed { .. } => used_bounded(finish.used),
        };
        let label = match &finish.outcome {
            Outcome::Succeeded { .. } => "succeeded",
            _ if job.cancel => "cancelled",
            Outcome::Failed { retry: true, .. } if job.attempts < job.max_attempts => "retry",
            Outcome::Failed { .. } => "dead",
            Outcome::Released { .. } => "released",
        };
        self.unlease(&mut job, &mut account, lease_until, used, RowKind::Settle, label, now);
        match finish.outcome {
            Outcome::Succeeded { result, pointer } => {
                job.result = Some(clipped(result, MAX_RESULT));
                if let Some(pointer) = pointer {
                    self.pointers.insert((tenant.clone(), job.agent.clone()), pointer);
                }
            }
            Outcome::Failed { error, .. } => job.result = Some(clipped(error, MAX_RESULT)),
            Outcome::Released { after } => {
                job.attempts -= 1;
                if label == "released" {
                    self.delay(&mut job, now + after, DelayReason::Released);
                }
            }
        }
        if label == "retry" {
            let until = now + backoff(job.attempts, jitter);
            self.delay(&mut job, until, DelayReason::Backoff);
        } else if label != "released" {
            self.end(&mut job, label, now);
        }
        let state = job.state.label();
        self.jobs.insert(finish.id, (job, prompt));
        Ok(state)
    }

    /// Ends an attempt's lease and hold, and gives the tenant its place back. Saves the account, books the row.
    #[expect(clippy::too_many_arguments, reason = "one step with all it knows")]
    pub(super) fn unlease(
        &mut self,
        job: &mut Job,
        account: &mut Account,
        lease_until: Timestamp,
        used: MicroCredits,
        kind: RowKind,
        label: &str,
        now: Timestamp,
    ) {
        let tenant = job.id.tenant().clone();
        let mut deltas = account.touch(now);
        let hold = std::mem::take(&mut job.hold);
        deltas += account.settle(&hold, used, now);
        job.used = (job.used + used).min(MAX_AMOUNT);
        self.leases.remove(&(lease_until, job.id.clone()));
        account.running = account.running.saturating_sub(1);
        let refunded = used < hold.amount;
        let was_ready = account.standing == Standing::Ready;
        self.unset_ready(&tenant, account);
        account.corrected(job.cost, used, self.clock);
        match account.standing {
            Standing::Ready => self.set_ready(&tenant, account),
            Standing::Capped => self.rejoin(&tenant, account),
            Standing::Parked(_) if refunded => self.rejoin(&tenant, account),
            Standing::Parked(_) | Standing::Idle => {}
        }
        debug_assert!(!was_ready || account.standing == Standing::Ready);
        self.save(&tenant, account.clone());
        self.book(&tenant, About::job(kind, job, label), deltas, now);
    }

    pub(super) fn end(&mut self, job: &mut Job, label: &str, now: Timestamp) {
        let keep = match label {
            "succeeded" => {
                job.state = JobState::Succeeded { at: now };
                KEEP_FINISHED
            }
            "cancelled" => {
                job.state = JobState::Cancelled { at: now };
                KEEP_FINISHED
            }
            _ => {
                job.state = JobState::Dead { at: now };
                KEEP_DEAD
            }
        };
        self.expiries.insert(job.id.clone(), now + keep);
    }

    /// Calls a job off: at once if it waits, at its next renewal if it runs. Returns the label of its state then. `NotFound`;
    /// `Conflict` if it is over.
    pub fn job_cancel(&mut self, id: &JobId, now: Timestamp) -> Result<&'static str> {
        self.forget_expired(now);
        let Some((mut job, prompt)) = self.jobs.get(id).cloned() else { return Err(Error::not_found("job", id)) };
        let tenant = id.tenant().clone();
        match job.state {
            JobState::Queued => {
                let score = fairness::waiting_score(job.priority, job.tag);
                if let Some(waiting) = self.waiting.get_mut(&tenant) {
                    waiting.remove(&(score, id.clone()));
                }
                if let Some(mut account) = self.accounts.get(&tenant).cloned() {
                    self.idle_if_empty(&tenant, &mut account);
                    if matches!(account.standing, Standing::Parked(_)) {
                        // Perhaps it was this job that could not be paid.
                        self.rejoin(&tenant, &mut account);
                    }
                    self.save(&tenant, account);
                }
                self.end(&mut job, "cancelled", now);
            }
            JobState::Delayed { until, .. } => {
                self.delayed.remove(&(until, Due(id.to_string())));
                self.end(&mut job, "cancelled", now);
            }
            JobState::Running { .. } => job.cancel = true,
            JobState::Succeeded { .. } | JobState::Dead { .. } | JobState::Cancelled { .. } => {
                return Err(Error::conflict("job", id, format!("it is {} already", job.state.label())));
            }
        }
        let state = job.state.label();
        self.jobs.insert(id.clone(), (job, prompt));
        Ok(state)
    }

    /// Puts a dead or cancelled job back into the queue with all its attempts. `NotFound`; `Conflict` in any other state.
    pub fn job_retry(&mut self, id: &JobId, now: Timestamp) -> Result<()> {
        self.forget_expired(now);
        let Some((mut job, prompt)) = self.jobs.get(id).cloned() else { return Err(Error::not_found("job", id)) };
        if !matches!(job.state, JobState::Dead { .. } | JobState::Cancelled { .. }) {
            return Err(Error::conflict("job", id, format!("it is {}, not dead or cancelled", job.state.label())));
        }
        let mut account = self.opened(id.tenant(), now);
        job.attempts = 0;
        job.cancel = false;
        self.expiries.remove(id);
        self.enqueue(&mut job, &mut account, now);
        self.save(id.tenant(), account);
        self.jobs.insert(id.clone(), (job, prompt));
        Ok(())
    }

    /// REAP: up to `limit` lapsed leases and as many lapsed turns go back; what is due is moved.
    pub fn jobs_reap(&mut self, limit: usize, jitter: u32, now: Timestamp) -> Reaped {
        self.forget_expired(now);
        let mut reaped = Reaped { moved: self.move_due(now), ..Reaped::default() };
        let lapsed: Vec<(Timestamp, JobId)> =
            self.leases.iter().take_while(|(at, _)| *at <= now).take(limit).cloned().collect();
        reaped.more = lapsed.len() == limit || reaped.moved == MOVE_LIMIT as u64;
        for (lease_until, id) in lapsed {
            let Some((mut job, prompt)) = self.jobs.get(&id).cloned() else {
                self.leases.remove(&(lease_until, id));
                continue;
            };
            let Some(mut account) = self.accounts.get(id.tenant()).cloned() else { continue };
            let label = match () {
                () if job.cancel => "cancelled",
                () if job.attempts >= job.max_attempts => "dead",
                () => "retry",
            };
            self.unlease(&mut job, &mut account, lease_until, MicroCredits::ZERO, RowKind::Reclaim, label, now);
            self.recovered += 1;
            // Whoever had it is told that it is lost, and not that it has ended it.
            self.epoch = self.epoch.next(now);
            job.epoch = self.epoch;
            if label == "retry" {
                let until = now + backoff(job.attempts, jitter);
                self.delay(&mut job, until, DelayReason::LeaseLapsed);
                reaped.requeued += 1;
            } else {
                job.result = Some(LAPSED.to_owned());
                self.end(&mut job, label, now);
                reaped.dead += u64::from(label == "dead");
            }
            self.jobs.insert(id, (job, prompt));
        }
        reaped.turns = self.turns_reap(limit, now);
        reaped.more |= reaped.turns == limit as u64;
        let turns = self.turns.values().filter(|turn| !turn.settled).map(|turn| turn.until).min();
        let leases = self.leases.first().map(|(at, _)| *at);
        reaped.next = [self.next_due(), leases, turns].into_iter().flatten().min();
        reaped
    }

    pub(super) fn turns_reap(&mut self, limit: usize, now: Timestamp) -> u64 {
        let mut lapsed: Vec<(Timestamp, (TenantId, String))> = self
            .turns
            .iter()
            .filter(|(_, turn)| !turn.settled && turn.until <= now)
            .map(|(key, turn)| (turn.until, key.clone()))
            .collect();
        lapsed.sort_by_key(|(until, key)| (*until, turn_member(key)));
        lapsed.truncate(limit);
        let count = lapsed.len() as u64;
        for (_, key) in lapsed {
            let Some(turn) = self.turns.remove(&key) else { continue };
            self.turn_end(&key, &turn, MicroCredits::ZERO, RowKind::Reclaim, "lapsed", now);
        }
        count
    }
}
