//! What an event changes, and what is to be done then. No I/O, no clock.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use libtenancy::{clock::Timestamp, credits::MicroCredits, demand::MAX_SIZE};

use crate::{
    event::{Action, Answer, Ask, Event, Order},
    keymap::{Command, command},
    preferences::Column,
    state::{Asked, Cursor, Detail, Input, Link, Log, Modal, Notice, Pane, Purpose, Section, State},
};

/// Notices that are kept.
const NOTICES: usize = 50;

/// How long a notice is shown, in seconds.
pub const SHOWN: u64 = 10;

/// Columns by which a log is moved to the side.
const SIDEWAYS: usize = 20;

/// Rows of a list that the terminal has place for, about.
fn page(state: &State) -> usize {
    usize::from(state.size.1).saturating_sub(6).max(1)
}

/// Takes over an event.
pub fn update(state: &mut State, event: Event) -> Vec<Action> {
    let actions = match event {
        Event::Key(key) => on_key(state, key),
        Event::Mouse(mouse) => on_mouse(state, mouse),
        Event::Resize(columns, rows) => {
            state.size = (columns, rows);
            Vec::new()
        }
        Event::Tick(here) => {
            state.here = here;
            Vec::new()
        }
        Event::Pieces(pieces) => {
            let before = open_generation(state);
            state.link = Link::Live;
            for piece in pieces {
                state.take(piece);
            }
            // What was asked of an open tenant was of another state of it.
            let moved = open_generation(state) != before;
            state.detail.as_ref().filter(|_| moved).map_or_else(Vec::new, fetches)
        }
        Event::Lost(why) => {
            state.link = Link::Lost(why);
            Vec::new()
        }
        Event::Done(order, result) => on_done(state, &order, result),
        Event::Said(result) => {
            let bad = result.is_err();
            notice(state, result.unwrap_or_else(|why| why), bad);
            Vec::new()
        }
        Event::Told(ask, result) => {
            on_told(state, &ask, result);
            Vec::new()
        }
        Event::Log(lines) => {
            if let Some(detail) = &mut state.detail {
                detail.log.take(lines);
            }
            Vec::new()
        }
        Event::LogEnded(why) => {
            if let Some(detail) = &mut state.detail {
                detail.log.ended = Some(why.unwrap_or_else(|| "the log ended".to_owned()));
            }
            Vec::new()
        }
    };
    state.rows_refresh();
    clamp(state);
    actions
}

/// The generation of the tenant that is open.
fn open_generation(state: &State) -> Option<u64> {
    state.detail.as_ref().and_then(|detail| state.tenants.get(&detail.tenant)).map(|line| line.generation)
}

/// Every cursor is on a row that there is.
fn clamp(state: &mut State) {
    let count = state.row_count();
    let cursor = &mut state.cursors[state.pane as usize];
    cursor.at = cursor.at.min(count.saturating_sub(1));
    let Some(detail) = &state.detail else { return };
    let count = section_count(state, detail);
    if let Some(detail) = &mut state.detail {
        detail.cursor.at = detail.cursor.at.min(count.saturating_sub(1));
        let most = detail.log.lines.len();
        detail.log.up = detail.log.up.min(most.saturating_sub(1));
    }
}

/// The rows of the part of a tenant that is shown.
fn section_count(state: &State, detail: &Detail) -> usize {
    fn here<T>(asked: &Asked<Vec<T>>) -> usize {
        if let Asked::Here(rows) = asked { rows.len() } else { 0 }
    }
    match detail.section {
        Section::Summary | Section::Logs => 0,
        Section::Events => {
            state.events.iter().filter(|event| event.tenant.as_deref() == Some(detail.tenant.as_str())).count()
        }
        Section::Inbox => here(&detail.inbox),
        Section::Jobs => state.jobs_of(&detail.tenant).count(),
        Section::Ledger => here(&detail.ledger),
    }
}

fn notice(state: &mut State, text: impl Into<String>, bad: bool) {
    state.notices.push_back(Notice { text: text.into(), bad, at: state.here });
    if state.notices.len() > NOTICES {
        state.notices.pop_front();
    }
}

