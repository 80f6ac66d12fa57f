//! A listing that goes on: what of it was shown, and what differs from that now.
//!
//! Owns when rows are asked for again, and which of them are news. Does not own what they look like.
//!
//! # Design notes
//! - The feed says *whose* something changed; what it is now, the listing says. So every row is as `list` shows it, and one
//!   that came and ended between two looks of the feed is told too, in its last state.
//! - What was there before somebody spoke (again) is told from the whole listing once the feed is whole: nothing is missed
//!   while nobody spoke, and nothing is told twice.
//! - What no word tells of (another control plane's doing, a word that was lost) is found by listing everything once a
//!   minute, or seldomer if that takes long.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use libtenancy::{Error, Result, clock::Stopwatch};

use super::{News, Watch};
use crate::{
    cli::listing::ListingArgs,
    client::Client,
    printer::{Printer, Rows},
    settings::Settings,
    view::ShowRows,
};

/// Between two questions while nobody answers.
const AWAY: Duration = Duration::from_millis(500);

/// Of how many tenants rows are asked for one by one; of more, everything is listed.
const ONE_BY_ONE: usize = 16;

/// Between two listings of everything: at least, and at most where something may come that no word tells of.
const AGAIN: Duration = Duration::from_secs(1);
const RESCAN: Duration = Duration::from_secs(60);

/// How much longer than a listing of everything took it rests, as the feed itself does.
const REST: u32 = 19;

/// What is listed.
pub(crate) trait Listing {
    /// The list that is printed.
    type List: ShowRows<Row = Self::Row>;
    /// A row of it.
    type Row: Clone + PartialEq;

    /// Everything there is, whatever it is like.
    async fn all(&self, client: &Client) -> Result<Vec<Self::Row>>;

    /// Everything of this tenant's, whatever it is like; nothing of it is missing.
    async fn of(&self, client: &Client, tenant: &str) -> Result<Vec<Self::Row>>;

    /// What these news say of the listing.
    fn heed(&self, news: &News) -> Heed;

    /// Whether it changes without a word, so that it is listed now and then.
    fn is_quiet(&self) -> bool;

    /// Whether a row is to be shown.
    fn holds(&self, row: &Self::Row) -> bool;

    /// The name of a row, and whose it is.
    fn name(row: &Self::Row) -> (String, String);

    /// What of a row is worth telling: rows that are the same in it are the same.
    fn told(row: &Self::Row) -> Self::Row;

    /// A row that is no more, as it is told; `None` if that is no news.
    fn gone(row: Self::Row) -> Option<Self::Row>;

    /// A list of these rows.
    fn list(rows: Vec<Self::Row>) -> Self::List;
}

/// What news say of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heed {
    /// Nothing.
    Nothing,
    /// Something of this tenant's may be another.
    Tenant(String),
    /// Anything may be another.
    Anything,
}

/// Whoever is asked, wherever it is now: while nobody answers, it is asked again.
pub(crate) struct Asked<'a> {
    settings: &'a Settings,
    client: Option<Client>,
}

impl<'a> Asked<'a> {
    /// Nobody yet.
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self { settings, client: None }
    }

    /// It may be another one by now.
    pub(crate) fn forget(&mut self) {
        self.client = None;
    }

    /// Asks until somebody answers.
    pub(crate) async fn ask<T>(&mut self, question: impl AsyncFn(&Client) -> Result<T>) -> Result<T> {
        loop {
            match self.once(&question).await {
                // It is away for a moment, perhaps for good: the watch waits for another.
                Err(Error::Unavailable { .. } | Error::OutcomeUnknown { .. } | Error::NeedsControlPlane { .. }) => {
                    self.forget();
                    tokio::time::sleep(AWAY).await;
                }
                answer => return answer,
            }
        }
    }

    async fn once<T>(&mut self, question: &impl AsyncFn(&Client) -> Result<T>) -> Result<T> {
        let client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(self.settings).await?,
        };
        question(self.client.insert(client)).await
    }
}

