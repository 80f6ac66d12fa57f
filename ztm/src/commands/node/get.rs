//! `ztm node get`.

use anyhow::Result;
use libtenancy::Error;

use crate::{cli::node::NodeGetArgs, commands::Context};

/// Prints one machine, or the claim of one.
pub async fn get(ctx: &Context, args: &NodeGetArgs) -> Result<()> {
    let list = ctx.client().await?.plane("a look at the machines that agents run on")?.node_list().await?;
    if let Some(node) = list.nodes.iter().find(|view| view.node.name == args.node) {
        return ctx.printer.show(node);
    }
    match list.claims.iter().find(|claim| claim.name == args.node) {
        Some(claim) => ctx.printer.show(claim),
        None => Err(Error::not_found("node", &args.node).into()),
    }
}
