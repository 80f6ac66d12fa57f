//! One partition of the job plane, purely: the protocol that every driver of `ports::jobs` and `ports::quotas` must equal.
//!
//! Owns the order of what each step reads, decides and writes. It is kept in memory and knows no clock: it is the model that
//! drivers are compared with (`tests/drivers/differential`), and the text to read before a script or a query. Does not own
//! arithmetic (`quota`), order (`fairness`) nor the row (`ledger`).
//!
//! # Steps, and what is left if the process dies
//! Each step is one atomic write of its store. So what is left is the state before it or after it:
//!
//! | after | what is left | who finishes it |
//! |---|---|---|
//! | SUBMIT | a waiting job; the submitter may not know | its repeat (same id or key) finds it |
//! | CLAIM | a lease, a hold, an outbox row; the worker may not know | the lease lapses; REAP puts the hold and the job back |
//! | RENEW | a longer lease | nobody has to |
//! | FINALIZE | a finished job, a settled hold, an outbox row | its repeat with the same epoch is told so |
//! | outbox row | a row that the ledger has not | the leader copies it, and again after a death; a repeat changes nothing |
//! | ledger row | a row in both | the leader trims the outbox |
//!
//! # A store that forgets
//! Redis may come back with an older copy of its data. Whoever talked to it since knows a higher sequence number and sends
//! it with every step: the store answers [`Error::Behind`] and changes nothing, so nothing is claimed or charged on
//! forgotten ground. The leader then reads the ledger behind the store's sequence number and writes one [`Rollback`]: what
//! tenants had by the ledger, jobs that the ledger saw end, a row that books the holds nobody has any more, and a new
//! incarnation. Rows that never reached the ledger are lost in both: their number is reported.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use crate::{
    clock::Timestamp,
    credits::{MAX_AMOUNT, MicroCredits},
    error::{Error, Result},
    fairness,
    jobs::{
        AgentId, DelayReason, Finish, Job, JobEpoch, JobId, JobState, KEEP_DEAD, KEEP_FINISHED, KEEP_IDEMPOTENCY,
        Leased, MAX_RESULT, NewJob, Outcome, Renewal, Renewed, WorkerId, backoff, clipped,
    },
    ledger::{After, Row, RowKind},
    ports::jobs::{Place, QueueView, QueuedTenant},
    quota::{Account, Blocked, Budget, Deltas, Grant, Hold, Period, Quota, Standing},
    tenant::TenantId,
};

/// Waiting and delayed jobs of one tenant at most; one more is `Overloaded`.
pub const MAX_WAITING: usize = 2_000_000;

/// Due entries that one step moves at most.
pub const MOVE_LIMIT: usize = 128;

/// Tenants that one claim passes over at most because they are capped or parked.
pub const PASS_LIMIT: usize = 256;

/// How long a settled turn is remembered, so that it is not charged again.
pub const KEEP_TURN: Duration = Duration::from_secs(86_400);

/// A change of a quota; `None` stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Quota`, said there")]
pub struct QuotaPatch {
    pub rate: Option<MicroCredits>,
    pub burst: Option<MicroCredits>,
    pub weight: Option<u32>,
    pub max_running: Option<u32>,
    /// `Some(None)` removes it.
    pub budget: Option<Option<Budget>>,
}

impl QuotaPatch {
    /// The quota after the patch. `Invalid` if it is out of bounds then.
    pub fn apply(&self, quota: Quota) -> Result<Quota> {
        Quota {
            rate: self.rate.unwrap_or(quota.rate),
            burst: self.burst.unwrap_or(quota.burst),
            weight: self.weight.unwrap_or(quota.weight),
            max_running: self.max_running.unwrap_or(quota.max_running),
            budget: self.budget.unwrap_or(quota.budget),
        }
        .checked()
    }
}

/// What a submission came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The job: the new one, or the one that an earlier call with the same key or id made.
    pub id: JobId,
    /// Whether it was there already.
    pub duplicate: bool,
    /// The label of its state now.
    pub state: &'static str,
}

/// What a claim brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// The jobs, each under a lease of its own.
    pub jobs: Vec<Leased>,
    /// Whether the claim stopped early and another may find more at once.
    pub more: bool,
    /// When the next delayed job or parked tenant is due.
    pub next: Option<Timestamp>,
    /// Tenants whose turn it was, and that wait for credits or a budget now.
    pub parked: Vec<(TenantId, Blocked)>,
}

