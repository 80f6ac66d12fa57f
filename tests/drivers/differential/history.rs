//! One history: a driver and a model of each of its partitions.

use std::{collections::BTreeMap, fmt::Debug, sync::Arc, time::Duration};

use libtenancy::{
    clock::{Clock, ManualClock, Timestamp},
    credits::{MAX_AMOUNT, MicroCredits},
    error::Result,
    jobs::{AgentId, Finish, Idempotency, JobEpoch, JobId, NewJob, Outcome, Renewal, WorkerId},
    ledger::{After, Audit, RowKind},
    partition::{Partition, QuotaPatch, Rollback, SettledJob, TurnAdmission},
    ports::{
        jobs::{JobFilter, JobSettings, Jobs, partition_of},
        quotas::Quotas,
    },
    quota::{Budget, Count, Grant, NEVER, Period, SoFar, Standing},
    tenant::TenantId,
};

use super::{pause, random::Random};

/// Names of which some begin like others: what is sorted by text, and what by parts, must not be confused.
const TENANTS: [&str; 8] = ["a", "a-b", "a-b-c", "a0", "acme", "b", "zed", "z"];
const AGENTS: [&str; 4] = ["main", "two", "t.wo", "A-1"];
const STATES: [&str; 6] = ["delayed", "queued", "running", "succeeded", "dead", "cancelled"];

