//! The machines that agents run on, what they cost, and what of that is for nothing.
//!
//! # Design notes
//! - A price that is not in the table is unknown, never zero: totals say how many machines they leave out. So is that of a
//!   spot machine, which no table knows.
//! - What of a machine is used is what its agents' pods requested, in the scarcer of processor and memory; the rest of its
//!   price is idle. Measured use would say less: what is requested is nobody else's.

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, tenant::TenantId};

/// On-demand prices of EC2's bare metal, `region,instance_type,usd_per_hour`; its first line says whose and of when.
const PRICES: &str = include_str!("fleet/ec2-metal-prices.csv");

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
    pub fn price(&self) -> Option<u64> {
        if self.capacity_type.as_deref().is_some_and(|capacity| capacity != "on-demand") {
            return None;
        }
        price(self.region.as_deref()?, self.instance_type.as_deref()?)
    }

    /// The share of it that its agents asked for, in thousandths.
    pub fn used_permille(&self) -> Option<u64> {
        let (asked, has) = (self.requested?, self.allocatable);
        let share = |asked: u64, has: u64| (asked.saturating_mul(1_000)).checked_div(has).unwrap_or(0).min(1_000);
        Some(share(asked.cpu_millis, has.cpu_millis).max(share(asked.memory_bytes, has.memory_bytes)))
    }

    /// What of its price is for nothing, in millionths of a US dollar an hour.
    pub fn idle_price(&self) -> Option<u64> {
        Some(self.price()? * (1_000 - self.used_permille()?) / 1_000)
    }
}

/// Whose prices these are, and of when.
pub fn prices_source() -> &'static str {
    PRICES.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
}

/// The on-demand price of a kind of machine, in millionths of a US dollar an hour; `None` if it is not in the table.
pub fn price(region: &str, instance_type: &str) -> Option<u64> {
    PRICES.lines().find_map(|line| {
        let mut fields = line.split(',');
        let is_it = fields.next() == Some(region) && fields.next() == Some(instance_type);
        is_it.then(|| micros(fields.next()?)).flatten()
    })
}

/// `5.4400` in millionths.
fn micros(decimal: &str) -> Option<u64> {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let part = part.get(..part.len().min(6))?;
    let scale = 10_u64.pow(6 - u32::try_from(part.len()).ok()?);
    let part: u64 = if part.is_empty() { 0 } else { part.parse().ok()? };
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(part * scale)
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
    fn every_line_of_the_table_is_a_price() {
        let lines: Vec<&str> = PRICES.lines().skip(2).collect();
        assert_eq!(PRICES.lines().nth(1), Some("region,instance_type,usd_per_hour"));
        assert!(lines.len() > 60, "{}", lines.len());
        for line in lines {
            let fields: Vec<&str> = line.split(',').collect();
            let micros = price(fields[0], fields[1]).unwrap();
            assert!(fields.len() == 3 && (100_000..200_000_000).contains(&micros), "{line}: {micros}");
        }
        assert!(prices_source().contains("2026"), "{}", prices_source());
    }

    #[test]
    fn a_price_is_exact_or_unknown_and_never_zero() {
        assert_eq!(metal().price(), Some(5_440_000));
        for unknown in [
            Node { instance_type: Some("c6i.large".to_owned()), ..metal() },
            Node { region: Some("eu-north-9".to_owned()), ..metal() },
            Node { capacity_type: Some("spot".to_owned()), ..metal() },
            Node { region: None, ..metal() },
        ] {
            assert_eq!((unknown.price(), unknown.idle_price()), (None, None), "{unknown:?}");
        }
        assert_eq!(micros("40"), Some(40_000_000));
        assert_eq!(micros("0.0000015"), Some(1));
        assert_eq!((micros("x"), micros("1.x"), micros("")), (None, None, None));
    }

    #[test]
    fn what_is_idle_is_what_nobody_asked_for_of_what_is_scarcer() {
        assert_eq!((metal().used_permille(), metal().idle_price()), (Some(500), Some(2_720_000)));
        let crowded = Node { requested: Some(Resources { cpu_millis: 999_000, memory_bytes: 0 }), ..metal() };
        assert_eq!((crowded.used_permille(), crowded.idle_price()), (Some(1_000), Some(0)));
        assert_eq!(Node { requested: None, ..metal() }.idle_price(), None);
        assert_eq!(Node { allocatable: Resources::default(), ..metal() }.used_permille(), Some(0));
    }
}
