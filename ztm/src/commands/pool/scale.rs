//! `ztm pool scale`.

use anyhow::Result;
use libtenancy::api::pool::ScalePool;

use crate::{cli::pool::PoolScaleArgs, commands::Context};

/// Sets the size of the warm pool and prints it.
pub async fn scale(ctx: &Context, args: &PoolScaleArgs) -> Result<()> {
    // Without a size it is `--reset`: clap asks for one of them.
    let size = ScalePool { size: args.size };
    ctx.printer.show(&ctx.client().await?.plane("scaling the warm pool")?.pool_scale(size).await?)
}
