//! `ztm node`.

use clap::{Args, Subcommand};

use super::listing::ListingArgs;

/// The verbs of `ztm node`.
#[derive(Debug, Subcommand)]
pub enum NodeCommand {
    /// List the machines that agents run on, what they cost, and those that are waited for
    #[command(
        alias = "ls",
        long_about = "List the machines that agents run on, what they cost, and those that are waited for\n\nA price is the on-demand one \
            of the table that ztm was built with (`-o json` says whose and of when); one that is not in it, and that of a spot \
            machine, is `unknown` and counts in no sum. IDLE is the share of the price that no agent asked for.",
        after_help = "Examples:\n  ztm node list\n  ztm node list -o json | jq .idle_micro_usd_per_hour"
    )]
    List(NodeListArgs),
    /// Show one machine, or one that is waited for
    #[command(after_help = "Example:\n  ztm node get ip-10-0-1-17.ec2.internal")]
    Get(NodeGetArgs),
}

/// `ztm node list`.
#[derive(Debug, Args)]
pub struct NodeListArgs {
    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// `ztm node get`.
#[derive(Debug, Args)]
pub struct NodeGetArgs {
    /// Its name, or that of its claim
    #[arg(value_name = "NODE")]
    pub node: String,
}
