//! Rollback: what a store that forgot its last writes is told, found from the ledger.
//!
//! Owns the plan. Does not own its application ([`crate::partition::Partition::rollback`] and the drivers) nor who notices
//! (`spend`).

use std::collections::BTreeMap;

use crate::{
    jobs::JobId,
    ledger::{Head, Row, RowKind},
    partition::{Rollback, SettledJob},
};

/// The plan for a store that stands at `position` (incarnation, sequence number). `rows` are the ledger's behind that
/// number, in order; `head` is the ledger's end; `highest` the highest number that anybody saw, which may lie behind the
/// ledger's end: those rows are lost.
pub fn plan(position: (u64, u64), rows: &[Row], head: &Head, highest: u64) -> Rollback {
    let mut accounts = BTreeMap::new();
    let mut jobs: BTreeMap<JobId, Option<&str>> = BTreeMap::new();
    for row in rows {
        accounts.insert(row.tenant.clone(), row.after.clone());
        // A turn's name is no serial.
        let Ok(id) = JobId::new(row.tenant.clone(), &row.reference) else { continue };
        match row.kind {
            RowKind::Settle | RowKind::Reclaim => jobs.insert(id, Some(&row.label)),
            // Begun again after it ended.
            RowKind::Hold => jobs.insert(id, None),
            _ => continue,
        };
    }
    Rollback {
        accounts: accounts.into_iter().collect(),
        settled: jobs.into_iter().filter_map(|(id, label)| Some(SettledJob { id, label: label?.to_owned() })).collect(),
        incarnation: position.0.max(head.incarnation) + 1,
        seq: position.1.max(head.seq).max(highest),
    }
}
