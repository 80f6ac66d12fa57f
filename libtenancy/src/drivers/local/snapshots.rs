//! Archives of agents' state in a directory: `snapshots/tenants/{tenant}/{generation}/{file}` under the state directory.
//!
//! A key is the path below `snapshots/`. Every part of it is checked before it touches the filesystem, and only plain
//! files count: a key never leads anywhere else. Names that begin with a dot are drafts of whoever writes them; they are
//! not listed.

use std::{
    io::ErrorKind,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;

use super::store::prepare_state_dir;
use crate::{
    error::{Error, Result},
    ports::snapshots::{Snapshots, StoredSnapshot, UploadUrl},
    tenant::{Generation, SnapshotRef, TenantId},
};

/// The longest file name, in bytes: what Linux' filesystems take.
const MAX_NAME: usize = 255;

/// The directory of archives.
#[derive(Clone, Debug)]
pub struct SnapshotDirectory {
    root: PathBuf,
}

impl SnapshotDirectory {
    /// The archives of a state directory; nothing is made before the first snapshot.
    pub fn open(state_dir: &Path) -> Result<Self> {
        prepare_state_dir(state_dir)?;
        Ok(Self { root: state_dir.join("snapshots") })
    }

    fn tenant(&self, tenant: &TenantId) -> PathBuf {
        self.root.join("tenants").join(tenant.as_str())
    }
}

/// One name, no way up, no way out, no draft.
fn is_plain(file: &str) -> bool {
    !file.is_empty()
        && file.len() <= MAX_NAME
        && !file.starts_with('.')
        && !file.contains(['/', '\\'])
        && !file.contains(char::is_control)
}

/// The number of a generation's directory, as we write it: no sign, no leading zero.
fn generation_of(name: &str) -> Option<u64> {
    name.parse().ok().filter(|generation: &u64| generation.to_string() == name)
}

/// The parts of a key. `Invalid` if it is none.
pub(in crate::drivers) fn parse_key(key: &str) -> Result<(TenantId, u64, &str)> {
    let mut parts = key.splitn(4, '/');
    if let (Some("tenants"), Some(tenant), Some(generation), Some(file)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
        && let (Ok(tenant), Some(generation), true) = (tenant.parse(), generation_of(generation), is_plain(file))
    {
        return Ok((tenant, generation, file));
    }
    let shown: String = key.chars().take(100).collect();
    Err(Error::invalid("snapshot key", format!("{shown:?} is not `tenants/TENANT/GENERATION/FILE`")))
}

/// Makes a directory (mode 0700) durable in its parent; `false` if it was there.
fn make_directory(path: &Path) -> Result<bool> {
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            let parent = path.parent().unwrap_or(Path::new("."));
            std::fs::File::open(parent).and_then(|d| d.sync_all()).map_err(Error::io("write", parent))?;
            Ok(true)
        }
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(Error::io("create", path)(e)),
    }
}

/// The names in a directory; none if it is missing.
fn names(directory: &Path) -> Result<Vec<String>> {
    let entries = match std::fs::read_dir(directory) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io("list", directory))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("list", directory))?;
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

/// The generations of a tenant, oldest first.
fn generations(tenant: &Path) -> Result<Vec<u64>> {
    let mut generations: Vec<u64> = names(tenant)?.iter().filter_map(|name| generation_of(name)).collect();
    generations.sort_unstable();
    Ok(generations)
}

/// The size of a plain file; `None` if there is none, or something else.
fn plain_file_size(path: &Path) -> Result<Option<u64>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(metadata.is_file().then_some(metadata.len())),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(Error::io("open", path)(e)),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::internal(format!("the snapshot directory: {e}")))?
}

