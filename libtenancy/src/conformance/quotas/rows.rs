//! The rows for the ledger, the closing of an account, and a store that forgot.

use std::time::Duration;

use futures::future::join_all;

use super::{
    DAY, MINUTE, SECOND, audited, balance, busy, claim, claim_one, credits, end, failed, forever, id, job, job_id,
    submit_many, succeeded, with_purse,
};
use crate::{
    clock::{Clock, ManualClock},
    credits::MicroCredits,
    error::Error,
    jobs::{AgentId, JobEpoch, JobState, LEASE, Outcome},
    ledger::{After, RowKind},
    partition::{EndedTurn, FORGOTTEN, QuotaPatch, Rollback, SettledJob, TurnAdmission},
    ports::jobs::Jobs,
    ports::quotas::Quotas,
    quota::{Budget, Grant, Period, Quota},
    tenant::TenantId,
};

pub async fn rows_come_in_order_without_a_gap<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    for tenant in ["acme", "beta"] {
        busy(port, clock, tenant).await;
    }
    let outbox = port.outbox_read(0, 1_000).await.unwrap();
    let seqs: Vec<u64> = outbox.rows.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, (1..=outbox.seq).collect::<Vec<_>>());
    assert!(outbox.rows.iter().all(|row| row.incarnation == 1));
    audited(port).await;
}

pub async fn rows_say_what_a_job_did_step_by_step<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let before = port.outbox_read(0, 100).await.unwrap().seq;
    submit_many(port, "acme", 1, 1, 5).await;
    claim_one(port).await;
    clock.advance(LEASE);
    port.jobs_reap(0, 10).await.unwrap();
    clock.advance(MINUTE);
    let leased = claim_one(port).await;
    end(port, &leased, succeeded(), 3).await.unwrap();
    port.outbox_trim(0, before).await.unwrap();
    let rows = port.outbox_read(0, 100).await.unwrap().rows;
    let said: Vec<(RowKind, u32, &str, i64, i64)> = rows
        .iter()
        .map(|row| {
            let whole = |credits: MicroCredits| credits.0 / crate::credits::CREDIT;
            (row.kind, row.attempt, row.label.as_str(), whole(row.deltas.held), whole(row.deltas.spent))
        })
        .collect();
    assert_eq!(
        said,
        [
            (RowKind::Hold, 1, "claim", 5, 0),
            (RowKind::Reclaim, 1, "retry", -5, 0),
            (RowKind::Hold, 2, "claim", 5, 0),
            (RowKind::Settle, 2, "succeeded", -5, 3),
        ]
    );
    for row in &rows {
        assert_eq!((&row.tenant, row.reference.as_str()), (&acme, job_id("acme", 1).serial()));
        assert_eq!(row.agent, Some(AgentId::default()));
    }
    let account = port.account_get(&acme).await.unwrap().unwrap();
    assert_eq!(rows[3].after, After::from(&account));
    assert_eq!(rows[3].at, clock.now());
}

pub async fn trimmed_rows_are_gone_and_a_repeat_does_nothing<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    busy(port, clock, "acme").await;
    let whole = port.outbox_read(0, 100).await.unwrap();
    for _ in 0..2 {
        port.outbox_trim(0, 3).await.unwrap();
        let left = port.outbox_read(0, 100).await.unwrap();
        assert_eq!((left.seq, &left.rows[..]), (whole.seq, &whole.rows[3..]));
    }
    port.outbox_trim(0, whole.seq).await.unwrap();
    assert_eq!(port.outbox_read(0, 100).await.unwrap().rows, []);
    port.usage_record(&id("acme"), RowKind::Warm, "1", 1).await.unwrap();
    let next = port.outbox_read(0, 100).await.unwrap();
    assert_eq!((next.rows.len(), next.rows[0].seq), (1, whole.seq + 1), "numbers go on");
}

