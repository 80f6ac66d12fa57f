//! The pool of pods that nobody has: a Deployment, out of which a claim takes one.
//!
//! What is left if the control plane dies after a claim is a pod that is labelled as the tenant's and has no agent: the
//! reconciler finds it beside a record that says `provisioning`, and ends it.

use async_trait::async_trait;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::json;

use super::{
    super::connection::{classify, is},
    PodWorkloads, Shared,
    condition::Condition,
    endpoint, label,
    manifest::{name, workload_id},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ports::workloads::{BindRequest, Pool, PoolStatus},
    tenant::WorkloadId,
};

/// Who has written what, for server-side apply.
const MANAGER: &str = "ztm";

/// Whether it can be claimed: in the pool, alive, and known.
fn is_ready(pod: &Pod) -> bool {
    label(pod, name::WARM) == Some(name::WARM_READY)
        && Condition::of(pod) == Condition::Running
        && endpoint(pod).is_some()
}

/// Since when it is ready; the time of its birth if nobody knows.
fn ready_since(pod: &Pod) -> Timestamp {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let ready = conditions.filter(|condition| condition.type_ == "Ready" && condition.status == "True");
    let mut ready = ready.filter_map(|condition| condition.last_transition_time.clone());
    let since = ready.next().or_else(|| pod.metadata.creation_timestamp.clone());
    Timestamp::from_micros(since.map_or(0, |since| since.0.as_microsecond()))
}

impl Shared {
    fn deployments(&self) -> Api<Deployment> {
        Api::namespaced(self.kubernetes.client.clone(), &self.settings.namespace)
    }

    async fn deployment(&self) -> Result<Option<Deployment>> {
        self.deployments().get_opt(name::POOL).await.map_err(|error| classify(error, false))
    }

    /// See [`crate::ports::workloads::Workloads::pool_size`].
    pub(super) async fn pool_size(&self) -> Result<Option<usize>> {
        let annotations = self.deployment().await?.and_then(|pool| pool.metadata.annotations).unwrap_or_default();
        let Some(size) = annotations.get(name::POOL_SIZE) else { return Ok(None) };
        let wrong = || Error::invalid("pool size", format!("the annotation `{}` says `{size}`", name::POOL_SIZE));
        size.parse().map(Some).map_err(|_| wrong())
    }

    /// See [`crate::ports::workloads::Workloads::pool_size_set`]: an annotation, which no apply of the pool touches.
    pub(super) async fn pool_size_set(&self, size: Option<usize>) -> Result<()> {
        let size = size.map(|size| size.to_string());
        let patch = json!({ "metadata": { "annotations": { name::POOL_SIZE: size } } });
        match self.deployments().patch(name::POOL, &PatchParams::default(), &Patch::Merge(patch)).await {
            Err(error) if is(&error, 404) && size.is_none() => Ok(()),
            outcome => outcome.map(drop).map_err(|error| classify(error, true)),
        }
    }
}

#[async_trait]
impl Pool for PodWorkloads {
    async fn pool_scale(&self, target: usize) -> Result<()> {
        let pool = self.0.template().pool(target)?;
        let applied =
            self.0.deployments().patch(name::POOL, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&pool)).await;
        applied.map(drop).map_err(|error| classify(error, true))
    }

    async fn pool_claim(&self, request: &BindRequest) -> Result<Option<(WorkloadId, Timestamp)>> {
        let mut ready = self.0.pods.select(is_ready);
        ready.sort_by_cached_key(|pod| ready_since(pod));
        for pod in ready {
            let pointer = |key: &str| format!("/metadata/labels/{}", key.replace('/', "~1"));
            let steps = json!([
                { "op": "test", "path": "/metadata/uid", "value": pod.metadata.uid },
                { "op": "test", "path": pointer(name::WARM), "value": name::WARM_READY },
                { "op": "replace", "path": pointer(name::APP), "value": name::APP_AGENT },
                { "op": "replace", "path": pointer(name::WARM), "value": name::WARM_TAKEN },
                { "op": "add", "path": pointer(name::TENANT), "value": request.tenant.as_str() },
                { "op": "add", "path": pointer(name::GENERATION), "value": request.generation.to_string() },
            ]);
            let steps = serde_json::from_value(steps).map_err(|e| Error::internal(e.to_string()))?;
            let name = pod.metadata.name.clone().unwrap_or_default();
            match self.0.api().patch(&name, &PatchParams::default(), &Patch::Json::<()>(steps)).await {
                Ok(claimed) => {
                    let id = workload_id(&claimed);
                    self.0.pods.put(claimed);
                    return Ok(Some((id, ready_since(&pod))));
                }
                // Somebody else's, or gone.
                Err(error) if is(&error, 422) || is(&error, 404) => {}
                Err(error) => return Err(classify(error, true)),
            }
        }
        Ok(None)
    }

    async fn pool_status(&self) -> Result<PoolStatus> {
        let warm = self.0.pods.select(|pod| label(pod, name::WARM) == Some(name::WARM_READY));
        let ready = warm.iter().filter(|pod| is_ready(pod)).count();
        let trouble = warm.iter().find_map(|pod| match Condition::of(pod) {
            Condition::Failed(reason) | Condition::Unschedulable(reason) => Some(reason),
            Condition::Starting(_) | Condition::Running | Condition::Ending(_) => None,
        });
        let replicas = self.0.deployment().await?.and_then(|pool| pool.spec.replicas).unwrap_or_default();
        Ok(PoolStatus { ready, target: usize::try_from(replicas).unwrap_or_default(), trouble })
    }
}
