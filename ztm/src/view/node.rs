//! The machines that agents run on.

use comfy_table::{Cell, Color};
use libtenancy::{
    api::nodes::{NodeList, NodeView},
    fleet::{NodeClaim, Resources},
};

use serde_json::Value;

use crate::listing::column::{Column, Measure, column, measured};

use super::{Look, Show, ShowRows, cell, number, size, status};

/// The fields that every row of the listing has.
pub(super) const COLUMNS: &[&str] = &[
    "name",
    "pool",
    "instance_type",
    "region",
    "zone",
    "capacity_type",
    "created_at",
    "trouble",
    "allocatable.cpu_millis",
    "allocatable.memory_bytes",
    "requested.cpu_millis",
    "requested.memory_bytes",
    "tenants",
    "warm",
    "micro_usd_per_hour",
    "idle_micro_usd_per_hour",
];

/// The word for a price that nobody knows.
const UNKNOWN: &str = "unknown";

/// Millionths of a US dollar an hour: `$5.44/h`.
pub(crate) fn dollars(micros: u64) -> String {
    format!("${}.{:02}/h", micros / 1_000_000, micros % 1_000_000 / 10_000)
}

fn price(micros: Option<u64>) -> String {
    micros.map_or(UNKNOWN.to_owned(), dollars)
}

fn or_dash(text: Option<&String>) -> Cell {
    cell(text.map_or("-", String::as_str))
}

/// Thousandths of a processor: `1.5`.
pub(crate) fn processors(millis: u64) -> String {
    format!("{}.{}", millis / 1_000, millis % 1_000 / 100)
}

/// Processors and memory: `1.5 of 8`, `3.0 GiB of 16.0 GiB`.
fn used(requested: Option<Resources>, allocatable: Resources) -> [String; 2] {
    let Resources { cpu_millis, memory_bytes } = allocatable;
    match requested {
        None => [processors(cpu_millis), size(memory_bytes)],
        Some(asked) => [
            format!("{} of {}", processors(asked.cpu_millis), processors(cpu_millis)),
            format!("{} of {}", size(asked.memory_bytes), size(memory_bytes)),
        ],
    }
}

impl Show for NodeList {
    fn text(&self, look: &Look) -> String {
        let narrow = ["NODE", "STATUS", "TYPE", "PRICE", "IDLE", "AGE", "AGENTS", "WARM", "CPU", "MEMORY"];
        let wide = [&narrow[..], &["POOL", "ZONE", "CAPACITY", "WHY"]].concat();
        let nodes = self.nodes.iter().map(|view| {
            let node = &view.node;
            let [cpu, memory] = used(node.requested, node.allocatable);
            let mut row = vec![
                cell(&node.name),
                status(if node.trouble.is_none() { "ready" } else { "unavailable" }),
                or_dash(node.instance_type.as_ref()),
                cell(price(view.micro_usd_per_hour)),
                cell(price(view.idle_micro_usd_per_hour)),
                cell(node.created_at.map_or("-".to_owned(), |at| look.age(at))),
                number(node.tenants.len() as u64),
                number(node.warm as u64),
                cell(cpu),
                cell(memory),
            ];
            if look.wide {
                row.extend(
                    [&node.pool, &node.zone, &node.capacity_type, &node.trouble].map(|text| or_dash(text.as_ref())),
                );
            }
            row
        });
        let claims = self.claims.iter().map(|claim| {
            let mut row = vec![
                cell(&claim.name),
                status("pending"),
                or_dash(claim.instance_type.as_ref()),
                cell("-"),
                cell("-"),
                cell(claim.created_at.map_or("-".to_owned(), |at| look.age(at))),
                cell("-"),
                cell("-"),
                cell("-"),
                cell("-"),
            ];
            if look.wide {
                row.extend([or_dash(claim.pool.as_ref()), cell("-"), cell("-"), cell(&claim.cause)]);
            }
            row
        });
        let table = look.table(if look.wide { &wide } else { &narrow }, nodes.chain(claims));
        let costs = match (self.micro_usd_per_hour, self.unknown_prices) {
            (None, _) => "no machine has a price that is known".to_owned(),
            (all, 0) => format!("{}, of which {} idle", price(all), price(self.idle_micro_usd_per_hour)),
            (all, count) => {
                let idle = price(self.idle_micro_usd_per_hour);
                format!("{}, of which {idle} idle, without {count} whose price is unknown", price(all))
            }
        };
        let waiting: Vec<String> = self
            .claims
            .iter()
            .map(|claim| format!("\n{} is {}", super::plain(&claim.name), super::plain(&claim.cause)))
            .collect();
        format!("{table}\n\n{costs}{}", waiting.concat())
    }

    fn names(&self) -> Vec<String> {
        self.nodes.iter().map(|view| view.node.name.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("nodes")
    }

    fn columns(&self) -> &'static [&'static str] {
        COLUMNS
    }
}

impl ShowRows for NodeList {
    type Row = NodeView;

    fn rows_mut(&mut self) -> &mut Vec<NodeView> {
        &mut self.nodes
    }

    fn columns_as() -> &'static [Column] {
        const {
            &[
                column("node", "name"),
                column("type", "instance_type"),
                column("status", "trouble"),
                measured("age", "created_at", Measure::Ago),
                measured("price", "micro_usd_per_hour", Measure::Price),
                measured("idle", "idle_micro_usd_per_hour", Measure::Price),
                measured("agents", "tenants", Measure::Count),
                measured("cpu", "requested.cpu_millis", Measure::Processors),
                column("memory", "requested.memory_bytes"),
                column("capacity", "capacity_type"),
                column("why", "trouble"),
            ]
        }
    }

    fn word_for(row: &Value, column: &str) -> Option<&'static str> {
        let word = if row["trouble"].is_null() { "ready" } else { "unavailable" };
        (column == "status").then_some(word)
    }
}

impl Show for NodeView {
    fn text(&self, look: &Look) -> String {
        let node = &self.node;
        let [cpu, memory] = used(node.requested, node.allocatable);
        look.fields([
            ("Node", Some(cell(&node.name))),
            ("Status", Some(status(if node.trouble.is_none() { "ready" } else { "unavailable" }))),
            ("Why", node.trouble.as_ref().map(|why| cell(why).fg(Color::Red))),
            ("Pool", node.pool.as_ref().map(cell)),
            ("Type", node.instance_type.as_ref().map(cell)),
            ("Zone", node.zone.as_ref().map(cell)),
            ("Capacity", node.capacity_type.as_ref().map(cell)),
            ("Price", Some(cell(price(self.micro_usd_per_hour)))),
            ("Idle", Some(cell(price(self.idle_micro_usd_per_hour)))),
            ("Age", node.created_at.map(|at| cell(look.age(at)))),
            ("Processors", Some(cell(cpu))),
            ("Memory", Some(cell(memory))),
            ("Warm agents", Some(cell(node.warm.to_string()))),
            (
                "Tenants",
                Some(cell(if node.tenants.is_empty() {
                    "none".to_owned()
                } else {
                    node.tenants.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                })),
            ),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.node.name.clone()]
    }
}

impl Show for NodeClaim {
    fn text(&self, look: &Look) -> String {
        look.fields([
            ("Claim", Some(cell(&self.name))),
            ("Status", Some(status("pending"))),
            ("Waits", Some(cell(&self.cause))),
            ("Pool", self.pool.as_ref().map(cell)),
            ("Type", self.instance_type.as_ref().map(cell)),
            ("Age", self.created_at.map(|at| cell(look.age(at)))),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }
}
