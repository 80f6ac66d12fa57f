//! Which key means what. The line at the bottom and the overlay of `?` are made of this table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::{
    event::Role,
    state::{Detail, Pane, State},
};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Ends.
    Quit,
    /// Shows or hides the keys.
    Help,
    /// Goes to a pane.
    Go(Pane),
    /// To the next pane, or the next part of a tenant.
    Next,
    /// And back.
    Previous,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Opens what is selected.
    Open,
    /// Closes what was opened, or clears the filter.
    Back,
    /// Begins to type a filter.
    Filter,
    /// Sorts by the next column.
    Sort,
    /// Sorts the other way round.
    Reverse,
    /// Chooses which columns are shown.
    Columns,
    /// Wakes the tenant.
    Wake,
    /// Stops its agent.
    Stop,
    /// Suspends or resumes it.
    Suspend,
    /// Grants credits.
    Grant,
    /// Sets its idle timeout.
    IdleTimeout,
    /// Deletes it.
    Delete,
    /// Puts a dead job or update back.
    Requeue,
    /// Sets the size of the warm pool.
    Scale,
    /// Holds the log, or lets it go on.
    Pause,
    /// Wraps long lines, or cuts them.
    Wrap,
    /// Shows what is to the right of long lines.
    Rightwards,
    /// And to the left.
    Leftwards,
    /// Writes the log to a file.
    Save,
    /// Asks again for what was asked for.
    Refresh,
}

impl Command {
    /// The role that may ask for it, at least.
    pub fn needs(self) -> Role {
        match self {
            Self::Wake | Self::Stop | Self::Suspend | Self::Requeue | Self::Scale => Role::Operator,
            Self::Grant | Self::IdleTimeout | Self::Delete => Role::Admin,
            _ => Role::Viewer,
        }
    }
}

/// Where a key has its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Everywhere,
    /// In a list.
    Lists,
    /// In the list of tenants.
    Tenants,
    /// In a list that can be filtered.
    Filtered,
    /// Where a tenant is selected and not open.
    Closed,
    /// Where a tenant is selected or open.
    OneTenant,
    /// Where something dead may be selected.
    Dead,
    /// In a tenant's log.
    Log,
}

/// A line of the table.
pub struct Binding {
    /// The keys, the one that is shown first.
    pub keys: &'static [(KeyCode, KeyModifiers)],
    /// Where.
    pub scope: Scope,
    /// What for.
    pub command: Command,
    /// In a few words.
    pub help: &'static str,
    /// In one word, for the line at the bottom; empty if it is not shown there.
    pub short: &'static str,
}

const NONE: KeyModifiers = KeyModifiers::NONE;

const fn plain(key: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(key), NONE)
}

const fn control(key: char) -> (KeyCode, KeyModifiers) {
    (KeyCode::Char(key), KeyModifiers::CONTROL)
}

const fn bind(
    keys: &'static [(KeyCode, KeyModifiers)],
    scope: Scope,
    command: Command,
    short: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, scope, command, help, short }
}

