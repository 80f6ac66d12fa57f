//! What must hold after every step, whatever happened.

use super::{play::Play, *};

impl Play {
    pub(super) fn check(&mut self) {
        self.jobs_are_where_their_state_says();
        self.accounts_are_what_their_jobs_say();
        self.rows_say_what_accounts_are();
        let clock = self.partition.clock;
        assert!(clock >= self.clock, "virtual time never goes back");
        self.clock = clock;
        self.nothing_is_lost();
    }

    /// Every job is in exactly the index of its state, and nothing else is in any.
    fn jobs_are_where_their_state_says(&self) {
        let p = &self.partition;
        let (mut leases, mut delayed) = (BTreeSet::new(), BTreeSet::new());
        let mut waiting: BTreeMap<TenantId, BTreeSet<(i64, JobId)>> = BTreeMap::new();
        let mut epochs = BTreeSet::new();
        for job in p.jobs() {
            let who = job.id.tenant();
            match job.state {
                JobState::Queued => {
                    let score = crate::fairness::waiting_score(job.priority, job.tag);
                    waiting.entry(who.clone()).or_default().insert((score, job.id.clone()));
                }
                JobState::Delayed { until, .. } => {
                    delayed.insert((until, Due(job.id.to_string())));
                }
                JobState::Running { lease_until, .. } => {
                    leases.insert((lease_until, job.id.clone()));
                    assert!(epochs.insert(job.epoch), "{}: two jobs run under one epoch", job.id);
                }
                JobState::Succeeded { .. } | JobState::Dead { .. } | JobState::Cancelled { .. } => {}
            }
            let running = matches!(job.state, JobState::Running { .. });
            assert_eq!(running, job.hold.amount.0 > 0, "{}: what runs, and nothing else, holds", job.id);
            let drawn: i64 = job.hold.grants.iter().map(|grant| grant.amount.0).sum();
            assert!(drawn <= job.hold.amount.0 && job.used.0 >= 0);
            assert_eq!(p.expiries.contains_key(&job.id), job.state.is_terminal(), "{}", job.id);
            assert!(job.tag <= crate::fairness::MAX_TAG);
        }
        for (who, account) in &p.accounts {
            if let Standing::Parked(blocked) = account.standing
                && let Some(until) = blocked.until()
            {
                delayed.insert((until, Due(who.to_string())));
            }
        }
        assert_eq!(p.leases, leases, "a running job has its lease, and one");
        assert_eq!(p.delayed, delayed);
        let there: BTreeMap<_, _> = p.waiting.iter().filter(|(_, set)| !set.is_empty()).collect();
        assert_eq!(there, waiting.iter().collect());
    }

    fn accounts_are_what_their_jobs_say(&self) {
        let p = &self.partition;
        let mut ready = BTreeSet::new();
        for (who, account) in &p.accounts {
            assert_eq!(account.held, p.holds_of(who), "{who}: what is held is what runs");
            assert_eq!(account.running, p.running_of(who), "{who}");
            assert!(account.bucket.0 >= 0 && account.held.0 >= 0 && account.grants.iter().all(|g| g.amount.0 > 0));
            assert!(account.grants.is_sorted_by_key(|grant| grant.expires_at));
            assert!((0..1 << 53).contains(&account.tag) && (0..1_000_000).contains(&account.remainder));
            let first = p.waiting.get(who).and_then(BTreeSet::first).map(|(_, id)| p.job(id).unwrap());
            assert_eq!(first.is_none(), account.standing == Standing::Idle, "{who}: {:?}", account.standing);
            match account.standing {
                Standing::Idle => {}
                Standing::Ready => {
                    assert!(account.tag >= p.clock, "{who}: whoever is ready is not behind the virtual time");
                    ready.insert((account.tag, who.clone()));
                }
                Standing::Capped => {
                    assert!(account.running >= account.quota.max_running, "{who} is held back for nothing");
                }
                Standing::Parked(blocked) => {
                    let mut touched = account.clone();
                    touched.touch(at(self.now));
                    let payable = touched.check(first.unwrap().cost, at(self.now)).is_ok();
                    let due = blocked.until().is_some_and(|until| until <= at(self.now));
                    assert!(!payable || due, "{who} is held back for nothing");
                }
            }
        }
        assert_eq!(p.ready, ready, "who is ready takes its turn, and nobody else");
        for ((who, _), turn) in &p.turns {
            assert!(p.accounts.contains_key(who) && (!turn.settled || turn.hold == Hold::default()));
        }
    }

    /// The last row of every tenant says what its account is.
    fn rows_say_what_accounts_are(&mut self) {
        let p = &self.partition;
        for row in p.outbox().iter().filter(|row| row.seq > self.read) {
            self.after.insert(row.tenant.clone(), row.after.clone());
        }
        self.read = self.read.max(p.position().1);
        for (who, account) in &p.accounts {
            assert_eq!(self.after.get(who), Some(&After::from(account)), "{who}");
        }
    }

    /// A job that was accepted is there until it is over.
    fn nothing_is_lost(&mut self) {
        let p = &self.partition;
        for job in p.jobs().filter(|job| job.state.is_terminal()) {
            self.open.remove(&job.id);
        }
        for id in &self.open {
            assert!(p.job(id).is_some(), "{id} is lost");
        }
    }
}
