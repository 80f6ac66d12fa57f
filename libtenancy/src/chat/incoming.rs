//! Reading an update: which chat it is from, and what of it is for the agent.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use crate::{
    error::{Error, Result},
    inbox::MAX_UPDATE_BYTES,
};

/// What an update is, as far as we act on it. Chat ids are Telegram's: negative for groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Somebody wrote text.
    Text {
        /// Where.
        chat: i64,
        /// What.
        text: String,
        /// Whether it replaces an earlier message.
        edited: bool,
    },
    /// Somebody sent a photo, a document … with a caption.
    Caption {
        /// Where.
        chat: i64,
        /// The caption.
        text: String,
        /// What it is the caption of: `photo`, `video` …
        kind: &'static str,
        /// Whether it replaces an earlier message.
        edited: bool,
    },
    /// Somebody pressed a button.
    Callback {
        /// What ends the button's spinner.
        id: String,
        /// Where; `None` for a button of an inline message.
        chat: Option<i64>,
        /// What the button stands for; `None` for a game's.
        data: Option<String>,
    },
    /// The bot's own place in a chat changed.
    Membership {
        /// Where.
        chat: i64,
        /// Whether the bot can no longer write there (blocked, removed, or restricted from writing).
        blocked: bool,
    },
    /// A group became a supergroup, under a new id.
    Migration {
        /// The id before.
        from: i64,
        /// The id from now on.
        to: i64,
    },
    /// Somebody sent what an agent cannot read; the chat is told so.
    Unsupported {
        /// Where.
        chat: i64,
        /// What it was: `voice message`, `sticker` …
        kind: &'static str,
    },
    /// Nothing to do: somebody joined, a pinned message, a kind of update nobody asked for.
    Nothing {
        /// Where, if the update says so.
        chat: Option<i64>,
    },
}

impl Incoming {
    /// The chat that an answer goes to: after a migration, the new one.
    pub fn chat(&self) -> Option<i64> {
        match *self {
            Self::Text { chat, .. }
            | Self::Caption { chat, .. }
            | Self::Membership { chat, .. }
            | Self::Unsupported { chat, .. }
            | Self::Migration { to: chat, .. } => Some(chat),
            Self::Callback { chat, .. } | Self::Nothing { chat } => chat,
        }
    }
}

/// What the agent is told, or `None` if the update is not for the agent.
pub fn prompt(incoming: &Incoming) -> Option<String> {
    let mark = |edited: &bool| if *edited { "[edited message] " } else { "" };
    match incoming {
        Incoming::Text { text, edited, .. } => Some(format!("{}{text}", mark(edited))),
        Incoming::Caption { text, kind, edited, .. } => {
            Some(format!("{}[{kind}, only its caption can be read] {text}", mark(edited)))
        }
        Incoming::Callback { data: Some(data), chat: Some(_), .. } => Some(format!("[button pressed] {data}")),
        Incoming::Callback { .. }
        | Incoming::Membership { .. }
        | Incoming::Migration { .. }
        | Incoming::Unsupported { .. }
        | Incoming::Nothing { .. } => None,
    }
}

/// The update's id, from a body that nobody has looked at yet: a whole, well-formed JSON object of at most
/// [`MAX_UPDATE_BYTES`] with exactly one `update_id`, an integer from 0 up. [`Error::Invalid`] otherwise.
pub fn update_id(body: &[u8]) -> Result<i64> {
    #[derive(Deserialize)]
    struct Probe {
        update_id: i64,
    }
    if body.len() > MAX_UPDATE_BYTES {
        return Err(Error::invalid("update", format!("it has {} bytes, at most {MAX_UPDATE_BYTES} fit", body.len())));
    }
    let text = std::str::from_utf8(body).map_err(|_| Error::invalid("update", "it is not UTF-8"))?;
    if !text.trim_start().starts_with('{') {
        return Err(Error::invalid("update", "it is not a JSON object"));
    }
    let id = serde_json::from_str::<Probe>(text).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => Error::invalid("update_id", "it must be there once, as an integer"),
        _ => Error::invalid("update", "it is not JSON"),
    })?;
    if id.update_id < 0 {
        return Err(Error::invalid("update_id", format!("{} must not be negative", id.update_id)));
    }
    Ok(id.update_id)
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(borrow, default)]
    edited_message: Option<Message<'a>>,
    #[serde(borrow, default)]
    callback_query: Option<CallbackQuery<'a>>,
    #[serde(borrow, default)]
    my_chat_member: Option<MyChatMember<'a>>,
}

