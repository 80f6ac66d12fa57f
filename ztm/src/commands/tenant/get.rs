//! `ztm tenant get`.

use anyhow::Result;

use crate::{cli::tenant::TenantArgs, commands::Context};

/// Prints one tenant.
pub async fn get(ctx: &Context, args: &TenantArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.tenant_get(&args.tenant).await?)
}
