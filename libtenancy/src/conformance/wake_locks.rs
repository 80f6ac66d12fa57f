//! Every driver of the wake locks.
#![expect(missing_docs, reason = "the name of a case is its sentence")]
#![expect(clippy::unwrap_used, reason = "a panic is a failed case")]

use futures::future::join_all;

use super::{id, just_within};
use crate::{
    clock::{Clock, ManualClock},
    ports::wake_locks::{OwnerToken, WAKE_LOCK_TTL, WakeLocks},
};

/// The cases, one test each; see [`crate::conformance`].
#[macro_export]
macro_rules! wake_locks_conformance {
    ($driver:path $(, $reason:literal)?) => {
        $crate::conformance_tests!(wake_locks, $driver, [$($reason)?], [
            one_of_fifty_takes_a_free_lock,
            its_owner_takes_a_lock_again,
            locks_of_different_tenants_are_independent,
            a_lapsed_lock_is_retaken,
            a_lock_is_held_until_the_moment_it_lapses,
            a_renewed_lock_does_not_lapse,
            only_its_owner_renews_a_lock,
            a_lapsed_lock_is_not_renewed,
            r2_only_its_owner_releases_a_lock,
            r2_a_slow_holder_does_not_release_its_successors_lock,
            a_released_lock_is_free_at_once,
            a_repeated_release_is_false,
            nothing_is_released_where_nothing_was_taken,
        ]);
    };
}

fn owner(name: &str) -> OwnerToken {
    OwnerToken(name.to_owned())
}

pub async fn one_of_fifty_takes_a_free_lock(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    let owners: Vec<OwnerToken> = (0..50).map(|n| owner(&n.to_string())).collect();
    let taken = join_all(owners.iter().map(|o| port.wake_lock_acquire(&acme, o, WAKE_LOCK_TTL, clock.now()))).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 1);
}

pub async fn its_owner_takes_a_lock_again(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    clock.advance(just_within(WAKE_LOCK_TTL));
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    clock.advance(just_within(WAKE_LOCK_TTL));
    assert!(!port.wake_lock_acquire(&acme, &owner("b"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
}

pub async fn locks_of_different_tenants_are_independent(port: &dyn WakeLocks, clock: &ManualClock) {
    for name in ["a", "b"] {
        assert!(port.wake_lock_acquire(&id(name), &owner(name), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    }
    assert!(port.wake_lock_release(&id("a"), &owner("a")).await.unwrap());
    assert!(!port.wake_lock_acquire(&id("b"), &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
}

pub async fn a_lapsed_lock_is_retaken(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    clock.advance(WAKE_LOCK_TTL);
    let taken = [owner("b"), owner("c")];
    let taken = join_all(taken.iter().map(|o| port.wake_lock_acquire(&acme, o, WAKE_LOCK_TTL, clock.now()))).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 1);
}

pub async fn a_lock_is_held_until_the_moment_it_lapses(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    clock.advance(just_within(WAKE_LOCK_TTL));
    assert!(!port.wake_lock_acquire(&acme, &owner("b"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
}

pub async fn a_renewed_lock_does_not_lapse(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    for _ in 0..5 {
        clock.advance(WAKE_LOCK_TTL / 2);
        assert!(port.wake_lock_renew(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
        assert!(!port.wake_lock_acquire(&acme, &owner("b"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    }
}

pub async fn only_its_owner_renews_a_lock(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(!port.wake_lock_renew(&acme, &owner("b"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    clock.advance(WAKE_LOCK_TTL / 2);
    assert!(!port.wake_lock_renew(&acme, &owner("b"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    clock.advance(WAKE_LOCK_TTL / 2);
    assert!(
        port.wake_lock_acquire(&acme, &owner("c"), WAKE_LOCK_TTL, clock.now()).await.unwrap(),
        "a stranger's renewal kept the lock alive"
    );
}

pub async fn a_lapsed_lock_is_not_renewed(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    clock.advance(WAKE_LOCK_TTL);
    assert!(!port.wake_lock_renew(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    assert!(port.wake_lock_acquire(&acme, &owner("b"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    assert!(!port.wake_lock_renew(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
}

pub async fn r2_only_its_owner_releases_a_lock(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    assert!(!port.wake_lock_release(&acme, &owner("b")).await.unwrap());
    assert!(!port.wake_lock_acquire(&acme, &owner("b"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    assert!(port.wake_lock_renew(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
}

pub async fn r2_a_slow_holder_does_not_release_its_successors_lock(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(port.wake_lock_acquire(&acme, &owner("slow"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    clock.advance(WAKE_LOCK_TTL);
    assert!(port.wake_lock_acquire(&acme, &owner("next"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    assert!(!port.wake_lock_release(&acme, &owner("slow")).await.unwrap());
    assert!(!port.wake_lock_acquire(&acme, &owner("third"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
}

pub async fn a_released_lock_is_free_at_once(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    assert!(port.wake_lock_release(&acme, &owner("a")).await.unwrap());
    assert!(port.wake_lock_acquire(&acme, &owner("b"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
}

pub async fn a_repeated_release_is_false(port: &dyn WakeLocks, clock: &ManualClock) {
    let acme = id("acme");
    assert!(port.wake_lock_acquire(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
    assert!(port.wake_lock_release(&acme, &owner("a")).await.unwrap());
    assert!(!port.wake_lock_release(&acme, &owner("a")).await.unwrap());
    assert!(!port.wake_lock_renew(&acme, &owner("a"), WAKE_LOCK_TTL, clock.now()).await.unwrap());
}

pub async fn nothing_is_released_where_nothing_was_taken(port: &dyn WakeLocks, _clock: &ManualClock) {
    assert!(!port.wake_lock_release(&id("acme"), &owner("a")).await.unwrap());
}
