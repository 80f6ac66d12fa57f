//! The manifests of `deploy/` hold nothing that the API of the present Kubernetes does not know: also those of a version
//! that the cluster of the tests is too old for.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    core::v1::{Namespace, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
    node::v1::RuntimeClass,
    policy::v1::PodDisruptionBudget,
    rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
    scheduling::v1::PriorityClass,
    storage::v1::StorageClass,
};
use libtenancy::{
    drivers::kubernetes::{
        access::{Place, RIGHTS},
        probes::{NODE_POOL, POLICIES},
    },
    stores::PodSettings,
};
use serde_json::Value;

/// The manifest as its type knows it: what the type does not know is not in there.
fn known(manifest: &Value) -> serde_json::Result<Value> {
    macro_rules! by_kind {
        ($($version:literal $kind:ident),+ $(,)?) => {
            match (manifest["apiVersion"].as_str().unwrap(), manifest["kind"].as_str().unwrap()) {
                $(($version, stringify!($kind)) => serde_json::to_value($kind::deserialize(manifest)?),)+
                (version, kind) => panic!("{version} {kind} is not looked at here"),
            }
        };
    }
    use serde::Deserialize;
    by_kind!(
        "v1" Namespace,
        "v1" Service,
        "v1" ServiceAccount,
        "apps/v1" Deployment,
        "apps/v1" StatefulSet,
        "networking.k8s.io/v1" NetworkPolicy,
        "node.k8s.io/v1" RuntimeClass,
        "policy/v1" PodDisruptionBudget,
        "rbac.authorization.k8s.io/v1" ClusterRole,
        "rbac.authorization.k8s.io/v1" ClusterRoleBinding,
        "rbac.authorization.k8s.io/v1" Role,
        "rbac.authorization.k8s.io/v1" RoleBinding,
        "scheduling.k8s.io/v1" PriorityClass,
        "storage.k8s.io/v1" StorageClass,
    )
}

/// The paths of what `written` has and `known` has not, or has otherwise.
fn lost(written: &Value, known: &Value, path: &str) -> Vec<String> {
    match (written, known) {
        (Value::Object(written), Value::Object(known)) => written
            .iter()
            .flat_map(|(key, value)| lost(value, known.get(key).unwrap_or(&Value::Null), &format!("{path}.{key}")))
            .collect(),
        (Value::Array(written), Value::Array(known)) if written.len() == known.len() => {
            let pairs = written.iter().zip(known).enumerate();
            pairs.flat_map(|(at, (written, known))| lost(written, known, &format!("{path}[{at}]"))).collect()
        }
        (written, known) if written == known => Vec::new(),
        (written, known) => vec![format!("{path}: {written} is {known}")],
    }
}

fn manifests() -> Vec<(PathBuf, Value)> {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let directories = ["kubernetes", "plain"].map(|name| std::fs::read_dir(deploy.join(name)).unwrap());
    let files = directories.into_iter().flatten().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| {
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml");
        is_yaml && !path.ends_with("kustomization.yaml")
    });
    yaml.flat_map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        documents.into_iter().map(move |document| (path.clone(), document))
    })
    .collect()
}

#[test]
fn every_field_of_every_manifest_is_known_to_the_api() {
    let manifests = manifests();
    assert!(manifests.len() > 20, "{}", manifests.len());
    for (path, manifest) in manifests {
        let name = format!("{} {}", path.display(), manifest["metadata"]["name"]);
        let known = known(&manifest).unwrap_or_else(|error| panic!("{name}: {error}"));
        let lost = lost(&manifest, &known, "");
        assert!(lost.is_empty(), "{name}: {lost:#?}");
    }
}

/// The rights of the roles for the control plane: where, group, resource, verb. Those of a `ClusterRole` are `cluster`'s.
fn granted(manifests: &[(PathBuf, Value)]) -> BTreeSet<[String; 4]> {
    let names = |values: &Value| -> Vec<String> {
        values.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let mut granted = BTreeSet::new();
    for (_, role) in manifests.iter().filter(|(_, m)| m["kind"] == "Role" || m["kind"] == "ClusterRole") {
        let place = role["metadata"]["namespace"].as_str().unwrap_or("cluster");
        for rule in role["rules"].as_array().unwrap() {
            for group in names(&rule["apiGroups"]) {
                for resource in names(&rule["resources"]) {
                    for verb in names(&rule["verbs"]) {
                        granted.insert([place, &group, &resource, &verb].map(str::to_owned));
                    }
                }
            }
        }
    }
    granted
}

#[test]
fn the_shipped_roles_give_what_a_probe_asks_for_and_no_more() {
    let asked: BTreeSet<_> = RIGHTS
        .iter()
        .map(|right| {
            let place = match right.place {
                Place::ControlPlane => "ztm",
                Place::Agents => "tenants",
                Place::Cluster => "cluster",
            };
            [place, right.group, right.resource, right.verb].map(str::to_owned)
        })
        .collect();
    assert_eq!(asked.len(), RIGHTS.len(), "one is there twice");
    assert_eq!(asked, granted(&manifests()));
}

#[test]
fn what_a_probe_looks_for_is_what_is_shipped() {
    let manifests = manifests();
    let shipped = |kind: &str, name: &str, namespace: Option<&str>| {
        let is_it = |m: &Value| {
            let metadata = &m["metadata"];
            m["kind"] == kind && metadata["name"] == name && metadata["namespace"].as_str() == namespace
        };
        assert!(manifests.iter().any(|(_, manifest)| is_it(manifest)), "{kind} {name}");
    };
    let pods = PodSettings::default();
    for policy in POLICIES {
        shipped("NetworkPolicy", policy, Some(&pods.namespace));
    }
    shipped("RuntimeClass", &pods.runtime_class.unwrap(), None);
    shipped("PriorityClass", &pods.priority_class.unwrap(), None);
    let pool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/karpenter/nodepool.yaml");
    let pool: Value = serde_saphyr::from_str(&std::fs::read_to_string(pool).unwrap()).unwrap();
    assert_eq!(pool["metadata"]["name"], NODE_POOL);
}

#[test]
fn a_misspelt_field_is_found() {
    let manifests = manifests();
    let (_, mut budget) = manifests.into_iter().find(|(_, m)| m["kind"] == "PodDisruptionBudget").unwrap();
    budget["spec"]["maxUnavailabel"] = budget["spec"]["maxUnavailable"].take();
    let lost = lost(&budget, &known(&budget).unwrap(), "");
    assert_eq!(lost, [".spec.maxUnavailabel: 1 is null"]);
}
