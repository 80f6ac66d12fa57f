//! `ztm tenant snapshot`.

use anyhow::Result;
use libtenancy::Error;

use crate::{cli::tenant::TenantOrderArgs, commands::Context, exit::Hinted};

/// Saves the state of a running agent now.
pub async fn snapshot(ctx: &Context, args: &TenantOrderArgs) -> Result<()> {
    let tenant = &args.tenant;
    let saved = ctx.client().await?.tenant_snapshot(tenant).await.map_err(|error| match error {
        Error::IllegalState { .. } => {
            let hint = format!(
                "it was saved when its agent stopped: `ztm tenant state list {tenant}` shows that; `ztm tenant wake {tenant}` starts one"
            );
            anyhow::Error::new(Hinted::new(error, hint))
        }
        error => error.into(),
    })?;
    ctx.printer.show(&saved)
}
