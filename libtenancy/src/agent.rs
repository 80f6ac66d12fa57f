//! What is said between the control plane and an agent's supervisor, `agentd`.
//!
//! Owns the messages and their HTTP names. Does not own either end: `drivers::agentd` speaks, `services::agentd` answers.
//!
//! # Protocol
//! HTTP/1.1 with JSON bodies. An unbound `agentd` serves only [`path::BIND`] and [`path::STATUS`], and only to its control
//! plane:
//! - a process: on the socket it inherited as standard input, whose other end only its parent has;
//! - a pod: on [`pod::PORT`], to the holder of the key that its environment names ([`pinned`](crate::pinned)). It makes a
//!   key of its own at its start and calls out once, [`path::REGISTER`], with the token that the cluster gave to this pod
//!   alone: so the control plane knows which pod has which key, and tells all its replicas.
//!
//! A bound one serves everything on its endpoint, and every request there carries
//! [`header::TENANT`], [`header::GENERATION`] and `authorization: Bearer KEY`, where `KEY` is derived from the
//! control plane's keyring for this tenant and generation ([`key_purpose`]). A wrong key is 401, another tenant's or
//! generation's request is 409, and neither reaches the agent.
//!
//! # Turns
//! A [`path::TURN`] request carries [`header::BOT`] and [`header::UPDATE`]. The first request of a pair starts the turn;
//! the turn does not end when its caller hangs up. A repeat joins the running turn, or gets the kept reply. `agentd`
//! keeps the replies of the last turns in memory (not across its own death).
//!
//! # Archives
//! The `agentd` of a process writes them into a directory that its control plane reads. That of a pod keeps them until it is
//! told where to ([`path::UPLOAD`], a URL that is good for this one object), and outlives its agent for that.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

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
    /// `POST` [`super::Upload`] → `null` once the store has the archive; only of a pod.
    pub const UPLOAD: &str = "/agentd/upload";
    /// `POST`, an upgrade to [`crate::exec::PROTOCOL`]: a command beside the agent.
    pub const EXEC: &str = "/agentd/exec";
    /// `GET`, with `?tail=LINES&follow=BOOL` → the agent's log.
    pub const LOGS: &str = "/agentd/logs";
    /// `POST` [`super::Turn`] → [`super::Reply`]: the agent's own route, with turns joined and replayed.
    pub const TURN: &str = "/webhook";
    /// On the control plane: `POST` [`super::Register`] → `null`, once all its replicas can know the key.
    pub const REGISTER: &str = "/agentd/register";
    /// `GET` without any proof, on a port of its own: 200 while it can be bound, or is.
    pub const HEALTH: &str = "/healthz";
}

