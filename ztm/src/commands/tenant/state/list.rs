//! `ztm tenant state list`.

use anyhow::Result;

use crate::{cli::tenant::TenantArgs, commands::Context};

/// Lists a tenant's archives.
pub async fn list(ctx: &Context, args: &TenantArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.state_get(&args.tenant).await?)
}
