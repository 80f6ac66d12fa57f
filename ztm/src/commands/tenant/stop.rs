//! `ztm tenant stop`.

use anyhow::Result;

use crate::{cli::tenant::TenantOrderArgs, commands::Context};

/// Saves and stops a tenant's agent, and prints the tenant.
pub async fn stop(ctx: &Context, args: &TenantOrderArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.tenant_stop(&args.tenant).await?)
}
