//! `ztm schedule delete`.

use anyhow::Result;

use crate::{cli::schedule::ScheduleDeleteArgs, commands::Context, confirm};

/// Deletes a schedule after a person, or `--yes`, has confirmed it.
pub(super) async fn delete(ctx: &Context, args: &ScheduleDeleteArgs) -> Result<()> {
    let (tenant, name) = (&args.which.tenant, &args.which.schedule);
    let client = ctx.client().await?;
    if !args.yes && ctx.settings.rehearses.is_none() {
        let schedule = client.schedule_get(tenant, name).await.map_err(|error| super::whose(error, tenant))?;
        let next = schedule.next_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
        let what = format!("deleting schedule `{name}` of `{tenant}`");
        confirm::answered(&what, &format!("Delete schedule `{name}` of `{tenant}`, which fires next {next}?"), false)?;
    }
    ctx.printer.show(&client.schedule_remove(tenant, name).await.map_err(|error| super::whose(error, tenant))?)
}
