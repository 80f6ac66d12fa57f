//! `ztm quota get`.

use anyhow::Result;

use crate::{cli::quota::QuotaGetArgs, commands::Context};

/// Prints a quota and the account.
pub async fn get(ctx: &Context, args: &QuotaGetArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.quota_get(&args.tenant).await?)
}
