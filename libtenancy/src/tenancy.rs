//! [`Tenancy`]: the one handle that the command, the screen and the services hold.
//!
//! Owns how the parts are put together, and the operations on records. The operations that need agents live beside
//! their concept: `wake`, `stop`, `delete`, `webhook`, `delivery`, `reconcile` add methods to this handle.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::stream::BoxStream;
use tokio::sync::{Notify, Semaphore, broadcast};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use crate::{
    admission::Decisions,
    agent::AgentStatus,
    clock::{Clock, Timestamp},
    config::Config,
    delivery::Deliveries,
    error::{Error, Result},
    feed::Feed,
    fleet::Fleet,
    history::{History, event},
    inbox::{Update, UpdateKey},
    labels::{LabelChange, Labels, Selector},
    operation::Operations,
    ports::{
        deadlines::Deadlines,
        endpoints::Endpoints,
        fleets::Fleets,
        inboxes::{Inboxes, UpdateFilter},
        jobs::Jobs,
        journals::Journals,
        leaders::Leaders,
        ledgers::Ledgers,
        messengers::Messengers,
        probes::Probes,
        quotas::Quotas,
        receipts::Receipts,
        signals::{Listener, Signal, Signals},
        snapshots::Snapshots,
        tenants::{Filter, Page, SettingsPatch, Tenants},
        wake_locks::{OwnerToken, WakeLocks},
        workloads::Workloads,
    },
    quota::POOL,
    reconcile::ReconcileReport,
    schedule::{Alarms, ScheduleChange, Schedules},
    secret::{Keyring, Secret},
    spend::LedgerState,
    tenant::{Agent, DEFAULT_IDLE_TIMEOUT, Lifecycle, Settings, Status, Tenant, TenantId},
    wake::Wakes,
    warm_pool::WarmPool,
    webhook::WebhookCache,
    workers::Workers,
};

/// The drivers a handle is built from.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port of that name")]
pub struct Drivers {
    pub tenants: Arc<dyn Tenants>,
    pub inboxes: Arc<dyn Inboxes>,
    pub wake_locks: Arc<dyn WakeLocks>,
    pub leaders: Arc<dyn Leaders>,
    pub endpoints: Arc<dyn Endpoints>,
    pub journals: Arc<dyn Journals>,
    pub receipts: Arc<dyn Receipts>,
    pub deadlines: Arc<dyn Deadlines>,
    pub snapshots: Arc<dyn Snapshots>,
    pub workloads: Arc<dyn Workloads>,
    pub fleets: Arc<dyn Fleets>,
    pub messengers: Arc<dyn Messengers>,
    pub jobs: Arc<dyn Jobs>,
    pub quotas: Arc<dyn Quotas>,
    pub ledgers: Arc<dyn Ledgers>,
    pub signals: Arc<dyn Signals>,
    pub probes: Vec<Arc<dyn Probes>>,
    pub clock: Arc<dyn Clock>,
}

/// How many records are looked through for one page of a listing by labels.
const LOOKED_THROUGH: usize = 5_000;

/// How many wake locks may be given up at once before whoever waits for one looks, not knowing whether it is among them.
const UNLOCKED: usize = 256;