/// What the reaper did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Jobs whose lease had lapsed and that will be tried again.
    pub requeued: u64,
    /// Jobs that had no attempt left.
    pub dead: u64,
    /// Turns whose holder fell silent.
    pub turns: u64,
    /// Delayed jobs and parked tenants that were due.
    pub moved: u64,
    /// Whether there is more to do at once.
    pub more: bool,
    /// When something is due next.
    pub next: Option<Timestamp>,
}

/// What the admission of a turn says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnAdmission {
    /// Its hold stands.
    Admitted {
        /// The fence of its settlement.
        epoch: JobEpoch,
    },
    /// It was settled before; it costs nothing more.
    Settled,
    /// There is no credit for it.
    Blocked(Blocked),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    epoch: JobEpoch,
    hold: Hold,
    agent: AgentId,
    /// Held until then, or settled until it is forgotten.
    until: Timestamp,
    settled: bool,
}

/// The end of a job as the ledger saw it, for a store that forgot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledJob {
    /// Which.
    pub id: JobId,
    /// The row's label: a state's label, `retry`, or `released`.
    pub label: String,
}

/// The end of a turn as the ledger saw it, for a store that forgot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedTurn {
    /// Whose.
    pub tenant: TenantId,
    /// Its key.
    pub key: String,
    /// Whether it was charged; otherwise its hold had lapsed.
    pub settled: bool,
}

/// What a store that forgot is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollback {
    /// What every tenant had by its last row behind the store's sequence number.
    pub accounts: Vec<(TenantId, After)>,
    /// The jobs that ended behind it.
    pub settled: Vec<SettledJob>,
    /// The turns that ended behind it.
    pub turns: Vec<EndedTurn>,
    /// The new incarnation: higher than the ledger's and the store's.
    pub incarnation: u64,
    /// The sequence number to go on from: the highest that anybody saw.
    pub seq: u64,
}

/// A waiting entry of the index by time: a job, or a parked tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due(String);

/// The model.
#[derive(Clone, Debug, Default)]
pub struct Partition {
    /// The quota of accounts that are opened by their first use.
    pub default_quota: Quota,
    /// Leases at once; 0: as many as are claimed.
    pub capacity: u32,
    incarnation: u64,
    seq: u64,
    clock: i64,
    epoch: JobEpoch,
    accounts: BTreeMap<TenantId, Account>,
    agents: BTreeMap<TenantId, HashMap<AgentId, i64>>,
    waiting: BTreeMap<TenantId, BTreeSet<(i64, JobId)>>,
    ready: BTreeSet<(i64, TenantId)>,
    delayed: BTreeSet<(Timestamp, Due)>,
    leases: BTreeSet<(Timestamp, JobId)>,
    jobs: BTreeMap<JobId, (Job, String)>,
    expiries: BTreeMap<JobId, Timestamp>,
    keys: HashMap<(TenantId, String), (String, JobId, Timestamp)>,
    pointers: HashMap<(TenantId, AgentId), String>,
    turns: BTreeMap<(TenantId, String), Turn>,
    usage: BTreeSet<(TenantId, RowKind, String)>,
    outbox: Vec<Row>,
    recovered: u64,
}

/// What a row says beside the account and the deltas.
struct About<'a> {
    kind: RowKind,
    agent: Option<&'a AgentId>,
    reference: &'a str,
    attempt: u32,
    quantity: i64,
    label: &'a str,
}

impl<'a> About<'a> {
    fn account(kind: RowKind, label: &'a str) -> Self {
        Self { kind, agent: None, reference: "", attempt: 0, quantity: 0, label }
    }

    fn job(kind: RowKind, job: &'a Job, label: &'a str) -> Self {
        Self { kind, agent: Some(&job.agent), reference: job.id.serial(), attempt: job.attempts, quantity: 0, label }
    }

    fn turn(kind: RowKind, agent: &'a AgentId, reference: &'a str, label: &'a str) -> Self {
        Self { kind, agent: Some(agent), reference, attempt: 0, quantity: 0, label }
    }
}

impl Partition {
    /// An empty partition.
    pub fn new(default_quota: Quota, capacity: u32) -> Self {
        Self { default_quota, capacity, incarnation: 1, ..Self::default() }
    }

    fn book(&mut self, tenant: &TenantId, about: About<'_>, deltas: Deltas, now: Timestamp) {
        self.seq += 1;
        self.outbox.push(Row {
            incarnation: self.incarnation,
            seq: self.seq,
            at: now,
            kind: about.kind,
            tenant: tenant.clone(),
            agent: about.agent.cloned(),
            reference: about.reference.to_owned(),
            attempt: about.attempt,
            deltas,
            quantity: about.quantity,
            label: about.label.to_owned(),
            after: self.accounts.get(tenant).map(After::from).unwrap_or_default(),
        });
    }

