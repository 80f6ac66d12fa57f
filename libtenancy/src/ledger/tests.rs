use proptest::prelude::*;

use super::*;
use crate::{quota::NEVER, tenant::TenantId};

fn acme() -> TenantId {
    "acme".parse().unwrap()
}

/// A row that gives so much, and an account that has it.
fn row(incarnation: u64, seq: u64, granted: i64, bucket: i64) -> Row {
    Row {
        incarnation,
        seq,
        at: Timestamp::from_micros(1_790_000_000_000_000),
        kind: RowKind::Grant,
        tenant: acme(),
        agent: None,
        reference: "gift".into(),
        attempt: 0,
        deltas: Deltas { granted: MicroCredits(granted), ..Deltas::default() },
        quantity: 0,
        label: String::new(),
        after: After { bucket: MicroCredits(bucket), ..After::default() },
    }
}

fn held(seq: u64, change: i64, held: i64, bucket: i64) -> Row {
    let mut row = row(1, seq, 0, bucket);
    (row.kind, row.deltas.held, row.after.held) = (RowKind::Hold, MicroCredits(change), MicroCredits(held));
    row
}

fn audited(rows: &[Row]) -> AuditResult {
    let (mut audit, mut hash) = (Audit::new(7), String::new());
    for row in rows {
        hash = row.chained(&hash);
        audit.row(row, &hash);
    }
    audit.finish()
}

/// What is wrong at which row.
fn wrong(rows: &[Row]) -> Vec<(u64, String)> {
    audited(rows).violations.into_iter().map(|violation| (violation.seq, violation.what)).collect()
}

fn one_wrong(rows: &[Row], seq: u64, says: &str) {
    let wrong = wrong(rows);
    assert!(matches!(&wrong[..], [(at, what)] if *at == seq && what.contains(says)), "{wrong:?}");
}

#[test]
fn every_kind_has_a_label_of_its_own_that_reads_back() {
    for kind in RowKind::ALL {
        assert_eq!(RowKind::from_label(kind.label()), Some(kind));
    }
    assert_eq!(RowKind::from_label("gift"), None);
}

#[test]
fn rows_that_balance_are_right_and_add_up() {
    let spent = {
        let mut row = held(4, -4, 0, 8);
        (row.kind, row.deltas.spent, row.deltas.refilled) = (RowKind::Settle, MicroCredits(3), MicroCredits(1));
        row
    };
    let rows = [row(1, 1, 10, 10), held(2, 4, 4, 6), row(1, 3, 0, 6), spent];
    let mut rows = rows.to_vec();
    rows[2].after.held = MicroCredits(4);
    let result = audited(&rows);
    assert_eq!(result.violations, []);
    let totals = &result.tenants[&acme()];
    assert_eq!((totals.granted.0, totals.refilled.0, totals.spent.0, totals.available.0), (10, 1, 3, 8));
    assert_eq!((totals.imbalance(), result.rows, result.rollbacks, result.lost_rows), (MicroCredits::ZERO, 4, 0, 0));
}

#[test]
fn m23_a_micro_credit_that_nobody_gave_is_found_once_at_its_row() {
    one_wrong(&[row(1, 1, 10, 10), row(1, 2, 5, 16), row(1, 3, 1, 17)], 2, "off by -0.000001");
    one_wrong(&[row(1, 1, 10, 10), row(1, 2, 5, 14)], 2, "off by 0.000001");
}

#[test]
fn a_hold_that_does_not_follow_from_the_one_before_is_found() {
    let mut forged = held(2, 4, 5, 5);
    assert_eq!(wrong(&[row(1, 1, 10, 10), forged.clone()]).len(), 1, "it balances, and the change does not agree");
    forged.deltas.held = MicroCredits(5);
    assert_eq!(wrong(&[row(1, 1, 10, 10), forged]), []);
    one_wrong(&[row(1, 1, 10, 10), held(2, 11, 11, -1)], 2, "negative balance");
}

#[test]
fn a_row_that_was_changed_removed_or_moved_breaks_the_chain() {
    let rows = [row(1, 1, 10, 10), row(1, 2, 5, 15), row(1, 3, 1, 16)];
    let mut hashes = Vec::new();
    for row in &rows {
        hashes.push(row.chained(hashes.last().map_or("", String::as_str)));
    }
    let told = |order: &[(usize, Row)]| {
        let mut audit = Audit::new(0);
        for (at, row) in order {
            audit.row(row, &hashes[*at]);
        }
        audit.finish().violations.iter().filter(|violation| violation.what.contains("chain")).count()
    };
    let kept = |at: usize| (at, rows[at].clone());
    assert_eq!(told(&[kept(0), kept(1), kept(2)]), 0);
    let changed = Row { reference: "another".into(), ..rows[1].clone() };
    assert_eq!(told(&[kept(0), (1, changed), kept(2)]), 1);
    assert_eq!(told(&[kept(0), kept(2)]), 1);
    assert_eq!(told(&[kept(1), kept(0), kept(2)]), 3);
}

