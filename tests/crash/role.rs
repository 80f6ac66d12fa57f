//! One process of the crash test, to be killed at any moment: `jobs_role ROLE STORE LEDGER COUNT SEED`.
//!
//! `submitter` submits jobs 0 to COUNT under keys of their own, as often as it is started; `worker` claims, now and then
//! fails, gives back or falls silent, and finalizes; `leader` reaps, copies the outbox and sweeps. They end by being killed;
//! the submitter also when it has been told that every job is accepted.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a process does is said to whoever watches the test"
)]
#![expect(clippy::unwrap_used, reason = "a panic is a failed process, and the test sees it")]

mod store;

use std::{path::Path, time::Duration};

use libtenancy::{
    Error, Result,
    clock::{Clock, SystemClock},
    credits::MicroCredits,
    jobs::{Finish, Idempotency, JobId, Leased, NewJob, Outcome, Renewal, Renewed, WorkerId},
    outbox,
};

use self::store::Plane;

/// Small numbers that follow from a seed; good enough to vary, and the same again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

const LEASE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [role, store, ledger, count, seed] = &args[..] else { panic!("ROLE STORE LEDGER COUNT SEED") };
    let plane = store::open(store, Path::new(ledger)).await;
    // A store that is behind its ledger is found before anything is asked of it.
    let head = plane.ledgers.ledger_head(0).await.unwrap();
    plane.quotas.position_seen(0, head.seq);
    let dice = Dice(seed.parse::<u64>().unwrap() | 1);
    match role.as_str() {
        "submitter" => submit(&plane, count.parse().unwrap()).await,
        "worker" => work(&plane, dice).await,
        "leader" => lead(&plane).await,
        other => panic!("`{other}` is no role"),
    }
}

/// The tenant and the cost of the n-th job are the same whenever it is submitted.
fn job(n: u64) -> NewJob {
    let tenant = format!("t{}", n % 50).parse().unwrap();
    let id = JobId::random(&tenant, SystemClock::default().now()).unwrap();
    NewJob {
        agent: format!("agent-{}", n % 7).parse().unwrap(),
        max_attempts: 12,
        priority: u8::try_from(n % 10).unwrap(),
        idempotency: Some(Idempotency::new(&format!("job-{n}"), n.to_string().as_bytes()).unwrap()),
        ..NewJob::new(id, format!("job {n}"), MicroCredits(1 + i64::try_from(n % 1_000).unwrap() * 1_000))
    }
}

async fn submit(plane: &Plane, count: u64) {
    for first in (0..count).step_by(50) {
        let batch = || (first..(first + 50).min(count)).map(job).collect();
        loop {
            match plane.jobs.jobs_submit(batch()).await {
                Ok(answers) if answers.iter().all(Result::is_ok) => break,
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }
    println!("accepted");
}

async fn work(plane: &Plane, mut dice: Dice) {
    let clock = SystemClock::default();
    let worker: WorkerId = format!("w{}", hex(dice.roll(u64::MAX))).parse().unwrap();
    loop {
        let Ok(claimed) = plane.jobs.jobs_claim(0, &worker, 16, LEASE).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        if claimed.jobs.is_empty() {
            let limit = clock.now() + Duration::from_millis(500);
            let until = claimed.next.map_or(limit, |next| next.min(limit));
            if plane.jobs.work_wait(&worker, &[0], until).await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
            continue;
        }
        if dice.roll(400) == 0 {
            // Falls silent for longer than its leases, then goes on as if nothing had been.
            tokio::time::sleep(LEASE + PAUSE * 5).await;
        } else if dice.roll(20) == 0 {
            renew(plane, &claimed.jobs).await;
        }
        let finishes: Vec<Finish> = claimed.jobs.iter().map(|leased| finish(leased, &mut dice)).collect();
        for _ in 0..20 {
            match plane.jobs.leases_finalize(finishes.clone()).await {
                // Unknown outcomes are said again: under the same epoch a repeat changes nothing.
                Err(Error::Unavailable { .. } | Error::OutcomeUnknown { .. } | Error::Overloaded { .. }) => {
                    tokio::time::sleep(PAUSE).await;
                }
                _ => break,
            }
        }
    }
}

fn hex(number: u64) -> String {
    format!("{number:x}")
}

async fn renew(plane: &Plane, jobs: &[Leased]) {
    let more = MicroCredits(10);
    let renewal =
        |job: &Leased| Renewal { id: job.id.clone(), epoch: job.epoch, lease: LEASE, need: Some(job.cost + more) };
    if let Ok(answers) = plane.jobs.leases_renew(jobs.iter().map(renewal).collect()).await {
        assert!(answers.iter().all(|answer| !matches!(answer, Renewed::Cancel { reason: "cancelled", .. })));
    }
}

fn finish(leased: &Leased, dice: &mut Dice) -> Finish {
    let outcome = match dice.roll(50) {
        0 => Outcome::Failed { error: "it was to fail".to_owned(), retry: true },
        1 => Outcome::Released { after: Duration::from_millis(dice.roll(200)) },
        _ => Outcome::Succeeded { result: "done".to_owned(), pointer: Some(format!("state-of-{}", leased.epoch.0)) },
    };
    // Up to a fifth more than was held.
    let used = match outcome {
        Outcome::Released { .. } => MicroCredits::ZERO,
        _ => MicroCredits(i64::try_from(dice.roll(u64::try_from(leased.cost.0).unwrap() * 6 / 5 + 1)).unwrap()),
    };
    Finish { id: leased.id.clone(), epoch: leased.epoch, outcome, used }
}

async fn lead(plane: &Plane) {
    if let Err(error) = plane.jobs.jobs_sweep(0).await {
        eprintln!("not swept: {error}");
    }
    let reaping = async {
        loop {
            let _ = plane.jobs.jobs_reap(0, 256).await;
            tokio::time::sleep(PAUSE).await;
        }
    };
    let copying = async {
        loop {
            match outbox::copy(&*plane.quotas, &*plane.ledgers, 0).await {
                Ok(copied) => {
                    if let Some(recovery) = copied.recovery {
                        println!("recovered: {recovery:?}");
                    } else if copied.rows.is_empty() {
                        tokio::time::sleep(PAUSE).await;
                    }
                }
                Err(error) => {
                    eprintln!("not copied: {}", error.chain());
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    };
    tokio::join!(reaping, copying);
}
