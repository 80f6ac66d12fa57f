//! `ztm generate`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Write the man pages or the completions
#[derive(Debug, Subcommand)]
pub enum GenerateCommand {
    /// Write the man pages
    #[command(after_help = "Example:\n  ztm generate man man")]
    Man(GenerateArgs),
    /// Write the completions of bash, elvish, fish, powershell and zsh
    #[command(after_help = "Example:\n  ztm generate completions completions")]
    Completions(GenerateArgs),
}

/// Where to write.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// The directory; made if missing
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}
