//! Every driver of the accounts of tenants, together with the queue.
//!
//! Here: quotas, grants and usage. Chat turns: `turns`; the rows for the ledger, closing, and a store that forgot: `rows`.
//! Needs what [`super::jobs`] needs.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

mod rows;
mod turns;

use std::time::Duration;

use futures::future::join_all;

pub use self::{rows::*, turns::*};
use super::{
    id,
    jobs::{
        balance, claim, claim_one, credits, end, failed, job, job_id, purse, submit, submit_many, succeeded, with_purse,
    },
};
use crate::{
    clock::{Clock, ManualClock},
    credits::{MAX_AMOUNT, MicroCredits},
    error::Error,
    jobs::{AgentId, LEASE},
    ledger::{Audit, AuditResult, RowKind},
    partition::{QuotaPatch, TurnAdmission},
    ports::{jobs::Jobs, quotas::Quotas},
    quota::{Blocked, Budget, Count, Grant, MAX_GRANTS, NEVER, Period, Quota, SoFar},
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! quotas_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(quotas, $driver, [$($reason)?], [
            a_tenant_has_no_account_before_its_first_use,
            an_account_is_opened_with_a_full_bucket_by_its_first_use,
            a_quota_is_changed_where_the_patch_says_so,
            a_budget_of_another_period_begins_with_what_was_spent_and_granted_in_it,
            what_no_refill_covers_waits_for_no_new_period,
            what_only_an_expired_grant_would_pay_for_is_refused,
            a_quota_out_of_bounds_is_refused_and_leaves_nothing,
            looking_at_an_account_refills_it_and_writes_nothing,
            m5_looking_often_earns_the_same_as_looking_once,
            m5_a_clock_that_stands_earns_nothing,
            a_lower_burst_expires_what_no_longer_fits,
            a_refund_over_the_burst_stays_until_the_burst_is_lowered,
            a_grant_is_booked_once_a_name,
            ten_concurrent_grants_of_one_name_grant_once,
            m4_a_grant_out_of_bounds_is_refused_and_leaves_nothing,
            no_more_than_the_limit_of_grants_are_live,
            the_bucket_is_used_first_and_then_the_grant_that_expires_first,
            a_grant_expires,
            what_is_not_used_goes_back_to_its_grant,
            what_is_not_used_of_an_expired_grant_is_gone,
            what_grants_left_is_taken_back_once_a_name,
            a_revocation_narrows_the_budget_that_its_grant_widened,
            a_notice_is_given_once_at_80_and_once_at_100_per_cent,
            a_new_period_begins_anew,
            usage_is_booked_once_a_reference,
            m18_a_reference_that_would_break_a_row_is_refused,
            a_turn_holds_credits_until_it_is_settled,
            a_repeated_turn_finds_its_hold_under_a_new_epoch,
            a_settled_turn_costs_nothing_more,
            a_turn_is_settled_by_its_last_owner_only,
            a_turn_whose_holder_fell_silent_gives_its_hold_back,
            a_repeated_turn_does_not_lapse,
            a_turn_without_credit_is_blocked_and_holds_nothing,
            a_name_of_a_grant_is_one_amounts,
            a_grant_widens_a_budget_for_what_is_used_beyond_a_hold_and_no_longer_than_it_lives,
            a_grant_resumes_a_tenant_whose_budget_is_used_up,
            a_turn_by_a_used_up_budget_is_blocked_until_the_period_ends,
            a_turn_that_used_more_pays_what_the_tenant_has,
            ten_concurrent_admissions_of_a_turn_hold_once,
            a_turn_counts_in_the_fair_share_and_not_in_the_capacity,
            a_settled_turn_brings_a_parked_tenant_back,
            rows_come_in_order_without_a_gap,
            rows_say_what_a_job_did_step_by_step,
            trimmed_rows_are_gone_and_a_repeat_does_nothing,
            an_outbox_is_read_from_its_oldest_row_up_to_the_limit,
            waiting_for_rows_ends_when_there_is_one_or_at_its_time,
            m23_no_credit_is_made_or_lost_by_a_thousand_steps,
            m23_no_credit_is_made_or_lost_by_concurrent_steps,
            a_closed_tenant_is_forgotten_and_its_rows_balance,
            a_closed_tenant_loses_its_leases_and_turns,
            closing_a_tenant_leaves_the_others,
            a_large_tenant_is_closed_in_several_steps,
            a_store_that_forgot_does_nothing,
            the_highest_position_follows_what_is_done,
            a_store_that_forgot_is_told_what_the_ledger_knows,
            a_store_that_forgot_keeps_what_it_has_and_books_what_nobody_has,
            a_turn_that_the_ledger_saw_end_holds_nothing_any_more,
            a_quota_that_was_forgotten_is_told,
            a_repeated_rollback_does_nothing,
            rows_made_on_forgotten_ground_are_void_or_get_numbers_of_their_own,
            forgotten_grants_usage_and_epochs_are_not_given_again,
        ]);
    };
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// The rows of the outbox as an auditor sees them: everything that they promise holds.
pub(super) async fn audited<P: Quotas>(port: &P) -> AuditResult {
    let mut audit = Audit::new(0);
    let outbox = port.outbox_read(0, usize::MAX).await.unwrap();
    let mut hash = String::new();
    for row in &outbox.rows {
        hash = row.chained(&hash);
        audit.row(row, &hash);
    }
    let result = audit.finish();
    assert_eq!(result.violations, []);
    for totals in result.tenants.values() {
        assert_eq!(totals.imbalance(), MicroCredits::ZERO);
    }
    result
}

