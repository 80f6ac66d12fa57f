//! The one error of the library: a closed vocabulary that callers act on.
//!
//! Owns what can go wrong and whether trying again can help. Does not own HTTP statuses (`services::http_error`) nor
//! exit codes (`ztm`). A driver turns its SDK's errors into these in one function named `classify`.

use std::{path::PathBuf, sync::Arc, time::Duration};

/// `Result` with this library's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A foreign error kept as the cause of one of ours; shared, because everybody who waited for the same thing gets it.
pub type Source = Arc<dyn std::error::Error + Send + Sync + 'static>;

/// Everything that can fail. `Display` never repeats the source: print the chain.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value from outside is not acceptable; nothing was changed.
    #[error("invalid {field}: {reason}")]
    Invalid {
        /// The field's name as the caller wrote it.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// The named thing does not exist.
    #[error("{what} `{name}` not found")]
    NotFound {
        /// The kind of thing: `tenant`, `update`, `snapshot` …
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The named thing exists already.
    #[error("{what} `{name}` already exists")]
    AlreadyExists {
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A conditional write lost: the record moved on, or another owner holds it.
    #[error("{what} `{name}`: {reason}")]
    Conflict {
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// The tenant's state does not allow what was asked.
    #[error("tenant `{tenant}` is {status}: {reason}")]
    IllegalState {
        /// The tenant.
        tenant: String,
        /// Its status' label.
        status: &'static str,
        /// Why that forbids it.
        reason: String,
    },
    /// A stated limit is reached; the caller may come back later.
    #[error("overloaded: {reason}")]
    Overloaded {
        /// Which limit, and its value.
        reason: String,
    },
    /// The caller did not prove who it is.
    #[error("not authenticated")]
    Unauthenticated,
    /// The caller may not do this.
    #[error("forbidden: {reason}")]
    Forbidden {
        /// What is missing.
        reason: String,
    },
    /// A part we depend on did not answer, and certainly did nothing.
    #[error("{part} is unavailable")]
    Unavailable {
        /// The part: `store`, `agent`, `telegram` …
        part: &'static str,
        /// What it said.
        #[source]
        source: Source,
    },
    /// A part may or may not have done what it was asked.
    #[error("the answer of {part} was lost")]
    OutcomeUnknown {
        /// The part.
        part: &'static str,
        /// What was seen.
        #[source]
        source: Source,
    },
    /// Something did not happen in time.
    #[error("{what} did not finish within {after:?}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// The limit.
        after: Duration,
    },
    /// A peer asks for a pause (Telegram's 429).
    #[error("{part} asks to wait {retry_after:?}")]
    RateLimited {
        /// The peer.
        part: &'static str,
        /// How long it wants to be left alone.
        retry_after: Duration,
    },
    /// The chat has moved to a new id (Telegram: group became supergroup).
    #[error("the chat has moved")]
    ChatMigrated {
        /// Its new id.
        to: i64,
    },
    /// A peer refuses for good; trying again cannot help.
    #[error("{part} refuses: {reason}")]
    Refused {
        /// The peer.
        part: &'static str,
        /// Its reason, free of secrets.
        reason: String,
    },
    /// The agent failed: it did not start, died, or answered with an error.
    #[error("the agent of `{tenant}` failed: {reason}")]
    AgentFailed {
        /// The tenant, or the workload that has none yet.
        tenant: String,
        /// What was seen, with the last lines of its log where there are any.
        reason: String,
    },
    /// Stored data cannot be read as what it should be.
    #[error("{what} at `{path}` is damaged: {reason}")]
    Corrupt {
        /// What it should be.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The disk, or a size limit of the store, is full.
    #[error("no space left for the store")]
    StoreFull,
    /// The store has forgotten what was seen of it before; nothing was done.
    #[error("partition {partition} has forgotten its last writes")]
    Behind {
        /// Which part of the job plane.
        partition: u16,
    },
    /// Another process holds the state directory.
    #[error("`{path}` is in use by another control plane (pid {pid})")]
    StateDirInUse {
        /// The state directory.
        path: PathBuf,
        /// Its holder.
        pid: u32,
    },
    /// This needs a running control plane.
    #[error("{what} needs a running control plane")]
    NeedsControlPlane {
        /// What was asked.
        what: &'static str,
    },
    /// It was rehearsed: nothing refuses it, and nothing was done.
    #[error("a rehearsal: it would {would}")]
    Rehearsed {
        /// What would have been done first, as an imperative.
        would: String,
    },
    /// A file or directory could not be used.
    #[error("cannot {action} `{path}`")]
    Io {
        /// What was tried: `open`, `write` …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// A fault of ours: an invariant did not hold.
    #[error("internal error: {reason}")]
    Internal {
        /// What did not hold.
        reason: String,
    },
}

impl Error {
    /// Shorthand for [`Error::Invalid`].
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    /// Shorthand for [`Error::NotFound`].
    pub fn not_found(what: &'static str, name: impl ToString) -> Self {
        Self::NotFound { what, name: name.to_string() }
    }

    /// Shorthand for [`Error::Conflict`].
    pub fn conflict(what: &'static str, name: impl ToString, reason: impl Into<String>) -> Self {
        Self::Conflict { what, name: name.to_string(), reason: reason.into() }
    }

    /// Shorthand for [`Error::Internal`].
    pub fn internal(reason: impl Into<String>) -> Self {
        Self::Internal { reason: reason.into() }
    }

    /// Shorthand for [`Error::Unavailable`].
    pub fn unavailable(part: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable { part, source: Arc::from(source.into()) }
    }

    /// Shorthand for [`Error::OutcomeUnknown`].
    pub fn outcome_unknown(part: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::OutcomeUnknown { part, source: Arc::from(source.into()) }
    }

    /// Shorthand for [`Error::Io`], to be used with `map_err`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| match source.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            Some(rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT) => Self::StoreFull,
            _ => Self::Io { action, path, source: Arc::new(source) },
        }
    }

    /// The stable word for the variant, in snake_case: `code` in the bodies of errors.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "invalid",
            Self::NotFound { .. } => "not_found",
            Self::AlreadyExists { .. } => "already_exists",
            Self::Conflict { .. } => "conflict",
            Self::IllegalState { .. } => "illegal_state",
            Self::Overloaded { .. } => "overloaded",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden { .. } => "forbidden",
            Self::Unavailable { .. } => "unavailable",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::Timeout { .. } => "timeout",
            Self::RateLimited { .. } => "rate_limited",
            Self::ChatMigrated { .. } => "chat_migrated",
            Self::Refused { .. } => "refused",
            Self::AgentFailed { .. } => "agent_failed",
            Self::Corrupt { .. } => "corrupt",
            Self::StoreFull => "store_full",
            Self::Behind { .. } => "store_behind",
            Self::StateDirInUse { .. } => "state_dir_in_use",
            Self::NeedsControlPlane { .. } => "needs_control_plane",
            Self::Rehearsed { .. } => "rehearsed",
            Self::Io { .. } => "io",
            Self::Internal { .. } => "internal",
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Overloaded { .. }
            | Self::Unavailable { .. }
            | Self::OutcomeUnknown { .. }
            | Self::Timeout { .. }
            | Self::RateLimited { .. }
            | Self::Conflict { .. }
            | Self::AgentFailed { .. }
            | Self::Behind { .. }
            | Self::StoreFull => true,
            Self::Invalid { .. }
            | Self::NotFound { .. }
            | Self::AlreadyExists { .. }
            | Self::IllegalState { .. }
            | Self::Unauthenticated
            | Self::Forbidden { .. }
            | Self::ChatMigrated { .. }
            | Self::Refused { .. }
            | Self::Corrupt { .. }
            | Self::StateDirInUse { .. }
            | Self::NeedsControlPlane { .. }
            | Self::Rehearsed { .. }
            | Self::Io { .. }
            | Self::Internal { .. } => false,
        }
    }

    /// What the operator can do about it, in one sentence without a full stop.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { what: "tenant", .. } => Some("`ztm tenant list` shows the tenants that exist".into()),
            Self::NotFound { what: "bot of tenant", name } => {
                Some(format!("`ztm tenant update {name} --bot-token-file FILE` gives it one"))
            }
            Self::IllegalState { tenant, status: "suspended", .. } => Some(format!(
                "`ztm why tenant {tenant}` says what ends that: an order to resume it, or what it lacks"
            )),
            Self::NotFound { what: "job", .. } => {
                Some("`ztm job list` shows the jobs; one that ended is kept for a day, a dead one for a week".into())
            }
            Self::NotFound { what: "key file", .. } => Some(
                "all who share the stores must have the same; copy it from where they are used, or `ztm admin init` makes one"
                    .into(),
            ),
            Self::AlreadyExists { what: "tenant", .. } => Some("`ztm tenant update` changes an existing tenant".into()),
            Self::Unauthenticated => {
                Some("pass the token file of the control plane with `--token-file` or ZTM_TOKEN_FILE".into())
            }
            Self::NeedsControlPlane { .. } => Some("start it with `ztm up` (or `ztm up --detach`)".into()),
            Self::StateDirInUse { .. } => {
                Some("use the running one, stop it with `ztm down`, or choose another `--state-dir`".into())
            }
            Self::Behind { .. } => {
                Some("the leader restores it from the ledger; `ztm status` shows when it is done".into())
            }
            Self::StoreFull => Some("free some disk space; nothing that was acknowledged is lost".into()),
            Self::Corrupt { what: "snapshot", .. } | Self::NotFound { what: "snapshot", .. } => {
                Some("`ztm tenant state list TENANT` shows the archives there are, `verify` which of them are intact".into())
            }
            Self::Corrupt { .. } => Some("restore the file from a backup; it was not changed".into()),
            Self::AgentFailed { tenant, .. } => Some(format!("`ztm tenant logs {tenant}` shows what the agent said")),
            // What no quota can hold is out of bounds otherwise (`partition::payable`).
            Self::Invalid { field: "cost_gpu_seconds", reason } if reason.contains("the tenant") => {
                Some("`ztm quota get TENANT` shows what it may hold, `ztm quota set` and `ztm quota grant` change that".into())
            }
            Self::Conflict { what: "context", .. } => {
                Some("use another first: `ztm context use NAME`; `embedded` is always there".into())
            }
            Self::AlreadyExists { what: "context", .. } => {
                Some("`ztm context show` shows it; `ztm context remove` removes it".into())
            }
            Self::Conflict { what: "update", .. } => Some("`ztm inbox list` shows its stage".into()),
            Self::Conflict { what: "control plane", .. } => {
                Some("stop the other with `ztm down` on its machine, or use its `--orchestrator-url`".into())
            }
            Self::Conflict { what: "state directory", .. } => {
                Some("choose another with `--state-dir`, or `state_dir` in the context".into())
            }
            Self::Conflict { what: "job", name, .. } => Some(format!("`ztm job get {name}` shows where it stands")),
            Self::Conflict { what: "lease of job", .. } => {
                Some("drop the attempt: whoever holds the job's lease now does it again".into())
            }
            Self::Conflict { what: "idempotency key", .. } => {
                Some("submit something else under another key; the same again must be the same in everything".into())
            }
            Self::Conflict { what: "grant" | "grants of tenant", .. } => {
                Some("nothing was changed; `ztm quota get TENANT` shows what it has".into())
            }
            Self::Conflict { what: "bot", .. } => {
                Some("a bot has one webhook, so it can belong to one tenant only; make another bot".into())
            }
            Self::Io { action: "listen on", .. } => {
                Some("choose another port with `--port` or `--router-port`; 0 takes any free one".into())
            }
            Self::Conflict { .. } => Some("somebody else changed it at the same time; look again and repeat".into()),
            Self::Overloaded { .. } | Self::RateLimited { .. } => Some("try again a little later".into()),
            Self::Unavailable { part: "control plane", .. } => {
                Some("`ztm doctor` checks the way there; `ztm context show` says where that is".into())
            }
            Self::Unavailable { part: "store", .. } => {
                Some("another process may hold the database; see which with `fuser` on the state file".into())
            }
            Self::Unavailable { part: "dynamodb", .. } => {
                Some("check the region, the endpoint and the credentials; what was answered is stored".into())
            }
            Self::Unavailable { part: "redis", .. } => {
                Some("check the address and that it runs; meanwhile nobody is woken, and messages wait".into())
            }
            Self::Unavailable { part: "s3", .. } => {
                Some("check the bucket, the region, the endpoint and the credentials".into())
            }
            Self::OutcomeUnknown { .. } => Some("it may have been done, or not: look before you repeat it".into()),
            Self::Unavailable { part: "telegram", .. } => {
                Some("check the network and `--telegram-url`; messages wait until it is back".into())
            }
            Self::Invalid { .. }
            | Self::NotFound { .. }
            | Self::AlreadyExists { .. }
            | Self::IllegalState { .. }
            | Self::Forbidden { .. }
            | Self::Unavailable { .. }
            | Self::Timeout { .. }
            | Self::ChatMigrated { .. }
            | Self::Refused { .. }
            | Self::Rehearsed { .. }
            | Self::Io { .. }
            | Self::Internal { .. } => None,
        }
    }

    /// The message with the messages of all its sources, `: ` between them. For logs and for people.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}
