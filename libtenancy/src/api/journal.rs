//! What is told of a tenant, a line each: by the router, the orchestrator and the worker, and by its agent.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// One line of `GET /tenants/{id}/journal`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JournalLine {
    /// When: by the clock of whoever told it; of an agent's line without a time, when it was read.
    pub at: Timestamp,
    /// Who told it.
    pub source: Source,
    /// How grave it is; an agent's lines have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// What it was told of: the id of an order's request, `BOT-UPDATE` of a message, or a job's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Which control plane, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What was told.
    pub text: String,
}

/// Who tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Who takes updates in.
    Router,
    /// Who wakes, stops and delivers.
    Orchestrator,
    /// Who has jobs done.
    Worker,
    /// The agent's supervisor.
    Agentd,
    /// The agent itself.
    Agent,
}

impl Source {
    /// As it is written.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Orchestrator => "orchestrator",
            Self::Worker => "worker",
            Self::Agentd => "agentd",
            Self::Agent => "agent",
        }
    }
}

/// How grave something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A step.
    Debug,
    /// What an operator may want to know.
    Info,
    /// What may need looking at.
    Warn,
    /// What needs looking at.
    Error,
}

impl Level {
    /// As it is written.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}