/// The table. What comes first in a scope is shown first.
pub const BINDINGS: &[Binding] = &[
    bind(&[plain('q'), control('c')], Scope::Everywhere, Command::Quit, "quit", "quit"),
    bind(&[plain('?'), (KeyCode::F(1), NONE)], Scope::Everywhere, Command::Help, "help", "these keys"),
    bind(&[plain('1')], Scope::Everywhere, Command::Go(Pane::Overview), "", "overview"),
    bind(&[plain('2')], Scope::Everywhere, Command::Go(Pane::Tenants), "", "tenants"),
    bind(&[plain('3')], Scope::Everywhere, Command::Go(Pane::Queue), "", "queue"),
    bind(&[plain('4')], Scope::Everywhere, Command::Go(Pane::Nodes), "", "nodes"),
    bind(&[plain('5')], Scope::Everywhere, Command::Go(Pane::Events), "", "events"),
    bind(
        &[(KeyCode::Tab, NONE), (KeyCode::Right, NONE), plain('l')],
        Scope::Everywhere,
        Command::Next,
        "",
        "next pane or part",
    ),
    bind(
        &[(KeyCode::BackTab, KeyModifiers::SHIFT), (KeyCode::Left, NONE), plain('h')],
        Scope::Everywhere,
        Command::Previous,
        "",
        "previous pane or part",
    ),
    bind(&[(KeyCode::Esc, NONE)], Scope::Everywhere, Command::Back, "", "close, no filter"),
    bind(&[plain('p')], Scope::Everywhere, Command::Scale, "", "scale the warm pool"),
    bind(&[(KeyCode::Down, NONE), plain('j')], Scope::Lists, Command::Down, "", "down"),
    bind(&[(KeyCode::Up, NONE), plain('k')], Scope::Lists, Command::Up, "", "up"),
    bind(&[(KeyCode::PageDown, NONE), control('d')], Scope::Lists, Command::PageDown, "", "a page down"),
    bind(&[(KeyCode::PageUp, NONE), control('u')], Scope::Lists, Command::PageUp, "", "a page up"),
    bind(&[(KeyCode::Home, NONE), plain('g')], Scope::Lists, Command::First, "", "first"),
    bind(&[(KeyCode::End, NONE), plain('G')], Scope::Lists, Command::Last, "", "last"),
    bind(&[(KeyCode::Enter, NONE)], Scope::Closed, Command::Open, "open", "open the tenant"),
    bind(&[plain('/')], Scope::Filtered, Command::Filter, "filter", "words, status: label:"),
    bind(&[plain('s')], Scope::Tenants, Command::Sort, "sort", "sort by next column"),
    bind(&[plain('r')], Scope::Tenants, Command::Reverse, "", "the other way round"),
    bind(&[plain('c')], Scope::Tenants, Command::Columns, "columns", "choose columns"),
    bind(&[plain('w')], Scope::OneTenant, Command::Wake, "wake", "wake the tenant"),
    bind(&[plain('x')], Scope::OneTenant, Command::Stop, "stop", "stop its agent"),
    bind(&[plain('z')], Scope::OneTenant, Command::Suspend, "suspend", "suspend or resume it"),
    bind(&[plain('+')], Scope::OneTenant, Command::Grant, "grant", "grant it credits"),
    bind(&[plain('i')], Scope::OneTenant, Command::IdleTimeout, "", "set its idle timeout"),
    bind(&[plain('D')], Scope::OneTenant, Command::Delete, "", "delete it"),
    bind(&[plain('R')], Scope::Dead, Command::Requeue, "requeue", "requeue what is dead"),
    bind(&[plain('u')], Scope::OneTenant, Command::Refresh, "", "ask again"),
    bind(&[plain(' ')], Scope::Log, Command::Pause, "pause", "hold the log"),
    bind(&[plain('W')], Scope::Log, Command::Wrap, "wrap", "wrap long lines"),
    bind(&[plain('>'), plain('.')], Scope::Log, Command::Rightwards, "", "what is right of it"),
    bind(&[plain('<'), plain(',')], Scope::Log, Command::Leftwards, "", "what is left of it"),
    bind(&[plain('S')], Scope::Log, Command::Save, "save", "save it to a file"),
];

/// What a key means where the screen is.
pub fn command(state: &State, key: KeyEvent) -> Option<Command> {
    // A terminal may or may not say that a capital letter, or a sign, was typed with shift.
    let modifiers = match key.code {
        KeyCode::Char(_) => key.modifiers - KeyModifiers::SHIFT,
        KeyCode::BackTab => KeyModifiers::SHIFT,
        _ => key.modifiers,
    };
    let means = |binding: &&Binding| {
        binding.keys.contains(&(key.code, modifiers)) && scopes(state).any(|scope| scope == binding.scope)
    };
    BINDINGS.iter().find(means).map(|binding| binding.command)
}

/// The scopes that are in force, the nearest first.
pub fn scopes(state: &State) -> impl Iterator<Item = Scope> {
    let in_log = state.detail.as_ref().is_some_and(Detail::is_log);
    let pane = state.pane;
    let open = state.detail.is_some();
    [
        (Scope::Log, in_log),
        (Scope::Dead, state.dead_selected().is_some()),
        (Scope::Tenants, pane == Pane::Tenants && !open),
        (Scope::Filtered, in_log || (!open && matches!(pane, Pane::Tenants | Pane::Events))),
        (Scope::Closed, !open && state.tenant_selected().is_some()),
        (Scope::OneTenant, state.tenant_selected().is_some()),
        (Scope::Lists, pane != Pane::Overview || open),
        (Scope::Everywhere, true),
    ]
    .into_iter()
    .filter_map(|(scope, holds)| holds.then_some(scope))
}

/// A key as it is written.
pub fn written((code, modifiers): (KeyCode, KeyModifiers)) -> String {
    let name = match code {
        KeyCode::Char(' ') => "space".to_owned(),
        KeyCode::Char(key) => key.to_string(),
        KeyCode::Enter => "enter".to_owned(),
        KeyCode::Esc => "esc".to_owned(),
        KeyCode::Tab => "tab".to_owned(),
        KeyCode::BackTab => "shift-tab".to_owned(),
        KeyCode::Up => "up".to_owned(),
        KeyCode::Down => "down".to_owned(),
        KeyCode::Left => "left".to_owned(),
        KeyCode::Right => "right".to_owned(),
        KeyCode::PageUp => "pgup".to_owned(),
        KeyCode::PageDown => "pgdn".to_owned(),
        KeyCode::Home => "home".to_owned(),
        KeyCode::End => "end".to_owned(),
        KeyCode::F(number) => format!("f{number}"),
        other => format!("{other:?}"),
    };
    if modifiers.contains(KeyModifiers::CONTROL) { format!("^{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_key_has_one_meaning_in_a_scope_and_every_meaning_is_said() {
        let mut seen = BTreeSet::new();
        for binding in BINDINGS {
            assert!(!binding.help.is_empty());
            for key in binding.keys {
                // Scopes are in force together.
                assert!(seen.insert(format!("{key:?}")), "{key:?} has two meanings");
            }
        }
    }
}
