//! A control plane in a process of its own, the people who write to it, and what can be seen of both from outside.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use libtenancy::{
    agent::{AgentStatus, key_purpose},
    api::{CreateTenant, TenantView, UpdateTenant, state::StateView},
    chat::STARTING,
    drivers::local::{
        KEY_FILE,
        workloads::{home::Home, processes},
    },
    secret::Keyring,
    tenant::{Generation, TenantId},
};
use services::doubles::telegram::{Double, Sent};
use tokio::process::{Child, Command};
use ztm::{cli::global::GlobalArgs, client::Client, settings::Settings};

use crate::{
    process::free_ports,
    processes::{Process, all_of as everything},
};

const ZTM: &str = env!("CARGO_BIN_EXE_ztm");

/// How long anything may take before a test fails.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// Between two looks at what does not tell when it changes.
const LOOK: Duration = Duration::from_millis(20);

/// An idle timeout that no test outlives, seconds.
const AWAKE: i64 = 3_600;

/// Held by a case that loads the whole machine, and by one that bounds how long others may wait: one at a time.
pub(crate) static MACHINE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A tenant, its bot, and the person who writes to it.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) chat: i64,
}

/// A control plane and a double of Telegram in a temporary directory.
pub(crate) struct World {
    pub(crate) double: Double,
    pub(crate) state_dir: PathBuf,
    arguments: Vec<String>,
    child: Option<Child>,
    settings: Settings,
    _dir: tempfile::TempDir,
}

