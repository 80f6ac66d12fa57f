//! Signals over a channel of Redis (`PUBLISH`, which a cluster passes on to all its nodes).
//!
//! A connection that says nothing may be dead without a word: one that heard nothing for [`QUIET`] is asked.

use std::time::Duration;

use ::redis::aio::{PubSubSink, PubSubStream};
use async_trait::async_trait;
use futures::StreamExt;

use super::{Redis, connection::PART};
use crate::{
    error::{Error, Result},
    ports::signals::{Listener, Signal, Signals},
};

/// How long a connection may say nothing before it is asked whether it lives.
const QUIET: Duration = Duration::from_secs(30);

/// How long it may take to answer that.
const ANSWER: Duration = Duration::from_secs(5);

#[async_trait]
impl Signals for Redis {
    async fn signal_send(&self, signal: &Signal) -> Result<()> {
        let mut command = ::redis::cmd("PUBLISH");
        command.arg(self.shared.keys.signals()).arg(signal.text());
        self.send(&command).await.map(drop)
    }

    async fn signal_listen(&self) -> Result<Box<dyn Listener>> {
        let mut connection = self.shared.link.subscriber().await?;
        connection.subscribe(self.shared.keys.signals()).await.map_err(super::repeatable)?;
        let (ask, heard) = connection.split();
        Ok(Box::new(Ear { ask, heard }))
    }
}

struct Ear {
    ask: PubSubSink,
    heard: PubSubStream,
}

#[async_trait]
impl Listener for Ear {
    async fn signal_next(&mut self) -> Result<Signal> {
        loop {
            match tokio::time::timeout(QUIET, self.heard.next()).await {
                Ok(Some(said)) => return Ok(Signal::parse(said.get_payload_bytes())),
                Ok(None) => return Err(Error::unavailable(PART, "the connection for signals broke")),
                Err(_quiet) => match tokio::time::timeout(ANSWER, self.ask.ping::<::redis::Value>()).await {
                    Ok(answer) => drop(answer.map_err(super::repeatable)?),
                    Err(_) => return Err(Error::unavailable(PART, "the connection for signals does not answer")),
                },
            }
        }
    }
}
