//! A rehearsal: an order carried out up to its first write, and not beyond.
//!
//! Owns what stands between an operation and the stores then. Does not own any operation: every one runs as it is, on a
//! handle whose drivers read and do not write.
//!
//! # Design notes
//! - The first write is where an order has passed everything that refuses it before; it is an error of its own,
//!   [`Error::Rehearsed`], which says what would have been written. So an operation that is new is rehearsed too, and one that
//!   was forgotten cannot write.
//! - What a store itself refuses under its own lock (a conflict, a bound) is asked of it before, by reading: the answer is as
//!   old as that. Two things cannot be read and are told apart only by the order itself: whether an idempotency key, or the
//!   name of a grant, was used before.
//! - The handle has memory of its own, so that a rehearsal leaves none behind; only the agents that run are known to it.
//! - A lock that is held while one works is taken for free: nothing is done under it.

mod parts;

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;

use self::parts::{Archives, Cache, Chats, Machines, Rows, Words};
use crate::{
    clock::Timestamp,
    credits::MicroCredits,
    error::{Error, Result},
    inbox::{Claim, Epoch, Outcome, Outgoing, Put, Stage, Take, Update, UpdateKey},
    jobs::{AgentId, Finish, Job, JobEpoch, JobId, JobState, NewJob, Renewal, Renewed, WorkerId},
    ledger::RowKind,
    operation::lock,
    partition::{Claimed, QuotaPatch, Reaped, Rollback, Submitted, TurnAdmission, payable},
    ports::{
        inboxes::{InboxCounts, Inboxes, UpdateFilter},
        jobs::{JobFilter, JobSettings, Jobs, Place, QueueView, Swept},
        quotas::{Outbox, Quotas},
        tenants::{Filter, Foreign, Page, SettingsPatch, Tenants},
    },
    quota::{Account, Grant, NEVER},
    schedule::Action,
    tenancy::{Drivers, Tenancy},
    tenant::{Bot, Generation, Lifecycle, Settings, Status, StopReason, Tenant, TenantId},
};

/// Records that are looked through at once for who has a bot.
const PAGE: usize = 1_000;

/// What would have been done.
fn would<T>(what: impl Into<String>) -> Result<T> {
    Err(Error::Rehearsed { would: what.into() })
}

/// A rehearsal under way: what it began ends with it.
pub struct Rehearsal {
    /// The handle on which orders are rehearsed.
    pub tenancy: Tenancy,
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        self.tenancy.inner.shutdown.cancel();
        self.tenancy.inner.waits_end.cancel();
    }
}

impl Tenancy {
    /// Begins a rehearsal: see the module.
    pub fn rehearsal(&self) -> Rehearsal {
        let drivers = self.drivers().clone();
        let quota = drivers.jobs.settings().default_quota;
        let drivers = Drivers {
            tenants: Arc::new(Records {
                port: drivers.tenants,
                inboxes: Arc::clone(&drivers.inboxes),
                jobs: Arc::clone(&drivers.jobs),
                quotas: Arc::clone(&drivers.quotas),
                clock: Arc::clone(&drivers.clock),
                turn_hold: self.inner.config.turn_hold,
            }),
            inboxes: Arc::new(Updates(drivers.inboxes)),
            wake_locks: Arc::new(Cache(Arc::clone(&drivers.endpoints), Arc::clone(&drivers.deadlines))),
            leaders: Arc::new(Cache(Arc::clone(&drivers.endpoints), Arc::clone(&drivers.deadlines))),
            endpoints: Arc::new(Cache(Arc::clone(&drivers.endpoints), Arc::clone(&drivers.deadlines))),
            deadlines: Arc::new(Cache(drivers.endpoints, drivers.deadlines)),
            snapshots: Arc::new(Archives(drivers.snapshots)),
            workloads: Arc::new(Machines(drivers.workloads)),
            fleets: drivers.fleets,
            messengers: Arc::new(Chats(drivers.messengers)),
            quotas: Arc::new(Accounts { port: Arc::clone(&drivers.quotas), quota, clock: Arc::clone(&drivers.clock) }),
            jobs: Arc::new(Queue { port: drivers.jobs, quotas: drivers.quotas, clock: Arc::clone(&drivers.clock) }),
            ledgers: Arc::new(Rows(drivers.ledgers)),
            signals: Arc::new(Words(drivers.signals)),
            // Who writes these is no order: what is logged, and the guard before the routes.
            journals: drivers.journals,
            receipts: drivers.receipts,
            probes: drivers.probes,
            clock: drivers.clock,
        };
        let tenancy = Self::new(self.inner.config.clone(), Arc::clone(&self.inner.keyring), drivers);
        tenancy.inner.is_live.store(self.inner.is_live.load(Ordering::Acquire), Ordering::Release);
        lock(&tenancy.inner.live).clone_from(&lock(&self.inner.live));
        if self.inner.superseded.is_cancelled() {
            tenancy.inner.superseded.cancel();
        }
        Rehearsal { tenancy }
    }
}

