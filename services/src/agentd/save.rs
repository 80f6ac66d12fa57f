//! When snapshots are taken, and which one was the last.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
    time::Duration,
};

use libtenancy::{
    Error, Result,
    agent::{AgentEvent, Saved, SnapshotTaken},
    clock::{Clock, SystemClock},
    snapshot::{self, Fingerprint, Meta},
    tenant::{Generation, TenantId},
};
use tokio::sync::Mutex;

use super::bound::Agentd;

/// How often the log is looked at.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Takes one agent's snapshots, one at a time.
pub(super) struct Saver {
    state: PathBuf,
    out: PathBuf,
    tenant: TenantId,
    generation: Generation,
    clock: SystemClock,
    last: Mutex<Last>,
    /// Apart, so that nobody who asks waits for a snapshot under way.
    saved: std::sync::Mutex<Option<Saved>>,
}

struct Last {
    fingerprint: Option<Fingerprint>,
    taken: Option<SnapshotTaken>,
}

impl Saver {
    /// `fingerprint` is how the state looked when it was restored, if it was.
    pub(super) fn new(
        state: PathBuf,
        out: PathBuf,
        (tenant, generation): (TenantId, Generation),
        fingerprint: Option<Fingerprint>,
    ) -> Self {
        let clock = SystemClock::default();
        let saved = fingerprint.is_some().then(|| Saved { file: None, until: clock.now() });
        let last = Mutex::new(Last { fingerprint, taken: None });
        Self { state, out, tenant, generation, clock, last, saved: saved.into() }
    }

    /// Where the archives are.
    pub(super) fn archives(&self) -> &Path {
        &self.out
    }

    /// A snapshot, or `None` if nothing changed since the last one or the state is empty.
    pub(super) async fn save(&self) -> Result<Option<SnapshotTaken>> {
        let mut last = self.last.lock().await;
        let begun = self.clock.now();
        let meta = Meta { tenant: self.tenant.clone(), generation: self.generation, taken_at: begun };
        let (state, out, fingerprint) = (self.state.clone(), self.out.clone(), last.fingerprint.clone());
        let taken = tokio::task::spawn_blocking(move || snapshot::take(&state, &out, &meta, fingerprint.as_ref()))
            .await
            .map_err(|e| Error::internal(format!("a snapshot broke off: {e}")))??;
        let taken = taken.map(|taken| {
            last.fingerprint = taken.fingerprint;
            last.taken = Some(taken.snapshot.clone());
            taken.snapshot
        });
        if last.taken.is_some() || last.fingerprint.is_some() {
            let file = last.taken.as_ref().map(|taken| taken.file.clone());
            *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = Some(Saved { file, until: begun });
        }
        Ok(taken)
    }

    /// What of the state is in an archive; looks at nothing.
    pub(super) fn saved(&self) -> Option<Saved> {
        self.saved.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The last snapshot of a life: a new one, or, if nothing changed since, the last one again: nobody may have heard
    /// of it.
    pub(super) async fn save_last(&self) -> Result<Option<SnapshotTaken>> {
        Ok(match self.save().await? {
            Some(taken) => Some(taken),
            None => self.last_taken().await,
        })
    }

    /// The last snapshot of this life.
    pub(super) async fn last_taken(&self) -> Option<SnapshotTaken> {
        self.last.lock().await.taken.clone()
    }
}

/// Saves a changed state every interval, and tells the watchers; keeps the log within its bounds.
pub(super) async fn periodically(agentd: Arc<Agentd>) {
    let mut ticks = tokio::time::interval(agentd.snapshot_interval.max(Duration::from_millis(10)));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is at once. A death before its agent's last words were saved is no reason to put the next one's off:
    // together they would be at risk for longer than the interval.
    if !agentd.save_at_once {
        ticks.tick().await;
    }
    let mut log_ticks = tokio::time::interval(LOG_INTERVAL);
    log_ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = log_ticks.tick() => {
                if let Err(error) = super::bind::trim_log(&agentd.home) {
                    tracing::warn!("the log could not be trimmed: {error}");
                }
                continue;
            }
        }
        if !agentd.is_open() {
            return;
        }
        match agentd.saver.save().await {
            Ok(Some(taken)) => agentd.publish(&AgentEvent::Snapshot(taken)),
            Ok(None) => {}
            // The last good archive stays; the next interval tries again.
            Err(error) => tracing::warn!("no snapshot was taken: {}", error.chain()),
        }
    }
}
