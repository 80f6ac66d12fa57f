//! `ztm schedule pause`, `resume` and `run`.

use anyhow::Result;

use super::{each, whose};
use crate::{cli::schedule::ScheduleOrderArgs, commands::Context};

/// Pauses schedules, or has them fire again, and prints them.
pub(super) async fn pause(ctx: &Context, args: &ScheduleOrderArgs, paused: bool) -> Result<()> {
    let client = ctx.client().await?;
    let pause = async |tenant: &str, name: &str| {
        let found = client.schedule_get(tenant, name).await;
        let schedule = found.map_err(|error| whose(error, tenant))?;
        let spec = schedule.spec.with_paused(paused);
        ctx.printer.show(&client.schedule_set(tenant, name, &spec).await?)
    };
    each(ctx, &args.which, pause).await
}

/// Fires schedules once, and prints what they were fired as.
pub(super) async fn run(ctx: &Context, args: &ScheduleOrderArgs) -> Result<()> {
    let client = ctx.client().await?;
    let run = async |tenant: &str, name: &str| {
        let ran = client.schedule_run(tenant, name).await;
        ctx.printer.show(&ran.map_err(|error| whose(error, tenant))?)
    };
    each(ctx, &args.which, run).await
}
