//! Delivery: one loop per tenant with something in its inbox, from "stored" to "handled".
//!
//! Owns the order of the steps of the crash-point table in [`crate::inbox`], and who runs the loops. Does not own the
//! decisions about attempts (`inbox`), wakes (`wake`) or what a chat understands (`chat`).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::FutureExt;
use tokio::sync::Notify;
use tracing::Instrument;

use crate::{
    admission::{Ask, Suspension},
    agent::Turn,
    chat::{self, Incoming},
    clock::{Stopwatch, Timestamp},
    credits::MicroCredits,
    error::{Error, Result},
    inbox::{self, Claim, Epoch, Outcome, Outgoing, Stage, Take, Update, UpdateKey},
    jobs::AgentId,
    operation::lock,
    partition::TurnAdmission,
    ports::inboxes::DELIVERY_TTL,
    quota::Blocked,
    tenancy::Tenancy,
    tenant::{Status, TenantId},
    turn::AGENT_ROUNDS,
    webhook::OpenedBot,
};

/// How long a loop waits for the next update before it ends.
const LINGER: Duration = Duration::from_secs(10);

/// How often a tenant that is never without messages is recorded as active.
const TOUCH_EVERY: Duration = Duration::from_secs(10);

/// The pause after a store error.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// Telegram shows "typing" for up to 5 s (<https://core.telegram.org/bots/api#sendchataction>).
const TYPING_EVERY: Duration = Duration::from_secs(4);

/// How long a turn may take before the chat sees "typing".
const TYPING_AFTER: Duration = Duration::from_secs(1);

/// How often a suspended tenant's account is looked at without a signal.
const GATE_LOOK: Duration = Duration::from_secs(600);

/// The loops of this process.
#[derive(Default)]
pub(crate) struct Deliveries(Mutex<HashMap<TenantId, Arc<Notify>>>);

/// What a turn came to.
enum Paid {
    /// The agent's answer.
    Answered(String),
    /// There is no credit for it before then.
    Blocked(Timestamp),
}

/// Why a loop goes on or ends after an error.
enum AfterError {
    /// Another owner delivers, or the update was changed by an operator.
    Claim,
    /// The store is away for a moment.
    Pause,
}

fn after_error(error: &Error) -> AfterError {
    match error {
        Error::Conflict { .. } | Error::NotFound { .. } => AfterError::Claim,
        _ => AfterError::Pause,
    }
}

/// What a delivery knows of its tenant while it works on one update.
struct Delivery<'a> {
    update: &'a Update,
    key: &'a UpdateKey,
    epoch: Epoch,
    bot: Arc<OpenedBot>,
    /// The "starting" message that the reply replaces. Held locked while it is being sent.
    notice: Arc<tokio::sync::Mutex<Option<i64>>>,
}

impl Tenancy {
    /// Something may be pending for the tenant: its loop looks, and is started if there is none.
    pub(crate) fn delivery_signal(&self, id: &TenantId) {
        self.feed_mark(id);
        if self.require_live("delivery").is_err() {
            return;
        }
        let mut loops = lock(&self.inner.deliveries.0);
        if let Some(signal) = loops.get(id) {
            signal.notify_one();
            return;
        }
        let signal = Arc::new(Notify::new());
        loops.insert(id.clone(), Arc::clone(&signal));
        drop(loops);
        let (tenancy, id) = (self.clone(), id.clone());
        self.inner.tasks.spawn(async move { tenancy.delivery_run(&id, &signal).await });
    }

    /// Starts the loops of all tenants with pending updates: at the start, and as the reconciler's safety net.
    pub(crate) async fn deliveries_sweep(&self) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.drivers().inboxes.tenants_pending(after.as_ref(), 500).await?;
            for id in &page {
                self.delivery_signal(id);
            }
            match page.last() {
                Some(last) if page.len() >= 500 => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }

