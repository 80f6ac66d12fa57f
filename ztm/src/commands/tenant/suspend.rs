//! `ztm tenant suspend` and `ztm tenant resume`.

use anyhow::Result;

use crate::{
    cli::tenant::{SuspendArgs, TenantOrderArgs},
    commands::Context,
};

/// Suspends a tenant, and prints it.
pub async fn suspend(ctx: &Context, args: &SuspendArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.tenant_suspend(&args.tenant, &args.reason).await?)
}

/// Ends a tenant's suspension, and prints it.
pub async fn resume(ctx: &Context, args: &TenantOrderArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.tenant_resume(&args.tenant).await?)
}
