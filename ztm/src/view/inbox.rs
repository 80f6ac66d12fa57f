//! Stored updates.

use libtenancy::api::{InboxList, UpdateView};
use serde::Serialize;

use crate::listing::column::{Column, Measure, column, measured};

use super::{Look, Show, ShowRows, cell, number, status};

/// The fields that every row of the listing has.
pub(super) const COLUMNS: &[&str] = &[
    "tenant_id",
    "bot_id",
    "update_id",
    "stage",
    "reason",
    "received_at",
    "takes",
    "attempts",
    "not_before",
    "last_error",
    "possible_repeats",
];

/// The name of an update: `TENANT/BOT/UPDATE`.
pub fn name(update: &UpdateView) -> String {
    format!("{}/{}/{}", update.tenant_id, update.bot_id, update.update_id)
}

impl Show for InboxList {
    fn text(&self, look: &Look) -> String {
        if self.updates.is_empty() {
            return String::new();
        }
        let narrow = ["UPDATE", "STAGE", "AGE", "ATTEMPTS", "LAST ERROR"];
        let wide = ["UPDATE", "STAGE", "AGE", "ATTEMPTS", "TAKES", "REPEATS", "RECEIVED", "NOT BEFORE", "LAST ERROR"];
        let rows = self.updates.iter().map(|update| {
            let mut row = vec![
                cell(name(update)),
                status(&update.stage),
                cell(look.age(update.received_at)),
                number(update.attempts),
            ];
            if look.wide {
                row.extend([
                    number(update.takes),
                    number(update.possible_repeats),
                    cell(update.received_at.to_string()),
                    cell(if update.not_before > look.now { update.not_before.to_string() } else { "-".to_owned() }),
                ]);
            }
            row.push(cell(update.reason.as_ref().or(update.last_error.as_ref()).map_or("-", String::as_str)));
            row
        });
        look.table(if look.wide { &wide } else { &narrow }, rows)
    }

    fn names(&self) -> Vec<String> {
        self.updates.iter().map(name).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("updates")
    }

    fn columns(&self) -> &'static [&'static str] {
        COLUMNS
    }
}

impl ShowRows for InboxList {
    type Row = UpdateView;

    fn rows_mut(&mut self) -> &mut Vec<UpdateView> {
        &mut self.updates
    }

    fn columns_as() -> &'static [Column] {
        const {
            &[
                column("tenant", "tenant_id"),
                column("update", "update_id"),
                measured("age", "received_at", Measure::Ago),
                column("repeats", "possible_repeats"),
                column("received", "received_at"),
            ]
        }
    }
}

/// What was done to updates.
#[derive(Debug, Serialize)]
pub struct Done {
    /// `replayed` or `dropped`.
    pub done: &'static str,
    /// To which: `TENANT/BOT/UPDATE` each.
    pub updates: Vec<String>,
}

impl Show for Done {
    fn text(&self, _: &Look) -> String {
        let line = |update: &String| format!("{} {}", self.done, super::plain(update));
        self.updates.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.updates.clone()
    }
}
