//! The reconciler: what is recorded and what is alive are made to agree, in both directions.

use serde::{Deserialize, Serialize};

/// What one pass found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconcileReport {
    /// Records looked at (all that are not idle).
    pub records: usize,
    /// Workloads found alive.
    pub workloads: usize,
    /// Agents taken over from an earlier control plane.
    pub adopted: usize,
    /// Wakes and stops of an earlier control plane that were finished.
    pub finished: usize,
    /// Records whose agent was gone.
    pub lost: usize,
    /// Workloads that were nobody's, and were ended.
    pub orphans: usize,
    /// Idle deadlines that were missing.
    pub deadlines: usize,
    /// What could not be done; the next pass tries again.
    pub errors: Vec<String>,
}
