//! The webhook: registering it with the messenger, and taking in what comes through it.
//!
//! Owns a bot's secrets while they are open. Does not own HTTP (`services::router`) nor the inbox's storage.
//!
//! # Design notes
//! The secret of every tenant is 32 random bytes, sealed in its record; a request without it never touches the store
//! beyond a read. Opened secrets are cached for [`CACHE_TTL`], so that a message does not cost a registry read.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{
    api::WebhookView,
    chat,
    clock::Timestamp,
    error::{Error, Result},
    inbox::{Put, UpdateKey},
    operation::lock,
    ports::{
        signals::Signal,
        tenants::{Filter, SettingsPatch},
    },
    secret::Secret,
    tenancy::Tenancy,
    tenant::{Bot, BotId, Status, TenantId},
};

/// How long an opened secret is used without asking the registry: the longest a change made by another process can go
/// unnoticed.
const CACHE_TTL: Duration = Duration::from_secs(5);

/// Updates of a suspended tenant that are kept; Telegram keeps the rest for its day.
const MAX_PENDING_SUSPENDED: u32 = 100;

/// More cached secrets than this are thrown away together.
const CACHE_MAX: usize = 10_000;

/// Opened bots by tenant, with the time they were read.
#[derive(Default)]
pub(crate) struct WebhookCache(Mutex<HashMap<TenantId, (Timestamp, Arc<OpenedBot>)>>);

/// A bot with its secrets open.
#[derive(Debug)]
pub(crate) struct OpenedBot {
    pub(crate) id: BotId,
    pub(crate) token: Secret,
    webhook_secret: Secret,
}

impl WebhookCache {
    pub(crate) fn forget(&self, id: &TenantId) {
        lock(&self.0).remove(id);
    }

    pub(crate) fn forget_all(&self) {
        lock(&self.0).clear();
    }

    fn get(&self, id: &TenantId, now: Timestamp) -> Option<Arc<OpenedBot>> {
        let cache = lock(&self.0);
        let (at, bot) = cache.get(id)?;
        (now.since(*at) < CACHE_TTL && now >= *at).then(|| Arc::clone(bot))
    }

    fn put(&self, id: &TenantId, now: Timestamp, bot: Arc<OpenedBot>) {
        let mut cache = lock(&self.0);
        if cache.len() >= CACHE_MAX {
            cache.clear();
        }
        cache.insert(id.clone(), (now, bot));
    }
}

/// Whom a tenant's bot token is sealed for.
pub(crate) fn token_owner(id: &TenantId) -> String {
    format!("{id}/bot_token")
}

/// Whom a tenant's webhook secret is sealed for.
pub(crate) fn webhook_owner(id: &TenantId) -> String {
    format!("{id}/webhook_secret")
}

impl Tenancy {
    /// Checks a token's form and seals it with a new webhook secret.
    pub(crate) fn bot_seal(&self, id: &TenantId, token: &Secret) -> Result<Bot> {
        let keyring = &self.inner.keyring;
        Ok(Bot {
            id: crate::drivers::telegram::bot_id_of(token)?,
            token: keyring.seal(&token_owner(id), token)?,
            webhook_secret: keyring.seal(&webhook_owner(id), &Secret::random()?)?,
            webhook_url: None,
        })
    }

    pub(crate) fn bot_open(&self, id: &TenantId, bot: &Bot) -> Result<Secret> {
        self.inner.keyring.open(&token_owner(id), &bot.token)
    }

    /// The tenant's bot token; for the router's identity only.
    pub async fn bot_token(&self, id: &TenantId) -> Result<Secret> {
        let bot = self.tenant_get(id).await?.settings.bot.ok_or_else(|| Error::not_found("bot of tenant", id))?;
        self.bot_open(id, &bot)
    }

    /// The tenant's bot with its secrets open; `None` if it has none. `NotFound` for an unknown tenant and one that is
    /// being deleted.
    pub(crate) async fn bot_opened(&self, id: &TenantId) -> Result<Option<Arc<OpenedBot>>> {
        let now = self.now();
        if let Some(known) = self.inner.webhooks.get(id, now) {
            return Ok(Some(known));
        }
        let tenant = self.tenant_get(id).await?;
        if matches!(tenant.lifecycle.status, Status::Terminated { .. }) {
            return Err(Error::not_found("tenant", id));
        }
        let Some(bot) = tenant.settings.bot else { return Ok(None) };
        let opened = Arc::new(OpenedBot {
            id: bot.id,
            token: self.bot_open(id, &bot)?,
            webhook_secret: self.inner.keyring.open(&webhook_owner(id), &bot.webhook_secret)?,
        });
        self.inner.webhooks.put(id, now, Arc::clone(&opened));
        Ok(Some(opened))
    }

