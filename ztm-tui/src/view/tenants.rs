//! The tenants.

use libtenancy::api::feed::AccountLine;
use ratatui::{Frame, layout::Rect, text::Span};

use super::{
    ago, countdown, credits, machine, plural, spent,
    table::{self, Width},
};
use crate::{preferences::Column, state::State};

fn width(column: Column, id: u16) -> Width {
    match column {
        Column::Tenant => Width::Left(id),
        Column::Status => Width::Left(12),
        Column::Idle => Width::Right(8),
        Column::Spent => Width::Right(11),
        Column::Credits => Width::Right(BAR + 9),
        Column::Active => Width::Right(6),
        Column::Inbox | Column::Jobs => Width::Right(5),
        Column::Node => Width::Rest,
        Column::Generation => Width::Right(17),
    }
}

/// The columns of a bar.
const BAR: u16 = 4;

/// What is left, as a bar of what the bucket holds at most, and as a number.
fn credit_gauge(state: &State, account: &AccountLine) -> Span<'static> {
    let theme = &state.options.theme;
    let [left, most] = [account.available, account.burst].map(|amount| u64::try_from(amount.0).unwrap_or(0));
    let permille = left.saturating_mul(1_000).checked_div(most).unwrap_or(1_000);
    let style = match permille {
        0 => theme.bad,
        1..100 => theme.warn,
        _ => theme.text,
    };
    let bar = state.options.symbols.bar(permille, usize::from(BAR));
    Span::styled(format!("{bar} {:>8}", credits(account.available)), style)
}

/// What was spent of the budget in its period, and the budget; `None` without one.
fn budget(account: &AccountLine) -> Option<String> {
    account.budget.map(|budget| format!("{}/{}", spent(account), credits(budget)))
}

/// What goes first where there is no place for all.
const DISPENSABLE: [Column; 7] =
    [Column::Generation, Column::Node, Column::Spent, Column::Active, Column::Jobs, Column::Idle, Column::Credits];

/// The columns that are shown: what is not hidden, as far as there is place.
fn fitting(hidden: &[Column], id: u16, place: u16) -> Vec<Column> {
    let mut shown: Vec<Column> = Column::ALL.into_iter().filter(|column| !hidden.contains(column)).collect();
    let needed = |column: &Column| match width(*column, id) {
        Width::Left(width) | Width::Right(width) => width + 1,
        // A machine's name.
        Width::Rest => 20,
    };
    for column in DISPENSABLE {
        if shown.iter().map(needed).sum::<u16>() <= place {
            break;
        }
        shown.retain(|other| *other != column);
    }
    shown
}

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let preferences = &state.preferences;
    let theme = &state.options.theme;
    // As wide as the longest id nearby, within reason.
    let cursor = state.cursor().at;
    let near = state.rows.iter().skip(cursor.saturating_sub(100)).take(200).map(String::len).max().unwrap_or(0);
    let id = u16::try_from(near.clamp(12, usize::from(area.width / 3).max(12))).unwrap_or(12);
    let shown = fitting(&preferences.hidden, id, area.width);
    let columns: Vec<(&'static str, Width)> = shown.iter().map(|column| (column.title(), width(*column, id))).collect();
    let fixed = columns.iter().map(|(_, column)| match column {
        Width::Left(width) | Width::Right(width) => width + 1,
        Width::Rest => 0,
    });
    let rest = area.width.saturating_sub(fixed.sum());
    let now = state.now();
    let row = |place: usize| -> Vec<Span<'_>> {
        let Some(line) = state.rows.get(place).and_then(|id| state.tenants.get(id)) else { return Vec::new() };
        let account = line.account.as_ref();
        let some = |text: Option<String>| text.map_or_else(|| Span::styled("-", theme.dim), Span::raw);
        let count = |count: u64| {
            if count == 0 { Span::styled("-", theme.dim) } else { Span::styled(count.to_string(), theme.warn) }
        };
        let cell = |column: &Column| match column {
            Column::Tenant => Span::raw(line.id.as_str()),
            Column::Status => {
                let word = line.shown_status();
                Span::styled(word, theme.status(word))
            }
            Column::Idle => some(line.idle_at().map(|at| countdown(now, at))),
            Column::Active => Span::raw(ago(now, line.last_active_at)),
            Column::Inbox => count(line.pending),
            Column::Jobs => match state.job_count(line) {
                (jobs, true) => Span::styled(format!("{jobs}+"), theme.warn),
                (jobs, false) => count(jobs),
            },
            Column::Credits => account.map_or_else(|| some(None), |account| credit_gauge(state, account)),
            Column::Spent => some(account.and_then(budget)),
            Column::Node => some(state.node_of.get(&line.id).map(|name| machine(name, rest))),
            Column::Generation => Span::styled(line.generation.to_string(), theme.dim),
        };
        shown.iter().map(cell).collect()
    };
    let arrow = if preferences.reverse { "reversed" } else { "" };
    let [head, list] = ratatui::layout::Layout::vertical([
        ratatui::layout::Constraint::Length(1),
        ratatui::layout::Constraint::Min(0),
    ])
    .areas(area);
    let sorted = preferences.sort.title().to_lowercase();
    let text = format!(" {} of {}, by {sorted} {arrow}", state.rows.len(), plural(state.tenants.len(), "tenant"));
    frame.render_widget(ratatui::text::Line::styled(text, theme.dim), head);
    table::draw(theme, frame, list, &columns, (state.rows.len(), Some(cursor)), row);
}
