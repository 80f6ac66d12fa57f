//! A control plane as an operator has it: the `ztm` binary in a process of its own, on a temporary state directory and
//! fixed ports, with a double of Telegram that outlives it. Found by `up.json`, asked over HTTP with its token, killed by
//! its id. Whatever a test does, nothing of it is left when this is dropped.

#[path = "plane/api.rs"]
mod api;

use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use libtenancy::clock::Stopwatch;
use serde_json::Value;
use services::doubles::telegram::Double;
use tokio::process::{Child, Command};

pub(crate) use self::api::{Answer, answer};
use crate::{
    process::free_ports,
    processes::{self, Process},
    stores::{Servers, Stores},
};

/// How long anything may take before a test fails.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// How long one look at its readiness may take: it is looked at again, as a cluster's node does.
const PROBE: Duration = Duration::from_secs(5);

/// How often a value that announces no change is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// One tenant, its bot, and the person who writes to it.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) bot: i64,
    pub(crate) token: String,
    pub(crate) chat: i64,
}

impl Tenant {
    pub(crate) fn new(id: &str, number: i64) -> Self {
        let bot = 700_000 + number;
        Self {
            id: id.to_owned(),
            bot,
            token: format!("{bot}:AAHbot-of-{id}-0123456789abcdefghijk"),
            chat: 5_000 + number,
        }
    }
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Asserts success.
    pub(crate) fn ok(self) -> Self {
        assert_eq!((self.code, self.signal), (Some(0), None), "{self:?}");
        self
    }
}

/// A control plane that others have started.
pub(crate) struct Elsewhere {
    pub(crate) orchestrator: String,
    pub(crate) router: String,
    pub(crate) token: String,
}

/// See the module.
pub(crate) struct Plane {
    pub(crate) double: Double,
    dir: tempfile::TempDir,
    ports: (u16, u16),
    arguments: Vec<String>,
    http: reqwest::Client,
    child: Option<Child>,
    disk: Option<String>,
    /// Where the control plane is, if it is none that this stage starts.
    pub(crate) elsewhere: Option<Elsewhere>,
    /// Who it is in a cluster; whoever runs the tests if `None`.
    pub(crate) kubeconfig: Option<std::ffi::OsString>,
    pub(crate) servers: Option<Servers>,
}

impl Plane {
    /// A stage with a double, and nothing started. `arguments` are added to those of `ztm up`; a later one wins.
    pub(crate) async fn set(arguments: &[&str]) -> Self {
        Self::set_at("127.0.0.1", arguments).await
    }

    /// [`Plane::set`], with the double on this address of the machine.
    async fn set_at(host: &str, arguments: &[&str]) -> Self {
        let host: std::net::IpAddr = host.parse().unwrap();
        let double = Double::start((host, 0).into()).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(BOUND).build().unwrap();
        Self {
            double,
            dir: tempfile::Builder::new().prefix("ztm-e2e-").tempdir().unwrap(),
            ports: <(u16, u16)>::from(free_ports()),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            http,
            child: None,
            disk: None,
            elsewhere: None,
            kubeconfig: None,
            servers: None,
        }
    }

    /// [`Plane::set`], with records in other stores, which are ready for use.
    pub(crate) async fn set_on(stores: Stores, arguments: &[&str]) -> Self {
        if stores == Stores::Local {
            return Self::set(arguments).await;
        }
        let plane = Self::cloud_before_init(arguments).await;
        plane.ztm(&["admin", "init"]).await.ok();
        plane
    }

    /// [`Plane::set`], with servers that have nothing yet.
    pub(crate) async fn cloud_before_init(arguments: &[&str]) -> Self {
        Self::cloud_at("127.0.0.1", arguments).await
    }

    /// [`Plane::cloud_before_init`], with servers on this address of the machine.
    pub(crate) async fn cloud_at(host: &str, arguments: &[&str]) -> Self {
        let mut plane = Self::set_at(host, arguments).await;
        let servers = Servers::start(host).await;
        servers.configure(plane.dir(), servers.port);
        plane.servers = Some(servers);
        plane
    }

    /// A call of DynamoDB behind the control plane's back.
    pub(crate) async fn dynamodb(&self, call: &str, body: Value) -> Value {
        let servers = self.servers.as_ref().unwrap();
        let request = self
            .http
            .post(servers.aws_url())
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{call}"))
            .header("authorization", Servers::AUTHORIZATION)
            .body(body.to_string());
        answer(request).await.ok()
    }

