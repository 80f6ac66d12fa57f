//! A store that forgets its last writes: noticed, booked, and everything goes on.

use super::{play::Play, *};
use crate::{ledger::Head, outbox};

/// The store comes back as it was. Whoever knows nothing of what it forgot goes on for `unaware` steps; then the leader looks.
fn forget(play: &mut Play, older: Partition, unaware: u64) -> u64 {
    let seen = play.partition.position().1;
    let last = older.epoch;
    let given = play.leased.iter().map(|leased| leased.epoch).chain(play.turns.iter().map(|(.., epoch)| *epoch));
    play.forgotten.extend(given.filter(|epoch| *epoch > last));
    play.partition = older;
    // A restart takes its time.
    play.now += 1_000_000;
    play.clock = play.partition.clock;
    play.open = play.partition.jobs().filter(|job| !job.state.is_terminal()).map(|job| job.id.clone()).collect();
    // Who is closed and comes again at such a time may book twice what was booked before: that is not promised.
    play.closes = false;
    for _ in 0..unaware {
        // Nobody of them knows a charge that was forgotten, so it may be made again.
        let charges = std::mem::take(&mut play.charges);
        play.step();
        play.charges = charges;
    }
    play.closes = true;
    seen
}

/// What the leader does, as `outbox::copy`; how many rows are lost, or `None` if it noticed nothing.
fn recover(play: &mut Play, seen: u64) -> Option<u64> {
    let position = play.partition.position();
    if position.1 >= play.ledger.head().seq.max(seen) && play.drain(usize::MAX) {
        return None;
    }
    let (outbox, head) = (play.partition.outbox().to_vec(), play.ledger.head());
    let from = outbox.first().map_or(position.1, |row| position.1.min(row.seq - 1));
    let behind = &play.ledger.rows[play.ledger.rows.partition_point(|row| row.seq <= from)..];
    let plan = outbox::plan(position, &outbox, behind, &head, seen);
    assert!(plan.incarnation > position.0 && plan.incarnation > head.incarnation);
    assert!(plan.agreed.is_some() || position.1 < seen, "there is a reason");
    play.partition.rollback(&plan, at(play.now));
    let again = play.partition.clone();
    assert_eq!(play.partition.rollback(&plan, at(play.now)), MicroCredits::ZERO);
    assert_eq!(play.partition.position(), again.position(), "a repeat does nothing");
    for who in &plan.closed {
        play.close(who);
    }
    // A charge that is in the ledger was made; any other is forgotten by all.
    let ledger = &play.ledger;
    play.charges.retain(|(who, reference, _), seq| {
        ledger
            .find(*seq)
            .is_some_and(|row| row.tenant == *who && row.reference == *reference && row.kind == RowKind::Settle)
    });
    play.open = play.partition.jobs().filter(|job| !job.state.is_terminal()).map(|job| job.id.clone()).collect();
    (play.after, play.read) = (BTreeMap::new(), 0);
    for row in play.ledger.rows.iter().chain(play.partition.outbox()) {
        play.after.insert(row.tenant.clone(), row.after.clone());
    }
    Some(plan.seq - if plan.agreed.is_some() { head.seq } else { head.seq.max(position.1) })
}

/// Every account has the quota that the ledger knows of it: that of its last `configure` row since it was opened.
fn quotas_are_as_the_ledger_knows(play: &Play) {
    let mut quotas: BTreeMap<&TenantId, Option<Quota>> = BTreeMap::new();
    for row in &play.ledger.rows {
        match row.kind {
            RowKind::Opening => drop(quotas.insert(&row.tenant, None)),
            RowKind::Configure => drop(quotas.insert(&row.tenant, Quota::parse(&row.label))),
            RowKind::Close => drop(quotas.remove(&row.tenant)),
            _ => {}
        }
    }
    for (tenant, quota) in quotas {
        let known = quota.unwrap_or(play.partition.default_quota.opening(tenant));
        assert_eq!(play.partition.account(tenant).map(|account| account.quota), Some(known), "{tenant}");
    }
}

