//! Suspensions: a tenant that an operator, or want of budget, keeps from waking; when that begins, and what ends it.
//!
//! Owns the writes of `suspended` in a record. Does not own what a suspended tenant may do (`admission`, `wake`, `delivery`).
//!
//! # Steps, and what is left if the process dies
//! | after | what is left | who finishes it |
//! |---|---|---|
//! | an operator's suspension written | an agent that runs, and is given nothing | the reconciler stops it |
//! | a job called off that waited for credits | a suspension that nothing is the reason of | whoever looks at the tenant's deadline (`idle`), which was set before |

use std::time::Duration;

use crate::{
    admission::Suspension,
    error::{Error, Result},
    history::event,
    operation::lock,
    ports::{signals::Signal, tenants::SettingsPatch},
    quota::{MIN_COST, Standing},
    tenancy::Tenancy,
    tenant::{StopReason, Tenant, TenantId},
};

/// How soon after a job is called off it is looked at whether that was the end of a suspension.
pub(crate) const CALLED_OFF: Duration = Duration::from_secs(2);

/// The longest reason of an operator, in bytes.
const MAX_REASON: usize = 256;

impl Tenancy {
    /// Records that the tenant is out of budget, and since when, if it is. Jobs that cost more than what is left wait without.
    pub(crate) async fn suspension_note(&self, id: &TenantId) -> Result<()> {
        let _operation = self.inner.settings_operations.begin(id).await;
        let tenant = self.tenant_get(id).await?;
        if tenant.settings.suspended.is_some() {
            return Ok(());
        }
        let Some(suspension) = self.out_of_budget(&tenant).await? else { return Ok(()) };
        lock(&self.inner.broke).insert(id.clone());
        tracing::warn!(tenant = %id, reason = suspension.text, "suspended");
        self.suspension_write(id, Some(suspension)).await
    }

    /// The suspension of a tenant that cannot pay for a chat turn, or without a chat for anything, nor will by its refill; `None`
    /// if it can or will.
    pub(crate) async fn out_of_budget(&self, tenant: &Tenant) -> Result<Option<Suspension>> {
        let has_chat = tenant.settings.bot.is_some();
        let needed = if has_chat { self.inner.config.turn_hold } else { MIN_COST };
        let account = self.drivers().quotas.account_get(&tenant.id).await?;
        Ok(account.and_then(|account| match account.check(needed, self.now()) {
            Err(blocked) if blocked.suspends() => Some(Suspension::of(blocked, &account, needed)),
            _ => None,
        }))
    }

    /// What the tenant's chat is to be told of its suspension for want of budget, whoever noticed it; once a suspension.
    pub(crate) async fn suspension_tell(&self, id: &TenantId) -> Result<Option<String>> {
        let _operation = self.inner.settings_operations.begin(id).await;
        let suspension = self.tenant_get(id).await?.settings.suspended.as_deref().map(Suspension::parse);
        let Some(suspension) = suspension.filter(|suspension| !suspension.told && !suspension.by_operator()) else {
            return Ok(None);
        };
        let told = Suspension { told: true, ..suspension };
        self.suspension_write(id, Some(told.clone())).await?;
        Ok(Some(told.for_chat()))
    }

    /// A suspension for want of budget ends if it would not begin now. One by an operator stays.
    pub(crate) async fn suspension_lift(&self, id: &TenantId) -> Result<()> {
        self.suspension_lift_if(id, false).await
    }

    /// A suspension that a job brought about, and of which no chat knows, ends with the last job that waits for credits.
    /// Whether one waits still.
    pub(crate) async fn suspension_end(&self, id: &TenantId) -> Result<bool> {
        let suspended = self.tenant_get(id).await?.settings.suspended.as_deref().map(Suspension::parse);
        if suspended.is_none_or(|suspended| suspended.by_operator() || suspended.told) {
            return Ok(false);
        }
        let account = self.drivers().quotas.account_get(id).await?;
        let waits = account.is_some_and(|account| matches!(account.standing, Standing::Parked(_)));
        if !waits {
            self.suspension_lift_if(id, true).await?;
        }
        Ok(waits)
    }

    /// Stops the agent of a tenant that an operator suspended, soon: whoever suspended it may have died before that.
    pub(crate) fn suspended_stop_soon(&self, id: &TenantId) {
        let (tenancy, id) = (self.clone(), id.clone());
        self.inner.tasks.spawn(async move {
            let suspended = match tenancy.tenant_get(&id).await {
                Ok(tenant) => tenant.settings.suspended,
                Err(error) => {
                    return tracing::debug!(tenant = %id, error = error.chain(), "a suspended tenant not looked at");
                }
            };
            // It may have been resumed meanwhile.
            if suspended.is_some_and(|suspended| Suspension::parse(&suspended).by_operator())
                && let Err(error) = tenancy.tenant_stop(&id, StopReason::Operator).await
            {
                tracing::warn!(tenant = %id, error = error.chain(), "the agent of a suspended tenant not stopped");
            }
        });
    }

