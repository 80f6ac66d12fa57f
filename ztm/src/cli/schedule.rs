//! `ztm schedule`.

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use libtenancy::{credits::MicroCredits, jobs::AgentId, schedule::CatchUp};

use super::{global::DryRunArgs, listing::ListingArgs, quantity};

/// The verbs of `ztm schedule`.
#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// Set what a tenant's agent is told, or does, at certain times
    #[command(
        long_about = "Set what a tenant's agent is told, or does, at certain times\n\nA message is what the agent is told as if it stood \
            in the chat, which gets the answer; a job is submitted. Either wakes a sleeping agent. One that is there under this \
            name is replaced.\n\nThe pattern is that of crontab(5): minute, hour, day of the month, month, day of the week, or \
            @hourly, @daily, @weekly, @monthly, @yearly.",
        after_help = "Examples:\n  ztm schedule set alice morning --cron '0 9 * * MON-FRI' --message 'What is on?' --chat 4711\n  \
            ztm schedule set alice report --cron @weekly --time-zone Europe/Berlin --job 'Write it.' --cost 120"
    )]
    Set(Box<ScheduleSetArgs>),
    /// List all schedules, or a tenant's, with when they fire next
    #[command(
        alias = "ls",
        after_help = "Examples:\n  ztm schedule list\n  ztm schedule list alice -o json\n  \
        ztm schedule list --sort-by next_at"
    )]
    List(ScheduleListArgs),
    /// Show one schedule
    #[command(after_help = "Examples:\n  ztm schedule get alice morning -o yaml\n  ztm schedule get alice/morning")]
    Get(ScheduleArgs),
    /// Have a schedule fire no more until it is resumed
    #[command(
        after_help = "Examples:\n  ztm schedule pause alice morning\n  ztm schedule list alice -o name | xargs ztm schedule pause"
    )]
    Pause(ScheduleOrderArgs),
    /// Have a paused schedule fire again; what it missed is made up for as its `--catch-up` says
    #[command(after_help = "Example:\n  ztm schedule resume alice morning")]
    Resume(ScheduleOrderArgs),
    /// Fire a schedule once, now; when it fires next stays as it is
    #[command(
        long_about = "Fire a schedule once, now; when it fires next stays as it is\n\nA paused one is fired too. While its tenant is \
            suspended by an operator it is refused.",
        after_help = "Examples:\n  ztm schedule run alice morning\n  ztm schedule run alice report -o json | jq -r .job_id"
    )]
    Run(ScheduleOrderArgs),
    /// Delete a schedule; asks first
    #[command(aliases = ["remove", "rm"], after_help = "Example:\n  ztm schedule delete alice morning --yes")]
    Delete(ScheduleDeleteArgs),
}

/// Which schedule.
#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// The tenant, or the schedule as `TENANT/SCHEDULE`
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// The schedule's name
    #[arg(value_name = "SCHEDULE")]
    pub schedule: Option<String>,
}

/// Which schedules.
#[derive(Debug, Args)]
pub struct SchedulesArgs {
    /// The tenant, or a schedule as `TENANT/SCHEDULE`
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// The schedule's name; after a `TENANT/SCHEDULE`, more of those
    #[arg(value_name = "SCHEDULE")]
    pub schedules: Vec<String>,
}

/// `ztm schedule pause`, `resume` and `run`.
#[derive(Debug, Args)]
pub struct ScheduleOrderArgs {
    /// Which ones.
    #[command(flatten)]
    pub which: SchedulesArgs,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm schedule delete`.
#[derive(Debug, Args)]
pub struct ScheduleDeleteArgs {
    /// Which ones.
    #[command(flatten)]
    pub which: SchedulesArgs,

    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm schedule list`.
#[derive(Debug, Args)]
pub struct ScheduleListArgs {
    /// Only this tenant's
    #[arg(value_name = "TENANT")]
    pub tenant: Option<String>,

    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// `ztm schedule set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct ScheduleSetArgs {
    /// Which one: up to 40 lower-case letters, digits and inner hyphens
    #[command(flatten)]
    pub which: ScheduleArgs,

    /// When, as in crontab(5): '0 9 * * MON-FRI'
    #[arg(long, value_name = "PATTERN")]
    pub cron: String,

    /// Whose clock on the wall the pattern means, as in Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: String,

    /// Tell the agent this, as if it stood in the chat
    #[arg(long, value_name = "TEXT", group = "what", requires = "chat")]
    pub message: Option<String>,

    /// With `--message`: the chat that gets the answer
    #[arg(long, value_name = "ID", value_parser = quantity::whole::<i64>(i64::MIN, i64::MAX), allow_negative_numbers = true, requires = "message", conflicts_with = "job")]
    pub chat: Option<i64>,

    /// Submit a job with this prompt
    #[arg(long, value_name = "PROMPT", group = "what", requires = "cost")]
    pub job: Option<String>,

    /// With `--job`: credits (GPU-seconds) that are held for it
    #[arg(long, value_name = "CREDITS", value_parser = quantity::credits, requires = "job", conflicts_with = "message", allow_negative_numbers = true)]
    pub cost: Option<MicroCredits>,

    /// With `--job`: which of the tenant's agents it is for
    #[arg(long, value_name = "AGENT", requires = "job")]
    pub agent: Option<AgentId>,

    /// What becomes of times at which no control plane ran, or the tenant was suspended
    ///
    /// `once` makes up for the latest of them, `all` for each (the latest hundred), `skip` for none.
    #[arg(long, value_name = "POLICY", default_value = "once", value_parser = PossibleValuesParser::new(CatchUp::LABELS))]
    pub catch_up: String,

    /// Set it, and have it fire only once it is resumed
    #[arg(long)]
    pub paused: bool,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}
