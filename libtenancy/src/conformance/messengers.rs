//! What every messenger must do.
//!
//! The cases need the other side too: to make it misbehave, and to see what arrived there. A driver's test gives both as
//! an [`OtherSide`] and one line: `libtenancy::messengers_conformance!(start)`, `start` being an
//! `async fn() -> impl OtherSide`.

#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use crate::{
    chat,
    error::{Error, Result},
    ports::messengers::Messengers,
    secret::Secret,
    tenant::BotId,
};

/// How the other side treats a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// Asks for a pause of so many seconds.
    RateLimits(u64),
    /// Says that the user blocked the bot.
    Blocks,
    /// Says that the chat has moved to this id.
    Migrates(i64),
    /// Says that something broke inside.
    Breaks,
    /// Answers with something that is not its own.
    Garbles,
    /// Never answers.
    Hangs,
    /// Closes the connection without having done anything.
    DropsBefore,
    /// Does what was asked, then closes the connection without an answer.
    DropsAfter,
}

impl Misbehaviour {
    /// Every kind after which nobody can know whether the call was carried out.
    pub const UNKNOWN: [Self; 5] = [Self::Breaks, Self::Garbles, Self::Hangs, Self::DropsBefore, Self::DropsAfter];
}

/// A registered webhook as the other side knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Where updates go.
    pub url: String,
    /// What proves that they come from the messenger.
    pub secret: Option<String>,
    /// How many connections it uses at once.
    pub max_connections: u32,
    /// Which kinds of updates it sends.
    pub kinds: Vec<String>,
}

/// The messenger's other side, with one bot.
pub trait OtherSide: Send + Sync {
    /// The driver under test, with a time limit of at most a second per call.
    fn messenger(&self) -> &dyn Messengers;
    /// The same driver, towards an address where nobody listens.
    fn messenger_to_nobody(&self) -> &dyn Messengers;
    /// The bot's token.
    fn token(&self) -> Secret;
    /// The bot.
    fn bot(&self) -> BotId;
    /// Treats the next call so.
    fn misbehave(&self, how: Misbehaviour);
    /// The messages in `chat`, as (id, text), in order.
    fn sent(&self, chat: i64) -> Vec<(i64, String)>;
    /// How often `chat` was shown "typing".
    fn typing(&self, chat: i64) -> u64;
    /// The callbacks that were answered.
    fn callbacks(&self) -> Vec<String>;
    /// The bot's webhook.
    fn webhook(&self) -> Option<Registered>;
    /// Lets an update of the bot wait.
    fn update_queue(&self);
    /// How many updates wait.
    fn pending(&self) -> u64;
}

const CHAT: i64 = 77;

fn shows(error: &Error, token: &Secret) -> bool {
    let secret = token.expose().rsplit(':').next().unwrap_or_default();
    error.chain().contains(secret) || format!("{error:?} {error:#?}").contains(secret)
}

/// A text arrives as it is, under the id that is returned; ids are new each time.
pub async fn a_text_arrives_as_it_was_given(side: &dyn OtherSide) {
    let text = "a \"quoted\" \\ line\n\tand ünïcödé 👩‍👩‍👧, <b>no</b> *markup*";
    let first = side.messenger().text_send(&side.token(), CHAT, text).await.unwrap();
    let second = side.messenger().text_send(&side.token(), CHAT, text).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(side.sent(CHAT), [(first, text.to_owned()), (second, text.to_owned())]);
}

/// What `chat::split` makes is taken whole; a longer text is refused for good.
pub async fn r23_the_longest_part_is_taken_and_a_longer_text_is_refused(side: &dyn OtherSide) {
    let text = "🙂 and so on ".repeat(1_500);
    let parts = chat::split(&text);
    assert!(parts.len() > 3);
    for part in &parts {
        side.messenger().text_send(&side.token(), CHAT, part).await.unwrap();
    }
    assert_eq!(side.sent(CHAT).len(), parts.len());
    for wrong in ["", " \n", &text] {
        let error = side.messenger().text_send(&side.token(), CHAT, wrong).await.unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error}");
    }
    assert_eq!(side.sent(CHAT).len(), parts.len());
}

/// 429, a blocked bot and a moved chat are told apart, and nothing is sent.
pub async fn r23_every_refusal_keeps_its_meaning(side: &dyn OtherSide) {
    let send = || async { side.messenger().text_send(&side.token(), CHAT, "x").await.unwrap_err() };
    side.misbehave(Misbehaviour::RateLimits(17));
    let error = send().await;
    assert!(matches!(error, Error::RateLimited { retry_after, .. } if retry_after.as_secs() == 17), "{error}");
    side.misbehave(Misbehaviour::Blocks);
    let error = send().await;
    assert!(matches!(&error, Error::Refused { reason, .. } if reason.contains("blocked")), "{error}");
    side.misbehave(Misbehaviour::Migrates(-1_007));
    let error = send().await;
    assert!(matches!(error, Error::ChatMigrated { to: -1_007 }), "{error}");
    assert!(side.sent(CHAT).is_empty());
}

/// A call that was written and not answered may have been carried out, and sometimes was.
pub async fn a_send_without_an_answer_is_of_unknown_outcome(side: &dyn OtherSide) {
    for how in Misbehaviour::UNKNOWN {
        side.misbehave(how);
        let error = side.messenger().text_send(&side.token(), CHAT, "x").await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown { .. }), "{how:?}: {error:?}");
        assert_eq!(side.sent(CHAT).len(), usize::from(how == Misbehaviour::DropsAfter), "{how:?}");
    }
    side.messenger().text_send(&side.token(), CHAT, "and on it goes").await.unwrap();
}

