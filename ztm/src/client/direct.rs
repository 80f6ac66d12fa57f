//! The stores of a context without a control plane: for what only reads or writes records.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::stream::BoxStream;
use libtenancy::{
    Error, Result, Tenancy,
    api::{CreateTenant, InboxList, TenantList, TenantView, UpdateName, UpdateTenant},
    drivers::local::store::FILE_NAME as STORE_FILE,
    inbox::UpdateKey,
    ports::{inboxes::UpdateFilter, receipts::Receipt, tenants::Filter},
    receipts::Given,
    secret::Secret,
    tenancy::{NewTenant, TenantChange},
    tenant::{BotId, TenantId, idle_timeout_from_secs},
};
use reqwest::Method;
use serde::{Serialize, de::DeserializeOwned};
use services::{auth::Role, idempotency};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::http::{NOTHING, order_key, tenant, written};
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

    /// Gives an order, once a key if there is one, and tells who else has the records open. Its key and what it says are
    /// those of the same order at a control plane ([`Http`](super::Http)): whoever repeats it there is answered too.
    pub(super) async fn order<T: Serialize + DeserializeOwned>(
        &self,
        (method, path): (Method, String),
        body: Option<&impl Serialize>,
        give: impl AsyncFnOnce(&Tenancy) -> Result<T>,
    ) -> Result<T> {
        let tenancy = self.tenancy().await?;
        let key = self.settings.idempotency_key.as_ref().filter(|_| self.settings.rehearses.is_none());
        let body = written(body)?;
        let Some(key) = key.map(|key| order_key(key, &method, &path, &body)) else {
            let done = give(tenancy).await?;
            tenancy.records_announce().await;
            return Ok(done);
        };
        let says = idempotency::order(&method, &path, &body);
        let order = match tenancy.order_begin(Role::Admin.label(), &key, &says).await? {
            Given::Now(order) => order,
            Given::Before(receipt) => {
                let body = if receipt.body.is_empty() { "null" } else { &receipt.body };
                return serde_json::from_str(body)
                    .map_err(|e| Error::internal(format!("what came of {method} {path} cannot be read: {e}")));
            }
        };
        match give(tenancy).await {
            Ok(done) => {
                let body = serde_json::to_string(&done).map_err(|e| Error::internal(format!("an answer: {e}")))?;
                order.done(&Receipt { status: 200, body }).await;
                tenancy.records_announce().await;
                Ok(done)
            }
            Err(error) => {
                order.refused().await;
                Err(error)
            }
        }
    }

    pub(super) async fn tenant_create(&self, asked: CreateTenant) -> Result<TenantView> {
        let as_asked = asked.clone();
        let new = NewTenant {
            id: asked.tenant_id.parse()?,
            bot_token: asked.bot_token.map(Secret::new),
            idle_timeout: asked.idle_timeout_s.map(idle_timeout_from_secs).transpose()?,
            labels: asked.labels,
        };
        let create = async |tenancy: &Tenancy| Ok(TenantView::from(&tenancy.tenant_create(new).await?));
        self.order((Method::POST, "/tenants".to_owned()), Some(&as_asked), create).await
    }

    /// Tries every store.
    pub async fn probe(&self) -> Result<libtenancy::api::probe::ProbeReport> {
        self.tenancy().await?.probe().await
    }

    pub(super) async fn tenant_get(&self, id: &str) -> Result<TenantView> {
        let id = id.parse()?;
        self.records().await?.tenant_view(&id).await
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

    pub(super) async fn tenant_update(&self, id: &str, asked: UpdateTenant) -> Result<TenantView> {
        let as_asked = asked.clone();
        let order = (Method::PATCH, format!("/tenants/{}", tenant(id)?));
        let id = id.parse()?;
        let change = TenantChange {
            bot_token: asked.bot_token.map(Secret::new),
            idle_timeout: asked.idle_timeout_s.map(idle_timeout_from_secs).transpose()?,
            labels: asked.labels,
        };
        let update = async |tenancy: &Tenancy| Ok(TenantView::from(&tenancy.tenant_update(&id, change).await?));
        self.order(order, Some(&as_asked), update).await
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
        let replay = async |tenancy: &Tenancy| tenancy.update_replay(&key).await;
        self.order((Method::POST, "/inbox/replay".to_owned()), Some(&update_name(update)), replay).await
    }

    pub(super) async fn update_drop(&self, update: &str) -> Result<()> {
        let key = update_key(update)?;
        let drop = async |tenancy: &Tenancy| {
            tenancy.update_drop(&key).await?;
            match self.settings.rehearses {
                Some(_) => Err(Error::Rehearsed { would: NOTHING.to_owned() }),
                None => Ok(()),
            }
        };
        self.order((Method::POST, "/inbox/drop".to_owned()), Some(&update_name(update)), drop).await
    }
}

/// An update as an order names it.
pub(super) fn update_name(update: &str) -> UpdateName {
    UpdateName { update: update.to_owned() }
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
