//! What is remembered from one time to the next: how tenants are listed.

use serde::{Deserialize, Serialize};

/// A column of the list of tenants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// The id.
    #[default]
    Tenant,
    /// The status.
    Status,
    /// Until it is stopped for idleness.
    Idle,
    /// Since it last had work.
    Active,
    /// Updates that wait.
    Inbox,
    /// Jobs that run.
    Jobs,
    /// Credits left.
    Credits,
    /// Credits spent of the budget, and the budget.
    Spent,
    /// Where its agent is.
    Node,
    /// Its generation.
    Generation,
}

impl Column {
    /// Every column, in order.
    pub const ALL: [Self; 10] = [
        Self::Tenant,
        Self::Status,
        Self::Idle,
        Self::Active,
        Self::Inbox,
        Self::Jobs,
        Self::Credits,
        Self::Spent,
        Self::Node,
        Self::Generation,
    ];

    /// Those that may be hidden.
    pub const CHOICE: [Self; 9] = [
        Self::Status,
        Self::Idle,
        Self::Active,
        Self::Inbox,
        Self::Jobs,
        Self::Credits,
        Self::Spent,
        Self::Node,
        Self::Generation,
    ];

    /// Its name.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tenant => "TENANT",
            Self::Status => "STATUS",
            Self::Idle => "IDLE IN",
            Self::Active => "ACTIVE",
            Self::Inbox => "INBOX",
            Self::Jobs => "JOBS",
            Self::Credits => "CREDITS",
            Self::Spent => "BUDGET",
            Self::Node => "NODE",
            Self::Generation => "GENERATION",
        }
    }
}

/// What is remembered from one time to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preferences {
    /// The column that tenants are sorted by.
    pub sort: Column,
    /// Whether the other way round.
    pub reverse: bool,
    /// Columns that are not shown.
    pub hidden: Vec<Column>,
}
