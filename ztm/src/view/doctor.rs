//! What a doctor found.

use comfy_table::Color;
use serde::Serialize;

use super::{Look, Show, cell, plain};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// As it should be.
    Ok,
    /// It works, and may not for long.
    Warn,
    /// It does not work.
    Fail,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub check: String,
    /// How it ended.
    pub state: Finding,
    /// What was found.
    pub text: String,
    /// What mends it, in a line.
    pub fix: Option<String>,
}

/// All checks.
#[derive(Clone, Debug, Serialize)]
pub struct Diagnosis {
    /// The context.
    pub context: String,
    /// In the order in which one needs the other.
    pub checks: Vec<Check>,
}

impl Show for Diagnosis {
    fn text(&self, look: &Look) -> String {
        let rows = self.checks.iter().flat_map(|check| {
            let (word, color) = match check.state {
                Finding::Ok => ("ok", Color::Green),
                Finding::Warn => ("WARN", Color::Yellow),
                Finding::Fail => ("FAIL", Color::Red),
            };
            let fix = check.fix.as_ref().map(|fix| vec![cell(""), cell(""), cell(format!("-> {}", plain(fix)))]);
            let found = vec![cell(word).fg(color), cell(&check.check), cell(&check.text)];
            std::iter::once(found).chain(fix)
        });
        look.table(&["STATE", "CHECK", "FOUND"], rows)
    }

    fn names(&self) -> Vec<String> {
        self.checks.iter().map(|check| check.check.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("checks")
    }
}
