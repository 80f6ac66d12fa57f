//! `ztm tenant`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum, builder::PossibleValuesParser};
use libtenancy::{
    labels::{LabelChange, Labels, Selector},
    secret::Secret,
    tenant::Status,
};

use super::{global::DryRunArgs, listing::ListingArgs, quantity, state::StateCommand};

/// The verbs of `ztm tenant`.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Create a tenant
    #[command(
        long_about = "Create a tenant\n\nIt costs nothing until its first message. With a bot, and if the control plane knows \
            its public URL, the webhook is registered too.",
        after_help = "Examples:\n  ztm tenant create alice --bot-token-file alice.token\n  \
            pass show bots/alice | ztm tenant create alice --bot-token-file - --idle-timeout 1h\n  \
            ztm tenant create alice --bot-token      (asks for it)\n  \
            ztm tenant create alice --label team=red --label env=prod"
    )]
    Create(CreateArgs),
    /// List all tenants
    #[command(
        alias = "ls",
        after_help = "Examples:\n  ztm tenant list\n  ztm tenant list --status running -o wide\n  \
        ztm tenant list --selector team=red,env!=prod\n  \
        ztm tenant list -w -o json | jq -r '.tenant_id + \" \" + .status'"
    )]
    List(ListArgs),
    /// Show a tenant, or several
    #[command(after_help = "Examples:\n  ztm tenant get alice -o json\n  ztm tenant get alice bob")]
    Get(TenantsArgs),
    /// Change a tenant's bot, idle timeout or labels
    #[command(after_help = "Examples:\n  ztm tenant update alice --idle-timeout 1800\n  \
        ztm tenant update alice --bot-token-file new.token\n  \
        ztm tenant update alice --label team=blue --label env-")]
    Update(UpdateArgs),
    /// Delete a tenant; asks first
    #[command(aliases = ["remove", "rm"], 
        long_about = "Delete a tenant; asks first\n\nThe agent is stopped, the webhook removed, and the record and the messages that \
            wait are deleted. What the agent remembers (its state and snapshots) is kept, and a tenant created later \
            under the same id gets it back, unless `--purge` destroys it too. So are the lines of `ztm logs`. What happened to it \
            (`ztm events`) and what it spent stay known for as long as they are kept.",
        after_help = "Examples:\n  ztm tenant delete alice\n  ztm tenant delete alice bob\n  ztm tenant delete alice --purge --yes"
    )]
    Delete(DeleteArgs),
    /// Wake a tenant's agent, and wait until it answers
    #[command(after_help = "Examples:\n  ztm tenant wake alice\n  ztm tenant wake alice bob")]
    Wake(TenantsOrderArgs),
    /// Save and stop a tenant's agent; the next message wakes it again
    #[command(
        long_about = "Save and stop a tenant's agent; the next message wakes it again\n\nThe agent finishes what it has in hand \
            (`ztm up --drain` says for how long), and its state is saved. `--force` is for one that hangs: it is killed, also \
            while it drains. No message and no paid work is lost by that: what it had in hand goes back as after a crash. What it \
            remembers is what it has written on this machine; of a pod, what was saved last.",
        after_help = "Examples:\n  ztm tenant stop alice\n  ztm tenant stop alice bob --timeout 5s\n  \
            ztm tenant stop alice --force"
    )]
    Stop(StopArgs),
    /// Suspend a tenant: its agent is stopped, and its messages wait until it is resumed
    #[command(
        long_about = "Suspend a tenant: its agent is stopped, and its messages wait until it is resumed\n\nIt wakes for nobody, and \
            nobody is told. A grant or the next period of its budget does not end it: `ztm tenant resume` does. Of one who is \
            suspended already, the reason is replaced.",
        after_help = "Examples:\n  ztm tenant suspend alice --reason 'unpaid since October'\n  \
            ztm tenant suspend alice bob --reason maintenance"
    )]
    Suspend(SuspendArgs),
    /// End a tenant's suspension; what waits goes on
    #[command(
        long_about = "End a tenant's suspension; what waits goes on\n\nOne for want of budget ends as soon as a message can be paid \
            for: with a grant, a wider quota or the next period. Until then this is refused.",
        after_help = "Examples:\n  ztm tenant resume alice\n  ztm tenant resume alice bob"
    )]
    Resume(TenantsOrderArgs),
    /// Save the state of a tenant's running agent now
    #[command(
        long_about = "Save the state of a tenant's running agent now\n\nA running agent whose state changes is saved every \
            snapshot interval, and when it stops; this does not wait for that.",
        after_help = "Examples:\n  ztm tenant snapshot alice\n  ztm tenant snapshot alice bob"
    )]
    Snapshot(TenantsOrderArgs),
    /// What a tenant's agent remembers: archives, damage, copies
    #[command(subcommand, arg_required_else_help = true)]
    State(StateCommand),
    /// Wait until a tenant is running, idle or deleted
    #[command(
        long_about = "Wait until a tenant is running, idle or deleted\n\nEnds at once, with an error, when that cannot \
            happen any more by itself: the tenant does not exist, its wake failed, it is suspended.",
        after_help = "Examples:\n  ztm tenant wait alice --for running\n  ztm tenant wait alice --for deleted --timeout 5m"
    )]
    Wait(WaitArgs),
    /// Print the log of a tenant's agent
    #[command(after_help = "Examples:\n  ztm tenant logs alice --tail 20\n  ztm tenant logs alice -f")]
    Logs(LogsArgs),
}

