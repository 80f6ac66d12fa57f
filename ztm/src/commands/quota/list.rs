//! `ztm quota list`.

use anyhow::Result;

use crate::{cli::quota::QuotaListArgs, commands::Context};

/// Prints the quota and the account of every tenant that has one.
pub async fn list(ctx: &Context, args: &QuotaListArgs) -> Result<()> {
    let list = ctx.client().await?.quota_list().await?;
    if list.quotas.is_empty() {
        ctx.printer
            .note("no tenant has a quota of its own yet, nor used any; `ztm quota get TENANT` shows what one may use");
    }
    ctx.printer.show_rows(list, &args.listing)
}
