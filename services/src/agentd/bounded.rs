//! The body of a request to the agent, up to a limit.
//!
//! # Design notes
//! What comes after the limit is read on for a moment and thrown away: a connection that is closed while its other end still
//! writes breaks there, and takes the refusal along unread.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// What is read on of a body that is refused, bytes, and for how long.
const LINGER_BYTES: usize = 8 << 20;
const LINGER: Duration = Duration::from_secs(5);

/// Why a body ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// It is longer than the limit.
    #[error("the body is too large")]
    TooLarge,
    /// Its sender is gone.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

/// See the module.
pub(super) struct Bounded {
    /// `None` once it was too large.
    body: Option<Incoming>,
    left: usize,
}

impl Bounded {
    /// At most `limit` bytes of `body`.
    pub(super) fn new(body: Incoming, limit: usize) -> Self {
        Self { body: Some(body), left: limit }
    }
}

/// Reads on what nobody wants, within bounds.
async fn linger(mut body: Incoming) {
    let mut left = LINGER_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
        left = rest;
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let Some(frame) = ready!(Pin::new(body).poll_frame(context)) else { return Poll::Ready(None) };
        let frame = frame?;
        if let Some(left) = self.left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
            self.left = left;
            return Poll::Ready(Some(Ok(frame)));
        }
        if let Some(body) = self.body.take() {
            tokio::spawn(tokio::time::timeout(LINGER, linger(body)));
        }
        Poll::Ready(Some(Err(BodyError::TooLarge)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}
