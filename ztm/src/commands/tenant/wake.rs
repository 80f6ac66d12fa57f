//! `ztm tenant wake`.

use std::time::Duration;

use anyhow::Result;
use indicatif::ProgressBar;

use crate::{
    cli::tenant::TenantOrderArgs,
    client::Client,
    commands::Context,
    view::{plain, tenant::TenantWoken},
};

/// How often the progress looks at the record.
const LOOK: Duration = Duration::from_millis(200);

/// Wakes a tenant and prints how that went.
pub async fn wake(ctx: &Context, args: &TenantOrderArgs) -> Result<()> {
    let client = ctx.client().await?;
    client.plane("waking a tenant")?;
    let woken = if ctx.printer.draws_progress() {
        let bar = ctx.printer.progress();
        let woken = tokio::select! {
            woken = client.tenant_wake(&args.tenant) => woken,
            never = progress(&client, &args.tenant, &bar) => match never {},
        };
        bar.finish_and_clear();
        woken?
    } else {
        client.tenant_wake(&args.tenant).await?
    };
    ctx.printer.show(&TenantWoken { tenant_id: args.tenant.clone(), woken })
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
