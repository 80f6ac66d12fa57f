//! `ztm job`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, builder::PossibleValuesParser};
use libtenancy::{clock::Timestamp, credits::MicroCredits, jobs::JobState};

use super::{global::DryRunArgs, listing::ListingArgs, quantity};

/// The verbs of `ztm job`.
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// Give a tenant's agent a job; it is queued, paid for and run in its turn
    #[command(
        long_about = "Give a tenant's agent a job; it is queued, paid for and run in its turn\n\nThe job is stored before this returns. While it runs, its cost is held; what it used is \
            charged when it ends, and the rest goes back. A repeat with the same idempotency key is the same submission.",
        after_help = "Examples:\n  ztm job submit alice 'Summarise the week' --cost 30\n  \
            cat prompt.txt | ztm job submit alice - --cost 30 --wait\n  \
            ztm job submit alice report --cost 5 --in 2h --priority 8"
    )]
    Submit(SubmitArgs),
    /// Show a job and what came out
    #[command(
        long_about = "Show a job and what came out\n\nWhat its agent is told is shown too, until it succeeds. A long result is cut; `-o json` has all of it. Jobs that succeeded or were \
            cancelled can be read for a day, dead ones for a week.",
        after_help = "Examples:\n  ztm job get alice.01k9zz5d7e8f9g0h1j2k3m4n5p\n  \
            ztm job get alice.01k9zz5d7e8f9g0h1j2k3m4n5p -o json | jq -r .result\n  \
            ztm job get alice.01k9zz5d7e8f9g0h1j2k3m4n5p -w"
    )]
    Get(JobGetArgs),
    /// List jobs and where they stand, the newest first
    #[command(
        alias = "ls",
        long_about = "List jobs and where they stand, the newest first\n\n`-o wide` and `-o json` have the beginning \
        of what each one's agent is told, until it succeeds; what came out is shown by `ztm job get`.",
        after_help = "Examples:\n  ztm job list\n  ztm job list alice --status queued -o wide\n  ztm job list --limit 20\n  \
        ztm job list -w -o json | jq -r 'select(.status == \"dead\") | .job_id'"
    )]
    List(JobListArgs),
    /// Wait until jobs are over; fails if one did not succeed
    #[command(
        long_about = "Wait until jobs are over; fails if one did not succeed\n\nAll of them are waited for, and those that \
            ended are printed. The exit status is 0 if all succeeded, 6 if one did not end in time, 1 if one is dead or \
            was cancelled.",
        after_help = "Example:\n  ztm job wait alice.01k9zz5d7e8f9g0h1j2k3m4n5p --timeout 5m"
    )]
    Wait(JobWaitArgs),
    /// Call jobs off: at once if they wait, within 10 seconds if they run
    #[command(
        long_about = "Call jobs off: at once if they wait, within 10 seconds if they run\n\nA job that runs in the control \
            plane itself (`ztm up --workers`) ends within a second; one that a worker elsewhere has ends when that next renews \
            its lease, within 10 seconds. What it used until then is paid for; `ztm job get` shows how much.",
        after_help = "Example:\n  ztm job cancel alice.01k9zz5d7e8f9g0h1j2k3m4n5p"
    )]
    Cancel(JobsArgs),
    /// Put dead or cancelled jobs back into the queue, with all their attempts
    #[command(
        long_about = "Put dead or cancelled jobs back into the queue, with all their attempts\n\nThey run as soon as it is their turn, also those that were to wait for a time.",
        after_help = "Examples:\n  ztm job retry alice.01k9zz5d7e8f9g0h1j2k3m4n5p\n  ztm job retry --all-dead --tenant alice"
    )]
    Retry(JobRetryArgs),
    /// List the jobs that were given up; `ztm job get` says why
    #[command(after_help = "Examples:\n  ztm job dead\n  ztm job dead alice -o name")]
    Dead(DeadArgs),
}

