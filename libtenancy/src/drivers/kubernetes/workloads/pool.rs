//! The pool of pods that nobody has: a Deployment, out of which a claim takes one.
//!
//! What is left if the control plane dies after a claim is a pod that is labelled as the tenant's and has no agent: the
//! reconciler finds it beside a record that says `provisioning`, and ends it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt;
use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use kube::{
    Api,
    api::{ListParams, Patch, PatchParams},
    runtime::{
        WatchStreamExt,
        watcher::{self, Event, watcher},
    },
};
use serde_json::json;

use super::{
    super::connection::{WATCH_SECONDS, classify, is},
    PodWorkloads,
    condition::Condition,
    endpoint, label, locked,
    manifest::{Template, name, workload_id},
    pod_set::PodSet,
};
use crate::{
    clock::Timestamp,
    demand::PoolSize,
    error::{Error, Result},
    ports::workloads::{BindRequest, Pool, PoolStatus},
    tenant::WorkloadId,
};

/// Who has written what, for server-side apply.
const MANAGER: &str = "ztm";

/// Whether it is in the pool, and alive.
pub(super) fn is_warm(pod: &Pod) -> bool {
    label(pod, name::WARM) == Some(name::WARM_READY) && Condition::of(pod) == Condition::Running
}

/// Whether it can be claimed.
fn is_ready(pod: &Pod) -> bool {
    is_warm(pod) && endpoint(pod).is_some()
}

/// Since when it is ready; the time of its birth if nobody knows.
pub(super) fn ready_since(pod: &Pod) -> Timestamp {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let ready = conditions.filter(|condition| condition.type_ == "Ready" && condition.status == "True");
    let mut ready = ready.filter_map(|condition| condition.last_transition_time.clone());
    let since = ready.next().or_else(|| pod.metadata.creation_timestamp.clone());
    Timestamp::from_micros(since.map_or(0, |since| since.0.as_microsecond()))
}

/// How many an operator chose.
fn chosen(pool: &Deployment) -> Result<Option<usize>> {
    let Some(size) = pool.metadata.annotations.as_ref().and_then(|all| all.get(name::POOL_SIZE)) else {
        return Ok(None);
    };
    let wrong = || Error::invalid("pool size", format!("the annotation `{}` says `{size}`", name::POOL_SIZE));
    size.parse().map(Some).map_err(|_| wrong())
}

/// How many there should be.
fn replicas(pool: &Deployment) -> usize {
    pool.spec.replicas.and_then(|count| count.try_into().ok()).unwrap_or_default()
}

/// The pool as the API server tells of it.
pub(super) struct PoolSeen(Mutex<Option<Deployment>>);

impl Default for PoolSeen {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl PoolSeen {
    fn put(&self, pool: Option<Deployment>) {
        *locked(&self.0) = pool;
    }

    /// Follows the cluster until it is cancelled.
    pub(super) async fn follow(self: Arc<Self>, api: Api<Deployment>) {
        let one = format!("metadata.name={}", name::POOL);
        let config = watcher::Config::default().fields(&one).timeout(WATCH_SECONDS);
        let mut events = std::pin::pin!(watcher(api, config).default_backoff());
        let mut listed = None;
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Apply(pool)) => self.put(Some(pool)),
                Ok(Event::Delete(_)) => self.put(None),
                Ok(Event::Init) => listed = None,
                Ok(Event::InitApply(pool)) => listed = Some(pool),
                Ok(Event::InitDone) => self.put(listed.take()),
                // It is tried again, with a pause that grows.
                Err(error) => tracing::warn!("the warm pool is not watched: {error}"),
            }
        }
    }
}

impl PodSet {
    fn deployments(&self) -> Api<Deployment> {
        Api::namespaced(self.kubernetes.clients.asking.clone(), &self.settings.namespace)
    }

    /// Writes the pool; see [`Template::pool`].
    async fn pool_apply(&self, pool: &Deployment) -> kube::Result<()> {
        let parameters = PatchParams::apply(MANAGER).force();
        let applied = self.deployments().patch(name::POOL, &parameters, &Patch::Apply(pool)).await?;
        self.pool.put(Some(applied));
        Ok(())
    }

    /// [`Pool::pool_open`], of pods of this template.
    pub(super) async fn pool_open(
        &self,
        template: &Template<'_>,
        configured: PoolSize,
        wanted: Option<usize>,
    ) -> Result<()> {
        let one = ListParams::default().fields(&format!("metadata.name={}", name::POOL));
        loop {
            let listed = self.deployments().list(&one).await.map_err(|error| classify(error, false))?;
            let there = listed.items.into_iter().next();
            let size = there.as_ref().map(chosen).transpose()?.flatten();
            let wanted = wanted.unwrap_or_else(|| configured.clamp(there.as_ref().map_or(0, replicas)));
            let version = there.and_then(|pool| pool.metadata.resource_version);
            match self.pool_apply(&template.pool(size, wanted, version)?).await {
                // It was changed, or scaled, meanwhile.
                Err(error) if is(&error, 409) => {}
                applied => return applied.map_err(|error| classify(error, true)),
            }
        }
    }

    /// [`Pool::pool_scale`], of pods of this template.
    pub(super) async fn pool_scale(&self, template: &Template<'_>, size: Option<usize>, wanted: usize) -> Result<()> {
        self.pool_apply(&template.pool(size, wanted, None)?).await.map_err(|error| classify(error, true))
    }

    /// [`Pool::pool_status`], where `is_ready` says what can be claimed.
    pub(super) fn pool_status(&self, is_ready: impl Fn(&Pod) -> bool) -> PoolStatus {
        let warm = self.seen.select(|pod| label(pod, name::WARM) == Some(name::WARM_READY));
        let ready = warm.iter().filter(|pod| is_ready(pod)).count();
        let trouble = warm.iter().find_map(|pod| match Condition::of(pod) {
            Condition::Failed(reason) | Condition::Unschedulable(reason) => Some(reason),
            Condition::Starting(_) | Condition::Running | Condition::Ending(_) => None,
        });
        let pool = locked(&self.pool.0);
        let Some(pool) = pool.as_ref() else {
            return PoolStatus {
                ready,
                trouble: trouble.or(Some("there is no pool yet".to_owned())),
                ..PoolStatus::default()
            };
        };
        PoolStatus {
            ready,
            target: replicas(pool),
            chosen: pool.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(name::POOL_SIZE)),
            trouble,
        }
    }
}

#[async_trait]
impl Pool for PodWorkloads {
    async fn pool_open(&self, configured: PoolSize, wanted: Option<usize>) -> Result<()> {
        self.0.set.pool_open(&self.0.template(), configured, wanted).await
    }

    async fn pool_scale(&self, size: Option<usize>, wanted: usize) -> Result<()> {
        self.0.set.pool_scale(&self.0.template(), size, wanted).await
    }

    async fn pool_claim(&self, request: &BindRequest) -> Result<Option<(WorkloadId, Timestamp)>> {
        let mut ready = self.0.set.seen.select(is_ready);
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
            match self.0.set.api().patch(&name, &PatchParams::default(), &Patch::Json::<()>(steps)).await {
                Ok(claimed) => {
                    let id = workload_id(&claimed);
                    self.0.set.seen.put(claimed);
                    return Ok(Some((id, ready_since(&pod))));
                }
                // Somebody else's, or gone.
                Err(error) if is(&error, 422) || is(&error, 404) => {}
                Err(error) => return Err(classify(error, true)),
            }
        }
        Ok(None)
    }

    fn pool_status(&self) -> PoolStatus {
        self.0.set.pool_status(is_ready)
    }
}
