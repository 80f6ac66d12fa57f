//! The one way of every command to a control plane, wherever it is.
//!
//! [`Client::connect`] finds it: an orchestrator's URL if one is given, or the cluster it is in, else the control plane that runs on the state
//! directory (both over HTTP), else the store itself for what only reads or writes records. What needs a control plane
//! then is [`Error::NeedsControlPlane`].

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use libtenancy::{
    Error, Result,
    api::{
        CreateTenant, Deleted, InboxList, RegisterWebhook, StatusView, StopTenant, TenantList, TenantView,
        UpdateTenant, UpdateView, WebhookView, Woken,
        feed::{EventList, Piece},
    },
    drivers::kubernetes::Kubernetes,
    journal::Ask,
};

use crate::{
    discovery,
    settings::{Kind, Settings},
};

mod direct;
mod feed;
mod http;
mod path;
mod schedules;
mod session;
mod state;
mod work;

pub(crate) use direct::update_key;
pub use direct::{Direct, saw_nothing};
pub use feed::{Told, feed_of, journal_of};
pub use http::{Http, asked_as};
pub use state::Export;
pub(crate) use work::is_over;
pub use work::{Rows, Subject};

/// How many rows are asked for at once; every listing goes on until there are no more.
pub(crate) const PAGE: usize = 1_000;

/// A control plane, or its store.
pub enum Client {
    /// A control plane that answers over HTTP.
    Http(Http),
    /// The store of this machine, without a control plane.
    Direct(Direct),
}

impl Client {
    /// Finds the control plane that the settings mean. Nothing is asked of it yet.
    pub async fn connect(settings: &Settings) -> Result<Self> {
        if let (Some(server), Kind::Cluster) = (&settings.context.servers.kubernetes, settings.context.kind)
            && settings.orchestrator_url.is_none()
        {
            let tunnel = Kubernetes::open(server).await?.tunnel(&settings.context.account).await?;
            return Ok(Self::Http(Http::through(settings, tunnel)?));
        }
        let running = discovery::find(&settings.state_dir)?;
        let http = match (&settings.orchestrator_url, running) {
            (Some(url), running) => {
                // The token of the control plane of this machine is for that one only.
                let own = running.filter(|up| up.orchestrator.trim_end_matches('/') == url);
                let token_file = settings.token_file.clone().or(own.as_ref().map(|up| up.token_file.clone()));
                let router = settings.router_url.clone().or(own.and_then(|up| up.router));
                Http::new(settings, url, router, token_file.as_deref())?
            }
            (None, Some(up)) => {
                let token_file = settings.token_file.as_ref().unwrap_or(&up.token_file);
                let router = settings.router_url.clone().or(up.router);
                Http::new(settings, &up.orchestrator, router, Some(token_file))?
            }
            (None, None) => return Ok(Self::Direct(Direct::new(settings))),
        };
        Ok(Self::Http(http))
    }

    /// The control plane; `what` names the request in the error if there is none.
    pub fn plane(&self, what: &'static str) -> Result<&Http> {
        match self {
            Self::Http(http) => Ok(http),
            Self::Direct(_) => Err(Error::NeedsControlPlane { what }),
        }
    }

    /// Writes a new tenant. `AlreadyExists` if there is one of that id.
    pub async fn tenant_create(&self, new: CreateTenant) -> Result<TenantView> {
        match self {
            Self::Http(http) => http.tenant_create(&new).await,
            Self::Direct(direct) => direct.tenant_create(new).await,
        }
    }

    /// One tenant. `NotFound`.
    pub async fn tenant_get(&self, id: &str) -> Result<TenantView> {
        match self {
            Self::Http(http) => http.tenant_get(id).await,
            Self::Direct(direct) => direct.tenant_get(id).await,
        }
    }

