//! `ztm exec` and `ztm shell`.

use clap::Args;

use super::global::DryRunArgs;

/// `ztm exec`.
#[derive(Debug, Args)]
#[command(
    long_about = "Run a command beside a tenant's agent, which is woken first\n\nIt runs where the agent runs, in its state directory, with its \
        environment and under its limits, and ends with it. Its exit status is this command's. While it runs, the agent is not \
        stopped for idleness. Whoever hangs up ends the command.",
    after_help = "Examples:\n  ztm exec alice -- ls -la\n  ztm exec alice -t -- top\n  \
        tar c notes | ztm exec alice -i -- tar x"
)]
pub struct ExecArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// Pass standard input on
    #[arg(short = 'i', long)]
    pub stdin: bool,

    /// Give it a terminal: this one, and what is typed there
    #[arg(short = 't', long)]
    pub tty: bool,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,

    /// The program and its arguments, after `--`
    #[arg(value_name = "COMMAND", required = true, last = true)]
    pub command: Vec<String>,
}

/// `ztm shell`.
#[derive(Debug, Args)]
#[command(
    long_about = "Open a shell beside a tenant's agent, which is woken first\n\nAs `ztm exec -it TENANT -- sh`. Says on whose agent it opens, and \
        refuses where another one answers.",
    after_help = "Examples:\n  ztm shell alice\n  ztm shell alice --shell bash"
)]
pub struct ShellArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// Which shell; it must be where the agent runs
    #[arg(long, value_name = "PROGRAM", default_value = "sh")]
    pub shell: String,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}
