//! Writing an archive.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    Entry, EntryKind, Fingerprint, Known, Manifest, Meta, Skipped, archive, database, restore,
    scan::{self, Found, FoundKind},
};
use crate::{
    agent::SnapshotTaken,
    clock::Timestamp,
    error::{Error, Result},
    secret::random_bytes,
};

/// The compression level: of the fast ones, since a stop waits for it.
const LEVEL: i32 = 1;

/// How an archive's name ends.
const SUFFIX: &str = ".tar.zst";

/// How near to "now" a modification may lie and still be told apart by its time from a later one (file systems stamp
/// with the kernel's tick, at most 10 ms).
const TICK_NANOSECONDS: i128 = 20_000_000;

/// An archive, and what the state looked like when it was begun.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The archive.
    pub snapshot: SnapshotTaken,
    /// To be given to the next [`take`]; `None` if a change right after could not be told from this state.
    pub fingerprint: Option<Fingerprint>,
}

/// A directory that is removed with what is in it.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Archives `state` into a new file in `out`, verified by reading it back. `None` if the state is empty, or looks as in
/// `last`.
///
/// `out` must be the caller's alone (drafts left by a crash are removed). Errors: `Corrupt` for a damaged database,
/// `Unavailable` for one that stays locked, `StoreFull`, `Io`; then nothing is left in `out`.
pub fn take(state: &Path, out: &Path, meta: &Meta, last: Option<&Fingerprint>) -> Result<Option<Taken>> {
    let state = match fs::canonicalize(state) {
        Ok(state) => state,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("open", state)(e)),
    };
    let found = scan::scan(&state)?;
    if found.is_empty() {
        return Ok(None);
    }
    let (fingerprint, newest) = scan::fingerprint_of(&found);
    if last == Some(&fingerprint) {
        return Ok(None);
    }
    fs::create_dir_all(out).map_err(Error::io("create", out))?;
    remove_drafts(out)?;
    let draft = Draft(out.join(format!(".draft-{}", hex::encode(random_bytes::<8>()?))));
    fs::create_dir(&draft.0).map_err(Error::io("create", &draft.0))?;
    fs::set_permissions(&draft.0, fs::Permissions::from_mode(0o700)).map_err(Error::io("create", &draft.0))?;
    let begun = fs::metadata(&draft.0).map_err(Error::io("read", &draft.0))?;
    let begun = i128::from(begun.mtime()) * 1_000_000_000 + i128::from(begun.mtime_nsec());
    let settled = newest + TICK_NANOSECONDS < begun;

    let path = draft.0.join("archive");
    let sha256 = write(&state, &found, meta, &draft.0, &path)?;
    let bytes = fs::metadata(&path).map_err(Error::io("read", &path))?.len();
    restore::verify(&path, Known { sha256: Some(&sha256), tenant: &meta.tenant })?;
    let file = publish(&path, out, meta)?;
    Ok(Some(Taken {
        snapshot: SnapshotTaken { file, sha256, bytes, taken_at: meta.taken_at },
        fingerprint: settled.then_some(fingerprint),
    }))
}

fn remove_drafts(out: &Path) -> Result<()> {
    for entry in fs::read_dir(out).map_err(Error::io("read", out))? {
        let entry = entry.map_err(Error::io("read", out))?;
        if entry.file_name().to_string_lossy().starts_with(".draft-") {
            fs::remove_dir_all(entry.path()).map_err(Error::io("remove", entry.path()))?;
        }
    }
    Ok(())
}

/// When an archive of this name was taken; `None` if [`take`] gave it no name.
pub fn taken_at(file: &str) -> Option<Timestamp> {
    let stamp = file.strip_suffix(SUFFIX).filter(|stamp| stamp.bytes().all(|byte| byte.is_ascii_digit()))?;
    stamp.parse().ok().map(Timestamp::from_micros)
}

