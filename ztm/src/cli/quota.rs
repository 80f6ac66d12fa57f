//! `ztm quota`.

use clap::{Args, Subcommand};
use libtenancy::credits::MicroCredits;

use super::{global::DryRunArgs, listing::ListingArgs, quantity, quantity::Expiry};

/// The verbs of `ztm quota`.
#[derive(Debug, Subcommand)]
pub enum QuotaCommand {
    /// Show what a tenant may use, and what it has
    #[command(
        long_about = "Show what a tenant may use, and what it has\n\nWhat was held and not used goes back into the bucket, which may then have more than `--burst`: it was the tenant's before it was held. It does not refill until it is below. An account opens with its first use; until then this is what it will begin with.",
        after_help = "Example:\n  ztm quota get alice"
    )]
    Get(QuotaGetArgs),
    /// List what the tenants may use, and what they have
    #[command(
        alias = "ls",
        long_about = "List what the tenants may use, and what they have\n\nA row for each tenant whose quota was set or used; \
            all others have what `ztm quota get` shows of them.",
        after_help = "Examples:\n  ztm quota list -o wide\n  ztm quota list --sort-by -budget_spent --limit 10\n  \
            ztm quota list --filter standing=budget -o name"
    )]
    List(QuotaListArgs),
    /// Change what a tenant may use
    #[command(
        long_about = "Change what a tenant may use\n\nWhat is not named stays. Credits are GPU-seconds. A bucket refills by `--rate` a second up to \
            `--burst`; a refund may lift it over that for a while, and it does not refill until it is below. A budget limits what is spent in a period of the UTC calendar: at 80 % the chat is told, at 100 % a hard one suspends \
            the tenant until the next period or a grant.",
        after_help = "Examples:\n  ztm quota set alice --rate 0.5 --burst 1800\n  ztm quota set alice --budget 5000/month\n  \
            ztm quota set alice --budget-money 20.00/month --price 0.004\n  ztm quota set alice --weight 200 --max-running 4"
    )]
    Set(QuotaSetArgs),
    /// Grant credits beside the bucket; a tenant that is suspended for want of them resumes
    #[command(
        after_help = "Examples:\n  ztm quota grant alice 500\n  ztm quota grant alice 500 --expires 30d --name november"
    )]
    Grant(GrantArgs),
    /// Take back what is left of granted credits
    #[command(
        long_about = "Take back what is left of granted credits\n\nUp to CREDITS of what grants left is gone, of the grant that expires \
            last first, and widens the budget no more. What is used or held stays so, and what the bucket has.",
        after_help = "Examples:\n  ztm quota revoke alice 500\n  ztm quota revoke alice 500 --name mistake-1"
    )]
    Revoke(RevokeArgs),
}

/// `ztm quota get`.
#[derive(Debug, Args)]
pub struct QuotaGetArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,
}

/// `ztm quota list`.
#[derive(Debug, Args)]
pub struct QuotaListArgs {
    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// `ztm quota set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub struct QuotaSetArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// Credits a second that the bucket refills by, at most 8000
    #[arg(long, value_name = "CREDITS", value_parser = quantity::credits, allow_negative_numbers = true, group = "change")]
    pub rate: Option<MicroCredits>,

    /// Up to where the bucket refills; what a lower one no longer holds is gone
    #[arg(long, value_name = "CREDITS", value_parser = quantity::credits, allow_negative_numbers = true, group = "change")]
    pub burst: Option<MicroCredits>,

    /// The share of capacity relative to others; 100 is the usual one
    #[arg(long, value_name = "N", value_parser = quantity::whole::<u32>(1, 10_000), group = "change")]
    pub weight: Option<u32>,

    /// Jobs at once
    #[arg(long, value_name = "N", value_parser = quantity::whole::<u32>(1, 1_000_000), group = "change")]
    pub max_running: Option<u32>,

    /// Credits that may be spent in every period: CREDITS/day, /week or /month
    #[arg(long, value_name = "CREDITS/PERIOD", allow_hyphen_values = true, group = "change", conflicts_with_all = ["budget_money", "no_budget"])]
    pub budget: Option<String>,

    /// Money that may be spent in every period; needs `--price`
    #[arg(
        long,
        value_name = "MONEY/PERIOD",
        allow_hyphen_values = true,
        group = "change",
        requires = "price",
        conflicts_with = "no_budget"
    )]
    pub budget_money: Option<String>,

    /// With `--budget-money`: what one credit costs
    #[arg(long, value_name = "MONEY", value_parser = quantity::money, requires = "budget_money")]
    pub price: Option<u64>,

    /// The budget only warns
    #[arg(long)]
    pub soft: bool,

    /// Remove the budget
    #[arg(long, group = "change")]
    pub no_budget: bool,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm quota grant`.
#[derive(Debug, Args)]
pub struct GrantArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// How many credits
    #[arg(value_name = "CREDITS", value_parser = quantity::credits, allow_negative_numbers = true)]
    pub credits: MicroCredits,

    /// When what is left of them is gone: in so long (`30d`), on a date (its first moment, UTC) or at a time as RFC 3339 has
    /// it [default: never]
    #[arg(long, value_name = "TIME", value_parser = quantity::expiry)]
    pub expires: Option<Expiry>,

    /// A repeat under the same name grants nothing more [default: a random one]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm quota revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// How many credits at most
    #[arg(value_name = "CREDITS", value_parser = quantity::credits, allow_negative_numbers = true)]
    pub credits: MicroCredits,

    /// A repeat under the same name takes nothing more [default: a random one]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}
