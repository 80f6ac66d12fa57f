//! Finds the control plane that runs on a state directory.
//!
//! `ztm up` holds an exclusive lock on `up.lock` for as long as it lives, with its pid as the file's content, and writes
//! [`Up`] to `up.json` once it serves. A file proves nothing after a crash; the open lock file does: the process that
//! `up.json` names is the control plane only if it holds `up.lock` open. Looking never takes the lock, so that a look
//! cannot make a `ztm up` fail that starts at that moment; only where the process' open files may not be read (another
//! user's) the lock itself is tried, shared.

use std::{
    io::Write,
    os::{
        fd::OwnedFd,
        unix::fs::{MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use libtenancy::{
    Error, Result,
    clock::{Stopwatch, Timestamp},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec},
    fs::FlockOperation,
    process::{Pid, PidfdFlags},
};
use serde::{Deserialize, Serialize};

/// What a running control plane says of itself, in `up.json` (mode 0600).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Up {
    /// Its process.
    pub pid: u32,
    /// The orchestrator's base URL.
    pub orchestrator: String,
    /// The router's base URL, if it is served by the same process.
    #[serde(default)]
    pub router: Option<String>,
    /// The file with the token for the orchestrator.
    pub token_file: PathBuf,
    /// When it began to serve.
    pub started_at: Timestamp,
}

impl Up {
    /// Where it is written.
    pub fn path(state_dir: &Path) -> PathBuf {
        state_dir.join("up.json")
    }

    /// Writes it whole or not at all. For the holder of `up.lock`, once it serves.
    pub fn write(&self, state_dir: &Path) -> Result<()> {
        let path = Self::path(state_dir);
        let draft = state_dir.join(format!(".up.json.{}", std::process::id()));
        let text =
            serde_json::to_vec(self).map_err(|e| Error::internal(format!("`up.json` cannot be written: {e}")))?;
        let written = (|| {
            let mut file =
                std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(&text)?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)
        })();
        if written.is_err() {
            let _ = std::fs::remove_file(&draft);
        }
        written.map_err(Error::io("write", path))
    }

    /// Removes it. For the holder of `up.lock`, when it stops serving. A repeat is no error.
    pub fn remove(state_dir: &Path) -> Result<()> {
        match std::fs::remove_file(Self::path(state_dir)) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", Self::path(state_dir))(e)),
            _ => Ok(()),
        }
    }
}

/// The control plane that serves on this state directory; `None` if there is none (any more, or yet).
pub fn find(state_dir: &Path) -> Result<Option<Up>> {
    let path = Up::path(state_dir);
    let Some(text) = read(&path)? else { return Ok(None) };
    let up: Up = serde_json::from_str(&text).map_err(|e| Error::Corrupt {
        what: "the control plane's `up.json`",
        path,
        reason: e.to_string(),
    })?;
    Ok(holds_lock(state_dir, up.pid)?.then_some(up))
}

/// A process that holds a state directory, pinned: signals to it cannot reach another one that got its number.
#[derive(Debug)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    pidfd: OwnedFd,
}

impl Holder {
    /// The process that holds the state directory, serving or not; `None` if nobody does.
    pub fn find(state_dir: &Path) -> Result<Option<Self>> {
        let path = lock_path(state_dir);
        let Some(pid) = read(&path)?.and_then(|text| text.trim().parse::<u32>().ok()) else { return Ok(None) };
        let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
        // Pinned first, looked at afterwards: if it is the holder now, then the pin is on the holder.
        let pidfd = match rustix::process::pidfd_open(number, PidfdFlags::NONBLOCK) {
            Ok(pidfd) => pidfd,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(e) => return Err(Error::io("watch", format!("/proc/{pid}"))(e.into())),
        };
        Ok(holds_lock(state_dir, pid)?.then_some(Self { pid, pidfd }))
    }

    /// Sends a signal. A process that is gone already is no error.
    pub fn signal(&self, signal: rustix::process::Signal) -> Result<()> {
        match rustix::process::pidfd_send_signal(&self.pidfd, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(rustix::io::Errno::PERM) => {
                Err(Error::Forbidden { reason: format!("process {} belongs to another user", self.pid) })
            }
            Err(e) => Err(Error::io("signal", format!("/proc/{}", self.pid))(e.into())),
        }
    }

