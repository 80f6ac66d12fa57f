//! `ztm events`.

use clap::Args;

use super::quantity;

/// Show what happened: wakes, stops, suspensions, refusals; that a control plane began or ended
///
/// What is kept, also over restarts and whether anybody listened or not: the last 100 of a tenant, or the last 1000 of all. With
/// `--watch` it goes on with what happens; when the control plane is gone for a while, what happened meanwhile is told
/// afterwards. A refusal that is repeated is told once.
/// `ztm logs TENANT` shows what is kept of a tenant, step by step, also over restarts.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm events alice\n  ztm events --limit 20\n  ztm events -w -o json | jq -r .text")]
pub struct EventsArgs {
    /// Only this tenant's
    #[arg(value_name = "TENANT")]
    pub tenant: Option<String>,

    /// Go on with what happens, until interrupted
    #[arg(long, short)]
    pub watch: bool,

    /// At most so many of what is kept: the last ones; what is left out is said
    #[arg(long, value_name = "N", value_parser = quantity::whole::<usize>(1, quantity::MANY))]
    pub limit: Option<usize>,

    /// No line with the names of the columns
    #[arg(long)]
    pub no_headers: bool,
}
