//! `ztm admin`.

use clap::{Args, Subcommand};

/// The verbs of `ztm admin`.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules
    #[command(
        long_about = "Make what the stores of the context lack: the key file, tables, indexes, expiry, the bucket and its rules\n\n\
            Nothing is removed or changed, and a repeat makes nothing; a table that is there with other keys is refused. An index \
            that is added to a table with many items takes minutes. Everybody who uses the same stores needs the same key file: \
            copy it.",
        after_help = "Examples:\n  ztm admin init --dry-run\n  ztm admin init --context production"
    )]
    Init(InitArgs),
}

/// `ztm admin init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Show what is missing, and make nothing
    #[arg(long)]
    pub dry_run: bool,
}
