//! Which processes belong to a state directory, by what the kernel says of them and not by what `ztm` says.
//!
//! Everything a control plane starts holds an open file below its state directory (`agentd.log`, `agent.log`, the
//! tenant's lock), or names it in its environment. The directories of these tests are temporary, so nobody else does.

use std::{collections::BTreeMap, fs, path::Path};

use libtenancy::drivers::local::workloads::processes::{Pinned, has_ended, start_ticks};

/// A process that lived when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    ticks: u64,
    /// The tenant whose agent it is; `None` for the control plane and for `agentd`.
    pub(crate) agent_of: Option<String>,
    /// What it was started as.
    pub(crate) command: String,
}

impl Process {
    /// The process of this id, whatever it is.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Some(Self { pid, ticks: start_ticks(pid)?, agent_of: None, command: command(pid) })
    }

    pub(crate) fn lives(&self) -> bool {
        start_ticks(self.pid) == Some(self.ticks) && !has_ended(self.pid)
    }

    /// SIGSTOP.
    pub(crate) fn freeze(&self) {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        if self.lives() {
            // It may have ended meanwhile.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::STOP);
        }
    }

    /// SIGKILL to exactly this process.
    pub(crate) fn kill(&self) {
        if let Some(pinned) = Pinned::started_at(self.pid, self.ticks) {
            pinned.kill();
        }
    }
}

fn command(pid: u32) -> String {
    let text = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&text).replace('\0', " ").trim().to_owned()
}

/// The tenant in whose home the environment of the process says its state is. Empty once the process dies.
fn agent_of(pid: u32, state_dir: &Path) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let prefix = format!("ZTM_STATE={}/tenants/", state_dir.display());
    environment.split(|byte| *byte == 0).find_map(|variable| {
        Some(std::str::from_utf8(variable).ok()?.strip_prefix(&prefix)?.split('/').next()?.to_owned())
    })
}

fn holds_a_file_of(pid: u32, state_dir: &Path) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    open.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target.starts_with(state_dir)))
}

/// Every living process of the state directory but this one, the oldest id first.
pub(crate) fn all_of(state_dir: &Path) -> Vec<Process> {
    let own = std::process::id();
    let mut found: Vec<Process> = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own)
        .filter_map(|pid| {
            let ticks = start_ticks(pid)?;
            let agent_of = agent_of(pid, state_dir);
            let belongs = agent_of.is_some() || holds_a_file_of(pid, state_dir);
            (belongs && !has_ended(pid)).then(|| Process { pid, ticks, agent_of, command: command(pid) })
        })
        .collect();
    found.sort_by_key(|process| process.pid);
    found
}

/// The tenants that have two living agents at the same moment, with the agents.
pub(crate) fn doubled_agents(state_dir: &Path) -> BTreeMap<String, Vec<Process>> {
    let mut agents: BTreeMap<String, Vec<Process>> = BTreeMap::new();
    for process in all_of(state_dir) {
        if let Some(tenant) = process.agent_of.clone() {
            agents.entry(tenant).or_default().push(process);
        }
    }
    // The look takes a while: one may have ended before the other began. Who still has its memory (and so all its
    // files) after the last of them was seen lived beside it.
    for (tenant, found) in &mut agents {
        found.retain(|agent| agent.lives() && agent_of(agent.pid, state_dir).as_deref() == Some(tenant));
    }
    agents.retain(|_, found| found.len() > 1);
    agents
}

#[test]
fn two_agents_of_one_tenant_are_seen_and_two_tenants_agents_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let state_dir = dir.path().canonicalize().unwrap();
    let start = |tenant: &str| {
        let state = state_dir.join("tenants").join(tenant).join("state");
        std::process::Command::new("sleep").arg("60").env("ZTM_STATE", state).spawn().unwrap()
    };
    let mut children = vec![start("one"), start("two")];
    // For a moment after `exec` a process shows no environment yet.
    while all_of(&state_dir).len() < 2 {
        std::thread::yield_now();
    }
    assert!(doubled_agents(&state_dir).is_empty());
    children.push(start("two"));
    while all_of(&state_dir).len() < 3 {
        std::thread::yield_now();
    }
    let doubled = doubled_agents(&state_dir);
    for mut child in children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(doubled.keys().collect::<Vec<_>>(), ["two"]);
    assert_eq!(doubled["two"].len(), 2);
    assert!(all_of(&state_dir).is_empty());
}
