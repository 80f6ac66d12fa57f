//! Random histories: what must hold after every step.

use super::*;
use crate::ledger::{Audit, AuditResult};

/// A partition, everything its outbox ever said, and who was given what.
pub(super) struct Play {
    pub(super) partition: Partition,
    pub(super) dice: Dice,
    pub(super) now: i64,
    audit: Audit,
    hash: String,
    pub(super) rows: Vec<Row>,
    leased: Vec<Leased>,
    serial: u64,
    epoch: JobEpoch,
}

impl Play {
    pub(super) fn new(dice: Dice) -> Self {
        let quota = Quota {
            rate: MicroCredits(700_003),
            burst: MicroCredits(20_000_000),
            max_running: 5,
            budget: Some(Budget { period: crate::quota::Period::Day, limit: MicroCredits(90_000_000), hard: true }),
            ..Quota::default()
        };
        Self {
            partition: Partition::new(quota, 12),
            dice,
            now: 0,
            audit: Audit::new(0),
            hash: String::new(),
            rows: Vec::new(),
            leased: Vec::new(),
            serial: 0,
            epoch: JobEpoch(0),
        }
    }

    /// One step of a random kind.
    pub(super) fn step(&mut self) {
        let (who, now) = (tenant(self.dice.roll(6)), at(self.now));
        match self.dice.roll(20) {
            0..=5 => self.submit(&who),
            6..=9 => {
                let most = usize::try_from(1 + self.dice.roll(4)).unwrap();
                for leased in self.partition.job_claim(&worker(), most, LEASE, now).jobs {
                    assert!(leased.epoch > self.epoch, "epochs grow");
                    self.epoch = leased.epoch;
                    self.leased.push(leased);
                }
            }
            10..=13 => self.finalize(),
            14 => {
                if let Some(leased) = self.pick() {
                    let need = Some(leased.cost + MicroCredits(self.dice.signed(3_000_000)));
                    let renewal = Renewal { id: leased.id, epoch: leased.epoch, lease: LEASE, need };
                    self.partition.lease_renew(&renewal, now);
                }
            }
            15 => {
                self.partition.jobs_reap(3, 0, now);
            }
            16 => {
                let ids: Vec<JobId> = self.partition.jobs().map(|job| job.id.clone()).collect();
                if !ids.is_empty() {
                    let id = &ids[usize::try_from(self.dice.roll(ids.len() as u64)).unwrap()];
                    let _ = self.partition.job_cancel(id, now);
                    let _ = self.partition.job_retry(id, now);
                }
            }
            17 => {
                let expires_at = at(self.now + self.dice.signed(200_000_000) + 1);
                let grant = Grant { expires_at, amount: MicroCredits(1 + self.dice.signed(9_000_000)) };
                let name = format!("g{}", self.dice.roll(40));
                let _ = self.partition.credits_grant(&who, &name, grant, now);
            }
            18 => self.turn(&who),
            _ => {
                let patch = QuotaPatch {
                    rate: Some(MicroCredits(self.dice.signed(2_000_000))),
                    weight: Some(1 + u32::try_from(self.dice.roll(300)).unwrap()),
                    max_running: Some(1 + u32::try_from(self.dice.roll(6)).unwrap()),
                    ..QuotaPatch::default()
                };
                self.partition.quota_set(&who, &patch, now).unwrap();
            }
        }
        self.now += match self.dice.roll(40) {
            0 => 45_000_000,
            1 => 0,
            2 if self.dice.roll(30) == 0 => 86_400_000_000,
            _ => self.dice.signed(400_000),
        };
    }

    fn submit(&mut self, who: &TenantId) {
        self.serial += 1;
        let mut new = job(who, self.serial, 1 + self.dice.signed(6_000_000));
        new.agent = format!("a{}", self.dice.roll(3)).parse().unwrap();
        new.priority = u8::try_from(self.dice.roll(10)).unwrap();
        new.max_attempts = 1 + u32::try_from(self.dice.roll(3)).unwrap();
        new.not_before = (self.dice.roll(5) == 0).then(|| at(self.now + self.dice.signed(60_000_000)));
        let again = new.clone();
        let first = self.partition.job_submit(new, at(self.now)).unwrap();
        let second = self.partition.job_submit(again, at(self.now)).unwrap();
        assert!(!first.duplicate && second.duplicate && first.id == second.id);
    }

