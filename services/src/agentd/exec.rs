//! From `agentd` to the agent program: the command, its environment and its limits.
//!
//! # Design notes
//! The limits and the parent-death signal must be set between `fork` and `exec`. Without `unsafe` that is done by a
//! program in between: `agentd` starts itself with [`super::EXEC_ARGUMENT`], and [`exec_shim`] sets them and becomes the agent.
//!
//! # Environment
//! Nothing is inherited but `PATH`, `LANG`, `LC_ALL` and `TZ`. Added are `HOME` (the state directory), `PORT`,
//! `TENANT_ID`, `ZTM_STATE` (the state directory), `ZTM_AGENTD` (the socket on which it declares work, see `work`),
//! `ZTM_WORKLOAD`, and what [`libtenancy::agent::AgentCommand::env`]
//! says. No secret is among them.
//!
//! # Limits
//! Where a cgroup v2 with the memory and CPU controllers can be made: `memory.max` and `cpu.max`. Elsewhere memory is
//! limited per process by `RLIMIT_DATA` (private writable memory, what an agent really allocates; `RLIMIT_AS` would
//! count address space that runtimes only reserve), and the CPU is not.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    os::unix::process::{CommandExt, parent_id},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use libtenancy::{
    agent::AgentCommand,
    drivers::local::workloads::home::WORKLOAD_VARIABLE,
    exec::Start,
    tenant::{TenantId, WorkloadId},
};
use rustix::process::{Resource, Rlimit, Signal};

use super::bound::Agentd;

/// What is inherited from `agentd`'s own environment.
const INHERITED: [&str; 4] = ["PATH", "LANG", "LC_ALL", "TZ"];

/// "Not given" among the shim's arguments.
const NONE: &str = "-";

/// That standard input is the terminal of a session of its own, among the shim's arguments.
const TERMINAL: &str = "terminal";

/// What the agent is told of itself: what `{port}`, `{state}`, `{tenant}` and `{secrets}` stand for, and where it declares
/// work.
pub(super) struct Substitution<'a> {
    pub(super) port: u16,
    pub(super) state: &'a Path,
    pub(super) tenant: &'a TenantId,
    pub(super) agentd: &'a Path,
    pub(super) secrets: &'a Path,
}

impl Substitution<'_> {
    /// The text with every placeholder replaced.
    pub(super) fn apply(&self, text: &str) -> String {
        text.replace("{port}", &self.port.to_string())
            .replace("{state}", &self.state.to_string_lossy())
            .replace("{tenant}", self.tenant.as_str())
            .replace("{secrets}", &self.secrets.to_string_lossy())
    }
}

/// Which limits are in force on an agent.
#[derive(Debug)]
pub(super) enum Limits {
    Cgroup(Cgroup),
    Rlimit,
    None,
}

impl Limits {
    /// As [`libtenancy::agent::Bound::limits`] names them.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Self::Cgroup(_) => "cgroup",
            Self::Rlimit => "rlimit",
            Self::None => "none",
        }
    }

    /// The best that this system allows for `command`.
    pub(super) fn prepare(command: &AgentCommand, workload: &WorkloadId) -> Self {
        if command.memory_bytes.is_none() && command.cpu_millis.is_none() {
            return Self::None;
        }
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        if let Some(own) = own.lines().find_map(|line| line.strip_prefix("0::/"))
            && let Some(cgroup) = Cgroup::create(Path::new("/sys/fs/cgroup"), own, command, workload)
        {
            return Self::Cgroup(cgroup);
        }
        if command.memory_bytes.is_some() { Self::Rlimit } else { Self::None }
    }
}

/// A cgroup (v2) of the agent's own, removed when this is dropped (and empty).
#[derive(Debug)]
pub(super) struct Cgroup(PathBuf);

impl Cgroup {
    /// Makes one below `agentd`'s own, or beside it (a cgroup that has processes can give no controllers to its
    /// children); `None` if neither may be written or has the controllers.
    fn create(root: &Path, own: &str, command: &AgentCommand, workload: &WorkloadId) -> Option<Self> {
        let own = root.join(own);
        let beside = own.parent().filter(|p| p.starts_with(root)).map(Path::to_path_buf);
        std::iter::once(own).chain(beside).find_map(|parent| {
            let cgroup = Self(parent.join(format!("ztm-{workload}")));
            fs::create_dir(&cgroup.0).ok()?;
            cgroup.configure(command).ok()?;
            Some(cgroup)
        })
    }

    fn configure(&self, command: &AgentCommand) -> io::Result<()> {
        // Opened without `create`: the files are there only where the controllers are.
        let set = |name: &str, value: String| {
            io::Write::write_all(&mut File::options().write(true).open(self.0.join(name))?, value.as_bytes())
        };
        if let Some(bytes) = command.memory_bytes {
            set("memory.max", bytes.to_string())?;
        }
        if let Some(millis) = command.cpu_millis {
            // Of every 100,000 µs.
            set("cpu.max", format!("{} 100000", u64::from(millis) * 100))?;
        }
        File::options().write(true).open(self.0.join("cgroup.procs")).map(drop)
    }