pub async fn an_outbox_is_read_from_its_oldest_row_up_to_the_limit<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    busy(port, clock, "acme").await;
    let seq = port.outbox_read(0, 100).await.unwrap().seq;
    let mut read = Vec::new();
    loop {
        let page = port.outbox_read(0, 2).await.unwrap();
        assert_eq!(page.seq, seq);
        let Some(last) = page.rows.last() else { break };
        assert!(page.rows.len() <= 2);
        port.outbox_trim(0, last.seq).await.unwrap();
        read.extend(page.rows.iter().map(|row| row.seq));
    }
    assert_eq!(read, (1..=seq).collect::<Vec<_>>());
}

pub async fn waiting_for_rows_ends_when_there_is_one_or_at_its_time<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    port.outbox_wait(0, clock.now() + Duration::from_millis(20)).await.unwrap();
    for n in 0..5_u32 {
        let until = clock.now() + MINUTE * 60;
        let (acme, reference) = (id("acme"), n.to_string());
        let (waited, booked) =
            tokio::join!(port.outbox_wait(0, until), port.usage_record(&acme, RowKind::Warm, &reference, 1));
        waited.unwrap();
        booked.unwrap();
        let seq = port.outbox_read(0, 10).await.unwrap().seq;
        port.outbox_trim(0, seq).await.unwrap();
    }
}

/// A small generator of numbers that repeats itself from case to case (D. Knuth's MMIX constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// One step of any kind on one of three tenants.
async fn any_step<P: Jobs + Quotas>(port: &P, clock: &ManualClock, numbers: &mut Numbers, n: u32) {
    let name = ["acme", "beta", "gamma"][usize::try_from(numbers.below(3)).unwrap()];
    let tenant = id(name);
    let amount = i64::try_from(1 + numbers.below(900)).unwrap();
    match numbers.below(10) {
        0..=2 => submit_many(port, name, n, 1, amount).await,
        3..=5 => {
            for leased in claim(port, 3).await {
                let outcome = match numbers.below(5) {
                    0 => continue,
                    1 => failed(),
                    2 => Outcome::Released { after: SECOND },
                    _ => succeeded(),
                };
                let used = i64::try_from(numbers.below(1_000)).unwrap();
                end(port, &leased, outcome, used).await.unwrap();
            }
        }
        6 => {
            let key = numbers.below(20).to_string();
            let admitted = port.turn_admit(&tenant, &AgentId::default(), &key, credits(amount), MINUTE).await.unwrap();
            if let TurnAdmission::Admitted { epoch } = admitted
                && numbers.below(3) > 0
            {
                let used = credits(i64::try_from(numbers.below(1_500)).unwrap());
                port.turn_settle(&tenant, &key, epoch, used).await.unwrap();
            }
        }
        7 => {
            let grant = Grant { expires_at: clock.now() + SECOND * 60, amount: credits(amount) };
            port.credits_grant(&tenant, &format!("g{n}"), grant).await.unwrap();
        }
        8 => {
            let patch = QuotaPatch { rate: Some(MicroCredits(amount * 7_919)), ..QuotaPatch::default() };
            port.quota_set(&tenant, &patch).await.unwrap();
        }
        _ => {
            port.jobs_reap(0, 10).await.unwrap();
        }
    }
    clock.advance(Duration::from_micros(numbers.below(5_000_000)));
}

pub async fn m23_no_credit_is_made_or_lost_by_a_thousand_steps<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let mut numbers = Numbers(1);
    for n in 0..1_000 {
        any_step(port, clock, &mut numbers, n).await;
    }
    let result = audited(port).await;
    for (tenant, totals) in &result.tenants {
        port.quota_set(tenant, &QuotaPatch::default()).await.unwrap();
        assert!(totals.spent > MicroCredits::ZERO && totals.refilled > MicroCredits::ZERO);
    }
    for (tenant, totals) in audited(port).await.tenants {
        let (available, held) = balance(port, tenant.as_str()).await;
        assert_eq!((totals.available, totals.held), (available, held), "rows and account agree");
        let holds: MicroCredits = held_by_jobs(port, &tenant).await;
        assert!(holds <= held);
    }
    let swept = port.jobs_sweep(0).await.unwrap();
    assert_eq!((swept.unleased, swept.unqueued, swept.orphans), (0, 0, 0));
}

