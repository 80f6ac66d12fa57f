//! Every driver of the append-only ledgers.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use std::time::Duration;

use futures::future::join_all;

use super::id;
use crate::{
    clock::{Clock, ManualClock, Timestamp},
    credits::MicroCredits,
    error::Error,
    ledger::{After, Audit, Head, Row, RowKind},
    ports::ledgers::{Entry, Ledgers, RowFilter},
    quota::{Deltas, Grant, NEVER},
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! ledgers_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(ledgers, $driver, [$($reason)?], [
            an_empty_ledger_has_no_end_and_no_rows,
            appended_rows_are_read_back_whole_with_their_chain,
            a_repeated_append_does_nothing,
            an_append_that_overlaps_adds_what_is_new,
            a_row_that_differs_from_the_one_that_is_there_is_a_conflict,
            a_gap_is_a_conflict_and_nothing_is_appended,
            rows_out_of_order_are_a_conflict,
            a_later_incarnation_may_leave_a_gap,
            a_later_incarnation_may_be_the_first_that_arrives,
            an_incarnation_does_not_go_back,
            an_append_of_nothing_returns_the_end,
            rows_are_read_in_order_over_pages,
            rows_are_filtered_by_tenant_kind_and_time,
            partitions_are_apart,
            concurrent_appends_of_the_same_rows_append_once,
            concurrent_appends_of_different_rows_let_one_win,
            what_was_appended_passes_the_audit,
            ten_thousand_rows_are_appended_in_batches,
        ]);
    };
}

const SECOND: Duration = Duration::from_secs(1);

/// Row `seq` of incarnation 1: a tenant's opening if it is the tenant's first, else a usage.
fn row(seq: u64, clock: &ManualClock) -> Row {
    let tenant = ["acme", "beta", "gamma"][usize::try_from(seq % 3).unwrap()];
    let opening = seq <= 3;
    let after = After { bucket: MicroCredits::credits(5), refilled_at: clock.now(), ..After::default() };
    Row {
        incarnation: 1,
        seq,
        at: clock.now() + SECOND * u32::try_from(seq).unwrap(),
        kind: if opening { RowKind::Opening } else { RowKind::Running },
        tenant: id(tenant),
        agent: (!opening).then(|| "main".parse().unwrap()),
        reference: if opening { String::new() } else { format!("generation-{seq}") },
        attempt: 0,
        deltas: Deltas {
            granted: if opening { MicroCredits::credits(5) } else { MicroCredits::ZERO },
            ..Deltas::default()
        },
        quantity: i64::try_from(seq).unwrap(),
        label: String::new(),
        after,
    }
}

fn rows(from: u64, to: u64, clock: &ManualClock) -> Vec<Row> {
    (from..=to).map(|seq| row(seq, clock)).collect()
}

fn chain(rows: &[Row]) -> Vec<Entry> {
    let mut hash = String::new();
    rows.iter()
        .map(|row| {
            hash = row.chained(&hash);
            Entry { row: row.clone(), hash: hash.clone() }
        })
        .collect()
}

async fn all(port: &dyn Ledgers, partition: u16) -> Vec<Entry> {
    port.ledger_rows(partition, &RowFilter::default(), 0, 100_000).await.unwrap()
}

async fn refused(port: &dyn Ledgers, rows: &[Row]) {
    let before = all(port, 0).await;
    let refused = port.ledger_append(0, rows).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(all(port, 0).await, before);
}

pub async fn an_empty_ledger_has_no_end_and_no_rows(port: &dyn Ledgers, _clock: &ManualClock) {
    assert_eq!(port.ledger_head(0).await.unwrap(), Head::default());
    assert_eq!(all(port, 0).await, []);
    assert_eq!(port.ledger_partitions().await.unwrap(), Vec::<u16>::new());
}

pub async fn appended_rows_are_read_back_whole_with_their_chain(port: &dyn Ledgers, clock: &ManualClock) {
    let mut rows = rows(1, 6, clock);
    rows[4].deltas = Deltas {
        granted: MicroCredits(1),
        refilled: MicroCredits(2),
        held: MicroCredits(-3),
        spent: MicroCredits(4),
        expired: MicroCredits(5),
        adjusted: MicroCredits(-6),
        notice: Some(80),
    };
    rows[4].after.grants = vec![
        Grant { expires_at: clock.now(), amount: MicroCredits(7) },
        Grant { expires_at: NEVER, amount: crate::credits::MAX_AMOUNT },
    ];
    (rows[4].attempt, rows[4].label) = (3, "succeeded".to_owned());
    let head = port.ledger_append(0, &rows).await.unwrap();
    let entries = chain(&rows);
    assert_eq!(head, Head { incarnation: 1, seq: 6, hash: entries[5].hash.clone() });
    assert_eq!(port.ledger_head(0).await.unwrap(), head);
    assert_eq!(all(port, 0).await, entries);
}

