//! What a store that forgot is told by the ledger, as [`crate::partition::Partition`] has it.

use super::{
    super::{
        jobs::{
            desk::{About, Desk},
            rows,
        },
        store::Fault,
    },
    turns::Turn,
};
use crate::{
    credits::MicroCredits,
    jobs::{DelayReason, JobState},
    ledger::RowKind,
    partition::{EndedTurn, FORGOTTEN, KEEP_TURN, Rollback, SettledJob},
    quota::{Deltas, Hold},
    tenant::TenantId,
};

impl Desk<'_> {
    /// Carries out a plan; the credits whose hold nobody has any more.
    pub(super) fn rollback(&mut self, plan: &Rollback) -> Result<MicroCredits, Fault> {
        if self.counts.incarnation >= plan.incarnation {
            return Ok(MicroCredits::ZERO);
        }
        self.counts.incarnation = plan.incarnation;
        self.counts.seq = self.counts.seq.max(plan.seq);
        for settled in &plan.settled {
            self.rollback_job(settled)?;
        }
        for turn in &plan.turns {
            self.rollback_turn(turn)?;
        }
        let mut lost = MicroCredits::ZERO;
        for (tenant, after) in &plan.accounts {
            let (held, running) = self.held_and_running(tenant)?;
            let mut account = self.would_be(tenant)?;
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
            account.running = running;
            self.reconsider(tenant, &mut account)?;
            self.save(tenant, account)?;
            let deltas = Deltas { held: -gone, ..Deltas::default() };
            self.book(tenant, &About::account(RowKind::Rollback, ""), deltas)?;
            lost += gone;
        }
        Ok(lost)
    }

    /// A turn that holds here has ended there.
    fn rollback_turn(&self, ended: &EndedTurn) -> Result<(), Fault> {
        let (tenant, key) = (&ended.tenant, ended.key.as_str());
        let Some(turn) = self.turn(tenant, key)?.filter(|turn| !turn.settled) else { return Ok(()) };
        if !ended.settled {
            return self.turn_remove(tenant, key);
        }
        let settled = Turn { hold: Hold::default(), settled: true, until: self.now + KEEP_TURN, ..turn };
        self.turn_put(tenant, key, &settled)
    }

    fn rollback_job(&mut self, settled: &SettledJob) -> Result<(), Fault> {
        let Some(mut filed) = self.job(&settled.id)? else { return Ok(()) };
        if filed.job.state.is_terminal() {
            return Ok(());
        }
        let running = matches!(filed.job.state, JobState::Running { .. });
        let ended = matches!(settled.label.as_str(), "succeeded" | "dead" | "cancelled");
        if running && (ended || matches!(settled.label.as_str(), "retry" | "released")) {
            self.counts.leases = self.counts.leases.saturating_sub(1);
        }
        if ended {
            if matches!(filed.job.state, JobState::Queued) {
                self.unqueue(settled.id.tenant())?;
                self.idle_now_if_empty(settled.id.tenant())?;
            }
            filed.job.hold = Hold::default();
            filed.job.result = Some(FORGOTTEN.to_owned());
            return self.end(&mut filed, &settled.label);
        }
        if running && matches!(settled.label.as_str(), "retry" | "released") {
            // The attempt that runs here has ended there: its hold is not held any more.
            filed.job.hold = Hold::default();
            Self::delay(&mut filed.job, self.now, DelayReason::LeaseLapsed);
            rows::job_update(self.connection, &filed, None)?;
        }
        Ok(())
    }

    /// What the tenant's jobs and turns hold, and how many of its jobs run.
    fn held_and_running(&self, tenant: &TenantId) -> Result<(MicroCredits, u32), Fault> {
        let mut statement = self.connection.prepare_cached(
            "SELECT coalesce(sum(hold), 0), count(*) FROM jobs INDEXED BY jobs_by_state \
             WHERE state = 'running' AND tenant = ?1",
        )?;
        let (jobs, running): (i64, u32) =
            statement.query_row([tenant.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let turns: i64 = self
            .connection
            .prepare_cached("SELECT coalesce(sum(hold), 0) FROM turns WHERE tenant = ?1 AND settled = 0")?
            .query_row([tenant.as_str()], |row| row.get(0))?;
        Ok((MicroCredits(jobs + turns), running))
    }
}
