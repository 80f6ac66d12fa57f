//! `ztm job retry`.

use anyhow::Result;

use crate::{cli::job::JobRetryArgs, commands::Context};

/// Puts jobs back into the queue.
pub async fn retry(ctx: &Context, args: JobRetryArgs) -> Result<()> {
    super::checked(&args.jobs)?;
    let client = &ctx.client().await?;
    let jobs = if args.all_dead {
        let dead = client.job_list(args.tenant.as_deref(), Some("dead")).await?;
        if dead.jobs.is_empty() {
            ctx.printer.note(&super::list::none(client, args.tenant.as_deref(), Some("dead")).await?);
        }
        dead.jobs.into_iter().map(|job| job.job_id).collect()
    } else {
        args.jobs
    };
    super::each(ctx, "queued", jobs, |job| async move { client.job_retry(&job).await }).await
}
