//! Operations one after the other on several lines at once, and what became of them.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use hdrhistogram::Histogram;
use libtenancy::{Error, Result, api::WakePhasesView, clock::Stopwatch};

use super::report::{Failure, Phase, Row};

/// After a failure a line rests so long: a control plane in trouble is not asked as fast as it refuses.
pub(super) const REST: Duration = Duration::from_millis(200);

/// Longer times count as this one, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// The digits of a time that are kept.
const DIGITS: u8 = 3;

/// When no other operation is begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    /// After this time.
    pub(super) time: Duration,
    /// After so many.
    pub(super) count: u64,
}

impl Limit {
    /// An equal part of it for each of `parts` that share it; a count is for each.
    pub(super) fn part(self, parts: u32) -> Self {
        Self { time: self.time / parts, ..self }
    }
}

/// The times of one thing, and its failures.
pub(super) struct Meter {
    name: &'static str,
    times: Histogram<u64>,
    phases: BTreeMap<&'static str, Histogram<u64>>,
    failures: BTreeMap<&'static str, (u64, String)>,
    /// How long it was measured.
    pub(super) busy: Duration,
}

fn histogram() -> Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, LONGEST, DIGITS).map_err(|e| Error::internal(format!("no histogram: {e}")))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(LONGEST)
}

fn milliseconds(micros: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "at most an hour of microseconds")]
    let micros = micros as f64;
    micros / 1e3
}

impl Meter {
    pub(super) fn new(name: &'static str) -> Result<Self> {
        let (phases, failures) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { name, times: histogram()?, phases, failures, busy: Duration::ZERO })
    }

    /// Notes what an operation took, or how it failed.
    pub(super) fn note<T>(&mut self, took: Duration, outcome: &Result<T>) {
        match outcome {
            Ok(_) => self.times.saturating_record(micros(took)),
            Err(error) => self.failures.entry(error.code()).or_insert_with(|| (0, error.chain())).0 += 1,
        }
    }

    /// Notes the phases of a wake.
    pub(super) fn phases(&mut self, wake: &WakePhasesView) -> Result<()> {
        let phases = [
            ("queue", wake.queue_ms),
            ("lock", wake.lock_ms),
            ("node", wake.node_ms),
            ("workload", wake.workload_ms),
            ("restore", wake.restore_ms),
            ("ready", wake.ready_ms),
            ("record", wake.record_ms),
        ];
        for (name, ms) in phases {
            let phase = match self.phases.entry(name) {
                std::collections::btree_map::Entry::Occupied(phase) => phase.into_mut(),
                std::collections::btree_map::Entry::Vacant(place) => place.insert(histogram()?),
            };
            let took = Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default();
            phase.saturating_record(micros(took));
        }
        Ok(())
    }

    /// Whether nothing came of it, good or bad.
    pub(super) fn is_empty(&self) -> bool {
        self.times.is_empty() && self.failures.is_empty()
    }

    /// The line of the report; `base` is the median that it is a multiple of, in milliseconds.
    pub(super) fn row(&self, base: Option<f64>) -> Row {
        let at = |share| (!self.times.is_empty()).then(|| milliseconds(self.times.value_at_quantile(share)));
        let p50 = at(0.5);
        #[expect(clippy::cast_precision_loss, reason = "a rate is shown with three digits")]
        let per_second = self.times.len() as f64 / self.busy.as_secs_f64();
        Row {
            measure: self.name.to_owned(),
            count: self.times.len(),
            errors: self.failures.values().map(|(count, _)| count).sum(),
            p50_ms: p50,
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: at(1.0),
            per_second: p50.is_some().then_some((per_second * 100.0).round() / 100.0),
            times_healthz: p50.zip(base).map(|(own, base)| (own / base * 100.0).round() / 100.0),
        }
    }

    /// The phases that took any time, in their order.
    pub(super) fn phase_lines(&self) -> Vec<Phase> {
        ["queue", "lock", "node", "workload", "restore", "ready", "record"]
            .into_iter()
            .filter_map(|name| Some((name, self.phases.get(name)?)))
            .map(|(name, times)| Phase {
                measure: self.name.to_owned(),
                phase: name.to_owned(),
                p50_ms: milliseconds(times.value_at_quantile(0.5)),
                p95_ms: milliseconds(times.value_at_quantile(0.95)),
            })
            .collect()
    }

    /// What went wrong, by kind.
    pub(super) fn failures(&self) -> Vec<Failure> {
        let line = |(code, (count, first)): (&&str, &(u64, String))| Failure {
            measure: self.name.to_owned(),
            code: (*code).to_owned(),
            count: *count,
            first: first.clone(),
        };
        self.failures.iter().map(line).collect()
    }
}

