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

/// A newcomer's single job comes into whatever goes on; how often each other tenant starts before it.
fn starts_before_a_newcomer(dice: &mut Dice, partition: &mut Partition, n: u64, now: &mut i64) {
    let newcomer = tenant(1_000 + n);
    partition.job_submit(job(&newcomer, 0, 1 + dice.signed(9_000_000)), at(*now)).unwrap();
    let mut starts: BTreeMap<TenantId, u32> = BTreeMap::new();
    for _ in 0..200 {
        if let Some(leased) = busy_step(dice, partition, now) {
            if *leased.id.tenant() == newcomer {
                return;
            }
            *starts.entry(leased.id.tenant().clone()).or_default() += 1;
            assert!(starts.values().all(|count| *count <= 1), "{starts:?} before {newcomer}");
        }
    }
    panic!("{newcomer} waits for ever: {starts:?}");
}

/// Somebody submits, a turn begins, or a slot comes free and is taken: by whom.
fn busy_step(dice: &mut Dice, partition: &mut Partition, now: &mut i64) -> Option<Leased> {
    *now += dice.signed(3_000_000);
    let who = tenant(dice.roll(12));
    let serial = u64::try_from(*now).unwrap();
    let _ = partition.job_submit(job(&who, serial, 1 + dice.signed(9_000_000)), at(*now));
    if dice.roll(4) == 0 {
        let key = now.to_string();
        let amount = MicroCredits(dice.signed(5_000_000));
        let admitted = partition.turn_admit(&who, &AgentId::default(), &key, amount, LEASE, at(*now));
        if let TurnAdmission::Admitted { epoch } = admitted {
            partition.turn_settle(&who, &key, epoch, MicroCredits(dice.signed(9_000_000)), at(*now)).unwrap();
        }
    }
    let running: Vec<(JobId, JobEpoch)> =
        partition.leases.iter().map(|(_, id)| (id.clone(), partition.jobs[id].0.epoch)).collect();
    if running.len() == partition.capacity as usize {
        let (id, epoch) = running[usize::try_from(dice.roll(running.len() as u64)).unwrap()].clone();
        let outcome = match dice.roll(4) {
            0 => Outcome::Failed { error: String::new(), retry: true },
            1 => Outcome::Released { after: Duration::ZERO },
            _ => succeeded(),
        };
        // Far less than announced, and far more.
        let used = MicroCredits(if dice.roll(2) == 0 { 0 } else { dice.signed(40_000_000) });
        let _ = partition.lease_finalize(Finish { id, epoch, outcome, used }, 0, at(*now));
    }
    partition.jobs_reap(10, 0, at(*now));
    partition.job_claim(&worker(), 1, Duration::from_secs(600), at(*now)).jobs.pop()
}

#[test]
fn no_tenant_starts_twice_before_a_newcomer_whatever_it_announces_uses_and_gives_back() {
    let mut dice = Dice::seeded(0xfa12);
    let mut partition = Partition::new(rich(), 3);
    let mut now = 0;
    for n in 0..12 {
        let weight = Some(1 + u32::try_from(dice.roll(1_000)).unwrap());
        partition.quota_set(&tenant(n), &QuotaPatch { weight, ..QuotaPatch::default() }, at(0)).unwrap();
    }
    for n in 0..steps(120) {
        for _ in 0..dice.roll(12) {
            busy_step(&mut dice, &mut partition, &mut now);
        }
        starts_before_a_newcomer(&mut dice, &mut partition, n, &mut now);
    }
}

#[test]
fn at_every_moment_two_tenants_with_work_are_within_one_job_of_each_of_their_shares() {
    let mut dice = Dice::seeded(0x5a_4e5);
    let mut partition = Partition::new(rich(), 0);
    let mut weights = BTreeMap::new();
    let most = 9_000_000;
    for n in 0..6 {
        let weight = 1 + u32::try_from(dice.roll(500)).unwrap();
        let patch = QuotaPatch { weight: Some(weight), ..QuotaPatch::default() };
        partition.quota_set(&tenant(n), &patch, at(0)).unwrap();
        weights.insert(tenant(n), i64::from(weight));
        for serial in 0..1_000 {
            partition.job_submit(job(&tenant(n), serial, 1 + dice.signed(most)), at(0)).unwrap();
        }
    }
    let mut started: BTreeMap<TenantId, i64> = weights.keys().map(|who| (who.clone(), 0)).collect();
    // As long as nobody runs out of work.
    for leased in partition.job_claim(&worker(), 900, LEASE, at(1)).jobs {
        *started.get_mut(leased.id.tenant()).unwrap() += leased.cost.0;
        for (one, a) in &weights {
            for (two, b) in &weights {
                // |Wa/a - Wb/b| <= most/a + most/b, and one for each rounding up of a start.
                let apart = (started[one] * b - started[two] * a).abs();
                assert!(apart <= most * (a + b) + 900 * a * b, "{one} and {two}: {started:?}, {weights:?}");
            }
        }
    }
}