/// Between two attempts to listen for signals.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// The handle. Cheap to clone. By itself it reads and writes records; a [`crate::ControlPlane`] makes it live.
#[derive(Clone)]
pub struct Tenancy {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) drivers: Drivers,
    pub(crate) owner: OwnerToken,
    /// Wake, stop, delete and reconcile of one tenant exclude each other.
    pub(crate) operations: Operations,
    /// Changes of one tenant's settings that read before they write exclude each other.
    pub(crate) settings_operations: Operations,
    pub(crate) wakes: Wakes,
    /// Tenants whose wake lock another control plane gave up, as they are heard of.
    pub(crate) unlocked: broadcast::Sender<TenantId>,
    pub(crate) warm_pool: WarmPool,
    pub(crate) feed: Feed,
    /// Of whom lines are kept.
    pub(crate) journal_kept: crate::journal::Kept,
    /// What happens, on its way into the store.
    pub(crate) history: History,
    pub(crate) alarms: Alarms,
    pub(crate) deliveries: Deliveries,
    pub(crate) webhooks: WebhookCache,
    /// Tenants whose webhook could not be registered; the reconciler tries again.
    pub(crate) webhooks_unsynced: Mutex<std::collections::HashSet<TenantId>>,
    /// How often an older archive took the place of a damaged one.
    pub(crate) state_fallbacks: std::sync::atomic::AtomicU64,
    /// Keys of archives that nobody published, and that are damaged.
    pub(crate) unpublishable: Mutex<std::collections::HashSet<String>>,
    /// At most [`Config::max_waking`] wakes are under way.
    pub(crate) waking: Semaphore,
    /// Of these, a quarter at most are of tenants whose last wake failed.
    pub(crate) waking_doubtful: Semaphore,
    /// The agents this process knows to run.
    pub(crate) live: Mutex<HashMap<TenantId, Agent>>,
    /// Refusals of late, and how often each was said.
    pub(crate) decisions: Decisions,
    /// Tenants whose deliveries wait for credits or a budget.
    pub(crate) broke: Mutex<std::collections::HashSet<TenantId>>,
    /// Shares of budgets reached of which the chat is to be told with its next answer.
    pub(crate) budget_notices: Mutex<HashMap<TenantId, u8>>,
    /// Rung whenever a job may have ended.
    pub(crate) job_ended: tokio::sync::watch::Sender<()>,
    /// Jobs that were called off in this process, while they ran or not.
    pub(crate) job_called_off: broadcast::Sender<crate::jobs::JobId>,
    /// Set once nobody is to wait for jobs any more.
    pub(crate) waits_end: CancellationToken,
    /// Which partition the next claim asks first.
    pub(crate) claim_first: std::sync::atomic::AtomicUsize,
    /// Who asks for jobs here.
    pub(crate) workers: Workers,
    /// What the copying of outboxes to ledgers has come to.
    pub(crate) ledger_state: Mutex<LedgerState>,
    /// How many wakes there were, cold and warm.
    pub(crate) wakes_total: Mutex<BTreeMap<String, u64>>,
    pub(crate) updates_total: Mutex<BTreeMap<&'static str, u64>>,
    pub(crate) last_reconcile: Mutex<Option<ReconcileReport>>,
    pub(crate) leading: std::sync::atomic::AtomicBool,
    /// Rung when a deadline was set that may be earlier than all others.
    pub(crate) deadline_set: Notify,
    /// Rung when the reconciler should look now.
    pub(crate) reconcile_now: Notify,
    /// Set once another control plane leads although agents are local.
    pub(crate) superseded: CancellationToken,
    /// Set while a control plane runs on this handle; ends its tasks.
    pub(crate) shutdown: CancellationToken,
    /// The tasks of operations (wakes, stops, deliveries); joined at shutdown.
    pub(crate) tasks: TaskTracker,
    pub(crate) started_at: Timestamp,
    pub(crate) is_live: std::sync::atomic::AtomicBool,
}

/// What a tenant is created with.
#[derive(Debug)]
pub struct NewTenant {
    /// Its id.
    pub id: TenantId,
    /// Its bot's token.
    pub bot_token: Option<Secret>,
    /// The default is [`DEFAULT_IDLE_TIMEOUT`].
    pub idle_timeout: Option<Duration>,
    /// What is said of it.
    pub labels: Labels,
}

/// What an operator changes; `None` stays.
#[derive(Debug, Default)]
pub struct TenantChange {
    /// A new bot's token.
    pub bot_token: Option<Secret>,
    /// The idle timeout.
    pub idle_timeout: Option<Duration>,
    /// Labels, each by itself.
    pub labels: LabelChange,
}

