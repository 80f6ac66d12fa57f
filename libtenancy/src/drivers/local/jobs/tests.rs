//! The store against the model, step by step.
//!
//! Both are told the same at the same times, with the same jitter; every answer, every row for the ledger, and at the end
//! every job and account must be equal.

use std::{sync::Arc, time::Duration};

use super::super::store::{Options, Store};
use crate::{
    clock::{Clock, ManualClock, Timestamp},
    credits::MicroCredits,
    error::Result,
    jobs::{AgentId, Finish, Idempotency, JobEpoch, JobId, LEASE, Leased, NewJob, Outcome, Renewal, WorkerId},
    ledger::{After, RowKind},
    partition::{EndedTurn, Partition, QuotaPatch, Rollback, SettledJob, TurnAdmission},
    ports::{
        jobs::{JobFilter, JobSettings, Jobs, Swept},
        ledgers::Ledgers,
        quotas::Quotas,
    },
    quota::{Budget, Grant, NEVER, Period},
    tenant::TenantId,
};

const JITTER: u32 = 321;
/// Names of which one is the beginning of another: where orders of ids and of their texts differ.
const TENANTS: [&str; 4] = ["a", "a-b", "acme", "acme-2"];

/// Numbers that repeat themselves (D. Knuth's MMIX constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn credits(&mut self, bound: u64) -> MicroCredits {
        MicroCredits(i64::try_from(1 + self.below(bound * 1_000_000)).unwrap())
    }

    fn small(&mut self, bound: u64) -> u32 {
        u32::try_from(self.below(bound)).unwrap()
    }
}

/// An answer in a form that compares: errors by what they say.
fn said<T: std::fmt::Debug>(result: &Result<T>) -> String {
    match result {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => error.to_string(),
    }
}