fn forever(amount: i64) -> Grant {
    Grant { expires_at: NEVER, amount: credits(amount) }
}

pub async fn a_tenant_has_no_account_before_its_first_use<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    assert_eq!(port.account_get(&id("acme")).await.unwrap(), None);
    let outbox = port.outbox_read(0, 10).await.unwrap();
    assert_eq!((outbox.incarnation, outbox.seq, outbox.rows), (1, 0, Vec::new()));
}

pub async fn an_account_is_opened_with_a_full_bucket_by_its_first_use<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 0, 1, 1).await;
    let account = port.account_get(&id("acme")).await.unwrap().unwrap();
    assert_eq!((account.quota, account.bucket, account.held), (Quota::default(), credits(3_600), credits(0)));
    submit_many(port, "acme", 1, 1, 1).await;
    let rows = port.outbox_read(0, 10).await.unwrap().rows;
    assert_eq!(rows.len(), 1, "once");
    assert_eq!((rows[0].kind, rows[0].at, rows[0].deltas.granted), (RowKind::Opening, clock.now(), credits(3_600)));
    audited(port).await;
}

pub async fn a_quota_is_changed_where_the_patch_says_so<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let budget = Budget { period: Period::Week, limit: credits(100), hard: true };
    let patch = QuotaPatch {
        rate: Some(credits(2)),
        burst: Some(credits(5_000)),
        weight: Some(300),
        max_running: Some(4),
        budget: Some(Some(budget)),
        ..QuotaPatch::default()
    };
    let whole = Quota { rate: credits(2), burst: credits(5_000), weight: 300, max_running: 4, budget: Some(budget) };
    assert_eq!(port.quota_set(&id("acme"), &patch).await.unwrap().quota, whole);
    assert_eq!(port.quota_set(&id("acme"), &QuotaPatch::default()).await.unwrap().quota, whole);
    let cleared = QuotaPatch { budget: Some(None), ..QuotaPatch::default() };
    assert_eq!(port.quota_set(&id("acme"), &cleared).await.unwrap().quota, Quota { budget: None, ..whole });
    assert_eq!(port.account_get(&id("acme")).await.unwrap().unwrap().quota, Quota { budget: None, ..whole });
    let kinds: Vec<RowKind> = port.outbox_read(0, 10).await.unwrap().rows.into_iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [RowKind::Opening, RowKind::Configure, RowKind::Configure, RowKind::Configure]);
}

