//! The processes of a run, and who dies when.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use libtenancy::{clock::Stopwatch, ports::jobs::JobFilter};
use tokio::process::{Child, Command};

use crate::store::Plane;

/// How long a run may take in all.
const BOUND: Duration = Duration::from_secs(240);

/// How many kills a run has.
const KILLS: usize = 60;

pub(crate) fn env_number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

pub(crate) struct Troupe {
    store: String,
    ledger: PathBuf,
    pub(crate) jobs: u64,
    seed: u64,
    started: u64,
    players: BTreeMap<String, Child>,
}

impl Troupe {
    pub(crate) fn new(store: &str, ledger: &Path, jobs: u64) -> Self {
        let random = u64::from_ne_bytes(libtenancy::secret::random_bytes().unwrap());
        let seed = env_number("ZTM_SEED", random) | 1;
        println!("ZTM_SEED={seed}");
        Self { store: store.to_owned(), ledger: ledger.to_path_buf(), jobs, seed, started: 0, players: BTreeMap::new() }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed % sides
    }

    fn start(&mut self, name: &str) {
        let examples = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples");
        let role = name.trim_end_matches(|c: char| c.is_ascii_digit());
        self.started += 1;
        let child = Command::new(examples.join("jobs_role"))
            .args([role, &self.store])
            .arg(&self.ledger)
            .args([self.jobs.to_string(), (self.seed + self.started).to_string()])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the example `jobs_role` is built (`cargo build -p libtenancy --examples`)");
        self.players.insert(name.to_owned(), child);
    }

    /// Plays until every job has ended. Between kills of processes, `strike` may do worse; it is given the number of the
    /// kill.
    pub(crate) async fn play(&mut self, plane: &Plane, mut strike: impl AsyncFnMut(usize)) {
        let watch = Stopwatch::start();
        let names = ["submitter", "worker1", "worker2", "worker3", "leader"];
        for name in names {
            self.start(name);
        }
        for kill in 0..KILLS {
            tokio::time::sleep(Duration::from_millis(20 + self.roll(180))).await;
            strike(kill).await;
            let victim = names[usize::try_from(self.roll(names.len() as u64)).unwrap()];
            let mut child = self.players.remove(victim).unwrap();
            child.kill().await.unwrap();
            self.start(victim);
        }
        println!("{KILLS} kills in {:?}", watch.elapsed());
        // From here on nobody is killed: what was left half done must come to its end by itself.
        let mut submitter = self.players.remove("submitter").unwrap();
        let accepted = tokio::time::timeout(BOUND, submitter.wait()).await.expect("the submitter ends").unwrap();
        assert!(accepted.success());
        loop {
            assert!(watch.elapsed() < BOUND, "jobs are stuck: {:?}", unended(plane).await);
            match unended(plane).await {
                None => break,
                Some(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
        for name in names {
            if let Some(mut child) = self.players.remove(name) {
                assert!(child.try_wait().unwrap().is_none(), "{name} ended by itself");
                // The leader copies the last rows first.
                if name == "leader" {
                    while !plane.quotas.outbox_read(0, 1).await.unwrap().rows.is_empty() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
                child.kill().await.unwrap();
            }
        }
        println!("all jobs ended after {:?}", watch.elapsed());
    }
}

/// A job that has not ended; `None` if all have.
async fn unended(plane: &Plane) -> Option<libtenancy::jobs::Job> {
    for state in ["running", "queued", "delayed"] {
        let filter = JobFilter { tenant: None, state: Some(state.to_owned()) };
        match plane.jobs.job_list(&filter, None, 1).await {
            Ok(mut jobs) if jobs.is_empty() => jobs.clear(),
            Ok(mut jobs) => return jobs.pop(),
            Err(error) => println!("not listed: {}", error.chain()),
        }
    }
    None
}
