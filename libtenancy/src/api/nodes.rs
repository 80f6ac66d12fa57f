//! The machines that agents run on, on the wire.

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    fleet::{self, Fleet, Node, NodeClaim, Resources},
};

/// `GET /nodes`: every machine, and every one that was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeList {
    /// The machines, by name.
    pub nodes: Vec<NodeView>,
    /// What was asked for and is not there yet, by name.
    pub claims: Vec<ClaimView>,
    /// What the machines with a known price cost together, in millionths of a US dollar an hour; `null` if there is none.
    pub micro_usd_per_hour: Option<u64>,
    /// What of that is for nothing.
    pub idle_micro_usd_per_hour: Option<u64>,
    /// How many machines have a price that nobody knows, and are in neither sum.
    pub unknown_prices: usize,
    /// Whose prices these are, and of when.
    pub prices: String,
}

/// A machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeView {
    /// Its name.
    pub name: String,
    /// The pool that it was made for, if one was.
    pub pool: Option<String>,
    /// What kind of machine it is.
    pub instance_type: Option<String>,
    /// Where.
    pub region: Option<String>,
    /// And where there.
    pub zone: Option<String>,
    /// `on-demand`, `spot` or `reserved`.
    pub capacity_type: Option<String>,
    /// Since when there is such a machine.
    pub created_at: Option<Timestamp>,
    /// Why it takes no agent, if it does not.
    pub trouble: Option<String>,
    /// What it has for pods.
    pub allocatable: Resources,
    /// What the agents on it asked for; `null` where agents ask for nothing.
    pub requested: Option<Resources>,
    /// Whose agents are there.
    pub tenants: Vec<String>,
    /// How many agents there are nobody's.
    pub warm: usize,
    /// What it costs, in millionths of a US dollar an hour; `null` if nobody knows.
    pub micro_usd_per_hour: Option<u64>,
    /// What of that is for nothing: the share that no agent asked for.
    pub idle_micro_usd_per_hour: Option<u64>,
}

/// A machine that was asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClaimView {
    /// The claim's name.
    pub name: String,
    /// For which pool.
    pub pool: Option<String>,
    /// What kind, once that is decided.
    pub instance_type: Option<String>,
    /// Since when it is waited for.
    pub created_at: Option<Timestamp>,
    /// What is waited for, and why.
    pub cause: String,
}

impl From<Fleet> for NodeList {
    fn from(fleet: Fleet) -> Self {
        let nodes: Vec<NodeView> = fleet.nodes.into_iter().map(NodeView::from).collect();
        let total =
            |price: fn(&NodeView) -> Option<u64>| nodes.iter().filter_map(price).reduce(|sum, price| sum + price);
        Self {
            micro_usd_per_hour: total(|node| node.micro_usd_per_hour),
            idle_micro_usd_per_hour: total(|node| node.idle_micro_usd_per_hour),
            unknown_prices: nodes.iter().filter(|node| node.micro_usd_per_hour.is_none()).count(),
            nodes,
            claims: fleet.claims.into_iter().map(ClaimView::from).collect(),
            prices: fleet::prices_source().to_owned(),
        }
    }
}

impl From<Node> for NodeView {
    fn from(node: Node) -> Self {
        Self {
            micro_usd_per_hour: node.price(),
            idle_micro_usd_per_hour: node.idle_price(),
            tenants: node.tenants.iter().map(ToString::to_string).collect(),
            name: node.name,
            pool: node.pool,
            instance_type: node.instance_type,
            region: node.region,
            zone: node.zone,
            capacity_type: node.capacity_type,
            created_at: node.created_at,
            trouble: node.trouble,
            allocatable: node.allocatable,
            requested: node.requested,
            warm: node.warm,
        }
    }
}

impl From<NodeClaim> for ClaimView {
    fn from(claim: NodeClaim) -> Self {
        let NodeClaim { name, pool, instance_type, created_at, cause } = claim;
        Self { name, pool, instance_type, created_at, cause }
    }
}
