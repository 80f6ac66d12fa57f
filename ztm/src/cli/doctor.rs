//! `ztm doctor`.

use clap::Args;

/// What `ztm doctor` is asked; what it does is told beside the other commands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm doctor\n  ztm doctor --strict --context production -o json")]
pub struct DoctorArgs {
    /// Fail for warnings too
    #[arg(long)]
    pub strict: bool,
}
