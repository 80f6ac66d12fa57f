//! What happened, newest first.

use libtenancy::api::feed::EventLine;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::{Paragraph, Wrap},
};

use super::{
    clock, plain,
    table::{self, Width},
};
use crate::state::State;

/// The columns of a list of events.
pub(super) const COLUMNS: &[(&str, Width)] =
    &[("TIME", Width::Left(8)), ("WHAT", Width::Left(10)), ("TENANT", Width::Left(24)), ("", Width::Rest)];

/// An event in a row.
pub(super) fn row(state: &State, event: &EventLine) -> Vec<Span<'static>> {
    let theme = &state.options.theme;
    vec![
        Span::styled(clock(event.at), theme.dim),
        Span::styled(event.what.clone(), theme.status(&event.what)),
        Span::raw(event.tenant.clone().unwrap_or_default()),
        Span::raw(plain(&event.text)),
    ]
}

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let shown: Vec<&EventLine> = state.events_shown().collect();
    if shown.is_empty() {
        frame.render_widget(Line::styled(" nothing has happened since this screen was opened", theme.dim), area);
        return;
    }
    let below = if area.height > 12 { 4 } else { 0 };
    let [upper, lower] = Layout::vertical([Constraint::Min(0), Constraint::Length(below)]).areas(area);
    table::draw(theme, frame, upper, COLUMNS, (shown.len(), Some(state.cursor().at)), |place| row(state, shown[place]));
    let Some(event) = state.event_selected() else { return };
    let mut lines = vec![Line::styled("─".repeat(usize::from(lower.width)), theme.dim)];
    lines.push(Line::from(format!(" {} {}", event.at, plain(&event.text))));
    if let Some(wake) = &event.wake {
        let p = &wake.phases;
        let text = format!(
            " queue {:.0}  lock {:.0}  node {:.0}  workload {:.0}  restore {:.0}  ready {:.0}  record {:.0} ms",
            p.queue_ms, p.lock_ms, p.node_ms, p.workload_ms, p.restore_ms, p.ready_ms, p.record_ms
        );
        lines.push(Line::styled(text, theme.dim));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), lower);
}