#[test]
fn numbers_have_no_gap_within_an_incarnation_and_never_go_back() {
    one_wrong(&[row(1, 1, 1, 1), row(1, 3, 1, 2)], 3, "row 2 should follow");
    one_wrong(&[row(1, 2, 1, 1)], 2, "row 1 should follow");
    one_wrong(&[row(1, 1, 1, 1), row(2, 5, 1, 2), row(1, 6, 1, 3)], 6, "goes back");
    one_wrong(&[row(1, 1, 1, 1), row(1, 2, 1, 2), row(2, 2, 1, 3)], 2, "goes back");
}

#[test]
fn rows_that_a_store_forgot_are_counted_also_if_they_were_the_first() {
    let mut booked = row(2, 6, 0, 1);
    booked.kind = RowKind::Rollback;
    let result = audited(&[row(1, 1, 1, 1), booked, row(2, 7, 1, 2), row(4, 10, 1, 3)]);
    assert_eq!((result.violations, result.lost_rows, result.rollbacks), (Vec::new(), 4 + 2, 1));
    let result = audited(&[row(2, 4, 1, 1)]);
    assert_eq!((result.violations, result.lost_rows), (Vec::new(), 3));
}

#[test]
fn what_stands_in_a_row_cannot_end_a_field_or_a_line() {
    for text in ["", "a|b", "a\nb", "a b", "ä", &"x".repeat(65)] {
        assert!(reference_checked("name", text, 64).is_err(), "{text:?}");
    }
    reference_checked("name", &"x".repeat(64), 64).unwrap();
    for text in ["", "1", &row(1, 1, 1, 1).text()[2..], &format!("{}|", row(1, 1, 1, 1).text())] {
        assert_eq!(Row::parse(text), None, "{text:?}");
    }
}

fn any_amount() -> impl Strategy<Value = MicroCredits> {
    prop_oneof![Just(0), Just(i64::MAX / 4), -1_000_000_000_000_i64..1_000_000_000_000].prop_map(MicroCredits)
}

prop_compose! {
    fn any_row()(
        (incarnation, seq, at, kind) in (0..9_u64, 0..u64::MAX, 0..NEVER.as_micros(), 0..RowKind::ALL.len()),
        tenant in "[a-z]([a-z0-9-]{0,10}[a-z0-9])?",
        agent in proptest::option::of("[a-z0-9]{1,9}"),
        (reference, label) in ("[!-{}~]{0,30}", "[a-z_]{0,12}"),
        (attempt, quantity, noticed) in (any::<u32>(), any::<i64>(), prop_oneof![Just(0), Just(80), Just(100)]),
        deltas in proptest::array::uniform6(any_amount()),
        (bucket, held, period_spent, period_granted) in (any_amount(), any_amount(), any_amount(), any_amount()),
        (remainder, period) in (0..1_000_000_i64, -5..50_000_i64),
        grants in proptest::collection::vec((0..NEVER.as_micros(), 1..1_000_i64), 0..4),
    ) -> Row {
        let grants = grants.into_iter().map(|(until, amount)| Grant {
            expires_at: Timestamp::from_micros(until),
            amount: MicroCredits(amount),
        });
        let [granted, refilled, held_by, spent, expired, adjusted] = deltas;
        Row {
            incarnation,
            seq,
            at: Timestamp::from_micros(at),
            kind: RowKind::ALL[kind],
            tenant: tenant.parse().unwrap(),
            agent: agent.map(|agent| agent.parse().unwrap()),
            reference,
            attempt,
            deltas: Deltas {
                granted,
                refilled,
                held: held_by,
                spent,
                expired,
                adjusted,
                notice: (noticed > 0).then_some(noticed),
            },
            quantity,
            label,
            after: After {
                bucket,
                grants: grants.collect(),
                held,
                refilled_at: Timestamp::from_micros(at),
                remainder,
                period,
                period_spent,
                period_granted,
                noticed,
            },
        }
    }
}

#[test]
fn a_row_of_before_grants_were_counted_by_themselves_reads_back_as_it_was_hashed() {
    let old = "1|7|5|grant|acme||gift|0|50|0|0|0|0|0|0|0||9|9007199254740991:50|0|5|0|20|-50|0";
    let row = Row::parse(old).unwrap();
    assert_eq!((row.after.period_spent.0, row.after.period_granted.0, row.text().as_str()), (-50, 0, old));
}

proptest! {
    #[test]
    fn any_row_reads_back_and_has_a_hash_of_its_own(row in any_row(), other in any_row()) {
        prop_assert_eq!(Row::parse(&row.text()), Some(row.clone()));
        prop_assert_eq!(row.chained("x") == other.chained("x"), row == other);
        prop_assert_ne!(row.chained("x"), row.chained("y"));
    }

    #[test]
    fn no_text_is_read_as_a_row_that_it_is_not(text in "([0-9a-z|:,-]{0,12}\\|){20,26}") {
        if let Some(row) = Row::parse(&text) {
            // Numbers may be written in more than one way; they mean the same.
            prop_assert_eq!(Row::parse(&row.text()), Some(row));
        }
    }
}
