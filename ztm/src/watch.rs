//! What happens to the fleet, told as it happens and without a gap: `-w`, and whatever waits for something.
//!
//! Over the control plane's feed. When that is not heard any more it is asked for again until somebody interrupts; what is
//! told from the beginning then is compared with what was known, and only the differences are news. What happened meanwhile is
//! kept where it happened, and told with them.

pub(crate) mod listed;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use futures::{StreamExt, stream::BoxStream};
use libtenancy::{
    Error, Result,
    api::{
        feed::{Change, EventLine, Piece, TenantLine},
        jobs::JobView,
    },
};

use crate::{client, printer::Printer, settings::Settings};

/// Between two attempts to be told: at first, and at most.
const AGAIN: Duration = Duration::from_millis(500);
const AGAIN_MAX: Duration = Duration::from_secs(5);

/// How long nothing may be heard before the feed is taken for dead.
const SILENCE: Duration = Duration::from_secs(10);

/// Events that are remembered, to tell what is new from what is told again.
const EVENTS: usize = 1_000;

/// Something new.
#[derive(Debug, PartialEq)]
pub enum News {
    /// A tenant that is new, or another than before.
    Tenant(Box<TenantLine>),
    /// A tenant that is no more.
    Gone(String),
    /// Something happened.
    Event(EventLine),
    /// A job that is new, or another than before; those that are over are not told of.
    Job(Box<JobView>),
    /// A job that neither waits, runs nor is dead any more.
    JobOver(String),
    /// Something of this tenant's was written that is not in its line: a job, an update.
    Touched(String),
    /// The queue of some partition is another.
    Queue,
    /// Another number of updates is dead.
    Dead,
    /// Somebody speaks from the beginning: what follows is no news of its own until it is whole.
    Anew,
    /// What was there has been told.
    Whole,
}

/// What is known of the fleet, from which the news are told.
#[derive(Debug, Default)]
struct Known {
    tenants: BTreeMap<String, TenantLine>,
    jobs: BTreeMap<String, JobView>,
    events: VecDeque<EventLine>,
    /// Updates that are dead.
    dead: Option<u64>,
    /// All tenants as far as they have been told anew.
    anew: Option<BTreeMap<String, TenantLine>>,
}

impl Known {
    fn take(&mut self, change: Change, news: &mut VecDeque<News>) {
        match change {
            Change::Begin(_) => {
                self.anew = Some(BTreeMap::new());
                news.push_back(News::Anew);
            }
            Change::Tenants(lines) => {
                for line in lines {
                    if let Some(anew) = &mut self.anew {
                        anew.insert(line.id.clone(), line.clone());
                    }
                    let old = self.tenants.get(&line.id);
                    if old == Some(&line) {
                        if self.anew.is_none() {
                            news.push_back(News::Touched(line.id));
                        }
                        continue;
                    }
                    news.push_back(News::Tenant(Box::new(line.clone())));
                    self.tenants.insert(line.id.clone(), line);
                }
            }
            Change::Gone(ids) => {
                for id in ids {
                    if let Some(anew) = &mut self.anew {
                        anew.remove(&id);
                    }
                    if self.tenants.remove(&id).is_some() {
                        news.push_back(News::Gone(id));
                    }
                }
            }
            Change::Jobs(jobs) => {
                let now: BTreeMap<String, JobView> = jobs.into_iter().map(|job| (job.job_id.clone(), job)).collect();
                let over = self.jobs.keys().filter(|id| !now.contains_key(*id)).cloned().map(News::JobOver);
                news.extend(over);
                let fresh = now.iter().filter(|(id, job)| self.jobs.get(*id) != Some(job));
                news.extend(fresh.map(|(_, job)| News::Job(Box::new(job.clone()))));
                self.jobs = now;
            }
            Change::Events(events) => {
                for event in events {
                    self.event(event, news);
                }
            }
            Change::Ready => {
                if let Some(anew) = self.anew.take() {
                    let gone: Vec<String> = self.tenants.keys().filter(|id| !anew.contains_key(*id)).cloned().collect();
                    for id in gone {
                        self.tenants.remove(&id);
                        news.push_back(News::Gone(id));
                    }
                }
                news.push_back(News::Whole);
            }
            Change::Numbers(numbers) => {
                if self.dead.replace(numbers.dead_updates).is_some_and(|before| before != numbers.dead_updates) {
                    news.push_back(News::Dead);
                }
            }
            Change::Queue(_) => news.push_back(News::Queue),
            Change::Beat | Change::Nodes(_) | Change::Spend(_) | Change::Trouble(_) => {}
        }
    }

    fn event(&mut self, event: EventLine, news: &mut VecDeque<News>) {
        if self.events.contains(&event) {
            return;
        }
        self.events.push_back(event.clone());
        let surplus = self.events.len().saturating_sub(EVENTS);
        self.events.drain(..surplus);
        news.push_back(News::Event(event));
    }
}

/// See the module.
pub struct Watch<'a> {
    settings: &'a Settings,
    printer: &'a Printer,
    feed: BoxStream<'static, Result<Piece>>,
    known: Known,
    news: VecDeque<News>,
}