pub async fn a_budget_of_another_period_begins_with_what_was_spent_and_granted_in_it<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    let acme = with_purse(port, "acme", 100).await;
    port.credits_grant(&acme, "gift", forever(7)).await.unwrap();
    let patch = |budget: Period, of: Period, spent, account: Count| {
        let ledger = Count { period: of.at(clock.now()).0, spent: credits(spent), granted: credits(20) };
        let budget = Budget { period: budget, limit: credits(10), hard: true };
        let so_far = SoFar { ledger, account };
        QuotaPatch { budget: Some(Some(budget)), so_far, ..QuotaPatch::default() }
    };
    let set = async |patch: QuotaPatch| port.quota_set(&acme, &patch).await.unwrap().counted();
    let amounts = |count: Count| (count.spent, count.granted);
    let spend = async |turn: &str, amount| {
        let admitted = port.turn_admit(&acme, &AgentId::default(), turn, credits(amount), MINUTE).await.unwrap();
        let TurnAdmission::Admitted { epoch } = admitted else { panic!("{admitted:?}") };
        port.turn_settle(&acme, turn, epoch, credits(amount)).await.unwrap();
    };

    let seen = port.account_get(&acme).await.unwrap().unwrap().counted();
    let count = set(patch(Period::Day, Period::Day, 4, seen)).await;
    assert_eq!(amounts(count), (credits(4), credits(7)), "no wider than by what grants left");
    let count = set(patch(Period::Day, Period::Day, 9, count)).await;
    assert_eq!(amounts(count), (credits(4), credits(7)), "it is no other period");
    let count = set(patch(Period::Month, Period::Month, 12, count)).await;
    assert_eq!(amounts(count), (credits(12), credits(9)), "and by what was used beyond the budget");

    // What ends after the ledger was read is counted too.
    let read = patch(Period::Week, Period::Week, 3, count);
    spend("meanwhile", 2).await;
    let count = set(read).await;
    assert_eq!(count.spent, credits(5));
    // The budget that there was began anew meanwhile: all that it counts is new.
    let read = patch(Period::Day, Period::Day, 3, Count { period: count.period - 1, ..count });
    let count = set(read).await;
    assert_eq!(count.spent, credits(8));
    // Of a period that began after the reading nothing is known.
    let count = set(patch(Period::Month, Period::Day, 3, count)).await;
    assert_eq!(amounts(count), (MicroCredits::ZERO, MicroCredits::ZERO));

    for odd in [
        Count { spent: credits(-1), ..count },
        Count { granted: MAX_AMOUNT + MicroCredits(1), ..count },
        Count { period: -1, ..count },
    ] {
        assert!(port.quota_set(&acme, &patch(Period::Week, Period::Week, 3, odd)).await.is_err(), "{odd:?}");
        assert!(port.quota_set(&acme, &patch(Period::Week, Period::Week, -1, count)).await.is_err());
    }
    audited(port).await;
}

pub async fn what_no_refill_covers_waits_for_no_new_period<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 5).await;
    let budget = Budget { period: Period::Day, limit: credits(5), hard: true };
    port.quota_set(&acme, &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    let blocked = port.turn_admit(&acme, &AgentId::default(), "1", credits(6), MINUTE).await.unwrap();
    assert_eq!(blocked, TurnAdmission::Blocked(Blocked::Credits { until: None }));
}

pub async fn what_only_an_expired_grant_would_pay_for_is_refused<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 5).await;
    let budget = Budget { period: Period::Month, limit: MicroCredits::ZERO, hard: true };
    port.quota_set(&acme, &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    let gift = Grant { expires_at: clock.now() + MINUTE, amount: credits(3) };
    port.credits_grant(&acme, "gift", gift).await.unwrap();
    let mut first = job("acme", 0, 2);
    first.not_before = Some(clock.now() + DAY);
    submit(port, first).await.unwrap();
    assert!(submit(port, job("acme", 1, 4)).await.is_err(), "it is more than the grant");
    clock.advance(MINUTE);
    assert!(submit(port, job("acme", 2, 2)).await.is_err(), "the grant has expired");
    audited(port).await;
}

pub async fn a_quota_out_of_bounds_is_refused_and_leaves_nothing<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let wrong = [
        QuotaPatch { rate: Some(MicroCredits(-1)), ..QuotaPatch::default() },
        QuotaPatch { burst: Some(MAX_AMOUNT + MicroCredits(1)), ..QuotaPatch::default() },
        QuotaPatch { weight: Some(0), ..QuotaPatch::default() },
        QuotaPatch { max_running: Some(0), ..QuotaPatch::default() },
    ];
    for patch in &wrong {
        assert!(matches!(port.quota_set(&id("acme"), patch).await, Err(Error::Invalid { .. })));
    }
    assert_eq!(port.account_get(&id("acme")).await.unwrap(), None);
    assert_eq!(port.outbox_read(0, 10).await.unwrap().seq, 0);
}

pub async fn looking_at_an_account_refills_it_and_writes_nothing<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    submit_many(port, "acme", 0, 1, 100).await;
    claim_one(port).await;
    let seq = port.outbox_read(0, 10).await.unwrap().seq;
    clock.advance(SECOND * 30 + SECOND / 2);
    for _ in 0..3 {
        let account = port.account_get(&id("acme")).await.unwrap().unwrap();
        assert_eq!((account.bucket, account.held), (MicroCredits(3_530_500_000), credits(100)));
    }
    assert_eq!(port.outbox_read(0, 10).await.unwrap().seq, seq);
    clock.advance(DAY);
    assert_eq!(balance(port, "acme").await.0, credits(3_600), "up to its burst");
}