    /// Puts an object into the bucket behind the control plane's back.
    pub(crate) async fn s3_put(&self, key: &str, body: Vec<u8>) {
        let servers = self.servers.as_ref().unwrap();
        let url = format!("{}/states/{key}", servers.aws_url());
        let authorization = Servers::AUTHORIZATION.replace("dynamodb", "s3");
        answer(self.http.put(url).header("authorization", authorization).body(body)).await.ok();
    }

    /// A running control plane whose state directory is a filesystem of its own, of this size (as `mount` takes it).
    ///
    /// It lives in namespaces of its own, so that no mount is left whatever happens; as root these are always to be had,
    /// and for others where the system allows them. Killing it kills all of it; no command reaches its directory.
    pub(crate) async fn start_on_small_disk(size: &str) -> Self {
        let mut plane = Self::set(&[]).await;
        std::fs::create_dir(plane.state_dir()).unwrap();
        plane.disk = Some(size.to_owned());
        plane.up().await;
        plane
    }

    /// A running control plane with records in these stores.
    pub(crate) async fn start_on(stores: Stores, arguments: &[&str]) -> Self {
        let mut plane = Self::set_on(stores, arguments).await;
        plane.up().await;
        plane
    }

    /// A running control plane.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut plane = Self::set(arguments).await;
        plane.up().await;
        plane
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn state_dir(&self) -> PathBuf {
        let state_dir = self.dir.path().join("state");
        match self.child.as_ref().and_then(Child::id) {
            Some(outer) if self.disk.is_some() => {
                // The namespaces are those of its child.
                let children = std::fs::read_to_string(format!("/proc/{outer}/task/{outer}/children")).unwrap();
                let inner = children.split_whitespace().next().expect("the shell in the namespaces lives");
                Path::new(&format!("/proc/{inner}/root")).join(state_dir.strip_prefix("/").unwrap())
            }
            _ => state_dir,
        }
    }

    /// A tenant's directory.
    pub(crate) fn home(&self, tenant: &Tenant) -> PathBuf {
        self.state_dir().join("tenants").join(&tenant.id)
    }

