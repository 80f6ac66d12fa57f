//! What is laid over the rest: a question, and the keys.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, Clear, Paragraph, Wrap},
};

use super::{credits, plain};
use crate::{
    event::Order,
    keymap::{BINDINGS, written},
    preferences::Column,
    state::{Modal, State},
};

/// In the middle, as large as that, and no larger than the terminal.
fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

fn framed(frame: &mut Frame, area: Rect, title: &str, style: Style, lines: Vec<Line<'_>>) {
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(format!(" {title} ")).border_style(style).title_style(style);
    frame.render_widget(Paragraph::new(lines).block(block).wrap(Wrap { trim: false }), area);
}

/// What would be done, in a sentence.
fn sentence(order: &Order) -> String {
    match order {
        Order::Suspend(id, why) => format!("suspend {id}: {why}"),
        Order::Grant(id, amount) => format!("grant {id} {} credits", credits(*amount)),
        Order::IdleTimeout(id, seconds) => format!("set the idle timeout of {id} to {seconds} s"),
        Order::Delete(id) => {
            format!(
                "delete {id}: its agent, its messages, its webhook. What it remembers is kept for a tenant of the same name."
            )
        }
        Order::Scale(Some(size)) => {
            let plural = if size.to_string() == "1" { "" } else { "s" };
            format!("keep {size} agent{plural} ready")
        }
        Order::Scale(None) => "keep as many agents ready as are configured".to_owned(),
        order => format!("{} {}", order.verb(), order.object()),
    }
}

pub(super) fn draw(state: &State, modal: &Modal, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let options = &state.options;
    let place = match &options.namespace {
        Some(namespace) => format!("in {}/{namespace}", plain(&options.context)),
        None => format!("in {}", plain(&options.context)),
    };
    let mut lines =
        vec![Line::default(), Line::from(sentence(&modal.order)), Line::styled(place, theme.accent), Line::default()];
    if let Some(name) = &modal.must_type {
        lines.push(Line::styled(format!("type {name} and enter, or esc;"), theme.dim));
        lines.push(Line::styled(format!("`purge {name}` destroys what it remembers too"), theme.dim));
        lines.push(Line::from(vec![Span::raw("> "), Span::styled(plain(&modal.typed), theme.bad), Span::raw("▏")]));
    } else {
        let choice = |chosen: bool, text: &'static str| {
            Span::styled(text, if chosen { theme.accent.patch(theme.selected) } else { theme.dim })
        };
        lines.push(Line::from(vec![choice(!modal.yes, "  No  "), Span::raw("  "), choice(modal.yes, "  Yes  ")]));
    }
    let (style, height) = if modal.must_type.is_some() { (theme.bad, 11) } else { (theme.warn, 9) };
    framed(frame, middle(area, 60, height), modal.order.verb(), style, lines);
}

pub(super) fn help(state: &State, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let entry = |binding: &crate::keymap::Binding| {
        let style = if binding.command.needs() > state.role() { theme.dim } else { theme.accent };
        let keys = binding.keys.iter().take(2).map(|key| written(*key)).collect::<Vec<_>>().join(" ");
        (keys, style, binding.help)
    };
    let half = BINDINGS.len().div_ceil(2);
    let lines = (0..half).map(|at| {
        let mut spans = Vec::new();
        for binding in [BINDINGS.get(at), BINDINGS.get(at + half)].into_iter().flatten() {
            let (keys, style, help) = entry(binding);
            spans.push(Span::styled(format!("{keys:<15}"), style));
            spans.push(Span::styled(format!("{help:<23.23}"), theme.text));
        }
        Line::from(spans)
    });
    let height = u16::try_from(half).unwrap_or(u16::MAX).saturating_add(2);
    framed(frame, middle(area, 80, height), "keys", theme.accent, lines.collect());
}

/// Which columns are shown, with the cursor on one.
pub(super) fn columns(state: &State, at: usize, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let line = |(place, column): (usize, &Column)| {
        let sign = if state.preferences.hidden.contains(column) { "[ ]" } else { "[x]" };
        let style = if place == at { theme.selected } else { Style::new() };
        Line::styled(format!(" {sign} {:<12}", column.title()), style)
    };
    let mut lines: Vec<Line<'_>> = Column::CHOICE.iter().enumerate().map(line).collect();
    lines.push(Line::styled(" space, then enter", theme.dim));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    framed(frame, middle(area, 24, height), "columns", theme.accent, lines);
}
