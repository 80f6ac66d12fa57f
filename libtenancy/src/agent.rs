//! What is said between the control plane and an agent's supervisor, `agentd`.
//!
//! Owns the messages and their HTTP names. Does not own either end: `drivers::local::workloads` (and later
//! `drivers::kubernetes`) speak, `services::agentd` answers.
//!
//! # Protocol
//! HTTP/1.1 with JSON bodies. An unbound `agentd` serves only [`path::BIND`] and [`path::STATUS`], and only on the
//! connection it was born with (a process: the socket it inherited as standard input; its parent's end is the proof of
//! both identities). A bound one serves everything on its endpoint, and every request there carries
//! [`header::TENANT`], [`header::GENERATION`] and `authorization: Bearer KEY`, where `KEY` is derived from the
//! control plane's keyring for this tenant and generation ([`key_purpose`]). A wrong key is 401, another tenant's or
//! generation's request is 409, and neither reaches the agent.
//!
//! # Turns
//! A [`path::TURN`] request carries [`header::BOT`] and [`header::UPDATE`]. The first request of a pair starts the turn;
//! the turn does not end when its caller hangs up. A repeat joins the running turn, or gets the kept reply. `agentd`
//! keeps the replies of the last turns in memory (not across its own death).

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    secret::read_private,
    tenant::{Generation, TenantId},
};

/// Paths on `agentd`.
pub mod path {
    /// `POST` [`super::Bind`] → [`super::Bound`]; once in a life.
    pub const BIND: &str = "/agentd/bind";
    /// `GET` → [`super::AgentStatus`].
    pub const STATUS: &str = "/agentd/status";
    /// `GET` → newline-delimited [`super::AgentEvent`], until `agentd` ends. It begins with the last snapshot of this
    /// agent, if there was one: whoever adopts the agent may not have heard of it.
    pub const WATCH: &str = "/agentd/watch";
    /// `POST` → the last [`super::SnapshotTaken`] of this agent, a new one if anything changed since, or `null` when nothing
    /// changed since the restore.
    pub const SNAPSHOT: &str = "/agentd/snapshot";
    /// `POST` [`super::Stop`] → [`super::Stopped`]; `agentd` ends after the answer. A repeat meanwhile joins it.
    pub const STOP: &str = "/agentd/stop";
    /// `POST` [`super::Turn`] → [`super::Reply`]: the agent's own route, with turns joined and replayed.
    pub const TURN: &str = "/webhook";
}

/// Header names, lower case.
pub mod header {
    /// The tenant the request is for.
    pub const TENANT: &str = "x-ztm-tenant";
    /// The generation of the agent the request is for.
    pub const GENERATION: &str = "x-ztm-generation";
    /// The bot whose update this turn answers.
    pub const BOT: &str = "x-ztm-bot";
    /// The update this turn answers.
    pub const UPDATE: &str = "x-ztm-update";
    /// On a turn's answer: `ran`, `joined` or `replayed`.
    pub const TURN_KIND: &str = "x-ztm-turn";
}

/// The code of the error that says that the archive of a bind is to blame.
pub const CORRUPT_SNAPSHOT: &str = "corrupt_snapshot";

/// What a keyring derives the key of a bound agent from.
pub fn key_purpose(tenant: &TenantId, generation: Generation) -> String {
    format!("agent/{tenant}/{generation}")
}

/// How to run the agent program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentCommand {
    /// Program and arguments. `{port}`, `{state}`, `{tenant}` and `{secrets}` are replaced in every argument.
    pub argv: Vec<String>,
    /// Environment beside `PORT`, `TENANT_ID` and `ZTM_STATE`; never a secret.
    pub env: BTreeMap<String, String>,
    /// A directory whose files are copied into the state directory where they are missing (a configuration
    /// template); `{port}`, `{state}`, `{tenant}` and `{secrets}` are replaced in files that are UTF-8. The port is another one at
    /// every start, and a file is written only once: give the port as an argument.
    pub template: Option<PathBuf>,
    /// A directory of private files, read anew at every bind: the agent finds copies of them, mode 0600, in `{secrets}`,
    /// which is in no archive and ends with it.
    pub secrets: Option<PathBuf>,
    /// Memory limit in bytes, where the system allows one.
    pub memory_bytes: Option<u64>,
    /// CPU limit in thousandths of a core, where the system allows one.
    pub cpu_millis: Option<u32>,
    /// How long the agent may take to answer its first health check.
    pub ready_timeout: Duration,
    /// How long one turn may take.
    pub turn_timeout: Duration,
    /// Between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// How long the control plane may be silent before an agent without work saves its state and ends by itself: no message
    /// can reach it, and another one may have taken its place.
    pub orphan_timeout: Duration,
}

/// Secrets by name, shown to nobody.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentSecrets(pub BTreeMap<String, String>);

impl std::fmt::Debug for AgentSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AgentSecrets({} …)", self.0.len())
    }
}

