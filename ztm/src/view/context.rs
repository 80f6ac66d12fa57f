//! Contexts.

use serde::Serialize;

use super::{Look, Show, ShowRows, cell};
use crate::settings::{
    Chosen, Listed,
    context::{Target, Value},
};

/// The fields that every row of the listing has.
pub(super) const COLUMNS: &[&str] = &["name", "current", "kind", "target", "problem"];

/// All contexts.
#[derive(Debug, Serialize)]
pub struct ContextList {
    /// The one in use.
    pub current: Chosen,
    /// The configuration file.
    pub file: String,
    /// All there are.
    pub contexts: Vec<Listed>,
}

impl Show for ContextList {
    fn text(&self, look: &Look) -> String {
        let broken = self.contexts.iter().any(|context| context.problem.is_some());
        let mut header = vec!["CURRENT", "NAME", "KIND", "TARGET"];
        header.extend(broken.then_some("PROBLEM"));
        let rows = self.contexts.iter().map(|context| {
            let mut row = vec![
                cell(if context.current { "*" } else { "" }),
                cell(&context.name),
                cell(context.kind.unwrap_or("-")),
                cell(&context.target),
            ];
            row.extend(broken.then(|| cell(context.problem.as_deref().unwrap_or(""))));
            row
        });
        look.table(&header, rows)
    }

    fn names(&self) -> Vec<String> {
        self.contexts.iter().map(|context| context.name.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("contexts")
    }

    fn columns(&self) -> &'static [&'static str] {
        COLUMNS
    }
}

impl ShowRows for ContextList {
    type Row = Listed;

    fn rows_mut(&mut self) -> &mut Vec<Listed> {
        &mut self.contexts
    }
}

/// One context.
#[derive(Debug, Serialize)]
pub struct ContextView {
    name: String,
    kind: &'static str,
    current: bool,
    values: Vec<Value>,
}

impl ContextView {
    /// A context, and whether it is in use.
    pub fn new(target: &Target, current: bool) -> Self {
        Self { name: target.name.clone(), kind: target.kind.label(), current, values: target.values.clone() }
    }
}

impl Show for ContextView {
    fn text(&self, look: &Look) -> String {
        let current = if self.current { ", in use" } else { "" };
        let head =
            look.fields([("Name", Some(cell(format!("{}{current}", self.name)))), ("Kind", Some(cell(self.kind)))]);
        if self.values.is_empty() {
            return head;
        }
        let rows = self.values.iter().map(|value| vec![cell(&value.key), cell(&value.value), cell(&value.from)]);
        format!("{head}\n\n{}", look.table(&["KEY", "VALUE", "FROM"], rows))
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }
}

/// A context that was made the one in use.
#[derive(Debug, Serialize)]
pub struct ContextUsed {
    /// It.
    pub context: ContextView,
    /// The file that says so now.
    pub file: String,
}

impl Show for ContextUsed {
    fn text(&self, _look: &Look) -> String {
        String::new()
    }

    fn names(&self) -> Vec<String> {
        self.context.names()
    }
}

/// A context that was removed.
#[derive(Debug, Serialize)]
pub struct ContextRemoved {
    /// Its name.
    pub name: String,
    /// The file that said it.
    pub file: String,
}

impl Show for ContextRemoved {
    fn text(&self, _: &Look) -> String {
        format!("removed {} from {}", super::plain(&self.name), super::plain(&self.file))
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.clone()]
    }
}
