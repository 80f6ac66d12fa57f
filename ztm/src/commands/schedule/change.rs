//! `ztm schedule pause` and `resume`.

use anyhow::Result;

use crate::{cli::schedule::ScheduleArgs, commands::Context};

/// Pauses a schedule, or has it fire again, and prints it.
pub(super) async fn pause(ctx: &Context, args: &ScheduleArgs, paused: bool) -> Result<()> {
    let client = ctx.client().await?;
    let schedule = client.schedule_get(&args.tenant, &args.schedule).await?;
    let spec = schedule.spec.with_paused(paused);
    ctx.printer.show(&client.schedule_set(&args.tenant, &args.schedule, &spec).await?)
}
