//! `ztm apply` and `ztm diff`.

use std::path::PathBuf;

use clap::Args;

use super::global::DryRun;

/// `ztm apply`.
#[derive(Debug, Args)]
#[command(
    long_about = "Make tenants, quotas and schedules be as files say\n\nA file is YAML: `tenants:`, each with a `name`, and any of `idle_timeout`, \
        `labels`, `bot_token_file`, `quota` and `schedules`. What a file does not name stays as it is; `labels` and `schedules` that it \
        names are the whole of them. No tenant is deleted. Everything is checked before anything is changed, and tenants are \
        changed several at a time: one that fails holds up no other, and the same command finishes what was left.\n\n\
        tenants:\n  - name: alice\n    idle_timeout: 30m\n    labels: {team: red}\n    bot_token_file: alice.token\n    \
        quota: {weight: 200, budget: {period: month, credits: 5000}}\n    schedules:\n      \
        morning: {cron: '0 9 * * MON-FRI', message: {chat_id: 4711, text: What is on?}}\n      \
        report: {cron: '@weekly', job: {prompt: Write the report., cost_gpu_seconds: 120}}",
    after_help = "Examples:\n  ztm apply -f fleet.yaml\n  ztm apply -f tenants/ --dry-run\n  \
        cat fleet.yaml | ztm apply -f -"
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
