//! The loop that fires what is due, on the control plane that leads.
//!
//! # Design notes
//! - It keeps in memory when each tenant's next instant is, sleeps until the earliest, and is rung when a schedule changes: a
//!   turn of the loop costs what is due. It reads all tenants that have schedules when it begins, when it hears that any
//!   record may have changed, and, where other control planes write too, once in [`LOOK_ALL`], should a word have been lost.
//! - Half of the wakes that may be under way are left to people: no more than the other half are begun for schedules at once
//!   ([`Tenancy::schedules_run`]'s places), however many tenants chose nine o'clock.
//!
//! # Crash points
//! Steps: **store** the message or submit the job under the instant's own name · **note** it as handled · wake.
//!
//! | dies between | what is left | who finishes it | what may repeat |
//! |---|---|---|---|
//! | due → store | an instant that is not handled | the next leader finds it due | nothing |
//! | store → note | the stored message or job, and an instant that is not handled | the next leader stores it again under the same name, which changes nothing, and notes it | nothing |
//! | note → wake | the stored message | its delivery, which wakes the agent by itself | nothing |

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::sync::Notify;

use super::{Action, Fired, Schedule, ScheduleChange, ScheduleName, ScheduleSpec, Step, idempotency_key, update_id};
use crate::{
    admission::Suspension,
    api::schedules::{ScheduleList, ScheduleView},
    clock::{Stopwatch, Timestamp},
    error::{Error, Result},
    inbox::{Put, UpdateKey},
    jobs::{Idempotency, JobId, NewJob},
    operation::lock,
    partition::{Submitted, payable},
    ports::{
        signals::Signal,
        tenants::{Filter, SettingsPatch},
    },
    tenancy::Tenancy,
    tenant::{Status, Tenant, TenantId},
};

/// How often every tenant that has schedules is looked at where others write too.
const LOOK_ALL: Duration = Duration::from_secs(300);

/// The longest sleep: the clock on the wall may be set.
const LONGEST: Duration = Duration::from_secs(30);

/// How soon to try again what failed for want of a store.
const AGAIN: Duration = Duration::from_secs(5);

/// How many records are read at once.
const PAGE: usize = 500;

/// Whose schedules changed since the loop looked.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    changed: Mutex<Changed>,
    rung: Notify,
}

#[derive(Debug, Default)]
struct Changed {
    tenants: BTreeSet<TenantId>,
    all: bool,
}

impl Alarms {
    /// This tenant's may have.
    pub(crate) fn ring(&self, id: &TenantId) {
        lock(&self.changed).tenants.insert(id.clone());
        self.rung.notify_one();
    }

    /// Anybody's may have.
    pub(crate) fn ring_all(&self) {
        lock(&self.changed).all = true;
        self.rung.notify_one();
    }

    fn take(&self) -> Changed {
        std::mem::take(&mut lock(&self.changed))
    }
}

/// When to look at whom.
#[derive(Debug, Default)]
struct Agenda {
    by_time: BTreeSet<(Timestamp, TenantId)>,
    of: BTreeMap<TenantId, Timestamp>,
}

impl Agenda {
    fn set(&mut self, id: &TenantId, at: Option<Timestamp>) {
        if let Some(before) = self.of.remove(id) {
            self.by_time.remove(&(before, id.clone()));
        }
        if let Some(at) = at {
            self.of.insert(id.clone(), at);
            self.by_time.insert((at, id.clone()));
        }
    }

    /// The next one whose time has come.
    fn pop(&mut self, now: Timestamp) -> Option<TenantId> {
        let (at, id) = self.by_time.first()?.clone();
        (at <= now).then(|| {
            self.set(&id, None);
            id
        })
    }

    fn earliest(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(at, _)| *at)
    }
}

/// Whether nothing of a tenant's fires: it is being deleted, or an operator suspended it.
fn is_silent(tenant: &Tenant) -> bool {
    let suspended = tenant.settings.suspended.as_deref().map(Suspension::parse);
    matches!(tenant.lifecycle.status, Status::Terminated { .. }) || suspended.is_some_and(|s| s.by_operator())
}

fn next_of(tenant: &Tenant, now: Timestamp) -> Option<Timestamp> {
    if is_silent(tenant) { None } else { tenant.settings.schedules.next(now) }
}

impl Tenancy {
    /// Sets a schedule, or replaces it: its instants count from now on. A repeat changes nothing. `NotFound` without the tenant;
    /// `Invalid` if it has too many, or if its job could never be paid for, unless it is paused; `IllegalState` while it is
    /// being deleted.
    pub async fn schedule_set(&self, id: &TenantId, name: &ScheduleName, spec: ScheduleSpec) -> Result<ScheduleView> {
        self.tenant_kept(id).await?;
        if let (Action::Job { cost, .. }, false) = (spec.action(), spec.is_paused()) {
            payable(&self.account_now(id).await?, *cost, self.now())?;
        }
        let tenant = self.schedules_change(id, name, Step::Set(spec, self.now())).await?;
        self.schedules_tell(id);
        let schedule = tenant.settings.schedules.get(name).ok_or_else(|| Error::not_found("schedule", name))?;
        Ok(ScheduleView::new(&tenant, name, schedule, self.now()))
    }

