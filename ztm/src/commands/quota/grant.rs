//! `ztm quota grant`.

use anyhow::Result;
use libtenancy::{
    api::quotas::GrantCredits,
    credits::{MAX_AMOUNT, MicroCredits},
};

use crate::{cli::quota::GrantArgs, commands::Context};

/// Grants credits and prints the account.
pub async fn grant(ctx: &Context, args: GrantArgs) -> Result<()> {
    args.credits.bounded("credits", MicroCredits(1), MAX_AMOUNT)?;
    let grant = GrantCredits {
        credits: args.credits,
        expires_in_s: args.expires.map(|expires| expires.as_secs().max(1)),
        name: args.name,
    };
    ctx.printer.show(&ctx.client()?.credits_grant(&args.tenant, grant).await?)
}
