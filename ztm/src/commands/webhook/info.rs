//! `ztm webhook info`.

use anyhow::Result;

use crate::{cli::webhook::WebhookArgs, commands::Context};

/// Prints what Telegram knows of a tenant's webhook.
pub async fn info(ctx: &Context, args: &WebhookArgs) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.webhook_info(&args.tenant).await?)
}
