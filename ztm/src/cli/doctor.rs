//! `ztm doctor`.

use clap::Args;

/// Check that everything the context needs is there and works, and say how to mend what does not
///
/// Nothing is assumed: each store is written to, read and cleaned up, by the control plane itself where one runs. Fails if
/// a check does.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm doctor\n  ztm doctor --strict --context production -o json")]
pub struct DoctorArgs {
    /// Fail for warnings too
    #[arg(long)]
    pub strict: bool,
}
