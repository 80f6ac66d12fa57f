//! The embedded control plane: the only place that builds one, or a handle on its store.

use std::{future::Future, path::Path};

use libtenancy::{
    Error, Result, Tenancy,
    config::{Config, Listen},
};
use tokio::sync::oneshot;

use crate::discovery::Up;

/// How a control plane is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Turns in flight are finished, agents saved and stopped.
    StopAgents,
    /// Turns in flight are finished; agents live on, and the next control plane adopts them.
    LeaveAgents,
}

/// A handle on the store of a state directory, without a control plane: for what only reads or writes records.
pub fn open(state_dir: &Path) -> Result<Tenancy> {
    Err(Error::internal(format!("this build has no embedded drivers for `{}`", state_dir.display())))
}

/// Runs a control plane until `shutdown` says how to end it, or a part of it fails.
///
/// Takes the lock of the state directory first ([`Error::StateDirInUse`]); writes `up.json` and answers `ready` once
/// `/readyz` of the orchestrator does; removes `up.json` before it stops serving.
#[expect(clippy::unused_async, reason = "the parts it serves are not in this build")]
pub async fn serve(
    config: Config,
    listen: Listen,
    ready: oneshot::Sender<Up>,
    shutdown: impl Future<Output = Shutdown> + Send,
) -> Result<()> {
    drop((ready, shutdown));
    Err(Error::internal(format!(
        "this build has no embedded drivers for `{}` to serve on {}",
        config.state_dir.display(),
        listen.orchestrator
    )))
}
