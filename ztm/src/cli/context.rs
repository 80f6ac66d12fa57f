//! `ztm context`.

use clap::{Args, Subcommand};

use super::listing::ListingArgs;

/// The verbs of `ztm context`.
#[derive(Debug, Subcommand)]
pub enum ContextCommand {
    /// List the contexts of the configuration file
    #[command(after_help = "Examples:\n  ztm context list\n  ztm context list -o name")]
    List(ContextListArgs),
    /// Make a context the one in use
    #[command(
        long_about = "Make a context the one in use\n\nWrites `current_context` into the configuration file and keeps everything else in it, \
            comments too. `--context` and ZTM_CONTEXT go before it. A context that is not complete is refused.",
        after_help = "Examples:\n  ztm context use production\n  ztm context use embedded"
    )]
    Use(ContextUseArgs),
    /// Show a context: what it is, and where each of its values comes from
    #[command(after_help = "Examples:\n  ztm context show\n  ztm context show production -o json")]
    Show(ContextShowArgs),
}

/// `ztm context list`.
#[derive(Debug, Args)]
pub struct ContextListArgs {
    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// `ztm context use`.
#[derive(Debug, Args)]
pub struct ContextUseArgs {
    /// Its name; `embedded` is the control plane of this machine
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `ztm context show`.
#[derive(Debug, Args)]
pub struct ContextShowArgs {
    /// Its name; the one in use if there is none
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}
