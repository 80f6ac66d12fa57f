//! Sessions: a command beside a tenant's agent, with its input and output carried to whoever asked for it.
//!
//! Owns what is said on an upgraded connection ([`PROTOCOL`]) and the operation that opens one. Does not own processes
//! (`services::agentd`) nor terminals (`ztm`).
//!
//! # On the wire
//! Frames in both directions: a byte that says of which kind, the length as four bytes (the first one the highest), and so many
//! bytes. The asking side says [`Frame::Start`] first, then input and sizes; the other side says output and, last,
//! [`Frame::Exit`]; output of no bytes says no more than that it is there. A connection that ends without an exit was broken. Who
//! hangs up has the command killed.
//!
//! # Design notes
//! - The agent is woken first, and `agentd` proves by key, tenant and generation that it is this tenant's: nobody's shell opens
//!   beside somebody else's agent.
//! - A session counts as work: an agent is not stopped for idleness while one is open.

use std::io;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tracing::Instrument;

use crate::{
    error::{Error, Result},
    tenancy::Tenancy,
    tenant::{Agent, TenantId},
};

/// The name of the protocol, in the header `Upgrade`.
pub const PROTOCOL: &str = "ztm-exec";

/// The header of the answer that names the workload whose session it is.
pub const WORKLOAD_HEADER: &str = "x-ztm-workload";

/// The longest frame, in bytes.
pub const MAX_FRAME: usize = 64 << 10;

/// A connection on which frames go both ways.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// The size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Lines.
    pub rows: u16,
    /// Characters in a line.
    pub columns: u16,
}

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The program and its arguments; at least the program.
    pub command: Vec<String>,
    /// A terminal of this size; without one, output and errors come apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<Size>,
    /// What kind of terminal it is (`TERM`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Run this.
    Start(Start),
    /// Input; none is its end.
    Input(Vec<u8>),
    /// The terminal has this size now.
    Resize(Size),
    /// Output.
    Output(Vec<u8>),
    /// What was written as errors.
    Errors(Vec<u8>),
    /// It ended with this status, or by a signal: 128 and the signal's number.
    Exit(i32),
    /// It could not be started; why.
    Refused(String),
}

impl Frame {
    fn kind(&self) -> u8 {
        match self {
            Self::Start(_) => 0,
            Self::Input(_) => 1,
            Self::Resize(_) => 2,
            Self::Output(_) => 3,
            Self::Errors(_) => 4,
            Self::Exit(_) => 5,
            Self::Refused(_) => 6,
        }
    }

    /// Says it. `InvalidInput` if it is longer than [`MAX_FRAME`].
    pub async fn write(&self, to: &mut (impl AsyncWrite + Unpin + ?Sized)) -> io::Result<()> {
        let json = |value: serde_json::Result<Vec<u8>>| value.map_err(io::Error::other);
        let body = match self {
            Self::Start(start) => json(serde_json::to_vec(start))?,
            Self::Resize(size) => json(serde_json::to_vec(size))?,
            Self::Input(bytes) | Self::Output(bytes) | Self::Errors(bytes) => bytes.clone(),
            Self::Exit(code) => code.to_be_bytes().to_vec(),
            Self::Refused(why) => why.clone().into_bytes(),
        };
        let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_FRAME);
        let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the frame is too long"))?;
        let mut message = Vec::with_capacity(5 + body.len());
        message.push(self.kind());
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(&body);
        to.write_all(&message).await?;
        to.flush().await
    }

    /// Hears the next one; `None` at an end between two. `InvalidData` if it is none; `UnexpectedEof` in the middle of one.
    ///
    /// Not to be cancelled: what was read of a frame would be lost.
    pub async fn read(from: &mut (impl AsyncRead + Unpin + ?Sized)) -> io::Result<Option<Self>> {
        let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let mut head = [0; 5];
        if from.read(&mut head[..1]).await? == 0 {
            return Ok(None);
        }
        from.read_exact(&mut head[1..]).await?;
        let [kind, length @ ..] = head;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > MAX_FRAME {
            return Err(wrong("a frame is too long"));
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).await?;
        Ok(Some(match kind {
            0 => Self::Start(serde_json::from_slice(&body).map_err(|e| wrong(&e.to_string()))?),
            1 => Self::Input(body),
            2 => Self::Resize(serde_json::from_slice(&body).map_err(|e| wrong(&e.to_string()))?),
            3 => Self::Output(body),
            4 => Self::Errors(body),
            5 => Self::Exit(i32::from_be_bytes(body.try_into().map_err(|_| wrong("a status has four bytes"))?)),
            6 => Self::Refused(String::from_utf8_lossy(&body).into_owned()),
            _ => return Err(wrong("a frame is of no kind that is known")),
        }))
    }
}

