//! What can be typed: clap types only, a file per noun. Their doc comments are the help and the man pages.
//!
//! Nothing here reads the environment, a file or the network: see [`crate::settings`] for where values come from.

use clap::{Parser, Subcommand};

pub mod admin;
pub mod agent;
pub mod context;
pub mod demo;
pub mod down;
pub mod generate;
pub mod global;
pub mod inbox;
pub mod job;
pub mod listing;
pub mod node;
pub mod output;
pub mod pool;
pub mod quantity;
pub mod quota;
pub mod spend;
pub mod state;
pub mod status;
pub mod tenant;
pub mod top;
pub mod up;
pub mod webhook;
pub mod why;

/// The end of `ztm --help` and of ztm(1): what holds for every command.
const AFTER_HELP: &str = "\
Examples:
  ztm demo                     see all of it happen, in a temporary directory
  ztm up --detach              run the control plane in the background
  ztm tenant create alice --bot-token-file alice.token
  ztm tenant list -o json | jq '.tenants[].tenant_id'

Output:
  Standard output carries the data asked for and nothing else; with `-o json` it is one JSON
  document (lines of JSON where a command streams). Everything else goes to standard error,
  errors as JSON there if `-o json` or `-o yaml` was given. Nothing is paged.

Exit status:
  0    done
  1    it failed
  2    wrong usage, a value that is not acceptable, or `--yes` is needed
  3    not found
  4    not authenticated, or forbidden
  5    conflict: it exists already, has changed, or its state forbids this; a second `ztm up`
  6    not done in time
  7    a part is unavailable, or no control plane is running
  8    a limit is reached
  130  interrupted

Configuration:
  A flag goes before its environment variable, that before the context, that before the file
  `$XDG_CONFIG_HOME/ztm/config.toml` (`~/.config/ztm/config.toml`), that before the default.
  The file has the long flags' names with underscores: `state_dir`, `orchestrator_url`,
  `router_url`, `namespace`, `token_file`, `output`, `color`, `request_timeout`; a table `[up]`
  with the flags of `ztm up`; `current_context`; and a table `[contexts.NAME]` for each context.

Contexts:
  A context is one of four. With `orchestrator_url` (and `token_file`, `router_url`): a control
  plane elsewhere. With `cluster = true` (and `account`: ztm-viewer, ztm-operator or ztm-admin): one
  in a Kubernetes cluster, reached through its API server; a kubeconfig's context of that name does
  too. With `state_dir` alone: another one of this machine. With `drivers = \"aws\"`:
  stores that this program opens itself, wherever it runs. Then `tenants`, `inboxes`, `ledgers`
  (\"sqlite\", \"dynamodb\"), `jobs`, `wake_locks`, `endpoints`, `deadlines` (\"sqlite\", \"redis\"),
  `leaders` (those two, or \"kubernetes\"), `snapshots` (\"directory\", \"s3\") and `workloads`
  (\"processes\", \"kubernetes\": agents as pods) go before `drivers`;
  `key_file` names the keys that all who share the stores must have; and the servers have tables:
    [contexts.NAME.dynamodb]  endpoint, region, registry_table, inbox_table, ledger_table
    [contexts.NAME.redis]     url or url_file, username, password_file, ca_file, cluster,
                              namespace, partitions
    [contexts.NAME.s3]        bucket, endpoint, region, path_style
    [contexts.NAME.kubernetes] kubeconfig, context, namespace; and for agents as pods image,
                              image_pull_policy, agents_namespace, runtime_class, priority_class
                              (\"none\" for none), service_account, control_plane (host:port that
                              pods call), listen, cpu_request, cpu_limit, memory_request,
                              memory_limit, storage_limit, start_timeout, node_timeout
  DYNAMODB_ENDPOINT, DYNAMODB_TABLE (the registry), REDIS_ADDR, S3_BUCKET, ZTM_KUBE_CONTEXT,
  ZEROCLAW_IMAGE, KATA_RUNTIME_CLASS and K8S_NAMESPACE (the agents') go before them.
  Credentials of AWS are found where its tools find them; passwords stand in files of mode 0600.
  Paths that are not absolute begin beside the configuration file. With `readonly = true` in a
  context, `ztm top` only looks.";

/// Agents that look always-on, cost nothing while idle, and never lose a message
#[derive(Debug, Parser)]
#[command(
    name = "ztm",
    version,
    propagate_version = false,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true,
    after_long_help = AFTER_HELP,
    after_help = "Example:\n  ztm demo\n\n`ztm --help` says more: output, exit status, configuration."
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
pub enum Command {
    /// Run the whole control plane in this process, on this machine
    Up(Box<up::UpArgs>),
    /// Stop the control plane that `ztm up` runs
    Down(down::DownArgs),
    /// Watch the whole job happen on real parts, in a temporary directory
    Demo(demo::DemoArgs),
    /// Tenants: create, look at, change, wake, stop, delete
    #[command(subcommand, arg_required_else_help = true)]
    Tenant(tenant::TenantCommand),
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
    /// Watch the whole fleet, its queue and its money on one screen
    Top(top::TopArgs),
    /// Show the control plane in numbers
    Status(status::StatusArgs),
    /// Show the version of this command and of the control plane
    Version(status::VersionArgs),
    /// Run the small built-in agent
    #[command(hide = true)]
    Agent(agent::AgentArgs),
    /// Write the man pages or the completions
    #[command(subcommand, hide = true, arg_required_else_help = true)]
    Generate(generate::GenerateCommand),
}