pub async fn a_repeated_append_does_nothing(port: &dyn Ledgers, clock: &ManualClock) {
    let rows = rows(1, 5, clock);
    let head = port.ledger_append(0, &rows).await.unwrap();
    for _ in 0..2 {
        assert_eq!(port.ledger_append(0, &rows).await.unwrap(), head);
        assert_eq!(port.ledger_append(0, &rows[1..3]).await.unwrap(), head);
    }
    assert_eq!(all(port, 0).await, chain(&rows));
}

pub async fn an_append_that_overlaps_adds_what_is_new(port: &dyn Ledgers, clock: &ManualClock) {
    port.ledger_append(0, &rows(1, 5, clock)).await.unwrap();
    assert_eq!(port.ledger_append(0, &rows(3, 8, clock)).await.unwrap().seq, 8);
    assert_eq!(all(port, 0).await, chain(&rows(1, 8, clock)));
}

pub async fn a_row_that_differs_from_the_one_that_is_there_is_a_conflict(port: &dyn Ledgers, clock: &ManualClock) {
    port.ledger_append(0, &rows(1, 5, clock)).await.unwrap();
    let mut changed = rows(4, 8, clock);
    changed[0].quantity += 1;
    refused(port, &changed).await;
    let mut other_incarnation = rows(5, 6, clock);
    other_incarnation[0].incarnation = 2;
    refused(port, &other_incarnation).await;
}

pub async fn a_gap_is_a_conflict_and_nothing_is_appended(port: &dyn Ledgers, clock: &ManualClock) {
    refused(port, &rows(2, 3, clock)).await;
    port.ledger_append(0, &rows(1, 3, clock)).await.unwrap();
    refused(port, &rows(5, 6, clock)).await;
    let with_hole = [row(4, clock), row(5, clock), row(7, clock)];
    refused(port, &with_hole).await;
    assert_eq!(port.ledger_append(0, &rows(4, 7, clock)).await.unwrap().seq, 7);
}

pub async fn rows_out_of_order_are_a_conflict(port: &dyn Ledgers, clock: &ManualClock) {
    refused(port, &[row(2, clock), row(1, clock)]).await;
    let mut changed = row(1, clock);
    changed.quantity += 1;
    refused(port, &[row(1, clock), changed]).await;
}

pub async fn a_later_incarnation_may_leave_a_gap(port: &dyn Ledgers, clock: &ManualClock) {
    let later = |seq, incarnation| Row { incarnation, ..row(seq, clock) };
    let rows = [row(1, clock), row(2, clock), later(9, 2), later(10, 2), later(11, 5)];
    let head = port.ledger_append(0, &rows).await.unwrap();
    assert_eq!((head.incarnation, head.seq), (5, 11));
    refused(port, &[later(13, 5)]).await;
    assert_eq!(port.ledger_append(0, &rows[2..]).await.unwrap(), head, "a repeat over the gap");
    refused(port, &[later(4, 2)]).await;
}

pub async fn a_later_incarnation_may_be_the_first_that_arrives(port: &dyn Ledgers, clock: &ManualClock) {
    // The store forgot before anything of its first incarnation was copied.
    let first = Row { incarnation: 2, kind: RowKind::Rollback, ..row(7, clock) };
    let head = port.ledger_append(0, std::slice::from_ref(&first)).await.unwrap();
    assert_eq!((head.incarnation, head.seq), (2, 7));
    assert_eq!(all(port, 0).await, chain(&[first]));
}

pub async fn an_incarnation_does_not_go_back(port: &dyn Ledgers, clock: &ManualClock) {
    let later = |seq| Row { incarnation: 2, ..row(seq, clock) };
    port.ledger_append(0, &[row(1, clock), later(2)]).await.unwrap();
    refused(port, &[row(3, clock)]).await;
    refused(port, &[later(3), row(4, clock)]).await;
}

pub async fn an_append_of_nothing_returns_the_end(port: &dyn Ledgers, clock: &ManualClock) {
    assert_eq!(port.ledger_append(0, &[]).await.unwrap(), Head::default());
    let head = port.ledger_append(0, &rows(1, 2, clock)).await.unwrap();
    assert_eq!(port.ledger_append(0, &[]).await.unwrap(), head);
}

