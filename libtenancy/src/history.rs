//! What happened to tenants: created, woken, stopped, suspended, refused, deleted; and that a control plane began, took over
//! agents, ended.
//!
//! Owns when something is an event, and its way into the store ([`ports::journals`]), which is the one place where it is read
//! from: by the feed, by listings, and after a restart. Does not own who is told (`feed`).
//!
//! # Design notes
//! - Whoever writes a record tells what that was, whether anybody listens or not: it alone knows what was before, and when.
//! - A control plane writes events behind its work, in batches, and what waits is written at its end; a death may lose what
//!   happened in the last [`GATHER`]. Without a control plane the write is waited for.
//! - The same refusal of a tenant, again and again, is told once, until it was not said for
//!   [`REPEATED`](crate::admission::REPEATED): it would push out all else that is kept of it.
//!
//! [`ports::journals`]: crate::ports::journals

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    admission::{Ask, DecisionRecord},
    api::{WakeView, feed::EventLine},
    clock::Timestamp,
    error::Result,
    journal::on_one_line,
    operation::lock,
    ports::journals::{EVENTS_KEPT, Journals},
    tenancy::Tenancy,
    tenant::{Lifecycle, Status, StopReason, TenantId},
};

/// How long events gather before they are written.
const GATHER: Duration = Duration::from_millis(50);

/// Between two attempts to write them.
const AGAIN: Duration = Duration::from_secs(1);

/// Events that are written at once.
const BATCH: usize = 512;

/// Events that may wait for a store that is away; what happens beyond them is not told.
const WAITING: usize = 8_192;

/// Events that a listing may ask for.
pub const MAX_EVENTS: usize = 1_000;

/// Something that happened to a tenant.
pub(crate) fn event(at: Timestamp, id: &TenantId, what: &str, text: impl AsRef<str>) -> EventLine {
    let text = on_one_line(text.as_ref()).into_owned();
    EventLine { at, tenant: Some(id.to_string()), what: what.to_owned(), text, wake: None }
}

/// Something that happened to no tenant alone.
pub(crate) fn plane_event(at: Timestamp, what: &str, text: impl Into<String>) -> EventLine {
    EventLine { at, tenant: None, what: what.to_owned(), text: text.into(), wake: None }
}

/// A wake in a few words.
fn woken_text(wake: &WakeView) -> String {
    format!("{} wake in {:.0} ms", wake.kind, wake.phases.total_ms)
}

/// What a change of a lifecycle was; nothing if the tenant does what it did.
fn moved(id: &TenantId, old: &Status, new: &Lifecycle) -> Option<EventLine> {
    if old.label() == new.status.label() {
        return None;
    }
    let say = |what: &str, text: String| event(new.since, id, what, text);
    Some(match &new.status {
        Status::Provisioning => say("waking", "its agent is being started".to_owned()),
        Status::Running { .. } if matches!(old, Status::Stopping { .. }) => {
            say("woken", "its agent runs on: work came before it was stopped".to_owned())
        }
        Status::Running { .. } => {
            let wake = new.last_wake.as_ref().map(WakeView::from);
            let text = wake.as_ref().map_or("its agent runs".to_owned(), woken_text);
            EventLine { wake, ..say("woken", text) }
        }
        Status::Stopping { reason, .. } => say("stopping", reason.to_string()),
        Status::Idle { reason: None } => say("stopped", "no reason is known".to_owned()),
        Status::Idle { reason: Some(reason) } => {
            let what = match reason {
                StopReason::WakeFailed(_) => "failed",
                StopReason::Lost(_) => "lost",
                _ => "stopped",
            };
            say(what, reason.to_string())
        }
        Status::Terminated { .. } => say("deleting", "the tenant is being deleted".to_owned()),
    })
}

/// A refusal, as it is told.
fn refusal(record: &DecisionRecord) -> EventLine {
    let until = record.decision.until.map_or(String::new(), |until| format!(" until {until}"));
    let asked = match record.ask {
        Ask::Wake => "a wake",
        Ask::Turn(_) => "a message",
        Ask::Job(_) => "a job",
    };
    let text = format!("{asked} was refused: {}{until}", record.decision.code.word());
    event(record.decision.at, &record.tenant, "refused", text)
}

/// Events on their way into the store.
pub(crate) struct History {
    port: Arc<dyn Journals>,
    waiting: Mutex<VecDeque<EventLine>>,
    writing: tokio::sync::Mutex<()>,
    /// Whether somebody writes what waits.
    kept: AtomicBool,
    rung: Notify,
    /// Rung when something was written.
    pub(crate) written: Notify,
}

impl History {
    pub(crate) fn new(port: Arc<dyn Journals>) -> Self {
        Self {
            port,
            waiting: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            kept: AtomicBool::new(false),
            rung: Notify::new(),
            written: Notify::new(),
        }
    }

    /// Takes an event to be written soon.
    fn note(&self, event: EventLine) {
        let mut waiting = lock(&self.waiting);
        if waiting.len() < WAITING {
            waiting.push_back(event);
        }
        drop(waiting);
        self.rung.notify_one();
    }

