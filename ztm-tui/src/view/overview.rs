//! Everything in numbers: the fleet, its wakes, its queue, its money, and what needs a look.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::{Paragraph, Wrap},
};

use super::{credits, money, plain, plural, seconds, title};
use crate::{state::State, summary::Summary};

/// Minutes of wakes in the graph, at most.
const MINUTES: usize = 120;

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let summary = Summary::of(state);
    let alerts = u16::try_from(summary.alerts.len().clamp(1, 8)).unwrap_or(1) + 1;
    let [upper, lower] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(alerts.min(area.height / 2))]).areas(area);
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(46), Constraint::Fill(1)]).spacing(2).areas(inner(upper));
    fleet(state, &summary, frame, left);
    let [top, bottom] = Layout::vertical([Constraint::Length(6), Constraint::Min(0)]).areas(right);
    wakes(state, &summary, frame, top);
    let [queue_area, money_area] = Layout::vertical([Constraint::Length(5), Constraint::Min(0)]).areas(bottom);
    queue(state, &summary, frame, queue_area);
    spend(state, &summary, frame, money_area);
    alert_list(state, &summary, frame, inner(lower));
}

fn inner(area: Rect) -> Rect {
    area.inner(ratatui::layout::Margin { horizontal: 1, vertical: 0 })
}

fn fleet(state: &State, summary: &Summary, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let bar_width = usize::from(area.width.saturating_sub(30)).min(30);
    let total = summary.tenants.max(1);
    let mut lines = vec![title(format!("FLEET  {}", plural(summary.tenants, "tenant")), theme.accent)];
    for word in ["running", "provisioning", "stopping", "idle", "suspended", "terminated"] {
        let count = summary.status(word);
        if count == 0 && word == "terminated" {
            continue;
        }
        let (of, limit) = if word == "running" && summary.max_running > 0 {
            (summary.max_running, format!("of {}", summary.max_running))
        } else {
            (total, String::new())
        };
        let permille = u64::try_from(count * 1_000 / of.max(1)).unwrap_or(0);
        let style = if count == 0 { theme.dim } else { theme.status(word) };
        lines.push(Line::from(vec![
            Span::raw(format!("{word:<13}")),
            Span::styled(format!("{count:>6} "), style),
            Span::styled(state.options.symbols.bar(permille.max(u64::from(count > 0)), bar_width), style),
            Span::styled(format!(" {limit}"), theme.dim),
        ]));
    }
    let (ready, target) = summary.warm;
    let style = if state.numbers.warm_trouble.is_some() {
        theme.bad
    } else if ready < target {
        theme.warn
    } else {
        theme.good
    };
    let permille = (ready * 1_000).checked_div(target).and_then(|permille| u64::try_from(permille).ok()).unwrap_or(0);
    lines.push(Line::from(vec![
        Span::raw(format!("{:<13}", "warm")),
        Span::styled(format!("{ready:>6} "), style),
        Span::styled(state.options.symbols.bar(permille, bar_width), style),
        Span::styled(format!(" of {target}"), theme.dim),
    ]));
    frame.render_widget(Paragraph::new(lines), area);
}

