//! What a pod of ours looks like: an agent's own, and the pool's.

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Pod};
use serde_json::{Value, json};

use super::plain;
use crate::{
    agent::{path, pod},
    error::{Error, Result},
    pinned::Pin,
    stores::{PlainPods, PodSettings},
    tenant::{Generation, TenantId, WorkloadId},
};

/// The names that pods are found by; the first system's, where it had one.
pub(super) mod name {
    /// The label of what a pod is.
    pub(in super::super) const APP: &str = "app";
    /// A pod that is a tenant's.
    pub(in super::super) const APP_AGENT: &str = "zeroclaw";
    /// A pod of the pool, and the pool.
    pub(in super::super) const POOL: &str = "warm-pool";
    /// The label that tells the pool's selector from what was taken out of it.
    pub(in super::super) const WARM: &str = "warm";
    /// It can be taken.
    pub(in super::super) const WARM_READY: &str = "true";
    /// It was taken.
    pub(in super::super) const WARM_TAKEN: &str = "consuming";
    /// The label of whose agent it is.
    pub(in super::super) const TENANT: &str = "tenant";
    /// The label of the generation it is for.
    pub(in super::super) const GENERATION: &str = "ztm.dev/generation";
    /// The annotation with the pin of its `agentd`'s key; empty until that is known.
    pub(in super::super) const KEY: &str = "ztm.dev/agentd-key";
    /// The annotation of the pool with the size that an operator chose.
    pub(in super::super) const POOL_SIZE: &str = "ztm.dev/pool-size";
    /// The container.
    pub(in super::super) const CONTAINER: &str = "agent";
}

/// Every pod of ours.
pub(in super::super) const SELECTOR: &str = "app in (zeroclaw, warm-pool)";

/// The user and group that agents run as; nobody's on a usual system.
pub(super) const AGENT_USER: u32 = 10_001;

/// How long the token of a pod is good for, seconds; the node replaces it before. The least that Kubernetes allows.
const TOKEN_SECONDS: u32 = 600;

/// The `PriorityClass` of pods that keep a place.
pub(in super::super) const PLACE_PRIORITY: &str = "tenant-low";

/// What a pod may write that is not its state.
const TMP_LIMIT: &str = "64Mi";

/// How long a pod may take to end, seconds (the first system's).
pub(super) const GRACE_SECONDS: u32 = 30;

/// What is in the image of a pod.
pub(super) enum Kind {
    /// `agentd` is its entry point, and calls out to the holder of this key.
    Agentd(Pin),
    /// The agent is.
    Plain(PlainPods),
}

/// What every pod is made from.
pub(super) struct Template<'a> {
    pub(super) settings: &'a PodSettings,
    pub(super) kind: Kind,
}

/// Whose a pod is from its beginning.
struct Owner<'a> {
    tenant: &'a TenantId,
    generation: Generation,
}

/// The name of a tenant's own pod.
pub(super) fn pod_name(tenant: &TenantId) -> String {
    format!("zeroclaw-{tenant}")
}

/// A pod, for ever: its name and its UID.
pub(super) fn workload_id(pod: &Pod) -> WorkloadId {
    let metadata = &pod.metadata;
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    WorkloadId(format!("{}/{}", part(&metadata.name), part(&metadata.uid)))
}

/// Name and UID of a workload.
pub(super) fn parse_id(id: &WorkloadId) -> Result<(&str, &str)> {
    id.0.split_once('/').ok_or_else(|| Error::not_found("workload", id))
}

pub(super) fn typed<T: serde::de::DeserializeOwned>(manifest: Value) -> Result<T> {
    serde_json::from_value(manifest).map_err(|e| Error::internal(format!("a manifest is none: {e}")))
}

