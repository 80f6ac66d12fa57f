//! The way to the API server, and what its refusals mean.

use std::time::Duration;

use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};

use crate::{
    error::{Error, Result},
    stores::KubernetesServer,
};

/// What errors call it.
pub(super) const PART: &str = "kubernetes";

/// How long a connection, and an answer, may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long one request for changes lasts, seconds; the next one goes on where it ended.
pub(super) const WATCH_SECONDS: u32 = 60;

/// How a cluster is reached.
#[derive(Clone)]
pub(super) struct Clients {
    /// For questions.
    pub(super) asking: Client,
    /// For changes.
    pub(super) watching: Client,
    /// For what may be silent for ever.
    pub(super) streaming: Client,
}

/// The clients, and the namespace that is meant.
pub(super) async fn clients(settings: &KubernetesServer) -> Result<(Clients, String)> {
    let unfound = |e: &dyn std::fmt::Display| Error::invalid("kubernetes", format!("no cluster is found: {e}"));
    let options = KubeConfigOptions { context: settings.context.clone(), ..KubeConfigOptions::default() };
    let mut config = match &settings.kubeconfig {
        Some(path) => {
            let kubeconfig = Kubeconfig::read_from(path).map_err(|e| unfound(&e))?;
            Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|e| unfound(&e))?
        }
        None if settings.context.is_some() => Config::from_kubeconfig(&options).await.map_err(|e| unfound(&e))?,
        None => Config::infer().await.map_err(|e| unfound(&e))?,
    };
    config.connect_timeout = Some(TIMEOUT);
    config.write_timeout = Some(TIMEOUT);
    let namespace = settings.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    let mut client = |read: Option<Duration>| {
        config.read_timeout = read;
        Client::try_from(config.clone()).map_err(|e| unfound(&e))
    };
    let clients = Clients {
        asking: client(Some(TIMEOUT))?,
        watching: client(Some(Duration::from_secs(WATCH_SECONDS.into()) + TIMEOUT))?,
        streaming: client(None)?,
    };
    Ok((clients, namespace))
}

/// What a failed call means. `written` says that it may have changed something.
pub(super) fn classify(error: kube::Error, written: bool) -> Error {
    match error {
        kube::Error::Api(status) => match status.code {
            401 => Error::Unauthenticated,
            403 => Error::Forbidden { reason: format!("{PART}: {}", status.message) },
            // The server may have done it and failed to say so.
            500 | 504 if written => Error::outcome_unknown(PART, status.message),
            429 | 500 | 503 | 504 => Error::unavailable(PART, status.message),
            code => Error::Refused { part: PART, reason: format!("{code}: {}", status.message) },
        },
        error if written => Error::outcome_unknown(PART, error),
        error => Error::unavailable(PART, error),
    }
}

/// Whether the answer is this HTTP status.
pub(super) fn is(error: &kube::Error, code: u16) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == code)
}
