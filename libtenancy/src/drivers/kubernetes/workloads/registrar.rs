//! Where `agentd`s call out to: which pod has which key.
//!
//! The connection proves the key, the token proves the pod (`TokenReview`, audience
//! [`AUDIENCE`]), and the answer to both is an annotation of the pod, where every replica of the control plane finds it. A
//! pod has one key in its life: what calls out with another one is a container that was started again, and is nobody's.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    super::{
        Kubernetes,
        connection::{classify, is},
        identities::Reviewed,
    },
    manifest::name,
};
use crate::{
    agent::{Register, path, pod::AUDIENCE},
    error::{Error, Result},
    pinned::{Identity, Peer, Pin},
};

/// Calls that are answered at once; who finds no place tries again.
const MAX_CALLS: usize = 256;
/// How long one may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest call, in bytes: a token has one or two thousand.
const MAX_CALL_BYTES: usize = 16 << 10;

/// Where a token's extra facts name its pod.
const POD_NAME: &str = "authentication.kubernetes.io/pod-name";
const POD_UID: &str = "authentication.kubernetes.io/pod-uid";

pub(super) struct Registrar {
    kubernetes: Kubernetes,
    pods: Api<Pod>,
    namespace: String,
    service_account: String,
    acceptor: TlsAcceptor,
}

/// A pod, as its token names it.
#[derive(Debug, PartialEq, Eq)]
struct Caller {
    name: String,
    uid: String,
}

/// Which pod a good token is of. `Forbidden` if that is none of ours.
fn caller(reviewed: &Reviewed, namespace: &str, service_account: &str) -> Result<Caller> {
    let refuse = |reason: String| Error::Forbidden { reason };
    let expected = format!("system:serviceaccount:{namespace}:{service_account}");
    if reviewed.user != expected {
        return Err(refuse(format!("the token is not of `{expected}`")));
    }
    let fact = |key: &str| reviewed.extra.get(key)?.first().cloned();
    match (fact(POD_NAME), fact(POD_UID)) {
        (Some(name), Some(uid)) => Ok(Caller { name, uid }),
        _ => Err(refuse("the token is bound to no pod".to_owned())),
    }
}

