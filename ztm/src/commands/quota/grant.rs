//! `ztm quota grant`.

use anyhow::Result;
use libtenancy::{
    api::quotas::GrantCredits,
    credits::{MAX_AMOUNT, MicroCredits},
};

use crate::{
    cli::{quantity::Expiry, quota::GrantArgs},
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
    let (expires_in_s, expires_at) = match args.expires {
        Some(Expiry::In(life)) => (Some(life.as_secs().max(1)), None),
        Some(Expiry::At(at)) => (None, Some(at)),
        None => (None, None),
    };
    let grant = GrantCredits { credits: args.credits, expires_in_s, expires_at, name: Some(name.clone()) };
    let granted = ctx.client().await?.credits_grant(&args.tenant, grant).await;
    ctx.printer.show(&granted.map_err(|error| Unsure::or(error, &format!("--name {name}")))?)
}