async fn held_by_jobs<P: Jobs>(port: &P, tenant: &TenantId) -> MicroCredits {
    let filter = crate::ports::jobs::JobFilter { tenant: Some(tenant.clone()), state: None };
    port.job_list(&filter, None, 10_000).await.unwrap().iter().map(|job| job.hold.amount).sum()
}

pub async fn m23_no_credit_is_made_or_lost_by_concurrent_steps<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    with_purse(port, "acme", 1_000).await;
    submit_many(port, "acme", 0, 60, 10).await;
    let workers = (0..6).map(|_| async {
        let mut done = 0;
        for _ in 0..30 {
            for leased in claim(port, 2).await {
                end(port, &leased, succeeded(), 7).await.unwrap();
                done += 1;
            }
        }
        done
    });
    assert_eq!(join_all(workers).await.into_iter().sum::<i32>(), 60);
    assert_eq!(balance(port, "acme").await, (credits(1_000 - 420), credits(0)));
    audited(port).await;
    clock.advance(SECOND);
}

async fn close<P: Quotas>(port: &P, tenant: &TenantId) -> u32 {
    let mut steps = 1;
    while port.tenant_close(tenant).await.unwrap() {
        steps += 1;
        assert!(steps < 10_000, "it never ends");
    }
    steps
}

pub async fn a_closed_tenant_is_forgotten_and_its_rows_balance<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = id("acme");
    busy(port, clock, "acme").await;
    port.credits_grant(&acme, "gift", forever(5)).await.unwrap();
    close(port, &acme).await;
    assert_eq!(port.account_get(&acme).await.unwrap(), None);
    for n in [0, 1, 2, 3, 9] {
        assert_eq!(port.job_get(&job_id("acme", n)).await.unwrap(), None);
    }
    clock.advance(DAY);
    assert_eq!(claim(port, 10).await, []);
    assert_eq!(port.queue_view(0).await.unwrap().ready_count, 0);
    let outbox = port.outbox_read(0, 1_000).await.unwrap();
    assert_eq!(outbox.rows.last().unwrap().kind, RowKind::Close);
    close(port, &acme).await;
    assert_eq!(port.outbox_read(0, 1_000).await.unwrap().seq, outbox.seq, "a repeat does nothing");
    let result = audited(port).await;
    assert_eq!((result.tenants[&acme].held, result.tenants[&acme].available), (credits(0), credits(0)));
    // One of the same name begins anew.
    port.credits_grant(&acme, "gift", forever(5)).await.unwrap();
    assert_eq!(balance(port, "acme").await.0, credits(3_605));
    submit_many(port, "acme", 0, 1, 1).await;
    assert_eq!(claim_one(port).await.pointer, None);
    audited(port).await;
}

pub async fn a_closed_tenant_loses_its_leases_and_turns<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = id("acme");
    port.capacity_set(0, 1).await.unwrap();
    submit_many(port, "acme", 0, 1, 5).await;
    let leased = claim_one(port).await;
    let admitted = port.turn_admit(&acme, &AgentId::default(), "7", credits(3), MINUTE).await.unwrap();
    let TurnAdmission::Admitted { epoch } = admitted else { panic!("{admitted:?}") };
    close(port, &acme).await;
    assert!(matches!(end(port, &leased, succeeded(), 5).await, Err(Error::NotFound { .. })));
    assert!(matches!(port.turn_settle(&acme, "7", epoch, credits(1)).await, Err(Error::Conflict { .. })));
    let result = audited(port).await;
    assert_eq!((result.tenants[&acme].spent, result.tenants[&acme].held), (credits(0), credits(0)));
    submit_many(port, "beta", 0, 1, 5).await;
    claim_one(port).await;
}

