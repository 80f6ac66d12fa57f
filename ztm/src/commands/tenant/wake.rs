//! `ztm tenant wake`.

use anyhow::Result;

use super::{each, watched};
use crate::{cli::tenant::TenantsOrderArgs, commands::Context, view::tenant::TenantWoken};

/// Wakes a tenant and prints how that went; or several, and prints these.
pub async fn wake(ctx: &Context, args: &TenantsOrderArgs) -> Result<()> {
    let client = ctx.client().await?;
    client.plane("waking a tenant")?;
    let [tenant] = args.tenants.as_slice() else {
        let woken = async |tenant: &str| {
            client.tenant_wake(tenant).await?;
            client.tenant_get(tenant).await
        };
        return each(ctx, &args.tenants, woken).await;
    };
    let woken = watched(ctx, &client, tenant, client.tenant_wake(tenant)).await?;
    ctx.printer.show(&TenantWoken { tenant_id: tenant.clone(), woken })
}
