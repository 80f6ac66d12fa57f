//! The real ZeroClaw as the agent, against a model of the tests' own.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use libtenancy::{
    drivers::local::workloads::processes::{Pinned, start_ticks},
    snapshot::{self, Known},
    tenant::StopReason,
};
use rusqlite::{Connection, OpenFlags};
use services::doubles::llm;

use crate::world::{Person, World, files, told_to};

/// Where ZeroClaw keeps its memory, below its state directory.
const MEMORY: &str = "workspace/memory/brain.db";

/// The ZeroClaw that the test command has built.
fn program() -> PathBuf {
    let program = std::env::var_os("ZTM_TEST_ZEROCLAW").map(PathBuf::from);
    let program =
        program.expect("ZTM_TEST_ZEROCLAW must be the path of ZeroClaw 0.1.7; `tests/run` builds it and sets it");
    assert!(program.is_file(), "ZTM_TEST_ZEROCLAW: there is no {}", program.display());
    program
}

/// A control plane whose agents run `zeroclaw`, and the model that they ask.
pub(crate) struct Zoo {
    pub(crate) world: World,
    model: llm::Double,
    _template: tempfile::TempDir,
}

impl Zoo {
    pub(crate) async fn open(arguments: &[&str]) -> Self {
        let agent = format!("'{}' --config-dir {{state}} gateway --port {{port}}", program().display());
        let model = llm::Double::start(([127, 0, 0, 1], 0).into()).await.unwrap();
        let template = tempfile::tempdir().unwrap();
        // The operators' own template, but for the model.
        let config =
            include_str!("../../deploy/zeroclaw/config.toml").replace("http://127.0.0.1:8000/v1", &model.url());
        assert!(config.contains(&model.url()));
        fs::write(template.path().join("config.toml"), config).unwrap();
        let template_path = template.path().to_str().unwrap();
        let own = ["--agent", &agent, "--agent-template", template_path];
        let world = World::start(&[&own, arguments].concat()).await;
        Self { world, model, _template: template }
    }

    pub(crate) fn state(&self, person: &Person) -> PathBuf {
        self.world.home(person).state()
    }
}

