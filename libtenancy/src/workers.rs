//! Who asks this control plane for jobs.
//!
//! Owns whether anybody does. Does not own what they are given (`work`) nor who executes it.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use crate::{clock::Timestamp, tenancy::Tenancy, work::MAX_WAIT};

/// Who asks for jobs here.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    waiting: AtomicUsize,
    /// Microseconds; 0: nobody ever did.
    asked: AtomicI64,
}

/// Since when nobody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    /// Nobody ever did.
    Ever,
    /// Somebody did then, and nobody since.
    Since(Timestamp),
}

/// One that asks.
pub(crate) struct Asks<'a>(&'a Workers);

impl Workers {
    /// Notes one that asks, until what is given is dropped.
    pub(crate) fn ask(&self, now: Timestamp) -> Asks<'_> {
        self.asked.fetch_max(now.as_micros(), Ordering::Relaxed);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Asks(self)
    }

    /// That nobody asks; `None` if somebody does, or did of late.
    fn silence(&self, now: Timestamp) -> Option<Silence> {
        let asked = self.asked.load(Ordering::Relaxed);
        let silence = if asked > 0 { Silence::Since(Timestamp::from_micros(asked)) } else { Silence::Ever };
        let lately = matches!(silence, Silence::Since(asked) if now.since(asked) < MAX_WAIT);
        (!lately && self.waiting.load(Ordering::Relaxed) == 0).then_some(silence)
    }
}

impl Drop for Asks<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tenancy {
    /// That nobody takes jobs, and since when; `None` if somebody does (so many leases hold), or where another control plane may
    /// be asked for them.
    pub(crate) fn jobs_untaken(&self, leases: u64) -> Option<String> {
        let alone = self.drivers().workloads.workloads_are_local() && self.inner.is_live.load(Ordering::Acquire);
        let silence = self.inner.workers.silence(self.now()).filter(|_| alone && leases == 0)?;
        let since = match silence {
            Silence::Since(asked) => format!("since {asked}"),
            Silence::Ever => format!("since the control plane began at {}", self.inner.started_at),
        };
        Some(format!("nobody takes jobs: no worker has asked for any {since}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_jobs_once_no_worker_asks_or_waits() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let workers = Workers::default();
        assert_eq!(workers.silence(at(500)), Some(Silence::Ever));
        let asks = workers.ask(at(500));
        // It waits, however long.
        assert_eq!(workers.silence(at(900)), None);
        drop(asks);
        assert_eq!(workers.silence(at(559)), None, "a moment ago");
        assert_eq!(workers.silence(at(560)), Some(Silence::Since(at(500))));
    }
}
