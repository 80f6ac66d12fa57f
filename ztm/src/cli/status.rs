//! `ztm status` and `ztm version`.

use clap::Args;

/// Show the control plane in numbers
///
/// Whether each part answers (by a read; `ztm doctor` writes too), who leads, tenants by status, inboxes, the queue of jobs, what
/// was spent today, the warm pool, wakes, the reconciler's last pass, memory and processor time.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm status\n  ztm status -o json | jq .tenants")]
pub struct StatusArgs {}

/// Show the version of this command and of the control plane
///
/// The control plane is asked only if one is running (or an orchestrator's URL is given), and for a second at most.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm version\n  ztm version --client -o json")]
pub struct VersionArgs {
    /// Do not ask the control plane
    #[arg(long)]
    pub client: bool,
}
