//! A list with a cursor, of which only the rows are made that are seen.

use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::Style,
    text::{Line, Span, Text},
    widgets::{Cell, Row, Table},
};

use crate::theme::Theme;

/// How wide a column is, and on which side its text is.
#[derive(Clone, Copy, Debug)]
pub enum Width {
    /// So many columns, text on the left.
    Left(u16),
    /// So many columns, numbers on the right.
    Right(u16),
    /// What is left.
    Rest,
}

/// Draws the rows around the cursor. `row` makes one, by its place; `None` as the cursor is a list without one.
pub(super) fn draw<'a>(
    theme: &Theme,
    frame: &mut Frame,
    area: Rect,
    columns: &[(&'static str, Width)],
    (count, cursor): (usize, Option<usize>),
    row: impl Fn(usize) -> Vec<Span<'a>>,
) {
    let height = usize::from(area.height.saturating_sub(1));
    let at = cursor.unwrap_or(0).min(count.saturating_sub(1));
    // The cursor's row is in the middle, where there is enough above and below.
    let first = at.saturating_sub(height / 2).min(count.saturating_sub(height));
    let aligned = |span: Span<'a>, width: Width| {
        let line = Line::from(span);
        let line = if matches!(width, Width::Right(_)) { line.right_aligned() } else { line };
        Cell::from(Text::from(line))
    };
    let rows = (first..count.min(first + height)).map(|place| {
        let cells = row(place).into_iter().zip(columns).map(|(span, (_, width))| aligned(span, *width));
        let style = if cursor == Some(place) { theme.selected } else { Style::new() };
        Row::new(cells).style(style)
    });
    let header = columns.iter().map(|(title, width)| aligned(Span::styled(*title, theme.dim), *width));
    let widths = columns.iter().map(|(_, width)| match width {
        Width::Left(width) | Width::Right(width) => Constraint::Length(*width),
        Width::Rest => Constraint::Fill(1),
    });
    frame.render_widget(Table::new(rows, widths).header(Row::new(header)).column_spacing(1), area);
}