/// `ztm job submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// Whose agent is to do it
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// What the agent is told; `-` reads it from standard input
    #[arg(value_name = "PROMPT", required_unless_present = "prompt_file", conflicts_with = "prompt_file")]
    pub prompt: Option<String>,

    /// A file with what the agent is told; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    pub prompt_file: Option<PathBuf>,

    /// Credits (GPU-seconds) that are held while it runs
    #[arg(long, value_name = "CREDITS", value_parser = quantity::credits, allow_negative_numbers = true)]
    pub cost: MicroCredits,

    /// Who of the tenant's it is for, a name of your own that the ledger shows [default: main]
    ///
    /// It chooses no program: a tenant has one agent, which does the job whatever the name is.
    #[arg(long, value_name = "AGENT")]
    pub agent: Option<String>,

    /// 0 to 9, higher first among the tenant's own jobs [default: 5]
    #[arg(long, value_name = "N", value_parser = quantity::whole::<u8>(0, 9))]
    pub priority: Option<u8>,

    /// How often it is tried [default: 3]
    #[arg(long, value_name = "N", value_parser = quantity::whole::<u32>(1, 25))]
    pub attempts: Option<u32>,

    /// Not before this time, as RFC 3339 has it, or this date (its first moment, UTC)
    #[arg(long, value_name = "TIME", value_parser = quantity::moment, conflicts_with = "delay")]
    pub at: Option<Timestamp>,

    /// Not before so much time has passed
    #[arg(long = "in", value_name = "TIME", value_parser = quantity::time)]
    pub delay: Option<Duration>,

    /// A repeat under the same key within a day is the same submission [default: a random one]
    ///
    /// Not with `--in`, which means another time with each repeat: give the time with `--at`. `--verbose` shows the
    /// random one.
    #[arg(long, value_name = "KEY", conflicts_with = "delay")]
    pub idempotency_key: Option<String>,

    /// Wait until it is over, and print what came out
    #[arg(long)]
    pub wait: bool,

    /// With `--wait`: how long
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = quantity::timeout, requires = "wait")]
    pub timeout: Duration,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm job get`.
#[derive(Debug, Args)]
pub struct JobGetArgs {
    /// The job: TENANT.SERIAL
    #[arg(value_name = "JOB")]
    pub job: String,

    /// Go on with each change of it until it is over: a row, or a line of JSON
    #[arg(long, short)]
    pub watch: bool,
}

/// Jobs.
#[derive(Debug, Args)]
pub struct JobsArgs {
    /// The jobs: TENANT.SERIAL
    #[arg(value_name = "JOB", required = true)]
    pub jobs: Vec<String>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm job list`.
#[derive(Debug, Args)]
pub struct JobListArgs {
    /// Only this tenant's
    #[arg(value_name = "TENANT")]
    pub tenant: Option<String>,

    /// Only those that are this
    #[arg(long, value_name = "STATUS", value_parser = PossibleValuesParser::new(JobState::LABELS))]
    pub status: Option<String>,

    /// Go on with each one that changes, until interrupted: a row, or a line of JSON; one that went with its tenant is
    /// `deleted`
    #[arg(long, short)]
    pub watch: bool,

    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// `ztm job wait`.
#[derive(Debug, Args)]
pub struct JobWaitArgs {
    /// The jobs: TENANT.SERIAL
    #[arg(value_name = "JOB", required = true)]
    pub jobs: Vec<String>,

    /// How long
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = quantity::timeout)]
    pub timeout: Duration,
}

/// `ztm job retry`.
#[derive(Debug, Args)]
pub struct JobRetryArgs {
    /// The jobs: TENANT.SERIAL
    #[arg(value_name = "JOB", required_unless_present = "all_dead", conflicts_with = "all_dead")]
    pub jobs: Vec<String>,

    /// All jobs that were given up
    #[arg(long)]
    pub all_dead: bool,

    /// With `--all-dead`: only this tenant's
    #[arg(long, value_name = "TENANT", requires = "all_dead")]
    pub tenant: Option<String>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm job dead`.
#[derive(Debug, Args)]
pub struct DeadArgs {
    /// Only this tenant's
    #[arg(value_name = "TENANT")]
    pub tenant: Option<String>,

    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}
