//! `-w`: what changes is told as it does, and what changed while nobody spoke is told afterwards.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::plane::{BOUND, Plane};

/// A command that goes on until it is dropped, and the lines that it printed.
pub(crate) struct Watcher {
    child: Child,
    pub(crate) lines: Arc<Mutex<Vec<String>>>,
}

impl Watcher {
    pub(crate) fn start(plane: &Plane, arguments: &[&str]) -> Self {
        let ztm = plane.command();
        let ztm = ztm.as_std();
        let mut child = Command::new(ztm.get_program())
            .args(ztm.get_args())
            .args(arguments)
            .env_clear()
            .envs(ztm.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .current_dir(plane.dir())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (read, out) = (Arc::clone(&lines), child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                read.lock().unwrap().push(line);
            }
        });
        Self { child, lines }
    }

    /// Waits until one of the lines is like this.
    pub(crate) async fn says(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let waiting = async {
            while !self.lines.lock().unwrap().iter().any(|line| holds(line)) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let said = tokio::time::timeout(BOUND, waiting).await;
        assert!(said.is_ok(), "never: {what}\n{:#?}", self.lines.lock().unwrap());
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_is_told_and_nothing_is_missed_while_the_control_plane_is_away() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    plane.create_plain("before").await;
    let table = Watcher::start(&plane, &["tenant", "list", "-w"]);
    let lines = Watcher::start(&plane, &["tenant", "list", "-w", "-o", "json"]);
    let events = Watcher::start(&plane, &["events", "-w", "-o", "json"]);
    table.says("what there is", |line| line.starts_with("before  idle")).await;
    lines.says("what there is", |line| line.contains(r#""tenant_id":"before""#)).await;

    let tenant = plane.tenant("acme", 1, 600).await;
    let is = |status: &'static str| {
        move |line: &str| line.contains(r#""tenant_id":"acme""#) && line.contains(&format!(r#""status":"{status}""#))
    };
    plane.converse(&tenant, "hello", "[1] you said: hello").await;
    table.says("it runs", |line| line.starts_with("acme    running")).await;
    lines.says("it runs", is("running")).await;
    let event = |what: &'static str| {
        move |line: &str| line.contains(r#""tenant":"acme""#) && line.contains(&format!(r#""what":"{what}""#))
    };
    events.says("it was created", event("created")).await;
    events.says("it was woken", event("woken")).await;

    // Whoever asks is told what happened a moment ago, also where others listen already.
    plane.ask("POST", "/stop/acme", None).await.ok();
    let told = plane.ztm(&["events", "acme", "-o", "json"]).await.ok().json();
    let last = told["events"].as_array().unwrap().last().unwrap();
    assert_eq!((last["what"].as_str(), last["tenant"].as_str()), (Some("stopped"), Some("acme")), "{told}");

    // What happens while nobody speaks: the control plane is gone, its records are written, and another one comes.
    plane.kill().await;
    plane.ztm(&["tenant", "create", "meanwhile"]).await.ok();
    plane.ztm(&["tenant", "delete", "before", "--yes"]).await;
    plane.up().await;
    lines.says("one that came meanwhile", |line| line.contains(r#""tenant_id":"meanwhile""#)).await;
    events.says("one that came meanwhile", |line| line.contains("meanwhile") && line.contains("created")).await;
    plane.ask("DELETE", "/tenants/before?keep_state=true", None).await;
    lines.says("one that went", |line| line.contains("before") && line.contains(r#""status":"deleted""#)).await;
    table.says("one that went", |line| line.starts_with("before  deleted")).await;

    // A wait is a watch too: it sees what happens after the control plane was away.
    let wait = Watcher::start(&plane, &["tenant", "wait", "meanwhile", "--for", "deleted"]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    plane.kill().await;
    plane.up().await;
    plane.ask("DELETE", "/tenants/meanwhile?keep_state=true", None).await;
    wait.says("it is deleted", |line| line == "meanwhile is deleted").await;
    drop((table, lines, events, wait));
    plane.down().await;
}