    /// Delivers until nothing has been pending for [`LINGER`], or the control plane shuts down: then the update under
    /// way is still finished.
    async fn delivery_run(&self, id: &TenantId, signal: &Notify) {
        let shutdown = &self.inner.shutdown;
        let mut epoch = None;
        while !shutdown.is_cancelled() {
            let worked = match epoch {
                None => self.delivery_claim(id, &mut epoch).await,
                Some(epoch) => self.delivery_drain(id, epoch).await,
            };
            self.feed_mark(id);
            let wait = match worked {
                Ok(wait) => wait,
                Err(error) => match after_error(&error) {
                    AfterError::Claim => {
                        tracing::debug!(tenant = %id, error = error.chain(), "claiming the delivery anew");
                        epoch = None;
                        if self.delivery_is_orphaned(id).await { None } else { Some(STORE_PAUSE / 10) }
                    }
                    AfterError::Pause => {
                        tracing::warn!(tenant = %id, error = error.chain(), "delivery interrupted");
                        Some(STORE_PAUSE)
                    }
                },
            };
            let signalled = tokio::select! {
                signalled = tokio::time::timeout(wait.unwrap_or(LINGER), signal.notified()) => signalled.is_ok(),
                () = shutdown.cancelled() => break,
            };
            if wait.is_none() && !signalled {
                // A signal that came after the timeout sits in the Notify: looked at under the lock of the signallers.
                let mut loops = lock(&self.inner.deliveries.0);
                if signal.notified().now_or_never().is_none() {
                    loops.remove(id);
                    break;
                }
            }
        }
        if let Some(epoch) = epoch
            && let Err(error) = self.drivers().inboxes.delivery_release(id, epoch).await
        {
            tracing::debug!(tenant = %id, error = error.chain(), "delivery not released; it lapses");
        }
    }

    /// A tenant that is gone may have left updates that were stored while it was deleted.
    async fn delivery_is_orphaned(&self, id: &TenantId) -> bool {
        match self.drivers().tenants.tenant_get(id).await {
            Ok(None) => self.drivers().inboxes.inbox_purge(id).await.is_ok(),
            Ok(Some(tenant)) => matches!(tenant.lifecycle.status, Status::Terminated { .. }),
            Err(_) => false,
        }
    }

    async fn delivery_claim(&self, id: &TenantId, epoch: &mut Option<Epoch>) -> Result<Option<Duration>> {
        let now = self.now();
        match self.drivers().inboxes.delivery_claim(id, &self.inner.owner.0, now).await? {
            Claim::Won(won) => {
                *epoch = Some(won);
                Ok(Some(Duration::ZERO))
            }
            Claim::Held(until) => Ok(Some(until.since(now).max(STORE_PAUSE))),
        }
    }

    /// Delivers what is due. `Some(wait)` until the first update's next attempt; `None` if nothing is pending.
    async fn delivery_drain(&self, id: &TenantId, epoch: Epoch) -> Result<Option<Duration>> {
        let inboxes = &self.drivers().inboxes;
        if let Some(wait) = self.delivery_gate(id).await? {
            return Ok(Some(wait));
        }
        let mut take = inboxes.update_take(id, epoch, self.now()).await?;
        let (mut worked, mut since_touch) = (false, Stopwatch::start());
        loop {
            match take {
                Take::Taken(update) => {
                    worked = true;
                    let span = tracing::info_span!("request", id = update.key.request_id(), tenant = %id);
                    take = self.update_deliver(&update, epoch).instrument(span).await?;
                    if since_touch.elapsed() > TOUCH_EVERY {
                        since_touch = Stopwatch::start();
                        self.drivers().tenants.tenant_touch(id, self.now()).await?;
                    }
                    if self.inner.shutdown.is_cancelled() {
                        return Ok(None);
                    }
                }
                Take::Wait(until) => return Ok(Some(until.since(self.now()).max(Duration::from_millis(1)))),
                Take::Empty => {
                    if worked && let Err(error) = self.drivers().tenants.tenant_touch(id, self.now()).await {
                        tracing::debug!(tenant = %id, error = error.chain(), "activity not recorded");
                    }
                    return Ok(None);
                }
            }
        }
    }

