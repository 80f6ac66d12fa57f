//! Kubernetes: agents as pods and the machines they run on, the leases of leaders, and who the bearer of a token is.
//!
//! # Design notes
//! - The client is found where `kubectl` finds its own: a kubeconfig, or the service account of the pod it runs in.
//! - Every write of a lease carries the resource version that was read. A conflict is read again and decided again: it says
//!   nothing of who won.

pub mod access;
mod connection;
pub mod fleets;
mod identities;
mod karpenter;
mod leaders;
pub mod probes;
pub mod tunnel;
pub mod workloads;

use std::fmt;

use crate::{error::Result, stores::KubernetesServer};

/// A namespace of a cluster. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Kubernetes {
    clients: connection::Clients,
    namespace: String,
}

impl fmt::Debug for Kubernetes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubernetes").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Kubernetes {
    /// Finds the cluster; asks it nothing. `Invalid` if there is none to be found.
    pub async fn open(settings: &KubernetesServer) -> Result<Self> {
        let (clients, namespace) = connection::clients(settings).await?;
        Ok(Self { clients, namespace })
    }
}
