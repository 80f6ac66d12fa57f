//! Chat turns.

use futures::future::join_all;

use super::{DAY, MINUTE, SECOND, audited, balance, claim, claim_one, credits, forever, id, submit_many, with_purse};
use crate::{
    clock::{Clock, ManualClock},
    credits::{MAX_AMOUNT, MicroCredits},
    error::Error,
    jobs::{AgentId, JobEpoch},
    ledger::RowKind,
    partition::{KEEP_TURN, QuotaPatch, TurnAdmission},
    ports::jobs::Jobs,
    ports::quotas::Quotas,
    quota::{Blocked, Budget, Grant, Period},
    tenant::TenantId,
};

async fn admit<P: Quotas>(port: &P, tenant: &TenantId, key: &str, amount: i64) -> TurnAdmission {
    port.turn_admit(tenant, &AgentId::default(), key, credits(amount), MINUTE).await.unwrap()
}

async fn admitted<P: Quotas>(port: &P, tenant: &TenantId, key: &str, amount: i64) -> JobEpoch {
    match admit(port, tenant, key, amount).await {
        TurnAdmission::Admitted { epoch } => epoch,
        other => panic!("{other:?}"),
    }
}

pub async fn a_turn_holds_credits_until_it_is_settled<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let epoch = admitted(port, &acme, "bot:7", 10).await;
    assert_eq!(balance(port, "acme").await, (credits(10), credits(10)));
    port.turn_settle(&acme, "bot:7", epoch, credits(4)).await.unwrap();
    assert_eq!(balance(port, "acme").await, (credits(16), credits(0)));
    let rows = port.outbox_read(0, 10).await.unwrap().rows;
    let last: Vec<(RowKind, &str, &str)> =
        rows[rows.len() - 2..].iter().map(|row| (row.kind, row.reference.as_str(), row.label.as_str())).collect();
    assert_eq!(last, [(RowKind::Hold, "turn:bot:7", "turn"), (RowKind::Settle, "turn:bot:7", "succeeded")]);
    assert_eq!(rows[rows.len() - 1].agent, Some(AgentId::default()));
    audited(port).await;
}

pub async fn a_repeated_turn_finds_its_hold_under_a_new_epoch<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let first = admitted(port, &acme, "7", 10).await;
    let second = admitted(port, &acme, "7", 10).await;
    assert!(second > first);
    assert_eq!(balance(port, "acme").await, (credits(10), credits(10)), "held once");
    let refused = port.turn_settle(&acme, "7", first, credits(4)).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    port.turn_settle(&acme, "7", second, credits(4)).await.unwrap();
}

pub async fn a_settled_turn_costs_nothing_more<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let epoch = admitted(port, &acme, "7", 10).await;
    for _ in 0..3 {
        port.turn_settle(&acme, "7", epoch, credits(4)).await.unwrap();
        assert_eq!(admit(port, &acme, "7", 10).await, TurnAdmission::Settled);
        assert_eq!(balance(port, "acme").await, (credits(16), credits(0)));
    }
    clock.advance(KEEP_TURN.saturating_sub(SECOND));
    port.jobs_reap(0, 100).await.unwrap();
    assert_eq!(admit(port, &acme, "7", 10).await, TurnAdmission::Settled, "remembered for a day");
    clock.advance(SECOND);
    assert!(matches!(admit(port, &acme, "7", 10).await, TurnAdmission::Admitted { .. }));
}

pub async fn a_turn_is_settled_by_its_last_owner_only<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let epoch = admitted(port, &acme, "7", 10).await;
    for (tenant, key, epoch) in
        [("acme", "7", JobEpoch(epoch.0 + 1)), ("acme", "8", epoch), ("beta", "7", epoch), ("acme", "7", JobEpoch(0))]
    {
        let refused = port.turn_settle(&id(tenant), key, epoch, credits(1)).await;
        assert!(matches!(refused, Err(Error::Conflict { .. })), "{tenant} {key}: {refused:?}");
    }
    assert_eq!(balance(port, "acme").await, (credits(10), credits(10)));
}