    /// What every control plane on this stage has written to standard error.
    pub(crate) fn whole_log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// The end of it.
    pub(crate) fn log(&self) -> String {
        let log = self.whole_log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    fn log_file(&self) -> PathBuf {
        self.dir.path().join("up.log")
    }

    /// The orchestrator's base URL.
    pub(crate) fn orchestrator(&self) -> String {
        let here = || format!("http://127.0.0.1:{}", self.ports.0);
        self.elsewhere.as_ref().map_or_else(here, |elsewhere| elsewhere.orchestrator.clone())
    }

    /// The router's base URL.
    pub(crate) fn router(&self) -> String {
        let here = || format!("http://127.0.0.1:{}", self.ports.1);
        self.elsewhere.as_ref().map_or_else(here, |elsewhere| elsewhere.router.clone())
    }

    /// The command, in an environment of its own, with the state directory of this stage.
    pub(crate) fn command(&self) -> Command {
        self.command_on(&self.state_dir())
    }

    /// The command, with another state directory.
    pub(crate) fn command_on(&self, state_dir: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ztm"));
        command
            .env_clear()
            .env("HOME", self.dir.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .envs(Servers::CREDENTIALS)
            .envs(self.kubeconfig.clone().or_else(|| std::env::var_os("KUBECONFIG")).map(|path| ("KUBECONFIG", path)))
            .current_dir(self.dir.path())
            .arg("--state-dir")
            .arg(state_dir)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The command on a filesystem of its own; its first process is a shell, which ends with it.
    fn command_with_disk(&self, size: &str) -> Command {
        let ztm = self.command();
        let mut command = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        let script = format!("mount -t tmpfs -o size={size},mode=0700 none \"$ZTM_STATE_DIR\" && \"$@\" & wait $!");
        command
            .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &script, "sh"])
            .arg(ztm.as_std().get_program())
            .env_clear()
            .env("HOME", self.dir.path())
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("ZTM_STATE_DIR", self.state_dir())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The arguments of this stage's `ztm up`.
    pub(crate) fn up_arguments(&self) -> Vec<String> {
        let (orchestrator, router) = self.ports;
        let mut arguments = vec!["up".to_owned()];
        for (flag, value) in [
            ("--warm", "1".to_owned()),
            ("--reconcile-interval", "2s".to_owned()),
            ("--drain", "5s".to_owned()),
            ("--port", orchestrator.to_string()),
            ("--router-port", router.to_string()),
            ("--telegram-url", self.double.url()),
            ("--public-url", self.router()),
        ] {
            if !self.arguments.iter().any(|argument| argument == flag) {
                arguments.extend([flag.to_owned(), value]);
            }
        }
        arguments.extend(self.arguments.clone());
        arguments
    }

    /// More of them, from the next start on.
    pub(crate) fn arguments_add(&mut self, arguments: &[&str]) {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
    }

    /// What was given to this stage.
    pub(crate) fn own_arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Runs a command to its end.
    pub(crate) async fn ztm(&self, arguments: &[&str]) -> Ended {
        self.ztm_on(&self.state_dir(), arguments).await
    }

    /// Runs a command to its end, on another state directory.
    pub(crate) async fn ztm_on(&self, state_dir: &Path, arguments: &[&str]) -> Ended {
        let output = tokio::time::timeout(BOUND, self.command_on(state_dir).args(arguments).output()).await;
        let output = output.unwrap_or_else(|_| panic!("`ztm {arguments:?}` does not end")).unwrap();
        output.into()
    }

    /// Starts a control plane and does not wait.
    pub(crate) fn spawn(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = std::fs::File::options().create(true).append(true).open(self.log_file()).unwrap();
        let mut command = match &self.disk {
            None => self.command(),
            Some(size) => self.command_with_disk(size),
        };
        command.args(self.up_arguments()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    /// Waits until the control plane answers that it is ready.
    pub(crate) async fn ready(&mut self) {
        let watch = Stopwatch::start();
        let url = format!("http://127.0.0.1:{}/readyz", self.ports.0);
        loop {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert_eq!(ended, None, "it ended: {}", self.log());
            if self.http.get(&url).timeout(PROBE).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(watch.elapsed() < BOUND, "it is not ready: {}", self.log());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Starts a control plane, and returns when it is ready.
    pub(crate) async fn up(&mut self) {
        self.spawn();
        self.ready().await;
    }

    /// The id of the control plane's process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).unwrap()
    }

    /// Whether the control plane is still the process that was started.
    pub(crate) fn lives(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// SIGKILL: nothing is finished.
    pub(crate) async fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        assert_eq!(child.try_wait().unwrap(), None, "it ended by itself: {}", self.log());
        child.start_kill().unwrap();
        let status = child.wait().await.unwrap();
        assert_eq!(status.signal(), Some(9), "{status}: {}", self.log());
    }

    /// SIGTERM, and its exit status.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let pid = rustix::process::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        tokio::time::timeout(BOUND, child.wait()).await.expect("it does not end").unwrap()
    }

    /// `ztm down`; nothing may be left.
    pub(crate) async fn down(&mut self) {
        self.ztm(&["down"]).await.ok();
        let mut child = self.child.take().unwrap();
        let status = tokio::time::timeout(BOUND, child.wait()).await.expect("it does not end").unwrap();
        assert!(status.success(), "{status}: {}", self.log());
        let left = self.processes();
        assert!(left.is_empty(), "left over: {left:#?}\n{}", self.log());
        assert_eq!(self.held_locks(), Vec::<String>::new());
    }

    /// Everything alive that belongs to this stage.
    pub(crate) fn processes(&self) -> Vec<Process> {
        processes::all_of(&self.canonical_state_dir())
    }

    /// The state directory as the kernel names it.
    pub(crate) fn canonical_state_dir(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join("state")
    }

    /// The tenants whose lock somebody holds.
    pub(crate) fn held_locks(&self) -> Vec<String> {
        let Ok(homes) = std::fs::read_dir(self.state_dir().join("tenants")) else { return Vec::new() };
        let held = |path: PathBuf| {
            let Ok(lock) = std::fs::File::open(path) else { return false };
            rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockShared).is_err()
        };
        homes
            .flatten()
            .filter(|home| held(home.path().join("agent.lock")))
            .map(|home| home.file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// The agent's process; `None` if the tenant has none.
    pub(crate) fn agent(&self, tenant: &Tenant) -> Option<Process> {
        self.processes().into_iter().find(|process| process.agent_of.as_deref() == Some(&tenant.id))
    }

    /// The process of the `agentd` that the tenant's home says it belongs to.
    pub(crate) fn agentd(&self, tenant: &Tenant) -> Option<Process> {
        let record = std::fs::read(self.home(tenant).join("agentd.json")).ok()?;
        let record: Value = serde_json::from_slice(&record).ok()?;
        Process::of(u32::try_from(record["pid"].as_u64()?).ok()?).filter(Process::lives)
    }

    /// What the built-in agent has on its disk, whether it runs or not; nothing if it has none.
    pub(crate) fn memories(&self, tenant: &Tenant) -> Vec<String> {
        use rusqlite::{Connection, OpenFlags};
        let brain = self.home(tenant).join("state/memory/brain.db");
        let read = || {
            let connection = Connection::open_with_flags(brain, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let mut statement = connection.prepare("SELECT message FROM memories ORDER BY n")?;
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()
        };
        read().unwrap_or_default()
    }

    /// Somebody writes to the tenant.
    pub(crate) fn write(&self, tenant: &Tenant, text: &str) -> i64 {
        self.double.message_push(&tenant.token, tenant.chat, text).unwrap()
    }

    /// Writes, and waits for the answer that contains `part`.
    pub(crate) async fn converse(&self, tenant: &Tenant, text: &str, part: &str) -> String {
        self.write(tenant, text);
        self.answered(tenant, part).await
    }

    /// Waits for a message in the tenant's chat that contains `part`.
    pub(crate) async fn answered(&self, tenant: &Tenant, part: &str) -> String {
        self.answered_within(BOUND, tenant, part).await
    }

    /// The same, where what is waited for is not the control plane's to hurry.
    pub(crate) async fn answered_within(&self, bound: Duration, tenant: &Tenant, part: &str) -> String {
        match self.double.wait_text(tenant.chat, part, bound).await {
            Ok(sent) => sent.text,
            Err(error) => panic!("{error}; the chat: {:#?}\n{}", self.texts(tenant), self.log()),
        }
    }

    /// The texts in the tenant's chat, in order.
    pub(crate) fn texts(&self, tenant: &Tenant) -> Vec<String> {
        self.double.sent(tenant.chat).into_iter().map(|sent| sent.text).collect()
    }

    /// Waits until the tenant has this status; the tenant as it is then.
    pub(crate) async fn wait_status(&self, tenant: &Tenant, status: &str) -> Value {
        self.wait(&format!("`{}` is {status}", tenant.id), async || {
            let seen = self.get(tenant).await;
            (seen["status"] == status).then_some(seen)
        })
        .await
    }

    /// Waits until nothing is pending in any inbox; the inboxes in numbers. On DynamoDB what ended is counted by a write
    /// of its own, so `handled` and `dead` may be one short: see [`Self::wait_ended`].
    pub(crate) async fn wait_drained(&self) -> Value {
        self.wait("nothing is pending", async || {
            let inbox = self.status().await["inbox"].clone();
            (inbox["pending"] == 0).then_some(inbox)
        })
        .await
    }

    /// Waits until nothing is pending in any inbox, and that many updates have ended; the inboxes in numbers.
    pub(crate) async fn wait_ended(&self, updates: usize) -> Value {
        self.wait(&format!("{updates} updates have ended"), async || {
            let inbox = self.status().await["inbox"].clone();
            let ended = inbox["handled"].as_u64()? + inbox["dead"].as_u64()?;
            (inbox["pending"] == 0 && ended >= updates as u64).then_some(inbox)
        })
        .await
    }

    /// Waits until `probe` finds what it looks for.
    pub(crate) async fn wait<T>(&self, what: &str, probe: impl AsyncFn() -> Option<T>) -> T {
        let search = async {
            loop {
                if let Some(found) = probe().await {
                    return found;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let found = tokio::time::timeout(BOUND, search).await;
        found.unwrap_or_else(|_| panic!("never: {what}\n{}", self.log()))
    }
}

impl Drop for Plane {
    #[expect(clippy::print_stderr, reason = "the test runner shows it with the failure")]
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.start_kill();
        }
        // Until nothing is left: one that dies may just have started another.
        let (watch, state_dir) = (Stopwatch::start(), self.canonical_state_dir());
        loop {
            let left = processes::all_of(&state_dir);
            if left.is_empty() || watch.elapsed() > Duration::from_secs(10) {
                break;
            }
            left.iter().for_each(Process::kill);
            std::thread::yield_now();
        }
        if std::thread::panicking() {
            eprintln!("--- the end of the log of the control plane\n{}", self.log());
        }
    }
}
