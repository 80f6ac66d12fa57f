//! The way to a control plane in a cluster: the kubeconfig, the API server, and what the operator may do there.

use libtenancy::{drivers::kubernetes::Kubernetes, stores::KubernetesServer};

use super::push;
use crate::view::doctor::{Check, Finding};

/// Looks at each step of the way, and stops at the first that leads no further; whether all do.
pub(super) async fn way(checks: &mut Vec<Check>, server: &KubernetesServer, account: &str) -> bool {
    let cluster = match Kubernetes::open(server).await {
        Ok(cluster) => cluster,
        Err(error) => {
            let fix = "`kubectl config get-contexts` shows those there are; KUBECONFIG names another file";
            push(checks, "kubeconfig", Finding::Fail, error.chain(), Some(fix));
            return false;
        }
    };
    let context = server.context.as_ref().map_or("its current context".to_owned(), |name| format!("context `{name}`"));
    let text = format!("{context} is there; namespace `{}`", cluster.namespace());
    push(checks, "kubeconfig", Finding::Ok, text, None);
    let version = match cluster.version().await {
        Ok(version) => version,
        Err(error) => {
            let fix = "see whether `kubectl version` is answered: the network, a VPN, credentials that ended";
            push(checks, "cluster", Finding::Fail, error.chain(), Some(fix));
            return false;
        }
    };
    push(checks, "cluster", Finding::Ok, format!("its API answers, version {}", version.name), None);
    match cluster.tunnel_refused(account, &version).await {
        Ok(refused) if refused.is_empty() => {
            let text = format!("you may be `{account}`, and forward a port to the control plane");
            push(checks, "rights of yours", Finding::Ok, text, None);
            true
        }
        Ok(refused) => {
            let fix = "have a Role that gives them bound to you, or name another `account` in the context";
            let text = format!("you may not: {}", refused.join(", "));
            push(checks, "rights of yours", Finding::Fail, text, Some(fix));
            false
        }
        Err(error) => {
            let hint = error.hint();
            push(checks, "rights of yours", Finding::Warn, format!("not known: {}", error.chain()), hint.as_deref());
            true
        }
    }
}
