//! `ztm job dead`.

use anyhow::Result;

use crate::{cli::job::DeadArgs, commands::Context};

/// Prints the jobs that were given up.
pub async fn dead(ctx: &Context, args: &DeadArgs) -> Result<()> {
    let client = ctx.client().await?;
    let list = client.job_list(args.tenant.as_deref(), Some("dead")).await?;
    if list.jobs.is_empty() {
        ctx.printer.note(&super::list::none(&client, args.tenant.as_deref(), Some("dead")).await?);
    }
    ctx.printer.show_rows(list, &args.listing)
}
