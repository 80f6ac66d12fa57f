//! `ztm context`.

use clap::{Args, Subcommand};

use super::listing::ListingArgs;

/// The verbs of `ztm context`.
#[derive(Debug, Subcommand)]
pub enum ContextCommand {
    /// List the contexts of the configuration file
    #[command(alias = "ls", after_help = "Examples:\n  ztm context list\n  ztm context list -o name")]
    List(ContextListArgs),
    /// Add a context to the configuration file
    #[command(
        long_about = "Add a context to the configuration file\n\nWith `--orchestrator-url`, `--token-file` and `--router-url` it is a control plane \
            elsewhere; with `--cluster` one in a Kubernetes cluster; with `--state-dir` another one of this machine. What the \
            file says already stays, comments too. Contexts with stores of their own are written by hand: `ztm help contexts`.",
        after_help = "Examples:\n  ztm context add prod --orchestrator-url https://ztm.example.com --token-file prod.token --use\n  \
            ztm context add eks --cluster --account ztm-operator --readonly\n  \
            ztm context add second --state-dir /srv/ztm-second"
    )]
    Add(ContextAddArgs),
    /// Remove a context from the configuration file; asks first
    #[command(aliases = ["delete", "rm"], 
        long_about = "Remove a context from the configuration file; asks first\n\nNothing but its lines in the file goes: not what it led to.",
        after_help = "Examples:\n  ztm context remove prod\n  ztm context remove prod --yes"
    )]
    Remove(ContextRemoveArgs),
    /// Make a context the one in use
    #[command(
        long_about = "Make a context the one in use\n\nWrites `current_context` into the configuration file and keeps everything else in it, \
            comments too. `--context` and ZTM_CONTEXT go before it. A context that is not complete is refused.",
        after_help = "Examples:\n  ztm context use production\n  ztm context use embedded"
    )]
    Use(ContextUseArgs),
    /// Show a context: what it is, and where each of its values comes from
    #[command(after_help = "Examples:\n  ztm context show\n  ztm context show production -o json")]
    Show(ContextShowArgs),
}

/// `ztm context list`.
#[derive(Debug, Args)]
pub struct ContextListArgs {
    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// `ztm context use`.
#[derive(Debug, Args)]
pub struct ContextUseArgs {
    /// Its name; `embedded` is the control plane of this machine
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// `ztm context show`.
#[derive(Debug, Args)]
pub struct ContextShowArgs {
    /// Its name; the one in use if there is none
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// `ztm context add`.
#[derive(Debug, Args)]
pub struct ContextAddArgs {
    /// The new one's name
    #[arg(value_name = "NAME")]
    pub name: String,

    /// It is in a Kubernetes cluster, reached through its API server
    #[arg(long)]
    pub cluster: bool,

    /// With `--cluster`: the service account that is asked as [default: ztm-admin]
    #[arg(long, value_name = "ACCOUNT", requires = "cluster", value_parser = ["ztm-viewer", "ztm-operator", "ztm-admin"])]
    pub account: Option<String>,

    /// With `--cluster`: the kubeconfig's context [default: the one in use there]
    #[arg(long, value_name = "NAME", requires = "cluster")]
    pub kube_context: Option<String>,

    /// Only look: every order is refused there, but for its `--dry-run`
    #[arg(long)]
    pub readonly: bool,

    /// Make it the one in use
    #[arg(long = "use")]
    pub use_it: bool,
}

/// `ztm context remove`.
#[derive(Debug, Args)]
pub struct ContextRemoveArgs {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}
