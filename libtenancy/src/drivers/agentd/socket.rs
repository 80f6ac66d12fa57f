//! Unix sockets at paths of any length.
//!
//! The kernel takes at most 107 bytes of path. A longer one is reached through its directory, opened:
//! `/proc/self/fd/N/NAME`.

use std::{
    fs::File,
    io,
    os::{fd::AsRawFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
};

/// The longest path that fits a socket address, in bytes.
const MAX_PATH_BYTES: usize = 107;

/// Calls `then` with a path that is short enough and leads to `path`.
fn within_limit<T>(path: &Path, then: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if path.as_os_str().as_bytes().len() <= MAX_PATH_BYTES {
        return then(path);
    }
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not the path of a socket"));
    };
    let directory = File::open(directory)?;
    then(&PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(name))
}

/// Listens at `path`, where nothing may be.
pub fn listen(path: &Path) -> io::Result<tokio::net::UnixListener> {
    let listener = within_limit(path, |path| std::os::unix::net::UnixListener::bind(path))?;
    listener.set_nonblocking(true)?;
    tokio::net::UnixListener::from_std(listener)
}

/// Connects to `path`. Connecting to a Unix socket does not wait for the other side (but for room in its queue).
pub fn connect(path: &Path) -> io::Result<tokio::net::UnixStream> {
    let stream = within_limit(path, |path| std::os::unix::net::UnixStream::connect(path))?;
    stream.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_path_beyond_the_kernels_limit_is_bound_and_reached() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let path = deep.join("agentd.sock");
        let listener = listen(&path).unwrap();
        let client = connect(&path).unwrap();
        let (_server, _) = listener.accept().await.unwrap();
        assert!(client.peer_addr().is_ok());
        assert_eq!(listen(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
