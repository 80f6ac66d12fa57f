//! The control plane inside this program: the only place that builds one, or a handle on its stores.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use libtenancy::{
    ControlPlane, Error, Result, Shutdown, Tenancy,
    clock::{Clock, SystemClock},
    config::{Config, Listen},
    drivers::{
        assembly,
        local::{StateDirLock, workloads::AgentdCommand},
    },
    leader::ROLE,
    stores::{Agents, Leases},
};
use services::{auth::Auth, health, journal::Told, orchestrator, router, server, worker};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{discovery::Up, settings::Settings};

/// The file with the token for the orchestrator, in the state directory.
pub const TOKEN_FILE: &str = "api-token";

/// The file with the router's own token, in the state directory.
const SERVICE_TOKEN_FILE: &str = "service-token";

/// How long the writing of the last lines of journals may take.
const LAST_LINES: Duration = Duration::from_secs(2);

/// What connections of strangers may take: whoever sends a request slowly loses its place soon.
const PUBLIC_LIMITS: server::Limits =
    server::Limits { header_timeout: Duration::from_secs(5), ..server::Limits::DEFAULT };

/// This very program, as the supervisor of agents: found even when its file was replaced since it started.
fn agentd() -> AgentdCommand {
    AgentdCommand { program: "/proc/self/exe".into(), args: vec!["agentd".into()] }
}

/// A handle on the stores, without a control plane: for what only reads or writes records.
pub async fn open(settings: &Settings) -> Result<Tenancy> {
    Box::pin(assembly::open(settings.config(Vec::new())?, agentd())).await
}

/// Runs a router alone until `shutdown` resolves: it stores what arrives, and the control planes of the same records are told.
///
/// Where an orchestrator would listen it says how it is, to whoever looks after it.
pub async fn serve_router(
    mut config: Config,
    listen: Listen,
    told: Told,
    ready: oneshot::Sender<Up>,
    shutdown: impl Future<Output = Shutdown> + Send,
) -> Result<()> {
    let state_dir = config.state_dir.clone();
    let _lock = StateDirLock::acquire(&state_dir)?;
    // Neither agents nor leases are its business: it asks no cluster, and has no rights there.
    config.stores.workloads = Agents::Processes;
    config.stores.leaders = Leases::Redis;
    let tenancy = Box::pin(assembly::open(config, agentd())).await?;
    let journal = keep(&tenancy, told);
    let (internal, health_url) = bind(listen.orchestrator).await?;
    let (public, router_url) = bind(listen.router).await?;
    let closing = CancellationToken::new();
    let services = async {
        tokio::join!(
            server::serve(internal, health::app(tenancy.clone()), closing.cancelled()),
            server::serve_with(public, router::app(tenancy.clone()), PUBLIC_LIMITS, closing.cancelled()),
        )
    };
    tokio::pin!(services);
    let _ = ready.send(Up {
        pid: std::process::id(),
        orchestrator: health_url,
        router: Some(router_url),
        token_file: state_dir.join(TOKEN_FILE),
        started_at: SystemClock::default().now(),
    });
    tokio::select! {
        _ = shutdown => {}
        _ = &mut services => return Err(Error::internal("the listeners ended by themselves")),
    }
    closing.cancel();
    services.await;
    journal.end().await;
    Ok(())
}

