//! Single steps: what each answers, and what it leaves.

use super::*;
use crate::{credits::MAX_COST, jobs::Idempotency, quota::NEVER};

const SECOND: i64 = 1_000_000;

fn claim_one(partition: &mut Partition, micros: i64) -> Leased {
    let mut jobs = partition.job_claim(&worker(), 1, LEASE, at(micros)).jobs;
    assert_eq!(jobs.len(), 1);
    jobs.remove(0)
}

fn money(partition: &Partition, who: &TenantId) -> (i64, i64) {
    let account = partition.account(who).unwrap();
    (account.available().0, account.held.0)
}

fn renewal(leased: &Leased, need: Option<i64>) -> Renewal {
    Renewal { id: leased.id.clone(), epoch: leased.epoch, lease: LEASE, need: need.map(MicroCredits) }
}

fn turn(partition: &mut Partition, key: &str, amount: i64, micros: i64) -> TurnAdmission {
    partition.turn_admit(&tenant(0), &AgentId::default(), key, MicroCredits(amount), LEASE, at(micros))
}

fn admitted(admission: TurnAdmission) -> JobEpoch {
    let TurnAdmission::Admitted { epoch } = admission else { panic!("{admission:?}") };
    epoch
}

// --- SUBMIT -----------------------------------------------------------------------------------------------------------

#[test]
fn m11_a_key_makes_one_job_however_often_it_is_sent_and_another_body_is_a_conflict() {
    let mut partition = Partition::new(rich(), 0);
    for n in 0..10 {
        let mut new = job(&tenant(0), n, 1);
        new.idempotency = Some(Idempotency::new("key", b"body").unwrap());
        let submitted = partition.job_submit(new, at(0)).unwrap();
        assert_eq!((submitted.id, submitted.duplicate), (job(&tenant(0), 0, 1).id, n > 0));
    }
    let mut other = job(&tenant(0), 99, 1);
    other.idempotency = Some(Idempotency::new("key", b"another").unwrap());
    assert!(matches!(partition.job_submit(other.clone(), at(0)), Err(Error::Conflict { .. })));
    assert_eq!(partition.jobs().count(), 1);
    // A key is one tenant's.
    let mut elsewhere = job(&tenant(1), 1, 1);
    elsewhere.idempotency.clone_from(&other.idempotency);
    assert!(!partition.job_submit(elsewhere, at(0)).unwrap().duplicate);
    // And it is forgotten after a day.
    assert!(!partition.job_submit(other, at(0) + KEEP_IDEMPOTENCY).unwrap().duplicate);
}

#[test]
fn m12_what_is_refused_leaves_nothing() {
    let mut partition = Partition::new(purse(10), 0);
    let mut dear = job(&tenant(0), 1, 11);
    dear.idempotency = Some(Idempotency::new("key", b"body").unwrap());
    assert!(matches!(partition.job_submit(dear, at(0)), Err(Error::Invalid { .. })));
    let huge = Grant { expires_at: NEVER, amount: MAX_AMOUNT };
    assert!(partition.credits_grant(&tenant(0), "g", huge, at(0)).is_err());
    let patch = QuotaPatch { weight: Some(0), ..QuotaPatch::default() };
    assert!(partition.quota_set(&tenant(0), &patch, at(0)).is_err());
    assert_eq!(partition.position(), (1, 0));
    assert!(partition.account(&tenant(0)).is_none() && partition.jobs().next().is_none());
    let mut cheap = job(&tenant(0), 2, 10);
    cheap.idempotency = Some(Idempotency::new("key", b"another body").unwrap());
    assert!(!partition.job_submit(cheap, at(0)).unwrap().duplicate, "the key of a refused job is free");
}

#[test]
fn a_cost_that_only_held_credits_could_pay_is_taken() {
    let mut partition = Partition::new(purse(0), 0);
    partition.credits_grant(&tenant(0), "g", Grant { expires_at: NEVER, amount: MicroCredits(10) }, at(0)).unwrap();
    partition.job_submit(job(&tenant(0), 1, 8), at(0)).unwrap();
    let first = claim_one(&mut partition, 0);
    partition.job_submit(job(&tenant(0), 2, 9), at(0)).unwrap();
    assert!(partition.job_claim(&worker(), 1, LEASE, at(1)).jobs.is_empty());
    partition.lease_finalize(finish(&first, succeeded(), 1), 0, at(2)).unwrap();
    assert_eq!(claim_one(&mut partition, 3).cost, MicroCredits(9));
    assert!(partition.job_submit(job(&tenant(0), 3, 10), at(4)).is_err(), "one of the ten is spent for good");
}