pub async fn closing_a_tenant_leaves_the_others<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    for tenant in ["acme", "acme-2", "acm"] {
        busy(port, clock, tenant).await;
    }
    let others = [id("acme-2"), id("acm")];
    let mut before = Vec::new();
    for tenant in &others {
        before.push((port.account_get(tenant).await.unwrap(), held_by_jobs(port, tenant).await));
    }
    close(port, &id("acme")).await;
    for (tenant, before) in others.iter().zip(before) {
        assert_eq!((port.account_get(tenant).await.unwrap(), held_by_jobs(port, tenant).await), before);
    }
    audited(port).await;
}

pub async fn a_large_tenant_is_closed_in_several_steps<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    for from in 0..6 {
        submit_many(port, "acme", from * 400, 400, 1).await;
    }
    assert!(close(port, &id("acme")).await > 1, "each step does a bounded part");
    let filter = crate::ports::jobs::JobFilter { tenant: Some(id("acme")), state: None };
    assert_eq!(port.job_list(&filter, None, 10).await.unwrap(), []);
    assert_eq!(claim(port, 10).await, []);
    audited(port).await;
}

pub async fn a_store_that_forgot_does_nothing<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = id("acme");
    busy(port, clock, "acme").await;
    let outbox = port.outbox_read(0, 100).await.unwrap();
    port.position_seen(0, outbox.seq);
    let leased = claim_one(port).await;
    let outbox = port.outbox_read(0, 100).await.unwrap();
    let jobs = port.job_list(&crate::ports::jobs::JobFilter::default(), None, 100).await.unwrap();
    // Somebody saw a row that the store does not have.
    port.position_seen(0, outbox.seq + 1);
    let behind = |error: Error| assert!(matches!(error, Error::Behind { partition: 0 }), "{error:?}");
    behind(port.jobs_submit(vec![job("acme", 50, 1)]).await.unwrap_err());
    behind(port.jobs_claim(0, &super::super::jobs::worker(), 1, LEASE).await.unwrap_err());
    let finish = super::super::jobs::finish(&leased, succeeded(), 1);
    behind(port.leases_finalize(vec![finish]).await.unwrap_err());
    behind(port.job_cancel(&leased.id).await.unwrap_err());
    behind(port.jobs_reap(0, 10).await.unwrap_err());
    behind(port.quota_set(&acme, &QuotaPatch::default()).await.unwrap_err());
    behind(port.credits_grant(&acme, "gift", forever(1)).await.unwrap_err());
    behind(port.turn_admit(&acme, &AgentId::default(), "1", credits(1), MINUTE).await.unwrap_err());
    behind(port.turn_settle(&acme, "1", JobEpoch(1), credits(1)).await.unwrap_err());
    behind(port.usage_record(&acme, RowKind::Warm, "1", 1).await.unwrap_err());
    behind(port.tenant_close(&acme).await.unwrap_err());
    assert_eq!(port.outbox_read(0, 100).await.unwrap(), outbox, "it still says what it has");
    assert_eq!(port.position_highest(0), outbox.seq + 1);
    let rollback = Rollback { incarnation: 2, seq: outbox.seq + 1, ..Rollback::default() };
    port.partition_rollback(0, &rollback).await.unwrap();
    assert_eq!(port.job_list(&crate::ports::jobs::JobFilter::default(), None, 100).await.unwrap(), jobs);
    assert_eq!(end(port, &leased, succeeded(), 1).await.unwrap(), "succeeded");
}

pub async fn the_highest_position_follows_what_is_done<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    assert_eq!(port.position_highest(0), 0);
    busy(port, clock, "acme").await;
    let seq = port.outbox_read(0, 100).await.unwrap().seq;
    assert_eq!(port.position_highest(0), seq);
    port.position_seen(0, 1);
    assert_eq!(port.position_highest(0), seq, "it never goes back");
    claim_one(port).await;
}

