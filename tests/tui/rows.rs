//! The list of tenants: its order, its filter, and the cursor in it.

use libtenancy::api::feed::{AccountLine, Change, EventLine, TenantLine};
use ztm_tui::{
    event::{Action, Event},
    preferences::Column,
    state::{Pane, State},
    summary::Summary,
    update::update,
};

use super::scenario::{account, at, busy, drawn, keys, piece, screen, tenant};

fn tell(state: &mut State, change: Change) {
    update(state, Event::Pieces(vec![piece(change)]));
}

#[test]
fn the_cursor_stays_on_its_tenant_and_on_a_row_that_there_is() {
    let mut state = screen(busy(), (80, 24));
    keys(&mut state, "2jj");
    assert_eq!(state.tenant_selected(), Some("hooli"));
    // Others come before it.
    tell(&mut state, Change::Tenants(vec![tenant("aaa", "idle", 1), tenant("bbb", "idle", 1)]));
    assert_eq!(state.tenant_selected(), Some("hooli"));
    // Its own row vanishes, then all.
    tell(&mut state, Change::Gone(vec!["hooli".to_owned()]));
    assert_eq!(state.tenant_selected(), Some("initech"), "whoever stands there now");
    let all: Vec<String> = state.tenants.keys().cloned().collect();
    tell(&mut state, Change::Gone(all));
    assert_eq!(state.tenant_selected(), None);
    assert_eq!(keys(&mut state, "Gjkgx enter"), []);
    drawn(&state);
}

#[test]
fn a_new_beginning_takes_nothing_off_the_screen_until_it_is_whole() {
    let mut state = screen(busy(), (80, 24));
    keys(&mut state, "2jj");
    let known = (state.events.len(), state.wakes.len());
    for said in busy() {
        let ready = said.change == Change::Ready;
        update(&mut state, Event::Pieces(vec![said]));
        assert!(state.tenants.len() == 6 && state.tenant_selected() == Some("hooli"), "{}", drawn(&state));
        assert_eq!(state.ready, ready);
    }
    assert_eq!((state.events.len(), state.wakes.len()), known, "nothing is told twice");
    // What is gone meanwhile is gone once it is.
    let mut fewer = busy();
    fewer.insert(3, piece(Change::Gone(vec!["hooli".to_owned()])));
    update(&mut state, Event::Pieces(fewer));
    assert_eq!((state.tenants.len(), state.tenant_selected()), (5, Some("initech")));
}

#[test]
fn a_suspension_lasts_since_it_was_told() {
    let mut state = screen(busy(), (80, 24));
    keys(&mut state, "2/status:suspended enter enter");
    let head = |state: &State| drawn(state).lines().find(|line| line.contains("umbrella suspended")).map(str::to_owned);
    assert!(head(&state).unwrap().contains("suspended for 5m"), "{}", drawn(&state));
    let told = |what: &str| EventLine {
        at: at(10),
        tenant: Some("umbrella".to_owned()),
        what: what.to_owned(),
        text: "unpaid".to_owned(),
        wake: None,
    };
    // Suspended again, by somebody who could not tell: nobody knows since when.
    tell(&mut state, Change::Events(vec![told("resumed")]));
    assert!(!head(&state).unwrap().contains(" for "), "{}", drawn(&state));
    tell(&mut state, Change::Events(vec![told("suspended")]));
    assert!(head(&state).unwrap().contains("suspended for 10s"), "{}", drawn(&state));
}

#[test]
fn a_filter_is_words_and_a_status_and_stays() {
    let mut state = screen(busy(), (80, 24));
    keys(&mut state, "2/status:run enter");
    assert_eq!(state.rows, ["acme", "hooli"]);
    // It holds for what comes later.
    tell(&mut state, Change::Tenants(vec![tenant("zeta", "running", 1), tenant("eta", "idle", 1)]));
    assert_eq!(state.rows, ["acme", "hooli", "zeta"]);
    tell(&mut state, Change::Tenants(vec![tenant("acme", "idle", 1)]));
    assert_eq!(state.rows, ["hooli", "zeta"]);
    assert!(drawn(&state).contains("/status:run"));
    keys(&mut state, "esc");
    assert_eq!(state.rows.len(), 8);
    keys(&mut state, "/sylnt enter");
    assert_eq!(state.rows, ["soylent"], "letters in order");
    keys(&mut state, "esc /status:suspended enter");
    assert_eq!(state.rows, ["umbrella"]);
    keys(&mut state, "esc /label:team=red");
    let red: Vec<_> = state.tenants.values().filter(|line| line.labels.get("team") == Some("red")).collect();
    assert!(!red.is_empty() && red.len() < state.tenants.len());
    assert_eq!(state.rows, red.iter().map(|line| line.id.clone()).collect::<Vec<_>>());
    // What is not typed to its end leaves nothing out.
    keys(&mut state, "enter esc /label:team!");
    assert_eq!(state.rows.len(), state.tenants.len());
    keys(&mut state, "=red,team enter");
    assert!(!state.rows.is_empty());
    assert!(state.rows.iter().all(|id| state.tenants[id].labels.get("team") == Some("blue")), "{:?}", state.rows);
}

