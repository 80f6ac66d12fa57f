//! `ztm tenant stop`.

use anyhow::Result;
use libtenancy::api::StopTenant;

use super::{each, watched};
use crate::{cli::tenant::StopArgs, commands::Context};

/// Stops the agents of tenants, and prints these.
pub async fn stop(ctx: &Context, args: &StopArgs) -> Result<()> {
    let client = ctx.client().await?;
    let drain_ms = args.timeout.map(|drain| u64::try_from(drain.as_millis()).unwrap_or(u64::MAX));
    let how = StopTenant { force: args.force, drain_ms };
    match args.tenants.as_slice() {
        [tenant] => ctx.printer.show(&watched(ctx, &client, tenant, client.tenant_stop(tenant, &how)).await?),
        tenants => each(ctx, tenants, async |tenant| client.tenant_stop(tenant, &how).await).await,
    }
}
