//! Why: the present state of a tenant, a job or a wake in the numbers that decide it.
//!
//! Owns the explanation: what holds something back, the numbers that were compared, who is ahead, what frees first, and an
//! estimate that says what it rests on. Decides nothing itself: codes and comparisons are those of [`crate::admission`] and
//! of the queue. Everything is read when asked.

use crate::{
    admission::{Ask, Code, Observed, Suspension, decide},
    api::{
        TenantView,
        why::{Compared, Reason, Why},
    },
    clock::Timestamp,
    error::{Error, Result},
    idle::{Verdict, Work, judge},
    inbox::{MAX_ATTEMPTS, Update},
    jobs::{DelayReason, Job, JobId, JobState},
    journal::on_one_line,
    operation::lock,
    partition::payable,
    ports::{
        inboxes::UpdateFilter,
        jobs::{QueueView, partition_of},
        journals::EVENTS_KEPT,
    },
    quota::{Account, Standing},
    tenancy::Tenancy,
    tenant::{Status, StopReason, Tenant, TenantId},
};

fn compared(what: &str, has: impl ToString, needs: impl ToString) -> Compared {
    Compared { what: what.to_owned(), has: has.to_string(), needs: needs.to_string() }
}

fn reason(code: Code, text: impl Into<String>, compared: Vec<Compared>, until: Option<Timestamp>) -> Reason {
    Reason { code: code.word().to_owned(), text: text.into(), compared, until }
}

/// The money side of an account, as numbers.
fn money(account: &Account, needs: impl ToString) -> Vec<Compared> {
    let mut numbers = vec![compared("credits available", account.available(), needs)];
    numbers.push(compared("refill, credits a second", account.quota.rate, "-"));
    numbers.push(compared("held by what runs", account.held, "-"));
    if let Some(budget) = account.quota.budget {
        let (used, limit) = (account.period_spent + account.held, budget.limit + account.period_granted);
        numbers.push(compared(&format!("spent and held this {}", budget.period.label()), used, limit));
    }
    numbers
}

impl Tenancy {
    /// The account as it is, or as a first use would open it.
    pub(crate) async fn account_now(&self, id: &TenantId) -> Result<Account> {
        let account = self.drivers().quotas.account_get(id).await?;
        Ok(account.unwrap_or_else(|| Account::open(self.drivers().jobs.settings().default_quota, self.now()).0))
    }

    /// What is known of a tenant when something is decided about it.
    pub(crate) fn observed<'a>(&self, tenant: &'a Tenant, account: &'a Account, awake: bool) -> Observed<'a> {
        let suspended = tenant.settings.suspended.as_deref();
        Observed {
            account: Some(account),
            // Want of budget is read from the account itself, which may have changed since.
            suspended: suspended.filter(|text| Suspension::parse(text).by_operator()),
            awake,
            live: (lock(&self.inner.live).len(), self.now()),
            max_running: self.inner.config.max_running,
            slots: (0, 0),
        }
    }

    /// Why a tenant is as it is, and what would hold back its next message; with `quoting`, in the words of the last failure of
    /// the first that waits too.
    pub async fn why_tenant(&self, id: &TenantId, quoting: bool) -> Result<Why> {
        let (tenant, account) = (self.tenant_get(id).await?, self.account_now(id).await?);
        let mut why = Why { subject: "tenant".to_owned(), ..self.why_lifecycle(&tenant, &account).await };
        let pending = self.drivers().inboxes.pending_count(id).await?;
        if pending > 0 {
            why.summary = format!("{} Messages in its inbox: {pending}.", why.summary);
            why.reasons.extend(self.why_first_message(id, quoting).await?);
        }
        if matches!(account.standing, Standing::Parked(_) | Standing::Capped) {
            let standing = standing_reason(&account, None);
            if why.reasons.iter().all(|reason| reason.code != standing.code) {
                why.reasons.push(standing);
            }
        }
        Ok(why)
    }