    /// How many processes the kernel killed in it for want of memory.
    pub(super) fn oom_kills(&self) -> u64 {
        let events = fs::read_to_string(self.0.join("memory.events")).unwrap_or_default();
        events.lines().find_map(|line| line.strip_prefix("oom_kill ")?.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// The command that starts the agent through the shim, in a process group of its own.
pub(super) fn command(
    agent: &AgentCommand,
    substitution: &Substitution<'_>,
    workload: &WorkloadId,
    limits: &Limits,
    log: &File,
) -> io::Result<Command> {
    let argv = agent.argv.iter().map(|argument| substitution.apply(argument));
    let mut command = shimmed(agent, limits, false, argv);
    let Substitution { state, tenant, agentd, .. } = *substitution;
    surround(&mut command, agent, state, tenant, agentd)
        .env("PORT", substitution.port.to_string())
        .env(WORKLOAD_VARIABLE, &workload.0)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?);
    Ok(command)
}

/// The command of a session beside the agent: in a process group of its own, or in a session with a terminal that is its
/// standard input.
pub(super) fn session_command(agentd: &Agentd, start: &Start) -> Command {
    let has_terminal = start.terminal.is_some();
    let mut command =
        shimmed(&agentd.command, &agentd.process.limits, has_terminal, start.command.iter().map(String::as_str));
    let (state, socket) = (agentd.home.state(), agentd.home.agent_socket());
    surround(&mut command, &agentd.command, &state, &agentd.tenant, &socket);
    if let Some(workload) = std::env::var_os(WORKLOAD_VARIABLE) {
        command.env(WORKLOAD_VARIABLE, workload);
    }
    if let Some(term) = &start.term {
        command.env("TERM", term);
    }
    if !has_terminal {
        command.process_group(0);
    }
    command
}

/// The program in between, with what it is to become.
fn shimmed<T: AsRef<OsStr>>(
    agent: &AgentCommand,
    limits: &Limits,
    has_terminal: bool,
    argv: impl Iterator<Item = T>,
) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(super::EXEC_ARGUMENT).arg(std::process::id().to_string());
    command.arg(match (limits, agent.memory_bytes) {
        (Limits::Rlimit, Some(bytes)) => OsString::from(bytes.to_string()),
        _ => NONE.into(),
    });
    command.arg(match limits {
        Limits::Cgroup(Cgroup(path)) => path.as_os_str(),
        Limits::Rlimit | Limits::None => OsStr::new(NONE),
    });
    command.arg(if has_terminal { TERMINAL } else { NONE });
    command.args(argv);
    command
}

/// What surrounds whatever runs for a tenant: its environment and its directory.
fn surround<'a>(
    command: &'a mut Command,
    agent: &AgentCommand,
    state: &Path,
    tenant: &TenantId,
    agentd: &Path,
) -> &'a mut Command {
    command.env_clear();
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .envs(&agent.env)
        .env("HOME", state)
        .env("TENANT_ID", tenant.as_str())
        .env("ZTM_AGENTD", agentd)
        .env("ZTM_STATE", state)
        .current_dir(state)
}

/// Becomes the agent: `PARENT-PID MEMORY CGROUP TERMINAL PROGRAM ARGUMENTS…`. Returns only if that fails; standard error (the
/// agent's log) says why.
pub fn exec_shim(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let problem = become_agent(arguments);
    let _ = io::Write::write_all(&mut io::stderr(), format!("agentd: {problem}\n").as_bytes());
    ExitCode::from(127)
}

fn become_agent(mut arguments: impl Iterator<Item = OsString>) -> String {
    let mut next = || arguments.next().unwrap_or_default();
    let (parent, memory, cgroup, terminal, program) = (next(), next(), next(), next(), next());
    let Some(parent) = parent.to_str().and_then(|p| p.parse::<u32>().ok()) else {
        return format!("`{}` is for agentd's own use", super::EXEC_ARGUMENT);
    };
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::KILL)) {
        return format!("cannot be bound to the life of its parent: {error}");
    }
    // The parent may have died before the line above.
    if parent_id() != parent {
        return "its parent is gone".to_owned();
    }
    if terminal == TERMINAL
        && let Err(error) =
            rustix::process::setsid().and_then(|_| rustix::process::ioctl_tiocsctty(rustix::stdio::stdin()))
    {
        return format!("cannot have its terminal: {error}");
    }
    if cgroup != NONE
        && let Err(error) = fs::write(Path::new(&cgroup).join("cgroup.procs"), std::process::id().to_string())
    {
        return format!("cannot enter the cgroup {}: {error}", cgroup.display());
    }
    if let Some(bytes) = memory.to_str().and_then(|m| m.parse::<u64>().ok()) {
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        if let Err(error) = rustix::process::setrlimit(Resource::Data, limit) {
            return format!("cannot limit its memory to {bytes} bytes: {error}");
        }
    }
    let error = Command::new(&program).args(arguments).exec();
    format!("cannot run `{}`: {error}", program.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_controllers_is_no_cgroup_and_is_left_clean() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("own")).unwrap();
        let mut command = libtenancy::config::Config::new(PathBuf::new(), vec!["x".into()]).agent;
        command.cpu_millis = Some(500);
        let id = WorkloadId("w".into());
        assert!(Cgroup::create(root.path(), "own", &command, &id).is_none());
        assert_eq!(fs::read_dir(root.path().join("own")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn placeholders_are_replaced_everywhere_they_stand() {
        let tenant = "acme".parse().unwrap();
        let substitution = Substitution {
            port: 81,
            state: Path::new("/s"),
            tenant: &tenant,
            agentd: Path::new("/a"),
            secrets: Path::new("/x"),
        };
        assert_eq!(
            substitution.apply("{tenant}:{port}:{state}/x:{port}:{secrets}:{other}"),
            "acme:81:/s/x:81:/x:{other}"
        );
    }
}