/// What a pod and its `agentd` agree on.
pub mod pod {
    /// Where it serves its control plane: TLS with pinned keys.
    pub const PORT: u16 = 3000;
    /// Where it serves [`super::path::HEALTH`]: plain HTTP, for the node.
    pub const HEALTH_PORT: u16 = 3001;
    /// The variable with the control plane's `host:port`. Its presence says that this is a pod.
    pub const CONTROL_PLANE: &str = "ZTM_CONTROL_PLANE";
    /// The variable with the [`Pin`](crate::pinned::Pin) of the control plane's key.
    pub const CONTROL_PLANE_KEY: &str = "ZTM_CONTROL_PLANE_KEY";
    /// The audience of the token, for nobody else.
    pub const AUDIENCE: &str = "ztm-bind";
    /// The directory where the token is.
    pub const TOKEN_DIR: &str = "/var/run/secrets/ztm";
    /// The token's file in it.
    pub const TOKEN_FILE: &str = "token";
    /// The volume that ends with the pod: home and archives are in it.
    pub const DATA_DIR: &str = "/var/lib/ztm";
    /// The purpose of the keyring's secret from which the control plane's own key is made.
    pub const KEY_PURPOSE: &str = "control-plane/agents";
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
    /// What this turn is told of by.
    pub const REQUEST_ID: &str = "x-request-id";
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
    pub fn read(directory: &Path) -> Result<Self> {
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

/// The files of [`AgentCommand::template`], for an `agentd` on another machine: by path within the template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AgentTemplate(pub BTreeMap<String, String>);

/// What all of a template's files may have together, bytes, where they go with the bind.
const MAX_TEMPLATE_BYTES: usize = 512 << 10;

impl AgentTemplate {
    /// Everything below a directory. `Invalid` for what is no UTF-8, or too much.
    pub fn read(directory: &Path) -> Result<Self> {
        let mut template = Self::default();
        template.read_below(directory, directory)?;
        let bytes: usize = template.0.iter().map(|(name, text)| name.len() + text.len()).sum();
        if bytes > MAX_TEMPLATE_BYTES {
            return Err(Error::invalid("agent_template", format!("{bytes} bytes are more than {MAX_TEMPLATE_BYTES}")));
        }
        Ok(template)
    }

    fn read_below(&mut self, root: &Path, directory: &Path) -> Result<()> {
        for entry in std::fs::read_dir(directory).map_err(Error::io("read", directory))? {
            let path = entry.map_err(Error::io("read", directory))?.path();
            let metadata = std::fs::metadata(&path).map_err(Error::io("read", &path))?;
            if metadata.is_dir() {
                self.read_below(root, &path)?;
            } else if metadata.is_file() {
                let wrong = || Error::invalid("agent_template", format!("`{}` is no text", path.display()));
                let text = String::from_utf8(std::fs::read(&path).map_err(Error::io("read", &path))?);
                let name = path.strip_prefix(root).ok().and_then(Path::to_str).map(str::to_owned).ok_or_else(wrong)?;
                self.0.insert(name, text.map_err(|_| wrong())?);
            }
        }
        Ok(())
    }

    /// Writes the files below a directory that nobody else writes to. `Invalid` for a path that leads out of it.
    pub fn write(&self, directory: &Path) -> Result<()> {
        for (name, text) in &self.0 {
            let is_plain = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
            if !is_plain || name.is_empty() {
                return Err(Error::invalid("agent_template", "a path leads out of it"));
            }
            let path = directory.join(name);
            let parent = path.parent().unwrap_or(directory);
            std::fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
            std::fs::write(&path, text).map_err(Error::io("write", &path))?;
        }
        Ok(())
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
    /// The template's files, if [`AgentCommand::template`] is on another machine.
    #[serde(default)]
    pub template: AgentTemplate,
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
    pub from: Archive,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// The generation of the agent that took it: local state of an earlier one is older.
    pub generation: Generation,
}

/// Where an archive is to be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Archive {
    /// On this machine.
    File(PathBuf),
    /// Behind a URL that needs no other credentials: a secret.
    Url(Url),
}

/// A URL that is a credential.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Url(pub String);

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Url(…)")
    }
}

/// Where an archive of [`Bind::snapshots`] is to be written. Older archives there are not needed after it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Upload {
    /// The archive's file name.
    pub file: String,
    /// The object's URL, for a `PUT`.
    pub url: Url,
    /// Headers that the URL was signed for.
    pub headers: BTreeMap<String, String>,
}

/// What an `agentd` in a pod says of itself, over a connection that proves its key.
#[derive(Clone, Serialize, Deserialize)]
pub struct Register {
    /// The token that the cluster gave this pod, for [`pod::AUDIENCE`].
    pub token: String,
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
    /// Processor time that the processes of the agent's tree have used since it was started, milliseconds; those that ended
    /// count once their parent has waited for them.
    #[serde(default)]
    pub agent_cpu_ms: Option<u64>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_arrives_as_it_was_and_leads_nowhere_else() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(from.path().join("sub")).unwrap();
        std::fs::write(from.path().join("sub/config"), "port={port}").unwrap();
        std::fs::write(from.path().join("plain"), "x").unwrap();
        let template = AgentTemplate::read(from.path()).unwrap();
        template.write(to.path()).unwrap();
        assert_eq!(AgentTemplate::read(to.path()).unwrap(), template);
        assert_eq!(std::fs::read_to_string(to.path().join("sub/config")).unwrap(), "port={port}");
        for name in ["../up", "/etc/up", "", "a/../../up"] {
            let hostile = AgentTemplate([(name.to_owned(), String::new())].into());
            assert!(matches!(hostile.write(to.path()), Err(Error::Invalid { .. })), "{name:?}");
        }
        std::fs::write(from.path().join("binary"), b"\xff").unwrap();
        assert!(matches!(AgentTemplate::read(from.path()), Err(Error::Invalid { .. })));
    }
}
