//! The live feed: what an operator's screen shows, said once whole and then as differences.
//!
//! Owns what is looked at, when, and who is told. Does not own the wire ([`crate::api::feed`]).
//!
//! # Design notes
//! - One task looks for all who listen, and none looks while nobody does. It is rung by whatever this process writes
//!   ([`WatchedTenants`] and [`Tenancy::feed_mark`]) and by the word of other control planes, and reads only those tenants
//!   again. What no word tells of (a tenant that another control plane made, a word that was lost) is found by reading every
//!   record again once a [`RESCAN`].
//! - Numbers, the queue and the machines have no word either: they are read on a period, and said where they differ.
//! - Whoever listens too slowly is told everything anew ([`Change::Begin`]), and holds up nobody.

mod image;

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use tokio::sync::{
    Notify,
    broadcast::{self, error::RecvError},
};

use self::image::Image;
use crate::{
    admission::DecisionRecord,
    api::{
        WakeRecord, WakeView,
        feed::{AccountLine, Begin, Change, EventLine, Numbers, Piece, QueueLine, SpendNow, TenantLine},
        jobs::JobView,
        nodes::NodeList,
    },
    clock::Timestamp,
    credits::MicroCredits,
    error::{Error, Result},
    operation::lock,
    ports::{
        jobs::JobFilter,
        ledgers::RowFilter,
        tenants::{Filter, Foreign, Page, SettingsPatch, Tenants},
    },
    spend::By,
    tenancy::Tenancy,
    tenant::{Generation, Lifecycle, Tenant, TenantId},
};

/// How long changes gather before they are looked at.
const GATHER: Duration = Duration::from_millis(200);

/// How often it is looked although nothing rang.
const TICK: Duration = Duration::from_secs(1);

/// How often machines are asked for.
const MACHINES: Duration = Duration::from_secs(10);

/// How often what is spent and given up is added up.
const SUMS: Duration = Duration::from_secs(60);

/// How often every record is read again.
const RESCAN: Duration = Duration::from_secs(60);

/// Pieces that wait for whoever listens slowly.
const WAITING: usize = 1_024;

/// Records in a page of a scan, and accounts that are read in one look.
const PAGE: usize = 1_000;

/// Records that are read at once.
const AT_ONCE: usize = 16;

/// Jobs of each state that are shown.
const JOBS: usize = 100;

/// The states of jobs that are shown.
const SHOWN: [&str; 4] = ["running", "queued", "delayed", "dead"];

/// What changed since it was looked at last.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    watched: AtomicBool,
    what: Mutex<Changed>,
    rung: Notify,
}

#[derive(Debug, Default)]
struct Changed {
    tenants: BTreeSet<TenantId>,
    /// Perhaps every record.
    all: bool,
}

impl Changes {
    /// Notes a change of this tenant's, or of any; nothing while nobody looks.
    fn mark(&self, tenant: Option<&TenantId>) {
        if !self.watched.load(Ordering::Relaxed) {
            return;
        }
        let mut what = lock(&self.what);
        match tenant {
            Some(tenant) => drop(what.tenants.insert(tenant.clone())),
            None => what.all = true,
        }
        drop(what);
        self.rung.notify_one();
    }

    fn take(&self) -> Changed {
        std::mem::take(&mut lock(&self.what))
    }
}

/// Who is told, and of what.
#[derive(Default)]
pub(crate) struct Feed {
    hub: Mutex<Option<Hub>>,
    changes: Arc<Changes>,
}

struct Hub {
    image: Image,
    say: broadcast::Sender<Arc<Piece>>,
}

impl Feed {
    /// The registry, with an eye on what is written to it.
    pub(crate) fn watch(&self, port: Arc<dyn Tenants>) -> Arc<dyn Tenants> {
        Arc::new(WatchedTenants { port, changes: Arc::clone(&self.changes) })
    }

    /// Says what is new of this; whether anything is.
    fn say(&self, at: Timestamp, changes: Vec<Change>) -> bool {
        let mut hub = lock(&self.hub);
        let Some(Hub { image, say }) = hub.as_mut() else { return false };
        let mut said = false;
        for change in changes {
            if image.take(&change) {
                said = true;
                // That nobody listens any more is found out at the end of the look.
                let _ = say.send(Arc::new(Piece { at, change }));
            }
        }
        said
    }