    /// Brings one update as far as it gets, and takes the next.
    async fn update_deliver(&self, update: &Update, epoch: Epoch) -> Result<Take> {
        let inboxes = &self.drivers().inboxes;
        let id = &update.key.tenant;
        tracing::debug!(attempt = update.attempts + 1, "a message is delivered");
        let Some(bot) = self.bot_opened(id).await?.filter(|bot| bot.id == update.key.bot) else {
            let outcome = Outcome::Dead("its bot was replaced or removed".to_owned());
            return inboxes.update_finish(&update.key, epoch, &outcome, self.now()).await;
        };
        let notice = Arc::new(tokio::sync::Mutex::new(update.notice));
        let delivery = Delivery { update, key: &update.key, epoch, bot, notice };
        if let Some(reason) = inbox::exhausted(update, self.now()) {
            return self.update_bury(&delivery, reason).await;
        }
        // A long turn outlives the claim; renewing it is part of delivering.
        let renewal = async {
            loop {
                tokio::time::sleep(DELIVERY_TTL / 3).await;
                if let Err(error) = inboxes.delivery_renew(id, epoch, self.now()).await {
                    match after_error(&error) {
                        AfterError::Claim => return error,
                        AfterError::Pause => tracing::warn!(tenant = %id, error = error.chain(), "claim not renewed"),
                    }
                }
            }
        };
        tokio::select! {
            taken = self.update_step(&delivery) => taken,
            lost = renewal => Err(lost),
        }
    }

    async fn update_step(&self, delivery: &Delivery<'_>) -> Result<Take> {
        let inboxes = &self.drivers().inboxes;
        match &delivery.update.stage {
            Stage::Replied { reply, sent } => self.reply_send(delivery, reply, *sent).await,
            Stage::Pending => {
                let incoming = match chat::parse(&delivery.update.payload) {
                    Ok(incoming) => incoming,
                    Err(error) => return self.update_bury(delivery, error.chain()).await,
                };
                let Some(reply) = self.update_answer(delivery, &incoming).await? else {
                    return inboxes.update_take(&delivery.key.tenant, delivery.epoch, self.now()).await;
                };
                if reply.parts.is_empty() {
                    return inboxes.update_finish(delivery.key, delivery.epoch, &Outcome::Handled, self.now()).await;
                }
                inboxes.reply_store(delivery.key, delivery.epoch, &reply).await?;
                self.reply_send(delivery, &reply, 0).await
            }
            Stage::Handled { .. } | Stage::Dead { .. } | Stage::Dropped { .. } => {
                Err(Error::internal("a terminal update was taken"))
            }
        }
    }

    /// What is to be said to an update; `None` if it was put back for a later attempt.
    async fn update_answer(&self, delivery: &Delivery<'_>, incoming: &Incoming) -> Result<Option<Outgoing>> {
        if let Incoming::Callback { id: callback, .. } = incoming
            && let Err(error) = self.drivers().messengers.callback_answer(&delivery.bot.token, callback).await
        {
            tracing::debug!(update = %delivery.key, error = error.chain(), "callback not answered");
        }
        let Some(chat) = incoming.chat() else { return Ok(Some(Outgoing { chat: 0, parts: Vec::new() })) };
        let Some(message) = chat::prompt(incoming) else {
            let parts = match incoming {
                Incoming::Unsupported { kind, .. } => vec![chat::unsupported(kind)],
                _ => Vec::new(),
            };
            return Ok(Some(Outgoing { chat, parts }));
        };
        let turn = Turn { message };
        let answer = {
            let work = self.turn_paid(delivery, chat, &turn);
            tokio::pin!(work);
            tokio::select! {
                answer = &mut work => answer,
                // A chat that waits sees that it is heard; a quick answer costs none of this.
                () = self.chat_entertain(delivery, chat) => unreachable!("entertaining never ends"),
            }
        };
        match answer {
            Ok(Paid::Answered(response)) => {
                let mut parts = chat::answer(&response);
                let notice = lock(&self.inner.budget_notices).remove(&delivery.key.tenant);
                parts.extend(notice.map(chat::budget_notice));
                Ok(Some(Outgoing { chat, parts }))
            }
            Ok(Paid::Blocked(until)) => {
                let why = "there is no credit for it at the moment";
                let inboxes = &self.drivers().inboxes;
                inboxes.update_retry(delivery.key, delivery.epoch, until, why, false, false).await.map(|()| None)
            }
            Err(error) => {
                let counts = turn_failure_counts(&error);
                self.update_put_back(delivery, &error, counts, false).await.map(|()| None)
            }
        }
    }

