//! Chat turns: a hold under a key, as [`crate::partition::Partition`] has them.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};

use super::super::{
    jobs::{
        desk::{About, Desk},
        rows,
    },
    store::{Fault, limit},
};
use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::Error,
    jobs::{AgentId, JobEpoch},
    ledger::RowKind,
    partition::{KEEP_TURN, TurnAdmission, used_bounded},
    quota::{Hold, Standing, grants_text},
    tenant::TenantId,
};

macro_rules! turn_columns {
    () => {
        "epoch, agent, hold, hold_grants, until, settled, tenant, key"
    };
}

const TURN: &str =
    concat!("SELECT ", turn_columns!(), " FROM turns WHERE tenant = ?1 AND key = ?2 AND (settled = 0 OR until > ?3)");
pub(in super::super) const LAPSED_TURNS: &str = concat!(
    "SELECT ",
    turn_columns!(),
    " FROM turns INDEXED BY turns_held WHERE settled = 0 AND until <= ?1 ORDER BY until, tenant || '|' || key LIMIT ?2"
);
const OF_TENANT: &str =
    concat!("SELECT ", turn_columns!(), " FROM turns WHERE tenant = ?1 AND settled = 0 ORDER BY key");
pub(in super::super) const NEXT_TURN: &str =
    "SELECT until FROM turns INDEXED BY turns_held WHERE settled = 0 ORDER BY until LIMIT 1";

/// A turn as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) epoch: JobEpoch,
    pub(super) agent: AgentId,
    pub(super) hold: Hold,
    pub(super) until: Timestamp,
    pub(super) settled: bool,
}

fn turn_from_row(row: &Row<'_>) -> Result<Turn, Fault> {
    let text = |index| row.get_ref(index)?.as_str().map_err(rusqlite::Error::from);
    Ok(Turn {
        epoch: JobEpoch(row.get(0)?),
        agent: rows::word(text(1)?)?,
        hold: Hold { amount: MicroCredits(row.get(2)?), grants: rows::grants(text(3)?)? },
        until: Timestamp::from_micros(row.get(4)?),
        settled: row.get(5)?,
    })
}