    /// How the first message that waits does, if it was tried already.
    async fn why_first_message(&self, id: &TenantId, quoting: bool) -> Result<Option<Reason>> {
        let mut first: Option<Update> = None;
        for stage in ["pending", "replied"] {
            let filter = UpdateFilter { tenant: Some(id.clone()), stage: Some(stage.to_owned()) };
            let found = self.drivers().inboxes.update_list(&filter, None, 1).await?.pop();
            first = first.into_iter().chain(found).min_by(|one, other| one.key.cmp(&other.key));
        }
        Ok(first.filter(|first| first.attempts > 0 || first.not_before > self.now()).map(|first| {
            let said = first.last_error.as_deref().filter(|_| quoting);
            let said = said.map(|said| format!(": {}", on_one_line(said))).unwrap_or_default();
            let text = format!("its first message (`{}`) waits for its next try after a failure{said}", first.key);
            let numbers = vec![compared("tries that failed", first.attempts, MAX_ATTEMPTS)];
            reason(Code::Backoff, text, numbers, Some(first.not_before))
        }))
    }

    /// When the tenant was suspended, as far as that is remembered.
    async fn suspended_since(&self, id: &TenantId) -> Option<Timestamp> {
        let events = self.event_list(Some(id), EVENTS_KEPT).await.ok()?;
        // What is kept may be of before it was resumed by somebody who could not tell.
        let last = events.iter().rfind(|event| ["suspended", "resumed"].contains(&event.what.as_str()))?;
        (last.what == "suspended").then_some(last.at)
    }

    /// A tenant as it is shown by itself: with when it was suspended, as far as that is remembered. `NotFound`; store errors.
    pub async fn tenant_view(&self, id: &TenantId) -> Result<TenantView> {
        let mut view = TenantView::from(&self.tenant_get(id).await?);
        if view.suspended.is_some() {
            view.suspended_since = self.suspended_since(id).await;
        }
        Ok(view)
    }

    /// What a wake would meet now; nothing where one is under way or could not be.
    fn why_next_wake(&self, tenant: &Tenant) -> Option<Reason> {
        let warm = self.warm_status();
        let text = match &tenant.lifecycle.status {
            Status::Running { .. } => {
                return Some(reason(Code::Admitted, "a wake would find it awake", Vec::new(), None));
            }
            Status::Idle { .. } if warm.ready > 0 => "a wake would take an agent of the warm pool",
            Status::Idle { .. } => "a wake would start an agent: none of the warm pool is ready",
            Status::Provisioning | Status::Stopping { .. } | Status::Terminated { .. } => return None,
        };
        let live = lock(&self.inner.live).len();
        let numbers = vec![
            compared("agents that run", live, self.inner.config.max_running),
            compared("agents of the warm pool", warm.ready, warm.target),
        ];
        Some(reason(Code::Admitted, text, numbers, None))
    }

    /// Why a tenant is not woken, or was not; where nothing holds it back, what a wake would meet.
    pub async fn why_wake(&self, id: &TenantId) -> Result<Why> {
        let (tenant, account) = (self.tenant_get(id).await?, self.account_now(id).await?);
        let mut why = self.why_lifecycle(&tenant, &account).await;
        if let Some(last) = self.inner.decisions.last_of(id) {
            let text = format!("a request was refused at {}", last.decision.at);
            why.reasons.push(reason(last.decision.code, text, Vec::new(), last.decision.until));
        }
        let held = [Code::Running, Code::WakeFailed].map(Code::word);
        if why.reasons.iter().all(|reason| held.contains(&reason.code.as_str())) {
            why.reasons.extend(self.why_next_wake(&tenant));
        }
        Ok(why)
    }

