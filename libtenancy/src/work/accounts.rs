//! Accounts, looked at: a tenant's, and those of all, a page at a time.

use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    api::quotas::{QuotaList, QuotaView},
    clock::Timestamp,
    error::Result,
    ports::tenants::Filter,
    quota::Account,
    tenancy::Tenancy,
    tenant::TenantId,
};

/// Accounts that are read at once.
const READS: usize = 8;

impl Tenancy {
    /// A tenant's account and the time it was looked at; an account that is not open yet is what it would be. `NotFound`
    /// without the tenant.
    pub async fn quota_get(&self, id: &TenantId) -> Result<(Account, Timestamp)> {
        self.tenant_get(id).await?;
        let now = self.now();
        let account = self.drivers().quotas.account_get(id).await?;
        Ok((account.unwrap_or_else(|| Account::open(self.drivers().jobs.settings().default_quota, now).0), now))
    }

    /// The same, as it is shown.
    pub async fn quota_view(&self, id: &TenantId) -> Result<QuotaView> {
        self.tenant_get(id).await?;
        let found = self.drivers().quotas.account_get(id).await?;
        let (opens_with_first_use, now) = (found.is_none(), self.now());
        let account = found.unwrap_or_else(|| Account::open(self.drivers().jobs.settings().default_quota, now).0);
        Ok(QuotaView { opens_with_first_use, ..QuotaView::new(id, &account, now) })
    }

    /// The quotas and accounts of those tenants of a page that have one, in order of id. `limit` counts tenants: a page may
    /// have fewer rows, or none, and still not be the last.
    pub async fn quota_list(&self, after: Option<&TenantId>, limit: usize) -> Result<QuotaList> {
        let page = self.drivers().tenants.tenant_list(&Filter::default(), after, limit).await?;
        let ids = page.items.into_iter().map(|tenant| tenant.id);
        let read = stream::iter(ids).map(async |id| {
            let account = self.drivers().quotas.account_get(&id).await?;
            Result::<_>::Ok(account.map(|account| QuotaView::new(&id, &account, self.now())))
        });
        let quotas: Vec<Option<QuotaView>> = read.buffered(READS).try_collect().await?;
        Ok(QuotaList { quotas: quotas.into_iter().flatten().collect(), next: page.next.map(|id| id.to_string()) })
    }
}
