//! `ztm webhook delete`.

use anyhow::Result;

use crate::{cli::webhook::WebhookDeleteArgs, commands::Context, view::webhook::WebhookDeleted};

/// Removes a tenant's webhook from Telegram.
pub async fn delete(ctx: &Context, args: &WebhookDeleteArgs) -> Result<()> {
    ctx.client().await?.webhook_delete(&args.tenant).await?;
    ctx.printer.show(&WebhookDeleted { tenant_id: args.tenant.clone(), deleted: true })
}