impl World {
    /// Starts `ztm up` with `arguments` added to what every test needs.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = dir.path().join("state");
        let double = Double::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        // The router's port must outlive the control plane: the webhooks name it.
        let [port] = free_ports();
        let (port_text, public_url, telegram) = (port.to_string(), format!("http://127.0.0.1:{port}"), double.url());
        let own = [
            "up",
            "--port",
            "0",
            "--router-port",
            &port_text,
            "--public-url",
            &public_url,
            "--telegram-url",
            &telegram,
            "--reconcile-interval",
            "2s",
        ];
        let flags = GlobalArgs { state_dir: Some(state_dir.clone()), ..GlobalArgs::default() };
        let settings = Settings::resolve_in(flags, &|name| {
            ["HOME", "XDG_CONFIG_HOME"].contains(&name).then(|| dir.path().as_os_str().to_owned())
        });
        let arguments = own.iter().chain(arguments).map(|&argument| argument.to_owned()).collect();
        let mut world = Self { double, state_dir, arguments, child: None, settings: settings.unwrap(), _dir: dir };
        world.up().await;
        world
    }

    /// Starts the control plane, and waits until it is ready.
    pub(crate) async fn up(&mut self) {
        fs::create_dir_all(&self.state_dir).unwrap();
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        let mut child = Command::new(ZTM)
            .arg("--state-dir")
            .arg(&self.state_dir)
            .args(&self.arguments)
            .env("XDG_CONFIG_HOME", self.state_dir.with_file_name("no-configuration"))
            .env_remove("ZTM_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let ready = async {
            loop {
                assert!(child.try_wait().unwrap().is_none(), "`ztm up` ended:\n{}", self.log());
                if let Ok(client @ Client::Http(_)) = Client::connect(&self.settings).await
                    && client.plane("a test").unwrap().ready().await.is_ok()
                {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        assert!(tokio::time::timeout(BOUND, ready).await.is_ok(), "`ztm up` is not ready:\n{}", self.log());
        self.child = Some(child);
    }

    /// Ends the control plane in order, its agents with it.
    pub(crate) async fn down(&mut self) {
        let mut child = self.child.take().unwrap();
        let down = Command::new(ZTM).arg("--state-dir").arg(&self.state_dir).arg("down").stdout(Stdio::null()).status();
        assert!(tokio::time::timeout(BOUND, down).await.expect("`ztm down` ends").unwrap().success());
        tokio::time::timeout(BOUND, child.wait()).await.expect("`ztm up` ends").unwrap();
    }

    /// The machine loses power: everything stops at one instant, and what is then in the state directory is all there will
    /// be. (What the kernel has not written yet is in the copy too: the disk's own promises are not tested.)
    pub(crate) async fn lose_power(&mut self) {
        let frozen = self.freeze();
        let copy = self.state_dir.with_file_name("copy");
        let status = Command::new("cp").arg("-a").arg(&self.state_dir).arg(&copy).status().await.unwrap();
        assert!(status.success());
        self.end_frozen(&frozen).await;
        fs::remove_dir_all(&self.state_dir).unwrap();
        fs::rename(&copy, &self.state_dir).unwrap();
    }

    /// The machine is gone, and what the person's agent had on it; its archives are elsewhere.
    pub(crate) async fn lose_machine(&mut self, person: &Person) {
        let frozen = self.freeze();
        self.end_frozen(&frozen).await;
        fs::remove_dir_all(self.home(person).path()).unwrap();
    }

    /// Stops every process of the state directory where it is.
    fn freeze(&self) -> Vec<Process> {
        let state_dir = self.state_dir.canonicalize().unwrap();
        let mut frozen: Vec<Process> = Vec::new();
        loop {
            let new: Vec<Process> =
                everything(&state_dir).into_iter().filter(|process| !frozen.contains(process)).collect();
            if new.is_empty() {
                return frozen;
            }
            new.iter().for_each(Process::freeze);
            frozen.extend(new);
        }
    }

    async fn end_frozen(&mut self, frozen: &[Process]) {
        frozen.iter().for_each(Process::kill);
        self.child.take().unwrap().wait().await.unwrap();
        while frozen.iter().any(Process::lives) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The person's saved state, as it is shown.
    pub(crate) async fn state(&self, person: &Person) -> StateView {
        self.client().await.state_get(&person.id).await.unwrap()
    }

    /// How many answers the person has.
    pub(crate) fn answered(&self, person: &Person) -> usize {
        self.said(person).len()
    }

    /// The process of the control plane.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).unwrap()
    }

    fn log_file(&self) -> PathBuf {
        self.state_dir.with_file_name("up.log")
    }

    /// What the control plane has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    async fn client(&self) -> Client {
        Client::connect(&self.settings).await.unwrap()
    }

    /// A new tenant with a bot and a webhook, that does not fall idle by itself.
    pub(crate) async fn person(&self, number: i64) -> Person {
        let id = format!("tenant-{number}");
        let person = Person { token: format!("{}:bot-of-{id}-0123456789abcdef", 4_000 + number), id, chat: number };
        self.double.bot_add(&person.token).unwrap();
        let new = CreateTenant {
            tenant_id: person.id.clone(),
            bot_token: Some(person.token.clone()),
            idle_timeout_s: Some(AWAKE),
            ..CreateTenant::default()
        };
        self.client().await.tenant_create(new).await.unwrap();
        self.double.wait_webhook(&person.token, BOUND).await.unwrap();
        person
    }

    /// The person writes.
    pub(crate) fn write(&self, person: &Person, text: &str) {
        self.double.message_push(&person.token, person.chat, text).unwrap();
    }

    /// What the bot has said to the person; without a "starting" that is no answer yet.
    fn said(&self, person: &Person) -> Vec<String> {
        self.double
            .sent(person.chat)
            .into_iter()
            .map(|Sent { text, .. }| text)
            .filter(|text| text != STARTING)
            .collect()
    }

    /// Waits until the person has `count` answers; all of them.
    pub(crate) async fn answers(&self, person: &Person, count: usize) -> Vec<String> {
        self.answers_within(person, count, BOUND).await
    }

    /// [`World::answers`], for what takes its time.
    pub(crate) async fn answers_within(&self, person: &Person, count: usize, within: Duration) -> Vec<String> {
        let what = format!("answer {count} to `{}`", person.id);
        let enough = |_: &Double| Some(self.said(person)).filter(|said| said.len() >= count);
        match self.double.wait_until(&what, within, enough).await {
            Ok(said) => said,
            Err(error) => panic!("{error}; it was sent {:?}\n{}", self.double.sent(person.chat), self.log()),
        }
    }

    /// The person writes, and is answered; the answer.
    pub(crate) async fn ask(&self, person: &Person, text: &str) -> String {
        let before = self.said(person).len();
        self.write(person, text);
        self.answers(person, before + 1).await.pop().unwrap()
    }

    pub(crate) async fn tenant(&self, person: &Person) -> TenantView {
        self.client().await.tenant_get(&person.id).await.unwrap()
    }

    /// What the person's agent says of itself.
    pub(crate) async fn agent(&self, person: &Person) -> AgentStatus {
        self.client().await.plane("a test").unwrap().agent_status(&person.id).await.unwrap()
    }

    /// Lets the person's agent fall idle, and waits until it is saved and stopped.
    pub(crate) async fn fall_idle(&self, person: &Person) -> TenantView {
        self.idle_timeout(person, 1).await;
        let idle = self
            .wait_for(&format!("`{}` is idle", person.id), async || {
                Some(self.tenant(person).await).filter(|tenant| tenant.status == "idle")
            })
            .await;
        self.idle_timeout(person, AWAKE).await;
        idle
    }

    /// Sets after how many seconds without work the person's agent falls idle.
    pub(crate) async fn idle_timeout(&self, person: &Person, seconds: i64) {
        let change = UpdateTenant { idle_timeout_s: Some(seconds), ..UpdateTenant::default() };
        self.client().await.tenant_update(&person.id, change).await.unwrap();
    }

    /// Waits until `holds` returns a value.
    pub(crate) async fn wait_for<T>(&self, what: &str, mut holds: impl AsyncFnMut() -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(value) = holds().await {
                    return value;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        match tokio::time::timeout(BOUND, waiting).await {
            Ok(value) => value,
            Err(late) => panic!("never: {what} ({late})\n{}", self.log()),
        }
    }

    /// The person's directory.
    pub(crate) fn home(&self, person: &Person) -> Home {
        Home::of(&self.state_dir, &person.id.parse().unwrap())
    }

    /// Every secret that the person's agent must not know, by what it is.
    pub(crate) async fn secrets(&self, person: &Person) -> BTreeMap<String, String> {
        let read = |name: &str| fs::read_to_string(self.state_dir.join(name)).unwrap().trim().to_owned();
        let generation = Generation(self.tenant(person).await.generation);
        let id: TenantId = person.id.parse().unwrap();
        let keyring = Keyring::load_or_create(&self.state_dir.join(KEY_FILE)).unwrap();
        let mut secrets = BTreeMap::from([
            ("the bot's token".to_owned(), person.token.split_once(':').unwrap().1.to_owned()),
            ("the keyring".to_owned(), read(KEY_FILE).split_once(' ').unwrap().1.to_owned()),
            ("the operator's token".to_owned(), read("api-token")),
            ("the services' token".to_owned(), read("service-token")),
            ("agentd's key".to_owned(), keyring.derive(&key_purpose(&id, generation)).expose().to_owned()),
        ]);
        let webhook = self.double.webhook(&person.token).unwrap();
        secrets.insert("the webhook's secret".to_owned(), webhook.secret.unwrap());
        secrets
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.child.is_some() {
            // A test failed: nothing may be left running.
            let _ = std::process::Command::new(ZTM)
                .arg("--state-dir")
                .arg(&self.state_dir)
                .arg("down")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// Environment and arguments of a process and of all below it, as one text.
pub(crate) fn told_to(pid: u32) -> String {
    let of = |pid: u32, file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let all: Vec<u8> = std::iter::once(pid)
        .chain(processes::descendants(pid))
        .flat_map(|pid| [of(pid, "environ"), of(pid, "cmdline")].concat())
        .collect();
    String::from_utf8_lossy(&all).into_owned()
}

/// Every plain file below a directory.
pub(crate) fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                directories.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found
}
