//! `-w` of listings: what there is, then what changes, each once, until somebody interrupts.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use libtenancy::api::jobs::JobView;

use super::{
    invocation::World,
    plane::{Plane, job},
};

const LIMIT: Duration = Duration::from_secs(30);
const ONE: &str = "alice.01k9zz5d7e8f9g0h1j2k3m4n5p";
const TWO: &str = "alice.01k9zz5d7e8f9g0h1j2k3m4n5q";

/// A command that goes on, and the lines that it printed.
struct Watcher {
    child: Child,
    lines: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Watcher {
    fn start(world: &World, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ztm"))
            .args(arguments)
            .current_dir(world.home())
            .env_clear()
            .envs(world.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let (read, out) = (Arc::clone(&lines), child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                read.0.lock().unwrap().push(line);
                read.1.notify_all();
            }
        });
        Self { child, lines }
    }

    /// Waits until so many lines were printed: all of them.
    fn says(&self, count: usize) -> Vec<String> {
        let lines = self.lines.0.lock().unwrap();
        let (lines, waited) = self.lines.1.wait_timeout_while(lines, LIMIT, |lines| lines.len() < count).unwrap();
        assert!(!waited.timed_out() && lines.len() == count, "no {count} lines:\n{lines:#?}");
        lines.clone()
    }

    /// The JSON of the last of so many lines.
    fn says_json(&self, count: usize) -> serde_json::Value {
        serde_json::from_str(&self.says(count)[count - 1]).unwrap()
    }

    /// Presses Ctrl-C: the exit status, and all that was printed.
    fn interrupted(mut self) -> (Option<i32>, Vec<String>) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        let code = self.child.wait().unwrap().code();
        let mut errors = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut errors).unwrap();
        assert_eq!(errors, "", "its normal end");
        (code, self.lines.0.lock().unwrap().clone())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes these the jobs there are, and says so.
fn jobs(plane: &Plane, all: &[(&str, &str, u32)]) {
    let list = all.iter().map(|(id, status, attempts)| job(id, status, |job| job.attempts = *attempts));
    let list = format!("{{\"jobs\":[{}]}}", list.collect::<Vec<_>>().join(","));
    for line in ["GET /jobs?limit=1000", "GET /jobs?tenant=alice&limit=1000"] {
        plane.answer(line, 200, &list);
    }
    plane.touch("alice");
}

fn world() -> (World, Plane) {
    let mut world = World::new();
    let plane = Plane::on(&mut world);
    plane.tenant("alice", |_| ());
    (world, plane)
}

