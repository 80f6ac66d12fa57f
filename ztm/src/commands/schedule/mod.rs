//! `ztm schedule`.

use anyhow::Result;
use libtenancy::{Error, tenant::TenantId};

use crate::{
    cli::schedule::{ScheduleArgs, ScheduleCommand, SchedulesArgs},
    commands::Context,
    exit::{Hinted, Usage},
};

mod change;
mod delete;
mod list;
mod set;

/// The same error; one that says that there is no such schedule, with whose it would be.
fn whose(error: Error, tenant: &str) -> anyhow::Error {
    match error {
        Error::NotFound { what: what @ "schedule", name } => {
            let name = name.rsplit('/').next().unwrap_or(&name);
            let hint = format!("`ztm schedule list {tenant}` shows those that it has");
            Hinted::new(Error::not_found(what, format!("{tenant}/{name}")), hint).into()
        }
        error => error.into(),
    }
}

/// A schedule's tenant and name, of `TENANT SCHEDULE` or `TENANT/SCHEDULE`.
fn key<'a>(first: &'a str, second: Option<&'a str>) -> Result<(&'a str, &'a str), Usage> {
    let wrong = |message| Usage {
        message,
        hint: Some("write `TENANT SCHEDULE`, or `TENANT/SCHEDULE` as `ztm schedule list -o name` prints".to_owned()),
    };
    match (first.split_once('/'), second) {
        (Some(key), None) => Ok(key),
        (Some((tenant, _)), Some(name)) if tenant.parse::<TenantId>().is_ok() => {
            Err(wrong(format!("`{first}` names a schedule already, and so does `{name}`")))
        }
        (_, Some(name)) => Ok((first, name)),
        (None, None) => Err(wrong(format!("which schedule of `{first}`"))),
    }
}

fn one(args: &ScheduleArgs) -> Result<(&str, &str), Usage> {
    key(&args.tenant, args.schedule.as_deref())
}

/// Several of them, or one in two words.
fn keys(args: &SchedulesArgs) -> Result<Vec<(&str, &str)>, Usage> {
    match args.schedules.as_slice() {
        [name] if !name.contains('/') => Ok(vec![key(&args.tenant, Some(name))?]),
        more => std::iter::once(&args.tenant).chain(more).map(|text| key(text, None)).collect(),
    }
}

/// Does the same to each schedule, and fails with the first failure. One that fails does not keep the others from it.
async fn each(ctx: &Context, which: &SchedulesArgs, act: impl AsyncFn(&str, &str) -> Result<()>) -> Result<()> {
    let (mut rehearsed, mut failed) = (Vec::new(), None::<anyhow::Error>);
    for (tenant, name) in keys(which)? {
        let Err(error) = act(tenant, name).await else { continue };
        match (error.downcast_ref::<Error>(), &failed) {
            (Some(Error::Rehearsed { would }), _) => rehearsed.push(would.clone()),
            (_, Some(_)) => ctx.printer.warn(&format!("{error:#}")),
            (_, None) => failed = Some(error),
        }
    }
    match failed {
        Some(error) => Err(error),
        None if !rehearsed.is_empty() => Err(Error::Rehearsed { would: rehearsed.join(", ") }.into()),
        None => Ok(()),
    }
}

/// Does what was asked for.
pub async fn run(ctx: &Context, command: ScheduleCommand) -> Result<()> {
    match command {
        ScheduleCommand::Set(args) => set::set(ctx, *args).await,
        ScheduleCommand::List(args) => list::list(ctx, &args).await,
        ScheduleCommand::Get(args) => list::get(ctx, &args).await,
        ScheduleCommand::Pause(args) => change::pause(ctx, &args, true).await,
        ScheduleCommand::Resume(args) => change::pause(ctx, &args, false).await,
        ScheduleCommand::Run(args) => change::run(ctx, &args).await,
        ScheduleCommand::Delete(args) => delete::delete(ctx, &args).await,
    }
}
