//! Chat turns: admitted, settled, lapsed.

use std::time::Duration;

use super::{About, KEEP_TURN, Partition, Turn, TurnAdmission, used_bounded};
use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::{Error, Result},
    jobs::{AgentId, JobEpoch},
    ledger::RowKind,
    quota::{Hold, Standing},
    tenant::TenantId,
};

impl Partition {
    /// Admits a chat turn: a hold of `amount` under `key`, for `ttl`. A repeat finds its hold again under a new epoch, or
    /// that it was settled. The turn counts in its tenant's fair share, not in the capacity for jobs.
    pub fn turn_admit(
        &mut self,
        tenant: &TenantId,
        agent: &AgentId,
        key: &str,
        amount: MicroCredits,
        ttl: Duration,
        now: Timestamp,
    ) -> TurnAdmission {
        self.forget_expired(now);
        let name = (tenant.clone(), key.to_owned());
        if let Some(turn) = self.turns.get(&name).cloned() {
            if turn.settled {
                return TurnAdmission::Settled;
            }
            self.epoch = self.epoch.next(now);
            self.turns.insert(name, Turn { epoch: self.epoch, until: now + ttl, ..turn });
            return TurnAdmission::Admitted { epoch: self.epoch };
        }
        let account = self.opened(tenant, now);
        let mut touched = account.clone();
        let mut deltas = touched.touch(now);
        if let Err(blocked) = touched.check(amount, now) {
            return TurnAdmission::Blocked(blocked);
        }
        let (hold, change) = touched.hold(amount);
        deltas += change;
        self.unset_ready(tenant, &account);
        touched.tag = touched.tag.max(self.clock);
        touched.started(amount, self.clock, now);
        if touched.standing == Standing::Ready {
            self.set_ready(tenant, &mut touched);
        }
        self.epoch = self.epoch.next(now);
        let turn = Turn { epoch: self.epoch, hold, agent: agent.clone(), until: now + ttl, settled: false };
        self.turns.insert(name, turn);
        self.save(tenant, touched);
        self.book(tenant, About::turn(RowKind::Hold, agent, &format!("turn:{key}"), "turn"), deltas, now);
        TurnAdmission::Admitted { epoch: self.epoch }
    }

    /// Settles a turn. What was used beyond its hold is taken from what the tenant has, as far as it may; the rest is the
    /// operator's. A repeat under the same epoch does nothing. `Conflict` under another epoch, or once the hold lapsed.
    pub fn turn_settle(
        &mut self,
        tenant: &TenantId,
        key: &str,
        epoch: JobEpoch,
        used: MicroCredits,
        now: Timestamp,
    ) -> Result<()> {
        self.forget_expired(now);
        let name = (tenant.clone(), key.to_owned());
        let turn = self.turns.get(&name).filter(|turn| turn.epoch == epoch).cloned();
        let Some(turn) = turn else {
            return Err(Error::conflict("turn", key, "its hold is not this caller's any more"));
        };
        if turn.settled {
            return Ok(());
        }
        let mut turn = turn;
        self.turn_end(&name, &turn, used_bounded(used), RowKind::Settle, "succeeded", now);
        turn.hold = Hold::default();
        (turn.settled, turn.until) = (true, now + KEEP_TURN);
        self.turns.insert(name, turn);
        Ok(())
    }

    pub(super) fn turn_end(
        &mut self,
        key: &(TenantId, String),
        turn: &Turn,
        used: MicroCredits,
        kind: RowKind,
        label: &str,
        now: Timestamp,
    ) {
        let (tenant, key) = key;
        let Some(mut account) = self.accounts.get(tenant).cloned() else { return };
        let mut deltas = account.touch(now);
        deltas += account.settle(&turn.hold, used, now);
        self.unset_ready(tenant, &account);
        account.corrected(turn.hold.amount, used, self.clock);
        match account.standing {
            Standing::Ready => self.set_ready(tenant, &mut account),
            Standing::Parked(_) if used < turn.hold.amount => self.rejoin(tenant, &mut account),
            Standing::Parked(_) | Standing::Capped | Standing::Idle => {}
        }
        self.save(tenant, account);
        self.book(tenant, About::turn(kind, &turn.agent, &format!("turn:{key}"), label), deltas, now);
    }
}
