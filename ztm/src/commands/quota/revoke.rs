//! `ztm quota revoke`.

use anyhow::Result;
use libtenancy::{
    api::quotas::RevokeCredits,
    credits::{MAX_AMOUNT, MicroCredits},
};

use crate::{
    cli::quota::RevokeArgs,
    commands::{Context, once_name},
    exit::Unsure,
};

/// Takes granted credits back and prints the account.
pub async fn revoke(ctx: &Context, args: RevokeArgs) -> Result<()> {
    args.credits.bounded("credits", MicroCredits(1), MAX_AMOUNT)?;
    let name = match args.name {
        Some(name) => name,
        None => once_name(&ctx.settings)?,
    };
    ctx.detail(&format!("name of the revocation: {name}"));
    let revoke = RevokeCredits { credits: args.credits, name: Some(name.clone()) };
    let revoked = ctx.client().await?.credits_revoke(&args.tenant, revoke).await;
    ctx.printer.show(&revoked.map_err(|error| Unsure::or(error, &format!("--name {name}")))?)
}
