//! `ztm job wait`.

use std::{cell::Cell, time::Duration};

use anyhow::Result;
use futures::{StreamExt, stream};
use indicatif::ProgressBar;
use libtenancy::{Error, api::jobs::JobView, clock::Stopwatch};

use crate::{
    cli::job::JobWaitArgs,
    client::{Client, Subject, is_over},
    commands::Context,
    exit::{BadNews, Hinted},
    view::{job::Done, plain},
};

/// The shortest time between two questions about one job, however fast they are answered.
const LOOK: Duration = Duration::from_millis(100);

/// Between two questions while nobody answers.
const AWAY: Duration = Duration::from_millis(500);

/// Between two looks at a job while it is waited for on a terminal.
const WATCHED: Duration = Duration::from_secs(1);

/// How many jobs are asked about at once.
const AT_ONCE: usize = 16;

/// Waits until jobs are over; fails if one did not succeed. What has ended by then is printed whatever becomes of the rest.
pub async fn wait(ctx: &Context, args: &JobWaitArgs) -> Result<()> {
    super::checked(&args.jobs)?;
    let client = ctx.client().await?;
    let (jobs, failed) = ended(ctx, &client, &args.jobs, args.timeout).await;
    let bad = jobs.iter().find(|job| job.status != "succeeded").cloned();
    if !jobs.is_empty() {
        ctx.printer.show(&Done { done: "ended", jobs })?;
    }
    match (failed, bad) {
        (Some(error), _) => Err(explained(error)),
        (None, Some(job)) => succeeded(&job),
        (None, None) => Ok(()),
    }
}

/// One job once it is over. `Timeout` if that takes longer.
pub(super) async fn over(ctx: &Context, client: &Client, id: &str, timeout: Duration) -> Result<JobView> {
    let (mut jobs, failed) = ended(ctx, client, &[id.to_owned()], timeout).await;
    match (failed, jobs.pop()) {
        (Some(error), _) => Err(explained(error)),
        (None, Some(job)) => Ok(job),
        (None, None) => Err(Error::internal("a job was not waited for").into()),
    }
}

/// The error; where time ran out, with what says why that was too short.
fn explained(error: Error) -> anyhow::Error {
    let job = match &error {
        Error::Timeout { what, .. } => what.split('`').nth(1).map(str::to_owned),
        _ => None,
    };
    match job {
        Some(job) => {
            let hint = format!("`ztm why job {job}` says what it waits for; `ztm job wait {job}` goes on waiting");
            Hinted::new(error, hint).into()
        }
        None => error.into(),
    }
}

/// Fails unless the job succeeded.
pub(super) fn succeeded(job: &JobView) -> Result<()> {
    if job.status == "succeeded" {
        return Ok(());
    }
    let why = job.error().map_or_else(String::new, |error| format!(": {error}"));
    Err(BadNews {
        code: "job_failed",
        message: format!("`{}` is {}{why}", job.job_id, job.status),
        hint: Some(format!("`ztm job retry {}` puts it back into the queue", job.job_id)),
    }
    .into())
}

/// The jobs that were over in time, in the order they were named, and the first failure. One that fails does not keep the
/// others from it.
async fn ended(ctx: &Context, client: &Client, ids: &[String], timeout: Duration) -> (Vec<JobView>, Option<Error>) {
    let bar = ctx.printer.progress();
    let mut leaving = Leaving { ctx, ids, bar: bar.clone(), over: false };
    let wait = &Wait {
        ctx,
        client,
        away: Cell::new(false),
        timeout,
        watch: Stopwatch::start(),
        bar,
        ended: Cell::new(0),
        all: ids.len(),
    };
    // All have to end, so it is no loss if some are asked about later than others.
    let answers: Vec<_> = stream::iter(ids.iter().map(|id| wait.one(id))).buffered(AT_ONCE).collect().await;
    wait.bar.finish_and_clear();
    leaving.over = true;
    let (mut jobs, mut failed) = (Vec::new(), None);
    for answer in answers {
        match answer {
            Ok(job) => jobs.push(job),
            Err(error) if failed.is_none() => failed = Some(error),
            Err(error) => ctx.printer.warn(&error.chain()),
        }
    }
    (jobs, failed)
}