/// Runs a control plane, with a router if `with_router`, until `shutdown` says how to end it, or a part of it fails.
///
/// Takes the lock of the state directory first ([`Error::StateDirInUse`]); writes `up.json` and answers `ready` once
/// `/readyz` of the orchestrator does; removes `up.json` before it stops serving.
pub async fn serve(
    config: Config,
    listen: Listen,
    with_router: bool,
    told: Told,
    ready: oneshot::Sender<Up>,
    shutdown: impl Future<Output = Shutdown> + Send,
) -> Result<()> {
    let state_dir = config.state_dir.clone();
    let _lock = StateDirLock::acquire(&state_dir)?;
    // Everything that can be wrong is found before anything is started.
    let (identities, namespace) = (assembly::identities(&config).await?, namespace(&config));
    let tenancy = Box::pin(assembly::open(config, agentd())).await?;
    let token_file = state_dir.join(TOKEN_FILE);
    let auth = Auth::load_or_create(&token_file, &state_dir.join(SERVICE_TOKEN_FILE))?;
    let auth = match identities {
        Some(identities) => auth.with_cluster(identities, &namespace),
        None => auth,
    };
    let (internal, orchestrator_url) = bind(listen.orchestrator).await?;
    let public = if with_router { Some(bind(listen.router).await?) } else { None };
    let router_url = public.as_ref().map(|(_, url)| url.clone());

    let journal = keep(&tenancy, told);
    let control_plane = ControlPlane::start(tenancy.clone()).await?;
    let closing = CancellationToken::new();
    let (slots, drain, finishing) = (tenancy.config().workers, tenancy.config().drain, closing.clone());
    let desk: Arc<dyn worker::Desk> = Arc::new(tenancy.clone());
    let working = async {
        if slots > 0
            && let Err(error) = worker::run(desk, slots, drain, finishing).await
        {
            tracing::error!(error = error.chain(), "no jobs are run here");
        }
        // Its end is nobody else's.
        closing.cancelled().await;
    };
    let routing = async {
        match public {
            Some((public, _)) => {
                server::serve_with(public, router::app(tenancy.clone()), PUBLIC_LIMITS, closing.cancelled()).await;
            }
            None => closing.cancelled().await,
        }
    };
    let services = async {
        tokio::join!(
            working,
            server::serve(internal, orchestrator::app(tenancy.clone(), auth), closing.cancelled()),
            routing,
        )
    };
    tokio::pin!(services);
    let up = Up {
        pid: std::process::id(),
        orchestrator: orchestrator_url,
        router: router_url,
        token_file,
        started_at: SystemClock::default().now(),
    };
    up.write(&state_dir)?;
    let _ = ready.send(up);
    let order = tokio::select! {
        order = shutdown => order,
        _ = &mut services => return Err(Error::internal("the listeners ended by themselves")),
        () = tenancy.superseded() => Shutdown::KillAgents,
    };
    Up::remove(&state_dir)?;
    closing.cancel();
    tenancy.waits_end();
    services.await;
    control_plane.shutdown(order).await;
    journal.end().await;
    if order == Shutdown::KillAgents {
        return Err(Error::conflict("control plane", ROLE, "another one leads now; the agents of this one were ended"));
    }
    Ok(())
}

/// What is logged of tenants, on its way into their journals.
struct Journal {
    task: JoinHandle<()>,
    end: CancellationToken,
}

/// Begins to write it down.
fn keep(tenancy: &Tenancy, told: Told) -> Journal {
    let (tenancy, end) = (tenancy.clone(), CancellationToken::new());
    let ended = end.clone();
    Journal { task: tokio::spawn(async move { tenancy.journal_keep(told, ended).await }), end }
}

impl Journal {
    /// Writes down what is left; not for long, for nothing rests on it.
    async fn end(self) {
        self.end.cancel();
        let _ = tokio::time::timeout(LAST_LINES, self.task).await;
    }
}

/// The namespace whose service accounts may ask.
fn namespace(config: &Config) -> String {
    let namespace = config.servers.kubernetes.as_ref().and_then(|server| server.namespace.clone());
    namespace.unwrap_or_else(|| "ztm".to_owned())
}

/// A listener, and its URL. The port is the one the system gave if 0 was asked for.
async fn bind(address: SocketAddr) -> Result<(TcpListener, String)> {
    let failed = || Error::io("listen on", address.to_string());
    let listener = TcpListener::bind(address).await.map_err(failed())?;
    let bound = listener.local_addr().map_err(failed())?;
    Ok((listener, format!("http://{bound}")))
}
