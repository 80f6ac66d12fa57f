//! `ztm down`.

use std::time::Duration;

use clap::Args;

/// Stop the control plane that `ztm up` runs
///
/// Messages in work are finished, agents are saved and stopped, then it ends; this waits for it. It is no error if none
/// is running. Messages that arrive meanwhile stay with Telegram.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ztm down\n  ztm down --leave-agents && ztm up --detach   (a restart that agents do not notice)"
)]
pub struct DownArgs {
    /// Stop the agents too (this is the default)
    #[arg(long, conflicts_with = "leave_agents")]
    pub agents: bool,

    /// Leave the agents running; the next `ztm up` takes them over
    #[arg(long)]
    pub leave_agents: bool,

    /// How long to wait for the end
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = super::quantity::timeout)]
    pub timeout: Duration,
}
