//! A control plane in a process of its own, as operators run it.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

pub(crate) struct Plane {
    child: Child,
    pub(crate) orchestrator: String,
    token: String,
    client: reqwest::Client,
}

impl Plane {
    /// Starts `ztm up` and waits until it says where it listens.
    pub(crate) async fn up(state_dir: &Path, arguments: &[&str]) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(state_dir.with_extension("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_ztm"))
            .arg("--state-dir")
            .arg(state_dir)
            .args(["up", "--port", "0"])
            .args(arguments)
            .env("XDG_CONFIG_HOME", state_dir)
            .env("ZTM_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let up = loop {
            if let Ok(text) = std::fs::read(state_dir.join("up.json"))
                && let Ok(up) = serde_json::from_slice::<Value>(&text)
                && up["pid"] == child.id()
            {
                break up;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let token = std::fs::read_to_string(up["token_file"].as_str().unwrap()).unwrap().trim().to_owned();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, orchestrator: up["orchestrator"].as_str().unwrap().to_owned(), token, client }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}{path}", self.orchestrator);
        let mut request = self.client.request(method.parse().unwrap(), url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    /// Processor time used so far, milliseconds.
    pub(crate) async fn cpu_ms(&self) -> f64 {
        self.call("GET", "/status", None).await["cpu_ms"].as_f64().unwrap()
    }

    /// `VmRSS` or `VmHWM` of the control plane, MiB.
    pub(crate) fn memory(&self, field: &str) -> f64 {
        memory(self.child.id(), field)
    }

    /// Ends it in order: agents are saved and stopped.
    pub(crate) async fn down(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        tokio::task::spawn_blocking(move || self.child.wait()).await.unwrap().unwrap();
    }
}

/// A field of `/proc/PID/status` that is in KiB, as MiB.
pub(crate) fn memory(pid: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}