/// The registry, read.
struct Records {
    port: Arc<dyn Tenants>,
    inboxes: Arc<dyn Inboxes>,
    jobs: Arc<dyn Jobs>,
    quotas: Arc<dyn Quotas>,
    clock: Arc<dyn crate::clock::Clock>,
    turn_hold: MicroCredits,
}

impl Records {
    async fn found(&self, id: &TenantId) -> Result<Tenant> {
        self.port.tenant_get(id).await?.ok_or_else(|| Error::not_found("tenant", id))
    }

    /// A bot belongs to one tenant only.
    async fn bot_is_free(&self, id: &TenantId, bot: Option<&Bot>) -> Result<()> {
        let Some(bot) = bot else { return Ok(()) };
        let mut after = None;
        loop {
            let page = self.port.tenant_list(&Filter::default(), after.as_ref(), PAGE).await?;
            let has = |tenant: &&Tenant| tenant.settings.bot.as_ref().is_some_and(|other| other.id == bot.id);
            if let Some(holder) = page.items.iter().filter(|tenant| tenant.id != *id).find(has) {
                return Err(Error::conflict("bot", bot.id, format!("tenant `{}` has it", holder.id)));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// What goes with a tenant, for people.
    async fn losses(&self, tenant: &Tenant, keep_state: bool) -> Result<String> {
        let id = &tenant.id;
        let mut losses = Vec::new();
        let mut lose = |count: usize, what: &str| match count {
            0 => {}
            1 => losses.push(format!("1 {what}")),
            PAGE.. => losses.push(format!("{PAGE} {what}s or more")),
            count => losses.push(format!("{count} {what}s")),
        };
        lose(usize::from(tenant.lifecycle.status.agent().is_some()), "agent that runs");
        let pending = self.inboxes.pending_count(id).await?;
        lose(usize::try_from(pending).unwrap_or(PAGE), "unanswered message");
        for state in ["running", "queued", "delayed"] {
            let filter = JobFilter { tenant: Some(id.clone()), state: Some(state.to_owned()) };
            lose(self.jobs.job_list(&filter, None, PAGE).await?.len(), &format!("{state} job"));
        }
        let names: Vec<String> = tenant.settings.schedules.iter().map(|(name, _)| format!("`{name}`")).collect();
        lose(names.len(), "schedule");
        if let Some(last) = losses.last_mut().filter(|_| !names.is_empty()) {
            *last = format!("{last} ({})", names.join(", "));
        }
        if let Some(account) = self.quotas.account_get(id).await? {
            losses.push(format!("its quota and {} credits", account.available()));
        }
        if tenant.settings.bot.as_ref().is_some_and(|bot| bot.webhook_url.is_some()) {
            losses.push("its webhook".to_owned());
        }
        if !keep_state {
            losses.push("everything its agent remembers".to_owned());
        }
        Ok(if losses.is_empty() { String::new() } else { format!(" with {}", losses.join(", ")) })
    }
}

/// What becomes of a tenant's schedules, for people.
fn schedules_said(before: &Settings, after: &Settings, turn_hold: MicroCredits, now: Timestamp) -> Vec<String> {
    let gone = before.schedules.iter().filter(|(name, _)| after.schedules.get(name).is_none());
    let mut said: Vec<String> = gone.map(|(name, _)| format!("schedule `{name}` goes")).collect();
    for (name, schedule) in after.schedules.iter().filter(|(name, one)| before.schedules.get(name) != Some(one)) {
        let when = match schedule.next(now) {
            None => "fires no more until it is resumed".to_owned(),
            Some(_) if after.suspended.is_some() => "fires once the tenant is resumed".to_owned(),
            Some(at) => format!("fires next at {at}"),
        };
        let what = match schedule.spec.action() {
            Action::Message { chat_id, .. } => {
                format!("tells chat {chat_id} something, which holds {turn_hold} credits")
            }
            Action::Job { cost, .. } => format!("submits a job, which holds {cost} credits"),
        };
        let (cron, zone) = (schedule.spec.cron(), schedule.spec.time_zone());
        said.push(format!("schedule `{name}` (`{cron}`, {zone}) {when}; it {what}"));
    }
    said
}

/// What is another in the settings, for people.
fn differences(before: &Settings, after: &Settings, turn_hold: MicroCredits, now: Timestamp) -> String {
    let mut said = Vec::new();
    if before.idle_timeout != after.idle_timeout {
        said.push(format!("idle_timeout_s {} -> {}", before.idle_timeout.as_secs(), after.idle_timeout.as_secs()));
    }
    let bot = |settings: &Settings| settings.bot.as_ref().map_or_else(|| "none".to_owned(), |bot| bot.id.to_string());
    if bot(before) != bot(after) {
        said.push(format!("bot {} -> {}", bot(before), bot(after)));
    } else if before.bot != after.bot {
        said.push("the bot's token".to_owned());
    }
    let text = |text: &Option<String>| text.as_ref().map_or_else(|| "none".to_owned(), |text| format!("`{text}`"));
    if before.suspended != after.suspended {
        said.push(format!("suspended {} -> {}", text(&before.suspended), text(&after.suspended)));
    }
    if before.labels != after.labels {
        said.push(format!("labels `{}` -> `{}`", before.labels, after.labels));
    }
    said.extend(schedules_said(before, after, turn_hold, now));
    if said.is_empty() { "nothing of it".to_owned() } else { said.join(", ") }
}

#[async_trait]
impl Tenants for Records {
    async fn tenant_create(&self, tenant: &Tenant) -> Result<()> {
        self.bot_is_free(&tenant.id, tenant.settings.bot.as_ref()).await?;
        if self.port.tenant_get(&tenant.id).await?.is_some() {
            return Err(Error::AlreadyExists { what: "tenant", name: tenant.id.to_string() });
        }
        would(format!("create tenant `{}`", tenant.id))
    }

    async fn tenant_get(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.port.tenant_get(id).await
    }

    async fn tenant_list(&self, filter: &Filter, after: Option<&TenantId>, limit: usize) -> Result<Page<Tenant>> {
        self.port.tenant_list(filter, after, limit).await
    }

    async fn tenant_transition(&self, id: &TenantId, expected: Generation, next: &Lifecycle) -> Result<()> {
        let tenant = self.found(id).await?;
        let found = tenant.lifecycle.generation;
        if found != expected {
            return Err(Error::conflict("tenant", id, format!("it is of generation {found}, not {expected}")));
        }
        if let Status::Terminated { keep_state } = next.status {
            return would(format!("delete tenant `{id}`{}", self.losses(&tenant, keep_state).await?));
        }
        if let Status::Stopping { agent, reason: StopReason::Forced } = &next.status {
            return would(format!(
                "end the agent of `{id}` ({}) at once, without draining or saving it",
                agent.workload
            ));
        }
        let (from, to) = (tenant.lifecycle.status.label(), next.status.label());
        would(if from == to {
            format!("write tenant `{id}` anew")
        } else {
            format!("take tenant `{id}` from {from} to {to}")
        })
    }

    async fn tenant_configure(&self, id: &TenantId, patch: SettingsPatch) -> Result<Tenant> {
        self.bot_is_free(id, patch.bot.as_ref().and_then(Option::as_ref)).await?;
        let tenant = self.found(id).await?;
        let mut settings = tenant.settings.clone();
        patch.apply(&mut settings)?;
        let now = self.clock.now();
        would(format!("change tenant `{id}`: {}", differences(&tenant.settings, &settings, self.turn_hold, now)))
    }

    async fn tenant_touch(&self, id: &TenantId, _: Timestamp) -> Result<()> {
        self.found(id).await?;
        would(format!("note that tenant `{id}` has work"))
    }

    async fn tenant_remove(&self, id: &TenantId, _: Generation) -> Result<()> {
        would(format!("remove tenant `{id}`"))
    }

    async fn suspended_count(&self) -> Result<Option<u64>> {
        self.port.suspended_count().await
    }

    async fn tenant_counts(&self) -> Result<BTreeMap<String, u64>> {
        self.port.tenant_counts().await
    }

    async fn foreign_list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Foreign>> {
        self.port.foreign_list(after, limit).await
    }

    async fn foreign_remove(&self, id: &str) -> Result<()> {
        would(format!("remove row `{id}`"))
    }
}

/// The inboxes, read.
struct Updates(Arc<dyn Inboxes>);

impl Updates {
    async fn found(&self, key: &UpdateKey) -> Result<Update> {
        self.0.update_get(key).await?.ok_or_else(|| Error::not_found("update", key))
    }
}

#[async_trait]
impl Inboxes for Updates {
    async fn update_put(&self, key: &UpdateKey, _: &str, _: u32, _: Timestamp) -> Result<Put> {
        if self.0.update_get(key).await?.is_some() {
            Ok(Put::Duplicate)
        } else {
            would(format!("store update `{key}`"))
        }
    }

    async fn delivery_claim(&self, tenant: &TenantId, _: &str, _: Timestamp) -> Result<Claim> {
        would(format!("deliver to `{tenant}`"))
    }

    async fn delivery_renew(&self, tenant: &TenantId, _: Epoch, _: Timestamp) -> Result<()> {
        would(format!("deliver to `{tenant}`"))
    }

    async fn delivery_release(&self, _: &TenantId, _: Epoch) -> Result<()> {
        Ok(())
    }

    async fn update_take(&self, tenant: &TenantId, _: Epoch, _: Timestamp) -> Result<Take> {
        would(format!("deliver to `{tenant}`"))
    }

    async fn notice_store(&self, key: &UpdateKey, _: Epoch, _: i64) -> Result<()> {
        would(format!("deliver update `{key}`"))
    }

    async fn reply_store(&self, key: &UpdateKey, _: Epoch, _: &Outgoing) -> Result<()> {
        would(format!("deliver update `{key}`"))
    }

    async fn part_sent(&self, key: &UpdateKey, _: Epoch, _: u32) -> Result<()> {
        would(format!("deliver update `{key}`"))
    }

    async fn update_retry(&self, key: &UpdateKey, _: Epoch, _: Timestamp, _: &str, _: bool, _: bool) -> Result<()> {
        would(format!("put update `{key}` back"))
    }

    async fn update_finish(&self, key: &UpdateKey, _: Epoch, _: &Outcome, _: Timestamp) -> Result<Take> {
        would(format!("end update `{key}`"))
    }

    async fn tenants_pending(&self, after: Option<&TenantId>, limit: usize) -> Result<Vec<TenantId>> {
        self.0.tenants_pending(after, limit).await
    }

    async fn pending_count(&self, tenant: &TenantId) -> Result<u64> {
        self.0.pending_count(tenant).await
    }

    async fn inbox_counts(&self, tenant: Option<&TenantId>) -> Result<InboxCounts> {
        self.0.inbox_counts(tenant).await
    }

    async fn update_get(&self, key: &UpdateKey) -> Result<Option<Update>> {
        self.0.update_get(key).await
    }

    async fn update_list(&self, filter: &UpdateFilter, after: Option<&UpdateKey>, limit: usize) -> Result<Vec<Update>> {
        self.0.update_list(filter, after, limit).await
    }

    async fn update_replay(&self, key: &UpdateKey, _: Timestamp) -> Result<()> {
        let stage = self.found(key).await?.stage;
        if !matches!(stage, Stage::Dead { .. } | Stage::Dropped { .. }) {
            return Err(Error::conflict("update", key, format!("it is {}, not dead or dropped", stage.label())));
        }
        would(format!("replay update `{key}`, which is {}", stage.label()))
    }

    async fn update_drop(&self, key: &UpdateKey, _: Timestamp) -> Result<()> {
        match self.found(key).await?.stage {
            Stage::Handled { .. } => Err(Error::conflict("update", key, "it is handled")),
            Stage::Dropped { .. } => Ok(()),
            stage => would(format!("drop update `{key}`, which is {}", stage.label())),
        }
    }

    async fn inbox_prune(&self, _: Timestamp, _: usize) -> Result<u64> {
        would("prune inboxes")
    }

    async fn inbox_purge(&self, tenant: &TenantId) -> Result<()> {
        would(format!("empty the inbox of `{tenant}`"))
    }
}

/// The job plane, read.
struct Queue {
    port: Arc<dyn Jobs>,
    quotas: Arc<dyn Quotas>,
    clock: Arc<dyn crate::clock::Clock>,
}

impl Queue {
    async fn found(&self, id: &JobId) -> Result<JobState> {
        self.port.job_get(id).await?.map(|job| job.state).ok_or_else(|| Error::not_found("job", id))
    }

    async fn submitted(&self, new: &NewJob) -> Result<Submitted> {
        if let Some(job) = self.port.job_get(&new.id).await? {
            return Ok(Submitted { id: job.id, duplicate: true, state: job.state.label() });
        }
        let tenant = new.id.tenant();
        let quota = self.port.settings().default_quota.opening(tenant);
        let account = self.quotas.account_get(tenant).await?;
        let now = self.clock.now();
        payable(&account.unwrap_or_else(|| Account::open(quota, now).0), new.cost, now)?;
        would(format!("give `{tenant}` a job that holds {} credits", new.cost))
    }
}

#[async_trait]
impl Jobs for Queue {
    fn settings(&self) -> JobSettings {
        self.port.settings()
    }

    async fn jobs_submit(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted>>> {
        let mut answers = Vec::new();
        for new in &new {
            answers.push(self.submitted(new).await);
        }
        Ok(answers)
    }

    async fn jobs_claim(&self, _: u16, worker: &WorkerId, _: usize, _: Duration) -> Result<Claimed> {
        would(format!("give jobs to `{worker}`"))
    }

    async fn leases_renew(&self, _: Vec<Renewal>) -> Result<Vec<Renewed>> {
        would("renew leases")
    }

    async fn leases_finalize(&self, _: Vec<Finish>) -> Result<Vec<Result<&'static str>>> {
        would("end attempts")
    }

    async fn job_cancel(&self, id: &JobId) -> Result<&'static str> {
        match self.found(id).await? {
            state @ (JobState::Succeeded { .. } | JobState::Dead { .. } | JobState::Cancelled { .. }) => {
                Err(Error::conflict("job", id, format!("it is {} already", state.label())))
            }
            state => would(format!("call job `{id}` off, which is {}", state.label())),
        }
    }

    async fn job_retry(&self, id: &JobId) -> Result<()> {
        match self.found(id).await? {
            state @ (JobState::Dead { .. } | JobState::Cancelled { .. }) => {
                would(format!("put job `{id}` back, which is {}", state.label()))
            }
            state => Err(Error::conflict("job", id, format!("it is {}, not dead or cancelled", state.label()))),
        }
    }

    async fn job_get(&self, id: &JobId) -> Result<Option<Job>> {
        self.port.job_get(id).await
    }

    async fn job_prompt(&self, id: &JobId) -> Result<Option<String>> {
        self.port.job_prompt(id).await
    }

    async fn job_list(&self, filter: &JobFilter, after: Option<&JobId>, limit: usize) -> Result<Vec<Job>> {
        self.port.job_list(filter, after, limit).await
    }

    async fn jobs_reap(&self, _: u16, _: usize) -> Result<Reaped> {
        would("take lapsed leases back")
    }

    async fn jobs_sweep(&self, _: u16) -> Result<Swept> {
        would("sweep the queue")
    }

    async fn work_wait(&self, _: &WorkerId, _: &[u16], _: Timestamp) -> Result<()> {
        Ok(())
    }

    async fn queue_view(&self, partition: u16) -> Result<QueueView> {
        self.port.queue_view(partition).await
    }

    async fn job_place(&self, id: &JobId) -> Result<Option<Place>> {
        self.port.job_place(id).await
    }

    async fn capacity_set(&self, _: u16, _: u32) -> Result<()> {
        would("lend capacity")
    }
}

/// The accounts, read.
struct Accounts {
    port: Arc<dyn Quotas>,
    quota: crate::quota::Quota,
    clock: Arc<dyn crate::clock::Clock>,
}

impl Accounts {
    async fn would_be(&self, tenant: &TenantId) -> Result<Account> {
        let account = self.port.account_get(tenant).await?;
        Ok(account.unwrap_or_else(|| Account::open(self.quota.opening(tenant), self.clock.now()).0))
    }
}

#[async_trait]
impl Quotas for Accounts {
    async fn quota_set(&self, tenant: &TenantId, patch: &QuotaPatch) -> Result<Account> {
        let before = self.would_be(tenant).await?.quota;
        let after = patch.apply(before)?;
        would(format!("change the quota of `{tenant}` from {} to {}", before.shown(), after.shown()))
    }

    async fn account_get(&self, tenant: &TenantId) -> Result<Option<Account>> {
        self.port.account_get(tenant).await
    }

    async fn credits_grant(&self, tenant: &TenantId, _: &str, grant: Grant) -> Result<Account> {
        let mut account = self.would_be(tenant).await?;
        account.touch(self.clock.now());
        let before = account.available();
        let amount = grant.amount;
        let until = if grant.expires_at == NEVER { String::new() } else { format!(" until {}", grant.expires_at) };
        account.grant(grant)?;
        would(format!("grant `{tenant}` {amount} credits{until}: {before} -> {}", account.available()))
    }

    async fn credits_revoke(&self, tenant: &TenantId, _: &str, amount: MicroCredits) -> Result<Account> {
        let mut account = self.would_be(tenant).await?;
        account.touch(self.clock.now());
        let before = account.available();
        let taken = -account.revoke(tenant, amount)?.granted;
        would(format!("take {taken} granted credits back from `{tenant}`: {before} -> {}", account.available()))
    }

    async fn turn_admit(
        &self,
        tenant: &TenantId,
        _: &AgentId,
        _: &str,
        _: MicroCredits,
        _: Duration,
    ) -> Result<TurnAdmission> {
        would(format!("hold credits of `{tenant}`"))
    }

    async fn turn_settle(&self, tenant: &TenantId, _: &str, _: JobEpoch, _: MicroCredits) -> Result<()> {
        would(format!("settle a turn of `{tenant}`"))
    }

    async fn usage_record(&self, tenant: &TenantId, _: RowKind, _: &str, _: i64) -> Result<()> {
        would(format!("book a usage of `{tenant}`"))
    }

    async fn tenant_close(&self, tenant: &TenantId) -> Result<bool> {
        would(format!("close the account of `{tenant}`"))
    }

    async fn outbox_read(&self, partition: u16, limit: usize) -> Result<Outbox> {
        self.port.outbox_read(partition, limit).await
    }

    async fn outbox_trim(&self, _: u16, _: u64) -> Result<()> {
        would("trim the outbox")
    }

    async fn outbox_wait(&self, _: u16, _: Timestamp) -> Result<()> {
        Ok(())
    }

    fn position_seen(&self, _: u16, _: u64) {}

    fn position_highest(&self, partition: u16) -> u64 {
        self.port.position_highest(partition)
    }

    async fn partition_rollback(&self, _: u16, _: &Rollback) -> Result<MicroCredits> {
        would("roll a partition back")
    }
}
