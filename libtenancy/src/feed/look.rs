//! One look at everything that is watched: what is read, how often, and what of it is said.

use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

use futures::StreamExt;

use super::{Hub, changes::Changed, image::EVENTS};
use crate::{
    api::{
        feed::{AccountLine, Change, Numbers, QueueLine, SpendNow, TenantLine},
        jobs::{JobOutcome, JobView},
        nodes::NodeList,
    },
    clock::Timestamp,
    credits::MicroCredits,
    error::{Error, Result},
    operation::lock,
    ports::{
        jobs::JobFilter,
        journals::{Cursor, EVENTS_READ},
        ledgers::RowFilter,
        tenants::Filter,
    },
    spend::By,
    tenancy::Tenancy,
    tenant::{Tenant, TenantId},
};

/// How often the queue is looked at.
const QUEUE: Duration = Duration::from_secs(1);

/// How often machines are asked for.
const MACHINES: Duration = Duration::from_secs(10);

/// How often what is spent and given up is added up.
const SUMS: Duration = Duration::from_secs(60);

/// How often every record is read again.
const RESCAN: Duration = Duration::from_secs(60);

/// How much longer than a reading took it rests: what costs what exists takes a twentieth of the time at most.
const REST: u32 = 19;

/// Records in a page of a scan, and accounts that are read in one look.
const PAGE: usize = 1_000;

/// Records that are read at once.
const AT_ONCE: usize = 16;

/// Jobs of each state that are shown.
const JOBS: usize = 100;

/// The states of jobs that are shown.
const SHOWN: [&str; 4] = ["running", "queued", "delayed", "dead"];

/// When something was read last, and how long that took.
#[derive(Default)]
struct Pace(Option<(Timestamp, Duration)>);

impl Pace {
    /// Whether it is to be read again after so long.
    fn is_due(&self, now: Timestamp, every: Duration) -> bool {
        self.0.is_none_or(|(ended, took)| now.since(ended) >= every.max(took * REST))
    }

    fn read(&mut self, began: Timestamp, ended: Timestamp) {
        self.0 = Some((ended, ended.since(began)));
    }
}

/// Where the one who looks is.
#[derive(Default)]
pub(super) struct Look {
    /// Up to where events were said.
    events: Option<Cursor>,
    /// Whether any record may have changed since they were read.
    scan: bool,
    scanned: Pace,
    queued: Pace,
    /// Whether the queue is another since jobs were listed.
    list: bool,
    listed: Pace,
    machines: Pace,
    sums: Pace,
    /// Spent in this month before today, with the day that today is.
    earlier: Option<(String, MicroCredits)>,
    /// What was spent this month when it was added up last.
    spent: Option<(Timestamp, MicroCredits)>,
    dead_updates: u64,
}

/// What reading every record came to.
struct Scan {
    /// Whether anything was said.
    said: bool,
    tenants: Vec<TenantId>,
}

impl Tenancy {
    /// Looks once; whether anything was said.
    pub(super) async fn feed_look(&self, look: &mut Look, changed: &Changed) -> Result<bool> {
        let feed = &self.inner.feed;
        let mut said = self.feed_events(look).await?;
        said |= self.feed_records(look, changed).await?;
        let now = self.now();
        if look.queued.is_due(now, QUEUE) {
            let queue: Vec<QueueLine> = self.queue_views().await?.iter().map(QueueLine::from).collect();
            look.queued.read(now, self.now());
            look.list |= feed.say(now, vec![Change::Queue(queue)]);
        }
        if look.list && look.listed.is_due(now, QUEUE) {
            let jobs = self.feed_jobs().await?;
            look.listed.read(now, self.now());
            look.list = false;
            said |= feed.say(now, vec![Change::Jobs(jobs)]);
        }
        let now = self.now();
        if look.machines.is_due(now, MACHINES) {
            let nodes = NodeList::new(self.fleet().await?, &self.inner.config.prices);
            look.machines.read(now, self.now());
            said |= feed.say(now, vec![Change::Nodes(nodes)]);
        }
        let now = self.now();
        if look.sums.is_due(now, SUMS) {
            look.dead_updates = self.drivers().inboxes.inbox_counts(None).await?.dead;
            let spend = self.feed_spend(look).await?;
            look.sums.read(now, self.now());
            said |= feed.say(now, vec![Change::Spend(spend)]);
        }
        said |= feed.say(now, vec![Change::Numbers(self.feed_numbers(look.dead_updates))]);
        Ok(said)
    }

    /// The records that changed, or all of them; and accounts that were never read.
    async fn feed_records(&self, look: &mut Look, changed: &Changed) -> Result<bool> {
        let (feed, now) = (&self.inner.feed, self.now());
        let mut said = false;
        look.scan |= changed.all;
        if look.scanned.is_due(now, if look.scan { Duration::ZERO } else { RESCAN }) {
            // What is marked from here on is read again: by the next look.
            let first = look.scanned.0.is_none();
            let all = self.feed_scan().await?;
            said |= all.said;
            if first {
                said |= self.feed_first(all.tenants).await?;
                said |= feed.say(now, vec![Change::Ready]);
            }
            look.scan = false;
            look.scanned.read(now, self.now());
        }
        let (changes, touched) = self.feed_read(changed.tenants.clone()).await?;
        said |= feed.say(self.now(), changes);
        // No news of theirs, but perhaps of their jobs and updates.
        feed.say(self.now(), vec![Change::Tenants(touched)]);
        Ok(said)
    }

