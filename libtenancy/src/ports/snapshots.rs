//! Archives of agents' state. Publishing one is a conditional write to the tenant's record, not a matter of this port.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    tenant::{Generation, SnapshotRef, TenantId},
};

/// An archive in the store, published or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSnapshot {
    /// Its key.
    pub key: String,
    /// Size in bytes.
    pub bytes: u64,
}

impl StoredSnapshot {
    /// The generation of the agent that wrote it, and its file name; `None` if its key is none of
    /// [`Snapshots::snapshot_key`].
    pub fn place(&self) -> Option<(Generation, &str)> {
        let (before, file) = self.key.rsplit_once('/')?;
        let (_, generation) = before.rsplit_once('/')?;
        Some((Generation(generation.parse().ok()?), file))
    }
}

/// Where an archive may be put without other credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadUrl {
    /// The URL: a secret while it is good.
    pub url: String,
    /// Headers that the request must carry.
    pub headers: BTreeMap<String, String>,
}

impl std::fmt::Debug for UploadUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UploadUrl(…)")
    }
}

/// The store of archives.
#[async_trait]
pub trait Snapshots: Send + Sync + 'static {
    /// Where the agent of this tenant and generation writes its archives: a directory of its own, so that no other
    /// agent's archive can be overwritten. Made if missing.
    async fn snapshot_directory(&self, tenant: &TenantId, generation: Generation) -> Result<PathBuf>;

    /// The key of a file in [`Snapshots::snapshot_directory`]. `Invalid` if `file` is no plain file name.
    fn snapshot_key(&self, tenant: &TenantId, generation: Generation, file: &str) -> Result<String>;

    /// Makes an archive that was written into its directory, or by a URL, last for as long as the store does; to be called before it is
    /// published. A repeat is no error. `NotFound` if there is no such file, `Corrupt` if it has another size; `Conflict` if
    /// another archive has its key. What fails leaves the file where it is.
    async fn snapshot_store(&self, snapshot: &SnapshotRef) -> Result<()>;

    /// The tenants of whom this machine has an archive that [`Snapshots::snapshot_store`] has not stored, because it failed or
    /// was cut off; empty where writing is storing. Its cost is that of those tenants.
    async fn snapshot_unstored(&self) -> Result<Vec<TenantId>>;

    /// Throws away this machine's copy of an archive that the store has too, so that it is fetched again; `false` if there
    /// is no copy beside the one that counts.
    async fn snapshot_copy_drop(&self, key: &str) -> Result<bool>;

    /// Fetches the state that the earlier system kept for a tenant, its agent's database; `None` if there is none. The file
    /// is the caller's to remove.
    async fn snapshot_legacy(&self, tenant: &TenantId) -> Result<Option<PathBuf>>;

    /// A URL to which whoever has it may `PUT` this one archive, for so long; `None` where agents write into a directory. It is
    /// no fence: what is put counts once it is published. `Invalid` if it is to be good for no time, or for more than the
    /// store allows.
    async fn snapshot_upload_url(&self, snapshot: &SnapshotRef, valid: Duration) -> Result<Option<UploadUrl>>;

    /// A URL from which whoever has it may `GET` the archive, for so long; otherwise as `snapshot_upload_url`.
    async fn snapshot_download_url(&self, key: &str, valid: Duration) -> Result<Option<String>>;

    /// A local path from which the archive can be read. `NotFound` if there is none.
    async fn snapshot_path(&self, key: &str) -> Result<PathBuf>;

    /// All archives of a tenant, oldest generation first, files in order of name.
    async fn snapshot_list(&self, tenant: &TenantId) -> Result<Vec<StoredSnapshot>>;

    /// Removes one archive. A repeat is no error.
    async fn snapshot_remove(&self, key: &str) -> Result<()>;

    /// Removes everything of a tenant. A repeat is no error.
    async fn snapshot_purge(&self, tenant: &TenantId) -> Result<()>;
}
