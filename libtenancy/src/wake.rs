//! Wake: from a sleeping tenant to an agent that answers.
//!
//! Owns admission, the order of the steps, and their crash points. Does not own how a workload is started
//! (`ports::workloads`) nor who asks for a wake (`delivery`, the services).
//!
//! # Steps, and what is left if the process dies
//! | after | what is left | who finishes it |
//! |---|---|---|
//! | lock | a lock that lapses, or that the next holder of the instance's name takes over | nobody has to |
//! | `provisioning` written | a record without an agent | the reconciler: back to `idle` |
//! | workload started | an unbound agentd | it ends by itself: its control plane is gone |
//! | workload bound | a live agent of the record's generation, holding the tenant's lock | the reconciler adopts it: `running` |
//! | `running` written | all that matters | the reconciler sets the deadline that may be missing |
//!
//! A wake is a task of the control plane: whoever asked may hang up. Everybody who asks while it runs gets its result.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use tokio::sync::{SemaphorePermit, broadcast, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use crate::{
    admission::{Ask, Code, Decision, DecisionRecord, Observed, Suspension, decide},
    agent::Bound,
    api::WakeView,
    clock::Stopwatch,
    credits::MicroCredits,
    error::{Error, Result},
    operation::lock,
    partition::TurnAdmission,
    ports::{
        endpoints::ENDPOINT_TTL,
        signals::Signal,
        wake_locks::WAKE_LOCK_TTL,
        workloads::{BindRequest, Workload},
    },
    quota::Account,
    tenancy::Tenancy,
    tenant::{Agent, Event, Generation, Lifecycle, Status, StopReason, Tenant, TenantId, WakePhases, WorkloadId},
};

/// What a wake ends with; the phases are `None` if the agent was running already.
pub(crate) type WakeResult = Result<(Agent, Option<WakePhases>)>;

/// A tenant's wake lock, held. Dropped without a release it lapses.
pub(crate) struct WakeLock {
    tenancy: Tenancy,
    tenant: TenantId,
    held: DropGuard,
}

impl WakeLock {
    /// Gives it up; a failure lapses.
    pub(crate) async fn release(self) {
        let Self { tenancy, tenant, held } = self;
        // Not renewed from here on.
        drop(held);
        if let Err(error) = tenancy.drivers().wake_locks.wake_lock_release(&tenant, &tenancy.inner.owner).await {
            tracing::warn!(tenant = %tenant, error = error.chain(), "wake lock not released");
        }
        if !tenancy.drivers().workloads.workloads_are_local() {
            // Others may wait for it.
            tenancy.signal_soon(Signal::Unlocked(tenant));
        }
    }
}

/// How long the wake of another control plane is waited for.
const OTHERS_WAKE: Duration = Duration::from_mins(5);

/// How often it is looked at although nobody said that it ended: it may have died, or the word was lost.
const LOOK: Duration = Duration::from_secs(2);

/// Waits until the tenant's wake lock may be free.
async fn unlocked_wait(unlocked: &mut broadcast::Receiver<TenantId>, tenant: &TenantId) {
    // One who missed some looks.
    let heard = async { while unlocked.recv().await.is_ok_and(|other| other != *tenant) {} };
    let _ = tokio::time::timeout(LOOK, heard).await;
}

/// The wakes under way in this process.
#[derive(Default)]
pub(crate) struct Wakes(Mutex<HashMap<TenantId, watch::Receiver<Option<WakeResult>>>>);

/// What a wake finds and has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// An agent runs already.
    Running(Agent),
    /// A workload is to be bound under a new generation.
    Start,
    /// A wake or a stop of a dead control plane must be finished first.
    Recover,
}