// --- CLAIM ------------------------------------------------------------------------------------------------------------

#[test]
fn m2_a_delayed_job_is_moved_when_it_is_due_and_one_short_of_credits_when_the_refill_covers_it() {
    let quota = Quota { rate: MicroCredits(SECOND), burst: MicroCredits(2 * SECOND), ..Quota::default() };
    let mut partition = Partition::new(quota, 0);
    let mut later = job(&tenant(0), 1, 2 * SECOND);
    later.not_before = Some(at(5 * SECOND));
    partition.job_submit(later, at(0)).unwrap();
    partition.job_submit(job(&tenant(0), 2, SECOND), at(0)).unwrap();
    claim_one(&mut partition, 0);
    let early = partition.job_claim(&worker(), 9, LEASE, at(5 * SECOND - 1));
    assert_eq!((early.jobs.len(), early.next), (0, Some(at(5 * SECOND))));
    partition.job_submit(job(&tenant(0), 3, 2 * SECOND), at(5 * SECOND)).unwrap();
    assert_eq!(partition.job_claim(&worker(), 9, LEASE, at(5 * SECOND)).jobs.len(), 1);
    // The bucket is empty now: two seconds fill it.
    let parked = partition.job_claim(&worker(), 9, LEASE, at(5 * SECOND + 1));
    let until = Some(at(7 * SECOND));
    assert_eq!((parked.jobs.len(), parked.next), (0, until));
    assert_eq!(partition.account(&tenant(0)).unwrap().standing, Standing::Parked(Blocked::Credits { until }));
    assert!(partition.job_claim(&worker(), 9, LEASE, at(7 * SECOND - 1)).jobs.is_empty());
    assert_eq!(partition.job_claim(&worker(), 9, LEASE, at(7 * SECOND)).jobs.len(), 1);
}

#[test]
fn a_job_that_cannot_be_paid_holds_nobody_back_once_it_is_cancelled() {
    let mut partition = Partition::new(purse(10), 0);
    partition.job_submit(job(&tenant(0), 1, 10), at(0)).unwrap();
    partition.job_submit(job(&tenant(0), 2, 9), at(0)).unwrap();
    turn(&mut partition, "t", 1, 0);
    let claimed = partition.job_claim(&worker(), 9, LEASE, at(0));
    assert_eq!((claimed.jobs.len(), claimed.next), (0, None), "no refill will help");
    assert_eq!(claimed.parked, [(tenant(0), Blocked::Credits { until: None })]);
    partition.job_cancel(&job(&tenant(0), 1, 1).id, at(1)).unwrap();
    assert_eq!(claim_one(&mut partition, 1).cost, MicroCredits(9));
}

#[test]
fn a_job_that_goes_before_one_that_cannot_be_paid_does_not_wait_for_it() {
    let mut partition = Partition::new(purse(10), 0);
    partition.job_submit(job(&tenant(0), 1, 10), at(0)).unwrap();
    turn(&mut partition, "t", 1, 0);
    assert!(partition.job_claim(&worker(), 9, LEASE, at(0)).jobs.is_empty());
    partition.job_submit(job(&tenant(0), 2, 1), at(1)).unwrap();
    assert!(partition.job_claim(&worker(), 9, LEASE, at(1)).jobs.is_empty(), "behind it: in order");
    let mut urgent = job(&tenant(0), 3, 9);
    urgent.priority = 9;
    partition.job_submit(urgent, at(2)).unwrap();
    assert_eq!(claim_one(&mut partition, 2).cost, MicroCredits(9));
}