/// What the ZeroClaw of a state directory remembers; with `-wal`, since SQLite reads it. Its memory must be whole.
pub(crate) fn remembered(state: &Path) -> Vec<String> {
    let memory = Connection::open_with_flags(state.join(MEMORY), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let verdict: String = memory.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let mut rows = memory.prepare("SELECT content FROM memories ORDER BY rowid").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// How many rows are in `brain.db` without its `-wal`: what a plain copy of the file would save.
fn rows_of_a_plain_copy(state: &Path) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("brain.db");
    fs::copy(state.join(MEMORY), &copy).unwrap();
    let copied = Connection::open(copy).unwrap();
    // Not even the table may be there.
    let rows: i64 = copied.query_row("SELECT count(*) FROM memories", [], |row| row.get(0)).unwrap_or(0);
    rows.try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs ZeroClaw: ZTM_TEST_ZEROCLAW"]
async fn every_reply_comes_once_and_in_order_and_memory_outlives_idleness_and_a_lost_disk() {
    const MESSAGES: usize = 20;
    let mut zoo = Zoo::open(&[]).await;
    let mut people = Vec::new();
    for number in 1..=3 {
        people.push(zoo.world.person(number).await);
    }
    let text = |person: &Person, number: usize| format!("message {number} of {}", person.id);
    for number in 1..=MESSAGES {
        for person in &people {
            zoo.world.write(person, &text(person, number));
        }
    }
    for person in &people {
        let expected: Vec<String> = (1..=MESSAGES).map(|number| llm::answer(&text(person, number))).collect();
        assert_eq!(zoo.world.answers(person, MESSAGES).await, expected, "{}", person.id);
    }
    assert_eq!(zoo.model.requests(), 3 * MESSAGES as u64, "no turn ran twice");

    for person in &people {
        let tenant = zoo.world.fall_idle(person).await;
        assert_eq!(tenant.stop_reason, Some(StopReason::Idle));
        let written: Vec<String> = (1..=MESSAGES).map(|number| text(person, number)).collect();
        assert_eq!(remembered(&zoo.state(person)), written);
        assert!(
            rows_of_a_plain_copy(&zoo.state(person)) < MESSAGES,
            "ZeroClaw left rows in `-wal` alone, or this test shows nothing"
        );
        let saved = tenant.snapshot.expect("the state is saved");
        let (archive, elsewhere) =
            (zoo.world.state_dir.join("snapshots").join(&saved.key), tempfile::tempdir().unwrap());
        let state = elsewhere.path().join("state");
        let id = person.id.parse().unwrap();
        snapshot::restore(&archive, Known { sha256: Some(&saved.sha256), tenant: &id }, &state).unwrap();
        assert_eq!(remembered(&state), written, "the archive holds what was in `-wal`");
    }

    // It wakes with its state where it was left, then with no state on this machine at all.
    for number in [MESSAGES + 1, MESSAGES + 2] {
        for person in &people {
            assert_eq!(zoo.world.ask(person, &text(person, number)).await, llm::answer(&text(person, number)));
            let written: Vec<String> = (1..=number).map(|number| text(person, number)).collect();
            assert_eq!(remembered(&zoo.state(person)), written);
            zoo.world.fall_idle(person).await;
            fs::remove_dir_all(zoo.state(person)).unwrap();
        }
    }
    zoo.world.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs ZeroClaw: ZTM_TEST_ZEROCLAW"]
async fn a_killed_agent_is_replaced_and_the_conversation_goes_on() {
    const MESSAGES: usize = 30;
    let mut zoo = Zoo::open(&[]).await;
    let person = zoo.world.person(1).await;
    let text = |number: usize| format!("message {number};");
    for number in 1..=MESSAGES {
        zoo.world.write(&person, &text(number));
    }
    let mut killed = BTreeSet::new();
    for answered in [3, 12, 21] {
        zoo.world.answers(&person, answered).await;
        // Dead or about to be is no agent to kill: the next one is.
        let status = zoo.world.wait_for("an agent", async || {
            let status = zoo.world.tenant(&person).await.status == "running";
            if status { zoo.world.agent(&person).await.agent_pid.filter(|pid| !killed.contains(pid)) } else { None }
        });
        let pid = status.await;
        Pinned::started_at(pid, start_ticks(pid).unwrap()).unwrap().kill();
        killed.insert(pid);
    }
    let expected: Vec<String> = (1..=MESSAGES).map(|number| llm::answer(&text(number))).collect();
    assert_eq!(zoo.world.answers(&person, MESSAGES).await, expected);
    // A turn that the kill cut off ran again, and may be remembered twice; none is forgotten.
    let remembered = remembered(&zoo.state(&person));
    assert!((1..=MESSAGES).all(|number| remembered.contains(&text(number))), "{remembered:?}");
    assert!(remembered.len() <= MESSAGES + killed.len(), "{remembered:?}");
    zoo.world.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs ZeroClaw: ZTM_TEST_ZEROCLAW"]
async fn s8_it_works_under_a_memory_limit_and_is_told_no_secret() {
    const LIMIT: u64 = 128 << 20;
    let mut zoo = Zoo::open(&["--agent-memory", "128Mi"]).await;
    let person = zoo.world.person(1).await;
    for number in 1..=5 {
        let text = format!("message {number}");
        assert_eq!(zoo.world.ask(&person, &text).await, llm::answer(&text));
    }
    let status = zoo.world.agent(&person).await;
    let agent = status.agent_pid.unwrap();
    let limits = fs::read_to_string(format!("/proc/{agent}/limits")).unwrap();
    let cgroup = fs::read_to_string(format!("/proc/{agent}/cgroup")).unwrap();
    let by_rlimit = limits.lines().any(|line| line.starts_with("Max data size") && line.contains(&LIMIT.to_string()));
    assert!(by_rlimit || cgroup.contains("/ztm-"), "no limit is in force:\n{limits}\n{cgroup}");
    assert!(status.agent_memory_bytes.unwrap() < LIMIT);

    let secrets = zoo.world.secrets(&person).await;
    let told = told_to(status.pid);
    assert!(told.contains("TENANT_ID=tenant-1"), "the environment can be read, or this test shows nothing");
    zoo.world.fall_idle(&person).await;
    let mut texts = vec![("environment or arguments".to_owned(), told.into_bytes())];
    let home = zoo.world.home(&person);
    texts.extend(files(home.path()).into_iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())));
    texts.push(("agentd's log".to_owned(), fs::read(zoo.world.state_dir.join("agentd.log")).unwrap()));
    texts.push(("the control plane's log".to_owned(), zoo.world.log().into_bytes()));
    for (place, text) in &texts {
        for (name, secret) in &secrets {
            assert!(!text.windows(secret.len()).any(|part| part == secret.as_bytes()), "{name} is in {place}");
        }
    }
    assert!(texts.iter().any(|(place, _)| place.ends_with("agent.log")));
    zoo.world.down().await;
}
