//! The warm pool.

use comfy_table::Color;
use libtenancy::{api::pool::PoolView, demand::PoolSize};

use super::{Look, Show, cell};

impl Show for PoolView {
    fn text(&self, look: &Look) -> String {
        let configured = PoolSize { min: self.configured, max: self.configured_max.max(self.configured) };
        let origin = match (self.chosen, configured.is_by_demand()) {
            (true, _) => format!("set by hand; configured are {configured}"),
            (false, true) => format!("by demand, {configured}"),
            (false, false) => "as configured".to_owned(),
        };
        look.fields([
            ("Ready", Some(cell(format!("{} of {}", self.ready, self.target)))),
            ("Size", Some(cell(origin))),
            ("Trouble", self.trouble.as_ref().map(|trouble| cell(trouble).fg(Color::Red))),
            ("Last wakes", Some(cell(format!("{} warm, {} cold", self.warm_wakes, self.cold_wakes)))),
        ])
    }

    fn names(&self) -> Vec<String> {
        vec!["warm-pool".to_owned()]
    }
}
