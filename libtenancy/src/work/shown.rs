//! Jobs as they are shown, with what their agents are told.

use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    api::jobs::{JobList, JobView},
    error::Result,
    jobs::{Job, JobId, JobState},
    ports::jobs::JobFilter,
    tenancy::Tenancy,
};

/// Prompts that are read at once: a listing leaves the store time for others.
const READS: usize = 8;

impl Tenancy {
    /// A job with what its agent is told, as long as that is kept, and what came of it.
    pub async fn job_shown(&self, job: &Job) -> Result<JobView> {
        // Nobody keeps what the agent was told of one that succeeded.
        let prompt = match job.state {
            JobState::Succeeded { .. } => None,
            _ => self.drivers().jobs.job_prompt(&job.id).await?,
        };
        Ok(JobView { prompt, ..JobView::from(job) })
    }

    /// One page of jobs, in order of id, without what came of them, and without what people wrote unless it is `quoting`.
    pub async fn jobs_shown(
        &self,
        filter: &JobFilter,
        after: Option<&JobId>,
        limit: usize,
        quoting: bool,
    ) -> Result<JobList> {
        // One more than asked for says whether there is a next page.
        let mut jobs = self.job_list(filter, after, limit.saturating_add(1)).await?;
        let is_last = jobs.len() <= limit;
        jobs.truncate(limit);
        let next = jobs.last().filter(|_| !is_last).map(|job| job.id.to_string());
        let shown = stream::iter(jobs).map(async |job| {
            let view = if quoting { self.job_shown(&job).await? } else { JobView::from(&job) };
            Ok::<_, crate::error::Error>(view.listed())
        });
        Ok(JobList { jobs: shown.buffered(READS).try_collect().await?, next })
    }
}