/// Gives the verified archive its name (which sorts by time) and makes that durable.
fn publish(path: &Path, out: &Path, meta: &Meta) -> Result<String> {
    let mut stamp = meta.taken_at.as_micros();
    loop {
        let file = format!("{stamp:020}{SUFFIX}");
        match fs::hard_link(path, out.join(&file)) {
            Ok(()) => {
                File::open(out).and_then(|d| d.sync_all()).map_err(Error::io("sync", out))?;
                return Ok(file);
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => stamp += 1,
            Err(e) => return Err(Error::io("create", out.join(file))(e)),
        }
    }
}

/// Writes the archive at `path`, synced; its SHA-256.
fn write(state: &Path, found: &[Found], meta: &Meta, draft: &Path, path: &Path) -> Result<String> {
    let failed = || Error::io("write", path);
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed())?;
    let encoder = zstd::Encoder::new(HashWriter { inner: file, hash: Sha256::new() }, LEVEL).map_err(failed())?;
    let mut builder = tar::Builder::new(encoder);
    let mut entries = Vec::new();
    let mut skipped = Vec::new();
    for item in found {
        match append(&mut builder, state, item, draft)? {
            Appended::Entry(kind) => entries.push(Entry { path: scan::escape(&item.path), kind }),
            Appended::Skipped(reason) => skipped.push(Skipped { path: scan::escape(&item.path), reason }),
            Appended::Nothing => {}
        }
    }
    let manifest = Manifest { format: archive::FORMAT, meta: meta.clone(), entries, skipped };
    let text = serde_json::to_vec(&manifest).map_err(|e| Error::internal(format!("a manifest has no JSON: {e}")))?;
    let mut header = header(tar::EntryType::Regular, 0o600, 0);
    header.set_size(u64::try_from(text.len()).unwrap_or(u64::MAX));
    builder.append_data(&mut header, archive::MANIFEST, &*text).map_err(failed())?;
    let writer = builder.into_inner().and_then(zstd::Encoder::finish).map_err(failed())?;
    writer.inner.sync_all().map_err(failed())?;
    Ok(hex::encode(writer.hash.finalize()))
}

enum Appended {
    Entry(EntryKind),
    Skipped(String),
    Nothing,
}

fn append<W: Write>(builder: &mut tar::Builder<W>, state: &Path, item: &Found, draft: &Path) -> Result<Appended> {
    let full = state.join(&item.path);
    let name = Path::new(archive::ROOT).join(&item.path);
    let mode = item.metadata.mode() & 0o777;
    let modified = u64::try_from(item.metadata.mtime()).unwrap_or(0);
    let failed = || Error::io("archive", &full);
    match &item.kind {
        FoundKind::Directory => {
            let mut header = header(tar::EntryType::Directory, mode, modified);
            header.set_size(0);
            builder.append_data(&mut header, name, io::empty()).map_err(failed())?;
            Ok(Appended::Entry(EntryKind::Directory))
        }
        FoundKind::Symlink(target) if scan::stays_inside(&item.path, target) => {
            let mut header = header(tar::EntryType::Symlink, 0o777, modified);
            header.set_size(0);
            builder.append_link(&mut header, name, target).map_err(failed())?;
            Ok(Appended::Entry(EntryKind::Symlink { target: scan::escape(target) }))
        }
        FoundKind::Symlink(_) => Ok(Appended::Skipped("a link that leads outside".into())),
        FoundKind::Other(what) => Ok(Appended::Skipped((*what).into())),
        FoundKind::File => {
            if let Some(owner) = database::owner_of_companion(&full)
                && database::is_database(&owner)?
            {
                return Ok(Appended::Nothing);
            }
            let database = database::is_database(&full)?;
            let copy = draft.join("copy");
            let copied = if database {
                database::copy(&full, &copy).map(|()| true)
            } else {
                copy_file(&full, &copy).map_err(failed())
            };
            let copied = match copied {
                // It vanished, or is no file any more, since the scan.
                Ok(copied) => copied,
                Err(error) => {
                    if matches!(fs::symlink_metadata(&full), Err(e) if e.kind() == io::ErrorKind::NotFound) {
                        false
                    } else {
                        return Err(error);
                    }
                }
            };
            if !copied {
                let _ = fs::remove_file(&copy);
                return Ok(Appended::Skipped("it vanished meanwhile".into()));
            }
            let file = File::open(&copy).map_err(failed())?;
            let bytes = file.metadata().map_err(failed())?.len();
            let mut header = header(tar::EntryType::Regular, mode, modified);
            header.set_size(bytes);
            let mut reader = HashReader { inner: file, hash: Sha256::new() };
            builder.append_data(&mut header, name, &mut reader).map_err(failed())?;
            fs::remove_file(&copy).map_err(failed())?;
            let sha256 = hex::encode(reader.hash.finalize());
            Ok(Appended::Entry(EntryKind::File { bytes, sha256, database }))
        }
    }
}

/// Copies a regular file as it is now (its size may change meanwhile, an entry's may not); `false` if it is gone or no
/// longer a regular file. Never follows a link.
fn copy_file(from: &Path, to: &Path) -> io::Result<bool> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut source = match rustix::fs::open(from, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::LOOP) => return Ok(false),
        Err(e) => return Err(e.into()),
    };
    if !source.metadata()?.is_file() {
        return Ok(false);
    }
    let mut target = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to)?;
    io::copy(&mut source, &mut target)?;
    Ok(true)
}

fn header(kind: tar::EntryType, mode: u32, modified: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(modified);
    header
}

struct HashWriter<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for HashWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Hashes what is read through it.
pub(super) struct HashReader<R> {
    pub(super) inner: R,
    pub(super) hash: Sha256,
}

impl<R: Read> Read for HashReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.hash.update(&buffer[..length]);
        Ok(length)
    }
}