impl Desk<'_> {
    pub(super) fn turn(&self, tenant: &TenantId, key: &str) -> Result<Option<Turn>, Fault> {
        let mut statement = self.connection.prepare_cached(TURN)?;
        let mut rows = statement.query(params![tenant.as_str(), key, self.now.as_micros()])?;
        rows.next()?.map(turn_from_row).transpose()
    }

    pub(super) fn turn_put(&self, tenant: &TenantId, key: &str, turn: &Turn) -> Result<(), Fault> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO turns (tenant, key, epoch, agent, hold, hold_grants, until, settled) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                tenant.as_str(),
                key,
                turn.epoch.0,
                turn.agent.as_str(),
                turn.hold.amount.0,
                grants_text(&turn.hold.grants),
                turn.until.as_micros(),
                turn.settled,
            ])?;
        Ok(())
    }

    pub(super) fn turn_remove(&self, tenant: &TenantId, key: &str) -> Result<(), Fault> {
        let sql = "DELETE FROM turns WHERE tenant = ?1 AND key = ?2";
        self.connection.prepare_cached(sql)?.execute([tenant.as_str(), key])?;
        Ok(())
    }

    /// The tenant's turns that hold credits.
    pub(super) fn turns_held(&self, tenant: &TenantId) -> Result<Vec<(String, Turn)>, Fault> {
        let mut statement = self.connection.prepare_cached(OF_TENANT)?;
        let mut rows = statement.query([tenant.as_str()])?;
        let mut turns = Vec::new();
        while let Some(row) = rows.next()? {
            turns.push((row.get(7)?, turn_from_row(row)?));
        }
        Ok(turns)
    }

    /// Admits a turn.
    pub(super) fn turn_admit(
        &mut self,
        tenant: &TenantId,
        agent: &AgentId,
        key: &str,
        amount: MicroCredits,
        ttl: Duration,
    ) -> Result<TurnAdmission, Fault> {
        let until = self.now + ttl;
        if let Some(turn) = self.turn(tenant, key)? {
            if turn.settled {
                return Ok(TurnAdmission::Settled);
            }
            let epoch = self.epoch_next();
            self.turn_put(tenant, key, &Turn { epoch, until, ..turn })?;
            return Ok(TurnAdmission::Admitted { epoch });
        }
        let mut touched = self.opened(tenant)?;
        let mut deltas = touched.touch(self.now);
        if let Err(blocked) = touched.check(amount, self.now) {
            return Ok(TurnAdmission::Blocked(blocked));
        }
        let (hold, change) = touched.hold(amount);
        deltas += change;
        touched.tag = touched.tag.max(self.counts.clock);
        touched.started(amount, self.counts.clock, self.now);
        let epoch = self.epoch_next();
        self.turn_put(tenant, key, &Turn { epoch, hold, agent: agent.clone(), until, settled: false })?;
        self.save(tenant, touched)?;
        self.book(tenant, &About::turn(RowKind::Hold, agent, &format!("turn:{key}"), "turn"), deltas)?;
        Ok(TurnAdmission::Admitted { epoch })
    }

    /// Settles a turn.
    pub(super) fn turn_settle(
        &mut self,
        tenant: &TenantId,
        key: &str,
        epoch: JobEpoch,
        used: MicroCredits,
    ) -> Result<(), Fault> {
        let turn = self.turn(tenant, key)?.filter(|turn| turn.epoch == epoch);
        let Some(turn) = turn else {
            return Err(Error::conflict("turn", key, "its hold is not this caller's any more").into());
        };
        if turn.settled {
            return Ok(());
        }
        self.turn_end(tenant, key, &turn, used_bounded(used), RowKind::Settle, "succeeded")?;
        let settled = Turn { hold: Hold::default(), settled: true, until: self.now + KEEP_TURN, ..turn };
        self.turn_put(tenant, key, &settled)
    }

    pub(super) fn turn_end(
        &mut self,
        tenant: &TenantId,
        key: &str,
        turn: &Turn,
        used: MicroCredits,
        kind: RowKind,
        label: &str,
    ) -> Result<(), Fault> {
        let Some(mut account) = self.account(tenant)? else { return Ok(()) };
        let mut deltas = account.touch(self.now);
        deltas += account.settle(&turn.hold, used, self.now);
        account.corrected(turn.hold.amount, used, self.counts.clock);
        if matches!(account.standing, Standing::Parked(_)) && used < turn.hold.amount {
            self.rejoin(tenant, &mut account)?;
        }
        self.save(tenant, account)?;
        self.book(tenant, &About::turn(kind, &turn.agent, &format!("turn:{key}"), label), deltas)
    }

    /// Puts back what lapsed turns hold. How many.
    pub(in super::super) fn turns_reap(&mut self, most: usize) -> Result<u64, Fault> {
        let mut lapsed: Vec<(TenantId, String, Turn)> = Vec::new();
        {
            let mut statement = self.connection.prepare_cached(LAPSED_TURNS)?;
            let mut rows = statement.query(params![self.now.as_micros(), limit(most)])?;
            while let Some(row) = rows.next()? {
                let tenant = rows::word(row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?)?;
                lapsed.push((tenant, row.get(7)?, turn_from_row(row)?));
            }
        }
        for (tenant, key, turn) in &lapsed {
            self.turn_remove(tenant, key)?;
            self.turn_end(tenant, key, turn, MicroCredits::ZERO, RowKind::Reclaim, "lapsed")?;
        }
        Ok(lapsed.len() as u64)
    }

    /// When the next turn lapses.
    pub(in super::super) fn next_turn(&self) -> Result<Option<Timestamp>, Fault> {
        let at: Option<i64> = self.connection.prepare_cached(NEXT_TURN)?.query_row([], |row| row.get(0)).optional()?;
        Ok(at.map(Timestamp::from_micros))
    }
}