pub async fn m5_looking_often_earns_the_same_as_looking_once<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let slow = QuotaPatch { rate: Some(MicroCredits(333_333)), ..QuotaPatch::default() };
    for tenant in ["often", "once"] {
        port.quota_set(&id(tenant), &slow).await.unwrap();
        submit_many(port, tenant, 0, 1, 100).await;
    }
    claim(port, 2).await;
    for _ in 0..50 {
        clock.advance(Duration::from_micros(17));
        port.quota_set(&id("often"), &QuotaPatch::default()).await.unwrap();
    }
    assert_eq!(balance(port, "often").await, balance(port, "once").await);
    audited(port).await;
}

pub async fn m5_a_clock_that_stands_earns_nothing<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    submit_many(port, "acme", 0, 20, 100).await;
    for _ in 0..20 {
        let leased = claim_one(port).await;
        end(port, &leased, succeeded(), 100).await.unwrap();
    }
    assert_eq!(balance(port, "acme").await, (credits(1_600), credits(0)));
}

pub async fn a_lower_burst_expires_what_no_longer_fits<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    port.credits_grant(&id("acme"), "gift", forever(7)).await.unwrap();
    let account = port.quota_set(&id("acme"), &purse(10)).await.unwrap();
    assert_eq!((account.bucket, account.available()), (credits(10), credits(17)), "a grant is not in the bucket");
    clock.advance(DAY);
    assert_eq!(balance(port, "acme").await.0, credits(17));
    let rows = port.outbox_read(0, 10).await.unwrap().rows;
    let lost: Vec<_> = rows.iter().map(|row| (row.kind, row.deltas.expired)).collect();
    let configured = (RowKind::Configure, credits(3_590));
    assert_eq!(lost, [(RowKind::Opening, credits(0)), (RowKind::Grant, credits(0)), configured]);
    audited(port).await;
}

pub async fn a_refund_over_the_burst_stays_until_the_burst_is_lowered<P: Jobs + Quotas>(
    port: &P,
    _clock: &ManualClock,
) {
    let acme = with_purse(port, "acme", 100).await;
    submit_many(port, "acme", 0, 1, 60).await;
    let leased = claim_one(port).await;
    let patch = QuotaPatch { burst: Some(credits(50)), ..QuotaPatch::default() };
    assert_eq!(port.quota_set(&acme, &patch).await.unwrap().bucket, credits(40), "it fits");
    end(port, &leased, succeeded(), 10).await.unwrap();
    for kept in [patch, QuotaPatch { weight: Some(7), ..QuotaPatch::default() }] {
        assert_eq!(port.quota_set(&acme, &kept).await.unwrap().bucket, credits(90), "{kept:?}");
    }
    let lower = QuotaPatch { burst: Some(credits(49)), ..QuotaPatch::default() };
    assert_eq!(port.quota_set(&acme, &lower).await.unwrap().bucket, credits(49));
    let result = audited(port).await;
    assert_eq!(result.tenants[&acme].expired, credits(3_500 + 41), "what the purse took, and what was over");
}

pub async fn a_grant_is_booked_once_a_name<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    for _ in 0..3 {
        let account = port.credits_grant(&id("acme"), "welcome", forever(50)).await.unwrap();
        assert_eq!(account.available(), credits(3_650));
    }
    port.credits_grant(&id("acme"), "more", forever(7)).await.unwrap();
    port.credits_grant(&id("beta"), "welcome", forever(50)).await.unwrap();
    let account = port.account_get(&id("acme")).await.unwrap().unwrap();
    assert_eq!(account.grants, [forever(57)], "one of the same expiry grows");
    assert_eq!(balance(port, "beta").await.0, credits(3_650), "a name is its tenant's own");
    let rows = port.outbox_read(0, 10).await.unwrap().rows;
    let grants: Vec<_> = rows.iter().filter(|row| row.kind == RowKind::Grant).collect();
    assert_eq!(grants.len(), 3);
    assert_eq!((grants[0].reference.as_str(), grants[0].deltas.granted), ("welcome", credits(50)));
    audited(port).await;
}

pub async fn ten_concurrent_grants_of_one_name_grant_once<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = id("acme");
    for granted in join_all((0..10).map(|_| port.credits_grant(&acme, "welcome", forever(50)))).await {
        granted.unwrap();
    }
    assert_eq!(balance(port, "acme").await.0, credits(3_650));
}

