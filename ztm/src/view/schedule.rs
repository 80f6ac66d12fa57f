//! Schedules.

use libtenancy::{
    api::schedules::{ScheduleList, ScheduleRan, ScheduleRemoved, ScheduleView},
    schedule::Action,
};

use serde_json::Value;

use crate::listing::column::{Column, Measure, column, measured};

use super::{Look, Show, ShowRows, cell, span};

/// The fields that every row of the listing has.
pub(super) const COLUMNS: &[&str] = &[
    "tenant_id",
    "name",
    "spec.cron",
    "spec.time_zone",
    "spec.catch_up",
    "spec.paused",
    "spec.message.chat_id",
    "spec.message.text",
    "spec.job.prompt",
    "spec.job.agent_id",
    "spec.job.cost_gpu_seconds",
    "next_at",
    "last.at",
    "last.error",
];

fn what(action: &Action) -> String {
    match action {
        Action::Message { chat_id, text } => format!("tells chat {chat_id}: {text}"),
        Action::Job { prompt, cost, .. } => format!("job for {cost}: {prompt}"),
    }
}

/// What a row's agent is told.
fn told(row: &Value) -> Value {
    let job = &row["spec"]["job"]["prompt"];
    if job.is_null() { row["spec"]["message"]["text"].clone() } else { job.clone() }
}

fn name(view: &ScheduleView) -> String {
    format!("{}/{}", view.tenant_id, view.name)
}

fn next(view: &ScheduleView, look: &Look) -> String {
    match view.next_at {
        _ if view.spec.is_paused() => "paused".to_owned(),
        Some(at) => format!("in {}", span(at.since(look.now))),
        None => "-".to_owned(),
    }
}

fn last(view: &ScheduleView, look: &Look) -> String {
    match &view.last {
        Some(fired) => {
            let error = fired.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            format!("{} ago{error}", look.age(fired.at))
        }
        None => "-".to_owned(),
    }
}

impl Show for ScheduleView {
    fn text(&self, look: &Look) -> String {
        look.fields([
            ("Tenant", Some(cell(&self.tenant_id))),
            ("Schedule", Some(cell(&self.name))),
            ("Times", Some(cell(format!("{} ({})", self.spec.cron(), self.spec.time_zone())))),
            ("What", Some(cell(what(self.spec.action())))),
            ("Catch-up", Some(cell(self.spec.catch_up().label()))),
            (
                "Next",
                Some(cell(self.next_at.map_or_else(|| next(self, look), |at| format!("{at} ({})", next(self, look))))),
            ),
            ("Last", self.last.as_ref().map(|_| cell(last(self, look)))),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![name(self)]
    }
}

impl Show for ScheduleList {
    fn text(&self, look: &Look) -> String {
        let mut header = vec!["TENANT", "SCHEDULE", "CRON", "ZONE", "NEXT", "WHAT", "LAST"];
        if look.wide {
            header.push("CATCH-UP");
        }
        let rows = self.schedules.iter().map(|view| {
            let text = what(view.spec.action());
            let short: String = text.chars().take(40).collect();
            let mut row = vec![
                cell(&view.tenant_id),
                cell(&view.name),
                cell(view.spec.cron()),
                cell(view.spec.time_zone()),
                cell(next(view, look)),
                cell(if look.wide { text } else { short }),
                cell(last(view, look)),
            ];
            if look.wide {
                row.push(cell(view.spec.catch_up().label()));
            }
            row
        });
        look.table(&header, rows)
    }

    fn names(&self) -> Vec<String> {
        self.schedules.iter().map(name).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("schedules")
    }

    fn columns(&self) -> &'static [&'static str] {
        COLUMNS
    }
}

impl ShowRows for ScheduleList {
    type Row = ScheduleView;
    fn rows_mut(&mut self) -> &mut Vec<ScheduleView> {
        &mut self.schedules
    }

    fn columns_as() -> &'static [Column] {
        const {
            &[
                column("tenant", "tenant_id"),
                column("schedule", "name"),
                column("cron", "spec.cron"),
                column("zone", "spec.time_zone"),
                measured("next", "next_at", Measure::Until),
                measured("last", "last.at", Measure::Ago),
                column("catch_up", "spec.catch_up"),
                measured("what", "spec", Measure::Made(told)),
            ]
        }
    }
}

impl Show for ScheduleRan {
    fn text(&self, look: &Look) -> String {
        look.fields([
            ("Tenant", Some(cell(&self.tenant_id))),
            ("Schedule", Some(cell(&self.name))),
            ("Fired", Some(cell(self.at.to_string()))),
            ("Job", self.job_id.as_ref().map(cell)),
            ("Message", self.update.as_ref().map(cell)),
        ])
    }

    /// The job, or the message.
    fn names(&self) -> Vec<String> {
        self.job_id.iter().chain(&self.update).cloned().collect()
    }
}

impl Show for ScheduleRemoved {
    fn text(&self, _: &Look) -> String {
        format!("schedule `{}` of `{}` deleted", self.name, self.tenant_id)
    }

    fn names(&self) -> Vec<String> {
        vec![format!("{}/{}", self.tenant_id, self.name)]
    }
}
