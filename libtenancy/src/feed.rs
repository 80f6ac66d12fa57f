//! The live feed: what an operator's screen shows, said once whole and then as differences.
//!
//! Owns what is looked at, when, and who is told. Does not own the wire ([`crate::api::feed`]).
//!
//! # Design notes
//! - One task looks for all who listen, and none looks while nobody does. It is rung by whatever this process writes
//!   (`changes`) and by the word of other control planes, and reads only those tenants again. What no word tells of (a tenant
//!   that another control plane made, a word that was lost) is found by reading every record again once a minute (`look`).
//! - What happened is read where it is written ([`crate::history`]): what was before anybody listened, and what other control
//!   planes told. A look reads what is new.
//! - Numbers, the queue and the machines have no word either: they are read on a period, and said where they differ.
//! - Whoever listens too slowly is told everything anew ([`Change::Begin`]), and holds up nobody.

mod changes;
mod image;
mod look;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use futures::{Stream, StreamExt, stream::BoxStream};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use self::{
    changes::{Changes, WatchedTenants},
    image::Image,
    look::Look,
};
use crate::{
    api::feed::{Begin, Change, Piece},
    clock::Timestamp,
    error::{Error, Result},
    operation::lock,
    ports::tenants::Tenants,
    tenancy::Tenancy,
    tenant::TenantId,
};

/// How long changes gather before they are looked at.
const GATHER: Duration = Duration::from_millis(200);

/// How often it is looked although nothing rang.
const TICK: Duration = Duration::from_secs(1);

/// Who may listen at once: each is told the whole fleet, which is held for it until it has read that.
const LISTENERS: usize = 64;

/// Pieces that wait for whoever listens slowly.
const WAITING: usize = 1_024;

/// What was said until now, and where the rest is heard.
type Joined = (Vec<Piece>, broadcast::Receiver<Arc<Piece>>);

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

    /// How many listen.
    fn listeners(&self) -> usize {
        lock(&self.hub).as_ref().map_or(0, |hub| hub.say.receiver_count())
    }

    /// Ends it if nobody listens.
    fn end_unheard(&self) -> bool {
        let mut hub = lock(&self.hub);
        let heard = hub.as_ref().is_some_and(|hub| hub.say.receiver_count() > 0);
        if !heard {
            *hub = None;
            self.changes.watch(false);
        }
        !heard
    }

    /// Everything until now, and whatever follows.
    fn join(&self, at: Timestamp) -> Option<Joined> {
        let hub = lock(&self.hub);
        hub.as_ref().map(|hub| (hub.image.pieces(at), hub.say.subscribe()))
    }
}

/// Everything, then what changes; everything anew for whoever was too slow. Ends when nobody is to wait any more.
fn listen(join: impl Fn() -> Joined + Send + 'static, ends: CancellationToken) -> impl Stream<Item = Piece> + Send {
    let (told, heard) = join();
    let state = (join, ends, VecDeque::from(told), heard);
    futures::stream::unfold(state, |(join, ends, mut told, mut heard)| async move {
        loop {
            if let Some(piece) = told.pop_front() {
                return Some((piece, (join, ends, told, heard)));
            }
            match ends.run_until_cancelled(heard.recv()).await? {
                Ok(piece) => return Some((Piece::clone(&piece), (join, ends, told, heard))),
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) => {
                    let (all, anew) = join();
                    (told, heard) = (all.into(), anew);
                }
            }
        }
    })
}

/// A piece as a listener may hear it.
fn for_listener(mut piece: Piece, role: Option<&str>, content: bool) -> Piece {
    match &mut piece.change {
        Change::Begin(begin) => begin.role = role.map(str::to_owned),
        Change::Jobs(jobs) if !content => jobs.iter_mut().for_each(|job| (job.prompt, job.outcome) = (None, None)),
        _ => {}
    }
    piece
}

