//! The durable inboxes. The crash-point table in [`crate::inbox`] says what each write is for.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    clock::Timestamp,
    error::Result,
    inbox::{Claim, Epoch, Outcome, Outgoing, Put, Take, Update, UpdateKey},
    tenant::TenantId,
};

/// How long a delivery's claim lives without a write or a renewal: as long as a job's lease. So long a message waits whose control
/// plane died.
pub const DELIVERY_TTL: Duration = Duration::from_secs(30);

/// Which updates of a tenant to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateFilter {
    /// Only this tenant.
    pub tenant: Option<TenantId>,
    /// Only this stage label.
    pub stage: Option<String>,
}

/// What a tenant's inbox holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct InboxCounts {
    /// Not terminal: `pending` or `replied`.
    pub pending: u64,
    /// Dead-lettered.
    pub dead: u64,
    /// Handled, as far as not pruned.
    pub handled: u64,
    /// Parts that may have been sent twice.
    pub possible_repeats: u64,
}

/// The inboxes. Every method that takes an [`Epoch`] is a conditional write: `Conflict` if the tenant's delivery was
/// claimed under a later one, and then nothing was changed.
#[async_trait]
pub trait Inboxes: Send + Sync + 'static {
    /// Stores and de-duplicates in one atomic, durable write: when this returns `Stored`, the update survives the death
    /// of process and machine. `Overloaded` if `max_pending` updates of the tenant are waiting, and nothing was written.
    async fn update_put(&self, key: &UpdateKey, payload: &str, max_pending: u32, now: Timestamp) -> Result<Put>;

    /// Claims the tenant's delivery for `owner` under a new epoch. Succeeds if nobody holds it, its holder lapsed, or
    /// the holder is `owner` itself (whose earlier epoch is thereby dead).
    async fn delivery_claim(&self, tenant: &TenantId, owner: &str, now: Timestamp) -> Result<Claim>;

    /// Extends the claim by [`DELIVERY_TTL`] from `now`.
    async fn delivery_renew(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<()>;

    /// Ends the claim, so that another owner may deliver at once; its epoch writes no more. A repeat, or a lost claim, is
    /// no error.
    async fn delivery_release(&self, tenant: &TenantId, epoch: Epoch) -> Result<()>;

    /// Takes the first update that is not terminal: counts the take, renews the claim. If it is `replied` with parts
    /// unsent and was taken under another epoch before, one possible repeat is counted, unless `update_retry` has told
    /// that take's outcome since.
    async fn update_take(&self, tenant: &TenantId, epoch: Epoch, now: Timestamp) -> Result<Take>;

    /// Keeps the id of the "starting" message.
    async fn notice_store(&self, key: &UpdateKey, epoch: Epoch, message: i64) -> Result<()>;

    /// `pending` → `replied` with no part sent. `Conflict` if the update is not pending: a stored reply is never
    /// replaced.
    async fn reply_store(&self, key: &UpdateKey, epoch: Epoch, reply: &Outgoing) -> Result<()>;

    /// Raises the number of parts sent to `sent`. `Conflict` if the update is not replied with that many parts.
    async fn part_sent(&self, key: &UpdateKey, epoch: Epoch, sent: u32) -> Result<()>;

    /// Puts the update back until `not_before`. `counts` says whether this was a failed attempt; `possible_repeat`
    /// whether a part may now be sent twice.
    async fn update_retry(
        &self,
        key: &UpdateKey,
        epoch: Epoch,
        not_before: Timestamp,
        error: &str,
        counts: bool,
        possible_repeat: bool,
    ) -> Result<()>;

    /// Ends the update and takes the tenant's next one, in one write where the store can.
    async fn update_finish(&self, key: &UpdateKey, epoch: Epoch, outcome: &Outcome, now: Timestamp) -> Result<Take>;

    /// Tenants with updates that are not terminal, in order of id, after `after`. Costs what it returns.
    async fn tenants_pending(&self, after: Option<&TenantId>, limit: usize) -> Result<Vec<TenantId>>;

    /// How many updates of the tenant are not terminal. Costs at most what it counts.
    async fn pending_count(&self, tenant: &TenantId) -> Result<u64>;

    /// The inbox in numbers; of all tenants together if `tenant` is `None`.
    async fn inbox_counts(&self, tenant: Option<&TenantId>) -> Result<InboxCounts>;

    /// One update.
    async fn update_get(&self, key: &UpdateKey) -> Result<Option<Update>>;

    /// Updates in order of key, after `after`, at most `limit`. `Invalid` if the filter's stage is no label.
    async fn update_list(&self, filter: &UpdateFilter, after: Option<&UpdateKey>, limit: usize) -> Result<Vec<Update>>;

    /// `dead` or `dropped` → `pending` (or `replied`, where a reply was stored) with attempts and takes at zero. It counts
    /// as received `now`, or its age would end it again at once. `NotFound`; `Conflict` in any other stage. For
    /// operators: no epoch.
    async fn update_replay(&self, key: &UpdateKey, now: Timestamp) -> Result<()>;

    /// Anything but `handled` → `dropped`, and whoever delivers it loses its next write to it (`Conflict`).
    /// `NotFound`; `Conflict` if handled.
    async fn update_drop(&self, key: &UpdateKey, now: Timestamp) -> Result<()>;

    /// Removes terminal updates (`dead` ones excepted) that ended before `before`, at most `limit`; how many.
    async fn inbox_prune(&self, before: Timestamp, limit: usize) -> Result<u64>;

    /// Removes everything of one tenant. A repeat does nothing.
    async fn inbox_purge(&self, tenant: &TenantId) -> Result<()>;
}