struct Pair {
    store: Store,
    _dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    model: Partition,
    leased: Vec<Leased>,
    turns: Vec<(TenantId, String, JobEpoch)>,
    numbers: Numbers,
    made: u64,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(1_790_000_000_000_000)));
        let jobs = JobSettings { capacity: 7, ..JobSettings::default() };
        let options = Options { jobs, jitter: Some(JITTER), ..Options::default() };
        let store = Store::open_with(dir.path(), clock.clone(), options).unwrap();
        let model = Partition::new(jobs.default_quota, jobs.capacity);
        let numbers = Numbers(seed);
        Self { store, _dir: dir, clock, model, leased: Vec::new(), turns: Vec::new(), numbers, made: 0 }
    }

    fn tenant(&mut self) -> TenantId {
        TENANTS[usize::try_from(self.numbers.below(4)).unwrap()].parse().unwrap()
    }

    fn known_id(&mut self) -> JobId {
        let n = self.numbers.below(self.made.max(1));
        JobId::new(self.tenant(), &format!("{n:026}")).unwrap()
    }

    fn leased(&mut self) -> Option<Leased> {
        let count = self.leased.len() as u64;
        (count > 0).then(|| self.leased[usize::try_from(self.numbers.below(count)).unwrap()].clone())
    }

    fn new_job(&mut self) -> NewJob {
        let id = if self.numbers.below(20) == 0 {
            self.known_id()
        } else {
            self.made += 1;
            JobId::new(self.tenant(), &format!("{:026}", self.made)).unwrap()
        };
        let now = self.clock.now();
        let mut new = NewJob::new(id, "do it", self.numbers.credits(2_000));
        new.agent = format!("agent-{}", self.numbers.below(3)).parse().unwrap();
        new.priority = u8::try_from(self.numbers.below(10)).unwrap();
        new.max_attempts = 1 + self.numbers.small(3);
        if self.numbers.below(4) == 0 {
            new.not_before = Some(now + Duration::from_secs(self.numbers.below(60)));
        }
        if self.numbers.below(5) == 0 {
            let key = format!("key-{}", self.numbers.below(9));
            new.idempotency = Some(Idempotency::new(&key, &[u8::try_from(self.numbers.below(2)).unwrap()]).unwrap());
        }
        new
    }

    fn outcome(&mut self) -> Outcome {
        match self.numbers.below(6) {
            0 | 1 => Outcome::Failed { error: "no".to_owned(), retry: true },
            2 => Outcome::Failed { error: "no".to_owned(), retry: false },
            3 => Outcome::Released { after: Duration::from_secs(self.numbers.below(30)) },
            _ => {
                let pointer = (self.numbers.below(2) == 0).then(|| format!("at-{}", self.made));
                Outcome::Succeeded { result: "yes".to_owned(), pointer }
            }
        }
    }

    fn patch(&mut self) -> QuotaPatch {
        let budget =
            Budget { period: Period::Day, limit: self.numbers.credits(4_000), hard: self.numbers.below(2) == 0 };
        let mut patch = QuotaPatch::default();
        match self.numbers.below(6) {
            0 => patch.rate = Some(self.numbers.credits(20)),
            1 => patch.burst = Some(self.numbers.credits(4_000)),
            2 => patch.weight = Some(self.numbers.small(4) * 100),
            3 => patch.max_running = Some(1 + self.numbers.small(4)),
            4 => patch.budget = Some(Some(budget)),
            _ => patch.budget = Some(None),
        }
        patch
    }

    /// One step on both.
    async fn step(&mut self) {
        let (now, tenant) = (self.clock.now(), self.tenant());
        let worker: WorkerId = "w".parse().unwrap();
        match self.numbers.below(24) {
            0..=5 => {
                let batch: Vec<NewJob> = (0..=self.numbers.below(3)).map(|_| self.new_job()).collect();
                let answers = self.store.jobs_submit(batch.clone()).await.unwrap();
                for (new, answer) in batch.into_iter().zip(answers) {
                    assert_eq!(said(&answer), said(&self.model.job_submit(new, now)));
                }
            }
            6..=9 => {
                let max = 1 + usize::try_from(self.numbers.below(4)).unwrap();
                let claimed = self.store.jobs_claim(0, &worker, max, LEASE).await.unwrap();
                assert_eq!(claimed, self.model.job_claim(&worker, max, LEASE, now));
                self.leased.extend(claimed.jobs);
            }
            10..=13 => {
                let Some(leased) = self.leased() else { return };
                let used = self.numbers.credits(2_500);
                let outcome = self.outcome();
                let finish = Finish { id: leased.id, epoch: leased.epoch, outcome, used };
                let answer = self.store.leases_finalize(vec![finish.clone()]).await.unwrap().remove(0);
                assert_eq!(said(&answer), said(&self.model.lease_finalize(finish, JITTER, now)));
            }
            14 => {
                let Some(leased) = self.leased() else { return };
                let need = (self.numbers.below(2) == 0).then(|| self.numbers.credits(3_000));
                let renewal = Renewal { id: leased.id, epoch: leased.epoch, lease: LEASE, need };
                let answer = self.store.leases_renew(vec![renewal.clone()]).await.unwrap().remove(0);
                assert_eq!(answer, self.model.lease_renew(&renewal, now));
            }
            15 => {
                let id = self.known_id();
                assert_eq!(said(&self.store.job_cancel(&id).await), said(&self.model.job_cancel(&id, now)));
            }
            16 => {
                let id = self.known_id();
                assert_eq!(said(&self.store.job_retry(&id).await), said(&self.model.job_retry(&id, now)));
            }
            17 | 18 => {
                let limit = 1 + usize::try_from(self.numbers.below(5)).unwrap();
                assert_eq!(self.store.jobs_reap(0, limit).await.unwrap(), self.model.jobs_reap(limit, JITTER, now));
            }
            19 => self.turn(&tenant, now).await,
            20 => {
                let (name, amount) = (format!("g{}", self.numbers.below(200)), self.numbers.credits(500));
                let expires_at = if self.numbers.below(3) == 0 { NEVER } else { now + LEASE * self.numbers.small(5) };
                let grant = Grant { expires_at, amount };
                let answer = self.store.credits_grant(&tenant, &name, grant).await;
                assert_eq!(said(&answer), said(&self.model.credits_grant(&tenant, &name, grant, now)));
            }
            21 => {
                let patch = self.patch();
                let answer = self.store.quota_set(&tenant, &patch).await;
                assert_eq!(said(&answer), said(&self.model.quota_set(&tenant, &patch, now)));
            }
            22 => {
                let reference = self.numbers.below(50).to_string();
                self.store.usage_record(&tenant, RowKind::Running, &reference, 5).await.unwrap();
                self.model.usage_record(&tenant, RowKind::Running, &reference, 5, now);
            }
            _ if self.numbers.below(30) == 0 => {
                assert_eq!(self.store.tenant_close(&tenant).await.unwrap(), self.model.tenant_close(&tenant, 500, now));
            }
            _ if self.numbers.below(20) == 0 => self.rollback(now).await,
            _ => {
                let capacity = 3 + self.numbers.small(10);
                self.store.capacity_set(0, capacity).await.unwrap();
                self.model.capacity = capacity;
            }
        }
    }

    /// Tells both that they forgot something: what, is made up around what they have.
    async fn rollback(&mut self, now: Timestamp) {
        let (incarnation, seq) = self.model.position();
        let labels = ["succeeded", "dead", "cancelled", "retry", "released"];
        let settled = (0..self.numbers.below(6))
            .map(|_| {
                let label = labels[usize::try_from(self.numbers.below(5)).unwrap()].to_owned();
                SettledJob { id: self.known_id(), label }
            })
            .collect();
        let mut accounts = Vec::new();
        for tenant in TENANTS {
            let tenant: TenantId = tenant.parse().unwrap();
            if let Some(account) = self.model.account(&tenant).filter(|_| self.numbers.below(2) == 0) {
                let mut after = After::from(account);
                after.held += self.numbers.credits(50);
                if self.numbers.below(3) == 0 {
                    after.held = self.numbers.credits(50);
                }
                accounts.push((tenant, after));
            }
        }
        let mut turns = Vec::new();
        let mut booked = Vec::new();
        for (tenant, _) in &accounts {
            let key = self.numbers.below(30).to_string();
            turns.push(EndedTurn { tenant: tenant.clone(), key, settled: self.numbers.below(2) == 0 });
            booked.push((tenant.clone(), RowKind::Running, self.numbers.below(50).to_string()));
        }
        let plan = Rollback {
            accounts,
            settled,
            turns,
            booked,
            at: now + Duration::from_secs(self.numbers.below(600)),
            agreed: (self.numbers.below(2) == 0).then(|| seq - self.numbers.below(6).min(seq)),
            incarnation: incarnation + self.numbers.below(2),
            seq: seq + 9,
            ..Rollback::default()
        };
        self.store.position_seen(0, seq);
        let lost = self.store.partition_rollback(0, &plan).await.unwrap();
        assert_eq!(lost, self.model.rollback(&plan, now));
    }

    async fn turn(&mut self, tenant: &TenantId, now: Timestamp) {
        let agent = AgentId::default();
        if self.numbers.below(2) == 0
            && let Some((tenant, key, epoch)) = self.turns.last().cloned()
        {
            let used = self.numbers.credits(400);
            let answer = self.store.turn_settle(&tenant, &key, epoch, used).await;
            assert_eq!(said(&answer), said(&self.model.turn_settle(&tenant, &key, epoch, used, now)));
            return;
        }
        let (key, amount) = (self.numbers.below(30).to_string(), self.numbers.credits(200));
        let answer = self.store.turn_admit(tenant, &agent, &key, amount, LEASE).await.unwrap();
        assert_eq!(answer, self.model.turn_admit(tenant, &agent, &key, amount, LEASE, now));
        if let TurnAdmission::Admitted { epoch } = answer {
            self.turns.push((tenant.clone(), key, epoch));
        }
    }

    /// The rows for the ledger, which say all that was done to accounts.
    async fn rows_agree(&mut self) {
        let outbox = self.store.outbox_read(0, usize::MAX).await.unwrap();
        assert_eq!((outbox.incarnation, outbox.seq), self.model.position());
        assert_eq!(outbox.rows, self.model.outbox());
        self.store.outbox_trim(0, outbox.seq).await.unwrap();
        self.model.outbox_trim(outbox.seq);
    }

    /// Jobs, accounts and pointers as they lie there.
    async fn records_agree(&mut self) {
        let now = self.clock.now();
        // The model forgets what has expired with its next step.
        self.model.jobs_reap(0, JITTER, now);
        self.store.jobs_reap(0, 0).await.unwrap();
        let jobs = self.store.job_list(&JobFilter::default(), None, usize::MAX).await.unwrap();
        assert_eq!(jobs, self.model.jobs().cloned().collect::<Vec<_>>());
        let view = self.store.queue_view(0).await.unwrap();
        assert_eq!(view.leases, self.model.leases().count() as u64);
        assert_eq!(view.recovered, self.model.recovered());
        for tenant in TENANTS {
            let tenant: TenantId = tenant.parse().unwrap();
            let touched = self.model.account(&tenant).cloned().map(|mut account| {
                account.touch(now);
                account
            });
            assert_eq!(self.store.account_get(&tenant).await.unwrap(), touched);
        }
        let swept = self.store.jobs_sweep(0).await.unwrap();
        assert_eq!((swept.unleased, swept.unqueued, swept.orphans), (0, 0, 0));
    }
}