fn forgetful(seed: u64, unaware: u64) {
    let mut play = Play::new(Dice::seeded(seed));
    let mut copies: Vec<Partition> = Vec::new();
    let (mut forgot, mut lost_rows) = (0, 0);
    for step in 0..steps(1_200) {
        play.step();
        play.check();
        if play.dice.roll(8) == 0 {
            assert!(play.drain(30));
        }
        if play.dice.roll(20) == 0 {
            copies.push(play.partition.clone());
        }
        if step % 97 == 96 && !copies.is_empty() {
            let back = usize::try_from(play.dice.roll(3)).unwrap();
            let older = copies[copies.len().saturating_sub(1 + back)].clone();
            if older.position().1 == play.partition.position().1 {
                // What left no row is forgotten without a trace.
                continue;
            }
            let unaware = play.dice.roll(unaware + 1);
            let seen = forget(&mut play, older, unaware);
            if let Some(lost) = recover(&mut play, seen) {
                (forgot, lost_rows) = (forgot + 1, lost_rows + lost);
                if unaware == 0 && lost == 0 {
                    quotas_are_as_the_ledger_knows(&play);
                }
            } else {
                // Nothing that was forgotten had reached the ledger: it is as if it had never been.
                (play.after, play.read) = (BTreeMap::new(), 0);
                for row in &play.ledger.rows {
                    play.after.insert(row.tenant.clone(), row.after.clone());
                }
                play.charges.retain(|(who, reference, _), seq| {
                    play.ledger.find(*seq).is_some_and(|row| row.tenant == *who && row.reference == *reference)
                });
            }
            play.check();
            // Twice within that time, and unaware: that is not promised.
            play.now += FORGOTTEN_EPOCHS + 1_000_000;
            copies = vec![play.partition.clone()];
        }
    }
    play.settle_down();
    let result = play.finish();
    assert!(forgot > 3, "{forgot}");
    assert_eq!(result.lost_rows, lost_rows);
}

#[test]
fn what_a_store_forgot_is_told_from_the_ledger_and_the_equation_holds_again() {
    for run in 0..3 {
        forgetful(0x0051_7cc1 + run * 104_729, 0);
    }
}

#[test]
fn what_was_done_on_forgotten_ground_is_no_harm_to_the_ledger() {
    for run in 0..5 {
        forgetful(0x00a1_1ce5 + run * 15_485_863, 40);
    }
}

#[test]
fn an_attempt_that_the_ledger_saw_end_is_not_charged_again() {
    let mut partition = Partition::new(Quota { rate: MicroCredits::ZERO, ..rich() }, 0);
    partition.job_submit(job(&tenant(0), 1, 5_000_000), at(0)).unwrap();
    let leased = partition.job_claim(&worker(), 1, LEASE, at(0)).jobs.remove(0);
    let admitted = partition.turn_admit(&tenant(0), &AgentId::default(), "k", MicroCredits(9), LEASE, at(0));
    let TurnAdmission::Admitted { epoch } = admitted else { panic!("{admitted:?}") };
    let older = partition.clone();
    // It failed, was tried again, and the store forgot all of it; the worker never heard the answer and asks again.
    partition.lease_finalize(finish(&leased, failed(), 7), 0, at(1)).unwrap();
    partition.turn_settle(&tenant(0), "k", epoch, MicroCredits(9), at(1)).unwrap();
    assert_eq!(partition.job_claim(&worker(), 1, LEASE, at(6_000_000)).jobs.len(), 1);
    let (ledger, seen) = (partition.outbox().to_vec(), partition.position().1);
    let mut partition = older;
    let head = Head { incarnation: 1, seq: seen, hash: String::new() };
    let plan = outbox::plan(partition.position(), partition.outbox(), &ledger, &head, seen);
    assert_eq!(plan.settled, [SettledJob { id: leased.id.clone(), label: "retry".into() }]);
    assert_eq!(partition.rollback(&plan, at(7_000_000)), MicroCredits(5_000_000), "the second attempt's");
    let position = partition.position();
    let _ = partition.lease_finalize(finish(&leased, failed(), 7), 0, at(7_000_000));
    partition.turn_settle(&tenant(0), "k", epoch, MicroCredits(9), at(7_000_000)).unwrap();
    assert_eq!(partition.position(), position, "nothing is booked twice");
    let spent: i64 = ledger.iter().map(|row| row.deltas.spent.0).sum();
    let account = partition.account(&tenant(0)).unwrap();
    assert_eq!((account.available().0, account.held.0), (rich().burst.0 - spent, 0));
    let again = partition.job_claim(&worker(), 1, LEASE, at(7_000_000)).jobs.remove(0);
    assert!(again.epoch > leased.epoch && again.id == leased.id);
}