#[test]
fn a_cost_announced_too_low_is_charged_to_the_share() {
    let mut partition = Partition::new(rich(), 1);
    for n in 0..200 {
        partition.job_submit(job(&tenant(0), n, 1), at(0)).unwrap();
        partition.job_submit(job(&tenant(1), n, 1_000_000), at(0)).unwrap();
    }
    let mut started = [0_i32, 0];
    for _ in 0..100 {
        let leased = partition.job_claim(&worker(), 1, LEASE, at(1)).jobs.remove(0);
        started[usize::from(*leased.id.tenant() == tenant(1))] += 1;
        // Both use one credit.
        succeed(&mut partition, leased, at(1));
    }
    assert!((started[0] - started[1]).abs() <= 2, "{started:?}");
}

#[test]
fn use_of_long_ago_delays_nobody_and_work_without_a_pause_is_not_delayed_twice() {
    let mut partition = Partition::new(rich(), 0);
    for n in 0..1_000 {
        partition.job_submit(job(&tenant(0), n, 1_000_000), at(0)).unwrap();
    }
    let (first, rest) = (partition.job_claim(&worker(), 500, LEASE, at(0)), partition.clock);
    let account = partition.account(&tenant(0)).unwrap();
    assert_eq!((first.jobs.len(), account.tag - rest), (500, 10_000), "it pays for each start, and for nothing else");
    partition.job_claim(&worker(), 500, LEASE, at(0));
    let used = |account: &Account| account.used;
    assert_eq!(used(partition.account(&tenant(0)).unwrap()), 10_000_000);
    let later = 20 * i64::try_from(crate::fairness::HALF_LIFE.as_micros()).unwrap();
    // Others were served meanwhile.
    partition.clock += 1_000_000_000;
    partition.job_submit(job(&tenant(0), 2_000, 1_000_000), at(later)).unwrap();
    let account = partition.account(&tenant(0)).unwrap();
    assert!(account.tag - partition.clock < 10, "a millionth is left: {}", account.tag - partition.clock);
}

#[test]
fn tenants_that_cannot_start_are_passed_over_and_hold_up_one_claim_at_most_by_their_number() {
    let mut partition = Partition::new(Quota { rate: MicroCredits::ZERO, burst: MicroCredits(10), ..rich() }, 0);
    for n in 0..300 {
        partition.job_submit(job(&tenant(n), 1, 10), at(0)).unwrap();
        partition.turn_admit(&tenant(n), &AgentId::default(), "t", MicroCredits(1), LEASE, at(0));
    }
    partition.job_submit(job(&tenant(900), 1, 10), at(0)).unwrap();
    let first = partition.job_claim(&worker(), 1, LEASE, at(0));
    // Each turn has moved its tenant behind the newcomer.
    assert_eq!((first.jobs.len(), first.parked.len()), (1, 0));
    let mut claims = 0;
    loop {
        let claimed = partition.job_claim(&worker(), 1, LEASE, at(0));
        claims += 1;
        assert!(claimed.jobs.is_empty() && claimed.parked.len() <= PASS_LIMIT);
        if !claimed.more {
            break;
        }
    }
    assert_eq!((claims, partition.ready.len()), (2, 0));
}

#[test]
fn a_delayed_job_is_moved_after_as_many_steps_as_there_are_move_limits_due_before_it() {
    let mut partition = Partition::new(rich(), 0);
    for n in 0..1_000 {
        partition.job_submit(NewJob { not_before: Some(at(5)), ..job(&tenant(0), n, 1) }, at(0)).unwrap();
    }
    partition.job_submit(NewJob { not_before: Some(at(6)), ..job(&tenant(1), 1, 1) }, at(0)).unwrap();
    let mut moves = 0;
    while partition.account(&tenant(1)).unwrap().standing != Standing::Ready {
        let reaped = partition.jobs_reap(10, 0, at(7));
        assert!(reaped.more || reaped.moved < MOVE_LIMIT as u64);
        moves += 1;
    }
    assert_eq!(moves, 1_000 / MOVE_LIMIT + 1);
}

#[test]
fn numbers_at_their_bounds_stay_countable_in_a_double() {
    let quota = Quota { weight: 1, burst: MAX_AMOUNT, ..rich() };
    let mut partition = Partition::new(quota, 0);
    for n in 0..1_000 {
        partition.job_submit(job(&tenant(0), n, crate::credits::MAX_COST.0), at(0)).unwrap();
    }
    for leased in partition.job_claim(&worker(), 1_000, LEASE, at(0)).jobs {
        partition.lease_finalize(finish(&leased, succeeded(), i64::MAX), 0, at(1)).unwrap();
    }
    let account = partition.account(&tenant(0)).unwrap();
    // A thousand million credits at the least weight: the ninth part of the horizon.
    assert!(account.tag <= 1_000 * crate::credits::MAX_COST.0);
    assert!(account.used <= crate::credits::MAX_COST.0 && account.agent_clock <= crate::fairness::MAX_TAG);
    assert!(account.period_spent <= MAX_AMOUNT);
}