#[test]
fn every_column_sorts_what_is_looked_for_first() {
    let mut state = screen(busy(), (160, 50));
    keys(&mut state, "2");
    let mut firsts = Vec::new();
    for column in &Column::ALL[1..] {
        let remembered = keys(&mut state, "s");
        assert_eq!(state.preferences.sort, *column);
        assert_eq!(remembered, [Action::Remember(state.preferences.clone())]);
        firsts.push((column.title(), state.rows[0].clone()));
    }
    assert_eq!(
        firsts[..6].iter().map(|(column, first)| format!("{column} {first}")).collect::<Vec<_>>(),
        ["STATUS soylent", "IDLE IN acme", "ACTIVE soylent", "INBOX acme", "JOBS hooli", "CREDITS hooli"]
    );
    keys(&mut state, "sr");
    assert_eq!(state.rows[0], "umbrella", "by id, the other way round");
}

#[test]
fn columns_are_chosen_one_by_one_and_remembered() {
    let mut state = screen(busy(), (160, 50));
    keys(&mut state, "2");
    assert!(drawn(&state).contains("GENERATION"));
    let remembered = keys(&mut state, "c jjjjjjjjjjj space kk space enter");
    assert_eq!(state.preferences.hidden, [Column::Generation, Column::Spent]);
    assert_eq!(remembered, [Action::Remember(state.preferences.clone())]);
    let shown = drawn(&state);
    assert!(!shown.contains("GENERATION") && !shown.contains("SPENT") && shown.contains("CREDITS"), "{shown}");
    keys(&mut state, "c jjjjjjjj space");
    assert!(drawn(&state).contains("[x] GENERATION"));
    keys(&mut state, "esc");
    assert_eq!(state.preferences.hidden, [Column::Spent]);
}

#[test]
fn a_change_that_moves_a_row_moves_it() {
    let mut state = screen(busy(), (80, 24));
    keys(&mut state, "2ssss");
    assert_eq!((state.preferences.sort, state.rows[0].as_str()), (Column::Inbox, "acme"));
    tell(&mut state, Change::Tenants(vec![TenantLine { pending: 9, ..tenant("initech", "idle", 5) }]));
    assert_eq!(state.rows[..2], ["initech", "acme"]);
    keys(&mut state, "ss");
    assert_eq!(state.preferences.sort, Column::Credits);
    tell(&mut state, Change::Tenants(vec![TenantLine { account: Some(account(1)), ..tenant("globex", "idle", 5) }]));
    assert_eq!(state.rows[0], "globex");
}

#[test]
fn a_thousand_keys_at_random_break_nothing() {
    let letters: Vec<char> = "1234?jkGgslrcwxz+iDRu/W S\u{e9}q5".chars().collect();
    let mut state = screen(busy(), (80, 24));
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for turn in 0..5_000 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let pick = usize::try_from(seed % 40).unwrap();
        match pick {
            0 => {
                let first = state.tenants.keys().next().cloned();
                tell(&mut state, Change::Gone(first.into_iter().collect()));
            }
            1 => tell(&mut state, Change::Tenants(vec![tenant(&format!("n{turn}"), "running", 1)])),
            2 => drop(update(
                &mut state,
                Event::Resize(u16::try_from(seed % 200).unwrap(), u16::try_from(seed % 60).unwrap()),
            )),
            3 => drop(keys(&mut state, "enter")),
            4 => drop(keys(&mut state, "esc")),
            5 => drop(keys(&mut state, "tab")),
            6 => drop(keys(&mut state, "left")),
            7 => tell(&mut state, Change::Jobs(Vec::new())),
            8 => update(&mut state, Event::Pieces(busy())).clear(),
            _ => drop(keys(&mut state, &letters[pick % letters.len()].to_string())),
        }
        if state.size.0 > 0 && state.size.1 > 0 {
            drawn(&state);
        }
        assert!(state.pane == Pane::Overview || state.cursor().at <= state.row_count());
    }
}

#[test]
fn jobs_that_wait_for_credits_are_an_alert() {
    let mut state = screen(busy(), (80, 24));
    let alerts = |state: &State| Summary::of(state).alerts.into_iter().map(|alert| alert.text).collect::<Vec<_>>();
    assert!(!alerts(&state).iter().any(|text| text.contains("credits")));
    let mut parked = tenant("acme", "idle", 1);
    parked.account = Some(AccountLine { standing: "credits".to_owned(), ..account(0) });
    tell(&mut state, Change::Tenants(vec![parked]));
    assert!(
        alerts(&state).contains(&"1 tenant's jobs wait for credits or a budget".to_owned()),
        "{:?}",
        alerts(&state)
    );
}