    /// One schedule. `NotFound`.
    pub async fn schedule_get(&self, id: &TenantId, name: &ScheduleName) -> Result<ScheduleView> {
        let tenant = self.tenant_get(id).await?;
        let schedule = tenant.settings.schedules.get(name).ok_or_else(|| Error::not_found("schedule", name))?;
        Ok(ScheduleView::new(&tenant, name, schedule, self.now()))
    }

    /// Removes a schedule; what it has fired already goes on. `NotFound`.
    pub async fn schedule_remove(&self, id: &TenantId, name: &ScheduleName) -> Result<()> {
        if self.tenant_get(id).await?.settings.schedules.get(name).is_none() {
            return Err(Error::not_found("schedule", name));
        }
        self.schedules_change(id, name, Step::Remove).await?;
        self.schedules_tell(id);
        Ok(())
    }

    /// The schedules of a tenant, or of one page of all tenants that have some, in order of tenant and name.
    pub async fn schedule_list(
        &self,
        tenant: Option<&TenantId>,
        after: Option<&TenantId>,
        limit: usize,
    ) -> Result<ScheduleList> {
        let now = self.now();
        let views = |tenant: &Tenant| -> Vec<ScheduleView> {
            tenant.settings.schedules.iter().map(|(name, one)| ScheduleView::new(tenant, name, one, now)).collect()
        };
        if let Some(id) = tenant {
            return Ok(ScheduleList { schedules: views(&self.tenant_get(id).await?), next: None });
        }
        let filter = Filter { scheduled: true, ..Filter::default() };
        let page = self.drivers().tenants.tenant_list(&filter, after, limit).await?;
        let schedules = page.items.iter().flat_map(views).collect();
        Ok(ScheduleList { schedules, next: page.next.map(|id| id.to_string()) })
    }

    async fn schedules_change(&self, id: &TenantId, name: &ScheduleName, step: Step) -> Result<Tenant> {
        let schedules = ScheduleChange::from([(name.clone(), step)]);
        self.drivers().tenants.tenant_configure(id, SettingsPatch { schedules, ..SettingsPatch::default() }).await
    }

    /// Has whoever leads look at a tenant's schedules.
    pub(crate) fn schedules_tell(&self, id: &TenantId) {
        self.inner.alarms.ring(id);
        if !self.drivers().workloads.workloads_are_local() {
            self.signal_soon(Signal::Schedule(id.clone()));
        }
    }

