//! `ztm job list`.

use anyhow::Result;

use crate::{cli::job::JobListArgs, commands::Context};

/// Prints jobs.
pub async fn list(ctx: &Context, args: &JobListArgs) -> Result<()> {
    let list = ctx.client().await?.job_list(args.tenant.as_deref(), args.status.as_deref()).await?;
    if list.jobs.is_empty() {
        ctx.printer.note("there are no such jobs");
    }
    ctx.printer.show_rows(list, &args.listing)
}
