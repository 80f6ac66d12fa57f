//! `ztm apply` and `ztm diff`.

use std::path::PathBuf;

use clap::Args;

use super::{global::DryRun, tenant::selector};

/// `ztm apply`.
#[derive(Debug, Args)]
#[command(
    long_about = "Make tenants, quotas and schedules be as files say\n\nA file is YAML: `tenants:`, each with a `name`, and any of `idle_timeout`, \
        `labels`, `bot_token_file`, `quota` and `schedules`. What a file does not name stays as it is; `labels` and `schedules` that it \
        names are the whole of them. No tenant is deleted, unless `--prune` asks for it. Everything is checked before anything is changed, and tenants are \
        changed several at a time: one that fails holds up no other, and the same command finishes what was left. `ztm export` writes \
        such a file of what there is.\n\n\
        tenants:\n  - name: alice\n    idle_timeout: 30m\n    labels: {team: red}\n    bot_token_file: alice.token\n    \
        quota: {weight: 200, budget: {period: month, credits: 5000}}\n    schedules:\n      \
        morning: {cron: '0 9 * * MON-FRI', message: {chat_id: 4711, text: What is on?}}\n      \
        report: {cron: '@weekly', job: {prompt: Write the report., cost_gpu_seconds: 120}}",
    after_help = "Examples:\n  ztm apply -f fleet.yaml\n  ztm apply -f tenants/ --dry-run\n  \
        cat fleet.yaml | ztm apply -f -\n  \
        ztm apply -f fleet/ --prune --selector team=red"
)]
pub struct ApplyArgs {
    /// Which files.
    #[command(flatten)]
    pub files: FilesArgs,

    /// Show what would be changed, against what the control plane says there is, and change nothing
    ///
    /// `--dry-run=server`, the one place where that can be seen, says the same.
    #[arg(long, value_name = "server", num_args = 0..=1, require_equals = true, default_missing_value = "server", hide_possible_values = true)]
    pub dry_run: Option<DryRun>,

    /// Delete the tenants that the selector chooses and no file names; asks first
    ///
    /// So go the schedules of tenants that it chooses and whose file says nothing of schedules. What a deleted tenant's agent
    /// remembers is kept: one that is made later under the same name gets it back. Nothing is deleted if anything failed before.
    #[arg(long, requires = "selector")]
    pub prune: bool,

    /// What `--prune` may delete: tenants whose labels are like this, as of `ztm tenant list`
    #[arg(long, short = 'l', value_name = "SELECTOR", requires = "prune", value_parser = selector)]
    pub selector: Option<String>,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

/// `ztm export`.
#[derive(Debug, Args)]
#[command(
    long_about = "Write what there is as a file for `ztm apply`\n\nTenants with their quotas and schedules, as YAML, or as `-o` says: all of them, \
        those that are named, or those of a selector. `ztm apply` and `ztm diff` find no difference between what it writes and what there \
        is, and elsewhere it makes the same. It leaves out what no file says, and says so: the tokens of bots, suspensions, grants, and \
        what agents remember (`ztm tenant state export`).",
    after_help = "Examples:\n  ztm export > fleet.yaml\n  ztm export --selector team=red | ztm diff -f -\n  \
        ztm export alice bob"
)]
pub struct ExportArgs {
    /// Only these tenants
    #[arg(value_name = "TENANT", conflicts_with = "selector")]
    pub tenants: Vec<String>,

    /// Only those whose labels are like this, as of `ztm tenant list`
    #[arg(long, short = 'l', value_name = "SELECTOR", value_parser = selector)]
    pub selector: Option<String>,
}

/// `ztm diff`.
#[derive(Debug, Args)]
#[command(
    long_about = "Show what stands between files and what there is\n\nExits 1 if anything does.",
    after_help = "Example:\n  ztm diff -f fleet.yaml"
)]
pub struct DiffArgs {
    /// Which files.
    #[command(flatten)]
    pub files: FilesArgs,
}

/// Files to read.
#[derive(Debug, Args)]
pub struct FilesArgs {
    /// A file, a directory of `.yaml`, `.yml` and `.json` files, or `-` for standard input; may be given several times
    #[arg(short = 'f', long = "filename", value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}