    /// Fires what is due, until the leader stops leading.
    pub(crate) async fn schedules_run(&self) {
        let places = (self.inner.config.max_waking / 2).max(1);
        let (mut agenda, mut looked) = (Agenda::default(), None::<Stopwatch>);
        let mut firing = FuturesUnordered::new();
        let mut busy = BTreeSet::new();
        loop {
            let changed = self.inner.alarms.take();
            let due = !self.drivers().workloads.workloads_are_local();
            if changed.all || looked.is_none_or(|looked| due && looked.elapsed() > LOOK_ALL) {
                match self.agenda().await {
                    Ok(anew) => (agenda, looked) = (anew, Some(Stopwatch::start())),
                    Err(error) => {
                        tracing::warn!(error = error.chain(), "schedules not read");
                        self.inner.alarms.ring_all();
                        tokio::time::sleep(AGAIN).await;
                        continue;
                    }
                }
            }
            for id in changed.tenants {
                match self.drivers().tenants.tenant_get(&id).await {
                    Ok(tenant) => agenda.set(&id, tenant.and_then(|tenant| next_of(&tenant, self.now()))),
                    Err(error) => {
                        tracing::warn!(tenant = %id, error = error.chain(), "schedules not read");
                        agenda.set(&id, Some(self.now() + AGAIN));
                    }
                }
            }
            while firing.len() < places
                && let Some(id) = agenda.pop(self.now())
            {
                // One that is being fired is looked at again when that is over.
                if busy.insert(id.clone()) {
                    firing.push(async move { (self.schedules_fire(&id).await, id) });
                }
            }
            let free = firing.len() < places;
            let sleep = match agenda.earliest() {
                Some(at) if free => at.since(self.now()).min(LONGEST),
                _ => LONGEST,
            };
            tokio::select! {
                Some((fired, id)) = firing.next() => {
                    busy.remove(&id);
                    let next = fired.unwrap_or_else(|error: Error| {
                        tracing::warn!(tenant = %id, error = error.chain(), "schedule not fired; it is tried again");
                        Some(self.now() + AGAIN)
                    });
                    agenda.set(&id, next);
                }
                () = self.inner.alarms.rung.notified() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    async fn agenda(&self) -> Result<Agenda> {
        let (mut agenda, mut after) = (Agenda::default(), None);
        let filter = Filter { scheduled: true, ..Filter::default() };
        loop {
            let page = self.drivers().tenants.tenant_list(&filter, after.as_ref(), PAGE).await?;
            for tenant in &page.items {
                agenda.set(&tenant.id, next_of(tenant, self.now()));
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(agenda),
            }
        }
    }

    /// Fires what is due of one tenant; when to look again. An error leaves what is not noted due.
    async fn schedules_fire(&self, id: &TenantId) -> Result<Option<Timestamp>> {
        let Some(tenant) = self.drivers().tenants.tenant_get(id).await? else { return Ok(None) };
        if is_silent(&tenant) {
            return Ok(None);
        }
        let mut spoken_to = false;
        for (name, schedule) in tenant.settings.schedules.iter() {
            for at in schedule.due(self.now()) {
                let error = match self.schedule_fire(&tenant, name, schedule, at).await {
                    Ok(()) => None,
                    Err(error) if passes(&error) => return Err(error),
                    Err(error) => Some(error.to_string()),
                };
                match &error {
                    None => tracing::info!(tenant = %id, schedule = %name, %at, "scheduled"),
                    Some(error) => tracing::warn!(tenant = %id, schedule = %name, %at, error, "nothing was scheduled"),
                }
                spoken_to |= error.is_none() && matches!(schedule.spec.action(), Action::Message { .. });
                self.schedules_change(id, name, Step::Handled(at, Some(Fired { at, error }))).await?;
            }
        }
        if spoken_to {
            // Its delivery wakes it; this holds the place until it is awake. Why it may not wake is the delivery's to say.
            let _ = Box::pin(self.tenant_wake(id)).await;
        }
        Ok(self.drivers().tenants.tenant_get(id).await?.and_then(|tenant| next_of(&tenant, self.now())))
    }

    async fn schedule_fire(&self, tenant: &Tenant, name: &ScheduleName, one: &Schedule, at: Timestamp) -> Result<()> {
        match one.spec.action() {
            Action::Message { .. } => self.message_fire(tenant, name, one, at).await.map(drop),
            Action::Job { .. } => self.job_fire(tenant, one, &idempotency_key(name, at)).await.map(drop),
        }
    }

    /// Stores a schedule's message under the name of this second, unless one is there. `Internal` if it has none.
    pub(super) async fn message_fire(
        &self,
        tenant: &Tenant,
        name: &ScheduleName,
        one: &Schedule,
        at: Timestamp,
    ) -> Result<(UpdateKey, Put)> {
        let Action::Message { chat_id, text } = one.spec.action() else {
            return Err(Error::internal("this schedule tells no chat anything"));
        };
        let bot = tenant.settings.bot.as_ref();
        let bot = bot.ok_or_else(|| Error::not_found("bot of tenant", &tenant.id))?.id;
        let key = UpdateKey { tenant: tenant.id.clone(), bot, update_id: update_id(name, at) };
        let update = serde_json::json!({
            "update_id": key.update_id,
            "message": {
                "message_id": 0,
                "date": at.as_micros() / 1_000_000,
                "chat": { "id": chat_id },
                "text": text,
            },
            "ztm_schedule": name,
        });
        let put = self.update_store(&key, &update.to_string()).await?;
        tracing::debug!(tenant = %tenant.id, request = key.request_id(), schedule = %name, "a message is stored");
        Ok((key, put))
    }

    /// Submits a schedule's job under this key. `Internal` if it has none.
    pub(super) async fn job_fire(&self, tenant: &Tenant, one: &Schedule, key: &str) -> Result<Submitted> {
        let Action::Job { prompt, agent_id, cost } = one.spec.action() else {
            return Err(Error::internal("this schedule makes no job"));
        };
        let mut new = NewJob::new(JobId::random(&tenant.id, self.now())?, prompt.clone(), *cost);
        new.agent = agent_id.clone();
        // Of the key alone: a schedule that is changed between a death and the repeat makes no second job.
        new.idempotency = Some(Idempotency::new(key, key.as_bytes())?);
        self.job_submit(new).await
    }
}

/// Whether the same may succeed in a moment.
fn passes(error: &Error) -> bool {
    matches!(
        error,
        Error::Unavailable { .. }
            | Error::OutcomeUnknown { .. }
            | Error::Overloaded { .. }
            | Error::StoreFull
            | Error::Behind { .. }
            | Error::RateLimited { .. }
            | Error::Timeout { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_next_is_known_without_looking_at_all() {
        let at = Timestamp::from_micros;
        let [a, b]: [TenantId; 2] = ["a", "b"].map(|id| id.parse().unwrap());
        let mut agenda = Agenda::default();
        agenda.set(&a, Some(at(5)));
        agenda.set(&b, Some(at(3)));
        agenda.set(&a, Some(at(4)));
        assert_eq!(agenda.earliest(), Some(at(3)));
        assert_eq!(agenda.pop(at(2)), None);
        assert_eq!((agenda.pop(at(9)), agenda.pop(at(9)), agenda.pop(at(9))), (Some(b.clone()), Some(a), None));
        agenda.set(&b, None);
        assert!(agenda.of.is_empty() && agenda.by_time.is_empty());
    }
}
