//! `ztm logs`.

use clap::{Args, ValueEnum};
use libtenancy::{
    api::journal::{Level, Source},
    clock::Timestamp,
};

use super::quantity;

/// Show what is told of a tenant, by the control plane and by its agent, in one log
///
/// One line for each step: a message is stored by the router, wakes the agent, is answered; an order or a job likewise. The lines
/// of one message, order or job end with its id in brackets, wherever they were told. With `--follow` it goes on over stops,
/// wakes and restarts, of the control plane too. `ztm tenant logs` prints the agent's own log, as it is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm logs alice --tail 20\n  ztm logs alice -f --source agent\n  \
    ztm logs alice --since 1h --level warn")]
pub struct LogsArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// Go on with what is told, until interrupted
    #[arg(long, short)]
    pub follow: bool,

    /// How many of the last lines
    #[arg(long, value_name = "LINES", default_value_t = 200, value_parser = quantity::whole::<u32>(0, 10_000))]
    pub tail: u32,

    /// Only what was told since: a time of RFC 3339, or how long ago
    #[arg(long, value_name = "WHEN", value_parser = quantity::past)]
    pub since: Option<Timestamp>,

    /// Only what these told
    #[arg(long, value_name = "WHO", value_enum, value_delimiter = ',')]
    pub source: Vec<Who>,

    /// Only what is at least as grave; what has no such word counts as `info` [default: debug, which has the
    /// steps of each message]
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub level: Option<Gravity>,

    /// Only what was told of this message, order or job
    #[arg(long, value_name = "ID")]
    pub request: Option<String>,
}

/// Who tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each is the source of that name")]
pub enum Who {
    Router,
    Orchestrator,
    Worker,
    Agentd,
    Agent,
}

impl From<Who> for Source {
    fn from(who: Who) -> Self {
        match who {
            Who::Router => Self::Router,
            Who::Orchestrator => Self::Orchestrator,
            Who::Worker => Self::Worker,
            Who::Agentd => Self::Agentd,
            Who::Agent => Self::Agent,
        }
    }
}

/// How grave something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each is the level of that name")]
pub enum Gravity {
    Debug,
    Info,
    Warn,
    Error,
}

impl From<Gravity> for Level {
    fn from(gravity: Gravity) -> Self {
        match gravity {
            Gravity::Debug => Self::Debug,
            Gravity::Info => Self::Info,
            Gravity::Warn => Self::Warn,
            Gravity::Error => Self::Error,
        }
    }
}