#[test]
fn rows_that_were_made_anew_under_numbers_of_the_ledger_are_refused_by_it_and_told_apart() {
    let mut partition = Partition::new(rich(), 0);
    for n in 0..2 {
        partition.job_submit(job(&tenant(n), 1, 5), at(0)).unwrap();
    }
    let older = partition.clone();
    partition.job_claim(&worker(), 1, LEASE, at(1));
    let mut ledger = super::play::Ledger::default();
    assert!(ledger.append(partition.outbox()));
    let mut partition = older;
    // Somebody who has just started goes on, and gets as far as anybody saw: the number alone tells nothing.
    partition.job_claim(&worker(), 2, LEASE, at(2));
    assert!(partition.position().1 > ledger.head().seq);
    assert!(!ledger.append(partition.outbox()), "another row has that number");
    assert_eq!(ledger.audited().violations, []);
    let plan = outbox::plan(partition.position(), partition.outbox(), &ledger.rows, &ledger.head(), 0);
    assert_eq!((plan.agreed, plan.accounts.len()), (Some(2), 1));
    partition.rollback(&plan, at(3));
    assert!(ledger.append(partition.outbox()));
    let result = ledger.audited();
    assert_eq!((result.violations, result.rollbacks), (Vec::new(), 1));
    assert_eq!(result.tenants[&tenant(1)].held, MicroCredits(5), "what the ledger did not know stands");
}

#[test]
fn a_tenant_that_was_closed_is_closed_again() {
    let mut partition = Partition::new(rich(), 0);
    partition.job_submit(job(&tenant(0), 1, 5), at(0)).unwrap();
    partition.job_claim(&worker(), 1, LEASE, at(0));
    let mut older = partition.clone();
    partition.tenant_close(&tenant(0), 9, at(1));
    let head = Head { incarnation: 1, seq: partition.position().1, hash: String::new() };
    let plan = outbox::plan(older.position(), older.outbox(), partition.outbox(), &head, 0);
    assert_eq!(plan.closed, [tenant(0)]);
    older.rollback(&plan, at(2));
    let cancelled = older.job(&job(&tenant(0), 1, 5).id).unwrap();
    assert_eq!(cancelled.state, JobState::Cancelled { at: at(2) }, "nobody works for a closed tenant meanwhile");
    while older.tenant_close(&tenant(0), 9, at(2)) {}
    assert_eq!((older.jobs().count(), older.account(&tenant(0))), (0, None));
    // The other way round: it was closed on forgotten ground.
    let ledger = partition.outbox()[..2].to_vec();
    let mut older = Partition::new(rich(), 0);
    older.job_submit(job(&tenant(0), 2, 5), at(0)).unwrap();
    older.outbox_trim(1);
    older.tenant_close(&tenant(0), 9, at(1));
    let head = Head { incarnation: 1, seq: 2, hash: String::new() };
    assert_eq!(outbox::plan(older.position(), older.outbox(), &ledger, &head, 0).closed, [tenant(0)]);
}

#[test]
fn forgotten_epochs_are_not_given_again_even_by_a_clock_that_is_behind() {
    let mut partition = Partition::new(rich(), 0);
    for n in 0..200 {
        partition.job_submit(job(&tenant(0), n, 5), at(0)).unwrap();
    }
    let mut older = partition.clone();
    let hour = 3_600_000_000;
    let last = partition.job_claim(&worker(), 100, LEASE, at(hour)).jobs.pop().unwrap().epoch;
    let head = Head { incarnation: 1, seq: partition.position().1, hash: String::new() };
    let plan = outbox::plan(older.position(), older.outbox(), partition.outbox(), &head, 0);
    older.rollback(&plan, at(1));
    assert!(older.job_claim(&worker(), 1, LEASE, at(1)).jobs[0].epoch > last);
}
