//! `ztm node list`.

use anyhow::Result;

use crate::commands::Context;

/// Prints the machines.
pub async fn list(ctx: &Context) -> Result<()> {
    ctx.printer.show(&ctx.client().await?.plane("the machines that agents run on")?.node_list().await?)
}
