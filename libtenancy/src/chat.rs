//! What a chat update means, how a reply fits into a chat, and what the control plane itself says there.
//!
//! Owns the reading of Telegram's updates ([`parse`], [`update_id`], [`prompt`]), the cutting of long replies
//! ([`split`]) and the texts for people. Pure: does not own sending (`ports::messengers`) nor storage.

mod incoming;
mod split;

pub use incoming::{Incoming, parse, prompt, update_id};
pub use split::split;

/// The longest message Telegram takes, in UTF-16 code units after entities are parsed
/// (<https://core.telegram.org/bots/api#sendmessage>).
pub const MAX_MESSAGE_UNITS: usize = 4096;

/// The most messages that one answer is cut into. At the rate Telegram takes in one chat (about one a second) that is
/// half a minute; an agent gone wrong must not talk for hours, nor fill the store with what it says.
pub const MAX_ANSWER_PARTS: usize = 32;

/// Said after the last part of an answer that was longer.
pub const CUT_OFF: &str = "The answer goes on, but it is too long for a chat. This is where it was cut off.";

/// Said once per wake, when it takes longer than a moment; edited away or left, never repeated.
pub const STARTING: &str = "Starting up, one moment…";

/// Said in place of an answer when an update is given up.
pub const GIVEN_UP: &str =
    "Sorry, this message could not be answered. The operator has been told; please go on with your next one.";

/// Said once when a tenant is suspended; `reason` is the operator's own text.
pub fn suspended(reason: &str) -> String {
    let reason = reason.trim().trim_end_matches('.');
    if reason.is_empty() {
        "This agent is paused at the moment. Your messages are kept until it goes on.".to_owned()
    } else {
        format!("This agent is paused at the moment: {reason}. Your messages are kept until it goes on.")
    }
}

/// Said once a period when a budget is nearly, or wholly, used up; beside an answer.
pub fn budget_notice(percent: u8) -> String {
    format!("({percent} % of this agent's budget for the period is used.)")
}

/// Said to a message that an agent cannot read; `kind` as in [`Incoming::Unsupported`].
pub fn unsupported(kind: &str) -> String {
    format!("I can only read text so far, not this ({kind}). Please write it, or add a caption.")
}

/// The messages that an agent's answer is sent as: at most [`MAX_ANSWER_PARTS`], then [`CUT_OFF`] if it was longer.
pub fn answer(text: &str) -> Vec<String> {
    let mut units = 0;
    // Cut before it is split: no copy is made of what is not sent.
    let end = text.char_indices().find_map(|(at, c)| {
        units += c.len_utf16();
        (units > MAX_ANSWER_PARTS * MAX_MESSAGE_UNITS).then_some(at)
    });
    let mut parts = split(&text[..end.unwrap_or(text.len())]);
    if parts.len() > MAX_ANSWER_PARTS || end.is_some_and(|end| !is_blank(&text[end..])) {
        parts.truncate(MAX_ANSWER_PARTS);
        parts.push(CUT_OFF.to_owned());
    }
    parts
}

/// The length of `text` as Telegram counts it, in UTF-16 code units.
pub fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// Whether Telegram would call `text` empty: nothing in it can be seen.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
                | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_for_people_fit_into_one_message_and_carry_no_markup() {
        for text in [
            STARTING.to_owned(),
            GIVEN_UP.to_owned(),
            CUT_OFF.to_owned(),
            suspended("the budget is gone."),
            unsupported("voice"),
        ] {
            assert!(units(&text) < 300, "{text}");
            assert!(!text.contains(['`', '*', '_', '<']), "{text}");
        }
        assert_eq!(
            suspended(" the budget is gone. "),
            "This agent is paused at the moment: the budget is gone. Your messages are kept until it goes on."
        );
        assert!(!suspended("").contains(':'));
    }

    #[test]
    fn an_answer_of_any_length_is_sent_in_a_bounded_number_of_messages() {
        assert_eq!(answer("short"), ["short"]);
        assert!(answer(" ").is_empty());
        let full = "x".repeat(MAX_ANSWER_PARTS * MAX_MESSAGE_UNITS);
        assert_eq!(answer(&full).concat(), full);
        assert_eq!(answer(&format!("{full}\n\n")).concat(), full, "white space is nothing to be missed");
        for long in [format!("{full}y"), full.repeat(50), "🙂".repeat(full.len()), "word \n".repeat(full.len())] {
            let parts = answer(&long);
            assert!(parts.len() <= MAX_ANSWER_PARTS + 1);
            assert_eq!(parts.last().unwrap(), CUT_OFF);
            assert!(parts.iter().all(|part| units(part) <= MAX_MESSAGE_UNITS));
        }
    }

    #[test]
    fn invisible_text_is_blank_and_emoji_are_not() {
        assert!(is_blank(""));
        assert!(is_blank(" \n\u{200b}\u{feff}\0"));
        assert!(!is_blank("🙂"));
        assert!(!is_blank("\u{200b}x"));
    }
}
