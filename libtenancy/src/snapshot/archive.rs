//! Reading an archive, every byte of it distrusted.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufReader, Read, Seek},
    path::{Component, Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    Entry, EntryKind, Known, Manifest, Verified,
    scan::{escape, stays_inside},
    take::HashReader,
};
use crate::error::{Error, Result};

/// The format that is written and read.
pub(super) const FORMAT: u32 = 1;
/// The name of the last entry.
pub(super) const MANIFEST: &str = "manifest.json";
/// The directory of the archive below which the state is.
pub(super) const ROOT: &str = "state";
/// The largest manifest that is read, in bytes: some 300,000 files.
const MAX_MANIFEST_BYTES: u64 = 64 << 20;

/// Takes the entries of an archive as they are read. Paths are relative, of plain names only, each one once.
pub(super) trait Visitor {
    fn directory(&mut self, path: &Path, mode: u32) -> Result<()>;
    fn file(&mut self, path: &Path, mode: u32, modified: u64, content: &mut dyn Read) -> Result<()>;
    fn symlink(&mut self, path: &Path, target: &Path) -> Result<()>;
}

/// Checks the whole file against what is `known` of it, then reads it: every entry goes to `visitor`, then all of them are
/// compared with the manifest. `Corrupt` if anything is not as it should be; what the visitor got is then not to be used.
pub(super) fn read(path: &Path, known: Known<'_>, visitor: &mut dyn Visitor) -> Result<Verified> {
    let mut file = File::open(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => Error::not_found("snapshot", path.display()),
        _ => Error::io("open", path)(e),
    })?;
    let mut hash = Sha256::new();
    io::copy(&mut file, &mut hash).map_err(Error::io("read", path))?;
    let actual = hex::encode(hash.finalize());
    if let Some(sha256) = known.sha256
        && !actual.eq_ignore_ascii_case(sha256)
    {
        return Err(corrupt(path, format!("its SHA-256 is {actual}, not {sha256}")));
    }
    file.rewind().map_err(Error::io("read", path))?;
    let broken = |e: io::Error| corrupt(path, format!("it cannot be read: {e}"));
    let decoder = zstd::Decoder::new(BufReader::new(file)).map_err(broken)?;
    let mut tar = tar::Archive::new(decoder);
    let mut seen = Vec::new();
    let mut names = BTreeSet::new();
    let mut manifest: Option<Manifest> = None;
    for entry in tar.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.into_owned();
        if manifest.is_some() {
            return Err(corrupt(path, "something follows the manifest".into()));
        }
        if name == Path::new(MANIFEST) && entry.header().entry_type() == tar::EntryType::Regular {
            let text = entry.size();
            if text > MAX_MANIFEST_BYTES {
                return Err(corrupt(path, format!("its manifest has {text} bytes")));
            }
            manifest = Some(
                serde_json::from_reader(BufReader::new(&mut entry))
                    .map_err(|e| corrupt(path, format!("its manifest cannot be read: {e}")))?,
            );
            continue;
        }
        let below = below_root(&name)
            .ok_or_else(|| corrupt(path, format!("the entry `{}` does not lie in `{ROOT}/`", name.display())))?;
        if !names.insert(below.clone()) {
            return Err(corrupt(path, format!("the entry `{}` is there twice", name.display())));
        }
        let mode = entry.header().mode().map_err(broken)? & 0o777;
        let kind = match entry.header().entry_type() {
            tar::EntryType::Directory => {
                visitor.directory(&below, mode)?;
                EntryKind::Directory
            }
            tar::EntryType::Symlink => {
                let target = entry.link_name().map_err(broken)?.map(std::borrow::Cow::into_owned).unwrap_or_default();
                if !stays_inside(&below, &target) {
                    return Err(corrupt(path, format!("the link `{}` leads outside", name.display())));
                }
                visitor.symlink(&below, &target)?;
                EntryKind::Symlink { target: escape(&target) }
            }
            tar::EntryType::Regular => {
                let bytes = entry.size();
                let modified = entry.header().mtime().map_err(broken)?;
                let mut content = HashReader { inner: entry, hash: Sha256::new() };
                visitor.file(&below, mode, modified, &mut content)?;
                io::copy(&mut content, &mut io::sink()).map_err(broken)?;
                EntryKind::File { bytes, sha256: hex::encode(content.hash.finalize()), database: false }
            }
            other => return Err(corrupt(path, format!("the entry `{}` is of the kind {other:?}", name.display()))),
        };
        seen.push(Entry { path: escape(&below), kind });
    }
    let manifest = manifest.ok_or_else(|| corrupt(path, "it has no manifest".into()))?;
    compare(&manifest, &seen).map_err(|reason| corrupt(path, reason))?;
    if manifest.meta.tenant != *known.tenant {
        let reason = format!("it holds the state of `{}`, not of `{}`", manifest.meta.tenant, known.tenant);
        return Err(corrupt(path, reason));
    }
    Ok(Verified { sha256: actual, manifest })
}

fn compare(manifest: &Manifest, seen: &[Entry]) -> std::result::Result<(), String> {
    if manifest.format != FORMAT {
        return Err(format!("its format is {}, not {FORMAT}", manifest.format));
    }
    if manifest.entries.len() != seen.len() {
        return Err(format!("{} entries, but {} in its manifest", seen.len(), manifest.entries.len()));
    }
    for (declared, seen) in manifest.entries.iter().zip(seen) {
        // Whether a file was copied as a database is only the manifest's to say.
        let same = match (&declared.kind, &seen.kind) {
            (EntryKind::File { bytes, sha256, .. }, EntryKind::File { bytes: seen_bytes, sha256: seen_sha256, .. }) => {
                bytes == seen_bytes && sha256 == seen_sha256
            }
            (declared, seen) => declared == seen,
        };
        if declared.path != seen.path || !same {
            return Err(format!("`{}` is not as its manifest says", seen.path));
        }
    }
    Ok(())
}

/// The part below `state/`, if the path consists of plain names.
fn below_root(name: &Path) -> Option<PathBuf> {
    let mut components = name.components();
    if components.next() != Some(Component::Normal(ROOT.as_ref())) {
        return None;
    }
    let below: PathBuf = components.map(|c| matches!(c, Component::Normal(_)).then_some(c)).collect::<Option<_>>()?;
    (!below.as_os_str().is_empty()).then_some(below)
}

pub(super) fn corrupt(path: &Path, reason: String) -> Error {
    Error::Corrupt { what: "snapshot", path: path.to_path_buf(), reason }
}