    /// Writes what waits, in order. What could not be written waits on.
    async fn flush(&self) -> Result<()> {
        let _writing = self.writing.lock().await;
        loop {
            let batch: Vec<EventLine> = lock(&self.waiting).iter().take(BATCH).cloned().collect();
            if batch.is_empty() {
                return Ok(());
            }
            self.port.events_append(&batch).await?;
            lock(&self.waiting).drain(..batch.len());
            self.written.notify_one();
        }
    }
}

impl Tenancy {
    /// Tells what happened: to be written behind the work, or at once where no control plane runs on this handle. What the
    /// store does not take is no failure of what happened.
    pub(crate) async fn tell(&self, event: EventLine) {
        let history = &self.inner.history;
        history.note(event);
        if !history.kept.load(Ordering::Acquire)
            && let Err(error) = history.flush().await
        {
            tracing::debug!(error = error.chain(), "what happened is not written down");
        }
    }

    /// Tells what a write of a lifecycle was.
    pub(crate) async fn tell_moved(&self, id: &TenantId, old: &Status, new: &Lifecycle) {
        if let Some(event) = moved(id, old, new) {
            self.tell(event).await;
        }
    }

    /// Remembers a decision; tells of it if it is a refusal.
    pub(crate) fn decision_record(&self, record: DecisionRecord) {
        let told = refusal(&record);
        if self.inner.decisions.record(record) {
            self.inner.history.note(told);
        }
    }

    /// Writes down what happens, until `end` and then what happened before it.
    pub(crate) async fn history_keep(&self, end: CancellationToken) {
        let history = &self.inner.history;
        history.kept.store(true, Ordering::Release);
        let mut failed = false;
        loop {
            tokio::select! {
                () = history.rung.notified() => drop(tokio::time::timeout(GATHER, end.cancelled()).await),
                () = end.cancelled() => {}
            }
            let written = history.flush().await;
            if let Err(error) = &written
                && !failed
            {
                tracing::warn!(error = error.chain(), "what happens is not written down");
            }
            failed = written.is_err();
            if end.is_cancelled() {
                break;
            }
            if failed {
                let _ = tokio::time::timeout(AGAIN, end.cancelled()).await;
                history.rung.notify_one();
            }
        }
        history.kept.store(false, Ordering::Release);
    }

    /// The last events of a tenant, or of all, at most `limit`, in order of time: of a tenant at most [`EVENTS_KEPT`]. Of one
    /// that is gone, what is kept; `NotFound` where nothing is. Store errors.
    pub async fn event_list(&self, tenant: Option<&TenantId>, limit: usize) -> Result<Vec<EventLine>> {
        // What happened until now is told, if the store takes it.
        if let Err(error) = self.inner.history.flush().await {
            tracing::debug!(error = error.chain(), "what happened is not written down");
        }
        let limit = if tenant.is_some() { limit.min(EVENTS_KEPT) } else { limit };
        let mut events = self.drivers().journals.events_read(tenant, limit).await?.events;
        if let (Some(id), true) = (tenant, events.is_empty()) {
            self.tenant_get(id).await?;
        }
        events.sort_by_key(|event| event.at);
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::{Agent, Endpoint, Generation, WakePhases, WorkloadId};

    #[test]
    fn what_a_write_was_is_told_from_what_was_before() {
        let id: TenantId = "acme".parse().unwrap();
        let idle = |reason| Status::Idle { reason };
        let old = idle(None);
        let at = Timestamp::from_micros(7);
        let told = |old: &Status, status: Status| {
            let new = Lifecycle { status, since: at, ..Lifecycle::new(Timestamp::from_micros(1)) };
            moved(&id, old, &new).map(|event| {
                assert_eq!((event.at, event.tenant.as_deref()), (at, Some("acme")));
                format!("{}: {}", event.what, event.text)
            })
        };
        assert_eq!(told(&old, Status::Provisioning).unwrap(), "waking: its agent is being started");
        for (reason, text) in [
            (StopReason::Idle, "stopped: idle"),
            (StopReason::Lost("its pod was deleted".to_owned()), "lost: lost: its pod was deleted"),
            (StopReason::WakeFailed("it died:\na\nb\nc".to_owned()), "failed: wake failed: it died: [...] c"),
        ] {
            assert_eq!(told(&Status::Provisioning, idle(Some(reason))).unwrap(), text);
        }
        assert_eq!(
            told(&old, Status::Terminated { keep_state: true }).unwrap(),
            "deleting: the tenant is being deleted"
        );
        // A snapshot of what it does already is none of these.
        assert_eq!(told(&old, idle(Some(StopReason::Idle))), None);
    }

    #[test]
    fn a_wake_is_told_with_its_phases() {
        let id: TenantId = "acme".parse().unwrap();
        let agent = Agent {
            workload: WorkloadId("w".to_owned()),
            generation: Generation(1),
            endpoint: Endpoint::Unix("/run/a.sock".into()),
        };
        let mut new = Lifecycle::new(Timestamp::from_micros(1));
        new.status = Status::Running { agent };
        new.last_wake = Some(WakePhases { total: Duration::from_millis(12), ..WakePhases::default() });
        let event = moved(&id, &Status::Provisioning, &new).unwrap();
        assert_eq!((event.what.as_str(), event.text.as_str()), ("woken", "cold wake in 12 ms"));
        assert!(event.wake.is_some());
    }
}
