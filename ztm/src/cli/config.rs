//! `ztm config`.

use clap::{Args, Subcommand};

/// The verbs of `ztm config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every setting that is in force
    #[command(
        long_about = "Show every setting that is in force\n\nA flag goes before its environment variable, that before the context, \
            that before the file, that before the default. `up.` begins what `ztm up` heeds without \
            flags. The context's own values are `ztm context show`'s.",
        after_help = "Examples:\n  ztm config view\n  ztm config view --show-origin --context production"
    )]
    View(ConfigViewArgs),
}

/// `ztm config view`.
#[derive(Debug, Args)]
pub struct ConfigViewArgs {
    /// Say where each comes from: a flag, a variable, the context, the file or the default
    #[arg(long)]
    pub show_origin: bool,
}