fn answer(result: Result<()>) -> Response<Full<Bytes>> {
    let (status, text) = match result {
        Ok(()) => (StatusCode::OK, "null".to_owned()),
        Err(error) => {
            let status = match error {
                Error::Unauthenticated => StatusCode::UNAUTHORIZED,
                Error::Forbidden { .. } => StatusCode::FORBIDDEN,
                Error::Conflict { .. } => StatusCode::CONFLICT,
                Error::NotFound { .. } => StatusCode::NOT_FOUND,
                Error::Invalid { .. } => StatusCode::BAD_REQUEST,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            (status, error.to_string())
        }
    };
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
}

impl Registrar {
    pub(super) fn new(
        kubernetes: Kubernetes,
        pods: Api<Pod>,
        namespace: &str,
        service_account: &str,
        identity: &Identity,
    ) -> Result<Self> {
        let acceptor = TlsAcceptor::from(identity.server(Peer::Any)?);
        let (namespace, service_account) = (namespace.to_owned(), service_account.to_owned());
        Ok(Self { kubernetes, pods, namespace, service_account, acceptor })
    }

    /// Answers until it is cancelled.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener, tasks: TaskTracker, closing: CancellationToken) {
        let places = Arc::new(Semaphore::new(MAX_CALLS));
        while let Some(accepted) = closing.run_until_cancelled(listener.accept()).await {
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!("a pod's call cannot be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let (registrar, closing) = (self.clone(), closing.clone());
            tasks.spawn(async move {
                let call = tokio::time::timeout(CALL_TIMEOUT, registrar.connection(stream));
                if let Some(Err(_)) = closing.run_until_cancelled(call).await {
                    tracing::debug!("a pod's call took too long");
                }
                drop(place);
            });
        }
    }

    async fn connection(self: Arc<Self>, stream: tokio::net::TcpStream) {
        let stream = match self.acceptor.accept(stream).await {
            Ok(stream) => stream,
            Err(error) => return tracing::debug!("a stranger called: {error}"),
        };
        let Some(key) = Pin::of_peer(stream.get_ref().1) else { return };
        let service = service_fn(move |request| {
            let registrar = self.clone();
            async move { Ok::<_, Infallible>(answer(registrar.call(request, key).await)) }
        });
        let mut server = http1::Builder::new();
        let served = server.timer(TokioTimer::new()).keep_alive(false).serve_connection(TokioIo::new(stream), service);
        if let Err(error) = served.await {
            tracing::debug!("a pod's call broke: {error}");
        }
    }

    async fn call(&self, request: Request<Incoming>, key: Pin) -> Result<()> {
        if (request.method(), request.uri().path()) != (&Method::POST, path::REGISTER) {
            return Err(Error::not_found("path", request.uri().path()));
        }
        let body = Limited::new(request.into_body(), MAX_CALL_BYTES).collect().await;
        let body = body.map_err(|e| Error::invalid("call", e.to_string()))?.to_bytes();
        let Register { token } =
            serde_json::from_slice(&body).map_err(|_| Error::invalid("call", "it is no registration"))?;
        let reviewed = self.kubernetes.review(token, AUDIENCE).await?.ok_or(Error::Unauthenticated)?;
        let caller = caller(&reviewed, &self.namespace, &self.service_account)?;
        let outcome = self.note(&caller, key).await;
        match &outcome {
            Ok(()) => tracing::info!(pod = caller.name, %key, "a pod has a key"),
            Err(error) => tracing::warn!(pod = caller.name, error = error.chain(), "a pod's key was refused"),
        }
        outcome
    }

    /// Writes the key into the pod, if it has none yet.
    async fn note(&self, caller: &Caller, key: Pin) -> Result<()> {
        let annotation = format!("/metadata/annotations/{}", name::KEY.replace('/', "~1"));
        let steps = json!([
            { "op": "test", "path": "/metadata/uid", "value": caller.uid },
            { "op": "test", "path": annotation, "value": "" },
            { "op": "replace", "path": annotation, "value": key.to_string() },
        ]);
        let steps = serde_json::from_value(steps).map_err(|e| Error::internal(e.to_string()))?;
        let patch = Patch::Json::<()>(steps);
        match self.pods.patch(&caller.name, &PatchParams::default(), &patch).await {
            Ok(_) => Ok(()),
            Err(error) if is(&error, 404) => Err(Error::not_found("pod", &caller.name)),
            // A test failed: it has one already, which may be this one, or it is another pod.
            Err(error) if is(&error, 422) => {
                let pod = self.kubernetes.pod(&self.namespace, &caller.name).await?.unwrap_or_default();
                let known = pod.metadata.annotations.as_ref().and_then(|all| all.get(name::KEY));
                if pod.metadata.uid.as_deref() == Some(&caller.uid) && known == Some(&key.to_string()) {
                    return Ok(());
                }
                Err(Error::conflict("pod", &caller.name, "it has another key: its container was started again"))
            }
            Err(error) => Err(classify(error, true)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_a_pod_only_if_it_is_a_pods_of_ours() {
        let reviewed = |user: &str, uid: Option<&str>| {
            let fact = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
            let extra = uid.map(|uid| fact(POD_UID, uid)).into_iter().chain([fact(POD_NAME, "zeroclaw-acme")]);
            Reviewed { user: user.to_owned(), extra: extra.collect() }
        };
        let of = |reviewed: &Reviewed| caller(reviewed, "tenants", "zeroclaw-tenant");
        let ours = "system:serviceaccount:tenants:zeroclaw-tenant";
        let pod = Caller { name: "zeroclaw-acme".to_owned(), uid: "u1".to_owned() };
        assert_eq!(of(&reviewed(ours, Some("u1"))).unwrap(), pod);
        let elsewhere = "system:serviceaccount:other:zeroclaw-tenant";
        for reviewed in [reviewed(elsewhere, Some("u1")), reviewed("admin", Some("u1")), reviewed(ours, None)] {
            assert!(matches!(of(&reviewed), Err(Error::Forbidden { .. })), "{reviewed:?}");
        }
    }
}