#[async_trait]
impl Snapshots for SnapshotDirectory {
    async fn snapshot_directory(&self, tenant: &TenantId, generation: Generation) -> Result<PathBuf> {
        let (root, tenant) = (self.root.clone(), self.tenant(tenant));
        blocking(move || {
            let directory = tenant.join(generation.to_string());
            make_directory(&root)?;
            make_directory(&root.join("tenants"))?;
            make_directory(&tenant)?;
            if make_directory(&directory)? {
                // Earlier generations whose archives are all gone leave an empty directory, which goes with the next
                // wake: an agent of an earlier generation can publish nothing any more.
                for earlier in generations(&tenant)?.into_iter().filter(|&earlier| earlier < generation.0) {
                    let _ = std::fs::remove_dir(tenant.join(earlier.to_string()));
                }
            }
            Ok(directory)
        })
        .await
    }

    fn snapshot_key(&self, tenant: &TenantId, generation: Generation, file: &str) -> Result<String> {
        if !is_plain(file) {
            let shown: String = file.chars().take(100).collect();
            return Err(Error::invalid("snapshot file", format!("{shown:?} is no plain file name")));
        }
        Ok(format!("tenants/{tenant}/{generation}/{file}"))
    }

    async fn snapshot_store(&self, snapshot: &SnapshotRef) -> Result<()> {
        // Whoever wrote it has synced it; that it is all there is what can be seen.
        let path = self.snapshot_path(&snapshot.key).await?;
        let bytes = plain_file_size(&path)?.unwrap_or_default();
        if bytes == snapshot.bytes {
            return Ok(());
        }
        let reason = format!("it has {bytes} bytes, not {}", snapshot.bytes);
        Err(Error::Corrupt { what: "snapshot", path, reason })
    }

    async fn snapshot_unstored(&self) -> Result<Vec<TenantId>> {
        Ok(Vec::new())
    }

    async fn snapshot_copy_drop(&self, key: &str) -> Result<bool> {
        parse_key(key).map(|_| false)
    }

    async fn snapshot_legacy(&self, _tenant: &TenantId) -> Result<Option<PathBuf>> {
        Ok(None)
    }

    async fn snapshot_upload_url(&self, snapshot: &SnapshotRef, _valid: Duration) -> Result<Option<UploadUrl>> {
        parse_key(&snapshot.key).map(|_| None)
    }

    async fn snapshot_download_url(&self, key: &str, _valid: Duration) -> Result<Option<String>> {
        parse_key(key).map(|_| None)
    }

    async fn snapshot_path(&self, key: &str) -> Result<PathBuf> {
        let (tenant, generation, file) = parse_key(key)?;
        let path = self.tenant(&tenant).join(generation.to_string()).join(file);
        let key = key.to_owned();
        blocking(move || match plain_file_size(&path)? {
            Some(_) => Ok(path),
            None => Err(Error::not_found("snapshot", key)),
        })
        .await
    }

    async fn snapshot_list(&self, tenant: &TenantId) -> Result<Vec<StoredSnapshot>> {
        let (name, directory) = (tenant.clone(), self.tenant(tenant));
        blocking(move || {
            let mut stored = Vec::new();
            for generation in generations(&directory)? {
                let directory = directory.join(generation.to_string());
                let mut files = names(&directory)?;
                files.sort_unstable();
                for file in files.into_iter().filter(|file| is_plain(file)) {
                    if let Some(bytes) = plain_file_size(&directory.join(&file))? {
                        stored.push(StoredSnapshot { key: format!("tenants/{name}/{generation}/{file}"), bytes });
                    }
                }
            }
            Ok(stored)
        })
        .await
    }

    async fn snapshot_remove(&self, key: &str) -> Result<()> {
        let (tenant, generation, file) = parse_key(key)?;
        let path = self.tenant(&tenant).join(generation.to_string()).join(file);
        blocking(move || match std::fs::remove_file(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(Error::io("remove", path)),
        })
        .await
    }

    async fn snapshot_purge(&self, tenant: &TenantId) -> Result<()> {
        let directory = self.tenant(tenant);
        blocking(move || match std::fs::remove_dir_all(&directory) {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(Error::io("remove", directory)),
        })
        .await
    }
}
