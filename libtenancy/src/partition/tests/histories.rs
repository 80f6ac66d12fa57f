//! Random histories.

use super::{play::Play, *};

#[test]
fn credits_leases_and_places_are_right_after_every_step_and_nothing_is_stuck() {
    for run in 0..4 {
        let mut play = Play::new(Dice::seeded(0x9e37_79b9 + run * 7_919));
        for _ in 0..steps(1_500) {
            play.step();
            play.check();
            if play.dice.roll(9) == 0 {
                assert!(play.drain(20));
            }
        }
        play.settle_down();
        let result = play.finish();
        assert!(result.rows > 500 && result.lost_rows == 0);
    }
}

#[test]
fn m1_a_dead_workers_job_is_claimed_again_under_a_higher_epoch_and_the_dead_one_is_refused() {
    let mut partition = Partition::new(rich(), 0);
    partition.job_submit(job(&tenant(0), 1, 5_000_000), at(0)).unwrap();
    let first = partition.job_claim(&worker(), 1, LEASE, at(0)).jobs.remove(0);
    assert!(partition.job_claim(&worker(), 1, LEASE, at(29_999_999)).jobs.is_empty());
    let lapsed = 30_000_000;
    let finish = |leased: &Leased| Finish {
        id: leased.id.clone(),
        epoch: leased.epoch,
        outcome: Outcome::Succeeded { result: "mine".into(), pointer: Some("mine".into()) },
        used: MicroCredits(1),
    };
    assert!(partition.lease_finalize(finish(&first), 0, at(lapsed)).is_err(), "m21: it lapsed");
    assert_eq!(partition.jobs_reap(10, 0, at(lapsed)).requeued, 1);
    assert_eq!(partition.account(&tenant(0)).unwrap().held, MicroCredits::ZERO, "m13: its hold went back");
    let second = partition.job_claim(&worker(), 1, LEASE, at(lapsed + 5_000_000)).jobs.remove(0);
    assert!(second.epoch > first.epoch && second.attempt == 2);
    assert!(partition.lease_finalize(finish(&first), 0, at(lapsed + 6_000_000)).is_err());
    assert_eq!(partition.pointer(&tenant(0), &AgentId::default()), None, "m8: a zombie swaps no pointer");
    assert_eq!(partition.lease_finalize(finish(&second), 0, at(lapsed + 6_000_000)).unwrap(), "succeeded");
}