    /// A turn that is paid for: a hold, the agent, the turn, what it used. One that fails costs nothing. A turn whose charge is
    /// settled but whose reply was not stored is joined or replayed, and not charged again.
    async fn turn_paid(&self, delivery: &Delivery<'_>, chat: i64, turn: &Turn) -> Result<Paid> {
        let (quotas, id) = (&self.drivers().quotas, &delivery.key.tenant);
        let name = format!("{}/{}", delivery.key.bot, delivery.key.update_id);
        let config = &self.inner.config;
        let ttl = config.agent.turn_timeout * (AGENT_ROUNDS + 1) + config.agent.ready_timeout * (AGENT_ROUNDS + 1);
        let admission = quotas.turn_admit(id, &AgentId::default(), &name, config.turn_hold, ttl).await?;
        self.decision_note(id, Ask::Turn(config.turn_hold), &admission);
        let epoch = match admission {
            TurnAdmission::Admitted { epoch } => Some(epoch),
            TurnAdmission::Settled => None,
            TurnAdmission::Blocked(blocked) => return self.turn_blocked(delivery, chat, blocked).await,
        };
        // A wake costs the tenant nothing.
        let ready = self.agent_resolve(id).await;
        let watch = Stopwatch::start();
        let response = match ready {
            Ok(_) => self.turn_run(delivery.key, &delivery.key.request_id(), turn).await,
            Err(error) => Err(error),
        };
        if let Some(epoch) = epoch {
            // A second of an agent's turn is a GPU-second; what cannot be settled now lapses and goes back.
            let used = MicroCredits(i64::try_from(watch.elapsed().as_micros()).unwrap_or(i64::MAX).max(1));
            let used = if response.is_ok() { used } else { MicroCredits::ZERO };
            quotas.turn_settle(id, &name, epoch, used).await?;
        }
        response.map(Paid::Answered)
    }

    /// There is no credit for a turn: a tenant out of budget is suspended, and its chat is told so, once a suspension.
    async fn turn_blocked(&self, delivery: &Delivery<'_>, chat: i64, blocked: Blocked) -> Result<Paid> {
        let now = self.now();
        if !blocked.suspends() {
            return Ok(Paid::Blocked(blocked.until().unwrap_or(now).max(now + STORE_PAUSE)));
        }
        self.suspension_note(&delivery.key.tenant).await?;
        if let Some(reason) = self.suspension_tell(&delivery.key.tenant).await? {
            let text = chat::suspended(&reason);
            if let Err(error) = self.drivers().messengers.text_send(&delivery.bot.token, chat, &text).await {
                tracing::info!(update = %delivery.key, error = error.chain(), "the chat was not told of the suspension");
            }
        }
        // The gate of the next drain keeps it waiting without taking it.
        Ok(Paid::Blocked(now + STORE_PAUSE))
    }

