//! Processes that tests start: on free ports of loopback, ended with the tests.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

/// Bounded waiting for a value.
pub(crate) async fn wait_for<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    for _ in 0..1_500 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: not within half a minute");
}

/// A process that ends when its owner is dropped, or when the tests end: the shell that guards it waits for the end of its
/// standard input.
#[derive(Debug)]
pub(crate) struct Guarded(Child);

impl Guarded {
    /// Starts a program.
    pub(crate) fn spawn(arguments: &[String]) -> Self {
        // By its job and not by its id, which is somebody else's once it has ended by itself.
        let script = "exec 2>/dev/null; \"$@\" >/dev/null & cat >/dev/null; kill -9 %1; wait";
        let mut command = Command::new("bash");
        command.args(["-c", script, "ztm-tests"]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// Ports of loopback that are free, and that the kernel gives to nobody who asks for any, nor to a connection that goes out:
/// while a server is dead between two of its lives, its port must stay its own.
pub(crate) fn free_ports<const COUNT: usize>() -> [u16; COUNT] {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 600).unwrap() * 20;
    let mut next = std::iter::repeat_with(|| 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    [(); COUNT].map(|()| next.next().expect("it is endless"))
}