/// Decides what a wake has to do, or why it must not be done. `live` is the number of agents that run.
pub(crate) fn admit(tenant: &Tenant, live: usize, max_running: usize) -> Result<Step> {
    let refuse = |reason: String| Error::IllegalState {
        tenant: tenant.id.to_string(),
        status: tenant.lifecycle.status.label(),
        reason,
    };
    // Want of budget is no matter of the record: it was asked of the account.
    if let Some(reason) = tenant.settings.suspended.as_ref().filter(|text| Suspension::parse(text).by_operator()) {
        return Err(Error::IllegalState { tenant: tenant.id.to_string(), status: "suspended", reason: reason.clone() });
    }
    match &tenant.lifecycle.status {
        Status::Running { agent } => Ok(Step::Running(agent.clone())),
        Status::Terminated { .. } => Err(refuse("it is being deleted".to_owned())),
        Status::Idle { .. } if live >= max_running => {
            Err(Error::Overloaded { reason: format!("{live} agents run, the limit is {max_running}") })
        }
        Status::Idle { .. } => Ok(Step::Start),
        Status::Provisioning | Status::Stopping { .. } => Ok(Step::Recover),
    }
}

/// A time in milliseconds with one decimal, for a log.
fn tenths(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}

impl Tenancy {
    /// Wakes the tenant, or joins the wake under way. The phases are `None` if the agent was running already.
    ///
    /// Errors: `NotFound`; `IllegalState` (suspended, being deleted); `RateLimited` (credits are being refilled);
    /// `Overloaded` (the fleet's ceiling);
    /// `AgentFailed` with what the agent said; store errors.
    pub async fn tenant_wake(&self, id: &TenantId) -> WakeResult {
        self.require_live("a wake")?;
        self.wake_admit(id).await?;
        self.wake_admitted(id).await
    }