#[tokio::test]
async fn the_store_equals_the_model_step_by_step() {
    for seed in 0..4 {
        let mut pair = Pair::new(seed);
        for n in 0..1_000 {
            pair.step().await;
            let pause = match pair.numbers.below(40) {
                0 => Duration::from_secs(3_600 * pair.numbers.below(30)),
                1..=4 => LEASE,
                _ => Duration::from_micros(pair.numbers.below(2_000_000)),
            };
            if n % 3 == 0 {
                pair.clock.advance(pause);
            }
            if n % 100 == 0 {
                pair.rows_agree().await;
            }
        }
        pair.rows_agree().await;
        pair.records_agree().await;
    }
}

/// Runs statements behind the driver's back.
async fn damage(store: &Store, sql: &'static str) {
    store.write(move |connection| Ok(connection.execute_batch(sql)?)).await.unwrap();
}

fn job(n: u32) -> NewJob {
    NewJob::new(JobId::new("acme".parse().unwrap(), &format!("{n:026}")).unwrap(), "do it", MicroCredits::credits(1))
}

#[tokio::test]
async fn a_sweep_sets_right_what_disagrees_with_the_jobs() {
    for (sql, expected) in [
        ("UPDATE accounts SET standing = 'idle', waiting = 0", Swept { unqueued: 3, ..Swept::default() }),
        ("UPDATE accounts SET standing = 'idle'", Swept { unqueued: 3, ..Swept::default() }),
        ("UPDATE accounts SET waiting = 1", Swept { unqueued: 2, ..Swept::default() }),
        ("UPDATE accounts SET waiting = 9", Swept { orphans: 6, ..Swept::default() }),
        ("UPDATE accounts SET running = 0", Swept { unleased: 2, ..Swept::default() }),
        ("DELETE FROM accounts", Swept { unqueued: 3, unleased: 2, ..Swept::default() }),
        ("UPDATE partitions SET leases = 77", Swept::default()),
    ] {
        let mut pair = Pair::new(0);
        pair.store.capacity_set(0, 0).await.unwrap();
        for submitted in pair.store.jobs_submit((0..5).map(job).collect()).await.unwrap() {
            submitted.unwrap();
        }
        let worker: WorkerId = "w".parse().unwrap();
        assert_eq!(pair.store.jobs_claim(0, &worker, 2, LEASE).await.unwrap().jobs.len(), 2);
        damage(&pair.store, sql).await;
        assert_eq!(pair.store.jobs_sweep(0).await.unwrap(), Swept { looked_at: 5, ..expected }, "{sql}");
        assert_eq!(pair.store.jobs_sweep(0).await.unwrap(), Swept { looked_at: 5, ..Swept::default() }, "{sql}");
        let view = pair.store.queue_view(0).await.unwrap();
        assert_eq!((view.leases, view.ready.len(), view.ready[0].waiting, view.ready[0].running), (2, 1, 3, 2));
        assert_eq!(pair.store.jobs_claim(0, &worker, 10, LEASE).await.unwrap().jobs.len(), 3, "{sql}");
        pair.leased.clear();
    }
}

