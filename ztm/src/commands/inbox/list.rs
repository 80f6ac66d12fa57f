//! `ztm inbox list`.

use anyhow::Result;

use crate::{cli::inbox::InboxListArgs, commands::Context};

/// Prints stored updates.
pub async fn list(ctx: &Context, args: &InboxListArgs) -> Result<()> {
    let list = ctx.client().await?.update_list(args.tenant.as_deref(), args.stage.as_deref()).await?;
    if list.updates.is_empty() {
        ctx.printer.note("there are no such updates");
    }
    ctx.printer.show_rows(list, &args.listing)
}
