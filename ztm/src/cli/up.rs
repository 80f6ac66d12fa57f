//! `ztm up`.
#![expect(clippy::doc_markdown, reason = "help texts, where the names of variables stand bare")]

use std::{net::IpAddr, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use libtenancy::{credits::MicroCredits, demand::PoolSize};
use serde::Deserialize;

use super::quantity;

/// A part of a control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Everything but Telegram's way in.
    Orchestrator,
    /// Telegram's way in: it stores what arrives, and tells the orchestrators.
    Router,
}

/// Run the whole control plane in this process, on this machine
///
/// Orchestrator, router, deliveries, idle handling and the agents themselves, on the embedded drivers, until SIGINT
/// (Ctrl-C) or SIGTERM. Then turns in flight are finished, and agents are saved and stopped. A second signal ends it at once:
/// agents then live on, and the next `ztm up` takes them over; nothing that was acknowledged is lost. SIGUSR1 ends it in
/// order but leaves the agents running.
///
/// Prints where it listens once it does. Logs go to standard error; ZTM_LOG chooses what (`info`, `libtenancy=debug`);
/// with ZTM_LOG_FORMAT=json each line is an object.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[command(after_help = "Examples:\n  \
    ztm up\n  \
    ztm up --detach --warm 3 --public-url https://bots.example.com\n  \
    ztm --context prod up --only router\n  \
    ztm up --agent 'zeroclaw --config-dir {state} gateway --port {port}' --agent-template ./zeroclaw")]
pub struct UpArgs {
    /// The port of the orchestrator; 0 for any free one [default: 8080]
    #[arg(long, value_name = "PORT", value_parser = quantity::whole::<u16>(0, 65_535))]
    pub port: Option<u16>,

    /// The port of the router; 0 for any free one [default: 9090]
    #[arg(long, value_name = "PORT", value_parser = quantity::whole::<u16>(0, 65_535))]
    pub router_port: Option<u16>,

    /// The address the orchestrator listens on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<IpAddr>,

    /// The address the router listens on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub router_listen: Option<IpAddr>,

    /// The agent program and its arguments; no shell is involved [default: the built-in agent]
    ///
    /// Agents in pods run it in their image [default there: ZeroClaw]. `{port}`, `{state}` and `{tenant}` are replaced. It must answer `GET /health` and `POST /webhook {"message"}` on
    /// `127.0.0.1:{port}` and keep its state in `{state}`.
    #[arg(long, value_name = "COMMAND")]
    pub agent: Option<String>,

    /// A directory whose files are copied into a new agent's state directory
    ///
    /// `{port}`, `{state}` and `{tenant}` are replaced in text files.
    #[arg(long, value_name = "DIR")]
    pub agent_template: Option<PathBuf>,

    /// A directory of private files that every agent finds, mode 0600, in `{secrets}`
    ///
    /// They are read anew at every wake, are in no archive, and end with the agent. `{secrets}` is replaced where `{state}`
    /// is.
    #[arg(long, value_name = "DIR")]
    pub agent_secrets: Option<PathBuf>,

    /// An environment variable for agents, as NAME=VALUE; may be repeated; must be no secret
    #[arg(long, value_name = "NAME=VALUE")]
    pub agent_env: Vec<String>,

    /// How much memory an agent may use, where the system allows a limit; 0 for no limit [default: 512Mi]
    #[arg(long, value_name = "SIZE", value_parser = quantity::bytes)]
    #[serde(deserialize_with = "quantity::deserialize_bytes")]
    pub agent_memory: Option<u64>,

    /// How much of a processor an agent may use, in thousandths, where the system allows a limit [default: no limit]
    #[arg(long, value_name = "MILLICORES", value_parser = quantity::whole::<u32>(1, quantity::MANY))]
    pub agent_cpu: Option<u32>,

    /// How long an agent may take to become healthy [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = quantity::timeout)]
    #[serde(deserialize_with = "quantity::deserialize_time")]
    pub agent_ready_timeout: Option<Duration>,

    /// How long an agent may work on one message [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = quantity::timeout)]
    #[serde(deserialize_with = "quantity::deserialize_time")]
    pub agent_turn_timeout: Option<Duration>,

    /// How long an agent without work outlives a silent control plane, before it saves its state and ends [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = quantity::timeout)]
    #[serde(deserialize_with = "quantity::deserialize_time")]
    pub agent_orphan_timeout: Option<Duration>,

