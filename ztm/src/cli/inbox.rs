//! `ztm inbox`.

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use libtenancy::inbox::Stage;

use super::{global::DryRunArgs, listing::ListingArgs};

/// The verbs of `ztm inbox`.
#[derive(Debug, Subcommand)]
pub enum InboxCommand {
    /// List stored updates
    #[command(
        alias = "ls",
        long_about = "List stored updates, by tenant, bot and update id; never their content",
        after_help = "Examples:\n  ztm inbox list\n  ztm inbox list alice --stage dead -o wide\n  ztm inbox list -w --stage dead"
    )]
    List(InboxListArgs),
    /// Deliver updates that were given up, or dropped, once more
    #[command(
        after_help = "Examples:\n  ztm inbox replay alice/123456/42\n  ztm inbox replay --all-dead --tenant alice"
    )]
    Replay(ReplayArgs),
    /// Throw updates away that have not been handled; asks first
    #[command(aliases = ["delete", "remove", "rm"], after_help = "Examples:\n  ztm inbox drop alice/123456/42\n  ztm inbox drop --yes alice/123456/42")]
    Drop(DropArgs),
}

/// `ztm inbox list`.
#[derive(Debug, Args)]
pub struct InboxListArgs {
    /// Only this tenant's
    #[arg(value_name = "TENANT")]
    pub tenant: Option<String>,

    /// Only those in this stage
    #[arg(long, value_name = "STAGE", value_parser = PossibleValuesParser::new(Stage::LABELS))]
    pub stage: Option<String>,

    /// Go on with each one that changes, until interrupted: a row, or a line of JSON; one that went with its tenant is
    /// `deleted`
    #[arg(long, short)]
    pub watch: bool,

    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// `ztm inbox replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The updates, as `ztm inbox list -o name` prints them: TENANT/BOT/UPDATE
    #[arg(value_name = "UPDATE", required_unless_present = "all_dead", conflicts_with = "all_dead")]
    pub updates: Vec<String>,

    /// All updates that were given up
    #[arg(long)]
    pub all_dead: bool,

    /// With `--all-dead`: only this tenant's
    #[arg(long, value_name = "TENANT", requires = "all_dead")]
    pub tenant: Option<String>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm inbox drop`.
#[derive(Debug, Args)]
pub struct DropArgs {
    /// The updates, as `ztm inbox list -o name` prints them: TENANT/BOT/UPDATE
    #[arg(value_name = "UPDATE", required = true)]
    pub updates: Vec<String>,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}
