//! `ztm tenant list`.

use anyhow::Result;

use crate::{cli::tenant::ListArgs, commands::Context};

/// Prints all tenants, or those of one status or with some labels.
pub async fn list(ctx: &Context, args: &ListArgs) -> Result<()> {
    let list = ctx.client().await?.tenant_list(args.status.as_deref(), args.selector.as_deref()).await?;
    if list.tenants.is_empty() {
        ctx.printer.note(match (&args.status, &args.selector) {
            (_, Some(_)) => "no tenant is like this",
            (Some(_), None) => "no tenant has this status",
            (None, None) => "there are no tenants; `ztm tenant create` makes one",
        });
    }
    ctx.printer.show_rows(list, &args.listing)
}
