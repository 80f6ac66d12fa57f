//! A partition that is played with: random steps by many, repeats and stale words among them; and the ledger that its rows
//! reach some time later.

use super::*;
use crate::{
    ledger::{Audit, AuditResult, Head},
    quota::NEVER,
};

pub(super) const TENANTS: u64 = 6;

/// A ledger as `ports::ledgers` promises one.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) rows: Vec<Row>,
}

impl Ledger {
    pub(super) fn head(&self) -> Head {
        let last = self.rows.last();
        last.map_or_else(Head::default, |row| Head { incarnation: row.incarnation, seq: row.seq, hash: String::new() })
    }

    pub(super) fn find(&self, seq: u64) -> Option<&Row> {
        self.rows.binary_search_by_key(&seq, |row| row.seq).ok().map(|at| &self.rows[at])
    }

    /// All or none; false is a conflict.
    pub(super) fn append(&mut self, rows: &[Row]) -> bool {
        let mut head = self.head();
        let mut new = Vec::new();
        for row in rows {
            if row.seq <= head.seq {
                if self.find(row.seq) != Some(row) {
                    return false;
                }
                continue;
            }
            let follows = match row.incarnation.cmp(&head.incarnation.max(1)) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Equal => row.seq == head.seq + 1,
                std::cmp::Ordering::Greater => true,
            };
            if !follows {
                return false;
            }
            (head.incarnation, head.seq) = (row.incarnation, row.seq);
            new.push(row.clone());
        }
        self.rows.extend(new);
        true
    }

    /// Reads all of it as an auditor does.
    pub(super) fn audited(&self) -> AuditResult {
        let (mut audit, mut hash) = (Audit::new(0), String::new());
        for row in &self.rows {
            assert_eq!(Row::parse(&row.text()).as_ref(), Some(row), "a row reads back");
            hash = row.chained(&hash);
            audit.row(row, &hash);
        }
        audit.finish()
    }
}

/// What was charged: a job's attempt or a turn, and the number of the row that says so.
pub(super) type Charges = BTreeMap<(TenantId, String, JobEpoch), u64>;

/// The partition, its ledger, and what everybody was told.
pub(super) struct Play {
    pub(super) partition: Partition,
    pub(super) ledger: Ledger,
    pub(super) dice: Dice,
    pub(super) now: i64,
    /// Every lease that was ever given out.
    pub(super) leased: Vec<Leased>,
    pub(super) turns: Vec<(TenantId, String, JobEpoch)>,
    /// The highest epoch that was ever given out.
    pub(super) epoch: JobEpoch,
    /// Epochs that the store forgot to have given out.
    pub(super) forgotten: BTreeSet<JobEpoch>,
    pub(super) charges: Charges,
    /// Jobs that were accepted and are not over.
    pub(super) open: BTreeSet<JobId>,
    /// What the last row of each tenant says.
    pub(super) after: BTreeMap<TenantId, After>,
    pub(super) clock: i64,
    /// Whether tenants are closed.
    pub(super) closes: bool,
    /// Up to which row `after` is.
    pub(super) read: u64,
    serial: u64,
}

impl Play {
    pub(super) fn new(dice: Dice) -> Self {
        let budget = Budget { period: crate::quota::Period::Day, limit: MicroCredits(90_000_000), hard: true };
        let quota = Quota {
            rate: MicroCredits(700_003),
            burst: MicroCredits(20_000_000),
            max_running: 5,
            budget: Some(budget),
            ..Quota::default()
        };
        Self {
            partition: Partition::new(quota, 12),
            ledger: Ledger::default(),
            dice,
            now: 0,
            leased: Vec::new(),
            turns: Vec::new(),
            epoch: JobEpoch(0),
            forgotten: BTreeSet::new(),
            charges: Charges::new(),
            open: BTreeSet::new(),
            after: BTreeMap::new(),
            clock: 0,
            closes: true,
            read: 0,
            serial: 0,
        }
    }

    fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.dice.roll(count as u64)).unwrap()
    }

    /// One step of a random kind, and some time.
    pub(super) fn step(&mut self) {
        let (who, now) = (tenant(self.dice.roll(TENANTS)), at(self.now));
        match self.dice.roll(24) {
            0..=5 => self.submit(&who),
            6..=9 => self.claim(),
            10..=13 => self.finalize(),
            14 => self.renew(),
            15 => {
                self.partition.jobs_reap(usize::try_from(self.dice.roll(4)).unwrap(), 0, now);
            }
            16 => self.cancel_or_retry(),
            17 => {
                let expires_at =
                    if self.dice.roll(3) == 0 { NEVER } else { at(self.now + self.dice.signed(200_000_000)) };
                let grant = Grant { expires_at, amount: MicroCredits(self.dice.signed(9_000_000)) };
                let name = format!("g{}", self.dice.roll(40));
                if self.dice.roll(3) == 0 {
                    let _ = self.partition.credits_revoke(&who, &name, grant.amount, now);
                } else {
                    let _ = self.partition.credits_grant(&who, &name, grant, now);
                }
            }
            18..=20 => self.turn(&who),
            21 => {
                let reference = self.dice.roll(50).to_string();
                self.partition.usage_record(&who, RowKind::Running, &reference, 7, now);
            }
            22 if self.closes && self.dice.roll(8) == 0 => self.close(&who),
            _ => self.configure(&who),
        }
        self.now += match self.dice.roll(40) {
            0 => 45_000_000,
            1 => 0,
            2 if self.dice.roll(30) == 0 => 86_400_000_000,
            3 if self.dice.roll(90) == 0 => 9 * 86_400_000_000,
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
        let before = self.partition.clone().position();
        let Ok(first) = self.partition.job_submit(new, at(self.now)) else {
            assert_eq!(self.partition.position(), before, "what is refused leaves nothing");
            return;
        };
        let second = self.partition.job_submit(again, at(self.now)).unwrap();
        assert!(!first.duplicate && second.duplicate && first.id == second.id);
        self.open.insert(first.id);
    }

    fn claim(&mut self) {
        let most = 1 + self.index(4);
        let (capacity, taken) = (self.partition.capacity as usize, self.partition.leases.len());
        let claimed = self.partition.job_claim(&worker(), most, LEASE, at(self.now));
        let full = claimed.jobs.len() == most || taken + claimed.jobs.len() >= capacity;
        assert!(full || claimed.more || self.partition.ready.is_empty(), "a slot stays idle, and a tenant is ready");
        for leased in claimed.jobs {
            assert!(leased.epoch > self.epoch, "epochs grow");
            self.epoch = leased.epoch;
            self.leased.push(leased);
        }
    }

    fn pick(&mut self) -> Option<Leased> {
        let count = self.leased.len();
        // Rather a late one.
        let from = if self.dice.roll(3) == 0 { 0 } else { count.saturating_sub(8) };
        (count > 0).then(|| from + self.index(count - from)).map(|at| self.leased[at].clone())
    }

    /// Whether an attempt is the one that runs, by what can be seen.
    fn owns(&self, leased: &Leased) -> bool {
        self.partition.job(&leased.id).is_some_and(|job| {
            let live = matches!(job.state, JobState::Running { lease_until, .. } if lease_until > at(self.now));
            live && job.epoch == leased.epoch
        })
    }

    fn renew(&mut self) {
        let Some(leased) = self.pick() else { return };
        let owns = self.owns(&leased);
        let need = (self.dice.roll(2) == 0).then(|| leased.cost + MicroCredits(self.dice.signed(3_000_000)));
        let renewal = Renewal { id: leased.id, epoch: leased.epoch, lease: LEASE, need };
        assert_eq!(self.partition.lease_renew(&renewal, at(self.now)) != Renewed::Lost, owns);
    }

    /// Ends any attempt that was ever given out: stale ones and repeats too.
    fn finalize(&mut self) {
        let Some(leased) = self.pick() else { return };
        let owns = self.owns(&leased);
        let outcome = match self.dice.roll(6) {
            0 => Outcome::Failed { error: "e".into(), retry: true },
            1 => Outcome::Failed { error: "e".into(), retry: false },
            2 => Outcome::Released { after: Duration::from_secs(self.dice.roll(20)) },
            _ => Outcome::Succeeded { result: "r".into(), pointer: Some(leased.epoch.0.to_string()) },
        };
        let used = MicroCredits(self.dice.signed(8_000_000) - 1_000_000);
        let finish = Finish { id: leased.id.clone(), epoch: leased.epoch, outcome, used };
        let before = self.partition.position();
        let first = self.partition.lease_finalize(finish.clone(), 0, at(self.now));
        let after = self.partition.position();
        assert_eq!(after.1 - before.1, u64::from(owns), "the owner, and nobody else, is charged, once: {first:?}");
        assert!(first.is_ok() || !owns);
        if first.is_ok() {
            assert!(!self.forgotten.contains(&leased.epoch), "a forgotten attempt is nobody's");
        }
        let second = self.partition.lease_finalize(finish, 0, at(self.now));
        assert_eq!(self.partition.position(), after, "a repeat books nothing");
        assert_eq!(first.is_ok(), second.is_ok());
        if owns {
            let attempt = (leased.id.tenant().clone(), leased.id.serial().to_owned(), leased.epoch);
            assert_eq!(self.charges.insert(attempt, after.1), None, "{} is charged once an attempt", leased.id);
        }
    }

    fn cancel_or_retry(&mut self) {
        let ids: Vec<JobId> = self.partition.jobs().map(|job| job.id.clone()).collect();
        if ids.is_empty() {
            return;
        }
        let id = ids[self.index(ids.len())].clone();
        if self.dice.roll(2) == 0 {
            let _ = self.partition.job_cancel(&id, at(self.now));
        } else if self.partition.job_retry(&id, at(self.now)).is_ok() {
            self.open.insert(id);
        }
    }

    /// Admits a turn, or settles any that was ever admitted.
    fn turn(&mut self, who: &TenantId) {
        if !self.turns.is_empty() && self.dice.roll(2) == 0 {
            let from = self.turns.len().saturating_sub(6);
            let at_turn = from + self.index(self.turns.len() - from);
            let (who, key, epoch) = self.turns[at_turn].clone();
            let used = MicroCredits(self.dice.signed(8_000_000));
            let before = self.partition.position().1;
            let settled = self.partition.turn_settle(&who, &key, epoch, used, at(self.now));
            let after = self.partition.position().1;
            if settled.is_ok() {
                assert!(!self.forgotten.contains(&epoch), "a forgotten turn is nobody's");
            }
            if after > before {
                assert!(settled.is_ok() && after == before + 1);
                let charged = self.charges.keys().any(|(of, name, _)| *of == who && *name == format!("turn:{key}"));
                assert!(!charged, "turn {key} of {who} is charged once");
                self.charges.insert((who.clone(), format!("turn:{key}"), epoch), after);
            }
            return;
        }
        self.serial += 1;
        let key = if self.dice.roll(3) == 0 { self.serial.saturating_sub(self.dice.roll(9)) } else { self.serial };
        let amount = MicroCredits(self.dice.signed(4_000_000));
        let key = format!("b/{key}");
        let admitted = self.partition.turn_admit(who, &AgentId::default(), &key, amount, LEASE, at(self.now));
        if let TurnAdmission::Admitted { epoch } = admitted {
            assert!(epoch > self.epoch, "epochs grow");
            self.epoch = epoch;
            self.turns.push((who.clone(), key, epoch));
        }
    }

    fn configure(&mut self, who: &TenantId) {
        let patch = QuotaPatch {
            rate: Some(MicroCredits(self.dice.signed(2_000_000))),
            burst: (self.dice.roll(4) == 0).then(|| MicroCredits(self.dice.signed(20_000_000))),
            weight: Some(1 + u32::try_from(self.dice.roll(300)).unwrap()),
            max_running: Some(1 + u32::try_from(self.dice.roll(6)).unwrap()),
            ..QuotaPatch::default()
        };
        self.partition.quota_set(who, &patch, at(self.now)).unwrap();
    }

    pub(super) fn close(&mut self, who: &TenantId) {
        while self.partition.tenant_close(who, 3, at(self.now)) {}
        self.open.retain(|id| id.tenant() != who);
        // A closed tenant's turns are forgotten; it may come again under the same keys.
        self.charges.retain(|(of, ..), _| of != who);
    }

    /// Takes the oldest rows of the outbox to the ledger; false if the ledger refuses them.
    pub(super) fn drain(&mut self, most: usize) -> bool {
        let rows: Vec<Row> = self.partition.outbox().iter().take(most).cloned().collect();
        let Some(last) = rows.last().map(|row| row.seq) else { return true };
        let taken = self.ledger.append(&rows);
        if taken {
            self.partition.outbox_trim(last);
        }
        taken
    }

    /// Lets everything come to its end: time passes, workers work, and whoever is short is granted credits.
    pub(super) fn settle_down(&mut self) {
        for round in 0..2_000_i64 {
            self.now += 3_600_000_000;
            let now = at(self.now);
            while self.partition.jobs_reap(1_000, 0, now).more {}
            for n in 0..TENANTS {
                let grant = Grant { expires_at: NEVER, amount: MicroCredits(50_000_000) };
                if round % 50 == 0 {
                    let _ = self.partition.credits_grant(&tenant(n), &format!("end-{round}"), grant, now);
                }
            }
            for leased in self.partition.job_claim(&worker(), 100, LEASE, now).jobs {
                let used = leased.cost.0;
                self.partition.lease_finalize(finish(&leased, succeeded(), used), 0, now).unwrap();
            }
            self.check();
            assert!(self.drain(usize::MAX));
            if self.open.is_empty() && self.partition.jobs().all(|job| job.state.is_terminal()) {
                assert!(self.partition.leases.is_empty() && self.partition.accounts.values().all(|a| a.held.0 == 0));
                return;
            }
        }
        let stuck: Vec<_> = self.partition.jobs().filter(|job| !job.state.is_terminal()).take(3).collect();
        panic!("stuck for ever: {stuck:?}");
    }

    /// The whole ledger holds, and agrees with the accounts.
    pub(super) fn finish(self) -> AuditResult {
        let result = self.ledger.audited();
        assert_eq!(result.violations, [], "the ledger");
        let mut booked = BTreeSet::new();
        for row in &self.ledger.rows {
            match row.kind {
                RowKind::Grant | RowKind::Running => {
                    let once = (row.tenant.clone(), row.kind, row.reference.clone());
                    assert!(booked.insert(once), "{} {} of {} twice", row.kind.label(), row.reference, row.tenant);
                }
                RowKind::Close => booked.retain(|(of, ..)| *of != row.tenant),
                _ => {}
            }
        }
        for (who, account) in self.partition.accounts {
            let totals = &result.tenants[&who];
            assert_eq!((totals.available, totals.held), (account.available(), account.held), "{who}");
            assert_eq!(totals.imbalance(), MicroCredits::ZERO, "{who}");
        }
        result
    }
}