    /// Whether there is budget for a wake that nothing was held for; the decision is remembered.
    async fn wake_admit(&self, id: &TenantId) -> Result<()> {
        let tenant = self.tenant_get(id).await?;
        let account = self.drivers().quotas.account_get(id).await?;
        if tenant.lifecycle.status.agent().is_some() {
            return Ok(());
        }
        if tenant.settings.suspended.as_deref().map(Suspension::parse).is_some_and(|why| !why.by_operator()) {
            if let Some(Suspension { text: reason, .. }) = self.out_of_budget(&tenant).await? {
                return Err(Error::IllegalState { tenant: id.to_string(), status: "suspended", reason });
            }
            match self.suspension_lift(id).await {
                Ok(()) | Err(Error::Rehearsed { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        // One that has no account yet is refused for other reasons than money.
        let has_account = account.is_some();
        let account =
            account.unwrap_or_else(|| Account::open(self.drivers().jobs.settings().default_quota, self.now()).0);
        let observed = self.observed(&tenant, &account, false);
        let observed = Observed { account: observed.account.filter(|_| has_account), ..observed };
        let decision = decide(Ask::Wake, &observed, self.now());
        let code = decision.code;
        self.decision_record(DecisionRecord { tenant: id.clone(), ask: Ask::Wake, decision: decision.clone() });
        match account.check(MicroCredits(1), decision.at) {
            Err(blocked) if code == Code::from(blocked) && blocked.suspends() => {
                match self.suspension_note(id).await {
                    // What is asked for is a wake, and that is refused.
                    Ok(()) | Err(Error::Rehearsed { .. }) => {}
                    Err(error) => return Err(error),
                }
                let reason = Suspension::of(blocked, &account, self.inner.config.turn_hold).text;
                Err(Error::IllegalState { tenant: id.to_string(), status: "suspended", reason })
            }
            Err(blocked) if code == Code::from(blocked) => {
                let retry_after = blocked.until().map_or(Duration::ZERO, |until| until.since(decision.at));
                Err(Error::RateLimited { part: "quota", retry_after })
            }
            // The rest is said by the wake itself, which looks again under its lock.
            _ => Ok(()),
        }
    }

    /// Remembers what was decided about a turn.
    pub(crate) fn decision_note(&self, id: &TenantId, ask: Ask, admission: &TurnAdmission) {
        let (code, until) = match admission {
            TurnAdmission::Admitted { .. } | TurnAdmission::Settled => (Code::Admitted, None),
            TurnAdmission::Blocked(blocked) => (Code::from(*blocked), blocked.until()),
        };
        let now = self.now();
        let decision = Decision { code, until, at: now, observed_at: now };
        self.decision_record(DecisionRecord { tenant: id.clone(), ask, decision });
    }

    /// [`Tenancy::tenant_wake`] for work that holds its credits already.
    pub(crate) async fn wake_admitted(&self, id: &TenantId) -> WakeResult {
        self.require_live("a wake")?;
        if let Status::Running { agent } = self.tenant_get(id).await?.lifecycle.status {
            return Ok((agent, None));
        }
        let mut result = self.wake_begin(id);
        let woken = result.wait_for(Option::is_some).await;
        match woken {
            Ok(value) => value.clone().unwrap_or_else(|| Err(Error::internal("a wake ended without a result"))),
            Err(_) => Err(Error::unavailable("control plane", "it is shutting down")),
        }
    }

    /// Starts a wake task, or finds the one that runs.
    fn wake_begin(&self, id: &TenantId) -> watch::Receiver<Option<WakeResult>> {
        let mut wakes = lock(&self.inner.wakes.0);
        if let Some(running) = wakes.get(id) {
            return running.clone();
        }
        let (sender, receiver) = watch::channel(None);
        wakes.insert(id.clone(), receiver.clone());
        drop(wakes);
        let (tenancy, id) = (self.clone(), id.clone());
        let wake = async move {
            let result = tenancy.wake_run(&id).await;
            if let Err(error) = &result
                && !matches!(error, Error::Rehearsed { .. })
            {
                tracing::warn!(tenant = %id, error = error.chain(), "wake failed");
            }
            // Out of the map first: whoever comes later must look at the record, not at this result.
            lock(&tenancy.inner.wakes.0).remove(&id);
            sender.send_replace(Some(result));
        };
        self.inner.tasks.spawn(wake.in_current_span());
        receiver
    }

    async fn wake_run(&self, id: &TenantId) -> WakeResult {
        let total = Stopwatch::start();
        let mut lap = Stopwatch::start();
        let mut phases = WakePhases::default();
        // A stop under way ends first: the message follows it. Only then is there a place to wait for, so that a stop
        // that takes its time holds up nobody else's wake.
        let _operation = self.inner.operations.begin(id).await;
        let _place = self.wake_place(&self.tenant_get(id).await?).await?;
        phases.queue = lap.lap();
        let lock = match self.wake_lock(id).await? {
            Ok(lock) => lock,
            Err(agent) => return Ok((agent, None)),
        };
        let woken = Box::pin(self.wake_under_lock(id, &mut lap, &mut phases, &total)).await;
        lock.release().await;
        let (tenant, agent) = match woken? {
            (tenant, Some(agent)) => (tenant, agent),
            (Tenant { lifecycle: Lifecycle { status: Status::Running { agent }, .. }, .. }, None) => {
                return Ok((agent, None));
            }
            (_, None) => return Err(Error::internal("a wake ended without an agent")),
        };
        // Whatever woke it wants something of it.
        tokio::join!(self.agent_is_live(id, &agent, tenant.settings.idle_timeout), self.activity_note(id));
        // It works again: a suspension for want of budget has ended by itself.
        if let Some(suspended) = &tenant.settings.suspended
            && !Suspension::parse(suspended).by_operator()
            && let Err(error) = self.suspension_lift(id).await
        {
            tracing::warn!(tenant = %id, error = error.chain(), "not recorded as resumed");
        }
        self.wake_count(&phases);
        tracing::info!(tenant = %id, generation = %agent.generation, warm = phases.warm,
            total_ms = tenths(phases.total), own_ms = tenths(phases.own()), "running");
        Ok((agent, Some(phases)))
    }

    /// The wake itself, with everything that a dead control plane left half done finished first. The tenant, and its new
    /// agent, or `None` if it runs already.
    async fn wake_under_lock(
        &self,
        id: &TenantId,
        lap: &mut Stopwatch,
        phases: &mut WakePhases,
        total: &Stopwatch,
    ) -> Result<(Tenant, Option<Agent>)> {
        let mut tenant = self.tenant_get(id).await?;
        let live = lock(&self.inner.live).len();
        let mut step = admit(&tenant, live, self.inner.config.max_running)?;
        if step == Step::Recover {
            tenant = self.recover(tenant).await?;
            step = admit(&tenant, live, self.inner.config.max_running)?;
        }
        if let Step::Running(_) = step {
            return Ok((tenant, None));
        }
        let mut tenant = self.state_inherit(tenant).await?;
        let was_lost = matches!(&tenant.lifecycle.status, Status::Idle { reason: Some(reason) } if reason.is_abrupt());
        if was_lost && !self.drivers().workloads.workloads_are_local() {
            // No machine has its state: what its agent stored last must be published first.
            tenant = self.state_catch_up(tenant).await?;
        }
        let agent = self.wake_locked(&tenant, lap, phases, total).await?;
        Ok((tenant, Some(agent)))
    }

    /// The tenant's wake lock, as soon as nobody else has it; or the agent that somebody else has woken meanwhile. `Conflict` if
    /// somebody holds it for too long.
    async fn wake_lock(&self, id: &TenantId) -> Result<std::result::Result<WakeLock, Agent>> {
        let (watch, mut unlocked) = (Stopwatch::start(), self.inner.unlocked.subscribe());
        loop {
            if let Some(lock) = self.wake_lock_try(id).await? {
                return Ok(Ok(lock));
            }
            if let Status::Running { agent } = self.tenant_get(id).await?.lifecycle.status {
                return Ok(Err(agent));
            }
            if watch.elapsed() > OTHERS_WAKE {
                return Err(Error::conflict("wake of tenant", id, "another control plane wakes it"));
            }
            unlocked_wait(&mut unlocked, id).await;
        }
    }

    /// The tenant's wake lock, for what must not happen during a wake of another control plane; `None` where there is no other.
    /// `Conflict` if somebody holds it for too long.
    pub(crate) async fn others_lock(&self, id: &TenantId) -> Result<Option<WakeLock>> {
        if self.drivers().workloads.workloads_are_local() {
            return Ok(None);
        }
        let (watch, mut unlocked) = (Stopwatch::start(), self.inner.unlocked.subscribe());
        loop {
            if let Some(lock) = self.wake_lock_try(id).await? {
                return Ok(Some(lock));
            }
            if watch.elapsed() > OTHERS_WAKE {
                return Err(Error::conflict("tenant", id, "another control plane is at work on it"));
            }
            unlocked_wait(&mut unlocked, id).await;
        }
    }

    /// The tenant's wake lock, if nobody else has it: held, and renewed, until it is released or this process dies.
    pub(crate) async fn wake_lock_try(&self, id: &TenantId) -> Result<Option<WakeLock>> {
        let locks = &self.drivers().wake_locks;
        if !locks.wake_lock_acquire(id, &self.inner.owner, WAKE_LOCK_TTL, self.now()).await? {
            return Ok(None);
        }
        let held = CancellationToken::new();
        let (tenancy, tenant, token) = (self.clone(), id.clone(), held.clone());
        tokio::spawn(token.run_until_cancelled_owned(async move {
            loop {
                tokio::time::sleep(WAKE_LOCK_TTL / 3).await;
                let (locks, owner) = (&tenancy.drivers().wake_locks, &tenancy.inner.owner);
                match locks.wake_lock_renew(&tenant, owner, WAKE_LOCK_TTL, tenancy.now()).await {
                    Ok(true) => {}
                    Ok(false) => tracing::warn!(tenant = %tenant, "the wake lock was lost"),
                    Err(error) => tracing::warn!(tenant = %tenant, error = error.chain(), "wake lock not renewed"),
                }
            }
        }));
        Ok(Some(WakeLock { tenancy: self.clone(), tenant: id.clone(), held: held.drop_guard() }))
    }

    /// Waits for a place among the wakes under way. Tenants whose last wake failed have a few of the places only: an
    /// agent that never becomes ready keeps its place for the whole ready timeout, and would have all of them soon.
    async fn wake_place(&self, tenant: &Tenant) -> Result<[Option<SemaphorePermit<'_>>; 2]> {
        let closed = |_| Error::internal("the wake limit was closed");
        let doubtful = match tenant.lifecycle.status {
            Status::Idle { reason: Some(StopReason::WakeFailed(_)) } => {
                Some(self.inner.waking_doubtful.acquire().await.map_err(closed)?)
            }
            _ => None,
        };
        Ok([doubtful, Some(self.inner.waking.acquire().await.map_err(closed)?)])
    }

    /// From `idle` to `running`, under the wake lock.
    async fn wake_locked(
        &self,
        tenant: &Tenant,
        lap: &mut Stopwatch,
        phases: &mut WakePhases,
        total: &Stopwatch,
    ) -> Result<Agent> {
        let id = &tenant.id;
        let tenants = &self.drivers().tenants;
        let mut provisioning = tenant.after(Event::WakeStarted, self.now())?;
        tenants.tenant_transition(id, tenant.lifecycle.generation, &provisioning).await?;
        self.tell_moved(id, &tenant.lifecycle.status, &provisioning).await;
        phases.lock = lap.lap();

        let mut copied = false;
        let (agent, bound) = loop {
            let request = BindRequest {
                tenant: id.clone(),
                generation: provisioning.generation,
                snapshot: provisioning.snapshot.clone(),
            };
            let error = match self.workload_bind(&request, phases).await {
                Ok(bound) => break bound,
                Err(error) => error,
            };
            let waking = Tenant { lifecycle: provisioning.clone(), ..tenant.clone() };
            match self.state_fall_back(&waking, &error, &mut copied).await {
                Ok(Some(next)) => provisioning = next,
                Ok(None) => {
                    self.wake_give_up(id, provisioning.generation, &error).await;
                    return Err(error);
                }
                Err(failed) => {
                    self.wake_give_up(id, provisioning.generation, &failed).await;
                    return Err(failed);
                }
            }
        };
        (phases.restore, phases.ready) = (bound.restore, bound.ready);
        phases.workload = lap.lap().saturating_sub(phases.node + bound.restore + bound.ready);

        // The total ends with the write that carries it, and is measured up to its start: it is the same wherever it is shown.
        phases.total = total.elapsed();
        let now = self.now();
        let Some(running) = provisioning.after(Event::AgentReady(agent.clone(), phases.clone()), now) else {
            return Err(Error::internal("a provisioning tenant did not take its agent"));
        };
        let written = self.transition_insisting(id, provisioning.generation, &running).await;
        phases.record = lap.lap();
        match written {
            Ok(()) => {
                self.tell_moved(id, &provisioning.status, &running).await;
                Ok(agent)
            }
            // The tenant was deleted, or another control plane took over: this agent is nobody's.
            Err(error @ (Error::Conflict { .. } | Error::NotFound { .. })) => {
                self.workload_end(&Workload {
                    id: agent.workload.clone(),
                    tenant: Some(id.clone()),
                    agent: Some(agent),
                })
                .await;
                Err(error)
            }
            // The store is away: the agent lives and the record says `provisioning`; the reconciler puts them together.
            Err(error) => {
                self.inner.reconcile_now.notify_one();
                Err(error)
            }
        }
    }

    /// Claims a warm agent, else starts a cold one, and binds it. A warm one that turns out dead costs a cold start.
    async fn workload_bind(&self, request: &BindRequest, phases: &mut WakePhases) -> Result<(Agent, Bound)> {
        let workloads = &self.drivers().workloads;
        if let Some((warm, since)) = self.warm_claim(request).await {
            phases.warm = true;
            let (tenancy, id) = (self.clone(), warm.clone());
            self.inner.tasks.spawn(async move { tenancy.warm_book(&id, since).await });
            match self.workload_bind_to(&warm, request, phases).await {
                Err(Error::Unavailable { .. } | Error::NotFound { .. } | Error::OutcomeUnknown { .. }) => {
                    tracing::warn!(workload = %warm, "a warm agent was dead when claimed");
                    phases.warm = false;
                }
                other => return other,
            }
        }
        let cold = workloads.workload_start_for(request).await?;
        phases.node = cold.node;
        self.workload_bind_to(&cold.id, request, phases).await
    }

    /// Binds; ends a stray agent of the tenant that stands in the way, once.
    async fn workload_bind_to(
        &self,
        workload: &WorkloadId,
        request: &BindRequest,
        phases: &mut WakePhases,
    ) -> Result<(Agent, Bound)> {
        let workloads = &self.drivers().workloads;
        let error = match workloads.workload_bind(workload, request).await {
            Err(error @ Error::Conflict { .. }) => error,
            other => return other,
        };
        let Some(stray) = workloads.workload_find(&request.tenant).await? else { return Err(error) };
        if stray.agent.as_ref().is_some_and(|agent| agent.generation >= request.generation) {
            return Err(error);
        }
        tracing::warn!(tenant = %request.tenant, workload = %stray.id, "ending a stray agent");
        workloads.workload_kill(&stray).await?;
        let cold = workloads.workload_start_for(request).await?;
        phases.node += cold.node;
        workloads.workload_bind(&cold.id, request).await
    }

    /// Writes that a wake is given up; what cannot be written is finished by the reconciler.
    async fn wake_give_up(&self, id: &TenantId, generation: Generation, error: &Error) {
        let written = async {
            let tenant = self.tenant_get(id).await?;
            if tenant.lifecycle.generation != generation {
                return Ok(());
            }
            let idle = tenant.after(Event::WakeFailed(error.chain()), self.now())?;
            self.transition_insisting(id, generation, &idle).await?;
            self.tell_moved(id, &tenant.lifecycle.status, &idle).await;
            Result::<()>::Ok(())
        };
        if let Err(error) = written.await {
            tracing::warn!(tenant = %id, error = error.chain(), "a failed wake was not recorded");
            self.inner.reconcile_now.notify_one();
        }
    }

    /// A lifecycle write that must not be given up lightly: what failed for the store's sake is tried three times.
    /// After an unknown outcome the record is read: it says whether the write happened.
    pub(crate) async fn transition_insisting(
        &self,
        id: &TenantId,
        expected: Generation,
        next: &crate::tenant::Lifecycle,
    ) -> Result<()> {
        self.require_records()?;
        let tenants = &self.drivers().tenants;
        let mut pause = Duration::from_millis(50);
        for _ in 0..2 {
            match tenants.tenant_transition(id, expected, next).await {
                Err(Error::Unavailable { .. } | Error::OutcomeUnknown { .. } | Error::Overloaded { .. }) => {
                    tokio::time::sleep(pause).await;
                    pause *= 4;
                    if let Ok(Some(tenant)) = tenants.tenant_get(id).await
                        && tenant.lifecycle.generation == next.generation
                    {
                        return Ok(());
                    }
                }
                other => return other,
            }
        }
        tenants.tenant_transition(id, expected, next).await
    }

    /// Everything that follows a record of `running`, none of which correctness rests on.
    pub(crate) async fn agent_is_live(&self, id: &TenantId, agent: &Agent, idle_timeout: Duration) {
        lock(&self.inner.live).insert(id.clone(), agent.clone());
        let now = self.now();
        self.deadline_set(id, now + idle_timeout).await;
        if let Err(error) = self.drivers().endpoints.endpoint_put(id, agent, now + ENDPOINT_TTL).await {
            tracing::debug!(tenant = %id, error = error.chain(), "endpoint not cached");
        }
    }

    /// Everything that follows the end of an agent.
    pub(crate) async fn agent_is_gone(&self, id: &TenantId, generation: Generation) {
        {
            let mut live = lock(&self.inner.live);
            if live.get(id).is_some_and(|agent| agent.generation <= generation) {
                live.remove(id);
            }
        }
        let drivers = self.drivers();
        // That of a suspended tenant may be there for its suspension; who looks then removes it.
        let suspended =
            drivers.tenants.tenant_get(id).await.map(|tenant| tenant.is_some_and(|t| t.settings.suspended.is_some()));
        let cleared = match suspended {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => drivers.deadlines.deadline_clear(id).await,
        };
        for result in [drivers.endpoints.endpoint_remove(id, generation).await, cleared] {
            if let Err(error) = result {
                tracing::debug!(tenant = %id, error = error.chain(), "endpoint or deadline not removed");
            }
        }
    }

    /// Ends a workload that is nobody's; a failure is left to the reconciler, which finds it again.
    pub(crate) async fn workload_end(&self, workload: &Workload) {
        if let Err(error) = self.drivers().workloads.workload_kill(workload).await {
            tracing::warn!(workload = %workload.id, error = error.chain(), "workload not ended");
            self.inner.reconcile_now.notify_one();
        }
    }

    fn wake_count(&self, phases: &WakePhases) {
        *lock(&self.inner.wakes_total).entry(WakeView::from(phases).kind).or_default() += 1;
    }

    /// Whether a wake of the tenant is under way in this process.
    pub(crate) fn is_waking(&self, id: &TenantId) -> bool {
        lock(&self.inner.wakes.0).contains_key(id)
    }
}
