//! Processes that tests start: on free ports of loopback, ended with the tests.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
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
        let script = "\"$@\" >/dev/null 2>&1 & child=$!; cat >/dev/null; kill -9 $child; wait $child 2>/dev/null";
        let mut command = Command::new("sh");
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

/// Ports that nobody listens on.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}
