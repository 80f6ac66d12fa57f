//! `ztm tenant wake`.

use std::time::Duration;

use anyhow::Result;
use indicatif::ProgressBar;

use super::each;
use crate::{
    cli::tenant::TenantsOrderArgs,
    client::Client,
    commands::Context,
    view::{plain, tenant::TenantWoken},
};

/// How often the progress looks at the record.
const LOOK: Duration = Duration::from_millis(200);

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
    let woken = if ctx.printer.draws_progress() {
        let bar = ctx.printer.progress();
        let woken = tokio::select! {
            woken = client.tenant_wake(tenant) => woken,
            never = progress(&client, tenant, &bar) => match never {},
        };
        bar.finish_and_clear();
        woken?
    } else {
        client.tenant_wake(tenant).await?
    };
    ctx.printer.show(&TenantWoken { tenant_id: tenant.clone(), woken })
}

/// Shows what the record says, for as long as it is polled.
async fn progress(client: &Client, tenant: &str, bar: &ProgressBar) -> std::convert::Infallible {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        let status = client.tenant_get(tenant).await.map_or_else(|_| "…".to_owned(), |tenant| tenant.status);
        bar.set_message(format!("{}: {} ({:.1} s)", plain(tenant), plain(&status), bar.elapsed().as_secs_f64()));
    }
}
