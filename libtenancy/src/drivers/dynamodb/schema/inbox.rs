//! The table of updates: one item per update and one per tenant.
//!
//! Both sort keys of an update are made so that a tenant's updates are in the order in which they are delivered. The local
//! index `open` is sparse and has those that are not terminal; being local, it can be read consistently. `pending` has them by
//! tenant, `ended` has handled and dropped ones by the time they ended, `inboxes` has the tenants' own items with their counts.
//! `expires_at` is set once an update is handled or dropped.

use super::{Holds, Index, Table, number, text};
use crate::drivers::dynamodb::Settings;

/// A tenant's updates that are not terminal, in order: partition `tenant`, sort `open`. Sparse, local.
pub(in crate::drivers::dynamodb) const OPEN: &str = "open";

/// All updates that are not terminal by tenant: partition `pending`, sort `tenant`. Sparse.
pub(in crate::drivers::dynamodb) const PENDING: &str = "pending";

/// What ended and may be removed, by time: partition `ended`, a shard; sort `ended_at`. Sparse.
pub(in crate::drivers::dynamodb) const ENDED: &str = "ended";

/// The tenants' own items: partition `inbox`, sort `tenant`. Sparse.
pub(in crate::drivers::dynamodb) const INBOXES: &str = "inboxes";

/// What [`INBOXES`] holds beside the keys.
const COUNTS: &[&str] = &["dead", "handled", "possible_repeats"];

pub(super) fn table(settings: &Settings) -> Table {
    let index = |name, partition, sort, holds| Index { name, partition: text(partition), sort, holds };
    Table {
        name: settings.inbox_table.clone(),
        partition: text("tenant"),
        sort: Some(text("update")),
        local: vec![index(OPEN, "tenant", text("open"), Holds::Keys)],
        indexes: vec![
            index(PENDING, "pending", text("tenant"), Holds::Keys),
            index(ENDED, "ended", number("ended_at"), Holds::Keys),
            index(INBOXES, "inbox", text("tenant"), Holds::Attributes(COUNTS)),
        ],
        expires: Some("expires_at"),
    }
}
