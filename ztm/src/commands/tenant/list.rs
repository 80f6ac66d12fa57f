//! `ztm tenant list`.

use anyhow::Result;
use libtenancy::{
    Error,
    api::{TenantList, TenantView},
    labels::Selector,
    tenant::Status,
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

/// Up to how many tenants are counted.
const COUNTED: usize = 1_000;

/// Prints all tenants, or those of one status or with some labels; then, if asked to, each one that changes.
pub async fn list(ctx: &Context, args: &ListArgs) -> Result<()> {
    // Listened to before it is listed: what changes in between is told afterwards.
    let watch = if args.watch { Some(Watch::begin(&ctx.settings, &ctx.printer).await?) } else { None };
    let client = ctx.client().await?;
    let list = client.tenant_list(args.status.as_deref(), args.selector.as_deref()).await?;
    if let Some(watch) = watch {
        let selector = args.selector.as_deref().map(str::parse).transpose()?.unwrap_or_default();
        let tenants = Tenants { status: args.status.clone(), selector };
        return follow(watch, &tenants, (list.tenants, &args.listing), (&ctx.settings, &ctx.printer)).await;
    }
    if list.tenants.is_empty() {
        let chosen = match (&args.status, &args.selector) {
            (None, None) => None,
            (Some(status), None) => Some(format!("is {status}")),
            (None, Some(selector)) => Some(format!("matches `{selector}`")),
            (Some(status), Some(selector)) => Some(format!("is {status} and matches `{selector}`")),
        };
        // Who chose is told whether there was anything to choose from; how much exactly is not worth reading all of it.
        let there = if chosen.is_some() { client.tenant_names("", COUNTED).await?.len() } else { 0 };
        ctx.printer.note(&match (there, chosen) {
            (0, _) | (_, None) => "there are no tenants; `ztm tenant create` makes one".to_owned(),
            (1, Some(chosen)) => format!("there is 1 tenant, but none {chosen}"),
            (COUNTED.., Some(chosen)) => format!("there are {COUNTED} tenants or more, but none {chosen}"),
            (there, Some(chosen)) => format!("there are {there} tenants, but none {chosen}"),
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
        let is_so = |status: &str| {
            if status == Status::SUSPENDED { tenant.suspended.is_some() } else { status == tenant.status }
        };
        self.status.as_deref().is_none_or(is_so) && self.selector.matches(&tenant.labels)
    }

    fn name(tenant: &TenantView) -> (String, String) {
        (tenant.tenant_id.clone(), tenant.tenant_id.clone())
    }

    fn told(tenant: &TenantView) -> TenantView {
        tenant.clone()
    }

    fn gone(tenant: TenantView) -> Option<TenantView> {
        // It has no agent, and is not suspended: it is no more.
        Some(TenantView { status: "deleted".to_owned(), suspended: None, pod_name: None, pod_ip: None, ..tenant })
    }

    fn list(tenants: Vec<TenantView>) -> TenantList {
        TenantList { tenants, next: None }
    }
}