#[test]
fn m19_a_tenant_runs_no_more_than_its_cap_and_a_partition_no_more_than_its_capacity() {
    let mut partition = Partition::new(Quota { max_running: 2, ..rich() }, 3);
    for n in 0..10 {
        partition.job_submit(job(&tenant(n % 2), n, 1), at(0)).unwrap();
    }
    let claimed = partition.job_claim(&worker(), 10, LEASE, at(0)).jobs;
    assert_eq!(claimed.len(), 3);
    partition.lease_finalize(finish(&claimed[1], succeeded(), 1), 0, at(1)).unwrap();
    assert_eq!(partition.job_claim(&worker(), 10, LEASE, at(1)).jobs.len(), 1);
    partition.capacity = 0;
    assert_eq!(partition.job_claim(&worker(), 10, LEASE, at(2)).jobs.len(), 1, "two each");
    let standings: Vec<Standing> = (0..2).map(|n| partition.account(&tenant(n)).unwrap().standing).collect();
    assert_eq!(standings, [Standing::Capped, Standing::Capped]);
    let raised = QuotaPatch { max_running: Some(3), ..QuotaPatch::default() };
    partition.quota_set(&tenant(0), &raised, at(3)).unwrap();
    assert_eq!(partition.job_claim(&worker(), 10, LEASE, at(3)).jobs.len(), 1);
}

// --- RENEW ------------------------------------------------------------------------------------------------------------

#[test]
fn m7_a_renewal_keeps_a_lease_and_says_cancel_and_lost() {
    let mut partition = Partition::new(rich(), 0);
    partition.job_submit(job(&tenant(0), 1, 5), at(0)).unwrap();
    let leased = claim_one(&mut partition, 0);
    for round in 1..10 {
        let now = at(round * 20 * SECOND);
        assert_eq!(partition.lease_renew(&renewal(&leased, None), now), Renewed::Continue { lease_until: now + LEASE });
        let reaped = partition.jobs_reap(10, 0, now + Duration::from_secs(15));
        assert_eq!(reaped.requeued, 0, "m10: who renews is not reaped, however old the job is");
    }
    partition.job_cancel(&leased.id, at(181 * SECOND)).unwrap();
    let answer = partition.lease_renew(&renewal(&leased, None), at(182 * SECOND));
    assert_eq!(answer, Renewed::Cancel { lease_until: at(212 * SECOND), reason: "cancelled" });
    let stale = Leased { epoch: JobEpoch(leased.epoch.0 - 1), ..leased.clone() };
    assert_eq!(partition.lease_renew(&renewal(&stale, None), at(183 * SECOND)), Renewed::Lost);
    assert_eq!(partition.lease_renew(&renewal(&leased, None), at(212 * SECOND)), Renewed::Lost, "it lapsed just now");
    assert_eq!(partition.jobs_reap(10, 0, at(212 * SECOND)).requeued, 0);
    assert_eq!(partition.job(&leased.id).unwrap().state, JobState::Cancelled { at: at(212 * SECOND) });
}

#[test]
fn a_renewal_raises_a_hold_or_says_cancel_and_never_lowers_it() {
    let mut partition = Partition::new(purse(10), 0);
    partition.job_submit(job(&tenant(0), 1, 4), at(0)).unwrap();
    let leased = claim_one(&mut partition, 0);
    partition.lease_renew(&renewal(&leased, Some(7)), at(1));
    assert_eq!(money(&partition, &tenant(0)), (3, 7));
    partition.lease_renew(&renewal(&leased, Some(2)), at(2));
    assert_eq!(money(&partition, &tenant(0)), (3, 7));
    for need in [11, i64::MAX] {
        let answer = partition.lease_renew(&renewal(&leased, Some(need)), at(3));
        assert!(matches!(answer, Renewed::Cancel { reason: "credits", .. }), "{need}");
    }
    partition.lease_finalize(finish(&leased, succeeded(), 6), 0, at(4)).unwrap();
    assert_eq!(money(&partition, &tenant(0)), (4, 0));
}

// --- FINALIZE ---------------------------------------------------------------------------------------------------------

#[test]
fn m13_each_failure_refunds_and_is_tried_again_until_attempts_are_spent_and_an_operator_may_retry() {
    let mut partition = Partition::new(purse(10), 0);
    partition.job_submit(job(&tenant(0), 1, 10), at(0)).unwrap();
    let mut now = 0;
    for (attempt, pause) in [(1, 5), (2, 10), (3, 0)] {
        let leased = claim_one(&mut partition, now);
        assert_eq!(leased.attempt, attempt);
        let label = partition.lease_finalize(finish(&leased, failed(), 0), 0, at(now)).unwrap();
        assert_eq!(label, if attempt < 3 { "delayed" } else { "dead" });
        assert_eq!(money(&partition, &tenant(0)), (10, 0));
        now += pause * SECOND;
    }
    let id = job(&tenant(0), 1, 1).id;
    assert_eq!(partition.job(&id).unwrap().result.as_deref(), Some("no"));
    partition.job_retry(&id, at(now)).unwrap();
    assert!(partition.job_retry(&id, at(now)).is_err(), "it waits already");
    assert_eq!(claim_one(&mut partition, now).attempt, 1);
}

