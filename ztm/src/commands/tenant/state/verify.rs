//! `ztm tenant state verify`.

use anyhow::Result;

use crate::{cli::state::VerifyArgs, commands::Context, exit::BadNews};

/// Reads a tenant's archives. Fails, after it has printed all of them, if one is damaged.
pub async fn verify(ctx: &Context, args: &VerifyArgs) -> Result<()> {
    let verified = ctx.client().await?.state_verify(&args.tenant, args.archive.as_deref()).await?;
    ctx.printer.show(&verified)?;
    match verified.archives.iter().filter(|archive| archive.intact == Some(false)).count() {
        0 => Ok(()),
        damaged => Err(BadNews {
            code: "corrupt",
            message: format!("{damaged} of {} archives are damaged", verified.archives.len()),
            hint: Some("a wake restores the last good one by itself, and says so in `ztm tenant get`".to_owned()),
        }
        .into()),
    }
}