    /// Whether `secret` is the one the messenger was given for this tenant, in constant time.
    ///
    /// `NotFound` for a tenant that takes no updates (unknown, being deleted, without a bot), `Unauthenticated` for a
    /// wrong or missing secret.
    pub async fn webhook_check(&self, id: &TenantId, secret: Option<&[u8]>) -> Result<BotId> {
        let bot = self.bot_opened(id).await?.ok_or_else(|| Error::not_found("tenant", id))?;
        if secret.is_some_and(|given| bot.webhook_secret.matches(given)) {
            Ok(bot.id)
        } else {
            Err(Error::Unauthenticated)
        }
    }

    /// Takes an update in: when this returns `Ok`, it is durable and will be handled.
    ///
    /// Errors: those of [`Tenancy::webhook_check`]; `Invalid` if the body is no update; `Overloaded` if too many wait;
    /// store errors. In every case of an error nothing was stored, or the messenger's repeat finds the stored row.
    pub async fn update_accept(&self, id: &TenantId, secret: Option<&[u8]>, body: &[u8]) -> Result<Put> {
        let accepted = self.update_take(id, secret, body).await;
        let outcome = match &accepted {
            Ok(Put::Stored) => "stored",
            Ok(Put::Duplicate) => "duplicate",
            Err(error) => error.code(),
        };
        *lock(&self.inner.updates_total).entry(outcome).or_default() += 1;
        if let Err(error) = &accepted {
            tracing::debug!(tenant = %id, error = error.chain(), "a message is not stored");
        }
        accepted
    }

