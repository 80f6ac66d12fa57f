//! How a pod for one tenant is made, and how long it is waited for.

use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;

use super::{
    super::connection::{classify, is},
    QUICK_GRACE,
    condition::Condition,
    generation,
    manifest::{parse_id, pod_name, workload_id},
    pod_set::PodSet,
};
use crate::{
    clock::Stopwatch,
    error::{Error, Result},
    ports::workloads::{BindRequest, Started},
    tenant::{TenantId, WorkloadId},
};

impl PodSet {
    /// Waits until a pod that was just made runs and is `known`; until then `unknown` says what it waits for. One that does not
    /// come so far is removed.
    pub(super) async fn started(
        &self,
        id: WorkloadId,
        tenant: &TenantId,
        known: impl Fn(&Pod) -> bool,
        unknown: &str,
    ) -> Result<Started> {
        match self.known(&id, tenant, known, unknown).await {
            Ok(node) => Ok(Started { id, node }),
            Err(error) => {
                // It never had an agent.
                if let Err(left) = self.remove(&id).await {
                    tracing::warn!(workload = %id, error = left.chain(), "a pod that did not start was not removed");
                }
                Err(error)
            }
        }
    }

    /// Makes the pod for this bind; an earlier generation's ends first. `Conflict` if a later one's is there.
    pub(super) async fn make(&self, request: &BindRequest, pod: &Pod) -> Result<WorkloadId> {
        let BindRequest { tenant, generation: wanted, .. } = request;
        for _ in 0..2 {
            match self.api().create(&PostParams::default(), pod).await {
                Ok(made) => return Ok(workload_id(&made)),
                Err(error) if is(&error, 409) => {}
                // It is not for want of the server: no pod of this kind would be taken.
                Err(kube::Error::Api(status)) if matches!(status.code, 400 | 403 | 422) => {
                    return Err(Error::AgentFailed { tenant: tenant.to_string(), reason: status.message });
                }
                Err(error) => return Err(classify(error, true)),
            }
            let there = self.kubernetes.pod(&self.settings.namespace, &pod_name(tenant)).await?;
            let Some(there) = there else { continue };
            if generation(&there) >= Some(*wanted) && !matches!(Condition::of(&there), Condition::Failed(_)) {
                return Err(Error::conflict("agent", tenant, "a later generation has a pod"));
            }
            self.delete(&workload_id(&there), QUICK_GRACE).await?;
        }
        Err(Error::conflict("agent", tenant, "another pod has its name"))
    }

    /// Waits until a pod that was just made runs and is `known`, and says how long it had no node. `AgentFailed` says why not.
    pub(super) async fn known(
        &self,
        workload: &WorkloadId,
        tenant: &TenantId,
        known: impl Fn(&Pod) -> bool,
        unknown: &str,
    ) -> Result<Duration> {
        let (name, uid) = parse_id(workload)?;
        let failed = |reason: String| Error::AgentFailed { tenant: tenant.to_string(), reason };
        let watch = Stopwatch::start();
        let mut pod = self.seen.watch(name);
        // Until when it had no node: its start has its time from then on.
        let (mut without_node, mut node) = (false, Duration::ZERO);
        // It takes a moment until the watch has seen it.
        let mut seen = false;
        loop {
            if std::mem::take(&mut without_node) {
                node = watch.elapsed();
            }
            let start_timeout = self.settings.start_timeout + node;
            let (limit, waits) = {
                let now = pod.borrow_and_update();
                match now.as_ref().filter(|pod| pod.metadata.uid.as_deref() == Some(uid)) {
                    None if seen => return Err(failed(format!("pod `{name}` was deleted while it started"))),
                    None => (start_timeout, "it has not been seen".to_owned()),
                    Some(now) => {
                        seen = true;
                        match Condition::of(now) {
                            Condition::Failed(reason) | Condition::Ending(reason) => return Err(failed(reason)),
                            Condition::Unschedulable(reason) => {
                                without_node = true;
                                (self.settings.node_timeout, reason)
                            }
                            Condition::Starting(waits) => (start_timeout, waits.unwrap_or_default()),
                            Condition::Running if known(now) => return Ok(node),
                            Condition::Running => (start_timeout, unknown.to_owned()),
                        }
                    }
                }
            };
            if limit.is_zero() {
                return Err(failed(waits));
            }
            let Some(left) = limit.checked_sub(watch.elapsed()) else {
                return Err(failed(format!("pod `{name}` was not ready within {limit:?}: {waits}")));
            };
            match tokio::time::timeout(left, pod.changed()).await {
                Ok(Ok(())) | Err(_) => {}
                Ok(Err(_)) => return Err(Error::internal("pods are not watched any more")),
            }
        }
    }
}