    /// Ends it if nobody listens.
    fn end_unheard(&self) -> bool {
        let mut hub = lock(&self.hub);
        let heard = hub.as_ref().is_some_and(|hub| hub.say.receiver_count() > 0);
        if !heard {
            *hub = None;
            self.changes.watched.store(false, Ordering::Relaxed);
            self.changes.take();
        }
        !heard
    }

    /// Everything until now, and whatever follows.
    fn join(&self, at: Timestamp) -> Option<(Vec<Piece>, broadcast::Receiver<Arc<Piece>>)> {
        let hub = lock(&self.hub);
        hub.as_ref().map(|hub| (hub.image.pieces(at), hub.say.subscribe()))
    }
}

/// Where the one who looks is.
struct Look {
    /// Refusals that were said.
    refused: u64,
    /// Accounts that are still to be read for the first time.
    accounts: VecDeque<TenantId>,
    scanned: Option<Timestamp>,
    machines: Option<Timestamp>,
    sums: Option<Timestamp>,
    /// Spent in this month before today, with the day that today is.
    earlier: Option<(String, MicroCredits)>,
    /// What was spent this month when it was added up last.
    spent: Option<(Timestamp, MicroCredits)>,
    dead_updates: u64,
    queue: Vec<QueueLine>,
}

impl Tenancy {
    /// The feed, for a listener of this role: everything, then what changes, until nobody is to wait any more.
    pub fn feed(&self, role: Option<&str>) -> BoxStream<'static, Piece> {
        let (told, heard) = self.feed_join();
        let role = role.map(str::to_owned);
        let state = (self.clone(), VecDeque::from(told), Some(heard));
        let pieces = futures::stream::unfold(state, |(tenancy, mut told, mut heard)| async move {
            loop {
                if let Some(piece) = told.pop_front() {
                    return Some((piece, (tenancy, told, heard)));
                }
                let next = tenancy.inner.waits_end.run_until_cancelled(heard.as_mut()?.recv()).await?;
                match next {
                    Ok(piece) => return Some((Piece::clone(&piece), (tenancy, told, heard))),
                    Err(RecvError::Closed) => return None,
                    Err(RecvError::Lagged(_)) => {
                        let (all, anew) = tenancy.feed_join();
                        (told, heard) = (all.into(), Some(anew));
                    }
                }
            }
        });
        pieces
            .map(move |mut piece| {
                if let Change::Begin(begin) = &mut piece.change {
                    begin.role.clone_from(&role);
                }
                piece
            })
            .boxed()
    }

    /// Notes that something of this tenant's changed.
    pub(crate) fn feed_mark(&self, id: &TenantId) {
        self.inner.feed.changes.mark(Some(id));
    }

    /// Notes that any record may have changed.
    pub(crate) fn feed_mark_all(&self) {
        self.inner.feed.changes.mark(None);
    }

    fn feed_join(&self) -> (Vec<Piece>, broadcast::Receiver<Arc<Piece>>) {
        let feed = &self.inner.feed;
        if let Some(joined) = feed.join(self.now()) {
            return joined;
        }
        let mut hub = lock(&feed.hub);
        let fresh = hub.is_none();
        let hub = hub.get_or_insert_with(|| {
            let mut image = Image::default();
            image.take(&Change::Begin(Begin {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                role: None,
                live: self.inner.is_live.load(Ordering::Acquire),
                started_at: self.inner.started_at,
                max_running: self.inner.config.max_running,
            }));
            Hub { image, say: broadcast::Sender::new(WAITING) }
        });
        let joined = (hub.image.pieces(self.now()), hub.say.subscribe());
        if fresh {
            feed.changes.watched.store(true, Ordering::Relaxed);
            let tenancy = self.clone();
            self.inner.tasks.spawn(async move {
                let shutdown = tenancy.inner.shutdown.clone();
                shutdown.run_until_cancelled(tenancy.feed_run()).await;
            });
        }
        joined
    }

    /// Looks and says, for as long as somebody listens.
    async fn feed_run(&self) {
        let changes = &self.inner.feed.changes;
        let mut look = Look {
            refused: self.inner.decisions.refused(),
            accounts: VecDeque::new(),
            scanned: None,
            machines: None,
            sums: None,
            earlier: None,
            spent: None,
            dead_updates: 0,
            queue: Vec::new(),
        };
        let feed = &self.inner.feed;
        // What was before anybody looked, as far as it is remembered.
        feed.say(self.now(), vec![Change::Events(self.feed_wakes())]);
        loop {
            match self.feed_look(&mut look).await {
                Ok(true) => {}
                Ok(false) => drop(feed.say(self.now(), vec![Change::Beat])),
                Err(error) => drop(feed.say(self.now(), vec![Change::Trouble(error.chain())])),
            }
            if feed.end_unheard() {
                return;
            }
            let rung = async {
                changes.rung.notified().await;
                tokio::time::sleep(GATHER).await;
            };
            let pause = if look.accounts.is_empty() { TICK } else { Duration::ZERO };
            let _ = tokio::time::timeout(pause, rung).await;
        }
    }

    /// Looks once; whether anything was said.
    async fn feed_look(&self, look: &mut Look) -> Result<bool> {
        let (feed, now) = (&self.inner.feed, self.now());
        let due = |last: Option<Timestamp>, every: Duration| last.is_none_or(|last| now.since(last) >= every);
        let changed = feed.changes.take();
        let mut said = false;
        if changed.all || due(look.scanned, RESCAN) {
            // What is marked from here on is read again.
            let first = look.scanned.is_none();
            said |= self.feed_scan(look, first).await?;
            look.scanned = Some(now);
            if first {
                said |= feed.say(now, vec![Change::Ready]);
            }
        }
        let lines = self.feed_read(changed.tenants).await?;
        said |= feed.say(self.now(), lines);
        let backlog: BTreeSet<TenantId> = look.accounts.drain(..look.accounts.len().min(PAGE)).collect();
        said |= feed.say(self.now(), self.feed_accounts(backlog).await?);

        let refused = self.inner.decisions.refused_since(look.refused);
        look.refused += refused.len() as u64;
        said |= feed.say(now, vec![Change::Events(refused.iter().map(refusal).collect())]);

        let queue: Vec<QueueLine> = self.queue_views().await?.iter().map(QueueLine::from).collect();
        if queue != look.queue || look.sums.is_none() {
            said |= feed.say(now, vec![Change::Queue(queue.clone()), Change::Jobs(self.feed_jobs().await?)]);
            look.queue = queue;
        }
        if due(look.machines, MACHINES) {
            let nodes = NodeList::new(self.fleet().await?, &self.inner.config.prices);
            said |= feed.say(now, vec![Change::Nodes(nodes)]);
            look.machines = Some(now);
        }
        if due(look.sums, SUMS) {
            look.dead_updates = self.drivers().inboxes.inbox_counts(None).await?.dead;
            said |= feed.say(now, vec![Change::Spend(self.feed_spend(look).await?)]);
            look.sums = Some(now);
        }
        said |= feed.say(now, vec![Change::Numbers(self.feed_numbers(look.dead_updates))]);
        Ok(said)
    }

    /// The last wakes of this control plane, as events.
    fn feed_wakes(&self) -> Vec<EventLine> {
        let woken = |record: &WakeRecord| EventLine {
            wake: Some(record.wake.clone()),
            ..event(record.at, &record.tenant_id, "woken", woken_text(&record.wake))
        };
        lock(&self.inner.wake_records).iter().map(woken).collect()
    }

    fn feed_numbers(&self, dead_updates: u64) -> Numbers {
        let warm = self.warm_status();
        Numbers {
            leader: self.inner.leading.load(Ordering::Relaxed),
            warm_ready: warm.ready,
            warm_target: warm.target,
            warm_trouble: warm.trouble,
            dead_updates,
            ledger: lock(&self.inner.ledger_state).view(),
            reconcile_errors: lock(&self.inner.last_reconcile).as_ref().map_or(Vec::new(), |last| last.errors.clone()),
        }
    }

    /// Reads every record; the first time, whose inboxes and accounts are to be read besides.
    async fn feed_scan(&self, look: &mut Look, first: bool) -> Result<bool> {
        let (feed, mut after, mut said) = (&self.inner.feed, None, false);
        let mut gone: BTreeSet<String> = lock(&feed.hub).as_ref().map_or_else(BTreeSet::new, |hub| hub.image.ids());
        loop {
            let page = self.drivers().tenants.tenant_list(&Filter::default(), after.as_ref(), PAGE).await?;
            for tenant in &page.items {
                gone.remove(tenant.id.as_str());
            }
            if first {
                look.accounts.extend(page.items.iter().map(|tenant| tenant.id.clone()));
            }
            said |= feed.say(self.now(), self.feed_lines(&page.items, !first));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        // A listing may miss one that came a moment ago: the record itself says whether there is one.
        let doubtful = gone.into_iter().filter_map(|id| id.parse().ok()).collect();
        said |= feed.say(self.now(), self.feed_read(doubtful).await?);
        if first {
            let mut after = None;
            loop {
                let page = self.drivers().inboxes.tenants_pending(after.as_ref(), PAGE).await?;
                for id in &page {
                    feed.changes.mark(Some(id));
                }
                match page.last() {
                    Some(last) if page.len() >= PAGE => after = Some(last.clone()),
                    _ => break,
                }
            }
        }
        Ok(said)
    }

    /// Records as lines, with what is known of inboxes and accounts; and, if `tell`, what happened to them.
    fn feed_lines(&self, tenants: &[Tenant], tell: bool) -> Vec<Change> {
        let hub = lock(&self.inner.feed.hub);
        let Some(Hub { image, .. }) = hub.as_ref() else { return Vec::new() };
        let (mut lines, mut events) = (Vec::new(), Vec::new());
        for tenant in tenants {
            let old = image.tenants.get(tenant.id.as_str());
            let mut line = TenantLine::from(tenant);
            if let Some(old) = old {
                (line.pending, line.account) = (old.pending, old.account.clone());
            }
            if old == Some(&line) {
                continue;
            }
            if tell {
                events.extend(happened(old, &line));
            }
            lines.push(line);
        }
        vec![Change::Tenants(lines), Change::Events(events)]
    }

    /// Reads these tenants with their inboxes and accounts.
    async fn feed_read(&self, ids: BTreeSet<TenantId>) -> Result<Vec<Change>> {
        let drivers = self.drivers();
        let read = futures::stream::iter(ids).map(async |id| {
            let Some(tenant) = drivers.tenants.tenant_get(&id).await? else { return Ok((id, None)) };
            let pending = drivers.inboxes.pending_count(&id).await?;
            let account = drivers.quotas.account_get(&id).await?;
            Result::<_>::Ok((id, Some((tenant, pending, account))))
        });
        let read: Vec<Result<_>> = read.buffered(AT_ONCE).collect().await;
        let now = self.now();
        let hub = lock(&self.inner.feed.hub);
        let Some(Hub { image, .. }) = hub.as_ref() else { return Ok(Vec::new()) };
        let (mut lines, mut gone, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for one in read {
            let (id, found) = one?;
            let old = image.tenants.get(id.as_str());
            match found {
                Some((tenant, pending, account)) => {
                    let account = account.as_ref().map(AccountLine::from);
                    let line = TenantLine { pending, account, ..TenantLine::from(&tenant) };
                    if old != Some(&line) {
                        events.extend(happened(old, &line));
                        lines.push(line);
                    }
                }
                None if old.is_some() => {
                    events.push(event(now, &id, "deleted", "the tenant is no more".to_owned()));
                    gone.push(id.to_string());
                }
                None => {}
            }
        }
        Ok(vec![Change::Tenants(lines), Change::Gone(gone), Change::Events(events)])
    }

    /// Reads accounts for the first time.
    async fn feed_accounts(&self, ids: BTreeSet<TenantId>) -> Result<Vec<Change>> {
        let read = futures::stream::iter(ids)
            .map(async |id| Result::<_>::Ok((self.drivers().quotas.account_get(&id).await?, id)));
        let read: Vec<Result<_>> = read.buffered(AT_ONCE).collect().await;
        let hub = lock(&self.inner.feed.hub);
        let Some(Hub { image, .. }) = hub.as_ref() else { return Ok(Vec::new()) };
        let mut lines = Vec::new();
        for one in read {
            let (account, id) = one?;
            if let (Some(account), Some(line)) = (account, image.tenants.get(id.as_str())) {
                lines.push(TenantLine { account: Some(AccountLine::from(&account)), ..line.clone() });
            }
        }
        Ok(vec![Change::Tenants(lines)])
    }

    async fn feed_jobs(&self) -> Result<Vec<JobView>> {
        let mut shown = Vec::new();
        for state in SHOWN {
            let filter = JobFilter { state: Some(state.to_owned()), ..JobFilter::default() };
            shown.extend(self.drivers().jobs.job_list(&filter, None, JOBS).await?.iter().map(JobView::from));
        }
        Ok(shown)
    }

    /// What is spent today and this month: of earlier days it is read once.
    async fn feed_spend(&self, look: &mut Look) -> Result<SpendNow> {
        let now = self.now();
        let day: String = now.to_string().chars().take(10).collect();
        let moment = |text: String| text.parse::<Timestamp>().map_err(|e| Error::internal(e.to_string()));
        let midnight = moment(format!("{day}T00:00:00Z"))?;
        let sum = async |from, to| {
            let filter = RowFilter { from: Some(from), to, ..RowFilter::default() };
            Result::<_>::Ok(self.spend_report(By::Day, &filter).await?.total.spent)
        };
        let earlier = match &look.earlier {
            Some((of, spent)) if *of == day => *spent,
            _ => sum(moment(format!("{}-01T00:00:00Z", &day[..7]))?, Some(midnight)).await?,
        };
        let today = sum(midnight, None).await?;
        let month = earlier + today;
        let per_hour = look.spent.filter(|(_, before)| *before <= month).and_then(|(at, before)| {
            let seconds = i64::try_from(now.since(at).as_secs()).ok().filter(|seconds| *seconds > 0)?;
            Some(MicroCredits((month.0 - before.0).saturating_mul(3_600) / seconds))
        });
        (look.earlier, look.spent) = (Some((day, earlier)), Some((now, month)));
        Ok(SpendNow { today, month, per_hour, price_micros_per_credit: self.inner.config.price_micros_per_credit })
    }
}

fn event(at: Timestamp, id: impl ToString, what: &str, text: String) -> EventLine {
    EventLine { at, tenant: Some(id.to_string()), what: what.to_owned(), text, wake: None }
}

fn woken_text(wake: &WakeView) -> String {
    format!("{} wake in {:.0} ms", wake.kind, wake.phases.total_ms)
}

fn refusal(record: &DecisionRecord) -> EventLine {
    let until = record.decision.until.map_or(String::new(), |until| format!(" until {until}"));
    let asked = match record.ask {
        crate::admission::Ask::Wake => "a wake",
        crate::admission::Ask::Turn(_) => "a message",
        crate::admission::Ask::Job(_) => "a job",
    };
    let text = format!("{asked} was refused: {}{until}", record.decision.code.word());
    event(record.decision.at, &record.tenant, "refused", text)
}

/// What happened to a tenant between two lines of it.
fn happened(old: Option<&TenantLine>, new: &TenantLine) -> Vec<EventLine> {
    let say = |what: &str, text: String| event(new.since, &new.id, what, text);
    let mut events = Vec::new();
    let Some(old) = old else { return vec![say("created", "a new tenant".to_owned())] };
    if old.generation != new.generation {
        let reason = new.stop_reason.as_deref().unwrap_or("no reason is known");
        match new.status.as_str() {
            "provisioning" => events.push(say("waking", "its agent is being started".to_owned())),
            "running" => {
                let how = new.last_wake.as_ref();
                let text = how.map_or("its agent runs".to_owned(), woken_text);
                events.push(EventLine { wake: new.last_wake.clone(), ..say("woken", text) });
            }
            "stopping" => events.push(say("stopping", reason.to_owned())),
            "idle" if reason.starts_with("wake failed") => events.push(say("failed", reason.to_owned())),
            "idle" if reason.starts_with("lost") => events.push(say("lost", reason.to_owned())),
            "idle" => events.push(say("stopped", reason.to_owned())),
            _ => events.push(say("deleting", "the tenant is being deleted".to_owned())),
        }
    }
    match (&old.suspended, &new.suspended) {
        (None, Some(why)) => events.push(say("suspended", why.clone())),
        (Some(_), None) => events.push(say("resumed", "it may wake again".to_owned())),
        _ => {}
    }
    events
}

/// The registry, with an eye on what is written to it.
struct WatchedTenants {
    port: Arc<dyn Tenants>,
    changes: Arc<Changes>,
}

impl WatchedTenants {
    /// Marks it whatever came of it: an error may have been a write all the same.
    fn written<T>(&self, id: &TenantId, result: T) -> T {
        self.changes.mark(Some(id));
        result
    }
}

#[async_trait]
impl Tenants for WatchedTenants {
    async fn tenant_create(&self, tenant: &Tenant) -> Result<()> {
        self.written(&tenant.id, self.port.tenant_create(tenant).await)
    }

    async fn tenant_get(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.port.tenant_get(id).await
    }

    async fn tenant_list(&self, filter: &Filter, after: Option<&TenantId>, limit: usize) -> Result<Page<Tenant>> {
        self.port.tenant_list(filter, after, limit).await
    }

    async fn tenant_transition(&self, id: &TenantId, expected: Generation, next: &Lifecycle) -> Result<()> {
        self.written(id, self.port.tenant_transition(id, expected, next).await)
    }

    async fn tenant_configure(&self, id: &TenantId, patch: SettingsPatch) -> Result<Tenant> {
        self.written(id, self.port.tenant_configure(id, patch).await)
    }

    async fn tenant_touch(&self, id: &TenantId, at: Timestamp) -> Result<()> {
        self.written(id, self.port.tenant_touch(id, at).await)
    }

    async fn tenant_remove(&self, id: &TenantId, expected: Generation) -> Result<()> {
        self.written(id, self.port.tenant_remove(id, expected).await)
    }

    async fn tenant_counts(&self) -> Result<std::collections::BTreeMap<String, u64>> {
        self.port.tenant_counts().await
    }

    async fn foreign_list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Foreign>> {
        self.port.foreign_list(after, limit).await
    }

    async fn foreign_remove(&self, id: &str) -> Result<()> {
        self.port.foreign_remove(id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: &str, generation: u64, reason: Option<&str>) -> TenantLine {
        TenantLine {
            id: "acme".to_owned(),
            status: status.to_owned(),
            suspended: None,
            generation,
            since: Timestamp::from_micros(7),
            stop_reason: reason.map(str::to_owned),
            last_active_at: Timestamp::from_micros(1),
            idle_timeout_s: 300,
            workload: None,
            pending: 0,
            account: None,
            snapshot: None,
            last_wake: None,
        }
    }

    #[test]
    fn what_happened_is_told_from_two_lines() {
        let idle = line("idle", 1, None);
        let words = |old: Option<&TenantLine>, new: &TenantLine| -> Vec<String> {
            happened(old, new).into_iter().map(|event| event.what).collect()
        };
        assert_eq!(words(None, &idle), ["created"]);
        for (status, reason, word) in [
            ("provisioning", None, "waking"),
            ("running", None, "woken"),
            ("stopping", Some("idle"), "stopping"),
            ("idle", Some("idle"), "stopped"),
            ("idle", Some("lost: its pod was deleted"), "lost"),
            ("idle", Some("wake failed: no image"), "failed"),
            ("terminated", None, "deleting"),
        ] {
            assert_eq!(words(Some(&idle), &line(status, 2, reason)), [word]);
        }
        assert_eq!(words(Some(&idle), &TenantLine { pending: 3, ..idle.clone() }), Vec::<String>::new());
        let suspended = TenantLine { suspended: Some("by hand".to_owned()), ..idle.clone() };
        assert_eq!(words(Some(&idle), &suspended), ["suspended"]);
        assert_eq!(words(Some(&suspended), &idle), ["resumed"]);
    }
}
