//! A Telegram Bot API of our own: what a control plane sees of Telegram, with memory and with every known bad temper.
//!
//! Owns bots, chats, what was sent, the updates that wait, and the faults to show. `api` answers calls, `delivery` posts
//! updates to webhooks. It lives through any number of deaths of the control plane under test.
//!
//! # What is as Telegram does it, and what is not
//! As Telegram: tokens in the path, the answers' form, the limits of texts, `secret_token`, one update at a time and in
//! order per bot, repeats with back-off until a 2xx, updates kept while no webhook answers. Not as Telegram: webhooks
//! may be plain `http` (and only that), one connection per bot whatever `max_connections` says, parameters only as JSON,
//! and no rate limit but the ones a test asks for.

mod api;
mod delivery;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use libtenancy::{
    Error, Result,
    clock::{Clock, SystemClock, Timestamp},
    drivers::telegram::bot_id_of,
    secret::Secret,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

pub use delivery::Answers;

/// How a double behaves where Telegram's own ways are unknown or slow.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Whether texts and the ids of accepted updates are kept; without, only counts are, and memory does not grow with
    /// what is sent.
    pub keep: bool,
    /// The wait after the first failed delivery of an update; doubles up to `backoff_max`.
    pub backoff: Duration,
    /// The longest wait between two deliveries of an update.
    pub backoff_max: Duration,
    /// How long a webhook may take to answer.
    pub answer_timeout: Duration,
    /// The first update id of every bot.
    pub first_update_id: i64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keep: true,
            backoff: Duration::from_millis(20),
            backoff_max: Duration::from_millis(500),
            answer_timeout: Duration::from_mins(1),
            first_update_id: 1,
        }
    }
}

/// A message that a bot sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The bot's number.
    pub bot: i64,
    /// The chat.
    pub chat: i64,
    /// The message's id, unique in its chat.
    pub message_id: i64,
    /// Its text now.
    pub text: String,
    /// When it was sent.
    pub at: Timestamp,
    /// The texts it had before, the oldest first.
    pub edits: Vec<String>,
}

/// A registered webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Where updates go.
    pub url: String,
    /// What `X-Telegram-Bot-Api-Secret-Token` carries.
    pub secret: Option<String>,
    /// As registered.
    pub max_connections: u32,
    /// The kinds of updates that are queued; empty: all but rare ones.
    pub allowed_updates: Vec<String>,
}

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with `retry_after` in seconds.
    RateLimited(u64),
    /// 403: the user blocked the bot.
    Blocked,
    /// 400: the group is a supergroup now, with this id.
    Migrated(i64),
    /// Any refusal of Telegram's form.
    Refused(u16, String),
    /// 500.
    ServerError,
    /// 502 with a page of HTML, as from a proxy.
    BadGateway,
    /// 200 with something that is no JSON.
    Unreadable,
    /// Never answers, and does nothing.
    Hang,
    /// Closes the connection, having done nothing.
    DropBefore,
    /// Does it, then closes the connection without an answer.
    DropAfter,
}

/// Which calls a fault befalls; `None` means any.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Of this bot.
    pub bot: Option<i64>,
    /// Of this method, as in `sendMessage`.
    pub method: Option<&'static str>,
    /// To this chat.
    pub chat: Option<i64>,
    /// How often; `None`: until [`Double::faults_clear`].
    pub times: Option<u32>,
    /// What happens.
    pub fault: Fault,
}

impl Rule {
    /// The next `times` calls of `method`.
    pub fn next(times: u32, method: &'static str, fault: Fault) -> Self {
        Self { bot: None, method: Some(method), chat: None, times: Some(times), fault }
    }

    /// Every call to `chat`, until cleared.
    pub fn chat(chat: i64, fault: Fault) -> Self {
        Self { bot: None, method: None, chat: Some(chat), times: None, fault }
    }
}

