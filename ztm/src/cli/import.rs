//! `ztm import`.

use clap::Args;

use super::global::DryRun;

/// `ztm import`.
#[derive(Debug, Args)]
#[command(
    long_about = "Make tenants of the rows that the first control plane left in a table of DynamoDB\n\n`--from` is a context whose \
        stores are that table; the tenants are made in the context in use. Bots and idle timeouts come along; webhooks are \
        registered anew, and the bots answer from here then. The table is read and not changed. A tenant that is here already stays \
        as it is, so that a repeat finishes what was left.\n\nA context whose own registry is that table needs no import: its rows \
        are its tenants already.",
    after_help = "Examples:\n  ztm import --from old --dry-run\n  ztm import --from old --context production"
)]
pub struct ImportArgs {
    /// The context with the table
    #[arg(long, value_name = "NAME")]
    pub from: String,

    /// Show what would be made, and make nothing
    ///
    /// `--dry-run=server`, the one place where that can be seen, says the same.
    #[arg(long, value_name = "server", num_args = 0..=1, require_equals = true, default_missing_value = "server", hide_possible_values = true)]
    pub dry_run: Option<DryRun>,
}
