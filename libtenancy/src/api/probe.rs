//! Whether the parts do what is asked of them.

use serde::{Deserialize, Serialize};

/// `POST /admin/probe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// What was tried, in order.
    pub parts: Vec<ProbedPart>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbedPart {
    /// Which.
    pub part: String,
    /// Whether it did.
    pub ok: bool,
    /// Whether it did and may not for long, or could not be looked at. Always with `ok`: who does not know this word is told
    /// that it works.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warn: bool,
    /// What was tried, or what went wrong.
    pub text: String,
    /// What can be done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Milliseconds.
    pub took_ms: u64,
}
