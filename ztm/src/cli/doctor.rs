//! `ztm doctor`.

use clap::Args;

/// Check that everything the context needs is there and works
///
/// Nothing is assumed: each store is written to, read and cleaned up, by the control plane itself where one runs.
/// Servers are asked how they are set up: Redis for its version, persistence and eviction, DynamoDB for its tables, S3
/// for its bucket, a cluster for the rights, classes, policies and machines that pods need, the messenger for the bots.
/// What does not work comes with what mends it; each part has a few seconds. What may not be looked at is a warning.
/// Fails if a check does.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm doctor\n  ztm doctor --strict --context production -o json")]
pub struct DoctorArgs {
    /// Fail for warnings too
    #[arg(long)]
    pub strict: bool,
}
