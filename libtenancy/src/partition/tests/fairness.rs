//! The bound of [`crate::fairness`], as properties.

use super::*;

/// How many jobs start before the second tenant's single one, when it comes into a flood.
fn starts_before(agents: u64, others: u64) -> usize {
    let mut partition = Partition::new(rich(), 0);
    for n in 0..100_000 {
        let mut flood = job(&tenant(n % others), n, 1_000_000);
        flood.agent = format!("a{}", n % agents).parse().unwrap();
        partition.job_submit(flood, at(0)).unwrap();
    }
    // Well into the flood, so that tags are far from their beginning.
    partition.job_claim(&worker(), 5_000, LEASE, at(1));
    partition.job_submit(job(&tenant(900), 1, 1_000_000), at(2)).unwrap();
    let claimed = partition.job_claim(&worker(), 1_000, LEASE, at(3));
    claimed.jobs.iter().position(|leased| *leased.id.tenant() == tenant(900)).unwrap()
}

fn succeed(partition: &mut Partition, leased: Leased, now: Timestamp) {
    let outcome = Outcome::Succeeded { result: String::new(), pointer: None };
    let finish = Finish { id: leased.id, epoch: leased.epoch, outcome, used: MicroCredits(1_000_000) };
    partition.lease_finalize(finish, 0, now).unwrap();
}

#[test]
fn m19_a_flood_delays_another_tenant_by_at_most_one_start_however_it_is_split_over_agents() {
    let (together, split) = (starts_before(1, 1), starts_before(1_000, 1));
    assert!(together <= 1 && split <= 1, "{together} and {split} starts");
    assert_eq!(together, split);
}

#[test]
fn each_other_ready_tenant_starts_at_most_one_job_before_a_newcomers() {
    for others in [2, 10, 100] {
        let before = starts_before(7, others);
        assert!(before <= usize::try_from(others).unwrap(), "{before} starts of {others} tenants");
    }
}

#[test]
fn shares_are_as_weights_and_no_slot_is_idle_while_a_tenant_is_ready() {
    let mut partition = Partition::new(rich(), 0);
    for (n, weight) in [(0, 100), (1, 200), (2, 400)] {
        let patch = QuotaPatch { weight: Some(weight), ..QuotaPatch::default() };
        partition.quota_set(&tenant(n), &patch, at(0)).unwrap();
        for serial in 0..8_000 {
            // Costs differ by tenant: shares are of credits, not of jobs.
            partition.job_submit(job(&tenant(n), serial, 1_000_000 * (1 + i64::try_from(n).unwrap())), at(0)).unwrap();
        }
    }
    let claimed = partition.job_claim(&worker(), 7_000, LEASE, at(1)).jobs;
    assert_eq!(claimed.len(), 7_000, "a slot stayed idle");
    let spent = |n| -> i64 {
        claimed.iter().filter(|leased| *leased.id.tenant() == tenant(n)).map(|leased| leased.cost.0).sum()
    };
    let (one, two, four) = (spent(0), spent(1), spent(2));
    // Within one job of each.
    assert!((two - 2 * one).abs() <= 2 * 3_000_000 && (four - 4 * one).abs() <= 4 * 3_000_000, "{one}, {two}, {four}");
}

#[test]
fn a_flood_of_jobs_that_use_nothing_lets_another_tenant_start() {
    let mut partition = Partition::new(rich(), 1);
    for n in 0..50 {
        partition.job_submit(job(&tenant(0), n, 1_000_000), at(0)).unwrap();
    }
    partition.job_submit(job(&tenant(1), 1, 1_000_000), at(0)).unwrap();
    // The flood's name comes first, and what its jobs announce is given back each time.
    for round in 0..2 {
        let leased = partition.job_claim(&worker(), 1, LEASE, at(1)).jobs.remove(0);
        assert_eq!(*leased.id.tenant(), tenant(round), "start {round}");
        let outcome = Outcome::Failed { error: String::new(), retry: false };
        partition.lease_finalize(finish(&leased, outcome, 0), 0, at(1)).unwrap();
    }
}

#[test]
fn an_idle_share_is_lent_and_comes_back() {
    let mut partition = Partition::new(rich(), 10);
    for n in 0..100 {
        partition.job_submit(job(&tenant(0), n, 1_000_000), at(0)).unwrap();
    }
    let lent = partition.job_claim(&worker(), 100, LEASE, at(1)).jobs;
    assert_eq!(lent.len(), 10, "all of the capacity, since nobody else wants it");
    for n in 0..100 {
        partition.job_submit(job(&tenant(1), n, 1_000_000), at(2)).unwrap();
    }
    let mut second = 0;
    for leased in lent {
        succeed(&mut partition, leased, at(3));
        let next = partition.job_claim(&worker(), 1, LEASE, at(3)).jobs;
        second += next.iter().filter(|leased| *leased.id.tenant() == tenant(1)).count();
    }
    assert!(second >= 5, "{second} of the ten slots that came free");
}

#[test]
fn recent_use_lets_others_go_first_by_no_more_than_the_memory() {
    let mut partition = Partition::new(rich(), 0);
    for (n, jobs) in [(0, 5_000), (1, 1)] {
        for serial in 0..jobs {
            partition.job_submit(job(&tenant(n), serial, 1_000_000), at(0)).unwrap();
        }
        for leased in partition.job_claim(&worker(), 10_000, LEASE, at(0)).jobs {
            succeed(&mut partition, leased, at(0));
        }
    }
    // Both come back at once; the one that hammered comes first by name, and yet goes second.
    for n in [0, 1] {
        for serial in 10_000..10_200 {
            partition.job_submit(job(&tenant(n), serial, 1_000_000), at(2)).unwrap();
        }
    }
    let claimed = partition.job_claim(&worker(), 400, LEASE, at(3)).jobs;
    let first = claimed.iter().position(|leased| *leased.id.tenant() == tenant(0)).unwrap();
    let memory = usize::try_from(crate::fairness::MEMORY * 100 / 1_000_000).unwrap();
    assert!((1..=memory + 1).contains(&first), "{first} starts of the other, the memory is {memory}");
}

#[test]
fn a_cost_announced_too_high_is_given_back_to_the_share() {
    let mut partition = Partition::new(rich(), 0);
    for n in 0..200 {
        partition.job_submit(job(&tenant(0), n, 100_000_000), at(0)).unwrap();
        partition.job_submit(job(&tenant(1), n, 1_000_000), at(0)).unwrap();
    }
    let mut started = [0_i32, 0];
    for _ in 0..100 {
        for leased in partition.job_claim(&worker(), 1, LEASE, at(1)).jobs {
            started[usize::from(*leased.id.tenant() == tenant(1))] += 1;
            // Both use one credit.
            succeed(&mut partition, leased, at(1));
        }
    }
    assert!((started[0] - started[1]).abs() <= 2, "{started:?}");
}
