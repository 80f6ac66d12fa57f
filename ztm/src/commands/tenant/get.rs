//! `ztm tenant get`.

use anyhow::Result;

use super::each;
use crate::{cli::tenant::TenantsArgs, commands::Context, view::tenant::TenantDetails};

/// Prints one tenant, and what its agent uses while there is one; or a line for each of several.
pub async fn get(ctx: &Context, args: &TenantsArgs) -> Result<()> {
    let client = ctx.client().await?;
    let [id] = args.tenants.as_slice() else {
        return each(ctx, &args.tenants, async |tenant| client.tenant_get(tenant).await).await;
    };
    let tenant = client.tenant_get(id).await?;
    let agent_status = match client.plane("what an agent uses") {
        // An agent that does not answer, or went away meanwhile, is no reason to say nothing of its tenant.
        Ok(plane) if tenant.pod_name.is_some() => plane.agent_status(id).await.ok(),
        _ => None,
    };
    ctx.printer.show(&TenantDetails { tenant, agent_status })
}