    /// Whether deliveries of a suspended tenant have to wait, and until when at the latest. What ended by itself is lifted.
    /// One whose chat does not know yet (a job, or a wake, found the budget gone) does not wait: its next turn is refused, and
    /// the chat is told.
    async fn delivery_gate(&self, id: &TenantId) -> Result<Option<Duration>> {
        let Some(tenant) = self.drivers().tenants.tenant_get(id).await? else { return Ok(None) };
        let Some(suspended) = &tenant.settings.suspended else {
            lock(&self.inner.broke).remove(id);
            return Ok(None);
        };
        let suspension = Suspension::parse(suspended);
        if suspension.by_operator() {
            // Also while an agent runs: whoever suspended it may have died before it stopped that.
            return Ok(Some(GATE_LOOK));
        }
        let now = self.now();
        let account = self.drivers().quotas.account_get(id).await?;
        let hold = self.inner.config.turn_hold;
        match account.map(|account| account.check(hold, now)) {
            Some(Err(blocked)) if blocked.suspends() => {
                lock(&self.inner.broke).insert(id.clone());
                if !suspension.told {
                    return Ok(None);
                }
                let until = blocked.until().map_or(GATE_LOOK, |until| until.since(now).min(GATE_LOOK));
                Ok(Some(until.max(STORE_PAUSE)))
            }
            _ => {
                self.suspension_lift(id).await?;
                Ok(None)
            }
        }
    }

    /// Sends the parts that are not known to have been sent.
    async fn reply_send(&self, delivery: &Delivery<'_>, reply: &Outgoing, sent: u32) -> Result<Take> {
        let inboxes = &self.drivers().inboxes;
        let parts = reply.parts.iter().enumerate().skip(sent as usize);
        let mut chat = reply.chat;
        for (index, part) in parts {
            let mut result = self.part_send(delivery, chat, index, part).await;
            if let Err(Error::ChatMigrated { to }) = result {
                chat = to;
                result = self.part_send(delivery, chat, index, part).await;
            }
            match result {
                Ok(()) if index + 1 == reply.parts.len() => {}
                Ok(()) => {
                    let sent = u32::try_from(index + 1).unwrap_or(u32::MAX);
                    inboxes.part_sent(delivery.key, delivery.epoch, sent).await?;
                }
                Err(error @ Error::Refused { .. }) => {
                    tracing::info!(update = %delivery.key, error = error.chain(), "the chat does not take the reply");
                    let outcome = Outcome::Dead(error.chain());
                    return inboxes.update_finish(delivery.key, delivery.epoch, &outcome, self.now()).await;
                }
                Err(error) => {
                    let unknown = matches!(error, Error::OutcomeUnknown { .. } | Error::Timeout { .. });
                    self.update_put_back(delivery, &error, unknown, unknown).await?;
                    return inboxes.update_take(&delivery.key.tenant, delivery.epoch, self.now()).await;
                }
            }
        }
        tracing::debug!(parts = reply.parts.len(), "the chat has its answer");
        inboxes.update_finish(delivery.key, delivery.epoch, &Outcome::Handled, self.now()).await
    }

    /// Sends one part; the first one replaces the "starting" message where there is one.
    async fn part_send(&self, delivery: &Delivery<'_>, chat: i64, index: usize, part: &str) -> Result<()> {
        let messengers = &self.drivers().messengers;
        if index == 0
            && let Some(notice) = *delivery.notice.lock().await
        {
            match messengers.text_edit(&delivery.bot.token, chat, notice, part).await {
                // The notice was deleted in the chat: say it in a message of its own.
                Err(Error::Refused { .. }) => {}
                other => return other,
            }
        }
        messengers.text_send(&delivery.bot.token, chat, part).await.map(drop)
    }