/// What was shown.
struct Shown<L: Listing> {
    /// By name: whose it is, and how it was when it was told.
    rows: BTreeMap<String, (String, L::Row)>,
}

impl<L: Listing> Shown<L> {
    fn new(rows: &[L::Row]) -> Self {
        let named = |row: &L::Row| {
            let (name, tenant) = L::name(row);
            (name, (tenant, row.clone()))
        };
        Self { rows: rows.iter().map(named).collect() }
    }

    /// What is new of these rows. What is no longer as it was asked for is told once, too.
    fn differences(&mut self, listing: &L, rows: Vec<L::Row>) -> Vec<L::Row> {
        let mut news = Vec::new();
        for row in rows {
            let (name, tenant) = L::name(&row);
            let holds = listing.holds(&row);
            let same = match self.rows.get(&name) {
                Some((_, known)) => L::told(known) == L::told(&row),
                None => !holds,
            };
            if same {
                continue;
            }
            if holds {
                self.rows.insert(name, (tenant, row.clone()));
            } else {
                self.rows.remove(&name);
            }
            news.push(row);
        }
        news
    }

    /// The rows, of one tenant or of all, that are not among these.
    fn missing(&self, rows: &[L::Row], of: Option<&str>) -> Vec<(String, String)> {
        let there: BTreeSet<String> = rows.iter().map(|row| L::name(row).0).collect();
        let within = |(name, (tenant, _)): &(&String, &(String, L::Row))| {
            of.is_none_or(|of| of == tenant) && !there.contains(*name)
        };
        self.rows.iter().filter(within).map(|(name, (tenant, _))| (name.clone(), tenant.clone())).collect()
    }

    /// Takes rows away that are no more; what is to be told of that.
    fn gone(&mut self, names: Vec<(String, String)>) -> Vec<L::Row> {
        names.into_iter().filter_map(|(name, _)| L::gone(self.rows.remove(&name)?.1)).collect()
    }
}

/// When everything is listed.
struct Pace {
    since: Stopwatch,
    took: Duration,
    /// Whether something may be another.
    owed: bool,
}

impl Pace {
    /// Whether everything is to be listed again, so long after it was.
    fn is_due(&self, passed: Duration, quiet: bool) -> bool {
        let rested = passed >= AGAIN.max(self.took * REST);
        rested && (self.owed || (quiet && passed >= RESCAN))
    }
}

