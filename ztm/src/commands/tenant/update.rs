//! `ztm tenant update`.

use anyhow::Result;
use libtenancy::{api::UpdateTenant, tenant::idle_timeout_from_secs};

use crate::{cli::tenant::UpdateArgs, commands::Context, confirm};

/// Changes a tenant and prints it.
pub async fn update(ctx: &Context, args: UpdateArgs) -> Result<()> {
    args.idle_timeout.map(idle_timeout_from_secs).transpose()?;
    let labels = super::said_once(args.label)?;
    let token = confirm::bot_token(None, args.bot, &ctx.printer)?;
    let change = UpdateTenant {
        bot_token: token.map(|token| token.expose().to_owned()),
        idle_timeout_s: args.idle_timeout,
        labels,
    };
    let has_token = change.bot_token.is_some();
    let tenant = ctx.client().await?.tenant_update(&args.tenant, change).await?;
    if has_token {
        super::note_webhook(ctx, &tenant);
    }
    ctx.printer.show(&tenant)
}
