//! The registry of tenants.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    labels::LabelChange,
    schedule::ScheduleChange,
    tenant::{Bot, Generation, Lifecycle, Settings, Status, Tenant, TenantId},
};

/// One page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in order of their ids.
    pub items: Vec<T>,
    /// Where the next page begins (exclusive); `None` on the last one.
    pub next: Option<TenantId>,
}

/// Which tenants to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this status label.
    pub status: Option<String>,
    /// Every tenant whose status is not `idle`: what the reconciler looks at. Costs what it returns.
    pub active: bool,
    /// Only tenants that have schedules; not together with the others.
    pub scheduled: bool,
}

impl Filter {
    /// `Invalid` if the status is no label, or if the parts do not go together.
    pub fn checked(&self) -> Result<()> {
        match &self.status {
            Some(label) if !Status::LABELS.contains(&label.as_str()) => {
                Err(Error::invalid("status", format!("{label:?} is none of {}", Status::LABELS.join(", "))))
            }
            status if self.scheduled && (self.active || status.is_some()) => {
                Err(Error::invalid("status", "it does not go together with schedules"))
            }
            _ => Ok(()),
        }
    }
}

/// A change of settings; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsPatch {
    /// The idle timeout.
    pub idle_timeout: Option<std::time::Duration>,
    /// The bot; `Some(None)` removes it.
    pub bot: Option<Option<Bot>>,
    /// The suspension; `Some(None)` lifts it.
    pub suspended: Option<Option<String>>,
    /// Labels, each by itself.
    pub labels: LabelChange,
    /// Schedules, each by itself.
    pub schedules: ScheduleChange,
}

impl SettingsPatch {
    /// Applies the patch. `Invalid` if there would be too many labels or schedules.
    pub fn apply(self, settings: &mut Settings) -> Result<()> {
        if !self.labels.is_empty() {
            settings.labels = settings.labels.changed(&self.labels)?;
        }
        if !self.schedules.is_empty() {
            settings.schedules = settings.schedules.changed(&self.schedules)?;
        }
        if let Some(idle_timeout) = self.idle_timeout {
            settings.idle_timeout = idle_timeout;
        }
        if let Some(bot) = self.bot {
            settings.bot = bot;
        }
        if let Some(suspended) = self.suspended {
            settings.suspended = suspended;
        }
        Ok(())
    }
}

/// A row of the first control plane whose id is no [`TenantId`]: it can be seen and removed, never woken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Its id, any text.
    pub id: String,
    /// Its status label.
    pub status: String,
    /// The pod that it names.
    pub pod: Option<String>,
    /// The namespace of that pod.
    pub namespace: Option<String>,
    /// When it last had work.
    pub last_active_at: Option<Timestamp>,
}

/// The registry. Reads are consistent: they see every write that was answered.
#[async_trait]
pub trait Tenants: Send + Sync + 'static {
    /// Stores a new tenant, whole or not at all. `AlreadyExists` if the id is taken (a repeat too); `Conflict` if another
    /// tenant has its bot, whose one webhook can lead to one tenant only.
    async fn tenant_create(&self, tenant: &Tenant) -> Result<()>;

    /// The tenant, or `None`.
    async fn tenant_get(&self, id: &TenantId) -> Result<Option<Tenant>>;

    /// Tenants in order of id, after `after`, at most `limit`. A listing of all pages shows every tenant that existed
    /// throughout; `Page::next` is `None` only when nothing follows. `Invalid` as of [`Filter::checked`].
    ///
    /// A record is shown as it is. Whether one is shown that came, went, woke or fell asleep within the last second depends
    /// on the store's index: decide by [`Tenants::tenant_get`].
    async fn tenant_list(&self, filter: &Filter, after: Option<&TenantId>, limit: usize) -> Result<Page<Tenant>>;

    /// Replaces the lifecycle on the condition that its generation is `expected`. Atomic. `NotFound` if there is no such
    /// tenant (it is never created); `Conflict` if the generation is another (a repeat of a successful call too);
    /// `Internal` if `next` does not raise it.
    async fn tenant_transition(&self, id: &TenantId, expected: Generation, next: &Lifecycle) -> Result<()>;

    /// Changes settings and nothing else; returns the tenant as it is then. Atomic; a repeat does the same again.
    /// `NotFound` if there is no such tenant; `Conflict` if another tenant has the bot; `Invalid` if it would have too many
    /// labels or schedules.
    async fn tenant_configure(&self, id: &TenantId, patch: SettingsPatch) -> Result<Tenant>;

    /// Raises `last_active_at` to `at` if that is later. `NotFound` if there is no such tenant: never creates one.
    async fn tenant_touch(&self, id: &TenantId, at: Timestamp) -> Result<()>;

    /// Removes the record on the condition that its generation is `expected`. `Conflict` if it is another. A repeat is
    /// `NotFound`.
    async fn tenant_remove(&self, id: &TenantId, expected: Generation) -> Result<()>;

    /// How many tenants there are by status label, as far as the store's index knows. Costs at most one index scan.
    async fn tenant_counts(&self) -> Result<BTreeMap<String, u64>>;

    /// How many tenants are suspended; `None` where that would mean reading every record.
    async fn suspended_count(&self) -> Result<Option<u64>> {
        Ok(None)
    }

    /// Rows whose id is no [`TenantId`], in order of id, after `after`, at most `limit`. A store that the first control plane
    /// never wrote to has none.
    async fn foreign_list(&self, _after: Option<&str>, _limit: usize) -> Result<Vec<Foreign>> {
        Ok(Vec::new())
    }

    /// Removes such a row. `Invalid` if the id is a [`TenantId`]. A repeat is `NotFound`.
    async fn foreign_remove(&self, id: &str) -> Result<()> {
        match id.parse::<TenantId>() {
            Ok(id) => Err(Error::invalid("id", format!("`{id}` can be a tenant's; delete it as one"))),
            Err(_) => Err(Error::not_found("row", id)),
        }
    }
}