pub async fn a_store_that_forgot_is_told_what_the_ledger_knows<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 0, 5, 5).await;
    let jobs = claim(port, 2).await;
    let seq = port.outbox_read(0, 100).await.unwrap().seq;
    // What it forgot: one running job succeeded, one was tried and failed, a queued one died, another was claimed.
    port.position_seen(0, seq + 6);
    let after = After {
        bucket: credits(6),
        grants: vec![forever(2)],
        held: credits(5),
        refilled_at: clock.now(),
        period_spent: credits(9),
        period_granted: credits(4),
        ..After::default()
    };
    let label = |n: u32, label: &str| SettledJob { id: job_id("acme", n), label: label.to_owned() };
    let plan = Rollback {
        accounts: vec![
            (acme.clone(), after),
            (id("never-seen"), After { bucket: credits(3), refilled_at: clock.now(), ..After::default() }),
        ],
        settled: vec![label(0, "succeeded"), label(1, "retry"), label(2, "dead"), label(77, "succeeded")],
        incarnation: 2,
        seq: seq + 6,
        ..Rollback::default()
    };
    assert_eq!(port.partition_rollback(0, &plan).await.unwrap(), credits(5), "held by a claim that it forgot");
    assert_eq!(balance(port, "acme").await, (credits(13), credits(0)));
    assert_eq!(balance(port, "never-seen").await.0, credits(3));
    let account = port.account_get(&acme).await.unwrap().unwrap();
    let period = (account.period_spent, account.period_granted);
    assert_eq!((account.running, period, account.grants), (0, (credits(9), credits(4)), vec![forever(2)]));
    let job = port.job_get(&job_id("acme", 0)).await.unwrap().unwrap();
    assert_eq!((job.state, job.result.as_deref()), (JobState::Succeeded { at: clock.now() }, Some(FORGOTTEN)));
    assert_eq!(port.job_get(&job_id("acme", 2)).await.unwrap().unwrap().state, JobState::Dead { at: clock.now() });
    let outbox = port.outbox_read(0, 100).await.unwrap();
    // What was not trimmed before is still to be copied.
    assert_eq!(outbox.rows.first().map(|row| (row.incarnation, row.seq)), Some((1, 1)));
    let later = outbox.rows.iter().filter(|row| row.seq > seq);
    let said: Vec<(u64, u64, RowKind)> = later.map(|row| (row.incarnation, row.seq, row.kind)).collect();
    assert_eq!(said, [(2, seq + 7, RowKind::Rollback), (2, seq + 8, RowKind::Rollback)]);
    assert_eq!((outbox.incarnation, outbox.seq), (2, seq + 8));
    // Whoever still works on what ended is told so; the rest goes on.
    assert_eq!(end(port, &jobs[0], succeeded(), 5).await.unwrap(), "succeeded");
    assert_eq!(end(port, &jobs[1], failed(), 5).await.unwrap(), "delayed");
    assert_eq!(balance(port, "acme").await, (credits(13), credits(0)));
    let again = claim(port, 10).await;
    let ids: Vec<_> = again.iter().map(|job| job.id.clone()).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(again.iter().all(|job| job.epoch > jobs[1].epoch));
    let swept = port.jobs_sweep(0).await.unwrap();
    assert_eq!((swept.unleased, swept.unqueued, swept.orphans), (0, 0, 0));
}

