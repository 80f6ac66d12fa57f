//! Fairness: which tenant is next, and which of its agents.
//!
//! Owns virtual time. Does not own queues (`partition` and the drivers of `jobs`) nor credits (`quota`).
//!
//! # The order
//! Start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queueing", SIGCOMM 1996), twice:
//! - *Tenants.* Every tenant with waiting jobs has a start tag; the lowest is next (ties by name). Starting a job of cost
//!   `c` raises the tag by `c / weight`. The virtual time `V` is the highest start tag that was served. A tenant that
//!   becomes ready takes the later of its old tag and `V`: it neither saves up what it did not use, nor is it punished
//!   for using what was idle. When a job ends, the tag is corrected from the cost announced to the cost used, but never
//!   back to `V`: the least is `V + 1`, so that a start passes the turn on even if it used nothing.
//! - *Agents of a tenant.* A job is tagged when it is queued: the later of the tenant's agent clock and the end of the
//!   agent's previous job. The waiting jobs of a tenant are one set ordered by priority, then tag. Splitting work over a
//!   thousand agents changes the order within the tenant only: the tenant's own tag does not know how many agents it has.
//!
//! # Memory of recent use
//! What a tenant's starts announced lately, halved every [`HALF_LIFE`], delays it when it comes back after having had nothing
//! waiting, by at most [`MEMORY`] of virtual time: somebody who hammers in bursts goes after somebody who does not. A tenant
//! that always has something waiting is not delayed by it: it pays for every start as it is.
//!
//! # The bound
//! A tenant without recent use, whose tag `V` has passed, becomes ready at `V`, and no ready tenant is behind `V`. Before its
//! job starts, every other tenant starts at most one job (if its tag is `V` too and its name comes first), since after that
//! its tag is at least `V + 1`. So with `n` other tenants that are ready in its partition, or become so meanwhile, its job
//! starts after at most `n` other starts plus the time until a slot is free: a running job is not preempted, so that is the
//! rest of the shortest running job when all slots are taken. The number of jobs that the others have waiting, of agents
//! they are split over, and what they announce, use or give back does not appear. With recent use, [`MEMORY`] of virtual time
//! is added: each other may start [`MEMORY`] times its weight in credits, and one job, before it. A tenant that has just
//! used more than that waits for its own tag. A worker takes no more jobs than it can start at once, so nothing waits behind
//! a flood in a worker's hands.
//!
//! What is due is moved into the order in order of time, at most [`crate::partition::MOVE_LIMIT`] a step, by every claim and
//! by the reaper, which goes on at once: behind `d` others that are due, a delayed job is ready after `d / 128` steps. A
//! claim passes over at most [`crate::partition::PASS_LIMIT`] tenants that cannot start, each of which then leaves the order.
//!
//! Two tenants that both have work all the time are, at every moment, within the largest cost over its weight of each of
//! their shares. A cost announced too low is charged when the job ends: until then each of the slots may hold one such job.
//!
//! # How far it counts
//! Tags and `V` are whole numbers: a credit is 1,000,000 divided by the weight. Redis counts them exactly up to 2^53, which is
//! 9 x 10^9 credits of one tenant times its weight, and of a partition times the sum of the weights that are active: at the
//! usual weight of 100, one tenant alone on 1,000 GPUs gets there in 28 years; at weight 1 in 104 days, so weights had better
//! be hundreds. Beyond it sums are rounded, to 2 up to 2^54 and so on: shares lose a millionth of a credit, nothing else. `i64`
//! ends 1,024 times later. There is no rebase: it would have to touch every account in one step.
//!
//! Over several partitions the bound holds within each. The capacity of a partition is lent by active weight
//! ([`shares`]) every [`REBALANCE`]; until then a partition that has just become active has what it had, at least one slot,
//! so the time until a slot is free grows by at most [`REBALANCE`].

use std::time::Duration;

use crate::{clock::Timestamp, credits::MicroCredits};

/// The weight of a tenant that has none set; shares are as the weights.
pub const DEFAULT_WEIGHT: u32 = 100;

/// The largest weight.
pub const MAX_WEIGHT: u32 = 10_000;

/// After how long half of a tenant's use is forgotten.
pub const HALF_LIFE: Duration = Duration::from_secs(600);

/// The most virtual time by which recent use delays a tenant: 60 credits at the default weight.
pub const MEMORY: i64 = 60 * crate::credits::CREDIT / DEFAULT_WEIGHT as i64;

/// How often capacity is lent anew between partitions.
pub const REBALANCE: Duration = Duration::from_secs(5);

/// The lowest priority's number is 0, the highest 9.
pub const PRIORITIES: u8 = 10;

/// The priority of a job that names none.
pub const DEFAULT_PRIORITY: u8 = 5;

/// Tags within one priority stay below this: ten priorities then fit below 2^53.
pub const MAX_TAG: i64 = (1 << 49) - 1;

