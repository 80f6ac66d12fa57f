//! `ztm tenant stop`.

use anyhow::Result;
use libtenancy::api::StopTenant;

use super::{each, watched};
use crate::{cli::tenant::StopArgs, commands::Context};

/// The status of a tenant without an agent.
const IDLE: &str = "idle";

/// Stops the agents of tenants, and prints these.
pub async fn stop(ctx: &Context, args: &StopArgs) -> Result<()> {
    let client = ctx.client().await?;
    let drain_ms = args.timeout.map(|drain| u64::try_from(drain.as_millis()).unwrap_or(u64::MAX));
    let how = StopTenant { force: args.force, drain_ms };
    // Who slept already is told so: nothing was stopped then.
    let order = async |tenant: &str| {
        let before = if ctx.settings.rehearses.is_none() { client.tenant_get(tenant).await.ok() } else { None };
        let stopped = client.tenant_stop(tenant, &how).await?;
        if before.is_some_and(|before| before.status == IDLE && before.generation == stopped.generation) {
            ctx.printer.note(&format!("`{tenant}` slept already"));
        }
        Ok(stopped)
    };
    match args.tenants.as_slice() {
        [tenant] => ctx.printer.show(&watched(ctx, &client, tenant, order(tenant)).await?),
        tenants => each(ctx, tenants, order).await,
    }
}