/// Goes on from what `first` has, which was listed after `watch` began: prints that, then each row that is new, another than
/// before, or no more. Ends only with an error.
pub(crate) async fn follow<L: Listing>(
    mut watch: Watch<'_>,
    listing: &L,
    (first, args): (Vec<L::Row>, &ListingArgs),
    (settings, printer): (&Settings, &Printer),
) -> anyhow::Result<()> {
    let mut asked = Asked::new(settings);
    let mut shown = Shown::<L>::new(&first);
    let mut rows = Rows::begin(printer, L::list(first), args)?;
    let mut pace = Pace { since: Stopwatch::start(), took: Duration::ZERO, owed: false };
    let mut whole = false;
    loop {
        let mut tenants = BTreeSet::new();
        let mut at_once = false;
        for news in watch.next_ones().await? {
            match news {
                News::Anew => {
                    whole = false;
                    asked.forget();
                }
                // Whatever happened until it was.
                News::Whole => (whole, at_once) = (true, true),
                news => match listing.heed(&news) {
                    Heed::Nothing => {}
                    Heed::Tenant(tenant) => drop(tenants.insert(tenant)),
                    Heed::Anything => pace.owed = true,
                },
            }
        }
        if !whole {
            continue;
        }
        if at_once || tenants.len() > ONE_BY_ONE || pace.is_due(pace.since.elapsed(), listing.is_quiet()) {
            let watch = Stopwatch::start();
            let all = asked.ask(async |client| listing.all(client).await).await?;
            pace = Pace { since: Stopwatch::start(), took: watch.elapsed(), owed: false };
            // A listing of everything may miss one: its tenant's own says whether it is gone.
            tenants = shown.missing(&all, None).into_iter().map(|(_, tenant)| tenant).collect();
            rows.add(L::list(shown.differences(listing, all)))?;
        }
        for tenant in tenants {
            let own = asked.ask(async |client| listing.of(client, &tenant).await).await?;
            let missing = shown.missing(&own, Some(&tenant));
            let gone = shown.gone(missing);
            let news = shown.differences(listing, own).into_iter().chain(gone).collect();
            rows.add(L::list(news))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::job::list::Jobs;
    use libtenancy::api::jobs::JobView;

    fn job(id: &str, status: &str, until: Option<i64>) -> JobView {
        let at = libtenancy::clock::Timestamp::from_micros(0);
        JobView {
            job_id: id.to_owned(),
            tenant_id: id.split('.').next().unwrap().to_owned(),
            agent_id: "main".to_owned(),
            status: status.to_owned(),
            delay_reason: None,
            until: until.map(libtenancy::clock::Timestamp::from_micros),
            worker: None,
            cost_gpu_seconds: libtenancy::credits::MicroCredits(1),
            held_gpu_seconds: libtenancy::credits::MicroCredits(0),
            used_gpu_seconds: libtenancy::credits::MicroCredits(0),
            priority: 5,
            attempts: 1,
            max_attempts: 3,
            cancelling: false,
            submitted_at: at,
            ended_at: None,
            prompt: None,
            outcome: None,
        }
    }

    fn told(jobs: Vec<JobView>) -> Vec<String> {
        jobs.into_iter().map(|job| format!("{} {}", job.job_id, job.status)).collect()
    }

    #[test]
    fn only_what_differs_is_told_and_what_ceases_to_be_so_is_told_once() {
        let jobs = Jobs { tenant: None, status: Some("running".to_owned()) };
        let mut shown = Shown::<Jobs>::new(&[job("a.1", "running", Some(1))]);
        let mut differ = |rows| told(shown.differences(&jobs, rows));
        // A lease that is renewed is no news; what is not asked for is none either.
        assert_eq!(differ(vec![job("a.1", "running", Some(2)), job("a.2", "queued", None)]), [""; 0]);
        assert_eq!(differ(vec![job("a.2", "running", Some(3))]), ["a.2 running"]);
        assert_eq!(differ(vec![job("a.1", "succeeded", None)]), ["a.1 succeeded"]);
        assert_eq!(differ(vec![job("a.1", "succeeded", None)]), [""; 0]);
    }

    #[test]
    fn what_is_no_more_is_told_unless_it_had_ended() {
        let rows = [job("a.1", "running", None), job("a.2", "dead", None), job("b.1", "queued", None)];
        let mut shown = Shown::<Jobs>::new(&rows);
        assert_eq!(shown.missing(&rows[..1], Some("a")), [("a.2".to_owned(), "a".to_owned())]);
        let missing = shown.missing(&[], None);
        assert_eq!(missing.len(), 3);
        assert_eq!(told(shown.gone(missing)), ["a.1 deleted", "b.1 deleted"]);
        assert!(shown.missing(&[], None).is_empty());
    }

    #[test]
    fn everything_is_listed_seldomer_the_longer_that_takes() {
        let due = |owed, took, passed, quiet| {
            let (took, passed) = (Duration::from_secs(took), Duration::from_millis(passed));
            Pace { since: Stopwatch::start(), took, owed }.is_due(passed, quiet)
        };
        assert!(!due(true, 0, 999, true) && due(true, 0, 1_000, true));
        assert!(!due(true, 5, 94_000, true) && due(true, 5, 95_000, true));
        assert!(!due(false, 0, 59_000, true) && due(false, 0, 60_000, true) && !due(false, 0, 60_000, false));
    }
}
