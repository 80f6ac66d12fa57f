//! The way from an operator's machine to a control plane in a cluster: the API server's port-forward, and a short token for the
//! service account that the operator may be.
//!
//! Nothing of the operator's own credentials goes to the control plane; who may ask for which token is what RBAC on
//! `serviceaccounts/token` says.

use std::{net::SocketAddr, sync::Arc};

use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::{Pod, ServiceAccount},
};
use kube::{
    Api,
    api::{ListParams, PostParams},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Kubernetes, access::Ask, connection::classify};
use crate::{
    error::{Error, Result},
    secret::Secret,
};

/// Which pods answer.
const SELECTOR: &str = "app=orchestrator";

/// Their port.
const PORT: u16 = 8080;

/// The audience of the token.
const AUDIENCE: &str = "ztm";

/// How long the token is good for, seconds: the least that Kubernetes gives.
const TOKEN_SECONDS: i64 = 600;

/// From this minor version on an API server asks for the right to create a port-forward, and not only for that to get one: it is a
/// GET that becomes a WebSocket.
const FORWARD_CREATES: u32 = 35;

/// Which API server it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    /// Its whole version, for people.
    pub name: String,
    /// Of its version 1.MINOR; zero if it does not say.
    pub minor: u32,
}

/// An open way; dropping it closes it.
pub struct Tunnel {
    /// Where it begins, on loopback.
    pub address: SocketAddr,
    /// What the caller proves itself with.
    pub token: Secret,
    _open: DropGuard,
}

/// Whether the kubeconfig that `kubectl` would use has a context of this name.
pub fn has_context(name: &str) -> bool {
    kube::config::Kubeconfig::read().is_ok_and(|config| config.contexts.iter().any(|context| context.name == name))
}

impl Kubernetes {
    /// Opens a way to the control plane of this namespace, as one of its service accounts.
    ///
    /// `Forbidden` if the operator may not be that account; `NotFound` if there is no such account, or no control plane.
    pub async fn tunnel(&self, account: &str) -> Result<Tunnel> {
        let token = self.account_token(account).await?;
        // Found now, so that what is wrong is said now.
        self.replica().await?;
        let failed = || Error::io("listen on", "loopback");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let open = CancellationToken::new();
        let (cluster, closing) = (Arc::new(self.clone()), open.clone());
        tokio::spawn(async move {
            while let Some(Ok((stream, _))) = closing.run_until_cancelled(listener.accept()).await {
                let (cluster, closing) = (Arc::clone(&cluster), closing.clone());
                tokio::spawn(async move {
                    if let Some(Err(error)) = closing.run_until_cancelled(cluster.forward(stream)).await {
                        tracing::warn!("a connection to the cluster broke: {}", error.chain());
                    }
                });
            }
        });
        Ok(Tunnel { address, token, _open: open.drop_guard() })
    }

    /// The namespace that is meant.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The version of the API server. Store errors.
    pub async fn version(&self) -> Result<ServerVersion> {
        let told = self.clients.asking.apiserver_version().await.map_err(|error| classify(error, false))?;
        // Some add a `+`.
        let minor = told.minor.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
        Ok(ServerVersion { name: told.git_version, minor })
    }

    /// What an operator lacks for [`Kubernetes::tunnel`] as an account, as text; empty if nothing. Store errors.
    pub async fn tunnel_refused(&self, account: &str, version: &ServerVersion) -> Result<Vec<String>> {
        let ask = |verb, resource, name| Ask { verb, group: "", resource, name, namespace: Some(&self.namespace) };
        let mut asks = vec![
            ask("create", "serviceaccounts/token", Some(account)),
            ask("list", "pods", None),
            ask("get", "pods/portforward", None),
        ];
        if version.minor >= FORWARD_CREATES {
            asks.push(ask("create", "pods/portforward", None));
        }
        self.refused(&asks).await
    }

    async fn account_token(&self, account: &str) -> Result<Secret> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.clients.asking.clone(), &self.namespace);
        let spec = TokenRequestSpec {
            audiences: Some(vec![AUDIENCE.to_owned()]),
            expiration_seconds: Some(TOKEN_SECONDS),
            ..TokenRequestSpec::default()
        };
        let request = TokenRequest { spec: Some(spec), ..TokenRequest::default() };
        let made = accounts.create_token_request(account, &PostParams::default(), &request).await;
        let made = made.map_err(|error| match error {
            kube::Error::Api(status) if status.code == 404 => Error::not_found("service account", account),
            error => classify(error, false),
        })?;
        let token = made.status.and_then(|status| status.token).filter(|token| !token.is_empty());
        token.map(Secret::new).ok_or_else(|| Error::internal("a token request was answered without a token"))
    }

    /// The name of a pod that is ready.
    async fn replica(&self) -> Result<String> {
        let pods: Api<Pod> = Api::namespaced(self.clients.asking.clone(), &self.namespace);
        let pods = pods.list(&ListParams::default().labels(SELECTOR)).await.map_err(|error| classify(error, false))?;
        let is_ready = |pod: &Pod| {
            let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
            pod.metadata.deletion_timestamp.is_none()
                && conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"))
        };
        let ready = pods.items.into_iter().find(is_ready).and_then(|pod| pod.metadata.name);
        ready.ok_or_else(|| {
            Error::unavailable("control plane", format!("no pod of it is ready in `{}`", self.namespace))
        })
    }

    async fn forward(&self, mut stream: TcpStream) -> Result<()> {
        let pod = self.replica().await?;
        let pods: Api<Pod> = Api::namespaced(self.clients.watching.clone(), &self.namespace);
        let mut forwarder = pods.portforward(&pod, &[PORT]).await.map_err(|error| classify(error, false))?;
        let mut far = forwarder.take_stream(PORT).ok_or_else(|| Error::internal("a port was not forwarded"))?;
        let copied = tokio::io::copy_bidirectional(&mut stream, &mut far).await;
        drop(far);
        forwarder.abort();
        copied.map(drop).map_err(|error| Error::unavailable("control plane", error))
    }
}
