//! `ztm pool status`.

use anyhow::Result;

use crate::commands::Context;

/// Prints what the warm pool is doing.
pub async fn status(ctx: &Context) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.plane("the warm pool")?.pool_get().await?)
}
