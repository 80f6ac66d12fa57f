//! The tenants that a run makes: how they are told from all others, and how none of them stays.
//!
//! A tenant is one of a bench if it has the name *and* the label of one. The label says who made it (machine and process) and
//! until when that may go on: it is abandoned when that process is gone, or at the latest when that time has passed.

use std::{cell::RefCell, collections::BTreeSet, fmt, fs, str::FromStr, time::Duration};

use futures::{StreamExt, stream};
use libtenancy::{
    Error, Result,
    api::CreateTenant,
    clock::Timestamp,
    labels::{LabelChange, Labels},
    secret::random_bytes,
};
use rustix::process::{Pid, test_kill_process};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use crate::client::Client;

/// The label of every tenant of a bench.
pub(super) const LABEL: &str = "ztm-bench";

/// The statuses in which there is an agent.
pub(super) const AWAKE: [&str; 3] = ["provisioning", "running", "stopping"];

/// How an agent of a killed run ends by itself: seconds without work.
const IDLE_AFTER: i64 = 120;

/// How many are made or removed at once.
const AT_ONCE: usize = 8;

/// How often a removal is tried, and the time between.
const TRIES: usize = 5;
const AGAIN: Duration = Duration::from_millis(500);

/// What the label says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    /// The machine since it was started, and the processes that see each other on it.
    machine: String,
    pid: i32,
    /// Seconds since the Unix epoch.
    until: i64,
}

impl Mark {
    fn own(until: Timestamp) -> Result<Self> {
        let pid = i32::try_from(std::process::id()).map_err(|_| Error::internal("a process without a number"))?;
        Ok(Self { machine: machine()?, pid, until: until.as_micros() / 1_000_000 })
    }

    /// Whether whoever made it cannot go on.
    fn is_abandoned(&self, machine: &str, now: Timestamp) -> bool {
        let is_gone = |pid| Pid::from_raw(pid).is_none_or(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH));
        self.until < now.as_micros() / 1_000_000 || (self.machine == machine && is_gone(self.pid))
    }
}

/// As the value of a label: `MACHINE.PID.UNTIL`.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.machine, self.pid, self.until)
    }
}

impl FromStr for Mark {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let (Some(machine), Some(pid), Some(until), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        let pid = pid.parse().ok().filter(|pid| *pid > 0).ok_or(())?;
        Ok(Self { machine: machine.to_owned(), pid, until: until.parse().map_err(|_| ())? })
    }
}

/// Which machine this is, as far as process numbers go; one that is nobody's if that cannot be read.
fn machine() -> Result<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let seen = match (boot, fs::read_link("/proc/self/ns/pid")) {
        (Ok(boot), Ok(namespace)) => format!("{boot}{}", namespace.display()).into_bytes(),
        _ => random_bytes::<16>()?.to_vec(),
    };
    Ok(hex::encode(&Sha256::digest(seen)[..4]))
}

