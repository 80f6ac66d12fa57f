//! `ztm schedule list` and `get`.

use anyhow::Result;

use crate::{
    cli::schedule::{ScheduleArgs, ScheduleListArgs},
    commands::Context,
};

/// Prints all schedules, or a tenant's.
pub(super) async fn list(ctx: &Context, args: &ScheduleListArgs) -> Result<()> {
    let client = ctx.client().await?;
    let list = client.schedule_list(args.tenant.as_deref()).await?;
    if list.schedules.is_empty() {
        if let Some(tenant) = &args.tenant {
            client.tenant_get(tenant).await?;
        }
        ctx.printer.note("there are no schedules; `ztm schedule set` makes one");
    }
    ctx.printer.show_rows(list, &args.listing)
}

/// Prints one.
pub(super) async fn get(ctx: &Context, args: &ScheduleArgs) -> Result<()> {
    let (tenant, name) = super::one(args)?;
    let found = ctx.client().await?.schedule_get(tenant, name).await;
    ctx.printer.show(&found.map_err(|error| super::whose(error, tenant))?)
}