pub async fn m4_a_grant_out_of_bounds_is_refused_and_leaves_nothing<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    for amount in [0, -1, i64::MIN, MAX_AMOUNT.0 + 1, i64::MAX] {
        let grant = Grant { expires_at: NEVER, amount: MicroCredits(amount) };
        let refused = port.credits_grant(&id("acme"), "gift", grant).await;
        assert!(matches!(refused, Err(Error::Invalid { field: "amount", .. })), "{amount}: {refused:?}");
    }
    let too_much = Grant { expires_at: NEVER, amount: MAX_AMOUNT };
    let refused = port.credits_grant(&id("acme"), "gift", too_much).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "with the bucket it is more: {refused:?}");
    assert_eq!(port.account_get(&id("acme")).await.unwrap(), None);
    assert_eq!(port.outbox_read(0, 10).await.unwrap().seq, 0);
    port.credits_grant(&id("acme"), "gift", forever(1)).await.unwrap();
}

pub async fn no_more_than_the_limit_of_grants_are_live<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let first = clock.now() + DAY;
    let expiring = |n: usize| Grant { expires_at: first + SECOND * u32::try_from(n).unwrap(), amount: credits(1) };
    for n in 0..MAX_GRANTS {
        port.credits_grant(&id("acme"), &format!("g{n}"), expiring(n)).await.unwrap();
    }
    let refused = port.credits_grant(&id("acme"), "one-more", expiring(MAX_GRANTS)).await;
    assert!(matches!(refused, Err(Error::Overloaded { .. })), "{refused:?}");
    port.credits_grant(&id("acme"), "same", expiring(3)).await.unwrap();
    clock.advance(DAY);
    port.credits_grant(&id("acme"), "one-more", expiring(MAX_GRANTS)).await.unwrap();
    audited(port).await;
}

pub async fn the_bucket_is_used_first_and_then_the_grant_that_expires_first<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    let acme = with_purse(port, "acme", 10).await;
    let soon = clock.now() + DAY;
    port.credits_grant(&acme, "late", forever(10)).await.unwrap();
    port.credits_grant(&acme, "soon", Grant { expires_at: soon, amount: credits(10) }).await.unwrap();
    submit_many(port, "acme", 0, 1, 25).await;
    let leased = claim_one(port).await;
    let account = port.account_get(&acme).await.unwrap().unwrap();
    assert_eq!((account.bucket, account.grants), (credits(0), vec![forever(5)]));
    let job = port.job_get(&leased.id).await.unwrap().unwrap();
    assert_eq!(job.hold.grants, [Grant { expires_at: soon, amount: credits(10) }, forever(5)]);
    end(port, &leased, succeeded(), 25).await.unwrap();
    audited(port).await;
}

pub async fn a_grant_expires<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 0).await;
    let grant = Grant { expires_at: clock.now() + DAY, amount: credits(10) };
    port.credits_grant(&acme, "gift", grant).await.unwrap();
    clock.advance(DAY.saturating_sub(SECOND));
    assert_eq!(balance(port, "acme").await.0, credits(10));
    clock.advance(SECOND);
    assert_eq!(balance(port, "acme").await.0, credits(0));
    port.quota_set(&acme, &QuotaPatch::default()).await.unwrap();
    let result = audited(port).await;
    assert_eq!(result.tenants[&acme].expired, credits(3_600 + 10), "what the purse did not hold, and the grant");
}

pub async fn what_is_not_used_goes_back_to_its_grant<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 3).await;
    let grant = Grant { expires_at: clock.now() + DAY, amount: credits(10) };
    port.credits_grant(&acme, "gift", grant).await.unwrap();
    submit_many(port, "acme", 0, 1, 10).await;
    let leased = claim_one(port).await;
    end(port, &leased, succeeded(), 5).await.unwrap();
    let account = port.account_get(&acme).await.unwrap().unwrap();
    assert_eq!((account.bucket, account.grants), (credits(0), vec![Grant { amount: credits(8), ..grant }]));
    clock.advance(DAY);
    assert_eq!(balance(port, "acme").await.0, credits(0), "a grant does not outlive itself by being held");
}