/// Whether an id has the form that a bench gives: `bench-`, eight hexadecimal digits, and a number of three.
pub(crate) fn is_own_name(id: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    id.strip_prefix("bench-").and_then(|rest| rest.split_once('-')).is_some_and(|(run, number)| {
        run.len() == 8 && hex(run) && number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// What other runs have left.
pub(super) struct Abandoned {
    /// Tenants of runs that cannot go on.
    pub(super) ids: Vec<String>,
    /// How many of these have an agent.
    pub(super) awake: u64,
    /// How many are of runs that may.
    pub(super) others: usize,
}

/// Looks for what other runs have left.
pub(super) async fn abandoned(client: &Client, now: Timestamp) -> Result<Abandoned> {
    let machine = machine()?;
    let mut found = Abandoned { ids: Vec::new(), awake: 0, others: 0 };
    for tenant in client.tenant_list(None, Some(LABEL)).await?.tenants {
        let mark = tenant.labels.get(LABEL).and_then(|label| label.parse::<Mark>().ok());
        match mark.filter(|_| is_own_name(&tenant.tenant_id)) {
            Some(mark) if mark.is_abandoned(&machine, now) => {
                found.awake += u64::from(AWAKE.contains(&&*tenant.status));
                found.ids.push(tenant.tenant_id);
            }
            Some(_) => found.others += 1,
            // Somebody else's use of the label.
            None => {}
        }
    }
    Ok(found)
}

/// The tenants of this run.
pub(super) struct Tenants<'a> {
    client: &'a Client,
    mark: Mark,
    /// Those there are.
    pub(super) ids: Vec<String>,
    /// Those there may be: asked for, whatever came of it.
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Tenants<'a> {
    /// Names for so many; nothing is made.
    pub(super) fn named(client: &'a Client, count: usize, until: Timestamp) -> Result<Self> {
        let run = hex::encode(random_bytes::<4>()?);
        let ids = (0..count).map(|number| format!("bench-{run}-{number:03}")).collect();
        Ok(Self { client, mark: Mark::own(until)?, ids, asked: RefCell::default() })
    }

    /// Makes them; no more of them once `stop` says so. Not to be cancelled: a request that nobody waits for may still be done.
    pub(super) async fn create(&self, stop: &CancellationToken) -> Result<()> {
        let label = LabelChange::from([(LABEL.to_owned(), Some(self.mark.to_string()))]);
        let labels = &Labels::default().changed(&label)?;
        let one = async |id: &String| {
            if stop.is_cancelled() {
                return Ok(());
            }
            self.asked.borrow_mut().insert(id.clone());
            let new = CreateTenant {
                tenant_id: id.clone(),
                idle_timeout_s: Some(IDLE_AFTER),
                labels: labels.clone(),
                ..CreateTenant::default()
            };
            let made = self.client.tenant_create(new).await;
            if matches!(made, Err(Error::AlreadyExists { .. })) {
                // It is somebody else's.
                self.asked.borrow_mut().remove(id);
            }
            made.map(drop)
        };
        let made: Vec<Result<()>> = stream::iter(&self.ids).map(one).buffered(AT_ONCE).collect().await;
        made.into_iter().collect()
    }

    /// Removes all that there may be; those that stayed, and why.
    pub(super) async fn remove(&self) -> Vec<(String, Error)> {
        let asked: Vec<String> = self.asked.borrow().iter().cloned().collect();
        remove(self.client, &asked).await
    }

    /// How many there may be.
    pub(super) fn asked(&self) -> usize {
        self.asked.borrow().len()
    }
}

/// Removes tenants with everything; those that stayed, and why.
pub(super) async fn remove(client: &Client, ids: &[String]) -> Vec<(String, Error)> {
    let one = async |id: &String| {
        for tried in 1.. {
            match client.tenant_delete(id, false).await {
                Ok(_) | Err(Error::NotFound { .. }) => return None,
                Err(error @ (Error::Unauthenticated | Error::Forbidden { .. } | Error::Invalid { .. })) => {
                    return Some((id.clone(), error));
                }
                Err(error) if tried == TRIES => return Some((id.clone(), error)),
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        }
        None
    };
    stream::iter(ids).map(one).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_a_label_and_is_read_back() {
        let mark = Mark { machine: machine().unwrap(), pid: 4711, until: 1_796_000_000 };
        let label = LabelChange::from([(LABEL.to_owned(), Some(mark.to_string()))]);
        assert!(Labels::default().changed(&label).is_ok(), "{mark}");
        assert_eq!(mark.to_string().parse(), Ok(mark));
        for wrong in ["", "1", "a.1", "a.0.1", "a.-1.1", "a.1.x", "a.1.2.3", "yes"] {
            assert!(wrong.parse::<Mark>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_cannot_go_on_is_abandoned() {
        let now = Timestamp::from_micros(1_000_000_000);
        let own = i32::try_from(std::process::id()).unwrap();
        // A number that no process has: Linux gives none above 2^22.
        let gone = i32::MAX;
        for (machine, pid, until, abandoned) in [
            ("here", own, 2_000, false),
            ("here", gone, 2_000, true),
            ("there", gone, 2_000, false),
            ("there", own, 999, true),
            ("here", own, 999, true),
        ] {
            let mark = Mark { machine: machine.to_owned(), pid, until };
            assert_eq!(mark.is_abandoned("here", now), abandoned, "{mark}");
        }
    }

    #[test]
    fn only_a_name_of_a_bench_is_one() {
        assert!(is_own_name("bench-0a1b2c3d-042"));
        for other in [
            "bench",
            "bench-0a1b2c3d",
            "bench-0a1b2c3d-42",
            "bench-0a1b2c3x-042",
            "bench-0a1b2c3-0042",
            "alice",
            "my-bench-0a1b2c3d-042",
            "bench-0a1b2c3d-042-x",
        ] {
            assert!(!is_own_name(other), "{other}");
        }
    }
}
