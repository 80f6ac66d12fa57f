//! Why a tenant cannot hold credits, and where it stands in its partition's queue.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Why a hold is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Blocked {
    /// Too few credits; the refill will cover it at `until`, or never does.
    Credits {
        /// When; `None` if only an operator can help.
        until: Option<Timestamp>,
    },
    /// A hard budget is used up.
    Budget {
        /// When the next period begins.
        until: Timestamp,
    },
}

impl Blocked {
    /// When it ends by itself.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Credits { until } => until,
            Self::Budget { until } => Some(until),
        }
    }

    /// Whether the tenant is out of budget, and not only waiting for its refill.
    pub fn suspends(self) -> bool {
        !matches!(self, Self::Credits { until: Some(_) })
    }
}

/// Where a tenant stands in its partition's queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// No job waits.
    #[default]
    Idle,
    /// Jobs wait, and it takes its turn.
    Ready,
    /// Jobs wait, and as many run as may.
    Capped,
    /// Jobs wait for credits or for a budget.
    Parked(Blocked),
}

impl Standing {
    /// The word that is stored; a parked tenant's time is stored beside it (0: none).
    pub fn label(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Ready => "ready",
            Self::Capped => "capped",
            Self::Parked(Blocked::Credits { .. }) => "credits",
            Self::Parked(Blocked::Budget { .. }) => "budget",
        }
    }

    /// The standing that was stored.
    pub fn from_label(label: &str, until: i64) -> Option<Self> {
        let at = Timestamp::from_micros(until);
        Some(match label {
            "idle" | "" => Self::Idle,
            "ready" => Self::Ready,
            "capped" => Self::Capped,
            "credits" => Self::Parked(Blocked::Credits { until: (until > 0).then_some(at) }),
            "budget" => Self::Parked(Blocked::Budget { until: at }),
            _ => return None,
        })
    }
}