    fn pick(&mut self) -> Option<Leased> {
        let count = self.leased.len() as u64;
        (count > 0).then(|| self.leased[usize::try_from(self.dice.roll(count)).unwrap()].clone())
    }

    /// Ends any attempt that was ever given out: stale ones and repeats too.
    fn finalize(&mut self) {
        let Some(leased) = self.pick() else { return };
        let outcome = match self.dice.roll(6) {
            0 => Outcome::Failed { error: "e".into(), retry: true },
            1 => Outcome::Failed { error: "e".into(), retry: false },
            2 => Outcome::Released { after: Duration::from_secs(self.dice.roll(20)) },
            _ => Outcome::Succeeded { result: "r".into(), pointer: Some(leased.epoch.0.to_string()) },
        };
        let used = MicroCredits(self.dice.signed(8_000_000));
        let finish = Finish { id: leased.id, epoch: leased.epoch, outcome, used };
        let before = self.partition.position();
        let first = self.partition.lease_finalize(finish.clone(), 0, at(self.now));
        let after = self.partition.position();
        let second = self.partition.lease_finalize(finish, 0, at(self.now));
        assert_eq!(self.partition.position(), after, "a repeat books nothing");
        assert_eq!(first.is_ok(), second.is_ok());
        assert!(first.is_ok() || before == after, "what is refused books nothing");
    }

    fn turn(&mut self, who: &TenantId) {
        let key = format!("b/{}", self.dice.roll(30));
        let amount = MicroCredits(1 + self.dice.signed(4_000_000));
        let admitted = self.partition.turn_admit(who, &AgentId::default(), &key, amount, LEASE, at(self.now));
        if let TurnAdmission::Admitted { epoch } = admitted
            && self.dice.roll(3) > 0
        {
            let used = MicroCredits(self.dice.signed(8_000_000));
            self.partition.turn_settle(who, &key, epoch, used, at(self.now)).unwrap();
            let position = self.partition.position();
            self.partition.turn_settle(who, &key, epoch, used, at(self.now)).unwrap();
            assert_eq!(self.partition.position(), position, "a turn is charged once");
        }
    }

    /// Takes the outbox to the ledger.
    pub(super) fn drain(&mut self) {
        // A row that is there already is not appended again.
        let there = self.rows.last().map_or(0, |row| row.seq);
        let rows: Vec<Row> = self.partition.outbox().iter().filter(|row| row.seq > there).cloned().collect();
        let Some(last) = rows.last().map(|row| row.seq) else { return };
        for row in &rows {
            assert_eq!(Row::parse(&row.text()).as_ref(), Some(row), "a row reads back");
            self.hash = row.chained(&self.hash);
            self.audit.row(row, &self.hash);
        }
        self.rows.extend(rows);
        self.partition.outbox_trim(last);
    }

    /// What must hold whatever happened.
    pub(super) fn check(&self) {
        let p = &self.partition;
        let mut leases: BTreeMap<&TenantId, u32> = BTreeMap::new();
        let mut names = BTreeSet::new();
        for (until, id) in p.leases() {
            assert!(names.insert(id), "{id} has two leases");
            let job = p.job(id).unwrap();
            assert!(matches!(job.state, JobState::Running { lease_until, .. } if lease_until == *until));
            *leases.entry(id.tenant()).or_default() += 1;
        }
        let running = p.jobs().filter(|job| matches!(job.state, JobState::Running { .. })).count();
        assert_eq!(running, names.len(), "a running job has its lease");
        for (who, account) in &p.accounts {
            assert_eq!(account.held, p.holds_of(who), "{who}: what is held is what runs");
            assert_eq!(account.running, leases.get(who).copied().unwrap_or(0), "{who}");
            assert!(account.bucket.0 >= 0 && account.held.0 >= 0);
            assert!(account.tag < 1 << 53 && p.clock < 1 << 53);
            let queued = p.jobs().filter(|job| job.id.tenant() == who && job.state == JobState::Queued).count();
            assert_eq!(queued, p.waiting.get(who).map_or(0, BTreeSet::len), "{who}: a queued job waits");
            let ready = p.ready.contains(&(account.tag, who.clone()));
            assert_eq!(ready, account.standing == Standing::Ready, "{who}");
            assert_eq!(queued == 0, account.standing == Standing::Idle, "{who}: {:?}", account.standing);
        }
        assert_eq!(p.ready.len(), p.accounts.values().filter(|a| a.standing == Standing::Ready).count());
    }

