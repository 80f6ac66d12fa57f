//! Jobs.

use libtenancy::api::jobs::{JobList, JobSubmitted, JobView};
use serde::Serialize;

use crate::listing::column::{Column, Measure, column, measured};

use super::{Look, Show, ShowRows, cell, number, plain, span, status};
use crate::client::is_over;

/// The fields that every row of the listing has.
pub(super) const COLUMNS: &[&str] = &[
    "job_id",
    "tenant_id",
    "agent_id",
    "status",
    "delay_reason",
    "until",
    "worker",
    "cost_gpu_seconds",
    "held_gpu_seconds",
    "used_gpu_seconds",
    "priority",
    "attempts",
    "max_attempts",
    "cancelling",
    "submitted_at",
    "ended_at",
    "prompt",
];

/// What is worth knowing about where a job stands.
fn detail(job: &JobView, look: &Look) -> String {
    let calling_off = (job.cancelling && !is_over(job)).then(|| "being called off".to_owned());
    let place = match (&job.delay_reason, &job.worker, job.until) {
        (Some(reason), _, Some(until)) => Some(format!("{reason}, until {until}")),
        (_, Some(worker), Some(until)) => Some(format!("{worker}, lease {}", span(until.since(look.now)))),
        _ => None,
    };
    let known: Vec<String> = calling_off.into_iter().chain(place).collect();
    if known.is_empty() { "-".to_owned() } else { known.join("; ") }
}

impl Show for JobList {
    fn text(&self, look: &Look) -> String {
        if self.jobs.is_empty() {
            return String::new();
        }
        let narrow = ["JOB", "STATUS", "AGE", "ATTEMPTS", "COST", "USED"];
        let wide =
            ["JOB", "STATUS", "AGE", "ATTEMPTS", "COST", "USED", "AGENT", "PRIORITY", "HELD", "DETAIL", "PROMPT"];
        let rows = self.jobs.iter().map(|job| {
            let mut row = vec![
                cell(&job.job_id),
                status(&job.status),
                cell(look.age(job.submitted_at)),
                number(format!("{}/{}", job.attempts, job.max_attempts)),
                number(job.cost_gpu_seconds),
                number(job.used_gpu_seconds),
            ];
            if look.wide {
                row.extend([
                    cell(&job.agent_id),
                    number(job.priority),
                    number(job.held_gpu_seconds),
                    cell(detail(job, look)),
                    cell(job.prompt.as_deref().unwrap_or("-")),
                ]);
            }
            row
        });
        look.table(if look.wide { &wide } else { &narrow }, rows)
    }

    fn names(&self) -> Vec<String> {
        self.jobs.iter().map(|job| job.job_id.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("jobs")
    }

    fn columns(&self) -> &'static [&'static str] {
        COLUMNS
    }
}

impl ShowRows for JobList {
    type Row = JobView;

    fn rows_mut(&mut self) -> &mut Vec<JobView> {
        &mut self.jobs
    }

    fn columns_as() -> &'static [Column] {
        const {
            &[
                column("job", "job_id"),
                column("tenant", "tenant_id"),
                measured("age", "submitted_at", Measure::Ago),
                column("cost", "cost_gpu_seconds"),
                column("used", "used_gpu_seconds"),
                column("agent", "agent_id"),
                column("held", "held_gpu_seconds"),
                column("detail", "delay_reason"),
            ]
        }
    }
}

/// The command that shows what was told of a job, by its agent too.
fn logged(job: &JobView) -> String {
    format!("`ztm logs {} --request {}` shows it", job.tenant_id, job.job_id)
}

impl Show for JobView {
    fn text(&self, look: &Look) -> String {
        let moment = |at| cell(format!("{at} ({} ago)", look.age(at)));
        look.fields([
            ("Job", Some(cell(&self.job_id))),
            ("Status", Some(status(&self.status))),
            ("Detail", Some(detail(self, look)).filter(|detail| detail != "-").map(cell)),
            ("Tenant", Some(cell(&self.tenant_id))),
            ("Agent", Some(cell(&self.agent_id))),
            ("Attempts", Some(cell(format!("{} of {}", self.attempts, self.max_attempts)))),
            ("Priority", Some(cell(self.priority.to_string()))),
            ("Cost", Some(cell(format!("{} credits", self.cost_gpu_seconds)))),
            ("Held", Some(cell(format!("{} credits", self.held_gpu_seconds)))),
            ("Used", Some(cell(format!("{} credits", self.used_gpu_seconds)))),
            ("Submitted", Some(moment(self.submitted_at))),
            ("Ended", self.ended_at.map(moment)),
            ("Prompt", self.prompt.as_ref().map(cell)),
            ("Result", self.result().map(cell)),
            ("Error", self.error().map(cell)),
            ("Log", self.error().map(|_| cell(logged(self)))),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.job_id.clone()]
    }
}

impl Show for JobSubmitted {
    fn text(&self, look: &Look) -> String {
        look.fields([("Job", Some(cell(&self.job_id))), ("Status", Some(status(&self.status)))])
    }

    fn names(&self) -> Vec<String> {
        vec![self.job_id.clone()]
    }
}

/// What was done to jobs.
#[derive(Debug, Serialize)]
pub struct Done {
    /// `cancelled`, `queued`, `ended`.
    pub done: &'static str,
    /// To which, as they are then.
    pub jobs: Vec<JobView>,
}

impl Show for Done {
    fn text(&self, _: &Look) -> String {
        let line = |job: &JobView| {
            let status = if job.cancelling && !is_over(job) { "being called off" } else { &job.status };
            format!("{} is {}", plain(&job.job_id), plain(status))
        };
        self.jobs.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.jobs.iter().map(|job| job.job_id.clone()).collect()
    }
}