    /// Waits until the process has ended; whether it has, within `limit`. Blocks the thread.
    pub fn ended(&self, limit: Duration) -> Result<bool> {
        let watch = Stopwatch::start();
        loop {
            let left = limit.saturating_sub(watch.elapsed());
            let timeout = Timespec::try_from(left).map_err(|_| Error::invalid("timeout", "it is too long"))?;
            let mut watched = [PollFd::new(&self.pidfd, PollFlags::IN)];
            match rustix::event::poll(&mut watched, Some(&timeout)) {
                Ok(ready) => return Ok(ready > 0),
                Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(Error::io("watch", format!("/proc/{}", self.pid))(e.into())),
            }
        }
    }
}

/// How many tenants of a state directory have a live agent, whether a control plane runs or not: their lock is held.
pub fn agents_alive(state_dir: &Path) -> usize {
    let Ok(homes) = std::fs::read_dir(state_dir.join("tenants")) else { return 0 };
    let held = |path: PathBuf| {
        let Ok(lock) = std::fs::File::open(path) else { return false };
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockShared).is_err()
    };
    homes.flatten().filter(|home| held(home.path().join("agent.lock"))).count()
}

fn lock_path(state_dir: &Path) -> PathBuf {
    state_dir.join("up.lock")
}

fn read(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(Error::io("read", path)(e)),
    }
}

/// Whether process `pid` lives and holds `up.lock`.
fn holds_lock(state_dir: &Path, pid: u32) -> Result<bool> {
    let path = lock_path(state_dir);
    let lock = match std::fs::metadata(&path) {
        Ok(lock) => lock,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(Error::io("open", path)(e)),
    };
    match std::fs::read_dir(format!("/proc/{pid}/fd")) {
        Ok(open) => Ok(open.flatten().any(|file| {
            std::fs::metadata(file.path()).is_ok_and(|file| (file.dev(), file.ino()) == (lock.dev(), lock.ino()))
        })),
        Err(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
            let file = std::fs::File::open(&path).map_err(Error::io("open", &path))?;
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
                Ok(()) => Ok(false),
                Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
                Err(e) => Err(Error::io("look at the lock of", path)(e.into())),
            }
        }
        Err(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(pid: u32) -> Up {
        Up {
            pid,
            orchestrator: "http://127.0.0.1:1".into(),
            router: Some("http://127.0.0.1:2".into()),
            token_file: "/t".into(),
            started_at: Timestamp::from_micros(7),
        }
    }

    #[test]
    fn a_control_plane_is_found_only_while_it_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let me = std::process::id();
        assert_eq!(find(dir.path()).unwrap(), None);
        up(me).write(dir.path()).unwrap();
        assert_eq!(find(dir.path()).unwrap(), None, "no lock file");
        std::fs::write(lock_path(dir.path()), me.to_string()).unwrap();
        assert_eq!(find(dir.path()).unwrap(), None, "nobody holds it: what a kill -9 leaves");
        assert!(Holder::find(dir.path()).unwrap().is_none());
        let held = std::fs::File::open(lock_path(dir.path())).unwrap();
        assert_eq!(find(dir.path()).unwrap(), Some(up(me)));
        assert_eq!(Holder::find(dir.path()).unwrap().unwrap().pid, me);
        drop(held);
        assert_eq!(find(dir.path()).unwrap(), None);
        Up::remove(dir.path()).unwrap();
        Up::remove(dir.path()).unwrap();
    }

    #[test]
    fn another_process_that_got_the_number_is_not_taken_for_the_control_plane() {
        let dir = tempfile::tempdir().unwrap();
        let _held_by_me = std::fs::File::create(lock_path(dir.path())).unwrap();
        std::fs::write(lock_path(dir.path()), "1").unwrap();
        up(1).write(dir.path()).unwrap();
        let found = find(dir.path()).unwrap();
        assert_eq!(found, None);
    }

    #[test]
    fn up_json_is_private_and_a_damaged_one_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        up(1).write(dir.path()).unwrap();
        assert_eq!(std::fs::metadata(Up::path(dir.path())).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(Up::path(dir.path()), "{").unwrap();
        assert!(matches!(find(dir.path()), Err(Error::Corrupt { .. })));
    }
}
