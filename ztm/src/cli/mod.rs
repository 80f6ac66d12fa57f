//! What can be typed: clap types only, a file per noun. Their doc comments are the help and the man pages.
//!
//! Nothing here reads the environment, a file or the network: see [`crate::settings`] for where values come from.

use clap::{Parser, Subcommand};

pub mod admin;
pub mod agent;
pub mod apply;
pub mod bench;
pub mod brief;
pub mod completion;
pub mod config;
pub mod context;
pub mod demo;
pub mod doctor;
pub mod down;
pub mod events;
pub mod exec;
pub mod generate;
pub mod global;
pub mod help;
pub mod import;
pub mod inbox;
pub mod job;
pub mod listing;
pub mod logs;
pub mod node;
pub mod output;
pub mod pool;
pub mod quantity;
pub mod quota;
pub mod schedule;
pub mod spend;
pub mod state;
pub mod status;
pub mod tenant;
pub mod top;
pub mod up;
pub mod wait;
pub mod webhook;
pub mod why;

/// The end of `ztm --help` and of ztm(1).
const AFTER_HELP: &str = "\
Examples:
  ztm demo                     see all of it happen, in a temporary directory
  ztm up --detach              run the control plane in the background
  ztm tenant create alice --bot-token-file alice.token
  ztm tenant list -o json | jq '.tenants[].tenant_id'

What holds for every command:
  ztm help formatting          what is printed where, and in which formats
  ztm help exit-codes          what the exit status says
  ztm help environment         the variables that are heeded
  ztm help contexts            the configuration file, and whose control plane is meant
  ztm help manifests           the files of `ztm apply`, and which flag is which field";

/// Agents that look always-on, cost nothing while idle, and never lose a message
#[derive(Debug, Parser)]
#[command(
    name = "ztm",
    version,
    propagate_version = false,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    after_long_help = AFTER_HELP,
    after_help = "Example:\n  ztm demo\n\n`ztm --help` and `ztm help TOPIC` say more."
)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: global::GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The nouns, and the verbs that need none.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "the help of a command without a line here is what its arguments say")]
pub enum Command {
    Up(Box<up::UpArgs>),
    Down(down::DownArgs),
    Demo(demo::DemoArgs),
    Bench(bench::BenchArgs),
    /// Tenants: create, look at, change, wake, stop, delete
    #[command(subcommand, arg_required_else_help = true)]
    Tenant(tenant::TenantCommand),
    /// Make tenants, quotas and schedules be as files say
    Apply(apply::ApplyArgs),
    /// Show what stands between files and what there is
    Diff(apply::DiffArgs),
    /// Write what there is as a file for `ztm apply`
    Export(apply::ExportArgs),
    /// Make tenants of the rows that the first control plane left in a table of DynamoDB
    Import(import::ImportArgs),
    /// Run a command beside a tenant's agent, which is woken first
    Exec(exec::ExecArgs),
    /// Open a shell beside a tenant's agent, which is woken first
    Shell(exec::ShellArgs),
    /// The webhooks through which Telegram delivers
    #[command(subcommand, arg_required_else_help = true)]
    Webhook(webhook::WebhookCommand),
    /// The stored messages: what waits, what was given up
    #[command(subcommand, arg_required_else_help = true)]
    Inbox(inbox::InboxCommand),
    /// Jobs: submit, look at, wait for, call off, put back
    #[command(subcommand, arg_required_else_help = true)]
    Job(job::JobCommand),
    /// What tenants may use: credits, shares, budgets, grants
    #[command(subcommand, arg_required_else_help = true)]
    Quota(quota::QuotaCommand),
    /// Schedules: what agents are told, or do, at certain times
    #[command(subcommand, arg_required_else_help = true)]
    Schedule(schedule::ScheduleCommand),
    /// What was used: report, audit, the ledger itself
    #[command(subcommand, arg_required_else_help = true)]
    Spend(spend::SpendCommand),
    /// Explain why something waits, was refused or stopped, in the numbers that were compared
    #[command(subcommand, arg_required_else_help = true)]
    Why(why::WhyCommand),
    /// The machines that agents run on, and what they cost
    #[command(subcommand, arg_required_else_help = true)]
    Node(node::NodeCommand),
    /// The warm pool: agents that are ready for whoever wakes next
    #[command(subcommand, arg_required_else_help = true)]
    Pool(pool::PoolCommand),
    /// What the stores of a context need before their first use
    #[command(subcommand, arg_required_else_help = true)]
    Admin(admin::AdminCommand),
    /// Contexts: which control plane, or whose stores, the commands mean
    #[command(subcommand, arg_required_else_help = true)]
    Context(context::ContextCommand),
    Events(events::EventsArgs),
    Logs(logs::LogsArgs),
    /// The settings in force, and who says them
    #[command(subcommand, arg_required_else_help = true)]
    Config(config::ConfigCommand),
    Top(top::TopArgs),
    Wait(wait::WaitArgs),
    Doctor(doctor::DoctorArgs),
    Status(status::StatusArgs),
    Version(status::VersionArgs),
    Completion(completion::CompletionArgs),
    /// Explain a command, or what holds for all: formatting, exit-codes, environment, contexts
    #[command(after_help = "Examples:\n  ztm help tenant create\n  ztm help exit-codes")]
    Help(help::HelpArgs),
    #[command(hide = true)]
    Agent(agent::AgentArgs),
    /// Write the man pages or the completions
    #[command(subcommand, hide = true, arg_required_else_help = true)]
    Generate(generate::GenerateCommand),
}
