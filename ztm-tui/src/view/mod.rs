//! What is drawn, a file per pane.
//!
//! ```text
//!  ztm top  production/default                admin · leader · 0s      header: where, who, how old
//!  1 Overview  2 Tenants  3 Queue  4 Nodes  5 Events                   tabs
//!                                                                      the pane, or the tenant that is open
//!
//!  acme was woken                                                      the last result, or what is being typed
//!  q quit  ? help  / filter  enter open                                the keys, from the keymap
//! ```

mod detail;
mod events;
mod modal;
mod nodes;
mod overview;
mod queue;
pub mod table;
mod tenants;

use libtenancy::{api::feed::AccountLine, clock::Timestamp, credits::MicroCredits};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
    widgets::{Block, Paragraph},
};

use crate::{
    keymap::{BINDINGS, Scope, scopes, written},
    state::{Link, Pane, Purpose, State},
    update::SHOWN,
};

/// Draws everything.
pub fn draw(state: &State, frame: &mut Frame) {
    let area = frame.area();
    if area.width < 20 || area.height < 5 {
        frame.render_widget(Paragraph::new("the terminal is too small"), area);
        return;
    }
    let [top, tabs, body, notice, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(area);
    header(state, frame, top);
    tab_line(state, frame, tabs);
    if state.detail.is_some() {
        detail::draw(state, frame, body);
    } else if !state.ready && state.tenants.is_empty() {
        waiting(state, frame, body);
    } else {
        match state.pane {
            Pane::Overview => overview::draw(state, frame, body),
            Pane::Tenants => tenants::draw(state, frame, body),
            Pane::Queue => queue::draw(state, frame, body),
            Pane::Nodes => nodes::draw(state, frame, body),
            Pane::Events => events::draw(state, frame, body),
        }
    }
    bottom(state, frame, notice);
    key_line(state, frame, keys);
    if state.help {
        modal::help(state, frame, area);
    }
    if let Some(at) = state.chooser {
        modal::columns(state, at, frame, area);
    }
    if let Some(question) = &state.modal {
        modal::draw(state, question, frame, area);
    }
}

/// Before anything is there to be shown.
fn waiting(state: &State, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let text = match &state.link {
        Link::Connecting => Line::styled("connecting…", theme.dim),
        Link::Lost(why) => Line::styled(format!("no control plane answers: {}", plain(why)), theme.bad),
        Link::Live => Line::styled("reading…", theme.dim),
    };
    frame.render_widget(
        Paragraph::new(text).block(Block::new().padding(ratatui::widgets::Padding::new(2, 2, 1, 1))),
        area,
    );
}

fn header(state: &State, frame: &mut Frame, area: Rect) {
    let options = &state.options;
    let theme = &options.theme;
    // Where a mistake costs most, the line is another colour.
    let danger = options.context.contains("prod");
    let style = if danger { theme.header_danger } else { theme.header };
    let place = match &options.namespace {
        Some(namespace) => format!(" ztm top  {}/{namespace}", plain(&options.context)),
        None => format!(" ztm top  {}", plain(&options.context)),
    };
    let role = if options.readonly { "read-only" } else { state.begin.role.as_deref().unwrap_or("viewer") };
    let mut right = vec![Span::raw(format!("{role} "))];
    if !state.begin.live && state.ready {
        right.push(Span::styled("· records only ", style));
    } else if state.numbers.leader {
        right.push(Span::raw("· leader "));
    }
    match (state.is_stale(), state.age()) {
        (true, Some(age)) => right.push(Span::styled(format!(" STALE {} ", seconds(age)), theme.header_danger)),
        (true, None) => right.push(Span::styled(" NOT CONNECTED ", theme.header_danger)),
        (false, Some(age)) => right.push(Span::raw(format!("· {} ", seconds(age)))),
        (false, None) => {}
    }
    frame.render_widget(Block::new().style(style), area);
    let width = right.iter().map(Span::width).sum::<usize>();
    let [left_area, right_area] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(u16::try_from(width).unwrap_or(u16::MAX))])
            .areas(area);
    frame.render_widget(Paragraph::new(place).style(style), left_area);
    frame.render_widget(Paragraph::new(Line::from(right)).style(style), right_area);
}

/// ` 1 Overview `: what a tab is called.
fn tab(number: usize, pane: Pane) -> String {
    format!(" {} {} ", number + 1, pane.title())
}

