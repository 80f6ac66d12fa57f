//! `ztm demo`.

use clap::Args;

use super::quantity;

/// Watch the whole job happen on real parts, in a temporary directory
///
/// Starts an embedded control plane and a double of Telegram, creates tenants, sends messages through the real webhook,
/// wakes, idles out and wakes again, kills its own control plane in between and recovers, and ends with the figures.
/// Fails if a promise broke.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ztm demo\n  ztm demo --tenants 10 --messages 100 -o json\n  \
    ztm demo --agent 'zeroclaw --config-dir {state} gateway --port {port}'")]
pub struct DemoArgs {
    /// The agent program and its arguments, as for `ztm up` [default: the built-in agent]
    ///
    /// ZeroClaw (a program named `zeroclaw`) needs no template: the demo brings a model and points ZeroClaw at it.
    #[arg(long, value_name = "COMMAND")]
    pub agent: Option<String>,

    /// A directory whose files are copied into a new agent's state directory, as for `ztm up`
    #[arg(long, value_name = "DIR")]
    pub agent_template: Option<std::path::PathBuf>,

    /// How many tenants
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = quantity::whole::<u32>(1, 1000))]
    pub tenants: u32,

    /// How many messages to each
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = quantity::whole::<u32>(1, 100_000))]
    pub messages: u32,

    /// Keep the directory, and say where it is
    #[arg(long)]
    pub keep: bool,
}
