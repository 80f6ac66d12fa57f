//! `ztm schedule`.

use anyhow::Result;
use libtenancy::Error;

use crate::{cli::schedule::ScheduleCommand, commands::Context, exit::Hinted};

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
