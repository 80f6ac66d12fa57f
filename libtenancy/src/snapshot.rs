//! Archives of an agent's state: taken consistently, hashed, verified, restored.
//!
//! Owns the archive's format and the checks on both ways. Does not own where archives are kept (`ports::snapshots`) nor
//! which one is published (the tenant's record). Everything here blocks: call it from a blocking thread.
//!
//! # Format
//! One zstd-compressed tar. Entries below `state/` in order of path (a directory before what is in it), then
//! `manifest.json` ([`Manifest`]), last, with the hash of every file. The archive itself is named by its SHA-256.
//!
//! # Design notes
//! - A SQLite database is copied with the online backup API, so that what is only in `-wal` is in the copy; a plain copy
//!   of the file loses it. A file is a database by its header, or because a write-ahead log lies beside it; `-wal`,
//!   `-shm` and `-journal` of a database are never archived themselves.
//! - A copy that fails `PRAGMA quick_check` makes the whole snapshot fail: a damaged database never replaces the last
//!   good archive.
//! - Other files are taken as they are at that moment. Symbolic links are kept if they cannot lead outside; sockets,
//!   pipes and devices are left out, with a note in the manifest.
//! - An archive is written under a draft's name, synced, read back and verified, and only then given its name.

mod archive;
mod database;
mod restore;
mod scan;
mod take;

use serde::{Deserialize, Serialize};

pub use self::{
    database::check as check_database,
    restore::{Restored, restore, verify},
    scan::{Fingerprint, fingerprint, is_intact},
    take::{Taken, take, taken_at},
};
use crate::{
    clock::Timestamp,
    tenant::{Generation, TenantId},
};

/// Whose state an archive holds, and from when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The tenant.
    pub tenant: TenantId,
    /// The generation of the agent that took it.
    pub generation: Generation,
    /// When it was taken.
    pub taken_at: Timestamp,
}

/// What an archive is checked against beside its own manifest.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its SHA-256, hexadecimal, where somebody wrote it down; the manifest alone proves no more than that it is whole.
    pub sha256: Option<&'a str>,
    /// Whose state it is to hold.
    pub tenant: &'a TenantId,
}

/// An archive that passed every check.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// Its table of contents.
    pub manifest: Manifest,
}

/// The table of contents, last in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format's version: 1.
    pub format: u32,
    /// Whose, and from when.
    #[serde(flatten)]
    pub meta: Meta,
    /// What is in the archive, in its order.
    pub entries: Vec<Entry>,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
}

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The path below the state directory; bytes that are no UTF-8, and `%`, as `%XX`.
    pub path: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: EntryKind,
}

/// What an entry of an archive is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A file.
    File {
        /// Size in bytes.
        bytes: u64,
        /// SHA-256, hexadecimal.
        sha256: String,
        /// Whether it was copied as a SQLite database.
        database: bool,
    },
    /// A symbolic link that cannot lead outside.
    Symlink {
        /// Its target, escaped like a path.
        target: String,
    },
}

/// Something that was left out of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Its path.
    pub path: String,
    /// Why.
    pub reason: String,
}

#[cfg(test)]
mod tests;
