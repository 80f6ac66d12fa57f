//! A tenant's directory on this machine: what lies where, who holds it, and what its holder says of itself.
//!
//! # Design notes
//! `agent.lock` says who is alive: `agentd` takes an exclusive `flock` on it before anything else, and its agent inherits
//! the open file, so the lock is free only when both are gone, however they ended. `agentd.json` says who they are; it
//! may lag (a crash between lock and record), so whoever reads it compares it with the living process.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    tenant::{Generation, TenantId, WorkloadId},
};

/// The variable that names the workload in the environment of everything that belongs to it.
pub const WORKLOAD_VARIABLE: &str = "ZTM_WORKLOAD";

/// A tenant's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home(PathBuf);

/// Who holds a home; written by `agentd` when it is bound. No secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The workload.
    pub workload: WorkloadId,
    /// The process id of `agentd`.
    pub pid: u32,
    /// When that process started, in clock ticks since boot: tells it from a later process of the same id.
    pub start_ticks: u64,
    /// Whose agent it is.
    pub tenant: TenantId,
    /// Under which generation.
    pub generation: Generation,
    /// Where it listens.
    pub socket: PathBuf,
    /// When it was bound.
    pub bound_at: Timestamp,
}

/// The lock of a home, held while this (or an inherited copy of it) is open.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Lets programs that this process starts inherit the lock.
    pub fn let_inherit(&self) -> io::Result<()> {
        Ok(rustix::io::fcntl_setfd(&self.0, rustix::io::FdFlags::empty())?)
    }
}

impl Home {
    /// The home at `path`.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// The home of `tenant` below a state directory.
    pub fn of(state_dir: &Path, tenant: &TenantId) -> Self {
        Self(Self::all_of(state_dir).join(tenant.as_str()))
    }

    /// The directory in which all homes of a state directory are.
    pub fn all_of(state_dir: &Path) -> PathBuf {
        state_dir.join("tenants")
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The agent's state directory.
    pub fn state(&self) -> PathBuf {
        self.0.join("state")
    }

    /// The mark of a clean stop.
    pub fn clean_mark(&self) -> PathBuf {
        self.0.join("state.clean")
    }

    fn generation_mark(&self) -> PathBuf {
        self.0.join("state.generation")
    }

    /// The generation of the last agent that worked on the local state; `None` if none has, or nobody knows.
    pub fn state_generation(&self) -> Option<Generation> {
        fs::read_to_string(self.generation_mark()).ok()?.trim().parse().ok().map(Generation)
    }

    /// Says, before an agent starts, that the local state is that of its generation from now on. Durable.
    pub fn state_generation_write(&self, generation: Generation) -> io::Result<()> {
        let (path, draft) = (self.generation_mark(), self.0.join(".state.generation"));
        let mut file = File::create(&draft)?;
        writeln!(file, "{generation}")?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        File::open(&self.0)?.sync_all()
    }

    /// The socket of the bound `agentd`.
    pub fn socket(&self) -> PathBuf {
        self.0.join("agentd.sock")
    }

    /// The socket on which `agentd` hears its agent.
    pub fn agent_socket(&self) -> PathBuf {
        self.0.join("work.sock")
    }

    /// The directory of the agent's secrets, while it lives.
    pub fn secrets(&self) -> PathBuf {
        self.0.join("secrets")
    }

    /// The agent's log.
    pub fn log(&self) -> PathBuf {
        self.0.join("agent.log")
    }

    /// The part of the log that was put aside when it grew too long.
    pub fn old_log(&self) -> PathBuf {
        self.0.join("agent.log.1")
    }

    /// The lock file.
    pub fn lock_file(&self) -> PathBuf {
        self.0.join("agent.lock")
    }

    fn record_file(&self) -> PathBuf {
        self.0.join("agentd.json")
    }

    /// Makes the directory, for its owner only.
    pub fn create(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0)
    }

    /// Takes the lock; `None` if somebody holds it. A look at the lock ([`Home::is_held`]) holds it for microseconds:
    /// repeat before believing a refusal.
    pub fn lock(&self) -> io::Result<Option<Lock>> {
        loop {
            let path = self.lock_file();
            let file = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(e) => return Err(e.into()),
            }
            // A purge may have removed the file between open and lock: then this lock guards nothing.
            let ours = file.metadata()?;
            match fs::metadata(&path) {
                Ok(there) if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) => return Ok(Some(Lock(file))),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Whether anybody holds the lock. Creates nothing.
    pub fn is_held(&self) -> io::Result<bool> {
        let file = match File::open(self.lock_file()) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(e),
        };
        // Shared, so that two lookers do not see each other.
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(false),
            Err(Errno::WOULDBLOCK) => Ok(true),
            Err(e) => Err(e.into()),
        }
    }

    /// Writes the record, whole or not at all. Only for the holder of the lock.
    pub fn record_write(&self, record: &Record) -> io::Result<()> {
        let draft = self.0.join(".agentd.json.new");
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        fs::rename(draft, self.record_file())
    }

    /// Removes the record. Only for the holder of the lock.
    pub fn record_remove(&self) -> io::Result<()> {
        match fs::remove_file(self.record_file()) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    /// The record, if there is one that can be read.
    pub fn record(&self) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.record_file()).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_seen_by_others_and_survives_as_long_as_a_copy_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path().join("h"));
        assert!(!home.is_held().unwrap());
        home.create().unwrap();
        let lock = home.lock().unwrap().unwrap();
        assert!(home.lock().unwrap().is_none());
        let copy = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(home.is_held().unwrap());
        drop(copy);
        assert!(!home.is_held().unwrap());
        assert!(home.lock().unwrap().is_some());
    }

    #[test]
    fn a_lock_on_a_removed_file_is_not_taken_for_the_home() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::at(dir.path().to_path_buf());
        let purger = home.lock().unwrap().unwrap();
        fs::remove_file(home.lock_file()).unwrap();
        let next = home.lock().unwrap().unwrap();
        assert!(home.is_held().unwrap());
        drop(purger);
        assert!(home.is_held().unwrap());
        drop(next);
    }
}
