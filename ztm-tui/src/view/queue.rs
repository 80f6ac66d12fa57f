//! The queue: whose turn it is, and the jobs.

use libtenancy::api::jobs::JobView;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{
    ago, countdown, credits, plain, plural,
    table::{self, Width},
};
use crate::state::State;

/// Rows of the shares at most.
const SHARES: usize = 6;

/// The columns of a list of jobs.
pub(super) const JOB_COLUMNS: &[(&str, Width)] = &[
    ("JOB", Width::Left(30)),
    ("STATE", Width::Left(10)),
    ("TRY", Width::Right(5)),
    ("COST", Width::Right(8)),
    ("AGE", Width::Right(5)),
    ("LEFT", Width::Right(6)),
    ("WHY", Width::Rest),
];

/// A job in a row.
pub(super) fn job_row(state: &State, job: &JobView) -> Vec<Span<'static>> {
    let (theme, now) = (&state.options.theme, state.now());
    let why = job.error().cloned().or_else(|| job.delay_reason.clone()).or_else(|| job.worker.clone());
    vec![
        Span::raw(job.job_id.clone()),
        Span::styled(job.status.clone(), theme.status(&job.status)),
        Span::raw(format!("{}/{}", job.attempts, job.max_attempts)),
        Span::raw(credits(job.cost_gpu_seconds)),
        Span::raw(ago(now, job.submitted_at)),
        Span::raw(job.until.map_or("-".to_owned(), |until| countdown(now, until))),
        Span::styled(why.map_or_else(String::new, |why| plain(&why)), theme.dim),
    ]
}

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let ready: Vec<_> = state
        .queue
        .iter()
        .enumerate()
        .flat_map(|(partition, line)| line.ready.iter().map(move |ready| (partition, line.clock, ready)))
        .collect();
    let shares = ready.len().clamp(1, SHARES);
    let [head, upper, gap, lower] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(u16::try_from(shares + 1).unwrap_or(2)),
        Constraint::Length(1),
        Constraint::Min(0),
    ])
    .areas(area);
    let sum = |of: fn(&libtenancy::api::feed::QueueLine) -> u64| state.queue.iter().map(of).sum::<u64>();
    let count = |sum: u64| usize::try_from(sum).unwrap_or(usize::MAX);
    let capacity = sum(|line| u64::from(line.capacity));
    let of = if capacity == 0 { "no limit".to_owned() } else { format!("of {capacity}") };
    let text = format!(
        " {}, {of} · {} · {} in turn · {} put back since the store was made",
        plural(count(sum(|line| line.leases)), "lease"),
        crate::summary::waits(state),
        plural(count(sum(|line| line.ready_count)), "tenant"),
        sum(|line| line.recovered),
    );
    frame.render_widget(Line::styled(text, theme.dim), head);
    let columns = [
        ("NEXT", Width::Right(4)),
        ("TENANT", Width::Left(30)),
        ("SHARE", Width::Right(6)),
        ("AHEAD", Width::Right(12)),
        ("WAITING", Width::Right(8)),
        ("RUNNING", Width::Right(8)),
        ("", Width::Rest),
    ];
    if ready.is_empty() {
        frame.render_widget(Line::styled(" nobody waits for a turn", theme.dim), upper);
    } else {
        table::draw(theme, frame, upper, &columns, (ready.len(), None), |place| {
            let (partition, clock, line) = ready[place];
            let partition = if state.queue.len() > 1 { format!("p{partition:02}") } else { String::new() };
            vec![
                Span::raw((place + 1).to_string()),
                Span::raw(line.tenant.clone()),
                Span::raw(line.weight.to_string()),
                // How far its use is ahead of the queue's own time: who is least ahead is next.
                Span::raw((line.tag.saturating_sub(clock)).to_string()),
                Span::styled(line.waiting.to_string(), theme.warn),
                Span::raw(line.running.to_string()),
                Span::styled(partition, theme.dim),
            ]
        });
    }
    frame.render_widget(Line::styled("─".repeat(usize::from(gap.width)), theme.dim), gap);
    if state.jobs.is_empty() {
        frame.render_widget(Line::styled(" no job waits, runs or is dead", Style::new().patch(theme.dim)), lower);
        return;
    }
    let cursor = (state.jobs.len(), Some(state.cursor().at));
    table::draw(theme, frame, lower, JOB_COLUMNS, cursor, |place| job_row(state, &state.jobs[place]));
}
