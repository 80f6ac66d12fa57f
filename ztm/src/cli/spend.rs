//! `ztm spend`.

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use libtenancy::{clock::Timestamp, spend::By};

use super::{listing::ListingArgs, output::Output, quantity};

/// The verbs of `ztm spend`.
#[derive(Debug, Subcommand)]
pub enum SpendCommand {
    /// Add up what was granted, used and kept waiting
    #[command(
        long_about = "Add up what was granted, used and kept waiting\n\nCredits are counted when a job or a message ends, times when \
            an agent stops; how long one that runs still has so far stands behind a plus (`running_now_s`). Under `--filter` the total \
            is that of the rows shown.\n\nIDLE is a part of RUNNING: how long an agent had had no work when it was stopped. SETTLED counts attempts \
            that were charged, not jobs: a job that was tried three times counts three times. MONEY is there if the control plane that \
            is asked, or the context, has a price of a credit (`price_per_credit`).",
        after_help = "Examples:\n  ztm spend report\n  ztm spend report --by day --tenant alice --from 30d -o csv"
    )]
    Report(ReportArgs),
    /// Prove from the ledger alone that no credit was made or lost; fails if one was
    #[command(
        long_about = "Prove from the ledger alone that no credit was made or lost; fails if one was\n\nAn account opens with its first use, and is granted its full bucket then: a tenant that was made, or made again, a moment ago has no row here, or that of its closed account, while `ztm quota get` shows what it will begin with. AVAILABLE is as of each account's last row: what was refilled or has expired since is booked with the next one.",
        after_help = "Examples:\n  ztm spend audit\n  ztm spend audit --tenant alice"
    )]
    Audit(AuditArgs),
    /// Write the ledger's rows in order: CSV, or a line of JSON each
    #[command(
        long_about = "Write the ledger's rows in order: CSV, or a line of JSON each\n\nWhat `label` and `quantity` mean is in `ztm help formatting`.",
        after_help = "Examples:\n  ztm spend export\n  ztm spend export --tenant alice --from 2026-11-01 -o json"
    )]
    Export(ExportArgs),
}

/// `ztm spend report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// What makes a line
    #[arg(long, value_name = "WHAT", default_value = "tenant", value_parser = PossibleValuesParser::new(By::LABELS))]
    pub by: String,

    /// Which rows
    #[command(flatten)]
    pub rows: RowArgs,

    /// A line for each tenant that `ztm bench` made, not one for all of them
    #[arg(long)]
    pub bench_tenants: bool,

    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// `ztm spend audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Only this tenant's books
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
}

/// `ztm spend export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Which rows
    #[command(flatten)]
    pub rows: RowArgs,

    /// At most so many rows: the first ones; what is left out is said
    #[arg(long, value_name = "N", value_parser = quantity::whole::<usize>(1, quantity::MANY))]
    pub limit: Option<usize>,

    /// How to write rows: `json` is a line each, `name` is PARTITION:SEQ [default: csv]
    #[arg(long, short, value_name = "FORMAT", overrides_with = "output",
        value_parser = formats(&["csv", "json", "name"]))]
    pub output: Option<Output>,
}

/// The formats of one command, where they are not those of all. The flag takes the place of the global one.
fn formats(names: &'static [&'static str]) -> impl TypedValueParser<Value = Output> {
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Output>())
}

/// Which rows of the ledger.
#[derive(Debug, Args)]
pub struct RowArgs {
    /// Only this tenant's
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,

    /// Not before: a date (its first moment, UTC), a time as RFC 3339 has it, or so long ago (`30d`)
    #[arg(long, value_name = "TIME", value_parser = quantity::past)]
    pub from: Option<Timestamp>,

    /// Before: the same; of a date the whole day counts
    #[arg(long, value_name = "TIME", value_parser = quantity::past_end)]
    pub to: Option<Timestamp>,
}