impl Tenancy {
    /// The feed, for a listener of this role: everything, then what changes, until nobody is to wait any more. What agents said
    /// is in it only if the listener may read that. `Overloaded` if [`LISTENERS`] listen already.
    pub fn feed(&self, role: Option<&str>, content: bool) -> Result<BoxStream<'static, Piece>> {
        if self.inner.feed.listeners() >= LISTENERS {
            return Err(Error::Overloaded { reason: format!("{LISTENERS} listen to the feed already") });
        }
        let tenancy = self.clone();
        let role = role.map(str::to_owned);
        let pieces = listen(move || tenancy.feed_join(), self.inner.waits_end.clone());
        Ok(pieces.map(move |piece| for_listener(piece, role.as_deref(), content)).boxed())
    }

    /// Notes that something of this tenant's changed.
    pub(crate) fn feed_mark(&self, id: &TenantId) {
        self.inner.feed.changes.mark(Some(id));
    }

    /// Notes that any record may have changed.
    pub(crate) fn feed_mark_all(&self) {
        self.inner.feed.changes.mark(None);
    }

    fn feed_join(&self) -> Joined {
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
            feed.changes.watch(true);
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
        let feed = &self.inner.feed;
        let mut look = Look::default();
        let mut troubled = false;
        loop {
            let changed = feed.changes.take();
            match self.feed_look(&mut look, &changed).await {
                Ok(true) if !troubled => {}
                Ok(_) => {
                    feed.say(self.now(), vec![Change::Beat]);
                    troubled = false;
                }
                Err(error) => {
                    feed.changes.put_back(changed);
                    feed.say(self.now(), vec![Change::Trouble(error.chain())]);
                    troubled = true;
                }
            }
            if feed.end_unheard() {
                return;
            }
            let rung = async {
                tokio::select! {
                    () = feed.changes.rung.notified() => {}
                    () = self.inner.history.written.notified() => {}
                }
                tokio::time::sleep(GATHER).await;
            };
            let _ = tokio::time::timeout(TICK, rung).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::feed::EventLine;

    fn event(text: &str) -> Change {
        let (tenant, wake) = (None, None);
        let at = Timestamp::from_micros(0);
        Change::Events(vec![EventLine { at, tenant, what: "refused".to_owned(), text: text.to_owned(), wake }])
    }

    #[tokio::test]
    async fn whoever_listens_too_slowly_is_told_everything_anew_and_holds_up_nobody() {
        let at = Timestamp::from_micros(0);
        let feed = Arc::new(Feed::default());
        let mut image = Image::default();
        image.take(&Change::Begin(Begin::default()));
        *lock(&feed.hub) = Some(Hub { image, say: broadcast::Sender::new(WAITING) });
        let joins = Arc::clone(&feed);
        let ends = CancellationToken::new();
        let mut slow = std::pin::pin!(listen(move || joins.join(at).unwrap(), ends.clone()));
        assert_eq!(slow.next().await.unwrap().change, Change::Begin(Begin::default()));
        for number in 0..3 * WAITING {
            assert!(feed.say(at, vec![event(&number.to_string())]));
        }
        // Not what it missed the first of, but everything, and what came last.
        assert_eq!(slow.next().await.unwrap().change, Change::Begin(Begin::default()));
        let Change::Events(events) = slow.next().await.unwrap().change else { panic!("no events") };
        assert_eq!(events.last().unwrap().text, (3 * WAITING - 1).to_string());
        assert!(feed.say(at, vec![event("more")]));
        assert_eq!(slow.next().await.unwrap().change, event("more"));
        ends.cancel();
        assert_eq!(slow.next().await, None);
    }

    #[test]
    fn what_an_agent_said_is_for_those_who_may_read_it() {
        let job = serde_json::json!({
            "job_id": "acme.01", "tenant_id": "acme", "agent_id": "main", "status": "dead", "cost_gpu_seconds": "1",
            "held_gpu_seconds": "0", "used_gpu_seconds": "0", "priority": 5, "attempts": 3, "max_attempts": 3,
            "cancelling": false, "submitted_at": "2026-11-29T09:00:00Z", "result": null,
            "error": "a secret of the chat", "prompt": "another of the caller",
        });
        let change = Change::Jobs(vec![serde_json::from_value(job).unwrap()]);
        let piece = Piece { at: Timestamp::from_micros(0), change };
        let heard = |content| serde_json::to_string(&for_listener(piece.clone(), Some("viewer"), content)).unwrap();
        for secret in ["a secret of the chat", "another of the caller"] {
            assert!(heard(true).contains(secret) && !heard(false).contains(secret), "{secret}");
        }
    }

    #[test]
    fn nothing_is_noted_while_nobody_watches() {
        let feed = Feed::default();
        let id: TenantId = "acme".parse().unwrap();
        feed.changes.mark(Some(&id));
        assert!(feed.changes.take().tenants.is_empty());
        feed.changes.watch(true);
        feed.changes.mark(Some(&id));
        let changed = feed.changes.take();
        assert_eq!(changed.tenants.len(), 1);
        // What could not be looked at is looked at again.
        feed.changes.put_back(changed);
        feed.changes.mark(None);
        let changed = feed.changes.take();
        assert!(changed.tenants.contains(&id) && changed.all);
        assert!(feed.end_unheard());
        feed.changes.mark(Some(&id));
        assert!(feed.changes.take().tenants.is_empty());
    }
}