    /// Ends a suspension for want of credits or of a budget, as [`Tenancy::suspension_lift`] does; also without asking, if
    /// something of the tenant's was just paid for.
    pub(crate) async fn suspension_lift_if(&self, id: &TenantId, paid: bool) -> Result<()> {
        let operation = self.inner.settings_operations.begin(id).await;
        let tenant = self.tenant_get(id).await?;
        let suspended = tenant.settings.suspended.as_deref();
        if suspended.is_none_or(|suspended| Suspension::parse(suspended).by_operator()) {
            lock(&self.inner.broke).remove(id);
        } else if paid || self.out_of_budget(&tenant).await?.is_none() {
            lock(&self.inner.broke).remove(id);
            tracing::info!(tenant = %id, "resumed");
            self.suspension_write(id, None).await?;
        }
        drop(operation);
        self.resumed_tell(id);
        Ok(())
    }

    /// Suspends a tenant in an operator's name: its agent is stopped, and it wakes no more until [`Tenancy::tenant_resume`];
    /// its messages wait. A repeat changes the reason. `NotFound`; `Invalid` without a reason or if that reads as one of ours;
    /// `IllegalState` while it is being deleted.
    pub async fn tenant_suspend(&self, id: &TenantId, reason: &str) -> Result<Tenant> {
        self.require_live("suspending a tenant")?;
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > MAX_REASON || reason.chars().any(char::is_control) {
            return Err(Error::invalid("reason", format!("1 to {MAX_REASON} bytes on one line")));
        }
        if !Suspension::parse(reason).by_operator() {
            return Err(Error::invalid("reason", "it begins like a suspension for want of budget"));
        }
        let operation = self.inner.settings_operations.begin(id).await;
        self.tenant_kept(id).await?;
        lock(&self.inner.broke).remove(id);
        self.suspension_write(id, Some(Suspension::parse(reason))).await?;
        drop(operation);
        tracing::info!(tenant = %id, reason, "suspended by an operator");
        // Whoever dies here leaves a suspended tenant whose agent is given nothing: the reconciler stops it.
        self.tenant_stop(id, StopReason::Operator).await
    }

    /// Ends a suspension, whoever set it; what waits goes on. A tenant that is not suspended stays as it is. `NotFound`;
    /// `IllegalState` if it is one for want of budget and a message could still not be paid for.
    pub async fn tenant_resume(&self, id: &TenantId) -> Result<Tenant> {
        let operation = self.inner.settings_operations.begin(id).await;
        let tenant = self.tenant_get(id).await?;
        if let Some(suspended) = tenant.settings.suspended.as_deref().map(Suspension::parse) {
            if !suspended.by_operator()
                && let Some(Suspension { text: reason, .. }) = self.out_of_budget(&tenant).await?
            {
                return Err(Error::IllegalState { tenant: id.to_string(), status: "suspended", reason });
            }
            lock(&self.inner.broke).remove(id);
            self.suspension_write(id, None).await?;
            tracing::info!(tenant = %id, "resumed by an operator");
        }
        drop(operation);
        self.resumed_tell(id);
        self.tenant_get(id).await
    }

    /// Has what waits go on, whichever control plane delivers it.
    fn resumed_tell(&self, id: &TenantId) {
        self.delivery_signal(id);
        self.schedules_tell(id);
        if !self.drivers().workloads.workloads_are_local() {
            self.signal_soon(Signal::Update(id.clone()));
        }
    }

    /// Writes a suspension, or its end, and tells of it.
    async fn suspension_write(&self, id: &TenantId, suspension: Option<Suspension>) -> Result<()> {
        let told = match &suspension {
            // That its chat was told of it is no news.
            Some(suspension) if suspension.told => None,
            Some(suspension) => Some(("suspended", suspension.clone().shown())),
            None => Some(("resumed", "it may wake again".to_owned())),
        };
        let suspended = Some(suspension.map(|suspension| suspension.to_string()));
        let patch = SettingsPatch { suspended, ..Default::default() };
        self.drivers().tenants.tenant_configure(id, patch).await?;
        if let Some((what, text)) = told {
            self.tell(event(self.now(), id, what, text)).await;
        }
        Ok(())
    }
}
