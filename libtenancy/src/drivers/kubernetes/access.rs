//! What the control plane may do in a cluster: the one list of it, and the question whether it may.
//!
//! The shipped roles are held against the list by `tests/artifacts`, and what is really asked by `tests/kube/rbac-check`.

use std::fmt;

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, api::PostParams};

use super::{Kubernetes, connection::classify};
use crate::error::Result;

/// Where a right is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the control plane's namespace.
    ControlPlane,
    /// In the agents' namespace.
    Agents,
    /// In the whole cluster.
    Cluster,
}

/// What a right is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The lease of the leader.
    Leases,
    /// Agents as pods.
    Pods,
    /// Agents of an image without agentd.
    PlainPods,
    /// Their volumes.
    Volumes,
    /// To see whether the rest is as it must be.
    Probe,
}

/// A right of the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// What for.
    pub purpose: Purpose,
    /// Where.
    pub place: Place,
    /// The API group; empty for the first one.
    pub group: &'static str,
    /// The resource, with its subresource after a slash.
    pub resource: &'static str,
    /// The verb.
    pub verb: &'static str,
}

const fn right(
    purpose: Purpose,
    place: Place,
    group: &'static str,
    resource: &'static str,
    verb: &'static str,
) -> Right {
    Right { purpose, place, group, resource, verb }
}

/// Everything that the control plane asks of a cluster.
pub const RIGHTS: [Right; 25] = [
    right(Purpose::Leases, Place::ControlPlane, "coordination.k8s.io", "leases", "create"),
    right(Purpose::Leases, Place::ControlPlane, "coordination.k8s.io", "leases", "get"),
    right(Purpose::Leases, Place::ControlPlane, "coordination.k8s.io", "leases", "update"),
    right(Purpose::Pods, Place::Agents, "", "pods", "create"),
    right(Purpose::Pods, Place::Agents, "", "pods", "delete"),
    right(Purpose::Pods, Place::Agents, "", "pods", "list"),
    right(Purpose::Pods, Place::Agents, "", "pods", "patch"),
    right(Purpose::Pods, Place::Agents, "", "pods", "watch"),
    right(Purpose::Pods, Place::Agents, "apps", "deployments", "create"),
    right(Purpose::Pods, Place::Agents, "apps", "deployments", "list"),
    right(Purpose::Pods, Place::Agents, "apps", "deployments", "patch"),
    right(Purpose::Pods, Place::Agents, "apps", "deployments", "watch"),
    right(Purpose::Pods, Place::Cluster, "authentication.k8s.io", "tokenreviews", "create"),
    right(Purpose::Pods, Place::Cluster, "", "nodes", "list"),
    right(Purpose::Pods, Place::Cluster, "karpenter.sh", "nodeclaims", "list"),
    right(Purpose::PlainPods, Place::Agents, "", "secrets", "create"),
    right(Purpose::PlainPods, Place::Agents, "", "pods/log", "get"),
    right(Purpose::Volumes, Place::Agents, "", "persistentvolumeclaims", "create"),
    right(Purpose::Volumes, Place::Agents, "", "persistentvolumeclaims", "delete"),
    right(Purpose::Volumes, Place::Cluster, "", "persistentvolumes", "create"),
    right(Purpose::Volumes, Place::Cluster, "", "persistentvolumes", "delete"),
    right(Purpose::Probe, Place::Agents, "networking.k8s.io", "networkpolicies", "get"),
    right(Purpose::Probe, Place::Cluster, "node.k8s.io", "runtimeclasses", "get"),
    right(Purpose::Probe, Place::Cluster, "scheduling.k8s.io", "priorityclasses", "get"),
    right(Purpose::Probe, Place::Cluster, "karpenter.sh", "nodepools", "get"),
];

/// Something that the caller may do, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask<'a> {
    pub(super) verb: &'a str,
    pub(super) group: &'a str,
    pub(super) resource: &'a str,
    pub(super) name: Option<&'a str>,
    /// `None` for the whole cluster.
    pub(super) namespace: Option<&'a str>,
}

impl fmt::Display for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dot = if self.group.is_empty() { "" } else { "." };
        write!(f, "{} {}{dot}{}", self.verb, self.resource, self.group)?;
        if let Some(name) = self.name {
            write!(f, " `{name}`")?;
        }
        match self.namespace {
            Some(namespace) => write!(f, " in `{namespace}`"),
            None => Ok(()),
        }
    }
}

impl Kubernetes {
    /// Whether whoever asks may do this. Everybody may ask that of themselves.
    pub(super) async fn may(&self, ask: &Ask<'_>) -> Result<bool> {
        let (resource, subresource) = match ask.resource.split_once('/') {
            Some((resource, subresource)) => (resource, Some(subresource)),
            None => (ask.resource, None),
        };
        let text = |text: &str| Some(text.to_owned());
        let attributes = ResourceAttributes {
            group: text(ask.group),
            name: ask.name.and_then(text),
            namespace: ask.namespace.and_then(text),
            resource: text(resource),
            subresource: subresource.and_then(text),
            verb: text(ask.verb),
            ..ResourceAttributes::default()
        };
        let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), non_resource_attributes: None };
        let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
        let reviews: Api<SelfSubjectAccessReview> = Api::all(self.clients.asking.clone());
        let answer = reviews.create(&PostParams::default(), &review).await.map_err(|error| classify(error, false))?;
        Ok(answer.status.is_some_and(|status| status.allowed))
    }

    /// Those of some things that whoever asks may not do, as text.
    pub(super) async fn refused(&self, asks: &[Ask<'_>]) -> Result<Vec<String>> {
        let allowed = futures::future::try_join_all(asks.iter().map(|ask| self.may(ask))).await?;
        Ok(asks.iter().zip(allowed).filter(|(_, allowed)| !allowed).map(|(ask, _)| ask.to_string()).collect())
    }
}
