//! The flags that every command takes.
#![expect(clippy::doc_markdown, reason = "help texts, where the names of variables stand bare")]

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::output::{Output, OutputParser};

/// The flags that every command takes, before or after its name.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Where the embedded control plane keeps everything
    ///
    /// [env: ZTM_STATE_DIR] [default: `$XDG_STATE_HOME/ztm`, else `~/.local/state/ztm`]
    #[arg(long, global = true, value_name = "DIR", hide_short_help = true)]
    pub state_dir: Option<PathBuf>,

    /// The URL of an orchestrator, instead of the control plane of this machine
    ///
    /// [env: ZTM_ORCHESTRATOR_URL]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub orchestrator_url: Option<String>,

    /// The URL of the router, whose health `ztm status` shows
    ///
    /// [env: ZTM_ROUTER_URL]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub router_url: Option<String>,

    /// The file with the token that the orchestrator asks for; must be private (mode 0600)
    ///
    /// Found by itself for the control plane of this machine. [env: ZTM_TOKEN_FILE]
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    pub token_file: Option<PathBuf>,

    /// The Kubernetes namespace of the control plane
    ///
    /// Has no effect on the embedded control plane. [env: ZTM_NAMESPACE]
    #[arg(long, short = 'n', global = true, value_name = "NAME", hide_short_help = true)]
    pub namespace: Option<String>,

    /// Which control plane, or whose stores: a context of the configuration file
    ///
    /// `ztm context list` shows them. [env: ZTM_CONTEXT, ZTM_KUBE_CONTEXT] [default: the file's
    /// `current_context`, else `embedded`, the control plane of this machine]
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub context: Option<String>,

    /// How to print data
    ///
    /// [env: ZTM_OUTPUT] [default: table]
    #[arg(long, short, global = true, value_name = "FORMAT", value_parser = OutputParser, overrides_with = "output")]
    pub output: Option<Output>,

    /// When to use colour; `auto` means on a terminal, unless NO_COLOR is set
    ///
    /// [env: ZTM_COLOR] [default: auto]
    #[arg(long, global = true, value_name = "WHEN", value_enum, overrides_with = "color", hide_short_help = true)]
    pub color: Option<Color>,

    /// How long to wait for an answer: seconds, or with a unit (500ms, 30s, 5m)
    ///
    /// [env: ZTM_REQUEST_TIMEOUT] [default: 30s; 5m for what waits for an agent]
    #[arg(long, global = true, value_name = "TIME", value_parser = super::quantity::timeout, hide_short_help = true)]
    pub request_timeout: Option<Duration>,

    /// Say more on standard error: each request and its answer; twice for even more of `ztm up`
    #[arg(long, short, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet", hide_short_help = true)]
    pub verbose: u8,

    /// Say nothing on standard error but errors
    #[arg(long, short, global = true, hide_short_help = true)]
    pub quiet: bool,

    /// What is only to be rehearsed, in the words after `ztm`: from the command's own `--dry-run`.
    #[arg(skip)]
    pub rehearses: Option<String>,
}

/// The flag of every order.
#[derive(Clone, Debug, Default, Args)]
pub struct DryRunArgs {
    /// Have the control plane check whether it would be done, and say what it would do first; nothing is changed
    ///
    /// `--dry-run=server`, the one place where that can be seen, says the same.
    #[arg(long, value_name = "server", num_args = 0..=1, require_equals = true, default_missing_value = "server", hide_possible_values = true)]
    pub dry_run: Option<DryRun>,
}

/// Where an order is rehearsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Where it would be carried out: everything that it would be refused for is looked at
    Server,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
