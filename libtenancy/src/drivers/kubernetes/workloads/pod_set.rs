//! The pods of a namespace, as every kind of agent uses them: seen by one watch, and ended.

use std::{future::Future, sync::Arc, time::Duration};

use futures::{FutureExt, StreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    api::{DeleteParams, ListParams, Preconditions},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    super::{
        Kubernetes,
        connection::{classify, is},
    },
    END_TIMEOUT, LIST_CONCURRENCY,
    condition::Condition,
    label,
    manifest::{name, parse_id, workload_id},
    pods::{Pods, Seen},
    pool::PoolSeen,
};
use crate::{
    error::{Error, Result},
    ports::workloads::Workload,
    stores::PodSettings,
    tenant::{TenantId, WorkloadId},
};

/// See the module.
pub(super) struct PodSet {
    pub(super) kubernetes: Kubernetes,
    pub(super) settings: PodSettings,
    pub(super) seen: Arc<Pods>,
    pub(super) pool: Arc<PoolSeen>,
}

impl Kubernetes {
    /// A pod by its name, as it is now. A list of one: the right to list is needed anyway.
    pub(super) async fn pod(&self, namespace: &str, name: &str) -> Result<Option<Pod>> {
        let pods: Api<Pod> = Api::namespaced(self.clients.asking.clone(), namespace);
        let one = ListParams::default().fields(&format!("metadata.name={name}"));
        let found = pods.list(&one).await.map_err(|error| classify(error, false))?;
        Ok(found.items.into_iter().next())
    }
}

impl PodSet {
    /// Asks nothing and watches nothing.
    pub(super) fn new(kubernetes: Kubernetes, settings: PodSettings) -> Self {
        Self { kubernetes, settings, seen: Arc::default(), pool: Arc::default() }
    }

    pub(super) fn api(&self) -> Api<Pod> {
        Api::namespaced(self.kubernetes.clients.asking.clone(), &self.settings.namespace)
    }

    /// Follows the cluster from here on; returns when what there is has been seen.
    pub(super) async fn follow(&self, tasks: &TaskTracker, closing: &CancellationToken) -> Result<()> {
        let watching = || self.kubernetes.clients.watching.clone();
        let pods = Arc::clone(&self.seen).follow(Api::namespaced(watching(), &self.settings.namespace));
        let pool = Arc::clone(&self.pool).follow(Api::namespaced(watching(), &self.settings.namespace));
        for follow in [pods.boxed(), pool.boxed()] {
            let closing = closing.clone();
            tasks.spawn(async move { closing.run_until_cancelled(follow).await });
        }
        tokio::time::timeout(self.settings.start_timeout, self.seen.synced())
            .await
            .map_err(|_| Error::unavailable("kubernetes", "its pods cannot be listed"))
    }

    /// What the start of a tenant's pod waits for, as far as it has been told.
    pub(super) fn waits(&self, tenant: &TenantId) -> Option<String> {
        let theirs = self.seen.select(|pod| label(pod, name::TENANT) == Some(tenant.as_str()));
        theirs.iter().find_map(|pod| match Condition::of(pod) {
            Condition::Unschedulable(reason) => Some(reason),
            Condition::Starting(waits) => waits,
            Condition::Running | Condition::Failed(_) | Condition::Ending(_) => None,
        })
    }

    /// `Conflict` if the tenant has another pod that lives.
    pub(super) fn alone(&self, tenant: &TenantId, uid: &str) -> Result<()> {
        let others = self.seen.select(|other| {
            label(other, name::TENANT) == Some(tenant.as_str())
                && other.metadata.uid.as_deref() != Some(uid)
                && !matches!(Condition::of(other), Condition::Failed(_))
        });
        if others.is_empty() { Ok(()) } else { Err(Error::conflict("agent", tenant, "the tenant has a live agent")) }
    }

    /// Asks for a pod's removal. A repeat is no error: `false` if it is gone already.
    pub(super) async fn delete_with(&self, workload: &WorkloadId, grace_seconds: u32) -> Result<bool> {
        let (name, uid) = parse_id(workload)?;
        let parameters = DeleteParams {
            grace_period_seconds: Some(grace_seconds),
            preconditions: Some(Preconditions { uid: Some(uid.to_owned()), resource_version: None }),
            ..DeleteParams::default()
        };
        match self.api().delete(name, &parameters).await {
            Ok(_) => Ok(true),
            // It is gone, and another one may have its name.
            Err(error) if is(&error, 404) || is(&error, 409) => Ok(false),
            Err(error) => Err(classify(error, true)),
        }
    }

    /// Removes a pod in which nothing runs any more, by its `agentd`'s or its node's word: its name is free at once.
    pub(super) async fn remove(&self, workload: &WorkloadId) -> Result<()> {
        self.delete_with(workload, 0).await.map(drop)
    }

    /// Ends a pod, and waits until its node says that nothing runs in it.
    pub(super) async fn delete(&self, workload: &WorkloadId, grace_seconds: u32) -> Result<()> {
        let (name, uid) = parse_id(workload)?;
        if !self.delete_with(workload, grace_seconds).await? {
            return Ok(());
        }
        let mut pod = self.seen.watch(name);
        let is_other = |pod: &Pod| pod.metadata.uid.as_deref() != Some(uid);
        // Its node says that it is over, and takes its time to clear up; with volumes more of it.
        let is_over = |pod: &Pod| {
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
            matches!(phase, Some("Failed" | "Succeeded"))
        };
        let has_ended = |pod: &Seen| pod.as_ref().is_none_or(|pod| is_other(pod) || is_over(pod));
        let limit = END_TIMEOUT + Duration::from_secs(grace_seconds.into());
        let ended = async { pod.wait_for(has_ended).await.map(|pod| pod.as_deref().is_none_or(is_other)) };
        match tokio::time::timeout(limit, ended).await {
            Ok(Ok(true)) => return Ok(()),
            Ok(Ok(false)) => return self.remove(workload).await,
            _ => {}
        }
        let left = self.kubernetes.pod(&self.settings.namespace, name).await?;
        match left.filter(|pod| pod.metadata.uid.as_deref() == Some(uid)) {
            None => Ok(()),
            Some(pod) => Err(Error::unavailable("kubernetes", format!("pod `{name}`: {:?}", Condition::of(&pod)))),
        }
    }

    /// Every workload, as `look` says of each pod. A tenant's pod in which nothing runs any more is none, and is removed: its
    /// end was told to whoever watched, if anybody did.
    pub(super) async fn list<F>(&self, selector: &str, look: impl Fn(Pod) -> F) -> Result<Vec<Workload>>
    where
        F: Future<Output = Option<Workload>>,
    {
        let parameters = ListParams::default().labels(selector);
        let pods = self.api().list(&parameters).await.map_err(|error| classify(error, false))?;
        let has_ended = |pod: &Pod| matches!(Condition::of(pod), Condition::Failed(_));
        let (ended, alive): (Vec<Pod>, Vec<Pod>) = pods.items.into_iter().partition(has_ended);
        for pod in ended.iter().filter(|pod| label(pod, name::TENANT).is_some()) {
            self.remove(&workload_id(pod)).await?;
        }
        let looks = stream::iter(alive).map(look);
        Ok(looks.buffer_unordered(LIST_CONCURRENCY).filter_map(std::future::ready).collect().await)
    }
}
