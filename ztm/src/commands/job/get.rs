//! `ztm job get`.

use anyhow::Result;

use crate::{cli::job::JobArgs, commands::Context};

/// Prints a job.
pub async fn get(ctx: &Context, args: &JobArgs) -> Result<()> {
    super::checked(std::slice::from_ref(&args.job))?;
    ctx.printer.show(&ctx.client().await?.job_get(&args.job).await?)
}