    /// Updates that arrived here, by what became of them: `stored`, `duplicate`, or the error's code.
    pub fn updates_total(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.inner.updates_total).clone()
    }

    async fn update_take(&self, id: &TenantId, secret: Option<&[u8]>, body: &[u8]) -> Result<Put> {
        let bot = self.webhook_check(id, secret).await?;
        let update_id = chat::update_id(body)?;
        let payload = std::str::from_utf8(body).map_err(|_| Error::invalid("update", "it is not UTF-8"))?;
        let key = UpdateKey { tenant: id.clone(), bot, update_id };
        let put = self.update_store(&key, payload).await?;
        let (request, again) = (key.request_id(), put == Put::Duplicate);
        tracing::debug!(tenant = %id, request, again, "a message is stored");
        Ok(put)
    }

    /// Stores an update, unless it is there already, and has it delivered. `Overloaded` if too many wait; store errors.
    pub(crate) async fn update_store(&self, key: &UpdateKey, payload: &str) -> Result<Put> {
        let broke = lock(&self.inner.broke).contains(&key.tenant);
        let max_pending = self.inner.config.max_pending.min(if broke { MAX_PENDING_SUSPENDED } else { u32::MAX });
        let put = self.drivers().inboxes.update_put(key, payload, max_pending, self.now()).await?;
        if put == Put::Stored {
            self.update_announce(&key.tenant);
        }
        Ok(put)
    }

    /// Has an update that was just stored delivered: here, or by whoever hears of it. If nobody does, the reconciler's sweep
    /// finds it.
    fn update_announce(&self, id: &TenantId) {
        if self.require_live("delivery").is_ok() {
            return self.delivery_signal(id);
        }
        // The answer does not wait for it: what was promised is stored.
        self.signal_soon(Signal::Update(id.clone()));
    }

    /// Where the messenger is to send a tenant's updates.
    fn webhook_target(&self, id: &TenantId, base_url: Option<&str>) -> Option<String> {
        let base = base_url.or(self.inner.config.public_url.as_deref())?;
        Some(format!("{}/tg/{id}", base.trim_end_matches('/')))
    }

    /// Registers the webhook at `base_url`, or at the configured public URL. A repeat registers again. `Invalid` if
    /// there is neither; `NotFound` without a bot; messenger errors.
    pub async fn webhook_register(&self, id: &TenantId, base_url: Option<&str>) -> Result<WebhookView> {
        self.require_live("registering a webhook")?;
        if let Some(base) = base_url
            && !(base.starts_with("https://") || base.starts_with("http://"))
        {
            return Err(Error::invalid("base_url", format!("{base:?} must begin with https://")));
        }
        let target = self.webhook_target(id, base_url).ok_or_else(|| {
            Error::invalid("base_url", "no public URL is configured; give one, or start with `ztm up --public-url`")
        })?;
        let (tenancy, id) = (self.clone(), id.clone());
        self.detached(async move {
            let _operation = tenancy.inner.settings_operations.begin(&id).await;
            tenancy.webhook_write(&id, &target).await?;
            tenancy.webhook_view(&id).await
        })
        .await
    }

    async fn webhook_write(&self, id: &TenantId, target: &str) -> Result<()> {
        let tenant = self.tenant_get(id).await?;
        let mut bot = tenant.settings.bot.ok_or_else(|| Error::not_found("bot of tenant", id))?;
        let token = self.bot_open(id, &bot)?;
        let secret = self.inner.keyring.open(&webhook_owner(id), &bot.webhook_secret)?;
        self.drivers().messengers.webhook_set(&token, target, &secret).await?;
        // Remembered after it is true: a death in between registers the same URL once more, which changes nothing.
        bot.webhook_url = Some(target.to_owned());
        let patch = SettingsPatch { bot: Some(Some(bot)), ..SettingsPatch::default() };
        self.drivers().tenants.tenant_configure(id, patch).await?;
        tracing::info!(tenant = %id, url = target, "webhook registered");
        Ok(())
    }

    /// Removes the webhook from the messenger; updates that wait there are kept by it. A repeat is no error.
    pub async fn webhook_delete(&self, id: &TenantId) -> Result<()> {
        self.require_live("removing a webhook")?;
        let (tenancy, id) = (self.clone(), id.clone());
        self.detached(async move {
            let _operation = tenancy.inner.settings_operations.begin(&id).await;
            let tenant = tenancy.tenant_get(&id).await?;
            let mut bot = tenant.settings.bot.ok_or_else(|| Error::not_found("bot of tenant", &id))?;
            tenancy.drivers().messengers.webhook_delete(&tenancy.bot_open(&id, &bot)?).await?;
            bot.webhook_url = None;
            let patch = SettingsPatch { bot: Some(Some(bot)), ..SettingsPatch::default() };
            tenancy.drivers().tenants.tenant_configure(&id, patch).await.map(drop)
        })
        .await
    }

    /// What the messenger says of the webhook.
    pub async fn webhook_info(&self, id: &TenantId) -> Result<WebhookView> {
        self.require_live("asking about a webhook")?;
        self.webhook_view(id).await
    }

    async fn webhook_view(&self, id: &TenantId) -> Result<WebhookView> {
        let info = self.drivers().messengers.webhook_info(&self.bot_token(id).await?).await?;
        Ok(WebhookView {
            tenant_id: id.to_string(),
            url: info.url,
            pending_update_count: info.pending_update_count,
            last_error_message: info.last_error_message,
        })
    }

    /// Registers the webhook of a live control plane with a public URL if the record does not say that it is.
    /// A failure is logged, and the sweep at the next start tries again.
    pub(crate) async fn webhook_sync(&self, id: &TenantId) {
        if self.require_live("webhook").is_err() {
            return;
        }
        let Some(target) = self.webhook_target(id, None) else { return };
        let _operation = self.inner.settings_operations.begin(id).await;
        let synced = async {
            let tenant = self.tenant_get(id).await?;
            match (&tenant.lifecycle.status, &tenant.settings.bot) {
                (Status::Terminated { .. }, _) | (_, None) => Ok(()),
                (_, Some(bot)) if bot.webhook_url.as_deref() == Some(&target) => Ok(()),
                (_, Some(_)) => self.webhook_write(id, &target).await,
            }
        };
        if let Err(error) = synced.await {
            tracing::warn!(tenant = %id, error = error.chain(), "webhook not registered");
            lock(&self.inner.webhooks_unsynced).insert(id.clone());
        } else {
            lock(&self.inner.webhooks_unsynced).remove(id);
        }
    }

    /// Registers what is not registered at the present public URL: everything at the start, what failed afterwards.
    pub(crate) async fn webhooks_sweep(&self) -> Result<()> {
        if self.inner.config.public_url.is_none() {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = self.drivers().tenants.tenant_list(&Filter::default(), after.as_ref(), 500).await?;
            for tenant in &page.items {
                let target = self.webhook_target(&tenant.id, None);
                if tenant.settings.bot.as_ref().is_some_and(|bot| bot.webhook_url != target) {
                    self.webhook_sync(&tenant.id).await;
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Removes a bot's webhook, best effort: a bot that is gone or unreachable must not keep a tenant from being
    /// changed or deleted. Its calls are answered 404 or 401 from now on.
    pub(crate) async fn webhook_remove(&self, id: &TenantId, bot: &Bot) {
        self.inner.webhooks.forget(id);
        if bot.webhook_url.is_none() || self.require_live("webhook").is_err() {
            return;
        }
        let removed = match self.bot_open(id, bot) {
            Ok(token) => self.drivers().messengers.webhook_delete(&token).await,
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::warn!(tenant = %id, bot = %bot.id, error = error.chain(), "webhook not removed");
        }
    }
}
