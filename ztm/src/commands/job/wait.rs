//! `ztm job wait`.

use std::time::Duration;

use anyhow::Result;
use indicatif::ProgressBar;
use libtenancy::{Error, api::jobs::JobView, clock::Stopwatch};

use crate::{cli::job::JobWaitArgs, client::Client, commands::Context, view::job::Done};

/// Waits until jobs are over; fails if one did not succeed.
pub async fn wait(ctx: &Context, args: &JobWaitArgs) -> Result<()> {
    super::checked(&args.jobs)?;
    let client = ctx.client()?;
    let watch = Stopwatch::start();
    let mut jobs = Vec::new();
    for job in &args.jobs {
        jobs.push(over(ctx, &client, job, args.timeout.saturating_sub(watch.elapsed())).await?);
    }
    let failed = jobs.iter().find(|job| job.status != "succeeded").cloned();
    ctx.printer.show(&Done { done: "ended", jobs })?;
    failed.map_or(Ok(()), |job| succeeded(&job))
}

/// The job once it is over. `Timeout` if that takes longer.
pub(super) async fn over(ctx: &Context, client: &Client, id: &str, timeout: Duration) -> Result<JobView> {
    let watch = Stopwatch::start();
    let bar = if ctx.printer.draws_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.enable_steady_tick(Duration::from_millis(120));
    loop {
        let left = timeout.saturating_sub(watch.elapsed());
        let job = client.job_wait(id, left).await?;
        if matches!(job.status.as_str(), "succeeded" | "dead" | "cancelled") {
            bar.finish_and_clear();
            return Ok(job);
        }
        bar.set_message(format!("{id} is {}", job.status));
        if watch.elapsed() >= timeout {
            bar.finish_and_clear();
            return Err(Error::Timeout { what: format!("`{id}`, which is {},", job.status), after: timeout }.into());
        }
    }
}

/// Fails unless the job succeeded.
pub(super) fn succeeded(job: &JobView) -> Result<()> {
    match job.status.as_str() {
        "succeeded" => Ok(()),
        status => Err(anyhow::anyhow!("`{}` is {status}", job.job_id)),
    }
}
