//! Every driver of receipts.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use std::time::Duration;

use futures::future::join_all;

use super::just_within;
use crate::{
    clock::ManualClock,
    ports::receipts::{Begun, KEPT, Receipt, Receipts},
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! receipts_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(receipts, $driver, [$($reason)?], [
            of_fifty_who_repeat_an_order_one_does_it_and_all_are_answered_the_same,
            a_key_stands_for_one_order,
            whoever_dies_leaves_a_key_that_is_free_again,
            what_was_refused_may_be_asked_for_again_and_what_was_done_stays_done,
            what_came_of_an_order_is_kept_a_day,
            whoever_ends_late_changes_nothing_of_anothers_order,
        ]);
    };
}

/// How long an order takes at most.
const LEASE: Duration = Duration::from_secs(30);

fn receipt(body: &str) -> Receipt {
    Receipt { status: 201, body: body.to_owned() }
}

async fn begin(port: &dyn Receipts, key: &str, order: &str) -> Begun {
    port.receipt_begin(key, order, LEASE).await.unwrap()
}

pub async fn of_fifty_who_repeat_an_order_one_does_it_and_all_are_answered_the_same(
    port: &dyn Receipts,
    _: &ManualClock,
) {
    let begun = join_all((0..50).map(|_| begin(port, "k", "order"))).await;
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::New).count(), 1);
    assert_eq!(begun.iter().filter(|begun| **begun == Begun::Running).count(), 49);
    let answer = receipt("{\"said\": \"so \u{1f304}\"}\n");
    for _ in 0..2 {
        port.receipt_end("k", "order", &answer).await.unwrap();
        assert_eq!(begin(port, "k", "order").await, Begun::Done(answer.clone()));
    }
}

pub async fn a_key_stands_for_one_order(port: &dyn Receipts, _: &ManualClock) {
    assert_eq!(begin(port, "k", "order").await, Begun::New);
    assert_eq!(begin(port, "k", "another").await, Begun::Different);
    assert_eq!(begin(port, "l", "another").await, Begun::New);
    port.receipt_end("k", "order", &receipt("a")).await.unwrap();
    assert_eq!(begin(port, "k", "another").await, Begun::Different);
    assert_eq!(begin(port, "l", "another").await, Begun::Running);
}

pub async fn whoever_dies_leaves_a_key_that_is_free_again(port: &dyn Receipts, clock: &ManualClock) {
    assert_eq!(begin(port, "k", "order").await, Begun::New);
    clock.advance(just_within(LEASE));
    assert_eq!(begin(port, "k", "order").await, Begun::Running);
    clock.advance(Duration::from_secs(1));
    assert_eq!(begin(port, "k", "another").await, Begun::New);
    assert_eq!(begin(port, "k", "order").await, Begun::Different);
}

pub async fn what_was_refused_may_be_asked_for_again_and_what_was_done_stays_done(
    port: &dyn Receipts,
    _: &ManualClock,
) {
    port.receipt_drop("k", "order").await.unwrap();
    assert_eq!(begin(port, "k", "order").await, Begun::New);
    port.receipt_drop("k", "another").await.unwrap();
    assert_eq!(begin(port, "k", "order").await, Begun::Running);
    port.receipt_drop("k", "order").await.unwrap();
    assert_eq!(begin(port, "k", "order").await, Begun::New);
    port.receipt_end("k", "order", &receipt("a")).await.unwrap();
    port.receipt_drop("k", "order").await.unwrap();
    assert_eq!(begin(port, "k", "order").await, Begun::Done(receipt("a")));
}

pub async fn what_came_of_an_order_is_kept_a_day(port: &dyn Receipts, clock: &ManualClock) {
    assert_eq!(begin(port, "k", "order").await, Begun::New);
    port.receipt_end("k", "order", &receipt("a")).await.unwrap();
    clock.advance(just_within(KEPT));
    assert_eq!(begin(port, "k", "order").await, Begun::Done(receipt("a")));
    clock.advance(Duration::from_secs(1));
    assert_eq!(begin(port, "k", "order").await, Begun::New);
}

pub async fn whoever_ends_late_changes_nothing_of_anothers_order(port: &dyn Receipts, clock: &ManualClock) {
    assert_eq!(begin(port, "k", "order").await, Begun::New);
    clock.advance(LEASE);
    assert_eq!(begin(port, "k", "another").await, Begun::New);
    port.receipt_end("k", "order", &receipt("a")).await.unwrap();
    assert_eq!(begin(port, "k", "another").await, Begun::Running);
}
