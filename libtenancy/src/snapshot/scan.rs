//! What lies in a state directory, and whether it changed or is damaged.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt},
    },
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::database;
use crate::error::{Error, Result};

/// Says whether two looks at a state directory saw the same: a hash over paths, sizes, times and inodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

/// Something in a state directory.
#[derive(Debug)]
pub(super) struct Found {
    /// Below the state directory.
    pub(super) path: PathBuf,
    pub(super) kind: FoundKind,
    pub(super) metadata: fs::Metadata,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FoundKind {
    Directory,
    File,
    Symlink(PathBuf),
    Other(&'static str),
}

/// Everything below `root`, each directory before what is in it, in order of name. Empty if `root` does not exist.
/// What vanishes meanwhile is left out.
pub(super) fn scan(root: &Path) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    walk(root, Path::new(""), &mut found)?;
    Ok(found)
}

fn walk(root: &Path, below: &Path, found: &mut Vec<Found>) -> Result<()> {
    let directory = root.join(below);
    let mut names = Vec::new();
    match fs::read_dir(&directory) {
        Ok(entries) => {
            for entry in entries {
                names.push(entry.map_err(Error::io("read", &directory))?.file_name());
            }
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::io("read", &directory)(e)),
    }
    names.sort();
    for name in names {
        let path = below.join(&name);
        let full = root.join(&path);
        let metadata = match fs::symlink_metadata(&full) {
            Ok(metadata) => metadata,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(Error::io("read", full)(e)),
        };
        let file_type = metadata.file_type();
        let kind = if file_type.is_dir() {
            FoundKind::Directory
        } else if file_type.is_file() {
            FoundKind::File
        } else if file_type.is_symlink() {
            match fs::read_link(&full) {
                Ok(target) => FoundKind::Symlink(target),
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => return Err(Error::io("read", full)(e)),
            }
        } else if file_type.is_socket() {
            FoundKind::Other("a socket")
        } else if file_type.is_fifo() {
            FoundKind::Other("a pipe")
        } else {
            FoundKind::Other("a device")
        };
        let descend = kind == FoundKind::Directory;
        found.push(Found { path: path.clone(), kind, metadata });
        if descend {
            walk(root, &path, found)?;
        }
    }
    Ok(())
}

/// The fingerprint of `found`, and the newest modification in it in nanoseconds since the Unix epoch.
///
/// Shared-memory files and empty write-ahead logs do not count: reading a database makes them.
pub(super) fn fingerprint_of(found: &[Found]) -> (Fingerprint, i128) {
    let mut hash = Sha256::new();
    let mut newest = 0;
    for Found { path, kind, metadata } in found {
        let counts = match kind {
            FoundKind::File => !(has_suffix(path, "-shm") || (has_suffix(path, "-wal") && metadata.len() == 0)),
            FoundKind::Directory | FoundKind::Symlink(_) => true,
            FoundKind::Other(_) => false,
        };
        if !counts {
            continue;
        }
        let bytes = path.as_os_str().as_bytes();
        hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(bytes);
        hash.update(metadata.mode().to_le_bytes());
        match kind {
            FoundKind::File => {
                let modified = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
                newest = newest.max(modified);
                hash.update(metadata.ino().to_le_bytes());
                hash.update(metadata.len().to_le_bytes());
                hash.update(modified.to_le_bytes());
            }
            FoundKind::Symlink(target) => hash.update(target.as_os_str().as_bytes()),
            FoundKind::Directory | FoundKind::Other(_) => {}
        }
        hash.update([0]);
    }
    (Fingerprint(hex::encode(hash.finalize())), newest)
}

/// A cheap look at the state directory; `None` if there is nothing in it.
pub fn fingerprint(state: &Path) -> Result<Option<Fingerprint>> {
    let found = scan(state)?;
    Ok((!found.is_empty()).then(|| fingerprint_of(&found).0))
}

/// Whether every database in the state directory opens and passes `PRAGMA quick_check`; the error
/// ([`Error::Corrupt`]) says which one does not.
pub fn is_intact(state: &Path) -> Result<()> {
    for found in scan(state)? {
        let full = state.join(&found.path);
        if found.kind == FoundKind::File && database::is_database(&full)? {
            database::check(&full)?;
        }
    }
    Ok(())
}

/// Whether the file name ends with `suffix` and is longer than it.
pub(super) fn has_suffix(path: &Path, suffix: &str) -> bool {
    path.file_name()
        .map(OsStr::as_bytes)
        .and_then(|name| name.strip_suffix(suffix.as_bytes()))
        .is_some_and(|stem| !stem.is_empty())
}

/// A path as the manifest writes it.
pub(super) fn escape(path: &Path) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '%' { text.push_str("%25") } else { text.push(c) }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Whether a symbolic link at `path` (its directories being real ones) with `target` stays below the root: relative,
/// and `..` only in front, not more often than `path` is deep. `..` after a name is refused, because the name may be
/// a link itself.
pub(super) fn stays_inside(path: &Path, target: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    let mut named = false;
    if target.as_os_str().is_empty() {
        return false;
    }
    for component in target.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(_) => named = true,
            Component::ParentDir if !named && depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}