#[test]
fn a_failure_that_no_attempt_can_help_is_dead_at_once_and_what_it_used_is_charged() {
    let mut partition = Partition::new(purse(10), 0);
    partition.job_submit(job(&tenant(0), 1, 4), at(0)).unwrap();
    let leased = claim_one(&mut partition, 0);
    let outcome = Outcome::Failed { error: "no".into(), retry: false };
    assert_eq!(partition.lease_finalize(finish(&leased, outcome, 3), 0, at(1)).unwrap(), "dead");
    assert_eq!(money(&partition, &tenant(0)), (7, 0));
}

#[test]
fn m4_hostile_numbers_of_use_are_bounded() {
    let quota = Quota { budget: Some(Budget { period: Period::Day, limit: MAX_AMOUNT, hard: true }), ..purse(10) };
    let mut partition = Partition::new(quota, 0);
    for (n, used, left) in [(1, -5, 10), (2, i64::MIN, 10), (3, i64::MAX, 0)] {
        partition.job_submit(job(&tenant(0), n, 1), at(0)).unwrap();
        let epoch = admitted(turn(&mut partition, &n.to_string(), 1, 0));
        let leased = claim_one(&mut partition, 0);
        partition.lease_finalize(finish(&leased, succeeded(), used), 0, at(1)).unwrap();
        partition.turn_settle(&tenant(0), &n.to_string(), epoch, MicroCredits(used), at(1)).unwrap();
        assert_eq!(money(&partition, &tenant(0)), (left, 0), "{used}");
    }
    assert!(partition.outbox().iter().all(|row| row.deltas.spent.0 >= 0 && row.deltas.adjusted.0 >= 0));
    assert!(partition.account(&tenant(0)).unwrap().tag <= 3 * MAX_COST.0);
}

#[test]
fn a_released_job_costs_nothing_and_counts_no_attempt() {
    let mut partition = Partition::new(purse(10), 0);
    partition.job_submit(NewJob { max_attempts: 1, ..job(&tenant(0), 1, 4) }, at(0)).unwrap();
    for round in 0..5 {
        let leased = claim_one(&mut partition, round * SECOND);
        assert_eq!(leased.attempt, 1);
        let outcome = Outcome::Released { after: Duration::from_secs(1) };
        partition.lease_finalize(finish(&leased, outcome, 4), 0, at(round * SECOND)).unwrap();
        assert_eq!(money(&partition, &tenant(0)), (10, 0));
    }
}

#[test]
fn m21_nobody_finalizes_what_it_never_had_or_lost() {
    let mut partition = Partition::new(rich(), 0);
    partition.job_submit(NewJob { max_attempts: 1, ..job(&tenant(0), 1, 4) }, at(0)).unwrap();
    let leased = claim_one(&mut partition, 0);
    let conflict = |result: Result<&str>| assert!(matches!(result, Err(Error::Conflict { .. })), "{result:?}");
    let stale = Leased { epoch: JobEpoch(leased.epoch.0 + 1), ..leased.clone() };
    conflict(partition.lease_finalize(finish(&stale, succeeded(), 1), 0, at(1)));
    conflict(partition.lease_finalize(finish(&leased, succeeded(), 1), 0, at(30 * SECOND)));
    partition.jobs_reap(9, 0, at(30 * SECOND));
    conflict(partition.lease_finalize(finish(&leased, succeeded(), 1), 0, at(30 * SECOND)));
    partition.job_retry(&leased.id, at(31 * SECOND)).unwrap();
    conflict(partition.lease_finalize(finish(&leased, succeeded(), 1), 0, at(31 * SECOND)));
    let second = claim_one(&mut partition, 31 * SECOND);
    conflict(partition.lease_finalize(finish(&leased, succeeded(), 1), 0, at(32 * SECOND)));
    assert_eq!(partition.lease_finalize(finish(&second, succeeded(), 1), 0, at(32 * SECOND)).unwrap(), "succeeded");
    let before = partition.position();
    assert_eq!(partition.lease_finalize(finish(&second, failed(), 9), 0, at(99 * SECOND)).unwrap(), "succeeded");
    assert_eq!(partition.position(), before, "a repeat does nothing");
    let unknown = Leased { id: job(&tenant(5), 5, 1).id, ..second };
    let missing = partition.lease_finalize(finish(&unknown, succeeded(), 1), 0, at(99 * SECOND));
    assert!(matches!(missing, Err(Error::NotFound { .. })));
}

