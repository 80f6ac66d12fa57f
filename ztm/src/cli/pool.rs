//! `ztm pool`.

use clap::{Args, Subcommand};

use super::{global::DryRunArgs, quantity};

/// The verbs of `ztm pool`.
#[derive(Debug, Subcommand)]
pub enum PoolCommand {
    /// Show how many agents are ready for whoever wakes next, and what stands in the way of more
    #[command(after_help = "Example:\n  ztm pool status")]
    Status(PoolStatusArgs),
    /// Set how many agents are kept ready
    #[command(
        long_about = "Set how many agents are kept ready\n\nIt holds for every control plane of the context and outlives them, until it is \
            set again or left to the configuration by `--reset`. What is too much ends at once; what is missing starts one after \
            another. A refilling that repeated failures have stopped begins anew.",
        after_help = "Examples:\n  ztm pool scale 5\n  ztm pool scale --reset"
    )]
    Scale(PoolScaleArgs),
}

/// `ztm pool status`.
#[derive(Debug, Args)]
pub struct PoolStatusArgs {}

/// `ztm pool scale`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("to").required(true))]
pub struct PoolScaleArgs {
    /// How many, at most 1000
    #[arg(value_name = "COUNT", value_parser = quantity::pool_size, group = "to")]
    pub size: Option<usize>,

    /// As many as the configuration says
    #[arg(long, group = "to")]
    pub reset: bool,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}