#[tokio::test]
async fn a_refused_item_of_a_batch_costs_the_others_no_second_run() {
    let pair = Pair::new(0);
    let mut batch: Vec<NewJob> = (0..3).map(job).collect();
    batch[1].cost = crate::credits::MAX_COST;
    let before = pair.store.written();
    let answers = pair.store.jobs_submit(batch).await.unwrap();
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(pair.store.written().commits, before.commits + 1);
}

#[tokio::test]
async fn the_ledger_cannot_be_changed_behind_the_driver() {
    let pair = Pair::new(0);
    pair.store.jobs_submit(vec![job(1)]).await.unwrap().remove(0).unwrap();
    let rows = pair.store.outbox_read(0, 10).await.unwrap().rows;
    pair.store.ledger_append(0, &rows).await.unwrap();
    for sql in ["UPDATE ledger SET at = 0", "DELETE FROM ledger"] {
        let changed = pair.store.write(move |connection| Ok(connection.execute(sql, [])?)).await;
        assert!(changed.is_err(), "{sql}");
    }
    assert_eq!(pair.store.ledger_head(0).await.unwrap().seq, 1);
}

#[tokio::test]
async fn a_reopened_store_goes_on_where_it_was() {
    let pair = Pair::new(0);
    pair.store.jobs_submit((0..3).map(job).collect()).await.unwrap();
    let worker: WorkerId = "w".parse().unwrap();
    let first = pair.store.jobs_claim(0, &worker, 1, LEASE).await.unwrap().jobs.remove(0);
    let Pair { store, _dir: dir, clock, .. } = pair;
    drop(store);
    let store = Store::open(dir.path(), clock).unwrap();
    let second = store.jobs_claim(0, &worker, 1, LEASE).await.unwrap().jobs.remove(0);
    assert!(second.epoch > first.epoch);
    let outcome = Outcome::Succeeded { result: String::new(), pointer: None };
    let finish = Finish { id: first.id, epoch: first.epoch, outcome, used: first.cost };
    assert_eq!(store.leases_finalize(vec![finish]).await.unwrap().remove(0).unwrap(), "succeeded");
}
