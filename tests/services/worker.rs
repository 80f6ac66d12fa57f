//! The worker: in front of a desk of the tests' own, in paused time; and as a process of its own, which is killed.

use std::{
    collections::{HashMap, VecDeque},
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use axum::http::Method;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use libtenancy::{
    Error, Result,
    clock::Timestamp,
    credits::MicroCredits,
    jobs::{AgentId, Finish, JobEpoch, JobId, Leased, Outcome, Renewal, Renewed, WorkerId},
};
use serde_json::{Value, json};
use services::worker::{self, Desk};
use tokio::{
    process::{Child, Command},
    sync::broadcast,
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{client::BOUND, faces::Faces};

// --- a desk of our own ------------------------------------------------------------------------------------------------

/// What a desk is asked for and what it answers. A prompt is `SECONDS [FAILURES]`: so many times nobody takes the work.
#[derive(Default)]
struct Book {
    waiting: VecDeque<Leased>,
    in_hand: usize,
    begun: HashMap<String, u32>,
    renewals: Vec<(Duration, usize)>,
    orders: HashMap<String, Renewed>,
    deaf: u32,
    /// How long an agent takes to be ready.
    wake: Duration,
    /// What a tenant has for each of its jobs; anything, if nothing is said.
    purse: Option<MicroCredits>,
    ends: Vec<(Duration, Finish)>,
    fault: Option<String>,
}

struct Counter {
    /// Jobs that are called off within this worker's hearing.
    called_off: broadcast::Sender<JobId>,
    slots: usize,
    since: Instant,
    book: Mutex<Book>,
}

impl Counter {
    fn new(slots: usize, prompts: &[&str]) -> Arc<Self> {
        let waiting = (0..).zip(prompts).map(|(n, prompt)| leased(n, prompt)).collect();
        Arc::new(Self {
            called_off: broadcast::Sender::new(8),
            slots,
            since: Instant::now(),
            book: Mutex::new(Book { waiting, ..Book::default() }),
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    fn start(self: &Arc<Self>, shutdown: &CancellationToken) -> JoinHandle<()> {
        let (desk, shutdown): (Arc<dyn Desk>, _) = (Arc::clone(self) as _, shutdown.clone());
        let (slots, drain) = (self.slots, Duration::from_secs(20));
        tokio::spawn(async move { worker::run(desk, slots, drain, shutdown).await.unwrap() })
    }

    /// Waits until `count` attempts have ended; how, by the prompts' numbers.
    async fn ended(&self, count: usize) -> Vec<(u64, Finish)> {
        loop {
            if self.book().ends.len() >= count {
                let mut ends: Vec<_> = self.book().ends.iter().map(|(at, end)| (at.as_secs(), end.clone())).collect();
                ends.sort_by(|a, b| a.1.id.cmp(&b.1.id));
                return ends;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn leased(n: u32, prompt: &str) -> Leased {
    Leased {
        id: JobId::new("acme".parse().unwrap(), &format!("{n:026}")).unwrap(),
        agent: AgentId::default(),
        prompt: prompt.to_owned(),
        cost: MicroCredits::credits(100),
        attempt: 1,
        epoch: JobEpoch(i64::from(n) + 1),
        lease_until: Timestamp::from_micros(0),
        pointer: None,
    }
}

fn away() -> Error {
    Error::unavailable("orchestrator", "the test says so")
}

#[async_trait]
impl Desk for Counter {
    async fn claim(&self, _: &WorkerId, max: usize, wait: Duration) -> Result<Vec<Leased>> {
        {
            let mut book = self.book();
            if book.in_hand + max > self.slots {
                book.fault = Some(format!("{max} were asked for with {} of {} in hand", book.in_hand, self.slots));
            }
            if book.deaf > 0 {
                book.deaf -= 1;
                return Err(away());
            }
            let count = max.min(book.waiting.len());
            if count > 0 {
                book.in_hand += count;
                return Ok(book.waiting.drain(..count).collect());
            }
        }
        tokio::time::sleep(wait).await;
        Ok(Vec::new())
    }

    async fn renew(&self, renewals: Vec<Renewal>) -> Result<Vec<Renewed>> {
        let mut book = self.book();
        book.renewals.push((self.since.elapsed(), renewals.len()));
        let lease_until = Timestamp::from_micros(0);
        let answer = |renewal: &Renewal| match book.orders.get(renewal.id.serial()) {
            Some(order) => order.clone(),
            None if renewal.need > book.purse.or(renewal.need) => Renewed::Cancel { lease_until, reason: "credits" },
            None => Renewed::Continue { lease_until },
        };
        Ok(renewals.iter().map(answer).collect())
    }

    fn called_off(&self) -> BoxStream<'static, JobId> {
        let heard = |mut heard: broadcast::Receiver<JobId>| async { heard.recv().await.ok().map(|id| (id, heard)) };
        stream::unfold(self.called_off.subscribe(), heard).boxed()
    }

    async fn finalize(&self, finish: Finish) -> Result<()> {
        let mut book = self.book();
        if book.deaf > 0 {
            book.deaf -= 1;
            return Err(if book.deaf.is_multiple_of(2) {
                away()
            } else {
                Error::outcome_unknown("orchestrator", "cut off")
            });
        }
        book.in_hand -= 1;
        book.ends.push((self.since.elapsed(), finish));
        Ok(())
    }

    async fn prepare(&self, _: &Leased) -> Result<()> {
        let wake = self.book().wake;
        tokio::time::sleep(wake).await;
        Ok(())
    }

    async fn execute(&self, leased: &Leased) -> Result<String> {
        let begun = {
            let mut book = self.book();
            let begun = book.begun.entry(leased.id.serial().to_owned()).or_default();
            *begun += 1;
            *begun
        };
        let (seconds, failures) = leased.prompt.split_once(' ').unwrap_or((&leased.prompt, "0"));
        if begun <= failures.parse().unwrap() {
            return Err(away());
        }
        tokio::time::sleep(Duration::from_secs(seconds.parse().unwrap())).await;
        Ok(format!("done after {seconds}"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_worker_claims_no_more_than_it_can_begin() {
    let desk = Counter::new(3, &["60", "1", "60", "5", "60", "1", "1", "60", "2", "3"]);
    let shutdown = CancellationToken::new();
    let worker = desk.start(&shutdown);
    let ends = desk.ended(10).await;
    shutdown.cancel();
    worker.await.unwrap();
    assert_eq!(desk.book().fault, None);
    assert!(ends.iter().all(|(_, end)| matches!(end.outcome, Outcome::Succeeded { .. })));
    // Three at a time: nobody waited for the slowest.
    assert!(ends.iter().all(|(at, _)| *at <= 130), "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn m7_all_leases_are_renewed_together_while_jobs_run() {
    let desk = Counter::new(5, &["35", "35", "12"]);
    let shutdown = CancellationToken::new();
    let worker = desk.start(&shutdown);
    desk.ended(3).await;
    shutdown.cancel();
    worker.await.unwrap();
    let seen: Vec<_> = desk.book().renewals.iter().map(|(at, count)| (at.as_secs(), *count)).collect();
    assert_eq!(seen, [(10, 3), (20, 2), (30, 2)]);
}

#[tokio::test(start_paused = true)]
async fn whoever_announces_less_than_it_uses_is_held_for_more_before_it_uses_it_and_stopped_when_nothing_is_left() {
    let desk = Counter::new(3, &["60", "4", "60"]);
    for leased in &mut desk.book().waiting {
        leased.cost = MicroCredits(1);
    }
    desk.book().purse = Some(MicroCredits::credits(7));
    let shutdown = CancellationToken::new();
    let worker = desk.start(&shutdown);
    let ends = desk.ended(3).await;
    shutdown.cancel();
    worker.await.unwrap();
    assert!(matches!(ends[1].1.outcome, Outcome::Succeeded { .. }), "{ends:?}");
    for (_, end) in [&ends[0], &ends[2]] {
        let used_up = "the credits were used up while it ran";
        assert!(matches!(&end.outcome, Outcome::Failed { error, retry: true } if error == used_up), "{end:?}");
        // To the last quarter of a second of what the tenant has, and no more than a moment beyond it.
        assert!((6_750_000..=7_010_000).contains(&end.used.0), "{end:?}");
    }
    let asked = desk.book().renewals.len();
    assert!((4..60).contains(&asked), "{asked} questions");
}

#[tokio::test(start_paused = true)]
async fn a_wake_costs_nothing_and_the_lease_is_kept_meanwhile() {
    let desk = Counter::new(1, &["3"]);
    desk.book().wake = Duration::from_secs(95);
    let shutdown = CancellationToken::new();
    let worker = desk.start(&shutdown);
    let ends = desk.ended(1).await;
    shutdown.cancel();
    worker.await.unwrap();
    assert_eq!((ends[0].0, ends[0].1.used), (98, MicroCredits::credits(3)));
    let at: Vec<u64> = desk.book().renewals.iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(at, [10, 20, 30, 40, 50, 60, 70, 80, 90]);
}

#[tokio::test(start_paused = true)]
async fn what_is_called_off_is_finalized_and_what_is_lost_is_dropped() {
    let desk = Counter::new(5, &["600", "600", "15"]);
    let lease_until = Timestamp::from_micros(0);
    let serial = |n: u32| format!("{n:026}");
    desk.book().orders =
        HashMap::from([(serial(0), Renewed::Cancel { lease_until, reason: "cancelled" }), (serial(1), Renewed::Lost)]);
    let shutdown = CancellationToken::new();
    let worker = desk.start(&shutdown);
    let ends = desk.ended(2).await;
    shutdown.cancel();
    worker.await.unwrap();
    assert_eq!((ends[0].0, ends[0].1.id.serial()), (10, &*serial(0)));
    assert!(matches!(&ends[0].1.outcome, Outcome::Failed { error, retry: false } if error == "it was called off"));
    assert_eq!((ends[1].0, ends[1].1.id.serial()), (15, &*serial(2)), "its neighbours go on");
    assert_eq!(desk.book().ends.len(), 2, "whoever has the lost one says how it ends");
}

#[tokio::test(start_paused = true)]
async fn what_is_called_off_within_hearing_ends_at_once() {
    let desk = Counter::new(5, &["600", "15"]);
    let shutdown = CancellationToken::new();
    let worker = desk.start(&shutdown);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (serial, lease_until) = (format!("{:026}", 0), Timestamp::from_micros(0));
    desk.book().orders = HashMap::from([(serial.clone(), Renewed::Cancel { lease_until, reason: "cancelled" })]);
    desk.called_off.send(leased(0, "").id).unwrap();
    let ends = desk.ended(2).await;
    shutdown.cancel();
    worker.await.unwrap();
    assert_eq!((ends[0].0, ends[0].1.id.serial()), (3, &*serial));
    assert!(matches!(&ends[0].1.outcome, Outcome::Failed { retry: false, .. }), "{ends:?}");
    assert_eq!(ends[1].0, 15, "its neighbour goes on");
}

#[tokio::test(start_paused = true)]
async fn an_end_is_said_until_it_is_heard_and_work_is_asked_for_until_it_is_taken() {
    let desk = Counter::new(1, &["1 3"]);
    desk.book().deaf = 2;
    let shutdown = CancellationToken::new();
    let worker = desk.start(&shutdown);
    while !desk.book().begun.values().any(|begun| *begun == 4) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    desk.book().deaf = 5;
    let ends = desk.ended(1).await;
    shutdown.cancel();
    worker.await.unwrap();
    assert!(matches!(ends[0].1.outcome, Outcome::Succeeded { .. }), "{ends:?}");
    assert_eq!(desk.book().ends.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_ends_finishes_what_it_can_and_gives_the_rest_back() {
    let desk = Counter::new(2, &["5", "600", "1"]);
    let shutdown = CancellationToken::new();
    let worker = desk.start(&shutdown);
    tokio::time::sleep(Duration::from_secs(1)).await;
    shutdown.cancel();
    worker.await.unwrap();
    let ends = desk.ended(2).await;
    assert_eq!(ends[0].0, 5);
    assert!(matches!(ends[0].1.outcome, Outcome::Succeeded { .. }));
    assert_eq!(ends[1].0, 21, "the drain time");
    assert!(matches!(ends[1].1.outcome, Outcome::Released { .. }), "{ends:?}");
    assert_eq!(ends[1].1.used, MicroCredits::ZERO);
    assert_eq!(desk.book().waiting.len(), 1, "nothing was claimed any more");
}

// --- processes --------------------------------------------------------------------------------------------------------

/// A worker's process; killed when this is dropped.
fn spawn(faces: &Faces, arguments: &[&str]) -> Child {
    Command::new(WORKER)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("ORCHESTRATOR_ADDR", faces.orchestrator.url(""))
        .env("ZTM_TOKEN_FILE", faces.service_token_file())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// Waits until the job is in this state; the job.
async fn in_state(faces: &Faces, id: &str, state: &str) -> Value {
    let path = format!("/jobs/{id}");
    let looking = async {
        loop {
            let job = faces.ok(Method::GET, &path, Value::Null).await;
            if job["status"] == state {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(BOUND, looking).await {
        Ok(job) => job,
        Err(late) => panic!("never {state} ({late}): {}", faces.ok(Method::GET, &path, Value::Null).await),
    }
}

/// The audit, once all rows are in the ledger. It must hold.
async fn audited(faces: &Faces) -> Value {
    loop {
        let audit = faces.ok(Method::GET, "/spend/audit", Value::Null).await;
        assert_eq!(audit["holds"], true, "{audit}");
        if audit["undrained"] == 0 {
            return audit;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn job(prompt: &str) -> Value {
    json!({"tenant_id": "acme", "prompt": prompt, "cost_gpu_seconds": 60})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m1_a_job_whose_worker_is_killed_is_done_by_another_and_charged_once() {
    let faces = Faces::start_with_agents(|_| ()).await;
    faces.tenant("acme").await;
    let mut first = spawn(&faces, &["--slots", "1"]);
    let id = faces.submit(job("/sleep 3000")).await;
    let running = in_state(&faces, &id, "running").await;
    // It is at the agent by then, or will be asked for by the next worker.
    tokio::time::sleep(Duration::from_millis(500)).await;
    first.start_kill().unwrap();
    first.wait().await.unwrap();
    // The lease lapses, then the pause after a failure passes.
    faces.clock.advance(Duration::from_secs(31));
    in_state(&faces, &id, "delayed").await;
    faces.clock.advance(Duration::from_secs(6));
    let _second = spawn(&faces, &[]);
    let done = in_state(&faces, &id, "succeeded").await;
    assert_eq!(
        (&done["attempts"], &done["result"]),
        (&json!(2), &json!("[1] you said: /sleep 3000")),
        "one turn, joined"
    );
    assert_ne!(running["worker"], Value::Null);
    let audit = audited(&faces).await;
    let rows = faces.ok(Method::GET, "/spend/rows?tenant=acme", Value::Null).await;
    let kinds: Vec<&str> = rows["rows"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["opening", "hold", "reclaim", "hold", "settle"], "{rows}");
    assert_eq!((&rows["rows"][2]["spent"], &done["held_gpu_seconds"]), (&json!(0), &json!(0)));
    assert_eq!(audit["totals"]["spent"], done["used_gpu_seconds"], "{audit}");
    faces.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_told_to_end_finishes_its_job_first() {
    let faces = Faces::start_with_agents(|_| ()).await;
    faces.tenant("acme").await;
    let mut worker = spawn(&faces, &["--slots", "2"]);
    let id = faces.submit(job("/sleep 1000")).await;
    in_state(&faces, &id, "running").await;
    let pid = rustix::process::Pid::from_raw(i32::try_from(worker.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let status = tokio::time::timeout(BOUND, worker.wait()).await.expect("it ends").unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(in_state(&faces, &id, "succeeded").await["attempts"], 1);
    let later = faces.submit(job("nobody is there")).await;
    assert_eq!(faces.ok(Method::GET, &format!("/jobs/{later}"), Value::Null).await["status"], "queued");
    faces.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_of_the_agent_are_tried_again_and_kept_in_our_words() {
    let faces = Faces::start_with_agents(|_| ()).await;
    faces.tenant("acme").await;
    let _worker = spawn(&faces, &[]);
    let mut twice = job("/fail");
    twice["max_attempts"] = json!(2);
    let id = faces.submit(twice).await;
    in_state(&faces, &id, "delayed").await;
    faces.clock.advance(Duration::from_secs(6));
    let dead = in_state(&faces, &id, "dead").await;
    assert_eq!((&dead["attempts"], &dead["result"]), (&json!(2), &Value::Null));
    assert_eq!(dead["error"], "the agent failed at it; its log says how");
    audited(&faces).await;
    faces.end().await;
}

#[tokio::test]
async fn a_worker_that_cannot_work_says_why_and_ends() {
    let state = tempfile::tempdir().unwrap();
    let token = state.path().join("token");
    libtenancy::secret::write_private_once(&token, "x".repeat(32).as_bytes()).unwrap();
    let token = token.to_str().unwrap();
    for (arguments, said) in [
        (vec![], "ORCHESTRATOR_ADDR"),
        (vec!["--orchestrator", "http://127.0.0.1:1"], "ZTM_TOKEN_FILE"),
        (vec!["--orchestrator", "nowhere", "--token-file", token], "URL"),
        (vec!["--orchestrator", "http://127.0.0.1:1", "--token-file", "/nonexistent"], "/nonexistent"),
        (vec!["--orchestrator", "http://127.0.0.1:1", "--token-file", token, "--slots", "0"], "--slots"),
        (vec!["--slots", "many"], "--slots"),
        (vec!["--slots"], "--slots needs a value"),
        (vec!["--colour"], "--colour"),
    ] {
        let output = Command::new(WORKER).args(&arguments).env_clear().stdin(Stdio::null()).output();
        let output = tokio::time::timeout(BOUND, output).await.expect("it ends").unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && stderr.contains(said), "{arguments:?}: {stderr}");
    }
}