pub async fn a_store_that_forgot_keeps_what_it_has_and_books_what_nobody_has<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    let acme = with_purse(port, "acme", 20).await;
    submit_many(port, "acme", 0, 1, 5).await;
    let leased = claim_one(port).await;
    port.turn_admit(&acme, &AgentId::default(), "7", credits(3), MINUTE).await.unwrap();
    let seq = port.outbox_read(0, 100).await.unwrap().seq;
    port.position_seen(0, seq + 1);
    // It forgot that another turn began, and its hold.
    let after = After { bucket: credits(5), held: credits(15), refilled_at: clock.now(), ..After::default() };
    let plan = Rollback { accounts: vec![(acme.clone(), after)], incarnation: 2, seq: seq + 1, ..Rollback::default() };
    assert_eq!(port.partition_rollback(0, &plan).await.unwrap(), credits(7));
    assert_eq!(balance(port, "acme").await, (credits(12), credits(8)));
    let row = port.outbox_read(0, 100).await.unwrap().rows.pop().unwrap();
    assert_eq!((row.kind, row.deltas.held, row.after.held), (RowKind::Rollback, -credits(7), credits(8)));
    assert_eq!(end(port, &leased, succeeded(), 5).await.unwrap(), "succeeded");
    clock.advance(MINUTE);
    port.jobs_reap(0, 10).await.unwrap();
    assert_eq!(balance(port, "acme").await, (credits(15), credits(0)));
}

pub async fn a_turn_that_the_ledger_saw_end_holds_nothing_any_more<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    for key in ["charged", "lapsed"] {
        port.turn_admit(&acme, &AgentId::default(), key, credits(3), MINUTE).await.unwrap();
    }
    let seq = port.outbox_read(0, 100).await.unwrap().seq;
    let ended = |key: &str, settled| EndedTurn { tenant: acme.clone(), key: key.to_owned(), settled };
    let after = After { bucket: credits(18), refilled_at: clock.now(), ..After::default() };
    let plan = Rollback {
        accounts: vec![(acme.clone(), after)],
        turns: vec![ended("charged", true), ended("lapsed", false), ended("unknown", true)],
        incarnation: 2,
        seq: seq + 2,
        ..Rollback::default()
    };
    assert_eq!(port.partition_rollback(0, &plan).await.unwrap(), credits(0));
    assert_eq!(balance(port, "acme").await, (credits(18), credits(0)));
    let again = async |key| port.turn_admit(&acme, &AgentId::default(), key, credits(3), MINUTE).await.unwrap();
    for key in ["charged", "unknown"] {
        assert_eq!(again(key).await, TurnAdmission::Settled, "it is not charged again");
    }
    assert!(matches!(again("lapsed").await, TurnAdmission::Admitted { .. }));
}

pub async fn a_quota_that_was_forgotten_is_told<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let budget = Budget { period: Period::Month, limit: credits(50), hard: true };
    let patch = QuotaPatch {
        rate: Some(credits(3)),
        burst: Some(credits(40)),
        weight: Some(7),
        max_running: Some(9),
        budget: Some(Some(budget)),
        ..QuotaPatch::default()
    };
    let set = port.quota_set(&id("rich"), &patch).await.unwrap();
    let row = port.outbox_read(0, 100).await.unwrap().rows.into_iter().rfind(|row| row.kind == RowKind::Configure);
    let quota = Quota::parse(&row.unwrap().label).unwrap();
    assert_eq!(quota, set.quota);
    let period = budget.period.at(clock.now()).0;
    let after = After { bucket: credits(5), refilled_at: clock.now(), period, ..After::default() };
    let plan = Rollback {
        accounts: vec![(acme.clone(), after.clone()), (id("never-seen"), after)],
        quotas: [(acme.clone(), quota), (id("never-seen"), Quota { budget: None, ..quota })].into(),
        incarnation: 2,
        seq: 50,
        ..Rollback::default()
    };
    port.partition_rollback(0, &plan).await.unwrap();
    for (tenant, quota) in &plan.quotas {
        assert_eq!(port.account_get(tenant).await.unwrap().unwrap().quota, *quota, "{tenant}");
    }
}