    /// All tenants, or all of one status, in order of id.
    pub async fn tenant_list(&self, status: Option<&str>, labels: Option<&str>) -> Result<TenantList> {
        let mut tenants = Vec::new();
        let mut after = None;
        loop {
            let page = match self {
                Self::Http(http) => http.tenant_list(status, labels, after.as_deref(), PAGE).await?,
                Self::Direct(direct) => direct.tenant_list(status, labels, after.as_deref(), PAGE).await?,
            };
            tenants.extend(page.tenants);
            after = further(after.as_deref(), page.next)?;
            if after.is_none() {
                return Ok(TenantList { tenants, next: None });
            }
        }
    }

    /// Ids of tenants that begin so, at most about so many: what a person who types them is offered.
    pub async fn tenant_names(&self, prefix: &str, limit: usize) -> Result<Vec<String>> {
        // What begins with it follows it, and itself. A hyphen sorts before all that an id can have in its place.
        let after = Some(prefix.trim_end_matches('-')).filter(|after| !after.is_empty());
        let page = match self {
            Self::Http(http) => http.tenant_list(None, None, after, limit).await?,
            Self::Direct(direct) => direct.tenant_list(None, None, after, limit).await?,
        };
        let mut names: Vec<String> = page.tenants.into_iter().map(|tenant| tenant.tenant_id).collect();
        if let Some(itself) = after
            && itself == prefix
            && self.tenant_get(itself).await.is_ok()
        {
            names.insert(0, itself.to_owned());
        }
        Ok(names)
    }

    /// The labels of the first so many tenants, as a selector has them, each once.
    pub async fn tenant_labels(&self, limit: usize) -> Result<BTreeSet<String>> {
        let page = match self {
            Self::Http(http) => http.tenant_list(None, None, None, limit).await?,
            Self::Direct(direct) => direct.tenant_list(None, None, None, limit).await?,
        };
        let labels = page.tenants.iter().flat_map(|tenant| tenant.labels.iter());
        Ok(labels.map(|(name, value)| format!("{name}={value}")).collect())
    }

    /// Changes a tenant's settings. `NotFound`.
    pub async fn tenant_update(&self, id: &str, change: UpdateTenant) -> Result<TenantView> {
        match self {
            Self::Http(http) => http.tenant_update(id, &change).await,
            Self::Direct(direct) => direct.tenant_update(id, change).await,
        }
    }

    /// Deletes a tenant with everything it names. `NotFound`.
    pub async fn tenant_delete(&self, id: &str, keep_state: bool) -> Result<Deleted> {
        self.plane("deleting a tenant")?.tenant_delete(id, keep_state).await
    }

    /// Wakes a tenant and waits until its agent answers.
    pub async fn tenant_wake(&self, id: &str) -> Result<Woken> {
        self.plane("waking a tenant")?.tenant_wake(id).await
    }

    /// Stops a tenant's agent, and saves it unless it is ended by force.
    pub async fn tenant_stop(&self, id: &str, how: &StopTenant) -> Result<TenantView> {
        self.plane("stopping a tenant")?.tenant_stop(id, how).await
    }

    /// Suspends a tenant, for this reason.
    pub async fn tenant_suspend(&self, id: &str, reason: &str) -> Result<TenantView> {
        self.plane("suspending a tenant")?.tenant_suspend(id, reason).await
    }

    /// Ends a tenant's suspension.
    pub async fn tenant_resume(&self, id: &str) -> Result<TenantView> {
        self.plane("resuming a tenant")?.tenant_resume(id).await
    }

