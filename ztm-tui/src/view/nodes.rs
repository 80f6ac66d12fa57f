//! The machines, and what they cost.

use std::collections::BTreeMap;

use libtenancy::api::nodes::{NodeList, NodeView};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::{Paragraph, Wrap},
};

use super::{
    ago, machine, money, plain, plural,
    table::{self, Width},
};
use crate::state::State;

const UNKNOWN: &str = "unknown";

fn price(micros: Option<u64>) -> String {
    micros.map_or(UNKNOWN.to_owned(), |micros| format!("${}", money(micros)))
}

/// What of it is asked for, as a number, and a bar where there is room.
fn load(state: &State, bars: bool, asked: Option<u64>, has: u64) -> String {
    let Some(asked) = asked else { return "-".to_owned() };
    let permille = asked.saturating_mul(1_000).checked_div(has).unwrap_or(0);
    let bar = if bars { format!("{} ", state.options.symbols.bar(permille, 6)) } else { String::new() };
    format!("{bar}{:>3}%", permille / 10)
}

/// How wide a terminal must be for bars beside the loads, and for what is idle beside the price.
const BARS: u16 = 120;
const IDLE: u16 = 90;

/// How wide the state is at least, and the name.
const STATE: u16 = 7;
const NAME: u16 = 14;

/// The columns for so much room; the first is as wide as the longest name where that fits.
fn columns(list: &NodeList, width: u16) -> Vec<(&'static str, Width)> {
    let load = if width >= BARS { 11 } else { 6 };
    let mut columns = vec![("TYPE", Width::Left(15)), ("$/H", Width::Right(8))];
    columns.extend((width >= IDLE).then_some(("IDLE $/H", Width::Right(8))));
    columns.extend([("AGE", Width::Right(5)), ("PODS", Width::Right(4))]);
    columns.extend([("CPU", Width::Left(load)), ("MEMORY", Width::Left(load)), ("STATE", Width::Rest)]);
    let taken: u16 = columns
        .iter()
        .map(|(_, column)| match column {
            Width::Left(width) | Width::Right(width) => width + 1,
            Width::Rest => STATE,
        })
        .sum();
    let names = || list.nodes.iter().map(|view| &view.node.name).chain(list.claims.iter().map(|claim| &claim.name));
    let longest = |place: u16| {
        let long = names().map(|name| u16::try_from(machine(name, place).chars().count()).unwrap_or(u16::MAX));
        long.max().unwrap_or(0)
    };
    let room = width.saturating_sub(taken + 1);
    let name = longest(room).clamp(NAME.min(room), room.max(NAME));
    columns.insert(0, ("NODE", Width::Left(name)));
    columns
}

pub(super) fn draw(state: &State, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let Some(list) = &state.nodes else {
        frame.render_widget(Line::styled(" the machines are not known yet", theme.dim), area);
        return;
    };
    let sums = totals(list);
    let below = u16::try_from(sums.len()).unwrap_or(u16::MAX).min(area.height / 3);
    let [upper, lower] = Layout::vertical([Constraint::Min(0), Constraint::Length(below)]).areas(area);
    let columns = columns(list, upper.width);
    let (bars, idle) = (upper.width >= BARS, upper.width >= IDLE);
    let name = match columns[0] {
        (_, Width::Left(width)) => width,
        _ => NAME,
    };
    let count = list.nodes.len() + list.claims.len();
    table::draw(theme, frame, upper, &columns, (count, Some(state.cursor().at)), |place| {
        if let Some(view) = list.nodes.get(place) {
            return node_row(state, view, (name, bars, idle));
        }
        let claim = &list.claims[place - list.nodes.len()];
        let dash = || Span::styled("-", theme.dim);
        let mut cells = vec![
            Span::raw(machine(&claim.name, name)),
            Span::raw(claim.instance_type.clone().unwrap_or_else(|| "-".to_owned())),
            dash(),
        ];
        cells.extend(idle.then(dash));
        cells.extend([
            Span::raw(claim.created_at.map_or("-".to_owned(), |at| ago(state.now(), at))),
            dash(),
            dash(),
            dash(),
            Span::styled(format!("pending: {}", plain(&claim.cause)), theme.warn),
        ]);
        cells
    });
    let lines: Vec<Line<'_>> = sums.into_iter().map(|text| Line::styled(text, theme.dim)).collect();
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), lower);
}

fn node_row(state: &State, view: &NodeView, (name, bars, shows_idle): (u16, bool, bool)) -> Vec<Span<'static>> {
    let (theme, node) = (&state.options.theme, &view.node);
    let asked = node.requested;
    let (word, style) = match &node.trouble {
        None => ("ready".to_owned(), theme.good),
        Some(why) => (plain(why), theme.bad),
    };
    let idle = match view.idle_micro_usd_per_hour {
        Some(idle) if idle > 0 => theme.warn,
        _ => theme.dim,
    };
    let mut cells = vec![
        Span::raw(machine(&node.name, name)),
        Span::raw(node.instance_type.clone().unwrap_or_else(|| "-".to_owned())),
        Span::raw(price(view.micro_usd_per_hour)),
    ];
    cells.extend(shows_idle.then(|| Span::styled(price(view.idle_micro_usd_per_hour), idle)));
    cells.extend([
        Span::raw(node.created_at.map_or("-".to_owned(), |at| ago(state.now(), at))),
        Span::raw((node.tenants.len() + node.warm).to_string()),
        Span::raw(load(state, bars, asked.map(|asked| asked.cpu_millis), node.allocatable.cpu_millis)),
        Span::raw(load(state, bars, asked.map(|asked| asked.memory_bytes), node.allocatable.memory_bytes)),
        Span::styled(word, style),
    ]);
    cells
}

/// The sums, per pool and of all.
fn totals(list: &NodeList) -> Vec<String> {
    let mut pools: BTreeMap<&str, Vec<&NodeView>> = BTreeMap::new();
    for view in &list.nodes {
        pools.entry(view.node.pool.as_deref().unwrap_or("no pool")).or_default().push(view);
    }
    let mut lines: Vec<String> = pools.iter().map(|(pool, views)| line(pool, views)).collect();
    if pools.len() > 1 {
        lines.push(line("all", &list.nodes.iter().collect::<Vec<_>>()));
    }
    lines.push(format!(" prices: {}", plain(&list.prices)));
    lines
}

fn line(name: &str, views: &[&NodeView]) -> String {
    let sum = |of: fn(&NodeView) -> Option<u64>| views.iter().filter_map(|view| of(view)).reduce(|a, b| a + b);
    let (all, idle) = (sum(|view| view.micro_usd_per_hour), sum(|view| view.idle_micro_usd_per_hour));
    let tenants: usize = views.iter().map(|view| view.node.tenants.len()).sum();
    let unknown = views.iter().filter(|view| view.micro_usd_per_hour.is_none()).count();
    let without = if unknown > 0 { format!(", without {unknown} of unknown price") } else { String::new() };
    let share = all.and_then(|all| all.checked_div(u64::try_from(tenants).ok()?));
    let share = share.map_or(String::new(), |share| format!(" · ${} a tenant", money(share)));
    let cost = match all {
        None => "price unknown".to_owned(),
        Some(all) => {
            format!("${}/h, {} idle, ${} a month{without}", money(all), price(idle), money(all.saturating_mul(730)))
        }
    };
    format!(" {name}: {}, {} · {cost}{share}", plural(views.len(), "machine"), plural(tenants, "tenant"))
}