    async fn why_lifecycle(&self, tenant: &Tenant, account: &Account) -> Why {
        let now = self.now();
        let awake = tenant.lifecycle.status.agent().is_some();
        let observed = self.observed(tenant, account, awake);
        // What its next message would ask for; without a chat only an operator or a job wakes it.
        let ask = match tenant.settings.bot {
            Some(_) => Ask::Turn(self.inner.config.turn_hold),
            None => Ask::Wake,
        };
        let decision = decide(ask, &observed, now);
        let mut reasons = Vec::new();
        if let Some(suspended) = observed.suspended {
            reasons.push(reason(Code::Suspended, format!("an operator suspended it: {suspended}"), Vec::new(), None));
        } else if !decision.admitted() {
            let numbers = match decision.code {
                Code::FleetCeiling => vec![compared("agents that run", observed.live.0, observed.max_running)],
                _ => match ask {
                    Ask::Turn(hold) | Ask::Job(hold) => money(account, hold),
                    Ask::Wake => money(account, "-"),
                },
            };
            reasons.push(reason(decision.code, refusal(decision.code), numbers, decision.until));
        } else if let Some(suspended) = tenant.settings.suspended.as_deref().map(Suspension::parse) {
            // It was for something that costs more than what is asked for here.
            let text = format!("it is suspended: {}; whatever it can pay for resumes it too", suspended.text);
            reasons.push(reason(suspended.code, text, Vec::new(), None));
        }
        if tenant.settings.suspended.is_some()
            && let Some(first) = reasons.first_mut()
        {
            let since = self.suspended_since(&tenant.id).await;
            first.compared.extend(since.map(|since| compared("suspended since", since, "-")));
        }
        match &tenant.lifecycle.status {
            Status::Running { agent } => {
                let text = format!("its agent runs since {} as `{}`", tenant.lifecycle.since, agent.workload);
                let work = self.work_of(tenant, agent).await;
                let (numbers, idle_at) = idleness(&work, self.now());
                reasons.push(reason(Code::Running, text, numbers, idle_at));
            }
            Status::Idle { reason: Some(StopReason::WakeFailed(why)) } => {
                reasons.push(reason(Code::WakeFailed, format!("its last wake failed: {why}"), Vec::new(), None));
            }
            Status::Terminated { .. } => {
                reasons.push(reason(Code::Terminated, "it is being deleted", Vec::new(), None));
            }
            Status::Idle { .. } | Status::Provisioning | Status::Stopping { .. } => {}
        }
        let summary = match (&tenant.lifecycle.status, reasons.first()) {
            (Status::Idle { reason: stopped }, None) => match stopped {
                Some(stopped) => format!("it sleeps ({stopped}); its next message wakes it."),
                None => "it sleeps; its next message wakes it.".to_owned(),
            },
            (Status::Provisioning, None) => match self.drivers().workloads.workload_waits(&tenant.id) {
                Some(waits) => format!("its agent is being started and waits: {waits}."),
                None => "its agent is being started.".to_owned(),
            },
            (Status::Stopping { reason, .. }, None) => format!("its agent is being stopped ({reason})."),
            (_, Some(first)) => format!("{}.", first.text),
            (Status::Running { .. } | Status::Terminated { .. }, None) => String::new(),
        };
        Why {
            subject: "wake".to_owned(),
            id: tenant.id.to_string(),
            status: match &tenant.lifecycle.status {
                // What is being deleted is no more suspended.
                status @ Status::Terminated { .. } => status.label(),
                _ if tenant.settings.suspended.is_some() => Status::SUSPENDED,
                status => status.label(),
            }
            .to_owned(),
            summary,
            reasons,
            expected_at: decision.until,
            expected_because: decision.until.map(|_| refusal(decision.code).to_owned()),
        }
    }

