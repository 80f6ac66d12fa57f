//! Karpenter's kinds, as far as they are read here: `karpenter.sh/v1`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::Condition};
use kube::{Api, Client, api::ApiResource, core::Object};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// The API group and its version.
pub(super) const VERSION: &str = "karpenter.sh/v1";

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

/// What machines are made from, and how many there may be.
pub(super) type NodePool = Object<NodePoolSpec, NodePoolStatus>;

/// Amounts by name.
pub(super) type Quantities = BTreeMap<String, Amount>;

/// A quantity; the kinds allow a number where Kubernetes' own have a text.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Amount(pub(super) Quantity);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(Quantity(text))),
            serde_json::Value::Number(number) => Ok(Self(Quantity(number.to_string()))),
            other => Err(D::Error::custom(format!("{other} is no quantity"))),
        }
    }
}

/// What is wanted of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct NodePoolSpec {
    /// The most that all its machines may have together.
    pub(super) limits: Quantities,
}

/// How it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct NodePoolStatus {
    /// What its machines have together.
    pub(super) resources: Quantities,
    /// Whether it makes any.
    pub(super) conditions: Vec<Condition>,
}

impl NodePoolStatus {
    /// Why it makes no machines.
    pub(super) fn trouble(&self) -> Option<&str> {
        let ready =
            self.conditions.iter().find(|condition| condition.type_ == "Ready" && condition.status == "False")?;
        Some(if ready.message.is_empty() { &ready.reason } else { &ready.message })
    }
}

fn resource(kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: "karpenter.sh".to_owned(),
        version: "v1".to_owned(),
        api_version: VERSION.to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

/// Where claims are.
pub(super) fn node_claims(client: Client) -> Api<NodeClaim> {
    Api::all_with(client, &resource("NodeClaim", "nodeclaims"))
}

/// Where pools are.
pub(super) fn node_pools(client: Client) -> Api<NodePool> {
    Api::all_with(client, &resource("NodePool", "nodepools"))
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
