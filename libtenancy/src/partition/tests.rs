//! The protocol by itself: what must hold after every step of any history, also when the store forgets.
//!
//! `ZTM_SEED` repeats a history, `ZTM_STEPS` makes it longer.

mod fairness;
mod forgetting;
mod histories;
mod invariants;
mod play;
mod protocol;

use super::*;
use crate::{
    jobs::{Finish, JobState, KEEP_DEAD, KEEP_FINISHED, KEEP_IDEMPOTENCY, NewJob, Outcome, Renewal, Renewed, WorkerId},
    quota::{Grant, Standing},
};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000 + micros)
}

fn tenant(n: u64) -> TenantId {
    format!("t{n}").parse().unwrap()
}

fn worker() -> WorkerId {
    "w1".parse().unwrap()
}

/// The n-th job of a tenant; its name sorts by `n`.
fn job(tenant: &TenantId, n: u64, cost: i64) -> NewJob {
    let id = JobId::new(tenant.clone(), &format!("{n:026}")).unwrap();
    NewJob::new(id, "", MicroCredits(cost))
}

/// A bucket that never refills.
fn purse(credits: i64) -> Quota {
    Quota { rate: MicroCredits::ZERO, burst: MicroCredits(credits), ..Quota::default() }
}

fn finish(leased: &Leased, outcome: Outcome, used: i64) -> Finish {
    Finish { id: leased.id.clone(), epoch: leased.epoch, outcome, used: MicroCredits(used) }
}

fn succeeded() -> Outcome {
    Outcome::Succeeded { result: "done".into(), pointer: None }
}

fn failed() -> Outcome {
    Outcome::Failed { error: "no".into(), retry: true }
}

/// Nobody is ever short of credits.
fn rich() -> Quota {
    Quota { burst: MicroCredits(MAX_AMOUNT.0 / 4), max_running: 1_000_000, ..Quota::default() }
}

const LEASE: Duration = Duration::from_secs(30);

/// Small numbers that follow from a seed (Marsaglia, "Xorshift RNGs", 2003).
struct Dice(u64);

impl Dice {
    fn seeded(default: u64) -> Self {
        let seed = std::env::var("ZTM_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
        println!("ZTM_SEED={seed}");
        Self(seed | 1)
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn signed(&mut self, sides: i64) -> i64 {
        i64::try_from(self.roll(u64::try_from(sides).unwrap())).unwrap()
    }
}

fn steps(default: u64) -> u64 {
    std::env::var("ZTM_STEPS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
