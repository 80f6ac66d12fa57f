//! The accounts of tenants in SQLite, kept with the queue; see `jobs::desk`.

mod accounts;
mod rollback;
pub(super) mod turns;

use std::{sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use rusqlite::params;

use super::{
    jobs::{
        desk::{Counts, Desk},
        known, rows,
    },
    store::{Fault, Store, limit, stored},
};
use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::Result,
    jobs::{AgentId, JobEpoch},
    ledger::{MAX_GRANT_NAME, MAX_REFERENCE, Row, RowKind, reference_checked},
    partition::{QuotaPatch, Rollback, TurnAdmission},
    ports::quotas::{Outbox, Quotas},
    quota::{Account, Grant},
    tenant::TenantId,
};

pub(super) const OUTBOX: &str = "SELECT row FROM outbox ORDER BY seq LIMIT ?1";

/// Jobs that one step of closing a tenant forgets.
const CLOSE: usize = 500;

#[async_trait]
impl Quotas for Store {
    async fn quota_set(&self, tenant: &TenantId, patch: &QuotaPatch) -> Result<Account> {
        let (tenant, patch) = (tenant.clone(), *patch);
        self.step(move |desk| desk.quota_set(&tenant, &patch)).await
    }

    async fn account_get(&self, tenant: &TenantId) -> Result<Option<Account>> {
        let now = self.clock().now();
        self.read(|connection| {
            Ok(rows::account_find(connection, tenant)?.map(|(mut account, _)| {
                account.touch(now);
                account
            }))
        })
    }

    async fn credits_grant(&self, tenant: &TenantId, name: &str, grant: Grant) -> Result<Account> {
        reference_checked("name", name, MAX_GRANT_NAME)?;
        let (tenant, name) = (tenant.clone(), name.to_owned());
        self.step(move |desk| desk.credits_grant(&tenant, &name, grant)).await
    }

    async fn credits_revoke(&self, tenant: &TenantId, name: &str, amount: MicroCredits) -> Result<Account> {
        reference_checked("name", name, MAX_GRANT_NAME)?;
        let (tenant, name) = (tenant.clone(), name.to_owned());
        self.step(move |desk| desk.credits_revoke(&tenant, &name, amount)).await
    }

    async fn turn_admit(
        &self,
        tenant: &TenantId,
        agent: &AgentId,
        key: &str,
        amount: MicroCredits,
        ttl: Duration,
    ) -> Result<TurnAdmission> {
        reference_checked("key", key, MAX_REFERENCE)?;
        let (tenant, agent, key) = (tenant.clone(), agent.clone(), key.to_owned());
        self.step(move |desk| desk.turn_admit(&tenant, &agent, &key, amount, ttl)).await
    }

    async fn turn_settle(&self, tenant: &TenantId, key: &str, epoch: JobEpoch, used: MicroCredits) -> Result<()> {
        let (tenant, key) = (tenant.clone(), key.to_owned());
        self.step(move |desk| desk.turn_settle(&tenant, &key, epoch, used)).await
    }

    async fn usage_record(&self, tenant: &TenantId, kind: RowKind, reference: &str, quantity: i64) -> Result<()> {
        reference_checked("reference", reference, MAX_REFERENCE)?;
        let (tenant, reference) = (tenant.clone(), reference.to_owned());
        self.step(move |desk| desk.usage_record(&tenant, kind, &reference, quantity)).await
    }

    async fn tenant_close(&self, tenant: &TenantId) -> Result<bool> {
        let tenant = tenant.clone();
        self.step(move |desk| desk.tenant_close(&tenant, CLOSE)).await
    }

    async fn outbox_read(&self, partition: u16, most: usize) -> Result<Outbox> {
        known(partition)?;
        let settings = self.partition().settings;
        self.scan(move |connection| {
            // One transaction: position and rows are of one moment.
            let moment = connection.unchecked_transaction()?;
            let counts = Counts::read(&moment, &settings)?;
            let mut outbox = Outbox { incarnation: counts.incarnation, seq: counts.seq, rows: Vec::new() };
            let mut statement = moment.prepare_cached(OUTBOX)?;
            let mut rows = statement.query([limit(most)])?;
            while let Some(row) = rows.next()? {
                let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
                outbox.rows.push(row_parse(text)?);
            }
            Ok(outbox)
        })
        .await
    }

    async fn outbox_trim(&self, partition: u16, seq: u64) -> Result<()> {
        known(partition)?;
        self.step(move |desk| {
            let mut statement = desk.connection.prepare_cached("DELETE FROM outbox WHERE seq <= ?1")?;
            statement.execute(params![stored(seq)?])?;
            Ok(())
        })
        .await
    }

    async fn outbox_wait(&self, partition: u16, until: Timestamp) -> Result<()> {
        known(partition)?;
        let rung = self.partition().rows.notified();
        let there =
            self.read(|connection| Ok(connection.prepare_cached("SELECT 1 FROM outbox LIMIT 1")?.exists([])?))?;
        if !there {
            tokio::select! {
                () = rung => {}
                () = self.sleep_until(until) => {}
            }
        }
        Ok(())
    }

    fn position_seen(&self, partition: u16, seq: u64) {
        if partition == 0 {
            self.partition().seen.fetch_max(seq, Ordering::AcqRel);
        }
    }

    fn position_highest(&self, partition: u16) -> u64 {
        if partition == 0 { self.partition().seen.load(Ordering::Acquire) } else { 0 }
    }

    async fn partition_rollback(&self, partition: u16, plan: &Rollback) -> Result<MicroCredits> {
        known(partition)?;
        let plan = plan.clone();
        self.step_anyway(move |desk: &mut Desk<'_>| desk.rollback(&plan)).await
    }
}

/// A row of the outbox or the ledger.
pub(super) fn row_parse(text: &str) -> Result<Row, Fault> {
    Row::parse(text).ok_or_else(|| Fault::Damaged(format!("{text:?} is no row of the ledger")))
}
