//! What was done for each tenant of a file.

use serde::Serialize;

use super::{Look, Show, cell};
use crate::{
    format,
    manifest::{Change, Wanted},
};

/// One tenant.
#[derive(Debug, Serialize)]
pub struct Applied {
    /// Which one.
    pub tenant_id: String,
    /// `created`, `changed`, `unchanged`, `deleted`, `failed`; of a comparison `missing`, `differs`.
    pub result: String,
    /// What differed.
    pub changes: Vec<Change>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// Why a tenant failed.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// The stable word for it.
    pub code: String,
    /// For people.
    pub error: String,
}

impl From<(String, String)> for Failure {
    fn from((code, error): (String, String)) -> Self {
        Self { code, error }
    }
}

/// All of them.
#[derive(Debug, Serialize)]
pub struct AppliedList {
    /// In order of their names.
    pub results: Vec<Applied>,
    /// Set if nothing was done: the results are what would come of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

impl AppliedList {
    /// How many failed.
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|one| one.error.is_some()).count()
    }
}

/// A value in words, where it is empty.
fn or_none(value: &str) -> &str {
    if value.is_empty() { "none" } else { value }
}

impl Show for AppliedList {
    fn text(&self, look: &Look) -> String {
        if self.results.is_empty() {
            return String::new();
        }
        let rows = self.results.iter().flat_map(|one| {
            let result = match one.result.as_str() {
                "created" if self.dry_run => "would create",
                "changed" if self.dry_run => "would change",
                "deleted" if self.dry_run => "would delete",
                result => result,
            };
            let first = [cell(&one.tenant_id), super::status(result)];
            let mut details: Vec<String> = one
                .changes
                .iter()
                .map(|change| match (&change.from, &change.to) {
                    (Some(from), Some(to)) => format!("{}: {} -> {}", change.field, or_none(from), or_none(to)),
                    (None, Some(to)) if change.field == *"tenant" => to.clone(),
                    (None, Some(to)) => format!("{}: {to}", change.field),
                    (_, None) => format!("{}: removed", change.field),
                })
                .filter(|text| text != "created")
                .chain(one.error.iter().map(|failure| failure.error.clone()))
                .collect();
            if details.is_empty() {
                details.push(String::new());
            }
            details.into_iter().enumerate().map(move |(place, detail)| {
                let [tenant, result] = if place == 0 { first.clone() } else { [cell(""), cell("")] };
                vec![tenant, result, cell(detail)]
            })
        });
        look.table(&["TENANT", "RESULT", "WHAT"], rows)
    }

    fn names(&self) -> Vec<String> {
        self.results.iter().map(|one| one.tenant_id.clone()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("results")
    }

    fn columns(&self) -> &'static [&'static str] {
        &["tenant_id", "result", "changes"]
    }
}

/// What there is, as a file would say it.
#[derive(Debug, Serialize)]
pub struct Manifests {
    /// In order of their names.
    pub tenants: Vec<Wanted>,
    /// What no file can say, a line each.
    #[serde(skip)]
    pub unsaid: Vec<String>,
}

impl Show for Manifests {
    fn text(&self, _: &Look) -> String {
        let yaml = format::bare_yaml(self).unwrap_or_default();
        let unsaid = self.unsaid.iter().map(|line| format!("# {}", super::plain(line)));
        unsaid.chain([yaml.trim_end().to_owned()]).collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        self.tenants.iter().map(|tenant| tenant.id().to_owned()).collect()
    }

    fn rows_name(&self) -> Option<&'static str> {
        Some("tenants")
    }

    fn columns(&self) -> &'static [&'static str] {
        &["name", "idle_timeout", "labels", "quota", "schedules"]
    }
}

/// An order that was rehearsed.
#[derive(Debug, Serialize)]
pub struct Rehearsed {
    /// Always.
    pub dry_run: bool,
    /// The command, without `ztm`.
    pub verb: String,
    /// What it would do first, as an imperative.
    pub would: String,
}

impl Show for Rehearsed {
    fn text(&self, _: &Look) -> String {
        format!("would {}", super::plain(&self.would))
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