    /// The account, opened if it is not there.
    fn opened(&mut self, tenant: &TenantId, now: Timestamp) -> Account {
        if let Some(account) = self.accounts.get(tenant) {
            return account.clone();
        }
        let (account, deltas) = Account::open(self.default_quota.opening(tenant), now);
        self.accounts.insert(tenant.clone(), account.clone());
        self.book(tenant, About::account(RowKind::Opening, ""), deltas, now);
        account
    }

    fn save(&mut self, tenant: &TenantId, account: Account) {
        self.accounts.insert(tenant.clone(), account);
    }

    // --- the queue ----------------------------------------------------------------------------------------------------

    fn has_waiting(&self, tenant: &TenantId) -> bool {
        self.waiting.get(tenant).is_some_and(|set| !set.is_empty())
    }

    fn set_ready(&mut self, tenant: &TenantId, account: &mut Account) {
        account.standing = Standing::Ready;
        self.ready.insert((account.tag, tenant.clone()));
    }

    /// A ready tenant leaves the order; its standing is set by the caller.
    fn unset_ready(&mut self, tenant: &TenantId, account: &Account) {
        if account.standing == Standing::Ready {
            self.ready.remove(&(account.tag, tenant.clone()));
        }
    }

    /// A capped or parked tenant takes its turn again, or is idle if nothing waits.
    fn rejoin(&mut self, tenant: &TenantId, account: &mut Account) {
        if let Standing::Parked(blocked) = account.standing
            && let Some(until) = blocked.until()
        {
            self.delayed.remove(&(until, Due(tenant.to_string())));
        }
        if self.has_waiting(tenant) {
            account.tag = account.tag.max(self.clock);
            self.set_ready(tenant, account);
        } else {
            account.standing = Standing::Idle;
        }
    }

    /// The tenant's waiting set may have become empty.
    fn idle_if_empty(&mut self, tenant: &TenantId, account: &mut Account) {
        if self.has_waiting(tenant) {
            return;
        }
        self.waiting.remove(tenant);
        self.agents.remove(tenant);
        match account.standing {
            Standing::Ready => self.unset_ready(tenant, account),
            Standing::Parked(blocked) => {
                if let Some(until) = blocked.until() {
                    self.delayed.remove(&(until, Due(tenant.to_string())));
                }
            }
            Standing::Idle | Standing::Capped => {}
        }
        account.standing = Standing::Idle;
    }

    /// A job joins its tenant's waiting set. It keeps the tag it once had.
    fn enqueue(&mut self, job: &mut Job, account: &mut Account, now: Timestamp) {
        let tenant = job.id.tenant().clone();
        if job.tag < 0 {
            let agents = self.agents.entry(tenant.clone()).or_default();
            let last = agents.get(&job.agent).copied().unwrap_or(0);
            let (tag, end) = fairness::agent_tag(account.agent_clock, last, job.cost);
            job.tag = tag;
            agents.insert(job.agent.clone(), end);
        }
        job.state = JobState::Queued;
        let score = fairness::waiting_score(job.priority, job.tag);
        let place = (score, job.id.clone());
        let waiting = self.waiting.entry(tenant.clone()).or_default();
        let is_first = waiting.first().is_none_or(|first| place < *first);
        waiting.insert(place);
        match account.standing {
            Standing::Idle => {
                account.woken(self.clock, now);
                self.set_ready(&tenant, account);
            }
            // It was the job that is second now which could not be paid.
            Standing::Parked(_) if is_first => self.rejoin(&tenant, account),
            Standing::Parked(_) | Standing::Capped | Standing::Ready => {}
        }
    }

    fn delay(&mut self, job: &mut Job, until: Timestamp, reason: DelayReason) {
        job.state = JobState::Delayed { until, reason };
        self.delayed.insert((until, Due(job.id.to_string())));
    }

