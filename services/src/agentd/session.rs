//! Sessions: commands beside the agent, on a terminal or not, under the agent's limits and with what it sees.
//!
//! # Design notes
//! - The command starts through the same program in between as the agent ([`super::exec`]): same limits, same environment, in
//!   the agent's state directory, and it ends with `agentd`.
//! - A session is work for as long as it is open. Whoever hangs up, or falls silent in the middle of a word, has the command's
//!   whole group hung up and, a moment later, killed.

use std::{fs::File, io, os::fd::OwnedFd, process::Stdio, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
};
use hyper_util::rt::TokioIo;
use libtenancy::exec::{Frame, PROTOCOL, Size, Start};
use rustix::{
    process::{Pid, Signal, WaitStatus, kill_process_group},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, unix::AsyncFd},
    process::{ChildStderr, ChildStdin, ChildStdout},
    sync::{mpsc, watch},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    bound::Agentd,
    exec,
    reply::{self, Body},
};

/// Sessions at once.
pub(super) const MAX_SESSIONS: usize = 16;

/// How long whoever opened a session may take to say what to run.
const SAY: Duration = Duration::from_secs(10);

/// How long a command that is hung up may take to end by itself.
const HANG_UP: Duration = Duration::from_secs(2);

/// How long output is waited for that others hold open after the command's end.
const REST: Duration = Duration::from_millis(500);

/// How often something is said although there is nothing: who is gone is found out by that, also while a command that reads
/// nothing holds up what they sent last.
const BEAT: Duration = Duration::from_secs(2);

/// What is read at once, in bytes.
const CHUNK: usize = 16 << 10;

/// Frames that wait for whoever reads slowly.
const WAITING: usize = 16;

