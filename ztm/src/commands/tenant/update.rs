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
    ctx.printer.show(&ctx.client().await?.tenant_update(&args.tenant, change).await?)
}