#[test]
fn m8_a_pointer_is_swapped_only_by_the_owner_and_with_its_result() {
    let mut partition = Partition::new(rich(), 0);
    for n in 1..=2 {
        partition.job_submit(job(&tenant(0), n, 4), at(0)).unwrap();
    }
    let swap = |pointer: &str| Outcome::Succeeded { result: "r".into(), pointer: Some(pointer.into()) };
    let first = claim_one(&mut partition, 0);
    partition.lease_finalize(finish(&first, swap("one"), 1), 0, at(1)).unwrap();
    let second = claim_one(&mut partition, 2);
    assert_eq!(second.pointer.as_deref(), Some("one"));
    partition.lease_finalize(finish(&second, swap("zombie"), 1), 0, at(2 + 30 * SECOND)).unwrap_err();
    partition.lease_finalize(finish(&first, swap("repeat"), 1), 0, at(3)).unwrap();
    assert_eq!(partition.pointer(&tenant(0), &AgentId::default()), Some("one"));
}

#[test]
fn m20_what_is_over_is_forgotten_in_time() {
    let mut partition = Partition::new(rich(), 0);
    for (n, outcome) in [(1, succeeded()), (2, Outcome::Failed { error: "no".into(), retry: false })] {
        partition.job_submit(job(&tenant(0), n, 4), at(0)).unwrap();
        let leased = claim_one(&mut partition, 0);
        partition.lease_finalize(finish(&leased, outcome, 1), 0, at(0)).unwrap();
    }
    partition.forget_expired(at(0) + KEEP_FINISHED);
    assert_eq!(partition.jobs().count(), 1);
    partition.forget_expired(at(0) + KEEP_DEAD);
    assert_eq!(partition.jobs().count(), 0);
}

// --- REAP -------------------------------------------------------------------------------------------------------------

#[test]
fn m10_the_reaper_takes_a_lease_only_when_it_lapsed_and_says_what_comes_next() {
    let mut partition = Partition::new(rich(), 0);
    for n in 0..3 {
        partition.job_submit(NewJob { max_attempts: 2, ..job(&tenant(0), n, 4) }, at(0)).unwrap();
        claim_one(&mut partition, i64::try_from(n).unwrap() * SECOND);
    }
    let reaped = partition.jobs_reap(10, 0, at(30 * SECOND - 1));
    assert_eq!((reaped.requeued, reaped.more, reaped.next), (0, false, Some(at(30 * SECOND))));
    let reaped = partition.jobs_reap(1, 0, at(31 * SECOND));
    assert_eq!((reaped.requeued, reaped.more), (1, true));
    let reaped = partition.jobs_reap(10, 0, at(31 * SECOND));
    assert_eq!((reaped.requeued, reaped.more, reaped.next), (1, false, Some(at(32 * SECOND))));
    partition.jobs_reap(10, 0, at(32 * SECOND));
    for _ in 0..3 {
        claim_one(&mut partition, 100 * SECOND);
    }
    assert_eq!(partition.jobs_reap(10, 0, at(130 * SECOND)).dead, 3, "no attempt is left");
    assert_eq!((partition.recovered(), partition.account(&tenant(0)).unwrap().running), (6, 0));
}

#[test]
fn as_many_lapsed_turns_as_may_be_reaped_at_once_say_that_there_are_more() {
    let mut partition = Partition::new(rich(), 0);
    for n in 0..3 {
        admitted(turn(&mut partition, &n.to_string(), 1, 0));
    }
    let reaped = partition.jobs_reap(2, 0, at(30 * SECOND));
    assert_eq!((reaped.turns, reaped.more), (2, true));
    let reaped = partition.jobs_reap(2, 0, at(30 * SECOND));
    assert_eq!((reaped.turns, reaped.more, reaped.next), (1, false, None));
}

// --- turns ------------------------------------------------------------------------------------------------------------

