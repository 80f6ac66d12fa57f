//! `ztm job`.

use std::future::Future;

use anyhow::Result;
use libtenancy::{Error, api::jobs::JobView, jobs::JobId};

use crate::{commands::Context, view::job::Done};

pub mod cancel;
pub mod dead;
pub mod get;
pub mod list;
pub mod retry;
pub mod submit;
pub mod wait;

/// Refuses what is no job's name before anything is done.
fn checked(jobs: &[String]) -> Result<()> {
    for job in jobs {
        job.parse::<JobId>()?;
    }
    Ok(())
}

/// Does the same to each job, prints those it was done to, and fails with the first failure. One that fails does not keep
/// the others from it.
async fn each<F: Future<Output = Result<JobView, Error>>>(
    ctx: &Context,
    done: &'static str,
    jobs: Vec<String>,
    act: impl Fn(String) -> F,
) -> Result<()> {
    let mut did = Vec::new();
    let mut rehearsed = Vec::new();
    let mut failed: Option<Error> = None;
    for job in jobs {
        match act(job).await {
            Ok(job) => did.push(job),
            Err(Error::Rehearsed { would }) => rehearsed.push(would),
            Err(error) => {
                if let Some(earlier) = failed.replace(error) {
                    ctx.printer.warn(&earlier.chain());
                }
            }
        }
    }
    if !rehearsed.is_empty() && failed.is_none() {
        return Err(Error::Rehearsed { would: rehearsed.join(", ") }.into());
    }
    if !did.is_empty() || failed.is_none() {
        ctx.printer.show(&Done { done, jobs: did })?;
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}