pub async fn what_is_not_used_of_an_expired_grant_is_gone<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 3).await;
    let grant = Grant { expires_at: clock.now() + LEASE / 2, amount: credits(10) };
    port.credits_grant(&acme, "gift", grant).await.unwrap();
    submit_many(port, "acme", 0, 1, 10).await;
    let leased = claim_one(port).await;
    clock.advance(LEASE.saturating_sub(SECOND));
    end(port, &leased, succeeded(), 1).await.unwrap();
    assert_eq!(balance(port, "acme").await, (credits(2), credits(0)), "only what the bucket gave is back");
    let result = audited(port).await;
    let late = credits(3 + 7);
    assert_eq!(result.tenants[&acme].expired, credits(3_597) + late, "3 that nobody held, 7 that came back too late");
}

pub async fn a_notice_is_given_once_at_80_and_once_at_100_per_cent<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let budget = Budget { period: Period::Month, limit: credits(10), hard: false };
    port.quota_set(&id("acme"), &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    submit_many(port, "acme", 0, 6, 2).await;
    for _ in 0..6 {
        let leased = claim_one(port).await;
        end(port, &leased, succeeded(), 2).await.unwrap();
    }
    let rows = port.outbox_read(0, 100).await.unwrap().rows;
    let notices: Vec<Option<u8>> =
        rows.iter().filter(|row| row.kind == RowKind::Settle).map(|row| row.deltas.notice).collect();
    assert_eq!(notices, [None, None, None, Some(80), Some(100), None]);
}

pub async fn a_new_period_begins_anew<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let budget = Budget { period: Period::Day, limit: credits(10), hard: true };
    port.quota_set(&id("acme"), &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    for n in 0..3 {
        submit_many(port, "acme", n, 1, 10).await;
        let leased = claim_one(port).await;
        end(port, &leased, succeeded(), 9).await.unwrap();
        let account = port.account_get(&id("acme")).await.unwrap().unwrap();
        assert_eq!((account.period_spent, account.noticed), (credits(9), 80));
        clock.advance(DAY);
    }
    audited(port).await;
}

pub async fn usage_is_booked_once_a_reference<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = id("acme");
    for _ in 0..3 {
        port.usage_record(&acme, RowKind::Running, "7", 1_500_000).await.unwrap();
    }
    port.usage_record(&acme, RowKind::Idle, "7", 500_000).await.unwrap();
    port.usage_record(&id("beta"), RowKind::Running, "7", 1).await.unwrap();
    let rows = port.outbox_read(0, 10).await.unwrap().rows;
    let usage: Vec<_> = rows.iter().filter(|row| row.kind != RowKind::Opening).collect();
    assert_eq!(usage.len(), 3);
    assert_eq!((usage[0].kind, usage[0].reference.as_str(), usage[0].quantity), (RowKind::Running, "7", 1_500_000));
    assert!(usage.iter().all(|row| row.deltas.is_nothing() && row.at == clock.now()));
    audited(port).await;
}

pub async fn m18_a_reference_that_would_break_a_row_is_refused<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = id("acme");
    for text in ["", "a|b", "a b", "a\nb", "ü", &"x".repeat(200)] {
        let granted = port.credits_grant(&acme, text, forever(1)).await;
        assert!(matches!(granted, Err(Error::Invalid { .. })), "{text:?}: {granted:?}");
        let booked = port.usage_record(&acme, RowKind::Warm, text, 1).await;
        assert!(matches!(booked, Err(Error::Invalid { .. })), "{text:?}: {booked:?}");
        let admitted = port.turn_admit(&acme, &"main".parse().unwrap(), text, credits(1), MINUTE).await;
        assert!(matches!(admitted, Err(Error::Invalid { .. })), "{text:?}: {admitted:?}");
    }
    assert_eq!(port.outbox_read(0, 10).await.unwrap().seq, 0);
    port.usage_record(&acme, RowKind::Warm, &"x".repeat(128), 1).await.unwrap();
    port.credits_grant(&acme, "a:b{c}.d-e_f/'\"", forever(1)).await.unwrap();
    audited(port).await;
}

/// Two agents' worth of everything, for cases that need a tenant with a past.
async fn busy<P: Jobs + Quotas>(port: &P, clock: &ManualClock, tenant: &str) {
    submit_many(port, tenant, 0, 4, 5).await;
    let later = crate::jobs::NewJob { not_before: Some(clock.now() + DAY), ..job(tenant, 9, 5) };
    port.jobs_submit(vec![later]).await.unwrap().remove(0).unwrap();
    let jobs = claim(port, 3).await;
    end(port, &jobs[0], succeeded(), 5).await.unwrap();
    end(port, &jobs[1], failed(), 1).await.unwrap();
}