    /// What happened since it was looked at last; at first the last of it.
    async fn feed_events(&self, look: &mut Look) -> Result<bool> {
        let journals = &self.drivers().journals;
        let mut said = false;
        loop {
            let read = match &look.events {
                None => journals.events_read(None, EVENTS).await?,
                Some(after) => journals.events_next(after).await?,
            };
            let more = look.events.is_some() && read.events.len() >= EVENTS_READ;
            look.events = Some(read.end);
            said |= self.inner.feed.say(self.now(), vec![Change::Events(read.events)]);
            if !more {
                return Ok(said);
            }
        }
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

    /// Reads every record.
    async fn feed_scan(&self) -> Result<Scan> {
        let (feed, mut after, mut said) = (&self.inner.feed, None, false);
        let mut tenants = Vec::new();
        let mut gone: BTreeSet<String> = lock(&feed.hub).as_ref().map_or_else(BTreeSet::new, |hub| hub.image.ids());
        loop {
            let page = self.drivers().tenants.tenant_list(&Filter::default(), after.as_ref(), PAGE).await?;
            for tenant in &page.items {
                gone.remove(tenant.id.as_str());
            }
            said |= feed.say(self.now(), self.feed_lines(&page.items));
            tenants.extend(page.items.into_iter().map(|tenant| tenant.id));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        // A listing may miss one that came a moment ago: the record itself says whether there is one.
        let doubtful = gone.into_iter().filter_map(|id| id.parse().ok()).collect();
        said |= feed.say(self.now(), self.feed_read(doubtful).await?.0);
        Ok(Scan { said, tenants })
    }

    /// Reads accounts, and the inboxes that have something, for the first time: what is read of them later is what changed.
    async fn feed_first(&self, tenants: Vec<TenantId>) -> Result<bool> {
        let mut said = false;
        for page in tenants.chunks(PAGE) {
            let lines = self.feed_accounts(page.iter().cloned().collect()).await?;
            said |= self.inner.feed.say(self.now(), lines);
        }
        let mut after = None;
        loop {
            let page = self.drivers().inboxes.tenants_pending(after.as_ref(), PAGE).await?;
            let (lines, _) = self.feed_read(page.iter().cloned().collect()).await?;
            said |= self.inner.feed.say(self.now(), lines);
            match page.last() {
                Some(last) if page.len() >= PAGE => after = Some(last.clone()),
                _ => return Ok(said),
            }
        }
    }

    /// Records as lines, with what is known of inboxes and accounts.
    fn feed_lines(&self, tenants: &[Tenant]) -> Vec<Change> {
        let hub = lock(&self.inner.feed.hub);
        let Some(Hub { image, .. }) = hub.as_ref() else { return Vec::new() };
        let mut lines = Vec::new();
        for tenant in tenants {
            let old = image.tenants.get(tenant.id.as_str());
            let mut line = TenantLine::from(tenant);
            if let Some(old) = old {
                (line.pending, line.account) = (old.pending, old.account.clone());
            }
            if old == Some(&line) {
                continue;
            }
            lines.push(line);
        }
        vec![Change::Tenants(lines)]
    }

    /// Reads these tenants with their inboxes and accounts: what changed, and those that are as they were.
    async fn feed_read(&self, ids: BTreeSet<TenantId>) -> Result<(Vec<Change>, Vec<TenantLine>)> {
        let drivers = self.drivers();
        let read = futures::stream::iter(ids).map(async |id| {
            let Some(tenant) = drivers.tenants.tenant_get(&id).await? else { return Ok((id, None)) };
            let pending = drivers.inboxes.pending_count(&id).await?;
            let account = drivers.quotas.account_get(&id).await?;
            Result::<_>::Ok((id, Some((tenant, pending, account))))
        });
        let read: Vec<Result<_>> = read.buffered(AT_ONCE).collect().await;
        let hub = lock(&self.inner.feed.hub);
        let Some(Hub { image, .. }) = hub.as_ref() else { return Ok((Vec::new(), Vec::new())) };
        let (mut lines, mut gone, mut touched) = (Vec::new(), Vec::new(), Vec::new());
        for one in read {
            let (id, found) = one?;
            let old = image.tenants.get(id.as_str());
            match found {
                Some((tenant, pending, account)) => {
                    let account = account.as_ref().map(AccountLine::from);
                    let line = TenantLine { pending, account, ..TenantLine::from(&tenant) };
                    if old == Some(&line) {
                        touched.push(line);
                    } else {
                        lines.push(line);
                    }
                }
                None if old.is_some() => gone.push(id.to_string()),
                None => {}
            }
        }
        Ok((vec![Change::Tenants(lines), Change::Gone(gone)], touched))
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
            let jobs = self.drivers().jobs.job_list(&filter, None, JOBS).await?;
            shown.extend(jobs.iter().map(|job| {
                let view = JobView::from(job);
                let outcome = JobOutcome { result: None, ..view.outcome.clone().unwrap_or_default() };
                JobView { outcome: Some(outcome), ..view.listed() }
            }));
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
            Result::<_>::Ok(self.spend_booked(By::Day, &filter).await?.total.spent)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_read_seldom() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let minute = Duration::from_secs(60);
        let mut pace = Pace::default();
        assert!(pace.is_due(at(0), minute));
        pace.read(at(0), at(1));
        assert!(!pace.is_due(at(60), minute) && pace.is_due(at(61), minute));
        assert!(!pace.is_due(at(19), Duration::ZERO) && pace.is_due(at(20), Duration::ZERO));
        pace.read(at(100), at(110));
        assert!(!pace.is_due(at(299), minute) && pace.is_due(at(300), minute));
    }
}