    /// Puts the update back for a later attempt.
    async fn update_put_back(
        &self,
        delivery: &Delivery<'_>,
        error: &Error,
        counts: bool,
        possible_repeat: bool,
    ) -> Result<()> {
        let update = delivery.update;
        let failures = if counts { update.attempts + 1 } else { update.takes.min(4) };
        let wait = match error {
            // There is no next attempt: it is given up, and need not be waited for.
            _ if counts && failures >= inbox::MAX_ATTEMPTS => Duration::ZERO,
            Error::RateLimited { retry_after, .. } => *retry_after,
            _ => inbox::backoff(failures.max(1), jitter()),
        };
        tracing::info!(update = %delivery.key, counts, wait_s = wait.as_secs_f64(), error = error.chain(), "put back");
        let not_before: Timestamp = self.now() + wait;
        self.drivers()
            .inboxes
            .update_retry(delivery.key, delivery.epoch, not_before, &error.chain(), counts, possible_repeat)
            .await
    }

    /// Gives the update up: tells the chat, best effort, then dead-letters it.
    async fn update_bury(&self, delivery: &Delivery<'_>, reason: String) -> Result<Take> {
        tracing::warn!(update = %delivery.key, reason, "dead-lettered");
        let chat = chat::parse(&delivery.update.payload).ok().and_then(|incoming| incoming.chat());
        if let Some(chat) = chat {
            let told = self.part_send(delivery, chat, 0, chat::GIVEN_UP).await;
            if let Err(error) = told {
                tracing::info!(update = %delivery.key, error = error.chain(), "the chat was not told");
            }
        }
        let outcome = Outcome::Dead(reason);
        self.drivers().inboxes.update_finish(delivery.key, delivery.epoch, &outcome, self.now()).await
    }

    /// Shows a waiting chat that its message is being worked on: one "starting" message if an agent is being woken,
    /// "typing" from then on. Never ends; dropped when the answer is there.
    async fn chat_entertain(&self, delivery: &Delivery<'_>, chat: i64) {
        let notice_after = self.inner.config.starting_notice_after;
        let typing = async {
            tokio::time::sleep(TYPING_AFTER).await;
            loop {
                if let Err(error) = self.drivers().messengers.typing_send(&delivery.bot.token, chat).await {
                    tracing::debug!(update = %delivery.key, error = error.chain(), "typing not shown");
                }
                tokio::time::sleep(TYPING_EVERY).await;
            }
        };
        let notice = async {
            tokio::time::sleep(notice_after).await;
            let notice = Arc::clone(&delivery.notice).lock_owned().await;
            if notice.is_none() && self.is_waking(&delivery.key.tenant) {
                self.notice_send(delivery, chat, notice);
            }
        };
        tokio::join!(typing, notice);
    }

    /// Sends the "starting" message in a task of its own: the reply waits for its id, whenever it comes.
    fn notice_send(&self, delivery: &Delivery<'_>, chat: i64, mut notice: tokio::sync::OwnedMutexGuard<Option<i64>>) {
        let (tenancy, key, epoch) = (self.clone(), delivery.key.clone(), delivery.epoch);
        let bot = Arc::clone(&delivery.bot);
        self.inner.tasks.spawn(async move {
            let drivers = tenancy.drivers();
            let sent = async {
                let message = drivers.messengers.text_send(&bot.token, chat, chat::STARTING).await?;
                *notice = Some(message);
                drivers.inboxes.notice_store(&key, epoch, message).await
            };
            if let Err(error) = sent.await {
                tracing::debug!(update = %key, error = error.chain(), "starting notice not sent or not kept");
            }
        });
    }
}

/// Whether a failed turn is the agent's fault, and so counts as an attempt.
fn turn_failure_counts(error: &Error) -> bool {
    matches!(
        error,
        Error::AgentFailed { .. }
            | Error::Timeout { .. }
            | Error::Invalid { .. }
            // Its snapshot: the record names one that is not there, or no good.
            | Error::NotFound { .. }
            | Error::Corrupt { what: "snapshot", .. }
            | Error::Refused { .. }
            | Error::Internal { .. }
    )
}

/// A random share for back-off, 0.0 to 1.0.
fn jitter() -> f64 {
    crate::secret::random_bytes::<1>().map_or(0.5, |[byte]| f64::from(byte) / 255.0)
}
