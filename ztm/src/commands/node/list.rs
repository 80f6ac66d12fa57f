//! `ztm node list`.

use anyhow::Result;

use crate::{cli::node::NodeListArgs, commands::Context};

/// Prints the machines.
pub async fn list(ctx: &Context, args: &NodeListArgs) -> Result<()> {
    let list = ctx.client().await?.plane("a look at the machines that agents run on")?.node_list().await?;
    ctx.printer.show_rows(list, &args.listing)
}
