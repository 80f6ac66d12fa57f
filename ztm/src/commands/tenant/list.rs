//! `ztm tenant list`.

use anyhow::Result;

use crate::{cli::tenant::ListArgs, commands::Context};

/// Prints all tenants, or all of one status.
pub async fn list(ctx: &Context, args: &ListArgs) -> Result<()> {
    let list = ctx.client().await?.tenant_list(args.status.as_deref()).await?;
    if list.tenants.is_empty() {
        ctx.printer.note(match &args.status {
            Some(_) => "no tenant has this status",
            None => "there are no tenants; `ztm tenant create` makes one",
        });
    }
    ctx.printer.show(&list)
}
