//! `ztm job list`.

use anyhow::Result;
use libtenancy::{
    Error,
    api::jobs::{JobList, JobView},
    tenant::TenantId,
};

use crate::{
    cli::job::JobListArgs,
    client::{Client, is_over},
    commands::{Context, not_one},
    watch::{
        News, Watch,
        listed::{Heed, Listing, follow},
    },
};

/// Prints jobs; then, if asked to, each one that changes.
pub async fn list(ctx: &Context, args: &JobListArgs) -> Result<()> {
    // Listened to before it is listed: what changes in between is told afterwards.
    let watch = if args.watch { Some(Watch::begin(&ctx.settings, &ctx.printer).await?) } else { None };
    let client = ctx.client().await?;
    let mut list = client.job_list(args.tenant.as_deref(), args.status.as_deref()).await?;
    if let Some(watch) = watch {
        args.tenant.as_deref().map(str::parse::<TenantId>).transpose()?;
        let jobs = Jobs { tenant: args.tenant.clone(), status: args.status.clone() };
        return follow(watch, &jobs, (list.jobs, &args.listing), (&ctx.settings, &ctx.printer)).await;
    }
    // Ids are random: by them nobody finds the one of a moment ago.
    list.jobs
        .sort_by(|one, other| other.submitted_at.cmp(&one.submitted_at).then_with(|| one.job_id.cmp(&other.job_id)));
    if list.jobs.is_empty() {
        ctx.printer.note(&none(&client, args.tenant.as_deref(), args.status.as_deref()).await?);
    }
    ctx.printer.show_rows(list, &args.listing)
}

/// What is said where no job is shown: who chose a status is told what there was to choose from.
pub(super) async fn none(client: &Client, tenant: Option<&str>, status: Option<&str>) -> Result<String> {
    if let Some(tenant) = tenant {
        client.tenant_get(tenant).await?;
    }
    let others = match status {
        Some(_) => client.job_page(tenant, None, None).await?.jobs,
        None => Vec::new(),
    };
    Ok(match (tenant, status) {
        (_, Some(status)) if !others.is_empty() => {
            not_one("job", tenant, status, others.into_iter().map(|job| job.status))
        }
        (None, _) => "there are no jobs; `ztm job submit` gives an agent one".to_owned(),
        (Some(tenant), _) => format!("`{tenant}` has no jobs"),
    })
}

/// Jobs, as they are asked for.
pub(crate) struct Jobs {
    pub(crate) tenant: Option<String>,
    pub(crate) status: Option<String>,
}

impl Listing for Jobs {
    type List = JobList;
    type Row = JobView;

    async fn all(&self, client: &Client) -> Result<Vec<JobView>, Error> {
        Ok(client.job_list(self.tenant.as_deref(), None).await?.jobs)
    }

    async fn of(&self, client: &Client, tenant: &str) -> Result<Vec<JobView>, Error> {
        Ok(client.job_list(Some(tenant), None).await?.jobs)
    }

    fn heed(&self, news: &News) -> Heed {
        let tenant = match news {
            News::Tenant(line) => &line.id,
            News::Gone(id) | News::Touched(id) => id,
            News::Job(job) => &job.tenant_id,
            News::Queue | News::JobOver(_) => return Heed::Anything,
            News::Event(_) | News::Dead | News::Anew | News::Whole => return Heed::Nothing,
        };
        if self.tenant.as_ref().is_none_or(|own| own == tenant) { Heed::Tenant(tenant.clone()) } else { Heed::Nothing }
    }

    fn is_quiet(&self) -> bool {
        true
    }

    fn holds(&self, job: &JobView) -> bool {
        self.status.as_ref().is_none_or(|status| *status == job.status)
    }

    fn name(job: &JobView) -> (String, String) {
        (job.job_id.clone(), job.tenant_id.clone())
    }

    /// That its lease was renewed is no news.
    fn told(job: &JobView) -> JobView {
        JobView { until: job.until.filter(|_| job.status != "running"), ..job.clone() }
    }

    /// One that is over is forgotten after a while; one that is not goes with its tenant.
    fn gone(job: JobView) -> Option<JobView> {
        (!is_over(&job)).then(|| JobView { status: "deleted".to_owned(), ..job })
    }

    fn list(jobs: Vec<JobView>) -> JobList {
        JobList { jobs, next: None }
    }
}
