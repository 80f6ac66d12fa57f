//! Every pane as it looks: empty, busy and in trouble, in a small terminal and a large one.

use insta::assert_snapshot;
use libtenancy::{
    api::why::{Compared, Reason, Why},
    clock::Timestamp,
};
use ztm_tui::{
    event::{Answer, Ask, Event},
    state::{Options, Pane, State},
    theme::{Symbols, Theme},
    update::update,
};

use super::scenario::{at, busy, drawn, empty, keys, screen, trouble};

const SIZES: [(&str, (u16, u16)); 2] = [("80x24", (80, 24)), ("160x50", (160, 50))];

#[test]
fn every_pane_has_its_look() {
    for (size, cells) in SIZES {
        for (scenario, pieces) in [("empty", empty()), ("busy", busy()), ("trouble", trouble())] {
            let mut state = screen(pieces, cells);
            for pane in Pane::ALL {
                keys(&mut state, &(pane as usize + 1).to_string());
                assert_snapshot!(format!("{}-{scenario}-{size}", pane.title().to_lowercase()), drawn(&state));
            }
        }
    }
}

#[test]
fn the_readme_shows_the_screen_as_it_is() {
    let readme = include_str!("../../README.md");
    let shown = drawn(&screen(busy(), (80, 24)));
    assert!(readme.contains(&format!("```text\n{shown}\n```")), "README.md shows another screen than\n{shown}");
}

fn why() -> Why {
    Why {
        subject: "wake".to_owned(),
        id: "acme".to_owned(),
        status: "running".to_owned(),
        summary: "its agent runs.".to_owned(),
        reasons: vec![Reason {
            code: "running".to_owned(),
            text: "its agent runs".to_owned(),
            compared: [("seconds without work", "40", "300"), ("suspended since", "yesterday", "-")]
                .map(|(what, has, needs)| Compared {
                    what: what.to_owned(),
                    has: has.to_owned(),
                    needs: needs.to_owned(),
                })
                .into(),
            until: Some(at(-260)),
        }],
        expected_at: None,
        expected_because: None,
    }
}

#[test]
fn an_open_tenant_shows_its_last_wake_phase_by_phase_and_why() {
    for (size, cells) in SIZES {
        let mut state = screen(busy(), cells);
        keys(&mut state, "2 enter");
        update(&mut state, Event::Told(Ask::Why("acme".to_owned()), Ok(Answer::Why(why()))));
        assert_snapshot!(format!("tenant-{size}"), drawn(&state));
    }
}

#[test]
fn help_a_question_and_what_is_typed_lie_over_the_rest() {
    let mut state = screen(busy(), (80, 24));
    keys(&mut state, "2 ?");
    assert_snapshot!("help", drawn(&state));
    keys(&mut state, "? D");
    assert_snapshot!("delete", drawn(&state));
    keys(&mut state, "esc x");
    assert_snapshot!("stop", drawn(&state));
    keys(&mut state, "esc + many enter");
    assert_snapshot!("grant", drawn(&state));
    keys(&mut state, "esc c j space");
    assert_snapshot!("columns", drawn(&state));
}

#[test]
fn what_is_old_says_so() {
    let mut state = screen(busy(), (80, 24));
    update(&mut state, Event::Tick(Timestamp::from_micros(at(-2).as_micros())));
    assert!(!drawn(&state).contains("STALE"));
    update(&mut state, Event::Lost("control plane is unavailable: connection refused".to_owned()));
    update(&mut state, Event::Tick(at(-12)));
    let shown = drawn(&state);
    assert!(shown.contains("STALE 12s") && shown.contains("connecting again: control plane is"), "{shown}");
    // Countdowns go on meanwhile, by the clock here; and it lives again with the first word.
    update(&mut state, Event::Pieces(busy()));
    let shown = drawn(&state);
    assert!(!shown.contains("STALE") && !shown.contains("connecting"), "{shown}");
}

#[test]
fn no_terminal_is_too_small_and_no_text_of_others_reaches_it_raw() {
    let mut pieces = trouble();
    for piece in &mut pieces {
        if let libtenancy::api::feed::Change::Numbers(numbers) = &mut piece.change {
            numbers.warm_trouble = Some("\u{1b}]0;evil\u{7}\u{1b}[2J\u{1f980}\u{301}".repeat(30));
        }
    }
    let mut state = screen(pieces, (80, 24));
    for keys_typed in ["1", "2", "3", "4", "5", "2 enter", "tab", "tab", "tab", "tab", "tab", "esc ?", "? D", "esc /x"]
    {
        keys(&mut state, keys_typed);
        for size in [(1, 1), (5, 3), (20, 5), (21, 6), (80, 2), (200, 7), (20, 60), (80, 24)] {
            update(&mut state, Event::Resize(size.0, size.1));
            assert!(!drawn(&state).contains('\u{1b}'));
        }
    }
}

#[test]
fn every_theme_and_every_kind_of_signs_draws_everything() {
    for theme in [Theme::dark(), Theme::light(), Theme::ansi16(), Theme::mono()] {
        for symbols in [Symbols::Braille, Symbols::Block, Symbols::Ascii] {
            let options = Options { theme, symbols, ..Options::default() };
            let mut state = State::new(options, (100, 30), at(0));
            update(&mut state, Event::Pieces(busy()));
            for pane in Pane::ALL {
                keys(&mut state, &(pane as usize + 1).to_string());
                let shown = drawn(&state);
                let body = shown.lines().skip(2).take(26).collect::<String>();
                assert!(symbols != Symbols::Ascii || body.replace(['─', '●', '…', '·', '▏'], "").is_ascii(), "{shown}");
            }
        }
    }
}

#[test]
fn at_a_hundred_columns_no_machine_and_no_state_of_it_is_cut() {
    let shown = |cells| {
        let mut state = screen(busy(), cells);
        keys(&mut state, "4");
        drawn(&state)
    };
    for (cells, name) in [
        ((80, 24), "ip-10-0-1-17 "),
        ((100, 30), "ip-10-0-1-17.ec2.internal "),
        ((120, 30), "ip-10-0-1-17.ec2.internal "),
    ] {
        let screen = shown(cells);
        assert!(screen.contains(name) && screen.contains(" ready"), "{screen}");
    }
    assert!(shown((100, 30)).contains("IDLE $/H") && !shown((80, 24)).contains("IDLE $/H"));
}