pub async fn a_turn_whose_holder_fell_silent_gives_its_hold_back<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let epoch = admitted(port, &acme, "7", 10).await;
    clock.advance(MINUTE.saturating_sub(SECOND));
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().turns, 0);
    clock.advance(SECOND);
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().turns, 1);
    assert_eq!(balance(port, "acme").await, (credits(20), credits(0)));
    let refused = port.turn_settle(&acme, "7", epoch, credits(1)).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().turns, 0);
    admitted(port, &acme, "7", 10).await;
    assert_eq!(audited(port).await.tenants[&acme].held, credits(10));
}

pub async fn a_repeated_turn_does_not_lapse<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    for _ in 0..3 {
        admitted(port, &acme, "7", 10).await;
        clock.advance(MINUTE.saturating_sub(SECOND));
        assert_eq!(port.jobs_reap(0, 10).await.unwrap().turns, 0);
    }
}

pub async fn a_turn_without_credit_is_blocked_and_holds_nothing<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let blocked = admit(port, &acme, "7", 21).await;
    assert_eq!(blocked, TurnAdmission::Blocked(Blocked::Credits { until: None }));
    assert_eq!(balance(port, "acme").await, (credits(20), credits(0)));
    admitted(port, &id("beta"), "1", 3_600).await;
    let blocked = admit(port, &id("beta"), "2", 60).await;
    assert_eq!(blocked, TurnAdmission::Blocked(Blocked::Credits { until: Some(clock.now() + MINUTE) }));
    assert_eq!(port.jobs_reap(0, 10).await.unwrap().next, Some(clock.now() + MINUTE), "the turn that holds");
    clock.advance(MINUTE.saturating_sub(SECOND));
    assert!(matches!(admit(port, &id("beta"), "2", 60).await, TurnAdmission::Blocked(_)));
    clock.advance(SECOND);
    admitted(port, &id("beta"), "2", 60).await;
}

pub async fn a_name_of_a_grant_is_one_amounts<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 10).await;
    for _ in 0..2 {
        port.credits_grant(&acme, "march", forever(5)).await.unwrap();
    }
    let other = port.credits_grant(&acme, "march", forever(6)).await.unwrap_err();
    assert!(matches!(other, Error::Conflict { .. }), "{other:?}");
    assert_eq!(balance(port, "acme").await, (credits(15), credits(0)));
    port.credits_grant(&acme, "march-2", forever(6)).await.unwrap();
    assert_eq!(balance(port, "acme").await, (credits(21), credits(0)));
}

pub async fn what_grants_left_is_taken_back_once_a_name<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 10).await;
    for (name, amount) in [("x", 0), ("x", -1), ("x", i64::MIN), ("x", MAX_AMOUNT.0 + 1), ("x", i64::MAX)] {
        let refused = port.credits_revoke(&acme, name, MicroCredits(amount)).await;
        assert!(matches!(refused, Err(Error::Invalid { field: "amount", .. })), "{amount}: {refused:?}");
    }
    for nobody in [&acme, &id("ghost")] {
        let refused = port.credits_revoke(nobody, "x", credits(1)).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { .. }), "the bucket was not granted: {refused:?}");
    }
    assert_eq!(port.account_get(&id("ghost")).await.unwrap(), None);
    let soon = clock.now() + MINUTE;
    port.credits_grant(&acme, "soon", Grant { expires_at: soon, amount: credits(20) }).await.unwrap();
    port.credits_grant(&acme, "x", forever(30)).await.unwrap();
    for _ in 0..2 {
        let account = port.credits_revoke(&acme, "x", credits(35)).await.unwrap();
        assert_eq!(account.grants, [Grant { expires_at: soon, amount: credits(15) }], "a grant's name is another");
    }
    let other = port.credits_revoke(&acme, "x", credits(34)).await.unwrap_err();
    assert!(matches!(other, Error::Conflict { .. }), "{other:?}");
    // What is held is not taken.
    let epoch = admitted(port, &acme, "1", 20).await;
    let account = port.credits_revoke(&acme, "rest", credits(100)).await.unwrap();
    assert_eq!((account.available(), account.held), (credits(0), credits(20)));
    port.turn_settle(&acme, "1", epoch, credits(20)).await.unwrap();
    let taken: Vec<_> = port.outbox_read(0, 50).await.unwrap().rows;
    let taken: Vec<_> = taken.iter().filter(|row| row.deltas.granted < credits(0)).collect();
    let told: Vec<_> = taken.iter().map(|row| (row.reference.as_str(), row.deltas.granted)).collect();
    assert_eq!(told, [("revoke:x", -credits(35)), ("revoke:rest", -credits(5))]);
    audited(port).await;
}