    /// Moves what is due: delayed jobs into their waiting sets, parked tenants into the order. How many.
    fn move_due(&mut self, now: Timestamp) -> u64 {
        let due: Vec<(Timestamp, Due)> =
            self.delayed.iter().take_while(|(at, _)| *at <= now).take(MOVE_LIMIT).cloned().collect();
        let moved = due.len() as u64;
        for entry in due {
            self.delayed.remove(&entry);
            let name = &entry.1.0;
            if name.contains('.') {
                let Ok(id) = name.parse::<JobId>() else { continue };
                let Some((mut job, prompt)) = self.jobs.get(&id).cloned() else { continue };
                if !matches!(job.state, JobState::Delayed { .. }) {
                    continue;
                }
                let Some(mut account) = self.accounts.get(id.tenant()).cloned() else { continue };
                self.enqueue(&mut job, &mut account, now);
                self.save(id.tenant(), account);
                self.jobs.insert(id, (job, prompt));
            } else {
                let Ok(tenant) = name.parse::<TenantId>() else { continue };
                let Some(mut account) = self.accounts.get(&tenant).cloned() else { continue };
                if matches!(account.standing, Standing::Parked(_)) {
                    self.rejoin(&tenant, &mut account);
                    self.save(&tenant, account);
                }
            }
        }
        moved
    }

