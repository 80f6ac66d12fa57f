//! The settings in force.

use serde::Serialize;

use super::{Look, Show, cell};
use crate::settings::context::Value;

/// Every setting that has a value.
#[derive(Debug, Serialize)]
pub struct ConfigView {
    /// The configuration file, whether it is there or not.
    pub file: String,
    /// They, and where they come from.
    pub settings: Vec<Value>,
    /// Whether tables say where.
    #[serde(skip)]
    pub show_origin: bool,
}

impl Show for ConfigView {
    fn text(&self, look: &Look) -> String {
        let mut header = vec!["KEY", "VALUE"];
        header.extend(self.show_origin.then_some("FROM"));
        let rows = self.settings.iter().map(|value| {
            let mut row = vec![cell(&value.key), cell(&value.value)];
            row.extend(self.show_origin.then(|| cell(&value.from)));
            row
        });
        look.table(&header, rows)
    }

    fn names(&self) -> Vec<String> {
        self.settings.iter().map(|value| value.key.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("settings")
    }
}
