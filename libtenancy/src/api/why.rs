//! Explanations on the wire: why something waits, was refused or stopped.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// `GET /why/tenant/{id}`, `/why/job/{id}`, `/why/wake/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// `tenant`, `job` or `wake`.
    pub subject: String,
    /// Its name.
    pub id: String,
    /// What it is doing: a status' or state's label.
    pub status: String,
    /// One sentence.
    pub summary: String,
    /// Everything that holds it back or has stopped it, the nearest first.
    pub reasons: Vec<Reason>,
    /// When it is expected to go on, where that can be told.
    pub expected_at: Option<Timestamp>,
    /// What the estimate rests on.
    pub expected_because: Option<String>,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// A stable word, see [`crate::admission::Code`].
    pub code: String,
    /// One sentence.
    pub text: String,
    /// The numbers that were compared.
    pub compared: Vec<Compared>,
    /// When this ends by itself.
    pub until: Option<Timestamp>,
}

/// Two numbers that were compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// What they are of.
    pub what: String,
    /// What there is.
    pub has: String,
    /// What is needed, or allowed.
    pub needs: String,
}
