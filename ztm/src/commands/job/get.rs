//! `ztm job get`.

use anyhow::Result;
use libtenancy::{
    Error,
    api::jobs::{JobList, JobView},
    jobs::JobId,
};

use super::list::Jobs;
use crate::{
    cli::{job::JobGetArgs, listing::ListingArgs},
    client::is_over,
    commands::Context,
    printer::Rows,
    watch::{
        News, Watch,
        listed::{Asked, Heed, Listing},
    },
};

/// Prints a job; then, if asked to, each change of it until it is over.
pub async fn get(ctx: &Context, args: &JobGetArgs) -> Result<()> {
    let id: JobId = args.job.parse()?;
    if args.watch {
        return watch(ctx, &args.job, id.tenant().as_str()).await;
    }
    ctx.printer.show(&ctx.client().await?.job_get(&args.job).await?)
}

async fn watch(ctx: &Context, id: &str, tenant: &str) -> Result<()> {
    let one = Jobs { tenant: Some(tenant.to_owned()), status: None };
    let listing = ListingArgs::default();
    let mut watch = Watch::begin(&ctx.settings, &ctx.printer).await?;
    let mut asked = Asked::new(&ctx.settings);
    let mut shown = asked.ask(async |client| client.job_get(id).await).await?;
    let list = |job: &JobView| JobList { jobs: vec![job.clone()], next: None };
    let mut rows = Rows::begin(&ctx.printer, list(&shown), &listing)?;
    while !is_over(&shown) {
        let news = watch.next_ones().await?;
        if news.contains(&News::Anew) {
            asked.forget();
        }
        if !news.iter().any(|news| *news == News::Whole || one.heed(news) != Heed::Nothing) {
            continue;
        }
        let job = match asked.ask(async |client| client.job_get(id).await).await {
            Ok(job) => job,
            // It went with its tenant.
            Err(error @ Error::NotFound { .. }) => {
                if let Some(gone) = Jobs::gone(shown) {
                    rows.add(list(&gone))?;
                }
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        if Jobs::told(&job) != Jobs::told(&shown) {
            rows.add(list(&job))?;
            shown = job;
        }
    }
    Ok(())
}
