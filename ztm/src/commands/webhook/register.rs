//! `ztm webhook register`.

use anyhow::Result;

use crate::{cli::webhook::RegisterArgs, commands::Context, settings};

/// Registers a tenant's webhook at Telegram and prints it.
pub async fn register(ctx: &Context, args: RegisterArgs) -> Result<()> {
    let base_url = args.base_url.map(|url| settings::base_url("base_url", &url)).transpose()?;
    ctx.printer.show(&ctx.client().await?.webhook_register(&args.tenant, base_url).await?)
}
