//! `ztm job cancel`.

use anyhow::Result;

use crate::{cli::job::JobsArgs, commands::Context};

/// Calls jobs off.
pub async fn cancel(ctx: &Context, args: JobsArgs) -> Result<()> {
    super::checked(&args.jobs)?;
    let client = &ctx.client().await?;
    super::each(ctx, "cancelled", args.jobs, |job| async move { client.job_cancel(&job).await }).await
}
