//! Karpenter's kinds, as far as they are read here: `karpenter.sh/v1`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Api, Client, api::ApiResource, core::Object};
use serde::{Deserialize, Serialize};

/// The label that says for which pool a machine was made.
pub(super) const POOL_LABEL: &str = "karpenter.sh/nodepool";

/// The label that says how a machine is paid for.
pub(super) const CAPACITY_LABEL: &str = "karpenter.sh/capacity-type";

/// What must be true of a claim before its machine takes pods, in the order in which it becomes true.
pub(super) const STEPS: [&str; 3] = ["Launched", "Registered", "Initialized"];

/// A machine that Karpenter asked for: there, or on its way.
pub(super) type NodeClaim = Object<NodeClaimSpec, NodeClaimStatus>;

/// What was asked for; not looked at here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct NodeClaimSpec {}

/// What became of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NodeClaimStatus {
    /// The node that it became.
    pub(super) node_name: Option<String>,
    /// How far it is, and why not further.
    pub(super) conditions: Vec<Condition>,
}

/// Where claims are.
pub(super) fn node_claims(client: Client) -> Api<NodeClaim> {
    let resource = ApiResource {
        group: "karpenter.sh".to_owned(),
        version: "v1".to_owned(),
        api_version: "karpenter.sh/v1".to_owned(),
        kind: "NodeClaim".to_owned(),
        plural: "nodeclaims".to_owned(),
    };
    Api::all_with(client, &resource)
}

impl NodeClaimStatus {
    /// What is waited for, and why; `None` once its machine takes pods.
    pub(super) fn waits_for(&self) -> Option<String> {
        STEPS.iter().find_map(|step| {
            let condition = self.conditions.iter().find(|condition| condition.type_ == *step);
            let Some(condition) = condition else { return Some(format!("not {}", step.to_lowercase())) };
            let why = if condition.message.is_empty() { &condition.reason } else { &condition.message };
            (condition.status != "True").then(|| format!("not {}: {why}", step.to_lowercase()))
        })
    }
}
