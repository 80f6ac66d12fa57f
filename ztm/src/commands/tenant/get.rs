//! `ztm tenant get`.

use anyhow::Result;

use crate::{cli::tenant::TenantArgs, commands::Context, view::tenant::TenantDetails};

/// Prints one tenant, and what its agent uses while there is one.
pub async fn get(ctx: &Context, args: &TenantArgs) -> Result<()> {
    let client = ctx.client().await?;
    let tenant = client.tenant_get(&args.tenant).await?;
    let agent_status = match client.plane("what an agent uses") {
        // An agent that does not answer, or went away meanwhile, is no reason to say nothing of its tenant.
        Ok(plane) if tenant.pod_name.is_some() => plane.agent_status(&args.tenant).await.ok(),
        _ => None,
    };
    ctx.printer.show(&TenantDetails { tenant, agent_status })
}