/// Opens a session: the connection becomes one.
pub(super) fn open(mut request: Request<Incoming>, agentd: Arc<Agentd>) -> Response<Body> {
    if request.headers().get(header::UPGRADE).is_none_or(|protocol| protocol != PROTOCOL) {
        return reply::refusal(StatusCode::BAD_REQUEST, "invalid", format!("it must be an upgrade to {PROTOCOL}"));
    }
    if !agentd.is_open() {
        return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the agent is being stopped");
    }
    let Ok(place) = Arc::clone(&agentd.sessions).try_acquire_owned() else {
        let text = format!("{MAX_SESSIONS} sessions are open");
        return reply::refusal(StatusCode::SERVICE_UNAVAILABLE, "overloaded", text);
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let work = agentd.activity.begin();
    tokio::spawn(async move {
        let _held = (place, work);
        match upgrade.await {
            Ok(stream) => {
                let (hears, says) = tokio::io::split(TokioIo::new(stream));
                let closing = agentd.closing.clone();
                if let Some(Err(error)) = closing.run_until_cancelled(session(&agentd, hears, says)).await {
                    tracing::debug!("a session broke: {error}");
                }
            }
            Err(error) => tracing::debug!("a session was not opened: {error}"),
        }
    });
    let mut response = Response::new(Body::Whole(Full::default()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static(PROTOCOL));
    response
}

/// A command that runs. Dropping it ends it.
struct Running {
    group: Pid,
    exit: watch::Receiver<Option<WaitStatus>>,
}

impl Running {
    async fn ended(&mut self) -> Option<WaitStatus> {
        self.exit.wait_for(Option::is_some).await.ok().and_then(|status| *status)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.exit.borrow().is_some() {
            return;
        }
        let (group, mut exit) = (self.group, self.exit.clone());
        // While its status is not taken, its id (and so its group's) cannot be anybody else's.
        let _ = kill_process_group(group, Signal::HUP);
        tokio::spawn(async move {
            let ended = exit.wait_for(Option::is_some);
            if tokio::time::timeout(HANG_UP, ended).await.is_err() {
                let _ = kill_process_group(group, Signal::KILL);
            }
        });
    }
}

/// Where its input goes, and its output comes from.
struct Streams {
    input: Box<dyn AsyncWrite + Send + Unpin>,
    output: Box<dyn AsyncRead + Send + Unpin>,
    errors: Option<ChildStderr>,
    terminal: Option<Arc<AsyncFd<OwnedFd>>>,
}

async fn session<R, W>(agentd: &Arc<Agentd>, mut hears: R, mut says: W) -> io::Result<()>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let first = tokio::time::timeout(SAY, Frame::read(&mut hears)).await.map_err(io::Error::other)??;
    let Some(Frame::Start(start)) = first else { return Err(io::Error::other("nothing was to be run")) };
    let (mut running, streams) = match begin(agentd, &start) {
        Ok(begun) => begun,
        Err(error) => {
            let name = start.command.first().map_or("", String::as_str);
            return Frame::Refused(format!("cannot run `{name}`: {error}")).write(&mut says).await;
        }
    };
    let Streams { input, output, errors, terminal } = streams;
    let (send, mut frames) = mpsc::channel::<Frame>(WAITING);
    let carried = |from, frame| AbortOnDropHandle::new(tokio::spawn(carry(from, frame, send.clone())));
    let said = carried(output, Frame::Output as fn(Vec<u8>) -> Frame);
    let complained = errors.map(|errors| carried(Box::new(errors), Frame::Errors));
    let exits = send;
    let closes = async {
        let status = running.ended().await;
        // What it wrote comes before its end; whatever it left behind may hold its output open for ever.
        let rest = async {
            let _ = said.await;
            if let Some(complained) = complained {
                let _ = complained.await;
            }
        };
        let _ = tokio::time::timeout(REST, rest).await;
        let _ = exits.send(Frame::Exit(status.map_or(-1, code))).await;
        drop(exits);
        std::future::pending::<io::Result<()>>().await
    };
    let speaks = async {
        loop {
            let frame = match tokio::time::timeout(BEAT, frames.recv()).await {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(_) => Frame::Output(Vec::new()),
            };
            let last = matches!(frame, Frame::Exit(_));
            frame.write(&mut says).await?;
            if last {
                return says.shutdown().await;
            }
        }
    };
    tokio::select! {
        ended = speaks => ended,
        never = closes => never,
        hung_up = obeys(hears, input, terminal, start.terminal.is_some()) => hung_up,
    }
}

/// Heeds what is said until it is hung up.
async fn obeys(
    mut hears: impl AsyncRead + Unpin,
    input: Box<dyn AsyncWrite + Send + Unpin>,
    terminal: Option<Arc<AsyncFd<OwnedFd>>>,
    is_terminal: bool,
) -> io::Result<()> {
    let mut input = Some(input);
    while let Some(frame) = Frame::read(&mut hears).await? {
        match frame {
            Frame::Input(bytes) if bytes.is_empty() && !is_terminal => input = None,
            Frame::Input(bytes) => {
                // A command that does not read its input any more goes on without.
                if let Some(open) = &mut input
                    && open.write_all(&bytes).await.is_err()
                {
                    input = None;
                }
            }
            Frame::Resize(size) => {
                if let Some(terminal) = &terminal {
                    tcsetwinsize(terminal.get_ref(), winsize(size))?;
                }
            }
            _ => return Err(io::Error::other("it is not for the asking side to say that")),
        }
    }
    Ok(())
}

async fn carry(mut from: Box<dyn AsyncRead + Send + Unpin>, frame: fn(Vec<u8>) -> Frame, to: mpsc::Sender<Frame>) {
    let mut chunk = vec![0; CHUNK];
    // The end of a terminal is an error of its other side.
    while let Ok(read @ 1..) = from.read(&mut chunk).await {
        if to.send(frame(chunk[..read].to_vec())).await.is_err() {
            return;
        }
    }
}

fn code(status: WaitStatus) -> i32 {
    status.exit_status().or(status.terminating_signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

fn winsize(size: Size) -> Winsize {
    Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn begin(agentd: &Agentd, start: &Start) -> io::Result<(Running, Streams)> {
    if start.command.is_empty() || start.command.iter().any(|word| word.contains('\0')) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no command"));
    }
    let mut command = exec::session_command(agentd, start);
    let terminal = if let Some(size) = start.terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        tcsetwinsize(&master, winsize(size))?;
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
        let side = File::from(rustix::fs::open(&*name, flags, rustix::fs::Mode::empty())?);
        command.stdin(side.try_clone()?).stdout(side.try_clone()?).stderr(side);
        rustix::io::ioctl_fionbio(&master, true)?;
        Some(watched(master)?)
    } else {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        None
    };
    let (mut child, exit) = agentd.reaper.spawn(&mut command)?;
    // The other side of a terminal closes with the last process that has it.
    drop(command);
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
    let running = Running { group, exit };
    let streams = if let Some(terminal) = terminal {
        Streams {
            input: Box::new(Terminal(Arc::clone(&terminal))),
            output: Box::new(Terminal(Arc::clone(&terminal))),
            errors: None,
            terminal: Some(terminal),
        }
    } else {
        let missing = || io::Error::other("it has no streams");
        Streams {
            input: Box::new(ChildStdin::from_std(child.stdin.take().ok_or_else(missing)?)?),
            output: Box::new(ChildStdout::from_std(child.stdout.take().ok_or_else(missing)?)?),
            errors: Some(ChildStderr::from_std(child.stderr.take().ok_or_else(missing)?)?),
            terminal: None,
        }
    };
    Ok((running, streams))
}

#[expect(deprecated, reason = "what replaces it is unsafe; an `OwnedFd` keeps its number for as long as it lives")]
fn watched(master: OwnedFd) -> io::Result<Arc<AsyncFd<OwnedFd>>> {
    AsyncFd::new(master).map(Arc::new)
}

/// One side of a terminal.
struct Terminal(Arc<AsyncFd<OwnedFd>>);

impl AsyncRead for Terminal {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        into: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        loop {
            let mut ready = std::task::ready!(self.0.poll_read_ready(context))?;
            let read = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), into.initialize_unfilled())?));
            if let Ok(read) = read {
                into.advance(read?);
                return std::task::Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Terminal {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        loop {
            let mut ready = std::task::ready!(self.0.poll_write_ready(context))?;
            if let Ok(written) = ready.try_io(|fd| Ok(rustix::io::write(fd.get_ref(), bytes)?)) {
                return std::task::Poll::Ready(written);
            }
        }
    }

    fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}
