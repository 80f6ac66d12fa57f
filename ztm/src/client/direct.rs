//! The stores of a context without a control plane: for what only reads or writes records.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use libtenancy::{
    Error, Result, Tenancy,
    api::{CreateTenant, InboxList, TenantList, TenantView, UpdateTenant},
    drivers::local::store::FILE_NAME as STORE_FILE,
    inbox::UpdateKey,
    ports::{inboxes::UpdateFilter, tenants::Filter},
    secret::Secret,
    tenancy::{NewTenant, TenantChange},
    tenant::{BotId, TenantId, idle_timeout_from_secs},
};

use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::http::NOTHING;
use crate::{embedded, settings::Settings};

/// A handle on the stores, opened when it is first needed: what needs a control plane must not make a store.
pub struct Direct {
    settings: Box<Settings>,
    tenancy: OnceCell<Tenancy>,
    nothing: OnceCell<(TempDir, Tenancy)>,
}

/// Whether somebody looked where there is nothing yet.
static NOTHING_THERE: AtomicBool = AtomicBool::new(false);

/// Whether this process has looked at records where there are none yet, and saw nothing therefore.
pub fn saw_nothing() -> bool {
    NOTHING_THERE.load(Ordering::Relaxed)
}

impl Direct {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: Box::new(settings.clone()), tenancy: OnceCell::new(), nothing: OnceCell::new() }
    }

    /// For what writes: the stores are made where there are none, unless it is only rehearsed.
    pub(super) async fn tenancy(&self) -> Result<&Tenancy> {
        let open = || async {
            if self.settings.rehearses.is_none() {
                return embedded::open(&self.settings).await;
            }
            let tenancy =
                if self.is_nothing() { self.empty().await?.clone() } else { embedded::open(&self.settings).await? };
            Ok(tenancy.rehearsal().tenancy.clone())
        };
        self.tenancy.get_or_try_init(open).await
    }

    /// For what only reads: where there are no stores, ones with nothing in them, elsewhere and only for this command.
    pub(super) async fn records(&self) -> Result<&Tenancy> {
        if self.tenancy.initialized() || !self.is_nothing() {
            return self.tenancy().await;
        }
        NOTHING_THERE.store(true, Ordering::Relaxed);
        self.empty().await
    }

    /// Whether the records of this machine were never begun.
    pub(super) fn is_nothing(&self) -> bool {
        !self.settings.context.stores.is_shared() && !self.settings.state_dir.join(STORE_FILE).exists()
    }

    async fn empty(&self) -> Result<&Tenancy> {
        let open = || async {
            let directory = tempfile::tempdir().map_err(Error::io("make", std::env::temp_dir()))?;
            let settings = Settings { state_dir: directory.path().join("ztm"), ..(*self.settings).clone() };
            let tenancy = embedded::open(&settings).await?;
            Ok::<_, Error>((directory, tenancy))
        };
        self.nothing.get_or_try_init(open).await.map(|(_, tenancy)| tenancy)
    }

    pub(super) async fn tenant_create(&self, new: CreateTenant) -> Result<TenantView> {
        let new = NewTenant {
            id: new.tenant_id.parse()?,
            bot_token: new.bot_token.map(Secret::new),
            idle_timeout: new.idle_timeout_s.map(idle_timeout_from_secs).transpose()?,
            labels: new.labels,
        };
        let tenancy = self.tenancy().await?;
        let tenant = tenancy.tenant_create(new).await?;
        tenancy.records_announce().await;
        Ok(TenantView::from(&tenant))
    }

    /// Tries every store.
    pub async fn probe(&self) -> Result<libtenancy::api::probe::ProbeReport> {
        self.tenancy().await?.probe().await
    }

    pub(super) async fn tenant_get(&self, id: &str) -> Result<TenantView> {
        let id = id.parse()?;
        self.records().await?.tenant_get(&id).await.map(|tenant| TenantView::from(&tenant))
    }

    pub(super) async fn tenant_list(
        &self,
        status: Option<&str>,
        labels: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<TenantList> {
        let filter = Filter { status: status.map(str::to_owned), ..Filter::default() };
        let labels = labels.map(str::parse).transpose()?.unwrap_or_default();
        let after: Option<TenantId> = after.map(str::parse).transpose()?;
        let page = self.records().await?.tenant_list(&filter, &labels, after.as_ref(), limit).await?;
        Ok(TenantList { tenants: page.items.iter().map(TenantView::from).collect(), next: page.next.map(String::from) })
    }

    pub(super) async fn tenant_update(&self, id: &str, change: UpdateTenant) -> Result<TenantView> {
        let id = id.parse()?;
        let change = TenantChange {
            bot_token: change.bot_token.map(Secret::new),
            idle_timeout: change.idle_timeout_s.map(idle_timeout_from_secs).transpose()?,
            labels: change.labels,
        };
        let tenancy = self.tenancy().await?;
        let tenant = tenancy.tenant_update(&id, change).await?;
        tenancy.records_announce().await;
        Ok(TenantView::from(&tenant))
    }

    pub(super) async fn tenant_logs(
        &self,
        id: &str,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        let id = id.parse()?;
        self.records().await?.tenant_logs(&id, tail, follow).await
    }

    pub(super) async fn update_list(
        &self,
        tenant: Option<&str>,
        stage: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<InboxList> {
        let filter = UpdateFilter { tenant: tenant.map(str::parse).transpose()?, stage: stage.map(str::to_owned) };
        let after = after.map(update_key).transpose()?;
        let updates = self.records().await?.update_list(&filter, after.as_ref(), limit).await?;
        let next = updates.last().filter(|_| updates.len() == limit).map(|update| update.key.to_string());
        Ok(InboxList { updates: updates.iter().map(Into::into).collect(), next })
    }

    pub(super) async fn update_replay(&self, update: &str) -> Result<()> {
        let key = update_key(update)?;
        let tenancy = self.tenancy().await?;
        tenancy.update_replay(&key).await?;
        tenancy.records_announce().await;
        Ok(())
    }

    pub(super) async fn update_drop(&self, update: &str) -> Result<()> {
        let key = update_key(update)?;
        let tenancy = self.tenancy().await?;
        tenancy.update_drop(&key).await?;
        if self.settings.rehearses.is_some() {
            return Err(Error::Rehearsed { would: NOTHING.to_owned() });
        }
        tenancy.records_announce().await;
        Ok(())
    }
}

/// Reads `TENANT/BOT/UPDATE`.
pub(crate) fn update_key(text: &str) -> Result<UpdateKey> {
    let wrong =
        || Error::invalid("update", format!("`{text}` must be TENANT/BOT/UPDATE, as `ztm inbox list -o name` prints"));
    let mut parts = text.split('/');
    let (Some(tenant), Some(bot), Some(update), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(wrong());
    };
    Ok(UpdateKey {
        tenant: tenant.parse()?,
        bot: BotId(bot.parse().map_err(|_| wrong())?),
        update_id: update.parse().map_err(|_| wrong())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_named_by_tenant_bot_and_number() {
        assert_eq!(update_key("alice/7/42").unwrap().to_string(), "alice/7/42");
        for text in ["", "alice", "alice/7", "alice/7/x", "alice/x/1", "Alice/7/1", "alice/7/1/2", "//", "alice/7/"] {
            assert!(matches!(update_key(text), Err(Error::Invalid { .. })), "{text}");
        }
    }
}
