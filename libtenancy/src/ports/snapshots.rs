//! Archives of agents' state. Publishing one is a conditional write to the tenant's record, not a matter of this port.

use std::path::PathBuf;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    tenant::{Generation, TenantId},
};

/// An archive in the store, published or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSnapshot {
    /// Its key.
    pub key: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// The store of archives.
#[async_trait]
pub trait Snapshots: Send + Sync + 'static {
    /// Where the agent of this tenant and generation writes its archives: a directory of its own, so that no other
    /// agent's archive can be overwritten. Made if missing.
    async fn snapshot_directory(&self, tenant: &TenantId, generation: Generation) -> Result<PathBuf>;

    /// The key of a file in [`Snapshots::snapshot_directory`]. `Invalid` if `file` is no plain file name.
    fn snapshot_key(&self, tenant: &TenantId, generation: Generation, file: &str) -> Result<String>;

    /// A local path from which the archive can be read. `NotFound` if there is none.
    async fn snapshot_path(&self, key: &str) -> Result<PathBuf>;

    /// All archives of a tenant, oldest generation first, files in order of name.
    async fn snapshot_list(&self, tenant: &TenantId) -> Result<Vec<StoredSnapshot>>;

    /// Removes one archive. A repeat is no error.
    async fn snapshot_remove(&self, key: &str) -> Result<()>;

    /// Removes everything of a tenant. A repeat is no error.
    async fn snapshot_purge(&self, tenant: &TenantId) -> Result<()>;
}
