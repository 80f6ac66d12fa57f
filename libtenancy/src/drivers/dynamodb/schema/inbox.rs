//! The table of updates: one item per update and one per tenant.
//!
//! An update's sort key is `{bot_id}#{update_id:020}`, so that a tenant's updates are in the order in which they are
//! delivered. The index `pending` is sparse and has the tenants with updates that are not terminal: partition `pending`, a
//! shard's number as text; sort `tenant`. `expires_at` is set once an update is terminal.

use super::{Holds, Index, Table, text};
use crate::drivers::dynamodb::Settings;

/// The index of tenants with updates that are not terminal.
pub(in crate::drivers::dynamodb) const PENDING: &str = "pending";

pub(super) fn table(settings: &Settings) -> Table {
    Table {
        name: settings.inbox_table.clone(),
        partition: text("tenant"),
        sort: Some(text("update")),
        indexes: vec![Index { name: PENDING, partition: text("pending"), sort: text("tenant"), holds: Holds::Keys }],
        expires: Some("expires_at"),
    }
}
