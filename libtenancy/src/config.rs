//! What a control plane is configured with: plain, resolved values with their defaults.
//!
//! Does not own where values come from (flags, environment, file: `ztm::settings`).

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::{
    agent::AgentCommand,
    credits::MicroCredits,
    demand::PoolSize,
    fleet::prices::Prices,
    quota::Quota,
    stores::{Servers, Stores},
};

/// Everything a [`crate::Tenancy`] needs.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the store, the keys, the agents' files and the sockets live.
    pub state_dir: PathBuf,
    /// Who keeps what.
    pub stores: Stores,
    /// Where the servers are that keep it.
    pub servers: Servers,
    /// The keys that seal secrets, the same for all who share the stores; `key` in the state directory, made if missing, if
    /// `None`.
    pub key_file: Option<PathBuf>,
    /// The agent program.
    pub agent: AgentCommand,
    /// How many unbound agents are kept ready.
    pub warm_pool: PoolSize,
    /// How many agents may run at once; a wake beyond it waits.
    pub max_running: usize,
    /// How many wakes may be under way at once; a wake beyond it queues.
    pub max_waking: usize,
    /// How many updates of one tenant may wait; the webhook answers 503 beyond it, and Telegram keeps the rest.
    pub max_pending: u32,
    /// How often a running agent's changed state is saved.
    pub snapshot_interval: Duration,
    /// How often the reconciler runs without being called.
    pub reconcile_interval: Duration,
    /// How long turns in flight may take to finish when an agent is stopped.
    pub drain: Duration,
    /// How long a chat waits for a waking agent before it is told that the agent is starting.
    pub starting_notice_after: Duration,
    /// The quota of tenants that have none of their own.
    pub default_quota: Quota,
    /// Jobs that run at once, of all tenants; 0: as many as workers take.
    pub job_capacity: u32,
    /// Jobs that this control plane's own worker runs at once; 0: others run them.
    pub workers: usize,
    /// What a chat turn holds until it is known what it used.
    pub turn_hold: MicroCredits,
    /// What one credit costs, millionths of the currency's unit.
    pub price_micros_per_credit: Option<u64>,
    /// What machines cost.
    pub prices: Prices,
    /// Names this control plane among those that share its store, for ever. One state directory may always use the same
    /// name ([`crate::drivers::local::mark`]): the lock on it proves that its predecessor is dead, and so it takes over
    /// what that one held without waiting for a lease to lapse.
    pub instance: String,
    /// The Telegram Bot API.
    pub telegram_url: String,
    /// Whether `http` to another machine is acceptable for it: it shows every bot's token to the network in between.
    pub telegram_plain_http: bool,
    /// The router's URL as Telegram reaches it; no webhook is registered without one.
    pub public_url: Option<String>,
}

/// Where `ztm up` listens.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    /// The orchestrator: every route but the chat's, for authenticated callers.
    pub orchestrator: SocketAddr,
    /// The router: `/tg/*` and health only.
    pub router: SocketAddr,
}

impl Config {
    /// The defaults for `state_dir` and an agent program.
    pub fn new(state_dir: PathBuf, argv: Vec<String>) -> Self {
        Self {
            state_dir,
            stores: Stores::default(),
            servers: Servers::default(),
            key_file: None,
            agent: AgentCommand {
                argv,
                env: std::collections::BTreeMap::new(),
                template: None,
                secrets: None,
                memory_bytes: Some(512 << 20),
                cpu_millis: None,
                ready_timeout: Duration::from_secs(30),
                turn_timeout: Duration::from_secs(600),
                grace: Duration::from_secs(10),
                orphan_timeout: Duration::from_hours(1),
            },
            warm_pool: PoolSize::fixed(1),
            max_running: 1_000,
            max_waking: 8,
            max_pending: 1_000,
            snapshot_interval: Duration::from_secs(300),
            reconcile_interval: Duration::from_secs(60),
            drain: Duration::from_secs(30),
            starting_notice_after: Duration::from_secs(1),
            default_quota: Quota::default(),
            job_capacity: 0,
            workers: 4,
            turn_hold: MicroCredits::credits(10),
            price_micros_per_credit: None,
            prices: Prices::built_in(),
            instance: "up".to_owned(),
            telegram_url: "https://api.telegram.org".to_owned(),
            telegram_plain_http: false,
            public_url: None,
        }
    }
}
