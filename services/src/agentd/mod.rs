//! `agentd`: the supervisor of one agent, from its birth without identity to its end.
//!
//! Owns the agent's process, its state on this machine, its turns, and its answers to the control plane, as
//! [`libtenancy::agent`] describes them. Does not own any decision: it never starts an agent again, and never ends one
//! but when told to.
//!
//! # A life
//! 1. *Unbound.* A process serves bind and status on the socket it inherited as standard input; if that closes, its control
//!    plane is gone, and it ends. A [pod] serves them to the holder of its control plane's key, once it became known to it.
//! 2. *Bound*, once: lock the tenant's home, bring back the state, start the agent, wait until it is healthy, listen.
//!    From the lock on it survives its parent.
//! 3. *Ended*, by a stop (drain, end the agent, save, answer), by SIGTERM (the same), by itself when the control plane has
//!    been silent for too long and there is no work (the same), or because the agent ended (say so to the watchers, kill
//!    what is left of it). A pod's then stays until it is told to end, since its archives are in the pod alone.
//!
//! # Design notes
//! - One thread. The agent's parent-death signal is bound to the thread that started it, and that is the thread that
//!   lives as long as the process. Copying and hashing goes to a blocking thread.
//! - It is a subreaper, so whatever the agent starts, and leaves behind, stays below it and is killed with it.

mod archive;
mod bind;
mod bound;
mod bounded;
mod exec;
mod log;
mod pod;
mod proxy;
mod reply;
mod save;
mod serve;
mod session;
mod state;
mod supervise;
mod turns;
mod upstream;
mod work;

use std::{
    fs::File,
    os::{fd::AsFd, unix::net::UnixStream},
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::Duration,
};

