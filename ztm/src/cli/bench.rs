//! `ztm bench`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::quantity;

/// The most tenants that are made.
pub const MAX_TENANTS: usize = 100;

/// The most operations at once.
pub const MAX_CONCURRENCY: usize = 64;

/// How long may be measured.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_hours(1);

/// Something that can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Measure {
    /// Waking: from the request to an agent that answers, cold and warm apart, and stopping
    Wake,
    /// Jobs: from the submission to the end
    Job,
    /// Reading: one tenant, and a page of the list
    Read,
    /// Events: from a change to the feed telling of it
    Event,
    /// Sessions beside an agent: from the request to the end of a command
    Exec,
}

impl Measure {
    /// All, in the order in which they are measured.
    pub const ALL: [Self; 5] = [Self::Wake, Self::Job, Self::Read, Self::Event, Self::Exec];

    /// Its word.
    pub fn label(self) -> &'static str {
        match self {
            Self::Wake => "wake",
            Self::Job => "job",
            Self::Read => "read",
            Self::Event => "event",
            Self::Exec => "exec",
        }
    }
}

/// Measure the control plane that the context means, with tenants of its own
///
/// Makes tenants called `bench-RUN-NUMBER` with the label `ztm-bench`, measures with these, and removes them, also when it fails
/// or is interrupted. No other tenant is touched; they share the machine, the workers and the warm pool with it while it runs.
/// What a killed run has left is removed by the next one. Says before what it will do and what that may cost, and asks, unless
/// the control plane is the embedded one of this machine.
///
/// In the same run a bare HTTP round trip (`GET /healthz`) is measured, and one fdatasync in the state directory where that is
/// on this machine: what the rest is, in multiples of these, can be compared between machines. Fails if an operation did.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm bench\n  ztm bench --only wake --count 50 -o json\n  \
    ztm bench --dry-run --context production")]
pub struct BenchArgs {
    /// How many tenants, at most 100: so many agents may run at once
    #[arg(long, value_name = "COUNT", default_value = "4", value_parser = tenants)]
    pub tenants: usize,

    /// How long is measured in all, each thing as long as the others: 1s to 1h
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub duration: Duration,

    /// Measure each thing so often instead, for ten minutes at most
    #[arg(long, value_name = "COUNT", conflicts_with = "duration", value_parser = quantity::whole::<u64>(1, 100_000))]
    pub count: Option<u64>,

    /// How many operations are under way at once, at most 64
    #[arg(long, value_name = "COUNT", default_value = "4", value_parser = concurrency)]
    pub concurrency: usize,

    /// Only these, with commas between them [default: all]
    #[arg(long, value_name = "MEASURE", value_enum, value_delimiter = ',')]
    pub only: Vec<Measure>,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}

fn tenants(text: &str) -> Result<usize, String> {
    bounded(text, MAX_TENANTS, "tenants")
}

fn concurrency(text: &str) -> Result<usize, String> {
    bounded(text, MAX_CONCURRENCY, "operations at once")
}

fn bounded(text: &str, most: usize, what: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=most).contains(&count) => Ok(count),
        _ => Err(format!("it must be 1 to {most} {what}")),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    match quantity::time(text)? {
        time if (SHORTEST..=LONGEST).contains(&time) => Ok(time),
        _ => Err("it must be 1s to 1h".to_owned()),
    }
}
