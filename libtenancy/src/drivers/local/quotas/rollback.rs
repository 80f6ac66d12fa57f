//! What a store that forgot is told by the ledger, as [`crate::partition::Partition`] has it.

use rusqlite::params;

use super::{
    super::{
        jobs::{
            desk::{About, Desk},
            rows,
        },
        store::{Fault, stored},
    },
    row_parse,
    turns::Turn,
};
use crate::{
    credits::MicroCredits,
    jobs::{DelayReason, JobEpoch, JobState},
    ledger::{Row, RowKind},
    partition::{EndedTurn, FORGOTTEN, FORGOTTEN_EPOCHS, KEEP_TURN, Rollback, SettledJob},
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
        self.counts.epoch = JobEpoch(self.counts.epoch.0.max(self.now.max(plan.at).as_micros()) + FORGOTTEN_EPOCHS);
        self.rollback_outbox(plan)?;
        for settled in &plan.settled {
            self.rollback_job(settled)?;
        }
        for turn in &plan.turns {
            self.rollback_turn(turn)?;
        }
        for (tenant, kind, reference) in &plan.booked {
            self.set_booked(tenant, *kind, reference)?;
        }
        let mut lost = MicroCredits::ZERO;
        for (tenant, after) in &plan.accounts {
            let (held, running) = self.held_and_running(tenant)?;
            let mut account = self.would_be(tenant)?;
            let (gone, adjusted) = account.told(after, plan.quotas.get(tenant).copied(), held);
            account.running = running;
            self.reconsider(tenant, &mut account)?;
            self.save(tenant, account)?;
            let deltas = Deltas { held: held - after.held, adjusted, ..Deltas::default() };
            self.book(tenant, &About::account(RowKind::Rollback, ""), deltas)?;
            lost += gone;
        }
        Ok(lost)
    }

    /// Rows that were made on forgotten ground have numbers that others have in the ledger.
    fn rollback_outbox(&mut self, plan: &Rollback) -> Result<(), Fault> {
        let Some(agreed) = plan.agreed else { return Ok(()) };
        let mut anew = Vec::new();
        {
            let mut statement = self.connection.prepare_cached("SELECT row FROM outbox WHERE seq > ?1 ORDER BY seq")?;
            let mut rows = statement.query([stored(agreed)?])?;
            while let Some(row) = rows.next()? {
                anew.push(row_parse(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?);
            }
        }
        self.connection.prepare_cached("DELETE FROM outbox WHERE seq > ?1")?.execute([stored(agreed)?])?;
        for row in anew {
            if plan.accounts.iter().any(|(tenant, _)| *tenant == row.tenant) {
                // It was not booked, so it may be again.
                self.unset_booked(&row.tenant, row.kind, &row.reference)?;
                continue;
            }
            self.counts.seq += 1;
            let row = Row { incarnation: self.counts.incarnation, seq: self.counts.seq, ..row };
            self.connection
                .prepare_cached("INSERT INTO outbox (seq, row) VALUES (?1, ?2)")?
                .execute(params![stored(row.seq)?, row.text()])?;
        }
        Ok(())
    }

    /// A turn that holds here, or is not known here, has ended there.
    fn rollback_turn(&self, ended: &EndedTurn) -> Result<(), Fault> {
        let (tenant, key) = (&ended.tenant, ended.key.as_str());
        let turn = self.turn(tenant, key)?;
        if turn.as_ref().is_some_and(|turn| turn.settled) {
            return Ok(());
        }
        if !ended.settled {
            return self.turn_remove(tenant, key);
        }
        let (epoch, agent) = turn.map_or_else(Default::default, |turn| (turn.epoch, turn.agent));
        let settled = Turn { epoch, agent, hold: Hold::default(), settled: true, until: self.now + KEEP_TURN };
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