impl<'a> Watch<'a> {
    /// Listens. Whatever keeps it from that at the beginning is an error; what happens later is not.
    pub async fn begin(settings: &'a Settings, printer: &'a Printer) -> Result<Self> {
        let feed = client::feed_of(settings).await?;
        Ok(Self { settings, printer, feed, known: Known::default(), news: VecDeque::new() })
    }

    /// What is new; waits for it. Fails when it may not be told any more, not when nobody speaks.
    pub async fn next(&mut self) -> Result<News> {
        loop {
            if let Some(news) = self.news.pop_front() {
                return Ok(news);
            }
            let why = match tokio::time::timeout(SILENCE, self.feed.next()).await {
                Ok(Some(Ok(piece))) => {
                    if matches!(&piece.change, Change::Begin(begin) if !begin.live) {
                        self.printer.note(
                            "no control plane runs: this is what was written before; changes follow once one runs",
                        );
                    }
                    self.known.take(piece.change, &mut self.news);
                    continue;
                }
                Ok(Some(Err(error))) => error.chain(),
                Ok(None) => "the control plane ended the feed".to_owned(),
                Err(_) => format!("nothing was heard for {} s", SILENCE.as_secs()),
            };
            self.printer.note(&format!("{why}; connecting again"));
            self.again().await?;
        }
    }

    /// What is new, as much as was said at once; waits for it.
    pub async fn next_ones(&mut self) -> Result<Vec<News>> {
        let first = self.next().await?;
        Ok(std::iter::once(first).chain(self.news.drain(..)).collect())
    }

    async fn again(&mut self) -> Result<()> {
        let mut pause = AGAIN;
        loop {
            match client::feed_of(self.settings).await {
                Ok(feed) => {
                    self.feed = feed;
                    return Ok(());
                }
                Err(error @ (Error::Unauthenticated | Error::Forbidden { .. } | Error::Invalid { .. })) => {
                    return Err(error);
                }
                Err(_) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(AGAIN_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use libtenancy::{
        api::feed::{Begin, Numbers},
        clock::Timestamp,
    };

    use super::*;

    fn begin(started: i64) -> Change {
        Change::Begin(Begin { started_at: Timestamp::from_micros(started), ..Begin::default() })
    }

    fn event(id: &str, what: &str) -> EventLine {
        let at = Timestamp::from_micros(7);
        EventLine { at, tenant: Some(id.to_owned()), what: what.to_owned(), text: String::new(), wake: None }
    }

    fn line(id: &str, generation: u64, status: &str) -> TenantLine {
        serde_json::from_value(serde_json::json!({
            "id": id, "status": status, "generation": generation, "since": "2026-11-29T09:00:00Z",
            "last_active_at": "2026-11-29T09:00:00Z", "idle_timeout_s": 300,
        }))
        .unwrap()
    }

    fn news(known: &mut Known, changes: Vec<Change>) -> Vec<String> {
        let mut news = VecDeque::new();
        for change in changes {
            known.take(change, &mut news);
        }
        let told = |news| match news {
            News::Tenant(line) => format!("{} {}", line.id, line.status),
            News::Gone(id) => format!("{id} gone"),
            News::Event(event) => format!("{} was {}", event.tenant.unwrap_or_default(), event.what),
            News::Job(job) => job.job_id.clone(),
            News::JobOver(id) => format!("{id} over"),
            News::Touched(id) => format!("{id} touched"),
            News::Queue => "queue".to_owned(),
            News::Dead => "dead".to_owned(),
            News::Anew => "anew".to_owned(),
            News::Whole => "whole".to_owned(),
        };
        news.into_iter().map(told).collect()
    }

    #[test]
    fn what_is_told_again_is_no_news_and_what_happened_meanwhile_is() {
        let mut known = Known::default();
        let all = vec![line("a", 1, "idle"), line("b", 1, "running"), line("c", 1, "idle")];
        let first = vec![begin(1), Change::Events(vec![event("b", "woken")]), Change::Tenants(all), Change::Ready];
        assert_eq!(news(&mut known, first), ["anew", "b was woken", "a idle", "b running", "c idle", "whole"]);
        assert_eq!(news(&mut known, vec![Change::Tenants(vec![line("a", 2, "running")])]), ["a running"]);
        // The same one, heard again: nothing is new but what changed.
        let again = vec![line("a", 2, "running"), line("b", 1, "running"), line("c", 1, "idle")];
        assert_eq!(news(&mut known, vec![begin(1), Change::Tenants(again), Change::Ready]), ["anew", "whole"]);
        // What was written of one, that its line does not show.
        assert_eq!(news(&mut known, vec![Change::Tenants(vec![line("b", 1, "running")])]), ["b touched"]);
        // Another one, which reads what happened where it is kept.
        let other = vec![line("a", 3, "idle"), line("b", 1, "running"), line("d", 1, "idle")];
        let events = Change::Events(vec![event("b", "woken"), event("a", "stopped"), event("d", "created")]);
        assert_eq!(
            news(&mut known, vec![begin(2), events, Change::Tenants(other), Change::Ready]),
            ["anew", "a was stopped", "d was created", "a idle", "d idle", "c gone", "whole"]
        );
        let dead = |dead_updates| Change::Numbers(Numbers { dead_updates, ..Numbers::default() });
        assert_eq!(news(&mut known, vec![dead(1), dead(1), dead(2)]), ["dead"]);
    }
}
