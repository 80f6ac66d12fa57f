//! `ztm tenant list`.

use anyhow::Result;
use libtenancy::{
    Error,
    api::{TenantList, TenantView},
    labels::Selector,
};

use crate::{
    cli::tenant::ListArgs,
    client::Client,
    commands::Context,
    watch::{
        News, Watch,
        listed::{Heed, Listing, follow},
    },
};

/// Prints all tenants, or those of one status or with some labels; then, if asked to, each one that changes.
pub async fn list(ctx: &Context, args: &ListArgs) -> Result<()> {
    // Listened to before it is listed: what changes in between is told afterwards.
    let watch = if args.watch { Some(Watch::begin(&ctx.settings, &ctx.printer).await?) } else { None };
    let list = ctx.client().await?.tenant_list(args.status.as_deref(), args.selector.as_deref()).await?;
    if let Some(watch) = watch {
        let selector = args.selector.as_deref().map(str::parse).transpose()?.unwrap_or_default();
        let tenants = Tenants { status: args.status.clone(), selector };
        return follow(watch, &tenants, (list.tenants, &args.listing), (&ctx.settings, &ctx.printer)).await;
    }
    if list.tenants.is_empty() {
        ctx.printer.note(match (&args.status, &args.selector) {
            (_, Some(_)) => "no tenant is like this",
            (Some(_), None) => "no tenant has this status",
            (None, None) => "there are no tenants; `ztm tenant create` makes one",
        });
    }
    ctx.printer.show_rows(list, &args.listing)
}

/// Tenants, as they are asked for.
struct Tenants {
    status: Option<String>,
    selector: Selector,
}

impl Listing for Tenants {
    type List = TenantList;
    type Row = TenantView;

    async fn all(&self, client: &Client) -> Result<Vec<TenantView>, Error> {
        Ok(client.tenant_list(None, None).await?.tenants)
    }

    async fn of(&self, client: &Client, tenant: &str) -> Result<Vec<TenantView>, Error> {
        match client.tenant_get(tenant).await {
            Ok(tenant) => Ok(vec![tenant]),
            Err(Error::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn heed(&self, news: &News) -> Heed {
        match news {
            News::Tenant(line) => Heed::Tenant(line.id.clone()),
            News::Gone(id) | News::Touched(id) => Heed::Tenant(id.clone()),
            _ => Heed::Nothing,
        }
    }

    fn is_quiet(&self) -> bool {
        false
    }

    fn holds(&self, tenant: &TenantView) -> bool {
        self.status.as_ref().is_none_or(|status| *status == tenant.status) && self.selector.matches(&tenant.labels)
    }

    fn name(tenant: &TenantView) -> (String, String) {
        (tenant.tenant_id.clone(), tenant.tenant_id.clone())
    }

    fn told(tenant: &TenantView) -> TenantView {
        tenant.clone()
    }

    fn gone(tenant: TenantView) -> Option<TenantView> {
        Some(TenantView { status: "deleted".to_owned(), ..tenant })
    }

    fn list(tenants: Vec<TenantView>) -> TenantList {
        TenantList { tenants, next: None }
    }
}
