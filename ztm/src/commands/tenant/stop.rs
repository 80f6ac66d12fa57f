//! `ztm tenant stop`.

use anyhow::Result;

use crate::{cli::tenant::TenantArgs, commands::Context};

/// Saves and stops a tenant's agent, and prints the tenant.
pub async fn stop(ctx: &Context, args: &TenantArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.tenant_stop(&args.tenant).await?)
}