#[derive(Deserialize)]
struct Chat {
    id: i64,
}

/// Whether a field is there, whatever it holds.
#[derive(Default)]
struct Present(bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Option::<IgnoredAny>::deserialize(deserializer).map(|value| Self(value.is_some()))
    }
}

macro_rules! message {
    ($($field:ident => $kind:literal),+ $(,)?) => {
        #[derive(Deserialize)]
        struct Message<'a> {
            chat: Chat,
            #[serde(borrow, default)]
            text: Option<Cow<'a, str>>,
            #[serde(borrow, default)]
            caption: Option<Cow<'a, str>>,
            #[serde(default)]
            migrate_to_chat_id: Option<i64>,
            #[serde(default)]
            migrate_from_chat_id: Option<i64>,
            $(#[serde(default)] $field: Present,)+
        }

        impl Message<'_> {
            /// What the message carries beside text, in words.
            fn kind(&self) -> Option<&'static str> {
                $(if self.$field.0 { return Some($kind); })+
                None
            }
        }
    };
}

// An animation also carries `document`, and a venue `location`, for old clients: the exact word comes first.
message! {
    animation => "animation",
    audio => "audio",
    checklist => "checklist",
    contact => "contact",
    dice => "dice",
    game => "game",
    invoice => "invoice",
    paid_media => "paid media",
    photo => "photo",
    poll => "poll",
    sticker => "sticker",
    story => "story",
    venue => "venue",
    video => "video",
    video_note => "video note",
    voice => "voice message",
    document => "document",
    location => "location",
}

impl Message<'_> {
    fn read(self, edited: bool) -> Incoming {
        let chat = self.chat.id;
        if let Some(to) = self.migrate_to_chat_id {
            return Incoming::Migration { from: chat, to };
        }
        if let Some(from) = self.migrate_from_chat_id {
            return Incoming::Migration { from, to: chat };
        }
        let kind = self.kind();
        let said = |text: Option<Cow<'_, str>>| text.filter(|t| !t.trim().is_empty()).map(Cow::into_owned);
        if let Some(text) = said(self.text) {
            return Incoming::Text { chat, text, edited };
        }
        if let Some(text) = said(self.caption) {
            return Incoming::Caption { chat, text, kind: kind.unwrap_or("attachment"), edited };
        }
        match kind {
            // A live location edits its message every few seconds: said once, when it came.
            Some(kind) if !edited => Incoming::Unsupported { chat, kind },
            _ => Incoming::Nothing { chat: Some(chat) },
        }
    }
}

#[derive(Deserialize)]
struct CallbackQuery<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(default)]
    message: Option<CallbackMessage>,
    #[serde(borrow, default)]
    data: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct CallbackMessage {
    chat: Chat,
}

#[derive(Deserialize)]
struct MyChatMember<'a> {
    chat: Chat,
    #[serde(borrow)]
    new_chat_member: Member<'a>,
}

#[derive(Deserialize)]
struct Member<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(default)]
    can_send_messages: Option<bool>,
}

