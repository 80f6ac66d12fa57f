//! The accounts of tenants, kept with the queue: what a claim reads and writes atomically.
//!
//! What each step does is [`crate::partition::Partition`], method by method.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::Result,
    jobs::{AgentId, JobEpoch},
    ledger::{Row, RowKind},
    partition::{QuotaPatch, Rollback, TurnAdmission},
    quota::{Account, Grant},
    tenant::TenantId,
};

/// Rows that wait to be copied to the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    /// The store's incarnation.
    pub incarnation: u64,
    /// The last sequence number it gave.
    pub seq: u64,
    /// Rows in order, from the oldest that was not trimmed.
    pub rows: Vec<Row>,
}

/// The accounts. Errors as of [`crate::ports::jobs::Jobs`].
#[async_trait]
pub trait Quotas: Send + Sync + 'static {
    /// Changes a quota; opens the account if there is none. Atomic; a repeat does the same again. `Invalid` if it is out of
    /// bounds then.
    async fn quota_set(&self, tenant: &TenantId, patch: &QuotaPatch) -> Result<Account>;

    /// The account as it would be if it were touched now; `None` if there is none yet. Writes nothing.
    async fn account_get(&self, tenant: &TenantId) -> Result<Option<Account>>;

    /// Grants credits under a name of 1 to 64 characters, once a name: a repeat does nothing. `Overloaded` beyond
    /// [`crate::quota::MAX_GRANTS`]; `Invalid` beyond [`crate::credits::MAX_AMOUNT`], for less than one micro-credit, or if
    /// the name cannot stand in a row ([`crate::ledger::reference_checked`]). What is refused leaves nothing.
    async fn credits_grant(&self, tenant: &TenantId, name: &str, grant: Grant) -> Result<Account>;

    /// Takes back what grants left, up to `amount`, under a name as [`Quotas::credits_grant`] has it, once a name: a repeat
    /// does nothing. See [`Account::revoke`]; what is refused leaves nothing.
    async fn credits_revoke(&self, tenant: &TenantId, name: &str, amount: MicroCredits) -> Result<Account>;

    /// Admits a chat turn. See [`crate::partition::Partition::turn_admit`]. `Invalid` if the key cannot stand in a row
    /// ([`crate::ledger::reference_checked`], [`crate::ledger::MAX_REFERENCE`]).
    async fn turn_admit(
        &self,
        tenant: &TenantId,
        agent: &AgentId,
        key: &str,
        amount: MicroCredits,
        ttl: Duration,
    ) -> Result<TurnAdmission>;

    /// Settles a chat turn. See [`crate::partition::Partition::turn_settle`].
    async fn turn_settle(&self, tenant: &TenantId, key: &str, epoch: JobEpoch, used: MicroCredits) -> Result<()>;

    /// Books time or bytes, once a reference: a repeat does nothing. `Invalid` if the reference cannot stand in a row, as
    /// with a turn's key.
    async fn usage_record(&self, tenant: &TenantId, kind: RowKind, reference: &str, quantity: i64) -> Result<()>;

    /// Forgets a tenant's jobs and account, some at a time: to be repeated while it returns true. A repeat after the end
    /// does nothing.
    async fn tenant_close(&self, tenant: &TenantId) -> Result<bool>;

    /// The oldest rows of a partition's outbox, at most `limit`. Answers also when the store is behind what this process has
    /// seen.
    async fn outbox_read(&self, partition: u16, limit: usize) -> Result<Outbox>;

    /// Forgets rows up to a sequence number. A repeat does nothing.
    async fn outbox_trim(&self, partition: u16, seq: u64) -> Result<()>;

    /// Returns when a partition's outbox may have a row, or at `until`. May be spurious.
    async fn outbox_wait(&self, partition: u16, until: Timestamp) -> Result<()>;

    /// Says that somebody has seen this sequence number of the partition: a store whose own is lower is `Behind`.
    fn position_seen(&self, partition: u16, seq: u64);

    /// The highest sequence number that this process has seen of the partition.
    fn position_highest(&self, partition: u16) -> u64;

    /// Tells a store that forgot what the ledger knows, in one atomic step. Returns the credits whose hold nobody has any
    /// more. A repeat of the same plan does nothing.
    async fn partition_rollback(&self, partition: u16, plan: &Rollback) -> Result<MicroCredits>;
}