fn on_done(state: &mut State, order: &Order, result: Result<String, String>) -> Vec<Action> {
    match result {
        Ok(said) => notice(state, said, false),
        Err(why) => notice(state, format!("could not {} {}: {why}", order.verb(), order.object()), true),
    }
    // What an open tenant shows may be another now.
    state.detail.as_ref().map_or_else(Vec::new, fetches)
}

fn on_told(state: &mut State, ask: &Ask, result: Result<Answer, String>) {
    fn put<T>(asked: &mut Asked<T>, result: Result<T, String>) {
        *asked = result.map_or_else(Asked::Failed, Asked::Here);
    }
    let (Ask::Why(of) | Ask::Inbox(of) | Ask::Ledger(of)) = ask;
    let Some(detail) = state.detail.as_mut().filter(|detail| detail.tenant == *of) else { return };
    match (ask, result) {
        (Ask::Why(_), Err(why)) => put(&mut detail.why, Err(why)),
        (Ask::Inbox(_), Err(why)) => put(&mut detail.inbox, Err(why)),
        (Ask::Ledger(_), Err(why)) => put(&mut detail.ledger, Err(why)),
        (_, Ok(Answer::Why(why))) => put(&mut detail.why, Ok(why)),
        (_, Ok(Answer::Inbox(updates))) => put(&mut detail.inbox, Ok(updates)),
        (_, Ok(Answer::Ledger(rows))) => put(&mut detail.ledger, Ok(rows)),
    }
}

fn on_mouse(state: &mut State, mouse: MouseEvent) -> Vec<Action> {
    if state.modal.is_some() || state.input.is_some() {
        return Vec::new();
    }
    match mouse.kind {
        MouseEventKind::ScrollDown => step(state, 3),
        MouseEventKind::ScrollUp => step(state, -3),
        MouseEventKind::Down(MouseButton::Left) => {
            if let Some(pane) = crate::view::tab_at(mouse.column, mouse.row) {
                return go(state, pane);
            }
        }
        _ => {}
    }
    Vec::new()
}

fn on_key(state: &mut State, key: KeyEvent) -> Vec<Action> {
    // Always, whatever is open.
    if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return vec![Action::Quit];
    }
    if state.modal.is_some() {
        return on_modal_key(state, key);
    }
    if state.input.is_some() {
        return on_input_key(state, key);
    }
    if let Some(at) = state.chooser {
        return on_chooser_key(state, key, at);
    }
    if state.help {
        state.help = false;
        return Vec::new();
    }
    command(state, key).map_or_else(Vec::new, |command| on_command(state, command))
}

/// Columns are chosen: moves, hides or shows one, or ends it.
fn on_chooser_key(state: &mut State, key: KeyEvent, at: usize) -> Vec<Action> {
    let last = Column::CHOICE.len() - 1;
    match key.code {
        KeyCode::Down | KeyCode::Char('j') => state.chooser = Some((at + 1).min(last)),
        KeyCode::Up | KeyCode::Char('k') => state.chooser = Some(at.saturating_sub(1)),
        KeyCode::Char(' ') => {
            let (hidden, column) = (&mut state.preferences.hidden, Column::CHOICE[at]);
            match hidden.iter().position(|other| *other == column) {
                Some(place) => drop(hidden.remove(place)),
                None => hidden.push(column),
            }
        }
        KeyCode::Enter | KeyCode::Esc | KeyCode::Char('c' | 'q') => {
            state.chooser = None;
            return vec![Action::Remember(state.preferences.clone())];
        }
        _ => {}
    }
    Vec::new()
}

