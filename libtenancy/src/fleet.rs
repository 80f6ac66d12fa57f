//! The machines that agents run on, what they cost, and what of that is for nothing.
//!
//! # Design notes
//! - A price that is not in the table ([`prices`]) is unknown, never zero: totals say how many machines they leave out. So is
//!   that of a spot machine, which no table knows.
//! - What of a machine is used is what its agents' pods requested, in the scarcer of processor and memory; the rest of its
//!   price is idle. Measured use would say less: what is requested is nobody else's.

pub mod prices;

use serde::{Deserialize, Serialize};

use self::prices::Prices;
use crate::{clock::Timestamp, tenant::TenantId};

/// Machines, and requests for machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// The machines, by name.
    pub nodes: Vec<Node>,
    /// What was asked for and is not a machine yet, by name.
    pub claims: Vec<NodeClaim>,
}

/// How much processor and memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Thousandths of a processor.
    pub cpu_millis: u64,
    /// Bytes.
    pub memory_bytes: u64,
}

/// A machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
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
    /// What the agents on it asked for; `None` where agents ask for nothing.
    pub requested: Option<Resources>,
    /// Whose agents are there.
    pub tenants: Vec<TenantId>,
    /// How many agents there are nobody's.
    pub warm: usize,
}

/// A request for a machine that is not there yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeClaim {
    /// Its name.
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

impl Node {
    /// What it costs, in millionths of a US dollar an hour; `None` if nobody knows.
    pub fn price(&self, prices: &Prices) -> Option<u64> {
        if self.capacity_type.as_deref().is_some_and(|capacity| capacity != "on-demand") {
            return None;
        }
        prices.on_demand(self.region.as_deref()?, self.instance_type.as_deref()?)
    }

    /// The share of it that its agents asked for, in thousandths.
    pub fn used_permille(&self) -> Option<u64> {
        let (asked, has) = (self.requested?, self.allocatable);
        let share = |asked: u64, has: u64| (asked.saturating_mul(1_000)).checked_div(has).unwrap_or(0).min(1_000);
        Some(share(asked.cpu_millis, has.cpu_millis).max(share(asked.memory_bytes, has.memory_bytes)))
    }

    /// What of its price is for nothing, in millionths of a US dollar an hour.
    pub fn idle_price(&self, prices: &Prices) -> Option<u64> {
        Some(self.price(prices)? * (1_000 - self.used_permille()?) / 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metal() -> Node {
        Node {
            region: Some("us-east-1".to_owned()),
            instance_type: Some("c6i.metal".to_owned()),
            capacity_type: Some("on-demand".to_owned()),
            allocatable: Resources { cpu_millis: 128_000, memory_bytes: 256 << 30 },
            requested: Some(Resources { cpu_millis: 32_000, memory_bytes: 128 << 30 }),
            ..Node::default()
        }
    }

    #[test]
    fn a_price_is_exact_or_unknown_and_never_zero() {
        let prices = Prices::built_in();
        assert_eq!(metal().price(&prices), Some(5_440_000));
        for unknown in [
            Node { instance_type: Some("c6i.large".to_owned()), ..metal() },
            Node { region: Some("eu-north-9".to_owned()), ..metal() },
            Node { capacity_type: Some("spot".to_owned()), ..metal() },
            Node { region: None, ..metal() },
        ] {
            assert_eq!((unknown.price(&prices), unknown.idle_price(&prices)), (None, None), "{unknown:?}");
        }
    }

    #[test]
    fn what_is_idle_is_what_nobody_asked_for_of_what_is_scarcer() {
        let prices = Prices::built_in();
        assert_eq!((metal().used_permille(), metal().idle_price(&prices)), (Some(500), Some(2_720_000)));
        let crowded = Node { requested: Some(Resources { cpu_millis: 999_000, memory_bytes: 0 }), ..metal() };
        assert_eq!((crowded.used_permille(), crowded.idle_price(&prices)), (Some(1_000), Some(0)));
        assert_eq!(Node { requested: None, ..metal() }.idle_price(&prices), None);
        assert_eq!(Node { allocatable: Resources::default(), ..metal() }.used_permille(), Some(0));
    }
}