/// Whether an error says no more than that one side is gone.
fn hung_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof
    )
}

impl Tenancy {
    /// Wakes the tenant's agent if it sleeps, and opens a session beside it. Errors are those of
    /// [`Tenancy::tenant_wake`]; `Invalid` where agents of this kind take none; `Unavailable` if the agent is gone in this
    /// moment; `Overloaded` if it has too many.
    pub async fn tenant_exec(&self, id: &TenantId) -> Result<(Agent, Box<dyn Duplex>)> {
        let (agent, _) = self.tenant_wake(id).await?;
        let session = self.drivers().workloads.agent_exec(id, &agent).await?;
        self.activity_note(id).await;
        tracing::info!(tenant = %id, workload = %agent.workload, generation = %agent.generation, "a session is opened");
        Ok((agent, session))
    }

    /// Carries a session between whoever asked for it and the agent, until either hangs up or the control plane ends.
    pub fn session_carry<A: Duplex + 'static>(
        &self,
        id: TenantId,
        asks: impl Future<Output = Result<A>> + Send + 'static,
        mut agent: Box<dyn Duplex>,
    ) {
        let (ends, tenancy) = (self.inner.waits_end.clone(), self.clone());
        let carry = async move {
            let carried = async {
                let mut asks = asks.await?;
                match tokio::io::copy_bidirectional(&mut asks, &mut agent).await {
                    // Whoever has heard how the command ended hangs up: that is the end.
                    Err(error) if !hung_up(&error) => Err(Error::unavailable("agent", error)),
                    _ => Ok(()),
                }
            };
            match ends.run_until_cancelled(carried).await {
                Some(Ok(())) => tracing::info!(tenant = %id, "a session ended"),
                Some(Err(error)) => tracing::info!(tenant = %id, error = error.chain(), "a session broke"),
                None => tracing::info!(tenant = %id, "a session is cut off: the control plane ends"),
            }
            tenancy.activity_note(&id).await;
        };
        // What is told of its end is of the request that opened it.
        self.inner.tasks.spawn(carry.in_current_span());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_frame_comes_as_it_was_said() {
        let size = Size { rows: 24, columns: 80 };
        let start = Start { command: vec!["ls".to_owned()], terminal: Some(size), term: Some("xterm".to_owned()) };
        let frames = [
            Frame::Start(start),
            Frame::Input(vec![0, 255, 10]),
            Frame::Input(Vec::new()),
            Frame::Resize(size),
            Frame::Output(vec![7; MAX_FRAME]),
            Frame::Errors(b"no".to_vec()),
            Frame::Refused("it is not there".to_owned()),
            Frame::Exit(-1),
        ];
        let mut wire = Vec::new();
        for frame in &frames {
            frame.write(&mut wire).await.unwrap();
        }
        let mut heard = wire.as_slice();
        for frame in frames {
            assert_eq!(Frame::read(&mut heard).await.unwrap(), Some(frame));
        }
        assert_eq!(Frame::read(&mut heard).await.unwrap(), None);
        assert!(Frame::Output(vec![0; MAX_FRAME + 1]).write(&mut Vec::new()).await.is_err());
    }

    #[test]
    fn whoever_hangs_up_ends_a_session_and_whatever_else_goes_wrong_breaks_it() {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, InvalidData, StorageFull, UnexpectedEof};
        let ends = [BrokenPipe, ConnectionReset, UnexpectedEof, InvalidData, StorageFull];
        assert_eq!(ends.map(|kind| hung_up(&kind.into())), [true, true, true, false, false]);
    }

    #[tokio::test]
    async fn what_is_no_frame_is_refused_before_it_takes_memory() {
        for wire in [
            &[9, 0, 0, 0, 0][..],
            &[1, 255, 255, 255, 255, 1],
            &[0, 0, 0, 0, 1, b'{'],
            &[5, 0, 0, 0, 1, 1],
            &[1, 0, 0],
            &[1, 0, 0, 0, 9, 1],
        ] {
            assert!(Frame::read(&mut &*wire).await.is_err(), "{wire:?}");
        }
    }
}
