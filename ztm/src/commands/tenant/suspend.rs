//! `ztm tenant suspend` and `ztm tenant resume`.

use anyhow::Result;

use super::each;
use crate::{
    cli::tenant::{SuspendArgs, TenantsOrderArgs},
    commands::Context,
};

/// Suspends a tenant, and prints it.
pub async fn suspend(ctx: &Context, args: &SuspendArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.tenant_suspend(&args.tenant, &args.reason).await?)
}

/// Ends the suspensions of tenants, and prints these.
pub async fn resume(ctx: &Context, args: &TenantsOrderArgs) -> Result<()> {
    let client = ctx.client().await?;
    match args.tenants.as_slice() {
        [tenant] => ctx.printer.show(&client.tenant_resume(tenant).await?),
        tenants => each(ctx, tenants, async |tenant| client.tenant_resume(tenant).await).await,
    }
}