/// Where nobody listens, nothing was sent for certain.
pub async fn nobody_there_means_certainly_not_sent(side: &dyn OtherSide) {
    let error = side.messenger_to_nobody().text_send(&side.token(), CHAT, "x").await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
}

/// No failure of any kind of any call shows the token.
pub async fn s7_no_error_shows_the_token(side: &dyn OtherSide) {
    let (token, secret) = (side.token(), Secret::new("hook"));
    let kinds = [Misbehaviour::RateLimits(1), Misbehaviour::Blocks, Misbehaviour::Migrates(1)];
    let mut errors = Vec::new();
    for how in kinds.into_iter().chain(Misbehaviour::UNKNOWN) {
        for call in 0..4 {
            side.misbehave(how);
            let result: Result<()> = match call {
                0 => side.messenger().text_send(&token, CHAT, "x").await.map(drop),
                1 => side.messenger().webhook_set(&token, "https://ztm.example/tg/a", &secret).await,
                2 => side.messenger().bot_get(&token).await.map(drop),
                _ => side.messenger().webhook_info(&token).await.map(drop),
            };
            errors.push(result.unwrap_err());
        }
    }
    errors.push(side.messenger_to_nobody().bot_get(&token).await.unwrap_err());
    errors.push(side.messenger_to_nobody().webhook_set(&token, "https://a", &secret).await.unwrap_err());
    for error in errors {
        assert!(!shows(&error, &token), "{}", error.chain().replace(token.expose(), "TOKEN"));
    }
    let unknown = Secret::new(format!("{}x", token.expose()));
    let error = side.messenger().bot_get(&unknown).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }) && !shows(&error, &unknown), "{}", error.to_string().len());
}

/// An edit replaces the text in place, and may be repeated.
pub async fn an_edit_replaces_the_text_and_may_be_repeated(side: &dyn OtherSide) {
    let id = side.messenger().text_send(&side.token(), CHAT, "one").await.unwrap();
    for _ in 0..2 {
        side.messenger().text_edit(&side.token(), CHAT, id, "two").await.unwrap();
    }
    assert_eq!(side.sent(CHAT), [(id, "two".to_owned())]);
    let error = side.messenger().text_edit(&side.token(), CHAT, id + 1, "two").await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

/// "typing" and the end of a button's spinner arrive.
pub async fn typing_and_answers_to_buttons_arrive(side: &dyn OtherSide) {
    side.messenger().typing_send(&side.token(), CHAT).await.unwrap();
    side.messenger().callback_answer(&side.token(), "4242").await.unwrap();
    assert_eq!((side.typing(CHAT), side.callbacks()), (1, vec!["4242".to_owned()]));
}

/// A webhook is registered with its secret, one connection and the kinds that are read; what waits is kept, whatever is
/// done to the webhook and however often.
pub async fn s3_s6_r30_a_webhook_has_a_secret_and_drops_nothing(side: &dyn OtherSide) {
    let (messenger, token) = (side.messenger(), side.token());
    messenger.webhook_delete(&token).await.unwrap();
    side.update_queue();
    for secret in ["first", "second", "second"] {
        messenger.webhook_set(&token, "https://ztm.example/tg/acme", &Secret::new(secret)).await.unwrap();
        let registered = side.webhook().unwrap();
        assert_eq!(registered.url, "https://ztm.example/tg/acme");
        assert_eq!(registered.secret.as_deref(), Some(secret));
        assert_eq!(registered.max_connections, 1);
        let mut kinds = registered.kinds;
        kinds.sort();
        assert_eq!(kinds, ["callback_query", "edited_message", "message", "my_chat_member"]);
    }
    let info = messenger.webhook_info(&token).await.unwrap();
    assert_eq!((info.url.as_str(), info.pending_update_count), ("https://ztm.example/tg/acme", 1));
    for _ in 0..2 {
        messenger.webhook_delete(&token).await.unwrap();
    }
    assert_eq!((side.webhook(), side.pending()), (None, 1));
    assert_eq!(messenger.webhook_info(&token).await.unwrap().url, "");
}

/// A token's bot is told by the messenger itself; a token of a wrong form is not even sent.
pub async fn a_tokens_bot_is_known(side: &dyn OtherSide) {
    assert_eq!(side.messenger().bot_get(&side.token()).await.unwrap(), side.bot());
    let error = side.messenger().bot_get(&Secret::new("../../etc")).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { field: "bot_token", .. }), "{error}");
}

/// Every case, as one test each.
#[macro_export]
macro_rules! messengers_conformance {
    ($start:path) => {
        $crate::messengers_conformance!($start:
            a_text_arrives_as_it_was_given,
            r23_the_longest_part_is_taken_and_a_longer_text_is_refused,
            r23_every_refusal_keeps_its_meaning,
            a_send_without_an_answer_is_of_unknown_outcome,
            nobody_there_means_certainly_not_sent,
            s7_no_error_shows_the_token,
            an_edit_replaces_the_text_and_may_be_repeated,
            typing_and_answers_to_buttons_arrive,
            s3_s6_r30_a_webhook_has_a_secret_and_drops_nothing,
            a_tokens_bot_is_known,
        );
    };
    ($start:path: $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let side = $start().await;
                $crate::conformance::messengers::$case(&side).await;
            }
        )+
    };
}