fn tab_line(state: &State, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let mut spans = Vec::new();
    for (number, pane) in Pane::ALL.into_iter().enumerate() {
        let style = if pane == state.pane { theme.accent.patch(theme.selected) } else { theme.dim };
        spans.push(Span::styled(tab(number, pane), style));
    }
    if !state.filter.is_empty() {
        spans.push(Span::styled(format!("  /{}", plain(&state.filter)), theme.warn));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

/// The pane whose tab is at this place.
pub(crate) fn tab_at(column: u16, row: u16) -> Option<Pane> {
    let mut end = 0;
    Pane::ALL.into_iter().enumerate().find_map(|(number, pane)| {
        end += tab(number, pane).len();
        (row == 1 && usize::from(column) < end).then_some(pane)
    })
}

fn bottom(state: &State, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let line = if let Some(input) = &state.input {
        let purpose = match &input.purpose {
            Purpose::Filter => "filter".to_owned(),
            Purpose::Grant(id) => format!("credits for {id}"),
            Purpose::IdleTimeout(id) => format!("idle timeout of {id}, seconds"),
            Purpose::Suspend(id) => format!("why {id} is suspended"),
            Purpose::Scale => "size of the warm pool (nothing: as configured)".to_owned(),
        };
        let mut spans = vec![Span::styled(format!(" {purpose}: "), theme.accent), Span::raw(plain(&input.text))];
        spans.push(Span::styled("▏", theme.accent));
        if let Some(wrong) = &input.wrong {
            spans.push(Span::styled(format!("  {wrong}"), theme.bad));
        }
        Line::from(spans)
    } else if let Link::Lost(why) = &state.link {
        Line::styled(format!(" connecting again: {}", plain(why)), theme.bad)
    } else if let Some(trouble) = &state.trouble {
        Line::styled(format!(" cannot be read there: {}", plain(trouble)), theme.bad)
    } else {
        let last = state.notices.back().filter(|notice| state.here.since(notice.at).as_secs() < SHOWN);
        let styled = |notice: &crate::state::Notice| {
            Line::styled(format!(" {}", plain(&notice.text)), if notice.bad { theme.bad } else { theme.good })
        };
        last.map_or_else(Line::default, styled)
    };
    frame.render_widget(Paragraph::new(line), area);
}

fn key_line(state: &State, frame: &mut Frame, area: Rect) {
    let theme = &state.options.theme;
    let mut spans = vec![Span::raw(" ")];
    // How to leave and where to read more comes first: it must not be cut off.
    let mut scopes: Vec<Scope> = scopes(state).collect();
    scopes.rotate_right(1);
    for scope in scopes {
        for binding in BINDINGS.iter().filter(|binding| binding.scope == scope && !binding.short.is_empty()) {
            // What the role forbids is grey.
            let style = if binding.command.needs() > state.role() { theme.dim } else { theme.accent };
            let key = Span::styled(written(binding.keys[0]), style);
            let word = Span::styled(format!(" {}  ", binding.short), theme.dim);
            // Half a word says nothing: `?` has them all.
            if spans.iter().chain([&key, &word]).map(Span::width).sum::<usize>() > usize::from(area.width) + 2 {
                break;
            }
            spans.extend([key, word]);
        }
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

/// Text of others without what would move the cursor or change colours.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// `12s`, `4m`, `3h`, `2d`.
fn seconds(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A machine's name, or its first part where there is no place for all of it.
fn machine(name: &str, place: u16) -> String {
    let fits = name.chars().count() <= usize::from(place);
    let part = if fits { name } else { name.split('.').next().unwrap_or(name) };
    plain(part)
}

/// `1 tenant`, `2 tenants`.
fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// How long ago that was.
fn ago(now: Timestamp, then: Timestamp) -> String {
    seconds(now.since(then).as_secs())
}

/// `4:07`, or `0:00` once it is over.
fn countdown(now: Timestamp, until: Timestamp) -> String {
    let left = until.since(now).as_secs();
    if left >= 6_000 { seconds(left) } else { format!("{}:{:02}", left / 60, left % 60) }
}

/// What was spent: nothing of an account that counts grants as spent less (one of an older control plane).
fn spent(account: &AccountLine) -> String {
    credits(account.spent.max(MicroCredits::ZERO))
}

/// Credits, to a hundredth where they are few.
fn credits(credits: MicroCredits) -> String {
    let micros = credits.0;
    match micros.unsigned_abs() {
        0..100_000_000 => format!(
            "{}{}.{:02}",
            if micros < 0 { "-" } else { "" },
            micros.unsigned_abs() / 1_000_000,
            micros.unsigned_abs() % 1_000_000 / 10_000
        ),
        100_000_000..1_000_000_000_000 => format!("{}", micros / 1_000_000),
        _ => format!("{}k", micros / 1_000_000_000),
    }
}

/// Millionths of money: `12.34`.
fn money(micros: u64) -> String {
    format!("{}.{:02}", micros / 1_000_000, micros % 1_000_000 / 10_000)
}

/// `512 B`, `1.5 MiB`.
fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut tenths = bytes.saturating_mul(10);
    let mut unit = None;
    for name in units {
        if tenths < 10_240 {
            break;
        }
        (tenths, unit) = (tenths / 1_024, Some(name));
    }
    unit.map_or(format!("{bytes} B"), |unit| format!("{}.{} {unit}", tenths / 10, tenths % 10))
}

/// `09:14:02`, UTC.
fn clock(at: Timestamp) -> String {
    at.to_string().chars().skip(11).take(8).collect()
}

/// A title over a part of a pane.
fn title(text: impl Into<String>, style: Style) -> Line<'static> {
    Line::styled(text.into(), style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_say_their_unit() {
        assert_eq!([0, 119, 120, 7_199, 7_200, 200_000].map(seconds), ["0s", "119s", "2m", "119m", "2h", "2d"]);
        let shown = [1_234_567, -1_500_000, 250_000_000, 5_000_000_000_000].map(|micros| credits(MicroCredits(micros)));
        assert_eq!(shown, ["1.23", "-1.50", "250", "5000k"]);
        assert_eq!([100, 1_024, 1_600_000, 3 << 40].map(size), ["100 B", "1.0 KiB", "1.5 MiB", "3.0 TiB"]);
        let at = |micros| Timestamp::from_micros(micros);
        assert_eq!(countdown(at(0), at(247_000_000)), "4:07");
        assert_eq!(countdown(at(9), at(0)), "0:00");
    }

    #[test]
    fn what_others_wrote_moves_no_cursor() {
        assert_eq!(plain("a\x1b[2Jb\n"), "a·[2Jb·");
    }
}
