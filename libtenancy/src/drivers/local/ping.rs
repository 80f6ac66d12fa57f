//! A word to the running control plane that another process has written records: SQLite tells nobody.
//!
//! A datagram without content on a Unix socket in the state directory. It may get lost (nobody listens, a full buffer):
//! the reconciler's period finds what was written anyway.

use std::{
    os::{fd::AsRawFd, unix::net::UnixDatagram},
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};

use crate::error::{Error, Result};

/// The socket's file name in the state directory.
const FILE_NAME: &str = "up.sock";

/// A socket's path may have 107 bytes at most (unix(7)); this one has few, whatever the directory's own length.
fn short_path(state_dir: &Path) -> Result<(rustix::fd::OwnedFd, PathBuf)> {
    let directory = rustix::fs::open(state_dir, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|e| Error::io("open", state_dir)(e.into()))?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{FILE_NAME}", directory.as_raw_fd()));
    Ok((directory, path))
}

/// Tells the control plane of the state directory, if one listens, to look at what has changed.
pub fn ping(state_dir: &Path) -> Result<()> {
    let (_directory, path) = short_path(state_dir)?;
    let socket = UnixDatagram::unbound().map_err(Error::io("open", state_dir.join(FILE_NAME)))?;
    // Nobody listens: nobody has to be told.
    let _ = socket.send_to(&[0], path);
    Ok(())
}

/// The control plane's end; its holder must hold the state directory's lock.
pub fn listen(state_dir: &Path) -> Result<tokio::net::UnixDatagram> {
    let (_directory, path) = short_path(state_dir)?;
    let _ = std::fs::remove_file(&path);
    tokio::net::UnixDatagram::bind(path).map_err(Error::io("listen on", state_dir.join(FILE_NAME)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_ping_arrives_in_a_directory_with_a_long_name_and_without_a_listener_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("x".repeat(150));
        std::fs::create_dir(&state_dir).unwrap();
        ping(&state_dir).unwrap();
        let listener = listen(&state_dir).unwrap();
        ping(&state_dir).unwrap();
        assert_eq!(listener.recv(&mut [0; 8]).await.unwrap(), 1);
    }
}