impl Tenancy {
    /// A handle that reads and writes records; no task runs.
    pub fn new(config: Config, keyring: Arc<Keyring>, drivers: Drivers) -> Self {
        let feed = Feed::default();
        let drivers = Drivers { tenants: feed.watch(drivers.tenants), ..drivers };
        let inner = Inner {
            feed,
            journal_kept: crate::journal::Kept::default(),
            history: History::new(Arc::clone(&drivers.journals)),
            owner: OwnerToken(config.instance.clone()),
            operations: Operations::default(),
            settings_operations: Operations::default(),
            wakes: Wakes::default(),
            unlocked: broadcast::Sender::new(UNLOCKED),
            warm_pool: WarmPool::new(config.warm_pool),
            alarms: Alarms::default(),
            deliveries: Deliveries::default(),
            webhooks: WebhookCache::default(),
            webhooks_unsynced: Mutex::default(),
            state_fallbacks: std::sync::atomic::AtomicU64::default(),
            unpublishable: Mutex::default(),
            waking: Semaphore::new(config.max_waking.max(1)),
            waking_doubtful: Semaphore::new((config.max_waking / 4).max(1)),
            live: Mutex::default(),
            decisions: Decisions::default(),
            broke: Mutex::default(),
            budget_notices: Mutex::default(),
            job_ended: tokio::sync::watch::Sender::new(()),
            job_called_off: broadcast::Sender::new(UNLOCKED),
            waits_end: CancellationToken::new(),
            claim_first: 0.into(),
            workers: Workers::default(),
            ledger_state: Mutex::default(),
            wakes_total: Mutex::default(),
            updates_total: Mutex::default(),
            last_reconcile: Mutex::default(),
            leading: false.into(),
            deadline_set: Notify::new(),
            reconcile_now: Notify::new(),
            superseded: CancellationToken::new(),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
            started_at: drivers.clock.now(),
            is_live: false.into(),
            config,
            keyring,
            drivers,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The configuration it was built with.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// What came of orders, by the keys under which they were given.
    pub fn receipts(&self) -> &dyn Receipts {
        &*self.inner.drivers.receipts
    }

    pub(crate) fn drivers(&self) -> &Drivers {
        &self.inner.drivers
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.drivers.clock.now()
    }

    /// Refuses what only a running control plane can do.
    pub(crate) fn require_live(&self, what: &'static str) -> Result<()> {
        self.require_records()?;
        if self.inner.is_live.load(std::sync::atomic::Ordering::Acquire) {
            Ok(())
        } else {
            Err(Error::NeedsControlPlane { what })
        }
    }

    /// Runs an operation as a task of the control plane: a caller that hangs up does not leave it half done.
    pub(crate) async fn detached<T: Send + 'static>(
        &self,
        operation: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.inner
            .tasks
            .spawn(operation.in_current_span())
            .await
            .map_err(|e| Error::internal(format!("an operation broke off: {e}")))?
    }

    /// Writes a new tenant's record and, where a control plane runs and a public URL is known, registers its webhook
    /// (a failure of that is logged and finished by the reconciler). `AlreadyExists` if the id is taken.
    pub async fn tenant_create(&self, new: NewTenant) -> Result<Tenant> {
        if new.id.as_str() == POOL {
            return Err(Error::invalid("tenant id", format!("`{POOL}` is reserved")));
        }
        let now = self.now();
        let bot = new.bot_token.map(|token| self.bot_seal(&new.id, &token)).transpose()?;
        let tenant = Tenant {
            id: new.id,
            created_at: now,
            last_active_at: now,
            settings: Settings {
                idle_timeout: new.idle_timeout.unwrap_or(DEFAULT_IDLE_TIMEOUT),
                bot,
                suspended: None,
                labels: new.labels,
                schedules: Schedules::default(),
            },
            lifecycle: Lifecycle::new(now),
        };
        let tenancy = self.clone();
        self.detached(async move {
            tenancy.drivers().tenants.tenant_create(&tenant).await?;
            tenancy.tell(event(tenant.created_at, &tenant.id, "created", "a new tenant")).await;
            tracing::info!(tenant = %tenant.id, "created");
            tenancy.webhook_sync(&tenant.id).await;
            tenancy.tenant_get(&tenant.id).await
        })
        .await
    }

    /// The tenant. `NotFound` if there is none.
    pub async fn tenant_get(&self, id: &TenantId) -> Result<Tenant> {
        self.drivers().tenants.tenant_get(id).await?.ok_or_else(|| Error::not_found("tenant", id))
    }

    /// The tenant, for what begins something new of it. `NotFound`; `IllegalState` while it is being deleted.
    pub(crate) async fn tenant_kept(&self, id: &TenantId) -> Result<Tenant> {
        let tenant = self.tenant_get(id).await?;
        if matches!(tenant.lifecycle.status, Status::Terminated { .. }) {
            return Err(Error::IllegalState {
                tenant: id.to_string(),
                status: tenant.lifecycle.status.label(),
                reason: "it is being deleted".to_owned(),
            });
        }
        Ok(tenant)
    }

    /// One page of tenants in order of id. With labels it may be shorter than `limit` although more follow: no more than
    /// [`LOOKED_THROUGH`] records are looked through for it.
    pub async fn tenant_list(
        &self,
        filter: &Filter,
        labels: &Selector,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<Page<Tenant>> {
        let suspended = filter.status.as_deref() == Some(Status::SUSPENDED);
        let filter = &Filter { status: filter.status.clone().filter(|_| !suspended), ..filter.clone() };
        if labels.is_empty() && !suspended {
            return self.drivers().tenants.tenant_list(filter, after, limit).await;
        }
        let (mut chosen, mut looked, mut after) = (Vec::new(), 0, after.cloned());
        loop {
            let page = self.drivers().tenants.tenant_list(filter, after.as_ref(), LOOKED_THROUGH / 10).await?;
            looked += page.items.len();
            for tenant in page.items {
                let is_so = !suspended || tenant.settings.suspended.is_some();
                if is_so && labels.matches(&tenant.settings.labels) {
                    chosen.push(tenant);
                    if chosen.len() == limit.max(1) {
                        let next = chosen.last().map(|tenant| tenant.id.clone());
                        return Ok(Page { items: chosen, next });
                    }
                }
            }
            after = page.next;
            if after.is_none() || looked >= LOOKED_THROUGH {
                return Ok(Page { items: chosen, next: after });
            }
        }
    }

    /// Changes settings. A new bot takes over at once: its webhook is registered, then the old bot's is removed;
    /// updates of the old bot that still wait are dead-lettered, since nobody could answer them.
    pub async fn tenant_update(&self, id: &TenantId, change: TenantChange) -> Result<Tenant> {
        let (tenancy, id) = (self.clone(), id.clone());
        self.detached(async move { tenancy.update_run(&id, change).await }).await
    }

    async fn update_run(&self, id: &TenantId, change: TenantChange) -> Result<Tenant> {
        let settings_operation = self.inner.settings_operations.begin(id).await;
        let before = self.tenant_get(id).await?;
        let bot = change.bot_token.map(|token| self.bot_seal(id, &token)).transpose()?;
        let rotated = bot.is_some();
        let patch = SettingsPatch {
            idle_timeout: change.idle_timeout,
            bot: bot.map(Some),
            suspended: None,
            labels: change.labels,
            schedules: ScheduleChange::default(),
        };
        let mut tenant = self.drivers().tenants.tenant_configure(id, patch).await?;
        self.inner.webhooks.forget(id);
        drop(settings_operation);
        if rotated {
            self.webhook_sync(id).await;
            let new_bot = tenant.settings.bot.as_ref().map(|bot| bot.id);
            if let Some(old) = before.settings.bot.filter(|old| Some(old.id) != new_bot) {
                self.webhook_remove(id, &old).await;
            }
            tenant = self.tenant_get(id).await?;
        }
        if change.idle_timeout.is_some() && tenant.lifecycle.status.agent().is_some() {
            self.deadline_set(id, tenant.last_active_at.max(tenant.lifecycle.since) + tenant.settings.idle_timeout)
                .await;
        }
        Ok(tenant)
    }

    /// Work outside the inbox: raises `last_active_at`, which defers idleness. `NotFound` if there is no such tenant.
    pub async fn tenant_touch(&self, id: &TenantId) -> Result<()> {
        self.drivers().tenants.tenant_touch(id, self.now()).await
    }

    /// Notes that a tenant has work now. Nothing rests on it: its agent knows of its work itself.
    pub(crate) async fn activity_note(&self, id: &TenantId) {
        if let Err(error) = self.tenant_touch(id).await {
            tracing::debug!(tenant = %id, error = error.chain(), "activity not recorded");
        }
    }

    /// Sets the idle deadline and tells the idle loop. A failure is logged: the reconciler sets what is missing.
    pub(crate) async fn deadline_set(&self, id: &TenantId, at: Timestamp) {
        if let Err(error) = self.drivers().deadlines.deadline_set(id, at).await {
            tracing::warn!(tenant = %id, error = error.chain(), "idle deadline not set");
            self.inner.reconcile_now.notify_one();
        }
        self.inner.deadline_set.notify_one();
        if !self.drivers().workloads.workloads_are_local() {
            // Another one may lead.
            self.signal_soon(Signal::Deadline);
        }
    }

    /// What the tenant's agent says of itself. `IllegalState` if none runs.
    pub async fn agent_status(&self, id: &TenantId) -> Result<AgentStatus> {
        self.require_live("asking an agent")?;
        let tenant = self.tenant_get(id).await?;
        let agent = tenant.lifecycle.status.agent().ok_or_else(|| Error::IllegalState {
            tenant: id.to_string(),
            status: tenant.lifecycle.status.label(),
            reason: "it has no agent now".to_owned(),
        })?;
        self.drivers().workloads.agent_status(id, agent).await
    }

    /// The agent's log: its last `tail` lines, then, if `follow`, what is added.
    pub async fn tenant_logs(
        &self,
        id: &TenantId,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        self.tenant_get(id).await?;
        self.drivers().workloads.workload_logs(id, tail, follow).await
    }

    /// One page of updates in order of key.
    pub async fn update_list(
        &self,
        filter: &UpdateFilter,
        after: Option<&UpdateKey>,
        limit: usize,
    ) -> Result<Vec<Update>> {
        self.drivers().inboxes.update_list(filter, after, limit).await
    }

    /// Puts a dead or dropped update back into its queue.
    pub async fn update_replay(&self, key: &UpdateKey) -> Result<()> {
        self.drivers().inboxes.update_replay(key, self.now()).await?;
        self.delivery_signal(&key.tenant);
        Ok(())
    }

    /// Throws an update away; it stays visible as `dropped` until it is pruned.
    pub async fn update_drop(&self, key: &UpdateKey) -> Result<()> {
        self.drivers().inboxes.update_drop(key, self.now()).await?;
        self.delivery_signal(&key.tenant);
        Ok(())
    }

    /// Tells the control plane of these records that this process has written some. It finds them at its next look if the
    /// word is lost.
    pub async fn records_announce(&self) {
        if let Err(error) = self.drivers().signals.signal_send(&Signal::Records).await {
            tracing::debug!(error = error.chain(), "the control plane is not told of what was written");
        }
    }

    /// Says a word to the control planes of these records; nothing waits for it, and it may be lost.
    pub(crate) fn signal_soon(&self, signal: Signal) {
        let tenancy = self.clone();
        self.inner.tasks.spawn(async move {
            if let Err(error) = tenancy.drivers().signals.signal_send(&signal).await {
                tracing::warn!(error = error.chain(), ?signal, "no control plane is told; one finds it later");
            }
        });
    }

    /// Heeds what other processes say, to `listener` first. Never ends.
    pub(crate) async fn signals_run(&self, mut listener: Box<dyn Listener>) {
        loop {
            let error = loop {
                match listener.signal_next().await {
                    Ok(Signal::Records) => self.records_changed(),
                    Ok(Signal::Update(id)) => {
                        self.feed_mark(&id);
                        self.delivery_signal(&id);
                    }
                    Ok(Signal::Deadline) => self.inner.deadline_set.notify_one(),
                    Ok(Signal::Wake) => self.inner.warm_pool.wake_note(self.now()),
                    Ok(Signal::Schedule(id)) => self.inner.alarms.ring(&id),
                    Ok(Signal::Unlocked(id)) => {
                        self.feed_mark(&id);
                        let _ = self.inner.unlocked.send(id);
                    }
                    Err(error) => break error,
                }
            };
            tracing::warn!(
                error = error.chain(),
                "signals are not heard; the reconciler's period remains until they are"
            );
            listener = loop {
                tokio::time::sleep(LISTEN_AGAIN).await;
                if let Ok(listener) = self.drivers().signals.signal_listen().await {
                    break listener;
                }
            };
            tracing::info!("signals are heard again");
            // What was said meanwhile was missed.
            self.records_changed();
        }
    }

    /// Another process has written records: look at everything that may have changed.
    pub fn records_changed(&self) {
        self.feed_mark_all();
        self.inner.webhooks.forget_all();
        self.inner.alarms.ring_all();
        self.inner.deadline_set.notify_one();
        self.inner.reconcile_now.notify_one();
    }

    /// The machines that agents run on, and what was asked for and is not there yet.
    pub async fn fleet(&self) -> Result<Fleet> {
        self.drivers().fleets.fleet().await
    }
}
