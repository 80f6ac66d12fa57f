//! `ztm tenant create`.

use anyhow::Result;
use libtenancy::{
    Error,
    api::CreateTenant,
    labels::Labels,
    tenant::{TenantId, idle_timeout_from_secs},
};

use crate::{cli::tenant::CreateArgs, commands::Context, confirm, exit::Hinted};

/// Creates a tenant and prints it.
pub async fn create(ctx: &Context, args: CreateArgs) -> Result<()> {
    // Checked before anything is asked or read: what is refused here needs no secret.
    let id: TenantId = args.tenant.parse()?;
    args.idle_timeout.map(idle_timeout_from_secs).transpose()?;
    let labels = Labels::default().changed(&super::said_once(args.label)?)?;
    let token = confirm::bot_token(args.token, args.bot, &ctx.printer)?;
    let new = CreateTenant {
        tenant_id: id.into(),
        bot_token: token.map(|token| token.expose().to_owned()),
        idle_timeout_s: args.idle_timeout,
        labels,
    };
    let id = new.tenant_id.clone();
    let created = ctx.client().await?.tenant_create(new).await;
    let tenant = created.map_err(|error| match error {
        Error::Timeout { .. } | Error::OutcomeUnknown { .. } => anyhow::Error::new(Hinted::new(
            error,
            format!(
                "it may be there: `ztm tenant get {id}` says; what took so long may be Telegram, and `ztm webhook register {id}` asks it again"
            ),
        )),
        error => error.into(),
    })?;
    super::note_webhook(ctx, &tenant);
    ctx.printer.show(&tenant)
}