#[derive(Debug)]
struct Bot {
    id: i64,
    webhook: Option<Webhook>,
    queue: VecDeque<(i64, Bytes)>,
    next_update: i64,
    accepted: u64,
    accepted_ids: Vec<i64>,
    last_error: Option<String>,
    /// An update waits, or the webhook changed.
    work: Arc<Notify>,
    /// The webhook changed: do not wait for the back-off to end.
    rehooked: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Chat {
    last_message: i64,
    sent: Vec<Sent>,
    count: u64,
    typing: u64,
}

#[derive(Debug, Default)]
struct State {
    bots: HashMap<String, Bot>,
    chats: HashMap<i64, Chat>,
    rules: Vec<Rule>,
    calls: BTreeMap<&'static str, u64>,
    callbacks: Vec<String>,
    sent: u64,
    answers: Answers,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    clock: SystemClock,
    settings: Settings,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running double, and the handle that tests program it with. Ends when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Double {
    shared: Arc<Shared>,
    address: SocketAddr,
    _ends: Arc<DropGuard>,
}

impl Double {
    /// [`Double::start_with`] under the default [`Settings`].
    pub async fn start(address: SocketAddr) -> std::io::Result<Self> {
        Self::start_with(address, Settings::default()).await
    }

    /// Starts a double on `address`; port 0 takes a free one.
    pub async fn start_with(address: SocketAddr, settings: Settings) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let ends = Arc::new(stop.clone().drop_guard());
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Notify::new(),
            clock: SystemClock::default(),
            settings,
            stop,
            tasks: TaskTracker::new(),
        });
        shared.tasks.spawn(api::serve(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, _ends: ends })
    }

    /// Ends it, and returns when it has ended.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    /// The base URL of its API.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes a bot known; its number. [`Error::Invalid`] if the token has not a token's form. A repeat changes nothing.
    pub fn bot_add(&self, token: &str) -> Result<i64> {
        let id = bot_id_of(&Secret::new(token))?.0;
        let mut state = self.shared.state();
        if !state.bots.contains_key(token) {
            let bot = Bot {
                id,
                webhook: None,
                queue: VecDeque::new(),
                next_update: self.shared.settings.first_update_id,
                accepted: 0,
                accepted_ids: Vec::new(),
                last_error: None,
                work: Arc::new(Notify::new()),
                rehooked: Arc::new(Notify::new()),
            };
            let (work, rehooked) = (Arc::clone(&bot.work), Arc::clone(&bot.rehooked));
            state.bots.insert(token.to_owned(), bot);
            self.shared.tasks.spawn(delivery::deliver(Arc::clone(&self.shared), token.to_owned(), work, rehooked));
        }
        Ok(id)
    }

    /// A user of `chat` writes `text`; the update's id. [`Error::NotFound`] for an unknown bot, here and below.
    pub fn message_push(&self, token: &str, chat: i64, text: &str) -> Result<i64> {
        let kind = if chat < 0 { "supergroup" } else { "private" };
        let message_id = {
            let mut state = self.shared.state();
            let chat = state.chats.entry(chat).or_default();
            chat.last_message += 1;
            chat.last_message
        };
        self.update_push(
            token,
            json!({"message": {
                "message_id": message_id,
                "from": {"id": chat.abs(), "is_bot": false, "first_name": "User"},
                "chat": {"id": chat, "type": kind},
                "date": self.shared.clock.now().as_micros() / 1_000_000,
                "text": text,
            }}),
        )
    }

    /// Queues any update (without its `update_id`) under the bot's next id; the id. An update of a kind that the webhook
    /// does not ask for gets an id, and is not queued.
    pub fn update_push(&self, token: &str, update: Value) -> Result<i64> {
        let mut state = self.shared.state();
        let bot = state.bots.get_mut(token).ok_or_else(|| unknown(token))?;
        let id = bot.next_update;
        bot.next_update += 1;
        bot.enqueue(id, update);
        Ok(id)
    }

    /// Queues any update under an id of the caller's choice: a repeat, a late lower id, a restart of the numbering.
    pub fn update_push_as(&self, token: &str, id: i64, update: Value) -> Result<()> {
        let mut state = self.shared.state();
        let bot = state.bots.get_mut(token).ok_or_else(|| unknown(token))?;
        bot.next_update = bot.next_update.max(id + 1);
        bot.enqueue(id, update);
        Ok(())
    }

    /// Adds a fault; the first that fits a call befalls it.
    pub fn fault(&self, rule: Rule) {
        self.shared.state().rules.push(rule);
    }

    /// Removes all faults. Calls that hang already go on hanging.
    pub fn faults_clear(&self) {
        self.shared.state().rules.clear();
    }

    /// What was sent to `chat`, in order; empty if texts are not kept.
    pub fn sent(&self, chat: i64) -> Vec<Sent> {
        self.shared.state().chats.get(&chat).map(|chat| chat.sent.clone()).unwrap_or_default()
    }

    /// How many messages were sent to `chat`.
    pub fn sent_count(&self, chat: i64) -> u64 {
        self.shared.state().chats.get(&chat).map_or(0, |chat| chat.count)
    }

    /// How many messages were sent to all chats.
    pub fn sent_total(&self) -> u64 {
        self.shared.state().sent
    }

    /// How often `chat` was shown "typing".
    pub fn typing(&self, chat: i64) -> u64 {
        self.shared.state().chats.get(&chat).map_or(0, |chat| chat.typing)
    }

    /// The callback queries that were answered, in order.
    pub fn callbacks(&self) -> Vec<String> {
        self.shared.state().callbacks.clone()
    }

    /// How often `method` was called, failures included.
    pub fn calls(&self, method: &str) -> u64 {
        self.shared.state().calls.get(method).copied().unwrap_or(0)
    }

    /// The bot's webhook.
    pub fn webhook(&self, token: &str) -> Option<Webhook> {
        self.shared.state().bots.get(token)?.webhook.clone()
    }

    /// How many updates of the bot wait.
    pub fn pending(&self, token: &str) -> usize {
        self.shared.state().bots.get(token).map_or(0, |bot| bot.queue.len())
    }

    /// How many updates of all bots wait.
    pub fn pending_total(&self) -> usize {
        self.shared.state().bots.values().map(|bot| bot.queue.len()).sum()
    }

    /// The ids of the bot's updates that a webhook answered 2xx, in order; empty if they are not kept.
    pub fn accepted(&self, token: &str) -> Vec<i64> {
        self.shared.state().bots.get(token).map(|bot| bot.accepted_ids.clone()).unwrap_or_default()
    }

    /// How many updates of all bots a webhook answered 2xx.
    pub fn accepted_total(&self) -> u64 {
        self.shared.state().bots.values().map(|bot| bot.accepted).sum()
    }

    /// What webhooks answered, and how fast.
    pub fn answers(&self) -> Answers {
        self.shared.state().answers.clone()
    }

    /// Waits until `probe` finds what it looks for, looking again after every change. [`Error::Timeout`] with `what`.
    pub async fn wait_until<T>(
        &self,
        what: &str,
        within: Duration,
        mut probe: impl FnMut(&Self) -> Option<T>,
    ) -> Result<T> {
        let search = async {
            loop {
                let mut changed = std::pin::pin!(self.shared.changed.notified());
                changed.as_mut().enable();
                if let Some(found) = probe(self) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(within, search).await.map_err(|_| Error::Timeout { what: what.to_owned(), after: within })
    }

    /// Waits until `count` messages were sent to `chat`; all of them.
    pub async fn wait_sent(&self, chat: i64, count: u64, within: Duration) -> Result<Vec<Sent>> {
        let what = format!("message {count} to chat {chat}");
        self.wait_until(&what, within, |double| (double.sent_count(chat) >= count).then(|| double.sent(chat))).await
    }

    /// Waits until a message whose text contains `part` was sent to `chat`; the first such.
    pub async fn wait_text(&self, chat: i64, part: &str, within: Duration) -> Result<Sent> {
        let what = format!("a message with {part:?} to chat {chat}");
        self.wait_until(&what, within, |double| double.sent(chat).into_iter().find(|sent| sent.text.contains(part)))
            .await
    }

    /// Waits until no update waits any more.
    pub async fn wait_delivered(&self, within: Duration) -> Result<()> {
        self.wait_until("the delivery of every update", within, |double| (double.pending_total() == 0).then_some(()))
            .await
    }

    /// Waits until the bot has a webhook.
    pub async fn wait_webhook(&self, token: &str, within: Duration) -> Result<Webhook> {
        self.wait_until("a webhook", within, |double| double.webhook(token)).await
    }
}

impl Bot {
    fn enqueue(&mut self, id: i64, mut update: Value) {
        let kind = update.as_object().and_then(|fields| fields.keys().find(|key| *key != "update_id").cloned());
        if let (Some(kind), Some(webhook)) = (kind, &self.webhook)
            && !webhook.allowed_updates.is_empty()
            && !webhook.allowed_updates.contains(&kind)
        {
            return;
        }
        if let Some(fields) = update.as_object_mut() {
            fields.insert("update_id".to_owned(), id.into());
        }
        self.queue.push_back((id, Bytes::from(update.to_string())));
        self.work.notify_one();
    }
}

fn unknown(token: &str) -> Error {
    Error::not_found("bot", token.split(':').next().unwrap_or_default())
}
