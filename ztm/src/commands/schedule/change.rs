//! `ztm schedule pause`, `resume` and `run`.

use anyhow::Result;

use crate::{cli::schedule::ScheduleOrderArgs, commands::Context};

/// Pauses a schedule, or has it fire again, and prints it.
pub(super) async fn pause(ctx: &Context, args: &ScheduleOrderArgs, paused: bool) -> Result<()> {
    let client = ctx.client().await?;
    let found = client.schedule_get(&args.which.tenant, &args.which.schedule).await;
    let schedule = found.map_err(|error| super::whose(error, &args.which.tenant))?;
    let spec = schedule.spec.with_paused(paused);
    ctx.printer.show(&client.schedule_set(&args.which.tenant, &args.which.schedule, &spec).await?)
}

/// Fires a schedule once, and prints what it was fired as.
pub(super) async fn run(ctx: &Context, args: &ScheduleOrderArgs) -> Result<()> {
    let ran = ctx.client().await?.schedule_run(&args.which.tenant, &args.which.schedule).await;
    ctx.printer.show(&ran.map_err(|error| super::whose(error, &args.which.tenant))?)
}