/// What all of an agent's secrets may have together, bytes: they go with the bind.
const MAX_SECRETS_BYTES: usize = 256 << 10;

impl AgentSecrets {
    /// The private files of a directory; names that begin with a dot are left out. `Forbidden` for one that others can read,
    /// `Invalid` for what is no UTF-8, or too much.
    pub fn read(directory: &std::path::Path) -> Result<Self> {
        let mut secrets = BTreeMap::new();
        let mut bytes = 0;
        for entry in std::fs::read_dir(directory).map_err(Error::io("read", directory))? {
            let path = entry.map_err(Error::io("read", directory))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(".").to_owned();
            if name.starts_with('.') || !path.is_file() {
                continue;
            }
            let secret = read_private(&path)?;
            bytes += name.len() + secret.len();
            secrets.insert(name, secret);
        }
        if bytes > MAX_SECRETS_BYTES {
            return Err(Error::invalid("agent_secrets", format!("{bytes} bytes are more than {MAX_SECRETS_BYTES}")));
        }
        Ok(Self(secrets))
    }
}

/// Gives an unbound `agentd` its tenant, for ever.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bind {
    /// Whose agent it becomes.
    pub tenant: TenantId,
    /// Under which generation.
    pub generation: Generation,
    /// What requests will prove themselves with; see [`key_purpose`].
    pub key: String,
    /// The agent program.
    pub command: AgentCommand,
    /// What the agent finds in `{secrets}`.
    #[serde(default)]
    pub secrets: AgentSecrets,
    /// Where the tenant's files live on this machine: state, lock, socket, log.
    pub home: PathBuf,
    /// The archive to restore when there is no intact local state, or only an older one.
    pub restore: Option<Restore>,
    /// A directory of this agent's own, into which it writes snapshot archives.
    pub snapshots: PathBuf,
    /// How often a changed state is saved while the agent runs.
    pub snapshot_interval: Duration,
}

/// A snapshot to restore.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Restore {
    /// The archive; it is to hold the state of the bind's tenant.
    pub path: PathBuf,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// The generation of the agent that took it: local state of an earlier one is older.
    pub generation: Generation,
}

/// The answer to a [`Bind`]: the agent is healthy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bound {
    /// The Unix socket on which the bound `agentd` now listens.
    pub socket: PathBuf,
    /// What bringing back the state took; zero if local state was intact.
    pub restore: Duration,
    /// From the agent's start to its first healthy answer.
    pub ready: Duration,
    /// Which limits are in force: `cgroup`, `rlimit` or `none`.
    pub limits: String,
}

/// What a bound `agentd` says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Whose agent it is; `None` while unbound.
    pub tenant: Option<TenantId>,
    /// Under which generation.
    pub generation: Option<Generation>,
    /// The process id of `agentd`.
    pub pid: u32,
    /// The process id of the agent, while it runs.
    pub agent_pid: Option<u32>,
    /// Whether the agent answered its health check and lives.
    pub ready: bool,
    /// Requests in flight, turns included, and declared work.
    pub busy: u32,
    /// When the last request ended (or the bind).
    pub last_active_at: Timestamp,
    /// The archive that holds the state, and until when it was known to.
    #[serde(default)]
    pub saved: Option<Saved>,
    /// Resident memory of the agent's process tree, bytes, where it can be read.
    pub agent_memory_bytes: Option<u64>,
    /// Resident memory of `agentd` itself, bytes.
    pub memory_bytes: Option<u64>,
}

/// What of an agent's state is in an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The last archive of this agent, or `None` if that is the one it was restored from.
    pub file: Option<String>,
    /// What the agent had written by then is in it.
    pub until: Timestamp,
}

/// What happens inside a bound `agentd`, as it happens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum AgentEvent {
    /// The agent ended by itself; `agentd` ends after this.
    Exited {
        /// Exit status, signal, and the last lines of the log.
        reason: String,
    },
    /// A periodic snapshot was written.
    Snapshot(SnapshotTaken),
}

/// A snapshot archive that was written and verified by reading it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotTaken {
    /// The archive's file name within [`Bind::snapshots`].
    pub file: String,
    /// SHA-256 of the archive, hexadecimal.
    pub sha256: String,
    /// Size of the archive in bytes.
    pub bytes: u64,
    /// When it was taken.
    pub taken_at: Timestamp,
}

/// Asks a bound `agentd` to finish turns in flight, end the agent, save its state, and end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stop {
    /// How long turns in flight may take to finish.
    pub drain: Duration,
}

/// The answer to a [`Stop`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stopped {
    /// The final snapshot. If nothing changed since the last one of this agent, that one again (its event may have
    /// been missed); `None` if nothing changed since the restore, or the state is empty.
    pub snapshot: Option<SnapshotTaken>,
    /// Why there is no final snapshot although the state changed (a full disk, say); local state is kept.
    pub snapshot_error: Option<String>,
}

/// One message to the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The text.
    pub message: String,
}

/// The agent's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The text; may be longer than a chat message.
    pub response: String,
}