/// Says, where a wait is interrupted, how to wait again.
struct Leaving<'a> {
    ctx: &'a Context,
    ids: &'a [String],
    bar: ProgressBar,
    over: bool,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.bar.finish_and_clear();
            self.ctx.printer.note(&format!("nothing is called off; `ztm job wait {}` waits again", self.ids.join(" ")));
        }
    }
}

/// Whether somebody was there, and went away.
fn was_there(error: &Error) -> bool {
    matches!(error, Error::OutcomeUnknown { .. })
}

/// Whether an error says no more than that nobody is there to answer.
fn is_away(error: &Error) -> bool {
    matches!(error, Error::Unavailable { .. } | Error::OutcomeUnknown { .. } | Error::NeedsControlPlane { .. })
}

/// One wait for some jobs.
struct Wait<'a> {
    ctx: &'a Context,
    client: &'a Client,
    /// Whether nobody answered when last asked.
    away: Cell<bool>,
    timeout: Duration,
    watch: Stopwatch,
    bar: ProgressBar,
    ended: Cell<usize>,
    all: usize,
}

impl Wait<'_> {
    fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.watch.elapsed())
    }

    /// Asks until it is over; whoever is asked may go away meanwhile, and come back.
    async fn one(&self, id: &str) -> Result<JobView, Error> {
        let mut came = None;
        loop {
            let asked = Stopwatch::start();
            let client = came.as_ref().unwrap_or(self.client);
            let answer = tokio::select! {
                answer = client.job_wait(id, self.left()) => answer,
                never = self.watched(client, id) => match never {},
            };
            let job = match answer {
                Ok(job) => job,
                Err(error) if (self.away.get() || was_there(&error)) && is_away(&error) && !self.left().is_zero() => {
                    if !self.away.replace(true) {
                        self.ctx.printer.note(&format!("{}; asking again", error.chain()));
                    }
                    tokio::time::sleep(AWAY.min(self.left())).await;
                    came = self.ctx.client().await.ok();
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.away.set(false);
            let over = is_over(&job);
            self.ended.set(self.ended.get() + usize::from(over));
            self.show(&job, None);
            if over {
                return Ok(job);
            }
            if self.left().is_zero() {
                let what = format!("waiting for `{id}`, which is {},", job.status);
                return Err(Error::Timeout { what, after: self.timeout });
            }
            tokio::time::sleep(LOOK.saturating_sub(asked.elapsed()).min(self.left())).await;
        }
    }

    /// Shows how it stands, and what holds it up, for as long as it is polled.
    async fn watched(&self, client: &Client, id: &str) -> std::convert::Infallible {
        if !self.ctx.printer.draws_progress() {
            return std::future::pending().await;
        }
        loop {
            if let Ok(job) = client.job_get(id).await {
                let waits = matches!(job.status.as_str(), "queued" | "delayed");
                let why = if waits { client.why(Subject::Job, id).await.ok() } else { None };
                self.show(&job, why.and_then(|why| why.reasons.into_iter().next()).map(|reason| reason.text));
            }
            tokio::time::sleep(WATCHED).await;
        }
    }

    fn show(&self, job: &JobView, why: Option<String>) {
        let attempt = match job.status.as_str() {
            "running" => format!(", attempt {} of {}", job.attempts, job.max_attempts),
            _ => why.map(|why| format!(": {}", plain(&why))).unwrap_or_default(),
        };
        let ended = if self.all > 1 { format!("{} of {} ended; ", self.ended.get(), self.all) } else { String::new() };
        let elapsed = self.watch.elapsed().as_secs();
        self.bar.set_message(format!("{ended}{} is {}{attempt} ({elapsed} s)", plain(&job.job_id), plain(&job.status)));
    }
}
