//! The state directory's files that concern all of it: the keys, and the lock that makes one process its control plane.

use std::{
    fs::File,
    io::{Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use super::store::prepare_state_dir;
use crate::error::{Error, Result};

/// The lock's file name in the state directory. It holds the process id of its last holder.
const FILE_NAME: &str = "up.lock";

/// The key file's name in the state directory.
pub const KEY_FILE: &str = "key";

/// Held by the control plane of a state directory for as long as it lives. The system releases it when the process
/// dies, however it dies; the file stays, since removing it would let two processes hold two files of that name.
#[derive(Debug)]
pub struct StateDirLock {
    _file: File,
}

impl StateDirLock {
    /// Takes the lock, at once or not at all; makes the directory (mode 0700) if it is missing.
    ///
    /// `StateDirInUse` names the process that holds it (pid 0 if that process has not yet written its own).
    pub fn acquire(state_dir: &Path) -> Result<Self> {
        prepare_state_dir(state_dir)?;
        let path = state_dir.join(FILE_NAME);
        let mut file = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let written = (|| {
                    file.set_len(0)?;
                    file.rewind()?;
                    file.write_all(format!("{}\n", std::process::id()).as_bytes())
                })();
                written.map_err(Error::io("write", &path))?;
                Ok(Self { _file: file })
            }
            Err(Errno::WOULDBLOCK) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(Error::io("read", &path))?;
                Err(Error::StateDirInUse { path: state_dir.to_path_buf(), pid: text.trim().parse().unwrap_or(0) })
            }
            Err(errno) => Err(Error::io("lock", &path)(errno.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_control_plane_is_told_who_holds_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let held = StateDirLock::acquire(dir.path()).unwrap();
        let refused = StateDirLock::acquire(dir.path()).unwrap_err();
        assert!(matches!(&refused, Error::StateDirInUse { pid, .. } if *pid == std::process::id()), "{refused:?}");
        drop(held);
        StateDirLock::acquire(dir.path()).unwrap();
    }

    #[test]
    fn a_state_directory_is_made_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("a/b");
        let _held = StateDirLock::acquire(&state_dir).unwrap();
        assert_eq!(std::fs::metadata(&state_dir).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(std::fs::metadata(state_dir.join(FILE_NAME)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
