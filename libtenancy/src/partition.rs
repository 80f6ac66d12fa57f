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

mod accounts;
mod queue;
mod rollback;
mod steps;
mod turns;
mod views;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use crate::{
    clock::Timestamp,
    credits::{MAX_AMOUNT, MicroCredits},
    error::{Error, Result},
    jobs::{AgentId, Job, JobEpoch, JobId, Leased},
    ledger::{After, Row, RowKind},
    quota::{Account, Blocked, Budget, Deltas, Hold, Period, Quota, SoFar},
    tenant::TenantId,
};

/// Waiting and delayed jobs of one tenant at most; one more is `Overloaded`.
pub const MAX_WAITING: usize = 2_000_000;

/// Due entries that one step moves at most.
pub const MOVE_LIMIT: usize = 128;

/// Tenants that one claim passes over at most because they are capped or parked.
pub const PASS_LIMIT: usize = 256;

/// By how much a rollback raises the epoch over the last time that the ledger knows, in microseconds: rows that never reached
/// it are younger, by less than this. So forgotten epochs are not given again, even if the clock of the store that took over
/// is behind. Whoever goes on without knowing that the store forgot, twice within this time, may be given one.
pub const FORGOTTEN_EPOCHS: i64 = 60_000_000;

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
    /// Heeded where the budget's period changes.
    pub so_far: SoFar,
}

impl QuotaPatch {
    /// The quota after the patch. `Invalid` if it, or what was spent so far, is out of bounds then.
    pub fn apply(&self, quota: Quota) -> Result<Quota> {
        self.so_far.check()?;
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
    /// Quotas that were set behind it.
    pub quotas: BTreeMap<TenantId, Quota>,
    /// The jobs that ended behind it.
    pub settled: Vec<SettledJob>,
    /// The turns that ended behind it.
    pub turns: Vec<EndedTurn>,
    /// Grants and usage that were booked behind it, by kind and reference: they are not booked again.
    pub booked: Vec<(TenantId, RowKind, String)>,
    /// Tenants that were closed behind it, or on forgotten ground. The store does nothing with them: whoever applies the plan closes them again.
    pub closed: Vec<TenantId>,
    /// If the store went on before it was told: the number up to which its rows are the ledger's. Its later rows carry
    /// numbers that others have in the ledger. `None` if there is nothing behind its number in the ledger.
    pub agreed: Option<u64>,
    /// When the ledger's last row was made, by the clock of the store then.
    pub at: Timestamp,
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

    /// The account, or the one that a first use would open.
    fn would_be(&self, tenant: &TenantId, now: Timestamp) -> Account {
        let new = || Account::open(self.default_quota.opening(tenant), now).0;
        self.accounts.get(tenant).cloned().unwrap_or_else(new)
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

/// Refuses a cost that the tenant could never hold, as it looks at `now`: nothing is left of a grant that has expired.
pub fn payable(account: &Account, cost: MicroCredits, now: Timestamp) -> Result<()> {
    let mut account = account.clone();
    account.touch(now);
    // What is held now may come back.
    let refilled = account.quota.burst + account.grants.iter().map(|grant| grant.amount).sum();
    let most = refilled.max(account.available() + account.held);
    if cost > most {
        return Err(unpayable(cost, most));
    }
    let Some(budget) = account.quota.budget.filter(|budget| budget.hard) else { return Ok(()) };
    // What was granted in this period widens it, as far as it is not spent.
    let limit = budget.limit + (-account.of_budget()).max(MicroCredits::ZERO);
    if cost > limit { Err(over_budget(cost, limit, budget.period)) } else { Ok(()) }
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
