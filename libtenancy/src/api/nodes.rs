//! The machines that agents run on, on the wire.

use serde::{Deserialize, Serialize};

use crate::fleet::{Fleet, Node, NodeClaim, prices::Prices};

/// `GET /nodes`: every machine, and every one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeList {
    /// The machines, by name.
    pub nodes: Vec<NodeView>,
    /// What was asked for and is not there yet, by name.
    pub claims: Vec<NodeClaim>,
    /// What the machines with a known price cost together, in millionths of a US dollar an hour; `null` if there is none.
    pub micro_usd_per_hour: Option<u64>,
    /// What of that is for nothing.
    pub idle_micro_usd_per_hour: Option<u64>,
    /// How many machines have a price that nobody knows, and are in neither sum.
    pub unknown_prices: usize,
    /// Whose prices these are, and of when.
    pub prices: String,
}

/// A machine and what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    /// The machine.
    #[serde(flatten)]
    pub node: Node,
    /// What it costs, in millionths of a US dollar an hour; `null` if nobody knows.
    pub micro_usd_per_hour: Option<u64>,
    /// What of that is for nothing: the share that no agent asked for.
    pub idle_micro_usd_per_hour: Option<u64>,
}

impl NodeList {
    /// The fleet at these prices.
    pub fn new(fleet: Fleet, prices: &Prices) -> Self {
        let priced = |node: Node| NodeView {
            micro_usd_per_hour: node.price(prices),
            idle_micro_usd_per_hour: node.idle_price(prices),
            node,
        };
        let nodes: Vec<NodeView> = fleet.nodes.into_iter().map(priced).collect();
        let total =
            |price: fn(&NodeView) -> Option<u64>| nodes.iter().filter_map(price).reduce(|sum, price| sum + price);
        Self {
            micro_usd_per_hour: total(|node| node.micro_usd_per_hour),
            idle_micro_usd_per_hour: total(|node| node.idle_micro_usd_per_hour),
            unknown_prices: nodes.iter().filter(|node| node.micro_usd_per_hour.is_none()).count(),
            nodes,
            claims: fleet.claims,
            prices: prices.source.clone(),
        }
    }
}
