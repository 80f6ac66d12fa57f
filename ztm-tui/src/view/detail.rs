//! One tenant: what it is, its last wake phase by phase, why, and its parts.

use libtenancy::{
    api::{WakeView, feed::TenantLine, why::Why},
    clock::Timestamp,
};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::{Paragraph, Wrap},
};

use super::{
    ago, countdown, credits, events, plain, plural, queue, size, spent,
    table::{self, Width},
};
use crate::state::{Asked, Detail, Section, State};

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let Some(detail) = &state.detail else { return };
    let theme = &state.options.theme;
    let [head, parts, body] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let line = state.tenants.get(&detail.tenant);
    let mut spans = vec![Span::styled(format!(" {} ", detail.tenant), theme.accent)];
    match line {
        Some(line) => {
            let word = line.shown_status();
            spans.push(Span::styled(word, theme.status(word)));
            if let Some(since) = state.status_since(line) {
                spans.push(Span::styled(format!(" for {}", ago(state.now(), since)), theme.dim));
            }
        }
        None => spans.push(Span::styled("is no more", theme.bad)),
    }
    frame.render_widget(Line::from(spans), head);
    let tabs = Section::ALL.into_iter().map(|section| {
        let style = if section == detail.section { theme.accent.patch(theme.selected) } else { theme.dim };
        Span::styled(format!(" {} ", section.title()), style)
    });
    frame.render_widget(Line::from(tabs.collect::<Vec<_>>()), parts);
    match detail.section {
        Section::Summary => summary(state, detail, line, frame, body),
        Section::Events => {
            let of =
                |event: &&libtenancy::api::feed::EventLine| event.tenant.as_deref() == Some(detail.tenant.as_str());
            let shown: Vec<_> = state.events.iter().rev().filter(of).collect();
            list(state, frame, body, events::COLUMNS, shown.len(), |place| events::row(state, shown[place]));
        }
        Section::Jobs => {
            let shown: Vec<_> = state.jobs_of(&detail.tenant).collect();
            list(state, frame, body, queue::JOB_COLUMNS, shown.len(), |place| queue::job_row(state, shown[place]));
        }
        Section::Inbox => inbox(state, detail, frame, body),
        Section::Ledger => ledger(state, detail, frame, body),
        Section::Logs => logs(state, detail, frame, body),
    }
}

/// A list with the cursor of the tenant that is open.
fn list<'a>(
    state: &State,
    frame: &mut Frame,
    area: Rect,
    columns: &[(&'static str, Width)],
    count: usize,
    row: impl Fn(usize) -> Vec<Span<'a>>,
) {
    let theme = &state.options.theme;
    if count == 0 {
        frame.render_widget(Line::styled(" nothing", theme.dim), area);
        return;
    }
    let cursor = state.detail.as_ref().map(|detail| detail.cursor.at);
    table::draw(theme, frame, area, columns, (count, cursor), row);
}

/// What was asked for, or that it is not here.
fn here<'a, T>(state: &State, asked: &'a Asked<T>, frame: &mut Frame, area: Rect) -> Option<&'a T> {
    let theme = &state.options.theme;
    match asked {
        Asked::Here(it) => return Some(it),
        Asked::Waiting => frame.render_widget(Line::styled(" asking…", theme.dim), area),
        Asked::Failed(why) => frame.render_widget(
            Paragraph::new(Line::styled(format!(" {}", plain(why)), theme.bad)).wrap(Wrap { trim: false }),
            area,
        ),
    }
    None
}

