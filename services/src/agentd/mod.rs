//! `agentd`: the supervisor of one agent, from its birth without identity to its end.
//!
//! Owns the agent's process, its state on this machine, its turns, and its answers to the control plane, as
//! [`libtenancy::agent`] describes them. Does not own any decision: it never starts an agent again, and never ends one
//! but when told to.
//!
//! # A life
//! 1. *Unbound.* It serves bind and status on the socket it inherited as standard input. If that closes, its control
//!    plane is gone, and it ends.
//! 2. *Bound*, once: lock the tenant's home, bring back the state, start the agent, wait until it is healthy, listen.
//!    From the lock on it survives its parent.
//! 3. *Ended*, by a stop (drain, end the agent, save, answer), by SIGTERM (the same), by itself when the control plane has
//!    been silent for too long and there is no work (the same), or because the agent ended (say so to the watchers, kill
//!    what is left of it).
//!
//! # Design notes
//! - One thread. The agent's parent-death signal is bound to the thread that started it, and that is the thread that
//!   lives as long as the process. Copying and hashing goes to a blocking thread.
//! - It is a subreaper, so whatever the agent starts, and leaves behind, stays below it and is killed with it.

mod bind;
mod bound;
mod exec;
mod proxy;
mod reply;
mod save;
mod serve;
mod state;
mod supervise;
mod turns;
mod upstream;
mod work;

use std::{
    fs::File,
    os::{fd::AsFd, unix::net::UnixStream},
    process::ExitCode,
    time::Duration,
};

use libtenancy::{
    Error,
    agent::{Bind, Bound},
    drivers::local::workloads::home::WORKLOAD_VARIABLE,
    tenant::WorkloadId,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot},
};

pub use self::exec::exec_shim;

/// The first argument with which a program that contains `agentd` must call [`exec_shim`] with the rest: how `agentd`
/// starts agents (through `/proc/self/exe`).
pub const EXEC_ARGUMENT: &str = "agentd-exec";

/// How long turns may take to finish after a SIGTERM.
const SIGNAL_DRAIN: Duration = Duration::from_secs(10);

/// How long the last answers may take to leave.
const FLUSH: Duration = Duration::from_secs(2);

/// A bind, and where its answer goes.
type BindCall = (Bind, oneshot::Sender<libtenancy::Result<Bound>>);

/// Lives the life of one `agentd`. Call it on the main thread, outside any runtime.
pub fn run() -> ExitCode {
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

async fn live() -> ExitCode {
    // A session of its own, so that no terminal's signal and no signal to the control plane's group reaches it. Fails
    // harmlessly if it is the leader of one already.
    let _ = rustix::process::setsid();
    let prepared = rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(std::io::Error::from)
        .and_then(|()| Ok((birth_socket()?, signal(SignalKind::terminate())?, supervise::Reaper::new()?)));
    let (stream, mut terminate, reaper) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("agentd is started by a control plane, with a socket as standard input: {error}\n").as_bytes(),
            );
            return ExitCode::FAILURE;
        }
    };
    let workload = std::env::var(WORKLOAD_VARIABLE)
        .ok()
        .filter(|id| !id.is_empty())
        .map_or_else(|| WorkloadId(format!("pid-{}", std::process::id())), WorkloadId);

    let (binds, mut bound) = mpsc::channel::<BindCall>(1);
    let birth = tokio::spawn(serve::birth(stream, binds));
    let (request, answer) = tokio::select! {
        call = bound.recv() => match call {
            Some(call) => call,
            None => return ExitCode::SUCCESS,
        },
        _ = terminate.recv() => return ExitCode::SUCCESS,
    };
    // From here on the connection may break at any time: the bind goes on.
    let result = tokio::select! {
        result = bind::bind(request, workload, reaper) => result,
        _ = terminate.recv() => Err(Error::unavailable("agentd", "it was told to end while it was being bound")),
    };
    let (agentd, listener) = match result {
        Ok((agentd, listener, bound)) => {
            let _ = answer.send(Ok(bound));
            (agentd, listener)
        }
        Err(error) => {
            let _ = answer.send(Err(error));
            supervise::kill_descendants().await;
            let _ = tokio::time::timeout(FLUSH, birth).await;
            return ExitCode::FAILURE;
        }
    };
    let server = tokio::spawn(serve::bound(agentd.clone(), listener));
    let ticking = tokio::spawn(save::periodically(agentd.clone()));
    let stopper = agentd.clone();
    let stop_on_signal = tokio::spawn(async move {
        if terminate.recv().await.is_some() {
            stopper.stop(SIGNAL_DRAIN).await;
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
    stop_on_signal.abort();
    stop_when_orphaned.abort();
    // What was asked is answered before the process ends, but nobody can hold it up.
    let _ = tokio::time::timeout(FLUSH, async {
        let _ = server.await;
        let _ = birth.await;
    })
    .await;
    agentd.clean_up();
    code
}
