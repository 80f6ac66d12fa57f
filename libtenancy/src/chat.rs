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

/// Said to a message that an agent cannot read; `kind` as in [`Incoming::Unsupported`].
pub fn unsupported(kind: &str) -> String {
    format!("I can only read text so far, not this ({kind}). Please write it, or add a caption.")
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
        for text in [STARTING.to_owned(), GIVEN_UP.to_owned(), suspended("the budget is gone."), unsupported("voice")] {
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
    fn invisible_text_is_blank_and_emoji_are_not() {
        assert!(is_blank(""));
        assert!(is_blank(" \n\u{200b}\u{feff}\0"));
        assert!(!is_blank("🙂"));
        assert!(!is_blank("\u{200b}x"));
    }
}