fn on_command(state: &mut State, command: Command) -> Vec<Action> {
    match command {
        Command::Quit => return vec![Action::Quit],
        Command::Help => state.help = true,
        Command::Go(pane) => return go(state, pane),
        Command::Next => return turn(state, 1),
        Command::Previous => return turn(state, -1),
        Command::Up => step(state, -1),
        Command::Down => step(state, 1),
        Command::PageUp => step(state, -signed(page(state))),
        Command::PageDown => step(state, signed(page(state))),
        Command::First => step(state, i64::MIN / 2),
        Command::Last => step(state, i64::MAX / 2),
        Command::Open => return open(state),
        Command::Back => return back(state),
        Command::Filter => {
            let text = match &state.detail {
                Some(detail) => detail.log.filter.clone(),
                None => state.filter.clone(),
            };
            ask_for(state, Purpose::Filter, text);
        }
        Command::Sort => return sort(state, false),
        Command::Reverse => return sort(state, true),
        Command::Columns => state.chooser = Some(0),
        Command::Refresh => return state.detail.as_ref().map_or_else(Vec::new, fetches),
        Command::Pause | Command::Wrap | Command::Rightwards | Command::Leftwards | Command::Save => {
            return on_log(state, command);
        }
        Command::Requeue => {
            if let Some(order) = state.dead_selected() {
                propose(state, order);
            }
        }
        Command::Scale => {
            if allowed(state, &Order::Scale(None)) {
                ask_for(state, Purpose::Scale, String::new());
            }
        }
        Command::Wake | Command::Stop | Command::Suspend | Command::Grant | Command::IdleTimeout | Command::Delete => {
            on_tenant(state, command);
        }
    }
    Vec::new()
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn on_tenant(state: &mut State, command: Command) {
    let Some(id) = state.tenant_selected().map(str::to_owned) else { return };
    let Some(line) = state.tenants.get(&id) else {
        return notice(state, format!("{id} is not here any more"), true);
    };
    let suspended = line.suspended.is_some();
    let (timeout, order) = (
        line.idle_timeout_s,
        match command {
            Command::Wake => Order::Wake(id.clone()),
            Command::Stop => Order::Stop(id.clone()),
            Command::Suspend if suspended => Order::Resume(id.clone()),
            Command::Suspend => Order::Suspend(id.clone(), String::new()),
            Command::Grant => Order::Grant(id.clone(), MicroCredits::ZERO),
            Command::IdleTimeout => Order::IdleTimeout(id.clone(), 0),
            _ => Order::Delete(id.clone()),
        },
    );
    if !allowed(state, &order) {
        return;
    }
    match order {
        Order::Suspend(..) => ask_for(state, Purpose::Suspend(id), String::new()),
        Order::Grant(..) => ask_for(state, Purpose::Grant(id), String::new()),
        Order::IdleTimeout(..) => ask_for(state, Purpose::IdleTimeout(id), timeout.to_string()),
        order => propose(state, order),
    }
}

/// Whether whoever looks may do this; if not, it is said.
fn allowed(state: &mut State, order: &Order) -> bool {
    let why = if state.options.readonly {
        "this screen is read-only".to_owned()
    } else if !state.begin.live {
        "no control plane runs here, only its records are shown".to_owned()
    } else if state.role() < order.needs() {
        let role = state.begin.role.as_deref().unwrap_or("nobody");
        format!("the role `{role}` may not {}", order.verb())
    } else {
        return true;
    };
    notice(state, why, true);
    false
}

/// Asks whether an order is meant.
fn propose(state: &mut State, order: Order) {
    if !allowed(state, &order) {
        return;
    }
    let must_type = if let Order::Delete(id) = &order { Some(id.clone()) } else { None };
    state.modal = Some(Modal { order, must_type, typed: String::new(), yes: false });
}

fn ask_for(state: &mut State, purpose: Purpose, text: String) {
    state.input = Some(Input { purpose, text, wrong: None });
}

fn on_modal_key(state: &mut State, key: KeyEvent) -> Vec<Action> {
    let Some(modal) = &mut state.modal else { return Vec::new() };
    let confirmed = match (&modal.must_type, key.code) {
        (_, KeyCode::Esc) | (None, KeyCode::Char('n' | 'N' | 'q')) => Some(false),
        (Some(name), KeyCode::Enter) => {
            if modal.typed == format!("purge {name}") {
                modal.order = Order::Purge(name.clone());
                Some(true)
            } else {
                Some(modal.typed == *name)
            }
        }
        (Some(_), KeyCode::Backspace) => {
            modal.typed.pop();
            None
        }
        (Some(_), KeyCode::Char(letter)) => {
            modal.typed.push(letter);
            None
        }
        (None, KeyCode::Char('y' | 'Y')) => Some(true),
        (None, KeyCode::Enter) => Some(modal.yes),
        (None, KeyCode::Left | KeyCode::Right | KeyCode::Tab | KeyCode::Char('h' | 'l')) => {
            modal.yes = !modal.yes;
            None
        }
        _ => None,
    };
    match confirmed {
        None => Vec::new(),
        Some(false) => {
            if let Some(modal) = state.modal.take() {
                let text = format!("nothing was done: {} {}", modal.order.verb(), modal.order.object());
                notice(state, text, false);
            }
            Vec::new()
        }
        Some(true) => state.modal.take().map_or_else(Vec::new, |modal| vec![Action::Perform(modal.order)]),
    }
}

fn on_input_key(state: &mut State, key: KeyEvent) -> Vec<Action> {
    let Some(mut input) = state.input.take() else { return Vec::new() };
    match key.code {
        KeyCode::Esc => {
            if input.purpose == Purpose::Filter {
                filter(state, String::new());
            }
            return Vec::new();
        }
        KeyCode::Enter => {
            match order(&input.purpose, &input.text) {
                Ok(Some(order)) => propose(state, order),
                Ok(None) => {}
                Err(wrong) => {
                    input.wrong = Some(wrong);
                    state.input = Some(input);
                }
            }
            return Vec::new();
        }
        KeyCode::Backspace => drop(input.text.pop()),
        KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => input.text.clear(),
        KeyCode::Char(letter) if !key.modifiers.contains(KeyModifiers::CONTROL) && input.text.len() < 256 => {
            input.text.push(letter);
        }
        _ => {}
    }
    input.wrong = None;
    if input.purpose == Purpose::Filter {
        filter(state, input.text.clone());
    }
    state.input = Some(input);
    Vec::new()
}

fn filter(state: &mut State, text: String) {
    if let Some(detail) = &mut state.detail {
        detail.log.filter = text;
    } else {
        state.filter = text;
        state.rows_stale = true;
    }
}

/// What was typed as an order; nothing for a filter, which is in force already.
fn order(purpose: &Purpose, text: &str) -> Result<Option<Order>, String> {
    let text = text.trim();
    Ok(Some(match purpose {
        Purpose::Filter => return Ok(None),
        Purpose::Grant(id) => {
            let credits: MicroCredits = text.parse().map_err(|_| format!("`{text}` is no number of credits"))?;
            if credits.0 <= 0 {
                return Err("a grant is more than nothing".to_owned());
            }
            Order::Grant(id.clone(), credits)
        }
        Purpose::IdleTimeout(id) => {
            let seconds: i64 = text.parse().map_err(|_| format!("`{text}` is no number of seconds"))?;
            libtenancy::tenant::idle_timeout_from_secs(seconds).map_err(|error| error.to_string())?;
            Order::IdleTimeout(id.clone(), seconds)
        }
        Purpose::Suspend(id) if text.is_empty() => return Err(format!("say why {id} is suspended")),
        Purpose::Suspend(id) => Order::Suspend(id.clone(), text.to_owned()),
        Purpose::Scale if text.is_empty() => Order::Scale(None),
        Purpose::Scale => match text.parse() {
            Ok(size) if size <= MAX_SIZE => Order::Scale(Some(size)),
            _ => return Err(format!("`{text}` is no number from 0 to {MAX_SIZE}; nothing is as configured")),
        },
    }))
}

fn go(state: &mut State, pane: Pane) -> Vec<Action> {
    let actions = close(state);
    state.pane = pane;
    actions
}

/// To the next pane or part, or the one before.
fn turn(state: &mut State, by: isize) -> Vec<Action> {
    fn next<T: PartialEq + Copy>(all: &[T], at: T, by: isize) -> T {
        let here = all.iter().position(|one| *one == at).unwrap_or(0);
        let count = isize::try_from(all.len()).unwrap_or(1);
        let there = (isize::try_from(here).unwrap_or(0) + by).rem_euclid(count);
        all[usize::try_from(there).unwrap_or(0)]
    }
    let Some(detail) = &mut state.detail else {
        let pane = next(&Pane::ALL, state.pane, by);
        return go(state, pane);
    };
    let was_log = detail.is_log();
    detail.section = next(&Section::ALL, detail.section, by);
    detail.cursor = Cursor::default();
    let mut actions = fetches(detail);
    match (was_log, detail.is_log()) {
        (false, true) => {
            detail.log = Log::default();
            actions.push(Action::LogOpen(detail.tenant.clone()));
        }
        (true, false) => actions.push(Action::LogClose),
        _ => {}
    }
    actions
}

/// What the part that is shown must ask for.
fn fetches(detail: &Detail) -> Vec<Action> {
    let id = detail.tenant.clone();
    match detail.section {
        Section::Summary => vec![Action::Fetch(Ask::Why(id))],
        Section::Inbox => vec![Action::Fetch(Ask::Inbox(id))],
        Section::Ledger => vec![Action::Fetch(Ask::Ledger(id))],
        Section::Events | Section::Jobs | Section::Logs => Vec::new(),
    }
}

fn step(state: &mut State, by: i64) {
    let moved = |at: usize, count: usize| {
        let there = signed(at).saturating_add(by).clamp(0, signed(count.saturating_sub(1)));
        usize::try_from(there).unwrap_or(0)
    };
    if let Some(detail) = &state.detail {
        let count = section_count(state, detail);
        let Some(detail) = &mut state.detail else { return };
        if detail.is_log() {
            let up = signed(detail.log.up).saturating_sub(by).max(0);
            detail.log.up = usize::try_from(up).unwrap_or(0);
        } else {
            detail.cursor.at = moved(detail.cursor.at, count);
        }
        return;
    }
    let count = state.row_count();
    let name_of = state.pane == Pane::Tenants;
    let cursor = &mut state.cursors[state.pane as usize];
    cursor.at = moved(cursor.at, count);
    cursor.name = if name_of { state.rows.get(cursor.at).cloned() } else { None };
}

fn open(state: &mut State) -> Vec<Action> {
    if state.detail.is_some() {
        return Vec::new();
    }
    let Some(tenant) = state.tenant_selected().map(str::to_owned) else { return Vec::new() };
    let detail = Detail { tenant, ..Detail::default() };
    let actions = fetches(&detail);
    state.detail = Some(detail);
    actions
}

fn close(state: &mut State) -> Vec<Action> {
    match state.detail.take() {
        Some(detail) if detail.is_log() => vec![Action::LogClose],
        _ => Vec::new(),
    }
}

fn back(state: &mut State) -> Vec<Action> {
    if state.detail.is_none() {
        filter(state, String::new());
    }
    close(state)
}

fn sort(state: &mut State, reverse: bool) -> Vec<Action> {
    let preferences = &mut state.preferences;
    if reverse {
        preferences.reverse = !preferences.reverse;
    } else {
        let shown: Vec<Column> =
            Column::ALL.into_iter().filter(|column| !preferences.hidden.contains(column)).collect();
        let at = shown.iter().position(|column| *column == preferences.sort).unwrap_or(0);
        preferences.sort = shown[(at + 1) % shown.len().max(1)];
        preferences.reverse = false;
    }
    state.rows_stale = true;
    vec![Action::Remember(preferences.clone())]
}

fn on_log(state: &mut State, command: Command) -> Vec<Action> {
    let here = state.here;
    let Some(detail) = &mut state.detail else { return Vec::new() };
    let log = &mut detail.log;
    match command {
        Command::Pause => {
            log.paused = !log.paused;
            if !log.paused {
                let held = std::mem::take(&mut log.held);
                log.take(held);
            }
        }
        Command::Wrap => log.wrap = !log.wrap,
        Command::Rightwards => {
            let longest = log.shown().iter().map(|line| line.chars().count()).max().unwrap_or(0);
            log.left = (log.left + SIDEWAYS).min(longest.saturating_sub(SIDEWAYS));
        }
        Command::Leftwards => log.left = log.left.saturating_sub(SIDEWAYS),
        _ => {
            let text: String = log.shown().iter().flat_map(|line| [*line, "\n"]).collect();
            return vec![Action::Save { name: file_name(&detail.tenant, here), text }];
        }
    }
    Vec::new()
}

/// `acme-20261129T140136.log`.
fn file_name(tenant: &str, at: Timestamp) -> String {
    let at: String = at.to_string().chars().take_while(|c| *c != '.').filter(|c| !matches!(c, '-' | ':')).collect();
    format!("{tenant}-{at}.log")
}
