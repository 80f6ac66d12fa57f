//! `ztm tenant snapshot`.

use anyhow::Result;

use crate::{cli::tenant::TenantOrderArgs, commands::Context};

/// Saves the state of a running agent now.
pub async fn snapshot(ctx: &Context, args: &TenantOrderArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.tenant_snapshot(&args.tenant).await?)
}
