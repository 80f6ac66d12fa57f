//! `ztm quota grant`.

use anyhow::Result;
use libtenancy::{
    api::quotas::GrantCredits,
    credits::{MAX_AMOUNT, MicroCredits},
};

use crate::{
    cli::quota::GrantArgs,
    commands::{Context, once_name},
    exit::Unsure,
};

/// Grants credits and prints the account.
pub async fn grant(ctx: &Context, args: GrantArgs) -> Result<()> {
    args.credits.bounded("credits", MicroCredits(1), MAX_AMOUNT)?;
    // Named here and not by the control plane: a repeat by whoever did not hear the answer grants nothing more.
    let name = match args.name {
        Some(name) => name,
        None => once_name(&ctx.settings)?,
    };
    ctx.detail(&format!("name of the grant: {name}"));
    let grant = GrantCredits {
        credits: args.credits,
        expires_in_s: args.expires.map(|expires| expires.as_secs().max(1)),
        name: Some(name.clone()),
    };
    let granted = ctx.client().await?.credits_grant(&args.tenant, grant).await;
    ctx.printer.show(&granted.map_err(|error| Unsure::or(error, &format!("--name {name}")))?)
}
