//! `ztm tenant list`.

use anyhow::Result;
use libtenancy::{
    Error,
    api::{TenantList, TenantView},
    labels::Selector,
};

use crate::{
    cli::tenant::ListArgs,
    commands::Context,
    printer::Rows,
    watch::{News, Watch},
};

/// Prints all tenants, or those of one status or with some labels; then, if asked to, each one that changes.
pub async fn list(ctx: &Context, args: &ListArgs) -> Result<()> {
    if args.watch {
        return watch(ctx, args).await;
    }
    let list = ctx.client().await?.tenant_list(args.status.as_deref(), args.selector.as_deref()).await?;
    if list.tenants.is_empty() {
        ctx.printer.note(match (&args.status, &args.selector) {
            (_, Some(_)) => "no tenant is like this",
            (Some(_), None) => "no tenant has this status",
            (None, None) => "there are no tenants; `ztm tenant create` makes one",
        });
    }
    ctx.printer.show_rows(list, &args.listing)
}

async fn watch(ctx: &Context, args: &ListArgs) -> Result<()> {
    let selector: Selector = args.selector.as_deref().map(str::parse).transpose()?.unwrap_or_default();
    let mut watch = Watch::begin(&ctx.settings, &ctx.printer).await?;
    let mut client = ctx.client().await?;
    // Listened to before it is listed: what changes in between is told afterwards.
    let list = client.tenant_list(args.status.as_deref(), args.selector.as_deref()).await?;
    let mut shown: std::collections::BTreeMap<String, TenantView> =
        list.tenants.iter().map(|tenant| (tenant.tenant_id.clone(), tenant.clone())).collect();
    let mut rows = Rows::begin(&ctx.printer, list, &args.listing)?;
    loop {
        let id = match watch.next().await? {
            News::Tenant(line) => line.id,
            News::Gone(id) => id,
            _ => continue,
        };
        let tenant = loop {
            match client.tenant_get(&id).await {
                Ok(tenant) => break Some(tenant),
                Err(Error::NotFound { .. }) => break None,
                // It is away for a moment, perhaps for good: the watch waits for another.
                Err(Error::Unavailable { .. } | Error::OutcomeUnknown { .. } | Error::NeedsControlPlane { .. }) => {
                    tokio::time::sleep(AWAY).await;
                    client = ctx.client().await?;
                }
                Err(error) => return Err(error.into()),
            }
        };
        let Some(tenant) = tenant else {
            if let Some(mut gone) = shown.remove(&id) {
                "deleted".clone_into(&mut gone.status);
                rows.add(TenantList { tenants: vec![gone], next: None })?;
            }
            continue;
        };
        let status = args.status.as_ref().is_none_or(|status| *status == tenant.status);
        // What is no longer like this is told once, too.
        let known = shown.get(&id).cloned();
        if known.as_ref() == Some(&tenant) || (known.is_none() && !(status && selector.matches(&tenant.labels))) {
            continue;
        }
        if status && selector.matches(&tenant.labels) {
            shown.insert(id, tenant.clone());
        } else {
            shown.remove(&id);
        }
        rows.add(TenantList { tenants: vec![tenant], next: None })?;
    }
}

/// Between two questions while nobody answers.
const AWAY: std::time::Duration = std::time::Duration::from_millis(500);
