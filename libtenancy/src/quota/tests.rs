use super::*;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000 + micros)
}

fn quota(rate: i64, burst: i64) -> Quota {
    Quota { rate: MicroCredits(rate), burst: MicroCredits(burst), ..Quota::default() }
}

#[test]
fn looking_often_earns_the_same_as_looking_once() {
    let (mut often, _) = Account::open(quota(333_333, 10_000_000), at(0));
    often.hold(MicroCredits(10_000_000));
    let mut once = often.clone();
    let mut earned = 0;
    for step in 1..=1_000 {
        earned += often.touch(at(step * 7_001)).refilled.0;
    }
    assert_eq!(once.touch(at(7_001_000)).refilled.0, earned);
    assert_eq!(often, once);
}

#[test]
fn m5_an_earlier_now_neither_mints_nor_takes() {
    let (mut account, _) = Account::open(quota(1_000_000, 5_000_000), at(0));
    account.hold(MicroCredits(5_000_000));
    account.touch(at(1_000_000));
    let before = account.clone();
    assert!(account.touch(at(-300_000_000)).is_nothing());
    assert_eq!(account, before);
    assert_eq!(account.touch(at(1_500_000)).refilled.0, 500_000);
}

#[test]
fn a_refund_goes_back_to_the_grant_it_came_from_and_expires_with_it() {
    let (mut account, _) = Account::open(quota(0, 10), at(0));
    account.grant(Grant { expires_at: at(100), amount: MicroCredits(20) }).unwrap();
    account.grant(Grant { expires_at: NEVER, amount: MicroCredits(5) }).unwrap();
    let (hold, _) = account.hold(MicroCredits(32));
    assert_eq!(hold.grants.len(), 2);
    account.touch(at(50));
    let mut early = account.clone();
    let deltas = early.settle(&hold, MicroCredits(12), at(50));
    assert_eq!((deltas.spent.0, deltas.expired.0, early.available().0), (12, 0, 23));
    let deltas = account.settle(&hold, MicroCredits(12), at(200));
    assert_eq!((deltas.spent.0, deltas.expired.0, account.available().0), (12, 18, 5));
}

#[test]
fn use_beyond_a_hold_is_the_tenants_as_far_as_it_has_something_and_else_the_operators_line() {
    let (mut account, _) = Account::open(quota(0, 10), at(0));
    let (hold, _) = account.hold(MicroCredits(4));
    let deltas = account.settle(&hold, MicroCredits(9), at(1));
    assert_eq!((deltas.spent.0, deltas.adjusted.0, account.available().0, account.held.0), (9, 0, 1, 0));
    let (hold, _) = account.hold(MicroCredits(1));
    let deltas = account.settle(&hold, MicroCredits(5), at(1));
    assert_eq!((deltas.spent.0, deltas.adjusted.0, account.available().0, account.held.0), (5, 4, 0, 0));
}

#[test]
fn what_is_used_beyond_a_hold_is_taken_within_a_hard_budget_and_leaves_what_others_hold() {
    let budget = Budget { period: Period::Day, limit: MicroCredits(10), hard: true };
    let (mut account, _) = Account::open(Quota { budget: Some(budget), ..quota(0, 100) }, at(0));
    let (small, _) = account.hold(MicroCredits(1));
    let (other, _) = account.hold(MicroCredits(4));
    let deltas = account.settle(&small, MicroCredits(9), at(1));
    assert_eq!((deltas.adjusted.0, account.period_spent.0, account.available().0), (3, 6, 90));
    account.settle(&other, MicroCredits(4), at(1));
    assert_eq!((account.period_spent.0, account.check(MicroCredits(1), at(1)).is_err()), (10, true));
}

#[test]
fn what_cannot_be_held_says_when_it_can() {
    let (mut account, _) = Account::open(quota(2_000_000, 10_000_000), at(0));
    account.hold(MicroCredits(9_000_000));
    account.touch(at(0));
    let blocked = account.check(MicroCredits(4_000_001), at(0)).unwrap_err();
    let Blocked::Credits { until: Some(until) } = blocked else { panic!("{blocked:?}") };
    assert_eq!(until, at(1_500_001));
    account.touch(until);
    account.check(MicroCredits(4_000_001), until).unwrap();
    assert!(!blocked.suspends());
    let never = account.check(MicroCredits(10_000_001), until).unwrap_err();
    assert_eq!(never, Blocked::Credits { until: None });
    assert!(never.suspends());
}

#[test]
fn a_hard_budget_is_never_passed_and_ends_with_its_period() {
    let mut granted = quota(0, 1_000);
    granted.budget = Some(Budget { period: Period::Day, limit: MicroCredits(100), hard: true });
    let (mut account, _) = Account::open(granted, at(0));
    let (hold, _) = account.hold(MicroCredits(60));
    assert!(matches!(account.check(MicroCredits(41), at(0)), Err(Blocked::Budget { .. })), "holds count");
    let deltas = account.settle(&hold, MicroCredits(60), at(1));
    assert_eq!(deltas.notice, None);
    let (hold, _) = account.hold(MicroCredits(40));
    assert_eq!(account.settle(&hold, MicroCredits(25), at(1)).notice, Some(80));
    let Err(Blocked::Budget { until }) = account.check(MicroCredits(16), at(1)) else { panic!("passed") };
    account.touch(until);
    account.check(MicroCredits(100), until).unwrap();
    assert_eq!(account.noticed, 0);
}

#[test]
fn periods_are_the_calendars() {
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    for (now, period, end) in [
        ("2026-11-25T12:00:00Z", Period::Day, "2026-11-26T00:00:00Z"),
        ("2026-11-25T12:00:00Z", Period::Week, "2026-11-30T00:00:00Z"),
        ("2026-11-25T12:00:00Z", Period::Month, "2026-12-01T00:00:00Z"),
        ("2026-12-31T23:59:59.999999Z", Period::Month, "2027-01-01T00:00:00Z"),
        ("2028-02-29T00:00:00Z", Period::Month, "2028-03-01T00:00:00Z"),
        ("2026-11-30T00:00:00Z", Period::Week, "2026-12-07T00:00:00Z"),
        ("1970-01-01T00:00:00Z", Period::Month, "1970-02-01T00:00:00Z"),
    ] {
        assert_eq!(period.at(time(now)).1, time(end), "{now} {period:?}");
    }
    assert_eq!(Period::Month.at(time("1970-01-31T00:00:00Z")).0, 0);
}

#[test]
fn grants_read_back_as_they_are_stored() {
    let grants = vec![
        Grant { expires_at: at(5), amount: MicroCredits(7) },
        Grant { expires_at: NEVER, amount: MicroCredits(1) },
    ];
    assert_eq!(grants_parse(&grants_text(&grants)), Some(grants));
    assert_eq!(grants_parse(""), Some(Vec::new()));
    assert_eq!(grants_parse("1:x"), None);
}

#[test]
fn a_budget_in_money_buys_whole_micro_credits() {
    assert_eq!(credits_for_money(1_000_000, 2_000_000).unwrap().0, 500_000);
    assert!(credits_for_money(1, 0).is_err());
    assert_eq!(credits_for_money(u64::MAX, 1).unwrap(), MAX_AMOUNT);
}
