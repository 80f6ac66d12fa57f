//! Explanations.

use comfy_table::Cell;
use libtenancy::api::why::Why;

use super::{Look, Show, cell, plain, span, status};

impl Show for Why {
    fn text(&self, look: &Look) -> String {
        let expected = self.expected_at.map(|at| {
            let because = self.expected_because.as_deref().unwrap_or("");
            cell(format!("{at} (in {}): {because}", span(at.since(look.now))))
        });
        let mut text = look.fields([
            ("Subject", Some(cell(format!("{} {}", self.subject, self.id)))),
            ("Status", Some(status(&self.status))),
            // Whole: this is what was asked for.
            ("Why", Some(Cell::new(plain(&self.summary)))),
            ("Expected", expected),
        ]);
        for reason in &self.reasons {
            // What is said above already is not said again.
            let is_said = self.summary.starts_with(&reason.text);
            if is_said && reason.until.is_none() && reason.compared.is_empty() {
                continue;
            }
            let said = if is_said { String::new() } else { format!(": {}", plain(&reason.text)) };
            let mut lines = vec![String::new(), format!("{}{said}", plain(&reason.code))];
            lines.extend(reason.until.map(|until| format!("  until {until} (in {})", span(until.since(look.now)))));
            lines.extend(reason.compared.iter().map(|numbers| {
                let needs = match numbers.needs.as_str() {
                    "-" => String::new(),
                    needs => format!(" (against {})", plain(needs)),
                };
                format!("  {}: {}{needs}", plain(&numbers.what), plain(&numbers.has))
            }));
            for line in lines {
                text.push('\n');
                text.push_str(&line);
            }
        }
        text
    }

    fn names(&self) -> Vec<String> {
        self.reasons.iter().map(|reason| reason.code.clone()).collect()
    }
}