    /// The live feed, from its beginning.
    pub async fn feed(&self) -> Result<BoxStream<'static, Result<Piece>>> {
        match self {
            Self::Http(http) => http.feed().await,
            // Nobody could tell what happens where nothing is.
            Self::Direct(direct) if direct.is_nothing() => {
                Err(Error::NeedsControlPlane { what: "watching what happens" })
            }
            Self::Direct(direct) => Ok(direct.tenancy().await?.feed(None, true)?.map(Ok).boxed()),
        }
    }

    /// The last events of a tenant, or of all, oldest first. `NotFound` of one that never was.
    pub async fn event_list(&self, tenant: Option<&str>, limit: usize) -> Result<EventList> {
        match self {
            Self::Http(http) => http.event_list(tenant, limit).await,
            Self::Direct(direct) => {
                let tenant = tenant.map(str::parse).transpose()?;
                Ok(EventList { events: direct.tenancy().await?.event_list(tenant.as_ref(), limit).await? })
            }
        }
    }

    /// What was told of a tenant and by its agent, then, if it is followed, what is told.
    pub async fn tenant_journal(&self, id: &str, ask: Ask) -> Result<BoxStream<'static, Result<Told>>> {
        match self {
            Self::Http(http) => http.tenant_journal(id, ask).await,
            Self::Direct(direct) => {
                let told = direct.records().await?.tenant_journal(&id.parse()?, ask).await?;
                Ok(feed::with_beats(told))
            }
        }
    }

    /// The log of a tenant's agent: its last `tail` lines, then, if `follow`, what is added.
    pub async fn tenant_logs(
        &self,
        id: &str,
        tail: usize,
        follow: bool,
    ) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        match self {
            Self::Http(http) => http.tenant_logs(id, tail, follow).await,
            Self::Direct(direct) => direct.tenant_logs(id, tail, follow).await,
        }
    }

    /// The first updates of a tenant, of a stage, or of all, after `after`: a page.
    pub async fn update_page(
        &self,
        tenant: Option<&str>,
        stage: Option<&str>,
        after: Option<&str>,
    ) -> Result<InboxList> {
        match self {
            Self::Http(http) => http.update_list(tenant, stage, after, PAGE).await,
            Self::Direct(direct) => direct.update_list(tenant, stage, after, PAGE).await,
        }
    }

    /// All updates of a tenant, of a stage, or all there are.
    pub async fn update_list(&self, tenant: Option<&str>, stage: Option<&str>) -> Result<InboxList> {
        let mut updates: Vec<UpdateView> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.update_page(tenant, stage, after.as_deref()).await?;
            updates.extend(page.updates);
            after = further(after.as_deref(), page.next)?;
            if after.is_none() {
                return Ok(InboxList { updates, next: None });
            }
        }
    }

    /// Makes a dead or dropped update pending again. `NotFound`; `Conflict` in any other stage.
    pub async fn update_replay(&self, update: &str) -> Result<()> {
        match self {
            Self::Http(http) => http.update_replay(update).await,
            Self::Direct(direct) => direct.update_replay(update).await,
        }
    }

    /// Drops an update that is not handled. `NotFound`; `Conflict` if it is handled.
    pub async fn update_drop(&self, update: &str) -> Result<()> {
        match self {
            Self::Http(http) => http.update_drop(update).await,
            Self::Direct(direct) => direct.update_drop(update).await,
        }
    }

    /// Registers a tenant's webhook at Telegram.
    pub async fn webhook_register(&self, id: &str, base_url: Option<String>) -> Result<WebhookView> {
        self.plane("registering a webhook")?.webhook_register(id, &RegisterWebhook { base_url }).await
    }

    /// Removes a tenant's webhook from Telegram.
    pub async fn webhook_delete(&self, id: &str) -> Result<()> {
        self.plane("removing a webhook")?.webhook_delete(id).await
    }

    /// What Telegram knows of a tenant's webhook.
    pub async fn webhook_info(&self, id: &str) -> Result<WebhookView> {
        self.plane("asking Telegram about a webhook")?.webhook_info(id).await
    }

    /// The control plane in numbers.
    pub async fn status(&self) -> Result<StatusView> {
        self.plane("`ztm status`")?.status().await
    }
}

/// The next page's cursor; a server that repeats one would keep us for ever.
fn further(previous: Option<&str>, next: Option<String>) -> Result<Option<String>> {
    if next.is_some() && next.as_deref() == previous {
        return Err(Error::internal("the listing does not go on: its cursor was repeated"));
    }
    Ok(next)
}