fn wakes(state: &State, summary: &Summary, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let now = state.now();
    let mut lines = vec![title("WAKES  a minute, the last on the right", theme.accent)];
    let columns = usize::from(area.width.saturating_sub(6)).min(MINUTES);
    for (kind, warm, style) in [("cold", false, theme.warn), ("warm", true, theme.good)] {
        let mut minutes = vec![0_u64; MINUTES];
        for wake in state.wakes.iter().filter(|wake| wake.warm == warm) {
            let minute = usize::try_from(now.since(wake.at).as_secs() / 60).unwrap_or(usize::MAX);
            if let Some(slot) = MINUTES.checked_sub(minute.saturating_add(1)) {
                minutes[slot] += 1;
            }
        }
        let graph = state.options.symbols.graph(&minutes, columns);
        lines.push(Line::from(vec![Span::raw(format!("{kind}  ")), Span::styled(graph, style)]));
    }
    for (kind, wakes) in &summary.wakes {
        let text = if wakes.count == 0 {
            format!("{kind}  none within the hour")
        } else {
            let [p50, p95] = [wakes.p50_ms, wakes.p95_ms].map(Option::unwrap_or_default);
            format!("{kind}  {} in 1h  p50 {p50:.0}  p95 {p95:.0} ms", wakes.count)
        };
        lines.push(Line::styled(text, theme.dim));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn queue(state: &State, summary: &Summary, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let (leases, capacity) = summary.leases;
    let of = if capacity == 0 { String::new() } else { format!(" of {capacity}") };
    let number = |count: u64| Span::styled(count.to_string(), if count == 0 { theme.dim } else { theme.warn });
    let oldest = summary.oldest_wait_s.map_or(String::new(), |wait| format!(", oldest {}", seconds(wait)));
    let unpaid = summary.waits.credits + summary.waits.budget;
    let unpaid = if unpaid == 0 { String::new() } else { format!(", {unpaid} unpaid") };
    let lines = vec![
        title("QUEUE", theme.accent),
        Line::from(vec![
            Span::raw("running  "),
            Span::raw(format!("{leases}{of}")),
            Span::raw("   delayed  "),
            number(summary.waits.delayed),
        ]),
        Line::from(vec![
            Span::raw("waiting  "),
            number(summary.waiting_jobs),
            Span::styled(format!("{unpaid}{oldest}"), theme.dim),
        ]),
        Line::from(vec![Span::raw("messages "), number(summary.inbox), Span::styled(" not answered yet", theme.dim)]),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}

fn spend(state: &State, summary: &Summary, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let price = state.spend.as_ref().and_then(|spend| spend.price_micros_per_credit);
    let amount = |amount: Option<libtenancy::credits::MicroCredits>| match (amount, price) {
        (None, _) => "-".to_owned(),
        (Some(amount), None) => credits(amount),
        (Some(amount), Some(price)) => {
            let micros = u128::try_from(amount.0).unwrap_or(0) * u128::from(price) / 1_000_000;
            format!("{} ({})", credits(amount), money(u64::try_from(micros).unwrap_or(u64::MAX)))
        }
    };
    let machines = match (summary.micro_usd_per_hour, summary.idle_micro_usd_per_hour) {
        (Some(all), idle) => format!("${}/h, ${} of it idle", money(all), money(idle.unwrap_or(0))),
        (None, _) => "price unknown".to_owned(),
    };
    let lines = vec![
        title("SPEND  credits", theme.accent),
        Line::from(format!("now {}/h   today {}", amount(summary.per_hour), amount(summary.today))),
        Line::from(format!("this month {}", amount(summary.month))),
        Line::from(vec![Span::raw("machines "), Span::styled(machines, theme.dim)]),
    ];
    let mut lines = lines;
    lines.extend(summary.budgets.iter().map(|budget| {
        let style = match budget.permille {
            0..800 => theme.good,
            800..1_000 => theme.warn,
            _ => theme.bad,
        };
        let name: String = budget.tenant.chars().take(16).collect();
        Line::from(vec![
            Span::raw(format!("{name:<17}")),
            Span::styled(state.options.symbols.bar(budget.permille, 10), style),
            Span::styled(format!(" {}% of its budget", budget.permille / 10), theme.dim),
        ])
    }));
    frame.render_widget(Paragraph::new(lines), area);
}

fn alert_list(state: &State, summary: &Summary, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let mut lines = vec![title("ALERTS", theme.accent)];
    if summary.alerts.is_empty() {
        lines.push(Line::styled("nothing needs a look", theme.good));
    }
    for alert in &summary.alerts {
        lines.push(Line::styled(format!("● {}", plain(&alert.text)), if alert.bad { theme.bad } else { theme.warn }));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}