#[test]
fn a_turn_is_charged_once_by_whoever_admitted_it_last() {
    let mut partition = Partition::new(purse(10), 0);
    let first = admitted(turn(&mut partition, "k", 4, 0));
    let second = admitted(turn(&mut partition, "k", 9, 1));
    assert!(second > first);
    assert_eq!(money(&partition, &tenant(0)), (6, 4), "a repeat holds nothing more");
    assert!(partition.turn_settle(&tenant(0), "k", first, MicroCredits(1), at(2)).is_err());
    partition.turn_settle(&tenant(0), "k", second, MicroCredits(3), at(2)).unwrap();
    partition.turn_settle(&tenant(0), "k", second, MicroCredits(3), at(3)).unwrap();
    assert_eq!(turn(&mut partition, "k", 4, 4), TurnAdmission::Settled);
    assert_eq!(money(&partition, &tenant(0)), (7, 0));
    let third = admitted(turn(&mut partition, "l", 4, 5));
    assert_eq!(partition.jobs_reap(9, 0, at(5 + 30 * SECOND)).turns, 1);
    assert!(partition.turn_settle(&tenant(0), "l", third, MicroCredits(3), at(6 + 30 * SECOND)).is_err());
    assert_eq!(money(&partition, &tenant(0)), (7, 0));
    assert_eq!(turn(&mut partition, "m", 8, 7), TurnAdmission::Blocked(Blocked::Credits { until: None }));
}

#[test]
fn use_of_a_turn_beyond_its_hold_is_the_tenants_if_it_has_it_and_else_the_operators() {
    let mut partition = Partition::new(purse(10), 0);
    let epoch = admitted(turn(&mut partition, "a", 4, 0));
    partition.turn_settle(&tenant(0), "a", epoch, MicroCredits(7), at(1)).unwrap();
    assert_eq!(money(&partition, &tenant(0)), (3, 0));
    let epoch = admitted(turn(&mut partition, "b", 2, 2));
    partition.turn_settle(&tenant(0), "b", epoch, MicroCredits(7), at(3)).unwrap();
    assert_eq!(money(&partition, &tenant(0)), (0, 0));
    let row = partition.outbox().last().unwrap();
    assert_eq!((row.deltas.spent.0, row.deltas.adjusted.0), (7, 4));
}

// --- accounts ---------------------------------------------------------------------------------------------------------

#[test]
fn a_grant_is_given_once_a_name_and_wakes_who_waited_for_it() {
    let mut partition = Partition::new(purse(10), 0);
    partition.job_submit(job(&tenant(0), 1, 10), at(0)).unwrap();
    turn(&mut partition, "t", 1, 0);
    assert!(partition.job_claim(&worker(), 1, LEASE, at(0)).jobs.is_empty());
    let grant = Grant { expires_at: at(100), amount: MicroCredits(1) };
    for _ in 0..3 {
        partition.credits_grant(&tenant(0), "gift", grant, at(1)).unwrap();
    }
    assert_eq!(claim_one(&mut partition, 2).cost, MicroCredits(10));
    assert_eq!(money(&partition, &tenant(0)), (0, 11));
}

#[test]
fn a_closed_tenant_leaves_nothing_and_all_it_had_is_booked() {
    let mut partition = Partition::new(purse(100), 0);
    for n in 0..6 {
        partition.job_submit(job(&tenant(0), n, 5), at(0)).unwrap();
    }
    partition.job_submit(job(&tenant(1), 1, 5), at(0)).unwrap();
    let leased = claim_one(&mut partition, 0);
    turn(&mut partition, "t", 7, 0);
    let mut rounds = 0;
    while partition.tenant_close(&tenant(0), 2, at(1)) {
        rounds += 1;
    }
    assert_eq!(rounds, 3);
    let position = partition.position();
    assert!(!partition.tenant_close(&tenant(0), 2, at(2)));
    assert_eq!(partition.position(), position, "a repeat books nothing");
    let row = partition.outbox().last().unwrap();
    assert_eq!((row.kind, row.deltas.expired.0, &row.after.held), (RowKind::Close, 100, &MicroCredits::ZERO));
    assert!(partition.account(&tenant(0)).is_none() && partition.leases().next().is_none());
    assert!(partition.lease_finalize(finish(&leased, succeeded(), 1), 0, at(3)).is_err());
    assert_eq!(claim_one(&mut partition, 3).id.tenant(), &tenant(1));
}