fn summary(state: &State, detail: &Detail, line: Option<&TenantLine>, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let now = state.now();
    let mut lines = Vec::new();
    if let Some(line) = line {
        let field = |name: &str, value: String| {
            Line::from(vec![Span::styled(format!(" {name:<11}"), theme.dim), Span::raw(value)])
        };
        let idle = line.idle_at().map_or_else(
            || format!("after {} s without work", line.idle_timeout_s),
            |at| format!("in {} ({} s without work)", countdown(now, at), line.idle_timeout_s),
        );
        lines.push(field("generation", line.generation.to_string()));
        lines.push(field("stops", idle));
        if let Some(why) = &line.suspended {
            lines.push(field("suspended", plain(why)));
        }
        if let Some(why) = &line.stop_reason {
            lines.push(field("stopped", plain(why)));
        }
        if !line.labels.is_empty() {
            lines.push(field("labels", line.labels.to_string()));
        }
        if let Some(workload) = &line.workload {
            let node = state.node_of.get(&line.id).map_or(String::new(), |node| format!(" on {node}"));
            lines.push(field("agent", format!("{workload}{node}")));
        }
        if let Some(account) = &line.account {
            let budget = account.budget.map_or(String::new(), |budget| format!(" of a budget of {}", credits(budget)));
            let text = format!(
                "{} left, {} held, {} spent{budget}, refilled by {}/s up to {}",
                credits(account.available),
                credits(account.held),
                spent(account),
                credits(account.rate),
                credits(account.burst)
            );
            lines.push(field("credits", text));
        }
        let saved =
            line.snapshot.map_or("never".to_owned(), |(at, bytes)| format!("{} ago, {}", ago(now, at), size(bytes)));
        lines.push(field("saved", saved));
        lines.push(field("messages", format!("{} not answered yet", line.pending)));
        if let Some(wake) = &line.last_wake {
            lines.push(Line::default());
            lines.extend(waterfall(state, wake, usize::from(area.width)));
        }
    }
    lines.push(Line::default());
    lines.push(Line::styled(" WHY", theme.accent));
    match &detail.why {
        Asked::Waiting => lines.push(Line::styled(" asking…", theme.dim)),
        Asked::Failed(why) => lines.push(Line::styled(format!(" {}", plain(why)), theme.bad)),
        Asked::Here(why) => lines.extend(explained(state, why, now)),
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}

fn explained(state: &State, why: &Why, now: Timestamp) -> Vec<Line<'static>> {
    let theme = &state.options.theme;
    let mut lines = vec![Line::from(format!(" {}", plain(&why.summary)))];
    for reason in &why.reasons {
        let until = reason.until.map_or(String::new(), |until| format!(" (for {} more)", countdown(now, until)));
        lines.push(Line::from(vec![
            Span::styled(format!(" {}  ", reason.code), theme.warn),
            Span::raw(format!("{}{until}", plain(&reason.text))),
        ]));
        for compared in &reason.compared {
            let of = match compared.needs.as_str() {
                "-" => String::new(),
                needs => format!(" of {needs}"),
            };
            let text = format!("   {}: {}{of}", compared.what, compared.has);
            lines.push(Line::styled(plain(&text), theme.dim));
        }
    }
    lines
}

/// The phases of a wake, each where it began and as long as it took.
fn waterfall(state: &State, wake: &WakeView, width: usize) -> Vec<Line<'static>> {
    let theme = &state.options.theme;
    let p = &wake.phases;
    let phases = [
        ("queue", p.queue_ms),
        ("lock", p.lock_ms),
        ("node", p.node_ms),
        ("workload", p.workload_ms),
        ("restore", p.restore_ms),
        ("ready", p.ready_ms),
        ("record", p.record_ms),
    ];
    let columns = width.saturating_sub(26).clamp(10, 80);
    let all = phases.iter().map(|(_, ms)| ms).sum::<f64>().max(0.001);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "columns")]
    let place = |ms: f64| ((ms / all * columns as f64).round().max(0.0) as usize).min(columns);
    let sign = if state.options.symbols == crate::theme::Symbols::Ascii { "=" } else { "▬" };
    let mut lines = vec![Line::from(vec![
        Span::styled(" LAST WAKE", theme.accent),
        Span::styled(format!("  {}, {:.0} ms", wake.kind, p.total_ms), theme.dim),
    ])];
    let mut began = 0.0;
    for (name, ms) in phases {
        if ms > 0.0 {
            let from = place(began).min(columns - 1);
            let length = place(began + ms).saturating_sub(from).max(1);
            lines.push(Line::from(vec![
                Span::raw(format!(" {name:<9}{ms:>8.1} ms ")),
                Span::raw(" ".repeat(from)),
                Span::styled(sign.repeat(length), theme.good),
            ]));
        }
        began += ms;
    }
    lines
}

