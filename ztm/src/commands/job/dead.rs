//! `ztm job dead`.

use anyhow::Result;

use crate::{cli::job::DeadArgs, commands::Context};

/// Prints the jobs that were given up.
pub async fn dead(ctx: &Context, args: &DeadArgs) -> Result<()> {
    let client = ctx.client().await?;
    let list = client.job_list(args.tenant.as_deref(), Some("dead")).await?;
    if list.jobs.is_empty() {
        if let Some(tenant) = &args.tenant {
            client.tenant_get(tenant).await?;
        }
        ctx.printer.note("no job was given up");
    }
    ctx.printer.show_rows(list, &args.listing)
}
