//! What `ztm admin` did.

use libtenancy::drivers::provision::Step;
use serde::Serialize;

use super::{Look, Show, cell};

/// What the stores lacked.
#[derive(Debug, Serialize)]
pub struct Initialised {
    /// The context.
    pub context: String,
    /// What was missing.
    pub missing: Vec<Step>,
    /// What was made of it.
    pub made: Vec<Step>,
    /// Whether it was only looked at.
    pub dry_run: bool,
}

impl Show for Initialised {
    fn text(&self, look: &Look) -> String {
        if self.missing.is_empty() {
            return String::new();
        }
        let rows = self.missing.iter().map(|step| {
            let state = if self.made.contains(step) {
                "made"
            } else if self.dry_run {
                "missing"
            } else {
                "there meanwhile"
            };
            vec![cell(step.to_string()), cell(state)]
        });
        look.table(&["STEP", "STATE"], rows)
    }

    fn names(&self) -> Vec<String> {
        self.missing.iter().map(ToString::to_string).collect()
    }
}