    /// When the next delayed job or parked tenant is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.delayed.first().map(|(at, _)| *at)
    }

    /// Drops what is kept long enough. Every step begins with it; drivers let their stores do it.
    pub fn forget_expired(&mut self, now: Timestamp) {
        let over: Vec<JobId> = self.expiries.iter().filter(|(_, at)| **at <= now).map(|(id, _)| id.clone()).collect();
        for id in over {
            self.expiries.remove(&id);
            self.jobs.remove(&id);
        }
        self.keys.retain(|_, (_, _, until)| *until > now);
        self.turns.retain(|_, turn| !turn.settled || turn.until > now);
    }

    // --- the steps ------------------------------------------------------------------------------------------------------

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
        let would_be = || Account::open(self.default_quota, now).0;
        payable(&self.accounts.get(&tenant).cloned().unwrap_or_else(would_be), new.cost)?;
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

    fn claim_from(&mut self, tenant: &TenantId, worker: &WorkerId, lease: Duration, now: Timestamp) -> Option<Leased> {
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
    fn owned(&self, id: &JobId, epoch: JobEpoch, now: Timestamp) -> Option<(Job, String, Timestamp)> {
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
    fn unlease(
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

    fn end(&mut self, job: &mut Job, label: &str, now: Timestamp) {
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

    fn turns_reap(&mut self, limit: usize, now: Timestamp) -> u64 {
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

    // --- turns ----------------------------------------------------------------------------------------------------------

    /// Admits a chat turn: a hold of `amount` under `key`, for `ttl`. A repeat finds its hold again under a new epoch, or
    /// that it was settled. The turn counts in its tenant's fair share, not in the capacity for jobs.
    pub fn turn_admit(
        &mut self,
        tenant: &TenantId,
        agent: &AgentId,
        key: &str,
        amount: MicroCredits,
        ttl: Duration,
        now: Timestamp,
    ) -> TurnAdmission {
        self.forget_expired(now);
        let name = (tenant.clone(), key.to_owned());
        if let Some(turn) = self.turns.get(&name).cloned() {
            if turn.settled {
                return TurnAdmission::Settled;
            }
            self.epoch = self.epoch.next(now);
            self.turns.insert(name, Turn { epoch: self.epoch, until: now + ttl, ..turn });
            return TurnAdmission::Admitted { epoch: self.epoch };
        }
        let account = self.opened(tenant, now);
        let mut touched = account.clone();
        let mut deltas = touched.touch(now);
        if let Err(blocked) = touched.check(amount, now) {
            return TurnAdmission::Blocked(blocked);
        }
        let (hold, change) = touched.hold(amount);
        deltas += change;
        self.unset_ready(tenant, &account);
        touched.tag = touched.tag.max(self.clock);
        touched.started(amount, self.clock, now);
        if touched.standing == Standing::Ready {
            self.set_ready(tenant, &mut touched);
        }
        self.epoch = self.epoch.next(now);
        let turn = Turn { epoch: self.epoch, hold, agent: agent.clone(), until: now + ttl, settled: false };
        self.turns.insert(name, turn);
        self.save(tenant, touched);
        self.book(tenant, About::turn(RowKind::Hold, agent, &format!("turn:{key}"), "turn"), deltas, now);
        TurnAdmission::Admitted { epoch: self.epoch }
    }

    /// Settles a turn. What was used beyond its hold is taken from what the tenant has, as far as it may; the rest is the
    /// operator's. A repeat under the same epoch does nothing. `Conflict` under another epoch, or once the hold lapsed.
    pub fn turn_settle(
        &mut self,
        tenant: &TenantId,
        key: &str,
        epoch: JobEpoch,
        used: MicroCredits,
        now: Timestamp,
    ) -> Result<()> {
        self.forget_expired(now);
        let name = (tenant.clone(), key.to_owned());
        let turn = self.turns.get(&name).filter(|turn| turn.epoch == epoch).cloned();
        let Some(turn) = turn else {
            return Err(Error::conflict("turn", key, "its hold is not this caller's any more"));
        };
        if turn.settled {
            return Ok(());
        }
        let mut turn = turn;
        self.turn_end(&name, &turn, used_bounded(used), RowKind::Settle, "succeeded", now);
        turn.hold = Hold::default();
        (turn.settled, turn.until) = (true, now + KEEP_TURN);
        self.turns.insert(name, turn);
        Ok(())
    }

    fn turn_end(
        &mut self,
        key: &(TenantId, String),
        turn: &Turn,
        used: MicroCredits,
        kind: RowKind,
        label: &str,
        now: Timestamp,
    ) {
        let (tenant, key) = key;
        let Some(mut account) = self.accounts.get(tenant).cloned() else { return };
        let mut deltas = account.touch(now);
        let mut hold = turn.hold.clone();
        if used > hold.amount {
            let more = used - hold.amount;
            if account.check(more, now).is_ok() {
                let (extra, change) = account.hold(more);
                deltas += change;
                hold.amount += extra.amount;
                hold.grants.extend(extra.grants);
            }
        }
        deltas += account.settle(&hold, used, now);
        self.unset_ready(tenant, &account);
        account.corrected(turn.hold.amount, used, self.clock);
        match account.standing {
            Standing::Ready => self.set_ready(tenant, &mut account),
            Standing::Parked(_) if used < turn.hold.amount => self.rejoin(tenant, &mut account),
            Standing::Parked(_) | Standing::Capped | Standing::Idle => {}
        }
        self.save(tenant, account);
        self.book(tenant, About::turn(kind, &turn.agent, &format!("turn:{key}"), label), deltas, now);
    }

    // --- accounts -------------------------------------------------------------------------------------------------------

    /// Changes a quota, opening the account if need be; returns the account. `Invalid` if it is out of bounds then.
    pub fn quota_set(&mut self, tenant: &TenantId, patch: &QuotaPatch, now: Timestamp) -> Result<Account> {
        let current = self.accounts.get(tenant).map_or(self.default_quota, |account| account.quota);
        let quota = patch.apply(current)?;
        let mut account = self.opened(tenant, now);
        let deltas = account.touch(now);
        account.configure(quota, now);
        self.reconsider(tenant, &mut account);
        self.save(tenant, account.clone());
        self.book(tenant, About::account(RowKind::Configure, ""), deltas, now);
        Ok(account)
    }

    /// Grants credits under a name, once: a repeat of the same name does nothing. Returns the account.
    pub fn credits_grant(&mut self, tenant: &TenantId, name: &str, grant: Grant, now: Timestamp) -> Result<Account> {
        let once = (tenant.clone(), RowKind::Grant, name.to_owned());
        if let Some(account) = self.accounts.get(tenant).filter(|_| self.usage.contains(&once)) {
            return Ok(account.clone());
        }
        let would_be = || Account::open(self.default_quota, now).0;
        let mut account = self.accounts.get(tenant).cloned().unwrap_or_else(would_be);
        let mut deltas = account.touch(now);
        deltas += account.grant(grant)?;
        self.opened(tenant, now);
        self.usage.insert(once);
        self.reconsider(tenant, &mut account);
        self.save(tenant, account.clone());
        let about = About { reference: name, ..About::account(RowKind::Grant, "") };
        self.book(tenant, about, deltas, now);
        Ok(account)
    }

    /// More is allowed than before, perhaps: whoever was held back takes its turn again.
    fn reconsider(&mut self, tenant: &TenantId, account: &mut Account) {
        if matches!(account.standing, Standing::Capped | Standing::Parked(_)) {
            self.rejoin(tenant, account);
        }
    }

    /// Books what a tenant's agent did, once under a reference: a repeat does nothing.
    pub fn usage_record(&mut self, tenant: &TenantId, kind: RowKind, reference: &str, quantity: i64, now: Timestamp) {
        self.opened(tenant, now);
        if self.usage.insert((tenant.clone(), kind, reference.to_owned())) {
            let about = About { reference, quantity, ..About::account(kind, "") };
            self.book(tenant, about, Deltas::default(), now);
        }
    }

    /// Forgets up to `limit` of a tenant's jobs, then, when none is left, its account: what it had is `expired`. Running jobs
    /// lose their lease; their hold goes back first. Returns whether there is more to do.
    pub fn tenant_close(&mut self, tenant: &TenantId, limit: usize, now: Timestamp) -> bool {
        let ids: Vec<JobId> = self.jobs.keys().filter(|id| id.tenant() == tenant).take(limit).cloned().collect();
        let more = ids.len() == limit;
        for id in &ids {
            let Some((mut job, _)) = self.jobs.remove(id) else { continue };
            self.expiries.remove(id);
            match job.state {
                JobState::Queued => {
                    let score = fairness::waiting_score(job.priority, job.tag);
                    if let Some(waiting) = self.waiting.get_mut(tenant) {
                        waiting.remove(&(score, id.clone()));
                    }
                }
                JobState::Delayed { until, .. } => {
                    self.delayed.remove(&(until, Due(id.to_string())));
                }
                JobState::Running { lease_until, .. } => {
                    if let Some(mut account) = self.accounts.get(tenant).cloned() {
                        self.unlease(
                            &mut job,
                            &mut account,
                            lease_until,
                            MicroCredits::ZERO,
                            RowKind::Reclaim,
                            "closed",
                            now,
                        );
                    }
                }
                JobState::Succeeded { .. } | JobState::Dead { .. } | JobState::Cancelled { .. } => {}
            }
        }
        if let Some(mut account) = self.accounts.get(tenant).cloned() {
            self.idle_if_empty(tenant, &mut account);
            self.save(tenant, account);
        }
        if more {
            return true;
        }
        let turns: Vec<_> = self.turns.keys().filter(|(of, _)| of == tenant).cloned().collect();
        for key in turns {
            if let Some(turn) = self.turns.remove(&key).filter(|turn| !turn.settled) {
                self.turn_end(&key, &turn, MicroCredits::ZERO, RowKind::Reclaim, "closed", now);
            }
        }
        if let Some(mut account) = self.accounts.get(tenant).cloned() {
            let mut deltas = account.touch(now);
            deltas += account.close();
            self.save(tenant, account);
            self.book(tenant, About::account(RowKind::Close, ""), deltas, now);
            self.accounts.remove(tenant);
        }
        self.keys.retain(|(of, _), _| of != tenant);
        self.pointers.retain(|(of, _), _| of != tenant);
        self.usage.retain(|(of, ..)| of != tenant);
        false
    }

    // --- what is kept elsewhere -------------------------------------------------------------------------------------------

    /// The rows that were not trimmed, in order.
    pub fn outbox(&self) -> &[Row] {
        &self.outbox
    }

    /// Forgets the rows up to a sequence number.
    pub fn outbox_trim(&mut self, seq: u64) {
        self.outbox.retain(|row| row.seq > seq);
    }

    /// Incarnation and the last sequence number.
    pub fn position(&self) -> (u64, u64) {
        (self.incarnation, self.seq)
    }

    /// Tells a partition that forgot what the ledger knows; see the module's documentation. Returns the credits whose hold
    /// nobody has any more. A repeat of the same plan does nothing.
    pub fn rollback(&mut self, plan: &Rollback, now: Timestamp) -> MicroCredits {
        if self.incarnation >= plan.incarnation {
            return MicroCredits::ZERO;
        }
        self.incarnation = plan.incarnation;
        self.seq = self.seq.max(plan.seq);
        for settled in &plan.settled {
            self.rollback_job(settled, now);
        }
        for turn in &plan.turns {
            self.rollback_turn(turn, now);
        }
        let mut lost = MicroCredits::ZERO;
        for (tenant, after) in &plan.accounts {
            let held: MicroCredits = self.holds_of(tenant);
            let mut account =
                self.accounts.get(tenant).cloned().unwrap_or_else(|| Account::open(self.default_quota, now).0);
            account.bucket = after.bucket;
            account.grants.clone_from(&after.grants);
            account.refilled_at = after.refilled_at;
            account.remainder = after.remainder;
            account.period = after.period;
            account.period_spent = after.period_spent;
            account.noticed = after.noticed;
            let gone = after.held - held;
            account.held = held;
            account.bucket += gone;
            account.running = self.running_of(tenant);
            self.reconsider(tenant, &mut account);
            self.save(tenant, account);
            let deltas = Deltas { held: -gone, ..Deltas::default() };
            self.book(tenant, About::account(RowKind::Rollback, ""), deltas, now);
            lost += gone;
        }
        lost
    }

    /// A turn that holds here has ended there.
    fn rollback_turn(&mut self, ended: &EndedTurn, now: Timestamp) {
        let name = (ended.tenant.clone(), ended.key.clone());
        let Some(turn) = self.turns.get_mut(&name).filter(|turn| !turn.settled) else { return };
        if ended.settled {
            (turn.hold, turn.settled, turn.until) = (Hold::default(), true, now + KEEP_TURN);
        } else {
            self.turns.remove(&name);
        }
    }

    fn rollback_job(&mut self, settled: &SettledJob, now: Timestamp) {
        let Some((mut job, prompt)) = self.jobs.get(&settled.id).cloned() else { return };
        if job.state.is_terminal() {
            return;
        }
        if !matches!(settled.label.as_str(), "succeeded" | "dead" | "cancelled") {
            // The attempt that runs here has ended there: its hold is not held any more.
            if let JobState::Running { lease_until, .. } = job.state
                && matches!(settled.label.as_str(), "retry" | "released")
            {
                self.leases.remove(&(lease_until, job.id.clone()));
                job.hold = Hold::default();
                self.delay(&mut job, now, DelayReason::LeaseLapsed);
                self.jobs.insert(settled.id.clone(), (job, prompt));
            }
            return;
        }
        match job.state {
            JobState::Queued => {
                let score = fairness::waiting_score(job.priority, job.tag);
                if let Some(waiting) = self.waiting.get_mut(job.id.tenant()) {
                    waiting.remove(&(score, job.id.clone()));
                }
                if let Some(mut account) = self.accounts.get(job.id.tenant()).cloned() {
                    self.idle_if_empty(job.id.tenant(), &mut account);
                    self.save(&settled.id.tenant().clone(), account);
                }
            }
            JobState::Delayed { until, .. } => {
                self.delayed.remove(&(until, Due(job.id.to_string())));
            }
            JobState::Running { lease_until, .. } => {
                self.leases.remove(&(lease_until, job.id.clone()));
            }
            JobState::Succeeded { .. } | JobState::Dead { .. } | JobState::Cancelled { .. } => {}
        }
        job.hold = Hold::default();
        job.result = Some(FORGOTTEN.to_owned());
        self.end(&mut job, &settled.label, now);
        self.jobs.insert(settled.id.clone(), (job, prompt));
    }

    fn holds_of(&self, tenant: &TenantId) -> MicroCredits {
        let jobs = self.jobs.values().filter(|(job, _)| job.id.tenant() == tenant).map(|(job, _)| job.hold.amount);
        let turns =
            self.turns.iter().filter(|((of, _), turn)| of == tenant && !turn.settled).map(|(_, t)| t.hold.amount);
        jobs.chain(turns).sum()
    }

    fn running_of(&self, tenant: &TenantId) -> u32 {
        let running = self.leases.iter().filter(|(_, id)| id.tenant() == tenant).count();
        u32::try_from(running).unwrap_or(u32::MAX)
    }

    // --- looking --------------------------------------------------------------------------------------------------------

    /// One job.
    pub fn job(&self, id: &JobId) -> Option<&Job> {
        self.jobs.get(id).map(|(job, _)| job)
    }

    /// What a job's agent is told; `None` once it succeeded.
    pub fn job_prompt(&self, id: &JobId) -> Option<&str> {
        let (job, prompt) = self.jobs.get(id)?;
        (!matches!(job.state, JobState::Succeeded { .. })).then_some(prompt)
    }

    /// The queue at this moment.
    pub fn queue_view(&self) -> QueueView {
        QueueView {
            capacity: self.capacity,
            leases: self.leases.len() as u64,
            clock: self.clock,
            delayed: self.delayed.len() as u64,
            next_due: self.next_due(),
            next_lease: self.leases.first().map(|(at, _)| *at),
            ready: self.ready.iter().take(100).filter_map(|(_, tenant)| self.queued_tenant(tenant)).collect(),
            ready_count: self.ready.len() as u64,
            active_weight: self
                .ready
                .iter()
                .take(1_000)
                .filter_map(|(_, tenant)| self.accounts.get(tenant))
                .map(|account| u64::from(account.quota.weight))
                .sum(),
            recovered: self.recovered,
        }
    }

    fn queued_tenant(&self, tenant: &TenantId) -> Option<QueuedTenant> {
        let account = self.accounts.get(tenant)?;
        Some(QueuedTenant {
            tenant: tenant.clone(),
            tag: account.tag,
            weight: account.quota.weight,
            standing: account.standing,
            waiting: self.waiting.get(tenant).map_or(0, BTreeSet::len) as u64,
            running: account.running,
        })
    }

    /// Where a queued job stands.
    pub fn place(&self, id: &JobId) -> Option<Place> {
        let job = self.job(id).filter(|job| job.state == JobState::Queued)?;
        let tenant = self.queued_tenant(id.tenant())?;
        let score = fairness::waiting_score(job.priority, job.tag);
        let waiting = self.waiting.get(id.tenant())?;
        Some(Place {
            ahead_in_tenant: waiting.range(..(score, id.clone())).count() as u64,
            tenants_ahead: self.ready.range(..(tenant.tag, id.tenant().clone())).count() as u64,
            tenant,
        })
    }

    /// How many jobs of its tenant are before a waiting one.
    pub fn ahead_of(&self, job: &Job) -> Option<usize> {
        let place = (fairness::waiting_score(job.priority, job.tag), job.id.clone());
        self.waiting.get(job.id.tenant())?.iter().position(|entry| *entry == place)
    }

    /// How many jobs of a tenant wait for their turn.
    pub fn waiting(&self, tenant: &TenantId) -> usize {
        self.waiting.get(tenant).map_or(0, BTreeSet::len)
    }

    /// The tenants that take their turn, next first: tag and name.
    pub fn ready(&self) -> impl Iterator<Item = &(i64, TenantId)> {
        self.ready.iter()
    }

    /// Delayed jobs and parked tenants.
    pub fn delayed(&self) -> usize {
        self.delayed.len()
    }

    /// The virtual time.
    pub fn clock(&self) -> i64 {
        self.clock
    }

    /// All jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values().map(|(job, _)| job)
    }

    /// One account, as it was last touched.
    pub fn account(&self, tenant: &TenantId) -> Option<&Account> {
        self.accounts.get(tenant)
    }

    /// Every lease: until when, and whose.
    pub fn leases(&self) -> impl Iterator<Item = &(Timestamp, JobId)> {
        self.leases.iter()
    }

    /// Where the agent's state was left.
    pub fn pointer(&self, tenant: &TenantId, agent: &AgentId) -> Option<&str> {
        self.pointers.get(&(tenant.clone(), agent.clone())).map(String::as_str)
    }

    /// Leases that lapsed and were put back, in all.
    pub fn recovered(&self) -> u64 {
        self.recovered
    }
}

/// What the last failure of a job says whose worker died.
pub const LAPSED: &str = "its worker fell silent: the lease lapsed";

/// What a job says whose result a store forgot.
pub const FORGOTTEN: &str = "its result was forgotten by the store; the ledger knows that it ended";

/// What was used, as it is reckoned: not negative, and not more than [`MAX_AMOUNT`].
pub fn used_bounded(used: MicroCredits) -> MicroCredits {
    used.clamp(MicroCredits::ZERO, MAX_AMOUNT)
}

/// The name of a turn among lapsing ones.
fn turn_member((tenant, key): &(TenantId, String)) -> String {
    format!("{tenant}|{key}")
}

/// Refuses a cost that the tenant could never hold.
pub fn payable(account: &Account, cost: MicroCredits) -> Result<()> {
    // What is held now may come back.
    let refilled = account.quota.burst + account.grants.iter().map(|grant| grant.amount).sum();
    let most = refilled.max(account.available() + account.held);
    if cost > most {
        return Err(unpayable(cost, most));
    }
    match account.quota.budget.filter(|budget| budget.hard && cost > budget.limit) {
        Some(budget) => Err(over_budget(cost, budget.limit, budget.period)),
        None => Ok(()),
    }
}

/// The error of a cost that is more than the tenant could ever hold.
pub fn unpayable(cost: MicroCredits, most: MicroCredits) -> Error {
    Error::invalid("cost_gpu_seconds", format!("{cost} is more than the tenant can ever hold ({most} credits)"))
}

/// The error of a cost that is more than a hard budget.
pub fn over_budget(cost: MicroCredits, limit: MicroCredits, period: Period) -> Error {
    let period = period.label();
    Error::invalid("cost_gpu_seconds", format!("{cost} is more than the tenant's budget of {limit} credits a {period}"))
}

/// The error of a key that was used for another body.
pub fn key_conflict() -> Error {
    Error::conflict("idempotency key", "", "it was used for another body within the last day")
}

/// The error of a word about an attempt that is not the caller's any more.
pub fn lease_lost(id: &JobId) -> Error {
    Error::conflict("lease of job", id, "it lapsed, or the job is somebody else's")
}

#[cfg(test)]
mod tests;
