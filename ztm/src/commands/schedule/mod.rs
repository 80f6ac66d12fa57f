//! `ztm schedule`.

use anyhow::Result;

use crate::{cli::schedule::ScheduleCommand, commands::Context};

mod change;
mod delete;
mod list;
mod set;

/// Does what was asked for.
pub async fn run(ctx: &Context, command: ScheduleCommand) -> Result<()> {
    match command {
        ScheduleCommand::Set(args) => set::set(ctx, *args).await,
        ScheduleCommand::List(args) => list::list(ctx, &args).await,
        ScheduleCommand::Get(args) => list::get(ctx, &args).await,
        ScheduleCommand::Pause(args) => change::pause(ctx, &args, true).await,
        ScheduleCommand::Resume(args) => change::pause(ctx, &args, false).await,
        ScheduleCommand::Delete(args) => delete::delete(ctx, &args).await,
    }
}
