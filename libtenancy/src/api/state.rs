//! A tenant's saved state.

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, tenant::SnapshotRef};

/// The header of `GET /tenants/{id}/state/archive` with the archive's SHA-256, hexadecimal.
pub const ARCHIVE_SHA256: &str = "x-ztm-sha256";

/// `GET /tenants/{id}/state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateView {
    /// The tenant.
    pub tenant_id: String,
    /// Its status label.
    pub status: String,
    /// Its archives, oldest first.
    pub archives: Vec<ArchiveView>,
    /// Set if the published archive is not the last one that was: which one was, and why it is not used.
    pub instead_of: Option<String>,
    /// What the agent wrote until then is in the published archive; absent if nothing is.
    pub saved_until: Option<Timestamp>,
    /// Whether what it wrote later may be on its machine alone, and lost with that.
    pub unsaved: bool,
    /// How often the changed state of a running agent is saved, milliseconds.
    pub snapshot_interval_ms: u64,
}

/// One archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveView {
    /// Its key in the store.
    pub key: String,
    /// The generation of the agent that took it.
    pub generation: Option<u64>,
    /// When it was taken.
    pub taken_at: Option<Timestamp>,
    /// Size in bytes.
    pub bytes: u64,
    /// Whether the next wake restores it, where there is no state that is newer.
    pub published: bool,
    /// Whether every byte is as it was written; absent where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intact: Option<bool>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
    /// How many entries it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<usize>,
}

/// `POST /tenants/{id}/state/verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateVerified {
    /// The tenant.
    pub tenant_id: String,
    /// The archives that were read, oldest first.
    pub archives: Vec<ArchiveView>,
}

/// The body of `POST /tenants/{id}/state/verify` and `POST /tenants/{id}/state/restore`, and the query of
/// `GET /tenants/{id}/state/archive`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveName {
    /// A key, or what follows `tenants/{id}/` in it. Absent: all of them to verify, the published one to fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
}

/// `POST /tenants/{id}/snapshot`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotOutcome {
    /// The tenant.
    pub tenant_id: String,
    /// Whether there was anything to save since the last snapshot.
    pub changed: bool,
    /// The published snapshot now.
    pub snapshot: Option<SnapshotRef>,
}
