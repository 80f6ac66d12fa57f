//! What `ztm admin` did.

use libtenancy::{drivers::provision::Step, fleet::prices::Prices};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::{Look, Show, cell};

/// What the stores lacked.
#[derive(Debug, Serialize)]
pub struct Initialised {
    /// The context.
    pub context: String,
    /// What was missing.
    pub missing: Vec<Step>,
    /// What was made of it.
    pub made: Vec<Step>,
    /// Whether it was only looked at.
    pub dry_run: bool,
}

impl Show for Initialised {
    fn text(&self, look: &Look) -> String {
        if self.missing.is_empty() {
            return String::new();
        }
        let rows = self.missing.iter().map(|step| {
            let state = if self.made.contains(step) {
                "made"
            } else if self.dry_run {
                "missing"
            } else {
                "there meanwhile"
            };
            vec![cell(step.to_string()), cell(state)]
        });
        look.table(&["STEP", "STATE"], rows)
    }

    fn names(&self) -> Vec<String> {
        self.missing.iter().map(ToString::to_string).collect()
    }
}

/// What machines cost, as the file that a control plane reads.
#[derive(Debug)]
pub struct PriceTable(pub Prices);

/// One price.
#[derive(Serialize)]
struct PriceLine<'a> {
    region: &'a str,
    instance_type: &'a str,
    micro_usd_per_hour: u64,
}

impl Serialize for PriceTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let prices: Vec<PriceLine<'_>> = self
            .0
            .by_kind
            .iter()
            .map(|((region, instance_type), micros)| PriceLine { region, instance_type, micro_usd_per_hour: *micros })
            .collect();
        let mut table = serializer.serialize_struct("PriceTable", 2)?;
        table.serialize_field("source", &self.0.source)?;
        table.serialize_field("prices", &prices)?;
        table.end()
    }
}

impl Show for PriceTable {
    fn text(&self, _: &Look) -> String {
        self.0.to_csv().trim_end().to_owned()
    }

    fn names(&self) -> Vec<String> {
        self.0.by_kind.keys().map(|(_, instance_type)| instance_type.clone()).collect()
    }
}

/// Files that were written.
#[derive(Debug, Serialize)]
pub struct Rendered {
    /// Their names.
    pub files: Vec<String>,
}

impl Show for Rendered {
    fn text(&self, _: &Look) -> String {
        self.files.join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.files.clone()
    }
}
