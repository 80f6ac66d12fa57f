//! The order of tenants, and which of them are listed.

use std::{cmp::Ordering, collections::BTreeMap};

use libtenancy::{api::feed::TenantLine, clock::Timestamp, labels::Selector};
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

use crate::{
    preferences::{Column, Preferences},
    summary::budget_permille,
};

/// The tenants that the filter lets through, in the order that was chosen; ties by id.
pub(crate) fn rows(
    tenants: &BTreeMap<String, TenantLine>,
    node_of: &BTreeMap<String, String>,
    preferences: &Preferences,
    filter: &str,
) -> Vec<String> {
    let filter = Filter::parse(filter);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut lines: Vec<&TenantLine> =
        tenants.values().filter(|line| filter.lets_through(line, &mut matcher, &mut buffer)).collect();
    if preferences.sort != Column::Tenant {
        lines.sort_by(|one, other| compare(node_of, preferences.sort, one, other));
    }
    if preferences.reverse {
        lines.reverse();
    }
    lines.into_iter().map(|line| line.id.clone()).collect()
}

/// Whether a change of a line may move it.
pub(crate) fn moves(column: Column, old: &TenantLine, new: &TenantLine) -> bool {
    match column {
        Column::Tenant | Column::Node => false,
        Column::Status => old.shown_status() != new.shown_status(),
        Column::Idle => old.idle_at() != new.idle_at(),
        Column::Active => old.last_active_at != new.last_active_at,
        Column::Inbox => old.pending != new.pending,
        Column::Jobs | Column::Credits | Column::Spent => old.account != new.account,
        Column::Generation => old.generation != new.generation,
    }
}

/// What an operator looks for first comes first: most work, least time, least credit.
fn compare(node_of: &BTreeMap<String, String>, column: Column, one: &TenantLine, other: &TenantLine) -> Ordering {
    let account = |line: &TenantLine| line.account.clone();
    match column {
        Column::Tenant => Ordering::Equal,
        Column::Status => rank(one).cmp(&rank(other)),
        Column::Idle => {
            let left = |line: &TenantLine| line.idle_at().map_or(i64::MAX, Timestamp::as_micros);
            left(one).cmp(&left(other))
        }
        Column::Active => other.last_active_at.cmp(&one.last_active_at),
        Column::Inbox => other.pending.cmp(&one.pending),
        Column::Jobs => {
            let running = |line: &TenantLine| account(line).map_or(0, |account| account.running);
            running(other).cmp(&running(one))
        }
        Column::Credits => {
            let left = |line: &TenantLine| account(line).map_or(i64::MAX, |account| account.available.0);
            left(one).cmp(&left(other))
        }
        Column::Spent => budget_permille(other).cmp(&budget_permille(one)),
        Column::Node => node_of.get(&one.id).cmp(&node_of.get(&other.id)).reverse(),
        Column::Generation => other.generation.cmp(&one.generation),
    }
}

/// What is under way comes first, then what runs, then what is held back.
fn rank(line: &TenantLine) -> u8 {
    match line.shown_status() {
        "provisioning" => 0,
        "stopping" => 1,
        "terminated" => 2,
        "running" => 3,
        "suspended" => 4,
        _ => 5,
    }
}

/// `status:WORD`, `label:SELECTOR`, and words that an id must match, in order of their letters.
struct Filter {
    status: Option<String>,
    labels: Vec<Selector>,
    pattern: Option<Pattern>,
}

impl Filter {
    fn parse(text: &str) -> Self {
        let (mut status, mut labels, mut words) = (None, Vec::new(), Vec::new());
        for word in text.split_whitespace() {
            let after = |name: &str| word.strip_prefix(name)?.strip_prefix([':', '=']);
            if let Some(label) = after("status") {
                status = Some(label.to_owned()).filter(|label| !label.is_empty());
            } else if let Some(selector) = after("label") {
                // One that is not typed to its end chooses nothing yet, and leaves nothing out.
                labels.extend(selector.parse::<Selector>());
            } else {
                words.push(word);
            }
        }
        let pattern =
            (!words.is_empty()).then(|| Pattern::parse(&words.join(" "), CaseMatching::Ignore, Normalization::Smart));
        Self { status, labels, pattern }
    }

    fn lets_through(&self, line: &TenantLine, matcher: &mut Matcher, buffer: &mut Vec<char>) -> bool {
        let status = line.shown_status();
        if self.status.as_ref().is_some_and(|wanted| !status.starts_with(wanted.as_str())) {
            return false;
        }
        if !self.labels.iter().all(|selector| selector.matches(&line.labels)) {
            return false;
        }
        let matches = |pattern: &Pattern| pattern.score(Utf32Str::new(&line.id, buffer), matcher).is_some();
        self.pattern.as_ref().is_none_or(matches)
    }
}
