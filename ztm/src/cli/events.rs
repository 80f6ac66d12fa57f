//! `ztm events`.

use clap::Args;

/// Show what happened: wakes, stops, suspensions, refusals
///
/// What the control plane remembers: its last wakes, and whatever it said since somebody listens. With `--watch` it goes on
/// with what happens; when the control plane is gone for a while, what happened to tenants meanwhile is told afterwards.
/// `ztm logs TENANT` shows what is kept of a tenant, step by step, also over restarts.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm events alice\n  ztm events -w -o json | jq -r .text")]
pub struct EventsArgs {
    /// Only this tenant's
    #[arg(value_name = "TENANT")]
    pub tenant: Option<String>,

    /// Go on with what happens, until interrupted
    #[arg(long, short)]
    pub watch: bool,

    /// No line with the names of the columns
    #[arg(long)]
    pub no_headers: bool,
}