#[expect(clippy::unnecessary_wraps, reason = "the shape of a value parser")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

/// `name=value`, or `name-`.
fn label(text: &str) -> Result<(String, Option<String>), String> {
    let label = match (text.split_once('='), text.strip_suffix('-')) {
        (Some((name, value)), _) => (name.to_owned(), Some(value.to_owned())),
        (None, Some(name)) => (name.to_owned(), None),
        (None, None) => return Err(format!("`{text}` is not a label: write `name=value`, or `name-` to remove one")),
    };
    // Whether there are too many is seen when they are put together.
    let checked = LabelChange::from([(label.0.clone(), Some(label.1.clone().unwrap_or_default()))]);
    Labels::default().changed(&checked).map(|_| label).map_err(|error| error.to_string())
}

/// A label that a new tenant gets.
fn first_label(text: &str) -> Result<(String, Option<String>), String> {
    match label(text)? {
        (name, None) => Err(format!("`{name}-` takes a label away, and a new tenant has none: write `{name}=value`")),
        label => Ok(label),
    }
}

/// Which labels, checked.
pub(super) fn selector(text: &str) -> Result<String, String> {
    text.parse::<Selector>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Which tenant.
#[derive(Debug, Args)]
pub struct TenantArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,
}

/// Which tenants.
#[derive(Debug, Args)]
pub struct TenantsArgs {
    /// The tenants
    #[arg(value_name = "TENANT", required = true)]
    pub tenants: Vec<String>,
}

/// What is to be done to which tenants.
#[derive(Debug, Args)]
pub struct TenantsOrderArgs {
    /// The tenants; one that fails does not keep the others from it
    #[arg(value_name = "TENANT", required = true)]
    pub tenants: Vec<String>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm tenant stop`.
#[derive(Debug, Args)]
pub struct StopArgs {
    /// The tenants; one that fails does not keep the others from it
    #[arg(value_name = "TENANT", required = true)]
    pub tenants: Vec<String>,

    /// End the agent at once: nothing is waited for or saved
    #[arg(long, conflicts_with = "timeout")]
    pub force: bool,

    /// How long the agent may take to finish what it has in hand, at most 1h [default: as `ztm up --drain` says]
    #[arg(long, value_name = "TIME", value_parser = quantity::time)]
    pub timeout: Option<Duration>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm tenant suspend`.
#[derive(Debug, Args)]
pub struct SuspendArgs {
    /// The tenants; one that fails does not keep the others from it
    #[arg(value_name = "TENANT", required = true)]
    pub tenants: Vec<String>,