    /// Why a job is where it is; with `quoting`, in the words of its last failure too. `NotFound`.
    pub async fn why_job(&self, id: &JobId, quoting: bool) -> Result<Why> {
        let jobs = &self.drivers().jobs;
        let job = self.job_get(id).await?;
        let said = job.result.as_deref().filter(|_| quoting);
        let mut why = Why {
            subject: "job".to_owned(),
            id: id.to_string(),
            status: job.state.label().to_owned(),
            summary: String::new(),
            reasons: Vec::new(),
            expected_at: None,
            expected_because: None,
        };
        if matches!(job.state, JobState::Queued | JobState::Delayed { .. }) {
            why.reasons.extend(self.why_suspended(id.tenant()).await?);
        }
        match &job.state {
            JobState::Queued => {
                let partition = partition_of(id.tenant(), jobs.settings().partitions);
                match jobs.queue_view(partition).await {
                    Ok(queue) => self.why_queued(&job, &queue, &mut why).await?,
                    Err(error @ Error::Behind { .. }) => {
                        why.reasons.push(reason(Code::StoreBehind, error.to_string(), Vec::new(), None));
                    }
                    Err(error) => return Err(error),
                }
            }
            JobState::Delayed { until, reason: delay } => {
                let (code, text) = match delay {
                    DelayReason::Scheduled => (Code::Scheduled, "it was scheduled for later".to_owned()),
                    DelayReason::Backoff => {
                        let said = said.map(|said| format!(" and said: {said}")).unwrap_or_default();
                        (Code::Backoff, format!("attempt {} failed{said}", job.attempts))
                    }
                    DelayReason::LeaseLapsed => {
                        (Code::LeaseLapsed, "its worker fell silent; its hold went back".to_owned())
                    }
                    DelayReason::Released => (Code::Released, "its worker could not begin and gave it back".to_owned()),
                };
                let numbers = vec![compared("attempts", job.attempts, job.max_attempts)];
                let is_suspended = !why.reasons.is_empty();
                why.reasons.push(reason(code, text, numbers, Some(*until)));
                if !is_suspended {
                    why.expected_at = Some(*until);
                    why.expected_because = Some("it joins the queue then".to_owned());
                }
            }
            JobState::Running { worker, lease_until } => {
                let text = format!("`{worker}` runs it, attempt {} of {}", job.attempts, job.max_attempts);
                let numbers = vec![compared("credits held", job.hold.amount, job.cost)];
                why.reasons.push(reason(Code::Running, text, numbers, Some(*lease_until)));
            }
            JobState::Succeeded { at } | JobState::Dead { at } | JobState::Cancelled { at } => {
                let said = said.filter(|_| !matches!(job.state, JobState::Succeeded { .. }));
                let said = said.map(|said| format!(": {said}")).unwrap_or_default();
                let how = match job.state {
                    JobState::Succeeded { .. } => "succeeded",
                    JobState::Dead { .. } => "was given up",
                    _ => "was cancelled",
                };
                let look = match job.state {
                    JobState::Dead { .. } => format!("; `ztm logs {} --request {id}` shows what happened", id.tenant()),
                    _ => String::new(),
                };
                let text = format!("it {how} at {at}, attempts: {}{said}{look}", job.attempts);
                why.reasons.push(reason(Code::Ended, text, Vec::new(), None));
            }
        }
        why.summary = why.reasons.first().map(|first| format!("{}.", first.text)).unwrap_or_default();
        Ok(why)
    }

    /// That no agent can be started for a job of a tenant that sleeps: as many run as may.
    async fn why_no_room(&self, id: &TenantId, account: &Account) -> Result<Option<Reason>> {
        let Some(tenant) = self.drivers().tenants.tenant_get(id).await? else { return Ok(None) };
        let observed = self.observed(&tenant, account, tenant.lifecycle.status.agent().is_some());
        let (live, _) = observed.live;
        Ok((!observed.awake && live >= observed.max_running).then(|| {
            let numbers = vec![compared("agents that run", live, observed.max_running)];
            reason(Code::FleetCeiling, refusal(Code::FleetCeiling), numbers, None)
        }))
    }

