//! The README's transcripts: every command in it is run here, in its order, and says what the README says it does; or is named
//! below with the reason why not.

use std::{path::Path, process::Stdio};

use services::doubles::telegram::Double;
use tokio::process::Command;

use crate::{plane::BOUND, process::free_ports};

/// The beginnings of lines that are not run here, and why.
const ELSEWHERE: [(&str, &str); 14] = [
    ("cargo run --release", "a release build: whoever checks the README runs it"),
    ("tests/run", "it runs this"),
    ("cargo install", "the command that is tested is built already"),
    ("ztm up --agent 'zeroclaw", "the real ZeroClaw: `zeroclaw.rs`"),
    ("ztm shell", "it needs a terminal: `sessions.rs`"),
    ("ztm import", "it needs a table of the first control plane: `cloud.rs`"),
    ("deploy/images/build", "images: `on_kubernetes/in_cluster.rs`"),
    ("ztm --context prod", "stores on servers: `cloud.rs`"),
    ("kubectl", "a cluster: `on_kubernetes/in_cluster.rs`"),
    ("ztm admin render", "what kubectl makes of it: `tests/artifacts/render.rs`"),
    ("ztm --context my-cluster", "a cluster: `on_kubernetes/in_cluster.rs`"),
    ("cargo test", "tests"),
    ("cargo bench", "benches"),
    ("tests/kube/with", "benches"),
];

/// A command of the README, and the lines that it prints there.
struct Step {
    command: String,
    prints: Vec<String>,
}

/// The commands of all its transcripts, in order.
fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = readme.split("```console\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    for line in blocks.flat_map(str::lines) {
        if let Some(command) = line.strip_prefix("$ ") {
            // What follows three spaces and a `#` explains.
            let command = command.split("   #").next().unwrap().trim().to_owned();
            steps.push(Step { command, prints: Vec::new() });
        } else if let Some(step) = steps.last_mut() {
            step.prints.push(line.to_owned());
        }
    }
    steps
}

/// The words of a text without what differs from one run to another: numbers, names that are made up, times, and the phases of
/// a wake.
fn shape(text: &str) -> Vec<String> {
    let word = |word: &str| match word {
        // Whether an agent was ready already is the machine's to say.
        "cold" => "warm".to_owned(),
        word if word.contains(|c: char| c.is_ascii_digit()) => "#".to_owned(),
        word => word.to_owned(),
    };
    let phases = |line: &str| line.split(" (queue").next().unwrap_or_default().to_owned();
    text.lines().map(|line| phases(line).split_whitespace().map(word).collect::<Vec<_>>().join(" ")).collect()
}

/// Runs a line as a person's shell does; what it printed, errors after the rest, and its exit status.
async fn run(home: &Path, line: &str) -> (String, Option<i32>) {
    let bin = Path::new(env!("CARGO_BIN_EXE_ztm")).parent().unwrap();
    let child = Command::new("sh")
        .args(["-c", line])
        .env_clear()
        .env("HOME", home)
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()))
        .current_dir(home)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ended = tokio::time::timeout(BOUND, child).await.unwrap_or_else(|_| panic!("`{line}` does not end")).unwrap();
    let text = [ended.stderr, ended.stdout].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (text.replace(home.to_str().unwrap(), "~"), ended.status.code())
}

/// Ends what a transcript leaves running, also when it went wrong.
struct Ends(tempfile::TempDir);

impl Drop for Ends {
    fn drop(&mut self) {
        let ztm = env!("CARGO_BIN_EXE_ztm");
        let mut down = std::process::Command::new(ztm);
        down.args(["--context", "embedded", "down"]).env_clear().env("HOME", self.0.path());
        let _ = down.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_of_the_readme_does_what_it_says() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let steps = steps(&readme);
    for (beginning, why) in ELSEWHERE {
        assert!(steps.iter().any(|step| step.command.starts_with(beginning)), "{beginning} ({why}) is not in it");
    }
    let double = Double::start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let token = "4711:AAreadme-of-a-bot-that-is-a-double";
    double.bot_add(token).unwrap();
    let ends = Ends(tempfile::Builder::new().prefix("ztm-readme-").tempdir().unwrap());
    let home = &ends.0;
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    };
    let [orchestrator, router] = free_ports();
    let config = format!("[up]\nport = {orchestrator}\nrouter_port = {router}\ntelegram_url = '{}'\n", double.url());
    write(".config/ztm/config.toml", &config);
    write("alice.token", token);
    write("prod.token", "token");
    let fleet = readme.split("```yaml\ntenants:").nth(1).unwrap().split("```").next().unwrap();
    write("fleet.yaml", &format!("tenants:{fleet}"));
    let (mut ran, mut job, mut archive) = (0, String::new(), String::new());
    for Step { command, prints } in &steps {
        if ELSEWHERE.iter().any(|(beginning, _)| command.starts_with(beginning)) {
            continue;
        }
        // Names that are made up, and a question that is asked on a terminal.
        let mut line = command.replace("alice.01m8mpxzshaygr3t7y8a44wvcf", &job);
        if let Some(at) = line.find(" state restore alice ") {
            line.truncate(at);
            line = format!("{line} state restore alice {archive} --yes");
        }
        let goes_on = line.split(' ').any(|word| word == "-w" || word == "-f" && line.starts_with("ztm logs"));
        let (said, code) =
            if goes_on { run(home.path(), &format!("timeout 2 {line}")).await } else { run(home.path(), &line).await };
        let expected = match &*line {
            _ if goes_on => 124,
            _ if line.starts_with("ztm diff") => 1,
            _ => 0,
        };
        assert_eq!(code, Some(expected), "`{line}`:\n{said}");
        if !prints.is_empty() {
            assert_eq!(shape(&said), shape(&prints.join("\n")), "`{line}`:\n{said}");
        }
        let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        if line.contains("job submit") {
            job = first(&run(home.path(), "ztm job list alice -o name").await.0);
        }
        if line.contains("tenant snapshot") {
            let names = "ztm tenant state list alice -o 'jsonpath={.archives[0].key}'";
            archive = first(&run(home.path(), names).await.0).replace("tenants/alice/", "");
        }
        ran += 1;
    }
    assert!(ran > 35, "{ran} were run");
    // The last one of them chose another context.
    assert_eq!(run(home.path(), "ztm --context embedded down").await.1, Some(0));
}
