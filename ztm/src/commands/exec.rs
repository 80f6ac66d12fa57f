//! `ztm exec` and `ztm shell`.

use std::io::{IsTerminal, Read, Write};

use anyhow::Result;
use libtenancy::{
    Error,
    exec::{Frame, MAX_FRAME, Size, Start},
};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

use crate::{
    cli::exec::{ExecArgs, ShellArgs},
    commands::Context,
    exit::{ChildExit, Usage},
};

/// How much of standard input is read at once, in bytes.
const CHUNK: usize = 16 << 10;

/// The status of a tenant whose agent need not be woken.
const RUNNING: &str = "running";

/// Runs a command beside a tenant's agent; ends as it does.
pub async fn exec(ctx: &Context, args: ExecArgs) -> Result<()> {
    // Who is given a terminal can leave the program by what is typed there.
    run(ctx, &args.tenant, args.command, args.stdin || args.tty, args.tty).await
}

/// Opens a shell beside a tenant's agent.
pub async fn shell(ctx: &Context, args: ShellArgs) -> Result<()> {
    run(ctx, &args.tenant, vec![args.shell], true, true).await
}

async fn run(
    ctx: &Context,
    tenant: &str,
    command: Vec<String>,
    passes_input: bool,
    wants_terminal: bool,
) -> Result<()> {
    let (input, output) = (std::io::stdin(), std::io::stdout());
    if ctx.settings.rehearses.is_some() {
        return rehearse(ctx, tenant, &command).await;
    }
    if wants_terminal && !(input.is_terminal() && output.is_terminal()) {
        let message = "there is no terminal to give".to_owned();
        let flag = if passes_input { " -i" } else { "" };
        let hint = format!("`ztm exec {tenant}{flag} -- {}`, without `-t`, needs none", command.join(" "));
        return Err(Usage { message, hint: Some(hint) }.into());
    }
    if wants_terminal {
        super::in_foreground()?;
    }
    // Kept until the end: the way into a cluster closes with it.
    let client = ctx.client().await?;
    let session = client.tenant_exec(tenant).await?;
    ctx.printer.note(&format!("beside agent {} of `{tenant}`", session.workload));
    let (mut hears, mut says) = tokio::io::split(session.stream);
    let broke = |error: std::io::Error| Error::unavailable("session", error);
    let start = Start {
        command,
        terminal: if wants_terminal { Some(size()?) } else { None },
        term: std::env::var("TERM").ok().filter(|_| wants_terminal),
    };
    Frame::Start(start).write(&mut says).await.map_err(broke)?;
    // Nothing is shown of what is typed before the other side shows it; as it was before when this ends.
    let raw = wants_terminal.then(|| Raw::begin(input)).transpose()?;
    let speaks = async {
        let (mut frames, mut open) = (if passes_input { read_input() } else { nothing() }, true);
        let mut resized = signal(SignalKind::window_change())?;
        loop {
            tokio::select! {
                bytes = frames.recv(), if open => match bytes {
                    Some(bytes) => Frame::Input(bytes).write(&mut says).await?,
                    None => open = false,
                },
                _ = resized.recv(), if wants_terminal => Frame::Resize(size()?).write(&mut says).await?,
                else => return Ok::<_, std::io::Error>(()),
            }
        }
    };
    // What can be said no more is no end: the other side says how it ended.
    let said = async {
        let _ = speaks.await;
        std::future::pending().await
    };
    let heard = async {
        while let Some(frame) = Frame::read(&mut hears).await.map_err(broke)? {
            match frame {
                Frame::Output(bytes) => ctx.printer.bytes(&bytes)?,
                Frame::Errors(bytes) => written(std::io::stderr().lock(), &bytes)?,
                Frame::Exit(0) => return Ok(()),
                Frame::Exit(code) => return Err(ChildExit(u8::try_from(code).unwrap_or(u8::MAX)).into()),
                Frame::Refused(why) => {
                    return Err(Error::AgentFailed { tenant: tenant.to_owned(), reason: why }.into());
                }
                Frame::Start(_) | Frame::Input(_) | Frame::Resize(_) => {}
            }
        }
        let early = "the connection ended before the command did";
        Err(broke(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, early)).into())
    };
    let ended: Result<()> = tokio::select! {
        ended = heard => ended,
        never = said => never,
    };
    drop(raw);
    drop(client);
    ended
}

/// Says whether the agent would be woken, and what would be run beside it.
async fn rehearse(ctx: &Context, tenant: &str, command: &[String]) -> Result<()> {
    let client = ctx.client().await?;
    let command = command.join(" ");
    let runs = client.tenant_get(tenant).await?.status == RUNNING;
    match client.tenant_exec(tenant).await {
        Err(Error::Rehearsed { .. }) if runs => {
            Err(Error::Rehearsed { would: format!("run `{command}` beside the agent of `{tenant}`, which runs") }
                .into())
        }
        Err(Error::Rehearsed { would }) => {
            Err(Error::Rehearsed { would: format!("{would}, and run `{command}` beside its agent once it is woken") }
                .into())
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(Error::internal("a rehearsal opened a session").into()),
    }
}

fn size() -> std::io::Result<Size> {
    let size = tcgetwinsize(std::io::stdout())?;
    Ok(Size { rows: size.ws_row, columns: size.ws_col })
}

/// Passes on what was said there beside the data; who closed it is told nothing.
fn written(mut to: impl Write, bytes: &[u8]) -> Result<()> {
    to.write_all(bytes).and_then(|()| to.flush()).map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => crate::printer::BrokenPipe.into(),
        _ => anyhow::Error::new(error).context("cannot write to standard error"),
    })
}

/// Standard input, read by a thread of its own, which nobody waits for at the end; its end is an empty piece.
fn read_input() -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel(4);
    std::thread::spawn(move || {
        let mut chunk = vec![0; CHUNK.min(MAX_FRAME)];
        loop {
            let read = match std::io::stdin().lock().read(&mut chunk) {
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            if send.blocking_send(chunk[..read].to_vec()).is_err() || read == 0 {
                return;
            }
        }
    });
    receive
}

/// No input: its end.
fn nothing() -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel(1);
    // There is room for it.
    let _ = send.try_send(Vec::new());
    receive
}

/// A terminal that passes everything on; as it was before when this is dropped.
struct Raw {
    terminal: std::io::Stdin,
    before: Termios,
}

impl Raw {
    fn begin(terminal: std::io::Stdin) -> std::io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(&terminal, OptionalActions::Drain, &raw)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Drain, &self.before);
    }
}
