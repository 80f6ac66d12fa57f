//! What changed since it was looked at last: noted by whoever writes, at the cost of a look at one flag while nobody watches.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::{
    clock::Timestamp,
    error::Result,
    operation::lock,
    ports::tenants::{Filter, Foreign, Page, SettingsPatch, Tenants},
    tenant::{Generation, Lifecycle, Tenant, TenantId},
};

/// What changed since it was looked at last.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    watched: AtomicBool,
    what: Mutex<Changed>,
    /// Rung whenever there is something.
    pub(super) rung: Notify,
}

/// Which tenants'.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) tenants: BTreeSet<TenantId>,
    /// Perhaps every record.
    pub(super) all: bool,
}

impl Changes {
    /// Notes a change of this tenant's, or of any; nothing while nobody looks.
    pub(super) fn mark(&self, tenant: Option<&TenantId>) {
        if !self.watched.load(Ordering::Relaxed) {
            return;
        }
        let mut what = lock(&self.what);
        match tenant {
            Some(tenant) => drop(what.tenants.insert(tenant.clone())),
            None => what.all = true,
        }
        drop(what);
        self.rung.notify_one();
    }

    pub(super) fn take(&self) -> Changed {
        std::mem::take(&mut lock(&self.what))
    }

    /// Puts back what could not be looked at.
    pub(super) fn put_back(&self, changed: Changed) {
        let mut what = lock(&self.what);
        what.tenants.extend(changed.tenants);
        what.all |= changed.all;
    }

    /// Whether anybody watches, from now on.
    pub(super) fn watch(&self, watched: bool) {
        self.watched.store(watched, Ordering::Relaxed);
        if !watched {
            self.take();
        }
    }
}

/// The registry, with an eye on what is written to it.
pub(super) struct WatchedTenants {
    pub(super) port: Arc<dyn Tenants>,
    pub(super) changes: Arc<Changes>,
}

impl WatchedTenants {
    /// Marks it whatever came of it: an error may have been a write all the same.
    fn written<T>(&self, id: &TenantId, result: T) -> T {
        self.changes.mark(Some(id));
        result
    }
}

#[async_trait]
impl Tenants for WatchedTenants {
    async fn tenant_create(&self, tenant: &Tenant) -> Result<()> {
        self.written(&tenant.id, self.port.tenant_create(tenant).await)
    }

    async fn tenant_get(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.port.tenant_get(id).await
    }

    async fn tenant_list(&self, filter: &Filter, after: Option<&TenantId>, limit: usize) -> Result<Page<Tenant>> {
        self.port.tenant_list(filter, after, limit).await
    }

    async fn tenant_transition(&self, id: &TenantId, expected: Generation, next: &Lifecycle) -> Result<()> {
        self.written(id, self.port.tenant_transition(id, expected, next).await)
    }

    async fn tenant_configure(&self, id: &TenantId, patch: SettingsPatch) -> Result<Tenant> {
        self.written(id, self.port.tenant_configure(id, patch).await)
    }

    async fn tenant_touch(&self, id: &TenantId, at: Timestamp) -> Result<()> {
        self.written(id, self.port.tenant_touch(id, at).await)
    }

    async fn tenant_remove(&self, id: &TenantId, expected: Generation) -> Result<()> {
        self.written(id, self.port.tenant_remove(id, expected).await)
    }

    async fn suspended_count(&self) -> Result<Option<u64>> {
        self.port.suspended_count().await
    }

    async fn tenant_counts(&self) -> Result<BTreeMap<String, u64>> {
        self.port.tenant_counts().await
    }

    async fn foreign_list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Foreign>> {
        self.port.foreign_list(after, limit).await
    }

    async fn foreign_remove(&self, id: &str) -> Result<()> {
        self.port.foreign_remove(id).await
    }
}
