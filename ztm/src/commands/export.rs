//! `ztm export`.

use std::collections::BTreeMap;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use libtenancy::api::{TenantView, schedules::ScheduleView};

use crate::{
    cli::apply::ExportArgs,
    commands::Context,
    manifest::Wanted,
    view::{apply::Manifests, tenant::TERMINATED},
};

/// How many tenants are asked for at once.
const AT_ONCE: usize = 8;

/// Prints what there is as a file for `ztm apply`.
pub async fn export(ctx: &Context, args: &ExportArgs) -> Result<()> {
    let client = ctx.client().await?;
    let mut tenants: Vec<TenantView> = if args.tenants.is_empty() {
        client.tenant_list(None, args.selector.as_deref()).await?.tenants
    } else {
        stream::iter(&args.tenants).map(|id| client.tenant_get(id)).buffered(AT_ONCE).try_collect().await?
    };
    // One that is being deleted is not to be made again.
    tenants.retain(|tenant| tenant.status != TERMINATED);
    tenants.sort_by(|a, b| a.tenant_id.cmp(&b.tenant_id));
    tenants.dedup_by(|a, b| a.tenant_id == b.tenant_id);
    let mut schedules: BTreeMap<String, Vec<ScheduleView>> = BTreeMap::new();
    for schedule in client.schedule_list(None).await?.schedules {
        schedules.entry(schedule.tenant_id.clone()).or_default().push(schedule);
    }
    let wanted = stream::iter(&tenants)
        .map(async |tenant| {
            let quota = client.quota_get(&tenant.tenant_id).await?;
            let schedules = schedules.get(&tenant.tenant_id).map_or(&[][..], Vec::as_slice);
            Wanted::of(tenant, &quota, schedules)
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let unsaid = tenants.iter().flat_map(unsaid).collect::<Vec<_>>();
    if tenants.is_empty() {
        ctx.printer.note("there is no such tenant");
    }
    for line in &unsaid {
        ctx.printer.note(line);
    }
    ctx.printer.show(&Manifests { tenants: wanted, unsaid })
}

/// What a file cannot say of a tenant.
fn unsaid(tenant: &TenantView) -> Vec<String> {
    let id = &tenant.tenant_id;
    let bot = tenant
        .bot_id
        .map(|bot| format!("`{id}`: bot {bot}, whose token is left out: `bot_token_file` names a file with it"));
    let suspended = tenant.suspended.as_ref().map(|why| format!("`{id}`: suspended ({why}), which is left out"));
    bot.into_iter().chain(suspended).collect()
}