    /// How many agents without a tenant are kept ready: a number, or `1..20` for as many between these as the wakes of the last
    /// ten minutes would have needed. `ztm pool scale` overrides it [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = quantity::pool_range)]
    #[serde(deserialize_with = "quantity::deserialize_pool_range")]
    pub warm: Option<PoolSize>,

    /// How many agents may run at once; a message or a job beyond it waits, and an
    /// operator's wake is refused [default: 1000]
    #[arg(long, value_name = "COUNT", value_parser = quantity::whole::<usize>(0, quantity::MANY))]
    pub max_running: Option<usize>,

    /// How many wakes may be under way at once; a wake beyond it queues [default: 8]
    #[arg(long, value_name = "COUNT", value_parser = quantity::whole::<usize>(0, quantity::MANY))]
    pub max_waking: Option<usize>,

    /// How many messages of one tenant may wait; Telegram keeps the rest [default: 1000]
    #[arg(long, value_name = "COUNT", value_parser = quantity::whole::<u32>(1, quantity::MANY))]
    pub max_pending: Option<u32>,

    /// How often a running agent's changed state is saved [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = quantity::timeout)]
    #[serde(deserialize_with = "quantity::deserialize_time")]
    pub snapshot_interval: Option<Duration>,

    /// How often records and agents are compared without a cause [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = quantity::timeout)]
    #[serde(deserialize_with = "quantity::deserialize_time")]
    pub reconcile_interval: Option<Duration>,

    /// How long messages in work may take to finish when an agent is stopped [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = quantity::time)]
    #[serde(deserialize_with = "quantity::deserialize_time")]
    pub drain: Option<Duration>,

    /// Credits a second that a tenant without a quota of its own is refilled by [default: 1]
    #[arg(long, value_name = "CREDITS", value_parser = quantity::credits)]
    #[serde(deserialize_with = "quantity::deserialize_credits")]
    pub default_rate: Option<MicroCredits>,

    /// Up to where it is refilled, and what it begins with [default: 3600]
    #[arg(long, value_name = "CREDITS", value_parser = quantity::credits)]
    #[serde(deserialize_with = "quantity::deserialize_credits")]
    pub default_burst: Option<MicroCredits>,

    /// How many jobs may run at once, of all tenants; 0 for as many as workers take [default: 0]
    #[arg(long, value_name = "COUNT", value_parser = quantity::whole::<u32>(0, quantity::MANY))]
    pub job_capacity: Option<u32>,

    /// How many jobs this control plane runs at once itself; 0 if others do [default: 4]
    #[arg(long, value_name = "COUNT", value_parser = quantity::whole::<usize>(0, quantity::MANY))]
    pub workers: Option<usize>,

    /// Credits that a chat message holds until it is known what it used [default: 10]
    #[arg(long, value_name = "CREDITS", value_parser = quantity::credits)]
    #[serde(deserialize_with = "quantity::deserialize_credits")]
    pub turn_hold: Option<MicroCredits>,

    /// What one credit costs, for reports: a decimal number, of whatever currency [default: none]
    #[arg(long, value_name = "MONEY", value_parser = quantity::money)]
    #[serde(deserialize_with = "quantity::deserialize_money")]
    pub price_per_credit: Option<u64>,

    /// What machines cost: a table as `ztm admin prices` prints it [default: EC2's bare metal in us-east-1]
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,

    /// The Telegram Bot API [default: <https://api.telegram.org>]
    #[arg(long, value_name = "URL")]
    pub telegram_url: Option<String>,

    /// Accept a Telegram Bot API of your own that speaks plain HTTP on another machine
    ///
    /// Every bot's token can then be read by whoever sees the network in between.
    #[arg(long)]
    pub telegram_plain_http: bool,

    /// The router's URL as Telegram reaches it; without one no webhook is registered
    ///
    /// [env: ZTM_PUBLIC_URL, else ROUTER_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,

    /// Run one part alone, where others share the records: `orchestrator`, or `router` (which asks no cluster) [default: both]
    #[arg(long, value_name = "PART")]
    #[serde(skip)]
    pub only: Option<Part>,

    /// Run in the background; returns once it is ready, and says where the log is
    #[arg(long, short)]
    #[serde(skip)]
    pub detach: bool,

    /// This is the process in the background.
    #[arg(long, hide = true, overrides_with = "detach")]
    #[serde(skip)]
    pub detached: bool,
}
