//! `ztm tenant stop`.

use anyhow::Result;

use super::{each, watched};
use crate::{cli::tenant::TenantsOrderArgs, commands::Context};

/// Saves and stops the agents of tenants, and prints these.
pub async fn stop(ctx: &Context, args: &TenantsOrderArgs) -> Result<()> {
    let client = ctx.client().await?;
    match args.tenants.as_slice() {
        [tenant] => ctx.printer.show(&watched(ctx, &client, tenant, client.tenant_stop(tenant)).await?),
        tenants => each(ctx, tenants, async |tenant| client.tenant_stop(tenant).await).await,
    }
}
