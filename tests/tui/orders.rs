//! What is asked for is done, and nothing else.

use libtenancy::credits::MicroCredits;
use ztm_tui::{
    event::{Action, Ask, Event, Order},
    state::{Options, State},
    update::update,
};

use super::scenario::{at, busy, drawn, keys, piece, screen};

fn id(name: &str) -> String {
    name.to_owned()
}

#[test]
fn an_order_is_asked_back_and_no_is_the_answer_unless_it_is_yes() {
    let mut state = screen(busy(), (80, 24));
    for nothing in ["2x enter", "xn", "x esc", "xq"] {
        assert_eq!(keys(&mut state, nothing), [], "{nothing}");
        assert!(drawn(&state).contains("nothing was done: stop acme"), "{nothing}");
    }
    assert_eq!(keys(&mut state, "xy"), [Action::Perform(Order::Stop(id("acme")))]);
    assert_eq!(keys(&mut state, "x left enter"), [Action::Perform(Order::Stop(id("acme")))]);
    assert_eq!(keys(&mut state, "jjwy"), [Action::Perform(Order::Wake(id("hooli")))]);
}

#[test]
fn whoever_deletes_types_the_name() {
    let mut state = screen(busy(), (80, 24));
    for wrong in ["2D y enter", "D enter", "D acm enter", "D acmee enter"] {
        assert_eq!(keys(&mut state, wrong), [], "{wrong}");
        assert!(state.modal.is_none(), "{wrong}");
    }
    assert_eq!(keys(&mut state, "D acmx backspace e enter"), [Action::Perform(Order::Delete(id("acme")))]);
    keys(&mut state, "D");
    let asked = drawn(&state);
    assert!(asked.contains("remembers is kept") && asked.contains("`purge acme` destroys"), "{asked}");
    assert_eq!(keys(&mut state, "purge space acme enter"), [Action::Perform(Order::Purge(id("acme")))]);
}

#[test]
fn what_is_typed_for_an_order_is_checked_before_it_is_asked_back() {
    let mut state = screen(busy(), (80, 24));
    for wrong in
        ["2+ nan enter", "esc + -5 enter", "esc + 0 enter", "esc i soon enter", "esc z enter", "esc p 1001 enter"]
    {
        assert_eq!(keys(&mut state, wrong), [], "{wrong}");
        assert!(state.modal.is_none() && state.input.as_ref().is_some_and(|input| input.wrong.is_some()), "{wrong}");
    }
    keys(&mut state, "esc");
    let grant = Order::Grant(id("acme"), MicroCredits(2_500_000));
    assert_eq!(keys(&mut state, "+ 2.5 enter y"), [Action::Perform(grant)]);
    assert_eq!(keys(&mut state, "z unpaid enter y"), [Action::Perform(Order::Suspend(id("acme"), id("unpaid")))]);
    assert_eq!(
        keys(&mut state, "i backspace backspace backspace 90 enter y"),
        [Action::Perform(Order::IdleTimeout(id("acme"), 90))]
    );
    assert_eq!(keys(&mut state, "p 4 enter y"), [Action::Perform(Order::Scale(Some(4)))]);
    assert_eq!(keys(&mut state, "p enter y"), [Action::Perform(Order::Scale(None))]);
    // The last tenant is suspended: the same key ends that.
    assert_eq!(keys(&mut state, "Gzy"), [Action::Perform(Order::Resume(id("umbrella")))]);
}

#[test]
fn what_is_dead_is_requeued_where_it_is_shown() {
    let mut state = screen(busy(), (80, 24));
    assert_eq!(keys(&mut state, "3Ry"), [], "the first job runs");
    assert_eq!(keys(&mut state, "GRy"), [Action::Perform(Order::Retry(id("acme.01d")))]);
}

#[test]
fn whoever_may_not_does_not() {
    let may = |role: Option<&str>, live: bool, readonly: bool, typed: &str| {
        let mut state = State::new(Options { readonly, ..Options::default() }, (80, 24), at(0));
        let mut pieces = busy();
        if let libtenancy::api::feed::Change::Begin(begin) = &mut pieces[0].change {
            (begin.role, begin.live) = (role.map(str::to_owned), live);
        }
        update(&mut state, Event::Pieces(pieces));
        let mut done = keys(&mut state, typed);
        done.retain(|action| matches!(action, Action::Perform(_)));
        assert!(!done.is_empty() || state.notices.back().is_some_and(|notice| notice.bad), "{typed}");
        !done.is_empty()
    };
    let (stop, delete) = ("2xy", "2D acme enter");
    assert!(may(Some("admin"), true, false, stop) && may(Some("admin"), true, false, delete));
    assert!(may(Some("operator"), true, false, stop) && !may(Some("operator"), true, false, delete));
    for (role, live, readonly) in
        [(Some("viewer"), true, false), (Some("admin"), true, true), (Some("admin"), false, false), (None, true, false)]
    {
        assert!(!may(role, live, readonly, stop), "{role:?} {live} {readonly}");
    }
}