fn inbox(state: &State, detail: &Detail, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let Some(updates) = here(state, &detail.inbox, frame, area) else { return };
    let columns = [
        ("UPDATE", Width::Right(12)),
        ("STAGE", Width::Left(9)),
        ("AGE", Width::Right(5)),
        ("FAILED", Width::Right(6)),
        ("WHY", Width::Rest),
    ];
    list(state, frame, area, &columns, updates.len(), |place| {
        let update = &updates[place];
        let why = update.reason.as_ref().or(update.last_error.as_ref());
        vec![
            Span::raw(update.update_id.to_string()),
            Span::styled(update.stage.clone(), theme.status(&update.stage)),
            Span::raw(ago(state.now(), update.received_at)),
            Span::raw(update.attempts.to_string()),
            Span::styled(why.map_or_else(String::new, |why| plain(why)), theme.dim),
        ]
    });
}

fn ledger(state: &State, detail: &Detail, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let Some(rows) = here(state, &detail.ledger, frame, area) else { return };
    let columns = [
        ("TIME", Width::Left(19)),
        ("KIND", Width::Left(12)),
        ("SPENT", Width::Right(9)),
        ("HELD", Width::Right(9)),
        ("GRANTED", Width::Right(9)),
        ("LEFT", Width::Right(9)),
        ("OF", Width::Rest),
    ];
    list(state, frame, area, &columns, rows.len(), |place| {
        let row = &rows[place];
        vec![
            Span::styled(row.at.to_string().chars().take(19).collect::<String>().replace('T', " "), theme.dim),
            Span::raw(row.kind.clone()),
            Span::raw(credits(row.spent)),
            Span::raw(credits(row.held)),
            Span::raw(credits(row.granted)),
            Span::raw(credits(row.available_after)),
            Span::styled(plain(&row.reference), theme.dim),
        ]
    });
}

fn logs(state: &State, detail: &Detail, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let log = &detail.log;
    let [list, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(area);
    let shown = log.shown();
    let height = usize::from(list.height);
    let end = shown.len().saturating_sub(log.up).max(height.min(shown.len()));
    let lines: Vec<Line<'_>> =
        shown[end.saturating_sub(height)..end].iter().map(|line| Line::raw(plain(line))).collect();
    let paragraph = Paragraph::new(lines);
    if log.wrap {
        // The last line must be seen: what is too much goes at the top.
        let paragraph = paragraph.wrap(Wrap { trim: false });
        let over = paragraph.line_count(list.width).saturating_sub(height);
        frame.render_widget(paragraph.scroll((u16::try_from(over).unwrap_or(u16::MAX), 0)), list);
    } else {
        frame.render_widget(paragraph.scroll((0, u16::try_from(log.left).unwrap_or(u16::MAX))), list);
    }
    let mut text = format!(" {}", plural(shown.len(), "line"));
    if log.paused {
        text = format!("{text} · PAUSED, {} more came", log.held.len());
    }
    if log.up > 0 {
        text = format!("{text} · {} up from the end", log.up);
    }
    if log.left > 0 && !log.wrap {
        text = format!("{text} · from column {}", log.left + 1);
    }
    if !log.filter.is_empty() {
        text = format!("{text} · with `{}`", plain(&log.filter));
    }
    if let Some(why) = &log.ended {
        text = format!("{text} · {}", plain(why));
    }
    frame.render_widget(Line::styled(text, if log.paused { theme.warn } else { theme.dim }), foot);
}
