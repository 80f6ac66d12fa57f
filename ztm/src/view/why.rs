//! Explanations.

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
            text.push_str(&format!("\n\n{}: {}", plain(&reason.code), plain(&reason.text)));
            if let Some(until) = reason.until {
                text.push_str(&format!("\n  until {until}"));
            }
            for numbers in &reason.compared {
                let needs =
                    if numbers.needs == "-" { String::new() } else { format!(" (against {})", plain(&numbers.needs)) };
                text.push_str(&format!("\n  {}: {}{needs}", plain(&numbers.what), plain(&numbers.has)));
            }
        }
        text
    }

    fn names(&self) -> Vec<String> {
        self.reasons.iter().map(|reason| reason.code.clone()).collect()
    }
}