pub async fn a_repeated_rollback_does_nothing<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let after = After { bucket: credits(5), held: credits(2), refilled_at: clock.now(), ..After::default() };
    let plan = Rollback { accounts: vec![(acme, after)], incarnation: 2, seq: 50, ..Rollback::default() };
    assert_eq!(port.partition_rollback(0, &plan).await.unwrap(), credits(2));
    let outbox = port.outbox_read(0, 100).await.unwrap();
    assert_eq!(port.partition_rollback(0, &plan).await.unwrap(), credits(0));
    let older = Rollback { incarnation: 1, ..plan };
    assert_eq!(port.partition_rollback(0, &older).await.unwrap(), credits(0));
    assert_eq!(port.outbox_read(0, 100).await.unwrap(), outbox);
    assert_eq!(balance(port, "acme").await, (credits(7), credits(0)));
}

pub async fn rows_made_on_forgotten_ground_are_void_or_get_numbers_of_their_own<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    let (acme, beta) = (with_purse(port, "acme", 20).await, with_purse(port, "beta", 20).await);
    let agreed = port.outbox_read(0, 100).await.unwrap().seq;
    // The ledger has other rows of these numbers: they are of acme alone.
    for tenant in ["acme", "beta"] {
        submit_many(port, tenant, 0, 1, 5).await;
    }
    assert_eq!(claim(port, 2).await.len(), 2);
    port.credits_grant(&acme, "anew", forever(4)).await.unwrap();
    port.position_seen(0, agreed + 3);
    let after = After { bucket: credits(2), grants: vec![forever(1)], refilled_at: clock.now(), ..After::default() };
    let plan = Rollback {
        accounts: vec![(acme.clone(), after)],
        agreed: Some(agreed),
        incarnation: 2,
        seq: agreed + 3,
        ..Rollback::default()
    };
    assert_eq!(port.partition_rollback(0, &plan).await.unwrap(), credits(0));
    let rows = port.outbox_read(0, 100).await.unwrap().rows;
    let seqs: Vec<u64> = rows.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, (1..=agreed).chain([agreed + 4, agreed + 5]).collect::<Vec<_>>());
    let [.., kept, booked] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((kept.incarnation, kept.kind, &kept.tenant), (2, RowKind::Hold, &beta));
    assert_eq!((kept.deltas.held, kept.after.held), (credits(5), credits(5)));
    // What acme's job holds is drawn as far as the ledger left something; the rest is the operator's.
    assert_eq!((booked.kind, &booked.tenant), (RowKind::Rollback, &acme));
    assert_eq!((booked.deltas.held, booked.deltas.adjusted), (credits(5), credits(2)));
    assert_eq!(balance(port, "acme").await, (credits(0), credits(5)));
    assert_eq!(balance(port, "beta").await, (credits(15), credits(5)));
    port.credits_grant(&acme, "anew", forever(4)).await.unwrap();
    assert_eq!(balance(port, "acme").await, (credits(4), credits(5)), "a grant whose row is void can be given again");
}

pub async fn forgotten_grants_usage_and_epochs_are_not_given_again<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let after = After { bucket: credits(27), refilled_at: clock.now(), ..After::default() };
    let seq = port.outbox_read(0, 100).await.unwrap().seq;
    let booked =
        vec![(acme.clone(), RowKind::Grant, "gift".to_owned()), (acme.clone(), RowKind::Running, "7".to_owned())];
    let accounts = vec![(acme.clone(), after)];
    let at = clock.now() + 10 * MINUTE;
    let plan =
        Rollback { accounts, booked, at, agreed: Some(seq), incarnation: 2, seq: seq + 2, ..Rollback::default() };
    port.partition_rollback(0, &plan).await.unwrap();
    let position = port.outbox_read(0, 100).await.unwrap().seq;
    port.credits_grant(&acme, "gift", forever(7)).await.unwrap();
    port.usage_record(&acme, RowKind::Running, "7", 5).await.unwrap();
    assert_eq!(balance(port, "acme").await.0, credits(27));
    assert_eq!(port.outbox_read(0, 100).await.unwrap().seq, position);
    submit_many(port, "acme", 0, 1, 5).await;
    // A claim that was forgotten may have been made by a clock that was ahead.
    assert!(claim_one(port).await.epoch.0 > (at + MINUTE).as_micros());
}
