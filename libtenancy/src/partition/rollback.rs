//! What is kept elsewhere too: rows on their way to the ledger, and what a partition that forgot is told.

use super::{About, Due, EndedTurn, FORGOTTEN, FORGOTTEN_EPOCHS, KEEP_TURN, Partition, Rollback, SettledJob, Turn};
use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    fairness,
    jobs::{DelayReason, JobEpoch, JobState},
    ledger::{Row, RowKind},
    quota::{Deltas, Hold},
    tenant::TenantId,
};

impl Partition {
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
        self.epoch = JobEpoch(self.epoch.0.max(now.max(plan.at).as_micros()) + FORGOTTEN_EPOCHS);
        self.rollback_outbox(plan);
        for settled in &plan.settled {
            self.rollback_job(settled, now);
        }
        for turn in &plan.turns {
            self.rollback_turn(turn, now);
        }
        self.usage.extend(plan.booked.iter().cloned());
        let mut lost = MicroCredits::ZERO;
        for (tenant, after) in &plan.accounts {
            let held: MicroCredits = self.holds_of(tenant);
            let mut account = self.would_be(tenant, now);
            let (gone, adjusted) = account.told(after, plan.quotas.get(tenant).copied(), held);
            account.running = self.running_of(tenant);
            self.reconsider(tenant, &mut account);
            self.save(tenant, account);
            let deltas = Deltas { held: held - after.held, adjusted, ..Deltas::default() };
            self.book(tenant, About::account(RowKind::Rollback, ""), deltas, now);
            lost += gone;
        }
        lost
    }

    /// Rows that were made on forgotten ground have numbers that others have in the ledger. Those of tenants of whom the
    /// ledger knows more are void, since their accounts are set anew; the others stand, and get numbers of their own.
    pub(super) fn rollback_outbox(&mut self, plan: &Rollback) {
        let Some(agreed) = plan.agreed else { return };
        let anew = self.outbox.split_off(self.outbox.partition_point(|row| row.seq <= agreed));
        for row in anew {
            if plan.accounts.iter().any(|(tenant, _)| *tenant == row.tenant) {
                // It was not booked, so it may be again.
                self.usage.remove(&(row.tenant, row.kind, row.reference));
                continue;
            }
            self.seq += 1;
            self.outbox.push(Row { incarnation: self.incarnation, seq: self.seq, ..row });
        }
    }

    /// A turn that holds here, or is not known here, has ended there.
    pub(super) fn rollback_turn(&mut self, ended: &EndedTurn, now: Timestamp) {
        let name = (ended.tenant.clone(), ended.key.clone());
        if self.turns.get(&name).is_some_and(|turn| turn.settled) {
            return;
        }
        let turn = self.turns.remove(&name);
        if ended.settled {
            let (epoch, agent) = turn.map_or_else(Default::default, |turn| (turn.epoch, turn.agent));
            let turn = Turn { epoch, agent, hold: Hold::default(), until: now + KEEP_TURN, settled: true };
            self.turns.insert(name, turn);
        }
    }

    pub(super) fn rollback_job(&mut self, settled: &SettledJob, now: Timestamp) {
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

    pub(super) fn holds_of(&self, tenant: &TenantId) -> MicroCredits {
        let jobs = self.jobs.values().filter(|(job, _)| job.id.tenant() == tenant).map(|(job, _)| job.hold.amount);
        let turns =
            self.turns.iter().filter(|((of, _), turn)| of == tenant && !turn.settled).map(|(_, t)| t.hold.amount);
        jobs.chain(turns).sum()
    }

    pub(super) fn running_of(&self, tenant: &TenantId) -> u32 {
        let running = self.leases.iter().filter(|(_, id)| id.tenant() == tenant).count();
        u32::try_from(running).unwrap_or(u32::MAX)
    }
}