pub async fn rows_are_read_in_order_over_pages(port: &dyn Ledgers, clock: &ManualClock) {
    port.ledger_append(0, &rows(1, 25, clock)).await.unwrap();
    for filter in [RowFilter::default(), RowFilter { tenant: Some(id("beta")), ..RowFilter::default() }] {
        let whole = port.ledger_rows(0, &filter, 0, 1_000).await.unwrap();
        for size in [1, 4, 25] {
            let mut read: Vec<Entry> = Vec::new();
            loop {
                let after = read.last().map_or(0, |entry| entry.row.seq);
                let page = port.ledger_rows(0, &filter, after, size).await.unwrap();
                assert!(page.len() <= size);
                if page.is_empty() {
                    break;
                }
                read.extend(page);
            }
            assert_eq!(read, whole);
        }
    }
}

pub async fn rows_are_filtered_by_tenant_kind_and_time(port: &dyn Ledgers, clock: &ManualClock) {
    port.ledger_append(0, &rows(1, 12, clock)).await.unwrap();
    let at = |n: u32| -> Timestamp { clock.now() + SECOND * n };
    for (filter, expected) in [
        (RowFilter { tenant: Some(id("acme")), ..RowFilter::default() }, vec![3, 6, 9, 12]),
        (RowFilter { kind: Some(RowKind::Opening), ..RowFilter::default() }, vec![1, 2, 3]),
        (RowFilter { from: Some(at(10)), ..RowFilter::default() }, vec![10, 11, 12]),
        (RowFilter { to: Some(at(3)), ..RowFilter::default() }, vec![1, 2]),
        (
            RowFilter { tenant: Some(id("beta")), kind: Some(RowKind::Running), from: Some(at(4)), to: Some(at(10)) },
            vec![4, 7],
        ),
        (RowFilter { tenant: Some(id("nobody")), ..RowFilter::default() }, vec![]),
    ] {
        let entries = port.ledger_rows(0, &filter, 0, 100).await.unwrap();
        let seqs: Vec<u64> = entries.iter().map(|entry| entry.row.seq).collect();
        assert_eq!(seqs, expected, "{filter:?}");
    }
}

pub async fn partitions_are_apart(port: &dyn Ledgers, clock: &ManualClock) {
    for partition in [300, 0, 7] {
        port.ledger_append(partition, &rows(1, u64::from(partition % 100) + 1, clock)).await.unwrap();
    }
    assert_eq!(port.ledger_partitions().await.unwrap(), [0, 7, 300]);
    assert_eq!(all(port, 7).await, chain(&rows(1, 8, clock)));
    assert_eq!(port.ledger_head(0).await.unwrap().seq, 1);
    assert_eq!(port.ledger_head(8).await.unwrap(), Head::default());
}

pub async fn concurrent_appends_of_the_same_rows_append_once(port: &dyn Ledgers, clock: &ManualClock) {
    let rows = rows(1, 20, clock);
    for head in join_all((0..8).map(|_| port.ledger_append(0, &rows))).await {
        assert_eq!(head.unwrap().seq, 20);
    }
    assert_eq!(all(port, 0).await, chain(&rows));
}

pub async fn concurrent_appends_of_different_rows_let_one_win(port: &dyn Ledgers, clock: &ManualClock) {
    let versions: Vec<Vec<Row>> =
        (0..6).map(|n| rows(1, 5, clock).into_iter().map(|row| Row { quantity: 100 + n, ..row }).collect()).collect();
    let appended = join_all(versions.iter().map(|rows| port.ledger_append(0, rows))).await;
    let won: Vec<usize> = (0..6).filter(|n| appended[*n].is_ok()).collect();
    assert_eq!(won.len(), 1, "{appended:?}");
    assert_eq!(all(port, 0).await, chain(&versions[won[0]]));
}

pub async fn what_was_appended_passes_the_audit(port: &dyn Ledgers, clock: &ManualClock) {
    port.ledger_append(0, &rows(1, 30, clock)).await.unwrap();
    let mut audit = Audit::new(0);
    for entry in all(port, 0).await {
        audit.row(&entry.row, &entry.hash);
    }
    assert_eq!(*audit.head(), port.ledger_head(0).await.unwrap());
    let result = audit.finish();
    assert_eq!((result.violations, result.rows, result.lost_rows), (Vec::new(), 30, 0));
}

pub async fn ten_thousand_rows_are_appended_in_batches(port: &dyn Ledgers, clock: &ManualClock) {
    for from in (1..10_000).step_by(500) {
        port.ledger_append(0, &rows(from, from + 499, clock)).await.unwrap();
    }
    let filter = RowFilter { tenant: Some(id("acme")), ..RowFilter::default() };
    let page = port.ledger_rows(0, &filter, 9_990, 100).await.unwrap();
    assert_eq!(page.iter().map(|entry| entry.row.seq).collect::<Vec<_>>(), [9_993, 9_996, 9_999]);
    assert_eq!(port.ledger_head(0).await.unwrap().seq, 10_000);
}
