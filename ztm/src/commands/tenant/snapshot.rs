//! `ztm tenant snapshot`.

use anyhow::Result;
use libtenancy::Error;

use super::each_shown;
use crate::{cli::tenant::TenantsOrderArgs, commands::Context, exit::Hinted, view::tenant::SnapshotList};

/// Saves the states of running agents now.
pub async fn snapshot(ctx: &Context, args: &TenantsOrderArgs) -> Result<()> {
    let client = ctx.client().await?;
    let [tenant] = args.tenants.as_slice() else {
        let save = async |tenant: &str| client.tenant_snapshot(tenant).await;
        return each_shown(ctx, &args.tenants, save, |snapshots| SnapshotList { snapshots }).await;
    };
    let saved = client.tenant_snapshot(tenant).await.map_err(|error| match error {
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