use libtenancy::{
    Error, Result,
    agent::{AgentEvent, Bind, Bound},
    drivers::local::workloads::home::WORKLOAD_VARIABLE,
    tenant::WorkloadId,
};
use tokio::{
    net::UnixListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

pub use self::exec::exec_shim;
use self::{
    bound::Agentd,
    pod::{Face, Pod, Ports},
};

/// The first argument with which a program that contains `agentd` must call [`exec_shim`] with the rest: how `agentd`
/// starts agents (through `/proc/self/exe`).
pub const EXEC_ARGUMENT: &str = "agentd-exec";

/// How long turns may take to finish after a SIGTERM.
const SIGNAL_DRAIN: Duration = Duration::from_secs(10);

/// How long the last archive of a pod that was told to end may take to be asked for and sent.
const SEND_PATIENCE: Duration = Duration::from_secs(15);

/// How long the last answers may take to leave.
const FLUSH: Duration = Duration::from_secs(2);

/// A bind, and where its answer goes.
type BindCall = (Bind, oneshot::Sender<Result<Bound>>);

/// Lives the life of one `agentd`. Call it on the main thread, outside any runtime.
pub fn run() -> ExitCode {
    log::begin();
    // One blocking thread: snapshots go one at a time, and each thread would keep memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .thread_keep_alive(Duration::from_secs(1))
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(live()),
        Err(error) => {
            tracing::error!("agentd has no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The inherited socket; standard input is then `/dev/null`.
fn birth_socket() -> std::io::Result<tokio::net::UnixStream> {
    let stream = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    // Fails for anything but a connected Unix socket.
    stream.peer_addr()?;
    stream.set_nonblocking(true)?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    tokio::net::UnixStream::from_std(stream)
}

/// How it was born, and so whom it hears while it is unbound.
enum Birth {
    Process(tokio::net::UnixStream),
    Pod(Pod, Ports),
}

impl Birth {
    async fn now() -> Result<Self> {
        match Pod::from_environment() {
            Some(pod) => {
                let ports = Pod::listen().await.map_err(Error::io("listen on", "the ports of a pod"))?;
                Ok(Self::Pod(pod?, ports))
            }
            None => birth_socket().map(Self::Process).map_err(|e| {
                Error::unavailable(
                    "agentd",
                    format!("it is started by a control plane, with a socket as standard input: {e}"),
                )
            }),
        }
    }
}

async fn live() -> ExitCode {
    // A session of its own, so that no terminal's signal and no signal to the control plane's group reaches it. Fails
    // harmlessly if it is the leader of one already.
    let _ = rustix::process::setsid();
    let prepared = async {
        let failed = Error::io("prepare", "agentd");
        rustix::process::set_child_subreaper(Some(rustix::process::getpid())).map_err(|e| failed(e.into()))?;
        let terminate = signal(SignalKind::terminate()).map_err(Error::io("prepare", "agentd"))?;
        let reaper = supervise::Reaper::new().map_err(Error::io("prepare", "agentd"))?;
        Ok::<_, Error>((Birth::now().await?, terminate, reaper))
    };
    let (birth, mut terminate, reaper) = match prepared.await {
        Ok(prepared) => prepared,
        Err(error) => {
            let _ =
                std::io::Write::write_all(&mut std::io::stderr(), format!("agentd: {}\n", error.chain()).as_bytes());
            return ExitCode::FAILURE;
        }
    };
    let workload = std::env::var(WORKLOAD_VARIABLE)
        .ok()
        .filter(|id| !id.is_empty())
        .map_or_else(|| WorkloadId(format!("pid-{}", std::process::id())), WorkloadId);

    let (binds, mut bound) = mpsc::channel::<BindCall>(1);
    let (face, birth) = match birth {
        Birth::Process(stream) => (None, tokio::spawn(serve::birth(stream, binds))),
        Birth::Pod(pod, ports) => {
            let face = Arc::new(Face {
                agentd: OnceLock::new(),
                binds,
                known: watch::Sender::new(false),
                closing: CancellationToken::new(),
            });
            let acceptor = match pod.acceptor() {
                Ok(acceptor) => acceptor,
                Err(error) => {
                    tracing::error!("agentd cannot be reached: {}", error.chain());
                    return ExitCode::FAILURE;
                }
            };
            let calling = face.clone();
            tokio::spawn(async move { pod.become_known(&calling.known).await });
            (Some(face.clone()), tokio::spawn(serve::pod(face, ports, acceptor)))
        }
    };
    let (request, answer) = tokio::select! {
        call = bound.recv() => match call {
            Some(call) => call,
            None => return ExitCode::SUCCESS,
        },
        _ = terminate.recv() => return ExitCode::SUCCESS,
    };
    // From here on the connection may break at any time: the bind goes on.
    let result = tokio::select! {
        result = bind::bind(request, workload, reaper, face.is_some()) => result,
        _ = terminate.recv() => Err(Error::unavailable("agentd", "it was told to end while it was being bound")),
    };
    let (agentd, listener) = match result {
        Ok((agentd, listener, bound)) => {
            if let Some(face) = &face {
                let _ = face.agentd.set(agentd.clone());
            }
            let _ = answer.send(Ok(bound));
            (agentd, listener)
        }
        Err(error) => {
            let _ = answer.send(Err(error));
            supervise::kill_descendants().await;
            if let Some(face) = face {
                face.closing.cancel();
            }
            let _ = tokio::time::timeout(FLUSH, birth).await;
            return ExitCode::FAILURE;
        }
    };
    live_bound(agentd, listener, face, birth, terminate).await
}

/// The second half of its life.
async fn live_bound(
    agentd: Arc<Agentd>,
    listener: UnixListener,
    face: Option<Arc<Face>>,
    birth: JoinHandle<()>,
    mut terminate: Signal,
) -> ExitCode {
    let server = tokio::spawn(serve::bound(agentd.clone(), listener));
    let ticking = tokio::spawn(save::periodically(agentd.clone()));
    let told_to_end = CancellationToken::new();
    let (stopper, told) = (agentd.clone(), told_to_end.clone());
    let stop_on_signal = tokio::spawn(async move {
        if terminate.recv().await.is_some() {
            told.cancel();
            if let Some(taken) = stopper.stop(SIGNAL_DRAIN).await.snapshot {
                stopper.publish(&AgentEvent::Snapshot(taken));
            }
        }
    });
    let orphan = agentd.clone();
    let stop_when_orphaned = tokio::spawn(async move {
        orphan.orphaned().await;
        tracing::warn!("the control plane is silent; saving the state and ending");
        orphan.stop(SIGNAL_DRAIN).await;
    });
    let code = agentd.ended().await;
    ticking.abort();
    stop_when_orphaned.abort();
    if let Some(face) = face {
        // Its last archive is here alone. It is asked for by whoever ends this pod, or told to end it.
        let sent = async {
            told_to_end.cancelled().await;
            let _ = tokio::time::timeout(SEND_PATIENCE, agentd.all_sent()).await;
        };
        let _ = tokio::time::timeout(agentd.command.orphan_timeout, sent).await;
        face.closing.cancel();
    }
    agentd.closing.cancel();
    stop_on_signal.abort();
    // What was asked is answered before the process ends, but nobody can hold it up.
    let _ = tokio::time::timeout(FLUSH, async {
        let _ = server.await;
        let _ = birth.await;
    })
    .await;
    agentd.clean_up();
    code
}
