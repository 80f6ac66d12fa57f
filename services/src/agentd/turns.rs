//! Turns, joined or replayed by (bot, update id).
//!
//! Owns which turns run and which replies are kept. A turn runs in a task of its own, so a caller that hangs up does not
//! end it. A reply is kept until [`MAX_KEPT`] later ones or [`MAX_KEPT_BYTES`] push it out; a failure is not kept, so
//! that a repeat tries again.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hyper::StatusCode;
use tokio::sync::watch;

/// Replies that are kept.
const MAX_KEPT: usize = 64;
/// Bytes of replies that are kept; the last reply is kept whatever its size.
const MAX_KEPT_BYTES: usize = 4 << 20;
/// Turns that may run at once.
const MAX_RUNNING: usize = 32;

/// A turn's name: bot and update id.
pub(super) type Key = (i64, i64);

/// Why a turn has no reply.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) reason: Arc<str>,
}

type Outcome = Result<Bytes, Failure>;

/// What became of a request for a turn.
pub(super) enum Begun {
    /// The kept reply.
    Replayed(Bytes),
    /// The turn was running already.
    Joined(Waiting),
    /// It was started.
    Ran(Waiting),
    /// Too many run.
    Full,
    /// It is not known, and none may be started.
    Closed,
}

/// A running turn, waited for.
pub(super) struct Waiting(watch::Receiver<Option<Outcome>>);

impl Waiting {
    /// Its outcome.
    pub(super) async fn outcome(mut self) -> Outcome {
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(|| Err(lost())),
            Err(_) => Err(lost()),
        }
    }
}

fn lost() -> Failure {
    Failure { status: StatusCode::BAD_GATEWAY, code: "agent_failed", reason: "the turn was interrupted".into() }
}

enum Entry {
    Running(watch::Receiver<Option<Outcome>>),
    Kept(Bytes),
}

#[derive(Default)]
struct Known {
    turns: HashMap<Key, Entry>,
    kept: VecDeque<Key>,
    kept_bytes: usize,
    running: usize,
}

/// The turns of one agent.
#[derive(Clone, Default)]
pub(super) struct Turns(Arc<Mutex<Known>>);

impl Turns {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replays or joins the turn `key`; starts it with `run` if it is new and `may_start`.
    pub(super) fn begin<F>(&self, key: Key, may_start: bool, run: impl FnOnce() -> F) -> Begun
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut known = self.known();
        match known.turns.get(&key) {
            Some(Entry::Kept(reply)) => return Begun::Replayed(reply.clone()),
            Some(Entry::Running(outcome)) => return Begun::Joined(Waiting(outcome.clone())),
            None if !may_start => return Begun::Closed,
            None if known.running >= MAX_RUNNING => return Begun::Full,
            None => {}
        }
        let (sender, receiver) = watch::channel(None);
        known.turns.insert(key, Entry::Running(receiver.clone()));
        known.running += 1;
        drop(known);
        let turn = run();
        let turns = self.clone();
        // It ends by itself (its time is limited) or with `agentd`.
        tokio::spawn(async move {
            let outcome = turn.await;
            turns.finish(key, &outcome);
            sender.send_replace(Some(outcome));
        });
        Begun::Ran(Waiting(receiver))
    }

    fn finish(&self, key: Key, outcome: &Outcome) {
        let mut known = self.known();
        known.running -= 1;
        let Ok(reply) = outcome else {
            known.turns.remove(&key);
            return;
        };
        known.turns.insert(key, Entry::Kept(reply.clone()));
        known.kept.push_back(key);
        known.kept_bytes += reply.len();
        while known.kept.len() > MAX_KEPT || (known.kept_bytes > MAX_KEPT_BYTES && known.kept.len() > 1) {
            let Some(oldest) = known.kept.pop_front() else { break };
            if let Some(Entry::Kept(reply)) = known.turns.remove(&oldest) {
                known.kept_bytes -= reply.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    fn text(text: &str) -> Bytes {
        Bytes::from(text.to_owned())
    }

    async fn run(turns: &Turns, key: Key, outcome: Outcome) -> Outcome {
        match turns.begin(key, true, || async { outcome }) {
            Begun::Ran(waiting) => waiting.outcome().await,
            _ => panic!("it should have run"),
        }
    }

    #[tokio::test]
    async fn a_repeat_joins_while_the_turn_runs_and_is_replayed_after() {
        let turns = Turns::default();
        let (go, wait) = oneshot::channel::<()>();
        let Begun::Ran(first) = turns.begin((1, 1), true, || async {
            wait.await.unwrap();
            Ok(text("once"))
        }) else {
            panic!("it should have run")
        };
        let Begun::Joined(second) = turns.begin((1, 1), false, || async { Ok(text("twice")) }) else {
            panic!("it should have joined")
        };
        drop(first);
        go.send(()).unwrap();
        assert_eq!(second.outcome().await.unwrap(), "once");
        assert!(
            matches!(turns.begin((1, 1), false, || async { Ok(text("twice")) }), Begun::Replayed(r) if r == "once")
        );
        assert!(
            matches!(turns.begin((2, 1), false, || async { Ok(text("x")) }), Begun::Closed),
            "another bot's is another"
        );
    }

    #[tokio::test]
    async fn a_failed_turn_is_run_anew() {
        let turns = Turns::default();
        assert!(run(&turns, (1, 1), Err(lost())).await.is_err());
        assert_eq!(run(&turns, (1, 1), Ok(text("now"))).await.unwrap(), "now");
    }

    #[tokio::test]
    async fn kept_replies_are_bounded_by_number_and_by_size() {
        let turns = Turns::default();
        for id in 0..100 {
            run(&turns, (1, id), Ok(text("x"))).await.unwrap();
        }
        assert_eq!(turns.known().turns.len(), MAX_KEPT);
        let big = "x".repeat(3 << 20);
        for id in 100..103 {
            run(&turns, (1, id), Ok(text(&big))).await.unwrap();
        }
        assert_eq!(turns.known().kept, [(1, 102)]);
        assert_eq!(turns.known().kept_bytes, 3 << 20);
    }

    #[tokio::test]
    async fn too_many_turns_at_once_are_refused() {
        let turns = Turns::default();
        for id in 0..i64::try_from(MAX_RUNNING).unwrap() {
            assert!(matches!(turns.begin((1, id), true, std::future::pending), Begun::Ran(_)));
        }
        assert!(matches!(turns.begin((1, 1000), true, std::future::pending), Begun::Full));
    }
}