/// What a caller sees of an answer.
pub(super) fn seen<T: Debug>(answer: &Result<T>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

/// A driver and its models.
pub(crate) struct History<P> {
    seed: u64,
    random: Random,
    settings: JobSettings,
    jitter: u32,
    port: P,
    clock: Arc<ManualClock>,
    models: Vec<Partition>,
    audits: Vec<(Audit, String)>,
    /// Jobs that were submitted, and attempts and turns that were given out, whatever became of them.
    ids: Vec<JobId>,
    attempts: Vec<(JobId, JobEpoch)>,
    turns: Vec<(TenantId, String, JobEpoch)>,
    serial: u64,
    steps: usize,
}

impl<P: Jobs + Quotas> History<P> {
    pub(crate) fn new(seed: u64, settings: JobSettings, jitter: u32, port: P, clock: Arc<ManualClock>) -> Self {
        let models = (0..settings.partitions).map(|_| Partition::new(settings.default_quota, 0)).collect();
        let audits = (0..settings.partitions).map(|partition| (Audit::new(partition), String::new())).collect();
        Self {
            seed,
            random: Random(seed ^ 0x5eed),
            settings,
            jitter,
            port,
            clock,
            models,
            audits,
            ids: Vec::new(),
            attempts: Vec::new(),
            turns: Vec::new(),
            serial: 0,
            steps: 0,
        }
    }

    /// Where it is, and how to run it again.
    fn at(&self) -> String {
        format!("ZTM_SEED={} at step {}", self.seed, self.steps)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn model(&mut self, tenant: &TenantId) -> &mut Partition {
        &mut self.models[usize::from(partition_of(tenant, self.settings.partitions))]
    }

    fn partition(&mut self) -> u16 {
        u16::try_from(self.random.below(usize::from(self.settings.partitions))).unwrap()
    }

    fn tenant(&mut self) -> TenantId {
        self.random.pick(&TENANTS).parse().unwrap()
    }

    /// A number from outside: mostly sensible.
    fn hostile(&mut self, sensible: i64) -> MicroCredits {
        let odd = [0, -1, 1, i64::MIN, i64::MAX, MAX_AMOUNT.0, MAX_AMOUNT.0 + 1, 1 << 53, -MAX_AMOUNT.0];
        MicroCredits(if self.random.one_in(15) { *self.random.pick(&odd) } else { self.random.range(0, sensible) })
    }

    fn new_job(&mut self) -> NewJob {
        let now = self.now();
        let tenant = self.tenant();
        self.serial += 1;
        let again = self.random.one_in(10);
        let id = match self.ids.last() {
            Some(_) if again => self.random.pick(&self.ids).clone(),
            _ => JobId::new(tenant, &format!("{:026}", self.random.next() % 1_000_000 * 10_000 + self.serial)).unwrap(),
        };
        let long = self.random.one_in(20);
        let mut new = NewJob::new(id, if long { "lang ü".repeat(500) } else { format!("do {}", self.serial) }, {
            let cost = self.random.range(1, 60_000_000);
            MicroCredits(if self.random.one_in(20) { self.random.range(1, 1_000_000_000_000) } else { cost })
        });
        new.agent = self.random.pick(&AGENTS).parse().unwrap();
        if self.random.one_in(3) {
            new.priority = u8::try_from(self.random.below(10)).unwrap();
        }
        if self.random.one_in(3) {
            new.max_attempts = u32::try_from(self.random.range(1, 5)).unwrap();
        }
        new.not_before = match self.random.below(6) {
            0 => Some(now + Duration::from_micros(self.random.range(0, 90_000_000).unsigned_abs())),
            1 => Some(Timestamp::from_micros(self.random.range(-5, now.as_micros()))),
            _ => None,
        };
        if self.random.one_in(6) {
            let (key, body) = (self.random.below(40).to_string(), self.random.below(2).to_string());
            new.idempotency = Some(Idempotency::new(&key, body.as_bytes()).unwrap());
        }
        new.checked(now).unwrap()
    }

    fn id(&mut self) -> JobId {
        if self.ids.is_empty() || self.random.one_in(40) {
            return JobId::new(self.tenant(), &"0".repeat(26)).unwrap();
        }
        // The latest ones are the lively ones.
        let from = if self.random.one_in(3) { 0 } else { self.ids.len().saturating_sub(30) };
        self.random.pick(&self.ids[from..]).clone()
    }

    fn attempt(&mut self) -> (JobId, JobEpoch) {
        if self.attempts.is_empty() || self.random.one_in(40) {
            let epoch = *self.random.pick(&[0, -1, 1, i64::MAX, i64::MIN]);
            return (self.id(), JobEpoch(epoch));
        }
        let from = if self.random.one_in(4) { 0 } else { self.attempts.len().saturating_sub(12) };
        self.random.pick(&self.attempts[from..]).clone()
    }

    fn outcome(&mut self) -> Outcome {
        let text = if self.random.one_in(4) { "x".repeat(self.random.below(300)) } else { String::new() };
        match self.random.below(8) {
            0..=3 => {
                let pointer = match self.random.below(5) {
                    0 => Some(String::new()),
                    1 => Some(format!("s3://{}", self.steps)),
                    _ => None,
                };
                Outcome::Succeeded { result: text, pointer }
            }
            4..=6 => Outcome::Failed { error: text, retry: self.random.below(4) > 0 },
            _ => Outcome::Released { after: pause(&mut self.random) },
        }
    }

    /// One step, on both.
    pub(crate) async fn step(&mut self) {
        self.steps += 1;
        if self.random.one_in(2) {
            let pause = pause(&mut self.random);
            self.clock.advance(pause);
        }
        match self.random.below(100) {
            0..=24 => self.submit().await,
            25..=44 => self.claim().await,
            45..=64 => self.finalize().await,
            65..=71 => self.renew().await,
            72..=76 => self.reap().await,
            77..=84 => self.turn().await,
            85..=89 => self.cancel_or_retry().await,
            90..=91 => self.grant().await,
            92 => self.revoke().await,
            93..=94 => self.quota().await,
            95..=96 => self.usage().await,
            97 => self.capacity().await,
            98 if self.random.one_in(4) => self.close().await,
            99 if self.random.one_in(6) => self.rollback().await,
            _ => {}
        }
    }

    async fn submit(&mut self) {
        let now = self.now();
        let jobs: Vec<NewJob> = (0..=self.random.below(5)).map(|_| self.new_job()).collect();
        self.ids.extend(jobs.iter().map(|job| job.id.clone()));
        let answers = self.port.jobs_submit(jobs.clone()).await.unwrap();
        for (job, answer) in jobs.into_iter().zip(answers) {
            let due = self.model(&job.id.tenant().clone()).job_submit(job.clone(), now);
            assert_eq!(seen(&answer), seen(&due), "{}: {job:?}", self.at());
        }
    }

    async fn claim(&mut self) {
        let (now, partition) = (self.now(), self.partition());
        let worker: WorkerId = format!("worker-{}", self.random.below(3)).parse().unwrap();
        let (max, lease) =
            (self.random.below(9), Duration::from_millis(self.random.range(1_000, 90_000).unsigned_abs()));
        let answer = self.port.jobs_claim(partition, &worker, max, lease).await.unwrap();
        let due = self.models[usize::from(partition)].job_claim(&worker, max, lease, now);
        assert_eq!(answer, due, "{}", self.at());
        self.attempts.extend(answer.jobs.into_iter().map(|leased| (leased.id, leased.epoch)));
    }

    async fn finalize(&mut self) {
        let now = self.now();
        let finishes: Vec<Finish> = (0..=self.random.below(4))
            .map(|_| {
                let (id, epoch) = self.attempt();
                Finish { id, epoch, outcome: self.outcome(), used: self.hostile(60_000_000) }
            })
            .collect();
        let answers = self.port.leases_finalize(finishes.clone()).await.unwrap();
        for (finish, answer) in finishes.into_iter().zip(answers) {
            let jitter = self.jitter;
            let due = self.model(&finish.id.tenant().clone()).lease_finalize(finish.clone(), jitter, now);
            assert_eq!(seen(&answer), seen(&due), "{}: {finish:?}", self.at());
        }
    }

    async fn renew(&mut self) {
        let now = self.now();
        let renewals: Vec<Renewal> = (0..=self.random.below(3))
            .map(|_| {
                let (id, epoch) = self.attempt();
                let need = self.random.one_in(2).then(|| self.hostile(200_000_000));
                Renewal { id, epoch, lease: Duration::from_secs(self.random.range(1, 60).unsigned_abs()), need }
            })
            .collect();
        let answers = self.port.leases_renew(renewals.clone()).await.unwrap();
        for (renewal, answer) in renewals.iter().zip(answers) {
            let due = self.model(&renewal.id.tenant().clone()).lease_renew(renewal, now);
            assert_eq!(answer, due, "{}: {renewal:?}", self.at());
        }
    }

    async fn reap(&mut self) {
        let (now, partition, limit, jitter) = (self.now(), self.partition(), self.random.below(12), self.jitter);
        let answer = self.port.jobs_reap(partition, limit).await.unwrap();
        let due = self.models[usize::from(partition)].jobs_reap(limit, jitter, now);
        assert_eq!(answer, due, "{}", self.at());
    }

    async fn turn(&mut self) {
        let now = self.now();
        if !self.turns.is_empty() && self.random.one_in(2) {
            let from = if self.random.one_in(3) { 0 } else { self.turns.len().saturating_sub(4) };
            let (tenant, key, epoch) = self.random.pick(&self.turns[from..]).clone();
            let used = self.hostile(100_000_000);
            let answer = self.port.turn_settle(&tenant, &key, epoch, used).await;
            let due = self.model(&tenant).turn_settle(&tenant, &key, epoch, used, now);
            assert_eq!(seen(&answer), seen(&due), "{}: {tenant} {key} {used}", self.at());
            return;
        }
        let (tenant, agent): (_, AgentId) = (self.tenant(), self.random.pick(&AGENTS).parse().unwrap());
        let key = format!("{}:{}", self.random.below(3), self.random.below(12));
        let amount = MicroCredits(self.random.range(0, 90_000_000));
        let ttl = Duration::from_secs(self.random.range(1, 600).unsigned_abs());
        let answer = self.port.turn_admit(&tenant, &agent, &key, amount, ttl).await.unwrap();
        let due = self.model(&tenant).turn_admit(&tenant, &agent, &key, amount, ttl, now);
        assert_eq!(answer, due, "{}: {tenant} {key} {amount}", self.at());
        if let TurnAdmission::Admitted { epoch } = answer {
            self.turns.push((tenant, key, epoch));
        }
    }

    async fn cancel_or_retry(&mut self) {
        let (now, id) = (self.now(), self.id());
        let tenant = id.tenant().clone();
        if self.random.one_in(2) {
            let answer = self.port.job_cancel(&id).await;
            assert_eq!(seen(&answer), seen(&self.model(&tenant).job_cancel(&id, now)), "{}: {id}", self.at());
        } else {
            let answer = self.port.job_retry(&id).await;
            assert_eq!(seen(&answer), seen(&self.model(&tenant).job_retry(&id, now)), "{}: {id}", self.at());
        }
    }

    async fn grant(&mut self) {
        let (now, tenant) = (self.now(), self.tenant());
        let name = self.random.below(60).to_string();
        let expires_at = match self.random.below(5) {
            0 => NEVER,
            1 => Timestamp::from_micros(self.random.range(0, now.as_micros())),
            _ => now + Duration::from_secs(self.random.range(1, 90_000).unsigned_abs()),
        };
        let grant = Grant { expires_at, amount: self.hostile(80_000_000) };
        let answer = self.port.credits_grant(&tenant, &name, grant).await;
        let due = self.model(&tenant).credits_grant(&tenant, &name, grant, now);
        assert_eq!(seen(&answer), seen(&due), "{}: {tenant} {name} {grant:?}", self.at());
    }

    async fn revoke(&mut self) {
        let (now, tenant) = (self.now(), self.tenant());
        let (name, amount) = (self.random.below(60).to_string(), self.hostile(80_000_000));
        let answer = self.port.credits_revoke(&tenant, &name, amount).await;
        let due = self.model(&tenant).credits_revoke(&tenant, &name, amount, now);
        assert_eq!(seen(&answer), seen(&due), "{}: {tenant} {name} takes {amount}", self.at());
    }

    async fn quota(&mut self) {
        let (now, tenant) = (self.now(), self.tenant());
        let some = |random: &mut Random| random.one_in(3);
        let patch = QuotaPatch {
            rate: some(&mut self.random).then(|| self.hostile(9_000_000)),
            burst: some(&mut self.random).then(|| self.hostile(500_000_000)),
            weight: some(&mut self.random).then(|| u32::try_from(self.random.range(0, 10_001)).unwrap()),
            max_running: some(&mut self.random).then(|| u32::try_from(self.random.range(0, 9)).unwrap()),
            budget: match self.random.below(4) {
                0 => Some(None),
                1 => Some(Some(Budget {
                    period: [Period::Day, Period::Week, Period::Month][self.random.below(3)],
                    limit: self.hostile(700_000_000),
                    hard: self.random.one_in(2),
                })),
                _ => None,
            },
            so_far: self.so_far(&tenant),
        };
        let answer = self.port.quota_set(&tenant, &patch).await;
        let due = self.model(&tenant).quota_set(&tenant, &patch, now);
        assert_eq!(seen(&answer), seen(&due), "{}: {tenant} {patch:?}", self.at());
    }

    /// Of a period that is the present one or not, read when the account counted its own period, or another.
    fn so_far(&mut self, tenant: &TenantId) -> SoFar {
        let now = self.now();
        let periods = [
            self.model(tenant).account(tenant).map_or(0, |account| account.period),
            *self.random.pick(&[Period::Day, Period::Week, Period::Month].map(|period| period.at(now).0)),
        ];
        let count = |random: &mut Random| Count {
            period: *random.pick(&periods),
            spent: MicroCredits(random.range(0, 90_000_000)),
            granted: MicroCredits(random.range(0, 90_000_000)),
        };
        SoFar { ledger: count(&mut self.random), account: count(&mut self.random) }
    }

    async fn usage(&mut self) {
        let (now, tenant) = (self.now(), self.tenant());
        // Few days pass between two of the same reference: drivers may forget them after some.
        let reference = format!("{}-{}", now.as_micros() / 86_400_000_000, self.random.below(20));
        let kind = *self.random.pick(&[RowKind::Running, RowKind::Idle, RowKind::Snapshot, RowKind::Warm]);
        let quantity = self.random.range(0, 1 << 50);
        self.port.usage_record(&tenant, kind, &reference, quantity).await.unwrap();
        self.model(&tenant).usage_record(&tenant, kind, &reference, quantity, now);
    }

    async fn capacity(&mut self) {
        let (partition, capacity) = (self.partition(), u32::try_from(self.random.below(20)).unwrap());
        self.port.capacity_set(partition, capacity).await.unwrap();
        self.models[usize::from(partition)].capacity = capacity;
    }

    async fn close(&mut self) {
        let (now, tenant) = (self.now(), self.tenant());
        while self.port.tenant_close(&tenant).await.unwrap() {}
        while self.model(&tenant).tenant_close(&tenant, 500, now) {}
    }

    /// A store that forgot nothing is told a story that might be true.
    async fn rollback(&mut self) {
        let (now, partition) = (self.now(), self.partition());
        self.rows_agree(true).await;
        let index = usize::from(partition);
        let model = &self.models[index];
        let (incarnation, seq) = model.position();
        let labels = ["succeeded", "dead", "cancelled", "retry", "released"];
        let mut settled = Vec::new();
        for job in model.jobs() {
            if self.random.one_in(4) {
                settled.push(SettledJob { id: job.id.clone(), label: (*self.random.pick(&labels)).to_owned() });
            }
        }
        let mut accounts = Vec::new();
        for tenant in TENANTS {
            let tenant: TenantId = tenant.parse().unwrap();
            if let Some(account) = model.account(&tenant) {
                accounts.push((tenant, After::from(account)));
            }
        }
        let plan = Rollback {
            accounts,
            settled,
            agreed: Some(seq),
            incarnation: incarnation + 1,
            seq: seq + self.random.next() % 5,
            ..Rollback::default()
        };
        let answer = self.port.partition_rollback(partition, &plan).await.unwrap();
        assert_eq!(answer, self.models[index].rollback(&plan, now), "{}: {plan:?}", self.at());
        assert_eq!(
            self.port.partition_rollback(partition, &plan).await.unwrap(),
            MicroCredits::ZERO,
            "a repeat: {}",
            self.at()
        );
    }

    /// The rows of all partitions, which say all that was done to accounts.
    pub(crate) async fn rows_agree(&mut self, all: bool) {
        for index in 0..self.models.len() {
            let partition = u16::try_from(index).unwrap();
            let outbox = self.port.outbox_read(partition, 10_000).await.unwrap();
            assert_eq!((outbox.incarnation, outbox.seq), self.models[index].position(), "{}", self.at());
            assert_eq!(self.port.position_highest(partition), outbox.seq);
            let due: Vec<String> = self.models[index].outbox().iter().map(libtenancy::ledger::Row::text).collect();
            let rows: Vec<String> = outbox.rows.iter().map(libtenancy::ledger::Row::text).collect();
            assert_eq!(rows, due, "{}", self.at());
            // Sometimes in the middle of a step's rows.
            let upto = if all { outbox.seq } else { outbox.seq.saturating_sub(self.random.next() % 3) };
            for row in outbox.rows.iter().filter(|row| row.seq <= upto) {
                let (audit, hash) = &mut self.audits[index];
                *hash = row.chained(hash);
                audit.row(row, hash);
            }
            self.port.outbox_trim(partition, upto).await.unwrap();
            self.models[index].outbox_trim(upto);
        }
    }

    /// All that can be read.
    pub(crate) async fn everything_agrees(&mut self) {
        let (now, at) = (self.now(), self.at());
        for model in &mut self.models {
            model.forget_expired(now);
        }
        self.jobs_agree().await;
        for tenant in TENANTS {
            let tenant: TenantId = tenant.parse().unwrap();
            let touched = self.model(&tenant).account(&tenant).cloned().map(|mut account| {
                account.touch(now);
                account
            });
            assert_eq!(self.port.account_get(&tenant).await.unwrap(), touched, "{at}: {tenant}");
        }
        for (partition, model) in (0..).zip(&self.models) {
            let view = self.port.queue_view(partition).await.unwrap();
            let counts = (view.leases, view.clock, view.delayed, view.capacity, view.recovered);
            let (leases, delayed) = (model.leases().count() as u64, model.delayed() as u64);
            assert_eq!(counts, (leases, model.clock(), delayed, model.capacity, model.recovered()), "{at}");
            assert_eq!((view.waits, &view.held_back), (model.waits(), &model.queue_view().held_back), "{at}");
            let next_lease = model.leases().next().map(|(at, _)| *at);
            assert_eq!((view.next_due, view.next_lease), (model.next_due(), next_lease), "{at}");
            let mut weights = 0;
            let mut ready = Vec::new();
            for (tag, tenant) in model.ready() {
                let account = model.account(tenant).unwrap();
                weights += u64::from(account.quota.weight);
                ready.push((tenant.clone(), *tag, account.running, model.waiting(tenant) as u64, account.standing));
            }
            let seen: Vec<_> =
                view.ready.into_iter().map(|t| (t.tenant, t.tag, t.running, t.waiting, t.standing)).collect();
            assert_eq!((seen, view.active_weight), (ready, weights), "{at}");
            let swept = self.port.jobs_sweep(partition).await.unwrap();
            assert_eq!((swept.unleased, swept.unqueued, swept.orphans), (0, 0, 0), "{at}");
            // A driver may still have what the model has forgotten.
            assert!(swept.looked_at >= model.jobs().count() as u64, "{at}");
        }
    }

    async fn jobs_agree(&mut self) {
        let at = self.at();
        let mut due: BTreeMap<JobId, _> = BTreeMap::new();
        for model in &self.models {
            due.extend(model.jobs().map(|job| (job.id.clone(), job.clone())));
        }
        let filter = JobFilter {
            tenant: self.random.one_in(3).then(|| self.tenant()),
            state: self.random.one_in(2).then(|| (*self.random.pick(&STATES)).to_owned()),
        };
        for filter in [JobFilter::default(), filter] {
            let (mut jobs, mut after) = (Vec::new(), None);
            loop {
                let limit = 1 + self.random.below(60);
                let page = self.port.job_list(&filter, after.as_ref(), limit).await.unwrap();
                let full = page.len() == limit;
                jobs.extend(page);
                after = jobs.last().map(|job: &libtenancy::jobs::Job| job.id.clone());
                if !full {
                    break;
                }
            }
            let due: Vec<_> = due
                .values()
                .filter(|job| filter.tenant.as_ref().is_none_or(|tenant| job.id.tenant() == tenant))
                .filter(|job| filter.state.as_ref().is_none_or(|state| job.state.label() == state))
                .cloned()
                .collect();
            assert_eq!(jobs, due, "{at}: {filter:?}");
        }
        for _ in 0..5 {
            let id = self.id();
            let model = self.model(&id.tenant().clone());
            let (job, prompt) = (model.job(&id).cloned(), model.job_prompt(&id).map(str::to_owned));
            let ahead = job.as_ref().and_then(|job| model.ahead_of(job));
            let ready = model.ready().position(|(_, tenant)| tenant == id.tenant());
            let standing = model.account(id.tenant()).map(|account| account.standing);
            assert_eq!(self.port.job_get(&id).await.unwrap(), job, "{at}");
            assert_eq!(self.port.job_prompt(&id).await.unwrap(), prompt, "{at}: {id}");
            let place = self.port.job_place(&id).await.unwrap();
            assert_eq!(place.as_ref().map(|place| place.ahead_in_tenant), ahead.map(|n| n as u64), "{at}: {id}");
            if let Some(place) = place.filter(|_| standing == Some(Standing::Ready)) {
                assert_eq!(Some(place.tenants_ahead), ready.map(|n| n as u64), "{at}: {id}");
            }
        }
    }

    /// The rows prove themselves.
    pub(crate) fn audit_holds(self) {
        let at = self.at();
        for (audit, _) in self.audits {
            assert_eq!(audit.finish().violations, [], "{at}");
        }
        let made: usize = self.models.iter().map(|model| usize::try_from(model.position().1).unwrap()).sum();
        assert!(made > self.steps / 4, "only {made} rows: {at}");
    }
}