#[test]
fn the_result_of_an_order_is_said_whatever_it_is() {
    let mut state = screen(busy(), (80, 24));
    update(&mut state, Event::Done(Order::Stop(id("acme")), Ok(id("acme is idle"))));
    assert!(drawn(&state).contains("acme is idle"));
    update(&mut state, Event::Done(Order::Stop(id("acme")), Err(id("it is being deleted"))));
    assert!(drawn(&state).contains("could not stop acme: it is being deleted"));
}

#[test]
fn control_c_ends_it_whatever_is_open_and_q_does_where_nothing_is_typed() {
    for open in ["1", "2 enter", "2x", "2D", "2/", "2+", "?"] {
        let mut state = screen(busy(), (80, 24));
        keys(&mut state, open);
        assert_eq!(keys(&mut state, "^c"), [Action::Quit], "{open}");
    }
    let mut state = screen(busy(), (80, 24));
    assert_eq!(keys(&mut state, "2/q"), []);
    assert_eq!(keys(&mut state, "enter q"), [Action::Quit]);
}

#[test]
fn a_log_is_followed_held_filtered_and_saved() {
    let mut state = screen(busy(), (80, 24));
    let opened = keys(&mut state, "2 enter left");
    assert_eq!(opened, [Action::Fetch(Ask::Why(id("acme"))), Action::LogOpen(id("acme"))]);
    update(&mut state, Event::Log((0..100).map(|n| format!("line {n}")).collect()));
    assert!(drawn(&state).contains("line 99"));
    // Held, it stands still; what came meanwhile is there afterwards.
    keys(&mut state, "space");
    update(&mut state, Event::Log(vec![id("line 100")]));
    let shown = drawn(&state);
    assert!(shown.contains("PAUSED, 1 more came") && !shown.contains("line 100"), "{shown}");
    // A filter works on what is held.
    keys(&mut state, "/7 enter");
    let shown = drawn(&state);
    assert!(shown.contains("line 97") && !shown.contains("line 99"), "{shown}");
    keys(&mut state, "space /");
    keys(&mut state, "backspace 100 enter");
    assert!(drawn(&state).contains("line 100"));
    let saved = keys(&mut state, "S");
    let name = "acme-20261129T091500.log".to_owned();
    assert_eq!(saved, [Action::Save { name, text: "line 100\n".to_owned() }]);
    assert_eq!(keys(&mut state, "esc"), [Action::LogClose]);
}

#[test]
fn a_long_line_of_a_log_is_moved_to_the_side_or_wrapped() {
    let mut state = screen(busy(), (80, 24));
    keys(&mut state, "2 enter left");
    let long: String = (0..30).map(|n| format!("word-{n:02}")).collect::<Vec<_>>().join(" ");
    update(&mut state, Event::Log(vec![long, "short".to_owned()]));
    let seen = |state: &State, word: &str| drawn(state).contains(word);
    assert!(seen(&state, "word-00") && !seen(&state, "word-29"));
    keys(&mut state, ">>");
    assert!(!seen(&state, "word-00") && seen(&state, "from column 41"));
    // It stays where it is when lines come, and does not leave the longest line.
    update(&mut state, Event::Log(vec!["another".to_owned()]));
    assert!(seen(&state, "from column 41"));
    keys(&mut state, &">".repeat(50));
    assert!(seen(&state, "word-29"));
    keys(&mut state, "W");
    assert!(seen(&state, "word-00") && seen(&state, "word-29") && !seen(&state, "from column"));
    keys(&mut state, &format!("W{}", "<".repeat(60)));
    assert!(seen(&state, "word-00") && !seen(&state, "word-29"));
}

#[test]
fn what_is_told_of_an_open_tenant_is_asked_again_when_it_has_moved() {
    let mut state = screen(busy(), (80, 24));
    keys(&mut state, "2 enter");
    let moved = |generation: u64| {
        let line = libtenancy::api::feed::TenantLine { generation, ..super::scenario::tenant("acme", "idle", 1) };
        Event::Pieces(vec![piece(libtenancy::api::feed::Change::Tenants(vec![line]))])
    };
    assert_eq!(update(&mut state, moved(7)), [Action::Fetch(Ask::Why(id("acme")))]);
    assert_eq!(update(&mut state, moved(7)), []);
}

#[test]
fn an_open_tenant_that_is_deleted_says_so_and_takes_no_orders() {
    let mut state = screen(busy(), (80, 24));
    keys(&mut state, "2 enter");
    update(&mut state, Event::Pieces(vec![piece(libtenancy::api::feed::Change::Gone(vec![id("acme")]))]));
    assert!(drawn(&state).contains("is no more"));
    assert_eq!(keys(&mut state, "xy"), []);
    assert_eq!(keys(&mut state, "esc jxy"), [Action::Perform(Order::Stop(id("hooli")))]);
}