/// How operations are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// How many at once.
    pub(super) lines: usize,
    /// When it ends; each line has its turn, however short that is.
    pub(super) limit: Limit,
    /// How long one may take.
    pub(super) patience: Duration,
}

impl Load {
    /// Has `operation` done again and again; it is given the number of its line and its own.
    pub(super) async fn run(
        self,
        name: &'static str,
        operation: impl AsyncFn(usize, u64) -> Result<()>,
    ) -> Result<Meter> {
        let (meter, begun, watch) = (RefCell::new(Meter::new(name)?), Cell::new(0), Stopwatch::start());
        let line = async |number: usize| {
            let mut first = true;
            while begun.get() < self.limit.count && (first || watch.elapsed() < self.limit.time) {
                first = false;
                let own = begun.replace(begun.get() + 1);
                let took = Stopwatch::start();
                let outcome = self.within(name, operation(number, own)).await;
                meter.borrow_mut().note(took.elapsed(), &outcome);
                if outcome.is_err() {
                    tokio::time::sleep(REST).await;
                }
            }
        };
        futures::future::join_all((0..self.lines).map(&line)).await;
        let mut meter = meter.into_inner();
        meter.busy = watch.elapsed();
        Ok(meter)
    }

    /// What an operation came to, or `Timeout`.
    pub(super) async fn within<T>(&self, what: &str, operation: impl Future<Output = Result<T>>) -> Result<T> {
        let late = |_| Error::Timeout { what: what.to_owned(), after: self.patience };
        Box::pin(tokio::time::timeout(self.patience, operation)).await.map_err(late)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(lines: usize, time: Duration, count: u64) -> Load {
        Load { lines, limit: Limit { time, count }, patience: Duration::from_millis(50) }
    }

    #[tokio::test]
    async fn so_many_are_done_as_were_asked_for_on_so_many_lines() {
        let (now, most) = (Cell::new(0), Cell::new(0));
        let one = async |_: usize, _: u64| {
            now.set(now.get() + 1);
            most.set(now.get().max(most.get()));
            tokio::time::sleep(Duration::from_millis(2)).await;
            now.set(now.get() - 1);
            Ok(())
        };
        let meter = load(3, Duration::from_mins(1), 10).run("one", one).await.unwrap();
        let row = meter.row(Some(1.0));
        assert_eq!((row.count, row.errors, most.get()), (10, 0, 3));
        let (p50, max) = (row.p50_ms.unwrap(), row.max_ms.unwrap());
        assert!(p50 >= 2.0 && p50 <= max && row.times_healthz.unwrap() >= 2.0, "{row:?}");
        assert!(row.per_second.unwrap() > 0.0 && row.per_second.unwrap() <= 1_500.0, "{row:?}");
    }

    #[tokio::test]
    async fn what_fails_is_counted_by_its_kind_and_slowly_and_is_no_time() {
        let one = async |_: usize, own: u64| match own {
            0 => Err(Error::not_found("tenant", "first")),
            1 => Err(Error::not_found("tenant", "second")),
            _ => std::future::pending().await,
        };
        let meter = load(1, Duration::from_millis(500), u64::MAX).run("one", one).await.unwrap();
        let failures = meter.failures();
        let said: Vec<_> = failures.iter().map(|f| (f.code.as_str(), f.count, f.first.as_str())).collect();
        // Two that rest 200 ms each, and one that is given up after 50 ms: there is time for no more than two of these.
        assert!(matches!(said[1], ("timeout", 1..=2, "one did not finish within 50ms")), "{said:?}");
        assert_eq!(said[0], ("not_found", 2, "tenant `first` not found"));
        let row = meter.row(None);
        assert_eq!((row.count, row.p50_ms, row.per_second), (0, None, None));
    }

    #[tokio::test]
    async fn each_line_has_its_turn_however_short_the_time_is() {
        let meter = load(4, Duration::ZERO, u64::MAX).run("one", async |_, _| Ok(())).await.unwrap();
        assert_eq!(meter.row(None).count, 4);
    }
}
