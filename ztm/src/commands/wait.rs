//! `ztm wait`.

use std::time::Duration;

use anyhow::Result;

use super::Context;
use crate::{
    cli::{
        job::JobWaitArgs,
        tenant,
        wait::{Awaited, WaitArgs},
    },
    exit::Usage,
};

/// How long a tenant, and a job, are waited for if nobody says.
const TENANT: Duration = Duration::from_mins(5);
const JOB: Duration = Duration::from_mins(10);

/// Waits as `ztm tenant wait` and `ztm job wait` do.
pub async fn wait(ctx: &Context, args: WaitArgs) -> Result<()> {
    let wrong = |message: &str, hint: &str| Usage { message: message.to_owned(), hint: Some(hint.to_owned()) };
    match (args.what, args.state) {
        (Awaited::Tenant(tenant), Some(state)) => {
            let args = tenant::WaitArgs { tenant, state, timeout: args.timeout.unwrap_or(TENANT) };
            super::tenant::wait::wait(ctx, &args).await
        }
        (Awaited::Tenant(_), None) => {
            Err(wrong("it is not said what to wait for", "say `--for running`, `--for idle` or `--for deleted`").into())
        }
        (Awaited::Job(job), None) => {
            let args = JobWaitArgs { jobs: vec![job], timeout: args.timeout.unwrap_or(JOB) };
            super::job::wait::wait(ctx, &args).await
        }
        (Awaited::Job(_), Some(_)) => Err(wrong("a job is waited to be over", "leave `--for` out").into()),
    }
}
