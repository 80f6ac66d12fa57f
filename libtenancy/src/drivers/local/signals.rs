//! Signals on one machine: SQLite tells nobody that it was written to.
//!
//! A datagram on a Unix socket in the state directory, which belongs to the control plane that holds the
//! directory's lock.

use std::{
    os::{fd::AsRawFd, unix::net::UnixDatagram},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use rustix::fs::{Mode, OFlags};

use crate::{
    error::{Error, Result},
    ports::signals::{Listener, Signal, Signals},
};

/// The socket's file name in the state directory.
const FILE_NAME: &str = "up.sock";

/// The socket of a state directory.
#[derive(Clone, Debug)]
pub struct SignalSocket {
    state_dir: PathBuf,
}

impl SignalSocket {
    /// That of this directory.
    pub fn new(state_dir: &Path) -> Self {
        Self { state_dir: state_dir.to_owned() }
    }

    /// A socket's path may have 107 bytes at most (unix(7)); this one has few, whatever the directory's own length.
    fn short_path(&self) -> Result<(rustix::fd::OwnedFd, PathBuf)> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(&self.state_dir, flags, Mode::empty())
            .map_err(|e| Error::io("open", &self.state_dir)(e.into()))?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{FILE_NAME}", directory.as_raw_fd()));
        Ok((directory, path))
    }

    fn file(&self) -> PathBuf {
        self.state_dir.join(FILE_NAME)
    }
}

#[async_trait]
impl Signals for SignalSocket {
    async fn signal_send(&self, signal: &Signal) -> Result<()> {
        let (_directory, path) = self.short_path()?;
        let socket = UnixDatagram::unbound().map_err(Error::io("open", self.file()))?;
        socket.set_nonblocking(true).map_err(Error::io("open", self.file()))?;
        // Nobody listens: nobody has to be told. Its buffer is full: it will look anyway.
        let _ = socket.send_to(signal.text().as_bytes(), path);
        Ok(())
    }

    /// The last one who listens is the one who hears.
    async fn signal_listen(&self) -> Result<Box<dyn Listener>> {
        let (_directory, path) = self.short_path()?;
        let _ = std::fs::remove_file(&path);
        let socket = tokio::net::UnixDatagram::bind(path).map_err(Error::io("listen on", self.file()))?;
        Ok(Box::new(Ear { socket, file: self.file() }))
    }
}

struct Ear {
    socket: tokio::net::UnixDatagram,
    file: PathBuf,
}

#[async_trait]
impl Listener for Ear {
    async fn signal_next(&mut self) -> Result<Signal> {
        let mut text = [0; 256];
        let length = self.socket.recv(&mut text).await.map_err(Error::io("listen on", &self.file))?;
        Ok(Signal::parse(&text[..length]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_directory_with_a_long_name_has_signals_too() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("x".repeat(150));
        std::fs::create_dir(&state_dir).unwrap();
        let signals = SignalSocket::new(&state_dir);
        let mut listener = signals.signal_listen().await.unwrap();
        signals.signal_send(&Signal::Records).await.unwrap();
        listener.signal_next().await.unwrap();
    }
}
