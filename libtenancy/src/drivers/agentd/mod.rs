//! The control plane's end of what [`crate::agent`] describes, for every driver whose workloads are `agentd`s.
//!
//! Owns connections, proofs of identity, and what an answer means. Does not own where an `agentd` is, nor what becomes of it.

mod client;
pub mod socket;

use std::{fmt, time::Duration};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{Method, body::Incoming};
use hyper_util::rt::TokioIo;
use serde::Serialize;

use self::client::CallError;
pub(crate) use self::client::{Clients, Connection, Target, classify, json, parse, speak};
use crate::{
    agent::{AgentEvent, AgentStatus, Reply, SnapshotTaken, Stop, Stopped, Turn, path},
    api::ErrorBody,
    error::{Error, Result},
    exec::{self, Duplex},
    ports::workloads::TurnKey,
};

/// How long an agent may take to say how it is.
const STATUS_TIMEOUT: Duration = Duration::from_secs(2);

/// How long bringing back or saving a state may take, beside what is configured for the agent itself.
pub(crate) const STATE_TIMEOUT: Duration = Duration::from_mins(10);

/// The longest line of a watch, in bytes.
const MAX_LINE_BYTES: usize = 1 << 20;

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.endpoint())
    }
}

/// A call that changes something, and failed.
fn unanswered(error: CallError) -> Error {
    match error {
        CallError::NotSent(_) => Error::unavailable("agent", error),
        CallError::Broken(_) | CallError::Late(_) => Error::outcome_unknown("agent", error),
    }
}

impl Target {
    /// What the agent says of itself. Errors as of [`crate::ports::workloads::Workloads::agent_status`].
    pub(crate) async fn status(&self) -> Result<AgentStatus> {
        let answer = self.call(Method::GET, path::STATUS, None, Bytes::new(), STATUS_TIMEOUT).await;
        let text = classify(self.tenant(), answer.map_err(|error| Error::unavailable("agent", error))?)?;
        parse(self.tenant(), &text)
    }

    /// Runs, joins or replays a turn. Errors as of [`crate::ports::workloads::Workloads::agent_turn`].
    pub(crate) async fn turn(&self, key: TurnKey<'_>, turn: &Turn, timeout: Duration) -> Result<Reply> {
        let answer = self.call(Method::POST, path::TURN, Some(key), json(turn)?, timeout).await.map_err(unanswered)?;
        parse(self.tenant(), &classify(self.tenant(), answer)?)
    }

    /// Opens a session. Errors as of [`crate::ports::workloads::Workloads::agent_exec`].
    pub(crate) async fn exec(&self) -> Result<Box<dyn Duplex>> {
        let opened = self.upgrade(path::EXEC, exec::PROTOCOL, STATUS_TIMEOUT).await;
        match opened.map_err(|error| Error::unavailable("agent", error))? {
            Ok(session) => Ok(Box::new(TokioIo::new(session))),
            Err((_, text))
                if serde_json::from_slice::<ErrorBody>(&text).is_ok_and(|body| body.code == "overloaded") =>
            {
                let body: ErrorBody = parse(self.tenant(), &text)?;
                Err(Error::Overloaded { reason: body.error })
            }
            Err(answer) => Err(match classify(self.tenant(), answer) {
                Ok(_) => Error::unavailable("agent", "it answered without opening a session"),
                Err(error) => error,
            }),
        }
    }

    /// Saves the agent's state while it runs.
    pub(crate) async fn snapshot(&self) -> Result<Option<SnapshotTaken>> {
        self.ask(path::SNAPSHOT, &(), STATE_TIMEOUT).await
    }

    /// Drains, ends and saves the agent.
    pub(crate) async fn stop(&self, stop: &Stop, grace: Duration) -> Result<Stopped> {
        self.ask(path::STOP, stop, stop.drain + grace + STATE_TIMEOUT).await
    }

    /// A `POST` of one value, answered by another one.
    pub(crate) async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<T> {
        let answer = self.call(Method::POST, path, None, json(body)?, timeout).await.map_err(unanswered)?;
        parse(self.tenant(), &classify(self.tenant(), answer)?)
    }
}

/// The events of a watch, one by one; `None` at its end, or at something that is no event stream.
pub(crate) struct Events {
    body: Incoming,
    buffer: Vec<u8>,
}

impl Events {
    pub(crate) fn new(body: Incoming) -> Self {
        Self { body, buffer: Vec::new() }
    }

    pub(crate) async fn next(&mut self) -> Option<AgentEvent> {
        loop {
            while let Some(end) = self.buffer.iter().position(|&b| b == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                match serde_json::from_slice(&line) {
                    Ok(event) => return Some(event),
                    Err(error) => tracing::warn!("an event of an agent cannot be read: {error}"),
                }
            }
            if self.buffer.len() > MAX_LINE_BYTES {
                return None;
            }
            let Ok(frame) = self.body.frame().await? else { return None };
            if let Ok(data) = frame.into_data() {
                self.buffer.extend_from_slice(&data);
            }
        }
    }
}