/// How much virtual time a cost takes at a weight: rounded up, so that nothing is free. Shares are exact to one part in
/// `cost / weight`: to a ten-thousandth for a job of a credit at the usual weight.
pub fn virtual_cost(cost: MicroCredits, weight: u32) -> i64 {
    let weight = i64::from(weight.max(1));
    (cost.0 + weight - 1) / weight
}

/// The tag of an agent's next job, and the end of it: `clock` is the tenant's agent clock, `last` the end of the agent's
/// previous job. Tags count thousandths of a credit, rounded up.
pub fn agent_tag(clock: i64, last: i64, cost: MicroCredits) -> (i64, i64) {
    let tag = clock.max(last).min(MAX_TAG);
    (tag, (tag + (cost.0 + 999) / 1_000).min(MAX_TAG))
}

/// The place of a job in its tenant's waiting set: the lowest is next.
pub fn waiting_score(priority: u8, tag: i64) -> i64 {
    i64::from(PRIORITIES - 1 - priority.min(PRIORITIES - 1)) * (MAX_TAG + 1) + tag
}

/// What is left at `now` of a use that was `used` at `since`, and up to when that is reckoned. Steps of a quarter of
/// [`HALF_LIFE`], each by the factor 841/1000 (2^-1/4), in whole numbers: every driver comes to the same.
pub fn decayed(used: i64, since: Timestamp, now: Timestamp) -> (i64, Timestamp) {
    let step = i64::try_from(HALF_LIFE.as_micros()).unwrap_or(i64::MAX) / 4;
    let elapsed = now.as_micros() - since.as_micros();
    if elapsed < step {
        return (used, since);
    }
    let steps = elapsed / step;
    if steps >= 200 || used == 0 {
        return (0, now);
    }
    let mut left = used;
    for _ in 0..steps / 4 {
        left /= 2;
    }
    for _ in 0..steps % 4 {
        left = left * 841 / 1_000;
    }
    (left, Timestamp::from_micros(since.as_micros() + steps * step))
}

/// Lends `capacity` to partitions by the weight that is active in each: whole slots, at least one each, largest
/// remainder first. Idle partitions keep one slot, so that their first job starts at once.
pub fn shares(capacity: u32, active_weights: &[u64]) -> Vec<u32> {
    let count = u32::try_from(active_weights.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return Vec::new();
    }
    let spare = u64::from(capacity.saturating_sub(count));
    let total: u64 = active_weights.iter().sum();
    let mut lent: Vec<u32> = vec![1; active_weights.len()];
    if total == 0 || spare == 0 {
        return lent;
    }
    let mut remainders: Vec<(u64, usize)> = Vec::with_capacity(active_weights.len());
    let mut given = 0;
    for (index, weight) in active_weights.iter().enumerate() {
        let exact = u128::from(spare) * u128::from(*weight);
        let whole = u64::try_from(exact / u128::from(total)).unwrap_or(0);
        let remainder = u64::try_from(exact % u128::from(total)).unwrap_or(0);
        lent[index] += u32::try_from(whole).unwrap_or(u32::MAX);
        given += whole;
        remainders.push((remainder, index));
    }
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in remainders.into_iter().take(usize::try_from(spare - given).unwrap_or(0)) {
        lent[index] += 1;
    }
    lent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_free_and_weights_divide() {
        assert_eq!(virtual_cost(MicroCredits(1), MAX_WEIGHT), 1);
        assert_eq!(virtual_cost(MicroCredits::credits(1), 100), 10_000);
        assert_eq!(virtual_cost(MicroCredits::credits(1), 200), 5_000);
    }

    #[test]
    fn a_higher_priority_goes_first_whatever_its_tag() {
        assert!(waiting_score(9, MAX_TAG) < waiting_score(8, 0));
        assert!(waiting_score(0, MAX_TAG) < 1 << 53);
        assert!(waiting_score(5, 3) < waiting_score(5, 4));
    }

    #[test]
    fn half_of_a_use_is_forgotten_every_half_life() {
        let start = Timestamp::from_micros(0);
        assert_eq!(decayed(1_000, start, start + HALF_LIFE / 8), (1_000, start));
        assert_eq!(decayed(1_000, start, start + HALF_LIFE / 4), (841, start + HALF_LIFE / 4));
        assert_eq!(decayed(1_000, start, start + HALF_LIFE), (500, start + HALF_LIFE));
        assert_eq!(decayed(1_000, start, start + HALF_LIFE * 3), (125, start + HALF_LIFE * 3));
        assert_eq!(decayed(1_000, start, start + HALF_LIFE * 100).0, 0);
    }

    #[test]
    fn capacity_is_lent_by_active_weight_to_the_last_slot() {
        assert_eq!(shares(10, &[100, 0, 100]), [5, 1, 4]);
        assert_eq!(shares(10, &[0, 0]), [1, 1]);
        assert_eq!(shares(2, &[5, 5, 5]), [1, 1, 1], "an idle slot each, even beyond the capacity");
        assert_eq!(shares(100, &[300, 100]).iter().sum::<u32>(), 100);
    }
}
