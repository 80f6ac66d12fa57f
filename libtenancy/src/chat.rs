//! What a chat update means, and how a reply fits into a chat.

/// The longest message Telegram takes, in UTF-16 code units after entities are parsed
/// (<https://core.telegram.org/bots/api#sendmessage>).
pub const MAX_MESSAGE_UNITS: usize = 4096;
