//! Which tenants have an archive in the spool that is not in the bucket: an empty file each, made before the upload begins and
//! removed once it is done. What a power failure takes of it costs no state: it is in the spool and in the tenant's home.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    tenant::TenantId,
};

/// The directory of marks.
#[derive(Clone, Debug)]
pub(super) struct Unstored(PathBuf);

impl Unstored {
    /// The marks below a state directory.
    pub(super) fn of(state_dir: &Path) -> Self {
        Self(state_dir.join("snapshots").join("unstored"))
    }

    fn file(&self, tenant: &TenantId) -> PathBuf {
        self.0.join(tenant.as_str())
    }

    pub(super) async fn mark(&self, tenant: &TenantId) -> Result<()> {
        tokio::fs::create_dir_all(&self.0).await.map_err(Error::io("create", &self.0))?;
        let file = self.file(tenant);
        tokio::fs::write(&file, b"").await.map_err(Error::io("write", &file))
    }

    pub(super) async fn clear(&self, tenant: &TenantId) -> Result<()> {
        let file = self.file(tenant);
        match tokio::fs::remove_file(&file).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", &file)(error)),
            _ => Ok(()),
        }
    }

    /// Names of other files are none of ours.
    pub(super) async fn list(&self) -> Result<Vec<TenantId>> {
        let failed = || Error::io("read", self.0.clone());
        let mut entries = match tokio::fs::read_dir(&self.0).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed())?,
        };
        let mut tenants = Vec::new();
        while let Some(entry) = entries.next_entry().await.map_err(failed())? {
            tenants.extend(entry.file_name().to_str().and_then(|name| name.parse().ok()));
        }
        Ok(tenants)
    }
}
