//! `-w`: what changes is told as it does, and what changed while nobody spoke is told afterwards.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

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

/// Whether a line of a table is of this one, with this status.
fn is_row(line: &str, name: &str, status: &str) -> bool {
    let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    cells.windows(2).any(|pair| pair == [name, status])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_is_told_and_nothing_is_missed_while_the_control_plane_is_away() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    plane.create_plain("before").await;
    let table = Watcher::start(&plane, &["tenant", "list", "-w"]);
    let lines = Watcher::start(&plane, &["tenant", "list", "-w", "-o", "json"]);
    let events = Watcher::start(&plane, &["events", "-w", "-o", "json"]);
    table.says("what there is", |line| is_row(line, "before", "idle")).await;
    lines.says("what there is", |line| line.contains(r#""tenant_id":"before""#)).await;

    let tenant = plane.tenant("acme", 1, 600).await;
    let is = |status: &'static str| {
        move |line: &str| line.contains(r#""tenant_id":"acme""#) && line.contains(&format!(r#""status":"{status}""#))
    };
    plane.converse(&tenant, "hello", "[1] you said: hello").await;
    table.says("it runs", |line| is_row(line, "acme", "running")).await;
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

    // One that came and went between two looks: every step of it is told, and whoever waits for it sees it.
    let wait = Watcher::start(&plane, &["wait", "tenant/acme", "--for", "running"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = events.lines.lock().unwrap().len();
    plane.ask("POST", "/wake/acme", None).await.ok();
    plane.ask("POST", "/stop/acme", None).await.ok();
    wait.says("it ran", |line| line == "acme is running").await;
    let since = |lines: &[String]| -> Vec<String> {
        let lines = lines.iter().skip(told).map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines = lines.filter(|line| line["tenant"] == "acme");
        lines.map(|line| line["what"].as_str().unwrap().to_owned()).collect()
    };
    let all =
        async || Some(since(&events.lines.lock().unwrap())).filter(|told| told.iter().any(|what| what == "stopped"));
    assert_eq!(plane.wait("all of it is told", all).await, ["waking", "woken", "stopping", "stopped"]);
    drop(wait);

    // What happens while nobody speaks: the control plane is gone, its records are written, and another one comes.
    plane.kill().await;
    plane.ztm(&["tenant", "create", "meanwhile"]).await.ok();
    plane.ztm(&["tenant", "delete", "before", "--yes"]).await;
    plane.up().await;
    lines.says("one that came meanwhile", |line| line.contains(r#""tenant_id":"meanwhile""#)).await;
    events.says("one that came meanwhile", |line| line.contains("meanwhile") && line.contains("created")).await;
    plane.ask("DELETE", "/tenants/before?keep_state=true", None).await;
    lines.says("one that went", |line| line.contains("before") && line.contains(r#""status":"deleted""#)).await;
    table.says("one that went", |line| is_row(line, "before", "deleted")).await;

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

impl Watcher {
    /// What it printed of each thing, in order: documents, without what of them is no news.
    fn told(&self, name: impl Fn(&Value) -> String) -> BTreeMap<String, Vec<Value>> {
        let mut told: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in self.lines.lock().unwrap().iter() {
            let mut row: Value = serde_json::from_str(line).unwrap();
            for unsaid in ["takes", "until"] {
                row.as_object_mut().unwrap().remove(unsaid);
            }
            told.entry(name(&row)).or_default().push(row);
        }
        told
    }
}

/// Nothing was told twice, and what was told last is how it is.
fn without_gap_or_repeat(told: &BTreeMap<String, Vec<Value>>, field: &str, now: &BTreeMap<String, String>) {
    for (name, rows) in told {
        assert!(rows.windows(2).all(|pair| pair[0] != pair[1]), "`{name}` is repeated: {rows:#?}");
    }
    let last: BTreeMap<String, String> = told
        .iter()
        .map(|(name, rows)| (name.clone(), rows.last().unwrap()[field].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(&last, now);
}

fn job_name(job: &Value) -> String {
    job["job_id"].as_str().unwrap().to_owned()
}

fn update_name(update: &Value) -> String {
    format!("{}/{}/{}", update["tenant_id"].as_str().unwrap(), update["bot_id"], update["update_id"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_and_updates_are_told_to_their_end_over_the_death_of_the_control_plane() {
    let mut plane = Plane::start(&["--warm", "0"]).await;
    let acme = plane.tenant("acme", 1, 600).await;
    let held = plane.tenant("held", 2, 600).await;
    let submit = async |more: &[&str]| {
        let line = [&["job", "submit", "acme", "hello", "--cost", "1", "-o", "name"], more].concat();
        plane.ztm(&line).await.ok().stdout.trim().to_owned()
    };
    let before = submit(&["--wait"]).await;
    let jobs = Watcher::start(&plane, &["job", "list", "-w", "-o", "json"]);
    let table = Watcher::start(&plane, &["job", "list", "acme", "-w"]);
    let updates = Watcher::start(&plane, &["inbox", "list", "-w", "-o", "json"]);
    jobs.says("what there is", |line| line.contains(&before) && line.contains("succeeded")).await;

    // Jobs that are over before anybody looks, one that waits, and one that is called off.
    let quick = [submit(&[]).await, submit(&[]).await, submit(&["--wait"]).await];
    let later = submit(&["--in", "1h"]).await;
    let off = submit(&["--in", "1h"]).await;
    plane.ztm(&["job", "cancel", &off]).await.ok();
    for id in &quick {
        jobs.says("its ending", |line| line.contains(id.as_str()) && line.contains(r#""status":"succeeded""#)).await;
        table.says("its ending", |line| is_row(line, id, "succeeded")).await;
    }
    jobs.says("that it waits", |line| line.contains(&later) && line.contains("delayed")).await;
    jobs.says("that it is off", |line| line.contains(&off) && line.contains("cancelled")).await;
    plane.converse(&acme, "hello", "you said: hello").await;
    updates.says("its end", |line| line.contains(r#""tenant_id":"acme""#) && line.contains("handled")).await;
    // What a suspended tenant is sent waits, and one is dropped where it is seen at once.
    plane.ztm(&["tenant", "suspend", "held", "--reason", "unpaid"]).await.ok();
    let waiting = [plane.write(&held, "one"), plane.write(&held, "two")].map(|id| format!("held/{}/{id}", held.bot));
    for _ in &waiting {
        updates.says("that they wait", |line| line.contains(r#""tenant_id":"held""#) && line.contains("pending")).await;
    }
    plane.ztm(&["inbox", "drop", "--yes", &waiting[0]]).await.ok();
    updates.says("that it is dropped", |line| line.contains("dropped")).await;

    // Nobody speaks: records are written, and another one comes.
    plane.kill().await;
    let submitted = plane.ztm(&["job", "submit", "acme", "meanwhile", "--cost", "1", "-o", "name"]).await.ok();
    let meanwhile = submitted.stdout.trim().to_owned();
    plane.ztm(&["job", "cancel", &later]).await.ok();
    plane.ztm(&["inbox", "drop", "--yes", &waiting[1]]).await.ok();
    plane.write(&acme, "again");
    plane.up().await;
    jobs.says("its ending", |line| line.contains(&meanwhile) && line.contains("succeeded")).await;
    table.says("its ending", |line| is_row(line, &meanwhile, "succeeded")).await;
    jobs.says("that it is off", |line| line.contains(&later) && line.contains("cancelled")).await;
    plane.answered(&acme, "you said: again").await;

    let list = plane.ztm(&["job", "list", "-o", "json"]).await.ok().json();
    let rows = list["jobs"].as_array().unwrap().iter();
    let now = rows.map(|job| (job_name(job), job["status"].as_str().unwrap().to_owned())).collect();
    without_gap_or_repeat(&jobs.told(job_name), "status", &now);
    let ends = |told: &[Value]| told.iter().filter(|job| !job["ended_at"].is_null()).count();
    assert!(jobs.told(job_name).values().all(|told| ends(told) == 1), "every ending once");
    plane
        .wait("every update's end is told", async || {
            let list = plane.ztm(&["inbox", "list", "-o", "json"]).await.ok().json();
            let rows = list["updates"].as_array().unwrap().iter();
            let now: BTreeMap<_, _> =
                rows.map(|update| (update_name(update), update["stage"].as_str().unwrap().to_owned())).collect();
            let told = updates.told(update_name);
            let last = |(name, stage): (&String, &String)| told.get(name)?.last().map(|row| row["stage"] == **stage);
            (now.len() == 4 && now.iter().all(|row| last(row) == Some(true))).then(|| {
                without_gap_or_repeat(&told, "stage", &now);
            })
        })
        .await;
    let headers = table.lines.lock().unwrap().iter().filter(|line| line.contains("STATUS")).count();
    assert_eq!(headers, 1, "{:#?}", table.lines.lock().unwrap());
    drop((jobs, table, updates));
    plane.down().await;
}