pub async fn a_revocation_narrows_the_budget_that_its_grant_widened<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 100).await;
    let budget = Budget { period: Period::Month, limit: credits(10), hard: true };
    port.quota_set(&acme, &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    port.credits_grant(&acme, "mistake", forever(50)).await.unwrap();
    port.credits_revoke(&acme, "mistake", credits(50)).await.unwrap();
    let admit =
        async |key, amount| port.turn_admit(&acme, &AgentId::default(), key, credits(amount), MINUTE).await.unwrap();
    assert!(matches!(admit("1", 11).await, TurnAdmission::Blocked(Blocked::Budget { .. })));
    assert!(matches!(admit("2", 10).await, TurnAdmission::Admitted { .. }));
}

pub async fn a_grant_widens_a_budget_for_what_is_used_beyond_a_hold_and_no_longer_than_it_lives<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    let acme = with_purse(port, "acme", 100).await;
    let budget = Budget { period: Period::Month, limit: credits(10), hard: true };
    port.quota_set(&acme, &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    let short = Grant { expires_at: clock.now() + MINUTE, amount: credits(5) };
    port.credits_grant(&acme, "short", short).await.unwrap();
    let epoch = admitted(port, &acme, "1", 1).await;
    port.turn_settle(&acme, "1", epoch, credits(12)).await.unwrap();
    assert_eq!(audited(port).await.tenants[&acme].adjusted, credits(0), "two of them beside the budget");
    clock.advance(MINUTE * 2);
    let blocked = port.turn_admit(&acme, &AgentId::default(), "2", credits(1), MINUTE).await.unwrap();
    assert!(matches!(blocked, TurnAdmission::Blocked(Blocked::Budget { .. })), "{blocked:?}");
    port.credits_grant(&acme, "more", forever(4)).await.unwrap();
    let epoch = admitted(port, &acme, "3", 1).await;
    port.turn_settle(&acme, "3", epoch, credits(9)).await.unwrap();
    assert_eq!(audited(port).await.tenants[&acme].adjusted, credits(5), "four were granted");
}