    /// Lets everything come to its end: time passes, workers work, and whoever is short is granted credits.
    pub(super) fn settle_down(&mut self) {
        for round in 0..2_000_i64 {
            self.now += 3_600_000_000;
            let now = at(self.now);
            self.partition.jobs_reap(1_000, 0, now);
            for n in 0..6 {
                let grant = Grant { expires_at: crate::quota::NEVER, amount: MicroCredits(50_000_000) };
                if round % 50 == 0 {
                    let _ = self.partition.credits_grant(&tenant(n), &format!("end-{round}"), grant, now);
                }
            }
            for leased in self.partition.job_claim(&worker(), 100, LEASE, now).jobs {
                let outcome = Outcome::Succeeded { result: String::new(), pointer: None };
                let finish = Finish { id: leased.id, epoch: leased.epoch, outcome, used: leased.cost };
                self.partition.lease_finalize(finish, 0, now).unwrap();
            }
            self.drain();
            if self.partition.jobs().all(|job| job.state.is_terminal()) && self.partition.leases.is_empty() {
                return;
            }
        }
        let stuck: Vec<_> = self.partition.jobs().filter(|job| !job.state.is_terminal()).take(3).collect();
        panic!("stuck for ever: {stuck:?}");
    }

    pub(super) fn finish(self) -> AuditResult {
        let accounts = self.partition.accounts;
        let result = self.audit.finish();
        assert_eq!(result.violations, [], "the ledger");
        for (who, account) in accounts {
            let totals = &result.tenants[&who];
            assert_eq!((totals.available, totals.held), (account.available(), account.held), "{who}");
            assert_eq!(totals.imbalance(), MicroCredits::ZERO, "{who}");
        }
        result
    }
}

#[test]
fn credits_leases_and_places_are_right_after_every_step_and_nothing_is_stuck() {
    for run in 0..6 {
        let mut play = Play::new(Dice::seeded(0x9e37_79b9 + run * 7_919));
        for step in 0..steps(2_000) {
            play.step();
            play.check();
            if step % 7 == 0 {
                play.drain();
            }
        }
        play.settle_down();
        play.check();
        play.drain();
        let result = play.finish();
        assert!(result.rows > 500);
    }
}

#[test]
fn m1_a_dead_workers_job_is_claimed_again_under_a_higher_epoch_and_the_dead_one_is_refused() {
    let mut partition = Partition::new(rich(), 0);
    partition.job_submit(job(&tenant(0), 1, 5_000_000), at(0)).unwrap();
    let first = partition.job_claim(&worker(), 1, LEASE, at(0)).jobs.remove(0);
    assert!(partition.job_claim(&worker(), 1, LEASE, at(29_999_999)).jobs.is_empty());
    let lapsed = 30_000_000;
    let finish = |leased: &Leased| Finish {
        id: leased.id.clone(),
        epoch: leased.epoch,
        outcome: Outcome::Succeeded { result: "mine".into(), pointer: Some("mine".into()) },
        used: MicroCredits(1),
    };
    assert!(partition.lease_finalize(finish(&first), 0, at(lapsed)).is_err(), "m21: it lapsed");
    assert_eq!(partition.jobs_reap(10, 0, at(lapsed)).requeued, 1);
    assert_eq!(partition.account(&tenant(0)).unwrap().held, MicroCredits::ZERO, "m13: its hold went back");
    let second = partition.job_claim(&worker(), 1, LEASE, at(lapsed + 5_000_000)).jobs.remove(0);
    assert!(second.epoch > first.epoch && second.attempt == 2);
    assert!(partition.lease_finalize(finish(&first), 0, at(lapsed + 6_000_000)).is_err());
    assert_eq!(partition.pointer(&tenant(0), &AgentId::default()), None, "m8: a zombie swaps no pointer");
    assert_eq!(partition.lease_finalize(finish(&second), 0, at(lapsed + 6_000_000)).unwrap(), "succeeded");
}
