//! `ztm schedule delete`.

use anyhow::Result;

use super::{each, whose};
use crate::{cli::schedule::ScheduleDeleteArgs, commands::Context, confirm};

/// Deletes schedules after a person, or `--yes`, has confirmed each.
pub(super) async fn delete(ctx: &Context, args: &ScheduleDeleteArgs) -> Result<()> {
    let client = ctx.client().await?;
    let delete = async |tenant: &str, name: &str| {
        if !args.yes && ctx.settings.rehearses.is_none() {
            let schedule = client.schedule_get(tenant, name).await.map_err(|error| whose(error, tenant))?;
            let next = schedule.next_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
            let what = format!("deleting schedule `{name}` of `{tenant}`");
            let question = format!("Delete schedule `{name}` of `{tenant}`, which fires next {next}?");
            confirm::answered(&what, &question, false)?;
        }
        ctx.printer.show(&client.schedule_remove(tenant, name).await.map_err(|error| whose(error, tenant))?)
    };
    each(ctx, &args.which, delete).await
}
