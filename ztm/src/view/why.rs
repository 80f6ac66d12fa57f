//! Explanations.

use std::fmt::Write as _;

use libtenancy::api::why::Why;

use super::{Look, Show, cell, plain, status};

impl Show for Why {
    fn text(&self, look: &Look) -> String {
        let expected = self.expected_at.map(|at| {
            let because = self.expected_because.as_deref().unwrap_or("");
            cell(format!("{at} (in {}): {because}", super::span(at.since(look.now))))
        });
        let mut text = look.fields([
            ("Subject", Some(cell(format!("{} {}", self.subject, self.id)))),
            ("Status", Some(status(&self.status))),
            ("Why", Some(cell(&self.summary))),
            ("Expected", expected),
        ]);
        for reason in &self.reasons {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n\n{}: {}", plain(&reason.code), plain(&reason.text));
            if let Some(until) = reason.until {
                let _ = write!(text, "\n  until {until}");
            }
            for numbers in &reason.compared {
                let needs =
                    if numbers.needs == "-" { String::new() } else { format!(" (against {})", plain(&numbers.needs)) };
                let _ = write!(text, "\n  {}: {}{needs}", plain(&numbers.what), plain(&numbers.has));
            }
        }
        text
    }

    fn names(&self) -> Vec<String> {
        self.reasons.iter().map(|reason| reason.code.clone()).collect()
    }
}