#[test]
fn every_change_of_a_job_is_a_row_and_its_ending_is_told_once() {
    let (world, plane) = world();
    jobs(&plane, &[(ONE, "queued", 0)]);
    let table = Watcher::start(&world, &["job", "list", "-w"]);
    let first = table.says(2);
    assert!(first[0].starts_with("TIME  ") && first[0].contains("STATUS"), "{first:#?}");
    let time = first[1].split("  ").next().unwrap();
    assert!(time.len() == 20 && time.parse::<libtenancy::clock::Timestamp>().is_ok(), "{first:#?}");
    assert!(first[1].contains(&format!("{ONE}  queued")), "{first:#?}");
    jobs(&plane, &[(ONE, "running", 1)]);
    assert!(table.says(3)[2].contains(&format!("{ONE}  running")));
    // One that came and ended between two looks is told too.
    jobs(&plane, &[(ONE, "succeeded", 1), (TWO, "dead", 3)]);
    let all = table.says(5);
    assert!(all[3].contains(&format!("{ONE}  succeeded")) && all[4].contains(&format!("{TWO}  dead")), "{all:#?}");
    // Nothing is told again, and the names of the columns are told once.
    jobs(&plane, &[(ONE, "succeeded", 1), (TWO, "queued", 0)]);
    table.says(6);
    let (code, lines) = table.interrupted();
    assert_eq!((code, lines.len()), (Some(130), 6), "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.contains("STATUS")).count(), 1);
}

#[test]
fn what_ceases_to_be_as_it_was_asked_for_is_told_once() {
    let (world, plane) = world();
    jobs(&plane, &[(ONE, "running", 1), (TWO, "queued", 0)]);
    let running = format!("{{\"jobs\":[{}]}}", job(ONE, "running", |_| ()));
    plane.answer("GET /jobs?tenant=alice&status=running&limit=1000", 200, &running);
    let line = ["job", "list", "alice", "--status", "running", "-w", "-o", "json"];
    let watcher = Watcher::start(&world, &line);
    assert_eq!(watcher.says_json(1)["job_id"], ONE);
    jobs(&plane, &[(ONE, "cancelled", 1), (TWO, "queued", 0)]);
    assert_eq!(watcher.says_json(2)["status"], "cancelled");
    jobs(&plane, &[(ONE, "queued", 1), (TWO, "running", 1)]);
    let job: JobView = serde_json::from_value(watcher.says_json(3)).unwrap();
    assert_eq!((job.job_id.as_str(), job.status.as_str()), (TWO, "running"));
    // One that is gone with its tenant.
    jobs(&plane, &[]);
    assert_eq!(watcher.says_json(4)["status"], "deleted");
    assert_eq!(watcher.interrupted().0, Some(130));
}

#[test]
fn rows_that_are_filtered_out_are_not_told() {
    let (world, plane) = world();
    jobs(&plane, &[(ONE, "queued", 0), (TWO, "queued", 0)]);
    let watcher = Watcher::start(&world, &["job", "list", "-w", "-o", "json", "--filter", "attempts>1"]);
    jobs(&plane, &[(ONE, "running", 1), (TWO, "running", 1)]);
    jobs(&plane, &[(ONE, "running", 1), (TWO, "running", 2)]);
    assert_eq!(watcher.says_json(1)["job_id"], TWO);
}

#[test]
fn one_job_is_watched_until_it_is_over() {
    let (world, plane) = world();
    let path = format!("GET /jobs/{ONE}");
    plane.answer(&path, 200, &job(ONE, "running", |_| ()));
    let mut watcher = Watcher::start(&world, &["job", "get", ONE, "-w", "-o", "json"]);
    assert_eq!(watcher.says_json(1)["status"], "running");
    plane.answer(
        &path,
        200,
        &job(ONE, "succeeded", |job| job.outcome.as_mut().unwrap().result = Some("done".to_owned())),
    );
    plane.touch("alice");
    assert_eq!(watcher.says_json(2)["result"], "done");
    assert_eq!(watcher.child.wait().unwrap().code(), Some(0));
    // One that is over is printed, and there is nothing to wait for.
    let over = world.ztm(["job", "get", ONE, "-w"]).ok();
    assert_eq!(over.stdout.lines().count(), 2, "{over}");
}

#[test]
fn every_stage_of_an_update_is_told_and_its_deliveries_are_not() {
    let (world, plane) = world();
    plane.update("alice", 1, "pending", None);
    let all = Watcher::start(&world, &["inbox", "list", "-w", "-o", "json"]);
    let dead = Watcher::start(&world, &["inbox", "list", "alice", "--stage", "dead", "-w", "-o", "name"]);
    assert_eq!(all.says_json(1)["stage"], "pending");
    plane.update("alice", 2, "pending", None);
    plane.touch("alice");
    assert_eq!(all.says_json(2)["update_id"], 2);
    plane.stage(0, "handled");
    assert_eq!(all.says_json(3)["stage"], "handled");
    plane.stage(1, "dead");
    assert_eq!(all.says_json(4)["stage"], "dead");
    assert_eq!(dead.says(1), ["alice/7/2"]);
    // It is replayed: no longer dead, and handled in the end.
    world.ztm(["inbox", "replay", "alice/7/2"]).ok();
    plane.touch("alice");
    assert_eq!(all.says_json(5)["stage"], "pending");
    dead.says(2);
    plane.stage(1, "handled");
    assert_eq!(all.says_json(6)["stage"], "handled");
    assert_eq!(dead.interrupted().1.len(), 2, "what is not dead is not asked for");
    assert_eq!(all.interrupted().0, Some(130));
}

#[test]
fn a_row_that_comes_later_stands_below_the_columns_of_the_table() {
    let (world, plane) = world();
    jobs(&plane, &[(ONE, "queued", 0)]);
    let table = Watcher::start(&world, &["job", "list", "-w"]);
    let first = table.says(2);
    jobs(&plane, &[(ONE, "running", 1)]);
    let later = table.says(3);
    // The numbers end where those of the table end.
    assert_eq!(later[2].len(), first[1].len(), "{later:#?}");
    let attempts = |line: &str| line.find("/3").unwrap();
    assert_eq!(attempts(&later[2]), attempts(&first[1]), "{later:#?}");
    // One that is wider than its column stands below a header of its own.
    let long = ONE.replace("alice", "alice-of-the-long-name");
    jobs(&plane, &[(ONE, "running", 1), (&long, "queued", 0)]);
    let all = table.says(5);
    assert!(all[3].starts_with("TIME ") && all[4].contains(&long), "{all:#?}");
    assert_eq!(all[3].find("STATUS"), all[4].find("queued"), "{all:#?}");
    assert_eq!(table.interrupted().0, Some(130));
}
