//! `ztm tenant suspend` and `ztm tenant resume`.

use anyhow::Result;

use super::each;
use crate::{
    cli::tenant::{SuspendArgs, TenantsOrderArgs},
    commands::Context,
};

/// Suspends tenants, and prints these.
pub async fn suspend(ctx: &Context, args: &SuspendArgs) -> Result<()> {
    let client = ctx.client().await?;
    let suspend = async |tenant: &str| {
        // It is suspended whatever this says: who asked is only told what there was.
        let before = client.tenant_get(tenant).await;
        let after = client.tenant_suspend(tenant, &args.reason).await?;
        if let (Some(was), Some(is)) = (before.ok().and_then(|tenant| tenant.suspended), &after.suspended) {
            let now = if was == *is { "which stays".to_owned() } else { format!("the reason is now: {is}") };
            ctx.printer.note(&format!("`{tenant}` was suspended already: {was}; {now}"));
        }
        Ok(after)
    };
    match args.tenants.as_slice() {
        [tenant] => ctx.printer.show(&suspend(tenant).await?),
        tenants => each(ctx, tenants, suspend).await,
    }
}

/// Ends the suspensions of tenants, and prints these.
pub async fn resume(ctx: &Context, args: &TenantsOrderArgs) -> Result<()> {
    let client = ctx.client().await?;
    let resume = async |tenant: &str| {
        // It is resumed whatever this says: who asked is only told what came of it.
        let before = client.tenant_get(tenant).await;
        let after = client.tenant_resume(tenant).await?;
        if before.is_ok_and(|tenant| tenant.suspended.is_none()) {
            ctx.printer.note(&format!("`{tenant}` was not suspended: there was nothing to do"));
        }
        Ok(after)
    };
    match args.tenants.as_slice() {
        [tenant] => ctx.printer.show(&resume(tenant).await?),
        tenants => each(ctx, tenants, resume).await,
    }
}