    /// That an operator suspended a tenant: its jobs are not begun. One for want of budget shows in its account.
    async fn why_suspended(&self, id: &TenantId) -> Result<Option<Reason>> {
        let suspended = self.drivers().tenants.tenant_get(id).await?.and_then(|tenant| tenant.settings.suspended);
        Ok(suspended.filter(|stored| Suspension::parse(stored).by_operator()).map(|why| {
            let text = format!("an operator suspended its tenant ({why}); it waits until `ztm tenant resume {id}`");
            reason(Code::Suspended, text, Vec::new(), None)
        }))
    }

    async fn why_queued(&self, job: &Job, queue: &QueueView, why: &mut Why) -> Result<()> {
        let account = self.account_now(job.id.tenant()).await?;
        let place = self.drivers().jobs.job_place(&job.id).await?;
        let now = self.now();
        let (blocked, never) = (account.check(job.cost, now), payable(&account, job.cost, now));
        if let (Err(blocked), Err(Error::Invalid { reason: more, .. })) = (blocked, never) {
            // Submitted when it could be paid for.
            let text = format!("it can never be paid for: {more}; `ztm quota set` or `ztm quota grant` allow more");
            why.reasons.push(reason(Code::from(blocked), text, money(&account, job.cost), None));
        } else if matches!(account.standing, Standing::Capped | Standing::Parked(_)) {
            let held = standing_reason(&account, Some(job));
            why.expected_at = held.until;
            why.expected_because = held.until.map(|_| held.text.clone());
            why.reasons.push(held);
        }
        if queue.capacity > 0 && queue.leases >= u64::from(queue.capacity) {
            let numbers = vec![compared("slots taken", queue.leases, queue.capacity)];
            why.reasons.push(reason(Code::Capacity, "all slots are taken", numbers, queue.next_lease));
            if why.expected_at.is_none() {
                why.expected_at = queue.next_lease;
                why.expected_because =
                    queue.next_lease.map(|_| "the first lease lapses then unless it is renewed".to_owned());
            }
        }
        if let Some(place) = place {
            if place.ahead_in_tenant > 0 {
                // What the tenant waits for is the first one's.
                (why.expected_at, why.expected_because) = (None, None);
                let numbers = vec![compared("jobs of the tenant before it", place.ahead_in_tenant, 0)];
                why.reasons.push(reason(Code::TenantOrder, "other jobs of its tenant are before it", numbers, None));
            }
            if place.tenants_ahead > 0 && place.tenant.standing == Standing::Ready {
                let first = queue.ready.first().map(|first| format!(", `{}` first", first.tenant)).unwrap_or_default();
                let numbers = vec![
                    compared("tenants before its own", place.tenants_ahead, 0),
                    compared("start tag", place.tenant.tag, queue.clock),
                    compared("weight", place.tenant.weight, queue.active_weight),
                ];
                why.reasons.push(reason(
                    Code::FairOrder,
                    format!("other tenants are before its own{first}"),
                    numbers,
                    None,
                ));
            }
        }
        why.reasons.extend(self.why_no_room(job.id.tenant(), &account).await?);
        if let Some(untaken) = self.jobs_untaken(queue.leases) {
            why.reasons.push(reason(Code::Capacity, untaken, vec![compared("workers that ask for jobs", 0, 1)], None));
        }
        if why.reasons.is_empty() {
            why.reasons.push(reason(
                Code::Admitted,
                "nothing holds it back; it starts as soon as a worker that has nothing to do asks",
                Vec::new(),
                None,
            ));
        }
        Ok(())
    }
}