/// Reads a stored update. [`Error::Invalid`] if a kind we act on does not have its form; other kinds are
/// [`Incoming::Nothing`].
pub fn parse(payload: &str) -> Result<Incoming> {
    // serde would read an array as a struct too.
    if !payload.trim_start().starts_with('{') {
        return Err(Error::invalid("update", "it is not a JSON object"));
    }
    let raw: Raw<'_> = serde_json::from_str(payload).map_err(|e| {
        Error::invalid("update", format!("line {}, column {}: not as Telegram sends it", e.line(), e.column()))
    })?;
    Ok(if let Some(message) = raw.message {
        message.read(false)
    } else if let Some(message) = raw.edited_message {
        message.read(true)
    } else if let Some(query) = raw.callback_query {
        Incoming::Callback {
            id: query.id.into_owned(),
            chat: query.message.map(|m| m.chat.id),
            data: query.data.filter(|d| !d.trim().is_empty()).map(Cow::into_owned),
        }
    } else if let Some(change) = raw.my_chat_member {
        let member = change.new_chat_member;
        let blocked = match &*member.status {
            "left" | "kicked" => true,
            "restricted" => member.can_send_messages == Some(false),
            _ => false,
        };
        Incoming::Membership { chat: change.chat.id, blocked }
    } else {
        Incoming::Nothing { chat: None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inner: &str) -> Incoming {
        parse(&format!(r#"{{"update_id":7,{inner}}}"#)).unwrap()
    }

    #[test]
    fn r24_every_kind_of_update_is_read_and_none_is_dropped_in_silence() {
        let text = |text: &str, edited| Incoming::Text { chat: 5, text: text.into(), edited };
        for (update, expected) in [
            (
                r#""message":{"message_id":1,"chat":{"id":5},"text":"hi \ud83d\ude42 \"q\""}"#,
                text("hi 🙂 \"q\"", false),
            ),
            (r#""edited_message":{"chat":{"id":5},"text":"hello"}"#, text("hello", true)),
            (
                r#""message":{"chat":{"id":-100},"photo":[{"file_id":"x"}],"caption":"look"}"#,
                Incoming::Caption { chat: -100, text: "look".into(), kind: "photo", edited: false },
            ),
            (r#""message":{"chat":{"id":5},"photo":[]}"#, Incoming::Unsupported { chat: 5, kind: "photo" }),
            (
                r#""message":{"chat":{"id":5},"voice":{"duration":3}}"#,
                Incoming::Unsupported { chat: 5, kind: "voice message" },
            ),
            (r#""message":{"chat":{"id":5},"sticker":{}}"#, Incoming::Unsupported { chat: 5, kind: "sticker" }),
            (
                r#""message":{"chat":{"id":5},"animation":{},"document":{}}"#,
                Incoming::Unsupported { chat: 5, kind: "animation" },
            ),
            (r#""edited_message":{"chat":{"id":5},"location":{}}"#, Incoming::Nothing { chat: Some(5) }),
            (r#""message":{"chat":{"id":5},"new_chat_members":[]}"#, Incoming::Nothing { chat: Some(5) }),
            (r#""message":{"chat":{"id":5},"text":"  "}"#, Incoming::Nothing { chat: Some(5) }),
            (
                r#""callback_query":{"id":"9","message":{"chat":{"id":5},"date":0},"data":"yes"}"#,
                Incoming::Callback { id: "9".into(), chat: Some(5), data: Some("yes".into()) },
            ),
            (
                r#""callback_query":{"id":"9","inline_message_id":"z","game_short_name":"g"}"#,
                Incoming::Callback { id: "9".into(), chat: None, data: None },
            ),
            (
                r#""my_chat_member":{"chat":{"id":5},"new_chat_member":{"status":"kicked"}}"#,
                Incoming::Membership { chat: 5, blocked: true },
            ),
            (
                r#""my_chat_member":{"chat":{"id":5},"new_chat_member":{"status":"member"}}"#,
                Incoming::Membership { chat: 5, blocked: false },
            ),
            (
                r#""my_chat_member":{"chat":{"id":5},"new_chat_member":{"status":"restricted","can_send_messages":false}}"#,
                Incoming::Membership { chat: 5, blocked: true },
            ),
            (r#""message":{"chat":{"id":-5},"migrate_to_chat_id":-1005}"#, Incoming::Migration { from: -5, to: -1005 }),
            (
                r#""message":{"chat":{"id":-1005},"migrate_from_chat_id":-5}"#,
                Incoming::Migration { from: -5, to: -1005 },
            ),
            (r#""channel_post":{"chat":{"id":5},"text":"x"}"#, Incoming::Nothing { chat: None }),
        ] {
            assert_eq!(read(update), expected, "{update}");
        }
    }

    #[test]
    fn an_update_of_the_wrong_form_is_refused_without_repeating_what_it_says() {
        for payload in [
            "",
            "[]",
            "{",
            r#"{"message":"s3cret"}"#,
            r#"{"message":{"text":"s3cret"}}"#,
            r#"{"message":{"chat":{"id":"s3cret"}}}"#,
            r#"{"message":{"chat":{"id":1},"text":["s3cret"]}}"#,
            r#"{"message":{"chat":{"id":99999999999999999999}}}"#,
        ] {
            let error = parse(payload).unwrap_err();
            assert!(matches!(error, Error::Invalid { field: "update", .. }), "{payload}: {error}");
            assert!(!error.chain().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn the_answer_goes_to_the_chat_that_lives() {
        assert_eq!(Incoming::Migration { from: 1, to: 2 }.chat(), Some(2));
        assert_eq!(Incoming::Callback { id: String::new(), chat: None, data: None }.chat(), None);
    }

    #[test]
    fn edited_messages_captions_and_buttons_are_marked_for_the_agent() {
        for (update, expected) in [
            (r#""message":{"chat":{"id":5},"text":"hi"}"#, Some("hi")),
            (r#""edited_message":{"chat":{"id":5},"text":"hi"}"#, Some("[edited message] hi")),
            (
                r#""message":{"chat":{"id":5},"video":{},"caption":"hi"}"#,
                Some("[video, only its caption can be read] hi"),
            ),
            (r#""callback_query":{"id":"9","message":{"chat":{"id":5}},"data":"yes"}"#, Some("[button pressed] yes")),
            (r#""callback_query":{"id":"9","data":"yes"}"#, None),
            (r#""message":{"chat":{"id":5},"sticker":{}}"#, None),
        ] {
            assert_eq!(prompt(&read(update)).as_deref(), expected, "{update}");
        }
    }

    #[test]
    fn an_update_id_is_found_only_in_a_whole_and_sane_update() {
        assert_eq!(update_id(br#" {"message":{"update_id":3,"x":[1,{"y":null}]},"update_id":12}"#).unwrap(), 12);
        assert_eq!(update_id(br#"{"update_id":0}"#).unwrap(), 0);
        assert_eq!(update_id(br#"{"update_id":9223372036854775807}"#).unwrap(), i64::MAX);
        for (body, field) in [
            (&b""[..], "update"),
            (b"hello", "update"),
            (b"7", "update"),
            (b"[7]", "update"),
            (br#"{"update_id":1"#, "update"),
            (br#"{"update_id":1} x"#, "update"),
            (b"{\"update_id\":1,\"x\":\"\xff\"}", "update"),
            (b"{}", "update_id"),
            (br#"{"update_id":-1}"#, "update_id"),
            (br#"{"update_id":1.0}"#, "update_id"),
            (br#"{"update_id":1e3}"#, "update_id"),
            (br#"{"update_id":"1"}"#, "update_id"),
            (br#"{"update_id":null}"#, "update_id"),
            (br#"{"update_id":true}"#, "update_id"),
            (br#"{"update_id":9223372036854775808}"#, "update_id"),
            (br#"{"update_id":1,"update_id":2}"#, "update_id"),
        ] {
            match update_id(body) {
                Err(Error::Invalid { field: named, .. }) => {
                    assert_eq!(named, field, "{}", String::from_utf8_lossy(body));
                }
                other => panic!("{}: {other:?}", String::from_utf8_lossy(body)),
            }
        }
    }

    #[test]
    fn s16_an_update_over_one_mebibyte_is_refused_and_never_cut() {
        let exact = |len: usize| {
            let frame = r#"{"update_id":1,"x":""}"#.len();
            format!(r#"{{"update_id":1,"x":"{}"}}"#, "a".repeat(len - frame)).into_bytes()
        };
        assert_eq!(update_id(&exact(MAX_UPDATE_BYTES)).unwrap(), 1);
        assert!(matches!(update_id(&exact(MAX_UPDATE_BYTES + 1)), Err(Error::Invalid { field: "update", .. })));
    }

    #[test]
    fn deep_nesting_does_not_overflow_the_stack() {
        let deep = format!(r#"{{"update_id":1,"x":{}"#, "[".repeat(MAX_UPDATE_BYTES - 30));
        assert!(update_id(deep.as_bytes()).is_err());
        let deep = format!(r#"{{"message":{{"chat":{{"id":1}},"poll":{}"#, "[".repeat(500_000));
        assert!(parse(&deep).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>, text: String) {
            let _ = update_id(&body);
            let _ = parse(&text);
        }
    }
}