pub async fn a_grant_resumes_a_tenant_whose_budget_is_used_up<P: Jobs + Quotas>(port: &P, clock: &ManualClock) {
    let acme = with_purse(port, "acme", 100).await;
    let budget = Budget { period: Period::Month, limit: credits(10), hard: true };
    port.quota_set(&acme, &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    let admit =
        async |key, amount| port.turn_admit(&acme, &AgentId::default(), key, credits(amount), MINUTE).await.unwrap();
    let TurnAdmission::Admitted { epoch } = admit("1", 10).await else { panic!("the budget has room") };
    port.turn_settle(&acme, "1", epoch, credits(10)).await.unwrap();
    assert!(matches!(admit("2", 1).await, TurnAdmission::Blocked(Blocked::Budget { .. })));
    port.credits_grant(&acme, "more", forever(5)).await.unwrap();
    assert!(matches!(admit("3", 6).await, TurnAdmission::Blocked(Blocked::Budget { .. })), "by no more than the grant");
    let TurnAdmission::Admitted { epoch } = admit("4", 5).await else { panic!("it was granted") };
    port.turn_settle(&acme, "4", epoch, credits(2)).await.unwrap();
    // What was spent is not less because something was granted.
    let period = async || {
        let account = port.account_get(&acme).await.unwrap().unwrap();
        (account.period_spent, account.period_granted)
    };
    assert_eq!(period().await, (credits(12), credits(5)));
    let rows = port.outbox_read(0, 100).await.unwrap().rows;
    let after = &rows.last().unwrap().after;
    assert_eq!((after.period_spent, after.period_granted), period().await);
    clock.advance(DAY * 31);
    port.quota_set(&acme, &QuotaPatch::default()).await.unwrap();
    assert_eq!(period().await, (credits(0), credits(0)), "another period");
}

pub async fn a_turn_by_a_used_up_budget_is_blocked_until_the_period_ends<P: Jobs + Quotas>(
    port: &P,
    clock: &ManualClock,
) {
    let acme = id("acme");
    let budget = Budget { period: Period::Week, limit: credits(10), hard: true };
    port.quota_set(&acme, &QuotaPatch { budget: Some(Some(budget)), ..QuotaPatch::default() }).await.unwrap();
    let epoch = admitted(port, &acme, "1", 6).await;
    let (_, until) = Period::Week.at(clock.now());
    let blocked = TurnAdmission::Blocked(Blocked::Budget { until });
    assert_eq!(admit(port, &acme, "2", 5).await, blocked, "what is held counts");
    port.turn_settle(&acme, "1", epoch, credits(5)).await.unwrap();
    admitted(port, &acme, "2", 5).await;
    assert_eq!(admit(port, &acme, "3", 1).await, blocked);
}

pub async fn a_turn_that_used_more_pays_what_the_tenant_has<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let epoch = admitted(port, &acme, "1", 5).await;
    port.turn_settle(&acme, "1", epoch, credits(12)).await.unwrap();
    assert_eq!(balance(port, "acme").await, (credits(8), credits(0)), "it had as much");
    let epoch = admitted(port, &acme, "2", 5).await;
    let last = admitted(port, &acme, "3", 1).await;
    port.turn_settle(&acme, "2", epoch, credits(9)).await.unwrap();
    assert_eq!(balance(port, "acme").await, (credits(0), credits(1)), "it had two more: the operator bears the rest");
    port.turn_settle(&acme, "3", last, MicroCredits(i64::MIN)).await.unwrap();
    assert_eq!(balance(port, "acme").await, (credits(1), credits(0)));
    let epoch = admitted(port, &acme, "4", 1).await;
    port.turn_settle(&acme, "4", epoch, MicroCredits(i64::MAX)).await.unwrap();
    let totals = &audited(port).await.tenants[&acme];
    assert_eq!(totals.adjusted, credits(2) + MAX_AMOUNT - credits(1));
}

pub async fn ten_concurrent_admissions_of_a_turn_hold_once<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let mut epochs = join_all((0..10).map(|_| admitted(port, &acme, "7", 10))).await;
    epochs.sort_unstable();
    epochs.dedup();
    assert_eq!(epochs.len(), 10);
    assert_eq!(balance(port, "acme").await, (credits(10), credits(10)));
    port.turn_settle(&acme, "7", epochs[9], credits(10)).await.unwrap();
}

pub async fn a_turn_counts_in_the_fair_share_and_not_in_the_capacity<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    port.capacity_set(0, 4).await.unwrap();
    submit_many(port, "chatty", 0, 4, 1).await;
    submit_many(port, "quiet", 0, 4, 1).await;
    for n in 0..3 {
        admitted(port, &id("chatty"), &n.to_string(), 1).await;
    }
    let jobs = claim(port, 10).await;
    let of: Vec<&str> = jobs.iter().map(|job| job.id.tenant().as_str()).collect();
    assert_eq!(of, ["quiet", "quiet", "quiet", "chatty"]);
}

pub async fn a_settled_turn_brings_a_parked_tenant_back<P: Jobs + Quotas>(port: &P, _clock: &ManualClock) {
    let acme = with_purse(port, "acme", 20).await;
    let epoch = admitted(port, &acme, "7", 15).await;
    submit_many(port, "acme", 0, 1, 10).await;
    assert_eq!(claim(port, 1).await, []);
    port.turn_settle(&acme, "7", epoch, credits(2)).await.unwrap();
    claim_one(port).await;
}