/// What decides when an agent is stopped for idleness, and when that is unless something comes; of one that has work, or may
/// have, nobody knows.
fn idleness(work: &Work, now: Timestamp) -> (Vec<Compared>, Option<Timestamp>) {
    let unread = || "unknown, which counts as work".to_owned();
    let count = |count: Option<u64>| count.map_or_else(unread, |count| count.to_string());
    let busy = work.agent.as_ref().map(|agent| agent.busy);
    let counts = [
        ("messages that wait", work.pending),
        ("its jobs that run", work.leases.map(u64::from)),
        ("turns and sessions of its agent", busy.map(u64::from)),
    ];
    let mut numbers: Vec<Compared> = counts
        .into_iter()
        .filter(|(_, has)| *has != Some(0))
        .map(|(what, has)| compared(what, count(has), 0))
        .collect();
    if !numbers.is_empty() {
        return (numbers, None);
    }
    let (quiet, timeout) = (now.since(work.active_at()), work.idle_timeout);
    numbers.push(compared("seconds without work", quiet.as_secs(), timeout.as_secs()));
    let idle_at = match judge(work, now) {
        Verdict::Defer(at) => at,
        Verdict::Stop => now,
    };
    (numbers, Some(idle_at))
}

/// What holds the jobs of a capped or parked tenant back.
fn standing_reason(account: &Account, job: Option<&Job>) -> Reason {
    match account.standing {
        Standing::Capped => {
            let numbers = vec![compared("its jobs that run", account.running, account.quota.max_running)];
            reason(Code::TenantCap, "the tenant runs as many jobs as it may", numbers, None)
        }
        Standing::Parked(blocked) => {
            let needs = job.map_or_else(|| "the cost of its next job".to_owned(), |job| job.cost.to_string());
            let code = Code::from(blocked);
            reason(code, refusal(code), money(account, needs), blocked.until())
        }
        Standing::Idle | Standing::Ready => reason(Code::Admitted, "nothing holds it back", Vec::new(), None),
    }
}

/// What a refusal means, for people.
fn refusal(code: Code) -> &'static str {
    match code {
        Code::Credits => "too few credits are left, and they are being refilled",
        Code::CreditsExhausted => "too few credits are left, and no refill covers it: an operator's grant is needed",
        Code::BudgetExhausted => "what is left of the period's budget does not cover it",
        Code::FleetCeiling => "as many agents run as may",
        Code::Capacity => "all slots are taken",
        Code::TenantCap => "the tenant runs as many jobs as it may",
        Code::Suspended => "an operator suspended it",
        Code::FairOrder
        | Code::TenantOrder
        | Code::Scheduled
        | Code::Backoff
        | Code::LeaseLapsed
        | Code::Released
        | Code::Running
        | Code::Ended
        | Code::Terminated
        | Code::WakeFailed
        | Code::StoreBehind
        | Code::Admitted => "nothing holds it back",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::agent::AgentStatus;

    #[test]
    fn idleness_is_told_as_it_is_decided() {
        let seconds = |s: i64| Timestamp::from_micros(s * 1_000_000);
        let agent = AgentStatus {
            tenant: None,
            generation: None,
            pid: 1,
            agent_pid: None,
            ready: true,
            busy: 0,
            last_active_at: seconds(25),
            saved: None,
            agent_memory_bytes: None,
            agent_cpu_ms: None,
            memory_bytes: None,
        };
        let idle_timeout = Duration::from_secs(10);
        let (pending, leases) = (Some(0), Some(0));
        let quiet = Work { idle_timeout, last_active_at: seconds(3), pending, leases, agent: Some(agent.clone()) };
        // A session or a turn that only its agent knows of counts, as it does for the stop.
        assert_eq!(idleness(&quiet, seconds(30)), (vec![compared("seconds without work", 5, 10)], Some(seconds(35))));
        assert_eq!(idleness(&quiet, seconds(50)).1, Some(seconds(50)));
        let busy = Work { leases: Some(2), agent: Some(AgentStatus { busy: 1, ..agent }), ..quiet.clone() };
        let numbers = vec![compared("its jobs that run", 2, 0), compared("turns and sessions of its agent", 1, 0)];
        assert_eq!(idleness(&busy, seconds(50)), (numbers, None));
        let unread = Work { agent: None, ..quiet };
        let (numbers, until) = idleness(&unread, seconds(50));
        assert!(until.is_none() && numbers[0].has.starts_with("unknown"), "{numbers:?}");
    }
}
