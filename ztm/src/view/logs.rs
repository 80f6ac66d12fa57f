//! What was told of a tenant.

use libtenancy::api::journal::{JournalLine, Level};
use serde::Serialize;

use super::{Look, Show, plain};

/// Lines, in the order in which they are shown.
#[derive(Debug, Serialize)]
pub struct Journal {
    /// They.
    pub lines: Vec<JournalLine>,
}

/// Time, who, how grave, what, and in brackets what it was of.
fn text(line: &JournalLine) -> String {
    let level = line.level.map_or("-", Level::label);
    let what = plain(&line.text);
    let of = line.request_id.as_deref().map(|id| format!(" [{}]", plain(id))).unwrap_or_default();
    format!("{} {:<12} {level:<5} {what}{of}\n", line.at, line.source.label())
}

impl Show for Journal {
    fn text(&self, _: &Look) -> String {
        self.lines.iter().map(text).collect()
    }

    fn names(&self) -> Vec<String> {
        self.lines.iter().filter_map(|line| line.request_id.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("lines")
    }
}
