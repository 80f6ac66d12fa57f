//! `ztm wait`.

use std::{str::FromStr, time::Duration};

use clap::Args;

use super::{quantity, tenant::WaitState};

/// Wait until a tenant is running, idle or deleted, or until a job is over
///
/// Ends at once, with an error, when that cannot happen any more by itself: the tenant does not exist, its wake failed, it
/// is suspended; the job is dead or was cancelled.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm wait tenant/alice --for running\n  \
    ztm wait job/alice.01k9zz5d7e8f9g0h1j2k3m4n5p --timeout 1h")]
pub struct WaitArgs {
    /// `tenant/TENANT` or `job/JOB`
    #[arg(value_name = "WHAT")]
    pub what: Awaited,

    /// What a tenant is waited to be; a job is waited to be over
    #[arg(long = "for", value_name = "STATE", value_enum)]
    pub state: Option<WaitState>,

    /// How long to wait [default: 5m; 10m for a job]
    #[arg(long, value_name = "TIME", value_parser = quantity::timeout)]
    pub timeout: Option<Duration>,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// A tenant, by its id.
    Tenant(String),
    /// A job, by its name.
    Job(String),
}

impl FromStr for Awaited {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some(("tenant" | "tenants", id)) if !id.is_empty() => Ok(Self::Tenant(id.to_owned())),
            Some(("job" | "jobs", id)) if !id.is_empty() => Ok(Self::Job(id.to_owned())),
            _ => Err("write `tenant/TENANT` or `job/JOB`".to_owned()),
        }
    }
}