    /// Why, for whoever looks: a line of at most 256 bytes
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// The ways to give a bot's token.
#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub struct BotTokenArgs {
    /// A file with the bot's token; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    pub bot_token_file: Option<PathBuf>,

    /// Ask for the bot's token on the terminal, without showing it
    ///
    /// A value after it is taken too, with a warning: other users of the machine see the arguments of a command, and
    /// the shell remembers them.
    #[arg(long, value_name = "TOKEN", num_args = 0..=1, default_missing_value = "", value_parser = secret)]
    pub bot_token: Option<Secret>,
}

/// `ztm tenant create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The new tenant: up to 40 lower-case letters, digits and inner hyphens
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// The bot's token; prefer `--bot-token-file`, since other users of the machine see the arguments of a command
    #[arg(value_name = "TOKEN", conflicts_with_all = ["bot_token", "bot_token_file"], value_parser = secret)]
    pub token: Option<Secret>,

    /// How to give the token.
    #[command(flatten)]
    pub bot: BotTokenArgs,

    /// How long an agent without work is kept: seconds, or with a unit (30m) [default: 300]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = quantity::seconds)]
    pub idle_timeout: Option<i64>,

    /// Say something of it: `name=value`; may be given 16 times
    #[arg(long, value_name = "LABEL", value_parser = first_label)]
    pub label: Vec<(String, Option<String>)>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm tenant list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those of this status, or that are suspended, whatever their status
    #[arg(long, value_name = "STATUS", value_parser = PossibleValuesParser::new(Status::LISTED_BY))]
    pub status: Option<String>,

    /// Only those whose labels are like this: parts with commas between them, `name=value`, `name!=value`,
    /// `name in (a,b)`, `name notin (a,b)`, `name`, `!name`
    #[arg(alias = "label", long, short = 'l', value_name = "SELECTOR", value_parser = selector)]
    pub selector: Option<String>,

    /// Go on with each one that changes, until interrupted: a row, or a line of JSON; one that is gone is `deleted`
    #[arg(long, short)]
    pub watch: bool,

    /// Which rows, in which order.
    #[command(flatten)]
    pub listing: ListingArgs,
}

/// `ztm tenant update`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").args(["bot_token", "bot_token_file", "idle_timeout", "label"]).required(true).multiple(true)))]
pub struct UpdateArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// How to give the token.
    #[command(flatten)]
    pub bot: BotTokenArgs,

    /// How long an agent without work is kept: seconds, or with a unit (30m)
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = quantity::seconds)]
    pub idle_timeout: Option<i64>,

    /// Say something of it: `name=value`, or `name-` to say it no more; may be given several times
    #[arg(long, value_name = "LABEL", value_parser = label)]
    pub label: Vec<(String, Option<String>)>,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm tenant delete`.
#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// The tenants; one that fails does not keep the others from it
    #[arg(value_name = "TENANT", required = true)]
    pub tenants: Vec<String>,

    /// Keep what the agent remembers (this is the default)
    #[arg(long, conflicts_with = "purge")]
    pub keep_state: bool,

    /// Destroy what the agent remembers too: its state, all snapshots, its log, and the lines of
    /// `ztm logs`
    #[arg(long)]
    pub purge: bool,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,

    /// Whether it is only rehearsed.
    #[command(flatten)]
    pub dry_run: DryRunArgs,
}

/// `ztm tenant wait`.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// What to wait for
    #[arg(long = "for", value_name = "STATE", value_enum)]
    pub state: WaitState,

    /// How long to wait
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = quantity::timeout)]
    pub timeout: Duration,
}

/// What can be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WaitState {
    /// The agent answers
    Running,
    /// There is no agent
    Idle,
    /// There is no such tenant
    Deleted,
}

/// `ztm tenant logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// The tenant
    #[arg(value_name = "TENANT")]
    pub tenant: String,

    /// Go on with what is added, until interrupted
    #[arg(long, short)]
    pub follow: bool,

    /// How many of the last lines
    #[arg(long, value_name = "LINES", default_value_t = 200)]
    pub tail: usize,
}