impl Template<'_> {
    /// The pod that is a tenant's from its beginning; on the node `near`, if it has room.
    pub(super) fn pod(&self, tenant: &TenantId, generation: Generation, near: Option<&str>) -> Result<Pod> {
        let labels = json!({
            name::APP: name::APP_AGENT, name::TENANT: tenant.as_str(), name::GENERATION: generation.to_string(),
        });
        let metadata = json!({ "name": pod_name(tenant), "labels": labels, "annotations": { name::KEY: "" } });
        // It is started anew by the next wake, with another identity.
        let mut spec = self.spec("Never", Some(&Owner { tenant, generation }));
        if let Some(node) = near {
            let here = json!({ "key": "kubernetes.io/hostname", "operator": "In", "values": [node] });
            spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] =
                json!([{ "weight": 100, "preference": { "matchExpressions": [here] } }]);
        }
        typed(json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec }))
    }

    /// The pool, with as many pods that nobody has as was chosen, or else as are `wanted`. With a `version` it is refused
    /// where the pool has changed since.
    pub(super) fn pool(&self, chosen: Option<usize>, wanted: usize, version: Option<String>) -> Result<Deployment> {
        let annotations = chosen.map(|size| json!({ name::POOL_SIZE: size.to_string() }));
        let labels = json!({ name::APP: name::POOL, name::WARM: name::WARM_READY });
        typed(json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": name::POOL,
                "labels": { name::APP: name::POOL },
                "annotations": annotations,
                "resourceVersion": version,
            },
            "spec": {
                "replicas": chosen.unwrap_or(wanted),
                "selector": { "matchLabels": labels },
                // Those of another template are of no use.
                "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": "100%", "maxSurge": "100%" } },
                "revisionHistoryLimit": 1,
                "template": {
                    "metadata": { "labels": labels, "annotations": { name::KEY: "" } },
                    "spec": self.spec("Always", None),
                },
            },
        }))
    }

    /// What is the same whatever is in the image.
    fn spec(&self, restart: &str, owner: Option<&Owner<'_>>) -> Value {
        let settings = self.settings;
        let mut spec = json!({
            "restartPolicy": restart,
            "terminationGracePeriodSeconds": GRACE_SECONDS,
            "serviceAccountName": settings.service_account,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": AGENT_USER, "runAsGroup": AGENT_USER, "fsGroup": AGENT_USER,
                "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [{
                "name": name::CONTAINER,
                "image": settings.image,
                "imagePullPolicy": settings.image_pull_policy,
                "resources": {
                    "requests": { "cpu": settings.cpu_request, "memory": settings.memory_request },
                    "limits": {
                        "cpu": settings.cpu_limit, "memory": settings.memory_limit,
                        "ephemeral-storage": settings.storage_limit,
                    },
                },
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
            }],
        });
        match &self.kind {
            Kind::Agentd(key) => self.agentd(&mut spec, *key),
            Kind::Plain(plain) => self.plain(&mut spec, plain, owner),
        }
        if let Some(class) = &settings.priority_class {
            // A pod that will be nobody's gives way to those that are somebody's.
            let is_place = owner.is_none() && matches!(self.kind, Kind::Plain(_));
            spec["priorityClassName"] = json!(if is_place { PLACE_PRIORITY } else { class });
        }
        if let Some(class) = &settings.runtime_class {
            spec["runtimeClassName"] = json!(class);
            spec["affinity"] = json!({ "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{ "matchExpressions": [
                    { "key": "katacontainers.io/kata-runtime", "operator": "In", "values": ["true"] },
                ] }],
            } } });
            spec["tolerations"] =
                json!([{ "key": "kata-runtime", "operator": "Equal", "value": "true", "effect": "NoSchedule" }]);
        }
        spec
    }

    /// What an image with `agentd` gets: the way to its control plane, a token, and room for its state. Nothing is anybody's.
    fn agentd(&self, spec: &mut Value, key: Pin) {
        let settings = self.settings;
        let container = &mut spec["containers"][0];
        container["env"] = json!([
            { "name": pod::CONTROL_PLANE, "value": settings.control_plane },
            { "name": pod::CONTROL_PLANE_KEY, "value": key.to_string() },
        ]);
        container["ports"] = json!([
            { "name": "agent", "containerPort": pod::PORT },
            { "name": "health", "containerPort": pod::HEALTH_PORT },
        ]);
        container["readinessProbe"] =
            json!({ "httpGet": { "path": path::HEALTH, "port": "health" }, "periodSeconds": 1, "failureThreshold": 3 });
        container["securityContext"]["readOnlyRootFilesystem"] = json!(true);
        container["volumeMounts"] = json!([
            { "name": "data", "mountPath": pod::DATA_DIR },
            { "name": "tmp", "mountPath": "/tmp" },
            { "name": "token", "mountPath": pod::TOKEN_DIR, "readOnly": true },
        ]);
        spec["volumes"] = json!([
            { "name": "data", "emptyDir": { "sizeLimit": settings.storage_limit } },
            { "name": "tmp", "emptyDir": { "sizeLimit": TMP_LIMIT } },
            { "name": "token", "projected": { "defaultMode": 0o400, "sources": [{ "serviceAccountToken": {
                "audience": pod::AUDIENCE, "expirationSeconds": TOKEN_SECONDS, "path": pod::TOKEN_FILE,
            } }] } },
        ]);
    }

    /// What an image without `agentd` gets: whose it is, that tenant's secrets and state. One of the pool gets nothing of it.
    fn plain(&self, spec: &mut Value, plain: &PlainPods, owner: Option<&Owner<'_>>) {
        let container = &mut spec["containers"][0];
        container["ports"] = json!([{ "name": "agent", "containerPort": plain::PORT }]);
        let mut mounts = vec![json!({ "name": "tmp", "mountPath": "/tmp" })];
        let mut volumes = vec![json!({ "name": "tmp", "emptyDir": { "sizeLimit": self.settings.storage_limit } })];
        if let Some(Owner { tenant, generation }) = owner {
            let health = json!({ "path": plain::HEALTH, "port": "agent" });
            container["readinessProbe"] = json!({ "httpGet": health, "periodSeconds": 1, "failureThreshold": 3 });
            container["env"] = json!([
                { "name": plain::TENANT, "value": tenant.as_str() },
                { "name": plain::SECRETS, "value": plain::SECRETS_DIR },
            ]);
            mounts.push(json!({ "name": "secrets", "mountPath": plain::SECRETS_DIR, "readOnly": true }));
            let secret = json!({ "secretName": plain::secret_name(tenant, *generation), "defaultMode": 0o440 });
            volumes.push(json!({ "name": "secrets", "secret": secret }));
            if plain.state_bucket.is_some() {
                mounts.push(json!({ "name": "state", "mountPath": plain::STATE_DIR }));
                let claim = json!({ "claimName": plain::claim_name(tenant) });
                volumes.push(json!({ "name": "state", "persistentVolumeClaim": claim }));
            }
        }
        container["volumeMounts"] = json!(mounts);
        spec["volumes"] = json!(volumes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pinned::Identity;

    #[test]
    fn a_pod_has_no_rights_no_secrets_and_a_token_for_one_purpose() {
        let settings = PodSettings { image: "agent:1".to_owned(), ..PodSettings::default() };
        let key = Identity::from_seed(&[7; 32]).unwrap().pin();
        let template = Template { settings: &settings, kind: Kind::Agentd(key) };
        let pod = template.pod(&"acme".parse().unwrap(), Generation(5), None).unwrap();
        assert_eq!(pod.metadata.name.as_deref(), Some("zeroclaw-acme"));
        let spec = pod.spec.unwrap();
        assert_eq!(spec.automount_service_account_token, Some(false));
        assert_eq!(spec.runtime_class_name.as_deref(), Some("kata-qemu"));
        assert_eq!((spec.node_name, spec.host_network), (None, None));
        let container = &spec.containers[0];
        let names: Vec<_> = container.env.iter().flatten().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, [pod::CONTROL_PLANE, pod::CONTROL_PLANE_KEY], "and no bot's token");
        let context = container.security_context.as_ref().unwrap();
        assert_eq!(context.allow_privilege_escalation, Some(false));
        let pool = template.pool(None, 3, None).unwrap().spec;
        assert_eq!(pool.replicas, Some(3));
        assert_eq!(pool.template.spec.unwrap().restart_policy.as_deref(), Some("Always"));
    }

    #[test]
    fn a_pod_without_agentd_has_its_tenants_volumes_and_one_of_the_pool_has_none() {
        let settings = PodSettings { image: "agent:1".to_owned(), runtime_class: None, ..PodSettings::default() };
        let plain = PlainPods { state_bucket: Some("states".to_owned()) };
        let template = Template { settings: &settings, kind: Kind::Plain(plain) };
        let pod = template.pod(&"acme".parse().unwrap(), Generation(5), Some("n1")).unwrap();
        let spec = pod.spec.unwrap();
        assert_eq!(spec.automount_service_account_token, Some(false));
        let container = &spec.containers[0];
        let variables: Vec<_> = container.env.iter().flatten().map(|v| (v.name.as_str(), v.value.as_deref())).collect();
        assert_eq!(variables, [("TENANT_ID", Some("acme")), ("ZTM_SECRETS", Some("/var/run/secrets/ztm"))]);
        let volumes: Vec<_> = spec.volumes.iter().flatten().collect();
        let names = |volume: &k8s_openapi::api::core::v1::Volume| {
            let secret = volume.secret.as_ref().and_then(|secret| secret.secret_name.clone());
            secret.or(volume.persistent_volume_claim.as_ref().map(|claim| claim.claim_name.clone()))
        };
        let named: Vec<_> = volumes.into_iter().filter_map(names).collect();
        assert_eq!(named, ["zeroclaw-acme-5", "pvc-tenant-acme"]);
        let node = spec.affinity.unwrap().node_affinity.unwrap();
        assert!(node.required_during_scheduling_ignored_during_execution.is_none());
        assert_eq!(node.preferred_during_scheduling_ignored_during_execution.unwrap().len(), 1);
        let pool = template.pool(None, 3, None).unwrap().spec.template.spec.unwrap();
        assert_eq!(pool.volumes.unwrap().len(), 1);
        assert_eq!(pool.containers[0].env, None);
    }
}
